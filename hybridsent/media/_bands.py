"""Pictures to RGB, some rows at a time (layer L1).

Why by hand: Pillow converts whole pictures, and every step (to RGBA, a white ground, the two laid
over each other, to RGB) is another copy of four bytes a pixel. Each step looks at one pixel, so the
rows can pass in bands: the result is the same, and beside it only the source is held.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent.exceptions import MediaError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["as_rgb"]

_BAND = 2**20  # pixels
_DEPTH_16 = ("I;16", "I;16L", "I;16B", "I;16N")


def as_rgb(image: Image) -> Image:
    """Convert a decoded picture to a new one of mode RGB; see `hybridsent.media.load_image`.

    Parameters
    ----------
    image : PIL.Image.Image
        The picture; it is not changed.

    Returns
    -------
    PIL.Image.Image
        A picture without metadata.

    Raises
    ------
    MediaError
        If pixels are not finite.

    Examples
    --------
    >>> from PIL import Image
    >>> as_rgb(Image.new("L", (2, 2), 7)).getpixel((0, 0))
    (7, 7, 7)
    """
    from PIL import Image as pillow  # noqa: N813 - a module beside the class of the same name

    span = _span(image) if image.mode in (*_DEPTH_16, "I", "F") else None
    width, height = image.size
    if width * height <= _BAND:
        rgb = _converted(image, span)
    else:
        rgb = pillow.new("RGB", image.size)
        for top, band in _bands(image):
            rgb.paste(_converted(band, span), (0, top))
    rgb.info = {}  # an orientation left here would be applied again by whoever loads the result
    return rgb


def _bands(image: Image) -> Iterator[tuple[int, Image]]:
    width, height = image.size
    rows = max(1, _BAND // width)
    for top in range(0, height, rows):
        yield top, image.crop((0, top, width, min(top + rows, height)))


def _converted(image: Image, span: tuple[float, float] | None) -> Image:
    from PIL import Image as pillow  # noqa: N813

    if span is not None:
        return pillow.fromarray(_as_8_bit(np.asarray(image), *span)).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = pillow.new("RGBA", rgba.size, "white")
        return pillow.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")  # a copy, where it is RGB already


def _span(image: Image) -> tuple[float, float]:
    """Find the darkest and the lightest grey value."""
    greys = (np.asarray(band) for _, band in _bands(image))
    extremes = [(float(grey.min()), float(grey.max())) for grey in greys]
    low, high = np.min([low for low, _ in extremes]), np.max([high for _, high in extremes])
    if not np.isfinite(low + high):  # NaN carries through min and max
        raise MediaError("the image has pixels that are NaN or infinite")
    return float(low), float(high)


def _as_8_bit(
    grey: np.ndarray[Any, Any], low: float, high: float
) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Scale grey values to 0..255 by what their range says they are; see `load_image`."""
    if grey.dtype.kind in "iu" and low >= 0 and high <= 65535:
        table = np.round(np.arange(65536) / 257).astype(np.uint8)
        return table.take(grey)
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    elif low >= 0 and high <= 255:
        low, high = 0.0, 255.0
    span = (high - low) or 1.0
    scaled = (grey.astype(np.float64) - low) * (255 / span)
    return np.round(scaled).astype(np.uint8)
