"""One sheet of an Excel workbook → a table, within limits, and back (layer L4).

openpyxl reads and writes the format. Why not :func:`pandas.read_excel`, which stands on it: it
renames columns that occur twice, cuts a table to what the file says of its size, and has no limit.
What openpyxl lacks is a limit, too, so that the parts of a file are looked at before it reads them.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.parsers import expat

import pandas as pd

from hybridsent._optional import import_optional
from hybridsent._tables import as_column
from hybridsent._warnings import ignored_warnings
from hybridsent.datasets._bytes import limit_of, too_large
from hybridsent.datasets._parse import check_names
from hybridsent.exceptions import MissingDependencyError, TableError, TableWarning

__all__ = ["read_sheet", "unfit_for_sheet", "write_sheet"]

_MOST_ROWS = 2**20
_MOST_COLUMNS = 2**14
_MOST_LETTERS = 32_767
"""What Excel holds: rows and columns of a sheet, letters of a cell."""

_MOST_TAGS = 2**20
"""In one row, one text, or beside them: openpyxl holds them all at a time."""

_MOST_TEXTS = 2**23
_CELL = 8  # bytes of a cell, at the least
_EMPTY_TEXT = "inlineStr"
"""What openpyxl calls a text of no letters: it marks a row that is there with nothing in it."""

_EXACT = 2**53
_FIRST_YEAR = 1901  # in 1900 Excel counts a day that never was
_PIECES = re.compile(rb"<(?:[\w.-]{1,40}:)?(row|si)\b")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_TO_ESCAPE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_PREFIX = rb"(?:[\w.-]{1,40}:)?"
_UNCOMPUTED = re.compile(  # every repetition has an end: a file could make it go on and on
    rb"<%(p)bc\b(?![^>]{0,200}\bt=\"str\")[^>]{0,200}>\s{0,9}<%(p)bf\b"
    rb"(?:[^>]{0,200}/>|[^>]{0,200}>[^<]{0,9000}</%(p)bf>)\s{0,9}"
    rb"(?:<%(p)bv\s{0,9}/>|<%(p)bv>\s{0,9}</%(p)bv>)?\s{0,9}</%(p)bc>" % {b"p": _PREFIX}
)
_ENCODINGS = ("utf-8", "utf-16", "us-ascii", "ascii")
_WAY_OUT = "Open it in the spreadsheet program and save it again, or save the sheet as 'CSV UTF-8'."


def _openpyxl(file: Path) -> Any:
    """Import openpyxl, or say how to get it, and how to do without."""
    try:
        return import_optional("openpyxl", caller=f"The table {file}", extra="xlsx")
    except MissingDependencyError as error:
        raise MissingDependencyError(f"{error}, or use CSV UTF-8.") from error


def read_sheet(file: Path, sheet: str | None, max_bytes: int | None) -> pd.DataFrame:
    """Read a sheet whose first row that is not empty holds the column names.

    Parameters
    ----------
    file : Path
        A file that exists.
    sheet : str or None
        Name of the sheet; None for the first one that holds anything.
    max_bytes : int or None
        Most bytes that the file may unpack to, as `limit_of` takes it.

    Returns
    -------
    DataFrame
        Its rows; a text stays text, a number a number, a date a date; formulas are what the program
        that saved the file computed.

    Raises
    ------
    TableError
        If the file is empty, damaged, encrypted or unpacks to too much, the sheet is not there or
        empty, or a name occurs twice.
    """
    limit = limit_of(file, max_bytes)
    library = _openpyxl(file)
    uncomputed = _look_through(file, limit)
    try:
        with ignored_warnings():  # of styles and extensions that are no cells
            book = library.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            try:
                chosen, others = _chosen(book, sheet, file, limit)
                names, columns, broken = _cells(chosen, file, limit)
            finally:
                book.close()
    except TableError:
        raise
    except MemoryError:
        raise
    except Exception as error:  # damaged files end in errors of many kinds
        told = " ".join(str(error).split())[:200]
        raise TableError(f"{file} cannot be read as a workbook ({told}). {_WAY_OUT}") from error
    _warn(file, chosen.title, others, broken, uncomputed)
    check_names(names, file)
    return pd.DataFrame({name: as_column(c) for name, c in zip(names, columns, strict=True)})


def _look_through(file: Path, limit: int) -> bool:
    """Refuse what would burst; tell whether formulas lack their values."""
    if file.stat().st_size == 0:
        raise TableError(f"{file} is empty. {_WAY_OUT}")
    uncomputed = False
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(part.file_size for part in archive.infolist()) > limit:
                raise too_large(file, limit)
            for part in archive.infolist():
                data = archive.read(part)
                _check_part(data, part.filename, file)
                uncomputed = uncomputed or _UNCOMPUTED.search(data) is not None
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, zlib.error) as error:
        raise TableError(_no_archive(file, error)) from error
    except (RuntimeError, NotImplementedError) as error:  # encrypted, or packed in another way
        raise TableError(f"{file} cannot be unpacked ({error}). {_WAY_OUT}") from error
    return uncomputed


def _no_archive(file: Path, error: Exception) -> str:
    with file.open("rb") as opened:
        start = opened.read(8)
    if start == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":  # how a workbook with a password is wrapped
        return (
            f"{file} is locked with a password, or an old .xls under a new name. Save it without "
            "the password, or save the sheet as 'CSV UTF-8'."
        )
    return f"{file} is no complete workbook ({error}). {_WAY_OUT}"


def _check_part(data: bytes, name: str, file: Path) -> None:
    """Refuse XML that grows while it is read, or holds more at a time than any sheet needs."""
    if _has_entities(data):
        raise TableError(f"{file}: its part {name:.100} declares XML entities. {_WAY_OUT}")
    start, seen = 0, {b"row": 0, b"si": 0}
    most = {b"row": _MOST_ROWS, b"si": _MOST_TEXTS}
    for match in _PIECES.finditer(data):
        seen[match[1]] += 1
        if data.count(b"<", start, match.start()) > _MOST_TAGS or seen[match[1]] > most[match[1]]:
            raise _more_than_a_sheet(file, name)
        start = match.start()
    if data.count(b"<", start) > _MOST_TAGS:
        raise _more_than_a_sheet(file, name)


def _more_than_a_sheet(file: Path, name: str) -> TableError:
    return TableError(
        f"{file}: its part {name:.100} holds more than a sheet can: {_MOST_ROWS:,} rows of "
        f"{_MOST_COLUMNS:,} cells. {_WAY_OUT}"
    )


class _Seen(Exception):  # noqa: N818 - no error: it ends a parser that has seen enough
    """The first element of an XML file is reached."""


def _has_entities(data: bytes) -> bool:
    """Whether XML has a DTD or an encoding that no workbook needs."""

    def refuse(*_: object) -> None:
        raise _Seen(True)

    def declared(_version: str, encoding: str | None, _alone: int) -> None:
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            raise _Seen(True)

    def begin(*_: object) -> None:
        raise _Seen(False)

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.XmlDeclHandler = declared
    parser.StartElementHandler = begin
    try:
        parser.Parse(data, True)
    except _Seen as seen:
        return bool(seen.args[0])
    except expat.ExpatError:  # openpyxl will say so, where it reads this part
        return False
    return False


def _chosen(book: Any, sheet: str | None, file: Path, limit: int) -> tuple[Any, list[str]]:
    """Give the sheet that is read, and the names of others that hold something, too."""
    sheets = {each.title: each for each in book.worksheets}
    if sheet is not None:
        if sheet not in sheets:
            raise TableError(f"{file} has no sheet {sheet!r}. Its sheets are {list(sheets)}.")
        return sheets[sheet], []
    filled = [n for n, each in sheets.items() if next(_rows(each, file, limit), None) is not None]
    if not filled:
        raise TableError(f"{file} is empty. A table needs at least a row of column names.")
    return sheets[filled[0]], filled[1:]


def _rows(sheet: Any, file: Path, limit: int) -> Iterator[list[Any]]:
    """Yield the cells of each row that holds anything, up to the last one that is filled."""
    if not hasattr(sheet, "reset_dimensions"):  # a sheet that is a chart
        return
    sheet.reset_dimensions()  # what a file says of its size may be wrong
    width = 0
    for row in sheet.iter_rows(max_row=_MOST_ROWS):
        width += len(row)  # one cell far to the right is enough for a row of thousands
        if _CELL * width > limit:
            raise too_large(file, limit)
        filled = (i for i in range(len(row), 0, -1) if row[i - 1].value not in (None, ""))
        end = next(filled, 0)
        if end or any(cell.data_type == _EMPTY_TEXT for cell in row):
            yield list(row[:end])


def _cells(
    sheet: Any, file: Path, limit: int
) -> tuple[list[str], list[list[Any]], tuple[str, Any] | None]:
    """Read names and columns; also the place and value of the first error among the cells."""
    names: list[Any] | None = None
    columns: list[list[Any]] = []
    broken: tuple[str, Any] | None = None
    rows, letters = 0, 0
    for cells in _rows(sheet, file, limit):
        values = [_value(cell) for cell in cells]
        broken = broken or _first_error(cells)
        if names is None:
            names, columns = values, [[] for _ in values]
            continue
        letters += sum(len(value) for value in values if isinstance(value, str))
        if letters + _CELL * (rows + 1) * max(len(values), len(columns)) > limit:
            raise too_large(file, limit)
        columns.extend([None] * rows for _ in range(len(values) - len(columns)))
        for i, column in enumerate(columns):
            column.append(values[i] if i < len(values) else None)
        rows += 1
    if names is None:
        raise TableError(f"{file} is empty. A table needs at least a row of column names.")
    return *_named(names, columns), broken


def _value(cell: Any) -> Any:
    if cell.data_type == "e" or cell.value == "":
        return None
    return _unescaped(cell.value) if isinstance(cell.value, str) else cell.value


def _unescaped(text: str) -> str:
    """Give control characters back, which XML cannot hold and workbooks write as _x000D_."""
    return _ESCAPED.sub(
        lambda m: m[0] if 0xD800 <= int(m[1], 16) < 0xE000 else chr(int(m[1], 16)), text
    )


def _first_error(cells: list[Any]) -> tuple[str, Any] | None:
    wrong = next((cell for cell in cells if cell.data_type == "e"), None)
    return None if wrong is None else (wrong.coordinate, wrong.value)


def _named(names: list[Any], columns: list[list[Any]]) -> tuple[list[str], list[list[Any]]]:
    """Name the columns; drop those that are empty and nameless, which were merely coloured."""
    full = [*names, *[None] * (len(columns) - len(names))]
    kept = [
        (f"Unnamed: {i}" if name is None else str(name), column)
        for i, (name, column) in enumerate(zip(full, columns, strict=True))
        if name is not None or any(cell is not None for cell in column)
    ]
    return [name for name, _ in kept], [column for _, column in kept]


def _warn(
    file: Path, name: str, others: list[str], broken: tuple[str, Any] | None, uncomputed: bool
) -> None:
    told = []
    if others:
        told.append(
            f"{file} has several sheets with rows; {name!r} is read, not {others[:8]}. Name "
            f"another one: sheet={others[0]!r}."
        )
    if broken is not None:
        told.append(
            f"{file}: the cell {broken[0]} holds the error {broken[1]}; cells with errors are read "
            "as missing. Mend the formulas in the spreadsheet program, if they should have values."
        )
    if uncomputed:
        told.append(
            f"{file} holds formulas whose values were never computed; they are read as missing. "
            "Open the file in the spreadsheet program and save it again."
        )
    for sentence in told:
        warnings.warn(sentence, TableWarning, stacklevel=4)


def unfit_for_sheet(cell: Any) -> str | None:
    """Say what a workbook cannot hold of a cell; None where it holds it.

    Parameters
    ----------
    cell : object
        The cell.

    Returns
    -------
    str or None
        What it is.
    """
    if isinstance(cell, str):
        longer = len(cell) > _MOST_LETTERS
        return f"a text of more than {_MOST_LETTERS:,} letters" if longer else None
    if isinstance(cell, int) and abs(cell) > _EXACT:
        return "an integer of more than 15 digits"
    if isinstance(cell, float) and math.isinf(cell):
        return "infinity"
    if isinstance(cell, dt.datetime) and cell.tzinfo is not None:
        return "a time with a zone"
    if isinstance(cell, dt.date):
        return None if _FIRST_YEAR <= cell.year <= dt.MAXYEAR else "a date of such a year"
    known = isinstance(cell, int | float | dt.time | dt.timedelta)
    return None if known else f"a cell of type {type(cell).__name__}"


def write_sheet(table: pd.DataFrame, draft: Path) -> None:
    """Write a table to the one sheet of a new workbook; texts stay texts, also those with a ``=``.

    Parameters
    ----------
    table : DataFrame
        The table, whose cells `unfit_for_sheet` lets pass.
    draft : Path
        Where to.

    Raises
    ------
    TableError
        If it has more rows or columns than a sheet.
    """
    if len(table) >= _MOST_ROWS or table.shape[1] > _MOST_COLUMNS:
        raise TableError(
            f"A sheet holds {_MOST_ROWS - 1:,} rows of {_MOST_COLUMNS:,} columns below their "
            f"names; got {len(table):,} of {table.shape[1]:,}. Write CSV or Parquet."
        )
    library = _openpyxl(draft)
    book = library.Workbook(write_only=True)
    sheet = book.create_sheet("Sheet1")
    columns = [table.iloc[:, i].astype(object).tolist() for i in range(table.shape[1])]
    for row in (list(table.columns), *zip(*columns, strict=True)):
        cells = [_to_write(cell, sheet, library) for cell in row]
        there = any(cell is not None for cell in cells)
        sheet.append(cells if there else [_to_write("", sheet, library)])
    book.save(draft)


def _to_write(cell: Any, sheet: Any, library: Any) -> Any:
    if isinstance(cell, str):
        # bound as a text: a "=" at its beginning makes no formula of it
        written = library.cell.WriteOnlyCell(sheet)
        written.value = " "
        written._value = _TO_ESCAPE.sub(lambda m: f"_x{ord(m[0]):04X}_", cell)
        return written
    if cell is None or pd.isna(cell):
        return None
    if hasattr(cell, "to_pydatetime") or hasattr(cell, "to_pytimedelta"):  # pandas' own
        return cell.to_pydatetime() if hasattr(cell, "to_pydatetime") else cell.to_pytimedelta()
    return cell.item() if hasattr(cell, "item") else cell
