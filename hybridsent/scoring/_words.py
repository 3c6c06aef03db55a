"""What all of `hybridsent.scoring` says, and to whom (layer L6)."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["listed", "silent"]


def silent(line: str) -> None:
    """Tell nobody.

    Parameters
    ----------
    line : str
        What would be told.
    """


def listed(names: Iterable[object]) -> list[str]:
    """Shorten names for a message: of thousands of columns a few are enough.

    Parameters
    ----------
    names : iterable of object
        Names, such as those of columns.

    Returns
    -------
    list of str
        All of them, or the first and the last ones.

    Examples
    --------
    >>> from hybridsent.scoring._words import listed
    >>> len(listed(range(9))), len(listed(range(90)))
    (9, 21)
    """
    shown = [str(name) for name in names]
    return shown if len(shown) <= 40 else [*shown[:5], "…", *shown[-15:]]
