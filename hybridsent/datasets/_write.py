"""Tables → files: what cannot be held is refused before anything is written (layer L4).

Why not :meth:`pandas.DataFrame.to_json`: it cuts numbers to ten decimals, writes dates as integers
and infinity as a missing cell.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hybridsent.datasets._sheet import unfit_for_sheet, write_sheet
from hybridsent.exceptions import TableError

__all__ = ["WRITERS", "check_writable", "json_lines", "needs_returns"]

_PLAIN = (str, int, float, bool)
_TIMES = (date, time, timedelta, Decimal)
_SURROGATE = re.compile("[\ud800-\udfff]")
_DEEPEST = 100
_DEEPEST_IN_PARQUET = 30


def check_writable(table: pd.DataFrame, kind: str) -> None:
    """Refuse cells that a format cannot hold.

    Parameters
    ----------
    table : DataFrame
        The table.
    kind : {"csv", "tsv", "jsonl", "parquet", "xlsx"}
        The format.

    Raises
    ------
    TableError
        If there is such a cell; the message names it.
    """
    if not table.shape[1]:
        raise TableError(
            f"A table without columns cannot be written: no file could hold its {len(table)} rows."
        )
    if kind == "parquet":
        _check_parquet(table)
        return
    if kind == "xlsx":
        _check_sheet(table)
        return
    for position, dtype in enumerate(table.dtypes):
        column = table.iloc[:, position]
        if dtype.kind == "c":
            raise _refused(column.index[0] if len(column) else None, column.name, "complex", kind)
        if kind == "jsonl" and dtype.kind == "f":
            _check_finite(column)
        if dtype.kind not in "biufmM":
            for label, cell in zip(column.index, column.tolist(), strict=True):
                if (why := _unfit(cell, kind)) is not None:
                    raise _refused(label, column.name, why, kind)


def _unfit(cell: Any, kind: str, depth: int = 0) -> str | None:
    """Say what a text format cannot hold of a cell; None where it holds it."""
    if isinstance(cell, str):
        return "half a surrogate pair" if kind != "jsonl" and _SURROGATE.search(cell) else None
    if isinstance(cell, list | dict) and kind == "jsonl":
        if depth > _DEEPEST:
            return "so deeply nested lists"
        inner = cell.values() if isinstance(cell, dict) else cell
        if isinstance(cell, dict) and not all(isinstance(key, str) for key in cell):
            return "dict whose keys are no texts"
        return next((why for each in inner if (why := _unfit(each, kind, depth + 1))), None)
    if isinstance(cell, float) and kind == "jsonl" and math.isinf(cell):
        return "infinity"
    if isinstance(cell, _PLAIN + _TIMES) or cell is None:
        return None
    scalar = pd.api.types.is_scalar(cell) and not isinstance(cell, bytes | complex)
    return None if scalar else type(cell).__name__


def _check_finite(column: pd.Series) -> None:
    infinite = np.isinf(column.to_numpy(dtype=np.float64, na_value=np.nan))
    if infinite.any():
        raise _refused(column.index[int(infinite.argmax())], column.name, "infinity", "jsonl")


def _refused(label: Any, name: Any, what: str, kind: str) -> TableError:
    ways = {
        "infinity": "Write CSV or Parquet, or put a number or a missing cell there.",
        "half a surrogate pair": "Write JSON lines, or mend the text.",
    }
    default = "Store a path instead, or write bytes to Parquet."
    holder = "JSON" if what == "infinity" else "a text format"
    return TableError(
        f"Row {label!r}, column {name!r}: {holder} cannot hold {what}. {ways.get(what, default)}"
        if kind != "parquet"
        else f"Column {name!r}: {what}"
    )


def _check_sheet(table: pd.DataFrame) -> None:
    for position in range(table.shape[1]):
        column = table.iloc[:, position]
        for label, cell in zip(column.index, column.astype(object).tolist(), strict=True):
            if isinstance(cell, str) and _SURROGATE.search(cell):
                raise _refused(label, column.name, "half a surrogate pair", "xlsx")
            if pd.api.types.is_scalar(cell) and pd.isna(cell):
                continue
            if (why := unfit_for_sheet(cell)) is not None:
                raise TableError(
                    f"Row {label!r}, column {column.name!r}: a workbook cannot hold {why}. Write "
                    "JSON lines or Parquet, or write it as a text."
                )


def _check_parquet(table: pd.DataFrame) -> None:
    import pyarrow as pa

    for position in range(table.shape[1]):
        column = table.iloc[:, position]
        if column.dtype != object and not isinstance(column.dtype, pd.CategoricalDtype):
            continue
        if any(_deeper(cell, _DEEPEST_IN_PARQUET) for cell in column):
            raise TableError(
                f"Column {column.name!r} holds lists or dicts nested more than "
                f"{_DEEPEST_IN_PARQUET} deep, which parquet cannot hold. Write JSON lines."
            )
        try:
            pa.array(column, from_pandas=True)
        except Exception as error:  # Arrow's errors have no root of their own
            raise TableError(
                f"Column {column.name!r} cannot be written as parquet ({error}). Give all its "
                "cells one type."
            ) from error


def _deeper(cell: Any, levels: int) -> bool:
    """Whether lists or dicts are nested deeper than some levels."""
    if not isinstance(cell, list | tuple | dict):
        return False
    inner = cell.values() if isinstance(cell, dict) else cell
    return levels == 0 or any(_deeper(each, levels - 1) for each in inner)


def _write_delimited(table: pd.DataFrame, draft: Path, separator: str) -> None:
    end = "\r\n" if needs_returns(table) else "\n"
    table.to_csv(draft, sep=separator, index=False, lineterminator=end, encoding="utf-8")


def needs_returns(table: pd.DataFrame) -> bool:
    r"""Tell whether the lines of a csv file must end in ``\r\n``.

    Parameters
    ----------
    table : DataFrame
        The table.

    Returns
    -------
    bool
        True where a cell or name holds a carriage return, which csv quotes only if it is part of
        the ends of lines.
    """
    texts = table.select_dtypes(exclude="number")
    odd = any("\r" in cell for name in texts for cell in texts[name] if isinstance(cell, str))
    return odd or any("\r" in name for name in table.columns)


def _write_csv(table: pd.DataFrame, draft: Path) -> None:
    _write_delimited(table, draft, ",")


def _write_tsv(table: pd.DataFrame, draft: Path) -> None:
    _write_delimited(table, draft, "\t")


def _write_jsonl(table: pd.DataFrame, draft: Path) -> None:
    import gzip

    with gzip.open(draft, "wb") if draft.suffix.lower() == ".gz" else draft.open("wb") as file:
        file.writelines(json_lines(table))


def json_lines(table: pd.DataFrame) -> Iterator[bytes]:
    """Give the rows of a table as lines of JSON.

    Parameters
    ----------
    table : DataFrame
        The table.

    Yields
    ------
    bytes
        A line.
    """
    columns = [_json_cells(table.iloc[:, i]) for i in range(table.shape[1])]
    names = list(table.columns)
    for row in zip(*columns, strict=True):
        yield _json_line(dict(zip(names, row, strict=True)))


def _json_line(row: dict[str, Any]) -> bytes:
    try:
        return json.dumps(row, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    except UnicodeEncodeError:  # half a surrogate pair can only be written as an escape
        return json.dumps(row, allow_nan=False).encode() + b"\n"


def _json_cells(column: pd.Series) -> list[Any]:
    """Turn the cells of a column into what JSON writes in full; missing ones are null."""
    if column.dtype.kind in "biu" and isinstance(column.dtype, np.dtype):
        return column.tolist()
    return [_json_cell(cell) for cell in column.astype(object).tolist()]


def _json_cell(cell: Any) -> Any:
    if isinstance(cell, list):
        return [_json_cell(each) for each in cell]
    if isinstance(cell, dict):
        return {name: _json_cell(each) for name, each in cell.items()}
    if cell is None or pd.isna(cell):
        return None
    if isinstance(cell, np.generic):
        cell = cell.item()
    if isinstance(cell, str | bool | int | float):
        return cell
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def _write_parquet(table: pd.DataFrame, draft: Path) -> None:
    table.to_parquet(draft, index=False)


WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    "csv": _write_csv,
    "tsv": _write_tsv,
    "jsonl": _write_jsonl,
    "parquet": _write_parquet,
    "xlsx": write_sheet,
}
"""What writes each format."""
