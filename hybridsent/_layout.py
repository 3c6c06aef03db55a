"""Tables as text (layer L0), in the columns that a terminal gives to each character.

The standard library knows which characters are wide; `str.ljust` counts all alike, so that columns
of Chinese texts or of emoji would not be straight.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

__all__ = ["aligned", "padded", "shortened", "width_of"]

_NO_PLACE = ("Mn", "Me", "Cf")  # marks on letters, joiners
_MOST = 10_000  # characters of a cell that are measured one by one


def width_of(text: str) -> int:
    """Count the columns that a text takes in a terminal.

    Parameters
    ----------
    text : str
        One line.

    Returns
    -------
    int
        Two for each wide character, such as Chinese ones; none for marks on letters.

    Examples
    --------
    >>> from hybridsent._layout import width_of
    >>> width_of("good"), width_of("很好！"), width_of("Füße")
    (4, 6, 4)
    """
    if text.isascii() or len(text) > _MOST:
        return len(text)
    return sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.category(character) in _NO_PLACE:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def padded(text: str, width: int, fill: str = " ") -> str:
    """Fill a text up on the right.

    Parameters
    ----------
    text : str
        One line.
    width : int
        Columns of the result, at least.
    fill : str, default=" "
        A narrow character.

    Returns
    -------
    str
        The text and what fills it up.

    Examples
    --------
    >>> from hybridsent._layout import padded
    >>> padded("很好", 6, ".")
    '很好..'
    """
    return text + fill * (width - width_of(text))


def shortened(text: str, width: int) -> str:
    """Cut a text off where it is too wide.

    Parameters
    ----------
    text : str
        One line.
    width : int
        Most columns of the result.

    Returns
    -------
    str
        The text, or its beginning and ``…``.

    Examples
    --------
    >>> from hybridsent._layout import shortened
    >>> shortened("so good", 5), shortened("房间很干净", 7), shortened("good", 4)
    ('so g…', '房间很…', 'good')
    """
    if width_of(text) <= width:
        return text
    kept = text[: width - 1]
    while width_of(kept) > width - 1:
        kept = kept[:-1]
    return f"{kept}…"


def aligned(rows: Sequence[Sequence[object]]) -> list[str]:
    """Lay out rows in aligned columns.

    Parameters
    ----------
    rows : sequence of sequence of object
        Rows of equal length.

    Returns
    -------
    list of str
        Lines without trailing spaces.

    Examples
    --------
    >>> from hybridsent._layout import aligned
    >>> aligned([["a", 1], ["long", 22], ["好", 3]])
    ['a     1', 'long  22', '好    3']
    """
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(width_of, column)) for column in zip(*texts, strict=True)]
    return [
        "  ".join(padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in texts
    ]
