"""Which rows have a label: one rule for classes and for numbers, in one place (layer L0)."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils.validation import column_or_1d

__all__ = ["labeled_rows"]


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
        name would be learned in silence.

    Examples
    --------
    >>> from hybridsent._unlabeled import labeled_rows
    >>> labeled_rows(["good", -1])
    array([ True, False])
    >>> labeled_rows([-1.0, 0.0, float("nan")])
    array([ True,  True, False])
    """
    if isinstance(y, list | tuple) and any(isinstance(value, str) for value in y):
        y = np.array(y, dtype=object)  # NumPy would write the number -1 as text
    values = column_or_1d(y, warn=True)
    if values.dtype.kind == "f":
        known = ~np.isnan(values)
        if not known.all() or (values != np.floor(values)).any():
            return np.asarray(known)
    if values.dtype.kind in "iuf":
        return np.asarray(values != -1)
    if any(isinstance(value, str) and value == "-1" for value in values.tolist()):
        raise ValueError(
            "An unlabelled row must have the number -1 in y. Got the text '-1', which a column of "
            "text holds instead; y.astype(object).replace('-1', -1) mends a pandas column."
        )
    return np.array([not (isinstance(v, Real) and v == -1) for v in values.tolist()], dtype=bool)
