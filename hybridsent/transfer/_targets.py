"""Rows and labels of `fit`, for classes and for numbers (layer L3).

A number of a regression is never a mark, so that NaN marks the rows without one there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.utils.validation import column_or_1d

from hybridsent.transfer._domain import Rows, read_rows

__all__ = ["read_learning_rows"]


def read_learning_rows(estimator: Any, X: Any, y: Any = None) -> Rows:
    """Read the rows of `fit`, where NaN in an y of floats marks rows without a label, too.

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
    unknown = np.isnan(values)
    if not unknown.any():
        return read_rows(estimator, X, y, reset=True)
    if unknown.all():
        raise ValueError(
            f"Input y contains NaN in each of its {len(values)} rows: at least 1 must have a label."
        )
    # any known value keeps the kind of y, by which -1 is or is not a mark
    rows = read_rows(
        estimator, X, np.where(unknown, values[~unknown][0], values), reset=True
    )
    target = rows.target if rows.told else rows.target | unknown
    return replace(rows, labeled=rows.labeled & ~unknown, target=target)
