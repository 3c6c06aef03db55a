"""SQLite files: made whole or not at all, opened for one call, set aside when damaged (layer L1).

Why by hand: the standard library's `sqlite3` gives connections, not files that many processes
create, damage and replace at once. Every rule here closes one way of losing a database
(sqlite.org/howtocorrupt):

- a file is built under another name and linked into place, so nobody opens half a schema;
- a name is never used twice (see `_file_names`);
- a connection is a caller's or waits in `_idle`, so none is carried over a fork, pickled, or left
  to a garbage collector.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from hybridsent._folders import make_folder, share
from hybridsent.exceptions import StoreError
from hybridsent.store._file_names import DRAFT_SUFFIX, next_file

__all__ = [
    "AT_ONCE",
    "READONLY",
    "WAY_OUT",
    "DamagedError",
    "UnusableError",
    "chunked",
    "connect",
    "create",
    "explained",
    "set_aside",
    "shrink",
    "transaction",
]

T = TypeVar("T")

BUSY_SECONDS = 120.0
AT_ONCE = 900
"""Keys a statement: sqlite before 3.32 takes 999 variables, some of them for other things."""

WAY_OUT = (
    "Name a folder that can be written to in the environment variable HYBRIDSENT_STORE "
    "(or as `store=`), or pass store=None to compute without a store."
)
# sqlite's CORRUPT, TOOBIG, MISMATCH, FORMAT and NOTADB: what reading a mangled page ends in.
_DAMAGE_CODES = frozenset({11, 18, 20, 24, 26})
READONLY, _CANTOPEN = 8, 14  # primary codes; `sqlite3` names only the extended ones
_DAMAGE_WORDS = ("no such table", "no such column", "unsupported file format")
_NO_HARD_LINKS = frozenset(
    {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
)


class DamagedError(Exception):
    """A file of the store is not the database it should be; private, callers set the file aside."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path


class UnusableError(StoreError):
    """The disk, the system or other users stand in the way: what is wanted can be had without."""

    def __init__(self, path: Path, reason: object) -> None:
        super().__init__(f"The feature store at {path} cannot be used: {reason}. {WAY_OUT}")
        self.path = path
        self.reason = str(reason)

    def __reduce__(self) -> tuple[type[StoreError], tuple[str]]:
        """Keep the sentence when joblib carries the error out of a worker process."""
        return StoreError, (str(self),)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn errors of sqlite and the disk into a StoreError with path and way out."""
    try:
        yield
    except sqlite3.Error as error:
        if _is_damage(error) and path.suffix == ".sqlite":
            raise DamagedError(path) from error
        raise UnusableError(path, error) from error
    except (StoreError, DamagedError):
        raise
    except OSError as error:
        in_the_way = isinstance(error, FileExistsError | NotADirectoryError)
        reason = "a file is in the way, a folder is needed" if in_the_way else error.strerror
        raise UnusableError(path, reason or error) from error


def _is_damage(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", None) or 0
    return code & 0xFF in _DAMAGE_CODES or any(words in str(error) for words in _DAMAGE_WORDS)


def chunked(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Cut a sequence into pieces of at most `size`."""
    return (items[start : start + size] for start in range(0, len(items), size))


@contextmanager
def transaction(connection: sqlite3.Connection, mode: str = "IMMEDIATE") -> Iterator[None]:
    """Commit what the block did, or nothing of it; IMMEDIATE waits for writers first."""
    connection.execute(f"BEGIN {mode}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:  # KeyboardInterrupt too must not leave a half-done transaction locked
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


# -- files -----------------------------------------------------------


def set_aside(path: Path) -> bool:
    """Rename a damaged file and its ``-wal``; False if another process was faster."""
    with explained(path):
        try:
            path.rename(f"{path}.damaged")
        except FileNotFoundError:
            return False
        for tail in ("-wal", "-shm"):
            with suppress(FileNotFoundError):
                Path(f"{path}{tail}").rename(f"{path}.damaged{tail}")
    return True


def create(
    folder: Path, base: str, *, page_size: int, schema: Iterable[tuple[str, tuple[object, ...]]]
) -> None:
    """Make the next database of a base name; if another process makes it first, theirs stands."""
    make_folder(folder)
    final = next_file(folder, base)
    if final is None:
        return
    draft = folder / f"{uuid.uuid4().hex}{DRAFT_SUFFIX}"
    try:
        _build(draft, page_size, schema)
        share(draft, folder)  # sqlite gives the log the permissions of the file
        _publish(draft, final)
    finally:
        draft.unlink(missing_ok=True)


def _build(draft: Path, page_size: int, schema: Iterable[tuple[str, tuple[object, ...]]]) -> None:
    connection = sqlite3.connect(draft, isolation_level=None)
    try:
        connection.execute(f"PRAGMA page_size={page_size}")
        # deleted rows can then give bytes back
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        with transaction(connection):
            for statement, values in schema:
                connection.execute(statement, values)
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


def _publish(draft: Path, final: Path) -> None:
    try:
        os.link(draft, final)
    except FileExistsError:
        pass
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS or final.exists():
            raise
        # no hard links here (FAT, some network mounts): the race is a few microseconds wide
        draft.rename(final)


def connect(path: Path, *, synchronous: str = "NORMAL") -> sqlite3.Connection:
    """Open an existing file, read-only where it cannot be written to.

    Raises
    ------
    FileNotFoundError
        If it is gone (set aside by another process).
    """
    modes = ["mode=rw", "mode=ro"]
    for mode in modes:
        try:
            return _open(path, mode, synchronous)
        except sqlite3.OperationalError as error:
            if not path.exists():
                raise FileNotFoundError(errno.ENOENT, "no such database", str(path)) from error
            if error.sqlite_errorcode & 0xFF not in {READONLY, _CANTOPEN}:
                raise
            # A folder without write permission has no place for the index of the log. Without
            # a log, the file alone is the whole truth, and nobody can change it under us.
            if mode == "mode=ro" and not os.access(path.parent, os.W_OK) and not _has_log(path):
                modes.append("immutable=1")
            elif mode != "mode=rw":
                raise
    raise AssertionError("unreachable")  # the last mode returned or raised


def _has_log(path: Path) -> bool:
    log = Path(f"{path}-wal")
    return log.exists() and log.stat().st_size > 0


def _open(path: Path, mode: str, synchronous: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?{mode}"
    connection = sqlite3.connect(
        uri,
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,  # one at a time: see `_idle`
    )
    try:
        # bytes: a mangled text must not fail while it is decoded
        connection.text_factory = bytes
        for pragma in (
            f"synchronous={synchronous}",
            "cell_size_check=ON",  # mangled pages are refused where they would be misread
            "secure_delete=OFF",  # Debian overwrites what is deleted; features are no secrets
            "cache_size=-16000",
            f"journal_size_limit={64 * 2**20}",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:  # a connection that is not handed out has to be closed here
        connection.close()
        raise
    return connection


def shrink(connection: sqlite3.Connection) -> None:
    """Give the room of deleted rows back to the disk, as far as readers allow it now."""
    left = _free_pages(connection)
    while left:
        # in pieces: the log stays small
        connection.execute("PRAGMA incremental_vacuum(4096)").fetchall()
        before, left = left, _free_pages(connection)
        if left >= before:
            break
    connection.execute("PRAGMA busy_timeout=1000").fetchall()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.execute(f"PRAGMA busy_timeout={int(1000 * BUSY_SECONDS)}").fetchall()


def _free_pages(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA freelist_count").fetchone()[0])
