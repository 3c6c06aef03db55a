"""Scores of the same rows drawn again and again (layer L5).

scipy.stats.bootstrap calls a statistic once a draw; for metrics of labels the counts of (label,
answer) are enough, and those of all draws are one product of matrices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import get_scorer

from hybridsent.evaluation._responses import Replayed

__all__ = ["Answers", "Draws", "draw_rows", "interval_of", "score_draws"]

_OF_COUNTS = ("accuracy", "balanced_accuracy", "f1_macro", "f1_micro", "f1_weighted")


@dataclass(frozen=True)
class Answers:
    """What a model says about each row of a target.

    Parameters
    ----------
    labels : ndarray of shape (n,)
        Predictions.
    probabilities : ndarray of shape (n, n_classes) or None
        In the order of all labels there are; None for models that have none.
    """

    labels: np.ndarray
    probabilities: np.ndarray | None


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


def draw_rows(n: int, groups: np.ndarray | None, n_draws: int, seed: list[int]) -> np.ndarray:
    """Draw rows with replacement; with groups, whole groups.

    Parameters
    ----------
    n : int
        Rows.
    groups : ndarray of shape (n,) or None
        Group of each row.
    n_draws : int
        Draws.
    seed : list of int
        Seed.

    Returns
    -------
    ndarray of int32 of shape (n_draws, n)
        How often each draw took each row.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.evaluation._resampled import draw_rows
    >>> draw_rows(4, np.array([0, 0, 1, 1]), 100, [0]).sum(axis=1).tolist() == [4] * 100
    True
    """
    rng = np.random.default_rng(seed)
    codes = np.arange(n) if groups is None else np.unique(groups, return_inverse=True)[1]
    units = int(codes.max()) + 1
    taken = rng.multinomial(units, np.full(units, 1 / units), size=n_draws).astype(np.int32)
    return taken[:, codes]


def score_draws(
    metric: str,
    truth: np.ndarray,
    answers: Answers,
    counts: np.ndarray,
    classes: np.ndarray | None,
    who: str = "the estimator",
) -> Draws:
    """Score all rows, and the rows of each draw.

    Parameters
    ----------
    metric : str
        Name of a scorer of scikit-learn.
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
    if metric in _OF_COUNTS and classes is not None:
        weights = np.vstack([np.ones(len(truth), dtype=counts.dtype), counts])
        scores = _of_counts(metric, _confusions(truth, answers.labels, weights, classes))
        return Draws(float(scores[0]), scores[1:])
    replayed = Replayed(answers.labels, answers.probabilities, classes)
    rows = np.arange(len(truth))
    return Draws(
        _of_all(metric, replayed, truth, who),
        np.array([_of_drawn(metric, replayed, truth, np.repeat(rows, taken)) for taken in counts]),
    )


def interval_of(drawn: np.ndarray, confidence: float) -> tuple[float, float]:
    """Percentiles of the draws, without those where the metric is not defined.

    Parameters
    ----------
    drawn : ndarray of shape (n_draws,)
        Scores or differences.
    confidence : float
        Share that lies between the ends.

    Returns
    -------
    low, high : float
        The ends; NaN where nothing is defined.
    """
    known = drawn[~np.isnan(drawn)]
    if len(known) == 0:
        return float("nan"), float("nan")
    tail = (1 - confidence) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)


def _of_all(metric: str, replayed: Replayed, truth: np.ndarray, who: str) -> float:
    rows = np.arange(len(truth))
    try:
        return _replay(metric, replayed, truth, rows)
    except (AttributeError, ValueError) as error:
        if isinstance(error, AttributeError) and replayed.probabilities is None:
            raise ValueError(
                f"The metric {metric!r} needs probabilities. Got {who}, which has no "
                "predict_proba; put sklearn.calibration.CalibratedClassifierCV around a classifier "
                "without them, or choose another scoring."
            ) from error
        raise ValueError(
            f"The metric {metric!r} cannot be computed on {len(rows)} rows of the target: {error}. "
            "Choose another scoring."
        ) from error


def _of_drawn(metric: str, replayed: Replayed, truth: np.ndarray, rows: np.ndarray) -> float:
    try:
        return _replay(metric, replayed, truth, rows)
    except (AttributeError, ValueError):  # a draw without one of the classes
        return float("nan")


def _replay(metric: str, replayed: Replayed, truth: np.ndarray, rows: np.ndarray) -> float:
    return float(get_scorer(metric)(replayed, rows[:, None], truth[rows]))


def _confusions(
    truth: np.ndarray, answers: np.ndarray, weights: np.ndarray, classes: np.ndarray
) -> np.ndarray:
    """Count (label, answer) in each draw: (n_draws, n_classes, n_classes)."""
    code = {label: i for i, label in enumerate(classes.tolist())}
    cells = np.array(
        [
            code[t] * len(code) + code[a]
            for t, a in zip(truth.tolist(), answers.tolist(), strict=True)
        ]
    )
    used, where = np.unique(cells, return_inverse=True)
    hot = np.zeros((len(cells), len(used)), dtype=np.float32)
    hot[np.arange(len(cells)), where] = 1
    found = np.zeros((len(weights), len(code) ** 2))
    found[:, used] = weights.astype(np.float32) @ hot
    return found.reshape(len(weights), len(code), len(code))


def _of_counts(metric: str, C: np.ndarray) -> np.ndarray:
    """Metrics of labels from counts, with scikit-learn's rules for classes that are not there."""
    hits = np.einsum("bii->bi", C)
    actual, said = C.sum(axis=2), C.sum(axis=1)
    total = actual.sum(axis=1)
    if metric in ("accuracy", "f1_micro"):
        return np.asarray(hits.sum(axis=1) / total)
    if metric == "balanced_accuracy":
        there = actual > 0
        recall = np.divide(hits, actual, out=np.zeros_like(hits), where=there)
        return np.asarray(recall.sum(axis=1) / there.sum(axis=1))
    there = actual + said > 0
    f1 = np.divide(2 * hits, actual + said, out=np.zeros_like(hits), where=there)
    if metric == "f1_macro":
        return np.asarray(f1.sum(axis=1) / there.sum(axis=1))
    return np.asarray((f1 * actual).sum(axis=1) / total)
