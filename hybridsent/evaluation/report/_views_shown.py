"""What each view adds, on a page (layer L5)."""

from __future__ import annotations

import math
from typing import Any

from hybridsent.evaluation.measures._intervals import Interval
from hybridsent.evaluation.report._numbers import percent, score, signed
from hybridsent.evaluation.report._scores import lane, ticks_of
from hybridsent.evaluation.report._told import Told
from hybridsent.evaluation.report._words import Words
from hybridsent.evaluation.shares._contribution import UNDECIDED, Contributions

__all__ = ["contributions_of", "deciders_of"]


def contributions_of(found: Contributions | None, told: Told, w: Words) -> dict[str, Any] | None:
    """Give the section of the contributions."""
    if found is None or not found.views:
        return None
    metric = told.metrics[0] if told.metrics[0] in found.metrics else found.metrics[0]
    shares = {view: found.shapley[view][metric] for view in found.views}
    low, high = _span(list(shares.values()))
    sign = -1 if told.smaller(metric) else 1
    best = max(shares, key=lambda view: sign * shares[view].value)
    return {
        "kind": "views",
        "id": "views",
        "title": w("views.title"),
        "nav": w("views.nav"),
        "lead": w(
            "views.lead",
            metric=w.metric(metric),
            empty=score(found.empty[metric].value),
            whole=score(found.whole[metric].value),
        ),
        "caption": w("views.share", metric=w.metric(metric)),
        "ticks": ticks_of(low, high),
        "rows": [
            {
                "name": view,
                "gloss": "",
                "value": signed(each.value),
                "range": _range(each),
                "class": "first" if view == best else "",
                "without": _written(found.without[view][metric]),
                "alone": score(found.alone[view][metric].value),
                "decides": percent(found.deciding[view]),
                **lane(each.value, each.low, each.high, low, high, 0.0),
            }
            for view, each in shares.items()
        ],
        "decides": _decides(found, w),
    }


def _decides(found: Contributions, w: Words) -> str:
    undecided = found.deciding[UNDECIDED]
    some = w("views.undecided", share=percent(undecided)) if undecided >= 0.005 else ""
    return w.joined([w("views.decides_caption"), some])


def _written(each: Interval) -> str:
    return f"{signed(each.value)} {_range(each)}".strip()


def _range(each: Interval) -> str:
    known = math.isfinite(each.low) and math.isfinite(each.high)
    return f"[{signed(each.low)}, {signed(each.high)}]" if known else ""


def _span(shares: list[Interval]) -> tuple[float, float]:
    ends = [0.0, *(x for s in shares for x in (s.value, s.low, s.high) if math.isfinite(x))]
    room = 0.06 * ((max(ends) - min(ends)) or 1.0)
    return min(ends) - room, max(ends) + room


def deciders_of(found: Contributions | None) -> dict[int, str]:
    """Give the view that decided about each row, where one did."""
    if found is None:
        return {}
    pairs = zip(found.decided.row.tolist(), found.decided.view.tolist(), strict=True)
    return {row: view for row, view in pairs if view != UNDECIDED}
