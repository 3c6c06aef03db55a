"""Curves on a page (layer L5)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from hybridsent.evaluation.curves._curve import Curve, CurvePoint
from hybridsent.evaluation.report._charts import Frame, Line, lines
from hybridsent.evaluation.report._numbers import percent, plain, score, signed
from hybridsent.evaluation.report._told import Told
from hybridsent.evaluation.report._words import Words

__all__ = ["curves_of"]

_MOST_LINES = 6


def curves_of(curves: Sequence[Curve], told: Told, w: Words) -> dict[str, Any] | None:
    """Give the section of the curves."""
    if not curves:
        return None
    return {
        "kind": "curves",
        "id": "curves",
        "title": w("curves.title"),
        "nav": w("curves.nav"),
        "lead": w("curves.lead"),
        "curves": [_curve(each, told, w) for each in curves],
    }


def _curve(curve: Curve, told: Told, w: Words) -> dict[str, Any]:
    metric = told.metrics[0] if told.metrics[0] in curve.metrics else curve.metrics[0]
    drawn = {name: each[metric] for name, each in list(curve.lines.items())[:_MOST_LINES]}
    return {
        "title": w(f"curves.{curve.kind}.title"),
        "text": w.joined([w(f"curves.{curve.kind}.text"), _said(curve, drawn, told, metric, w)]),
        "chart": _chart(curve, drawn, metric, w),
        "legend": list(drawn),
        "table": w("calibration.table"),
        "columns": [_axis(curve, w), *(w.metric(name) for name in curve.metrics)],
        "lines": [
            {"name": name, "rows": _rows(curve, line, w)} for name, line in curve.lines.items()
        ],
    }


def _said(
    curve: Curve, drawn: dict[str, list[CurvePoint]], told: Told, metric: str, w: Words
) -> str:
    """Say what the first line ends with: whether more labels would help, or what is lost."""
    first = next(iter(drawn.values()), [])
    if len(first) < 2 or curve.kind == "cost":
        return ""
    sign = -1 if told.smaller(metric) else 1
    if curve.kind == "labels":
        gain = first[-1].gain
        if gain is None:
            return ""
        rises = sign * (gain.low if sign > 0 else gain.high) > 0
        key = "curves.more" if rises else "curves.enough"
        said = w(key, gain=signed(gain.value), low=signed(gain.low), high=signed(gain.high))
        more = curve.forecasts.get(next(iter(drawn))) if metric == curve.metrics[0] else None
        if more is None:
            return said
        ends = {"low": signed(more.low), "high": signed(more.high)}
        return w.joined([said, w("curves.forecast", gain=signed(more.value), **ends)])
    worst = min(drawn, key=lambda name: sign * drawn[name][-1].value)
    last, start = drawn[worst][-1], drawn[worst][0]
    return w(
        "curves.worst", view=worst, at=_place(curve, last), start=score(start.value),
        end=score(last.value),
    )  # fmt: skip


def _axis(curve: Curve, w: Words) -> str:
    by_row = curve.kind == "labels" and "class" not in curve.x_name
    return w("curves.labels.rows" if by_row else f"curves.{curve.kind}.axis")


def _place(curve: Curve, point: CurvePoint) -> str:
    return percent(point.x) if curve.kind == "missing" else plain(point.x)


def _rows(curve: Curve, line: dict[str, list[CurvePoint]], w: Words) -> list[list[str]]:
    columns = list(line.values())
    return [
        [
            w("curves.all") if point.label == "all" else _place(curve, point),
            *(_with_range(each[k]) for each in columns),
        ]
        for k, point in enumerate(columns[0])
    ]


def _with_range(point: CurvePoint) -> str:
    known = math.isfinite(point.low) and math.isfinite(point.high)
    return score(point.value) + (f" [{score(point.low)}, {score(point.high)}]" if known else "")


def _chart(curve: Curve, drawn: dict[str, list[CurvePoint]], metric: str, w: Words) -> str:
    points = [point for line in drawn.values() for point in line]
    ends = [x for p in points for x in (p.value, p.low, p.high) if math.isfinite(x)]
    room = 0.05 * ((max(ends) - min(ends)) or 1.0)
    places = {p.x: w("curves.all") if p.label == "all" else _place(curve, p) for p in points}
    log = curve.kind in ("labels", "cost") and min(places) > 0
    span = (min(places), max(places))
    if span[0] == span[1]:
        span = (span[0] * 0.8, span[1] * 1.25) if log else (span[0] - 1, span[1] + 1)
    if curve.kind == "cost" and log:
        span = (span[0] * 0.8, span[1] * 1.25)
    frame = Frame(
        span, (min(ends) - room, max(ends) + room), _axis(curve, w), w.metric(metric), log
    )
    alt = w("curves.alt", what=w(f"curves.{curve.kind}.title"), lines=w.listed(list(drawn)))
    made = [
        Line(
            name,
            [p.x for p in line],
            [p.value for p in line],
            [p.low if math.isfinite(p.low) else p.value for p in line],
            [p.high if math.isfinite(p.high) else p.value for p in line],
        )
        for name, line in drawn.items()
    ]
    if curve.kind == "cost":
        return lines(frame, made, alt, _round(*span) if log else None)
    return lines(frame, made, alt, places)


def _round(low: float, high: float) -> dict[float, str]:
    """Give round numbers of a logarithmic axis."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    every = [digit * 10.0**power for power in powers for digit in (1, 3)]
    return {each: plain(each) for each in every if low <= each <= high}
