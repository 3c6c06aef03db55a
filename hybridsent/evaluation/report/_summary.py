"""What a result says, in words (layer L5)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hybridsent.evaluation.report._numbers import percent, plain, score, signed
from hybridsent.evaluation.report._scores import p_value, verdict
from hybridsent.evaluation.report._told import DUMMY, Told
from hybridsent.evaluation.report._words import Words

__all__ = ["facts_of", "summary_of"]

_FAIR = 10
"""Rows that a group must have to be named in a sentence."""


def facts_of(told: Told, w: Words) -> list[str]:
    """Give what the result is made of, in a few words each."""
    kept = told.kept
    facts = [w("facts.rows", n=told.evaluation.rows)]
    folds, split = told.evaluation.folds, told.evaluation.split
    facts.append(w("facts.folds", n=folds) if split is None else w("facts.split", name=split))
    if told.evaluation.seeds > 1:
        facts.append(w("facts.seeds", n=told.evaluation.seeds))
    if kept is not None:
        n = 0 if kept.classes is None else len(kept.classes)
        facts.append(w(f"facts.{kept.target}", n=n))
        if kept.groups is not None:
            facts.append(w("facts.groups", n=len(np.unique(np.asarray(kept.groups).astype(str)))))
    return facts


def summary_of(told: Told, w: Words) -> list[str]:
    """Say what was found, the most important first."""
    metric = told.metrics[0]
    points = [_score(metric, told, w), *_gains(metric, told, w)]
    if told.kept is not None and len(told.kept):
        by_target = {"classes": _classes, "numbers": _numbers, "sets": _sets}
        points += by_target[told.target](told, w)
        points += _groups(told, w)
    return [each for each in points if each]


def _score(metric: str, told: Told, w: Words) -> str:
    mine = told.models[told.model][metric]
    values = {
        "model": told.model,
        "metric": w.metric(metric),
        "value": score(mine.value),
        "rows": told.evaluation.rows,
    }
    known = math.isfinite(mine.low) and math.isfinite(mine.high)
    first = (
        w("summary.score", **values, low=score(mine.low), high=score(mine.high))
        if known
        else w("summary.score_alone", **values)
    )
    if DUMMY not in told.models or told.model == DUMMY:
        return first
    nothing = told.models[DUMMY][metric].value
    above = mine.sign * (mine.value - nothing) > 1e-9
    key = "summary.dummy" if above else "summary.below_dummy"
    return w.joined([first, w(key, value=score(nothing)), _best_other(metric, told, w)])


def _best_other(metric: str, told: Told, w: Words) -> str:
    """Name the best of the other models, where no gains do."""
    if told.evaluation.gains:
        return ""
    aside = (DUMMY, told.model)
    others = {name: each[metric].value for name, each in told.models.items() if name not in aside}
    if not others:
        return ""
    sign = -1 if told.smaller(metric) else 1
    best = max(others, key=lambda name: sign * others[name])
    above = sign * others[best] > sign * told.models[told.model][metric].value
    key = "summary.best_other_above" if above else "summary.best_other"
    return w(key, model=best, value=score(others[best]))


def _gains(metric: str, told: Told, w: Words) -> list[str]:
    gains: Any = told.evaluation.gains
    return [
        w(
            f"gains.sentence.{verdict(each[metric])}",
            metric=w.metric(metric),
            other=other,
            value=signed(each[metric].value),
            low=signed(each[metric].low),
            high=signed(each[metric].high),
            p=p_value(each[metric].p),
        )
        for other, each in gains.items()
        if metric in each and other != DUMMY
    ]


def _classes(told: Told, w: Words) -> list[str]:
    classes = told.classes[told.classes["rows"] > 0]
    if len(classes) < 2:
        return []
    worst = classes["recall"].idxmin()
    found = w(
        "summary.class",
        name=w.quoted(worst),
        share=percent(float(classes["recall"][worst])),
        rows=f"{classes['rows'][worst]:.0f}",
    )
    counts = told.confusion.to_numpy(dtype=float)
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    if not wrong.any():
        return []
    i, j = np.unravel_index(int(wrong.argmax()), wrong.shape)
    confused = w(
        "summary.confused",
        truth=w.quoted(told.confusion.index[i]),
        said=w.quoted(told.confusion.columns[j]),
        share=percent(float(wrong[i, j] / counts[i].sum())),
    )
    return [w.joined([found, confused])]


def _numbers(told: Told, w: Words) -> list[str]:
    median, tenth = np.quantile(told.once[told.model].sure, [0.5, 0.9])
    return [w("summary.error", median=plain(float(median)), tenth=plain(float(tenth)))]


def _sets(told: Told, w: Words) -> list[str]:
    labels = told.classes[told.classes["rows"] > 0]
    if not len(labels):
        return []
    worst = labels["recall"].idxmin()
    return [
        w(
            "summary.label",
            name=w.quoted(worst),
            share=percent(float(labels["recall"][worst])),
            rows=f"{labels['rows'][worst]:.0f}",
        )
    ]


def _groups(told: Told, w: Words) -> list[str]:
    if told.groups is None or told.target == "numbers":
        return []
    fair = told.groups[told.groups["rows"] >= _FAIR]
    if len(fair) < 2:
        return []
    low, high = (percent(float(fair["accuracy"].iloc[i])) for i in (0, -1))
    if low == high:
        return [w("summary.groups_equal", n=len(fair), low=low)]
    return [
        w(
            "summary.groups",
            low=low,
            worst=fair.index[0],
            high=high,
            best=fair.index[-1],
        )
    ]
