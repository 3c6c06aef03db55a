"""What is told of a population (layer L3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Estimate", "Prevalence", "Spread"]


class Estimate(NamedTuple):
    """A number and its interval.

    Parameters
    ----------
    value : float
        The number.
    low, high : float
        Ends of the interval.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Spread:
    """How estimated shares vary, by where it comes from.

    Parameters
    ----------
    centre : ndarray of shape (k,)
        The shares before they were brought between 0 and 1: what they vary around.
    window : ndarray of shape (k, k)
        Covariance by what the window happened to hold.
    loading : ndarray of shape (k, m)
        How much the shares move with each thing that the reference tells.
    reference : ndarray of shape (m, m)
        Covariance of what the reference tells.
    freedom : float
        Degrees of freedom by which variances are known; infinite where rows are no groups.
    key : str
        Which reference and method it is: errors of the same one cancel where windows are alike.
    """

    centre: np.ndarray
    window: np.ndarray
    loading: np.ndarray
    reference: np.ndarray
    freedom: float
    key: str


@dataclass(frozen=True, eq=False)
class Prevalence:
    """Shares of classes in a population, as `prevalence` estimates them.

    Parameters
    ----------
    shares : dict of label to Estimate
        Of each class; empty where the model tells numbers.
    index : Estimate or None
        The mean worth of a post: the sum of value times share; None where no class has a worth.
    values : dict of label to float or None
        What each class is worth.
    method : str
        Which was used.
    n : int
        Posts of the window.
    n_effective : float
        How many independent posts, each of one weight, would tell as much of the index (of the
        first share where there is none).
    confidence : float
        Of the intervals, each by itself.
    fit : float or None, default=None
        P-value of the check whether posts of each class look as they did in the reference, on
        which every correction stands; None where it cannot be made.
    notes : tuple of str, default=()
        What is assumed, and what is odd.
    spread : Spread or None, default=None
        How the shares vary together, for `compare_prevalences`.

    See Also
    --------
    prevalence : Makes it.

    Examples
    --------
    >>> from hybridsent.quantification import prevalence
    >>> told = prevalence(None, ["pos", "neg", "pos", "pos"], classes=["neg", "pos"])
    >>> told.shares["pos"].value, told.index.value
    (0.75, 0.5)
    """

    shares: dict[Any, Estimate]
    index: Estimate | None
    values: dict[Any, float] | None
    method: str
    n: int
    n_effective: float
    confidence: float
    fit: float | None = None
    notes: tuple[str, ...] = ()
    spread: Spread | None = field(default=None, repr=False)

    @property
    def classes(self) -> list[Any]:
        """The labels, in the order of the shares."""
        return list(self.shares)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and texts, ready for JSON; labels are texts.

        Returns
        -------
        dict
            ``shares`` and ``index`` with value, low and high, ``method``, ``n``,
            ``n_effective``, ``confidence``, ``fit`` and ``notes``.
        """
        return {
            "shares": {str(label): each._asdict() for label, each in self.shares.items()},
            "index": None if self.index is None else self.index._asdict(),
            "method": self.method,
            "n": self.n,
            "n_effective": self.n_effective,
            "confidence": self.confidence,
            "fit": self.fit,
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        """Write it for people."""
        lines = [f"{self.n} posts, {self.confidence:.0%} intervals, {self.method}"]
        told: Mapping[Any, Estimate] = (
            {} if self.index is None else {"index": self.index}
        ) | self.shares
        wide = max((len(str(label)) for label in told), default=0)
        lines += [
            f"{label!s:{wide}}  {each.value:7.3f}  [{each.low:.3f}, {each.high:.3f}]"
            for label, each in told.items()
        ]
        return "\n".join([*lines, *self.notes])
