"""Parquet → a table, within a limit (layer L4).

pyarrow reads the format; what it lacks is a limit: a column of one long text is stored once, and
unpacked as often as there are rows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from hybridsent._tables import from_arrow
from hybridsent.datasets._bytes import limit_of, too_large
from hybridsent.datasets._parse import check_names
from hybridsent.exceptions import TableError

__all__ = ["damaged", "read_parquet", "size_of"]

_ROWS = 16_384  # a piece: what is unpacked before it is counted


def read_parquet(file: Path, max_bytes: int | None) -> pd.DataFrame:
    """Read a Parquet file.

    Parameters
    ----------
    file : Path
        A file that exists.
    max_bytes : int or None
        Most bytes that it may unpack to, as `limit_of` takes it.

    Returns
    -------
    DataFrame
        Its rows; integers keep every digit.

    Raises
    ------
    TableError
        If the file is empty, damaged or unpacks to too much, or a name occurs twice.
    """
    if file.stat().st_size == 0:
        raise TableError(f"{file} is empty. Write it again.")
    try:
        table = _unpacked(file, limit_of(file, max_bytes))
        table.validate(full=True)  # texts of no encoding would fail where they are used
        return from_arrow(table)
    except TableError:
        raise
    except Exception as error:  # damaged files end in errors of many kinds
        raise damaged(file, error) from error


def damaged(file: Path, error: Exception) -> TableError:
    """Make the error of a file that is no Parquet, or not whole.

    Parameters
    ----------
    file : Path
        The file.
    error : Exception
        What pyarrow said.

    Returns
    -------
    TableError
        To be raised.
    """
    return TableError(f"{file} cannot be read as Parquet ({error}). Write it again.")


def _unpacked(file: Path, limit: int) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    schema = parquet.read_schema(file)
    check_names(schema.names, file)
    texts = [f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_binary(f.type)]
    with parquet.ParquetFile(file, read_dictionary=texts) as opened:
        told = opened.metadata
        groups = [told.row_group(i).total_byte_size for i in range(told.num_row_groups)]
        if max(sum(groups), told.num_rows * max(len(schema), 1)) > limit:
            raise too_large(file, limit)
        pieces, size = [], 0
        for piece in opened.iter_batches(batch_size=_ROWS):
            size += sum(map(size_of, piece.columns))
            if size > limit:
                raise too_large(file, limit)
            pieces.append(piece.cast(schema.remove_metadata()))
        return pa.Table.from_batches(pieces, schema.remove_metadata()).replace_schema_metadata(
            schema.metadata
        )


def size_of(column: Any) -> int:
    """Count the bytes of a column of a piece once every cell is written out.

    Parameters
    ----------
    column : pyarrow.Array
        The column.

    Returns
    -------
    int
        The bytes.
    """
    import pyarrow as pa
    from pyarrow import compute

    if not pa.types.is_dictionary(column.type):
        return int(column.nbytes)
    lengths = compute.binary_length(column.dictionary).take(column.indices)
    return int(compute.sum(compute.cast(lengths, pa.int64())).as_py() or 0) + 4 * len(column)
