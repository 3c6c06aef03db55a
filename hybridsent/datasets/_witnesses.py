"""What the whole of a column decides about each piece of it (layer L4).

What dtype the column of a file gets depends on all its cells: one "007" in the last row makes texts
of a million numbers. Nothing here decides that a second time: of each column the few cells are kept
on which the answer hangs, and a piece is typed together with them by the function that types whole
columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from hybridsent.datasets._parse import is_boolean, is_number

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ObjectWitnesses", "TextWitnesses", "typed_beside"]


class TextWitnesses:
    """The cells of a column of delimited text on which its dtype hangs.

    Examples
    --------
    >>> from hybridsent.datasets._witnesses import TextWitnesses
    >>> column = TextWitnesses()
    >>> for piece in (["1", "22", ""], ["0.5", "3"]):
    ...     column.see(piece)
    >>> sorted(column.cells())
    ['', '0.5', '1', '22']
    """

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    @property
    def are_texts(self) -> bool:
        """Whether a cell was seen that makes the column one of texts."""
        return "text" in self._kept

    def see(self, cells: Sequence[str]) -> None:
        """Keep of more cells what says something new.

        Parameters
        ----------
        cells : sequence of str
            As they stand in the file.
        """
        kept = self._kept
        if "missing" not in kept and "" in cells:
            kept["missing"] = ""
        if not self.are_texts:
            self._look(cells)
        if "surrogate" not in kept and (odd := _with_surrogate(cells)) is not None:
            kept["surrogate"] = odd

    def _look(self, cells: Sequence[str]) -> None:
        kept = self._kept
        for cell in cells:
            if not cell:
                continue
            if is_boolean(cell):
                kept.setdefault("boolean", cell)
            elif is_number(cell):
                kept.setdefault("number", cell)
                digits = cell.lstrip("+-")
                if not digits.isdigit():
                    kept.setdefault("fraction", cell)
                elif len(digits) > len(kept.get("integer", "").lstrip("+-")):
                    kept["integer"] = cell
            else:
                kept["text"] = cell
                return

    def cells(self) -> list[str]:
        """Give what was kept.

        Returns
        -------
        list of str
            Cells that have the dtype of the whole column.
        """
        return list(self._kept.values())


class ObjectWitnesses:
    """The cells of a column of JSON on which its dtype hangs.

    Examples
    --------
    >>> from hybridsent.datasets._witnesses import ObjectWitnesses
    >>> column = ObjectWitnesses()
    >>> column.see([3, None, 5, 4])
    >>> column.cells()
    [None, 3, 5]
    """

    def __init__(self) -> None:
        self._missing = False
        self._kinds: dict[type, Any] = {}
        self._low: int | None = None
        self._high: int | None = None
        self._odd: str | None = None
        self.count = 0

    def see(self, cells: Sequence[Any]) -> None:
        """Keep of more cells what says something new.

        Parameters
        ----------
        cells : sequence of object
            As JSON typed them.
        """
        self.count += len(cells)
        for cell in cells:
            if cell is None:
                self._missing = True
                continue
            self._kinds.setdefault(type(cell), cell)
            if type(cell) is int:
                self._low = cell if self._low is None else min(self._low, cell)
                self._high = cell if self._high is None else max(self._high, cell)
        if self._odd is None and str in self._kinds:
            self._odd = _with_surrogate([cell for cell in cells if type(cell) is str])

    def cells(self, rows: int | None = None) -> list[Any]:
        """Give what was kept.

        Parameters
        ----------
        rows : int or None, default=None
            How many rows there are, of which those that lack the column miss it.

        Returns
        -------
        list of object
            Cells that have the dtype of the whole column.
        """
        missing = self._missing or (rows is not None and self.count < rows)
        kept: list[Any] = [None] if missing else []
        kept += [cell for kind, cell in self._kinds.items() if kind is not int]
        kept += [] if self._low is None else [self._low, self._high]
        return kept if self._odd is None else [*kept, self._odd]


def _with_surrogate(cells: Sequence[str]) -> str | None:
    """Find a text with half a surrogate pair, which the strings of Arrow cannot hold."""
    joined = "".join(cells)
    if joined.isascii():
        return None
    try:
        joined.encode()
    except UnicodeEncodeError:
        return next(cell for cell in cells if _is_odd(cell))
    return None


def _is_odd(cell: str) -> bool:
    try:
        cell.encode()
    except UnicodeEncodeError:
        return True
    return False


def typed_beside(
    make: Callable[[Sequence[Any]], pd.Series], witnesses: Sequence[Any], cells: Sequence[Any]
) -> pd.Series:
    """Make a column of some cells as if it were of all.

    Parameters
    ----------
    make : callable
        What types a whole column.
    witnesses : sequence of object
        Cells on which the dtype of all hangs.
    cells : sequence of object
        The cells.

    Returns
    -------
    Series
        A value for each of the cells.

    Examples
    --------
    >>> from hybridsent.datasets._parse import typed
    >>> from hybridsent.datasets._witnesses import typed_beside
    >>> typed_beside(typed, ["007"], ["1", "2"]).tolist()
    ['1', '2']
    """
    return make([*witnesses, *cells]).iloc[len(witnesses) :].reset_index(drop=True)
