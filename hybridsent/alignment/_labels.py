"""Labels as one more view (layer L3)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.multiclass import type_of_target

from hybridsent._labels import Kind, labeled_rows, one_column, plain_labels
from hybridsent._minus_one import kind_that_keeps_classes

__all__ = ["label_view"]


def label_view(
    y: Any, n: int, caller: str, classes: Any = None, *, as_read: bool | str = True
) -> tuple[np.ndarray, np.ndarray]:
    """Write labels as columns, one a class (or one of numbers), and tell which rows have one.

    Parameters
    ----------
    y : array of shape (n,) or None
        Labels; `labeled_rows` tells which rows have one.
    n : int
        Rows of X.
    caller : str
        Name of the estimator, for messages.
    classes : array, default=None
        All labels there can be, where y may lack some.
    as_read : bool, "marked" or "numbers", default=True
        What an aligner's ``supervised`` says of them: that -1 is no class, or that they are
        numbers.

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
    labels = one_column(y)
    if len(labels) != n:
        raise ValueError(f"y must have one label a row of X. Got {len(labels)} for {n} rows.")
    kind: Kind
    if as_read == "numbers":
        kind = "numbers"
    elif classes is None:
        kind = kind_that_keeps_classes(labels, caller, sure=as_read == "marked", stacklevel=4)
    else:  # where a user lists the classes, -1 is one if it is among them
        kind = "names" if -1 in list(classes) else "classes"
    labelled = labeled_rows(labels, kind)
    if not labelled.any():
        raise ValueError(
            f"{caller} with supervised=True needs labelled rows. Got {n} rows that are all -1 or "
            "missing; set supervised=False."
        )
    values = plain_labels(labels[labelled])
    if kind == "numbers" or (classes is None and type_of_target(values) == "continuous"):
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
