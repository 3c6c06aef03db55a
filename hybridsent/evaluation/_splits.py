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

from hybridsent._tables import as_pandas

__all__ = ["as_labels", "check_one_kind", "make_splits"]


def as_labels(table: Any, y: Any, name: str = "y") -> np.ndarray:
    """Give the labels, groups or domains as a plain array.

    Parameters
    ----------
    table : DataFrame
        The table.
    y : str or array-like of shape (n,)
        A column of the table, or the labels. Arrow-backed strings of pandas become plain ones.
    name : {"y", "groups", "domain"}, default="y"
        The parameter, for messages.

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

    table, y = as_pandas(table), as_pandas(y)
    what = {"y": "label", "groups": "group"}.get(name, name)
    if isinstance(y, str):
        columns = list(getattr(table, "columns", []))
        if y not in columns:
            raise ValueError(
                f"The {name} parameter must be {what}s or a column of the table. Got {y!r}; the "
                f"columns are {columns}."
            )
        y = table[y]
    if np.ndim(y) != 1:
        raise ValueError(
            f"The {name} parameter must be one {what} a row. Got {np.ndim(y)} dimensions; choose "
            "one column."
        )
    series = pd.Series(y).reset_index(drop=True)
    if len(series) != len(table):
        raise ValueError(
            f"There must be one {what} a row. Got {len(series)} {what}s for {len(table)} rows."
        )
    missing = series.isna()
    if missing.any():
        raise ValueError(
            f"Every row must have a {what} to be judged. {int(missing.sum())} of {len(series)} "
            f"have none, the first at position {int(missing.argmax())}; drop them, for example "
            "with table.dropna(subset=[...])."
        )
    # by way of objects: categories and nullable integers become plain numbers or strings
    plain = series.astype(object).infer_objects()
    if pd.api.types.is_numeric_dtype(plain):
        return np.asarray(plain.to_numpy())
    return np.asarray(plain.to_numpy(dtype=object), dtype=object)


def check_one_kind(values: np.ndarray, name: str) -> None:
    """Refuse texts beside numbers, which have no order and are often one thing written twice.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Labels, groups or domains.
    name : {"y", "groups", "domain"}
        The parameter, for messages.

    Raises
    ------
    ValueError
        If there are texts and numbers.
    """
    if values.dtype != object:
        return
    is_text = np.array([isinstance(value, str) for value in values.tolist()], dtype=bool)
    if is_text.all() or not is_text.any():
        return
    text, number = int(is_text.argmax()), int(is_text.argmin())
    raise ValueError(
        f"The {name} parameter must be texts or numbers, not both. Got {values[number]!r} in row "
        f"{number} and {values[text]!r} in row {text}; write the numbers as texts, for example by "
        "astype(str) of a pandas column."
    )


def make_splits(
    y: np.ndarray, cv: Any, groups: Any, random_state: int, name: str = "cv"
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
    name : str, default="cv"
        The parameter, for messages.

    Returns
    -------
    list of (ndarray, ndarray)
        Training and test positions.

    Raises
    ------
    ValueError
        If there are fewer groups or rows of a class than folds.
    """
    _check_classes(y)
    if not isinstance(cv, (int, np.integer)):
        return list(check_cv(cv, y, classifier=True).split(np.zeros(len(y)), y, groups))
    splitter: Any
    if groups is None:
        splitter = StratifiedKFold(cv, shuffle=True, random_state=random_state)
        _check_rare(y, int(cv), name)
        return list(splitter.split(np.zeros(len(y)), y))
    n_groups = len(set(groups))
    if n_groups < cv:
        raise ValueError(
            f"The {name} parameter must be at most the number of groups. Got {cv} folds for "
            f"{n_groups} groups."
        )
    one_each = n_groups == cv
    splitter = (
        LeaveOneGroupOut()
        if one_each
        else StratifiedGroupKFold(cv, shuffle=True, random_state=random_state)
    )
    splits = list(splitter.split(np.zeros(len(y)), y, groups))
    if min(len(test) for _, test in splits) == 0:
        raise ValueError(
            f"The {name} parameter asks for {cv} folds, but groups that large leave one of them "
            f"empty. Use fewer folds, or {n_groups} for a fold a group."
        )
    return splits


def _check_classes(y: np.ndarray) -> None:
    labels = np.unique(y)
    if len(labels) < 2:
        raise ValueError(
            f"The labels must be of at least two classes. Got {labels.tolist()} in {len(y)} rows."
        )


def _check_rare(y: np.ndarray, cv: int, name: str) -> None:
    labels, counts = np.unique(y, return_counts=True)
    if counts.min() < cv:
        rare = labels.tolist()[counts.argmin()]
        raise ValueError(
            f"Every class must have at least {name}={cv} rows. Class {rare!r} has {counts.min()}; "
            "use fewer folds or leave the class out."
        )
