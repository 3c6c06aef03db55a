"""Pieces of delimited text and of JSON lines (layer L4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from hybridsent._tables import as_column
from hybridsent.datasets._bytes import empty
from hybridsent.datasets._detect import PathsSeen
from hybridsent.datasets._lines import LONGEST, Lines, can_seek, open_bytes
from hybridsent.datasets._parse import (
    Rows,
    check_names,
    json_rows,
    named,
    typed,
    warn_of_commas,
    with_point,
)
from hybridsent.datasets._separator import found_separator, told_separator, whole_fields
from hybridsent.datasets._witnesses import ObjectWitnesses, TextWitnesses, typed_beside

__all__ = ["DelimitedPieces", "JsonPieces"]

_LOOKED_AT = 1000


@dataclass
class _TextPieces:
    """What both kinds of text share: where each piece begins, found by one reading of the file.

    Parameters
    ----------
    path : Path
        The file.
    rows : int
        Rows of a piece.
    encoding, max_bytes : object
        As `read_table` takes them.
    """

    path: Path
    rows: int
    encoding: str | None
    max_bytes: int | None
    columns: list[str] = field(default_factory=list, init=False)
    n_rows: int = field(default=0, init=False)
    starts: list[tuple[int, int]] = field(default_factory=list, init=False)
    witnesses: list[list[Any]] = field(default_factory=list, init=False)
    paths: list[str] = field(default_factory=list, init=False)
    seeks: bool = field(default=False, init=False)

    def __len__(self) -> int:
        return len(self.starts)

    def reach(self, index: int) -> int:
        """From which piece on reading on is no more work than beginning anew."""
        return index if self.seeks else 0

    def _arrow_types(self, make: Callable[[Sequence[Any]], pd.Series]) -> dict[str, Any]:
        """Tell the types of columns by the cells on which they hang."""
        import pyarrow as pa

        types = {}
        for name, cells in zip(self.columns, self.witnesses, strict=True):
            with suppress(pa.ArrowException, OverflowError):  # cells that no type of Arrow holds
                types[name] = pa.array(make(cells), from_pandas=True).type
        return types

    def _lines(self, stream: Any, encoding: str | None, **where: Any) -> Lines:
        return Lines(stream, self.path, encoding, **where)


@dataclass
class DelimitedPieces(_TextPieces):
    """Pieces of comma or otherwise separated text.

    Parameters
    ----------
    path : Path
        The file.
    rows : int
        Rows of a piece.
    encoding, max_bytes : object
        As `read_table` takes them.
    sep : str or None, default=None
        What separates the cells; None where it is to be found.
    decimal : str, default="."
        What stands before the fraction of a number.
    """

    sep: str | None = None
    decimal: str = "."

    def scan(self) -> DelimitedPieces:
        """Read the file once, and keep where pieces begin and what their columns are."""
        self.seeks = can_seek(self.path, self.encoding)
        told = self._told()
        self.sep = self.sep or told or found_separator(self._head, self.path)
        stream, encoding = open_bytes(self.path, self.encoding, self.max_bytes)
        with closing(stream):
            lines = self._lines(stream, encoding)
            each = iter(lines)
            if told:
                next(each)
            rows = Rows(each, self.sep, self.path, line=2 if told else 1)
            cells = iter(rows)
            with whole_fields(LONGEST):
                self.columns = named(next(cells, []))
            check_names(self.columns, self.path)
            kept = [(TextWitnesses(), PathsSeen()) for _ in self.columns]
            while True:
                start = lines.position, rows.begin
                with whole_fields(LONGEST):
                    block = list(islice(cells, self.rows))
                if not block:
                    break
                if not self.starts:
                    self._tell_commas(block)
                self.starts.append(start)
                self.n_rows += len(block)
                for seen, column in zip(kept, zip(*block, strict=True), strict=True):
                    self._see(*seen, self._pointed(column))
        if not lines.filled:
            raise empty(self.path)
        self.witnesses = [seen.cells() for seen, _ in kept]
        looked = zip(self.columns, kept, strict=True)
        self.paths = [n for n, (seen, paths) in looked if seen.are_texts and paths.are_paths()]
        return self

    def arrow_types(self) -> dict[str, Any]:
        """Tell the types that its columns have in Arrow."""
        return self._arrow_types(typed)

    def _told(self) -> str | None:
        """Read the separator of Excel's first line, where none is given."""
        if self.sep is not None:
            return None
        first = next(iter(self._head()), "")
        return told_separator(first)

    def _head(self) -> Iterator[str]:
        stream, encoding = open_bytes(self.path, self.encoding, self.max_bytes)
        with closing(stream), whole_fields(LONGEST):
            yield from self._lines(stream, encoding)

    def _pointed(self, cells: Sequence[str]) -> Sequence[str]:
        return [with_point(cell) for cell in cells] if self.decimal == "," else cells

    def _tell_commas(self, block: list[list[str]]) -> None:
        if self.decimal != "," and self.sep != ",":
            columns = list(zip(*block[:_LOOKED_AT], strict=True))
            warn_of_commas(self.columns, columns, self.path)

    @staticmethod
    def _see(seen: TextWitnesses, paths: PathsSeen, cells: Sequence[str]) -> None:
        seen.see(cells)
        if seen.are_texts:
            paths.see(list(filter(None, cells)))
        else:
            paths.skip(len(cells) - cells.count(""))

    def read_from(self, index: int) -> Iterator[list[list[str]]]:
        """Read the rows of a piece and of all behind it, piece by piece."""
        if not self.starts:
            return
        offset, line = self.starts[index if self.seeks else 0]
        stream, encoding = open_bytes(self.path, self.encoding, self.max_bytes)
        with closing(stream):
            if self.seeks:
                stream.seek(offset)
                lines = iter(self._lines(stream, encoding, offset=offset, line=line))
            else:
                lines = iter(self._lines(stream, encoding))
                for _ in range(line - 1):
                    next(lines)
            rows = iter(Rows(lines, str(self.sep), self.path, self.columns, line))
            for at in range(index if self.seeks else 0, len(self)):
                with whole_fields(LONGEST):
                    block = list(islice(rows, self.rows))
                if at >= index:
                    yield block

    def frame(self, block: list[list[str]]) -> pd.DataFrame:
        """Make the columns of a piece."""
        columns = zip(*block, strict=True) if block else ([] for _ in self.columns)
        made = {
            name: typed_beside(typed, witnesses, self._pointed(cells))
            for name, witnesses, cells in zip(self.columns, self.witnesses, columns, strict=True)
        }
        return pd.DataFrame(made)


@dataclass
class JsonPieces(_TextPieces):
    """Pieces of JSON lines.

    Parameters
    ----------
    path : Path
        The file.
    rows : int
        Rows of a piece.
    encoding, max_bytes : object
        As `read_table` takes them.
    """

    def arrow_types(self) -> dict[str, Any]:
        """Tell the types that its columns have in Arrow."""
        return self._arrow_types(as_column)

    def scan(self) -> JsonPieces:
        """Read the file once, and keep where pieces begin and what their columns are."""
        self.seeks = can_seek(self.path, self.encoding)
        kept: dict[str, tuple[ObjectWitnesses, PathsSeen]] = {}
        stream, encoding = open_bytes(self.path, self.encoding, self.max_bytes)
        with closing(stream):
            lines = self._lines(stream, encoding, json=True)
            rows = json_rows(lines, self.path)
            while True:
                start = lines.position, lines.line
                block = list(islice(rows, self.rows))
                if not block:
                    break
                self.starts.append(start)
                self.n_rows += len(block)
                for name, cells in _columns_of(block).items():
                    seen, paths = kept.setdefault(name, (ObjectWitnesses(), PathsSeen()))
                    seen.see(cells)
                    paths.see([cell for cell in cells if cell is not None])
        if not lines.filled:
            raise empty(self.path)
        self.columns = list(kept)
        check_names(self.columns, self.path)
        self.witnesses = [seen.cells(self.n_rows) for seen, _ in kept.values()]
        self.paths = [
            name
            for (name, (_, paths)), cells in zip(kept.items(), self.witnesses, strict=True)
            if as_column(cells).dtype.kind not in "biufM" and paths.are_paths()
        ]
        return self

    def read_from(self, index: int) -> Iterator[list[dict[str, Any]]]:
        """Read the rows of a piece and of all behind it, piece by piece."""
        if not self.starts:
            return
        offset, line = self.starts[index if self.seeks else 0]
        stream, encoding = open_bytes(self.path, self.encoding, self.max_bytes)
        with closing(stream):
            if self.seeks:
                stream.seek(offset)
                lines = self._lines(stream, encoding, offset=offset, line=line, json=True)
            else:
                lines, line = self._lines(stream, encoding, json=True), 1
            rows = json_rows(lines, self.path, line)
            for at in range(index if self.seeks else 0, len(self)):
                block = list(islice(rows, self.rows))
                if at >= index:
                    yield block

    def frame(self, block: list[dict[str, Any]]) -> pd.DataFrame:
        """Make the columns of a piece."""
        made = {
            name: typed_beside(as_column, witnesses, [row.get(name) for row in block])
            for name, witnesses in zip(self.columns, self.witnesses, strict=True)
        }
        return pd.DataFrame(made, index=pd.RangeIndex(len(block)))


def _columns_of(block: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {}
    for row in block:
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
    return columns
