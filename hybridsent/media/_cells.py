"""What cells are by type, and pictures that Pillow opened for the user (layer L1).

Why by hand: one message for each kind of cell, and answers that import neither Pillow nor pandas.
"""

from __future__ import annotations

import os
import struct
import threading
import unicodedata
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from hybridsent.exceptions import MediaError
from hybridsent.media._modality import get_modality

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = [
    "IMAGE_FORMATS",
    "check_pil_image",
    "is_invisible",
    "is_nothing",
    "is_pil_image",
    "lock_of",
    "orientation",
    "wrong_type",
]

IMAGE_FORMATS = ("AVIF", "BMP", "GIF", "HEIF", "JPEG", "MPO", "PNG", "PPM", "TIFF", "WEBP")
"""Pillow's names of the formats that are read; HEIF, of phones, through the extra ``heic``. EPS and
PDF are programs, not pictures; the rest of Pillow's formats are rare in data sets and little tested
against hostile files."""

_INVISIBLE = frozenset({"Cc", "Cf", "Mn", "Me", "Zs", "Zl", "Zp"})
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters and a pattern of Braille, by name


def wrong_type(cell: object, kind: str) -> MediaError:
    """Make the error for a cell of a type that its kind does not know.

    Parameters
    ----------
    cell : object
        The cell.
    kind : str
        Name of the modality that it was meant to be of.

    Returns
    -------
    MediaError
        To be raised by the caller.

    Examples
    --------
    >>> wrong_type(3, "text")
    MediaError('the text cell must be a str, or bytes that hold encoded text, got int')
    """
    got = type(cell).__name__
    if isinstance(cell, np.ndarray):
        got = f"an array of {cell.dtype}, shape {cell.shape}"
    elif isinstance(cell, tuple):
        got = f"a tuple ({', '.join(type(item).__name__ for item in cell[:4])})"
    return MediaError(f"the {kind} cell must be {get_modality(kind).expected}, got {got}")


def is_pil_image(cell: object) -> TypeGuard[Image]:
    """Tell whether a cell is a Pillow image, without importing Pillow for the answer.

    Parameters
    ----------
    cell : object
        Any object.

    Returns
    -------
    bool
        True if it is one.

    Examples
    --------
    >>> is_pil_image("cat.jpg")
    False
    """
    # Never by `sys.modules`: what another reader thread is just importing lies there already,
    # without the names that it will have.
    return any(
        (base.__module__, base.__name__) == ("PIL.Image", "Image") for base in type(cell).__mro__
    )


def is_invisible(text: str) -> bool:
    r"""Tell whether a text shows nothing: blanks, controls, joiners, marks without a letter.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    bool
        True if no character of it is visible.

    Examples
    --------
    >>> is_invisible("\u200b \ufeff"), is_invisible("\u200ba")
    (True, False)
    """
    return all(
        unicodedata.category(character) in _INVISIBLE or character in _BLANKS for character in text
    )


def is_nothing(cell: object) -> bool:
    """Tell whether a cell without containers is missing; see `hybridsent.media.is_missing`.

    Parameters
    ----------
    cell : object
        Any object.

    Returns
    -------
    bool
        True for None, NaN, NaT, ``pd.NA`` and strings without a visible character.

    Examples
    --------
    >>> [is_nothing(cell) for cell in (None, float("nan"), " ", b"", [None])]
    [True, True, True, False, False]
    """
    if cell is None:
        return True
    if isinstance(cell, str):
        return is_invisible(cell)
    if isinstance(cell, (float, complex, np.inexact)):
        return bool(cell != cell)
    if isinstance(cell, (np.datetime64, np.timedelta64)):
        return bool(np.isnat(cell))
    if isinstance(cell, Decimal):
        return cell.is_nan()
    kind = type(cell)  # pandas moves its two from module to module, and need not be imported
    return kind.__name__ in ("NAType", "NaTType") and kind.__module__.split(".")[0] == "pandas"


def lock_of(image: Image) -> AbstractContextManager[Any]:
    """Give the lock under which a user's picture is read; one picture may stand in many rows.

    Pillow decodes an opened picture at its first use, from one file with one position.

    Parameters
    ----------
    image : PIL.Image.Image
        The picture.

    Returns
    -------
    context manager
        The lock; other pictures mostly have others.

    Examples
    --------
    >>> from PIL import Image
    >>> with lock_of(Image.new("L", (2, 2))):
    ...     pass
    """
    return _locks[id(image) // 16 % len(_locks)]


def _renew() -> None:
    """Make new locks in a forked process: the threads that held them are not there."""
    _locks[:] = [threading.RLock() for _ in range(64)]


_locks: list[AbstractContextManager[Any]] = []
_renew()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)


def check_pil_image(cell: Image) -> None:
    """Refuse an opened picture of a format that is not read, before anything decodes it.

    Parameters
    ----------
    cell : PIL.Image.Image
        The picture; one made in memory has no format and passes.

    Raises
    ------
    MediaError
        If Pillow opened it as another format than `IMAGE_FORMATS`.

    Examples
    --------
    >>> from PIL import Image
    >>> check_pil_image(Image.new("L", (2, 2)))
    """
    if cell.format is not None and cell.format not in IMAGE_FORMATS:
        raise MediaError(
            f"the image was opened from {cell.format}, which is not among the formats read "
            f"({', '.join(IMAGE_FORMATS)}). Decode it yourself first: image.copy()"
        )


def orientation(image: Image) -> int:
    """Read how a camera was held, from a picture's EXIF block.

    Parameters
    ----------
    image : PIL.Image.Image
        The picture, decoded.

    Returns
    -------
    int
        1 (upright) to 8 of the EXIF standard; 1 as well where the block is absent or damaged, since
        the picture itself is not.

    Examples
    --------
    >>> from PIL import Image
    >>> orientation(Image.new("L", (2, 2)))
    1
    """
    damaged = (
        SyntaxError,
        ValueError,
        TypeError,
        LookupError,
        OSError,
        OverflowError,
        struct.error,
    )
    try:
        value = image.getexif().get(0x0112, 1)
    except (*damaged, Warning):  # a Warning, where a filter makes errors of them
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1
