"""What the heads here share: their rows, and candidates of the penalty (layer L3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite

from hybridsent._groups import groups_of
from hybridsent._numerics.scale import is_constant
from hybridsent._params import check_sample_weight
from hybridsent.views import as_labelled, as_matrix, is_passthrough

__all__ = [
    "FeaturesAloneMixin",
    "centred",
    "counted_rows",
    "first_peak",
    "penalty_grid",
    "standard",
]


class FeaturesAloneMixin:
    """Reads rows for a head that takes all columns as one view, but domain and group as none."""

    _passed_by: tuple[int, ...] = ()  # of models that were saved before there was a choice

    def _learn_features(
        self, X: Any, y: Any, groups: Any, **rules: Any
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Check the rows of `fit`; gives features, labels, and the groups where they are told."""
        allow_nan = rules.pop("allow_nan", True)
        values, y = as_labelled(self, X, y, **rules)
        names = getattr(self, "feature_names_in_", ())
        self._passed_by = tuple(i for i, name in enumerate(names) if is_passthrough(name))
        groups = groups_of(self, values, groups)
        values = self._features_alone(values)
        if not allow_nan:  # of a group it may be, which is then not known
            assert_all_finite(values, estimator_name=type(self).__name__, input_name="X")
        return values, y, groups

    def _read_features(self, X: Any, **rules: Any) -> np.ndarray:
        """Check new rows; gives their features."""
        if not self._passed_by:
            return as_matrix(self, X, reset=False, **rules)
        allow_nan = rules.pop("allow_nan", True)
        values = self._features_alone(as_matrix(self, X, reset=False, **rules))
        if not allow_nan:
            assert_all_finite(values, estimator_name=type(self).__name__, input_name="X")
        return values

    def _features_alone(self, X: np.ndarray) -> np.ndarray:
        """Put zeros, which no model learns from, where a column is no feature."""
        if not self._passed_by:
            return X
        X = X.copy()
        X[:, self._passed_by] = 0
        return X


def standard(y: np.ndarray, rows: np.ndarray | None = None) -> tuple[float, float]:
    """Mean and standard deviation of numbers, in whose units a model learns them.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Numbers.
    rows : ndarray of shape (n,) or None, default=None
        Weights of the rows.

    Returns
    -------
    mean, scale : float
        The scale is 1 where all numbers are alike.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.heads._common import standard
    >>> standard(np.array([1.0, 3.0])), standard(np.array([2.0, 2.0]))
    ((2.0, 1.0), (2.0, 1.0))
    """
    mean = float(np.average(y, weights=rows))
    spread = float(np.sqrt(np.average((y - mean) ** 2, weights=rows)))
    alike = bool(is_constant(np.array([mean]), np.array([spread]), np.dtype(np.float64), len(y)))
    return mean, 1.0 if alike else spread


def first_peak(
    scores: dict[float, float],
    grid: list[float],
    score: Callable[[float], float],
    patience: int = 2,
) -> float:
    """Give the best candidate; the search stops where the score falls (it has one peak).

    Parameters
    ----------
    scores : dict of float to float
        Where the score of each candidate that is tried is written.
    grid : list of float
        The candidates, from strong to weak penalty.
    score : callable
        Score of a candidate; more is better.
    patience : int, default=2
        Candidates in a row with less than the best score after which no more are tried.

    Returns
    -------
    float
        The candidate.

    Examples
    --------
    >>> from hybridsent.heads._common import first_peak
    >>> scores = {}
    >>> first_peak(scores, [1.0, 2.0, 3.0, 4.0, 5.0], lambda C: -abs(C - 2)), len(scores)
    (2.0, 4)
    """
    falls = 0
    for C in grid:
        best = max(scores.values(), default=-np.inf)
        scores[C] = score(C)
        falls = falls + 1 if scores[C] < best else 0
        if falls == patience:
            break
    return max(scores, key=lambda C: float(scores[C]))


def penalty_grid(head: Any, values: Iterable[Any]) -> list[float]:
    """Check the candidates of the penalty, ``Cs``.

    Parameters
    ----------
    head : estimator
        Who was given them.
    values : iterable of float
        The candidates.

    Returns
    -------
    list of float
        From strong to weak penalty.

    Raises
    ------
    ValueError
        If there is none, or one is not positive and finite.
    """
    candidates = list(values)
    grid = sorted(float(C) for C in candidates if isinstance(C, Real) and 0 < float(C) < np.inf)
    if not grid or len(grid) != len(candidates):
        raise ValueError(
            f"The 'Cs' parameter of {type(head).__name__} must be a sequence of positive "
            f"numbers. Got {values!r} instead."
        )
    return grid


def counted_rows(
    X: np.ndarray, y: np.ndarray, sample_weight: Any, groups: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, np.ndarray | None]:
    """Leave out the rows that weigh nothing.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Features.
    y : ndarray of shape (n,)
        Labels.
    sample_weight : array of shape (n,) or None
        Weights of the rows, which are checked.
    groups : ndarray of int of shape (n,) or None
        Groups.

    Returns
    -------
    X, y : ndarray
        Those rows.
    rows : ndarray of shape (m,) or None
        Their weights.
    groups : ndarray of int of shape (m,) or None
        Their groups.
    """
    if sample_weight is None:
        return X, y, None, groups
    rows = check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    counted = rows > 0
    told = None if groups is None else groups[counted]
    return X[counted], y[counted], np.asarray(rows[counted]), told


def centred(X: np.ndarray, rows: np.ndarray | None) -> tuple[np.ndarray, float, np.ndarray]:
    """Centre rows and bring them to a mean squared length of one.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        The rows.
    rows : ndarray of shape (n,) or None
        Their weights, which are those of the means, too.

    Returns
    -------
    mean : ndarray of shape (p,), float64
        What was taken off.
    scale : float
        What the rest was divided by.
    Z : ndarray of shape (n, p)
        The rows; zeros in columns that are constant.
    """
    mean = _column_means(X, rows)
    Z = X - mean.astype(X.dtype)
    offset = _column_means(Z, rows)  # what rounding of the mean left over
    Z -= offset.astype(X.dtype)
    if rows is None:
        squares = np.einsum("ij,ij->j", Z, Z, dtype=np.float64) / len(Z)
    else:
        squares = np.einsum("i,ij,ij->j", rows / rows.sum(), Z, Z, dtype=np.float64)
    constant = is_constant(mean, np.sqrt(squares), X.dtype, len(X))
    Z[:, constant] = 0.0
    scale = float(np.sqrt(squares[~constant].sum()))
    if scale == 0:  # all rows alike
        return mean, 1.0, Z
    Z /= X.dtype.type(scale)
    return mean, scale, Z


def _column_means(X: np.ndarray, rows: np.ndarray | None) -> np.ndarray:
    if rows is None:
        return np.asarray(X.mean(axis=0, dtype=np.float64))
    return np.asarray(np.einsum("i,ij->j", rows / rows.sum(), X, dtype=np.float64))
