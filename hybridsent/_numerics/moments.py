"""First and second moments of views of which rows may lack some (layer L0).

Everything that linear alignment and imputation need is in the products X_i' X_j over the rows that
have both views, so a table is read once, a block of rows at a time. scikit-learn's covariance
estimators know neither views nor missing rows, and take the whole table at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

__all__ = ["Moments", "alike_rows", "project", "span"]

_EPS = 1e-13  # of the largest eigenvalue of a Gram matrix: below is rounding
_ROWS = 256  # rows held in float64 at a time where columns are alone: they stay in the cache
_BLOCK = 4096  # rows multiplied at a time: the sums of a block stay exact enough in float64
_BITS = 63  # of an int64, its sign left out


class Moments:
    r"""Sums over rows of :math:`x x^\top`, of all rows and of each row divided by its weight.

    Each view gets a column of ones (zero where a row lacks the view), so that counts and sums are
    entries of the same matrix. Values are shifted by the mean of the first block, which keeps the
    later subtraction of the means from cancelling digits.

    Parameters
    ----------
    widths : mapping of str to int
        Columns of each view, in order.
    weights : mapping of str to float
        Weight of each view; a row weighs :math:`N = \sum_j w_j` over the views that it has.
    device : str, default=None
        Where products are computed; None is NumPy.
    """

    SUMS = ("rows", "shift", "complete", "partial", "weighted")
    """Attributes that hold what was added so far."""

    def __init__(
        self, widths: Mapping[str, int], weights: Mapping[str, float], device: str | None = None
    ) -> None:
        self.widths = dict(widths)
        self.weights = np.array([float(weights[view]) for view in widths])
        self.device = device
        self.rows = 0
        edges = np.cumsum([0, *(width + 1 for width in self.widths.values())])
        self.slices = [slice(a, b) for a, b in pairwise(edges)]
        self.size = int(edges[-1])
        self.shift: list[np.ndarray | None] = [None] * len(self.widths)
        self.complete = np.zeros((self.size, self.size))  # rows that have every view
        self.partial: np.ndarray | None = None  # the other rows
        self.weighted: np.ndarray | None = None  # the other rows, each divided by its weight

    def add(self, blocks: Sequence[np.ndarray], present: np.ndarray) -> None:
        """Add rows.

        Parameters
        ----------
        blocks : sequence of ndarray of shape (n, p_j)
            The views; what stands in rows that lack a view is not looked at.
        present : ndarray of bool of shape (n, n_views)
            Which rows have which view.
        """
        for start in range(0, len(present), _BLOCK):
            rows = slice(start, start + _BLOCK)
            self._add([block[rows] for block in blocks], present[rows])

    def _add(self, blocks: Sequence[np.ndarray], present: np.ndarray) -> None:
        self.rows += len(present)
        for j, block in enumerate(blocks):
            if self.shift[j] is None and present[:, j].any():
                self.shift[j] = block[present[:, j]].mean(axis=0, dtype=np.float64)
        for rows, views in alike_rows(present):
            if views:
                self._add_alike(blocks, rows, views)

    def _add_alike(self, blocks: Sequence[np.ndarray], rows: np.ndarray, views: list[int]) -> None:
        """Add rows that have the same views."""
        whole = len(rows) == len(blocks[0])
        parts = np.empty((len(rows), sum(blocks[j].shape[1] + 1 for j in views)))
        stop = 0
        for j in views:
            start, stop = stop, stop + blocks[j].shape[1] + 1
            block = blocks[j] if whole else blocks[j][rows]
            np.subtract(block, self._shift(j), out=parts[:, start : stop - 1])
            parts[:, stop - 1] = 1.0
        product = _gram(parts, self.device)
        if len(views) == len(blocks):
            self.complete += product
            return
        if self.partial is None or self.weighted is None:
            self.partial = np.zeros_like(self.complete)
            self.weighted = np.zeros_like(self.complete)
        where = np.concatenate(
            [np.arange(self.slices[j].start, self.slices[j].stop) for j in views]
        )
        self.partial[np.ix_(where, where)] += product
        self.weighted[np.ix_(where, where)] += product / self.weights[views].sum()

    def _shift(self, j: int) -> np.ndarray:
        shift, width = self.shift[j], list(self.widths.values())[j]
        return np.zeros(width) if shift is None else shift

    def count(self, i: int, j: int) -> float:
        """Rows that have both of two views."""
        return float(self._plain(i, j)[-1, -1])

    def mean(self, j: int) -> np.ndarray:
        """Mean of a view over the rows that have it."""
        return np.asarray(self._offset(j) + self._shift(j))

    def covariance(self, i: int, j: int) -> np.ndarray:
        """Covariance of two views over the rows that have both (n - 1); zeros below two rows."""
        block = self._plain(i, j)
        n = block[-1, -1]
        if n < 2:
            return np.zeros((block.shape[0] - 1, block.shape[1] - 1))
        return np.asarray(
            (block[:-1, :-1] - np.outer(block[:-1, -1], block[-1, :-1]) / n) / (n - 1)
        )

    def weighted_product(self, i: int, j: int) -> np.ndarray:
        r""":math:`X_i^\top N^{-1} X_j` over the rows with both, each view centred on its mean."""
        block = self.complete[self.slices[i], self.slices[j]] / self.weights.sum()
        if self.weighted is not None:
            block = block + self.weighted[self.slices[i], self.slices[j]]
        a, b = self._offset(i), self._offset(j)
        out = block[:-1, :-1] - np.outer(a, block[-1, :-1]) - np.outer(block[:-1, -1], b)
        return np.asarray(out + block[-1, -1] * np.outer(a, b))

    def total_weight(self) -> float:
        r""":math:`\sum N` over all rows."""
        return float(sum(w * self.count(j, j) for j, w in enumerate(self.weights)))

    def _offset(self, j: int) -> np.ndarray:
        block = self._plain(j, j)
        return np.asarray(block[-1, :-1] / max(block[-1, -1], 1.0))

    def _plain(self, i: int, j: int) -> np.ndarray:
        block = self.complete[self.slices[i], self.slices[j]]
        if self.partial is not None:
            block = block + self.partial[self.slices[i], self.slices[j]]
        return np.asarray(block)


def project(X: np.ndarray, coef: np.ndarray, centre: np.ndarray | None = None) -> np.ndarray:
    """Multiply rows by a matrix in float64, so that a row does not depend on the rows beside it.

    The order in which a product adds up depends on the processor and on the number of rows. In
    float32 a row then differs from itself in another batch by 1e-6 of its scale, and what is near
    zero by all of its digits; in float64 nothing of that is left when the result is float32 again.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Rows.
    coef : ndarray of shape (p, q)
        The matrix.
    centre : ndarray of shape (p,), default=None
        Subtracted from the rows first.

    Returns
    -------
    ndarray of shape (n, q), float64
        ``(X - centre) @ coef``.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.moments import project
    >>> project(np.ones((1, 2), dtype=np.float32), np.eye(2), np.array([0.5, 0.0]))
    array([[0.5, 1. ]])
    """
    coef = np.asarray(coef, dtype=np.float64)
    out = np.empty((len(X), coef.shape[1]))
    for start in range(0, len(X), _ROWS):
        rows = slice(start, start + _ROWS)
        part = X[rows] if centre is None else np.subtract(X[rows], centre, dtype=np.float64)
        out[rows] = np.asarray(part, dtype=np.float64) @ coef
    return out


def _gram(parts: np.ndarray, device: str | None) -> np.ndarray:
    """``parts.T @ parts``."""
    if device is None:
        return np.asarray(parts.T @ parts)  # one operand twice: BLAS computes half of it
    import torch

    kind = torch.float32 if device.startswith("mps") else torch.float64  # mps has no float64
    moved = torch.as_tensor(parts, dtype=kind, device=device)
    return np.asarray((moved.T @ moved).cpu().numpy(), dtype=np.float64)


def alike_rows(present: np.ndarray) -> Iterator[tuple[np.ndarray, list[int]]]:
    """Part rows by which views they have.

    Parameters
    ----------
    present : ndarray of bool of shape (n, n_views)
        Which rows have which view.

    Yields
    ------
    rows : ndarray of int
        Positions of rows that have the same views.
    views : list of int
        Which these are; none for rows that have nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.moments import alike_rows
    >>> present = np.array([[True, True], [True, False], [True, True]])
    >>> [(rows.tolist(), views) for rows, views in alike_rows(present)]
    [([1], [0]), ([0, 2], [0, 1])]
    """
    if present.shape[1] < _BITS:
        codes = present @ (1 << np.arange(present.shape[1]))
    else:  # more views than an integer has bits
        packed = np.packbits(present[:, ::-1], axis=1)
        codes = np.unique(packed, axis=0, return_inverse=True)[1].ravel()
    for code in np.unique(codes):
        rows = np.flatnonzero(codes == code)
        yield rows, np.flatnonzero(present[rows[0]]).tolist()


def span(block: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Write a view that is wider than long in a basis of the span of its rows.

    Parameters
    ----------
    block : ndarray of shape (n, p)
        The view.
    rows : ndarray of bool of shape (n,)
        Rows that have it.

    Returns
    -------
    coordinates : ndarray of shape (n, r)
        The rows in the basis; zeros where a row lacks the view.
    centre_and_basis : tuple of ndarray of shape (p,) and (r, p)
        The mean, and orthonormal rows.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.moments import span
    >>> block = np.array([[0.0, 3.0, 4.0], [0.0, -3.0, -4.0]])
    >>> coordinates, (centre, basis) = span(block, np.array([True, True]))
    >>> coordinates.shape, np.allclose(centre + coordinates @ basis, block)
    ((2, 1), True)
    """
    seen = block[rows].astype(np.float64)
    centre = seen.mean(axis=0)
    seen -= centre
    values, vectors = np.linalg.eigh(seen @ seen.T)
    keep = values > max(float(values[-1]), 0.0) * _EPS
    if not keep.any():  # all rows alike
        keep[-1:] = True
    root = np.sqrt(np.maximum(values[keep], 0.0))
    out = np.zeros((len(block), len(root)))
    out[rows] = vectors[:, keep] * root
    basis = (vectors[:, keep] / np.where(root > 0, root, 1.0)).T @ seen
    return out, (centre, basis)
