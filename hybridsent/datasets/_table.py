"""Read and write tables: a row a sample, a column a modality, paths by the file (layer L4).

Why no library serves: pandas reads the formats, but guesses that the text "NA" is missing and knows
nothing of media paths that are meant relative to the table. This module adds those rules, and
messages that name line and way out.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

from hybridsent._tables import as_table
from hybridsent.datasets._detect import media_columns
from hybridsent.datasets._parse import check_names, parse_delimited, parse_jsonl, read_text
from hybridsent.exceptions import TableError

__all__ = ["read_table", "write_table"]

PathLike: TypeAlias = "str | os.PathLike[str]"

_FORMATS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".csv.gz": "csv",
    ".tsv.gz": "tsv",
    ".jsonl.gz": "jsonl",
    ".ndjson.gz": "jsonl",
}
_KNOWN = ".csv, .tsv, .jsonl, .ndjson (each also with .gz) and .parquet"
_URL = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://|data:)")
_PLAIN = (str, int, float, bool)


def read_table(path: PathLike, *, media: Sequence[str] | None = None) -> pd.DataFrame:
    r"""Read a table of samples from CSV, TSV, JSON lines or Parquet.

    The format follows from the file's extension. In text formats a column is numeric only if every
    filled cell is a number without leading zeros, so ids like ``007`` and texts like ``NA`` or
    ``null`` stay text; only an empty cell is missing. Cells of media columns that hold relative
    paths become absolute ones, seen from the table's folder; URLs stay as they are. Whether the
    files exist is not checked here: the encoders name row and column of one that fails.

    Parameters
    ----------
    path : str or PathLike
        The file: ``.csv``, ``.tsv``, ``.jsonl`` or ``.ndjson`` (UTF-8; also gzipped, ``.csv.gz``),
        or ``.parquet``.
    media : sequence of str, default=None
        Columns of paths. None: every column most of whose cells look like paths of images or
        sounds. An empty list: no column.

    Returns
    -------
    DataFrame
        The table, with paths resolved.

    Raises
    ------
    TableError
        If there is no such file, its format is unknown, it is empty, not UTF-8 or malformed, a
        column name occurs twice, or a column of `media` is not there. The message names the line.

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
    _check_there(file)
    kind = _format_of(file)
    table = _read_parquet(file) if kind == "parquet" else _read_text_table(file, kind)
    return with_absolute_paths(table, _media_of(table, media, file), file)


def _check_there(file: Path) -> None:
    if file.is_dir():
        inside = sorted(p.name for p in file.iterdir() if _extension(p) in _FORMATS)
        hint = (
            f"Name one of the tables in it: {inside[:5]}."
            if inside
            else "Name the file of the table in it."
        )
        raise TableError(f"{file} is a folder, no table. {hint}")
    if not file.exists():
        raise TableError(f"There is no file {file} (seen from {Path.cwd()}). Check the path.")


def _extension(file: Path) -> str:
    suffixes = [suffix.lower() for suffix in file.suffixes[-2:]]
    return "".join(suffixes) if suffixes[-1:] == [".gz"] else "".join(suffixes[-1:])


def _format_of(file: Path) -> str:
    extension = _extension(file)
    if extension not in _FORMATS:
        seen = f"has extension {extension!r}" if extension else "has no extension"
        raise TableError(
            f"{file} {seen}; tables are {_KNOWN}. Convert it with pandas, or pass a DataFrame "
            "instead."
        )
    return _FORMATS[extension]


def _read_text_table(file: Path, kind: str) -> pd.DataFrame:
    text = read_text(file)
    if kind == "jsonl":
        return parse_jsonl(text, file)
    return parse_delimited(text, "," if kind == "csv" else "\t", file)


def _read_parquet(file: Path) -> pd.DataFrame:
    from pyarrow import parquet

    if file.stat().st_size == 0:
        raise TableError(f"{file} is empty. Write it again.")
    try:
        check_names(parquet.read_schema(file).names, file)
        return pd.read_parquet(file)
    except TableError:
        raise
    except (ValueError, OSError) as error:  # pyarrow's errors are both
        raise TableError(f"{file} cannot be read as Parquet ({error}). Write it again.") from error


def _media_of(table: pd.DataFrame, media: Sequence[str] | None, file: Path) -> list[str]:
    if media is None:
        return media_columns(table)
    if isinstance(media, str):
        raise TypeError(
            f"media must be a list of column names, got the string {media!r}. Write "
            f"media=[{media!r}]."
        )
    absent = [name for name in media if name not in table.columns]
    if absent:
        raise TableError(
            f"{file} has no column {absent}. Its columns are {[str(c) for c in table.columns]}."
        )
    return list(media)


def with_absolute_paths(
    table: pd.DataFrame, columns: Sequence[str], path: PathLike
) -> pd.DataFrame:
    """Make relative paths absolute, seen from the folder of the file they stand in.

    Parameters
    ----------
    table : DataFrame
        The table.
    columns : sequence of str
        Columns of paths.
    path : str or PathLike
        The file of the table.

    Returns
    -------
    DataFrame
        The table, or a copy in which these columns are replaced.
    """
    folder = os.path.abspath(Path(path).expanduser().parent)  # noqa: PTH100 - resolve() would follow links away from the table's folder
    resolved = {name: [_absolute(cell, folder) for cell in table[name]] for name in columns}
    return (
        table.assign(**{k: pd.Series(v, index=table.index) for k, v in resolved.items()})
        if resolved
        else table
    )


def _absolute(cell: Any, folder: str) -> Any:
    if not isinstance(cell, str) or not cell.strip() or _URL.match(cell):
        return cell
    return os.path.normpath(os.path.join(folder, cell))  # noqa: PTH118 - pathlib keeps the ".." of "../images/1.png"


def write_table(table: pd.DataFrame, path: PathLike) -> None:
    """Write a table to CSV, TSV, JSON lines or Parquet, by extension, all or nothing.

    The file is written beside its place and moved there in one step, so a reader never sees half of
    it. The index is not written; call ``table.reset_index()`` first to keep it.

    Parameters
    ----------
    table : DataFrame
        The table; also of polars, pyarrow or another library, or a dict of columns. Text formats
        hold strings, numbers, booleans and missing cells; bytes need Parquet.
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
    kind = _format_of(file)
    if not file.parent.is_dir():
        raise TableError(f"There is no folder {file.parent}. Create it first.")
    if file.is_dir():
        raise TableError(f"{file} is a folder. Name a file in it.")
    check_names([str(name) for name in table.columns], file)
    _replace(file, _WRITERS[kind], table.rename(columns=str), kind)


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
    except (ValueError, TypeError, OSError) as error:
        raise TableError(f"{file} cannot be written as {kind} ({error}).") from error
    finally:
        draft.unlink(missing_ok=True)


def _check_plain(table: pd.DataFrame, draft: Path) -> None:
    for name in table.columns[[pd.api.types.is_object_dtype(dtype) for dtype in table.dtypes]]:
        for label, cell in table[name].items():
            if not isinstance(cell, _PLAIN) and not (
                pd.api.types.is_scalar(cell) and not isinstance(cell, bytes)
            ):
                raise TableError(
                    f"Row {label!r}, column {name!r}: a text format cannot hold "
                    f"{type(cell).__name__}. "
                    "Store a path instead, or write bytes to Parquet."
                )


def _write_delimited(table: pd.DataFrame, draft: Path, separator: str) -> None:
    _check_plain(table, draft)
    # csv quotes a lone carriage return only if it is part of the line end.
    texts = table.select_dtypes(exclude="number")
    odd = any("\r" in cell for name in texts for cell in texts[name] if isinstance(cell, str))
    table.to_csv(draft, sep=separator, index=False, lineterminator="\r\n" if odd else "\n")


def _write_csv(table: pd.DataFrame, draft: Path) -> None:
    _write_delimited(table, draft, ",")


def _write_tsv(table: pd.DataFrame, draft: Path) -> None:
    _write_delimited(table, draft, "\t")


def _write_jsonl(table: pd.DataFrame, draft: Path) -> None:
    _check_plain(table, draft)
    table.to_json(draft, orient="records", lines=True, force_ascii=False)


def _write_parquet(table: pd.DataFrame, draft: Path) -> None:
    table.to_parquet(draft, index=False)


_WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    "csv": _write_csv,
    "tsv": _write_tsv,
    "jsonl": _write_jsonl,
    "parquet": _write_parquet,
}
