"""Scores of the same rows drawn again and again, thousands of draws at once (layer L5).

scipy.stats.bootstrap calls a statistic once a draw, and scikit-learn's metrics take one set of rows
and check it each time: 4,000 draws take half a minute. A draw is here how often it took each row;
counts of (label, answer), sums of losses and ranks then are products of matrices. Any other metric
is computed draw by draw, which is the oracle of those.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hybridsent.evaluation._bins import SCHEMES, column_of_numbers
from hybridsent.evaluation._fold_warnings import fold_warnings_ignored
from hybridsent.evaluation._intervals import jackknife, units_of, without_each
from hybridsent.evaluation._metrics import (
    Metric,
    Replayed,
    ends_of,
    is_pooled,
    metrics_of,
    pooled,
    score_all,
)
from hybridsent.evaluation._out_of_fold import Answers, OutOfFold
from hybridsent.evaluation._result import Score, summarise
from hybridsent.evaluation.metrics import DEFINITIONS

__all__ = [
    "LEARNED",
    "Draws",
    "drawn_out_of_fold",
    "folds_out_of_fold",
    "score_and_draws",
    "score_answers",
    "score_draws",
    "scores_of_draws",
    "without_each",
    "without_levels",
]

_CELLS = 5_000_000  # numbers that are held at once: 40 MB
_KINDS = ("precision", "recall", "f1", "jaccard")


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


def scores_of_draws(
    metric: str | None,
    truth: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray | None,
    counts: np.ndarray,
    classes: np.ndarray | None,
) -> np.ndarray | None:
    """Score each draw.

    Parameters
    ----------
    metric : str or None
        Name of a scorer of scikit-learn, or of a metric of `metrics`; None for one that has none.
    truth, labels : ndarray of shape (n,)
        Labels and answers.
    probabilities : ndarray of shape (n, n_classes) or None
        In the order of the classes.
    counts : ndarray of int of shape (n_draws, n)
        How often each draw took each row.
    classes : ndarray or None
        All labels there are, sorted; None for a regression.

    Returns
    -------
    ndarray of shape (n_draws,) or None
        The scores, NaN where a draw lacks a class that the metric needs; None for a metric that is
        not known here.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.evaluation._draws import scores_of_draws
    >>> truth, labels = np.array([0, 1, 1]), np.array([0, 1, 0])
    >>> counts = np.array([[1, 1, 1], [0, 3, 0]])
    >>> scores_of_draws("accuracy", truth, labels, None, counts, np.array([0, 1])).round(2)
    array([0.67, 1.  ])
    """
    found = _chosen(metric, truth, labels, probabilities, classes)
    if found is None:
        return None
    step = max(1, _CELLS // max(1, len(truth)))
    parts = [found(counts[i : i + step]) for i in range(0, len(counts), step)]
    return np.concatenate(parts) if parts else np.zeros(0)


def _chosen(
    metric: str | None,
    truth: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray | None,
    classes: np.ndarray | None,
) -> Callable[[np.ndarray], np.ndarray] | None:
    if metric is None:
        return None
    if metric in DEFINITIONS:
        return _of_definition(metric, truth, labels)
    if classes is None:
        return _of_errors(metric, truth, labels)
    if truth.ndim == 2:
        return _of_sets(metric, np.asarray(truth, bool), np.asarray(labels, bool))
    code = {label: i for i, label in enumerate(classes.tolist())}
    t = np.array([code[each] for each in truth.tolist()])
    if metric in ("neg_log_loss", "roc_auc", "roc_auc_ovr", "roc_auc_ovr_weighted"):
        return None if probabilities is None else _of_probabilities(metric, t, probabilities)
    kind, _, average = metric.partition("_")
    counted = metric in ("accuracy", "balanced_accuracy", "matthews_corrcoef") or (
        kind in _KINDS
        and (average in ("macro", "micro", "weighted") or (not average and _is_0_1(classes)))
    )
    if not counted:
        return None
    a = np.array([code[each] for each in labels.tolist()])
    return lambda counts: _of_counts(metric, _confusions(t, a, counts, len(code)))


def _is_0_1(classes: np.ndarray) -> bool:
    """Tell whether scikit-learn's positive class, 1, is the second of two."""
    return classes.dtype.kind in "iufb" and classes.tolist() == [0, 1]


def _confusions(t: np.ndarray, a: np.ndarray, counts: np.ndarray, k: int) -> np.ndarray:
    """Count (label, answer) in each draw: (n_draws, n_classes, n_classes)."""
    used, where = np.unique(t * k + a, return_inverse=True)
    hot = np.zeros((len(t), len(used)))
    hot[np.arange(len(t)), where] = 1
    found = np.zeros((len(counts), k * k))
    found[:, used] = counts.astype(np.float64) @ hot
    return found.reshape(len(counts), k, k)


def _of_counts(metric: str, C: np.ndarray) -> np.ndarray:
    """Metrics of labels from counts, with scikit-learn's rules for classes that are not there."""
    hits = np.einsum("bii->bi", C)
    actual, said = C.sum(axis=2), C.sum(axis=1)
    total = actual.sum(axis=1)
    if metric == "accuracy":
        return np.asarray(hits.sum(axis=1) / total)
    if metric == "balanced_accuracy":
        return np.asarray(_ratio(hits, actual).sum(axis=1) / (actual > 0).sum(axis=1))
    if metric == "matthews_corrcoef":
        return _correlation(hits, actual, said, total)
    kind, _, average = metric.partition("_")
    if average == "micro":
        right = hits.sum(axis=1)
        return np.asarray(right / (2 * total - right if kind == "jaccard" else total))
    both = actual + said
    each = {
        "precision": lambda: _ratio(hits, said),
        "recall": lambda: _ratio(hits, actual),
        "f1": lambda: _ratio(2 * hits, both),
        "jaccard": lambda: _ratio(hits, both - hits),
    }[kind]()
    if average == "macro":
        return np.asarray(each.sum(axis=1) / (both > 0).sum(axis=1))
    if average == "weighted":
        return np.asarray((each * actual).sum(axis=1) / total)
    return np.asarray(each[:, 1])


def _of_definition(
    metric: str, truth: np.ndarray, labels: np.ndarray
) -> Callable[[np.ndarray], np.ndarray] | None:
    """Metrics of the field's papers: of bins of numbers, and correlations."""
    told = DEFINITIONS[metric]
    if told.then is None or told.scheme is None:
        return _of_moments(metric, truth, labels) if metric in _OF_MOMENTS else None
    scheme, then = SCHEMES[told.scheme], told.then
    values = column_of_numbers("y_true", truth)
    t, a = scheme.code(values), scheme.code(column_of_numbers("y_pred", labels))
    kept = values != 0 if scheme.without_0 else np.ones(len(t), dtype=bool)

    def found(counts: np.ndarray) -> np.ndarray:
        C = _confusions(t, a, counts * kept, len(scheme.names))
        some = C.sum(axis=(1, 2)) > 0
        scores = np.full(len(C), np.nan)
        scores[some] = _of_counts(then, C[some])
        return scores

    return found


_OF_MOMENTS = ("pearson", "ccc")


def _of_moments(
    metric: str, truth: np.ndarray, labels: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    t, a = np.asarray(truth, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    apart = float(a.mean() - t.mean())
    t, a = t - t.mean(), a - a.mean()
    least = [1e-14 * float(np.max(each**2, initial=0.0)) for each in (t, a)]

    def found(counts: np.ndarray) -> np.ndarray:
        n = counts.sum(axis=1)
        mt, ma, tt, aa, ta = (counts @ each / n for each in (t, a, t * t, a * a, t * a))
        vt, va, together = tt - mt * mt, aa - ma * ma, ta - mt * ma
        vt[vt <= least[0]] = 0.0  # one value alone
        together[va <= least[1]] = va[va <= least[1]] = 0.0
        if metric == "ccc":
            below = vt + va + (ma - mt + apart) ** 2
            return _or_nan(2 * together, below)
        scores = _or_nan(together, np.sqrt(vt * va))
        return np.where(va > 0, np.clip(scores, -1, 1), 0.0)

    return found


def _or_nan(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.asarray(np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0))


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
    if metric.known not in _OF_MOMENTS or labels.dtype.kind not in "iuf":
        return labels
    if not all(np.all(labels[rows] == labels[rows[0]]) for rows in parts if len(rows)):
        return labels
    return np.full(len(labels), labels.mean())


_BY_SAMPLE: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]] = {
    "precision": lambda both, told, said: _ratio(both, said),
    "recall": lambda both, told, said: _ratio(both, told),
    "f1": lambda both, told, said: _ratio(2 * both, told + said),
    "jaccard": lambda both, told, said: _ratio(both, told + said - both),
}
"""Of counts of labels that are right, that are true, and that are told."""


def _of_sets(
    metric: str, truth: np.ndarray, labels: np.ndarray
) -> Callable[[np.ndarray], np.ndarray] | None:
    """Metrics of sets of labels: averages over labels, over all (row, label), or over rows."""
    right = (truth & labels).astype(np.float64)
    there, told = truth.astype(np.float64), labels.astype(np.float64)
    kind, _, average = metric.partition("_")
    if metric == "accuracy":
        exact = (truth == labels).all(axis=1).astype(np.float64)
        return lambda counts: np.asarray(counts @ exact / counts.sum(axis=1))
    if kind not in _BY_SAMPLE or average not in ("macro", "micro", "weighted", "samples"):
        return None
    score = _BY_SAMPLE[kind]
    if average == "samples":
        each = score(right.sum(axis=1), there.sum(axis=1), told.sum(axis=1))
        return lambda counts: np.asarray(counts @ each / counts.sum(axis=1))

    def of_labels(counts: np.ndarray) -> np.ndarray:
        sums = [np.asarray(counts @ each) for each in (right, there, told)]
        if average == "micro":
            return score(*(each.sum(axis=1) for each in sums))
        if average == "macro":
            return np.asarray(score(*sums).mean(axis=1))
        return _ratio((score(*sums) * sums[1]).sum(axis=1), sums[1].sum(axis=1))

    return of_labels


def _correlation(
    hits: np.ndarray, actual: np.ndarray, said: np.ndarray, total: np.ndarray
) -> np.ndarray:
    together = hits.sum(axis=1) * total - (actual * said).sum(axis=1)
    spread = (total**2 - (said**2).sum(axis=1)) * (total**2 - (actual**2).sum(axis=1))
    return _ratio(together, np.sqrt(spread))


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.asarray(np.divide(above, below, out=np.zeros_like(above), where=below > 0))


def _of_probabilities(
    metric: str, t: np.ndarray, probabilities: np.ndarray
) -> Callable[[np.ndarray], np.ndarray] | None:
    k = probabilities.shape[1]
    if metric == "neg_log_loss":
        p = np.asarray(probabilities, dtype=np.float64)
        if k == 2:  # scikit-learn reads the second column alone
            p = np.column_stack([1 - p[:, 1], p[:, 1]])
        eps = np.finfo(np.float64).eps
        loss = -np.log(np.clip(p[np.arange(len(t)), t], eps, 1 - eps))
        return lambda counts: _where_all(t, k, counts, -(counts @ loss) / counts.sum(axis=1))
    if metric == "roc_auc" and k != 2:
        return None
    columns = [1] if k == 2 else list(range(k))

    def areas(counts: np.ndarray) -> np.ndarray:
        each = np.column_stack([_area(probabilities[:, c], t == c, counts) for c in columns])
        weights = np.column_stack([counts[:, t == c].sum(axis=1) for c in columns])
        if metric != "roc_auc_ovr_weighted" or k == 2:
            weights = np.ones_like(weights)
        mean = (each * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1)
        return _where_all(t, k, counts, mean)

    return areas


def _where_all(t: np.ndarray, k: int, counts: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Leave a draw out that lacks one of the classes."""
    there = np.all([counts[:, t == c].sum(axis=1) > 0 for c in range(k)], axis=0)
    return np.where(there, scores, np.nan)


def _area(score: np.ndarray, positive: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Area under the curve: how often a positive stands above a negative, ties half."""
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(np.diff(score[order], prepend=np.nan) != 0)
    taken = counts[:, order].astype(np.float64)
    above = np.add.reduceat(taken * positive[order], starts, axis=1)
    below = np.add.reduceat(taken * ~positive[order], starts, axis=1)
    lower = np.cumsum(below, axis=1) - below / 2
    pairs = above.sum(axis=1) * below.sum(axis=1)
    return _ratio((above * lower).sum(axis=1), pairs)


def _of_errors(
    metric: str, truth: np.ndarray, answers: np.ndarray
) -> Callable[[np.ndarray], np.ndarray] | None:
    error = np.asarray(truth, dtype=np.float64) - np.asarray(answers, dtype=np.float64)
    squared = error**2
    centred = truth - np.mean(truth)

    def mean(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
        return np.asarray((counts @ values) / counts.sum(axis=1))

    def explained(counts: np.ndarray) -> np.ndarray:
        spread = mean(centred**2, counts) - mean(centred, counts) ** 2
        spread[spread <= 1e-14 * np.max(centred**2, initial=0.0)] = 0.0  # one value alone
        left = mean(squared, counts)
        return np.where(spread > 0, 1 - left / np.where(spread > 0, spread, 1), 1.0 * (left == 0))

    known: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "neg_mean_squared_error": lambda counts: -mean(squared, counts),
        "neg_root_mean_squared_error": lambda counts: -np.sqrt(mean(squared, counts)),
        "neg_mean_absolute_error": lambda counts: -mean(np.abs(error), counts),
        "r2": explained,
    }
    return known.get(metric)


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
