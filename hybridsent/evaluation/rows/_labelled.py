"""The rows of a table to learn from or to judge by, with their labels and groups (layer L5)."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np

from hybridsent._groups import fit_with_groups, wants_groups
from hybridsent._label_doubts import count_labels
from hybridsent._label_sets import Form, as_sets
from hybridsent._labels import (
    Kind,
    kind_of,
    reading_labels_as,
    take_rows,
)
from hybridsent._tags import adapting_parts
from hybridsent.evaluation.rows._columns import selectors_of
from hybridsent.evaluation.rows._label_kinds import (
    counted_sets,
)
from hybridsent.exceptions import TableError
from hybridsent.views import PASSTHROUGH, view_of

__all__ = ["LabeledTable", "check_target_is_told"]


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
    def written(self) -> np.ndarray:
        """Labels by their names: of sets as they were written, and else those of y."""
        if self.set_labels is None or self.form is None:
            return self.y
        return as_sets(self.y, self.set_labels, self.form)

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
        return self.written if kind_of(estimator) == "sets" else self.y

    def __str__(self) -> str:
        """Say how many rows there are, and how many of them have a label."""
        with_label = "" if self.known.all() else f" ({self.known.sum()} with a label)"
        return f"{len(self.y)} rows{with_label}"


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


def _kept_among(kept: np.ndarray, positions: Any) -> np.ndarray:
    """Count positions of a table among those of its rows that are kept."""
    told = np.asarray(positions)
    told = np.flatnonzero(told) if told.dtype == bool else told
    return np.searchsorted(kept, told[np.isin(told, kept)])
