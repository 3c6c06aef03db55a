"""What a constant column is, and the mean and the scale of columns (layer L0).

scikit-learn's ``StandardScaler`` compares a deviation with the rounding of float64, whatever the
values were computed in: a float32 column that is constant up to its last digit is then blown up to
a deviation of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.special import digamma, polygamma

__all__ = [
    "column_moments",
    "column_scale",
    "is_constant",
    "rounding_of",
    "scale_of",
    "shrunk_variance",
]

_ROWS = 256  # rows held in float64 at a time: they stay in the cache


def rounding_of(dtype: Any, n: int = 0) -> float:
    """Relative deviation below which values are alike up to rounding.

    Parameters
    ----------
    dtype : dtype
        Type of the values, whose last digits are ten of its steps.
    n : int, default=0
        Rows, of which each may add a rounding of float64 to a sum.

    Returns
    -------
    float
        The deviation, relative to the mean.

    Examples
    --------
    >>> from hybridsent._numerics.scale import rounding_of
    >>> round(rounding_of("float32"), 8), rounding_of("float64", 10**6) < 1e-9
    (1.19e-06, True)
    """
    return max(10 * float(np.finfo(dtype).eps), n * float(np.finfo(np.float64).eps))


def is_constant(mean: np.ndarray, deviation: np.ndarray, dtype: Any, n: int) -> np.ndarray:
    """Tell which columns are constant, up to the rounding of their values and of their sum.

    Everything that divides by the deviation of a column, or leaves out columns that say nothing,
    asks here.

    Parameters
    ----------
    mean, deviation : ndarray of shape (p,)
        Mean and standard deviation of each column, computed in float64.
    dtype : dtype
        Type of the values.
    n : int
        Rows.

    Returns
    -------
    ndarray of bool of shape (p,)
        True for a constant column.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.scale import is_constant
    >>> is_constant(np.array([0.1, 0.1]), np.array([1e-9, 1e-3]), np.float32, 100)
    array([ True, False])
    """
    return np.asarray(deviation <= rounding_of(dtype, n) * np.abs(mean))


def scale_of(
    mean: np.ndarray, variance: np.ndarray, dtype: Any, n: int, constant: float = 1.0
) -> np.ndarray:
    """Give the standard deviation of columns, and another value to constant ones.

    Parameters
    ----------
    mean, variance : ndarray of shape (p,)
        Moments.
    dtype : dtype
        Type of the values, which tells their rounding.
    n : int
        Rows, whose number tells the rounding of a sum.
    constant : float, default=1.0
        What a column gets that is constant up to rounding.

    Returns
    -------
    ndarray of shape (p,)
        Scales.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.scale import scale_of
    >>> scale_of(np.array([0.1, 0.1]), np.array([0.0, 4.0]), np.float32, 100)
    array([1., 2.])
    """
    deviation = np.sqrt(variance)
    return np.where(is_constant(mean, deviation, dtype, n), constant, deviation)


def column_moments(X: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and variance of each column, over the rows that have it.

    Two passes in float64, a few rows at a time.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Values; NaN is a missing one.

    Returns
    -------
    mean, variance : ndarray of shape (p,)
        Moments, with the count as divisor; 0 where no row has the column.
    count : ndarray of shape (p,)
        Rows that have it.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.scale import column_moments
    >>> column_moments(np.array([[1.0, np.nan], [3.0, 5.0]]))
    (array([2., 5.]), array([1., 0.]), array([2., 1.]))
    """
    count = np.zeros(X.shape[1])
    sums = np.zeros(X.shape[1])
    for part, present in _parts(X, 0.0):
        count += present
        sums += part.sum(axis=0)
    mean = sums / np.maximum(count, 1)
    squares = np.zeros(X.shape[1])
    for part, _ in _parts(X, mean):
        part -= mean
        squares += np.einsum("ij,ij->j", part, part)
    return mean, squares / np.maximum(count, 1), count


def column_scale(X: np.ndarray, constant: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each column, for standardisation.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Values; NaN is a missing one.
    constant : float, default=1.0
        The scale of a column that `is_constant`; divided by an infinite one it is zero, in new
        rows, too.

    Returns
    -------
    mean, scale : ndarray of shape (p,)
        Moments over the rows that have the column.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.scale import column_scale
    >>> column_scale(np.array([[1.0, 0.1], [3.0, 0.1], [5.0, 0.1]]))[1].round(3)
    array([1.633, 1.   ])
    """
    mean, variance, _ = column_moments(X)
    return mean, scale_of(mean, variance, X.dtype, len(X), constant)


def shrunk_variance(variance: np.ndarray, count: np.ndarray) -> np.ndarray:
    r"""Draw the variances of columns of one kind together, as far as few rows cannot tell them.

    The logarithm of a variance that d + 1 rows tell has a noise of :math:`\psi'(d / 2)`, whatever
    the variance is. What the logarithms of the columns differ by beyond that noise,
    :math:`\tau^2`, they truly differ by, and each keeps the share
    :math:`\tau^2 / (\tau^2 + \psi'(d / 2))` of its way from their mean: an empirical Bayes estimate
    without a parameter. Few rows of columns that are much alike give them nearly one scale, and
    with many rows each has its own. In logarithms it asks for no common unit: a column of tiny
    values beside one of enormous ones keeps its own.

    Parameters
    ----------
    variance : ndarray of shape (p,)
        Variances above 0, with the count as divisor.
    count : ndarray of shape (p,)
        Rows that have each column, at least 2.

    Returns
    -------
    ndarray of shape (p,)
        Variances. Standardised by them, the columns have a mean square of 1 on average, as they
        have by their own; a single column keeps its own.

    References
    ----------
    Smyth (2004), Linear models and empirical Bayes methods for assessing differential expression,
    section 6: the moments of the logarithms. The prior of variances is log-normal here.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.scale import shrunk_variance
    >>> shrunk_variance(np.array([0.8, 1.0, 1.25]), np.full(3, 8)).round(2)
    array([1.02, 1.02, 1.02])
    >>> shrunk_variance(np.array([0.8, 1.0, 1.25]), np.full(3, 8000)).round(2)
    array([0.8 , 1.  , 1.25])
    """
    if len(variance) < 2:
        return variance
    freedom = (count - 1) / 2
    noise = polygamma(1, freedom)
    # with the count as divisor or one less: a variance is told on average, its logarithm is not
    told = np.log(variance * count / (2 * freedom)) - digamma(freedom) + np.log(freedom)
    centre = told.mean()
    differ = max(float(told.var(ddof=1) - noise.mean()), 0.0)
    shrunk = np.exp(centre + differ / (differ + noise) * (told - centre))
    return np.asarray(shrunk * np.mean(variance / shrunk))


def _parts(X: np.ndarray, fill: Any) -> Iterator[tuple[np.ndarray, Any]]:
    """Give some rows at a time in float64, NaN filled, and how many values each column had."""
    for start in range(0, len(X), _ROWS):
        part = X[start : start + _ROWS].astype(np.float64)
        absent = np.isnan(part)
        if not absent.any():
            yield part, len(part)
            continue
        yield np.where(absent, fill, part), len(part) - absent.sum(axis=0)
