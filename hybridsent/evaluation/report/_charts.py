"""Charts of a page, as SVG that takes its colours from the page (layer L5).

matplotlib and its like write SVG with colours and fonts of their own, which a dark page or a phone
cannot change; a few lines and dots need no library.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np

from hybridsent.evaluation.report._numbers import plain, ticks

__all__ = ["Frame", "Line", "bins", "dots", "lines", "reliability"]

WIDTH, HEIGHT = 420, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 20, 12, 46


@dataclass(frozen=True)
class Line:
    """A line of a chart, with its band.

    Parameters
    ----------
    name : str
        As the legend has it.
    x, y : sequence of float
        Points.
    low, high : sequence of float, default=()
        Band around them; empty for none.
    ringed : sequence of int, default=()
        Positions of points that stand out.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = field(default=())
    high: Sequence[float] = field(default=())
    ringed: Sequence[int] = field(default=())


@dataclass(frozen=True)
class Frame:
    """The axes of a chart.

    Parameters
    ----------
    x, y : (float, float)
        Ranges.
    across, up : str
        What they are called.
    log : bool, default=False
        Whether x is drawn by its logarithm.
    width : int, default=420
        Of the chart, in the units of its text (13.5 high).
    height : int, default=300
        Of the chart, in the same.
    """

    x: tuple[float, float]
    y: tuple[float, float]
    across: str
    up: str
    log: bool = False
    width: int = WIDTH
    height: int = HEIGHT

    def at_x(self, value: float) -> float:
        """Give the place of a value, from the left."""
        low, high, value = (np.log(each) if self.log else each for each in (*self.x, value))
        return float(_LEFT + (value - low) / ((high - low) or 1.0) * (self.width - _LEFT - _RIGHT))

    def at_y(self, value: float) -> float:
        """Give the place of a value, from the top."""
        low, high = self.y
        return (
            self.height
            - _BOTTOM
            - (value - low) / ((high - low) or 1.0) * (self.height - _TOP - _BOTTOM)
        )

    def drawn(self, marks: Mapping[float, str] | None = None) -> list[str]:
        """Draw grid, ticks and names; of names that would touch, the later one stays."""
        parts = []
        for value in ticks(*self.y):
            y = self.at_y(value)
            parts.append(_line("grid", _LEFT, y, self.width - _RIGHT, y))
            parts.append(_text(_LEFT - 7, y + 4, plain(value), "end"))
        named = {value: plain(value) for value in ticks(*self.x)} if marks is None else marks
        free = float("inf")
        for value in sorted(named, reverse=True):
            x, half = self.at_x(value), 4.2 * len(named[value]) + 3
            parts.append(_line("axis", x, self.height - _BOTTOM, x, self.height - _BOTTOM + 4))
            if x + half <= free:
                parts.append(_text(x, self.height - _BOTTOM + 17, named[value], "middle"))
                free = x - half
        middle = (_LEFT + self.width - _RIGHT) / 2
        parts.append(_text(middle, self.height - 8, self.across, "middle", "strong"))
        half = (_TOP + self.height - _BOTTOM) / 2
        parts.append(
            f'<text class="strong" text-anchor="middle" '
            f'transform="translate(11 {half:.1f}) rotate(-90)">{escape(self.up)}</text>'
        )
        return parts


def _svg(frame: Frame, parts: Sequence[str], alt: str) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {frame.width} {frame.height}" role="img" '
        f'aria-label="{escape(alt)}"><title>{escape(alt)}</title>{"".join(parts)}</svg>'
    )


def _line(kind: str, x0: float, y0: float, x1: float, y1: float) -> str:
    return f'<line class="{kind}" x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}"/>'


def _text(x: float, y: float, text: str, anchor: str, kind: str = "") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
        f"{f' class={kind!r}' if kind else ''}>{escape(text)}</text>"
    )


def _dot(x: float, y: float, radius: float = 4, more: str = "") -> str:
    return f'<circle class="mark" cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}"{more}/>'


def reliability(
    frame: Frame,
    said: Sequence[float],
    right: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    alt: str,
) -> str:
    """Draw how often a model is right against how sure it was.

    Parameters
    ----------
    frame : Frame
        The axes.
    said, right : sequence of float
        Mean probability, and share of right answers, of each bin.
    low, high : sequence of float
        Interval of the share.
    alt : str
        What is seen, in words.

    Returns
    -------
    str
        SVG.
    """
    ends = (max(frame.x[0], frame.y[0]), min(frame.x[1], frame.y[1]))
    parts = frame.drawn()
    parts.append(_line("ideal", *_at(frame, ends[0], ends[0]), *_at(frame, ends[1], ends[1])))
    parts.append('<g class="s0">')
    for p, q, a, b in zip(said, right, low, high, strict=True):
        if np.isfinite(a) and np.isfinite(b):
            parts.append(_line("error", *_at(frame, p, a), *_at(frame, p, b)))
        parts.append(_dot(*_at(frame, p, q)))
    return _svg(frame, [*parts, _path(frame, said, right), "</g>"], alt)


def _at(frame: Frame, x: float, y: float) -> tuple[float, float]:
    return frame.at_x(x), frame.at_y(min(max(y, frame.y[0]), frame.y[1]))


def _path(frame: Frame, x: Sequence[float], y: Sequence[float]) -> str:
    points = " ".join("{:.1f},{:.1f}".format(*_at(frame, *each)) for each in zip(x, y, strict=True))
    return f'<polyline class="stroke" points="{points}"/>'


def lines(
    frame: Frame,
    drawn: Sequence[Line],
    alt: str,
    marks: Mapping[float, str] | None = None,
    uprights: Sequence[float] = (),
    level: float | None = None,
) -> str:
    """Draw lines with bands.

    Parameters
    ----------
    frame : Frame
        The axes.
    drawn : sequence of Line
        Lines, the most important one first. Where y is NaN a line is broken.
    alt : str
        What is seen, in words.
    marks : mapping of float to str or None, default=None
        Ticks of the x axis, and what stands at each; None chooses round numbers.
    uprights : sequence of float, default=()
        Places of x at which a dashed line stands.
    level : float or None, default=None
        A value of y at which a dashed line lies.

    Returns
    -------
    str
        SVG.
    """
    parts = frame.drawn(marks)
    if level is not None and frame.y[0] <= level <= frame.y[1]:
        ends = (frame.at_x(frame.x[0]), frame.at_x(frame.x[1]))
        parts.append(_line("ideal", ends[0], frame.at_y(level), ends[1], frame.at_y(level)))
    for x in uprights:
        there = frame.at_x(x)
        parts.append(_line("ideal", there, _TOP, there, frame.height - _BOTTOM))
    for k, line in reversed(list(enumerate(drawn))):
        parts.append(f'<g class="s{min(k, 5)}">')
        for run in _runs(line.y):
            parts += _run(frame, line, run)
        radius = 3 if len(line.x) > 1 else 5
        parts += [
            _dot(*_at(frame, x, y), radius)
            for x, y in zip(line.x, line.y, strict=True)
            if np.isfinite(y)
        ]
        parts += [_ring(*_at(frame, line.x[i], line.y[i])) for i in line.ringed]
        parts.append("</g>")
    return _svg(frame, parts, alt)


def _runs(y: Sequence[float]) -> list[range]:
    """Give the stretches in which every value is known."""
    found, start = [], None
    for i, value in enumerate([*y, float("nan")]):
        if np.isfinite(value) and start is None:
            start = i
        elif not np.isfinite(value) and start is not None:
            found.append(range(start, i))
            start = None
    return found


def _run(frame: Frame, line: Line, run: range) -> list[str]:
    parts = []
    banded = len(line.low) > 0 and all(
        np.isfinite(e[i]) for e in (line.low, line.high) for i in run
    )
    if banded and len(run) > 1:
        there = [(line.x[i], line.low[i]) for i in run]
        back = [(line.x[i], line.high[i]) for i in run][::-1]
        corners = " ".join("{:.1f},{:.1f}".format(*_at(frame, *p)) for p in there + back)
        parts.append(f'<polygon class="band" points="{corners}"/>')
    if len(run) > 1:
        parts.append(_path(frame, [line.x[i] for i in run], [line.y[i] for i in run]))
    elif banded:
        ends = (line.low[run[0]], line.high[run[0]])
        parts.append(_line("error", *(z for y in ends for z in _at(frame, line.x[run[0]], y))))
    return parts


def _ring(x: float, y: float) -> str:
    return f'<circle class="ring" cx="{x:.1f}" cy="{y:.1f}" r="7"/>'


def dots(frame: Frame, x: Sequence[float], y: Sequence[float], alt: str) -> str:
    """Draw a scatter with the line of equality.

    Parameters
    ----------
    frame : Frame
        The axes.
    x, y : sequence of float
        Points.
    alt : str
        What is seen, in words.

    Returns
    -------
    str
        SVG.
    """
    ends = (max(frame.x[0], frame.y[0]), min(frame.x[1], frame.y[1]))
    parts = frame.drawn()
    parts.append('<g class="s0">')
    seen = ' fill-opacity="0.35"'
    parts += [_dot(*_at(frame, *point), 2.6, seen) for point in zip(x, y, strict=True)]
    parts.append("</g>")
    parts.append(_line("ideal", *_at(frame, ends[0], ends[0]), *_at(frame, ends[1], ends[1])))
    return _svg(frame, parts, alt)


def bins(frame: Frame, edges: Sequence[float], counts: Sequence[float], alt: str) -> str:
    """Draw a histogram.

    Parameters
    ----------
    frame : Frame
        The axes.
    edges, counts : sequence of float
        One more edge than counts.
    alt : str
        What is seen, in words.

    Returns
    -------
    str
        SVG.
    """
    parts = frame.drawn()
    floor = frame.at_y(0.0)
    for low, high, count in zip(edges, edges[1:], counts, strict=False):
        x, y = frame.at_x(low), frame.at_y(count)
        parts.append(
            f'<rect class="bar-fill" x="{x + 0.5:.1f}" y="{y:.1f}" '
            f'width="{max(0.5, frame.at_x(high) - x - 1):.1f}" height="{max(0.0, floor - y):.1f}"/>'
        )
    if frame.x[0] < 0 < frame.x[1]:
        parts.append(_line("ideal", frame.at_x(0), _TOP, frame.at_x(0), floor))
    return _svg(frame, parts, alt)
