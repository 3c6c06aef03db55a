"""How tables of annotators are read: a column each, or a line for each label given (layer L3).

pandas pivots a long table; that two labels of one annotator for one row are told, that rows keep
their order, and that a table of a thousand annotators never stands as objects is decided here.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent._numerics.votes import NO_VOTE, read_votes
from hybridsent._tables import as_pandas
from hybridsent.exceptions import TableError, TableWarning

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Given", "read_given"]

_LONG = (("row", "annotator", "label"), ("task", "worker", "label"))
"""Names by which a long table is known; the second ones are crowd-kit's."""


@dataclass(frozen=True)
class Given:
    """What annotators gave.

    Parameters
    ----------
    index : Index of length n
        Of the rows.
    names : list of str
        Of the annotators.
    codes : ndarray of int32 of shape (n, m) or None
        Classes, -1 where there is none; None where they gave numbers.
    classes : ndarray of shape (k,) or None
        The classes.
    numbers : ndarray of float64 of shape (n, m) or None
        Numbers, NaN where there is none; of classes that are whole numbers, too.
    """

    index: pd.Index
    names: list[str]
    codes: np.ndarray | None
    classes: np.ndarray | None
    numbers: np.ndarray | None


def read_given(
    votes: Any,
    *,
    row: str | None = None,
    annotator: str | None = None,
    label: str | None = None,
    classes: Any = None,
    as_numbers: bool = False,
) -> Given:
    """Read what annotators gave.

    Parameters
    ----------
    votes : DataFrame or array
        Wide, of shape (n, m): a column an annotator. Or long: a line for each label given, with the
        columns `row`, `annotator` and `label`.
    row, annotator, label : str or None, default=None
        Names of the columns of a long table. None is "row", "annotator" and "label", or crowd-kit's
        "task", "worker" and "label", where there are such columns; others are left alone.
    classes : sequence or None, default=None
        As in `read_votes`.
    as_numbers : bool, default=False
        Whether labels are numbers of a scale.

    Returns
    -------
    Given
        The same.

    Raises
    ------
    TableError
        If the table cannot be read.

    Warns
    -----
    TableWarning
        If a long table has several labels of one annotator for one row; the last one counts.
    """
    import pandas as pd

    table = as_pandas(votes)
    columns = _long_columns(table, row, annotator, label)
    if columns is not None:
        return _read_long(table, columns, classes, as_numbers)
    index = table.index if isinstance(table, (pd.DataFrame, pd.Series)) else None
    if as_numbers:
        values, names = _numbers(table)
        return Given(_index(index, len(values)), names, None, None, values)
    codes, known, names = read_votes(table, classes)
    return Given(_index(index, len(codes)), names, codes, known, _scale(codes, known))


def _index(index: Any, n: int) -> Any:
    import pandas as pd

    return pd.RangeIndex(n) if index is None else index


def _long_columns(
    table: Any, row: str | None, annotator: str | None, label: str | None
) -> tuple[str, str, str] | None:
    """Give the names of the columns of a long table; None of a wide one."""
    names = [] if not hasattr(table, "columns") else list(table.columns)
    if row is None and annotator is None and label is None:
        return next((each for each in _LONG if set(each) <= set(names)), None)
    told = (row or "row", annotator or "annotator", label or "label")
    missing = [name for name in told if name not in names]
    if missing:
        raise TableError(
            "A long table must have the columns row, annotator and label; name them by these "
            f"parameters. Got {missing[0]!r}, which is none of {[str(n) for n in names][:8]}."
        )
    return told


def _read_long(table: Any, columns: tuple[str, str, str], classes: Any, as_numbers: bool) -> Given:
    import pandas as pd

    rows, index = pd.factorize(table[columns[0]])
    who, names = pd.factorize(table[columns[1]])
    for codes, name in ((rows, columns[0]), (who, columns[1])):
        if (codes < 0).any():
            line = int(np.flatnonzero(codes < 0)[0])
            raise TableError(
                f"Each line of a long table must say which row and which annotator. Got an empty "
                f"cell of {name!r} in line {line}."
            )
    shape = (len(index), len(names))
    if as_numbers:
        given = _numbers(table[[columns[2]]])[0][:, 0]
        there = ~np.isnan(given)
        values = np.full(shape, np.nan)
        values[rows[there], who[there]] = given[there]
        found = Given(pd.Index(index), [str(n) for n in names], None, None, values)
    else:
        given, known, _ = read_votes(table[[columns[2]]], classes)
        there = given[:, 0] >= 0
        codes = np.full(shape, NO_VOTE, dtype=np.int32)
        codes[rows[there], who[there]] = given[there, 0]
        found = Given(pd.Index(index), [str(n) for n in names], codes, known, _scale(codes, known))
    cells = rows[there].astype(np.int64) * shape[1] + who[there]
    again = len(cells) - len(np.unique(cells))
    if again:
        warnings.warn(
            f"{again} labels were given by an annotator to a row that has one of the same annotator"
            " already. The last one in the table counts.",
            TableWarning,
            stacklevel=4,
        )
    return found


def _scale(codes: np.ndarray, known: np.ndarray) -> np.ndarray | None:
    """Give classes that are whole numbers as numbers."""
    if known.dtype.kind not in "iuf" or not len(known):
        return None
    return np.asarray(np.append(known.astype(np.float64), np.nan)[codes])


def _numbers(table: Any) -> tuple[np.ndarray, list[str]]:
    import pandas as pd

    frame = table if isinstance(table, pd.DataFrame) else pd.DataFrame(table)
    names = [str(name) for name in frame.columns]
    if not isinstance(table, pd.DataFrame):
        names = [f"voter_{j}" for j in range(len(names))]
    if not names:
        raise TableError("Votes must have a column for each voter. Got none.")
    values = np.empty(frame.shape)
    for j, name in enumerate(names):
        column = frame.iloc[:, j]
        if column.dtype.kind in "mM":
            raise TableError(f"Scores must be numbers. Got dates or times in {name!r}.")
        if column.dtype == object or str(column.dtype) in ("str", "string"):
            column = column.where(column.astype(str).str.strip() != "", None)
        try:
            values[:, j] = pd.to_numeric(column).astype("float64")
        except (TypeError, ValueError) as error:
            raise TableError(
                f"Scores must be numbers, and missing ones empty cells. Got {error} in {name!r}; "
                "method='dawid-skene' and 'majority' join classes."
            ) from error
        if np.isinf(values[:, j]).any():
            raise TableError(f"Scores must be finite numbers. Got an infinite one in {name!r}.")
    return values, names
