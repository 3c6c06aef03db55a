"""Pieces of a Parquet file (layer L4).

pyarrow reads batches of a file; what a batch becomes in pandas depends on the batch alone (integers
are floats where a cell is missing), and a file has one answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from hybridsent._tables import from_arrow
from hybridsent.datasets._bytes import limit_of, too_large
from hybridsent.datasets._detect import PathsSeen
from hybridsent.datasets._parquet import damaged, size_of
from hybridsent.datasets._parse import check_names
from hybridsent.exceptions import TableError

__all__ = ["ParquetPieces"]

_BATCH = 16_384
_FEW = 512
_GATHERED = 2**26
_BUFFER = 2**20  # else pyarrow reads a column of a row group whole
_WITNESSES = 3
"""A gap, the least and the greatest."""


@dataclass
class ParquetPieces:
    """Pieces of a Parquet file.

    Parameters
    ----------
    path : Path
        The file.
    rows : int
        Rows of a piece.
    max_bytes : int or None
        Most bytes that the file may unpack to.
    """

    path: Path
    rows: int
    max_bytes: int | None
    columns: list[str] = field(default_factory=list, init=False)
    n_rows: int = field(default=0, init=False)
    paths: list[str] = field(default_factory=list, init=False)
    seeks: bool = field(default=True, init=False)
    groups: list[int] = field(default_factory=list, init=False)
    limit: int = field(default=0, init=False)
    witnesses: Any = field(default=None, init=False)
    categories: dict[str, list[Any]] = field(default_factory=dict, init=False)

    def __len__(self) -> int:
        return -(-self.n_rows // self.rows)

    def reach(self, index: int) -> int:
        """From which piece on reading on is no more work than beginning anew."""
        return self._group_of(index * self.rows)[1] // self.rows

    def scan(self) -> ParquetPieces:
        """Read what the file says of itself, and of some columns their cells."""
        import pyarrow as pa

        if self.path.stat().st_size == 0:
            raise TableError(f"{self.path} is empty. Write it again.")
        self.limit = limit_of(self.path, self.max_bytes)
        with self._opened() as file:
            schema = file.schema_arrow
            check_names(schema.names, self.path)
            told = file.metadata
            sizes = [told.row_group(i).total_byte_size for i in range(told.num_row_groups)]
            if max(sum(sizes), told.num_rows * max(len(schema), 1)) > self.limit:
                raise too_large(self.path, self.limit)
            self.groups = [told.row_group(i).num_rows for i in range(told.num_row_groups)]
            self.n_rows = sum(self.groups)
            turning = [f.name for f in schema if _turns(f.type)]
            categories = [f.name for f in schema if pa.types.is_dictionary(f.type)]
            looked_at = [f.name for f in schema if _may_be_paths(f.type)]
            self._witness(file, turning)
            self._gather(file, categories)
            frame = self.frame([schema.empty_table()])
            self.columns = [str(name) for name in frame.columns]
            self._look(file, [name for name in looked_at if name in frame.columns])
        return self

    @contextmanager
    def _opened(self, **how: Any) -> Iterator[Any]:
        from pyarrow import parquet

        try:
            with parquet.ParquetFile(self.path, buffer_size=_BUFFER, **how) as file:
                yield file
        except TableError:
            raise
        except Exception as error:  # damaged files end in errors of many kinds
            raise damaged(self.path, error) from error

    def _witness(self, file: Any, names: list[str]) -> None:
        """Keep of the columns with gaps a gap, and the least and the greatest integer."""
        import pyarrow as pa
        from pyarrow import compute

        facts: dict[str, list[Any]] = {}
        for batch in file.iter_batches(batch_size=_BATCH, columns=names) if names else ():
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                known = facts.setdefault(name, [False, None, None])
                known[0] = known[0] or bool(column.null_count)
                if column.null_count == len(column) or not pa.types.is_integer(column.type):
                    continue
                ends = compute.min_max(column).as_py()
                known[1] = ends["min"] if known[1] is None else min(known[1], ends["min"])
                known[2] = ends["max"] if known[2] is None else max(known[2], ends["max"])
        gaps = {name: known for name, known in facts.items() if known[0]}
        if gaps:
            types = file.schema_arrow
            self.witnesses = {n: pa.array(k, types.field(n).type) for n, k in _rows_of(gaps)}

    def _gather(self, file: Any, names: list[str]) -> None:
        """Keep the categories of columns of such, in the order in which they are first met."""
        found: dict[str, dict[Any, None]] = {name: {} for name in names}
        for batch in file.iter_batches(batch_size=_BATCH, columns=names) if names else ():
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                found[name].update(dict.fromkeys(column.dictionary.to_pylist()))
        self.categories = {name: list(each) for name, each in found.items()}

    def _look(self, file: Any, names: list[str]) -> None:
        seen = {name: PathsSeen() for name in names}
        for batch in file.iter_batches(batch_size=_BATCH, columns=names) if names else ():
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                seen[name].see(_Cells(column.drop_null()))
        self.paths = [name for name in self.columns if name in seen and seen[name].are_paths()]

    def arrow_types(self) -> dict[str, Any]:
        """Tell the types of its columns."""
        with self._opened() as file:
            return {f.name: f.type for f in file.schema_arrow if f.name in self.columns}

    def _group_of(self, row: int) -> tuple[int, int]:
        """Give the row group in which a row stands, and at which row that begins."""
        begin = 0
        for i, size in enumerate(self.groups):
            if row < begin + size:
                return i, begin
            begin += size
        return len(self.groups), begin

    def read_from(self, index: int) -> Iterator[list[Any]]:
        """Read the rows of a piece and of all behind it, piece by piece."""
        first, row = self._group_of(index * self.rows)
        drop, held, have, size = index * self.rows - row, [], 0, 0
        with self._opened() as file:
            schema = file.schema_arrow
            for batch in self._batches(file, first):
                gone = min(drop, len(batch))
                drop, batch = drop - gone, batch.slice(gone)
                while len(batch):
                    piece = batch.slice(0, self.rows - have)
                    size += sum(map(size_of, piece.columns))
                    if size > self.limit:
                        raise too_large(self.path, self.limit)
                    held.append(piece.cast(schema.remove_metadata()))
                    have += len(piece)
                    batch = batch.slice(len(piece))
                    if have == self.rows:
                        yield self._tables(held, schema)
                        held, have, size = [], 0, 0
        if held:
            yield self._tables(held, schema)

    def _batches(self, file: Any, first: int) -> Iterator[Any]:
        """Read row groups batch by batch, each text once, so that no file bursts when unpacked.

        The texts of a row group are gathered to tell which are the same; where these are too many
        to be held, rows are few at once instead.
        """
        import pyarrow as pa

        schema, told = file.schema_arrow, file.metadata
        texts = [f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_binary(f.type)]
        for group in range(first, len(self.groups)):
            chunks = [told.row_group(group).column(i) for i in range(told.num_columns)]
            size = sum(c.total_uncompressed_size for c in chunks if c.path_in_schema in texts)
            if texts and size <= _GATHERED:
                with self._opened(read_dictionary=texts) as gathered:
                    yield from gathered.iter_batches(_BATCH, row_groups=[group])
            else:
                yield from file.iter_batches(_FEW if texts else _BATCH, row_groups=[group])

    def _tables(self, held: list[Any], schema: Any) -> list[Any]:
        import pyarrow as pa

        table = pa.Table.from_batches(held, schema.remove_metadata())
        table.validate(full=True)
        return [table.replace_schema_metadata(schema.metadata)]

    def frame(self, block: list[Any]) -> pd.DataFrame:
        """Make the columns of a piece."""
        import pyarrow as pa

        (table,) = block
        frame = from_arrow(table)
        if self.witnesses:
            beside = pa.table(
                {
                    name: pa.concat_arrays([rows, *table.column(name).chunks])
                    for name, rows in self.witnesses.items()
                }
            )
            turned = from_arrow(_described_as(beside, table)).iloc[_WITNESSES:]
            for name in turned.columns.intersection(frame.columns):
                frame[name] = turned[name].array
        for name, known in self.categories.items():
            if name in frame.columns:
                frame[name] = frame[name].cat.set_categories(known)
        return frame


def _described_as(beside: Any, table: Any) -> Any:
    """Let pandas know of some columns what it wrote of all: their dtypes, not the index."""
    told = table.schema.pandas_metadata
    if not told:
        return beside
    told = {**told, "index_columns": []}
    told["columns"] = [each for each in told["columns"] if each["name"] in beside.column_names]
    return beside.replace_schema_metadata({b"pandas": json.dumps(told).encode()})


def _turns(kind: Any) -> bool:
    """Whether a column of this type is another one in pandas where a cell is missing."""
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_boolean(kind))


def _may_be_paths(kind: Any) -> bool:
    import pyarrow as pa

    types = pa.types
    nested = types.is_list(kind) or types.is_large_list(kind) or types.is_struct(kind)
    texts = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    return bool(nested or texts or types.is_dictionary(kind))


def _rows_of(gaps: dict[str, list[Any]]) -> Iterator[tuple[str, list[Any]]]:
    for name, (_, low, high) in gaps.items():
        yield name, [None, low, high]


class _Cells(Sequence[Any]):
    """The cells of a column of Arrow, made objects of Python where they are looked at."""

    def __init__(self, column: Any) -> None:
        self._column = column

    def __len__(self) -> int:
        return len(self._column)

    def __getitem__(self, index: Any) -> Any:
        return self._column[index].as_py()
