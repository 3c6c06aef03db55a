"""What `evaluate` and `search` share: encode once, fit and score on given folds (layer L5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.metrics import get_scorer, get_scorer_names
from threadpoolctl import threadpool_limits

from hybridsent._hints import did_you_mean
from hybridsent._threads import in_threads
from hybridsent.evaluation._encoders import encode, licence_notes, stored
from hybridsent.evaluation._fitting import fit_model, fresh
from hybridsent.evaluation._responses import Remembered, Replayed
from hybridsent.evaluation._result import Score, summarise
from hybridsent.evaluation._telling import fold_warnings_ignored

__all__ = [
    "Splits",
    "check_scoring",
    "encode",
    "fold_ratio",
    "fold_warnings_ignored",
    "licence_notes",
    "pooled_score",
    "rows_of",
    "score_fitted",
    "score_folds",
    "score_one",
    "stored",
]

Splits = Sequence[tuple[np.ndarray, np.ndarray]]


def check_scoring(scoring: str | Sequence[str]) -> list[str]:
    """Look the metrics up before anything is encoded."""
    names = [scoring] if isinstance(scoring, str) else list(scoring)
    known = get_scorer_names()
    for name in names:
        if name not in known:
            raise ValueError(
                f"The scoring parameter must hold names of scikit-learn's scorers. Got {name!r}; "
                f"sklearn.metrics.get_scorer_names() lists them."
                f"{did_you_mean(name, known)}"
            )
    if not names:
        raise ValueError("The scoring parameter must name at least one metric. Got none.")
    return names


def score_folds(
    model: Any,
    table: Any,
    y: np.ndarray,
    splits: Splits,
    names: list[str],
    n_jobs: int | None,
    groups: np.ndarray | None = None,
) -> dict[str, Score]:
    """Fit a model on each fold, in threads, and score it by each metric."""
    calls = [(model, table, y, train, test, names, groups) for train, test in splits]
    order = np.concatenate([test for _, test in splits])
    with threadpool_limits(1):
        folds = list(in_threads(_fold, calls, n_jobs))
        guesses = np.concatenate([predicted for _, predicted in folds])
        return {
            name: summarise(
                [scores[name] for scores, _ in folds],
                fold_ratio(splits),
                pooled_score(name, guesses, y[order]),
            )
            for name in names
        }


@fold_warnings_ignored()
def _fold(
    model: Any,
    table: Any,
    y: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    names: list[str],
    groups: np.ndarray | None,
) -> tuple[dict[str, float], np.ndarray]:
    kept = None if groups is None else groups[train]
    fitted = fit_model(fresh(model), rows_of(table, train), y[train], kept)
    return score_fitted(fitted, rows_of(table, test), y[test], names)


def score_fitted(
    fitted: Any, table: Any, y: np.ndarray, names: list[str]
) -> tuple[dict[str, float], np.ndarray]:
    """Score a fitted model by each metric, and give its predictions."""
    remembered = Remembered(fitted)
    scores = {name: score_one(name, remembered, table, y) for name in names}
    return scores, np.asarray(remembered.predict(table), dtype=y.dtype)


def score_one(name: str, fitted: Any, table: Any, y: np.ndarray) -> float:
    """Score a fitted model by one metric; the error says what does not go together."""
    try:
        return float(get_scorer(name)(fitted, table, y))
    except (AttributeError, ValueError) as error:
        present = np.unique(y).tolist()
        raise ValueError(
            f"The metric {name!r} cannot be computed on a fold of {len(y)} rows of the classes "
            f"{present}: {error}. Leave it out of scoring, or take folds that hold all classes."
        ) from error


def rows_of(table: Any, positions: np.ndarray) -> Any:
    """Take rows by position."""
    return table.iloc[positions] if hasattr(table, "iloc") else np.asarray(table)[positions]


def fold_ratio(splits: Splits) -> float:
    """Test rows over training rows, on average."""
    return float(np.mean([len(test) / len(train) for train, test in splits]))


def pooled_score(name: str, guesses: np.ndarray, truth: np.ndarray) -> float | None:
    """Score all out-of-fold predictions at once, where labels are enough."""
    try:
        replayed = Replayed(guesses, None, np.unique(truth))
        return float(get_scorer(name)(replayed, np.arange(len(truth))[:, None], truth))
    except (AttributeError, TypeError):  # the scorer wants probabilities
        return None
