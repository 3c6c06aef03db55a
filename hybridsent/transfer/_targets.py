"""Rows and labels of `fit`, for classes and for numbers (layer L3)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import column_or_1d

from hybridsent._labels import one_column
from hybridsent._params import check_sample_weight
from hybridsent.transfer._domain import Rows, read_rows

__all__ = ["labels_of", "own_weights", "read_learning_rows"]


def read_learning_rows(estimator: Any, X: Any, y: Any = None) -> Rows:
    """Read the rows of `fit`, of which one must have a label where y is floats.

    Parameters
    ----------
    estimator : estimator
        Remembers number and names of the columns.
    X : array or DataFrame of shape (n, p)
        Features.
    y : array of shape (n,), default=None
        Labels.

    Returns
    -------
    Rows
        What was read.

    Raises
    ------
    ValueError
        If y holds infinity, or nothing but NaN.

    Examples
    --------
    >>> from sklearn.base import BaseEstimator
    >>> from hybridsent.transfer._targets import read_learning_rows
    >>> rows = read_learning_rows(BaseEstimator(), [[1.0], [2.0]], [0.5, float("nan")])
    >>> rows.labeled, rows.target
    (array([ True, False]), array([False,  True]))
    """
    values = None if y is None else np.asarray(y)
    if values is None or values.dtype.kind != "f":
        return read_rows(estimator, X, y, reset=True)
    values = column_or_1d(values, warn=True)
    if np.isinf(values).any():
        raise ValueError(
            "Input y contains infinity. It must hold numbers, or NaN for rows without a label. Got "
            f"{values[np.isinf(values)][0]} in row {int(np.flatnonzero(np.isinf(values))[0])}."
        )
    if len(values) and np.isnan(values).all():
        raise ValueError(
            f"Input y contains NaN in each of its {len(values)} rows: at least 1 must have a label."
        )
    return read_rows(estimator, X, values, reset=True)


def labels_of(estimator: Any, y: Any) -> np.ndarray:
    """Take labels as an array of one dimension, text and the number -1 side by side.

    Parameters
    ----------
    estimator : estimator
        Who needs them, for the message.
    y : array of shape (n,)
        Labels.

    Returns
    -------
    ndarray of shape (n,)
        Labels.

    Raises
    ------
    ValueError
        If there are none.
    """
    if y is None:
        raise ValueError(
            f"This {type(estimator).__name__} estimator requires y to be passed, but the target y "
            "is None."
        )
    return one_column(y)


def own_weights(sample_weight: Any, X: np.ndarray) -> np.ndarray:
    """Check weights that a user gave; without any, all are 1.

    Parameters
    ----------
    sample_weight : array of shape (n,), float or None
        Weights.
    X : ndarray of shape (n, p)
        The rows.

    Returns
    -------
    ndarray of shape (n,)
        Weights.

    Raises
    ------
    ValueError
        If one is negative or no number, all are zero, or there are not n of one dimension.
    """
    weights = check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    if not weights.any():
        raise ValueError(
            f"'sample_weight' must not be zero for all rows. Got {len(weights)} weights of zero."
        )
    return np.asarray(weights)
