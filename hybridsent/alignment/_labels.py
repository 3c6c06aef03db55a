"""Labels as one more view (layer L3)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.multiclass import type_of_target

__all__ = ["label_view"]


def label_view(y: Any, n: int, caller: str, classes: Any = None) -> tuple[np.ndarray, np.ndarray]:
    """Write labels as columns, one a class (or one of numbers), and tell which rows have one.

    Parameters
    ----------
    y : array of shape (n,) or None
        Labels; -1 and missing values are rows without one.
    n : int
        Rows of X.
    caller : str
        Name of the estimator, for messages.
    classes : array, default=None
        All labels there can be, where y may lack some.

    Returns
    -------
    block : ndarray of shape (n, k)
        The columns.
    labelled : ndarray of bool of shape (n,)
        Rows that have a label.

    Raises
    ------
    ValueError
        If y is not given, or of another length, or no row has a label.
    """
    if y is None:
        raise ValueError(
            f"{caller} with supervised=True requires y to be passed, but the target y is None."
        )
    import pandas as pd

    plain = pd.Series(np.asarray(y, dtype=object).ravel() if np.ndim(y) == 1 else y)
    if len(plain) != n:
        raise ValueError(f"y must have one label a row of X. Got {len(plain)} for {n} rows.")
    labelled = ~(plain.isna() | (plain == -1)).to_numpy(dtype=bool)
    if not labelled.any():
        raise ValueError(
            f"{caller} with supervised=True needs labelled rows. Got {n} rows that are all -1 or "
            "missing; set supervised=False."
        )
    values = plain[labelled].infer_objects().to_numpy()
    if classes is None and type_of_target(values) == "continuous":
        block = np.zeros((n, 1))
        block[labelled, 0] = values.astype(np.float64)
        return block, labelled
    known = np.unique(values) if classes is None else np.asarray(classes)
    strange = ~np.isin(values, known)
    if strange.any():
        raise ValueError(
            f"y must hold labels of classes, {known.tolist()}. Got {values[strange].tolist()[0]!r}."
        )
    block = np.zeros((n, len(known)))
    block[labelled] = values[:, None] == known[None, :]
    return block, labelled
