"""The parts of any object, for walks over whole models (layer L0: imports nothing of the package).

``get_params`` knows parameters alone; what was fitted, listed or put in a grid is found only by
looking at everything that an object holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

__all__ = ["ATOMS", "children", "everything"]

ATOMS: tuple[type, ...] = (type, FunctionType, BuiltinFunctionType, MethodType, ModuleType)
ATOMS += (str, bytes, int, float, complex, type(None), np.generic, np.ufunc)
"""Types that hold no parts."""


def children(item: Any) -> list[tuple[str, Any]]:
    """Parts of one object, each with the beginning of the Python text that reaches it.

    Parameters
    ----------
    item : object
        Any object.

    Returns
    -------
    list of (str, object)
        Items of a container or an array of objects, else attributes.

    Examples
    --------
    >>> from hybridsent._held import children
    >>> children({"a": 1, "b": [2]})
    [("['a']", 1), ("['b']", [2])]
    """
    if isinstance(item, ATOMS):
        return []
    if isinstance(item, dict):
        return [(f"[{key!r:.60}]", value) for key, value in item.items()]
    if isinstance(item, list | tuple | set):
        return [(f"[{i}]", value) for i, value in enumerate(item)]
    if isinstance(item, np.ndarray):
        return _items(item)
    # cut short: a path is made for every part, and a hostile name may have a million letters
    return [(f".{name!s:.60}", value) for name, value in getattr(item, "__dict__", {}).items()]


def _items(array: np.ndarray[Any, Any]) -> list[tuple[str, Any]]:
    if array.dtype != object:
        return []
    return [(f"[{i}]", value) for i, value in enumerate(array.ravel().tolist())]


def everything(root: Any) -> Iterator[Any]:
    """Walk over all that an object holds, parents before their parts, each once.

    Parameters
    ----------
    root : object
        Any object, such as a fitted model.

    Yields
    ------
    object
        The object itself, then its parts and theirs.

    Examples
    --------
    >>> from hybridsent._held import everything
    >>> [each for each in everything([1, {"a": 2}]) if isinstance(each, int)]
    [1, 2]
    """
    stack, opened = [root], set()
    while stack:
        item = stack.pop()
        if isinstance(item, ATOMS):
            yield item
            continue
        if id(item) in opened:
            continue
        opened.add(id(item))
        yield item
        stack.extend(part for _, part in reversed(children(item)))
