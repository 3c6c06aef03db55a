"""The question that a table and its options ask (layer L7)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np

from hybridsent._label_sets import SEPARATOR, label_sets
from hybridsent.exceptions import TableError
from hybridsent.label_page._question import Kind, Question, is_empty, plain_label

__all__ = ["question_of"]

_MOST_CLASSES = 200
_MANY = 20  # classes above which it is odd that most stand in one row alone
_LONGEST = 120  # letters of the name of a class
_TASKS: dict[str, Kind] = {
    "classification": "classes",
    "regression": "numbers",
    "multilabel": "sets",
}


def question_of(
    cells: Sequence[Any],
    *,
    target: str,
    task: str = "auto",
    classes: Sequence[Any] | None = None,
    limits: tuple[float, float] | None = None,
) -> Question:
    """Find out what is asked: by what is told, else by the labels that are there.

    Parameters
    ----------
    cells : sequence of object
        The column of the labels; empty cells have none.
    target : str
        Its name.
    task : {"auto", "classification", "regression", "multilabel"}, default="auto"
        What is asked.
    classes : sequence of object or None, default=None
        The classes or labels; those of the column that are not among them are refused.
    limits : (float, float) or None, default=None
        The range of numbers.

    Returns
    -------
    Question
        What is asked.

    Raises
    ------
    TableError
        If there is no telling, or the labels that are there do not fit.
    ValueError
        If the task is none.

    Examples
    --------
    >>> from hybridsent.label_page._question_found import question_of
    >>> question_of(["good", None, "bad"], target="label").names
    ['bad', 'good']
    """
    if task not in ("auto", *_TASKS):
        raise ValueError(f"The task parameter must be one of {['auto', *_TASKS]}. Got {task!r}.")
    there = [cell for cell in cells if not is_empty(cell)]
    kind = _TASKS.get(task) or _kind_of(there, classes, limits)
    if kind == "numbers":
        return _of_numbers(there, target, classes, limits)
    if limits is not None:
        raise TableError(
            "The range parameter must be left out where classes are asked for; "
            f"got {limits}. task='regression' asks for numbers."
        )
    found = _labels_in(there, kind)
    values = _named(classes) if classes is not None else found
    if classes is None and len(found) > _MANY and 2 * len(found) > len(there):
        raise TableError(
            f"The column {target!r} must hold labels, and most of them in several rows. It "
            f"holds {len(found)} different ones in {len(there)} rows; name another column, not "
            "one of texts or ids, or name the classes."
        )
    if len(values) < (1 if kind == "sets" else 2):
        raise TableError(
            f"The classes parameter must name what a row may be, because {target!r} holds "
            f"{'no label' if not found else f'only {found[0]!r}'}; name them all, such as "
            "classes=['negative', 'neutral', 'positive'], or ask for numbers by task='regression' "
            "and range=(-3, 3)."
        )
    _check_names(values, kind)
    names = {str(value) for value in values}
    strange = [each for each in found if str(each) not in names]
    if strange:
        raise TableError(
            f"The classes parameter must hold each label of {target!r}. It lacks "
            f"{strange[0]!r}{f' and {len(strange) - 1} more' if strange[1:] else ''}; add it, or "
            "empty these cells."
        )
    by_name = {str(each): each for each in found}  # a class that is a number stays one
    return Question(kind, tuple(by_name.get(str(value), value) for value in values))


def _kind_of(there: list[Any], classes: Any, limits: Any) -> Kind:
    from hybridsent._labels import kind_found

    if limits is not None:
        return "numbers"
    if not there:
        return "classes"
    found = kind_found(_column(there))
    if found == "numbers" and classes is not None:
        return "classes"
    return "numbers" if found == "numbers" else "sets" if found == "sets" else "classes"


def _column(there: list[Any]) -> np.ndarray:
    from hybridsent.evaluation.rows._read_labels import whole_numbers

    if all(isinstance(each, Real) for each in there):
        return whole_numbers(np.asarray(there))
    values = np.empty(len(there), dtype=object)
    values[:] = there
    return values


def _labels_in(there: list[Any], kind: Kind) -> list[Any]:
    if kind == "sets":
        return list(label_sets(there)[1].tolist()) if there else []
    found = {str(plain): plain for plain in map(plain_label, there)}
    try:
        return sorted(found.values())
    except TypeError:  # texts and numbers
        return [found[name] for name in sorted(found)]


def _named(classes: Sequence[Any]) -> list[Any]:
    given = [each.strip() if isinstance(each, str) else plain_label(each) for each in classes]
    return list({str(each): each for each in given if str(each)}.values())


def _check_names(values: Sequence[Any], kind: Kind) -> None:
    if len(values) > _MOST_CLASSES:
        raise TableError(
            f"The classes parameter must hold at most {_MOST_CLASSES} classes, to be chosen from "
            f"on a page. Got {len(values)}; name the column of the labels, not one of texts or ids."
        )
    for value in values:
        if len(str(value)) > _LONGEST or not str(value).isprintable():
            raise TableError(
                f"A class must be at most {_LONGEST} letters that can be shown. Got "
                f"{str(value)[:60]!r}…; name the column of the labels, not one of texts."
            )
        if kind == "sets" and SEPARATOR in str(value):
            raise TableError(
                f"A label of a set must not hold {SEPARATOR!r}, which stands between labels. Got "
                f"{value!r}; write it otherwise."
            )


def _of_numbers(there: list[Any], target: str, classes: Any, limits: Any) -> Question:
    if classes is not None:
        raise TableError(
            f"The classes parameter must be left out where numbers are asked for; got {classes}."
        )
    try:
        numbers = [float(each) for each in there]
    except (TypeError, ValueError) as error:
        raise TableError(f"The column {target!r} must hold numbers alone: {error}.") from error
    if limits is None:
        if len(set(numbers)) < 2:
            raise TableError(
                f"The range parameter must be told, such as range=(-3, 3): {target!r} does not "
                f"hold two numbers that differ, but {numbers[:1] or 'none'}."
            )
        limits = min(numbers), max(numbers)
    low, high = float(limits[0]), float(limits[1])
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise TableError(
            "The range parameter must be two finite numbers, the smaller one first. Got "
            f"{low:g} and {high:g}."
        )
    return Question("numbers", (), low, high)
