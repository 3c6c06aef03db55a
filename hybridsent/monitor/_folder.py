"""Files that are dropped into a folder: tables of posts, and media, each a post (layer L7).

A file is taken when nobody has written to it for a moment. Its rows are told apart by the name of
the file, their number and what they say, so that a file that is written again with more rows counts
the new ones alone.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hybridsent.monitor._source import Piece, Source, shortened

__all__ = ["Dropped"]

_TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
_UNREADY = (".tmp", ".part", ".partial", ".crdownload", ".swp", "~")
_ROWS = 2000


class Dropped(Source):
    """Files that are dropped into a folder.

    Parameters
    ----------
    folder : str or os.PathLike
        The folder; what lies in folders inside of it is not read.
    media : mapping of str to sequence of str or None, default=None
        Endings of files of media for each column that they are cells of; None reads no media.
    settle : float, default=1.0
        Seconds for which nobody may have written to a file before it is read.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        media: Mapping[str, Sequence[str]] | None = None,
        settle: float = 1.0,
    ) -> None:
        self.path = Path(folder).expanduser().absolute()
        self.name = str(self.path)
        self.settle = settle
        self._columns = {
            suffix.lower(): column for column, all_ in (media or {}).items() for suffix in all_
        }
        self._known: dict[str, list[int]] = {}  # name: [size, time of change]
        self._open: tuple[str, list[int], Generator[Piece]] | None = None
        self._told: Callable[[str], None] = print
        self._strangers: set[str] = set()

    def begin(
        self, where: Mapping[str, Any] | None, told: Callable[[str], None], *, once: bool
    ) -> None:
        """Remember which files were read to their end; one that was not is read again.

        Parameters
        ----------
        where : mapping or None
            What `where` gave when something was counted last.
        told : callable
            Gets each line for people.
        once : bool
            Whether what is there now is all that will be read.
        """
        if not self.path.is_dir():
            raise ValueError(f"The source {self.name!r} must be a folder that is there.")
        self._told, self._once = told, once
        self._known = {} if where is None else {k: list(v) for k, v in where["files"].items()}

    def where(self) -> Mapping[str, Any]:
        """Tell which files were read to their end, of those that are there.

        Returns
        -------
        mapping
            Plain JSON.
        """
        return {"files": self._known}

    def poll(self, most: int) -> list[Piece]:
        """Give rows of files, the oldest first.

        Parameters
        ----------
        most : int
            The most pieces that are taken.

        Returns
        -------
        list of Piece
            Empty where nothing is there.
        """
        found: list[Piece] = []
        self.drained = False
        while len(found) < most:
            if self._open is None:
                self._open = self._next()
            if self._open is None:
                self.drained = True
                self.ended = self._once and not self._waiting
                break
            name, facts, rows = self._open
            for piece in rows:
                found.append(piece)
                if len(found) == most:
                    return found
            self._open = None
            self._known[name] = facts
        return found

    def close(self) -> None:
        """Close the file whose rows are being read."""
        if self._open is not None:
            self._open[2].close()
            self._open = None

    def _next(self) -> tuple[str, list[int], Generator[Piece]] | None:
        """Open the oldest file that is ready and not known."""
        now, ready, there = time.time(), [], set()
        self._waiting = False
        with os.scandir(self.path) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name.lower().endswith(_UNREADY):
                    continue
                try:
                    if not entry.is_file():
                        continue
                    stat = entry.stat()
                except OSError:  # taken away between the two
                    continue
                there.add(entry.name)
                facts = [stat.st_size, stat.st_mtime_ns]
                if self._known.get(entry.name) == facts or not self._reads(entry.name):
                    continue
                if now - stat.st_mtime < self.settle:
                    self._waiting = True
                else:
                    ready.append((stat.st_mtime_ns, entry.name, facts))
        self._known = {name: facts for name, facts in self._known.items() if name in there}
        if not ready:
            return None
        _, name, facts = min(ready)
        return name, facts, self._rows(name)

    def _reads(self, name: str) -> bool:
        suffix = _ending(name)
        if suffix in _TABLES or suffix in self._columns:
            return True
        if name not in self._strangers and len(self._strangers) < 1000:
            self._strangers.add(name)
            self._told(
                f"{name} in {self.name} is passed over: it must end in one of "
                f"{[*_TABLES, *self._columns]}"
            )
        return False

    def _rows(self, name: str) -> Generator[Piece]:
        path = self.path / name
        column = self._columns.get(_ending(name))
        if column is not None:
            facts = path.stat()
            place = f"{name}:{facts.st_size}:{facts.st_mtime_ns}"
            yield Piece(self.name, place, {column: name}, base=self.path)
            return
        reader: Callable[[Path], Iterator[bytes | Mapping[str, Any]]] = _cells
        if _ending(name) in (".jsonl", ".ndjson"):
            reader = _lines
        number = 0
        try:
            for number, content in enumerate(reader(path)):
                yield Piece(self.name, _place(name, number, content), content, base=self.path)
        except (OSError, ValueError) as error:
            reason = f"from row {number} on it cannot be read: {error}"
            yield Piece(self.name, f"{name}:broken", name.encode(), shortened(reason, 500))


def _ending(name: str) -> str:
    return Path(name).suffix.lower()


def _place(name: str, number: int, content: bytes | Mapping[str, Any]) -> str:
    from hybridsent.monitor._post import digest

    said = content if isinstance(content, bytes) else json.dumps(content, default=repr)
    return f"{name}:{number}:{digest(said).hex()}"


def _lines(path: Path) -> Iterator[bytes]:
    from hybridsent.monitor._source import LONGEST

    with path.open("rb") as file:
        while line := file.readline(LONGEST + 1):
            if line.strip():
                yield line
            if len(line) > LONGEST and not line.endswith(b"\n"):
                while (rest := file.readline(LONGEST)) and not rest.endswith(b"\n"):
                    pass


def _cells(path: Path) -> Iterator[dict[str, Any]]:
    from hybridsent.datasets import iter_table

    for table in iter_table(path, rows=_ROWS):
        names = [str(name) for name in table.columns]
        for row in table.itertuples(index=False, name=None):
            yield {name: _plain(cell) for name, cell in zip(names, row, strict=True)}


def _plain(cell: Any) -> Any:
    """Give a cell as JSON would hold it."""
    import pandas as pd

    if isinstance(cell, str):
        return cell
    if hasattr(cell, "tolist"):
        return cell.tolist()
    if isinstance(cell, pd.Timestamp):
        return cell.isoformat()
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return None
    return cell
