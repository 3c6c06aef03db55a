"""Connections that wait for the next call: the last one of a file is not closed (layer L1).

Closing the last connection of a file carries its log over and waits for the disk, which takes
longer than to look for a row; opening one costs as much again. So one connection a file stays open
between calls, for whichever thread comes next.

Why by hand: SQLAlchemy's pools keep connections for ever, over forks and after a file is gone. The
rules that make it safe (sqlite.org/howtocorrupt):

- none is open over a fork: all that wait are closed before it;
- none outlives its files: the file and its log are compared with those that were opened;
- whatever ends in an error, or may only read, is closed;
- those that wait hold no memory, are few, and are closed when the process ends.
"""

from __future__ import annotations

import atexit
import os
import sqlite3
import sys
import threading
from contextlib import suppress
from pathlib import Path

__all__ = ["close_idle", "keep_open", "take_open"]

_MOST = 8
_MAY_WAIT = sys.platform != "win32" and sqlite3.threadsafety > 0  # Windows: open files stay

_Files = tuple[tuple[int, int], ...]

_idle: dict[Path, tuple[sqlite3.Connection, _Files]] = {}
_lock = threading.Lock()


def _files(path: Path) -> _Files | None:
    """Tell the file, its log and the index of it from others of the same names."""
    try:
        told = [os.stat(f"{path}{tail}") for tail in ("", "-wal", "-shm")]  # noqa: PTH116 - thrice as quick
    except OSError:
        return None
    return tuple((one.st_dev, one.st_ino) for one in told)


def take_open(path: Path) -> sqlite3.Connection | None:
    """Take the connection that waits for a file, if it is still that file's."""
    with _lock:
        connection, files = _idle.pop(path, (None, None))
    if connection is not None and files != _files(path):
        _close(connection)
        return None
    return connection


def keep_open(connection: sqlite3.Connection, path: Path) -> None:
    """Let a connection wait that nobody uses now, or close it."""
    files = _files(path) if _MAY_WAIT and not connection.in_transaction else None
    if files is None or not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        _close(connection)
        return
    with suppress(sqlite3.Error):
        connection.execute("PRAGMA shrink_memory").fetchall()
    with _lock:
        over = [_idle.pop(path)] if path in _idle else []
        _idle[path] = connection, files
        over += [_idle.pop(next(iter(_idle))) for _ in range(len(_idle) - _MOST)]
    for old, _ in over:
        _close(old)


def close_idle() -> None:
    """Close all connections that wait."""
    with _lock:
        _close_all()


def _close_all() -> None:
    while _idle:
        _close(_idle.popitem()[1][0])


def _close(connection: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):  # of a file that is gone, or a disk that is full
        connection.close()


def _before_fork() -> None:
    _lock.acquire()
    _close_all()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_lock.release, after_in_child=_lock.release
    )
atexit.register(close_idle)
