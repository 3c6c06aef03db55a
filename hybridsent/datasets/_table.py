"""Read and write tables: a row a sample, a column a modality, paths by the file (layer L4).

Why no library serves: pandas reads the formats, but guesses that the text "NA" is missing and knows
nothing of media paths that are meant relative to the table. This module adds those rules, and
messages that name line and way out.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pandas as pd

from hybridsent._tables import as_table
from hybridsent.datasets._bytes import read_text
from hybridsent.datasets._detect import media_columns
from hybridsent.datasets._folder import read_folder
from hybridsent.datasets._parquet import read_parquet
from hybridsent.datasets._parse import check_names, parse_delimited, parse_jsonl
from hybridsent.datasets._separator import separator_of, whole_fields
from hybridsent.datasets._several import absolute, as_lists, as_written
from hybridsent.datasets._sheet import read_sheet
from hybridsent.datasets._write import WRITERS, check_writable
from hybridsent.exceptions import TableError

__all__ = ["read_table", "write_table"]

PathLike: TypeAlias = "str | os.PathLike[str]"

_FORMATS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
    ".csv.gz": "csv",
    ".tsv.gz": "tsv",
    ".jsonl.gz": "jsonl",
    ".ndjson.gz": "jsonl",
}
_KNOWN = ".csv, .tsv, .jsonl, .ndjson (each also with .gz), .parquet and .xlsx"
_SHEETS = (".xlsm", ".xlsb", ".xls", ".ods")


@dataclass(frozen=True)
class How:
    """What was said about a file, beside its name."""

    sep: str | None
    decimal: str
    encoding: str | None
    max_bytes: int | None
    sheet: str | None


def read_table(
    path: PathLike,
    *,
    media: Sequence[str] | None = None,
    sep: str | None = None,
    decimal: str = ".",
    encoding: str | None = None,
    max_bytes: int | None = None,
    sheet: str | None = None,
    lists: Sequence[str] = (),
) -> pd.DataFrame:
    r"""Read a table from CSV, TSV, JSON lines, Parquet or Excel, or from folders of classes.

    The format follows from the file's extension. In text formats a column is numeric only if every
    filled cell is a number without leading zeros, so ids like ``007`` and texts like ``NA`` or
    ``null`` stay text; only an empty cell is missing. Cells of media columns that hold relative
    paths become absolute ones, seen from the table's folder; URLs stay as they are. Whether the
    files exist is not checked here: the encoders name row and column of one that fails.

    A cell of a media column may hold several paths, as a list (JSON lines, Parquet), as a JSON list
    (``["1.jpg", "2.jpg"]``) or separated by bars (``1.jpg|2.jpg``): it becomes a list. Where a file
    has the whole name, bars and all, it is that one. Other columns are never split.

    Integers keep every digit: a column that floats could not hold is one of pandas' ``Int64`` or,
    in CSV, of text.

    Parameters
    ----------
    path : str or PathLike
        The file: ``.csv``, ``.tsv``, ``.jsonl`` or ``.ndjson`` (UTF-8; also gzipped, ``.csv.gz``),
        ``.parquet``, or ``.xlsx``, which needs openpyxl (``pip install hybridsent[xlsx]``). Or a
        folder that holds a folder of images, sounds or videos for each class, such as
        ``clips/angry/1.wav``: the table has columns ``image``, ``audio`` or ``video``, and
        ``label``. Or one that holds a folder of text files for each class, such as
        ``aclImdb/train/pos/0_9.txt``: the table has columns ``text``, what stands in each file, and
        ``label``.
    media : sequence of str, default=None
        Columns of paths. None: every column most of whose cells look like paths of images or
        sounds. An empty list: no column.
    sep : str, default=None
        The character that separates the cells of a CSV file. None: a comma, semicolon, tab or bar,
        whichever the line of names holds and every line agrees with; where two do, an error.
    decimal : {".", ","}, default="."
        What stands before the fraction of numbers in CSV.
    encoding : str, default=None
        Encoding of a text file, or of the text files of a folder, such as ``"cp1252"``. None:
        UTF-8.
    max_bytes : int, default=None
        Most bytes that a gzipped, Parquet or Excel file may unpack to. None: 64 MiB, or 40 times
        its size where that is more.
    sheet : str, default=None
        Name of the sheet of an Excel file. None: the first one that holds anything; where others do
        as well, a warning names them.
    lists : sequence of str, default=()
        Columns of texts whose cells hold several as a JSON list (``["a text", "another"]``), which
        become lists; what is no such list stays the text that it is.

    Returns
    -------
    DataFrame
        The table, with paths resolved.

    Raises
    ------
    TableError
        If there is no such file, its format is unknown, it is empty, not UTF-8 or malformed, it
        unpacks to too much, a column name occurs twice, or a column of `media` or `lists` is not
        there. The message names the line.
    MissingDependencyError
        If an Excel file is to be read, and openpyxl is not installed.
    ValueError
        If `sep` is no single character, `decimal` neither point nor comma, or `sheet` is given for
        a file that has none.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from hybridsent.datasets import read_table
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "table.csv")
    ...     size = file.write_text("text,image\nlovely,images/1.png\nNA,\n", encoding="utf-8")
    ...     table = read_table(file)
    >>> table["text"].tolist(), Path(table["image"][0]).is_absolute()
    (['lovely', 'NA'], True)
    """
    file = Path(path).expanduser()
    how = checked(sep, decimal, encoding, max_bytes, sheet)
    kind = "folder"
    if not os.path.isdir(file):  # noqa: PTH112 - Path.is_dir raises for names that are too long
        check_there(file)
        kind = format_of(file)
        if sheet is not None and kind != "xlsx":
            raise ValueError(f"The sheet parameter is for .xlsx files. Got {sheet!r} for {file}.")
    try:
        if kind == "folder":
            table = _from_folder(file, how.encoding)
        elif kind == "parquet":
            table = read_parquet(file, how.max_bytes)
        elif kind == "xlsx":
            table = read_sheet(file, sheet, how.max_bytes)
        else:
            table = _read_text_table(file, kind, how)
    except OSError as error:
        raise TableError(f"{file} cannot be read ({error}). Check who may read it.") from error
    return _with_items(table, media, lists, file)


def _with_items(
    table: pd.DataFrame, media: Sequence[str] | None, lists: Sequence[str], file: Path
) -> pd.DataFrame:
    """Resolve paths, and open cells of several items."""
    table = as_lists(table, named_columns(table, lists, "lists", file))
    paths = media_columns(table) if media is None else named_columns(table, media, "media", file)
    return with_absolute_paths(table, paths, base_of(file))


def check_there(file: Path) -> None:
    """Refuse a path at which no regular file stands.

    Parameters
    ----------
    file : Path
        The path.

    Raises
    ------
    TableError
        If there is none.
    """
    try:
        there = file.stat()
    except (OSError, ValueError) as error:
        raise TableError(
            f"There is no file {file} (seen from {Path.cwd()}). Check the path."
        ) from error
    if not stat.S_ISREG(there.st_mode):
        raise TableError(
            f"{file} is no regular file, but a pipe or device. Save its content first."
        )


def checked(
    sep: str | None, decimal: str, encoding: str | None, max_bytes: int | None, sheet: str | None
) -> How:
    """Check what is said about a file beside its name.

    Parameters
    ----------
    sep, decimal, encoding, max_bytes, sheet : object
        As `read_table` takes them.

    Returns
    -------
    How
        The same.

    Raises
    ------
    ValueError
        If `sep` is no single character, or `decimal` neither point nor comma.
    """
    if sep is not None and (len(sep) != 1 or sep in '"\r\n'):
        raise ValueError(
            f"The sep parameter must be one character, such as ';' or '\\t'. Got {sep!r}."
        )
    if decimal not in (".", ","):
        raise ValueError(f"The decimal parameter must be '.' or ','. Got {decimal!r}.")
    return How(sep, decimal, encoding, max_bytes, sheet)


def _from_folder(folder: Path, encoding: str | None) -> pd.DataFrame:
    inside = sorted(p.name for p in folder.iterdir() if _extension(p) in _FORMATS)
    table = read_folder(folder, encoding, texts=not inside)
    if table is not None:
        return table
    hint = (
        f"Name one of the tables in it: {inside[:5]}."
        if inside
        else "Name the file of the table in it, or a folder that holds a folder of images, "
        "sounds, videos or text files for each class."
    )
    raise TableError(f"{folder} is a folder, no table. {hint}")


def _extension(file: Path) -> str:
    suffixes = [suffix.lower() for suffix in file.suffixes[-2:]]
    return "".join(suffixes) if suffixes[-1:] == [".gz"] else "".join(suffixes[-1:])


def format_of(file: Path) -> str:
    """Tell the format of a table by the name of its file.

    Parameters
    ----------
    file : Path
        The file, which need not exist.

    Returns
    -------
    {"csv", "tsv", "jsonl", "parquet", "xlsx"}
        The format.

    Raises
    ------
    TableError
        If the ending is of no known one.

    Examples
    --------
    >>> from pathlib import Path
    >>> from hybridsent.datasets._table import format_of
    >>> format_of(Path("posts.NDJSON.gz"))
    'jsonl'
    """
    extension = _extension(file)
    if extension not in _FORMATS:
        seen = f"has extension {extension!r}" if extension else "has no extension"
        raise TableError(f"{file} {seen}; tables are {_KNOWN}. {_way_out(extension)}")
    return _FORMATS[extension]


def _way_out(extension: str) -> str:
    if extension in _SHEETS:
        return (
            "Save the sheet from the spreadsheet program as .xlsx or 'CSV UTF-8', or in Python: "
            "pandas.read_excel(...), and pass the DataFrame or write_table it."
        )
    return "Convert it with pandas, or pass a DataFrame instead."


def _read_text_table(file: Path, kind: str, how: How) -> pd.DataFrame:
    text = read_text(file, how.max_bytes, how.encoding)
    with whole_fields(len(text)):
        if kind == "jsonl":
            return parse_jsonl(text, file)
        if how.sep is not None:
            return parse_delimited(text, how.sep, file, how.decimal)
        if kind == "tsv":
            return parse_delimited(text, "\t", file, how.decimal)
        separator, text = separator_of(text, file)
        return parse_delimited(text, separator, file, how.decimal)


def named_columns(
    table: pd.DataFrame, names: Sequence[str], parameter: str, file: Path
) -> list[str]:
    """Refuse columns that a table lacks.

    Parameters
    ----------
    table : DataFrame
        The table.
    names : sequence of str
        Columns.
    parameter : str
        Which names them.
    file : Path
        Named in messages.

    Returns
    -------
    list of str
        The names.

    Raises
    ------
    TableError
        If one is not there.
    TypeError
        If `names` is one string.
    """
    if isinstance(names, str):
        raise TypeError(
            f"{parameter} must be a list of column names, got the string {names!r}. Write "
            f"{parameter}=[{names!r}]."
        )
    absent = [name for name in names if name not in table.columns]
    if absent:
        raise TableError(
            f"{file} has no column {absent}. Its columns are {[str(c) for c in table.columns]}."
        )
    return list(names)


def with_absolute_paths(
    table: pd.DataFrame, columns: Sequence[str], base: PathLike
) -> pd.DataFrame:
    """Make relative paths absolute, and lists of cells that hold several.

    Parameters
    ----------
    table : DataFrame
        The table.
    columns : sequence of str
        Columns of paths.
    base : str or PathLike
        The folder from which they are seen.

    Returns
    -------
    DataFrame
        The table, or a copy in which these columns are replaced.
    """
    folder = os.path.abspath(Path(base).expanduser())  # noqa: PTH100 - resolve() would follow links away from the table's folder
    resolved = {name: [absolute(cell, folder) for cell in table[name]] for name in columns}
    if not resolved:
        return table
    # of objects, whether or not a cell is a list: so a piece of a table has the dtypes of all of it
    made = {k: pd.Series(v, index=table.index, dtype=object) for k, v in resolved.items()}
    return table.assign(**made)


def base_of(path: PathLike) -> Path:
    """Name the folder from which the paths in a table are seen.

    Parameters
    ----------
    path : str or PathLike
        The file of the table, or a folder of classes.

    Returns
    -------
    Path
        The folder.
    """
    file = Path(path).expanduser()
    return file if file.is_dir() else file.parent


def check_can_write(table: pd.DataFrame, path: PathLike) -> None:
    """Refuse a table that a file cannot hold, before there is more to be lost.

    Parameters
    ----------
    table : DataFrame
        The table.
    path : str or PathLike
        The file, whose extension tells the format.

    Raises
    ------
    TableError
        As `write_table` raises it.
    """
    file = Path(path).expanduser()
    kind = format_of(file)
    check_writable(as_written(_with_names(table, file), kind).assign(_=0), kind)


def write_table(table: pd.DataFrame, path: PathLike) -> None:
    """Write a table to CSV, TSV, JSON lines, Parquet or Excel, by extension, all or nothing.

    The file is written beside its place and moved there in one step, so a reader never sees half of
    it. The index is not written; call ``table.reset_index()`` first to keep it.

    Parameters
    ----------
    table : DataFrame
        The table; also of polars, pyarrow or another library, or a dict of columns. Text formats
        hold strings, numbers, booleans and missing cells; bytes need Parquet. A list of strings is
        written as such, to CSV, TSV and Excel as JSON; `read_table` gives it back where it holds
        paths, or the column is named in its `lists`.
    path : str or PathLike
        Where to; the folder must exist. An older file is replaced.

    Raises
    ------
    TableError
        If the extension is unknown, the folder is not there, a column name occurs twice, or the
        format cannot hold a cell (images, arrays).

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from hybridsent.datasets import read_table, write_table
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_table(pd.DataFrame({"text": ["null", "a, b"]}), Path(folder, "t.tsv"))
    ...     print(read_table(Path(folder, "t.tsv"))["text"].tolist())
    ['null', 'a, b']
    """
    table = as_table(table, error=TypeError)
    file = Path(path).expanduser()
    kind = format_of(file)
    if not file.parent.is_dir():
        raise TableError(f"There is no folder {file.parent}. Create it first.")
    if file.is_dir():
        raise TableError(f"{file} is a folder. Name a file in it.")
    table = as_written(_with_names(table, file), kind)
    check_writable(table, kind)
    _replace(file, WRITERS[kind], table, kind)


def _with_names(table: pd.DataFrame, file: Path) -> pd.DataFrame:
    """Name the columns by texts, as files do; a name in several levels is none."""
    if table.columns.nlevels > 1:
        raise TableError(
            f"{file}: a column must have one name. Got names of {table.columns.nlevels} levels, "
            f"such as {table.columns[0]!r}. Join them: table.columns = ['_'.join(map(str, name)) "
            "for name in table.columns]."
        )
    check_names([str(name) for name in table.columns], file)
    return table.rename(columns=str)


def _replace(
    file: Path, write: Callable[[pd.DataFrame, Path], None], table: pd.DataFrame, kind: str
) -> None:
    # The extension stays at the end: pandas compresses by it.
    draft = file.with_name(f".{secrets.token_hex(4)}-{file.name}")
    try:
        write(table, draft)
        draft.replace(file)
    except TableError:
        raise
    except (ValueError, TypeError, OSError, OverflowError, NotImplementedError) as error:
        raise TableError(f"{file} cannot be written as {kind} ({error}).") from error
    finally:
        draft.unlink(missing_ok=True)
