"""How a table of votes is read, of annotators or of labelling functions (layer L0).

pandas.factorize codes one column; which cell is no vote, what may be a class, and that all columns
have one list of classes is decided here, by the rules of `_labels`.
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np

from hybridsent._minus_one import warn_of_a_class_minus_one
from hybridsent.exceptions import TableError

__all__ = ["NO_VOTE", "read_votes"]

NO_VOTE = -1
"""Code of a cell without a vote."""

_SHOWN = 60


def read_votes(votes: Any, classes: Any = None) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Read a table of votes: who gave which row which class.

    Parameters
    ----------
    votes : DataFrame or array of shape (n, m)
        A row a sample, a column a voter, in each cell a class. No vote is a missing cell (None,
        NaN, an empty text) or the number -1.
    classes : sequence or None, default=None
        The classes, in the order of their codes; None takes those that were voted for, sorted.

    Returns
    -------
    codes : ndarray of int32 of shape (n, m)
        Position of each vote in `classes`; -1 where there is none.
    classes : ndarray of shape (k,)
        The classes.
    names : list of str
        Of the voters: the columns, or ``"voter_0"`` and so on.

    Raises
    ------
    TableError
        If a cell is no class, texts and numbers stand side by side, two columns have one name, -1
        can only be a class, or a vote is none of `classes`.

    Warns
    -----
    TableWarning
        If a DataFrame holds -1, 0 and 1 and no empty cell, so that -1 may be a class.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent._numerics.votes import read_votes
    >>> votes = pd.DataFrame({"ann": ["bad", "good"], "bo": ["", "bad"]})
    >>> codes, classes, names = read_votes(votes)
    >>> codes.tolist(), classes.tolist(), names
    ([[0, -1], [1, 0]], ['bad', 'good'], ['ann', 'bo'])
    >>> read_votes([[0, -1], [2, 0]])[0].tolist()
    [[0, -1], [1, 0]]
    """
    import pandas as pd

    from hybridsent._tables import as_pandas

    given = as_pandas(votes)
    told = isinstance(given, (pd.DataFrame, pd.Series))
    if isinstance(given, pd.Series):
        given = given.to_frame(name="voter_0" if given.name is None else given.name)
    elif not isinstance(given, pd.DataFrame):
        given = _frame_of_array(given)
    names = [str(name) for name in given.columns]
    _check_names(names)
    columns, labels = [], {}
    for j, name in enumerate(names):
        try:
            codes, uniques = pd.factorize(given.iloc[:, j])
        except TypeError as error:
            raise TableError(
                "A vote must be a class: a text or a whole number. Got a list or another container "
                f"in {name!r}; write a set of labels as a text such as 'joy|anger'."
            ) from error
        there = [_label(value, name) for value in list(uniques)]
        columns.append((codes, there))
        labels.update(dict.fromkeys(there))
    labels.pop(None, None)
    has_empty = any((codes < 0).any() or None in there for codes, there in columns)
    known = _classes(list(labels), classes, has_empty=has_empty, told=told)
    place = {label: code for code, label in enumerate(known.tolist())}
    place |= {-1: NO_VOTE, None: NO_VOTE}
    found = np.full(given.shape, NO_VOTE, dtype=np.int32)
    for j, (codes, there) in enumerate(columns):
        strange = [label for label in there if label not in place]
        if strange:
            raise TableError(
                f"A vote must be one of the classes {_short(known.tolist())}. Got {strange[0]!r} "
                f"in {names[j]!r}; write it as they are written, or name it among the classes."
            )
        of_codes = np.array([*(place[label] for label in there), NO_VOTE], dtype=np.int32)
        found[:, j] = of_codes[codes]  # pandas codes a missing cell by -1: the last one
    return found, known, names


# -- reading ---------------------------------------------------------------------------------------


def _frame_of_array(given: Any) -> Any:
    import pandas as pd

    if isinstance(given, dict):
        return pd.DataFrame(given)
    values = given if isinstance(given, np.ndarray) else np.array(_listed(given), dtype=object)
    if values.ndim == 1 and not isinstance(given, np.ndarray) and len(values):
        raise TableError(
            "Votes must be a table of one row a sample and one column a voter. Got "
            f"{_short(given)}; of one voter, write [[label], [label], …]."
        )
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2:
        raise TableError(
            f"Votes must be a table of one row a sample and one column a voter. Got the shape "
            f"{values.shape}."
        )
    return pd.DataFrame(values, columns=[f"voter_{j}" for j in range(values.shape[1])])


def _listed(given: Any) -> Any:
    """Give lists as lists of cells; rows of unequal length are refused by name."""
    rows = list(given)
    if rows and all(isinstance(row, (list, tuple, np.ndarray)) for row in rows):
        lengths = {len(row) for row in rows}
        if len(lengths) > 1:
            raise TableError(
                "Votes must have one cell for each voter in every row. Got rows of "
                f"{min(lengths)} and of {max(lengths)} cells; None is a cell without a vote."
            )
    return rows


def _check_names(names: list[str]) -> None:
    if not names:
        raise TableError("Votes must have a column for each voter. Got none.")
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise TableError(
            f"Each column of votes must have a name of its own. Got {twice[0]!r} for "
            f"{names.count(twice[0])} columns."
        )


def _label(value: Any, name: str) -> Any:
    """Give a label as Python has it, None for an empty text."""
    if isinstance(value, str):
        if value == "-1":
            raise TableError(
                "A cell without a vote must be empty, or the number -1. Got the text '-1' in "
                f"{name!r}; votes.replace('-1', None) mends a DataFrame."
            )
        return str(value) if value.strip() else None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        if float(value).is_integer():
            return int(float(value))
        raise TableError(
            f"A vote must be a class: a text or a whole number. Got {value!r} in {name!r}. Scores "
            "are numbers: aggregate(votes, method='mean') joins them, and bin_scores cuts them "
            "into classes."
        )
    raise TableError(
        f"A vote must be a class: a text or a whole number. Got {_short(value)} in {name!r}."
    )


def _classes(labels: list[Any], classes: Any, *, has_empty: bool, told: bool) -> np.ndarray:
    """Give the classes in the order of their codes."""
    texts = [label for label in labels if isinstance(label, str)]
    numbers = [label for label in labels if not isinstance(label, str)]
    if texts and any(label != -1 for label in numbers):
        strange = next(label for label in numbers if label != -1)
        raise TableError(
            f"Votes must be texts or numbers, not both. Got {texts[0]!r} and {strange!r}; write "
            "all as texts."
        )
    if classes is not None:
        known = np.asarray(classes)
        listed = known.tolist()
        if known.ndim != 1 or len(set(listed)) < len(listed):
            raise TableError(
                f"The classes must be a list in which each stands once. Got {_short(listed)}."
            )
        strange = [label for label in list(classes) if _is_no_class(label)]  # texts, in an array
        if strange:
            raise TableError(
                f"Each of the classes must be a text or a whole number. Got {strange[0]!r}."
            )
        if -1 in listed or "-1" in listed:
            raise TableError(
                "The classes must not hold -1, which marks a row without a label; rename the class."
            )
        return known
    others = sorted(label for label in labels if label != -1)
    if len(others) < len(labels):
        _check_minus_one(others, has_empty=has_empty, told=told)
    if not others:
        return np.empty(0, dtype="<U1")
    return np.array(others)


def _is_no_class(label: Any) -> bool:
    if isinstance(label, str):
        return not label.strip()
    return not isinstance(label, Real) or not float(label).is_integer()


def _check_minus_one(others: list[Any], *, has_empty: bool, told: bool) -> None:
    """Refuse votes of -1 that can only be a class; a DataFrame is told where they may be one."""
    if any(isinstance(label, str) for label in others) or not others:
        return
    if others == [1] or any(label < 0 for label in others) or (has_empty and told):
        beside = " and empty cells" if has_empty else ""
        raise TableError(
            "Votes must not hold a class -1, which marks no vote; they hold -1 beside "
            f"{_short(others)}{beside}. If it is a class, rename the class, for example by "
            "votes.replace({-1: 'negative', 0: 'neutral', 1: 'positive'}); if it is no vote, "
            "name the classes (classes=[0, 1]) or leave the cells empty."
        )
    if told:
        warn_of_a_class_minus_one(
            np.array([-1, *others]), "A table of votes", "it may be a polarity", stacklevel=4
        )


def _short(value: Any) -> str:
    told = repr(value)
    return told if len(told) <= _SHOWN else told[: _SHOWN - 1] + "…"
