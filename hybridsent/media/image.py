"""Paths, bytes, pictures and arrays to RGB images (layer L1).

Why by hand: Pillow decodes. It leaves to its caller the limit on pixels (a warning, once, process
wide), which formats to trust (EPS starts another program), the camera's orientation, and what
transparent, 16-bit and float pixels look like in RGB, where ``convert("RGB")`` clips or turns
them black.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent._optional import import_optional
from hybridsent.exceptions import MediaError, MissingDependencyError
from hybridsent.media._bands import as_rgb
from hybridsent.media._cells import (
    IMAGE_FORMATS,
    check_pil_image,
    lock_of,
    orientation,
)
from hybridsent.media._file import read_bytes
from hybridsent.media._forms import taken
from hybridsent.media._looks import ends_in, head_of, inside_of
from hybridsent.media._memory import reading, reserve
from hybridsent.media.kinds.image import IMAGE

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["IMAGE_FORMATS", "IMAGE_VERSION", "is_image", "load_image"]

IMAGE_VERSION = IMAGE.version
"""Raised whenever a loaded picture may differ from before; part of an encoder's fingerprint."""

_MARKS = (
    *(b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*"),
    *(b"II+\x00", b"MM\x00+"),  # TIFF beyond 4 GB
)
_PNM = re.compile(rb"P[1-7fy]\s")
_AVIF = re.compile(rb".{4}ftyp(?:avi[fs]|mi[af]1|msf1)", re.DOTALL)
_HEIF = re.compile(rb".{4}ftyp(?:hei[cxms]|hev[cxms]|mif1|msf1)", re.DOTALL)
_GAP = 2  # as in Pillow's own thumbnails, where it cannot be told from a full decode
# Bytes a pixel, at most: what was decoded, the result, and what a network makes of it.
_COST = 12
# What decoders hold beside: the whole picture twice over, or all coefficients of a progressive one.
_DECODER_COST = {"WEBP": 16, "AVIF": 12, "JPEG": 6, "MPO": 6, "HEIF": 16}


def load_image(
    cell: object,
    *,
    max_pixels: int = 89_478_485,
    max_bytes: int = 64 * 2**20,
    shorter_side: int | None = None,
) -> Image:
    """Load one picture as upright RGB.

    The EXIF orientation is applied; transparent pixels are laid over white; of an animation the
    first frame is taken (of an opened `PIL.Image.Image`, the current one). Grey values of 16 bits
    are scaled to 8. Wider ones are read as 16 bits if they fit, floats as 0..1 or 0..255 if they
    fit, and else stretched from their minimum and maximum. The name of a file does not matter.

    Parameters
    ----------
    cell : str, os.PathLike, bytes, bytearray, memoryview, PIL.Image.Image, ndarray, dict or list
        A path, a file's content, a picture, or a uint8 array of shape (H, W, 3), (H, W, 4),
        (H, W, 1) or (H, W). Also a dict of Hugging Face with the content under ``"bytes"`` or a
        path under ``"path"``, and a list with one item of these. Formats read:
        AVIF, BMP, GIF, JPEG, MPO, PNG, PPM, TIFF, WEBP, and HEIF (``.heic``) where the extra
        ``heic`` is installed.
    max_pixels : int, default=89478485
        Largest width times height, checked before anything is decoded.
    max_bytes : int, default=67108864
        Largest size of a file or bytes.
    shorter_side : int, default=None
        What the caller will shrink the picture to. A JPEG file is then decoded at a half, a quarter
        or an eighth of its size, as long as both sides stay twice this long: several times faster
        for photographs, and hardly another picture once it is shrunk. None decodes all pixels.

    Returns
    -------
    PIL.Image.Image
        A new image of mode RGB, with no file open and no metadata.

    Raises
    ------
    MediaError
        If the cell cannot be read, is no picture, damaged, cut off, empty or too large.

    Examples
    --------
    >>> import numpy as np
    >>> load_image(np.full((2, 3, 3), 255, dtype="uint8")).size
    (3, 2)
    """
    with reading():
        return _loaded(cell, max_pixels, max_bytes, shorter_side)


def is_image(cell: Any) -> bool:
    r"""Tell whether a cell looks like an image, in any form that `load_image` reads.

    Parameters
    ----------
    cell : object
        A cell of a table.

    Returns
    -------
    bool
        Whether its first bytes, its extension, its type or its shape are those of an image.

    Examples
    --------
    >>> is_image("1.jpg"), is_image(b"\x89PNG\r\n\x1a\n"), is_image(b"RIFF\0\0\0\0WAVE")
    (True, True, False)
    >>> is_image({"bytes": None, "path": "1.jpg"})
    True
    """
    inside, form = inside_of(cell, IMAGE.name)
    if form == "content":
        return _is_head(head_of(inside))
    if form == "pixels":
        channels = inside.shape[2] if inside.ndim == 3 else 1
        return inside.dtype.name == "uint8" and inside.ndim in (2, 3) and channels in {1, 3, 4}
    return form == "picture" or ends_in(inside, IMAGE.extensions)


def _is_head(head: bytes) -> bool:
    is_webp = head[:4] == b"RIFF" and head[8:] == b"WEBP"
    return (
        head.startswith(_MARKS) or is_webp or any(mark.match(head) for mark in (_PNM, _AVIF, _HEIF))
    )


def _loaded(cell: object, max_pixels: int, max_bytes: int, shorter_side: int | None) -> Image:
    form, inside = taken(cell, IMAGE.name)
    if form == "pixels":
        return _from_array(inside, max_pixels)
    if form == "picture":
        check_pil_image(inside)
        with lock_of(inside):
            return _decoded(inside, max_pixels)
    raw = read_bytes(inside, max_bytes=max_bytes)
    return _decoded(_opened(raw), max_pixels, shorter_side)


def _check_pixels(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise MediaError(f"the image has no pixels: {width} x {height}")
    if width * height > max_pixels:
        raise MediaError(
            f"the image has {width:,} x {height:,} = {width * height:,} pixels, more than the "
            f"{max_pixels:,} allowed; shrink it, or raise max_pixels"
        )


def _from_array(array: np.ndarray[Any, Any], max_pixels: int) -> Image:
    from PIL import Image

    channels = array.shape[2] if array.ndim == 3 else 1
    if array.dtype == np.uint8 and array.ndim == 1:
        raise MediaError(
            f"an image array must have shape (H, W, 3), got {array.shape}; where it holds an "
            "encoded file, pass array.tobytes()"
        )
    if array.dtype != np.uint8 or array.ndim not in (2, 3):
        raise MediaError(
            f"an image array must be uint8 of shape (H, W, 3), got {array.dtype} of shape "
            f"{array.shape}; floats in 0..1 become it by (255 * array).round().astype('uint8')"
        )
    if array.ndim == 3 and channels not in (3, 4):
        raise MediaError(
            f"an image array must have shape (H, W, 3), (H, W, 4) or (H, W), got {array.shape}; "
            "channels come last: np.moveaxis(array, 0, -1)"
        )
    height, width = array.shape[:2]
    _check_pixels((width, height), max_pixels)
    reserve(_COST * width * height)
    return as_rgb(Image.fromarray(np.ascontiguousarray(array)))


def _opened(raw: bytes) -> Image:
    """Parse the header with the plugin whose mark the bytes bear.

    `PIL.Image.open` would give the bomb warning here, by the process-wide filters, which no thread
    can change for itself. The registry it looks plugins up in gives the same image without it.
    """
    from PIL import Image

    Image.init()
    reasons = []
    for name in IMAGE_FORMATS:
        if name == "HEIF":  # read last: a file that says it is either is mostly AVIF
            continue
        # AVIF is missing where Pillow was built without it; its mark is then accepted by none.
        factory, accepts = Image.OPEN.get(name, (None, None))
        if factory is None or accepts is None or accepts(raw[:16]) is not True:
            continue
        try:
            return _parsed(factory, raw)
        except MediaError as error:  # another plugin may still read it
            reasons.append(f"{name}: {error}")
    if _HEIF.match(raw[:16]):
        try:
            return _parsed(_heif_plugin(), raw)
        except MediaError as error:
            reasons.append(f"HEIF: {error}")
    if reasons:
        raise MediaError(f"the image is damaged ({'; '.join(reasons)})")
    raise MediaError(
        f"this is no picture of a known format ({', '.join(IMAGE_FORMATS)}); "
        f"it begins with {raw[:12]!r}"
    )


def _heif_plugin() -> Callable[[io.BytesIO, str], Image]:
    """Give the plugin of pillow-heif; it is not made known to Pillow, whose state is the user's."""
    try:
        found = import_optional("pillow_heif", caller="A picture in HEIC", extra="heic")
    except MissingDependencyError as error:
        raise MediaError(str(error)) from error
    plugin: Callable[[io.BytesIO, str], Image] = found.HeifImageFile
    return plugin


def _parsed(factory: Callable[[io.BytesIO, str], Image], raw: bytes) -> Image:
    try:
        return factory(io.BytesIO(raw), "")
    except MemoryError:
        raise
    # A plugin's parser raises anything on a hostile header, also a warning made an error.
    except Exception as error:
        raise MediaError(_told(error)) from error


def _decoded(image: Image, max_pixels: int, shorter_side: int | None = None) -> Image:
    _check_pixels(image.size, max_pixels)
    whole = image.width * image.height
    try:
        # does nothing to other formats than JPEG; of HEIF it would read a thumbnail instead
        if shorter_side is not None and image.format != "HEIF":
            image.draft(None, (_GAP * shorter_side, _GAP * shorter_side))
        reserve(
            _COST * image.width * image.height + _DECODER_COST.get(image.format or "", 0) * whole
        )
        image.load()
        _check_pixels(image.size, max_pixels)  # of HEIF, which may have told another one
        return as_rgb(_upright(image))
    except (MediaError, MemoryError):
        raise
    # Damaged data makes decoders raise OSError, SyntaxError, struct.error, IndexError and others.
    except Exception as error:
        raise MediaError(f"the image is damaged or cut off: {_told(error)}") from error


def _upright(image: Image) -> Image:
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    turn = turns.get(orientation(image))
    if turn is None:
        return image
    turned = image.transpose(turn)
    # Transposing keeps the description of transparency but would lose it for our next step.
    turned.info.update({k: v for k, v in image.info.items() if k == "transparency"})
    return turned


def _told(error: Exception) -> str:
    """Give the words of a decoder in one line; some end theirs."""
    return " ".join(str(error).split()) or type(error).__name__
