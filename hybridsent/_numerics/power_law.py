"""How a score grows with labels: a - b n^-c, fitted to many curves at once (layer L0).

scipy.optimize.curve_fit fits one curve, from a start that has to be guessed, and fails on flat
ones. For a given c the best a and b are a weighted straight line, so here c is tried on a grid, for
all drawn curves together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["PowerLaw", "fit_power_law", "gain_of_more"]

_POWERS = np.linspace(0.1, 1.5, 57)
_USUAL = 0.5  # the power that few points are drawn to: of an error that falls as 1 / sqrt(n)
_OFF = 0.3  # share of a gain by which the law was off on real corpora, as a standard deviation
_PULL = 0.05  # how strongly, as a share of the weighted variance of the scores


class PowerLaw(NamedTuple):
    """Curves a - b n^-c.

    Parameters
    ----------
    a, b, c : ndarray of shape (n_curves,)
        Where each ends, how far below it starts, and how fast it rises; b is not negative.
    """

    a: np.ndarray
    b: np.ndarray
    c: np.ndarray

    def at(self, n: float) -> np.ndarray:
        """Give the scores at a number of labels.

        Parameters
        ----------
        n : float
            Labels.

        Returns
        -------
        ndarray of shape (n_curves,)
            Of each curve.
        """
        return np.asarray(self.a - self.b * n**-self.c)


def fit_power_law(n: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None) -> PowerLaw:
    """Fit a - b n^-c to curves by weighted least squares.

    Parameters
    ----------
    n : ndarray of shape (n_sizes,)
        Labels, at least three different numbers.
    scores : ndarray of shape (n_curves, n_sizes)
        Scores, of which more is better.
    weights : ndarray of shape (n_sizes,) or None, default=None
        Weight of each size, best one over its variance; None is all the same.

    Returns
    -------
    PowerLaw
        b is 0 for a curve that does not rise. Powers from 0.1 to 1.5 are tried, and one far from
        0.5 has to fit a little better than one near it.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.power_law import fit_power_law
    >>> n = np.array([10.0, 20.0, 40.0, 80.0])
    >>> found = fit_power_law(n, (0.8 - 1.0 * n**-0.5)[None])
    >>> found.a.round(3), found.c.round(3)
    (array([0.8]), array([0.5]))
    """
    w = np.ones(len(n)) if weights is None else np.asarray(weights, dtype=np.float64)
    w = w / w.sum()
    mean = scores @ w
    centred = scores - mean[:, None]
    total = np.square(centred) @ w
    best = np.full(len(scores), np.inf)
    a, b, c = mean.copy(), np.zeros(len(scores)), np.full(len(scores), _USUAL)
    for power in _POWERS:
        x = -np.power(n, -power)
        middle = float(x @ w)
        spread = float(np.square(x - middle) @ w)
        slope = np.maximum((centred * w) @ (x - middle) / spread, 0.0)
        rest = total - slope**2 * spread
        cost = rest + _PULL * total * np.log(power / _USUAL) ** 2 / len(n)
        better = cost < best
        best = np.where(better, cost, best)
        a = np.where(better, mean - slope * middle, a)
        b = np.where(better, slope, b)
        c = np.where(better, power, c)
    return PowerLaw(a, b, c)


def gain_of_more(
    n: np.ndarray,
    scores: np.ndarray,
    drawn: np.ndarray,
    weights: np.ndarray,
    more: int,
    wider: float = 1.0,
) -> tuple[float, float, float]:
    """Forecast what more labels bring, with a 95 % interval.

    The interval is made of how much the forecast varies over drawn curves, and of how far off a
    power law is: the gains of emotions of tweets and of MVSA differed from the forecast by about
    0.3 of it.

    Parameters
    ----------
    n : ndarray of shape (n_sizes,)
        Labels, in rising order.
    scores : ndarray of shape (n_sizes,)
        The curve, of which more is better.
    drawn : ndarray of shape (n_draws, n_sizes)
        The same, as it might have been.
    weights : ndarray of shape (n_sizes,)
        Weight of each size.
    more : int
        Labels beyond the last.
    wider : float, default=1.0
        By what the spread of the drawn forecasts is multiplied.

    Returns
    -------
    value, low, high : float
        None of them below 0.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.power_law import gain_of_more
    >>> n = np.array([25.0, 50.0, 100.0])
    >>> curve = 0.9 - n**-0.5
    >>> [round(x, 3) for x in gain_of_more(n, curve, curve[None], np.ones(3), 100)]
    [0.029, 0.012, 0.047]
    """
    law = fit_power_law(n, np.vstack([scores, drawn]), weights)
    gains = law.at(float(n[-1] + more)) - law.at(float(n[-1]))
    value = float(gains[0])
    low, high = np.quantile(gains[1:], [0.025, 0.975]) - value
    off = 1.96 * _OFF * value
    below = float(np.hypot(wider * min(float(low), 0.0), off))
    above = float(np.hypot(wider * max(float(high), 0.0), off))
    return value, max(0.0, value - below), value + above
