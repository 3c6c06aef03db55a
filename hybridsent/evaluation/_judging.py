"""What `evaluate` and `search` share: encode once, fit and score on given folds (layer L5)."""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from hybridsent._hints import did_you_mean
from hybridsent._threads import in_threads
from hybridsent._warnings import ignored_warnings, kept_filters
from hybridsent.evaluation._parts import encoders_of, select, with_store
from hybridsent.evaluation._responses import Remembered, Replayed
from hybridsent.evaluation._result import Score, summarise

__all__ = [
    "Splits",
    "check_scoring",
    "encode",
    "fit_options",
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


@contextmanager
def stored(estimators: Sequence[Any]) -> Iterator[list[Any]]:
    """Give every encoder a store, if only for now: else every fold would encode anew."""
    encoders = [encoder for each in estimators for _, encoder, _ in encoders_of(each)]
    if all(encoder.store is not None for encoder in encoders):
        yield list(estimators)
        return
    # a file that is still open somewhere must not cost the result
    with tempfile.TemporaryDirectory(prefix="hybridsent-", ignore_cleanup_errors=True) as folder:
        yield [with_store(each, folder) for each in estimators]


def encode(estimator: Any, table: Any) -> tuple[int, int]:
    """Encode every cell, and count those that were encoded and those that were found."""
    encoded = found = 0
    for _, encoder, column in encoders_of(estimator):
        copied = clone(encoder)
        copied.transform(table if column is None else select(table, column))
        encoded += copied.n_encoded_
        found += copied.n_from_store_
    return encoded, found


@contextmanager
def fold_warnings_ignored() -> Iterator[None]:
    """Accept that a fold by speaker lacks a class: its scores are over those that are there."""
    messages = ("y_pred contains classes not in y_true", "A single label was found")
    with (
        kept_filters(),
        ignored_warnings(UserWarning, *messages),
        ignored_warnings(UndefinedMetricWarning),
    ):
        yield


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
    with fold_warnings_ignored(), threadpool_limits(1):
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
    options = fit_options(model, None if groups is None else groups[train])
    fitted = clone(model).fit(rows_of(table, train), y[train], **options)
    return score_fitted(fitted, rows_of(table, test), y[test], names)


def fit_options(model: Any, groups: np.ndarray | None) -> dict[str, np.ndarray]:
    """Hand the groups to a last step that wants them: its own folds keep them together, too."""
    if groups is None or not isinstance(model, Pipeline) or not model.steps:
        return {}
    name, last = model.steps[-1]
    wanted = hasattr(last, "fit") and "groups" in inspect.signature(last.fit).parameters
    return {f"{name}__groups": groups} if wanted else {}


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


def licence_notes(estimators: Sequence[Any]) -> list[str]:
    """Say which backbones may not be used commercially."""
    found = [encoder.backbone() for each in estimators for _, encoder, _ in encoders_of(each)]
    restricted = sorted({backbone.name for backbone in found if backbone.commercial_use is False})
    return [
        f"{name} may not be used commercially without a licence of its makers."
        for name in restricted
    ]
