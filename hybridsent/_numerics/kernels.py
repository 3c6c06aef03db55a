"""Gaussian kernels in blocks, and a bandwidth that fits the data (layer L0).

scikit-learn's ``rbf_kernel`` squares distances without centring, so that it must compute in
float64, and makes the whole matrix at once; here a block is made, used and dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.utils import gen_batches

from hybridsent._numerics.rows import content_order
from hybridsent._numerics.scale import rounding_of

__all__ = [
    "distances_of",
    "gaussian",
    "kernel_blocks",
    "kernel_matrix",
    "kernel_mean",
    "median_gamma",
    "sample_rows",
]

BLOCK = 2**22
"""Entries of a block, which bounds memory."""

MEDIAN_ROWS = 1000
"""Rows whose distances tell the bandwidth."""


def distances_of(X: np.ndarray, Z: np.ndarray, dtype: Any = None) -> np.ndarray:
    r"""Squared distances of rows, by one matrix product.

    .. math:: \|x - z\|^2 = \|x\|^2 + \|z\|^2 - 2 x'z

    after the mean of Z is taken off both, without which the terms may be far larger than their
    difference and nothing of it is left in float32.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Rows.
    Z : ndarray of shape (m, p)
        Other rows.
    dtype : dtype, default=None
        In which lengths are added up and distances are given; None is that of X. Products are in
        that of X always.

    Returns
    -------
    ndarray of shape (n, m)
        Squared distances.
    """
    dtype = X.dtype if dtype is None else dtype
    center = Z.mean(axis=0, dtype=dtype).astype(X.dtype, copy=False)
    X, Z = X - center, (Z - center).astype(X.dtype, copy=False)
    out = (X @ Z.T).astype(dtype, copy=False)
    out *= -2
    out += np.einsum("ij,ij->i", X, X, dtype=dtype)[:, None]
    out += np.einsum("ij,ij->i", Z, Z, dtype=dtype)
    return np.asarray(np.maximum(out, 0, out=out))


def gaussian(distances: np.ndarray, gamma: float) -> np.ndarray:
    """Gaussian kernel of squared distances.

    Parameters
    ----------
    distances : ndarray
        Squared distances.
    gamma : float
        The kernel is exp(-gamma d).

    Returns
    -------
    ndarray of float64
        The kernel, in the shape of `distances`.
    """
    scaled = distances * np.asarray(-gamma, dtype=distances.dtype)
    return np.asarray(np.exp(scaled, out=scaled), dtype=np.float64)


def kernel_blocks(
    X: np.ndarray, Z: np.ndarray, gamma: float, dtype: Any = None
) -> Iterator[tuple[slice, np.ndarray]]:
    """Gaussian kernel between rows, some rows of X at a time.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Rows.
    Z : ndarray of shape (m, p)
        Other rows.
    gamma : float
        The kernel is exp(-gamma d).
    dtype : dtype, default=None
        Of the distances d, as in `distances_of`.

    Yields
    ------
    slice
        Rows of X.
    ndarray of shape (n_block, m)
        Their kernel with all rows of Z.
    """
    rows = max(1, BLOCK // max(1, len(Z)))
    for block in gen_batches(len(X), rows):
        yield block, gaussian(distances_of(X[block], Z, dtype), gamma)


def kernel_matrix(X: np.ndarray, Z: np.ndarray | None, gamma: float) -> np.ndarray:
    """Gaussian kernel of all pairs of rows, of distances in float64.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Rows.
    Z : ndarray of shape (m, p) or None
        Other rows; None for the rows of X among themselves.
    gamma : float
        The kernel is exp(-gamma d).

    Returns
    -------
    ndarray of float64 of shape (n, m)
        The kernel; without Z exactly 1 on its diagonal.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.kernels import kernel_matrix
    >>> kernel_matrix(np.array([[0.0], [1.0]]), np.array([[1.0], [2.0]]), 1.0).round(3)
    array([[0.368, 0.018],
           [1.   , 0.368]])
    """
    others = X if Z is None else Z
    out = np.empty((len(X), len(others)))
    for block, kernel in kernel_blocks(X, others, gamma, np.float64):
        out[block] = kernel
    if Z is None:
        np.fill_diagonal(out, 1.0)
    return out


def kernel_mean(X: np.ndarray, Z: np.ndarray, gamma: float) -> np.ndarray:
    """Mean of the Gaussian kernel of each row of X with the rows of Z.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Rows.
    Z : ndarray of shape (m, p)
        Rows that the mean is over.
    gamma : float
        The kernel is exp(-gamma d).

    Returns
    -------
    ndarray of shape (n,)
        Means.
    """
    out = np.empty(len(X))
    for block, kernel in kernel_blocks(X, Z, gamma):
        out[block] = kernel.mean(axis=1)
    return out


def sample_rows(X: np.ndarray, most: int, random: np.random.RandomState) -> np.ndarray:
    """Take some rows at random, each at most once; all of them, in order, where they are few.

    Which these are does not depend on where they stand.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Rows.
    most : int
        Most rows to take.
    random : RandomState
        Source of random numbers.

    Returns
    -------
    ndarray of shape (min(n, most), p)
        The rows.
    """
    if len(X) <= most:
        return X
    chosen = content_order(X)[random.choice(len(X), most, replace=False)]
    return np.asarray(X[np.sort(chosen)])


def median_gamma(X: np.ndarray, random: np.random.RandomState) -> float:
    r"""Median heuristic: :math:`\gamma = 1 / (2 m^2)`, m the median distance of two rows.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Rows; of more than 1,000, a random 1,000 are compared.
    random : RandomState
        Source of random numbers.

    Returns
    -------
    float
        The factor; 1 where half of the rows or more are the same up to rounding.
    """
    rows = sample_rows(X, MEDIAN_ROWS, random).astype(np.float64)
    rows -= rows.mean(axis=0)
    # relative to the rows, not to 1: columns of any unit have a bandwidth
    length = float(np.einsum("ij,ij->", rows, rows)) / len(rows)
    rounding = max(rounding_of(X.dtype) ** 2, 100 * np.finfo(np.float64).eps)
    pairs = distances_of(rows, rows)[np.triu_indices(len(rows), k=1)]
    middle = float(np.median(np.sqrt(pairs)) ** 2) if len(pairs) else 0.0
    return 1 / (2 * middle) if middle > rounding * length else 1.0
