"""Labels and folds (layer L5)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.model_selection import (
    LeaveOneGroupOut,
    StratifiedGroupKFold,
    StratifiedKFold,
    check_cv,
)

__all__ = ["as_labels", "make_splits"]


def as_labels(table: Any, y: Any) -> np.ndarray:
    """Give the labels as a plain array.

    Parameters
    ----------
    table : DataFrame
        The table.
    y : str or array-like of shape (n,)
        A column of the table, or the labels. Arrow-backed strings of pandas become plain ones.

    Returns
    -------
    ndarray of shape (n,)
        Labels.

    Raises
    ------
    ValueError
        If there is no such column, the lengths differ, or labels are missing.
    """
    import pandas as pd

    if isinstance(y, str):
        if y not in table.columns:
            raise ValueError(
                f"The y parameter must be labels or a column of the table. Got {y!r}; the columns "
                f"are {list(table.columns)}."
            )
        y = table[y]
    series = pd.Series(y).reset_index(drop=True)
    if len(series) != len(table):
        raise ValueError(
            f"There must be one label a row. Got {len(series)} labels for {len(table)} rows."
        )
    missing = series.isna()
    if missing.any():
        raise ValueError(
            f"Every row must have a label to be judged. {int(missing.sum())} of {len(series)} have "
            "none, the first at position "
            f"{int(missing.argmax())}; drop them, for example with table.dropna(subset=[...])."
        )
    if pd.api.types.is_numeric_dtype(series):
        return np.asarray(series.to_numpy())
    return np.asarray(series.astype(object).to_numpy(), dtype=object)


def make_splits(
    y: np.ndarray, cv: Any, groups: Any, random_state: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Cut the rows into folds: stratified, and with groups kept together.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Labels.
    cv : int, splitter or iterable
        Number of folds, or anything scikit-learn takes. With groups and as many folds as groups,
        each group is one fold.
    groups : array-like of shape (n,) or None
        Rows of one group (speaker, video, dialogue) are never on both sides.
    random_state : int
        Seed of the shuffle.

    Returns
    -------
    list of (ndarray, ndarray)
        Training and test positions.

    Raises
    ------
    ValueError
        If there are fewer groups or rows of a class than folds.
    """
    if not isinstance(cv, (int, np.integer)):
        return list(check_cv(cv, y, classifier=True).split(np.zeros(len(y)), y, groups))
    splitter: Any
    if groups is None:
        splitter = StratifiedKFold(cv, shuffle=True, random_state=random_state)
        _check_classes(y, int(cv))
        return list(splitter.split(np.zeros(len(y)), y))
    n_groups = len(set(groups))
    if n_groups < cv:
        raise ValueError(
            f"The cv parameter must be at most the number of groups. Got {cv} folds for {n_groups} "
            "groups."
        )
    one_each = n_groups == cv
    splitter = (
        LeaveOneGroupOut()
        if one_each
        else StratifiedGroupKFold(cv, shuffle=True, random_state=random_state)
    )
    return list(splitter.split(np.zeros(len(y)), y, groups))


def _check_classes(y: np.ndarray, cv: int) -> None:
    labels, counts = np.unique(y, return_counts=True)
    if len(labels) < 2:
        raise ValueError(f"The labels must be of at least two classes. Got only {labels[0]!r}.")
    if counts.min() < cv:
        rare = labels[counts.argmin()]
        raise ValueError(
            f"Every class must have at least cv={cv} rows. Class {rare!r} has {counts.min()}; use "
            "fewer folds or leave the class out."
        )
