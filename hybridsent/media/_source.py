"""Cells at their source: is one missing, what is its key; `read_bytes` is here too (layer L1).

Why by hand: `joblib.hash` pickles what it hashes, so that equal content in a file, in bytes or in
another memory layout has different keys, and `pandas.isna` answers for arrays element by element.
"""

from __future__ import annotations

import hashlib
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent.exceptions import MediaError
from hybridsent.media._cells import (
    check_pil_image,
    is_nothing,
    lock_of,
    orientation,
)
from hybridsent.media._container import is_film
from hybridsent.media._file import MAX_FILE_BYTES, check_size, path_digest, read_bytes
from hybridsent.media._forms import Form, is_empty_holder, taken
from hybridsent.media._memory import reading, reserve
from hybridsent.media._modality import get_modality, named

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["content_key", "is_missing", "read_bytes"]

# Of an array or an opened picture: what hashing may cost, about a second.
_MAX_DECODED_BYTES = 2**30
_LARGEST_FILM = 2**40


def is_missing(cell: object) -> bool:
    """Tell whether a cell of a table holds nothing at all.

    Missing is None, NaN, NaT, ``pd.NA`` and a string without a visible character; a list, tuple or
    array of objects that holds nothing else, or nothing at all; and a dict of Hugging Face, or of
    items and weights, that holds nothing. Empty bytes are not missing but broken: somebody put a
    file there.

    Parameters
    ----------
    cell : object
        Any object; arrays of numbers and pictures are never missing.

    Returns
    -------
    bool
        True if the cell is missing.

    Examples
    --------
    >>> [is_missing(cell) for cell in (None, float("nan"), " ", b"", "a")]
    [True, True, True, False, False]
    >>> [is_missing(cell) for cell in ([], [None, ""], {"bytes": None}, ["a", None])]
    [True, True, True, False]
    """
    return is_nothing(cell) or is_empty_holder(cell)


def content_key(cell: object, kind: str, *, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """Compute the key of a cell's content, under which its features are stored.

    Equal content has one key in whatever container it comes: a path, `bytes`, `bytearray` or
    `memoryview`, alone in a list, or in a dict of Hugging Face; so have a string and its encoded
    bytes. An array's key covers dtype, shape and values, a picture's also palette, transparency and
    orientation. The digest of a file is remembered in this process by path, size, inode and times
    of change, unless it changed in the last two seconds.

    Parameters
    ----------
    cell : object
        A cell that is not missing.
    kind : str
        Name of the modality, such as ``"text"``; equal content of different kinds has different
        keys.
    max_bytes : int, default=268435456
        Largest file or bytes accepted; files of videos may be larger. Arrays and opened pictures
        may take 1 GiB.

    Returns
    -------
    bytes
        16 bytes.

    Raises
    ------
    MediaError
        If the cell cannot be read or is of no type that this kind knows.
    ValueError
        If `kind` is the name of no modality.

    Examples
    --------
    >>> content_key("good", "text") == content_key(b"good", "text")
    True
    >>> content_key(b"good", "image") == content_key(b"good", "audio")
    False
    """
    get_modality(kind, parameter="kind")
    with reading():
        return _key_of(*taken(cell, kind), kind, max_bytes)


def _key_of(form: Form, inside: Any, kind: str, max_bytes: int) -> bytes:
    if form == "words":
        return _text_key(inside, kind)
    if form == "content":
        check_size(len(inside), max_bytes, "the content")
        return _key(kind, "file", _digest(inside))
    if form == "path":
        limit = _LARGEST_FILM if is_film(inside) else max_bytes
        return _key(kind, "file", path_digest(inside, limit))
    if form in ("pixels", "array"):
        return _key(kind, "array", *_array_parts(inside))
    if form == "picture":
        with lock_of(inside):
            return _key(kind, "pil", *_pil_parts(inside))
    if form == "own":
        return _key(kind, "own", _own_key(inside, kind))
    array, rate = inside
    return _key(kind, "samples", _rate_part(rate), *_array_parts(array))


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()


def _key(kind: str, form: str, *parts: Any) -> bytes:
    """Hash parts behind their lengths, so that no two lists of parts run together."""
    person = f"{kind}/{form}".encode()
    if len(person) > hashlib.blake2b.PERSON_SIZE:
        person = _digest(person)
    digest = hashlib.blake2b(digest_size=16, person=person)
    for part in parts:
        digest.update(memoryview(part).nbytes.to_bytes(8, "little"))
        digest.update(part)
    return digest.digest()


def _text_key(cell: str | bytes, kind: str) -> bytes:
    from hybridsent.media.text import decode_text

    text = decode_text(cell) if isinstance(cell, bytes) else cell
    # Lone surrogates are refused by the loader, which can say where they stand.
    return _key(kind, "str", text.encode("utf-8", "surrogatepass"))


def _own_key(cell: Any, kind: str) -> bytes:
    told = named(get_modality(kind).key)(cell)
    if not isinstance(told, bytes):
        raise TypeError(
            f"The key of the modality {kind!r} must give bytes. It gave a {type(told).__name__}."
        )
    return told


def _array_parts(array: np.ndarray[Any, Any]) -> tuple[bytes, bytes, np.ndarray[Any, Any]]:
    if array.dtype.kind not in "biuf":
        raise MediaError(f"an array must hold plain numbers, got dtype {array.dtype}")
    if array.nbytes > _MAX_DECODED_BYTES:
        raise MediaError(
            f"an array of shape {array.shape} and {array.dtype} takes {array.nbytes:,} bytes, "
            f"more than the {_MAX_DECODED_BYTES:,} allowed"
        )
    if not array.flags.c_contiguous:
        reserve(array.nbytes)
    values = np.ascontiguousarray(array)
    return array.dtype.str.encode(), repr(array.shape).encode(), values


def _rate_part(rate: object) -> bytes:
    if isinstance(rate, Real):
        try:
            return repr(float(rate)).encode()
        except OverflowError as error:
            raise MediaError("the sampling rate is too large to be a number of hertz") from error
    raise MediaError(f"the sampling rate must be a number, got {type(rate).__name__}")


def _pil_parts(image: Image) -> tuple[bytes, ...]:
    check_pil_image(image)
    width, height = image.size
    if 4 * width * height > _MAX_DECODED_BYTES:
        raise MediaError(f"an image of {width:,} x {height:,} pixels is too large")
    reserve(8 * width * height)  # the pixels, once as Pillow holds them and once as bytes
    try:
        pixels = image.tobytes()
        palette = image.getpalette("RGBA") if image.mode in ("P", "PA") else None
    except MemoryError:
        raise
    # Pillow's decoders, which run here for an image that was only opened, raise anything.
    except Exception as error:
        raise MediaError(f"the image cannot be decoded: {error}") from error
    traits = (image.mode, image.size, palette, image.info.get("transparency"), orientation(image))
    return repr(traits).encode(), pixels
