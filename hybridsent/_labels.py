"""Which rows have a label: one rule for classes and for numbers, in one place (layer L0)."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils.validation import column_or_1d

__all__ = ["labeled_rows", "one_column", "plain_labels", "take_rows"]


def labeled_rows(y: Any) -> np.ndarray:
    """Tell which rows have a label.

    By scikit-learn's rule those where y is not the number -1. In a regression -1 is a value like
    any other, and NaN marks the rows without one: so it is where y is floats of which one is NaN
    or not whole.

    Parameters
    ----------
    y : array of shape (n,)
        Labels; strings and the number -1 stand together in an array of dtype object.

    Returns
    -------
    ndarray of bool of shape (n,)
        False for rows without a label.

    Raises
    ------
    ValueError
        If y holds the text ``"-1"``: a column of text cannot hold the number, and a class of that
        name would be learned in silence. If a label is None or another missing value of an array
        of objects.

    Examples
    --------
    >>> from hybridsent._labels import labeled_rows
    >>> labeled_rows(["good", -1])
    array([ True, False])
    >>> labeled_rows([-1.0, 0.0, float("nan")])
    array([ True,  True, False])
    """
    values = one_column(y)
    if values.dtype.kind == "f":
        known = ~np.isnan(values)
        if not known.all() or (values != np.floor(values)).any():
            return np.asarray(known)
    if values.dtype.kind in "iuf":
        return np.asarray(values != -1)
    _check_there(values)
    if any(isinstance(value, str) and value == "-1" for value in values.tolist()):
        raise ValueError(
            "An unlabelled row must have the number -1 in y. Got the text '-1', which a column of "
            "text holds instead; y.astype(object).replace('-1', -1) mends a pandas column."
        )
    return np.array([not (isinstance(v, Real) and v == -1) for v in values.tolist()], dtype=bool)


def one_column(y: Any) -> np.ndarray:
    """Take labels as an array of one dimension, text and the number -1 side by side.

    Parameters
    ----------
    y : array of shape (n,)
        Labels.

    Returns
    -------
    ndarray of shape (n,)
        Labels; of dtype object where a list holds text.

    Examples
    --------
    >>> from hybridsent._labels import one_column
    >>> one_column(["good", -1])
    array(['good', -1], dtype=object)
    """
    if isinstance(y, list | tuple) and any(isinstance(value, str) for value in y):
        y = np.array(y, dtype=object)  # NumPy would write the number -1 as text
    return np.asarray(column_or_1d(y, warn=True))


def take_rows(values: Any, rows: np.ndarray) -> Any:
    """Take rows of anything that has rows.

    Parameters
    ----------
    values : array, DataFrame, Series, sparse matrix or list of n rows
        What to take from.
    rows : ndarray of int
        Positions.

    Returns
    -------
    array, DataFrame, Series, sparse matrix or list
        The rows, in the same container.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._labels import take_rows
    >>> take_rows(["a", "b", "c"], np.array([0, 2]))
    ['a', 'c']
    """
    if hasattr(values, "iloc"):
        return values.iloc[rows]
    if hasattr(values, "tocsr"):  # not every sparse format can be indexed
        return values.tocsr()[rows]
    if hasattr(values, "shape"):
        return values[rows]
    return [values[i] for i in rows]


def _check_there(values: np.ndarray) -> None:
    import pandas as pd

    missing = np.flatnonzero(pd.isna(values))
    if len(missing):
        raise ValueError(
            "A row must have a label, or the number -1 where it has none. Got "
            f"{values[missing[0]]!r} in row {int(missing[0])}; write -1 there."
        )


def plain_labels(y: np.ndarray) -> np.ndarray:
    """Give numbers that stand in an array of objects, beside no text, as numbers.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Labels, without -1.

    Returns
    -------
    ndarray of shape (n,)
        The same labels.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._labels import plain_labels
    >>> plain_labels(np.array([1, 0], dtype=object))
    array([1, 0])
    >>> plain_labels(np.array(["a"], dtype=object))
    array(['a'], dtype=object)
    """
    if y.dtype != object or any(isinstance(each, str) for each in y.tolist()):
        return y
    return np.array(y.tolist())
