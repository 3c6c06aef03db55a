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
    if told.kept.groups is not None:
        yield _groups(told, w)


def _confusion(told: Told, w: Words) -> dict[str, Any]:
    counts, names = told.confusion(), told.names
    section: dict[str, Any] = {
        "kind": "confusion",
        "id": "confusion",
        "title": w("confusion.title"),
        "nav": w("confusion.nav"),
        "lead": w("confusion.lead", model=told.model),
        "classes": _class_rows(counts, names, w),
        "matrix": None,
    }
    if len(names) <= _MOST_CLASSES:
        totals = np.maximum(counts.sum(axis=1, keepdims=True), 1e-12)
        section["matrix"] = {
            "names": names,
            "rows": [
                [
                    {
                        "count": f"{counts[i, j]:.0f}",
                        "percent": percent(counts[i, j] / totals[i, 0]),
                        "share": share(counts[i, j] / totals[i, 0]),
                        "right": i == j,
                    }
                    for j in range(len(names))
                ]
                for i in range(len(names))
            ],
        }
    return section


def _class_rows(counts: np.ndarray, names: list[str], w: Words) -> list[dict[str, str]]:
    rows = []
    for i, name in enumerate(names):
        of_class, called = counts[i].sum(), counts[:, i].sum()
        recall = counts[i, i] / of_class if of_class else np.nan
        precision = counts[i, i] / called if called else np.nan
        wrong = counts[i].copy()
        wrong[i] = 0
        taken = names[int(wrong.argmax())] if wrong.max() > 0 else w("classes.never")
        f1 = 2 * counts[i, i] / (of_class + called) if of_class + called else np.nan
        rows.append(
            {
                "name": name,
                "rows": f"{of_class:.0f}",
                "recall": percent(recall),
                "share": share(recall),
                "precision": percent(precision),
                "f1": score(f1),
                "taken": taken,
            }
        )
    return rows


def _sets(told: Told, w: Words) -> dict[str, Any]:
    kept: Any = told.kept
    said, truth = kept.of(told.model).labels.astype(bool), kept.truth.astype(bool)
    rows = []
    for j, name in enumerate(told.names):
        both = (said[:, j] & truth[:, j]).sum()
        has, called = truth[:, j].sum(), said[:, j].sum()
        recall = both / has if has else np.nan
        rows.append(
            {
                "name": name,
                "rows": f"{has / told.seeds:.0f}",
                "recall": percent(recall),
                "share": share(recall),
                "precision": percent(both / called if called else np.nan),
                "f1": score(2 * both / (has + called) if has + called else np.nan),
                "taken": None,
            }
        )
    return {
        "kind": "confusion",
        "id": "labels",
        "title": w("classes.labels"),
        "nav": w("classes.labels"),
        "lead": "",
        "classes": rows,
        "matrix": None,
    }


def _numbers(told: Told, w: Words) -> dict[str, Any]:
    kept: Any = told.kept
    truth, said = kept.truth.astype(float), kept.of(told.model).labels.astype(float)
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
    kept: Any = told.kept
    names, places = np.unique(np.asarray(kept.groups).astype(str), return_inverse=True)
    rows = np.bincount(places)
    values = np.bincount(places, weights=told.right.astype(float)) / rows
    numbers = told.target == "numbers"
    order = np.argsort(-values if numbers else values, kind="stable")[:_MOST_GROUPS]
    most = values.max() or 1.0
    return {
        "kind": "groups",
        "id": "groups",
        "title": w("groups.title"),
        "nav": w("groups.name"),
        "lead": w("groups.lead"),
        "shown": w("groups.shown", shown=len(order), all=len(names)),
        "heading": w("groups.error" if numbers else "groups.right"),
        "rows": [
            {
                "name": names[k],
                "rows": f"{rows[k] / told.seeds:.0f}",
                "value": plain(float(values[k])) if numbers else percent(float(values[k])),
                "share": share(float(values[k] / most if numbers else values[k])),
            }
            for k in order
        ],
    }
