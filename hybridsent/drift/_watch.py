"""One window after the other, with few false alarms (layer L3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hybridsent._params import check_count
from hybridsent.drift._drift import drift
from hybridsent.drift._reference import DriftReference
from hybridsent.drift._results import Drift

__all__ = ["DriftWatch"]


class DriftWatch:
    """Compare one window after the other, with as few false alarms as are asked for.

    Each window has the level 1 / `every`: where nothing changes, one false alarm is to be expected
    in so many windows. That holds however windows depend on each other, for it is a sum of
    expectations; that they depend is sure, as all are compared with one reference. Rules that add
    up evidence over time (CUSUM, e-values) need windows that are independent given the past: with
    one small reference, what it has by chance would be taken for a change that lasts. Spending a
    level over all time instead leaves a stream that never ends with none.

    Parameters
    ----------
    reference : DriftReference
        What the model was taught.
    every : int, default=1000
        Windows in which one false alarm is to be expected.
    least : float, default=0.1
        The smallest effect that matters, as in `drift`.
    state : mapping or None, default=None
        What `state` gave, to go on from.

    Attributes
    ----------
    windows, alarms : int
        How many there have been.
    lasting : int
        How many windows in a row have been alarms; what lasts is no chance.

    See Also
    --------
    drift : One comparison.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.drift import DriftReference, DriftWatch
    >>> rng = np.random.default_rng(0)
    >>> watch = DriftWatch(DriftReference.of(rng.beta(2, 2, 400)))
    >>> [watch.look(rng.beta(2 + step, 2, 200)).alarm for step in (0, 0, 2, 2)]
    [False, False, True, True]
    >>> watch.state()
    {'windows': 4, 'alarms': 2, 'lasting': 2}
    """

    def __init__(
        self,
        reference: DriftReference,
        *,
        every: int = 1000,
        least: float = 0.1,
        state: Mapping[str, Any] | None = None,
    ) -> None:
        check_count(every, "every", "DriftWatch", least=2)
        self.reference, self.every, self.least = reference, every, least
        told = dict(state or {})
        self.windows, self.alarms, self.lasting = (
            int(told.get(name, 0)) for name in ("windows", "alarms", "lasting")
        )

    def look(self, answers: Any, features: Any = None, *, groups: Any = None) -> Drift:
        """Compare the next window.

        Parameters
        ----------
        answers : Projected, or array of shape (n, k) or (n,)
            As in `drift`.
        features : DataFrame of n rows or None, default=None
            As in `drift`.
        groups : array of shape (n,) or None, default=None
            As in `drift`.

        Returns
        -------
        Drift
            At the level of one window.
        """
        found = drift(
            self.reference,
            answers,
            features,
            groups=groups,
            level=1 / self.every,
            least=self.least,
            random_state=self.windows % 2**31,
        )
        self.windows += 1
        self.alarms += found.alarm
        self.lasting = self.lasting + 1 if found.alarm else 0
        return found

    def state(self) -> dict[str, int]:
        """Plain numbers, ready for JSON: what a later process goes on from.

        Returns
        -------
        dict
            ``windows``, ``alarms`` and ``lasting``.
        """
        return {"windows": self.windows, "alarms": self.alarms, "lasting": self.lasting}
