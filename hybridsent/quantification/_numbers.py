"""The index of a model that tells numbers (layer L3)."""

from __future__ import annotations

from typing import Any

import numpy as np

from hybridsent._numerics.clusters import Window, checked_weights, group_codes
from hybridsent.quantification._intervals import critical
from hybridsent.quantification._results import Estimate, Prevalence, Spread

__all__ = ["mean_of_numbers"]

_NOTE = (
    "The mean of predicted numbers. Correction of shares does not apply to numbers: a model that "
    "draws its answers toward the mean of what it was taught draws this mean there, too, and the "
    "interval does not cover that."
)


def mean_of_numbers(
    predictions: Any, *, confidence: float = 0.95, weights: Any = None, groups: Any = None
) -> Prevalence:
    """Average predicted numbers, with an interval.

    Parameters
    ----------
    predictions : array of shape (n,)
        What a model of numbers said of each post.
    confidence : float, default=0.95
        Probability with which the interval holds the mean of all such predictions.
    weights : array of shape (n,) or None, default=None
        How much each post counts.
    groups : array of shape (n,) or None, default=None
        Which posts belong together, such as those of one author.

    Returns
    -------
    Prevalence
        Without shares; the mean is its index.

    Raises
    ------
    ValueError
        If there is no post, or numbers, weights or groups do not fit.

    Examples
    --------
    >>> from hybridsent.quantification import mean_of_numbers
    >>> told = mean_of_numbers([0.1, 0.4, 0.5, 0.2])
    >>> [round(each, 2) for each in told.index]
    [0.3, 0.01, 0.59]
    """
    values = np.asarray(predictions, dtype=np.float64)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise ValueError(
            "The predictions of mean_of_numbers must be finite numbers, at least one. Got the "
            f"shape {values.shape}" + ("." if not len(values) else ", or others among them.")
        )
    if not isinstance(confidence, float) or not 0 < confidence < 1:
        raise ValueError(
            f"The confidence parameter of mean_of_numbers must be between 0 and 1. Got "
            f"{confidence!r}."
        )
    n = len(values)
    window = Window.of(n, checked_weights(weights, n), group_codes(groups, n))
    mean, per_post = float(window.mean(values)), window.per_post(values)
    effective = 1 / per_post
    freedom = min(window.freedom, max(effective - 1, 0.0))
    square = float(window.mass @ (values - mean) ** 2)
    if freedom <= 0:
        variance, half = np.inf, np.inf
    else:
        variance = square / max(1 - window.squares, 1e-12) * per_post
        half = critical(confidence, variance, 0.0, (freedom, np.inf)) * float(np.sqrt(variance))
    return Prevalence(
        {},
        Estimate(mean, mean - half, mean + half),
        None,
        "mean",
        n,
        float(effective),
        confidence,
        None,
        (_NOTE,),
        Spread(
            np.array([mean]),
            np.array([[variance]]),
            np.zeros((1, 1)),
            np.zeros((1, 1)),
            freedom,
            "numbers",
        ),
    )
