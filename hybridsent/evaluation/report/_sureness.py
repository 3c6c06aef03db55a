"""Calibration on a page: whether probabilities, or the scale of numbers, are right (layer L5)."""

from __future__ import annotations

import math
from typing import Any

from hybridsent.evaluation.confidence._calibration import calibration
from hybridsent.evaluation.confidence._reliability import Calibration
from hybridsent.evaluation.report._charts import Frame, reliability
from hybridsent.evaluation.report._numbers import percent, score
from hybridsent.evaluation.report._told import Told
from hybridsent.evaluation.report._words import Words

__all__ = ["calibration_for", "calibration_of", "sureness_in_words"]

_FEWEST = 20
"""Rows from which on bins say something."""

_SMALL = 0.05
"""Error of probabilities that can be lived with."""


def calibration_for(told: Told, given: Calibration | None) -> Calibration | None:
    """Give the calibration that was asked for, else that of the model, where it can be told."""
    if given is not None or told.kept is None or told.evaluation.rows < _FEWEST:
        return given
    sure = told.kept.of(told.model).probabilities is not None
    return calibration(told.kept, told.model) if sure or told.target == "numbers" else None


def sureness_in_words(found: Calibration | None, w: Words) -> str:
    """Say whether the model believes itself too much."""
    if found is None or found.target == "numbers":
        return ""
    off = found.ece.low > 2 * found.by_chance and abs(found.excess) > found.ece.value / 2
    if not off:
        gap, chance = found.ece.value, found.by_chance
        told = "summary.few_to_tell" if gap <= 2 * chance else "summary.miscalibrated"
        key = "summary.calibrated" if gap <= _SMALL else told
        return w(key, gap=percent(gap), chance=percent(chance))
    key = "summary.too_sure" if found.excess > 0 else "summary.too_modest"
    return w(key, gap=percent(abs(found.excess)))


def calibration_of(found: Calibration | None, w: Words) -> dict[str, Any] | None:
    """Give the section of the calibration."""
    if found is None or not found.bins:
        return None
    numbers = found.target == "numbers"
    kind = "calibration.numbers" if numbers else "calibration"
    told = score if numbers else percent
    return {
        "kind": "calibration",
        "id": "calibration",
        "title": w(f"{kind}.title"),
        "nav": w("calibration.nav"),
        "lead": w(f"{kind}.lead", model=found.model),
        "chart": _chart(found, w),
        "caption": w(f"{kind}.caption", ece=score(found.ece.value), n=len(found.bins)),
        "said": w(f"{kind}.sure"),
        "seen": w(f"{kind}.right"),
        "facts": _facts(found, w),
        "rows": [
            {
                "rows": str(each.rows),
                "said": told(each.said),
                "right": told(each.seen),
                "range": f"[{told(each.low)}, {told(each.high)}]"
                if math.isfinite(each.low)
                else "",
            }
            for each in found.bins
        ],
    }


def _chart(found: Calibration, w: Words) -> str:
    numbers = found.target == "numbers"
    kind = "calibration.numbers" if numbers else "calibration"
    said = [each.said for each in found.bins]
    seen = [each.seen for each in found.bins]
    ends = [x for each in found.bins for x in (each.said, each.low, each.high) if math.isfinite(x)]
    low, high = min(ends + seen), max(ends + seen)
    span = (low, high) if high > low else (low - 1, high + 1)
    if not numbers:
        span = (max(0.0, math.floor(low * 10) / 10), 1.0)
    frame = Frame(span, span, w(f"{kind}.sure"), w(f"{kind}.right"))
    alt = w("calibration.alt", n=len(said), ece=score(found.ece.value))
    lows, highs = [each.low for each in found.bins], [each.high for each in found.bins]
    return reliability(frame, said, seen, lows, highs, alt)


def _facts(found: Calibration, w: Words) -> list[dict[str, str]]:
    """Give the numbers beside the chart, each with what it means."""
    named = {
        "ece": found.ece,
        "classwise": found.classwise_ece,
        "brier": found.brier,
        "log_loss": found.log_loss,
        "slope": found.slope,
    }
    facts = [
        {
            "name": w(f"calibration.fact.{key}"),
            "value": score(each.value),
            "range": f"[{score(each.low)}, {score(each.high)}]" if math.isfinite(each.low) else "",
        }
        for key, each in named.items()
        if each is not None
    ]
    chance = {"name": w("calibration.fact.chance"), "value": score(found.by_chance), "range": ""}
    return [*facts, chance]
