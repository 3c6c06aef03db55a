"""Scores and gains on a page (layer L5)."""

from __future__ import annotations

import math
from typing import Any

from hybridsent.evaluation.report._numbers import plain, score, share, signed, ticks
from hybridsent.evaluation.report._told import DUMMY, Told
from hybridsent.evaluation.report._words import Words
from hybridsent.evaluation.results._result import Score

__all__ = ["gains_of", "lane", "p_value", "scores_of", "ticks_of", "tiles_of", "verdict", "written"]

_MOST_TILES = 4
_MOST_TICKS = 3


def tiles_of(told: Told, w: Words) -> list[dict[str, str]]:
    """Give the scores of the model, large."""
    return [
        {"name": w.metric(metric), "value": score(each.value), "range": _range(each)}
        for metric, each in list(told.models[told.model].items())[:_MOST_TILES]
    ]


def _range(each: Score) -> str:
    known = math.isfinite(each.low) and math.isfinite(each.high)
    return f"[{score(each.low)}, {score(each.high)}]" if known else ""


def scores_of(told: Told, w: Words) -> dict[str, Any]:
    """Give the section of the scores: for each metric, every model with its interval."""
    tables = [_table_of(metric, told, w) for metric in told.metrics]
    return {
        "kind": "scores",
        "id": "scores",
        "title": w("scores.title"),
        "nav": w("scores.nav"),
        "lead": w("scores.lead"),
        "tables": tables,
    }


def _table_of(metric: str, told: Told, w: Words) -> dict[str, Any]:
    scores = {name: each[metric] for name, each in told.models.items() if metric in each}
    low, high = _span(list(scores.values()))
    line = scores[DUMMY].value if DUMMY in scores else None
    pooled = next(iter(scores.values())).of == "rows"
    how = [w("scores.pooled") if pooled else w("scores.folds")]
    how += [w("scores.smaller")] if told.smaller(metric) else []
    return {
        "caption": w.metric(metric),
        "how": "; ".join(how),
        "ticks": ticks_of(low, high),
        "rows": [
            {
                "name": name,
                "gloss": w.model(name),
                "value": score(each.value),
                "range": _range(each),
                "first": name == told.model,
                **lane(each.value, each.low, each.high, low, high, line),
            }
            for name, each in scores.items()
        ],
    }


def lane(
    value: float, low: float, high: float, start: float, end: float, line: float | None
) -> dict[str, str]:
    """Say where dot and whisker lie, in shares of the lane."""

    def at(x: float) -> float:
        return (x - start) / ((end - start) or 1.0)

    low, high = (low, high) if math.isfinite(low) and math.isfinite(high) else (value, value)
    return {
        "dot": share(at(value)),
        "from": share(at(low)),
        "long": share(at(high) - at(low)),
        "line": "" if line is None or not math.isfinite(line) else share(at(line)),
    }


def _span(scores: list[Score]) -> tuple[float, float]:
    ends = [x for each in scores for x in (each.value, each.low, each.high) if math.isfinite(x)]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    room = 0.05 * (high - low) or 0.05
    return low - room, high + room


def ticks_of(low: float, high: float) -> list[dict[str, str]]:
    """Give round numbers below a lane, and where they lie."""
    marks = ticks(low, high, 3)
    marks = marks[::2] if len(marks) > _MOST_TICKS else marks
    return [{"at": share((x - low) / (high - low)), "name": plain(x)} for x in marks]


def gains_of(told: Told, w: Words) -> dict[str, Any] | None:
    """Give the section of the gains, where there are some."""
    gains = getattr(told.evaluation, "gains", None)
    if not gains:
        return None
    metrics = [name for name in told.metrics if any(name in each for each in gains.values())]
    tables = [_gains_table(metric, gains, told, w) for metric in metrics]
    return {
        "kind": "gains",
        "id": "gains",
        "title": w("gains.title"),
        "nav": w("gains.nav"),
        "lead": w("gains.lead", model=told.model),
        "tables": tables,
    }


def _gains_table(metric: str, gains: Any, told: Told, w: Words) -> dict[str, Any]:
    found = {other: each[metric] for other, each in gains.items() if metric in each}
    ends = [x for g in found.values() for x in (g.value, g.low, g.high, 0.0) if math.isfinite(x)]
    room = 0.06 * ((max(ends) - min(ends)) or 1.0)
    low, high = min(ends) - room, max(ends) + room
    return {
        "caption": w("gains.caption", metric=w.metric(metric), model=told.model),
        "ticks": ticks_of(low, high),
        "rows": [
            {
                "name": other,
                "gloss": w.model(other),
                "value": signed(each.value),
                "range": f"[{signed(each.low)}, {signed(each.high)}]",
                "verdict": w(
                    "gains.verdict", verdict=w(f"gains.{verdict(each)}"), p=p_value(each.p)
                ),
                "class": {"better": "better", "worse": "worse"}.get(verdict(each), ""),
                **lane(each.value, each.low, each.high, low, high, 0.0),
            }
            for other, each in found.items()
        ],
    }


def verdict(gain: Any) -> str:
    """Give the key of what a gain shows."""
    return {"better": "better", "worse": "worse"}.get(gain.verdict, "unclear")


def written(p: float) -> str:
    """Write a p-value."""
    if not math.isfinite(p):
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.2g}"


def p_value(p: float) -> str:
    """Write a p-value behind its letter."""
    told = written(p)
    return told if told.startswith("<") else f"= {told}"
