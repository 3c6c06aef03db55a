"""Text of a table file → columns (layer L4).

Why not :func:`pandas.read_csv`: it fills short rows with missing cells and drops stray quotes
without a word, turns the id ``007`` into 7, and its errors name neither the line nor the byte. The
standard library's ``csv`` and ``json`` tell where they are, so the user is told too.
"""

from __future__ import annotations

import csv
import json
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hybridsent._tables import as_column
from hybridsent.datasets._separator import SEPARATORS, lines_of
from hybridsent.exceptions import TableError, TableWarning

__all__ = [
    "Rows",
    "check_names",
    "is_boolean",
    "is_number",
    "json_rows",
    "named",
    "parse_delimited",
    "parse_jsonl",
    "typed",
    "warn_of_commas",
    "with_point",
]

# No leading zeros: "007" is an id. No "nan": a missing number is an empty cell.
_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?inf", re.ASCII)
_COMMA_NUMBER = re.compile(r"[+-]?\d+(?:,\d+)?", re.ASCII)
_LOOKED_AT = 1000
_BOOLEANS = {"True": True, "False": False}
_EXACT_DIGITS = 15  # a float64, which a column with empty cells becomes, keeps this many
_INT64_DIGITS = 18
_MOST_COLUMNS = 100_000


def check_names(names: Sequence[object], path: Path) -> None:
    """Refuse a table in which a column name occurs twice.

    Parameters
    ----------
    names : sequence of object
        Column names.
    path : Path
        Named in the message.

    Raises
    ------
    TableError
        If a name occurs twice, there are more than a hundred thousand, or one is no valid Unicode.
    """
    if len(names) > _MOST_COLUMNS:
        raise TableError(
            f"{path} has {len(names)} columns, more than {_MOST_COLUMNS}: it may be turned on its "
            "side, a row a column. A row must be a sample, and a column one thing about it."
        )
    broken = [name for name in map(str, names) if not _is_whole(name)]
    if broken:
        raise TableError(
            f"{path}: the column name {broken[0]!r} holds half a surrogate pair. Rename the column."
        )
    twice = sorted(str(name) for name, count in Counter(names).items() if count > 1)
    if twice:
        raise TableError(
            f"{path}: column names must differ. Twice or more: {twice}. Rename or drop one of each."
        )


def _is_whole(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def parse_delimited(text: str, delimiter: str, path: Path, decimal: str = ".") -> pd.DataFrame:
    r"""Parse comma or otherwise separated text whose first line holds the column names.

    Parameters
    ----------
    text : str
        The whole file.
    delimiter : str
        One character, such as ``","`` or a tab.
    path : Path
        Named in messages.
    decimal : {".", ","}, default="."
        What stands before the fraction of a number.

    Returns
    -------
    DataFrame
        Columns of numbers where every filled cell is a number, of booleans where every cell is True
        or False, else of strings; empty cells are missing.

    Raises
    ------
    TableError
        If a row has more or fewer cells than there are names, a quote is never closed, or names
        repeat.

    Examples
    --------
    >>> from pathlib import Path
    >>> from hybridsent.datasets._parse import parse_delimited
    >>> parse_delimited("id,text,n\n007,NA,1\n008,,2\n", ",", Path("t.csv")).values.tolist()
    [['007', 'NA', 1], ['008', nan, 2]]
    """
    names, columns = _columns(text, delimiter, path)
    check_names(names, path)
    if decimal == ",":
        columns = [[with_point(cell) for cell in cells] for cells in columns]
    elif delimiter != ",":
        warn_of_commas(names, columns, path)
    return pd.DataFrame({name: typed(cells) for name, cells in zip(names, columns, strict=True)})


def _columns(text: str, delimiter: str, path: Path) -> tuple[list[str], list[list[str]]]:
    """Read the cells, column by column: a list for each of millions of rows would fill the RAM."""
    rows = iter(Rows(lines_of(text), delimiter, path))
    names = named(next(rows, []))
    columns: list[list[str]] = [[] for _ in names]
    for row in rows:
        for cells, cell in zip(columns, row, strict=True):
            cells.append(cell)
    return names, columns


def named(cells: Sequence[str]) -> list[str]:
    """Name the columns: pandas writes its index nameless.

    Parameters
    ----------
    cells : sequence of str
        The first row.

    Returns
    -------
    list of str
        The names.

    Examples
    --------
    >>> from hybridsent.datasets._parse import named
    >>> named(["", "text"])
    ['Unnamed: 0', 'text']
    """
    return [name or f"Unnamed: {i}" for i, name in enumerate(cells)]


class Rows:
    """Rows of delimited lines, each as wide as the first one.

    Parameters
    ----------
    lines : iterable of str
        Lines with their ends.
    delimiter : str
        One character.
    path : Path
        Named in messages.
    names : sequence of str, default=()
        Names of the columns, where the lines begin behind that of the names.
    line : int, default=1
        The number of the first line.

    Attributes
    ----------
    begin : int
        The number of the line at which the next row begins.
    """

    def __init__(
        self,
        lines: Iterable[str],
        delimiter: str,
        path: Path,
        names: Sequence[str] = (),
        line: int = 1,
    ) -> None:
        self._reader = csv.reader(lines, delimiter=delimiter, strict=True)
        self._delimiter, self._path, self._names = delimiter, path, list(names)
        self._line = self.begin = line

    def __iter__(self) -> Iterator[list[str]]:
        """Give the names, where they are not known, and each row that is not blank.

        Yields
        ------
        list of str
            The cells.

        Raises
        ------
        TableError
            If a row has more or fewer cells, or a quote is never closed; the message names the
            line.
        """
        try:
            for row in self._reader:
                if row:  # a blank line is no row
                    if not self._names:
                        self._names = row
                    elif len(row) != len(self._names):
                        raise TableError(
                            _ragged_message(
                                self._path, self.begin, len(row), self._names, self._delimiter
                            )
                        )
                self.begin = self._line + self._reader.line_num
                if row:
                    yield row
        except csv.Error as error:
            raise TableError(
                f"{self._path}, line {self.begin}: {error}. A cell that begins with a quote must "
                "end with one, and quotes inside it "
                'are doubled (""). Mend the line, or use JSON lines or Parquet, which need no '
                "quoting."
            ) from error


def _ragged_message(path: Path, line: int, seen: int, names: list[str], delimiter: str) -> str:
    mark = SEPARATORS.get(delimiter, repr(delimiter))
    other = "," if delimiter != "," else ";"
    listed = ", ".join(names[:20]) + (" …" if len(names) > 20 else "")
    return (
        f"{path}, line {line}: expected {len(names)} cells ({listed}), got {seen}. "
        f'A text that holds a {mark} must stand in quotes: "like this". If another character '
        f"separates the cells, name it, for example by sep={other!r}."
    )


def with_point(cell: str) -> str:
    """Write a number with a decimal comma as Python does.

    Parameters
    ----------
    cell : str
        Any cell.

    Returns
    -------
    str
        ``"1.5"`` for ``"1,5"``; what is no such number as it is.
    """
    return cell.replace(",", ".") if _COMMA_NUMBER.fullmatch(cell) else cell


def warn_of_commas(names: Sequence[str], columns: Sequence[Sequence[str]], path: Path) -> None:
    """Tell of numbers such as 1,5, as Excel writes them in half of the world.

    Parameters
    ----------
    names : sequence of str
        Of the columns.
    columns : sequence of sequence of str
        Their cells, of which the first thousand are looked at.
    path : Path
        Named in the message.
    """
    for name, cells in zip(names, columns, strict=True):
        filled = [cell for cell in cells[:_LOOKED_AT] if cell]
        if any("," in cell for cell in filled) and all(map(_COMMA_NUMBER.fullmatch, filled)):
            warnings.warn(
                f"{path}: the column {name!r} holds numbers with a decimal comma, such as "
                f"{next(cell for cell in filled if ',' in cell)}, and is read as text. If they are "
                "numbers, write decimal=','.",
                TableWarning,
                stacklevel=5,
            )


def typed(cells: Sequence[str]) -> pd.Series:
    """Make a column of cells that are texts in a file.

    Parameters
    ----------
    cells : sequence of str
        The cells; an empty one is missing.

    Returns
    -------
    Series
        Of numbers where every filled cell is a number, of booleans where every one is True or
        False, else of strings.

    Examples
    --------
    >>> from hybridsent.datasets._parse import typed
    >>> typed(["1", "2"]).tolist(), typed(["1", "007"]).tolist()
    ([1, 2], ['1', '007'])
    """
    filled = [cell for cell in cells if cell]
    if not filled:
        return pd.Series([np.nan] * len(cells), dtype=object)
    missing = len(filled) < len(cells)
    if all(map(is_boolean, filled)):
        values = [_BOOLEANS.get(cell, np.nan) for cell in cells]
        return pd.Series(values, dtype=object if missing else bool)
    if all(map(is_number, filled)) and _fits(filled, missing=missing):
        return pd.to_numeric(pd.Series([cell or np.nan for cell in cells], dtype=object))
    try:
        return pd.Series([cell or np.nan for cell in cells])
    except UnicodeEncodeError:  # half a surrogate pair
        return pd.Series([cell or np.nan for cell in cells], dtype=object)


def is_number(cell: str) -> bool:
    """Tell whether a filled cell is a number.

    Parameters
    ----------
    cell : str
        The cell.

    Returns
    -------
    bool
        False for ``007``, which is an id, and for ``nan``: a missing number is an empty cell.
    """
    return _NUMBER.fullmatch(cell) is not None


def is_boolean(cell: str) -> bool:
    """Tell whether a filled cell is one of the two truth values as pandas writes them.

    Parameters
    ----------
    cell : str
        The cell.

    Returns
    -------
    bool
        Whether it is.
    """
    return cell in _BOOLEANS


def _fits(numbers: Sequence[str], *, missing: bool) -> bool:
    """Whether no integer among numbers loses a digit in the dtype that the column gets."""
    whole = [number.lstrip("+-") for number in numbers]
    floats = missing or not all(map(str.isdigit, whole))
    digits = _EXACT_DIGITS if floats else _INT64_DIGITS
    return all(len(number) <= digits for number in whole if number.isdigit())


def parse_jsonl(text: str, path: Path) -> pd.DataFrame:
    r"""Parse JSON lines: one object a line; a key that a line lacks is a missing cell.

    Parameters
    ----------
    text : str
        The whole file.
    path : Path
        Named in messages.

    Returns
    -------
    DataFrame
        Columns in order of first appearance, values as JSON typed them; integers keep every digit.

    Raises
    ------
    TableError
        If a line is no JSON object, holds a key twice, or is nested too deeply.

    Examples
    --------
    >>> from pathlib import Path
    >>> from hybridsent.datasets._parse import parse_jsonl
    >>> table = parse_jsonl('{"text": "007"}\n{"text": "null", "n": 1}\n', Path("t.jsonl"))
    >>> table["text"].tolist()
    ['007', 'null']
    """
    columns: dict[str, list[Any]] = {}
    rows = 0
    for row in json_rows(_json_lines(text), path):
        for name, value in row.items():
            cells = columns.setdefault(name, [])
            cells.extend([None] * (rows - len(cells)))
            cells.append(value)
        rows += 1
    check_names(list(columns), path)
    for cells in columns.values():
        cells.extend([None] * (rows - len(cells)))
    frame = {name: as_column(cells) for name, cells in columns.items()}
    return pd.DataFrame(frame, index=pd.RangeIndex(rows))


def json_rows(lines: Iterable[str], path: Path, line: int = 1) -> Iterator[dict[str, Any]]:
    """Read objects of JSON, one a line.

    Parameters
    ----------
    lines : iterable of str
        Lines, cut at line feeds alone: JSON allows all other ends of lines inside strings.
    path : Path
        Named in messages.
    line : int, default=1
        The number of the first line.

    Yields
    ------
    dict
        Of each line that is not blank.

    Raises
    ------
    TableError
        If a line holds no object; the message names it.
    """
    for number, each in enumerate(lines, start=line):
        if each.strip():
            yield _json_row(each, f"{path}, line {number}")


def _json_lines(text: str) -> Iterator[str]:
    """Cut a text at its line feeds, one line at a time."""
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start:end]
        start = end + 1
    yield text[start:]


def _json_row(line: str, where: str) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        row = dict(pairs)
        if len(row) < len(pairs):
            names = [name for name, _ in pairs[:20]]
            raise TableError(f"{where}: a name occurs twice among {names}. Rename or drop one.")
        return row

    try:
        row = json.loads(line, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        raise TableError(
            f"{where}: no JSON ({error.msg}, column {error.colno}). {_JSON_FORM}"
        ) from error
    except RecursionError as error:
        raise TableError(
            f"{where}: lists or objects are nested too deeply to be read. {_JSON_FORM}"
        ) from error
    except TableError:
        raise
    except ValueError as error:  # a number of thousands of digits
        raise TableError(f"{where}: {error}. Write such a number as a text.") from error
    if not isinstance(row, dict):
        raise TableError(f"{where}: expected an object, got {type(row).__name__}. {_JSON_FORM}")
    return row


_JSON_FORM = 'Each line must hold one object, such as {"text": "fine", "label": "positive"}.'
