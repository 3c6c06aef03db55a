"""Cross-validate a model beside its own parts (layer L5).

scikit-learn's cross_validate scores one estimator. A score of a fusion says little alone: this
function puts each single modality and a dummy beside it on the same folds, encodes every cell once
for all of them, and says what that cost.
"""

from __future__ import annotations

import difflib
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import get_scorer, get_scorer_names
from threadpoolctl import threadpool_limits

from hybridsent.evaluation._parts import encoders_of, select, single_modalities, with_store
from hybridsent.evaluation._responses import Fixed, Remembered
from hybridsent.evaluation._result import Evaluation, Score, summarise
from hybridsent.evaluation._splits import as_labels, make_splits

__all__ = ["DEFAULT_SCORING", "evaluate"]

DEFAULT_SCORING = ("accuracy", "f1_weighted", "f1_macro", "balanced_accuracy")

Splits = Sequence[tuple[np.ndarray, np.ndarray]]


def evaluate(
    estimator: Any,
    table: Any,
    y: Any,
    *,
    cv: Any = 5,
    groups: Any = None,
    scoring: str | Sequence[str] = DEFAULT_SCORING,
    n_jobs: int | None = None,
    random_state: int = 0,
) -> Evaluation:
    """Judge a classifier by cross-validation, beside each single modality and a dummy.

    All models see the same folds. Every distinct cell is encoded at most once, before the first
    fold; an encoder whose store is off uses a temporary one. Encoders are frozen, so nothing leaks
    from test rows; all that learns (scaling, reduction, classifier) is fitted inside the folds.

    Parameters
    ----------
    estimator : estimator
        A classifier on tables, such as `make_fusion` builds; any scikit-learn classifier works.
    table : DataFrame
        The rows.
    y : str or array-like of shape (n,)
        Labels, or the column that holds them.
    cv : int, splitter or iterable, default=5
        Folds: stratified, and with groups kept together; or anything scikit-learn takes.
    groups : str or array-like of shape (n,), default=None
        Group of each row (speaker, video, dialogue), or the column that holds it.
    scoring : str or sequence of str, default=DEFAULT_SCORING
        Names of scikit-learn's scorers; the default is accuracy, weighted F1, macro F1 and balanced
        accuracy.
    n_jobs : int, default=None
        Folds at once, in threads; None and -1 take every core. Linear algebra then keeps to one
        thread a fold, which wastes less than one fold at a time on every core.
    random_state : int, default=0
        Seed of the folds.

    Returns
    -------
    Evaluation
        Scores per fold, mean, 95 % interval, pooled score; rows encoded; seconds. ``print`` shows a
        table.

    Raises
    ------
    ValueError
        If labels, groups, folds or metrics do not fit the table or the estimator.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent import evaluate, make_fusion
    >>> table = pd.DataFrame({"text": ["I love it", "Wonderful", "I hate it", "Dreadful"] * 3})
    >>> labels = ["positive", "positive", "negative", "negative"] * 3
    >>> result = evaluate(make_fusion(text=True), table, labels, cv=3)
    >>> list(result.models)
    ['fusion', 'text', 'dummy']
    >>> result.models["fusion"]["accuracy"].mean
    1.0
    """
    start = time.perf_counter()
    labels = as_labels(table, y)
    if groups is not None:
        groups = as_labels(table, groups, "groups")
    splits = make_splits(labels, cv, groups, random_state)
    names = _check_scoring(scoring)
    with _stored(estimator) as ready:
        encoded, found = _encode(ready, table)
        singles = single_modalities(ready)
        scores = {
            name: _scores(model, table, labels, splits, names, n_jobs)
            for name, model in _models(ready, singles).items()
        }
    if len(singles) == 1:  # a fusion of one modality is that modality
        alone = next(iter(singles))
        scores = {"fusion": scores["fusion"], alone: scores["fusion"], **scores}
    return Evaluation(
        rows=len(table),
        models=scores,
        encoded_rows=encoded,
        store_hits=found,
        seconds=time.perf_counter() - start,
        folds=len(splits),
        notes=_notes(estimator),
    )


def _check_scoring(scoring: str | Sequence[str]) -> list[str]:
    """Look the metrics up before anything is encoded."""
    names = [scoring] if isinstance(scoring, str) else list(scoring)
    known = get_scorer_names()
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError(
                f"The scoring parameter must hold names of scikit-learn's scorers. Got {name!r}; "
                f"sklearn.metrics.get_scorer_names() lists them.{hint}"
            )
    if not names:
        raise ValueError("The scoring parameter must name at least one metric. Got none.")
    return names


@contextmanager
def _stored(estimator: Any) -> Iterator[Any]:
    """Give every encoder a store, if only for now: else every fold would encode anew."""
    if all(encoder.store is not None for _, encoder, _ in encoders_of(estimator)):
        yield estimator
        return
    # a file that is still open somewhere must not cost the result
    with tempfile.TemporaryDirectory(prefix="hybridsent-", ignore_cleanup_errors=True) as folder:
        yield with_store(estimator, folder)


def _encode(estimator: Any, table: Any) -> tuple[int, int]:
    """Encode every cell, and count those that were encoded and those that were found."""
    encoded = found = 0
    for _, encoder, column in encoders_of(estimator):
        copied = clone(encoder)
        copied.transform(table if column is None else select(table, column))
        encoded += copied.n_encoded_
        found += copied.n_from_store_
    return encoded, found


def _models(estimator: Any, singles: dict[str, Any]) -> dict[str, Any]:
    """Put what is to be compared side by side."""
    extra = singles if len(singles) > 1 else {}
    return {"fusion": estimator, **extra, "dummy": DummyClassifier(strategy="prior")}


def _scores(
    model: Any, table: Any, y: np.ndarray, splits: Splits, names: list[str], n_jobs: int | None
) -> dict[str, Score]:
    tasks = (delayed(_fold)(model, table, y, train, test, names) for train, test in splits)
    share = float(np.mean([len(test) / len(train) for train, test in splits]))
    order = np.concatenate([test for _, test in splits])
    with _absent_classes_accepted(), threadpool_limits(1):
        folds = Parallel(n_jobs=-1 if n_jobs is None else n_jobs, prefer="threads")(tasks)
        guesses = np.concatenate([predicted for _, predicted in folds])
        return {
            name: summarise(
                [scores[name] for scores, _ in folds], share, _pooled(name, guesses, y[order])
            )
            for name in names
        }


def _fold(
    model: Any, table: Any, y: np.ndarray, train: np.ndarray, test: np.ndarray, names: list[str]
) -> tuple[dict[str, float], np.ndarray]:
    fitted = clone(model).fit(_rows(table, train), y[train])
    remembered = Remembered(fitted)
    unseen = _rows(table, test)
    scores = {name: _score(name, remembered, unseen, y[test]) for name in names}
    return scores, np.asarray(remembered.predict(unseen), dtype=y.dtype)


def _score(name: str, fitted: Remembered, table: Any, y: np.ndarray) -> float:
    try:
        return float(get_scorer(name)(fitted, table, y))
    except (AttributeError, ValueError) as error:
        present = np.unique(y).tolist()
        raise ValueError(
            f"The metric {name!r} cannot be computed on a fold of {len(y)} rows of the classes "
            f"{present}: {error}. Leave it out of scoring, or take folds that hold all classes."
        ) from error


def _rows(table: Any, positions: np.ndarray) -> Any:
    return table.iloc[positions] if hasattr(table, "iloc") else np.asarray(table)[positions]


def _pooled(name: str, guesses: np.ndarray, truth: np.ndarray) -> float | None:
    """Score all out-of-fold predictions at once, where labels are enough."""
    try:
        return float(
            get_scorer(name)(Fixed(guesses, np.unique(truth)), np.zeros((len(truth), 1)), truth)
        )
    except (AttributeError, TypeError):  # the scorer wants probabilities
        return None


@contextmanager
def _absent_classes_accepted() -> Iterator[None]:
    """Accept that a fold by speaker lacks a class: its scores are over those that are there."""
    # around all folds, not in each: the filters are global, and threads would restore each other's
    with warnings.catch_warnings():
        for message in ("y_pred contains classes not in y_true", "A single label was found"):
            warnings.filterwarnings("ignore", message=message, category=UserWarning)
        warnings.filterwarnings("ignore", category=UndefinedMetricWarning)
        yield


def _notes(estimator: Any) -> list[str]:
    backbones = [encoder.backbone() for _, encoder, _ in encoders_of(estimator)]
    restricted = sorted({found.name for found in backbones if found.commercial_use is False})
    return [
        f"{name} may not be used commercially without a licence of its makers."
        for name in restricted
    ]
