"""A small canvas for the images of the demo data (layer L1).

Pillow draws without antialiasing and without rotated shapes, so shapes are drawn three times as
large, as polygons whose points went through a rotation, and reduced at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

__all__ = ["SIZE", "Canvas", "Colour", "Painter", "blend", "jitter_colour"]

SIZE = 160
_OVER = 3

Colour: TypeAlias = tuple[int, int, int]


def blend(a: Colour, b: Colour, share: float) -> Colour:
    """Mix two colours.

    Examples
    --------
    >>> from hybridsent._demo.canvas import blend
    >>> blend((0, 0, 0), (100, 200, 50), 0.5)
    (50, 100, 25)
    """
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def jitter_colour(rng: np.random.Generator, colour: Colour, amount: float) -> Colour:
    """Shift a colour by chance, at most to black or white.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._demo.canvas import jitter_colour
    >>> jitter_colour(np.random.default_rng(0), (255, 0, 9), 0.0)
    (255, 0, 9)
    """
    red, green, blue = np.clip(np.array(colour) + rng.normal(0, amount, 3), 0, 255).round()
    return int(red), int(green), int(blue)


class Canvas:
    """A square picture drawn in units of its side, (0, 0) top left and (1, 1) bottom right.

    Parameters
    ----------
    top, bottom : tuple of int
        Background colours, blended from top to bottom.
    """

    def __init__(self, top: Colour, bottom: Colour) -> None:
        side = SIZE * _OVER
        ramp = np.linspace(0, 1, side)[:, None]
        column = np.array(top) + (np.array(bottom) - np.array(top)) * ramp
        strip = Image.fromarray(column[:, None, :].round().astype(np.uint8))
        self.image = strip.resize((side, side), Image.Resampling.NEAREST)
        self._draw = ImageDraw.Draw(self.image)
        self._place = (0.0, 0.0, 1.0, 0.0)

    def place(self, x: float, y: float, scale: float, angle: float) -> None:
        """Move the origin to (x, y), scale units and turn by an angle in radians."""
        self._place = (x, y, scale, angle)

    def _pixels(self, xs: np.ndarray, ys: np.ndarray) -> list[tuple[float, float]]:
        x, y, scale, angle = self._place
        cos, sin = np.cos(angle), np.sin(angle)
        across = (x + scale * (xs * cos - ys * sin)) * SIZE * _OVER
        down = (y + scale * (xs * sin + ys * cos)) * SIZE * _OVER
        # Rounded, so that the last bits of a platform's sine do not change a pixel.
        return list(zip(across.round(3).tolist(), down.round(3).tolist(), strict=True))

    def polygon(self, xs: object, ys: object, colour: Colour) -> None:
        """Fill a polygon."""
        points = self._pixels(np.asarray(xs, float), np.asarray(ys, float))
        self._draw.polygon(points, fill=colour)

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        """Fill an ellipse."""
        turn = np.linspace(0, 2 * np.pi, 49)[:-1]
        self.polygon(x + rx * np.cos(turn), y + ry * np.sin(turn), colour)

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        """Fill a rectangle."""
        self.polygon([left, right, right, left], [top, top, bottom, bottom], colour)

    def curve(self, xs: object, ys: object, width: float, colour: Colour) -> None:
        """Draw a line with round ends through points."""
        points = self._pixels(np.asarray(xs, float), np.asarray(ys, float))
        thick = max(1, round(width * self._place[2] * SIZE * _OVER))
        self._draw.line(points, fill=colour, width=thick, joint="curve")
        for x, y in (points[0], points[-1]):
            reach = thick / 2
            self._draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=colour)

    def veil(self, colour: Colour, share: float) -> None:
        """Lay a colour over everything drawn so far."""
        self.image = Image.blend(self.image, Image.new("RGB", self.image.size, colour), share)
        self._draw = ImageDraw.Draw(self.image)

    def develop(self, rng: np.random.Generator) -> Image.Image:
        """Reduce the picture, with the blur, exposure and grain of a cheap camera."""
        small = self.image.reduce(_OVER)
        if rng.random() < 0.35:
            small = small.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.4, 1.3))))
        light = np.asarray(small, dtype=np.float32) * rng.uniform(0.8, 1.15) + rng.uniform(-12, 12)
        light *= rng.uniform(0.93, 1.07, 3).astype(np.float32)
        grain = rng.standard_normal(light.shape, dtype=np.float32) * np.float32(rng.uniform(1, 9))
        return Image.fromarray(np.clip(light + grain, 0, 255).astype(np.uint8))


Painter: TypeAlias = Callable[[np.random.Generator, float], Canvas]
