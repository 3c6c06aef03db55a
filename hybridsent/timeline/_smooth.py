"""A smooth curve through scores of overlapping windows, with an interval (layer L7).

What is estimated: the level of the index, averaged over each window. A window of 4 s that begins
every second shares three quarters of what it hears with the next one, so that errors of neighbours
are alike, and any smoother that takes them for independent gives intervals that are half as wide as
they must be. So the model says what happened, in slots of one hop::

    score of a window = mean over its slots of (level + passing noise) + noise of its own
    level             = a constant + a process that forgets itself over many windows
    passing noise     = a process that forgets itself within a window

Both processes are stationary and of the first order (Ornstein and Uhlenbeck), all is Gaussian. That
noise is what passes within a window, and level what stays for longer, is what tells them apart; it
is said as a prior, beside wide ones for the three variances. Weighted by how well they explain the
scores, several sets of the five numbers are averaged, so that the interval holds what is not known
about them, which one best set would leave out. A window without a score is no term of the sum: the
curve goes on, and its interval grows.

Why by hand: statsmodels' state-space models would be a dependency of its own for this one curve,
with states as many as slots in a window; here the inverse covariance is banded, so that SciPy's
Cholesky factor of a band is the whole of it, and linear in the number of windows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Noise", "Smooth", "smooth"]

_FEWEST = 5  # scores, below which nothing is said about their noise
_CENTRE = np.array([np.log(0.5), np.log(8.0), 0.0, np.log(0.25), np.log(0.03)])
_WIDTH = np.array([1.5, 1.0, 1.5, 0.7, 1.5])
"""Of the priors of: variance of the level against that of the scores, its memory in windows,
variance of the passing noise, its memory in windows, variance of a window's own noise."""
_STEP = 0.25
_TAILS = 6  # degrees of freedom of what sets of numbers are drawn from
_LITTLE = 2e-3  # weight below which a set is left out


@dataclass(frozen=True)
class Noise:
    """What is not level in the scores.

    Parameters
    ----------
    passing : float
        Variance of the noise of a slot.
    memory : float
        Correlation of the noise of two neighbouring slots.
    own : float
        Variance of a window's own noise.
    """

    passing: float
    memory: float
    own: float


@dataclass(frozen=True, eq=False)
class Smooth:
    """A curve with its interval.

    Parameters
    ----------
    mean, sd : ndarray of shape (n,)
        The level in each window and how far from it the truth may be; `sd` is NaN where there were
        too few scores.
    noise : Noise or None
        At the best set of numbers; None where there were too few scores.
    """

    mean: np.ndarray
    sd: np.ndarray
    noise: Noise | None
    _slots: Slots

    def interval(
        self, confidence: float, bounds: tuple[float, float] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Give the interval of each window.

        Parameters
        ----------
        confidence : float
            Such as 0.95.
        bounds : (float, float) or None, default=None
            Between which the index lies.

        Returns
        -------
        lower, upper : ndarray of shape (n,)
            The interval.
        """
        far = _quantile(confidence) * self.sd
        low, high = self.mean - far, self.mean + far
        return (low, high) if bounds is None else (low.clip(*bounds), high.clip(*bounds))

    def contrast(
        self,
        scores: np.ndarray,
        weights: np.ndarray,
        confidence: float,
        bounds: tuple[float, float] | None = None,
    ) -> tuple[float, float, float]:
        """Give a weighted sum of scores, with an interval for that of their levels.

        Parameters
        ----------
        scores : ndarray of shape (n,)
            Of the windows.
        weights : ndarray of shape (n,)
            Zero where there is no score.
        confidence : float
            Such as 0.95.
        bounds : (float, float) or None, default=None
            Between which the sum is known to lie.

        Returns
        -------
        value, lower, upper : float
            The sum, and its interval; NaN where there were too few scores.
        """
        used = weights != 0
        value = float(weights[used] @ scores[used]) if used.any() else float("nan")
        if self.noise is None or not used.any():
            return value, float("nan"), float("nan")
        spread = np.zeros(self._slots.n)
        np.add.at(spread, self._slots.places, self._slots.shares * weights[:, None])
        carried, last = np.empty_like(spread), 0.0
        for slot, each in enumerate(spread):
            last = carried[slot] = each + self.noise.memory * last
        together = 2 * spread @ carried - spread @ spread
        variance = self.noise.passing * together + self.noise.own * float(weights @ weights)
        far = float(_quantile(confidence) * max(float(variance), 0.0) ** 0.5)
        low, high = (-np.inf, np.inf) if bounds is None else bounds
        return value, max(value - far, low), min(value + far, high)


def smooth(scores: np.ndarray, starts: np.ndarray, ends: np.ndarray, hop: float) -> Smooth:
    """Estimate the level of the scores of windows.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Of each window; NaN where there is none.
    starts, ends : ndarray of shape (n,)
        Of the windows, in seconds.
    hop : float
        Seconds from the start of a window to that of the next.

    Returns
    -------
    Smooth
        The level in each window.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.timeline._smooth import smooth
    >>> starts = np.arange(60.0)
    >>> curve = smooth(np.sin(starts / 10), starts, starts + 4, 1.0)
    >>> bool(np.abs(curve.mean - np.sin(starts / 10)).max() < 0.2)
    True
    """
    seen = np.isfinite(scores)
    slots = Slots.of(starts, ends, hop)
    if seen.sum() < _FEWEST:
        middle = float(scores[seen].mean()) if seen.any() else float("nan")
        return Smooth(np.full(len(scores), middle), np.full(len(scores), np.nan), None, slots)
    middle = float(scores[seen].mean())
    model = _Model(np.where(seen, scores - middle, 0.0), seen, slots)
    best, drawn, weights = _sets_of_numbers(model)
    mean = np.zeros(len(scores))
    square = np.zeros(len(scores))
    for numbers, weight in zip(drawn, weights, strict=True):
        if weight >= _LITTLE:
            level, variance = model.level(numbers)
            mean += weight * level
            square += weight * (variance + level**2)
    total = weights[weights >= _LITTLE].sum()
    mean, square = mean / total, square / total
    named = model.numbers(best)
    noise = Noise(named[2], named[3], named[4])
    return Smooth(mean + middle, np.sqrt(np.maximum(square - mean**2, 0.0)), noise, slots)


def _quantile(confidence: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(0.5 + confidence / 2))


@dataclass(frozen=True, eq=False)
class Slots:
    """Which slots of one hop each window covers, and what share of it each is.

    Parameters
    ----------
    n : int
        Slots in all.
    places, shares : ndarray of shape (n_windows, n_most)
        Numbers of the slots of each window, and their shares; zero for those behind its end.
    """

    n: int
    places: np.ndarray
    shares: np.ndarray

    @classmethod
    def of(cls, starts: np.ndarray, ends: np.ndarray, hop: float) -> Slots:
        """Cut time into slots of one hop."""
        first = np.floor(starts / hop + 1e-6).astype(int)
        last = np.maximum(np.ceil(ends / hop - 1e-6).astype(int), first + 1)
        n, most = int(last.max()), int((last - first).max())
        places = first[:, None] + np.arange(most)
        shares = np.minimum((places + 1) * hop, ends[:, None]) - np.maximum(
            places * hop, starts[:, None]
        )
        shares = np.maximum(shares, 0.0) * (places < n)
        return cls(n, np.minimum(places, n - 1), shares / shares.sum(axis=1, keepdims=True))

    def averaged(self, values: np.ndarray) -> np.ndarray:
        """Average values of slots over each window."""
        averaged: np.ndarray = (self.shares * values[self.places]).sum(axis=1)
        return averaged


class _Model:
    """The likelihood of scores, and the level that they tell; slot by slot level, then noise."""

    def __init__(self, scores: np.ndarray, seen: np.ndarray, slots: Slots) -> None:
        self.scores, self.seen, self.slots = scores, seen, slots
        self.variance = float(np.var(scores[seen])) + 1e-12
        self.per_window = 1.0 / slots.shares.max(axis=1).mean()  # slots in a window, about
        self.n_sets = 32 if len(scores) < 1000 else 16 if len(scores) < 6000 else 8
        most, n = slots.places.shape[1], slots.n
        self._seen_by = np.zeros((2 * most + 1, 2 * n))  # a band, by diagonals
        self._sums, self._shares = np.zeros((2, 2 * n))
        places, shares = slots.places[seen], slots.shares[seen]
        for part in range(2):
            np.add.at(self._sums, 2 * places + part, shares * scores[seen, None])
            np.add.at(self._shares, 2 * places + part, shares)
        for a in range(most):
            for b in range(a, most):
                both = shares[:, a] * shares[:, b]
                apart = places[:, b] - places[:, a]
                for left in range(2):
                    for right in range(2):
                        diagonal = 2 * apart + right - left
                        # of a pair of one slot only the lower triangle counts
                        kept = (diagonal >= 0) & ((a < b) | (right >= left)) & (both > 0)
                        at = 2 * places[:, a] + left
                        np.add.at(self._seen_by, (diagonal[kept], at[kept]), both[kept])

    def numbers(self, z: np.ndarray) -> tuple[float, float, float, float, float]:
        """Give variance and memory of the level, those of the noise, and the windows' own noise."""
        scale = self.variance * np.exp(z[[0, 2, 4]])
        memory = np.exp(-1 / (self.per_window * np.exp(z[[1, 3]])))
        return float(scale[0]), float(memory[0]), float(scale[1]), float(memory[1]), float(scale[2])

    def _solved(self, z: np.ndarray) -> tuple[Any, ...]:
        """Factor the inverse covariance, and solve for the mean; the constant is a border of it."""
        from scipy.linalg import cho_solve_banded, cholesky_banded

        level, slow, passing, quick, own = self.numbers(z)
        band = self._seen_by / own
        n, log_prior = self.slots.n, 0.0
        for part, (variance, memory) in enumerate(((level, slow), (passing, quick))):
            new = variance * (1 - memory**2)
            middle = np.full(n, 1 + memory**2)
            middle[0] = middle[-1] = 1.0
            if n == 1:
                middle[0] = 1 - memory**2
            band[0, part::2] += middle / new
            band[2, part : 2 * n - 2 + part : 2] -= memory / new
            log_prior -= np.log(variance) + (n - 1) * np.log(new)
        factor = cholesky_banded(band, lower=True, check_finite=False)
        both = np.stack([self._sums, self._shares], axis=1) / own
        solved, border = cho_solve_banded((factor, True), both, check_finite=False).T
        held = self.seen.sum() / own + 1 / (25 * self.variance) - self._shares @ border / own
        constant = (self.scores[self.seen].sum() - self._shares @ solved) / own / held
        return factor, log_prior, solved, border, held, constant

    def badness(self, z: np.ndarray) -> float:
        """Give the negative logarithm of the posterior density, up to a constant."""
        try:
            factor, log_prior, solved, _, held, constant = self._solved(z)
        except np.linalg.LinAlgError:
            return 1e10
        own, seen = self.numbers(z)[4], self.scores[self.seen]
        square = seen @ seen / own - self._sums @ solved / own - held * constant**2
        told = len(seen) * np.log(own) - log_prior + 2 * np.log(factor[0]).sum() + np.log(held)
        found = 0.5 * (told + square) + 0.5 * float((((z - _CENTRE) / _WIDTH) ** 2).sum())
        return float(found) if np.isfinite(found) else 1e10

    def level(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give mean and variance of the level in each window."""
        factor, _, solved, border, held, constant = self._solved(z)
        slots, n = self.slots, self.slots.n
        mean = slots.averaged((solved - border * constant)[0::2]) + constant
        variance = (1 - slots.averaged(border[0::2])) ** 2 / held
        inverse = _inverse_band(factor)
        most = slots.places.shape[1]
        for a in range(most):
            for b in range(a, most):
                apart = slots.places[:, b] - slots.places[:, a]
                both = slots.shares[:, a] * slots.shares[:, b] * (1 if a == b else 2)
                at = 2 * np.minimum(slots.places[:, a], n - 1)
                variance = variance + both * inverse[2 * apart, at]
        return mean, variance


def _inverse_band(factor: np.ndarray) -> np.ndarray:
    """Give the band of the inverse of a matrix from its Cholesky factor (Takahashi et al. 1973)."""
    most, n = factor.shape[0] - 1, factor.shape[1]
    inverse = np.zeros_like(factor)
    below = np.zeros((most, most))  # of the inverse, behind the present row
    grown = np.zeros((most + 1, most + 1))
    for row in range(n - 1, -1, -1):
        k = min(most, n - 1 - row)
        share = factor[1 : k + 1, row] / factor[0, row]
        column = -below[:k, :k] @ share
        corner = 1 / factor[0, row] ** 2 - share @ column
        inverse[0, row], inverse[1 : k + 1, row] = corner, column
        grown[:] = 0
        grown[0, 0], grown[0, 1 : k + 1], grown[1 : k + 1, 0] = corner, column, column
        grown[1 : k + 1, 1 : k + 1] = below[:k, :k]
        below = grown[:most, :most].copy()
    return inverse


def _sets_of_numbers(model: _Model) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the best set of numbers, and draw some around it with their weights."""
    from scipy.optimize import minimize
    from scipy.special import chdtri, ndtri
    from scipy.stats import qmc

    bounds = list(zip(_CENTRE - 3 * _WIDTH, _CENTRE + 3 * _WIDTH, strict=True))
    found = minimize(
        model.badness, _CENTRE, method="L-BFGS-B", bounds=bounds, options={"maxiter": 60}
    )
    values, vectors = np.linalg.eigh(_curvature(model, found.x))
    values = np.maximum(values, 1 / _WIDTH.max() ** 2)
    points = qmc.Sobol(len(_CENTRE) + 1, scramble=True, seed=0).random(model.n_sets)
    scale = np.sqrt(chdtri(_TAILS, 1 - points[:, -1]) / _TAILS)  # of a t distribution
    away = ndtri(points[:, :-1]) / scale[:, None]
    drawn = found.x + away @ (vectors / np.sqrt(values)).T
    density = -(_TAILS + len(_CENTRE)) / 2 * np.log1p((away**2).sum(axis=1) / _TAILS)
    logs = np.array([-model.badness(each) for each in drawn]) - density
    weights = np.exp(logs - logs.max())
    return found.x, drawn, weights / weights.sum()


def _curvature(model: _Model, best: np.ndarray) -> np.ndarray:
    """Second derivatives of the badness, by differences."""
    n, steps = len(best), np.eye(len(best)) * _STEP

    def at(step: np.ndarray) -> float:
        return model.badness(best + step)

    middle = at(np.zeros(n))
    found = np.empty((n, n))
    for i in range(n):
        found[i, i] = (at(steps[i]) - 2 * middle + at(-steps[i])) / _STEP**2
        for j in range(i):
            plus = at(steps[i] + steps[j]) + at(-steps[i] - steps[j])
            minus = at(steps[i] - steps[j]) + at(steps[j] - steps[i])
            found[i, j] = found[j, i] = (plus - minus) / (4 * _STEP**2)
    return found
