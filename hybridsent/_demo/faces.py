"""The faces of the demo data: ten people, drawn with the expression a row calls for (layer L1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hybridsent._demo.canvas import Canvas, Colour, blend, jitter_colour

__all__ = ["Person", "draw_face"]

_SKINS: list[Colour] = [
    (255, 220, 190),
    (241, 194, 157),
    (224, 172, 125),
    (198, 134, 86),
    (141, 85, 54),
    (94, 58, 40),
]
_HAIRS: list[Colour] = [
    (36, 26, 22),
    (78, 48, 28),
    (140, 86, 40),
    (214, 172, 92),
    (160, 60, 30),
    (170, 168, 165),
]
_IRISES: list[Colour] = [(70, 45, 25), (60, 95, 60), (70, 110, 150), (95, 75, 45)]
_STYLES = ("short", "long", "curly", "bun", "bald", "fringe")
_INK: Colour = (40, 28, 30)


@dataclass(frozen=True)
class _Expression:
    """Positions of the parts of a face; at rest all are 0 except the opening of the eyes."""

    smile: float = 0.0  # corners of the mouth: 1 up, -1 down
    gape: float = 0.0  # opening of the mouth
    inner: float = 0.0  # inner ends of the brows: 1 up
    outer: float = 0.0  # outer ends of the brows
    eyes: float = 1.0  # opening of the eyes
    flush: float = 0.0  # red of the cheeks
    tear: float = 0.0
    pinch: float = 0.0  # width of the mouth: 1 narrow, -1 wide


_REST = _Expression()
_FULL = {
    "positive": [
        _Expression(smile=1.0, inner=0.15, outer=0.15, eyes=0.8, flush=0.6, pinch=-0.4),
        _Expression(smile=1.1, gape=0.9, inner=0.35, outer=0.3, eyes=0.4, flush=0.7, pinch=-0.5),
        _Expression(smile=0.9, gape=0.6, inner=0.6, outer=0.6, eyes=1.25, flush=0.3, pinch=-0.2),
    ],
    "neutral": [_REST, _Expression(eyes=0.85), _Expression(pinch=0.3, outer=0.1)],
    "negative": [
        _Expression(smile=-0.9, inner=0.8, outer=-0.4, eyes=0.65, tear=0.3),
        _Expression(smile=-1.0, inner=0.9, outer=-0.3, eyes=0.5, tear=1.0, flush=0.3, gape=0.2),
        _Expression(smile=-0.6, inner=-1.0, outer=0.5, eyes=0.75, flush=0.8, pinch=0.4),
        _Expression(smile=-0.8, gape=0.6, inner=-0.9, outer=0.6, eyes=0.9, flush=0.9),
    ],
}


@dataclass(frozen=True)
class Person:
    """What stays the same in all pictures of one speaker.

    Parameters
    ----------
    skin, hair, iris : tuple of int
        Colours.
    style : str
        Hair style.
    width : float
        Half the width of the head, in half heights.
    glasses : bool
        Whether glasses are worn.
    brow : float
        Thickness of the brows.
    """

    skin: Colour
    hair: Colour
    iris: Colour
    style: str
    width: float
    glasses: bool
    brow: float

    @classmethod
    def born(cls, rng: np.random.Generator, number: int) -> Person:
        """Draw a person by lot; their number sees to it that skins and styles vary."""
        return cls(
            skin=jitter_colour(rng, _SKINS[number % len(_SKINS)], 6),
            hair=jitter_colour(rng, _HAIRS[rng.integers(len(_HAIRS))], 8),
            iris=_IRISES[rng.integers(len(_IRISES))],
            style=_STYLES[(number + number // len(_STYLES)) % len(_STYLES)],
            width=float(rng.uniform(0.7, 0.84)),
            glasses=bool(rng.random() < 0.3),
            brow=float(rng.uniform(0.05, 0.09)),
        )


def draw_face(rng: np.random.Generator, person: Person, mood: str, strength: float) -> Canvas:
    """Draw a person in a mood.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides which of several expressions of the mood, position, tilt, clothes and background.
    person : Person
        Who.
    mood : {"positive", "neutral", "negative"}
        What the face shows.
    strength : float
        0 to 1: how clearly.

    Returns
    -------
    Canvas
        The picture, not yet developed.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._demo.faces import Person, draw_face
    >>> rng = np.random.default_rng(0)
    >>> draw_face(rng, Person.born(rng, 0), "positive", 0.8).develop(rng).size
    (160, 160)
    """
    face = _express(rng, mood, strength)
    canvas = _background(rng)
    x, y = 0.5 + rng.normal(0, 0.035), 0.5 + rng.normal(0, 0.025)
    canvas.place(x, y, float(rng.uniform(0.29, 0.37)), float(rng.normal(0, 0.13)))
    _body(canvas, person, jitter_colour(rng, (120, 120, 130), 60))
    _head(canvas, person, face)
    gaze = rng.normal(0, 0.03, 2)
    for side in (-1, 1):
        _eye(canvas, person, face, side, gaze)
        _brow(canvas, person, face, side)
    _nose(canvas, person)
    _mouth(canvas, face, person)
    _front_hair(canvas, person)
    if person.glasses:
        _glasses(canvas)
    return canvas


def _express(rng: np.random.Generator, mood: str, strength: float) -> _Expression:
    options = _FULL[mood]
    full = options[rng.integers(len(options))]
    wobble = rng.normal(0, 1, 8) * np.array([0.2, 0.06, 0.22, 0.22, 0.12, 0.15, 0.0, 0.2])
    rest, goal = (np.array(list(vars(e).values())) for e in (_REST, full))
    smile, gape, inner, outer, eyes, flush, tear, pinch = rest + (goal - rest) * strength + wobble
    return _Expression(
        *(float(v) for v in (smile, max(gape, 0), inner, outer, np.clip(eyes, 0.1, 1.4))),
        *(float(v) for v in (np.clip(flush, 0, 1), tear, pinch)),
    )


def _background(rng: np.random.Generator) -> Canvas:
    base = jitter_colour(rng, (165, 170, 175), 45)
    canvas = Canvas(jitter_colour(rng, base, 15), jitter_colour(rng, base, 30))
    for _ in range(int(rng.integers(0, 5))):
        x, y, reach = rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0.05, 0.25)
        canvas.ellipse(x, y, reach, reach * rng.uniform(0.6, 1.4), jitter_colour(rng, base, 18))
    return canvas


def _body(canvas: Canvas, person: Person, cloth: Colour) -> None:
    if person.style in {"long", "fringe"}:
        canvas.ellipse(0, 0.25, person.width + 0.22, 1.25, person.hair)
    if person.style == "bun":
        canvas.ellipse(0, -1.2, 0.34, 0.3, person.hair)
    if person.style == "curly":
        for turn in np.linspace(np.pi * 0.85, np.pi * 2.15, 11):
            canvas.ellipse(0.85 * np.cos(turn), -0.25 + 0.85 * np.sin(turn), 0.3, 0.3, person.hair)
    canvas.ellipse(0, 2.05, 1.25, 0.85, cloth)
    canvas.box(-0.27, 0.6, 0.27, 1.35, blend(person.skin, _INK, 0.15))


def _head(canvas: Canvas, person: Person, face: _Expression) -> None:
    for side in (-1, 1):
        canvas.ellipse(side * person.width, 0.05, 0.12, 0.2, blend(person.skin, _INK, 0.1))
    canvas.ellipse(0, 0, person.width, 1.0, person.skin)
    cheek = blend(person.skin, (225, 70, 70), 0.35 * face.flush)
    for side in (-1, 1):
        canvas.ellipse(side * person.width * 0.58, 0.3, 0.18, 0.14, cheek)


def _eye(canvas: Canvas, person: Person, face: _Expression, side: int, gaze: np.ndarray) -> None:
    x, y, half = side * 0.34, -0.12, 0.165
    if face.eyes < 0.45 and face.smile > 0.3:  # eyes that laugh are arcs
        span = np.linspace(-1, 1, 9)
        canvas.curve(x + half * span, y + 0.07 * span**2, 0.045, _INK)
        return
    span = np.linspace(-1, 1, 13)
    lid = 0.13 * face.eyes * (1 - span**2)
    canvas.polygon(
        x + half * np.r_[span, span[::-1]], y + np.r_[-lid, 0.75 * lid[::-1]], (250, 250, 248)
    )
    reach = min(0.095, 0.115 * face.eyes)
    canvas.ellipse(x + gaze[0], y + gaze[1] * 0.5, 0.095, reach, person.iris)
    canvas.ellipse(x + gaze[0], y + gaze[1] * 0.5, 0.05, min(0.05, reach), (15, 12, 12))
    canvas.ellipse(x + gaze[0] + 0.03, y + gaze[1] * 0.5 - 0.03, 0.018, 0.018, (255, 255, 255))
    canvas.curve(x + half * span, y - lid, 0.03, _INK)
    if face.tear > 0.45:
        canvas.ellipse(x + side * 0.08, y + 0.32, 0.045, 0.1 * face.tear, (150, 200, 240))


def _brow(canvas: Canvas, person: Person, face: _Expression, side: int) -> None:
    span = np.linspace(0, 1, 7)  # 0 at the nose
    rise = face.inner * (1 - span) + face.outer * span
    ys = -0.38 - 0.11 * rise - 0.05 * np.sin(np.pi * span)
    colour = blend(person.hair, _INK, 0.6)
    canvas.curve(side * (0.15 + 0.4 * span), ys, person.brow, colour)
    if face.inner < -0.45:
        canvas.curve(
            [side * 0.05, side * 0.06], [-0.42, -0.28], 0.02, blend(person.skin, _INK, 0.4)
        )


def _nose(canvas: Canvas, person: Person) -> None:
    shade = blend(person.skin, _INK, 0.28)
    canvas.curve([0.0, 0.07, 0.09, 0.0], [-0.05, 0.15, 0.22, 0.25], 0.035, shade)


def _mouth(canvas: Canvas, face: _Expression, person: Person) -> None:
    half = 0.34 - 0.09 * face.pinch
    span = np.linspace(-1, 1, 17)
    upper = 0.52 + 0.09 * face.smile - 0.17 * face.smile * span**2
    lips = blend((200, 85, 90), person.skin, 0.3)
    if face.gape < 0.12:
        canvas.curve(half * 0.9 * span, upper + 0.03, 0.1, lips)
        canvas.curve(half * span, upper, 0.04, _INK)
        return
    lower = upper + 0.33 * face.gape * (1 - span**2)
    around = np.r_[span, span[::-1]] * half
    canvas.polygon(around, np.r_[upper, lower[::-1]], (95, 25, 30))
    teeth = upper + np.minimum(0.09, lower - upper)
    canvas.polygon(around * 0.96, np.r_[upper, teeth[::-1]], (248, 246, 240))
    canvas.curve(half * span, upper, 0.04, lips)
    canvas.curve(half * span, lower, 0.05, lips)


def _front_hair(canvas: Canvas, person: Person) -> None:
    if person.style == "bald":
        return
    turn = np.linspace(np.pi * 1.04, np.pi * 1.96, 25)
    xs, ys = (person.width + 0.02) * np.cos(turn), 1.06 * np.sin(turn)
    low = -0.5 if person.style == "fringe" else -0.68
    dip = 0.0 if person.style == "fringe" else 0.18
    edge = np.linspace(1, -1, 25)
    canvas.polygon(
        np.r_[xs, edge * (person.width + 0.02)],
        np.r_[ys, low + dip * edge**2 + 0.08 * edge],
        person.hair,
    )


def _glasses(canvas: Canvas) -> None:
    turn = np.linspace(0, 2 * np.pi, 33)
    for side in (-1, 1):
        canvas.curve(side * 0.34 + 0.24 * np.cos(turn), -0.1 + 0.2 * np.sin(turn), 0.035, _INK)
    canvas.curve([-0.1, 0.1], [-0.12, -0.12], 0.035, _INK)
