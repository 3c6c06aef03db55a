"""The picture of a timeline, for papers and slides (layer L7; matplotlib is imported to draw).

One column of panels over one axis of time: the curve with its interval over the scores of the
windows, who speaks, and what part each view has. The strongest moments are numbered on the curve
and told below. Colours are those of Okabe and Ito, as in all plots of the package, and what they
say is said in another way, too, so that a print in grey is read.
"""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent._optional import import_optional
from hybridsent.evaluation.results._plots import COLOURS
from hybridsent.timeline._words import clock

if TYPE_CHECKING:
    import os


__all__ = ["plot"]

_CALLER = "Timeline.plot"

_WIDTH = 7.2  # inches: both columns of a page
_MOST_LANES = 8
_LIGHT = {"ground": "#ffffff", "ink": "#1b2026", "muted": "#5b6672", "line": "#d5dae0"}
_DARK = {"ground": "#14181d", "ink": "#e6eaee", "muted": "#a2adb8", "line": "#39424c"}
_STYLE: dict[str, Any] = {
    "font.size": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "svg.fonttype": "path",
    "savefig.dpi": 200,
}
_GLYPHS = ("DejaVu Sans", "Noto Sans CJK SC", "WenQuanYi Micro Hei", "Noto Sans SC", "SimHei")
"""Fonts that are asked in this order for a letter: names and subtitles are of any script."""


def plot(
    line: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    ax: Any = None,
    dark: bool = False,
) -> Any:
    """Draw a timeline; see `hybridsent.timeline.Timeline.plot`.

    Parameters
    ----------
    line : Timeline
        The timeline.
    path : str, os.PathLike or None, default=None
        Where the picture is written.
    ax : Axes or None, default=None
        Axes for the curve alone.
    dark : bool, default=False
        Whether it is drawn on a dark ground.

    Returns
    -------
    Axes
        Those of the curve.
    """
    import_optional("matplotlib", caller=_CALLER, extra="plot")
    plt = import_optional("matplotlib.pyplot", caller=_CALLER, extra="plot")
    look = _DARK if dark else _LIGHT
    with plt.rc_context({**_STYLE, "font.family": _fonts(), **_colours(look)}):
        if ax is not None:
            _curve(ax, line, look)
            _seconds(ax, line)
            return ax
        figure, axes = _figure(plt, line)
        _curve(axes["curve"], line, look)
        if "speakers" in axes:
            _speakers(axes["speakers"], line, look)
        if "views" in axes:
            _views(axes["views"], line, look)
        for name, each in axes.items():
            if name not in ("told", list(axes)[-1 - ("told" in axes)]):
                each.tick_params(labelbottom=False)
        _seconds(axes[[name for name in axes if name != "told"][-1]], line)
        if "told" in axes:
            _told(axes["told"], line, look)
        if path is not None:
            figure.savefig(Path(path), facecolor=look["ground"])
            plt.close(figure)
    return axes["curve"]


def _fonts() -> list[str]:
    font_manager = import_optional("matplotlib.font_manager", caller=_CALLER, extra="plot")

    there = {each.name for each in font_manager.fontManager.ttflist}
    return [name for name in _GLYPHS if name in there] or ["sans-serif"]


def _colours(look: dict[str, str]) -> dict[str, str]:
    ink = dict.fromkeys(
        ("text.color", "axes.labelcolor", "xtick.labelcolor", "ytick.labelcolor"), look["ink"]
    )
    lines = dict.fromkeys(("axes.edgecolor", "xtick.color", "ytick.color"), look["muted"])
    grounds = dict.fromkeys(("axes.facecolor", "figure.facecolor"), look["ground"])
    return {**ink, **lines, **grounds}


def _figure(plt: Any, line: Any) -> tuple[Any, dict[str, Any]]:
    """Make a panel for all that is there."""
    heights = {"curve": 2.1}
    if line.speakers:
        heights["speakers"] = 0.17 * _lanes(line) + 0.1
    if line.shares:
        heights["views"] = 0.15 * len(line.shares) + 0.12
    below = sum(heights.values()) + 0.7
    told = _lines_told(line)
    if told:
        heights["told"] = 0.155 * len(told) + 0.1
    figure = plt.figure(figsize=(_WIDTH, below + heights.get("told", 0.0)), layout="constrained")
    grid = figure.add_gridspec(len(heights), 1, height_ratios=list(heights.values()))
    axes: dict[str, Any] = {}
    for row, name in enumerate(heights):
        shared = {} if name in ("curve", "told") else {"sharex": axes["curve"]}
        axes[name] = figure.add_subplot(grid[row], **shared)
    figure.get_layout_engine().set(h_pad=0.03, hspace=0.02)
    return figure, axes


def _curve(ax: Any, line: Any, look: dict[str, str]) -> None:
    time = line.middles
    colour = COLOURS[5] if look is _DARK else COLOURS[0]
    ax.scatter(
        time,
        line.index,
        s=5,
        color=look["muted"],
        alpha=0.45,
        linewidth=0,
        zorder=2,
        rasterized=True,
    )
    if np.isfinite(line.lower).all():
        ax.fill_between(
            time, line.lower, line.upper, color=colour, alpha=0.22, linewidth=0, zorder=1
        )
    seen = np.isfinite(line.index)
    ax.plot(time, np.where(seen, line.smoothed, np.nan), color=colour, linewidth=1.6, zorder=3)
    if not seen.all():  # where there is nothing to read, the curve is a guess
        near = ~seen | ~np.roll(seen, 1) | ~np.roll(seen, -1)
        guess = np.where(near, line.smoothed, np.nan)
        ax.plot(time, guess, color=colour, linewidth=1.1, linestyle=(0, (1.5, 1.5)), zorder=3)
    if line.bounds is None or line.bounds[0] < 0 < line.bounds[1]:
        ax.axhline(0.0, color=look["line"], linewidth=0.8, zorder=0)
    for number, peak in enumerate(line.peaks, start=1):
        ax.plot(
            [peak.time],
            [peak.value],
            "o",
            markersize=10,
            color=look["ground"],
            markeredgecolor=colour,
            markeredgewidth=1.1,
            zorder=4,
        )
        ax.text(
            peak.time,
            peak.value,
            str(number),
            ha="center",
            va="center_baseline",
            fontsize=7,
            zorder=5,
        )
    ax.set_ylabel(line.index_name)
    if line.bounds is not None:
        low, high = line.bounds
        ax.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))
    ax.set_xlim(0, line.seconds)
    ax.spines[["top", "right"]].set_visible(False)


def _lanes(line: Any) -> int:
    return min(len(line.speakers), _MOST_LANES) + (len(line.speakers) > _MOST_LANES)


def _speakers(ax: Any, line: Any, look: dict[str, str]) -> None:
    """Draw a lane for each who speaks; who speaks least share one."""
    shown = [each.name for each in line.speakers[:_MOST_LANES]]
    n = _lanes(line)
    for lane in range(n):
        name = shown[lane] if lane < len(shown) else None
        spans = [
            (turn.start, turn.end - turn.start)
            for turn in line.turns
            if (turn.speaker == name if name is not None else turn.speaker not in shown)
        ]
        colour = _voice(lane) if name is not None else look["muted"]
        ax.broken_barh(spans, (lane - 0.34, 0.68), facecolor=colour, linewidth=0)
    labels = [_cut(name) for name in shown] + ["others"] * (n > len(shown))
    ax.set_yticks(range(n), labels)
    ax.set_ylim(n - 0.45, -0.55)
    _bare(ax)


def _voice(lane: int) -> str:
    """Give the colour of a lane; the first of all is that of the curve, the last one black."""
    return COLOURS[1 + lane % (len(COLOURS) - 2)]


def _views(ax: Any, line: Any, look: dict[str, str]) -> None:
    """Draw the share of each view as a band of which the depth of colour tells."""
    shares = line.shares or {}
    # windows overlap: each is drawn around its middle
    half = np.diff(line.middles, prepend=2 * line.middles[0] - line.hop) / 2
    edges = np.append(line.middles - half, line.middles[-1] + half[-1])
    edges[0], edges[-1] = 0.0, line.seconds
    values = np.stack(list(shares.values()))
    ax.pcolormesh(
        edges,
        np.arange(len(shares) + 1) - 0.5,
        np.ma.masked_invalid(values),
        cmap=_ramp(look),
        vmin=0,
        vmax=1,
        rasterized=True,
    )
    for border in range(1, len(shares)):
        ax.axhline(border - 0.5, color=look["ground"], linewidth=2)
    ax.set_yticks(range(len(shares)), [_cut(name) for name in shares])
    ax.set_ylim(len(shares) - 0.5, -0.5)
    _bare(ax)


def _ramp(look: dict[str, str]) -> Any:
    colors = import_optional("matplotlib.colors", caller=_CALLER, extra="plot")
    return colors.LinearSegmentedColormap.from_list("share", [look["line"], COLOURS[2]])


def _bare(ax: Any) -> None:
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.tick_params(axis="y", length=0)


def _seconds(ax: Any, line: Any) -> None:
    """Write times as players do."""
    ticker = import_optional("matplotlib.ticker", caller=_CALLER, extra="plot")

    steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
    step = next((each for each in steps if line.seconds / each <= 10), 28800)
    ax.xaxis.set_major_locator(ticker.MultipleLocator(step))
    ax.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: clock(max(value, 0.0))))
    ax.tick_params(labelbottom=True)
    ax.set_xlabel("time")


def _lines_told(line: Any) -> list[tuple[str, str]]:
    """Tell each numbered moment; what is said in it, where it is known."""
    found: list[tuple[str, str]] = []
    for number, peak in enumerate(line.peaks, start=1):
        head = f"{number}  {clock(peak.time)}  {peak.value:+.2f}".replace("-", "−")
        who = f"{peak.speaker}: " if peak.speaker else ""
        said = f"“{peak.said}”" if peak.said else ""
        found.append((head, textwrap.shorten(who + said, 96, placeholder="…”")))
    return found


def _told(ax: Any, line: Any, look: dict[str, str]) -> None:
    ax.set_axis_off()
    rows = _lines_told(line)
    ax.set_xlim(0, 1)
    ax.set_ylim(len(rows), 0)
    for row, (head, rest) in enumerate(rows):
        ax.text(0.0, row + 0.5, head, va="center", fontsize=7)
        ax.text(0.16, row + 0.5, rest, va="center", fontsize=7, color=look["muted"], wrap=False)


def _cut(name: str) -> str:
    return name.replace("$", r"\$") if len(name) <= 14 else f"{name[:13]}…".replace("$", r"\$")
