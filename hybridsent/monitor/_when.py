"""Lengths of time, as people write them (layer L7).

Why by hand: `pandas.Timedelta` takes a number for nanoseconds, and knows no weeks.
"""

from __future__ import annotations

import math
import re
from datetime import timedelta
from typing import Any

__all__ = ["read_length", "written_length"]

_LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(s|sec|m|min|h|d|w)")
_SECONDS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_LONGEST = 100 * 365 * 86_400


def read_length(text: Any, name: str = "window") -> float:
    """Read a length of time.

    Parameters
    ----------
    text : str or float
        Such as ``"1h"``, ``"90s"``, ``"1h30m"`` or ``"7d"``; a number is of seconds.
    name : str, default="window"
        Of which parameter, for messages.

    Returns
    -------
    float
        Seconds, above 0.

    Raises
    ------
    ValueError
        If it is no such length.

    Examples
    --------
    >>> from hybridsent.monitor._when import read_length
    >>> read_length("1h30m"), read_length(15)
    (5400.0, 15.0)
    """
    seconds = math.nan
    if isinstance(text, int | float) and not isinstance(text, bool):
        seconds = float(text)
    elif isinstance(text, timedelta):
        seconds = text.total_seconds()
    elif isinstance(text, str):
        plain = text.strip().lower()
        if _NUMBER.fullmatch(plain):
            seconds = float(plain)
        elif plain and not _LENGTH.sub("", plain).strip():
            seconds = sum(float(n) * _SECONDS[unit] for n, unit in _LENGTH.findall(plain))
    if not (math.isfinite(seconds) and 0 < seconds < _LONGEST):
        raise ValueError(
            f"The {name} parameter must be a length of time above 0, such as '90s', '30m', '1h' or "
            f"'7d'. Got {text!r}."
        )
    return seconds


def written_length(seconds: float) -> str:
    """Write a length of time.

    Parameters
    ----------
    seconds : float
        How long.

    Returns
    -------
    str
        In the largest unit that fits.

    Examples
    --------
    >>> from hybridsent.monitor._when import written_length
    >>> written_length(7200), written_length(90), written_length(86400 * 3)
    ('2h', '90s', '3d')
    """
    for unit in ("d", "h", "m"):
        if seconds >= _SECONDS[unit] and seconds % _SECONDS[unit] == 0:
            return f"{seconds / _SECONDS[unit]:g}{unit}"
    return f"{seconds:g}s"
