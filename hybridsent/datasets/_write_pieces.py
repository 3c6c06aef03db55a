"""Tables that come in pieces → one file, all or nothing (layer L4).

pandas appends to csv, pyarrow to Parquet; what neither decides is what the whole of a table
decides: the ends of lines, and the types of columns.
"""

from __future__ import annotations

import gzip
import io
import secrets
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridsent.datasets._parse import check_names
from hybridsent.datasets._several import as_written
from hybridsent.datasets._table import PathLike, format_of, write_table
from hybridsent.datasets._write import check_writable, json_lines, needs_returns
from hybridsent.exceptions import TableError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["arrow_table", "write_pieces"]


def write_pieces(
    pieces: Callable[[], Iterable[pd.DataFrame]],
    path: PathLike,
    types: dict[str, Any] | None = None,
) -> None:
    """Write what `write_table` would write of all pieces together, holding one at a time.

    Parameters
    ----------
    pieces : callable
        Gives the pieces, from the first one on, each time that it is called: a csv file is begun
        again where a later row holds a carriage return, which changes the ends of all lines.
    path : str or PathLike
        Where to, by the ending as in `write_table`; a workbook is held in memory whole.
    types : dict or None, default=None
        Types of columns in Arrow, for Parquet; others are those of the first piece.

    Raises
    ------
    TableError
        As `write_table` raises it.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from hybridsent.datasets._write_pieces import write_pieces
    >>> halves = [pd.DataFrame({"n": [1]}), pd.DataFrame({"n": [2]})]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_pieces(lambda: halves, f"{folder}/t.csv")
    ...     print(Path(f"{folder}/t.csv").read_text().split())
    ['n', '1', '2']
    """
    file = Path(path).expanduser()
    kind = format_of(file)
    if kind == "xlsx":
        import pandas as pd

        write_table(pd.concat(list(pieces()), ignore_index=True), file)
        return
    draft = file.with_name(f".{secrets.token_hex(4)}-{file.name}")
    try:
        if kind == "parquet":
            _write_parquet(pieces(), draft, types or {})
        elif kind == "jsonl":
            _write_lines(pieces(), draft)
        else:
            separator = "," if kind == "csv" else "\t"
            if not _write_delimited(pieces(), draft, separator, kind, "\n"):
                _write_delimited(pieces(), draft, separator, kind, "\r\n")
        draft.replace(file)
    except OSError as error:
        raise TableError(f"{file} cannot be written as {kind} ({error}).") from error
    finally:
        draft.unlink(missing_ok=True)


def _ready(piece: pd.DataFrame, kind: str, draft: Path) -> pd.DataFrame:
    check_names([str(name) for name in piece.columns], draft)
    piece = as_written(piece.rename(columns=str), kind)
    check_writable(piece, kind)
    return piece


def _write_delimited(
    pieces: Iterable[pd.DataFrame], draft: Path, separator: str, kind: str, end: str
) -> bool:
    """Write lines with an end; False, once it is seen that this is not the right one."""
    with ExitStack() as stack:
        raw: Any = stack.enter_context(_opened(draft))
        out = stack.enter_context(io.TextIOWrapper(raw, encoding="utf-8", newline=""))
        for i, each in enumerate(pieces):
            piece = _ready(each, kind, draft)
            if end == "\n" and needs_returns(piece):
                return False
            piece.to_csv(out, sep=separator, index=False, header=i == 0, lineterminator=end)
    return True


def _write_lines(pieces: Iterable[pd.DataFrame], draft: Path) -> None:
    with _opened(draft) as out:
        for each in pieces:
            out.writelines(json_lines(_ready(each, "jsonl", draft)))


def _opened(draft: Path) -> Any:
    return gzip.open(draft, "wb") if draft.suffix.lower() == ".gz" else draft.open("wb")


def _write_parquet(pieces: Iterable[pd.DataFrame], draft: Path, types: dict[str, Any]) -> None:
    from pyarrow import ArrowException, parquet

    with ExitStack() as stack:
        writer: Any = None
        for each in pieces:
            table = arrow_table(_ready(each, "parquet", draft), types)
            if writer is None:
                writer = stack.enter_context(parquet.ParquetWriter(draft, table.schema))
            try:
                writer.write_table(table.cast(writer.schema))
            except (ArrowException, ValueError) as error:
                raise TableError(
                    f"A column cannot be written as parquet ({error}). Give all its cells one type."
                ) from error


def arrow_table(frame: pd.DataFrame, types: dict[str, Any]) -> Any:
    """Turn rows into a table of Arrow with the types of all rows.

    Parameters
    ----------
    frame : DataFrame
        The rows.
    types : dict
        Of columns; others get what their cells say.

    Returns
    -------
    pyarrow.Table
        The rows.
    """
    import pyarrow as pa

    from hybridsent.datasets._several import as_written

    frame = as_written(frame, "parquet")
    fields = []
    for name in frame.columns:
        found = types.get(name)
        if found is not None:
            try:
                pa.array(frame[name], type=found, from_pandas=True)
            except (pa.ArrowException, OverflowError, TypeError):
                found = None
        fields.append(found)
    if all(found is None for found in fields):
        return pa.Table.from_pandas(frame, preserve_index=False)
    told = pa.Table.from_pandas(
        frame[[n for n, f in zip(frame.columns, fields, strict=True) if f is None]],
        preserve_index=False,
    ).schema
    schema = pa.schema(
        [
            pa.field(name, told.field(name).type if found is None else found)
            for name, found in zip(frame.columns, fields, strict=True)
        ]
    )
    return pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
