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

BLOCK = 2**20
"""Entries of a block, which bounds memory. Larger ones are given back to the system each time."""

TILE = 256
"""Rows and columns of a tile, which fits into a processor's cache."""

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
    return _Others(Z, X.dtype, dtype).distances(X)


class _Others:
    """Rows that distances are measured to: centred once, whatever the number of blocks."""

    def __init__(self, Z: np.ndarray, product: Any, dtype: Any = None) -> None:
        self.product = product
        self.dtype = product if dtype is None else dtype
        self.center = Z.mean(axis=0, dtype=self.dtype).astype(product, copy=False)
        self.Z = (Z - self.center).astype(product, copy=False)
        self.lengths = np.einsum("ij,ij->i", self.Z, self.Z, dtype=self.dtype)

    def distances(self, X: np.ndarray, columns: slice = slice(None)) -> np.ndarray:
        """Squared distances of rows to some of the others."""
        X = X - self.center
        return self.of_centred(X, np.einsum("ij,ij->i", X, X, dtype=self.dtype), columns)

    def of_centred(self, X: np.ndarray, lengths: np.ndarray, columns: slice) -> np.ndarray:
        """Give the same for rows that are centred, whose squared lengths are known."""
        out = (X @ self.Z[columns].T).astype(self.dtype, copy=False)
        out *= -2
        out += lengths[:, None]
        out += self.lengths[columns]
        return np.asarray(np.maximum(out, 0, out=out))

    def kernel(self, X: np.ndarray, gamma: float) -> np.ndarray:
        """Gaussian kernel of rows with all others, by tiles that stay in a processor's cache."""
        X = X - self.center
        lengths = np.einsum("ij,ij->i", X, X, dtype=self.dtype)
        out = np.empty((len(X), len(self.Z)))
        for columns in gen_batches(len(self.Z), max(TILE, TILE**2 // max(1, len(X)))):
            out[:, columns] = gaussian(self.of_centred(X, lengths, columns), gamma)
        return out

    def kernel_among(self, gamma: float) -> np.ndarray:
        """Gaussian kernel of the others among themselves, each pair once."""
        out = np.empty((len(self.Z), len(self.Z)))
        tiles = list(gen_batches(len(self.Z), TILE))
        for i, rows in enumerate(tiles):
            for columns in tiles[i:]:
                tile = gaussian(self.of_centred(self.Z[rows], self.lengths[rows], columns), gamma)
                if columns == rows:  # sums of three depend on their order in the last bit
                    tile = np.triu(tile) + np.triu(tile, 1).T
                out[rows, columns] = tile
                out[columns, rows] = tile.T
        np.fill_diagonal(out, 1.0)
        return out


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
    others = _Others(Z, X.dtype, dtype)
    rows = max(1, BLOCK // max(1, len(Z)))
    for block in gen_batches(len(X), rows):
        yield block, others.kernel(X[block], gamma)


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
        The kernel; without Z it is symmetric, and 1 on its diagonal, to the last bit.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.kernels import kernel_matrix
    >>> kernel_matrix(np.array([[0.0], [1.0]]), np.array([[1.0], [2.0]]), 1.0).round(3)
    array([[0.368, 0.018],
           [1.   , 0.368]])
    """
    if Z is None:
        return _Others(X, X.dtype, np.float64).kernel_among(gamma)
    out = np.empty((len(X), len(Z)))
    for block, kernel in kernel_blocks(X, Z, gamma, np.float64):
        out[block] = kernel
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
