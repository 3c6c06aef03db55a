"""The contents of rows on a page: small copies, within a budget of bytes (layer L5)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hybridsent.datasets import detect_modalities
from hybridsent.encoders import BaseEncoder
from hybridsent.encoders._nesting import encoders_of, names_of
from hybridsent.evaluation.report._words import Words
from hybridsent.exceptions import HybridsentError
from hybridsent.media import get_modality, is_missing, list_media
from hybridsent.media._forms import filled, items_in
from hybridsent.media._medium import list_kinds
from hybridsent.media._modality import named

__all__ = ["Contents", "Piece", "contents_of", "items_shown", "shown_pieces"]

BUDGET = 2_800_000
"""Bytes of all media of a page before they are written as text, which makes a third more."""
_MOST_ITEMS = 3


@dataclass(frozen=True)
class Piece:
    """What a page shows of one cell.

    Parameters
    ----------
    column : str
        The column.
    kind : {"words", "picture", "sound", "clip", "empty", "broken"}
        How it is shown.
    text : str, default=""
        The text.
    uri : str, default=""
        The file, as ``data:``.
    cut : bool, default=False
        Whether there is more in the cell.
    """

    column: str
    kind: str
    text: str = ""
    uri: str = ""
    cut: bool = False


@dataclass
class Contents:
    """Shows rows of a table, as long as there is room.

    Parameters
    ----------
    table : DataFrame
        The table as it was given to the evaluation.
    columns : dict of str to str
        Column, and the modality or medium that its cells are of.
    budget : int, default=2800000
        Bytes of media.
    """

    table: Any
    columns: dict[str, str]
    budget: int = BUDGET
    spent: set[int] = field(default_factory=set)

    def of_row(self, row: int) -> list[Piece]:
        """Show a row, by its position."""
        return [
            piece
            for column, kind in self.columns.items()
            for piece in self._of_cell(self.table[column].iloc[row], column, kind, row)
        ]

    def _of_cell(self, cell: Any, column: str, kind: str, row: int) -> list[Piece]:
        if is_missing(cell):
            return [Piece(column, "empty")]
        shown, items = items_shown(cell, kind)
        if shown is None:
            return []
        try:
            return [
                piece
                for one in items[:_MOST_ITEMS]
                if (piece := self._kept(shown(one), column, row)) is not None
            ]
        except HybridsentError:
            return [Piece(column, "broken")]

    def _kept(self, shown: Any, column: str, row: int) -> Piece | None:
        if isinstance(shown.content, str):
            return Piece(column, "words", shown.content, cut=shown.cut)
        if len(shown.content) > self.budget:
            self.spent.add(row)
            return None
        self.budget -= len(shown.content)
        coded = base64.b64encode(shown.content).decode("ascii")
        return Piece(column, shown.kind, "", f"data:{shown.mime};base64,{coded}", shown.cut)


def items_shown(cell: Any, kind: str) -> tuple[Callable[[Any], Any] | None, list[Any]]:
    """Tell how people see a cell, and what in it.

    Parameters
    ----------
    cell : object
        A cell that is not missing.
    kind : str
        The modality or medium that its column is of.

    Returns
    -------
    shown : callable or None
        What makes a small copy of an item; None where it shows nothing.
    items : list of object
        The items that are there: the cell itself, or those that it holds.

    Examples
    --------
    >>> from hybridsent.evaluation.report._contents import items_shown
    >>> shown, items = items_shown(["so", None, "good"], "text")
    >>> [shown(item).content for item in items]
    ['so', 'good']
    """
    seen = next((each for each in list_media() if each.recognises(cell)), None)
    shown = (seen or _kind(kind)).shown
    items = None if seen else items_in(cell, kind)
    return (
        None if shown is None else named(shown),
        [cell] if items is None else list(filled(items)),
    )


def _kind(name: str) -> Any:
    return next((each for each in list_kinds() if each.name == name), None) or get_modality(name)


def contents_of(table: Any, estimator: Any = None, named: list[Any] | None = None) -> Contents:
    """Find the columns that are shown: those that encoders read, else those that are recognised.

    Parameters
    ----------
    table : DataFrame
        The table.
    estimator : estimator or None, default=None
        Whoever reads it.
    named : list of object or None, default=None
        Labels and groups, which are shown anyway.

    Returns
    -------
    Contents
        What shows rows.
    """
    columns: dict[str, str] = {}
    for _, encoder, column in encoders_of(estimator) if estimator is not None else []:
        if isinstance(encoder, BaseEncoder):
            for name in names_of(column):
                if name in table.columns and table.columns.tolist().count(name) == 1:
                    columns.setdefault(name, encoder.modality)
    if not columns:
        unique = table.loc[:, ~table.columns.duplicated()]
        aside = [name for name in named or [] if isinstance(name, str)]
        columns = {name: kind for kind, name in detect_modalities(unique, exclude=aside).items()}
    return Contents(table, columns)


def shown_pieces(pieces: Sequence[Piece], row: int, w: Words) -> list[dict[str, Any]]:
    """Give the pieces of a row as a card has them.

    Parameters
    ----------
    pieces : sequence of Piece
        What `Contents.of_row` gave.
    row : int
        The row, by its position.
    w : Words
        The language.

    Returns
    -------
    list of dict
        Pictures and clips first, then texts, then sounds, with what a screen reader says.
    """
    return [_piece(each, row, w) for each in sorted(pieces, key=_order)]


def _order(piece: Piece) -> int:
    return ("clip", "picture", "words", "sound", "empty", "broken").index(piece.kind)


def _piece(piece: Piece, row: int, w: Words) -> dict[str, Any]:
    keys = {"picture": "errors.picture_alt", "sound": "errors.sound_alt", "clip": "errors.clip_alt"}
    keys |= {"empty": "errors.empty", "broken": "errors.broken"}
    told = {"row": row, "column": piece.column}
    return {
        "kind": piece.kind,
        "column": piece.column,
        "text": piece.text,
        "uri": piece.uri,
        "alt": w(keys[piece.kind], **told) if piece.kind in keys else "",
        "cut": w("errors.cut", seconds=10) if piece.cut and piece.uri else "",
    }
