"""Who computes which missing key: claims that die with their owner (layer L1).

A caller holds a locked file ``owners/<uuid>.lock`` while it computes, and a row in a small
database for each key it has claimed. The operating system drops the lock when the process ends,
however it ends, so a claim whose owner's file can be locked (or is gone) belongs to nobody.

Why by hand: `filelock` locks with ``flock``, which a forked child inherits: the lock of a killed
process would live on in its children. POSIX record locks belong to one process. They know no
threads, so callers of this process are told apart by a set of names, never by trying their locks.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from hybridsent._folders import make_folder, share
from hybridsent.store import _idle
from hybridsent.store._file_names import live_file
from hybridsent.store._sqlite import connect, create, explained, transaction

__all__ = ["Claims"]

_SCHEMA = [
    (
        "CREATE TABLE claims(purpose TEXT NOT NULL, key BLOB NOT NULL, owner BLOB NOT NULL, "
        "PRIMARY KEY (purpose, key)) WITHOUT ROWID",
        (),
    ),
    ("CREATE INDEX claims_owner ON claims(owner)", ()),
]
_living: set[tuple[int, str]] = set()
"""(process, owner) of the callers of this process; in a forked child, its parent's are foreign."""


def _try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Lock an open file for this process, if no other process has.

    A file of another user that may only be read can be locked for reading, which fails, too, where
    its owner holds it.
    """
    if sys.platform == "win32":
        import msvcrt

        with suppress(OSError):
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            return True
        return False
    import fcntl

    with suppress(BlockingIOError, PermissionError):
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.lockf(descriptor, kind | fcntl.LOCK_NB)
        return True
    return False


def _open_lock(path: Path) -> tuple[int, bool]:
    """Open the file of an owner, for reading where it may not be written to."""
    try:
        return os.open(path, os.O_RDWR), False
    except PermissionError:
        return os.open(path, os.O_RDONLY), True


class Claims:
    """The claims of one caller, in a ``with`` block that releases whatever is left of them.

    Parameters
    ----------
    store : Path
        Folder of the store; it must be writable.
    purpose : str
        What the keys belong to: a fingerprint, or another word that is none.
    """

    def __init__(self, store: Path, purpose: str) -> None:
        self._folder = store / "owners"
        self._purpose = purpose
        self._pid = os.getpid()

    def __enter__(self) -> Claims:
        with explained(self._folder):
            make_folder(self._folder.parent)
            make_folder(self._folder, inside=True)
            self._connection, self._path = self._open()
            try:
                self._be_born()
                for lock in self._folder.glob("*.lock"):
                    self._is_alive(lock.stem.encode())
            except BaseException:  # not entered, so __exit__ will not close it
                self._connection.close()
                raise
        return self

    def _open(self) -> tuple[sqlite3.Connection, Path]:
        while True:
            path = live_file(self._folder, "claims")
            if path is None:
                create(self._folder, "claims", page_size=4096, schema=_SCHEMA)
                continue
            with explained(path), suppress(FileNotFoundError):
                # OFF: claims need not outlive a power cut, and nobody waits for the disk
                connection = _idle.take_open(path) or connect(path, synchronous="OFF")
                return connection, path

    def _be_born(self) -> None:
        while True:
            self._owner = uuid.uuid4().hex
            self._lock = self._folder / f"{self._owner}.lock"
            _living.add((self._pid, self._owner))
            try:
                self._descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
            except BaseException:  # not born: nobody waits for it
                _living.discard((self._pid, self._owner))
                raise
            if _try_lock(self._descriptor) and self._lock.exists():
                share(self._lock, self._folder)
                return
            self._die()  # another process took the file for a dead owner's before it was locked

    def _die(self) -> None:
        os.close(self._descriptor)
        with suppress(OSError):
            self._lock.unlink(missing_ok=True)
        _living.discard((self._pid, self._owner))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if os.getpid() != self._pid:
            return  # a fork that unwinds its copy of the stack: all of this belongs to the parent
        sound = False
        try:
            with explained(self._path), transaction(self._connection):
                self._bury(self._owner.encode())
            sound = True
        finally:
            if sound:
                _idle.keep_open(self._connection, self._path)
            else:
                self._connection.close()
            self._die()

    # -- the living and the dead ------------------------------------

    def _is_alive(self, owner: object) -> bool:
        name = owner.decode("ascii", "replace") if isinstance(owner, bytes) else ""
        if not name.isalnum():  # a mangled claim: nobody's
            return False
        if (self._pid, name) in _living:
            return True
        lock = self._folder / f"{name}.lock"
        try:
            descriptor, shared = _open_lock(lock)
        except (FileNotFoundError, PermissionError):
            # gone; or another user's who lets nobody see it: at worst a row is computed twice,
            # where waiting for a dead one would have no end
            return False
        try:
            if not _try_lock(descriptor, shared=shared):
                return True
            with suppress(OSError):  # Windows keeps open files; the next caller sweeps it
                lock.unlink(missing_ok=True)
            return False
        finally:
            os.close(descriptor)

    def _bury(self, owner: object) -> None:
        self._connection.execute("DELETE FROM claims WHERE owner = ?", (owner,))

    # -- claims -----------------------------------------------------

    def held(self) -> set[bytes]:
        """Give the keys that living callers have claimed; the claims of dead ones are removed."""
        with explained(self._path):
            query = "SELECT key, owner FROM claims WHERE purpose = ?"
            found = self._connection.execute(query, (self._purpose,)).fetchall()
            dead = {owner for owner in {owner for _, owner in found} if not self._is_alive(owner)}
            if dead:
                with transaction(self._connection):
                    for owner in dead:
                        self._bury(owner)
            return {key for key, owner in found if owner not in dead}

    def take(self, keys: Sequence[bytes]) -> list[bytes]:
        """Claim those keys that nobody holds, and give them."""
        with explained(self._path), transaction(self._connection):
            query = "SELECT key FROM claims WHERE purpose = ?"
            held = {key for (key,) in self._connection.execute(query, (self._purpose,))}
            free = [key for key in keys if key not in held]
            claims = [(self._purpose, key, self._owner.encode()) for key in free]
            self._connection.executemany("INSERT INTO claims VALUES (?, ?, ?)", claims)
        return free

    def release(self, keys: Sequence[bytes]) -> None:
        """Give claims back: what the keys stand for is stored, or will not be."""
        if os.getpid() != self._pid:
            return  # see __exit__
        with explained(self._path), transaction(self._connection):
            query = "DELETE FROM claims WHERE purpose = ? AND key = ? AND owner = ?"
            self._connection.executemany(
                query, [(self._purpose, key, self._owner.encode()) for key in keys]
            )
