"""Text of a table file → columns (layer L4).

Why not :func:`pandas.read_csv`: it fills short rows with missing cells and drops stray quotes
without a word, turns the id ``007`` into 7, and its errors name neither the line nor the byte. The
standard library's ``csv`` and ``json`` tell where they are, so the user is told too.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hybridsent.exceptions import TableError

__all__ = ["check_names", "parse_delimited", "parse_jsonl", "read_text"]

# No leading zeros: "007" is an id. No "nan": a missing number is an empty cell.
_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?inf", re.ASCII)
_BOOLEANS = {"True": True, "False": False}
_EXACT_DIGITS = 15  # a float64, which a column with empty cells becomes, keeps this many
_INT64_DIGITS = 18


def read_text(path: Path) -> str:
    """Read a UTF-8 file, gzipped or not, with or without a byte order mark.

    Parameters
    ----------
    path : Path
        A file that exists.

    Returns
    -------
    str
        Its text; line ends as they are.

    Raises
    ------
    TableError
        If the bytes are no UTF-8 or no gzip archive, or there is no text at all.
    """
    data = path.read_bytes()
    if path.suffix.lower() == ".gz":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise TableError(
                f"{path} is no complete gzip archive ({error}). Pack or copy it again."
            ) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableError(_encoding_message(path, data, error.start)) from error
    if not text.strip():
        raise TableError(f"{path} is empty. A table needs at least a line of column names.")
    return text


def _encoding_message(path: Path, data: bytes, start: int) -> str:
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    guess = "utf-16" if wide else "cp1252"
    line = data.count(b"\n", 0, start) + 1
    kind = "UTF-16" if wide else "a one-byte encoding such as Windows-1252 or Latin-1"
    return (
        f"{path} is not UTF-8: byte 0x{data[start]:02x} at position {start} (line {line}). "
        f"Convert it once, for example: iconv -f {guess} -t utf-8 {path.name} > utf8-{path.name} "
        f"(it looks like {kind})."
    )


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
        If a name occurs twice.
    """
    twice = sorted({str(name) for name in names if list(names).count(name) > 1})
    if twice:
        raise TableError(
            f"{path}: column names must differ. Twice or more: {twice}. Rename or drop one of each."
        )


def parse_delimited(text: str, delimiter: str, path: Path) -> pd.DataFrame:
    r"""Parse comma or tab separated text whose first line holds the column names.

    Parameters
    ----------
    text : str
        The whole file.
    delimiter : str
        ``","`` or a tab.
    path : Path
        Named in messages.

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
    rows = _rows(text, delimiter, path)
    names = [
        name or f"Unnamed: {i}" for i, name in enumerate(rows[0])
    ]  # pandas writes its index nameless
    check_names(names, path)
    columns: Sequence[Sequence[str]] = list(zip(*rows[1:], strict=True)) or [()] * len(names)
    return pd.DataFrame({name: _typed(cells) for name, cells in zip(names, columns, strict=True)})


def _rows(text: str, delimiter: str, path: Path) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    begin = 1
    try:
        for row in reader:
            if row and rows and len(row) != len(rows[0]):
                raise TableError(_ragged_message(path, begin, len(row), rows[0], delimiter))
            if row:  # a blank line is no row
                rows.append(row)
            begin = reader.line_num + 1
    except csv.Error as error:
        raise TableError(
            f"{path}, line {begin}: {error}. A cell that begins with a quote must end with one, "
            "and quotes inside it "
            f'are doubled (""). Mend the line, or use JSON lines or Parquet, which need no quoting.'
        ) from error
    return rows


def _ragged_message(path: Path, line: int, seen: int, names: list[str], delimiter: str) -> str:
    mark = "tab" if delimiter == "\t" else "comma"
    return (
        f"{path}, line {line}: expected {len(names)} cells ({', '.join(names)}), got {seen}. "
        f'A text that holds a {mark} must stand in quotes: "like this".'
    )


def _typed(cells: Sequence[str]) -> pd.Series:
    filled = [cell for cell in cells if cell]
    missing = len(filled) < len(cells)
    if filled and not missing and all(cell in _BOOLEANS for cell in filled):
        return pd.Series([_BOOLEANS[cell] for cell in cells])
    digits = _EXACT_DIGITS if missing else _INT64_DIGITS
    if filled and all(
        _NUMBER.fullmatch(c) and (len(c) <= digits or not c.isdigit()) for c in filled
    ):
        return pd.to_numeric(pd.Series([cell or np.nan for cell in cells], dtype=object))
    return pd.Series([cell or np.nan for cell in cells], dtype=None if filled else object)


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
        Columns in order of first appearance, values as JSON typed them.

    Raises
    ------
    TableError
        If a line is no JSON object, or holds a key twice.

    Examples
    --------
    >>> from pathlib import Path
    >>> from hybridsent.datasets._parse import parse_jsonl
    >>> table = parse_jsonl('{"text": "007"}\n{"text": "null", "n": 1}\n', Path("t.jsonl"))
    >>> table["text"].tolist()
    ['007', 'null']
    """
    # Not splitlines(): it would also break at U+2028 and its like, which JSON allows inside
    # strings.
    lines = enumerate(text.split("\n"), start=1)
    rows = [_json_row(line, f"{path}, line {number}") for number, line in lines if line.strip()]
    names = dict.fromkeys(name for row in rows for name in row)
    return pd.DataFrame({name: pd.Series([row.get(name) for row in rows]) for name in names})


def _json_row(line: str, where: str) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        row = dict(pairs)
        if len(row) < len(pairs):
            raise TableError(
                f"{where}: a name occurs twice among {[name for name, _ in pairs]}. Rename or "
                "drop one."
            )
        return row

    try:
        row = json.loads(line, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        raise TableError(
            f"{where}: no JSON ({error.msg}, column {error.colno}). {_JSON_FORM}"
        ) from error
    if not isinstance(row, dict):
        raise TableError(f"{where}: expected an object, got {type(row).__name__}. {_JSON_FORM}")
    return row


_JSON_FORM = 'Each line must hold one object, such as {"text": "fine", "label": "positive"}.'
