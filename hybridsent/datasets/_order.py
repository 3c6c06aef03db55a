"""What comes first, by columns that say so: numbers, dates, times (layer L4).

Why by hand: pandas sorts a column of texts by their letters, so that "10" comes before "9", and one
of dates as they are written; here each column is read as what it holds, or refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from hybridsent.exceptions import TableError
from hybridsent.media import is_missing

__all__ = ["codes_of", "ranks_of"]

_WHOLE = re.compile(r"[+-]?\d{1,4000}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_CLOCK = re.compile(r"(\d{1,6}):(\d{2})(?::(\d{2}))?(?:[.,](\d{1,9}))?", re.ASCII)


def codes_of(table: pd.DataFrame, columns: Sequence[str], parameter: str) -> np.ndarray:
    """Give a number to each group of rows that have the same values in some columns.

    Parameters
    ----------
    table : DataFrame
        The table.
    columns : sequence of str
        Columns that together name a group.
    parameter : str
        The parameter that named the columns, for messages.

    Returns
    -------
    ndarray of int of shape (n,)
        A number a row, -1 where a value is missing.

    Raises
    ------
    TableError
        If a cell cannot be compared, such as a list.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.datasets._order import codes_of
    >>> codes_of(pd.DataFrame({"who": ["Ann", "Bo", None, "Ann"]}), ["who"], "by")
    array([ 0,  1, -1,  0])
    """
    codes = np.zeros(len(table), dtype=np.int64)
    for name in columns:
        own = _numbered(table[name], parameter)
        there = (codes >= 0) & (own >= 0)
        joined = codes[there] * (int(own.max(initial=0)) + 1) + own[there]
        codes = np.full(len(table), -1, dtype=np.int64)
        # numbered anew, so that many columns never overflow
        codes[there] = np.unique(joined, return_inverse=True)[1]
    return codes


def _numbered(column: pd.Series, parameter: str) -> np.ndarray:
    known: dict[Any, int] = {}
    cells = column.astype(object).tolist()
    try:
        codes = [-1 if is_missing(cell) else known.setdefault(cell, len(known)) for cell in cells]
    except TypeError as error:
        raise TableError(
            f"The column {column.name!r}, which {parameter} names, must hold names or numbers, by "
            f"which rows belong together. It holds cells that cannot be compared ({error})."
        ) from error
    return np.array(codes, dtype=np.int64)


def ranks_of(column: pd.Series) -> np.ndarray:
    """Tell in which order the cells of a column come.

    Parameters
    ----------
    column : Series
        Numbers, dates, times, or texts that hold such; or an ordered categorical.

    Returns
    -------
    ndarray of int of shape (n,)
        Equal cells have equal ranks; -1 where a cell is missing.

    Raises
    ------
    TableError
        If the cells have no order that one can tell.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.datasets._order import ranks_of
    >>> ranks_of(pd.Series(["10", "9", None, "10"])), ranks_of(pd.Series(["2024-03-01", "2023"]))
    (array([ 1,  0, -1,  1]), array([1, 0]))
    """
    if isinstance(column.dtype, pd.CategoricalDtype) and column.dtype.ordered:
        return np.asarray(column.cat.codes, dtype=np.int64)
    cells = column.astype(object).tolist()
    there = [i for i, cell in enumerate(cells) if not is_missing(cell)]
    keys = _keys([cells[i] for i in there], column.name)
    try:
        found = {key: rank for rank, key in enumerate(sorted(set(keys)))}
    except TypeError as error:  # a date with a time zone and one without
        raise _no_order(column.name, f"values that cannot be compared ({error})") from error
    ranks = np.full(len(cells), -1, dtype=np.int64)
    ranks[there] = [found[key] for key in keys]
    return ranks


def _keys(cells: list[Any], name: Any) -> list[Any]:
    """Read all cells of a column as one kind of thing."""
    readers: tuple[Callable[[Any], Any], ...] = (_number, _moment, _duration)
    for read in readers:
        keys = [read(cell) for cell in cells]
        if all(key is not None for key in keys) and len(set(map(_form, keys))) <= 1:
            return keys
    if any(isinstance(cell, str) and _CLOCK.fullmatch(cell.strip()) for cell in cells):
        raise _no_order(name, "times that are not all written alike, as h:mm:ss")
    first = next(
        (c for c in cells if _number(c) is None and _moment(c) is None and _duration(c) is None),
        cells[0],
    )
    raise _no_order(name, f"{str(first)[:60]!r}")


def _form(key: Any) -> int:
    """Tell h:mm from h:mm:ss, of which the first may also be minutes and seconds."""
    return len(key) if isinstance(key, tuple) else 0


def _number(cell: Any) -> int | float | None:
    if isinstance(cell, str):
        text = cell.strip()
        if _WHOLE.fullmatch(text):
            return int(text)
        return float(text) if _NUMBER.fullmatch(text) else None
    if isinstance(cell, Decimal):  # of databases and Parquet; compares with other numbers
        return cell  # type: ignore[return-value]  # what compares will do
    if isinstance(cell, (np.generic, Real)):
        plain = cell.item() if isinstance(cell, np.generic) else cell
        return plain if isinstance(plain, Real) else None  # type: ignore[return-value]  # int, float and their like compare
    return None


def _moment(cell: Any) -> Any:
    """Read a date as a moment; texts in the form of ISO 8601 alone, which has one meaning."""
    if isinstance(cell, str):
        text = cell.strip()
        if re.fullmatch(r"\d{4}(-\d{2})?", text, re.ASCII):  # a year, a month
            text = f"{text}-01-01"[:10]
        try:
            return pd.Timestamp(datetime.fromisoformat(text))
        except (ValueError, OverflowError):
            return None
    if isinstance(cell, np.datetime64):
        return pd.Timestamp(cell)
    if isinstance(cell, pd.Period):
        return cell.to_timestamp()
    return pd.Timestamp(cell) if isinstance(cell, date) else None


def _duration(cell: Any) -> Any:
    """Read a time of the day, or since a beginning; as texts h:mm and h:mm:ss, not mixed."""
    if isinstance(cell, str):
        found = _CLOCK.fullmatch(cell.strip())
        if found is None:
            return None
        hours, minutes, seconds, fraction = found.groups()
        if seconds is None:
            return (int(hours), int(minutes), int(f"{fraction or '':0<9}"))
        return (int(hours), int(minutes), int(seconds), int(f"{fraction or '':0<9}"))
    if isinstance(cell, time):
        return (cell.hour, cell.minute, cell.second, cell.microsecond * 1000)
    return pd.Timedelta(cell) if isinstance(cell, timedelta | np.timedelta64) else None


def _no_order(name: Any, seen: str) -> TableError:
    return TableError(
        f"The order column {name!r} must hold numbers, dates (as in 2024-03-01 or "
        f"2024-03-01T10:30) or times (h:mm:ss), from which one can tell what comes first. It holds "
        f"{seen}. Write the order as a number, or turn dates with pandas.to_datetime."
    )
