"""What `evaluate` and `search` share: encode once, fit and score on given folds (layer L5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from hybridsent._threads import in_threads
from hybridsent.evaluation._encoders import encode, licence_notes, stored
from hybridsent.evaluation._fitting import fit_model, fresh
from hybridsent.evaluation._metrics import Metric, pooled, score_all
from hybridsent.evaluation._responses import Remembered
from hybridsent.evaluation._result import Score, summarise
from hybridsent.evaluation._telling import fold_warnings_ignored

__all__ = [
    "Splits",
    "encode",
    "fold_ratio",
    "fold_warnings_ignored",
    "licence_notes",
    "rows_of",
    "score_fitted",
    "score_folds",
    "stored",
]

Splits = Sequence[tuple[np.ndarray, np.ndarray]]


def score_folds(
    model: Any,
    table: Any,
    y: np.ndarray,
    splits: Splits,
    metrics: Sequence[Metric],
    n_jobs: int | None,
    groups: np.ndarray | None = None,
) -> dict[str, Score]:
    """Fit a model on each fold, in threads, and score it by each metric."""
    calls = [(model, table, y, train, test, metrics, groups) for train, test in splits]
    order = np.concatenate([test for _, test in splits])
    with threadpool_limits(1):
        folds = list(in_threads(_fold, calls, n_jobs))
        guesses = np.concatenate([predicted for _, predicted in folds])
        by_name = {metric.name: pooled(metric, guesses, y[order]) for metric in metrics}
        return {
            name: summarise(
                [scores[name] for scores, _ in folds], fold_ratio(splits), by_name.get(name)
            )
            for name in folds[0][0]
        }


@fold_warnings_ignored()
def _fold(
    model: Any,
    table: Any,
    y: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    metrics: Sequence[Metric],
    groups: np.ndarray | None,
) -> tuple[dict[str, float], np.ndarray]:
    kept = None if groups is None else groups[train]
    fitted = fit_model(fresh(model), rows_of(table, train), y[train], kept)
    return score_fitted(fitted, rows_of(table, test), y[test], metrics)


def score_fitted(
    fitted: Any, table: Any, y: np.ndarray, metrics: Sequence[Metric]
) -> tuple[dict[str, float], np.ndarray]:
    """Score a fitted model by each metric, and give its predictions."""
    remembered = Remembered(fitted)
    scores = score_all(metrics, remembered, table, y)
    guesses = np.asarray(remembered.predict(table))
    is_number = guesses.dtype.kind == "f" and y.dtype.kind in "iu"  # of a regressor
    return scores, guesses if is_number else guesses.astype(y.dtype)


def rows_of(table: Any, positions: np.ndarray) -> Any:
    """Take rows by position."""
    return table.iloc[positions] if hasattr(table, "iloc") else np.asarray(table)[positions]


def fold_ratio(splits: Splits) -> float:
    """Test rows over training rows, on average."""
    return float(np.mean([len(test) / len(train) for train, test in splits]))
