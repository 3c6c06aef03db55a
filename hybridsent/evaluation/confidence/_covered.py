"""What `coverage_report` found: whose truth sets and intervals hold (layer L5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hybridsent.evaluation.measures._intervals import Interval
from hybridsent.evaluation.results._out_of_fold import Target
from hybridsent.evaluation.results._result import Result

__all__ = ["CoverageReport", "Covered"]


@dataclass(frozen=True)
class Covered:
    """How often sets hold the truth, in some rows.

    Parameters
    ----------
    share : Interval
        Share of the rows whose truth is in its set, with a 95 % interval.
    size : float
        Mean number of labels in a set; of numbers, the mean width of an interval.
    rows : int
        How many rows.

    Examples
    --------
    >>> from hybridsent.evaluation import Covered, Interval
    >>> print(Covered(Interval(0.91, 0.88, 0.94), 1.4, 300))
    0.910 [0.880, 0.940]
    """

    share: Interval
    size: float
    rows: int

    def __str__(self) -> str:
        return str(self.share)


@dataclass(frozen=True)
class CoverageReport(Result):
    """How often conformal sets of a model hold the truth: overall, by class and by group.

    Parameters
    ----------
    model : str
        Whose answers these are.
    target : {"classes", "numbers", "sets"}
        What is predicted.
    coverage : float
        The share that was asked for.
    by : str
        What has thresholds of its own: ``"all rows"``, ``"class"``, ``"group"``, ...
    overall : Covered
        Of all rows.
    by_class : dict of str to Covered
        Of the rows of each class; empty for numbers.
    by_group : dict of str to Covered
        Of each group; where there are many, of the twenty that are covered least.
    sizes : dict of int to float
        Which share of the sets has how many labels; empty for numbers.
    rows : int
        Rows that were judged.
    seconds : float
        Wall time.
    notes : list of str, default=[]
        What the reader should know.

    See Also
    --------
    coverage_report : Makes one.

    Examples
    --------
    >>> from hybridsent.evaluation import CoverageReport, Covered, Interval
    >>> whole = Covered(Interval(0.91, 0.88, 0.94), 1.4, 300)
    >>> made = CoverageReport(
    ...     "fusion", "classes", 0.9, "all rows", whole, {"bad": whole}, {}, {1: 0.6, 2: 0.4},
    ...     300, 0.1,
    ... )
    >>> print(made)
    sets of fusion that hold the truth in 90 % of the rows, thresholds for all rows: 300 rows
    <BLANKLINE>
    rows   covered               mean size  n
    all    0.910 [0.880, 0.940]  1.40       300
    bad    0.910 [0.880, 0.940]  1.40       300
    """

    model: str
    target: Target
    coverage: float
    by: str
    overall: Covered
    by_class: dict[str, Covered]
    by_group: dict[str, Covered]
    sizes: dict[int, float]
    rows: int
    seconds: float
    notes: list[str] = field(default_factory=list)

    def _facts(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "target": self.target,
            "coverage": self.coverage,
            "by": self.by,
            "overall": _plain(self.overall),
            "by_class": {name: _plain(each) for name, each in self.by_class.items()},
            "by_group": {name: _plain(each) for name, each in self.by_group.items()},
            "sizes": {str(size): share for size, share in self.sizes.items()},
            "rows": self.rows,
        }

    def _records(self) -> list[dict[str, Any]]:
        parts = [("all", {"all": self.overall}), ("class", self.by_class), ("group", self.by_group)]
        return [
            {"of": of, "name": name, **_plain(each)}
            for of, told in parts
            for name, each in told.items()
        ]

    def _headline(self) -> str:
        return (
            f"sets of {self.model} that hold the truth in {self.coverage:.0%} of the rows, "
            f"thresholds for {self.by}: {self.rows} rows"
        ).replace("%", " %")

    def _table(self) -> Sequence[Sequence[object]]:
        told = {"all": self.overall, **self.by_class, **self.by_group}
        rows = [[name, each, f"{each.size:.2f}", each.rows] for name, each in told.items()]
        return [["rows ", "covered", "mean size", "n"], *rows]


def _plain(each: Covered) -> dict[str, Any]:
    return {"size": each.size, "rows": each.rows, **vars(each.share)}
