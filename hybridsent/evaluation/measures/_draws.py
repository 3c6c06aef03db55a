"""Scores without each unit in turn: what intervals and comparisons are made of (layer L5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hybridsent.evaluation.fits._fold_warnings import fold_warnings_ignored
from hybridsent.evaluation.measures._intervals import jackknife, units_of, without_each
from hybridsent.evaluation.measures._metrics import Metric, ends_of, is_pooled, metrics_of
from hybridsent.evaluation.measures._scoring import Replayed, pooled, score_all
from hybridsent.evaluation.measures._weighted_scores import OF_MOMENTS, scores_of_draws
from hybridsent.evaluation.results._answers import Answers
from hybridsent.evaluation.results._out_of_fold import OutOfFold
from hybridsent.evaluation.results._result import Score, summarise

__all__ = [
    "LEARNED",
    "Draws",
    "drawn_out_of_fold",
    "folds_out_of_fold",
    "score_and_draws",
    "score_answers",
    "score_draws",
    "without_levels",
]


@dataclass(frozen=True)
class Draws:
    """A score of all rows, and of the rows that each draw of the bootstrap took.

    Parameters
    ----------
    value : float
        Of all rows.
    drawn : ndarray of shape (n_draws,)
        Of each draw; NaN where the metric is not defined.
    """

    value: float
    drawn: np.ndarray


def score_draws(
    metric: str | Metric,
    truth: np.ndarray,
    answers: Answers,
    counts: np.ndarray,
    classes: np.ndarray | None,
    who: str = "the estimator",
) -> Draws:
    """Score all rows, and the rows of each draw.

    Parameters
    ----------
    metric : str or Metric
        What is measured.
    truth : ndarray of shape (n,)
        Labels.
    answers : Answers
        What a model says.
    counts : ndarray of shape (n_draws, n)
        How often each draw took each row.
    classes : ndarray or None
        All labels there are; None for a regression.
    who : str, default="the estimator"
        Whose answers these are, for messages.

    Returns
    -------
    Draws
        The scores.

    Raises
    ------
    ValueError
        If the metric needs probabilities that are not there, or cannot be computed on all rows.
    """
    what = metrics_of(metric)[0] if isinstance(metric, str) else metric
    replayed = Replayed(answers.labels, answers.probabilities, classes)
    value = _of_all(what, replayed, truth, who)
    drawn = scores_of_draws(
        what.known, truth, answers.labels, answers.probabilities, counts, classes
    )
    if drawn is not None:
        return Draws(value, what.sign * drawn)
    rows = np.arange(len(truth))
    one_by_one = [_of_drawn(what, replayed, truth, np.repeat(rows, taken)) for taken in counts]
    return Draws(value, np.array(one_by_one))


def score_answers(
    metric: Metric,
    folds: Sequence[float],
    splits: Sequence[tuple[np.ndarray, np.ndarray]],
    truth: np.ndarray,
    answers: Sequence[Answers],
    groups: np.ndarray | None,
    **options: Any,
) -> Score:
    """Make a score of the answers of each fold, with an interval over groups or rows.

    Parameters
    ----------
    metric : Metric
        What is measured.
    folds : sequence of float
        What the metric gave in each fold.
    splits : sequence of (ndarray, ndarray)
        Training and test positions.
    truth : ndarray of shape (n,)
        Labels of all rows.
    answers : sequence of Answers
        What the model of each fold says about its test rows.
    groups : ndarray of shape (n,) or None
        Groups of all rows.
    **options : object
        As `score_and_draws` takes them.

    Returns
    -------
    Score
        As `score_and_draws` gives it.
    """
    return score_and_draws(metric, folds, splits, truth, answers, groups, **options)[0]


@fold_warnings_ignored()
def score_and_draws(
    metric: Metric,
    folds: Sequence[float],
    splits: Sequence[tuple[np.ndarray, np.ndarray]],
    truth: np.ndarray,
    answers: Sequence[Answers],
    groups: np.ndarray | None,
    *,
    seeds: Sequence[int] | None = None,
    numbers: bool = False,
    learned: float | None = None,
) -> tuple[Score, Draws | None]:
    """Make a score of the answers of each fold, with an interval over groups or rows.

    Parameters
    ----------
    metric : Metric
        What is measured.
    folds : sequence of float
        What the metric gave in each fold.
    splits : sequence of (ndarray, ndarray)
        Training and test positions.
    truth : ndarray of shape (n,)
        Labels of all rows.
    answers : sequence of Answers
        What the model of each fold says about its test rows.
    groups : ndarray of shape (n,) or None
        Groups of all rows.
    seeds : sequence of int or None, default=None
        Which repetition each fold is of; None is one repetition. A row that is tested in several
        repetitions is one row: what is left out in turn is left out of all of them.
    numbers : bool, default=False
        Whether labels are numbers of a regression.
    learned : float or None, default=None
        Variance that comes from the rows that were learned from, beside that of the tested ones;
        None is `LEARNED`, and 0 is for one fixed fit, whose training rows are not asked about.

    Returns
    -------
    score : Score
        The mean over folds, or the pooled score where `is_pooled` says so and labels are enough;
        of several repetitions the mean of their pooled scores.
    draws : Draws or None
        What it is without each unit, by which it is compared in pairs; None where that is not
        known.
    """
    share = float(np.mean([len(test) / len(train) for train, test in splits]))
    again = _repetitions(metric, [test for _, test in splits], answers, seeds)
    each_whole = [pooled(metric, said.labels, truth[rows]) for rows, said in again]
    known = [value for value in each_whole if value is not None]
    whole = float(np.mean(known)) if len(known) == len(again) else None
    of = "rows" if whole is not None and is_pooled(metric) else "folds"
    tested = np.unique(np.concatenate([rows for rows, _ in again]))
    spread = left = None
    if not metric.own and (of == "rows" or all(np.isfinite(folds))):
        units = np.full(len(truth), -1)
        units[tested] = units_of(len(tested), None if groups is None else groups[tested])
        of_folds = [(test, said) for (_, test), said in zip(splits, answers, strict=True)]
        parts = again if of == "rows" else of_folds
        left = _without_units(metric, truth, parts, units, numbers=numbers)
        more = LEARNED if learned is None else learned
        spread = None if left is None else jackknife(left.drawn, len(tested), learned=more)
    score = summarise(
        folds,
        share,
        whole,
        of=of,
        spread=spread,
        ends=ends_of(metric),
        rows=len(tested),
        sign=metric.sign,
    )
    return score, left


def _repetitions(
    metric: Metric,
    tests: Sequence[np.ndarray],
    answers: Sequence[Answers],
    seeds: Sequence[int] | None,
) -> list[tuple[np.ndarray, Answers]]:
    """Put the rows and labels of the folds of each repetition together."""
    told = [0] * len(tests) if seeds is None else list(seeds)
    found = []
    for seed in dict.fromkeys(told):
        these = [k for k, each in enumerate(told) if each == seed]
        ends = np.cumsum([len(tests[k]) for k in these])
        labels = np.concatenate([answers[k].labels for k in these])
        labels = without_levels(metric, labels, np.split(np.arange(len(labels)), ends[:-1]))
        found.append((np.concatenate([tests[k] for k in these]), Answers(labels, None)))
    return found


LEARNED = 0.4
"""Variance that comes from the rows that models have learned from, in shares of that from the rows
they were tested on. With it the intervals of `evaluate` cover as often as they say
(benchmarks/coverage.py); Nadeau and Bengio's 1.25 for five folds is on the careful side."""


def _without_units(
    metric: Metric,
    truth: np.ndarray,
    parts: list[tuple[np.ndarray, Answers]],
    units: np.ndarray,
    classes: np.ndarray | None = None,
    *,
    numbers: bool = False,
) -> Draws | None:
    """Average a metric over parts of the rows, without each unit; None where it cannot be told."""
    there = classes
    if there is None and truth.ndim == 2:
        there = np.arange(truth.shape[1])
    elif there is None:
        there = np.unique(truth[np.concatenate([rows for rows, _ in parts])])
    told = truth.ndim == 2 or all(np.isin(each.labels, there).all() for _, each in parts)
    known = there if told and not numbers else None  # of a regressor
    found = np.full((int(units.max()) + 1, len(parts)), np.nan)
    whole = np.zeros(len(parts))
    for k, (rows, answers) in enumerate(parts):
        these, code = np.unique(units[rows], return_inverse=True)
        counts = without_each(code) if len(these) > 1 else np.ones((1, len(rows)), dtype=np.int32)
        p = answers.probabilities
        if p is not None and (known is None or p.shape[1] != len(known)):
            answers = Answers(answers.labels, None)  # a fold that lacks a class
        try:
            draws = score_draws(metric, truth[rows], answers, counts, known)
        except (AttributeError, TypeError, ValueError):  # the metric wants more than is kept
            return None
        whole[k] = draws.value
        found[:, k] = draws.value
        found[these, k] = draws.drawn if len(these) > 1 else np.nan
    if len(found) == 1:  # nothing is left without the only unit
        return Draws(float(whole.mean()), np.full(1, np.nan))
    defined = ~np.isnan(found)
    if not defined.any(axis=1).all():
        return None
    drawn = np.asarray(np.where(defined, found, 0).sum(axis=1) / defined.sum(axis=1))
    return Draws(float(whole.mean()), drawn)


@fold_warnings_ignored()
def drawn_out_of_fold(
    metric: Metric, kept: OutOfFold, model: str, units: np.ndarray
) -> Draws | None:
    """Score the answers of a model as `evaluate` does, and without each unit.

    Parameters
    ----------
    metric : Metric
        What is measured.
    kept : OutOfFold
        Answers about m rows, a row once for each seed.
    model : str
        Whose answers are scored.
    units : ndarray of int of shape (m,)
        Unit of each of them, from 0 on.

    Returns
    -------
    Draws or None
        The mean over folds, or over seeds where `is_pooled` says that rows are scored together;
        None for a metric of the user's own, and where it wants more than is kept.
    """
    if metric.own:
        return None
    said = kept.of(model)
    one = kept.seed == kept.seed[0]
    if is_pooled(metric) and pooled(metric, said.labels[one], kept.truth[one]) is not None:
        labels = without_levels(metric, said.labels, _rows_of(kept.seed, kept.fold))
        parts = [(rows, Answers(labels[rows], None)) for rows in _rows_of(kept.seed)]
    else:
        p = said.probabilities
        parts = [
            (rows, Answers(said.labels[rows], None if p is None else p[rows]))
            for rows in _rows_of(kept.seed, kept.fold)
        ]
    numbers = kept.target == "numbers"
    return _without_units(metric, kept.truth, parts, units, kept.classes, numbers=numbers)


@fold_warnings_ignored()
def folds_out_of_fold(metric: Metric, kept: OutOfFold, model: str) -> list[float] | None:
    """Score the answers of a model in each fold of each seed.

    Parameters
    ----------
    metric : Metric
        What is measured.
    kept : OutOfFold
        Answers.
    model : str
        Whose answers are scored.

    Returns
    -------
    list of float or None
        By seed, then fold; None for a metric of the user's own, and where it wants more than is
        kept.
    """
    if metric.own:
        return None
    said = kept.of(model)
    classes = None if kept.target == "numbers" else kept.classes
    replayed = Replayed(said.labels, said.probabilities, classes)
    try:
        return [
            _replay(metric, replayed, kept.truth, rows) for rows in _rows_of(kept.seed, kept.fold)
        ]
    except (AttributeError, TypeError, ValueError):  # the metric wants more than is kept
        return None


def _rows_of(*keys: np.ndarray) -> list[np.ndarray]:
    """Give the rows of each seed, or of each fold of each seed."""
    code = np.unique(np.column_stack(keys), axis=0, return_inverse=True)[1].ravel()
    return [np.flatnonzero(code == k) for k in range(int(code.max()) + 1)]


def without_levels(metric: Metric, labels: np.ndarray, parts: Sequence[np.ndarray]) -> np.ndarray:
    """Take the differences between folds out of a model that says one thing of each fold.

    What the mean of the training rows predicts is high where the test rows are low: over all rows
    together such a model, which tells no two rows of a fold apart, would correlate below 0.

    Parameters
    ----------
    metric : Metric
        What is measured; of others than correlations of numbers, nothing is changed.
    labels : ndarray of shape (m,)
        Predictions.
    parts : sequence of ndarray of int
        Rows of each fold.

    Returns
    -------
    ndarray of shape (m,)
        The same, or their mean.
    """
    if metric.known not in OF_MOMENTS or labels.dtype.kind not in "iuf":
        return labels
    if not all(np.all(labels[rows] == labels[rows[0]]) for rows in parts if len(rows)):
        return labels
    return np.full(len(labels), labels.mean())


def _of_all(metric: Metric, replayed: Replayed, truth: np.ndarray, who: str) -> float:
    rows = np.arange(len(truth))
    try:
        return _replay(metric, replayed, truth, rows)
    except (AttributeError, ValueError) as error:
        if isinstance(error.__cause__, AttributeError) and replayed.probabilities is None:
            raise ValueError(
                f"The metric {metric.name!r} needs probabilities. Got {who}, which has no "
                "predict_proba; put sklearn.calibration.CalibratedClassifierCV around a classifier "
                "without them, or choose another scoring."
            ) from error
        raise ValueError(
            f"The metric {metric.name!r} cannot be computed on {len(rows)} rows of the target: "
            f"{error.__cause__ or error}. Choose another scoring."
        ) from error


def _of_drawn(metric: Metric, replayed: Replayed, truth: np.ndarray, rows: np.ndarray) -> float:
    if metric.known == "average_precision" and len(np.unique(truth[rows])) < len(np.unique(truth)):
        return float("nan")  # scikit-learn says 0 and warns
    try:
        return _replay(metric, replayed, truth, rows)
    except (AttributeError, ValueError):  # a draw without one of the classes
        return float("nan")


def _replay(metric: Metric, replayed: Replayed, truth: np.ndarray, rows: np.ndarray) -> float:
    scores = score_all([metric], replayed, rows[:, None], truth[rows])
    if list(scores) != [metric.name]:
        raise ValueError(f"it must give one number, and gives {list(scores)}")
    return scores[metric.name]
