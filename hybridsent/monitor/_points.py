"""What a window says: shares, the index and their intervals, and what changed (layer L7)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np

from hybridsent._notes import note
from hybridsent.monitor._tally import Tally

__all__ = ["Pointer", "change_of"]


class Pointer:
    """Makes points of windows.

    Parameters
    ----------
    tally : Tally
        What samples hold.
    reference : Reference or None, default=None
        What the model mistakes; None corrects nothing.
    method : str, default="auto"
        How shares are corrected, as `hybridsent.quantification.prevalence` takes it.
    confidence : float, default=0.95
        Of the intervals.
    values : mapping or None, default=None
        What each class is worth in the index; None reads it from their names.
    why : str or None, default=None
        Why there is no reference, for people.

    Attributes
    ----------
    values : dict or None
        What each class is worth; None where there is no index.
    notes : list of str
        What all points assume.
    """

    def __init__(
        self,
        tally: Tally,
        *,
        reference: Any = None,
        method: str = "auto",
        confidence: float = 0.95,
        values: Mapping[Any, float] | None = None,
        why: str | None = None,
    ) -> None:
        self.tally, self.reference = tally, reference
        self.method: Any = _checked(method, reference)
        self.confidence = confidence
        self.notes: list[str] = []
        self.values: dict[Any, float] | None = None
        if tally.task == "classification":
            self._read_values(values)
            if reference is None and why is not None:
                self.notes.append(why)
        elif values is not None:
            raise ValueError(
                "The values parameter is for a model that tells classes; this one tells "
                f"{'numbers' if tally.task == 'regression' else 'sets of labels'}."
            )

    def _read_values(self, values: Mapping[Any, float] | None) -> None:
        from hybridsent.quantification import class_values

        try:
            self.values = class_values(self.tally.classes, values)
        except ValueError as error:
            if values is not None:
                raise
            self.notes.append(note("shares_alone", why=error))

    def point(self, n: int, sums: np.ndarray | None, kept: np.ndarray) -> dict[str, Any]:
        """Make a point of a window.

        Parameters
        ----------
        n : int
            Posts.
        sums : ndarray or None
            Of all of them; None where there is none.
        kept : ndarray of shape (n_kept, width)
            A sample.

        Returns
        -------
        dict
            ``n``, ``index``, ``low`` and ``high``, None where unknown, ``plain`` (the index before
            it is corrected), ``shares`` with value, low and high of each label, ``method``,
            ``notes``.
        """
        made: dict[str, Any] = dict.fromkeys(("index", "low", "high", "plain"))
        made |= {"n": n, "shares": {}, "method": "none", "notes": []}
        if not n or sums is None:
            return made
        if self.tally.task == "regression":
            return made | self._of_numbers(n, sums)
        if self.tally.task == "multilabel":
            return made | self._of_sets(n, sums)
        return made | self._of_classes(n, sums, kept)

    def _of_numbers(self, n: int, sums: np.ndarray) -> dict[str, Any]:
        mean = float(sums[0] / n)
        variance = max(0.0, float(sums[1] / n - mean**2)) * n / max(1, n - 1)
        half = self._z * math.sqrt(variance / n) if n > 1 else math.inf
        ends = (mean - half, mean + half) if math.isfinite(half) else (None, None)
        return {"index": mean, "low": ends[0], "high": ends[1], "plain": mean, "method": "mean"}

    def _of_sets(self, n: int, sums: np.ndarray) -> dict[str, Any]:
        shares = {
            str(label): _wilson(count, n, self._z)
            for label, count in zip(self.tally.classes, sums, strict=False)
        }
        return {"shares": shares, "method": "count"}

    def _of_classes(self, n: int, sums: np.ndarray, kept: np.ndarray) -> dict[str, Any]:
        from hybridsent.quantification import prevalence

        labels = self.tally.classes
        told = prevalence(
            self.tally.probabilities(kept),
            self.tally.predictions(kept),
            reference=self.reference,
            method=self.method,
            confidence=self.confidence,
            classes=labels,
            values=self.values,
        )
        facts = told.to_dict()
        index = facts["index"] or {"value": None, "low": None, "high": None}
        plain = None
        if self.values is not None:
            counts = sums[: len(labels)] / n
            plain = float(
                sum(self.values[each] * c for each, c in zip(labels, counts, strict=True))
            )
        else:
            index = {"value": None, "low": None, "high": None}
        return {
            "index": _number(index["value"]),
            "low": _number(index["low"]),
            "high": _number(index["high"]),
            "plain": plain,
            "shares": {
                label: [_number(each[name]) for name in ("value", "low", "high")]
                for label, each in facts["shares"].items()
            },
            "method": facts["method"],
            "notes": facts["notes"],
        }

    @property
    def _z(self) -> float:
        return NormalDist().inv_cdf(0.5 + self.confidence / 2)

    @property
    def ends(self) -> list[float] | None:
        """The ends of the scale of the index; None where it has none."""
        found = None if self.values is None else list(self.values.values())
        return None if not found else [min(found), max(found)]


def _checked(method: str, reference: Any) -> str:
    known = ("auto", "emq", "acc", "pacc", "count", "mean")
    if method not in known:
        raise ValueError(f"The method parameter must be one of {list(known)}. Got {method!r}.")
    if reference is None and method in ("emq", "acc", "pacc"):
        raise ValueError(
            f"The method parameter must be 'auto', 'count' or 'mean', as the model holds no "
            f"reference by which method={method!r} would correct. Fit it again with `hybridsent "
            "fit`, which keeps one."
        )
    return method


def _number(value: Any) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _wilson(count: float, n: int, z: float) -> list[float | None]:
    share = float(count) / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return [share, max(0.0, centre - half), min(1.0, centre + half)]


def change_of(now: Mapping[str, Any], before: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Compare a window with those before it.

    The interval of the change takes errors of windows for independent. Those of one reference are
    not, and cancel in part, so that it is rather too wide.

    Parameters
    ----------
    now : mapping
        A point.
    before : sequence of mapping
        Points of the windows before, none of which overlap.

    Returns
    -------
    dict
        ``change`` with ``change_low`` and ``change_high``, and ``spike``; None where unknown.

    Examples
    --------
    >>> from hybridsent.monitor._points import change_of
    >>> flat = {"index": 0.5, "low": 0.4, "high": 0.6, "n": 50}
    >>> told = change_of({"index": -0.5, "low": -0.6, "high": -0.4, "n": 100}, [flat, flat])
    >>> told["change"], told["spike"], told["change_high"] < -0.8
    (-1.0, 2.0, True)
    """
    told: dict[str, Any] = dict.fromkeys(("change", "change_low", "change_high", "spike"))
    known = [each for each in before if each["index"] is not None and each["low"] is not None]
    if known and now["index"] is not None and now["low"] is not None:
        change = now["index"] - sum(each["index"] for each in known) / len(known)
        below = [now["index"] - now["low"], *(e["high"] - e["index"] for e in known)]
        above = [now["high"] - now["index"], *(e["index"] - e["low"] for e in known)]
        told["change"] = change
        told["change_low"] = change - _joined(below)
        told["change_high"] = change + _joined(above)
    volumes = [each["n"] for each in before]
    if len(volumes) > 1 and sum(volumes):
        told["spike"] = now["n"] * len(volumes) / sum(volumes)
    return told


def _joined(halves: Sequence[float]) -> float:
    """Join half widths of intervals of a number and of those of whose mean it is compared with."""
    rest = sum(half**2 for half in halves[1:]) / max(1, len(halves) - 1) ** 2
    return math.sqrt(halves[0] ** 2 + rest)
