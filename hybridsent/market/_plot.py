"""The index as a picture for papers (layer L7; matplotlib is imported when something is drawn)."""

from __future__ import annotations

from typing import Any

import numpy as np

from hybridsent._optional import import_optional
from hybridsent.evaluation.results._plots import COLOURS, _axes
from hybridsent.market._cells import known

__all__ = ["plot_index"]

_MOST = 6


def plot_index(told: Any, ax: Any, path: Any) -> Any:
    """Draw the index of each brand over time; without times, that of each brand.

    Parameters
    ----------
    told : MarketReport
        What was found.
    ax : matplotlib axes or None
        Where to draw.
    path : str, os.PathLike or None
        File to save the figure to.

    Returns
    -------
    matplotlib axes
        What was drawn on.
    """
    over_time = len(told.series.get(None, [])) > 1
    rows = max(1, len(told.brands))
    height = 2.4 if over_time else 0.6 + 0.28 * rows
    with _axes(ax, path, "MarketReport.plot", height) as made:
        if over_time:
            _over_time(told, made)
        else:
            _beside(told, made)
    return made


def _over_time(told: Any, ax: Any) -> None:
    dates = import_optional("matplotlib.dates", caller="MarketReport.plot", extra="plot")

    named: list[str | None] = [None] if not told.brands else [*told.series][1 : 1 + _MOST]
    for name, colour in zip(named, COLOURS, strict=False):
        row = told.series[name]
        x = np.array([str(cell.period) for cell in row], dtype="datetime64[s]")
        value, low, high = (
            np.array([getattr(c.index, end) if known(c) else np.nan for c in row])
            for end in ("value", "low", "high")
        )
        ax.plot(x, value, marker="o", color=colour, label="all posts" if name is None else name)
        ax.fill_between(x, low, high, color=colour, alpha=0.12, linewidth=0)
        odd = {each.period for each in told.odd if each.brand == (name or "")}
        ringed = [i for i, cell in enumerate(row) if cell.period in odd]
        ax.plot(x[ringed], value[ringed], "o", ms=8, mfc="none", mec=colour)
    drawn: Any = dates
    locator = drawn.AutoDateLocator(maxticks=7)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(drawn.ConciseDateFormatter(locator))
    ax.set_ylabel("sentiment index")
    ax.set_xlabel(f"{told.shown.settings['period']} of the post")
    ax.axhline(0, color="0.6", linewidth=0.6, linestyle="--", zorder=0)
    if named != [None]:
        ax.legend(loc="best", ncols=2)


def _beside(told: Any, ax: Any) -> None:
    cells = [cell for cell in (told.brands or [told.overall]) if known(cell)]
    cells.sort(key=lambda cell: cell.index.value)
    for y, cell in enumerate(cells):
        index = cell.index
        ax.plot([index.low, index.high], [y, y], color=COLOURS[0])
        ax.plot([index.value], [y], "o", color=COLOURS[0])
    ax.set_yticks(range(len(cells)), [cell.brand or "all posts" for cell in cells])
    ax.axvline(told.overall.index.value, color="0.6", linewidth=0.6, linestyle="--", zorder=0)
    ax.set_xlabel("sentiment index")
