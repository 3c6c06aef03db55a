"""The scenes of the demo data: places that carry a mood without a face (layer L1)."""

from __future__ import annotations

import numpy as np

from hybridsent._demo.canvas import Canvas, Colour, Painter, blend, jitter_colour

__all__ = ["draw_scene"]

_GREY: Colour = (150, 152, 155)


def draw_scene(rng: np.random.Generator, mood: str, strength: float) -> Canvas:
    """Draw a place.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides which place of the mood, and its details.
    mood : {"positive", "neutral", "negative"}
        What the place conveys.
    strength : float
        0 to 1: how clearly; a weak one lies in mist.

    Returns
    -------
    Canvas
        The picture, not yet developed.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._demo.scenes import draw_scene
    >>> rng = np.random.default_rng(0)
    >>> draw_scene(rng, "negative", 0.8).develop(rng).size
    (160, 160)
    """
    painters = _SCENES[mood]
    canvas = painters[rng.integers(len(painters))](rng, strength)
    canvas.veil(jitter_colour(rng, _GREY, 25), float(0.45 * (1 - strength) * rng.uniform(0.5, 1)))
    return canvas


def _ground(canvas: Canvas, rng: np.random.Generator, level: float, colour: Colour) -> None:
    xs = np.linspace(-0.05, 1.05, 30)
    hill = level + 0.04 * np.sin(xs * rng.uniform(3, 7) + rng.uniform(0, 6))
    canvas.polygon(np.r_[xs, 1.05, -0.05], np.r_[hill, 1.05, 1.05], colour)


def _cloud(canvas: Canvas, rng: np.random.Generator, x: float, y: float, colour: Colour) -> None:
    for _ in range(6):
        reach = rng.uniform(0.05, 0.1)
        dx, dy = rng.normal(0, 0.08), rng.normal(0, 0.025)
        canvas.ellipse(x + dx, y + dy, reach * 1.4, reach, jitter_colour(rng, colour, 5))


def _sun(canvas: Canvas, rng: np.random.Generator) -> None:
    x, y, reach = rng.uniform(0.15, 0.85), rng.uniform(0.12, 0.28), rng.uniform(0.06, 0.1)
    for turn in np.linspace(0, 2 * np.pi, 13)[:-1]:
        out = np.array([1.25, 1.8]) * reach
        canvas.curve(x + out * np.cos(turn), y + out * np.sin(turn), 0.012, (255, 225, 110))
    canvas.ellipse(x, y, reach, reach, (255, 214, 70))


def _meadow(rng: np.random.Generator, strength: float) -> Canvas:
    canvas = Canvas(jitter_colour(rng, (90, 170, 240), 15), (205, 235, 250))
    _sun(canvas, rng)
    _cloud(canvas, rng, rng.uniform(0.2, 0.8), 0.25, (250, 250, 252))
    _ground(canvas, rng, 0.55, jitter_colour(rng, (110, 175, 80), 12))
    _ground(canvas, rng, 0.68, jitter_colour(rng, (90, 190, 70), 12))
    for _ in range(int(8 + 30 * strength)):
        x, y = rng.uniform(0, 1), rng.uniform(0.72, 0.98)
        petal = jitter_colour(rng, (235, 110, 150), 60)
        for turn in np.linspace(0, 2 * np.pi, 6)[:-1]:
            canvas.ellipse(x + 0.014 * np.cos(turn), y + 0.014 * np.sin(turn), 0.01, 0.01, petal)
        canvas.ellipse(x, y, 0.008, 0.008, (250, 220, 80))
    return canvas


def _beach(rng: np.random.Generator, strength: float) -> Canvas:
    canvas = Canvas(jitter_colour(rng, (70, 160, 235), 15), (190, 230, 250))
    _sun(canvas, rng)
    sea = jitter_colour(rng, (40, 150, 190), 15)
    canvas.box(0, 0.45, 1, 0.72, sea)
    for _ in range(8):
        x, y = rng.uniform(0, 0.9), rng.uniform(0.48, 0.68)
        canvas.curve([x, x + 0.1], [y, y], 0.006, blend(sea, (255, 255, 255), 0.5))
    _ground(canvas, rng, 0.74, jitter_colour(rng, (240, 215, 160), 10))
    x = rng.uniform(0.25, 0.75)
    canvas.curve([x, x + 0.03], [0.9, 0.58], 0.012, (120, 90, 60))
    turn = np.linspace(np.pi, 2 * np.pi, 19)
    for i in range(6):
        wedge = turn[3 * i : 3 * i + 4]
        xs = np.r_[x + 0.03, x + 0.03 + 0.2 * np.cos(wedge)]
        colour: Colour = (230, 70, 70) if i % 2 else (252, 248, 240)
        canvas.polygon(xs, np.r_[0.6, 0.6 + 0.15 * strength * np.sin(wedge)], colour)
    return canvas


def _party(rng: np.random.Generator, strength: float) -> Canvas:
    wall = jitter_colour(rng, (250, 225, 190), 15)
    canvas = Canvas(wall, blend(wall, (255, 255, 255), 0.3))
    canvas.box(0, 0.82, 1, 1, jitter_colour(rng, (170, 110, 70), 15))
    for _ in range(int(3 + 5 * strength)):
        x, y = rng.uniform(0.1, 0.9), rng.uniform(0.15, 0.45)
        balloon = jitter_colour(rng, (220, 110, 120), 70)
        canvas.curve([x, x + 0.02, x], [y + 0.1, y + 0.2, y + 0.32], 0.005, (120, 120, 120))
        canvas.ellipse(x, y, 0.075, 0.095, balloon)
        canvas.ellipse(x - 0.025, y - 0.035, 0.015, 0.022, blend(balloon, (255, 255, 255), 0.6))
    canvas.box(0.3, 0.66, 0.7, 0.82, jitter_colour(rng, (245, 200, 210), 12))
    canvas.box(0.3, 0.64, 0.7, 0.69, (255, 250, 245))
    for x in np.linspace(0.36, 0.64, 5):
        canvas.box(x - 0.008, 0.56, x + 0.008, 0.64, jitter_colour(rng, (120, 160, 220), 40))
        canvas.ellipse(x, 0.54, 0.01, 0.02, (255, 200, 60))
    return canvas


def _road(rng: np.random.Generator, strength: float) -> Canvas:
    canvas = Canvas(jitter_colour(rng, (185, 200, 212), 15), (215, 220, 224))
    _ground(canvas, rng, 0.52, jitter_colour(rng, (130, 145, 110), 14))
    middle = rng.uniform(0.4, 0.6)
    asphalt = jitter_colour(rng, (115, 115, 118), 10)
    canvas.polygon([middle - 0.03, middle + 0.03, 0.95, 0.05], [0.53, 0.53, 1.02, 1.02], asphalt)
    for near in np.linspace(0.1, 0.95, 5):
        y, half = 0.53 + 0.47 * near**1.5, 0.012 * near
        x = middle + (0.5 - middle) * near**1.5
        canvas.box(x - half, y, x + half, y + 0.06 * near, (235, 235, 230))
    for _ in range(int(rng.integers(2, 6))):
        x, tall = rng.choice([rng.uniform(0.0, 0.3), rng.uniform(0.7, 1)]), rng.uniform(0.1, 0.25)
        canvas.box(x - 0.008, 0.62 - tall, x + 0.008, 0.64, (110, 95, 80))
        canvas.ellipse(x, 0.6 - tall, 0.06, 0.08, jitter_colour(rng, (95, 125, 85), 12))
    return canvas


def _desk(rng: np.random.Generator, strength: float) -> Canvas:
    wall = jitter_colour(rng, (205, 205, 200), 14)
    canvas = Canvas(wall, blend(wall, _GREY, 0.2))
    canvas.box(0, 0.68, 1, 1, jitter_colour(rng, (165, 135, 105), 18))
    x = rng.uniform(0.3, 0.6)
    canvas.box(x - 0.2, 0.3, x + 0.2, 0.58, (45, 48, 52))
    canvas.box(x - 0.18, 0.32, x + 0.18, 0.56, jitter_colour(rng, (170, 190, 205), 20))
    canvas.box(x - 0.02, 0.58, x + 0.02, 0.7, (70, 72, 76))
    canvas.box(x - 0.1, 0.69, x + 0.1, 0.71, (70, 72, 76))
    canvas.polygon(
        [x - 0.15, x + 0.15, x + 0.18, x - 0.18], [0.78, 0.78, 0.86, 0.86], (215, 215, 212)
    )
    mug = jitter_colour(rng, (150, 150, 160), 40)
    canvas.ellipse(0.87, 0.74, 0.045, 0.035, blend(mug, (0, 0, 0), 0.2))
    canvas.box(0.8, 0.66, 0.89, 0.8, mug)
    for i in range(int(rng.integers(1, 5))):
        canvas.box(0.04, 0.64 - 0.03 * i, 0.18, 0.668 - 0.03 * i, jitter_colour(rng, _GREY, 35))
    return canvas


def _facade(rng: np.random.Generator, strength: float) -> Canvas:
    canvas = Canvas(jitter_colour(rng, (190, 202, 214), 14), (220, 222, 224))
    wall = jitter_colour(rng, (190, 175, 155), 18)
    canvas.box(0.08, 0.15, 0.92, 0.88, wall)
    canvas.box(0, 0.86, 1, 1, jitter_colour(rng, (140, 140, 140), 10))
    across, down = int(rng.integers(3, 6)), int(rng.integers(2, 5))
    for x in np.linspace(0.17, 0.83, across):
        for y in np.linspace(0.25, 0.62, down):
            canvas.box(x - 0.045, y - 0.05, x + 0.045, y + 0.05, blend(wall, (255, 255, 255), 0.5))
            canvas.box(
                x - 0.035, y - 0.04, x + 0.035, y + 0.04, jitter_colour(rng, (95, 110, 125), 12)
            )
    canvas.box(0.46, 0.7, 0.56, 0.87, jitter_colour(rng, (100, 80, 65), 15))
    return canvas


def _rain(rng: np.random.Generator, strength: float) -> Canvas:
    canvas = Canvas(jitter_colour(rng, (85, 92, 102), 10), (125, 130, 136))
    for x in np.linspace(0, 1, 6):
        top, wall = rng.uniform(0.25, 0.5), jitter_colour(rng, (72, 76, 84), 9)
        canvas.box(x - 0.1, top, x + 0.1, 0.75, wall)
        for y in np.arange(top + 0.06, 0.7, 0.1):
            lit: Colour = (190, 170, 110) if rng.random() < 0.2 else (55, 60, 70)
            canvas.box(x - 0.04, y, x + 0.02, y + 0.05, lit)
    canvas.box(0, 0.74, 1, 1, jitter_colour(rng, (66, 70, 76), 7))
    for _ in range(5):
        canvas.ellipse(rng.uniform(0, 1), rng.uniform(0.8, 0.97), 0.1, 0.015, (120, 128, 138))
    for _ in range(int(30 + 110 * strength)):
        x, y = rng.uniform(-0.1, 1), rng.uniform(-0.05, 1)
        canvas.curve([x, x + 0.02], [y, y + 0.07], 0.004, (175, 185, 195))
    return canvas


def _storm(rng: np.random.Generator, strength: float) -> Canvas:
    canvas = Canvas(jitter_colour(rng, (40, 42, 58), 8), jitter_colour(rng, (95, 95, 110), 10))
    for _ in range(7):
        _cloud(canvas, rng, rng.uniform(0, 1), rng.uniform(0.05, 0.3), (58, 60, 72))
    for _ in range(1 + int(2 * strength)):
        ys = np.linspace(0.25, 0.75, 7)
        xs = rng.uniform(0.15, 0.85) + np.cumsum(rng.normal(0, 0.05, 7))
        canvas.curve(xs, ys, 0.014, (225, 225, 255))
    _ground(canvas, rng, 0.74, jitter_colour(rng, (38, 42, 44), 6))
    return canvas


def _bare_tree(rng: np.random.Generator, strength: float) -> Canvas:
    canvas = Canvas(
        jitter_colour(rng, (110, 105, 118), 10), jitter_colour(rng, (150, 130, 120), 12)
    )
    _ground(canvas, rng, 0.78, jitter_colour(rng, (80, 72, 66), 8))
    _branch(canvas, rng, rng.uniform(0.35, 0.65), 0.85, -np.pi / 2 + rng.normal(0, 0.1), 0.24, 5)
    for _ in range(int(3 + 8 * strength)):
        canvas.ellipse(rng.uniform(0, 1), rng.uniform(0.82, 0.98), 0.012, 0.006, (95, 70, 50))
    return canvas


def _branch(
    canvas: Canvas,
    rng: np.random.Generator,
    x: float,
    y: float,
    angle: float,
    length: float,
    depth: int,
) -> None:
    end_x, end_y = x + length * np.cos(angle), y + length * np.sin(angle)
    canvas.curve([x, end_x], [y, end_y], 0.007 * depth, (42, 36, 36))
    for turn in (-1, 1) if depth > 1 else ():
        _branch(
            canvas,
            rng,
            end_x,
            end_y,
            angle + turn * rng.uniform(0.25, 0.65),
            length * 0.72,
            depth - 1,
        )


_SCENES: dict[str, list[Painter]] = {
    "positive": [_meadow, _beach, _party],
    "neutral": [_road, _desk, _facade],
    "negative": [_rain, _storm, _bare_tree],
}
