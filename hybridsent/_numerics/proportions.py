"""Intervals of shares of independent counts (layer L0).

statsmodels has them, and is no dependency; scipy.stats.binomtest computes one at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtri

__all__ = ["wilson"]


def wilson(right: Any, total: Any, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Interval of a share, by Wilson's score.

    Parameters
    ----------
    right : array of shape (m,)
        Counts; where they are weighed, also no whole numbers.
    total : array of shape (m,)
        Of how many.
    level : float, default=0.95
        Probability with which the interval holds the share.

    Returns
    -------
    low, high : ndarray of float64 of shape (m,)
        Its ends; NaN of no rows.

    References
    ----------
    .. [1] E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
       Journal of the American Statistical Association 22, 1927.

    Examples
    --------
    >>> from hybridsent._numerics.proportions import wilson
    >>> low, high = wilson([8, 0], [10, 0])
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.49, nan], [0.943, nan])
    """
    right, total = np.asarray(right, dtype=np.float64), np.asarray(total, dtype=np.float64)
    n = np.where(total > 0, total, np.nan)
    z = float(ndtri(0.5 + level / 2))
    share = right / n
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)
