"""Scores of the same rows drawn again and again, thousands of draws at once (layer L5).

scipy.stats.bootstrap calls a statistic once a draw, and scikit-learn's metrics take one set of rows
and check it each time: 4,000 draws take half a minute. A draw is here how often it took each row;
counts of (label, answer), sums of losses and ranks then are products of matrices. Any other metric
is computed draw by draw in `_draws`, which is the oracle of those.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hybridsent.evaluation.measures._bins import SCHEMES, column_of_numbers
from hybridsent.evaluation.metrics import DEFINITIONS

__all__ = ["OF_MOMENTS", "scores_of_draws"]

_CELLS = 5_000_000  # numbers that are held at once: 40 MB
_KINDS = ("precision", "recall", "f1", "jaccard")


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
    >>> from hybridsent.evaluation.measures._weighted_scores import scores_of_draws
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
        return _of_moments(metric, truth, labels) if metric in OF_MOMENTS else None
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


OF_MOMENTS = ("pearson", "ccc")


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
