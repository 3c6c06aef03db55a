"""Labels as the losses take them: codes, numbers, or a column a label (layer L4).

What a label is, and which rows have one, the rules of the whole package say (`_labels`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.multiclass import type_of_target

from hybridsent._folds import hold_out
from hybridsent._label_sets import has_labels, is_of_sets, label_sets, rarest_labels
from hybridsent._labels import kind_found, labeled_rows, one_column
from hybridsent._minus_one import check_minus_one_is_no_class
from hybridsent.finetune._rows import held_out_rows

__all__ = ["LOSSES", "codes_of", "held_out_of", "known_of", "loss_of", "targets_of", "task_of"]

LOSSES = {
    "classification": ("contrastive", "cross_entropy"),
    "regression": ("squared",),
    "multilabel": ("cross_entropy",),
}
"""Losses of labelled rows for each task; the first is that of ``loss="auto"``."""


def loss_of(task: str, loss: str) -> str:
    """Give the loss of labelled rows.

    Parameters
    ----------
    task : {"classification", "regression", "multilabel"}
        What is learned.
    loss : str
        As `finetune` takes it.

    Returns
    -------
    str
        One of `LOSSES`.

    Raises
    ------
    ValueError
        If the task has no such loss.
    """
    known = LOSSES[task]
    if loss == "auto":
        return known[0]
    if loss not in known:
        told = " or ".join(map(repr, ("auto", *known)))
        raise ValueError(f"loss must be {told} with task={task!r}. Got {loss!r}.")
    return loss


def task_of(y: Any) -> str:
    """Tell the task of labels that nobody names: those of a source that has a head of its own.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, n_labels)
        Labels.

    Returns
    -------
    str
        One of `LOSSES`.

    Examples
    --------
    >>> from hybridsent.finetune._targets import task_of
    >>> task_of(["joy", "grief"]), task_of([0.5, 2.0]), task_of(["joy|awe", "joy"])
    ('classification', 'regression', 'multilabel')
    """
    kinds = {"numbers": "regression", "sets": "multilabel"}
    return kinds.get(kind_found(y), "classification")


def targets_of(
    task: str, labels: list[Any], names: list[str]
) -> tuple[np.ndarray | None, list[np.ndarray]]:
    """Read the labels of several domains as one target.

    Parameters
    ----------
    task : {"classification", "regression", "multilabel"}
        What is learned.
    labels : list of array-like
        Labels of each domain.
    names : list of str
        What each is called, for messages.

    Returns
    -------
    classes : ndarray or None
        Classes, or labels of the sets, sorted; None for numbers.
    targets : list of ndarray
        Codes of classes, int of shape (n,), -1 where there is none; numbers, float64 of shape (n,),
        NaN where there is none; or sets, int8 of shape (n, n_labels), -1 where there is none.

    Raises
    ------
    ValueError
        If labels are not those of the task.
    """
    if task == "regression":
        return None, [_numbers_of(y, name) for y, name in zip(labels, names, strict=True)]
    if task == "multilabel":
        return _sets_of(labels, names)
    return codes_of(labels, names)


def known_of(targets: np.ndarray) -> np.ndarray:
    """Tell which rows have a label.

    Parameters
    ----------
    targets : ndarray
        As `targets_of` gives them.

    Returns
    -------
    ndarray of bool of shape (n,)
        False for rows without a label.
    """
    if targets.ndim == 2:
        return labeled_rows(targets, "sets")
    return labeled_rows(targets, "numbers" if targets.dtype.kind == "f" else "classes")


def codes_of(labels: list[Any], names: list[str]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Give the classes of several label vectors one numbering.

    Parameters
    ----------
    labels : list of array-like
        Labels of each domain; the number -1 means none.
    names : list of str
        What each is called, for messages.

    Returns
    -------
    classes : ndarray
        Sorted.
    codes : list of ndarray of int
        Position in `classes`; -1 where there is no label.

    Raises
    ------
    ValueError
        If labels are continuous or sets, or there are fewer than two classes.
    """
    for name, y in zip(names, labels, strict=True):
        if is_of_sets(y):
            raise ValueError(
                f"{name} must be labels of classes with task='classification'. Got sets of labels; "
                "pass task='multilabel'."
            )
    columns = [one_column(column) for column in labels]
    masks = [labeled_rows(column, "classes") for column in columns]
    known = [column.astype(object)[mask] for column, mask in zip(columns, masks, strict=True)]
    for name, found in zip(names, known, strict=True):
        kind = type_of_target(np.array(found.tolist())) if len(found) else "empty"
        if kind not in ("binary", "multiclass"):
            raise ValueError(
                f"{name} must be labels of classes with task='classification'. Got a target of "
                f"type {kind!r}; pass task='regression' to learn numbers, or cut continuous values "
                "into classes, such as (y > 0)."
            )
    for name, column in zip(names, columns, strict=True):
        check_minus_one_is_no_class(column, kind="classes", name=name)
    classes = np.unique(np.array(np.concatenate(known).tolist()))
    if len(classes) < 2:
        raise ValueError(
            f"{names[0]} must have at least two classes among its labelled rows. "
            f"Got {classes.tolist()}."
        )
    codes = []
    for found, mask in zip(known, masks, strict=True):
        numbers = np.full(len(mask), -1)
        numbers[mask] = np.searchsorted(classes, np.array(found.tolist(), dtype=classes.dtype))
        codes.append(numbers)
    return classes, codes


def _numbers_of(y: Any, name: str) -> np.ndarray:
    """Read numbers; NaN where there is none."""
    must = f"{name} must be numbers with task='regression', NaN where a row has none."
    if is_of_sets(y):
        raise ValueError(f"{must} Got sets of labels; pass task='multilabel'.")
    values = one_column(y)
    known = labeled_rows(values, "numbers")
    there = values[known].tolist()
    texts = [value for value in there if isinstance(value, str)]
    if texts:
        raise ValueError(f"{must} Got {texts[0]!r}; pass task='classification' to learn classes.")
    numbers = np.full(len(values), np.nan)
    numbers[known] = np.array(there, dtype=np.float64)
    if np.isinf(numbers).any():
        row = int(np.flatnonzero(np.isinf(numbers))[0])
        raise ValueError(f"{must} Got {numbers[row]} in row {row}; write NaN there.")
    return numbers


def _sets_of(labels: list[Any], names: list[str]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Read sets of labels; their columns are those of all domains."""
    for name, y in zip(names, labels, strict=True):
        _check_sets(y, name)
    read = [label_sets(y) for y in labels]
    of_text = {classes.dtype.kind in "OUS" for _, classes in read if len(classes)}
    if len(of_text) > 1:
        raise ValueError(
            f"{' and '.join(names)} must have labels of one kind with task='multilabel'. Got texts "
            "and numbers; write all as texts."
        )
    found = [classes.tolist() for _, classes in read]
    known = found[0] if len(found) == 1 else sorted({label for some in found for label in some})
    if not known:
        raise ValueError(
            f"{names[0]} must have a row with a label with task='multilabel'. Got "
            f"{len(read[0][0])} rows without any."
        )
    targets = []
    for (indicator, _), some, known_rows in zip(read, found, map(has_labels, labels), strict=True):
        wide = np.zeros((len(indicator), len(known)), dtype=np.int8)
        wide[:, [known.index(label) for label in some]] = indicator
        wide[~known_rows] = -1
        targets.append(wide)
    return np.array(known), targets


def _check_sets(y: Any, name: str) -> None:
    """Refuse a column of numbers, of which `label_sets` says nothing of the task."""
    if is_of_sets(y) or np.ndim(y) == 2:
        return
    values = one_column(y)
    there = values[labeled_rows(values, "names")].tolist()
    if there and not any(isinstance(value, str) for value in there):
        raise ValueError(
            f"{name} must be sets of labels with task='multilabel': texts such as 'joy|anger', "
            f"lists, or a matrix of 0 and 1. Got {there[0]!r}; pass task='classification' to learn "
            "classes, or task='regression' to learn numbers."
        )


def held_out_of(
    targets: np.ndarray, groups: np.ndarray | None, share: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Part labelled rows: those to learn from, and those that tell when to stop.

    Parameters
    ----------
    targets : ndarray
        As `targets_of` gives them, of labelled rows. Classes are held out in proportion, and sets
        in that of the rarest label of each row, where no groups are kept together.
    groups : ndarray or None
        Rows of one group stay together.
    share : float
        Of the rows to hold out; 0 for none.
    seed : int
        Of the draw.

    Returns
    -------
    kept, held : ndarray of int
        Positions.

    Raises
    ------
    ValueError
        If a side would be without rows, or a class without one on a side.
    """
    if targets.ndim == 1 and targets.dtype.kind != "f":
        return held_out_rows(targets, groups, share, seed)
    rows = np.arange(len(targets))
    if share == 0:
        return rows, rows[:0]
    told: np.ndarray = np.zeros(len(rows))  # float: of no class
    if targets.ndim == 2 and groups is None:
        told = rarest_labels(targets)
    kept, held = hold_out(told, share, groups, random_state=seed, fewest=1)
    apart = groups is None or len(np.unique(groups)) > 1
    if not (len(held) and len(kept) and apart):
        raise ValueError(
            f"held_out={share} must leave rows, and whole groups, on both sides. Got {len(rows)} "
            "labelled rows; pass held_out=0."
        )
    return kept, held
