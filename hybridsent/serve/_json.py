"""JSON that a stranger sent (layer L7).

Python's own parser reads it. While it does so, no other thread runs, and many empty lists take 25
times their size; so what has more values than anybody can mean is not given to it.
"""

from __future__ import annotations

import json
import re
from typing import Any

from hybridsent.serve._limits import RefusedError

__all__ = ["json_of"]

_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_VALUES = 100_000  # that are read whatever is wanted, in some hundredths of a second


def json_of(body: bytes, most: int) -> Any:
    """Read JSON.

    Parameters
    ----------
    body : bytes
        The body of a request.
    most : int
        How many values may be in it; 100000 may be in any.

    Returns
    -------
    object
        What it says.

    Raises
    ------
    RefusedError
        If it is none (400), or has more values (413).

    Examples
    --------
    >>> from hybridsent.serve._json import json_of
    >>> json_of(b'{"text": "good"}', 9)
    {'text': 'good'}
    """
    most = max(most, _VALUES)
    if _signs(body) > most and _signs(_TEXT.sub(b"", body)) > most:
        told = f"The body must be JSON of at most {most} values, more than rows can hold."
        raise RefusedError(413, "too_large", told)
    try:
        return json.loads(body.decode(), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        told = "The body must be JSON in UTF-8, not nested deeply, with numbers of usual length."
        raise RefusedError(400, "no_json", told) from error


def _signs(body: bytes) -> int:
    """Count what stands between values, and before some."""
    return sum(map(body.count, (b",", b"[", b"{")))


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")
