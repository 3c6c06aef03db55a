"""The rows among which the next one is chosen, prepared once (layer L3).

Views differ in scale and in number of columns, and a row may lack some of them. Distances, models
and embeddings of all query strategies stand on the same numbers: each view centred and brought to
mean squared length 1, a missing view at its mean, and the rest of such a row stretched by what it
lacks, so that a row is not typical because it is empty.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from hybridsent._groups import groups_of
from hybridsent._numerics.scale import column_moments, is_constant
from hybridsent._tables import as_pandas
from hybridsent.views import as_matrix, block_of, presence, views_of

__all__ = ["Pool"]

_WIDTH = 64  # columns in which rows are compared
_SAMPLE = 512  # rows that tell the directions of these columns


class Pool:
    """Features of all rows, ready to be ranked again and again.

    `rank_rows` makes one of what it is given; where the same rows are ranked after every label,
    make it once and hand it on: what does not depend on the labels is then computed once.

    Parameters
    ----------
    X : DataFrame or array of shape (n, p)
        Features, columns named ``view__i``; NaN is a missing view. The columns ``domain__0`` and
        ``group__0``, and indicators, are no features.
    groups : array of shape (n,) or None, default=None
        Group of each row (speaker, thread); None takes the column ``group__0``, where there is one.

    Attributes
    ----------
    X : DataFrame or array of shape (n, p)
        As given.
    views : dict of str to ndarray of int
        Columns of each view in `values`.
    present : ndarray of bool of shape (n, n_views)
        Which rows have which view.
    groups : ndarray of int of shape (n,) or None
        Codes of groups.

    Raises
    ------
    ValueError
        If X is no matrix of numbers, has no feature, or groups do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.active import Pool
    >>> pool = Pool(np.array([[0.0, 1.0], [2.0, np.nan], [4.0, 3.0]]))
    >>> pool.values.shape, pool.present.ravel().tolist()
    ((3, 2), [True, False, True])
    """

    def __init__(self, X: Any, groups: Any = None) -> None:
        self.X = X = as_pandas(X)
        memory = BaseEstimator()  # remembers the names of the columns
        matrix = as_matrix(memory, X, reset=True)
        found = {name: columns for name, columns in views_of(memory).items() if len(columns)}
        if not found:
            raise ValueError(
                "X must hold at least one feature. Got only columns that mark rows, such as "
                "domain__0 and group__0."
            )
        self.groups = groups_of(memory, X, groups)
        self.present = presence(matrix, found)
        self.views: dict[str, np.ndarray] = {}
        start = 0
        for name, columns in found.items():
            self.views[name] = np.arange(start, start + len(columns))
            start += len(columns)
        share = len(found) / np.maximum(self.present.sum(axis=1), 1)
        self._stretch = np.sqrt(share).astype(np.float32)
        self._blocks = {name: block_of(matrix, columns) for name, columns in found.items()}

    def __len__(self) -> int:
        return len(self.present)

    @property
    def there(self) -> np.ndarray:
        """Which rows have any view at all.

        Returns
        -------
        ndarray of bool of shape (n,)
            False for rows that hold nothing.
        """
        return np.asarray(self.present.any(axis=1))

    @cached_property
    def values(self) -> np.ndarray:
        """Features of all rows on one scale, without NaN.

        Returns
        -------
        ndarray of shape (n, q), float32
            Views side by side.
        """
        width = sum(len(columns) for columns in self.views.values())
        values = np.zeros((len(self), width), dtype=np.float32)
        for j, (name, here) in enumerate(self.views.items()):
            _put(values, self._blocks[name], self.present[:, j], here)
        if not self.present.all():
            values *= self._stretch[:, None]
        return values

    @cached_property
    def reduced(self) -> np.ndarray:
        """The rows in at most 64 columns, in which they are compared with each other.

        Returns
        -------
        ndarray of shape (n, at most 64), float32
            `values` itself where it has no more columns, else its principal components, as a
            sample of rows tells them.
        """
        n, p = self.values.shape
        if p <= _WIDTH or not n:
            return self.values
        there = np.flatnonzero(self.there)
        if len(there) > _SAMPLE:
            there = np.sort(np.random.default_rng(0).choice(there, _SAMPLE, replace=False))
        scale, basis = _directions(self.values[there].astype(np.float64))
        keep = scale > 1e-6 * scale.max(initial=1e-300)
        if not keep.any():
            return self.values[:, :1]
        return np.asarray(self.values @ basis[keep].T.astype(np.float32))

    def view(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Give the columns of one view, and which rows have it.

        Parameters
        ----------
        name : str
            One of `views`.

        Returns
        -------
        values : ndarray of shape (n, q)
            Its columns; 0 where it is missing.
        present : ndarray of bool of shape (n,)
            Which rows have it.
        """
        there = self.present[:, list(self.views).index(name)]
        block = self.values[:, self.views[name]]
        return (block if self.present.all() else block / self._stretch[:, None]), there


def _put(values: np.ndarray, block: np.ndarray, present: np.ndarray, here: np.ndarray) -> None:
    """Centre a view, bring it to mean squared length 1, and leave rows that lack it at 0."""
    rows = block if present.all() else block[present]
    if not len(rows):
        return
    mean, variance, _ = column_moments(rows)
    length = float(np.sqrt(variance.sum()))
    if not np.isfinite(length):
        raise ValueError("X must hold numbers whose squares float64 can hold; scale it first.")
    constant = is_constant(mean, np.sqrt(variance), rows.dtype, len(rows)).all()
    if constant:
        return
    where = slice(None) if present.all() else present
    values[where, here[0] : here[-1] + 1] = (rows - mean.astype(rows.dtype)) / rows.dtype.type(
        length
    )


def _directions(sample: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scales and principal directions of a sample of rows, the largest first."""
    if sample.shape[1] <= len(sample):
        _, scale, basis = np.linalg.svd(sample, full_matrices=False)
        return scale[:_WIDTH], basis[:_WIDTH]
    values, vectors = np.linalg.eigh(sample @ sample.T)  # fewer rows than columns
    order = np.argsort(values)[::-1][:_WIDTH]
    scale = np.sqrt(np.maximum(values[order], 0.0))
    basis = (vectors[:, order] / np.where(scale > 0, scale, 1.0)).T @ sample
    return scale, basis
