"""Sets of labels, as tables, lists and matrices hold them: one rule, in one place (layer L0).

scikit-learn's MultiLabelBinarizer takes iterables of labels alone, reads the text "joy" as the
labels j, o and y, and knows no row without a label. Here a cell of a table is read: `"joy|anger"`,
a list, a tuple or a set; or rows of a matrix of 0 and 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np

from hybridsent._tables import as_pandas

__all__ = [
    "SEPARATOR",
    "Form",
    "as_sets",
    "form_of",
    "has_labels",
    "is_of_sets",
    "label_sets",
    "looks_like_sets",
    "rarest_labels",
    "told_separators",
    "written_sets",
]

SEPARATOR = "|"
"""What stands between the labels of a text; alone it is the empty set."""

Form = Literal["text", "list", "tuple", "set", "indicator"]
"""How sets are written: as texts, as collections of a type, or as a matrix of 0 and 1."""

_UNKNOWN = -1  # in all columns of a row without labels, as scikit-learn marks one
_COLLECTIONS = (list, tuple, set, frozenset, np.ndarray)
_SHOWN = 60  # characters of a cell that a message shows


def label_sets(y: Any, classes: Any = None) -> tuple[np.ndarray, np.ndarray]:
    """Read sets of labels.

    Parameters
    ----------
    y : array of shape (n,) or (n, n_labels)
        A set a row, in one of these forms:

        - a text, its labels separated by ``"|"``. Spaces around labels are none of theirs, and a
          separator more than there need be says nothing. An empty text, None, NaN or the number -1
          is a row without labels; the lone separator ``"|"`` is the empty set;
        - a list, tuple, set or array of labels, all texts or all numbers; an empty one is the empty
          set, and None or NaN a row without labels. Where all have one length of at least 2 and
          hold 0 and 1 alone, they are rows of a matrix;
        - a matrix of 0 and 1 (array, table or sparse), a column a label; a row of -1 or of NaN is
          one without labels.

        Columns and tables of polars and pyarrow are taken, too.
    classes : array of shape (n_labels,) or None, default=None
        All labels there are; None is those of y, sorted. Of a DataFrame they are the names of its
        columns, of another matrix the numbers of its columns.

    Returns
    -------
    indicator : ndarray of int8 of shape (n, n_labels)
        1 where a row has a label, 0 where it has not; -1 in a row without labels.
    classes : ndarray of shape (n_labels,)
        The labels, in the order of the columns.

    Raises
    ------
    ValueError
        If a row is no set, a label is missing, holds the separator or is none of `classes`, or
        labels are texts and numbers.

    Examples
    --------
    >>> from hybridsent._label_sets import label_sets
    >>> indicator, classes = label_sets(["joy|anger", "joy", "|", ""])
    >>> classes.tolist(), indicator.tolist()
    (['anger', 'joy'], [[1, 1], [0, 1], [0, 0], [-1, -1]])
    >>> label_sets([{"joy"}, set()])[0].tolist()
    [[1], [0]]
    """
    y = as_pandas(y)
    form = form_of(y)
    if form == "indicator":
        return _of_matrix(y, classes)
    cells = [_labels_of(cell, row) for row, cell in enumerate(_cells(y))]
    labels = dict.fromkeys(label for cell in cells if cell is not None for label in cell)
    _check_one_kind(labels)
    known = np.array(sorted(labels)) if classes is None else np.asarray(classes)
    if classes is None and not labels:
        known = np.empty(0, dtype="<U1")
    place = {label: j for j, label in enumerate(known.tolist())}
    strange = [label for label in labels if label not in place]
    if strange:
        raise ValueError(
            f"The labels must be among {_short(known.tolist())}. Got {strange[0]!r}, which is none "
            "of these."
        )
    indicator = np.zeros((len(cells), len(known)), dtype=np.int8)
    for row, cell in enumerate(cells):
        if cell is None:
            indicator[row] = _UNKNOWN
        else:
            indicator[row, [place[label] for label in cell]] = 1
    return indicator, known


def form_of(y: Any) -> Form:
    """Tell how sets are written.

    Parameters
    ----------
    y : array of shape (n,) or (n, n_labels)
        As `label_sets` takes it.

    Returns
    -------
    {"text", "list", "tuple", "set", "indicator"}
        That of the first row that has labels; arrays are lists.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._label_sets import form_of
    >>> form_of(["joy|anger"]), form_of([{"joy"}]), form_of(np.eye(2)), form_of([[0, 1], [1, 1]])
    ('text', 'set', 'indicator', 'indicator')
    """
    y = as_pandas(y)
    if _is_matrix(y):
        return "indicator"
    there = [cell for cell in _cells(y) if isinstance(cell, (str, *_COLLECTIONS))]
    if _are_rows_of_a_matrix(there):
        return "indicator"
    first = next((cell for cell in there if not isinstance(cell, str) or cell.strip()), "")
    if isinstance(first, str):
        return "text"
    if isinstance(first, (set, frozenset)):
        return "set"
    return "tuple" if isinstance(first, tuple) else "list"


def has_labels(y: Any) -> np.ndarray:
    """Tell which rows have a set of labels, and be it the empty one.

    Parameters
    ----------
    y : array of shape (n,) or (n, n_labels)
        As `label_sets` takes it.

    Returns
    -------
    ndarray of bool of shape (n,)
        False for rows without labels.

    Examples
    --------
    >>> from hybridsent._label_sets import has_labels
    >>> has_labels(["joy|anger", "|", "", None])
    array([ True,  True, False, False])
    """
    y = as_pandas(y)
    if form_of(y) == "indicator":
        return ~_unknown(_of_matrix(y, None)[0])
    return np.array([_labels_of(cell, row) is not None for row, cell in enumerate(_cells(y))])


def is_of_sets(y: Any) -> bool:
    """Tell labels that can only be sets: a matrix of several columns, or collections in cells.

    Parameters
    ----------
    y : array of shape (n,) or (n, n_labels)
        Labels.

    Returns
    -------
    bool
        Whether they are.

    Examples
    --------
    >>> from hybridsent._label_sets import is_of_sets
    >>> is_of_sets([["joy"], []]), is_of_sets(["joy|anger", "joy"])
    (True, False)
    """
    y = as_pandas(y)
    if _is_matrix(y):
        return bool(np.shape(y)[1] > 1)
    if getattr(getattr(y, "dtype", None), "kind", "O") in "biufcmMUS":
        return False
    return any(isinstance(cell, _COLLECTIONS) for cell in _cells(y))


def looks_like_sets(y: Any) -> bool:
    """Tell whether labels are sets, as far as they tell it themselves.

    Matrices of more than one column and collections are; and texts with the separator, of which a
    label stands in two different texts at least, so that one class whose name holds a ``"|"`` is a
    class as before.

    Parameters
    ----------
    y : array of shape (n,) or (n, n_labels)
        Labels.

    Returns
    -------
    bool
        Whether they are sets.

    Examples
    --------
    >>> from hybridsent._label_sets import looks_like_sets
    >>> looks_like_sets(["joy|anger", "joy"]), looks_like_sets(["yes|no", "perhaps"])
    (True, False)
    """
    y = as_pandas(y)
    if is_of_sets(y):
        return True
    if _is_matrix(y) or getattr(getattr(y, "dtype", None), "kind", "O") in "biufcmM":
        return False
    texts = {cell for cell in _cells(y) if isinstance(cell, str)}
    if not any(SEPARATOR in text for text in texts):
        return False
    written = {frozenset(_split(text)) for text in texts}
    seen = Counter(label for labels in written for label in labels)
    return any(count > 1 for count in seen.values())


def told_separators(y: Any, *, as_sets: bool) -> str:
    """Say what may be doubtful about texts that hold the separator.

    Parameters
    ----------
    y : array of shape (n,)
        Labels.
    as_sets : bool
        Whether they were read as sets, or as classes.

    Returns
    -------
    str
        A sentence; empty where nothing is doubtful.

    Examples
    --------
    >>> from hybridsent._label_sets import told_separators
    >>> told_separators(["yes|no", "perhaps"], as_sets=False)[:56]
    "1 of 2 rows have a label with '|', such as 'yes|no', and"
    """
    if _is_matrix(y) or getattr(getattr(y, "dtype", None), "kind", "O") in "biufcmM":
        return ""
    texts = [cell for cell in _cells(y) if isinstance(cell, str) and cell.strip()]
    several = [text for text in texts if len(_split(text)) > 1]
    if not several or (as_sets and 20 * len(several) >= len(texts)):
        return ""
    told = f"{len(several)} of {len(texts)} rows have a label with {SEPARATOR!r}, such as "
    told += f"{_short(several[0])}, and "
    if as_sets:
        return told + (
            "are read as sets of labels, like all others; if each row has one class, say so by "
            "task='classification'."
        )
    return told + (
        "are read as classes of their own; if they are sets of labels, say so by task='multilabel'."
    )


def written_sets(indicator: np.ndarray, classes: Any) -> list[str]:
    """Write sets of labels as texts, which `label_sets` reads.

    Parameters
    ----------
    indicator : array of shape (n, n_labels)
        1 where a row has a label; -1 in a row without labels.
    classes : array of shape (n_labels,)
        The labels.

    Returns
    -------
    list of str
        ``"joy|anger"``; the empty set is ``"|"``, and a row without labels the empty text.

    Examples
    --------
    >>> from hybridsent._label_sets import written_sets
    >>> written_sets([[1, 1], [0, 1], [0, 0], [-1, -1]], ["anger", "joy"])
    ['anger|joy', 'joy', '|', '']
    """
    rows = np.asarray(indicator)
    names = [str(each) for each in np.asarray(classes).tolist()]
    texts = []
    for row in rows:
        if len(row) and (row < 0).all():
            texts.append("")
        else:
            there = [name for name, has in zip(names, row, strict=True) if has > 0]
            texts.append(SEPARATOR.join(there) or SEPARATOR)
    return texts


def as_sets(indicator: np.ndarray, classes: Any, form: Form) -> np.ndarray:
    """Write sets of labels in a form.

    Parameters
    ----------
    indicator : ndarray of shape (n, n_labels)
        1 where a row has a label.
    classes : array of shape (n_labels,)
        The labels.
    form : {"text", "list", "tuple", "set", "indicator"}
        As `form_of` tells it.

    Returns
    -------
    ndarray of shape (n,) or (n, n_labels)
        Texts, collections in an array of objects, or the matrix.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._label_sets import as_sets
    >>> as_sets(np.array([[1, 0], [0, 0]]), ["anger", "joy"], "tuple").tolist()
    [('anger',), ()]
    """
    if form == "indicator":
        return np.asarray(indicator)
    if form == "text":
        return np.array(written_sets(indicator, classes), dtype=object)
    labels = np.asarray(classes)
    kind = {"list": list, "tuple": tuple, "set": set}[form]
    found = np.empty(len(indicator), dtype=object)
    for row, has in enumerate(np.asarray(indicator) > 0):
        found[row] = kind(labels[has].tolist())
    return found


def rarest_labels(indicator: np.ndarray) -> np.ndarray:
    """Name for each row the label it has that fewest rows have, by which sets are stratified.

    Parameters
    ----------
    indicator : ndarray of shape (n, n_labels)
        As `label_sets` gives it.

    Returns
    -------
    ndarray of int of shape (n,)
        Number of the column; that of columns for the empty set, and -1 for a row without labels.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._label_sets import rarest_labels
    >>> rarest_labels(np.array([[1, 1], [1, 0], [0, 0], [-1, -1]])).tolist()
    [1, 0, 2, -1]
    """
    n, n_labels = indicator.shape
    has = indicator > 0
    rank = np.argsort(np.argsort(has.sum(axis=0), kind="stable"), kind="stable")
    of_rank = np.append(np.argsort(rank), n_labels)
    lowest = np.where(has, rank, n_labels).min(axis=1, initial=n_labels)
    return np.where(_unknown(indicator), _UNKNOWN, of_rank[lowest]) if n else np.zeros(0, int)


def _unknown(indicator: np.ndarray) -> np.ndarray:
    """Tell the rows without labels."""
    if not indicator.shape[1]:
        return np.zeros(len(indicator), dtype=bool)
    return np.asarray((indicator == _UNKNOWN).all(axis=1))


# -- cells -----------------------------------------------------------------------------------------


def _is_matrix(y: Any) -> bool:
    """Tell a matrix; one column of texts or collections is none."""
    shape: Any = getattr(y, "shape", ())
    if len(shape) != 2 or shape[1] != 1 or hasattr(y, "toarray"):
        return len(shape) == 2
    cells = _cells(y)
    return not any(isinstance(cell, (str, *_COLLECTIONS)) for cell in cells)


def _cells(y: Any) -> list[Any]:
    """List the rows; a column of one as that column."""
    if hasattr(y, "iloc"):
        return list((y.iloc[:, 0] if y.ndim == 2 else y).tolist())
    if isinstance(y, np.ndarray):
        return list((y[:, 0] if y.ndim == 2 else y).tolist())
    if hasattr(y, "__iter__"):
        return list(y)
    return _cells(np.asarray(y))  # what NumPy alone can read


def _are_rows_of_a_matrix(cells: list[Any]) -> bool:
    """Tell lists of equal length that hold 0 and 1 alone."""
    if not cells or not all(isinstance(cell, (list, tuple, np.ndarray)) for cell in cells):
        return False
    lengths = {len(cell) for cell in cells}
    if len(lengths) > 1 or lengths <= {0, 1}:
        return False
    return all(isinstance(v, (Real, np.bool_)) and v in (0, 1) for cell in cells for v in cell)


def _split(text: str) -> list[str]:
    return [label for part in text.split(SEPARATOR) if (label := part.strip())]


def _labels_of(cell: Any, row: int) -> list[Any] | None:
    """Give the labels of a cell; None where it has none."""
    if isinstance(cell, str):
        return _split(cell) if cell.strip() else None
    if isinstance(cell, _COLLECTIONS):
        return [_label(label, row) for label in _listed(cell)]
    if _is_missing(cell) or (isinstance(cell, Real) and cell == _UNKNOWN):
        return None
    raise ValueError(
        "Sets of labels must be texts such as 'joy|anger', lists, or a matrix of 0 and 1. Got "
        f"{_short(cell)} in row {row}; write one label as a text, or as a list of one."
    )


def _listed(cell: Any) -> Iterable[Any]:
    return cell.ravel().tolist() if isinstance(cell, np.ndarray) else cell


def _label(label: Any, row: int) -> Any:
    """Check one label of a collection."""
    if isinstance(label, str) and label.strip() and SEPARATOR not in label:
        return label.strip()
    if isinstance(label, (Integral, np.bool_)):
        return int(label)
    why = f", which holds {SEPARATOR!r}" if isinstance(label, str) and SEPARATOR in label else ""
    raise ValueError(
        "A label in a set must be a text or a whole number, and must not hold the separator "
        f"{SEPARATOR!r}. Got {_short(label)}{why}, in row {row}; give it another name, or leave it "
        "out of the set."
    )


def _is_missing(cell: Any) -> bool:
    import pandas as pd

    return cell is None or bool(pd.isna(cell))


def _check_one_kind(labels: Iterable[Any]) -> None:
    kinds = {isinstance(label, str): label for label in labels}
    if len(kinds) > 1:
        raise ValueError(
            "The labels must be texts or numbers, not both. Got "
            f"{kinds[True]!r} and {kinds[False]!r}; write all as texts."
        )


def _short(value: Any) -> str:
    told = repr(value)
    return told if len(told) <= _SHOWN else told[: _SHOWN - 1] + "…"


# -- matrices --------------------------------------------------------------------------------------


def _of_matrix(y: Any, classes: Any) -> tuple[np.ndarray, np.ndarray]:
    """Read a matrix of 0 and 1."""
    names = getattr(y, "columns", None)
    values = _numbers(y)
    unknown = np.isnan(values).all(axis=1) | (values == _UNKNOWN).all(axis=1)
    strange = ~np.isin(values, (0, 1)) & ~unknown[:, None]
    if strange.any():
        row, column = np.argwhere(strange)[0]
        raise ValueError(
            "A matrix of labels must hold 0 and 1, and in a row without labels -1 alone. Got "
            f"{values[row, column]:g} in row {row}, column {column}; a row may have any number of "
            "labels, but each of them is there or not."
        )
    indicator = np.zeros(values.shape, dtype=np.int8)
    indicator[~unknown] = values[~unknown].astype(np.int8)
    indicator[unknown] = _UNKNOWN
    if classes is None:
        classes = np.arange(values.shape[1]) if names is None else list(names)
    known = np.asarray(classes)
    if len(known) != values.shape[1]:
        raise ValueError(
            f"A matrix of labels must have a column for each of {len(known)} labels. Got "
            f"{values.shape[1]} columns."
        )
    twice = [label for label, count in Counter(known.tolist()).items() if count > 1]
    if twice:
        raise ValueError(
            f"A matrix of labels must have one column for each label. Got {twice[0]!r} more than "
            "once; rename or drop a column."
        )
    return indicator, known


def _numbers(y: Any) -> np.ndarray:
    if hasattr(y, "toarray"):
        y = y.toarray()
    if not _is_matrix(y):
        width = len(next(cell for cell in _cells(y) if isinstance(cell, _COLLECTIONS)))
        blank = np.full(width, np.nan)
        y = [cell if isinstance(cell, _COLLECTIONS) else blank for cell in _cells(y)]
    try:
        if hasattr(y, "iloc"):  # pandas' own missing values are no floats to NumPy
            return np.asarray(y.to_numpy(dtype=np.float64, na_value=np.nan))
        return np.asarray(y, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"A matrix of labels must hold the numbers 0 and 1. Got {error}; a column of texts "
            "such as 'joy|anger' is read, too."
        ) from error
