"""JSON that may be damaged or hostile (layer L5).

``json`` reads what it is given: brackets without end, numbers of thousands of digits, and texts
that say little and take much to hold.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from hybridsent.exceptions import BundleError

FREE = 640 * 2**20
TIMES = 64
DEEPEST = 500  # brackets; skops writes two or three for a node, of which 100 may be nested
_HOLDERS = {dict, list}  # exactly these: json makes no others
# What Python needs for each sign of a JSON text, measured: a dict, a list, an item of either.
_COSTS = {b"{": 160, b"[": 64, b",": 72}


def read_json(data: bytes | str, what: str, packed: int | None = None) -> Any:
    """Read JSON; BundleError where it is none, or nested deeper than any that is written.

    Parameters
    ----------
    data : bytes or str
        The text.
    what : str
        Where it stands, for messages.
    packed : int, default=None
        Bytes of the file that it comes from: what it takes to hold may be some times as much. None
        where its size is known to be small.

    Examples
    --------
    >>> read_json("[1, 2]", "a list")
    [1, 2]
    """
    if packed is not None:
        _refuse_large(data, what, packed)
    try:
        value = json.loads(data)
        deep = _is_deep(value)
    # bytes that are no text, numbers of thousands of digits, brackets without end
    except (ValueError, RecursionError, MemoryError) as error:
        raise BundleError(
            f"{what} is no valid JSON ({type(error).__name__}: {error!s:.200}). The file is "
            "damaged or was tampered with."
        ) from error
    if deep:
        raise BundleError(
            f"{what} is nested deeper than {DEEPEST} levels, which nothing written is. The "
            "file is damaged or was tampered with."
        )
    return value


def _is_deep(value: Any) -> bool:
    """Go down level by level: Python's stack, which differs by version, is not asked."""
    level = _nested([value])
    for _ in range(DEEPEST):
        if not level:
            return False
        level = [
            part
            for item in level
            for part in _nested(item.values() if type(item) is dict else item)
        ]
    return bool(level)


def _nested(parts: Collection[Any]) -> list[Any]:
    """Those that hold others; millions of numbers or texts are passed over at the speed of C."""
    if _HOLDERS.isdisjoint(map(type, parts)):
        return []
    return [part for part in parts if type(part) in _HOLDERS]


def _refuse_large(data: bytes | str, what: str, packed: int) -> None:
    raw = data.encode(errors="surrogatepass") if isinstance(data, str) else data
    needed = len(raw) + sum(cost * raw.count(sign) for sign, cost in _COSTS.items())
    if needed > max(FREE, TIMES * packed):
        raise BundleError(
            f"{what} would take about {needed / 2**20:.0f} MiB to read, far more than its file of "
            f"{packed} bytes: it was made to harm, or is damaged."
        )
