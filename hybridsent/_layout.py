"""Tables as text (layer L0)."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["aligned"]


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
    >>> aligned([["a", 1], ["long", 22]])
    ['a     1', 'long  22']
    """
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in texts
    ]
