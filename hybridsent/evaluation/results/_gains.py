"""How much better one model is than another, with an interval and a p-value (layer L5).

It stands by itself because results hold gains, and what computes gains reads results.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

__all__ = ["Gain", "written_p"]

LEVEL = 0.05
"""Below which a p-value tells two models apart; the intervals are of one minus it."""


@dataclass(frozen=True)
class Gain:
    """Score of a model less that of another on the same rows.

    Parameters
    ----------
    value : float
        The difference, in the units of the metric: of an error, less than 0 is better.
    low, high : float
        Its 95 % interval; NaN where nothing tells it.
    p : float, default=1.0
        How often a difference as far from 0 comes by chance; where several were asked for,
        corrected for their number.
    sign : {1, -1}, default=1
        -1 for an error.

    Examples
    --------
    >>> from hybridsent.evaluation import Gain
    >>> gain = Gain(0.021, 0.004, 0.038, 0.02)
    >>> print(gain)
    +0.021 [0.004, 0.038], p = 0.02
    >>> gain.verdict, Gain(0.021, -0.004, 0.046, 0.1).verdict
    ('better', 'not shown')
    """

    value: float
    low: float
    high: float
    p: float = 1.0
    sign: int = 1

    @property
    def verdict(self) -> str:
        """What the difference shows.

        Returns
        -------
        {"better", "worse", "not shown"}
            ``"not shown"`` where the p-value is 0.05 or more.
        """
        if not self.p < LEVEL:
            return "not shown"
        return "better" if self.value * self.sign > 0 else "worse"

    def sentence(self, one: str, other: str, metric: str) -> str:
        """Say what it shows.

        Parameters
        ----------
        one, other : str
            What the two models are called.
        metric : str
            What was measured.

        Returns
        -------
        str
            One sentence.

        Examples
        --------
        >>> from hybridsent.evaluation import Gain
        >>> Gain(0.021, 0.004, 0.038, 0.02).sentence("fusion", "text alone", "accuracy")
        'fusion is better than text alone: accuracy +0.021 [0.004, 0.038], p = 0.02'
        """
        said = {
            "better": f"{one} is better than {other}",
            "worse": f"{one} is worse than {other}",
            "not shown": f"{one} is not shown to be better or worse than {other}",
        }[self.verdict]
        return f"{said}: {metric} {self}"

    def with_p(self, p: float) -> Gain:
        """Give the same gain with a p-value that is corrected for what else was asked.

        Parameters
        ----------
        p : float
            The p-value.

        Returns
        -------
        Gain
            A new one.
        """
        return replace(self, p=p)

    def reversed(self) -> Gain:
        """Give the gain of the other model over this one.

        Returns
        -------
        Gain
            A new one.
        """
        return replace(self, value=-self.value, low=-self.high, high=-self.low)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, ready for JSON.

        Returns
        -------
        dict
            ``value``, ``interval`` (None where nothing tells it), ``p``, ``sign`` and ``verdict``.
        """
        known = bool(np.isfinite(self.low) and np.isfinite(self.high))
        return {
            "value": self.value if np.isfinite(self.value) else None,
            "interval": [self.low, self.high] if known else None,
            "p": self.p,
            "sign": self.sign,
            "verdict": self.verdict,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Gain:
        """Read what `to_dict` wrote.

        Parameters
        ----------
        plain : mapping
            As `to_dict` gives it.

        Returns
        -------
        Gain
            The same gain.
        """
        low, high = plain["interval"] or (np.nan, np.nan)
        value = np.nan if plain["value"] is None else plain["value"]
        return cls(value, low, high, plain["p"], plain["sign"])

    def __str__(self) -> str:
        if np.isnan(self.low):
            return f"{self.value:+z.3f}"
        return f"{self.value:+z.3f} [{self.low:z.3f}, {self.high:z.3f}], {written_p(self.p)}"


def written_p(p: float) -> str:
    """Write a p-value as papers do.

    Parameters
    ----------
    p : float
        The p-value.

    Returns
    -------
    str
        With its name.

    Examples
    --------
    >>> from hybridsent.evaluation.results._gains import written_p
    >>> written_p(0.0213), written_p(0.2), written_p(0.00004)
    ('p = 0.02', 'p = 0.20', 'p < 0.001')
    """
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3f}" if p < 0.01 or 0.045 <= p < 0.055 else f"p = {p:.2f}"
