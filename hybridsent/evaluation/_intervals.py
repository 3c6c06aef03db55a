"""Intervals of what was measured (layer L5).

scipy.stats.bootstrap draws rows, not groups of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Interval", "draw_rows", "interval_of"]


@dataclass(frozen=True)
class Interval:
    """A number with its bootstrap interval.

    Parameters
    ----------
    value : float
        The number.
    low, high : float
        Ends of the interval.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


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
    >>> from hybridsent.evaluation._intervals import draw_rows
    >>> draw_rows(4, np.array([0, 0, 1, 1]), 100, [0]).sum(axis=1).tolist() == [4] * 100
    True
    """
    rng = np.random.default_rng(seed)
    codes = np.arange(n) if groups is None else np.unique(groups, return_inverse=True)[1]
    units = int(codes.max()) + 1
    taken = rng.multinomial(units, np.full(units, 1 / units), size=n_draws).astype(np.int32)
    return taken[:, codes]


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
