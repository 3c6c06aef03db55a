"""What is told of a change (layer L3)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from hybridsent._notes import note

__all__ = ["Drift", "Shift"]


@dataclass(frozen=True)
class Shift:
    """One comparison of a window with the reference.

    Parameters
    ----------
    view : str
        The view, or ``"answers"``.
    what : str
        The column: an answer, a projection, ``"missing"``, or ``"all"`` columns together.
    test : {"ks", "mmd", "binomial"}
        Kolmogorov and Smirnov's test of a column, maximum mean discrepancy of all, or that of a
        share.
    effect : float
        How large the change is: the largest distance of the distribution functions, from 0 to 1;
        the discrepancy, from 0 to 1.4; the difference of the shares.
    p : float
        P-value of no change.
    p_adjusted : float
        The same, corrected for all tests of the window (Benjamini and Hochberg).
    before, after : float
        Mean of the column, or share, in the reference and in the window; of projections in
        standard deviations of the reference.
    alarm : bool
        Whether it is both more than chance and large enough to matter.
    """

    view: str
    what: str
    test: str
    effect: float
    p: float
    p_adjusted: float
    before: float
    after: float
    alarm: bool


@dataclass(frozen=True, eq=False)
class Drift:
    """How a window differs from what the model was taught, as `drift` tells it.

    Parameters
    ----------
    shifts : tuple of Shift
        Every comparison, the most surprising first.
    n : int
        Posts of the window.
    level : float
        How rare a false alarm of a window is.
    notes : tuple of str, default=()
        What is odd.

    See Also
    --------
    drift : Makes it.

    Examples
    --------
    >>> from hybridsent.drift import Drift
    >>> Drift((), 10, 0.01).alarm
    False
    """

    shifts: tuple[Shift, ...]
    n: int
    level: float
    notes: tuple[str, ...] = ()

    @property
    def alarm(self) -> bool:
        """Whether anything has changed by more than chance, and by enough to matter."""
        return any(each.alarm for each in self.shifts)

    @property
    def alarms(self) -> list[Shift]:
        """What has changed."""
        return [each for each in self.shifts if each.alarm]

    @property
    def reasons(self) -> list[str]:
        """A sentence for each view that has changed, the most surprising column of it."""
        told: dict[str, str] = {}
        for each in self.alarms:
            told.setdefault(each.view, _sentence(each))
        return list(told.values())

    def to_frame(self) -> Any:
        """Write the comparisons as a table.

        Returns
        -------
        DataFrame
            A row for each, with the columns of `Shift`.
        """
        import pandas as pd

        return pd.DataFrame([asdict(each) for each in self.shifts])

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and texts, ready for JSON.

        Returns
        -------
        dict
            ``alarm``, ``reasons``, ``n``, ``level``, ``shifts`` and ``notes``.
        """
        return {
            "alarm": self.alarm,
            "reasons": self.reasons,
            "n": self.n,
            "level": self.level,
            "shifts": [asdict(each) for each in self.shifts],
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        """Write it for people."""
        head = f"{self.n} posts: " + ("; ".join(self.reasons) if self.alarm else "no drift")
        return "\n".join([head, *self.notes])


def _sentence(shift: Shift) -> str:
    chance = f"p={shift.p_adjusted:.2g}"
    if shift.test == "binomial":
        return note(
            "drift.missing",
            view=shift.view,
            after=f"{shift.after:.0%}",
            before=f"{shift.before:.0%}",
            p=chance,
        )
    if shift.test == "mmd":
        return note("drift.whole", view=shift.view, effect=f"{shift.effect:.2f}", p=chance)
    return note(
        "drift.column",
        view=shift.view,
        what=shift.what,
        effect=f"{shift.effect:.0%}",
        after=f"{shift.after:.2f}",
        before=f"{shift.before:.2f}",
        p=chance,
    )
