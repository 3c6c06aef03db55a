"""Every answer, written down before the next row shows (layer L7).

A file of JSON lines that only grows: an answer is a line, and so is taking it back. Why by hand:
SQLite would keep it as safely, but people mend, merge and read lines with any editor.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from hybridsent.exceptions import TableError

__all__ = ["Journal"]

_FORMAT = "hybridsent labels"
_VERSION = 1
_HEAD = json.dumps({"journal": _FORMAT}, separators=(",", ":"))[:-1].encode()
_FAR = 2**40  # the byte that Windows locks: beyond the lines, so that others may read these


class Journal:
    """An append-only file of events.

    Parameters
    ----------
    path : Path
        The file; it is made where it is not there.
    head : dict
        What the first line of a new file says of what is labelled.

    Raises
    ------
    TableError
        If another server has the file, or it is no journal.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from hybridsent.label_page._journal import Journal
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     journal = Journal(Path(folder, "j.jsonl"), {"target": "label"})
    ...     journal.append({"do": "label", "value": "good"})
    ...     journal.close()
    ...     again = Journal(Path(folder, "j.jsonl"), {})
    ...     again.head["target"], again.events[0]["value"]
    ...     again.close()
    ('label', 'good')
    """

    def __init__(self, path: Path, head: dict[str, Any]) -> None:
        self.path = path
        self.lost = 0
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        try:
            self._take()
            self.head, self.events = self._read(head)
        except BaseException:  # not made, so nobody will close it
            os.close(self._file)
            raise

    def _take(self) -> None:
        if not _locked(self._file):
            raise TableError(
                f"{self.path} is in use by another `hybridsent label`; label there, end it, or "
                "choose another output."
            )

    def _read(self, head: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        text = b"".join(iter(lambda: os.read(self._file, 1 << 20), b""))
        start = text.lstrip()
        first = _parsed(start.partition(b"\n")[0]) or {}
        begun = b"\n" in start or first  # else nothing, or a first line that a crash cut off
        if first.get("journal") != _FORMAT and (begun or not _HEAD.startswith(start[: len(_HEAD)])):
            raise TableError(
                f"{self.path} is no journal of `hybridsent label`; choose another output, or move "
                "this file away."
            )
        if begun and first.get("version") != _VERSION:
            raise TableError(
                f"{self.path} was written by another version of hybridsent ("
                f"{first.get('version')!r}); label with that one, or choose another output."
            )
        if not begun:
            first = {"journal": _FORMAT, "version": _VERSION, **head}
            self.lost += bool(start)
            self._size = 0
            os.ftruncate(self._file, 0)
            self.append(first)
            self._sync_folder()
            return first, []
        whole, _, torn = text.rpartition(b"\n")
        if torn and _parsed(torn) is not None:  # the line was there, its end was not
            whole, torn = text, b""
            self._write(b"\n", len(text))
        elif torn:  # never acknowledged: the page sends it again
            os.ftruncate(self._file, len(text) - len(torn))
            self.lost += 1
        self._size = os.lseek(self._file, 0, os.SEEK_END)
        parsed = [_parsed(line) for line in whole.split(b"\n") if line.strip()]
        self.lost += sum(each is None for each in parsed)
        return first, [each for each in parsed[1:] if each is not None]

    def append(self, event: dict[str, Any]) -> None:
        """Write an event down; it is on the disk when this returns.

        Parameters
        ----------
        event : dict
            Plain JSON.

        Raises
        ------
        OSError
            If the disk is full, or gone; nothing of the event is kept then.
        """
        line = json.dumps(event, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
        self._size += self._write(line.encode("ascii") + b"\n", self._size)

    def _write(self, data: bytes, at: int) -> int:
        try:
            os.lseek(self._file, at, os.SEEK_SET)
            left = memoryview(data)
            while left:
                left = left[os.write(self._file, left) :]
            os.fsync(self._file)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._file, at)
            raise
        return len(data)

    def _sync_folder(self) -> None:
        """Let the name of a new file outlive a power cut, too; Windows has no such call."""
        with suppress(OSError):
            folder = os.open(self.path.absolute().parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def close(self) -> None:
        """Let others have the file."""
        with suppress(OSError):
            os.close(self._file)


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def _locked(descriptor: int) -> bool:
    """Lock the file until it is closed, if nobody else has; a killed process holds nothing."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, _FAR, os.SEEK_SET)
        with suppress(OSError):
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            os.lseek(descriptor, 0, os.SEEK_SET)
            return True
        return False
    import fcntl

    with suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
