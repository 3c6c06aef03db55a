"""Which rows have a label: one rule for classes and for numbers, in one place (layer L0).

Of classes the number -1 marks a row without a label, as in scikit-learn; of numbers (a regression)
NaN alone does, because -1 is a value like any other; a set of labels is read by `label_sets`. Which
of them y is, `kind_of` says: by the estimator, where that is a classifier or a regressor, else by
the labels; and `kind_found`, where labels alone can tell. Whoever fits several steps decides it
once, and lets all inside read labels so (`reading_labels_as`). What else -1 may be among labels,
`_minus_one` says.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from numbers import Real
from typing import Any, Literal

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.utils import get_tags
from sklearn.utils.validation import column_or_1d

from hybridsent._label_sets import has_labels, is_of_sets, looks_like_sets

__all__ = [
    "Kind",
    "check_one_type",
    "every_label",
    "kind_decided",
    "kind_found",
    "kind_of",
    "kind_told",
    "label_numbers",
    "labeled_rows",
    "one_column",
    "plain_labels",
    "reading_labels_as",
    "take_rows",
]

Kind = Literal["classes", "names", "numbers", "sets"]
"""What labels are: classes and a mark, classes without one (-1 is a class as any), numbers, or a
set of labels a row."""

_decided: ContextVar[Kind | None] = ContextVar("_decided", default=None)


def labeled_rows(y: Any, kind: Kind | None = None) -> np.ndarray:
    """Tell which rows have a label.

    Of classes those where y is not the number -1, scikit-learn's mark, nor NaN among floats; of
    numbers, and of names, those where y is not NaN (or None); of sets those that `has_labels`.

    Parameters
    ----------
    y : array of shape (n,), of sets also of shape (n, n_labels)
        Labels; strings and the number -1 stand together in an array of dtype object.
    kind : {"classes", "names", "numbers", "sets"} or None, default=None
        What the labels are; None is what `kind_of` says of them.

    Returns
    -------
    ndarray of bool of shape (n,)
        False for rows without a label.

    Raises
    ------
    ValueError
        If y holds the text ``"-1"``: a column of text cannot hold the number, and a class of that
        name would be learned in silence. If a label of a class is None or another missing value of
        an array of objects.

    Examples
    --------
    >>> from hybridsent._labels import labeled_rows
    >>> labeled_rows(["good", -1])
    array([ True, False])
    >>> labeled_rows([-1.0, 0.0, float("nan")])
    array([ True,  True, False])
    >>> labeled_rows([-1, 0, 1]), labeled_rows([-1, 0, 1], "numbers")
    (array([False,  True,  True]), array([ True,  True,  True]))
    """
    if kind == "sets":
        return has_labels(y)
    values = one_column(y)
    kind = kind_of(None, values) if kind is None else kind
    if kind != "classes":
        return np.asarray(~_missing(values))
    if values.dtype.kind in "iuf":
        return np.asarray((values != -1) & ~_missing(values))
    _check_there(values)
    if any(isinstance(value, str) and value == "-1" for value in values.tolist()):
        raise ValueError(
            "An unlabelled row must have the number -1 in y. Got the text '-1', which a column of "
            "text holds instead; y.astype(object).replace('-1', -1) mends a pandas column."
        )
    return np.array([not (isinstance(v, Real) and v == -1) for v in values.tolist()], dtype=bool)


def kind_found(y: Any) -> Kind:
    """Tell what labels are where nobody says it who learns them.

    Parameters
    ----------
    y : array of shape (n,) or (n, n_labels)
        Labels of a whole table.

    Returns
    -------
    {"classes", "numbers", "sets"}
        Sets where `looks_like_sets` says so, also of texts such as ``"joy|anger"``; else as
        `kind_of` tells labels alone.

    Examples
    --------
    >>> from hybridsent._labels import kind_found
    >>> kind_found(["joy|anger", "joy"]), kind_found(["joy", "anger"]), kind_found([0.5, 2.0])
    ('sets', 'classes', 'numbers')
    """
    return "sets" if looks_like_sets(y) else kind_of(None, y)


def kind_of(estimator: Any = None, y: Any = None) -> Kind:
    """Tell whether an estimator learns classes, numbers, or sets of labels.

    Regressors learn numbers, and classifiers classes, also at the end of a pipeline or inside a
    search (scikit-learn's tags say so). Of all else, such as a transformer, what was decided
    around it (`reading_labels_as`) holds; else the labels tell: what cannot be classes, a number
    that is not whole, NaN among floats, or a negative number other than -1 (as in scores from -3
    to 3), is a number. A classifier learns sets of labels where it learns nothing else
    (`hybridsent.heads.MultiLabelClassifier`), or where y is a matrix or holds lists.

    Parameters
    ----------
    estimator : estimator or None, default=None
        Who learns.
    y : array of shape (n,), of sets also of shape (n, n_labels), or None, default=None
        Labels: of the whole table, where an estimator does not tell and a fold would.

    Returns
    -------
    {"classes", "names", "numbers", "sets"}
        What the labels are; ``"names"`` only where that was decided around it.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression, Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from hybridsent._labels import kind_of
    >>> kind_of(make_pipeline(Ridge())), kind_of(LogisticRegression())
    ('numbers', 'classes')
    >>> kind_of(None, [-1, 0, 1]), kind_of(None, [-2, -1, 0]), kind_of(None, [0.5, -1])
    ('classes', 'numbers', 'numbers')
    """
    told, decided = kind_told(estimator), _decided.get()
    if told == "classes" and y is not None and is_of_sets(y):
        return "sets"
    if told == "classes" and decided == "names":
        return "names"
    if told is not None:
        return told
    if decided is not None:
        return decided
    return "numbers" if y is not None and _are_numbers(one_column(y)) else "classes"


def kind_told(estimator: Any) -> Kind | None:
    """Tell what an estimator learns, as it was told, or its tags say.

    Parameters
    ----------
    estimator : estimator or None
        Any estimator.

    Returns
    -------
    {"classes", "numbers", "sets"} or None
        Sets for a classifier that takes nothing else; None for what is neither classifier nor
        regressor, nor was told by who built a pipeline of it.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.preprocessing import StandardScaler
    >>> from hybridsent._labels import kind_told
    >>> kind_told(Ridge()), kind_told(StandardScaler())
    ('numbers', None)
    """
    if estimator is None or isinstance(estimator, type):
        return None
    told: Kind | None = getattr(estimator, "_labels_are", None)
    if told is not None:
        return told
    try:
        if is_regressor(estimator):
            return "numbers"
        learned = get_tags(estimator).classifier_tags if is_classifier(estimator) else None
    except (AttributeError, TypeError, ValueError):  # no estimator of scikit-learn's: without tags
        return None
    if learned is None:
        return None
    return "sets" if learned.multi_label and not learned.multi_class else "classes"


def kind_decided() -> Kind | None:
    """Tell what `reading_labels_as` says here.

    Returns
    -------
    {"classes", "names", "numbers", "sets"} or None
        None where nobody said it.

    Examples
    --------
    >>> from hybridsent._labels import kind_decided, reading_labels_as
    >>> with reading_labels_as("numbers"):
    ...     kind_decided()
    'numbers'
    """
    return _decided.get()


@contextmanager
def reading_labels_as(kind: Kind | None) -> Iterator[None]:
    """Let whatever is fitted inside a ``with`` block read labels as one kind.

    A transformer cannot tell scores of -1, 0 and 1 from classes; whoever fits it for a regressor,
    or has seen the labels of the whole table, can.

    Parameters
    ----------
    kind : {"classes", "names", "numbers"} or None
        What the labels are; None leaves it as it is.

    Yields
    ------
    None
        Nothing.

    Examples
    --------
    >>> from hybridsent._labels import labeled_rows, reading_labels_as
    >>> with reading_labels_as("numbers"):
    ...     labeled_rows([-1, 0, 1])
    array([ True,  True,  True])
    """
    token = _decided.set(_decided.get() if kind is None else kind)
    try:
        yield
    finally:
        _decided.reset(token)


def _are_numbers(values: np.ndarray) -> bool:
    """Tell labels that cannot be classes."""
    if values.dtype.kind == "i":
        return bool((values < -1).any())
    if values.dtype.kind == "f":  # NaN equals nothing, not even what it is rounded to
        return bool(((values != np.floor(values)) | (values < -1)).any())
    if values.dtype != object:
        return False
    missing = _missing(values)
    there = values[~missing].tolist()
    if not all(isinstance(value, Real) for value in there):
        return False
    return any(bool(value != np.floor(float(value)) or value < -1) for value in there)


def _missing(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind == "f":
        return np.asarray(np.isnan(values))
    if values.dtype.kind in "iub":
        return np.zeros(len(values), dtype=bool)
    import pandas as pd

    return np.asarray(pd.isna(values))


def one_column(y: Any) -> np.ndarray:
    """Take labels as an array of one dimension, text and the number -1 side by side.

    Parameters
    ----------
    y : array of shape (n,)
        Labels.

    Returns
    -------
    ndarray of shape (n,)
        Labels; of dtype object where a list holds text.

    Examples
    --------
    >>> from hybridsent._labels import one_column
    >>> one_column(["good", -1])
    array(['good', -1], dtype=object)
    """
    if isinstance(y, list | tuple) and any(isinstance(value, str) for value in y):
        y = np.array(y, dtype=object)  # NumPy would write the number -1 as text
    return np.asarray(column_or_1d(y, warn=True))


def every_label(y: Any) -> np.ndarray:
    """Take the labels of rows each of which must have one.

    scikit-learn reads NaN beside text in a list as the text ``"nan"``: a class that nobody meant.

    Parameters
    ----------
    y : array of shape (n,)
        Labels.

    Returns
    -------
    ndarray of shape (n,)
        As `one_column` gives them; numbers that stand in an array of objects as numbers, and a
        list of texts as NumPy's own.

    Raises
    ------
    ValueError
        If a label is None, NaN or another missing value.

    Examples
    --------
    >>> from hybridsent._labels import every_label
    >>> every_label(["good", "bad"])
    array(['good', 'bad'], dtype='<U4')
    """
    values = one_column(y)
    missing = np.flatnonzero(_missing(values))
    if len(missing):
        raise ValueError(
            f"Every row must have a label in y. Got {values.tolist()[missing[0]]!r} in row "
            f"{int(missing[0])}; leave such rows out, for example by table.dropna(subset=[...])."
        )
    if values.dtype != object:
        return values
    listed = values.tolist()
    of_text = isinstance(y, list | tuple) and all(isinstance(v, str) for v in listed)
    of_numbers = all(isinstance(v, Real | np.bool_) for v in listed)
    return np.array(listed) if of_text or of_numbers else values


def check_one_type(y: np.ndarray) -> None:
    """Refuse labels of which some are texts and others are not: they have no order.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Labels.

    Raises
    ------
    ValueError
        If they are of both types.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._labels import check_one_type
    >>> check_one_type(np.array(["good", "bad"], dtype=object))
    """
    if y.dtype != object:
        return
    seen = {isinstance(label, str): label for label in y.tolist()}
    if len(seen) > 1:
        marks = "; hybridsent.few_label.LabeledOnly leaves out rows that -1 marks"
        raise ValueError(
            f"The labels must be texts or numbers, not both. Got {seen[True]!r} and "
            f"{seen[False]!r}: write all as texts{marks if seen[False] == -1 else ''}."
        )


def take_rows(values: Any, rows: np.ndarray) -> Any:
    """Take rows of anything that has rows.

    Parameters
    ----------
    values : array, DataFrame, Series, sparse matrix or list of n rows
        What to take from.
    rows : ndarray of int
        Positions.

    Returns
    -------
    array, DataFrame, Series, sparse matrix or list
        The rows, in the same container.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._labels import take_rows
    >>> take_rows(["a", "b", "c"], np.array([0, 2]))
    ['a', 'c']
    """
    if hasattr(values, "iloc"):
        return values.iloc[rows]
    if hasattr(values, "tocsr"):  # not every sparse format can be indexed
        return values.tocsr()[rows]
    if hasattr(values, "shape"):
        return values[rows]
    return [values[i] for i in rows]


def _check_there(values: np.ndarray) -> None:
    missing = np.flatnonzero(_missing(values))
    if len(missing):
        raise ValueError(
            "A row must have a label, or the number -1 where it has none. Got "
            f"{values[missing[0]]!r} in row {int(missing[0])}; write -1 there."
        )


def plain_labels(y: np.ndarray) -> np.ndarray:
    """Give numbers that stand in an array of objects, beside no text, as numbers.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Labels, without -1.

    Returns
    -------
    ndarray of shape (n,)
        The same labels.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._labels import plain_labels
    >>> plain_labels(np.array([1, 0], dtype=object))
    array([1, 0])
    >>> plain_labels(np.array(["a"], dtype=object))
    array(['a'], dtype=object)
    """
    if y.dtype != object or any(isinstance(each, str) for each in y.tolist()):
        return y
    return np.array(y.tolist())


def label_numbers(estimator: Any, y: np.ndarray) -> np.ndarray:
    """Give what a regressor learns as float64.

    Parameters
    ----------
    estimator : estimator
        Who learns.
    y : ndarray of shape (n,)
        Labels of the rows that have one.

    Returns
    -------
    ndarray of shape (n,), float64
        The numbers.

    Raises
    ------
    ValueError
        If there is text among them.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._labels import label_numbers
    >>> label_numbers(None, np.array([1, 2]))
    array([1., 2.])
    """
    try:
        values = y.astype(np.float64)
    except (TypeError, ValueError) as error:
        texts = (each for each in y.tolist() if not isinstance(each, Real))
        raise ValueError(
            f"y of {type(estimator).__name__} must hold numbers. Got values such as "
            f"{next(texts, y[0])!r}; where they are classes, make_fusion(task='classification') "
            "learns them."
        ) from error
    return np.asarray(values)
