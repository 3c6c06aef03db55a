"""What a column of a table holds, numbers, dates or categories, and how it is read (layer L3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent._optional import import_optional
from hybridsent.media import is_missing

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["KINDS", "as_kind", "cells_of", "import_skrub", "kind_of", "naming", "refuse_containers"]


KINDS = ("number", "boolean", "date", "category")
"""What a column may be; see `MetaFeatures`."""


_NULLS = frozenset({"na", "n/a", "#n/a", "nan", "<na>", "nat", "null", "none", "?", "-", "..."})
"""Words for a missing cell, as skrub and pandas know them, in lower case."""


_BOOLEANS = {"true": 1.0, "false": 0.0}


_FEWEST = 50  # cells by which a column can be told to name rows: in a small table all values differ


_NAMING = 0.95  # share of distinct values from which a column of words names its rows


_EXACT = 2**53  # integers beyond are no quantities; ids of posts are such


def import_skrub() -> Any:
    """Import skrub, or say how to get it."""
    return import_optional("skrub", caller="MetaFeatures", extra="meta")


def cells_of(table: pd.DataFrame, name: str) -> list[Any]:
    """Give the cells of a column as plain Python objects, None where one is missing."""
    column = table[name]
    if str(column.dtype) == "category":
        column = column.astype(object)
    return [None if _is_gap(cell) else cell for cell in column.tolist()]


def _is_gap(cell: Any) -> bool:
    if isinstance(cell, str):
        return is_missing(cell) or cell.strip().lower() in _NULLS
    return is_missing(cell)


def refuse_containers(name: str, there: Sequence[Any]) -> None:
    """Refuse a column whose cells are neither numbers, dates nor categories."""
    plain = (str, bool, Real, np.generic, Decimal, dt.date, dt.timedelta)
    odd = next((cell for cell in there if not isinstance(cell, plain)), None)
    if odd is not None:
        raise ValueError(
            f"A column for MetaFeatures must hold numbers, dates or categories. {name!r} holds a "
            f"{type(odd).__name__}; texts, pictures and sounds are views: views={{{name!r}: …}}."
        )


def kind_of(there: Sequence[Any]) -> tuple[str, str | None]:
    """Tell the kind of a column by the cells that are there, and the format of dates."""
    if not there:
        return "empty", None
    if all(not np.isnan(_as_boolean(cell)) and _says_boolean(cell) for cell in there):
        return "boolean", None
    if all(isinstance(cell, dt.date | np.datetime64) for cell in there):
        return "date", None
    numbers = [_as_number(cell) for cell in there]
    if not np.isnan(numbers).any():
        return ("number" if np.isfinite(_float32(numbers)).any() else "empty"), None
    if not all(isinstance(cell, str) for cell in there):
        return "category", None
    return _dates_or_words(there)


def _dates_or_words(there: Sequence[str]) -> tuple[str, str | None]:
    skrub = import_skrub()
    import pandas as pd

    try:
        found = skrub.ToDatetime().fit(pd.Series([cell.strip() for cell in there], dtype=str))
    except skrub.core.RejectColumn:
        return "category", None
    return "date", found.format_


def naming(there: Sequence[Any], kind: str) -> str | None:
    """Say why a column names its rows, or is made of sentences; None where it does not."""
    n, distinct = len(there), len(set(map(str, there)))
    if n < _FEWEST:
        return None
    example = f"{str(there[0])[:40]!r}"
    if kind == "number":
        numbers = np.asarray([_as_number(cell) for cell in there])
        whole = bool(np.isfinite(numbers).all() and (numbers == np.floor(numbers)).all())
        counts = distinct == n and np.ptp(numbers) < 2 * n if whole else False
        if whole and distinct == n and (counts or np.abs(numbers).max() > _EXACT):
            return f"Its {n} whole numbers all differ, as ids or numbers of rows do ({example} …)."
    if kind == "category" and distinct >= _NAMING * n:
        words = float(np.median([len(str(cell).split()) for cell in there]))
        what = "sentences" if words >= 4 else "ids or names of the rows"
        return f"Its values are {what}: {distinct} of {n} differ ({example} …)."
    return None


def as_kind(cells: Sequence[Any], kind: str, format_: str | None) -> pd.Series:
    """Turn cells into a column of one type, each by itself; what is of another kind is missing."""
    import pandas as pd

    if kind in ("number", "boolean"):
        read = _as_number if kind == "number" else _as_boolean
        return pd.Series(_float32([read(cell) for cell in cells]))
    if kind == "date":
        return _as_dates(cells, format_)
    # not as text, which skrub would look through for numbers and dates again
    return pd.Series([_as_category(cell) for cell in cells], dtype=object).astype("category")


def _float32(numbers: Sequence[float]) -> np.ndarray:
    with np.errstate(over="ignore"):  # a number beyond float32 is an infinite one
        return np.array(numbers, dtype=np.float32)


def _as_number(cell: Any) -> float:
    if isinstance(cell, dt.timedelta):
        return cell.total_seconds()
    if isinstance(cell, np.timedelta64):
        return float(cell / np.timedelta64(1, "s"))
    if isinstance(cell, str) and "_" in cell:  # Python reads 1_000
        return np.nan
    if not isinstance(cell, str | Real | Decimal | np.number):
        return np.nan
    try:
        return float(cell)
    except (ValueError, OverflowError):
        return np.nan


def _says_boolean(cell: Any) -> bool:
    return isinstance(cell, bool | np.bool_ | str)


def _as_boolean(cell: Any) -> float:
    if isinstance(cell, str):
        text = cell.strip().lower()
        return _BOOLEANS.get(text, {"1": 1.0, "0": 0.0, "1.0": 1.0, "0.0": 0.0}.get(text, np.nan))
    return float(cell) if isinstance(cell, bool | Real | np.bool_) and cell in (0, 1) else np.nan


def _as_dates(cells: Sequence[Any], format_: str | None) -> pd.Series:
    """Read dates by the format of `fit`, then by the ISO's; never by that of a neighbour."""
    import pandas as pd

    plain = [cell.strip() if isinstance(cell, str) else _as_iso(cell) for cell in cells]
    found = _parsed(pd.Series(plain, dtype=object), "ISO8601")
    if format_ is not None:
        texts = [cell.strip() if isinstance(cell, str) else None for cell in cells]
        found = _parsed(pd.Series(texts, dtype=object), format_).fillna(found)
    plain_dates: pd.Series = found.dt.tz_localize(None).astype("datetime64[us]")
    return plain_dates


def _parsed(texts: pd.Series, format_: str) -> pd.Series:
    import pandas as pd

    dates: pd.Series = pd.to_datetime(texts, format=format_, errors="coerce", utc=True)
    return dates


def _as_iso(cell: Any) -> str | None:
    if isinstance(cell, np.datetime64):
        return str(cell)
    return cell.isoformat() if isinstance(cell, dt.date) else None


def _as_category(cell: Any) -> str | None:
    """Write a category in one way, whatever type it came in: 12, 12.0 and "12" are one."""
    if cell is None:
        return None
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, dt.date):
        return cell.isoformat()
    if isinstance(cell, bool | np.bool_):
        return str(cell)
    if isinstance(cell, Integral):
        return str(int(cell))
    whole = isinstance(cell, float | np.floating) and float(cell).is_integer()
    return str(int(cell)) if whole else str(cell)
