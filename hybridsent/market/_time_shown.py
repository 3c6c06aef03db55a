"""The index and the share of voice over time, on the page of a market (layer L7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent.evaluation.report._charts import Frame, Line, lines
from hybridsent.evaluation.report._numbers import percent
from hybridsent.evaluation.report._words import Words
from hybridsent.market._cells import known
from hybridsent.market._sections import figure, interval
from hybridsent.market._told import level

if TYPE_CHECKING:
    from hybridsent.market._cells import Cell

__all__ = ["time_in", "voice_in"]

_SIZES = {"wide": (900, 320), "narrow": (400, 280)}
_SMALL = (330, 230)
_MOST_LINES = 5
_NAN = float("nan")


def time_in(told: Any, w: Words) -> dict[str, Any] | None:
    """Give the section of the index over time; none where no time is told."""
    if not told.series:
        return None
    settings = told.shown.settings
    period = w(f"market.{settings['period']}")
    starts = [str(cell.period) for cell in told.series[None]]
    section: dict[str, Any] = {
        "kind": "time",
        "id": "time",
        "title": w("time.title"),
        "nav": w("time.nav"),
        "lead": w("time.lead", period=period, least=settings["min_posts"]),
        "one": "",
        "hidden": "",
        "charts": [],
        "legend": [],
        "brands": [],
        "marks": w("time.marks", period=period) if told.odd or told.changes else "",
        **_table(told, w),
    }
    if len(starts) == 1:
        return section | {"lead": "", "one": w("time.one", period=period, first=starts[0])}
    frame = _range([cell for row in told.series.values() for cell in row], told.ends, 0.05)
    marks = _marks(starts, settings["period"])
    everything = told.series[None]
    whole = _range(everything, told.ends, 0.0)
    drawn = [_line(w("time.corrected"), everything, told, "")]
    if any(c.raw is not c.index for c in everything if c.index is not None):
        raw = [_value(c, "raw") for c in everything]
        drawn.append(Line(w("time.counted"), range(len(raw)), raw))
        section["legend"] = [each.name for each in drawn]
    about = {"period": period, "first": starts[0], "last": starts[-1]}
    alone = not told.brands
    for size, (width, height) in _SIZES.items():
        chart = Frame((0, len(starts) - 1), whole, period, w("market.index"), False, width, height)
        alt = w("time.alt", brand=w("market.all"), **about)
        ups = _uprights(told, "", starts) if alone else []
        section["charts"].append(
            {"size": size, "svg": lines(chart, drawn, alt, marks, ups, level=0.0)}
        )
    for brand, row in told.series.items():
        if brand is None or not any(map(known, row)):
            continue
        chart = Frame((0, len(starts) - 1), frame, period, w("market.index"), False, *_SMALL)
        alt = w("time.alt", brand=brand, **about)
        drawn = [_line(brand, row, told, brand)]
        svg = lines(chart, drawn, alt, marks, _uprights(told, brand, starts), level=0.0)
        section["brands"].append({"name": brand, "svg": svg})
    bare = [cell.brand for cell in told.brands if not any(map(known, told.series[cell.brand]))]
    if bare and section["brands"]:
        named = w.listed([w.quoted(brand) for brand in bare])
        section["hidden"] = w("time.hidden", period=period, brands=named)
    return section


def _range(cells: Sequence[Cell], limits: tuple[float, float], cut: float) -> tuple[float, float]:
    """Find the ends of the axis: those of the values, and as much of the intervals as has room."""
    there = [cell for cell in cells if known(cell)]
    values = [each for c in there for each in (c.index.value, c.raw.value if c.raw else _NAN)]
    lows = [c.index.low for c in there if np.isfinite(c.index.low)]
    highs = [c.index.high for c in there if np.isfinite(c.index.high)]
    known_values = [each for each in values if np.isfinite(each)] or list(limits)
    low = min([*known_values, *([float(np.quantile(lows, cut))] if lows else [])])
    high = max([*known_values, *([float(np.quantile(highs, 1 - cut))] if highs else [])])
    room = 0.05 * ((high - low) or 1.0)
    return max(low - room, limits[0]), min(high + room, limits[1])


def _value(cell: Cell, name: str) -> float:
    return getattr(cell, name).value if known(cell) and getattr(cell, name) else _NAN


def _line(name: str, row: Sequence[Cell], told: Any, brand: str) -> Line:
    ends = [(c.index.low, c.index.high) if known(c) else (_NAN, _NAN) for c in row]
    odd = {each.period for each in told.odd if each.brand == brand}
    ringed = [i for i, c in enumerate(row) if c.period in odd and known(c)]
    values = [_value(c, "index") for c in row]
    return Line(name, range(len(row)), values, [a for a, _ in ends], [b for _, b in ends], ringed)


def _uprights(told: Any, brand: str, starts: Sequence[str]) -> list[float]:
    """Place a change between the last period before it and the first one after."""
    return [starts.index(each.period) - 0.5 for each in told.changes if each.brand == brand]


def _marks(starts: Sequence[str], period: str) -> dict[float, str]:
    one_year = len({each[:4] for each in starts}) == 1
    cut = {"month": slice(0, 7), "quarter": slice(0, 7), "year": slice(0, 4)}.get(period)
    if cut is None:
        cut = slice(5, 10) if one_year else slice(2, 10)
        cut = slice(5, 13) if period == "hour" else cut
    step = max(1, len(starts) // 60)
    return {float(i): starts[i][cut].replace("T", " ") for i in range(0, len(starts), step)}


def _table(told: Any, w: Words) -> dict[str, Any]:
    columns = list(told.series)
    rows = []
    for i, cell in enumerate(told.series[None]):
        cells = [_cell(told.series[name][i], w) for name in columns]
        rows.append({"name": cell.period, "cells": cells})
    names = [w("market.all") if name is None else name for name in columns]
    return {"columns": names, "rows": rows}


def _cell(cell: Cell, w: Words) -> dict[str, Any]:
    if not cell.n:
        return {"value": "–", "range": "", "n": ""}
    n = figure(cell.n, f"n = {cell.n:,}")
    if not known(cell):
        return {"value": w("market.few", n=cell.n), "range": "", "n": ""}
    index = cell.index
    return {"value": figure(index.value, level(index.value)), "range": interval(index), "n": n}


def voice_in(told: Any, w: Words) -> dict[str, Any] | None:
    """Give the section of the share of voice over time; none where it is one period or brand."""
    periods = [each for each in told.voices if each is not None]
    if len(periods) < 2 or len(told.brands) < 2:
        return None
    settings = told.shown.settings
    period = w(f"market.{settings['period']}")
    starts = [str(cell.period) for cell in told.series[None]]
    names: list[str | None] = [cell.brand for cell in told.brands]
    if told.shown.posts.others:
        names.append(None)
    shown = names[:_MOST_LINES]
    drawn = [_voice(name, starts, told, w) for name in shown]
    highs = [each for line in drawn for each in line.y if np.isfinite(each)]
    top = min(1.0, 1.1 * max(highs))
    titles = [line.name for line in drawn]
    alt = w("voice.alt", period=period, brands=w.listed(titles))
    marks = _marks(starts, settings["period"])
    charts = []
    for size, (width, height) in _SIZES.items():
        chart = Frame((0, len(starts) - 1), (0, top), period, w("voice.axis"), False, width, height)
        charts.append({"size": size, "svg": lines(chart, drawn, alt, marks)})
    others = w("market.others", n=len(told.shown.posts.others))
    return {
        "kind": "voice",
        "id": "voice",
        "title": w("voice.title"),
        "nav": w("voice.nav"),
        "lead": w("voice.lead", period=period),
        "charts": charts,
        "legend": titles,
        "columns": [others if name is None else name for name in names],
        "rows": [
            {
                "name": start,
                "cells": [_share(told.voices.get(start, {}).get(name)) for name in names],
            }
            for start in starts
        ],
    }


def _voice(name: str | None, starts: Sequence[str], told: Any, w: Words) -> Line:
    found = [told.voices.get(start, {}).get(name) for start in starts]
    title = w("market.others", n=len(told.shown.posts.others)) if name is None else name
    return Line(title, range(len(starts)), [_NAN if e is None else e.value for e in found])


def _share(told: Any) -> dict[str, Any]:
    if told is None:
        return {"value": "–", "range": "", "n": ""}
    write = figure(told.value, percent(told.value))
    return {"value": write, "range": interval(told, percent), "n": ""}
