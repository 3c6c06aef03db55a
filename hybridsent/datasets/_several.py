"""Cells of several items in files that know only strings: bars and JSON, there and back (layer L4).

pandas reads such cells as strings, and writes Python's own spelling of a list.
"""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from hybridsent.media import is_missing
from hybridsent.media._cells import is_nothing
from hybridsent.media._forms import items_of
from hybridsent.media._looks import is_media_path

__all__ = ["absolute", "as_lists", "as_written", "holds_paths", "json_items", "split_paths"]

_URL = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://|data:)")


def json_items(cell: str) -> list[str | None] | None:
    """Read a JSON list of strings, or one in Python's spelling, as pandas writes it to CSV.

    Parameters
    ----------
    cell : str
        Any string.

    Returns
    -------
    list of str or None, or None
        The items; None where the string is no such list.

    Examples
    --------
    >>> json_items('["a.jpg", null]'), json_items("[sic] a text"), json_items("[1, 2]")
    (['a.jpg', None], None, None)
    >>> json_items("['a.jpg', None]"), json_items("['a.jpg' 'b.jpg']")
    (['a.jpg', None], None)
    """
    text = cell.strip()
    if not (text.startswith("[") and text.endswith("]")):
        return None
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        items = _spelled_by_python(text)
    return (
        items if items is not None and all(isinstance(item, str | None) for item in items) else None
    )


def _spelled_by_python(text: str) -> list[Any] | None:
    """Read what ``str`` makes of a list; nothing that Python would have spelled otherwise."""
    if not text.startswith(("['", '["', "[None")):
        return None
    try:
        items = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return items if isinstance(items, list) and str(items) == text else None


def split_paths(cell: str) -> list[str | None] | None:
    """Split a string that holds several paths: a JSON list, or parts between bars.

    Parameters
    ----------
    cell : str
        A cell of a column of paths.

    Returns
    -------
    list of str or None, or None
        The paths, None where nothing stands between two bars; None where the string is one path, or
        one URL that has a bar in it.

    Examples
    --------
    >>> split_paths("a.jpg|b.jpg"), split_paths('["a|1.jpg"]'), split_paths("a.jpg")
    (['a.jpg', 'b.jpg'], ['a|1.jpg'], None)
    """
    if (items := json_items(cell)) is not None:
        return items
    if "|" not in cell:
        return None
    parts = [part.strip() or None for part in cell.split("|")]
    filled = [part for part in parts if part]
    if filled and _is_url(filled[0]) and not all(_is_url(p) or is_media_path(p) for p in filled):
        return None
    return parts


def holds_paths(cell: Any) -> bool:
    """Whether a cell is a path of an image or a sound, or its first item is one.

    Parameters
    ----------
    cell : object
        A cell of a table, as it was read.

    Returns
    -------
    bool
        Whether it is.

    Examples
    --------
    >>> holds_paths("a.jpg"), holds_paths('["a.jpg", "b"]'), holds_paths([None, "a.wav"])
    (True, True, True)
    """
    cell = _list_or_cell(cell)
    items = split_paths(cell) if isinstance(cell, str) else items_of(cell)
    if items is None:
        return is_media_path(cell)
    return is_media_path(next((item for item in items if not is_missing(item)), None))


def as_lists(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Turn strings that are JSON lists into lists, and objects of items and weights into dicts.

    Parameters
    ----------
    table : DataFrame
        The table.
    columns : list of str
        Which columns.

    Returns
    -------
    DataFrame
        The table, or a copy in which these columns are replaced; other strings stay.
    """
    made = {name: [_list_or_cell(cell) for cell in table[name]] for name in columns}
    return _replaced(table, made)


def _list_or_cell(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    weighted = _weighted_items(cell)
    items = json_items(cell) if weighted is None else weighted
    return cell if items is None else items


def _weighted_items(cell: str) -> dict[str, Any] | None:
    """Read a JSON object of items and their weights, as `add_context` writes it with decay."""
    if not cell.startswith("{"):
        return None
    try:
        held = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    if not isinstance(held, dict) or set(held) != {"items", "weights"}:
        return None
    texts = isinstance(held["items"], list) and _strings(held["items"]) is not None
    return held if texts and isinstance(held["weights"], list) else None


def as_written(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Turn cells that are lists of strings, also with weights, into what a format holds.

    Parameters
    ----------
    table : DataFrame
        The table.
    kind : {"csv", "tsv", "jsonl", "parquet", "xlsx"}
        The format. Parquet has one type a column: where some cells are lists, a string becomes a
        list of one.

    Returns
    -------
    DataFrame
        The table, or a copy in which the columns with lists are replaced.
    """
    made = {}
    for name in table.columns:
        column = table[name]
        if isinstance(column.dtype, np.dtype) and column.dtype != object:
            continue
        if isinstance(column.dtype, pd.StringDtype):
            continue
        cells = column.tolist()
        lists = [_plain(cell) for cell in cells]
        if any(items is not None for items in lists):
            made[name] = _written(cells, lists, kind)
    return _replaced(table, made)


def _plain(cell: Any) -> list[str | None] | dict[str, Any] | None:
    """Give a list of strings, or such with weights, as lists of Python; None for other cells."""
    if not isinstance(cell, Mapping) or set(cell) != {"items", "weights"}:
        return _strings(cell)
    items, weights = _strings(cell["items"]), cell["weights"]
    if items is None or not isinstance(weights, list | tuple | np.ndarray):
        return None
    return {"items": items, "weights": np.asarray(weights).tolist()}


def _strings(cell: Any) -> list[str | None] | None:
    """Items of a list of strings; None for any other cell."""
    items = items_of(cell) if isinstance(cell, list | tuple | np.ndarray) else None
    if items is None:
        return None
    made = [None if not isinstance(item, str) and is_nothing(item) else item for item in items]
    return made if all(isinstance(item, str | None) for item in made) else None


def _written(cells: list[Any], lists: list[Any], kind: str) -> list[Any]:
    if kind in ("csv", "tsv", "xlsx"):
        texts = [None if one is None else json.dumps(one, ensure_ascii=False) for one in lists]
        return [cell if t is None else t for cell, t in zip(cells, texts, strict=True)]
    alone = kind == "parquet" and all(
        isinstance(one, list) or isinstance(cell, str) or is_missing(cell)
        for cell, one in zip(cells, lists, strict=True)
    )
    joined = []
    for cell, one in zip(cells, lists, strict=True):
        lonely = alone and one is None and isinstance(cell, str)
        joined.append([cell] if lonely else cell if one is None else one)
    return joined


def _replaced(table: pd.DataFrame, made: dict[Any, list[Any]]) -> pd.DataFrame:
    if not made:
        return table
    copied = table.copy(deep=False)
    for name, cells in made.items():
        copied[name] = pd.Series(cells, index=table.index, dtype=object)
    return copied


def absolute(cell: Any, folder: str) -> Any:
    """Make a relative path absolute, or those of a cell that holds several.

    Parameters
    ----------
    cell : object
        A cell of a column of paths. Where a file has the name of the whole string, it is that one
        path, whatever stands in it.
    folder : str
        The folder from which paths are seen.

    Returns
    -------
    object
        The path, a list of such, or the cell itself where it is something else.
    """
    if isinstance(cell, str):
        held = _weighted_items(cell) or split_paths(cell)
        if held is None or _is_there(_absolute(cell, folder)):
            return _absolute(cell, folder)
        cell = held
    items = items_of(cell)
    if items is None or not any(isinstance(item, str) for item in items):
        return cell
    paths = [_absolute(item, folder) for item in items]
    return {**cell, "items": paths} if isinstance(cell, Mapping) else paths


def _absolute(cell: Any, folder: str) -> Any:
    if not isinstance(cell, str) or not cell.strip() or _is_url(cell):
        return cell
    return os.path.normpath(os.path.join(folder, cell))  # noqa: PTH118 - pathlib keeps the ".." of "../images/1.png"


def _is_url(path: str) -> bool:
    return _URL.match(path) is not None


def _is_there(path: str) -> bool:
    try:
        return os.path.lexists(path)
    except (OSError, ValueError):  # too long for a name, or with a null in it
        return False
