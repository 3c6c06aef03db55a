"""Scores of the same rows drawn again and again (layer L5).

scipy.stats.bootstrap calls a statistic once a draw. The usual metrics of all draws are computed at
once in `_drawn_metrics`; any other one is computed draw by draw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hybridsent.evaluation._drawn_metrics import scores_of_draws
from hybridsent.evaluation._metrics import Metric, Replayed, metrics_of, score_all

__all__ = ["Answers", "Draws", "draw_rows", "interval_of", "score_draws"]


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
    if drawn is None:
        rows = np.arange(len(truth))
        drawn = np.array(
            [_of_drawn(what, replayed, truth, np.repeat(rows, taken)) for taken in counts]
        )
    return Draws(value, drawn)


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
    try:
        return _replay(metric, replayed, truth, rows)
    except (AttributeError, ValueError):  # a draw without one of the classes
        return float("nan")


def _replay(metric: Metric, replayed: Replayed, truth: np.ndarray, rows: np.ndarray) -> float:
    scores = score_all([metric], replayed, rows[:, None], truth[rows])
    if list(scores) != [metric.name]:
        raise ValueError(f"it must give one number, and gives {list(scores)}")
    return scores[metric.name]
