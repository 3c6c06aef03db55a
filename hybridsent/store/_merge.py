"""Rows of other stores are taken over: each node of a cluster keeps its own (layer L1).

A vector depends on the content of its cell and on the fingerprint alone, so that two stores that
both hold a key hold the same vector, and joining them is putting in what is missing. It goes
through the same door as a row that was just computed: its checksum is computed from its content,
widths are compared, each portion is one transaction, so that others may read and write meanwhile.

Why by hand: ``ATTACH`` and ``INSERT OR IGNORE`` would copy what a disk has mangled as it stands,
hold the writer's lock for as long as a whole file takes, and give ids that are taken.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from hybridsent.exceptions import StoreError, StoreWarning
from hybridsent.store._evict import total_bytes
from hybridsent.store._file_names import live_files
from hybridsent.store._header import Header
from hybridsent.store._row_bytes import KEY_BYTES
from hybridsent.store._row_file import RowFile
from hybridsent.store._shelf import Shelf
from hybridsent.store._sqlite import DamagedError, UnusableError, connect, explained

__all__ = ["MergedFile", "merge_stores"]

_PORTION_BYTES, _PORTION_ROWS = 8 * 2**20, 4096  # of one transaction


@dataclass(frozen=True)
class MergedFile:
    """What `FeatureStore.merge` took over of one fingerprint of one store.

    Parameters
    ----------
    source : Path
        Folder of the store that was read.
    fingerprint : str
        Whose rows.
    new : int, default=0
        Rows that were taken over.
    known : int, default=0
        Rows that were here already.
    damaged : int, default=0
        Rows that were left out, because they are not what was once written; whoever wants them
        computes them again.
    refused : str, default=""
        Why the rest of them was left out; empty where nothing was: a file that is no database, of a
        newer version, or whose rows are of another width or kind than those that are here.
    """

    source: Path
    fingerprint: str
    new: int = 0
    known: int = 0
    damaged: int = 0
    refused: str = ""


def merge_stores(sources: Sequence[Path], target: Path, max_bytes: int | None) -> list[MergedFile]:
    """Take over the rows of stores; see `FeatureStore.merge`.

    Parameters
    ----------
    sources : sequence of Path
        Folders that are read; nothing in them is changed, not even the hours of use.
    target : Path
        Folder that takes the rows over.
    max_bytes : int or None
        Its limit, above which a warning is given.

    Returns
    -------
    list of MergedFile
        The counts; what stands in the way of one file is told there, as others may be sound.

    Raises
    ------
    StoreError
        If a source is no store, or the target cannot be written to.
    """
    files = [file for source in sources for file in _files_of(source, target)]
    merged = []
    for fingerprint, path in files:
        with Shelf(target, fingerprint) as shelf:
            merged.append(_merge_file(path, fingerprint, shelf))
    with explained(target):
        size = total_bytes(target)
    if max_bytes is not None and size > max_bytes:
        warnings.warn(
            f"The store at {target} holds {size / 2**30:.1f} GiB, more than its `max_bytes` of "
            f"{max_bytes / 2**30:.1f} GiB: rows used longest ago are deleted at its next write. "
            "FeatureStore(path, max_bytes=None) keeps all.",
            StoreWarning,
            stacklevel=3,
        )
    return merged


def _files_of(source: Path, target: Path) -> list[tuple[str, Path]]:
    """Find the fingerprints and files of a store that is to be read."""
    with explained(source):
        if not source.is_dir():
            raise StoreError(
                f"A store to merge must be a folder that is there. Got {str(source)!r}."
            )
        if target.is_dir() and source.samefile(target):
            raise StoreError(
                f"A store cannot be merged into itself. Got the same folder twice: {str(source)!r}."
            )
        files = [(unquote(base), path) for base, path in live_files(source).items()]
    if not files:
        raise StoreError(
            f"{str(source)!r} holds no store: no file NAME.N.sqlite is in it. Name a folder that "
            "was the store of an encoder."
        )
    return files


def _merge_file(path: Path, fingerprint: str, into: Shelf) -> MergedFile:
    counts = _Counts()
    try:
        with explained(path), closing(connect(path)) as connection:
            _take_over(RowFile(connection, path), fingerprint, into, counts)
    except DamagedError:
        counts.refused = f"{path} is damaged: what could be read of it was taken over."
    except UnusableError as error:
        if error.path != path:  # it is the store that takes the rows over
            raise
        counts.refused = f"{path} cannot be read: {error.reason}."
    except StoreError as error:
        counts.refused = str(error)
    return MergedFile(
        path.parent, fingerprint, counts.new, counts.known, counts.damaged, counts.refused
    )


@dataclass
class _Counts:
    new: int = 0
    known: int = 0
    damaged: int = 0
    refused: str = ""


def _take_over(source: RowFile, fingerprint: str, into: Shelf, counts: _Counts) -> None:
    header = source.header()
    if header.fingerprint != fingerprint:
        raise StoreError(
            f"{source.path} holds the rows of {header.fingerprint!r}, not of {fingerprint!r}: the "
            "file was renamed."
        )
    if header.width is None:  # made, or cleared, and not written to
        return
    for places in source.places(_portion(header)):
        hours = {key: hour for key, hour in places if type(key) is bytes and len(key) == KEY_BYTES}
        counts.damaged += len(places) - len(hours)
        present = into.present(list(hours), header)
        counts.known += len(present)
        wanted = [key for key in hours if key not in present]
        rows, damaged, _ = source.get(wanted)
        counts.damaged += len(damaged)
        if rows:
            new = into.take_over(header, list(rows), list(rows.values()), hours)
            counts.new += new
            counts.known += len(rows) - new  # others wrote them meanwhile


def _portion(header: Header) -> int:
    return max(1, min(_PORTION_ROWS, _PORTION_BYTES // (4 * max(1, header.width or 1))))
