"""How numbers are written on a page (layer L5; imports nothing but NumPy)."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["percent", "plain", "score", "share", "signed", "ticks"]


def score(value: float) -> str:
    """Write a score: three places, a real minus.

    Examples
    --------
    >>> from hybridsent.evaluation.report._numbers import score
    >>> score(0.72349), score(-1.5), score(-0.0001), score(float("nan"))
    ('0.723', '−1.500', '0.000', '–')
    """
    return "–" if not math.isfinite(value) else f"{round(value, 3) + 0.0:.3f}".replace("-", "−")


def signed(value: float) -> str:
    """Write a difference, with its sign.

    Examples
    --------
    >>> from hybridsent.evaluation.report._numbers import signed
    >>> signed(0.0214), signed(-0.0214)
    ('+0.021', '−0.021')
    """
    return "–" if not math.isfinite(value) else f"{round(value, 3) + 0.0:+.3f}".replace("-", "−")


def plain(value: Any) -> str:
    """Write a number of the user's as short as it can be.

    Examples
    --------
    >>> from hybridsent.evaluation.report._numbers import plain
    >>> plain(3.0), plain(-0.51234), plain("joy")
    ('3', '−0.512', 'joy')
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    return f"{value:.3g}".replace("-", "−") if math.isfinite(value) else "–"


def percent(value: float) -> str:
    r"""Write a share in percent.

    Examples
    --------
    >>> from hybridsent.evaluation.report._numbers import percent
    >>> percent(0.724), percent(0.0041)
    ('72\xa0%', '0.4\xa0%')
    """
    if not math.isfinite(value):
        return "–"
    return f"{100 * value:.1f}\N{NO-BREAK SPACE}%" if 0 < value < 0.01 else _whole(value)


def _whole(value: float) -> str:
    return f"{100 * value:.0f}\N{NO-BREAK SPACE}%"


def share(value: float) -> str:
    """Write a share for a style: between 0 and 1."""
    return f"{min(1.0, max(0.0, value)) if math.isfinite(value) else 0.0:.3f}"


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Choose round numbers from one end to another.

    Examples
    --------
    >>> from hybridsent.evaluation.report._numbers import ticks
    >>> ticks(0.31, 0.78)
    [0.4, 0.5, 0.6, 0.7]
    """
    span = high - low
    if not span > 0:
        return [low]
    rough = span / most
    power = 10 ** math.floor(math.log10(rough))
    step = next(each * power for each in (1, 2, 2.5, 5, 10) if each * power >= rough * 0.8)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 10) for i in range(first, last + 1)]
