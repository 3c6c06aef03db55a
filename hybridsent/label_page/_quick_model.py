"""A linear model at a fixed penalty: a fit takes milliseconds (layer L7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hybridsent._labels import Kind
from hybridsent._outer_folds import outer_folds
from hybridsent.label_page._question import Question

__all__ = ["Point", "fitted_and_asked", "judged_out_of_fold", "kappa", "steps_of_curve"]
_PENALTY = 16.0
LEAST = 10  # labels before anything is judged
_FOLDS = 5


@dataclass(frozen=True)
class Point:
    """How good the model was with a number of labels.

    Parameters
    ----------
    n : int
        Labels.
    score, low, high : float
        Out-of-fold score of the labelled rows, and its 95 % interval.
    said : ndarray or None, default=None
        Of classes, what the model took every row for.
    """

    n: int
    score: float
    low: float
    high: float
    said: np.ndarray | None = field(default=None, compare=False, repr=False)


def fitted_and_asked(
    question: Question, X: np.ndarray, y: np.ndarray, asked: np.ndarray
) -> np.ndarray:
    """Fit on labelled rows, and give probabilities or numbers of others."""
    from sklearn.linear_model import LogisticRegression, Ridge

    if question.kind == "numbers":
        centre = X.mean(axis=0)
        said = Ridge(alpha=1.0 / _PENALTY).fit(X - centre, y).predict(asked - centre)
        return np.asarray(np.clip(said, question.low, question.high))
    k = len(question.values)
    if question.kind == "sets":
        return np.column_stack([_two(X, y[:, j], asked) for j in range(k)])
    said = np.full((len(asked), k), 1e-6)
    classes = np.unique(y)
    if len(classes) == 1:
        said[:, classes[0]] = 1.0
    else:
        model = LogisticRegression(C=_PENALTY, max_iter=200).fit(X, y)
        said[:, model.classes_] = model.predict_proba(asked)
    return np.asarray(said / said.sum(axis=1, keepdims=True))


def _two(X: np.ndarray, y: np.ndarray, asked: np.ndarray) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(y)) < 2:
        return np.full(len(asked), 0.98 if len(y) and y[0] else 0.02)
    model = LogisticRegression(C=_PENALTY, max_iter=200).fit(X, y)
    return np.asarray(model.predict_proba(asked)[:, 1])


def steps_of_curve(n: int) -> list[int]:
    """Numbers of labels at which the curve has a point: a few more than twenty, up to all."""
    found, step = [], float(LEAST)
    while step < n:
        found.append(int(step))
        step = max(step + 5, step * 1.15)
    return [*found, n] if n >= LEAST else []


def judged_out_of_fold(
    question: Question, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None, seed: int
) -> tuple[Point | None, float]:
    """Judge by rows that the model had not seen; None where there are too few to tell."""
    folds = _folds_of(question, y, groups, seed)
    if folds is None:
        return None, float("nan")
    said = np.full(y.shape if question.kind == "numbers" else (len(y), len(question.values)), 0.0)
    for train, test in folds:
        said[test] = fitted_and_asked(question, X[train], y[train], X[test])
    score, low, high = _score(question, y, said)
    baseline = float("nan")
    if question.kind == "classes":
        baseline = float(np.bincount(y).max() / len(y))
    return Point(len(y), score, low, high), baseline


def _folds_of(question: Question, y: np.ndarray, groups: np.ndarray | None, seed: int) -> Any:
    """Cut the labelled rows into folds that keep groups together; None where that cannot be."""
    codes = y if question.kind == "classes" else np.arange(len(y), dtype=float)
    k = _FOLDS if groups is None else min(_FOLDS, len(np.unique(groups)))
    if k < 2 or (question.kind == "classes" and len(np.unique(y)) < 2):
        return None
    # groups are cut by their size alone: with few labels there is no keeping classes alike, too
    kind: Kind = "classes" if question.kind == "classes" and groups is None else "numbers"
    return outer_folds(codes, k, groups, random_state=seed, kind=kind, every_row=True)


def _score(question: Question, y: np.ndarray, said: np.ndarray) -> tuple[float, float, float]:
    """Give accuracy, Pearson's r or micro F1, with a 95 % interval."""
    from hybridsent.evaluation.measures._intervals import Spread, interval_within

    if question.kind == "classes":
        right = said.argmax(axis=1) == y
        share = float(right.mean())
        spread = Spread(share * (1 - share) / len(y), len(y) - 1, len(y))
        return share, *interval_within(share, spread, (0.0, 1.0))
    random = np.random.default_rng(0)
    draws = random.integers(0, len(y), size=(200, len(y)))
    judge = _pearson if question.kind == "numbers" else _micro_f1
    drawn = [judge(y[rows], said[rows]) for rows in draws]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return judge(y, said), float(low), float(high)


def kappa(one: np.ndarray | None, two: np.ndarray | None) -> float | None:
    """Give Cohen's kappa of two predictions; None where it is not known."""
    if one is None or two is None or len(one) != len(two):
        return None
    from sklearn.metrics import cohen_kappa_score

    return 1.0 if (one == two).all() else float(cohen_kappa_score(one, two))


def _pearson(y: np.ndarray, said: np.ndarray) -> float:
    if np.ptp(y) == 0 or np.ptp(said) == 0:
        return 0.0
    return float(np.corrcoef(y, said)[0, 1])


def _micro_f1(y: np.ndarray, said: np.ndarray) -> float:
    chosen, there = said >= 0.5, y == 1
    both = int((chosen & there).sum())
    total = int(chosen.sum() + there.sum())
    return 2 * both / total if total else 1.0
