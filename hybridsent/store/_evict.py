"""Keeping a store under its size: rows used longest ago go first (layer L1).

Why by hand: `diskcache` evicts row by row; here the hours of last use of a whole store are read
with one query a file, and what goes is deleted in a few transactions.
"""

from __future__ import annotations

import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from hybridsent.store._claims import Claims
from hybridsent.store._file_names import garbage, live_files
from hybridsent.store._row_file import RowFile
from hybridsent.store._sqlite import DamagedError, connect, explained, set_aside, shrink

__all__ = ["evict", "file_bytes", "sweep", "total_bytes"]

_TARGET = 0.9  # of the limit: room for the next rows, so that eviction is rare
_PURPOSE = "/evict"  # no fingerprint has a slash


@dataclass(frozen=True)
class _Use:
    """Rows of one file that were last used in one hour."""

    hour: int
    path: Path
    rows: int
    bytes_per_row: float


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def file_bytes(path: Path) -> int:
    """Measure a database and its log."""
    return _size(path) + _size(Path(f"{path}-wal"))


def total_bytes(folder: Path) -> int:
    """Measure all rows of a store, and what `sweep` would remove."""
    live = sum(file_bytes(path) for path in live_files(folder).values())
    return live + sum(_size(path) for path in garbage(folder))


def sweep(folder: Path) -> None:
    """Remove damaged files, and the drafts of killed processes."""
    for path in garbage(folder):
        with suppress(FileNotFoundError, PermissionError):  # another user's, in a folder like /tmp
            path.unlink()


def evict(folder: Path, max_bytes: int, *, wait: bool) -> int:
    """Delete the rows used longest ago until the store is at nine tenths of its limit.

    Parameters
    ----------
    folder : Path
        The store.
    max_bytes : int
        Its limit.
    wait : bool
        Whether to wait for another process that is at it; else leave it to that one.

    Returns
    -------
    int
        Bytes given back to the disk.
    """
    with explained(folder):
        if total_bytes(folder) <= max_bytes:
            return 0
    try:
        return _in_turn(folder, max_bytes, wait=wait)
    except DamagedError as error:  # the claims, by a power cut
        set_aside(error.path)
        return _in_turn(folder, max_bytes, wait=wait)


def _in_turn(folder: Path, max_bytes: int, *, wait: bool) -> int:
    with Claims(folder, _PURPOSE) as turn:
        while turn.held() or not turn.take([_PURPOSE.encode()]):
            if not wait:
                return 0
            time.sleep(0.05)
        with explained(folder):
            return _evict(folder, max_bytes)


def _evict(folder: Path, max_bytes: int) -> int:
    before = total_bytes(folder)
    if before > max_bytes:
        sweep(folder)
        plan = _plan(_uses(folder), total_bytes(folder) - _TARGET * max_bytes)
        for path, n_rows in plan.items():
            _delete(path, n_rows)
    return max(0, before - total_bytes(folder))


def _uses(folder: Path) -> list[_Use]:
    uses: list[_Use] = []
    for path in live_files(folder).values():
        try:
            with explained(path), closing(connect(path)) as connection:
                hours = RowFile(connection, path).uses()
        except DamagedError:
            set_aside(path)
            continue
        per_row = file_bytes(path) / max(1, sum(hours.values()))
        uses += [_Use(hour or 0, path, n, per_row) for hour, n in hours.items()]
    return sorted(uses, key=lambda use: use.hour)


def _plan(uses: list[_Use], excess: float) -> dict[Path, int]:
    """Say how many of the oldest rows of each file have to go."""
    plan: dict[Path, int] = {}
    for use in uses:
        if excess <= 0:
            break
        rows = min(use.rows, int(excess / use.bytes_per_row) + 1)
        plan[use.path] = plan.get(use.path, 0) + rows
        excess -= rows * use.bytes_per_row
    return plan


def _delete(path: Path, n_rows: int) -> None:
    try:
        with explained(path), closing(connect(path)) as connection:
            file = RowFile(connection, path)
            file.drop(file.oldest(n_rows))
            shrink(connection)
    except DamagedError:
        set_aside(path)
