"""Which kind of labels a table is read for: by who learns, else by the labels (layer L5).

scikit-learn's type_of_target looks at the labels alone, and takes texts such as "joy|anger" for
classes and lists for an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import get_tags

from hybridsent._label_doubts import label_doubts, scale_doubt
from hybridsent._label_sets import (
    Form,
    form_of,
    has_labels,
    is_of_sets,
    label_sets,
    told_separators,
)
from hybridsent._labels import Kind, kind_found, kind_told
from hybridsent._tables import as_pandas
from hybridsent._tags import inner_estimator
from hybridsent.evaluation.rows._label_columns import check_order
from hybridsent.exceptions import TableError

__all__ = [
    "SetsOfLabels",
    "counted_sets",
    "kind_doubt",
    "kind_for",
    "label_cells",
    "read_sets",
]


class SetsOfLabels(NamedTuple):
    """Sets of labels of all rows.

    Parameters
    ----------
    indicator : ndarray of int64 of shape (n, n_labels)
        0 and 1; -1 in rows without labels.
    known : ndarray of bool of shape (n,)
        Which rows have labels.
    labels : ndarray of shape (n_labels,)
        The labels.
    form : {"text", "list", "tuple", "set", "indicator"}
        How they were written.
    doubts : tuple of str
        What is odd about them.
    """

    indicator: np.ndarray
    known: np.ndarray
    labels: np.ndarray
    form: Form
    doubts: tuple[str, ...]


def label_cells(table: Any, y: Any) -> Any:
    """Give the labels as they stand: a column of the table, or what was given.

    Parameters
    ----------
    table : DataFrame or array
        The rows.
    y : str or array-like
        As `read_labels` takes it.

    Returns
    -------
    Series, array or list
        The labels; None where there is no such column.
    """
    if not isinstance(y, str):
        return as_pandas(y)
    there = y in getattr(table, "columns", ()) and table[y].ndim == 1
    return table[y] if there else None


def kind_for(learners: Sequence[Any], y: Any) -> Kind | None:
    """Tell what labels are to those who will learn from them.

    Parameters
    ----------
    learners : sequence of estimator or None
        Who will learn.
    y : Series, array, list or None
        The labels, as `label_cells` gives them.

    Returns
    -------
    {"classes", "numbers", "sets"} or None
        Sets where a learner learns nothing else, or the labels are sets: also texts such as
        ``"joy|anger"``, where nobody says what is learned. Else what is learned; None where nobody
        says it.

    Raises
    ------
    TableError
        If some learn numbers and others classes, or the labels are sets and a learner takes none.
    """
    told = [kind_told(each) for each in learners]
    kinds = {each for each in told if each is not None}
    if "numbers" in kinds and len(kinds) > 1:
        one, other = told.index("numbers"), next(i for i, k in enumerate(told) if k != "numbers")
        raise TableError(
            "The estimator parameter must hold classifiers or regressors, not both: they cannot be "
            f"judged by one metric. Got {_named(learners[one])} and {_named(learners[other])}."
        )
    if kinds == {"numbers"} or y is None:
        return next(iter(kinds), None) if len(kinds) < 2 else "sets"
    if not kinds:
        return "sets" if kind_found(y) == "sets" else None
    if "sets" not in kinds and not is_of_sets(y):
        return "classes"
    for each in learners:
        _check_takes_sets(each)
    return "sets"


def _check_takes_sets(learner: Any) -> None:
    """Refuse a classifier that takes one class a row."""
    if kind_told(learner) is None or _takes_sets(learner):
        return
    raise TableError(
        f"{_named(learner)} learns one class a row, and the y parameter holds sets of labels: take "
        'make_fusion(task="multilabel"), or put hybridsent.heads.MultiLabelClassifier around the '
        "classifier. If a row has one class, give a column or a list of classes."
    )


def _takes_sets(learner: Any) -> bool:
    tags = get_tags(learner)
    known = tags.classifier_tags is not None and tags.classifier_tags.multi_label
    inner = inner_estimator(learner)
    return bool(known or tags.target_tags.multi_output) or (
        hasattr(inner, "fit") and _takes_sets(inner)
    )


def _named(learner: Any) -> str:
    steps = getattr(learner, "steps", None)
    return type(steps[-1][1] if steps else learner).__name__


def read_sets(table: Any, y: Any) -> SetsOfLabels:
    """Read sets of labels of all rows.

    Parameters
    ----------
    table : DataFrame or array of n rows
        The rows.
    y : str or array-like
        The column, or the sets, as `label_sets` takes them.

    Returns
    -------
    SetsOfLabels
        With what is odd about them.

    Raises
    ------
    TableError
        If there is no such column, or all rows have the same set.
    ValueError
        If there are not as many sets as rows, or one cannot be read.
    """
    cells = label_cells(table, y)
    if cells is None:
        raise TableError(
            f"The y parameter must be labels or a column of the table. Got {y!r}; the columns are "
            f"{list(getattr(table, 'columns', []))}."
        )
    check_order(table, cells, "y")
    n = table.shape[0] if hasattr(table, "shape") else len(table)
    indicator, labels = label_sets(cells)
    if len(indicator) != n:
        raise ValueError(
            f"There must be one set of labels a row. Got {len(indicator)} sets for {n} rows."
        )
    known = has_labels(cells)
    if len(labels) == 1:
        raise TableError(
            "The y parameter must hold at least two different labels, of which a row may have any "
            f"number. Got {labels.tolist()[0]!r} alone: whether a row has it is a class, so write "
            "a class for each row, such as 'yes' and 'no'."
        )
    if len(np.unique(indicator[known], axis=0)) < 2 or not len(labels):
        where = f"; {y!r}" if isinstance(y, str) else ". It"
        same = "no label at all" if not len(labels) else "the same labels in each row that has any"
        raise TableError(
            f"The y parameter must hold at least two different sets of labels{where} holds {same}."
        )
    counts = counted_sets(indicator[known], labels)
    doubts = label_doubts({label: count for label, count in counts.items() if count})
    never = [label for label, count in counts.items() if not count]
    if never:
        doubts.append(f"No row has the label {never[0]!r}: nothing can be learned of it.")
    return SetsOfLabels(indicator.astype(np.int64), known, labels, form_of(cells), tuple(doubts))


def kind_doubt(y: Any, kind: Kind, learners: Sequence[Any]) -> str:
    """Say what else labels may be than what they are read as, where that is doubtful.

    Parameters
    ----------
    y : Series, array or list
        Labels, none of them missing.
    kind : {"classes", "names", "numbers", "sets"}
        As what they are read.
    learners : sequence of estimator or None
        Who learns: who learns numbers or sets was chosen for that.

    Returns
    -------
    str
        A sentence; empty where nothing is doubtful.
    """
    chosen = any(kind_told(each) is not None for each in learners)
    if kind in ("numbers", "sets") and chosen:
        return ""
    if kind == "sets":
        return told_separators(y, as_sets=True)
    values = np.asarray(y)
    return scale_doubt(values.tolist(), as_numbers=kind == "numbers") or (
        "" if kind == "numbers" else told_separators(values, as_sets=False)
    )


def counted_sets(indicator: np.ndarray, labels: np.ndarray) -> dict[Any, int]:
    """Count the rows of each label, the most frequent first.

    Parameters
    ----------
    indicator : ndarray of shape (n, n_labels)
        0 and 1.
    labels : ndarray of shape (n_labels,)
        The labels.

    Returns
    -------
    dict
        Label to rows.
    """
    rows = (np.asarray(indicator) > 0).sum(axis=0).tolist()
    counts = dict(zip(labels.tolist(), rows, strict=True))
    return dict(sorted(counts.items(), key=lambda each: (-each[1], str(each[0]))))
