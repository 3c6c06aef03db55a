"""Confusion, recall, predictions of numbers and calibration on a page (layer L5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from hybridsent.evaluation.report._charts import Frame, bins, dots
from hybridsent.evaluation.report._numbers import percent, plain, score, share
from hybridsent.evaluation.report._told import Told
from hybridsent.evaluation.report._words import Words

__all__ = ["answers_of"]

_MOST_CLASSES = 15
_MOST_GROUPS = 12
_MOST_DOTS = 1_500


def answers_of(told: Told, w: Words) -> Iterator[dict[str, Any]]:
    """Give the sections that tell what the model said."""
    if told.kept is None or not len(told.kept):
        return
    if told.target == "classes":
        yield _confusion(told, w)
    elif told.target == "numbers":
        yield _numbers(told, w)
    else:
        yield _sets(told, w)
    if told.groups is not None:
        yield _groups(told, w)


def _confusion(told: Told, w: Words) -> dict[str, Any]:
    return {
        "kind": "confusion",
        "id": "confusion",
        "title": w("confusion.title"),
        "nav": w("confusion.nav"),
        "lead": w("confusion.lead", model=told.model),
        "classes": _class_rows(told, w),
        "matrix": _matrix(told) if len(told.names) <= _MOST_CLASSES else None,
    }


def _matrix(told: Told) -> dict[str, Any]:
    counts = told.confusion.to_numpy(dtype=float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-12)
    return {
        "names": [str(name) for name in told.confusion.columns],
        "rows": [
            {
                "name": str(name),
                "cells": [
                    {
                        "count": f"{counts[i, j]:.0f}",
                        "percent": percent(shares[i, j]),
                        "share": share(shares[i, j]),
                        "right": i == j,
                    }
                    for j in range(counts.shape[1])
                ],
            }
            for i, name in enumerate(told.confusion.index)
        ],
    }


def _class_rows(told: Told, w: Words) -> list[dict[str, Any]]:
    """Give what is told of each class, or each label of sets."""
    taken = _taken_for(told, w) if told.target == "classes" else {}
    rows = []
    for name, each in zip(told.names, told.classes.itertuples(), strict=True):
        recall, precision = float(each.recall), float(each.precision)
        both = recall + precision
        rows.append(
            {
                "name": name,
                "rows": f"{each.rows:.0f}",
                "recall": percent(recall),
                "range": _range(each.low, each.high),
                "share": share(recall),
                "precision": percent(precision),
                "f1": score(2 * recall * precision / both if both else float("nan")),
                "taken": taken.get(name),
            }
        )
    return rows


def _range(low: float, high: float) -> str:
    return f"[{percent(low)}, {percent(high)}]" if np.isfinite(low) else ""


def _taken_for(told: Told, w: Words) -> dict[str, str]:
    """Say what each class is most often taken for."""
    found = {}
    for i, name in enumerate(told.names):
        wrong = told.confusion.iloc[i].to_numpy(dtype=float).copy()
        wrong[i] = 0
        most = str(told.confusion.columns[int(wrong.argmax())])
        found[name] = most if wrong.max() > 0 else w("classes.never")
    return found


def _sets(told: Told, w: Words) -> dict[str, Any]:
    return {
        "kind": "confusion",
        "id": "labels",
        "title": w("classes.labels"),
        "nav": w("classes.labels"),
        "lead": "",
        "classes": _class_rows(told, w),
        "matrix": None,
    }


def _numbers(told: Told, w: Words) -> dict[str, Any]:
    once = told.once[told.model]
    truth, said = once.truth.astype(float), once.said.labels.astype(float)
    chosen = np.unique(np.linspace(0, len(truth) - 1, min(len(truth), _MOST_DOTS)).astype(int))
    low, high = (float(f(np.concatenate([truth, said]))) for f in (np.min, np.max))
    varies = truth.std() > 0 and said.std() > 0
    r = float(np.corrcoef(truth, said)[0, 1]) if varies else float("nan")
    span = (low, high) if high > low else (low - 1, high + 1)
    frame = Frame(span, span, w("numbers.truth"), w("numbers.said"))
    some = w("numbers.some", shown=len(chosen), all=len(truth))
    return {
        "kind": "numbers",
        "id": "predictions",
        "title": w("numbers.title"),
        "nav": w("numbers.nav"),
        "lead": w("numbers.lead"),
        "scatter": dots(frame, truth[chosen], said[chosen], w("numbers.alt", r=score(r))),
        "some": some if len(chosen) < len(truth) else "",
        "errors": _histogram(said - truth, w),
    }


def _histogram(errors: np.ndarray, w: Words) -> str:
    ends = (float(errors.min()), float(errors.max()))
    counts, edges = np.histogram(errors, bins=min(31, max(5, int(np.sqrt(len(errors))))))
    low, high = np.quantile(errors, [0.25, 0.75])
    span = ends if ends[1] > ends[0] else (ends[0] - 1, ends[1] + 1)
    frame = Frame(
        (float(edges[0]), float(edges[-1])) if ends[1] > ends[0] else span,
        (0.0, float(max(1, counts.max())) * 1.05),
        w("numbers.error"),
        w("numbers.rows"),
    )
    alt = w("numbers.errors_alt", low=score(float(low)), high=score(float(high)))
    return bins(frame, edges.tolist(), counts.tolist(), alt)


def _groups(told: Told, w: Words) -> dict[str, Any]:
    numbers = told.target == "numbers"
    values = told.groups["error" if numbers else "accuracy"]
    most = float(values.max()) or 1.0
    shown = told.groups.head(_MOST_GROUPS)
    written = plain if numbers else percent
    return {
        "kind": "groups",
        "id": "groups",
        "title": w("groups.title"),
        "nav": w("groups.name"),
        "lead": w("groups.lead"),
        "shown": w("groups.shown", shown=len(shown), all=len(told.groups)),
        "heading": w("groups.error" if numbers else "groups.right"),
        "rows": [
            {
                "name": str(name),
                "rows": f"{each.rows:.0f}",
                "value": written(value),
                "range": f"[{written(each.low)}, {written(each.high)}]"
                if np.isfinite(each.low)
                else "",
                "share": share(value / most if numbers else value),
            }
            for name, each, value in zip(
                shown.index, shown.itertuples(), values.head(_MOST_GROUPS).tolist(), strict=True
            )
        ],
    }
