"""Read labels, groups and domains of a table's rows (layer L5).

scikit-learn takes labels as an array in which -1 marks a row without one; of a table a cell may be
empty, whole numbers beside an empty one were read as floats, and a group or domain is a column.
What that means is decided here, for whoever learns from a table and whoever judges on it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hybridsent._hints import did_you_mean
from hybridsent._label_doubts import count_labels, label_doubts
from hybridsent._label_sets import Form
from hybridsent._labels import Kind, kind_of, labeled_rows
from hybridsent._minus_one import (
    check_minus_one_is_no_class,
    warn_of_a_class_minus_one,
    what_minus_one_is,
)
from hybridsent._tables import as_pandas
from hybridsent._tags import reads_domain, reads_group, takes_unlabelled
from hybridsent.evaluation.rows._label_columns import judged_labels
from hybridsent.evaluation.rows._label_kinds import (
    kind_doubt,
    kind_for,
    label_cells,
    read_sets,
)
from hybridsent.evaluation.rows._labelled import LabeledTable
from hybridsent.exceptions import TableError

__all__ = ["as_numbers", "read_labels", "whole_numbers"]

_SHOWN = 20  # domains that a message lists


def read_labels(
    table: Any,
    y: Any,
    *,
    groups: Any = None,
    domain: Any = None,
    target_domain: Any = None,
    estimator: Any = None,
    kind: Kind | None = None,
) -> LabeledTable:
    """Read labels, groups and domains of the rows of a table, and leave out what cannot be used.

    Which rows have a label depends on where the labels stand. In a column of the table, named by
    `y`, an empty cell (missing, or an empty text) is no label, in every format; integers beside
    empty cells, which are read as floats, are integers again. In an array the number -1 is none, by
    scikit-learn's rule, but where it can only be a class: beside another negative number, or beside
    1 alone. In a regression NaN alone is none.

    Rows without a label are kept, with the label -1 (of numbers, NaN), where `estimator` learns
    from them, and left out otherwise; a note says so. A class -1 is refused where it would count as
    no label.

    For a regressor, and where they cannot be classes (see `kind`), labels are numbers: all of them
    finite, as floats. Sets of labels are texts such as ``"joy|anger"`` (the lone ``"|"`` is the
    empty set), lists in cells, or a matrix of 0 and 1; they become such a matrix.

    Parameters
    ----------
    table : DataFrame or array of n rows
        The table; one of polars, pyarrow or another library is converted.
    y : str or array-like of shape (n,)
        The column of the labels, or labels.
    groups : str or array-like of shape (n,), default=None
        The column of the groups (speaker, video, dialogue), or groups.
    domain : str or array-like of shape (n,), default=None
        The column of the domains, or domains by any names. A whole number is an integer: ``2.0``,
        as a column with an empty cell is read, is 2.
    target_domain : str or number, default=None
        Name of the target among the domains, which must be there; ``"2"`` is 2.
    estimator : estimator or sequence of estimator, default=None
        Who will learn from the rows, or will be judged on them.
    kind : {"classes", "numbers", "sets"} or None, default=None
        What the labels are; None is what the estimator learns, else what the labels look like.

    Returns
    -------
    LabeledTable
        The rows that are left, with their labels, groups and domains.

    Raises
    ------
    TableError
        If there are fewer than two labels in the column, a class is -1 where that marks a row
        without a label, or the target is not told or not there.
    ValueError
        If labels, groups or domains are not one a row, or are of several kinds.

    See Also
    --------
    evaluate : Reads its table so.
    as_labels : One column alone, of which every cell must be there.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.linear_model import LogisticRegression
    >>> from hybridsent.evaluation import read_labels
    >>> from hybridsent.few_label import LabeledOnly
    >>> table = pd.DataFrame({"text__0": [0.1, 0.9, 0.2, 0.7], "label": [0, 1, None, 1]})
    >>> rows = read_labels(table, "label")
    >>> print(rows, rows.y, rows.notes[-1])
    3 rows [0 1 1] 1 of 4 rows have no label in 'label': left out.
    >>> rows = read_labels(table, "label", estimator=LabeledOnly(LogisticRegression()))
    >>> print(rows, rows.y)
    4 rows (3 with a label) [ 0  1 -1  1]
    """
    table = as_pandas(table)
    n = table.shape[0] if hasattr(table, "shape") else len(table)
    learners = list(estimator) if isinstance(estimator, list | tuple) else [estimator]
    taken = any(map(takes_unlabelled, learners))
    if (kind or kind_for(learners, label_cells(table, y))) == "sets":
        sets = read_sets(table, y)
        labels = _Labels(
            sets.indicator, sets.known, "sets", taken, sets.doubts, sets.labels, sets.form
        )
    else:
        read = _of_column if isinstance(y, str) else _of_array
        labels = read(table, y, learners[0], kind, taken)
    doubts = list(labels.doubts)
    if labels.kind == "classes":
        values = labels.values[labels.known]
        doubts += label_doubts(count_labels(values.tolist(), marks=False))
    doubtful = ""
    if kind is None:
        there = label_cells(table, y) if labels.kind == "sets" else labels.values[labels.known]
        doubtful = kind_doubt(there, labels.kind, learners)
    unlabelled = ""
    if not labels.known.all():
        where = f" in {y!r}" if isinstance(y, str) else ""
        fate = "kept to learn from" if labels.taken else "left out"
        unlabelled = f"{(~labels.known).sum()} of {n} rows have no label{where}: {fate}."
    all_kept = labels.taken or bool(labels.known.all())
    kept = None if all_kept else np.flatnonzero(labels.known)
    rows = LabeledTable(
        table,
        labels.values,
        labels.known,
        doubts=tuple(doubts),
        unlabelled=unlabelled,
        kind_doubt=doubtful,
        kept=kept,
        kind=labels.kind,
        set_labels=labels.set_labels,
        form=labels.form,
    )
    rows = replace(rows, rows=rows.of(table), y=rows.of(labels.values), known=rows.of(labels.known))
    if groups is not None:
        groups = judged_labels(rows.rows, _rows_of(groups, rows, n), "groups")
    if domain is not None:
        values = judged_labels(rows.rows, _rows_of(domain, rows, n), "domain")
        domain = _domains(values, domain, target_domain, learners[0])
    return replace(rows, groups=groups, domains=domain)


@dataclass(frozen=True)
class _Labels:
    """Labels of all rows, which of them have one, and whether the others are learned from."""

    values: np.ndarray
    known: np.ndarray
    kind: Kind
    taken: bool
    doubts: tuple[str, ...] = ()
    set_labels: np.ndarray | None = None
    form: Form | None = None


def _of_column(table: Any, name: str, learner: Any, kind: Kind | None, taken: bool) -> _Labels:
    """Read a column of a table, in which an empty cell is no label."""
    if name not in getattr(table, "columns", ()) or table[name].ndim != 1 or not len(table):
        judged_labels(table, name)  # says what is wrong
    column = table[name]
    known = _is_filled(column)
    there = column[known]
    if len(there.map(repr).unique()) < 2:
        raise TableError(
            "The y parameter must hold at least two different labels; "
            f"{name!r} holds {there.unique().tolist()}."
        )
    labels = judged_labels(table[known], there)
    labels = labels if known.all() else whole_numbers(labels)
    kind = kind or kind_of(learner, labels)
    if kind == "numbers":
        return _Labels(_with_gaps(as_numbers(labels), known, kind), known, kind, taken)
    check_minus_one_is_no_class(
        labels,
        np.ones(len(labels), dtype=bool),
        taken=taken,
        kind=kind,
        name="The y parameter",
        way_out="leave the cell empty",
        error=TableError,
    )
    doubts: tuple[str, ...] = ()
    if what_minus_one_is(labels, kind) == "mark":
        doubts = (
            f"The class -1 ({(labels == -1).sum()}) looks like a mark of rows without a label: if "
            f"it is one, leave the cell empty.",
        )
    return _Labels(_with_gaps(labels, known, kind), known, kind, taken, doubts)


def _of_array(table: Any, y: Any, learner: Any, kind: Kind | None, taken: bool) -> _Labels:
    """Read an array, in which -1 is no label, but where it can only be a class."""
    if (kind or (learner is not None and kind_of(learner))) == "numbers":
        return _of_numbers(table, y, taken)
    labels = judged_labels(table, y, marks=True)
    kind = kind or kind_of(learner, labels)
    check_minus_one_is_no_class(
        labels, taken=taken, kind=kind, name="The y parameter", error=TableError
    )
    meant = what_minus_one_is(labels, kind)
    if not taken and meant not in ("mark", "either"):
        return _Labels(labels, np.ones(len(labels), dtype=bool), kind, taken)
    doubts: tuple[str, ...] = ()
    if meant == "either" and not taken:
        why = "nothing in the model takes rows without a label, so that they are left out"
        warn_of_a_class_minus_one(labels, "hybridsent.evaluation", why, stacklevel=4)
        doubts = (
            "-1 marks rows without a label in an array; if it is a class, give it another name, or "
            "name the column of the table that holds the labels.",
        )
    return _Labels(labels, labeled_rows(labels, kind), kind, taken, doubts)


def _of_numbers(table: Any, y: Any, taken: bool) -> _Labels:
    """Read an array of numbers, in which what is missing is no label."""
    y = as_pandas(y)
    is_one_column = np.ndim(y) == 2 and np.shape(y)[1] == 1
    known = labeled_rows(np.asarray(y)[:, 0] if is_one_column else y, "numbers")
    labels = as_numbers(judged_labels(table, y, known=known))
    return _Labels(_with_gaps(labels, known, "numbers"), known, "numbers", taken)


def as_numbers(labels: np.ndarray) -> np.ndarray:
    """Take labels as numbers of a regression.

    Parameters
    ----------
    labels : ndarray of shape (n,)
        Labels, in which none is missing.

    Returns
    -------
    ndarray of float64 of shape (n,)
        The same numbers.

    Raises
    ------
    TableError
        If there is a text among them, or a number that is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.evaluation.rows._read_labels import as_numbers
    >>> as_numbers(np.array([1, 2]))
    array([1., 2.])
    """
    texts = [each for each in labels.tolist() if isinstance(each, str)]
    if texts:
        raise TableError(
            "The y parameter must hold numbers, which is what a regressor learns. Got "
            f"{texts[0]!r} and {len(texts) - 1} more texts; write them as numbers, or take a "
            "classifier."
        )
    numbers = labels.astype(np.float64)
    infinite = np.flatnonzero(~np.isfinite(numbers))
    if len(infinite):
        raise TableError(
            f"The y parameter must hold finite numbers. Got {numbers[infinite[0]]} in "
            f"{len(infinite)} rows, of those with a label the first at position "
            f"{int(infinite[0])}; leave them empty, or bring them into a range."
        )
    return numbers


def _is_filled(column: Any) -> np.ndarray:
    """Tell which cells hold something; an empty text is nothing."""
    empty = column.map(lambda cell: isinstance(cell, str) and cell == "")
    return np.asarray(column.notna() & ~empty.astype(bool), dtype=bool)


def whole_numbers(numbers: np.ndarray) -> np.ndarray:
    """Turn floats that are whole numbers, all of them, into integers.

    Parameters
    ----------
    numbers : ndarray
        Values of a column, in which none is missing.

    Returns
    -------
    ndarray
        Of integers; all else as it is.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.evaluation.rows._read_labels import whole_numbers
    >>> whole_numbers(np.array([1.0, 2.0])), whole_numbers(np.array([0.5]))
    (array([1, 2]), array([0.5]))
    """
    whole = numbers.dtype.kind == "f" and (numbers == np.floor(numbers)).all()
    return numbers.astype(np.int64) if whole else numbers


def _with_gaps(labels: np.ndarray, known: np.ndarray, kind: Kind) -> np.ndarray:
    """Put the mark where a row has no label: -1, or NaN among numbers."""
    if known.all():
        return labels
    if kind == "numbers":
        full = np.full(len(known), np.nan)
    else:
        labels = labels.astype(np.int64) if labels.dtype.kind in "bu" else labels
        full = np.full(len(known), -1, dtype=labels.dtype if labels.dtype.kind in "if" else object)
    full[known] = labels
    return full


def _rows_of(values: Any, rows: LabeledTable, n: int) -> Any:
    """Take of values that are no name of a column those of the rows that are kept."""
    values = as_pandas(values)
    return values if isinstance(values, str) or len(values) != n else rows.of(values)


def _domains(values: np.ndarray, given: Any, target: Any, learner: Any) -> np.ndarray:
    """Name the domain of each row, and refuse a target that is not told or not there."""
    values = whole_numbers(values)
    names = list(map(str, values.tolist()))
    where = f" in {given!r}" if isinstance(given, str) else ""
    known = sorted(set(names))
    shown = known if len(known) <= _SHOWN else [*known[:_SHOWN], "…"]
    if target is None:
        if reads_domain(learner) and not set(values.tolist()) <= {0, 1}:
            raise TableError(
                f"The target_domain parameter must name the target among the domains{where}, where "
                f"these are not 0 (source) and 1 (target); it is one of {shown}."
            )
        return values
    if reads_group(learner) and not reads_domain(learner):
        raise TableError(
            "The estimator standardises each group by itself and knows no target; leave the "
            f"target_domain parameter out. Got {target!r}."
        )
    name = str(int(target)) if isinstance(target, float) and target.is_integer() else str(target)
    if name not in known:
        raise TableError(
            f"The target_domain parameter must name a domain{where}, one of {shown}; got "
            f"{target!r}.{did_you_mean(name, known)}"
        )
    return values
