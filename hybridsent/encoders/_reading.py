"""Read a cell, and tell what was read (layer L2).

A column is hashed ahead of the network, so a file or an array may have changed when its turn comes.
The row then belongs to what was read, not to what was hashed: here the two are the same bytes. No
library serves: joblib and diskcache trust the key that they were given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hybridsent.exceptions import MediaError
from hybridsent.media import content_key, reading, reserve, without_frames
from hybridsent.media import read_bytes as whole_file
from hybridsent.media._container import is_film
from hybridsent.media._forms import Form, taken

__all__ = ["Reading", "read"]

_TRIES = 3  # of a picture or film that changes while it is read


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
    modality : str
        Name of its modality.
    prepare : callable
        Turns a cell into an item.

    Returns
    -------
    Reading
        Its key is `key` where the cell did not change.
    """
    seen: bytes | None = None
    try:
        with reading():
            form, inside = taken(cell, modality)
            # a copy of a picture would lose how the camera was held, of an object may be none, and
            # of a film would fill the memory
            if form in ("picture", "own") or (form == "path" and is_film(inside)):
                return _read_between(inside, key, modality, prepare)
            kept = _kept(form, inside)
            seen = key if kept is cell else content_key(kept, modality)
            return Reading(seen, prepare(kept))
    except MediaError as error:
        return Reading(seen, without_frames(error))


def _kept(form: Form, inside: Any) -> Any:
    """Take what nobody else can change."""
    if form == "path":
        return whole_file(inside)
    if form in ("pixels", "array"):
        return _copied(inside)
    if form == "samples":
        return _copied(inside[0]), inside[1]
    return inside  # bytes and strings, which never change


def _copied(array: np.ndarray) -> np.ndarray:
    reserve(array.nbytes)
    return array.copy()


def _read_between(cell: Any, key: bytes, modality: str, prepare: Callable[[Any], Any]) -> Reading:
    """Read between two looks at the content, until both saw the same."""
    before = key
    for _ in range(_TRIES):
        try:
            item = prepare(cell)
        except MediaError as error:
            item = without_frames(error)
        after = content_key(cell, modality)
        if after == before:
            return Reading(after, item)
        before = after
    return Reading(None, MediaError("the cell changed again and again while it was read"))
