"""What people see, hear and read of a row, made when it is asked for (layer L7)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hybridsent.evaluation.report._contents import items_shown
from hybridsent.exceptions import HybridsentError
from hybridsent.media import is_missing
from hybridsent.media._shown import Size, sized

__all__ = ["Piece", "Pieces"]

SIZE = Size(side=1024, clip_side=480, frames=12, seconds=120.0, letters=20_000)
"""Whoever labels must see and hear the whole of it."""
_MOST_ITEMS = 30
_HELD = 96 * 2**20  # bytes of copies that are kept
_FACT = 400


@dataclass(frozen=True)
class Piece:
    """What is shown of one item of a cell.

    Parameters
    ----------
    column : str
        The column.
    kind : {"words", "picture", "sound", "clip", "fact", "empty", "broken"}
        How it is shown.
    text : str, default=""
        Its words, or why it is broken.
    content : bytes, default=b""
        The file.
    mime : str, default=""
        The type of the file.
    cut : bool, default=False
        Whether there is more in the cell.
    """

    column: str
    kind: str
    text: str = ""
    content: bytes = b""
    mime: str = ""
    cut: bool = False


class Pieces:
    """Shows rows, and keeps the copies that were made last.

    Parameters
    ----------
    rows : DataFrame
        The table as encoders read it.
    columns : mapping of str to str
        Column, and the modality or medium that its cells are of.
    facts : sequence of str, default=()
        Columns that are shown as they stand.
    """

    def __init__(self, rows: Any, columns: Mapping[str, str], facts: Sequence[str] = ()) -> None:
        self._cells = {name: rows[name].tolist() for name in [*columns, *facts]}
        self._columns, self._facts = dict(columns), list(facts)
        self._kept: OrderedDict[int, list[Piece]] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()
        self._making: dict[int, threading.Lock] = {}

    def of(self, row: int) -> list[Piece]:
        """Show a row, by its position; two who ask at once wait for one copy."""
        with self._lock:
            if row in self._kept:
                self._kept.move_to_end(row)
                return self._kept[row]
            making = self._making.setdefault(row, threading.Lock())
        with making:
            with self._lock:
                if row in self._kept:
                    return self._kept[row]
            pieces = self._made(row)
            with self._lock:
                self._kept[row] = pieces
                self._held += _bytes_of(pieces)
                self._making.pop(row, None)
                while self._held > _HELD and len(self._kept) > 1:
                    self._held -= _bytes_of(self._kept.popitem(last=False)[1])
        return pieces

    def _made(self, row: int) -> list[Piece]:
        found: list[Piece] = []
        with sized(SIZE):
            for column, kind in self._columns.items():
                found += _of_cell(self._cells[column][row], column, kind)
        for column in self._facts:
            cell = self._cells[column][row]
            text = "" if is_missing(cell) else str(cell)
            cut = len(text) > _FACT
            found.append(
                Piece(column, "fact" if text else "empty", text[:_FACT] + "…" * cut, cut=cut)
            )
        return found


def _of_cell(cell: Any, column: str, kind: str) -> list[Piece]:
    if is_missing(cell):
        return [Piece(column, "empty")]
    try:
        shown, items = items_shown(cell, kind)
    except HybridsentError as error:
        return [Piece(column, "broken", _why(error))]
    if shown is None:
        return [Piece(column, "fact", str(cell)[:_FACT], cut=len(str(cell)) > _FACT)]
    found = []
    for item in items[:_MOST_ITEMS]:
        try:
            seen = shown(item)
        except (HybridsentError, OSError, ValueError, MemoryError) as error:
            found.append(Piece(column, "broken", _why(error)))
            continue
        if isinstance(seen.content, str):
            found.append(Piece(column, "words", seen.content, cut=seen.cut))
        else:
            found.append(Piece(column, seen.kind, "", seen.content, seen.mime, seen.cut))
    if len(items) > _MOST_ITEMS:
        more = len(items) - _MOST_ITEMS
        found.append(Piece(column, "fact", f"and {more} more", cut=True))
    return found


def _why(error: BaseException) -> str:
    told = " ".join(str(error).split())
    return told[:300]


def _bytes_of(pieces: Sequence[Piece]) -> int:
    return sum(len(piece.content) + len(piece.text) + 200 for piece in pieces)
