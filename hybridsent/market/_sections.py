"""Brands, changes and views on the page of a market (layer L7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent.evaluation.report._numbers import percent, share, ticks
from hybridsent.evaluation.report._words import Words
from hybridsent.market._cells import known
from hybridsent.market._told import chance, level, move

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hybridsent.market._cells import Cell

__all__ = ["Scale", "brands_in", "changes_in_words", "drivers_in", "figure", "interval", "tiles_in"]


def figure(value: float, text: str) -> Any:
    """Write a number, with its exact value for whoever reads the page by a program.

    Parameters
    ----------
    value : float
        The number.
    text : str
        As people read it.

    Returns
    -------
    Markup
        HTML, whose text is escaped.

    Examples
    --------
    >>> from hybridsent.market._sections import figure
    >>> str(figure(0.25, "+0.25"))
    '<data value="0.25">+0.25</data>'
    """
    from markupsafe import Markup

    return Markup('<data value="{}">{}</data>').format(repr(float(value)), text)


def interval(told: Any, write: Any = level) -> Any:
    """Write an interval.

    Parameters
    ----------
    told : object
        With ``low`` and ``high``.
    write : callable, default=level
        Writes an end.

    Returns
    -------
    Markup or str
        HTML; empty where there is none.
    """
    from markupsafe import Markup

    if not (np.isfinite(told.low) and np.isfinite(told.high)):
        return ""
    ends = (figure(each, write(each)) for each in (told.low, told.high))
    return Markup("[{}, {}]").format(*ends)


class Scale:
    """Places numbers and intervals on a lane.

    Parameters
    ----------
    ends : sequence of float
        What must have room.
    limits : (float, float)
        Beyond which nothing is.
    write : callable, default=level
        Writes a tick.
    """

    def __init__(
        self, ends: Sequence[float], limits: tuple[float, float], write: Any = level
    ) -> None:
        known_ends = [each for each in ends if np.isfinite(each)] or list(limits)
        low, high = min(known_ends), max(known_ends)
        room = 0.06 * ((high - low) or 1.0)
        self.low, self.high = max(low - room, limits[0]), min(high + room, limits[1])
        self.write = write

    def at(self, value: float) -> str:
        """Give the place of a number, from 0 to 1."""
        return share((value - self.low) / ((self.high - self.low) or 1.0))

    def lane(
        self, value: float, low: float, high: float, line: float | None = None
    ) -> dict[str, Any]:
        """Give what is drawn of a number."""
        low, high = (low, high) if np.isfinite(low) and np.isfinite(high) else (value, value)
        inside = line is not None and self.low < line < self.high
        return {
            "dot": self.at(value),
            "from": self.at(low),
            "long": share(float(self.at(high)) - float(self.at(low))),
            "line": self.at(line) if inside and line is not None else "",
        }

    def ticks(self) -> list[dict[str, str]]:
        """Give the ticks below."""
        return [
            {"at": self.at(each), "name": self.write(each)}
            for each in ticks(self.low, self.high, 4)
        ]


def tiles_in(told: Any, w: Words) -> list[dict[str, Any]]:
    """Give the figures of the summary."""
    found = []
    index = told.overall.index
    if index is not None:
        low, high = told.ends
        scale = w("tile.scale", low=level(index.low), high=level(index.high),
                  from_=f"{low:g}".replace("-", "−"), to=f"{high:g}")  # fmt: skip
        found.append(
            {
                "name": w("tile.index"),
                "value": figure(index.value, level(index.value)),
                "range": scale,
            }
        )
    there = sorted((c for c in told.brands if known(c)), key=lambda each: -each.index.value)
    ends = {"tile.best": there[:1], "tile.worst": there[-1:]} if len(there) > 1 else {}
    for key, [cell] in ends.items():
        name, value = w(key, brand=cell.brand), cell.index.value
        between = w("market.range", low=level(cell.index.low), high=level(cell.index.high))
        found.append({"name": name, "value": figure(value, level(value)), "range": between})
    n, rows = told.overall.n, told.shown.settings["rows"]
    counted = w("tile.counted", n=f"{n:,}", rows=f"{rows:,}")
    found.append({"name": w("tile.posts"), "value": figure(n, f"{n:,}"), "range": counted})
    return found


def brands_in(told: Any, w: Words) -> dict[str, Any] | None:
    """Give the section of brands, one beside the other and against each other."""
    if not told.brands:
        return None
    there = [cell for cell in told.brands if known(cell)]
    ends = [end for c in [*there, told.overall] for end in (c.index.low, c.index.high)]
    scale = Scale(ends, told.ends)
    corrected = any(c.raw is not c.index for c in there)
    middle = told.overall.index.value
    rows = sorted(told.brands, key=lambda c: -c.index.value if known(c) else np.inf)
    return {
        "kind": "brands",
        "id": "brands",
        "title": w("brands.title"),
        "nav": w("brands.nav"),
        "lead": w("brands.lead"),
        "corrected": corrected,
        "rows": [_brand(cell, told, scale, middle, corrected, w) for cell in rows],
        "ticks": scale.ticks(),
        "gaps": _gaps(told, w),
        "gaps_lead": w("brands.gaps_lead", n=len(told.gaps)),
    }


def _brand(
    cell: Cell, told: Any, scale: Scale, middle: float, corrected: bool, w: Words
) -> dict[str, Any]:
    voice = told.voices.get(None, {}).get(cell.brand)
    row = {
        "name": cell.brand,
        "n": figure(cell.n, f"{cell.n:,}"),
        "voice": "" if voice is None else figure(voice.value, percent(voice.value)),
        "share": share(0.0 if voice is None else voice.value),
        "few": "" if known(cell) else w("market.few", n=cell.n),
    }
    if not known(cell):
        return row
    index = cell.index
    raw = figure(cell.raw.value, level(cell.raw.value)) if corrected else ""
    return row | {
        "lane": scale.lane(index.value, index.low, index.high, middle),
        "value": figure(index.value, level(index.value)),
        "range": interval(index),
        "raw": raw,
    }


def _gaps(told: Any, w: Words) -> dict[str, Any] | None:
    if not told.gaps:
        return None
    width = told.ends[1] - told.ends[0]
    ends = [end for gap in told.gaps for end in (gap.low, gap.high)] + [0.0]
    scale = Scale(ends, (-width, width))
    rows = []
    for gap in told.gaps:
        versus = w("market.rest") if gap.versus is None else gap.versus
        sure = gap.p_adjusted < 0.05
        rows.append(
            {
                "name": w("brands.pair", brand=gap.brand, versus=versus),
                "lane": scale.lane(gap.value, gap.low, gap.high, 0.0),
                "value": figure(gap.value, move(gap.value)),
                "range": interval(gap),
                "p": figure(gap.p_adjusted, chance(gap.p_adjusted)),
                "class": ("better" if gap.value > 0 else "worse") if sure else "",
                "verdict": w("brands.differ" if sure else "brands.alike"),
            }
        )
    return {"rows": rows, "ticks": scale.ticks()}


def changes_in_words(told: Any, w: Words) -> dict[str, Any] | None:
    """Give the section of what changed; none where there is no time."""
    if not any(sum(known(c) for c in row) >= 5 for row in told.series.values()):
        return None
    everything = w("market.all")
    return {
        "kind": "changes",
        "id": "changes",
        "title": w("changes.title"),
        "nav": w("changes.nav"),
        "lead": w("changes.lead"),
        "levels": [
            {
                "brand": each.brand or everything,
                "period": each.period,
                "before": figure(each.before, level(each.before)),
                "after": figure(each.after, level(each.after)),
                "by": figure(each.difference, move(each.difference)),
                "range": interval(each),
                "p": figure(each.p_adjusted, chance(each.p_adjusted)),
            }
            for each in told.changes
        ],
        "odd": [
            {
                "brand": each.brand or everything,
                "period": each.period,
                "value": figure(each.value, level(each.value)),
                "usual": figure(each.usual, level(each.usual)),
                "range": interval(each),
                "p": figure(each.p_adjusted, chance(each.p_adjusted)),
                "n": figure(each.n, f"{each.n:,}"),
            }
            for each in told.odd
        ],
    }


def drivers_in(told: Any, w: Words) -> dict[str, Any] | None:
    """Give the section of what views have to do with the answers."""
    if not told.drivers:
        return None
    views = list(dict.fromkeys(each.view for each in told.drivers))
    found: dict[str | None, dict[str, Any]] = {}
    for each in told.drivers:
        found.setdefault(each.brand, {})[each.view] = each
    asked = max(each.n + each.missing for each in told.drivers if each.brand is None)
    return {
        "kind": "drivers",
        "id": "views",
        "title": w("drivers.title"),
        "nav": w("drivers.nav"),
        "lead": w("drivers.lead", n=f"{asked:,}"),
        "views": views,
        "rows": [
            {
                "name": w("market.all") if brand is None else brand,
                "cells": [_driver(row.get(view)) for view in views],
            }
            for brand, row in found.items()
        ],
    }


def _driver(each: Any) -> dict[str, Any]:
    if each is None:
        return {"value": "–", "range": "", "share": "0", "missing": ""}
    return {
        "value": figure(each.share.value, percent(each.share.value)),
        "range": interval(each.share, percent),
        "share": share(each.share.value),
        "missing": each.missing or "",
    }
