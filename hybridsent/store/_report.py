"""What a store tells of itself: contents and damage (layer L1).

Why by hand: sqlite's own ``integrity_check`` sees the structure of a file and not the vectors in
it.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from hybridsent.store._evict import file_bytes
from hybridsent.store._row_file import RowFile
from hybridsent.store._sqlite import DamagedError, chunked, connect, explained, set_aside

__all__ = ["StoreFile", "StoreProblem", "describe", "problems_of"]

_CHECK_ROWS = 10_000


@dataclass(frozen=True)
class StoreFile:
    """What the store holds for one fingerprint.

    Parameters
    ----------
    fingerprint : str
        Of the encoder.
    spec : dict
        What the fingerprint was made of, as the first writer told it.
    width : int or None
        Floats a row, 0 of texts; None before the first row.
    rows : int
        Number of rows.
    bytes : int
        On disk, with the log.
    encoded : int
        Rows ever offered to `FeatureStore.put_many`; above `rows` when rows were evicted, or
        computed twice.
    last_used : float
        Seconds since 1970, rounded down to the hour; 0.0 without rows.
    """

    fingerprint: str
    spec: dict[str, object]
    width: int | None
    rows: int
    bytes: int
    encoded: int
    last_used: float


@dataclass(frozen=True)
class StoreProblem:
    """What `FeatureStore.verify` found.

    Parameters
    ----------
    path : Path
        The file.
    fingerprint : str
        Whose rows it holds.
    key : bytes or None
        Of the damaged row; None if the file itself cannot be read.
    repaired : bool
        Whether it was deleted.
    """

    path: Path
    fingerprint: str
    key: bytes | None
    repaired: bool


def describe(file: RowFile) -> StoreFile:
    """Describe one open file."""
    header, uses = file.header(), file.uses()
    return StoreFile(
        fingerprint=header.fingerprint,
        spec=header.spec,
        width=header.width,
        rows=sum(uses.values()),
        bytes=file_bytes(file.path),
        encoded=file.encoded(),
        last_used=3600.0 * max((hour or 0 for hour in uses), default=0),
    )


def problems_of(path: Path, fingerprint: str, *, repair: bool) -> list[StoreProblem]:
    """Check every row of one file, and delete the damaged ones if asked to."""
    try:
        with explained(path), closing(connect(path)) as connection:
            damaged = _damaged_rows(RowFile(connection, path), repair=repair)
            return [StoreProblem(path, fingerprint, key, repair) for key in damaged]
    except DamagedError:
        if repair:
            set_aside(path)
        return [StoreProblem(path, fingerprint, None, repair)]


def _damaged_rows(file: RowFile, *, repair: bool) -> list[bytes]:
    if not file.is_sound():
        raise DamagedError(file.path)
    damaged: list[bytes] = []
    for keys in chunked(file.keys(), _CHECK_ROWS):
        damaged += file.get(keys)[1]
    if repair and damaged:
        file.drop(damaged)
    return damaged
