"""The rows of a table to learn from or to judge by, with what its columns tell of each (layer L5).

scikit-learn takes labels as an array in which -1 marks a row without one; of a table a cell may be
empty, whole numbers beside an empty one were read as floats, and a group or domain is a column.
What that means is decided here, for whoever learns from a table and whoever judges on it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hybridsent._folds import fit_with_groups, wants_groups
from hybridsent._hints import did_you_mean
from hybridsent._label_doubts import count_labels, label_doubts
from hybridsent._label_sets import Form, as_sets
from hybridsent._labels import (
    Kind,
    check_minus_one_is_no_class,
    kind_of,
    labeled_rows,
    reading_labels_as,
    take_rows,
    warn_of_a_class_minus_one,
    what_minus_one_is,
)
from hybridsent._tables import as_pandas
from hybridsent._tags import adapting_parts, reads_domain, reads_group, takes_unlabelled
from hybridsent.evaluation._columns import selectors_of
from hybridsent.evaluation._label_columns import judged_labels
from hybridsent.evaluation._label_kinds import (
    counted_sets,
    kind_doubt,
    kind_for,
    label_cells,
    read_sets,
)
from hybridsent.exceptions import TableError
from hybridsent.views import PASSTHROUGH, view_of

__all__ = ["LabeledTable", "as_numbers", "check_target_is_told", "read_labels", "whole_numbers"]

_SHOWN = 20  # domains that a message lists


@dataclass(frozen=True)
class LabeledTable:
    """Rows of a table with their labels, groups and domains, as `read_labels` gives them.

    Parameters
    ----------
    rows : DataFrame or array of n rows
        The rows that are learned from or judged by: all, or those with a label.
    y : ndarray of shape (n,), of sets of labels of shape (n, n_labels)
        Labels. A row without one has -1, or NaN where the labels are numbers of a regression. Of
        sets each label is a column of 0 and 1.
    known : ndarray of bool of shape (n,)
        Which rows have a label; -1 is a class where all have one.
    groups : ndarray of shape (n,) or None, default=None
        Group of each row, where they are told.
    domains : ndarray of shape (n,) or None, default=None
        Domain of each row, where they are told; whole numbers are integers.
    doubts : tuple of str, default=()
        What is odd about the labels.
    unlabelled : str, default=""
        How many rows have no label, and what becomes of them; empty where all have one.
    kept : ndarray of int of shape (n,) or None, default=None
        Which rows of the table they are; None is all of them.
    kind : {"classes", "numbers", "sets"}, default="classes"
        What the labels are.
    set_labels : ndarray of shape (n_labels,) or None, default=None
        Of sets the labels, in the order of the columns of y.
    form : {"text", "list", "tuple", "set", "indicator"} or None, default=None
        Of sets how they were written.
    kind_doubt : str, default=""
        What else the labels may be than `kind`; empty where that was told, or is not doubtful.
    """

    rows: Any
    y: np.ndarray
    known: np.ndarray
    groups: np.ndarray | None = None
    domains: np.ndarray | None = None
    doubts: tuple[str, ...] = ()
    unlabelled: str = ""
    kept: np.ndarray | None = None
    kind: Kind = "classes"
    set_labels: np.ndarray | None = None
    form: Form | None = None
    kind_doubt: str = ""

    def reading(self) -> AbstractContextManager[None]:
        """Let what is fitted inside a ``with`` block read labels as these were read.

        Returns
        -------
        context manager
            Inside it, -1 is a class where each row has a label.
        """
        each_is_named = self.kind == "classes" and bool(self.known.all())
        return reading_labels_as("names" if each_is_named else self.kind)

    @property
    def notes(self) -> list[str]:
        """Sentences for the notes of a result."""
        return [*self.doubts, *filter(None, [self.kind_doubt, self.unlabelled])]

    def of(self, values: Any) -> Any:
        """Take of something with a row for each row of the table those that are kept.

        Parameters
        ----------
        values : array, DataFrame or list
            What to take from.

        Returns
        -------
        array, DataFrame or list
            The rows.
        """
        return values if self.kept is None else take_rows(values, self.kept)

    def named(self, *values: Any) -> list[Any]:
        """Give names of columns as they are, and of values those of the rows that are kept.

        Parameters
        ----------
        *values : str, array of a value for each row of the table, or None
            What labels, groups or domains were taken from.

        Returns
        -------
        list
            The same, of these rows.
        """
        return [each if each is None or isinstance(each, str) else self.of(each) for each in values]

    def splitter(self, cv: Any) -> Any:
        """Give what makes folds of the table for the rows that are kept.

        Parameters
        ----------
        cv : int, splitter or iterable of (ndarray, ndarray)
            As `evaluate` takes it; positions are those of the table.

        Returns
        -------
        int, splitter or list of (ndarray, ndarray)
            The same; of positions those of rows that are kept, counted among these. Folds that test
            none of them are left out.
        """
        if self.kept is None or isinstance(cv, (int, np.integer)) or hasattr(cv, "split"):
            return cv
        folds = [(_kept_among(self.kept, one), _kept_among(self.kept, two)) for one, two in cv]
        return [(train, test) for train, test in folds if len(test)]

    @property
    def labels(self) -> np.ndarray | None:
        """All labels there are, in the order of probabilities; None for numbers."""
        if self.kind == "numbers":
            return None
        return np.unique(self.y[self.known]) if self.set_labels is None else self.set_labels

    @property
    def classes(self) -> dict[Any, int]:
        """Rows of each class or label, the most frequent first."""
        if self.set_labels is not None:
            return counted_sets(self.y[self.known], self.set_labels)
        return count_labels(self.y[self.known].tolist(), marks=False)

    def fit(self, estimator: Any) -> Any:
        """Fit an estimator on the rows, and hand the groups to all in it that tunes itself.

        Parameters
        ----------
        estimator : estimator
            The one for which the labels were read.

        Returns
        -------
        estimator
            The same one, fitted.

        Raises
        ------
        TableError
            If it adapts, and nothing tells to which rows; if there are groups, and nothing in it
            keeps them together.
        """
        check_target_is_told(estimator, self)
        if self.groups is not None and not wants_groups(estimator):
            raise TableError(
                "The groups parameter must be left out: nothing in this model makes folds of its "
                "own or stops early, so that nothing would keep its rows together."
            )
        with self.reading():
            return fit_with_groups(estimator, self.rows, self.y_for(estimator), self.groups)

    def y_for(self, estimator: Any) -> np.ndarray:
        """Give the labels as an estimator is to be taught them, to answer in the same words.

        Parameters
        ----------
        estimator : estimator
            Who will learn.

        Returns
        -------
        ndarray of shape (n,) or (n, n_labels)
            The labels; sets as they were written for what learns nothing but sets
            (`hybridsent.heads.MultiLabelClassifier`), and else as 0 and 1, as scikit-learn has it.
        """
        if self.set_labels is None or self.form is None or kind_of(estimator) != "sets":
            return self.y
        return as_sets(self.y, self.set_labels, self.form)

    def __str__(self) -> str:
        """Say how many rows there are, and how many of them have a label."""
        with_label = "" if self.known.all() else f" ({self.known.sum()} with a label)"
        return f"{len(self.y)} rows{with_label}"


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
        fate = "kept to adapt to" if labels.taken else "left out"
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


def check_target_is_told(
    estimator: Any, rows: LabeledTable, *, judged: bool = False, name: str | None = None
) -> None:
    """Refuse what adapts where nothing tells it to which rows, or where these cannot be judged.

    Parameters
    ----------
    estimator : estimator
        Who is fitted, or judged.
    rows : LabeledTable
        The rows: where no column tells domains, those without a label are the target.
    judged : bool, default=False
        Whether the rows are to judge it, and not only to fit it.
    name : str or None, default=None
        What adapts is called in the message; None is its class.

    Raises
    ------
    TableError
        If there is no column of domains, and every row has a label; or some have none, and are to
        judge.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from hybridsent.evaluation import check_target_is_told, read_labels
    >>> from hybridsent.transfer import CORAL
    >>> model = make_pipeline(CORAL(), LogisticRegression())
    >>> table = pd.DataFrame({"text__0": [0.1, 0.9], "label": ["bad", "good"]})
    >>> check_target_is_told(model, read_labels(table, "label"))
    Traceback (most recent call last):
        ...
    hybridsent.exceptions.TableError: CORAL needs the domain parameter, the column that tells ...
    """
    part = next(adapting_parts(estimator), None)
    if part is None:
        return
    marks: set[str | None] = {view for view, _ in selectors_of(estimator)}
    marks |= {view_of(name) for name in getattr(rows.rows, "columns", ())}
    if marks & {*PASSTHROUGH}:
        return
    known = rows.known
    unknown = int((~known).sum())
    if unknown and judged:
        raise TableError(
            "evaluate needs the domain parameter of transfer_report to know the target of what "
            f"adapts, and the labels of all rows to judge it; {unknown} of {len(known)} rows have "
            "no label. Name the column of the domains there, or adapt to these rows by fitting."
        )
    if not unknown:
        raise TableError(
            f"{name or type(part).__name__} needs the domain parameter, the column that tells "
            "source from target, or rows of the target without a label; all "
            f"{len(known)} rows have one. Without a target nothing is adapted."
        )


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
    >>> from hybridsent.evaluation._labelled import as_numbers
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


def _kept_among(kept: np.ndarray, positions: Any) -> np.ndarray:
    """Count positions of a table among those of its rows that are kept."""
    told = np.asarray(positions)
    told = np.flatnonzero(told) if told.dtype == bool else told
    return np.searchsorted(kept, told[np.isin(told, kept)])


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
    >>> from hybridsent.evaluation._labelled import whole_numbers
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
