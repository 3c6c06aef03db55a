"""Intervals of sums of shares: the values against which the window does not speak (layer L3).

An estimate plus and minus its standard error is too narrow where a share is small and where the
reference hardly tells classes apart. Here the variance is the one that a value would have if it
were true, as in Wilson's interval of a share and in Fieller's of a ratio, of which this is both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.stats import norm, t

from hybridsent.quantification._results import Estimate

__all__ = ["Variance", "critical", "interval"]

_POINTS = 101


class Variance(NamedTuple):
    """Variance of a sum of shares, and how well it is known.

    Parameters
    ----------
    window, reference : ndarray of shape (t,)
        By either, at each value.
    """

    window: np.ndarray
    reference: np.ndarray


def critical(
    confidence: float, window: float, reference: float, freedom: tuple[float, float]
) -> float:
    """Give how many standard errors an interval reaches.

    Parameters
    ----------
    confidence : float
        Of the interval.
    window, reference : float
        The two parts of the variance.
    freedom : (float, float)
        Degrees of freedom of each.

    Returns
    -------
    float
        Of Student's t with the degrees that Welch and Satterthwaite give; of the normal
        distribution where both are infinite.

    Examples
    --------
    >>> from hybridsent.quantification._intervals import critical
    >>> round(critical(0.95, 1.0, 1.0, (float("inf"), float("inf"))), 2)
    1.96
    >>> round(critical(0.95, 1.0, 0.0, (9.0, float("inf"))), 2)
    2.26
    """
    total = window + reference
    if total <= 0 or not np.isfinite(total):
        return float(norm.ppf(0.5 + confidence / 2))
    below = window**2 / freedom[0] + reference**2 / freedom[1]
    if below <= 0:
        return float(norm.ppf(0.5 + confidence / 2))
    return float(t.ppf(0.5 + confidence / 2, total**2 / below))


def interval(
    v: np.ndarray,
    shares: np.ndarray,
    centre: np.ndarray,
    direction: np.ndarray,
    variance: Callable[[np.ndarray], Variance],
    freedom: tuple[float, float],
    confidence: float,
) -> Estimate:
    """Find the values against which the window does not speak.

    Parameters
    ----------
    v : ndarray of shape (k,)
        What each share counts.
    shares, centre : ndarray of shape (k,)
        Estimated shares, with and without bounds.
    direction : ndarray of shape (k,)
        How the shares move where the sum grows by one, as chance would have it.
    variance : callable
        From shares, a row each, to the variance of the sum.
    freedom : (float, float)
        Degrees of freedom, of window and reference.
    confidence : float
        Of the interval.

    Returns
    -------
    Estimate
        The sum, and its interval, within what is possible.
    """
    value, middle = float(v @ shares), float(v @ centre)
    least, most = float(v.min()), float(v.max())
    if most <= least:
        return Estimate(value, value, value)
    here = variance(shares[None])
    error = float(np.sqrt(max(float(here.window[0] + here.reference[0]), 0.0)))
    times = critical(confidence, float(here.window[0]), float(here.reference[0]), freedom)
    near = middle + error * times * np.linspace(-2.5, 2.5, _POINTS)
    points = np.unique(np.clip(np.r_[np.linspace(least, most, _POINTS), near, value], least, most))
    q = np.clip(shares + np.outer(points - value, direction), 0, None)
    found = variance(q / q.sum(axis=1, keepdims=True))
    against = (points - middle) ** 2 - times**2 * (found.window + found.reference)
    inside = np.flatnonzero(against <= 0)
    if not len(inside):
        return Estimate(value, value, value)
    low, high = int(inside[0]), int(inside[-1])
    ends = _crossing(points, against, low - 1, low), _crossing(points, against, high, high + 1)
    return Estimate(value, min(ends[0], value), max(ends[1], value))


def _crossing(points: np.ndarray, against: np.ndarray, i: int, j: int) -> float:
    """Give where the sign changes between two points; the end of the range where it does not."""
    if i < 0:
        return float(points[0])
    if j >= len(points):
        return float(points[-1])
    share = against[i] / (against[i] - against[j])
    return float(points[i] + share * (points[j] - points[i]))
