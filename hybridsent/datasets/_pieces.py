"""A table of any size, piece by piece (layer L4).

Why no library serves: `pandas.read_csv(chunksize=)` types each chunk by itself, so that a column is
of integers in one and of texts in the next, and Dask and Arrow sample the first rows. Here the file
is read once to know what its columns are and where its pieces begin, so that each piece is, cell by
cell and dtype by dtype, those rows of what `read_table` gives, and may be read by another process.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from hybridsent.datasets._parquet_pieces import ParquetPieces
from hybridsent.datasets._several import as_lists
from hybridsent.datasets._table import (
    PathLike,
    base_of,
    check_there,
    checked,
    format_of,
    named_columns,
    read_table,
    with_absolute_paths,
)
from hybridsent.datasets._text_pieces import DelimitedPieces, JsonPieces
from hybridsent.exceptions import TableError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TablePieces", "iter_table"]


def iter_table(
    path: PathLike,
    rows: int = 10_000,
    *,
    media: Sequence[str] | None = None,
    sep: str | None = None,
    decimal: str = ".",
    encoding: str | None = None,
    max_bytes: int | None = None,
    sheet: str | None = None,
    lists: Sequence[str] = (),
) -> TablePieces:
    r"""Read a table in pieces, so that one of any size passes through a bounded memory.

    Each piece is what `read_table` gives for these rows: the same cells, and the same dtypes, which
    the whole file decides. To know them the file is read once before the first piece; of Parquet
    only columns of integers and truth values, and of texts where paths are looked for.

    Parameters
    ----------
    path : str or PathLike
        The file, or a folder that holds a folder for each class, as `read_table` takes it. A
        workbook and the list of a folder's files, of texts with what stands in them, are held in
        memory whole.
    rows : int, default=10_000
        Rows of a piece; the last one may have fewer.
    media : sequence of str, default=None
        Columns of paths. None: those of `media_columns`, seen in some 200 cells that are spread
        over the file.
    sep : str, default=None
        As `read_table` takes it, like all that follow.
    decimal : {".", ","}, default="."
        What stands before the fraction of numbers in CSV.
    encoding : str, default=None
        Encoding of a text file.
    max_bytes : int, default=None
        Most bytes that a packed file may unpack to.
    sheet : str, default=None
        Name of the sheet of an Excel file.
    lists : sequence of str, default=()
        Columns of texts whose cells hold several as a JSON list.

    Returns
    -------
    TablePieces
        A sequence of DataFrames, each read when it is asked for. Rows are numbered through.

    Raises
    ------
    TableError
        As `read_table` raises it, before the first piece. The message names the line.
    ValueError
        If `rows` is less than one, and as `read_table` raises it.

    See Also
    --------
    read_table : Reads a table whole.
    hybridsent.distributed.predict : Scores what fits in no memory.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from hybridsent.datasets import iter_table
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "table.csv")
    ...     size = file.write_text("id,n\n1,2\n2,\n007,4\n", encoding="utf-8")
    ...     pieces = iter_table(file, rows=2)
    ...     print(len(pieces), [piece.to_numpy().tolist() for piece in pieces])
    2 [[['1', 2.0], ['2', nan]], [['007', 4.0]]]
    """
    if not isinstance(rows, int) or rows < 1:
        raise ValueError(f"The rows parameter must be a whole number of at least 1. Got {rows!r}.")
    file = Path(path).expanduser()
    how = checked(sep, decimal, encoding, max_bytes, sheet)
    whole = os.path.isdir(file)  # noqa: PTH112 - Path.is_dir raises for names that are too long
    kind = "folder"
    if not whole:
        check_there(file)
        kind = format_of(file)
        if sheet is not None and kind != "xlsx":
            raise ValueError(f"The sheet parameter is for .xlsx files. Got {sheet!r} for {file}.")
    file = Path(os.path.abspath(file))  # noqa: PTH100 - workers stand elsewhere; links stay
    stamp = _stamp_of(file)
    try:
        source: Any
        if kind == "parquet":
            source = ParquetPieces(file, rows, how.max_bytes).scan()
        elif kind == "jsonl":
            source = JsonPieces(file, rows, how.encoding, how.max_bytes).scan()
        elif kind in ("csv", "tsv"):
            mark = "\t" if kind == "tsv" and how.sep is None else how.sep
            source = DelimitedPieces(
                file, rows, how.encoding, how.max_bytes, mark, how.decimal
            ).scan()
        else:
            source = _WholePieces(
                file, rows, encoding=how.encoding, max_bytes=how.max_bytes, sheet=how.sheet
            ).scan()
    except OSError as error:
        raise TableError(f"{file} cannot be read ({error}). Check who may read it.") from error
    return TablePieces(file, source, stamp, media, lists)


class TablePieces(Sequence["pd.DataFrame"]):
    """A table in pieces, each read when it is asked for; made by `iter_table`.

    It is small, and may be sent to other processes that see the same file: each reads only the
    pieces that it is asked for.

    Parameters
    ----------
    path : Path
        The file.
    source : object
        What reads its format.
    stamp : tuple
        What tells whether the file is another one.
    media : sequence of str or None
        Columns of paths; None for those that look like it.
    lists : sequence of str
        Columns whose cells hold several texts.

    Attributes
    ----------
    n_rows : int
        Rows of all pieces together.
    rows : int
        Rows of each piece but the last one.
    columns : list of str
        Names of the columns.
    media : list of str
        Columns whose cells are paths, which pieces hold as absolute ones.
    """

    def __init__(
        self,
        path: Path,
        source: Any,
        stamp: tuple[Any, ...],
        media: Sequence[str] | None,
        lists: Sequence[str],
    ) -> None:
        self.path, self._source, self._stamp = path, source, stamp
        self.n_rows: int = source.n_rows
        self.rows: int = source.rows
        self.columns: list[str] = list(source.columns)
        empty = self.raw_head()
        self.lists = named_columns(empty, lists, "lists", path)
        self.media = (
            list(source.paths) if media is None else named_columns(empty, media, "media", path)
        )

    def __len__(self) -> int:
        return len(self._source)

    def __repr__(self) -> str:
        return f"<{len(self)} pieces of {self.path.name}: {self.n_rows} rows of {self.rows} each>"

    @overload
    def __getitem__(self, index: int) -> pd.DataFrame: ...
    @overload
    def __getitem__(self, index: slice) -> list[pd.DataFrame]: ...
    def __getitem__(self, index: Any) -> Any:
        """Read a piece."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return self._opened(self.raw(index))

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """Read one piece behind the other."""
        for i, block in enumerate(self._blocks(0)):
            yield self._opened(self._numbered(self._source.frame(block), i))

    def bounds(self, index: int) -> tuple[int, int]:
        """Tell which rows stand in a piece.

        Parameters
        ----------
        index : int
            Of the piece.

        Returns
        -------
        tuple of int
            The first row, and the one behind the last.
        """
        begin = index * self.rows
        return begin, min(begin + self.rows, self.n_rows)

    def raw(self, index: int) -> pd.DataFrame:
        """Read a piece as it stands in the file: paths are not resolved, and lists not opened.

        Parameters
        ----------
        index : int
            Of the piece; negative ones count from the end.

        Returns
        -------
        DataFrame
            Its rows.
        """
        at = index + len(self) if index < 0 else index
        if not 0 <= at < len(self):
            raise IndexError(f"There are {len(self)} pieces of {self.path}. Got {index}.")
        return self._numbered(self._source.frame(_block(self, at)), at)

    def raw_head(self) -> pd.DataFrame:
        """Give the columns, with no rows.

        Returns
        -------
        DataFrame
            Empty, of no particular dtypes.
        """
        import pandas as pd

        return pd.DataFrame({name: [] for name in self.columns}, columns=self.columns)

    @property
    def base(self) -> Path:
        """The folder from which its paths are seen."""
        return base_of(self.path)

    def arrow_types(self) -> dict[str, Any]:
        """Tell the types that its columns have in Arrow, whatever a piece of them holds.

        Returns
        -------
        dict of str to pyarrow.DataType
            Of those columns of which it is known.
        """
        types: dict[str, Any] = self._source.arrow_types()
        return types

    def digest(self) -> str:
        """Hash the content of the file, to know it again.

        Returns
        -------
        str
            The same for the same content, wherever it lies.
        """
        if self.path.is_dir():
            return str(self._stamp[-1])
        with self.path.open("rb") as file:
            found = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
        self.check_unchanged()
        return found

    def check_unchanged(self) -> None:
        """Refuse a file that is another one than when its pieces were found.

        Raises
        ------
        TableError
            If it is.
        """
        if _stamp_of(self.path) != self._stamp:
            raise TableError(
                f"{self.path} was changed while it was read. Leave it as it is until the end, or "
                "work on a copy."
            )

    def _opened(self, piece: pd.DataFrame) -> pd.DataFrame:
        return with_absolute_paths(as_lists(piece, self.lists), self.media, self.base)

    def _numbered(self, piece: pd.DataFrame, index: int) -> pd.DataFrame:
        import pandas as pd

        if not isinstance(piece.index, pd.RangeIndex):  # one that pandas wrote into the file
            return piece
        begin = index * self.rows
        return piece.set_axis(pd.RangeIndex(begin, begin + len(piece)))

    def _blocks(self, index: int) -> Iterator[Any]:
        self.check_unchanged()
        yield from self._source.read_from(index)

    @property
    def _key(self) -> tuple[Any, ...]:
        source = self._source
        return self._stamp, source.rows, type(source), getattr(source, "sep", None)


_reading = threading.local()
"""What a thread reads: where it goes on, nothing is read twice."""


def _block(pieces: TablePieces, index: int) -> Any:
    """Read one piece, going on from the last one where that is no more work."""
    key, at, blocks = getattr(_reading, "now", (None, 0, iter(())))
    if key != pieces._key or not pieces._source.reach(index) <= at <= index:
        close = getattr(blocks, "close", None)
        if close is not None:
            close()
        at = pieces._source.reach(index)
        blocks = pieces._blocks(at)
    else:
        pieces.check_unchanged()
    _reading.now = None, 0, iter(())
    for _ in range(at, index):
        next(blocks)
    block = next(blocks)
    _reading.now = pieces._key, index + 1, blocks
    return block


def _stamp_of(path: Path) -> tuple[Any, ...]:
    """Tell a file from what stands at its place later."""
    if not path.is_dir():
        told = path.stat()
        return str(path), told.st_size, told.st_mtime_ns
    names = hashlib.blake2b(digest_size=16)
    for folder, inner, files in os.walk(path):
        inner.sort()
        for name in sorted(files):
            told = os.stat(os.path.join(folder, name))  # noqa: PTH116, PTH118 - millions of files
            where = os.path.relpath(os.path.join(folder, name), path)  # noqa: PTH118
            names.update(f"{where}\0{told.st_size}\0".encode("utf-8", "surrogateescape"))
    return str(path), names.hexdigest()


class _WholePieces:
    """Pieces of what is read whole: workbooks, which hold a million rows at most, and folders.

    Parameters
    ----------
    path : Path
        The file.
    rows : int
        Rows of a piece.
    **how : object
        As `read_table` takes them.
    """

    def __init__(self, path: Path, rows: int, **how: Any) -> None:
        self.path, self.rows, self._how = path, rows, how

    def __len__(self) -> int:
        return -(-self.n_rows // self.rows)

    def reach(self, index: int) -> int:
        """From which piece on reading on is no more work than beginning anew."""
        return 0

    def scan(self) -> _WholePieces:
        """Read it."""
        from hybridsent.datasets._detect import media_columns

        table = read_table(self.path, media=[], **self._how)
        self.n_rows, self.columns = len(table), [str(name) for name in table.columns]
        self.paths = media_columns(table)
        return self

    def arrow_types(self) -> dict[str, Any]:
        """Tell the types of no column: a piece of so small a table tells them."""
        return {}

    def read_from(self, index: int) -> Iterator[pd.DataFrame]:
        """Read the rows of a piece and of all behind it, piece by piece."""
        table = read_table(self.path, media=[], **self._how)
        for at in range(index, len(self)):
            yield table.iloc[at * self.rows : (at + 1) * self.rows]

    def frame(self, block: pd.DataFrame) -> pd.DataFrame:
        """Give the columns of a piece."""
        return block.reset_index(drop=True)
