"""Columns that are named, and columns that are to be new (layer L4).

pandas raises a KeyError with the name alone; here what is there, and what may have been meant, is
told.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from hybridsent._hints import did_you_mean
from hybridsent.exceptions import TableError

__all__ = ["check_new", "check_there"]


def check_there(table: pd.DataFrame, name: Any, parameter: str) -> None:
    """Refuse a column that a table has not just once.

    Parameters
    ----------
    table : DataFrame
        The table.
    name : object
        Of the column.
    parameter : str
        Which names it.

    Raises
    ------
    TableError
        If there is none of this name, or several.

    Examples
    --------
    >>> import pandas as pd
    >>> check_there(pd.DataFrame({"clip": ["1.wav"]}), "clip", "column")
    """
    count = list(table.columns).count(name)
    if count == 1:
        return
    if count:
        raise TableError(f"The table has {count} columns {name!r}. Rename or drop one.")
    raise TableError(
        f"The table has no column {name!r}, which {parameter} names. Its columns are "
        f"{[str(each) for each in table.columns[:20]]}.{did_you_mean(name, table.columns)}"
    )


def check_new(table: pd.DataFrame, names: Iterable[str], way_out: str) -> None:
    """Refuse to replace columns of a table.

    Parameters
    ----------
    table : DataFrame
        The table.
    names : iterable of str
        Of the new columns.
    way_out : str
        The end of the message.

    Raises
    ------
    TableError
        If one is there already.

    Examples
    --------
    >>> import pandas as pd
    >>> check_new(pd.DataFrame({"clip": ["1.wav"]}), ["clip_text"], "Name it otherwise.")
    """
    taken = [name for name in names if name in table.columns]
    if taken:
        raise TableError(f"The table has a column {taken[0]!r} already. {way_out}")
