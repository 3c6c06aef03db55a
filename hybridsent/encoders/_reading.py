"""Read a cell, and tell what was read (layer L2).

A column is hashed ahead of the network, so a file or an array may have changed when its turn comes.
The row then belongs to what was read, not to what was hashed: here the two are the same bytes. No
library serves: joblib and diskcache trust the key that they were given.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hybridsent.exceptions import MediaError
from hybridsent.media import content_key
from hybridsent.media import read_bytes as whole_file

__all__ = ["Reading", "read"]

_TRIES = 3  # of a picture that changes while it is read


@dataclass(frozen=True)
class Reading:
    """What became of a cell.

    Parameters
    ----------
    key : bytes or None
        Key of the content that was read; None where none could be read.
    item : object
        What the network takes; a MediaError where the cell is broken.
    """

    key: bytes | None
    item: Any


def read(cell: Any, key: bytes, modality: str, prepare: Callable[[Any], Any]) -> Reading:
    """Read and prepare a cell, and give the key of exactly that content.

    Parameters
    ----------
    cell : object
        A cell that is not missing.
    key : bytes
        Its key when it was hashed.
    modality : {"text", "image", "audio"}
        What it is.
    prepare : callable
        Turns a cell into an item.

    Returns
    -------
    Reading
        Its key is `key` where the cell did not change.
    """
    seen: bytes | None = None
    try:
        kept = _kept(cell, modality)
        if kept is cell and _never_changes(cell, modality):
            seen = key
            return Reading(key, prepare(cell))
        if kept is not cell:
            seen = content_key(kept, modality)
            return Reading(seen, prepare(kept))
        return _read_between(cell, key, modality, prepare)
    except MediaError as error:
        return Reading(seen, error)


def _kept(cell: Any, modality: str) -> Any:
    """Take what nobody else can change; the cell itself where that would cost a decoding."""
    if isinstance(cell, bytearray | memoryview):
        return bytes(cell)
    if isinstance(cell, np.ndarray):
        return cell.copy()
    if isinstance(cell, tuple):
        return tuple(part.copy() if isinstance(part, np.ndarray) else part for part in cell)
    if modality != "text" and isinstance(cell, str | os.PathLike):
        return whole_file(cell)
    return cell


def _never_changes(cell: Any, modality: str) -> bool:
    return isinstance(cell, bytes) or (modality == "text" and isinstance(cell, str))


def _read_between(cell: Any, key: bytes, modality: str, prepare: Callable[[Any], Any]) -> Reading:
    """Read between two looks at the content, until both saw the same."""
    before = key
    for _ in range(_TRIES):
        try:
            item = prepare(cell)
        except MediaError as error:
            item = error
        after = content_key(cell, modality)
        if after == before:
            return Reading(after, item)
        before = after
    return Reading(None, MediaError("the cell changed again and again while it was read"))
