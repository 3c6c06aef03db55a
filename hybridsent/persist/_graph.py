"""Walking over everything an estimator holds (layer L5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from hybridsent._held import ATOMS, children

__all__ = ["Edge", "children", "edges", "first_difference", "objects"]


class Edge(NamedTuple):
    """One reference: `parent` holds `child`, reached by `step` at `path`."""

    parent: Any
    step: str
    child: Any
    path: str


def edges(root: Any) -> Iterator[Edge]:
    """Yield every reference below `root` to what may hold parts, parents before their parts.

    Each object is opened once. Texts and numbers, which hold nothing, are passed by: a model has
    tens of thousands of them, and several questions are asked of all its parts.
    """
    stack: list[Edge] = [] if isinstance(root, ATOMS) else [Edge(None, "", root, "")]
    opened: set[int] = set()
    while stack:
        edge = stack.pop()
        yield edge
        if id(edge.child) in opened:
            continue
        opened.add(id(edge.child))
        parts = [
            Edge(edge.child, step, part, (edge.path + step).lstrip("."))
            for step, part in children(edge.child)
            if not isinstance(part, ATOMS)
        ]
        stack.extend(reversed(parts))


def objects(root: Any) -> Iterator[tuple[str, Any]]:
    """Yield every object that has attributes, once, with its path, parents first."""
    seen: set[int] = set()
    for edge in edges(root):
        if hasattr(edge.child, "__dict__") and id(edge.child) not in seen:
            seen.add(id(edge.child))
            yield edge.path, edge.child


def first_difference(a: Any, b: Any) -> str | None:
    """Path of the first part in which two models differ; None where they are the same.

    Examples
    --------
    >>> first_difference({"a": [1, 2]}, {"a": [1, 3]})
    "['a'][1]"
    >>> first_difference(float("nan"), float("nan")) is None
    True
    """
    stack, seen = [("", a, b)], set()
    while stack:
        path, x, y = stack.pop()
        if type(x) is not type(y) or not _same_value(x, y):
            return path.lstrip(".") or "the model"
        if isinstance(x, ATOMS) or id(x) in seen:
            continue
        seen.add(id(x))
        parts, others = _saved_parts(x), _saved_parts(y)
        if _keys(x) != _keys(y) or len(parts) != len(others):
            return path.lstrip(".") or "the model"
        pairs = zip(parts, others, strict=True)
        stack.extend((path + step, part, other) for (step, part), (_, other) in pairs)
    return None


def _keys(item: Any) -> list[Any]:
    """Tell in full what the steps to the parts of an object are made of."""
    if isinstance(item, dict):
        return list(item)
    plain = isinstance(item, list | tuple | set | np.ndarray) or _is_sparse(item)
    return [] if plain else sorted(_state(item))


def _state(item: Any) -> dict[str, Any]:
    state = item.__getstate__() if hasattr(item, "__dict__") else {}
    return state if isinstance(state, dict) else dict(vars(item))


def _saved_parts(item: Any) -> list[tuple[str, Any]]:
    """Like `children`, but only what an object itself says must be saved, in a fixed order."""
    if isinstance(item, set) or _is_sparse(item):
        return []
    if not hasattr(item, "__dict__") or isinstance(item, dict | list | tuple | np.ndarray):
        return children(item)
    state = _state(item)
    return [(f".{key}", state[key]) for key in sorted(state)]


def _same_value(x: Any, y: Any) -> bool:
    if isinstance(x, float | complex | np.generic):
        # Where a value differs from itself it is NaN, which is the same value here.
        return bool(x == y) or bool(x != x and y != y)
    if isinstance(x, np.ndarray):
        return _same_array(x, y)
    if _is_sparse(x):
        # scipy may give narrower index types back, so these are compared by value.
        indices = zip((x.indices, x.indptr), (y.indices, y.indptr), strict=True)
        return _same_array(x.data, y.data) and all(np.array_equal(a, b) for a, b in indices)
    if isinstance(x, (*ATOMS, set, slice)):
        return bool(x == y)
    return True


def _is_sparse(item: Any) -> bool:
    from scipy.sparse import issparse

    return bool(issparse(item))


def _same_array(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> bool:
    if x.dtype != y.dtype or x.shape != y.shape:
        return False
    if isinstance(x, np.ma.MaskedArray) and not _same_array(
        np.ma.getmaskarray(x), np.ma.getmaskarray(y)
    ):
        return False
    # Bytes rather than values, so that NaN equals NaN and -0.0 differs from 0.0.
    return x.dtype == object or np.asarray(x).tobytes() == np.asarray(y).tobytes()
