"""Fit, and score on given folds, for everything that judges (layer L5).

scikit-learn's cross_validate hands groups to a step's own folds only where metadata are routed, and
gives the predictions to nobody.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from threadpoolctl import threadpool_limits

from hybridsent._groups import fit_with_groups
from hybridsent._held import everything
from hybridsent._labels import take_rows
from hybridsent._tags import takes_unlabelled
from hybridsent._threads import in_threads
from hybridsent.encoders import BaseEncoder
from hybridsent.evaluation.fits._fold_warnings import fold_warnings_ignored
from hybridsent.evaluation.fits._progress import told_to_watcher
from hybridsent.evaluation.fits._shelf import fitted_once
from hybridsent.evaluation.measures._draws import LEARNED, Draws, score_and_draws
from hybridsent.evaluation.measures._metrics import Metric
from hybridsent.evaluation.measures._scoring import Remembered, score_all
from hybridsent.evaluation.results._answers import Answers, answers_of
from hybridsent.evaluation.results._result import Score, summarise
from hybridsent.evaluation.rows._columns import picks_columns
from hybridsent.evaluation.rows._labelled import LabeledTable

__all__ = [
    "Folds",
    "Judged",
    "Splits",
    "columns_of_text_named",
    "fit_model",
    "fold_ratio",
    "fresh",
    "judge",
    "reseeded",
    "rows_to_fit",
    "score_and_ask",
    "score_fitted",
]


def fresh(model: Any) -> Any:
    """Clone a model so that another thread may fit the same one.

    Parameters
    ----------
    model : estimator
        Any estimator.

    Returns
    -------
    estimator
        The clone. What a FrozenEstimator holds is shared, but the FrozenEstimator itself, which
        clone would share, too, is not: scikit-learn notes in it who fits.
    """
    own = clone(model)
    frozen = [each for each in everything(own) if isinstance(each, FrozenEstimator)]
    if not frozen:
        return own
    return copy.deepcopy(own, {id(each.estimator): each.estimator for each in frozen})


def fit_model(model: Any, X: Any, y: Any, groups: np.ndarray | None = None) -> Any:
    """Fit a model that belongs to nobody else.

    Parameters
    ----------
    model : estimator
        As `fresh` gives it.
    X : DataFrame or array of n rows
        The rows.
    y : array of shape (n,)
        Labels.
    groups : array of shape (n,) or None, default=None
        Groups, for all in it whose own folds keep them together.

    Returns
    -------
    estimator
        The same one, fitted.

    Raises
    ------
    ValueError
        As `fit` raises it; where texts stand in the way, their columns are named.
    """
    with columns_of_text_named(model, X):
        return fit_with_groups(model, X, y, groups)


@contextmanager
def columns_of_text_named(model: Any, X: Any) -> Iterator[None]:
    """Let an error of texts that a model takes for numbers name their columns."""
    try:
        yield
    except ValueError as error:
        texts = _columns_of_text(model, X)
        if "could not convert" not in str(error) or not texts:
            raise
        raise ValueError(
            f"The model reads all columns of the table, which has columns without numbers: {texts}."
            f" Got {error}; drop what is no feature, or begin with a ColumnTransformer."
        ) from error


def rows_to_fit(model: Any, train: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Leave out the rows without a label where a model would take their mark for a class.

    Parameters
    ----------
    model : estimator
        Any estimator.
    train : ndarray of int
        Positions of rows to fit it on.
    known : ndarray of bool of shape (n,)
        Which rows have a label.

    Returns
    -------
    ndarray of int
        Positions.
    """
    return train if known.all() or takes_unlabelled(model) else train[known[train]]


def _columns_of_text(model: Any, X: Any) -> str:
    if not hasattr(X, "dtypes") or picks_columns(model):
        return ""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    texts = [n for n in X.columns if not (is_numeric_dtype(X[n]) or is_bool_dtype(X[n]))]
    return ", ".join(repr(name) for name in texts[:10])


Splits = Sequence[tuple[np.ndarray, np.ndarray]]


class Judged(NamedTuple):
    """What judging gives of one model.

    Parameters
    ----------
    scores : dict of str to Score
        By metric.
    answers : list of Answers
        About the test rows of each fold, in order of the folds.
    costs : dict of str to float
        ``"fit_seconds"`` and ``"predict_seconds"``, added up over the folds.
    draws : dict of str to Draws or None
        By metric, the score without each unit, where that is known.
    """

    scores: dict[str, Score]
    answers: list[Answers]
    costs: dict[str, float]
    draws: dict[str, Draws | None]


class Folds(NamedTuple):
    """Folds on which models are judged, each with its seed.

    Parameters
    ----------
    splits : list of (ndarray, ndarray)
        Training and test positions; those of one seed stand together.
    seeds : list of int
        Number of the repetition that each fold belongs to, from 0 on.
    """

    splits: list[tuple[np.ndarray, np.ndarray]]
    seeds: list[int]

    @property
    def learned(self) -> float:
        """Variance that comes from the rows that were learned from, beside that of tested ones.

        Returns
        -------
        float
            0 where one split judged, whose training rows were never others.
        """
        first = self.splits[0]
        fixed = all(all(map(np.array_equal, first, split)) for split in self.splits)
        return 0.0 if fixed else LEARNED


def judge(
    models: Mapping[str, tuple[Any, Any]],
    rows: LabeledTable,
    folds: Folds,
    metrics: Sequence[Metric],
    n_jobs: int | None,
    shown: Callable[[Iterable[Any], Sequence[str]], Iterable[Any]] | None = None,
) -> dict[str, Judged]:
    """Fit models on all folds, in one pool of threads, and score them by each metric.

    Parameters
    ----------
    models : mapping of str to (estimator, DataFrame or array)
        Unfitted models, and the rows as each reads them.
    rows : LabeledTable
        The rows, with labels and groups.
    folds : Folds
        Where to learn and where to test.
    metrics : sequence of Metric
        What to measure.
    n_jobs : int or None
        Fits at once; None and -1 are as many as there are cores.
    shown : callable or None, default=None
        Given the outcomes as they come and the name of the model of each, passes them on; such as a
        progress bar.

    Returns
    -------
    dict of str to Judged
        By the names of the models.
    """
    classes = rows.labels
    # fold by fold: what a model costs is known after its first fold
    calls = [
        (reseeded(model, seed), X, rows, rows_to_fit(model, train, rows.known), test, i == 0)
        for (train, test), seed in zip(folds.splits, folds.seeds, strict=True)
        for i, (model, X) in enumerate(models.values())
    ]
    names = list(models) * len(folds.splits)
    with threadpool_limits(1):
        outcomes = in_threads(
            _fold, [(*call, metrics, classes) for call in calls], n_jobs, one_by_one=True
        )
        outcomes = told_to_watcher(outcomes, len(calls))
        told = list(outcomes if shown is None else shown(outcomes, names))
        parts = {name: told[i :: len(models)] for i, name in enumerate(models)}
        return {
            name: _summed_up(model, outcomes_of_it, rows, folds, metrics)
            for (name, (model, _)), outcomes_of_it in zip(
                models.items(), parts.values(), strict=True
            )
        }


class _Outcome(NamedTuple):
    """Scores and answers of one fit; `asked` holds only what the metrics have asked for."""

    scores: dict[str, float]
    asked: Answers
    answers: Answers
    fit_seconds: float
    predict_seconds: float


def _summed_up(
    model: Any,
    outcomes: Sequence[_Outcome],
    rows: LabeledTable,
    folds: Folds,
    metrics: Sequence[Metric],
) -> Judged:
    splits = [(rows_to_fit(model, train, rows.known), test) for train, test in folds.splits]
    asked = [each.asked for each in outcomes]
    by_name = {metric.name: metric for metric in metrics}
    scores = {name: [each.scores[name] for each in outcomes] for name in outcomes[0].scores}
    found: dict[str, Score] = {}
    draws: dict[str, Draws | None] = {}
    for name, each in scores.items():
        if name not in by_name:
            found[name], draws[name] = summarise(each, fold_ratio(splits)), None
            continue
        found[name], draws[name] = score_and_draws(
            by_name[name],
            each,
            splits,
            rows.y,
            asked,
            rows.groups,
            seeds=folds.seeds,
            numbers=rows.kind == "numbers",
            learned=folds.learned,
        )
    costs = {
        "fit_seconds": sum(each.fit_seconds for each in outcomes),
        "predict_seconds": sum(each.predict_seconds for each in outcomes),
    }
    return Judged(found, [each.answers for each in outcomes], costs, draws)


@fold_warnings_ignored()
def _fold(
    model: Any,
    table: Any,
    rows: LabeledTable,
    train: np.ndarray,
    test: np.ndarray,
    keep: bool,
    metrics: Sequence[Metric],
    classes: np.ndarray | None,
) -> _Outcome:
    kept = None if rows.groups is None else rows.groups[train]
    start = time.perf_counter()
    fitted = fitted_once(
        lambda: fit_model(fresh(model), take_rows(table, train), rows.y[train], kept),
        model,
        table,
        train,
        rows.y[train],
        kept,
        keep=keep,
    )
    learned = time.perf_counter()
    told = score_and_ask(fitted, take_rows(table, test), rows.y[test], metrics, classes)
    scores, asked, answers = told
    return _Outcome(scores, asked, answers, learned - start, time.perf_counter() - learned)


def reseeded(model: Any, step: int) -> Any:
    """Give a model other seeds, for another repetition.

    Parameters
    ----------
    model : estimator
        Any estimator.
    step : int
        What is added to each ``random_state`` in it that is a whole number; 0 changes nothing.

    Returns
    -------
    estimator
        An unfitted clone; the model itself where nothing changes. Encoders and what is frozen keep
        theirs, because what they give is not learned here.

    Examples
    --------
    >>> from sklearn.linear_model import SGDClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from hybridsent.evaluation.fits._fits import reseeded
    >>> reseeded(make_pipeline(SGDClassifier(random_state=3)), 2)[0].random_state
    5
    """
    if not step or not hasattr(model, "get_params"):
        return model
    params = model.get_params(deep=True)
    fixed = [
        f"{name}__" for name, v in params.items() if isinstance(v, BaseEncoder | FrozenEstimator)
    ]
    changed = {
        name: value + step
        for name, value in params.items()
        if name.rpartition("__")[2] == "random_state"
        and isinstance(value, Integral)
        and not any(name.startswith(each) for each in fixed)
    }
    return clone(model).set_params(**changed) if changed else model


def score_fitted(
    fitted: Any, table: Any, y: np.ndarray, metrics: Sequence[Metric]
) -> tuple[dict[str, float], Answers]:
    """Score a fitted model by each metric, and give its answers."""
    n_labels = y.shape[1] if y.ndim == 2 else None
    return _score_remembered(Remembered(fitted, n_labels), table, y, metrics)


def score_and_ask(
    fitted: Any, table: Any, y: np.ndarray, metrics: Sequence[Metric], classes: np.ndarray | None
) -> tuple[dict[str, float], Answers, Answers]:
    """Score a fitted model, and give what the metrics asked for and all that it answers."""
    sets = y.ndim == 2
    remembered = Remembered(fitted, y.shape[1] if sets else None)
    scores, asked = _score_remembered(remembered, table, y, metrics)
    return scores, asked, answers_of(remembered, table, classes, sets=sets)


def _score_remembered(
    remembered: Remembered, table: Any, y: np.ndarray, metrics: Sequence[Metric]
) -> tuple[dict[str, float], Answers]:
    scores = score_all(metrics, remembered, table, y)
    guesses = np.asarray(remembered.predict(table))
    is_number = guesses.dtype.kind == "f" and y.dtype.kind in "iu"  # of a regressor
    labels = guesses if is_number else guesses.astype(y.dtype)
    return scores, Answers(labels, remembered.probabilities())


def fold_ratio(splits: Splits) -> float:
    """Test rows over training rows, on average."""
    return float(np.mean([len(test) / len(train) for train, test in splits]))
