"""A score over something that is varied: the result of all curves (layer L5).

scikit-learn's LearningCurveDisplay and ValidationCurveDisplay hold arrays of one model and one
metric, without intervals, to be drawn and not to be read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from hybridsent.evaluation.measures._intervals import Interval
from hybridsent.evaluation.results._result import Result, folds_times_seeds

__all__ = ["Curve", "CurvePoint"]


@dataclass(frozen=True)
class CurvePoint:
    """A score at one place of a curve.

    Parameters
    ----------
    x : float
        Where: labels, a share of rows, a strength of noise, or seconds.
    value : float
        The score.
    low, high : float
        Its 95 % interval; NaN where nothing tells it.
    label : str, default=""
        What stands at this place instead of the number, such as ``"all"``.
    gain : Interval or None, default=None
        This score minus the one at the place before, on the same rows; None at the first place.

    Examples
    --------
    >>> from hybridsent.evaluation import CurvePoint
    >>> print(CurvePoint(8, 0.61, 0.58, 0.64))
    0.610 [0.580, 0.640]
    """

    x: float
    value: float
    low: float
    high: float
    label: str = ""
    gain: Interval | None = None

    def __str__(self) -> str:
        return str(Interval(self.value, self.low, self.high))

    @property
    def name(self) -> str:
        """What the place is called.

        Returns
        -------
        str
            The label, or the number without needless digits.
        """
        return self.label or f"{self.x:g}"


@dataclass(frozen=True)
class Curve(Result):
    """Scores over something that is varied, a line for each model or view.

    Parameters
    ----------
    kind : {"labels", "missing", "noise", "cost"}
        What is varied.
    x_name : str
        What the places are, in words, such as ``"labels per class"``.
    lines : dict of str to dict of str to list of CurvePoint
        ``lines["fusion"]["accuracy"]``: for each line, and each metric, its points from left to
        right. Lines are models; of a missing view and of noise, the views that it is done to.
    rows : int
        Rows that were judged.
    folds, seeds : int
        How many folds each seed has, and how many seeds.
    seconds : float
        Wall time.
    notes : list of str, default=[]
        What the reader should know.
    forecasts : dict of str to Interval, default={}
        Of labels: how much the first metric is expected to change with 100 more of them, for each
        line whose points tell it.
    gains : dict of str to dict of str to list of CurvePoint, default={}
        ``gains["augmented"]["accuracy"]``: of labels, for each line but the first, at each place
        the score minus that of the first line, on the same test rows, with the interval of
        `compare`.

    See Also
    --------
    label_curve, missing_curve, noise_curve, cost_curve : Make one.

    Examples
    --------
    >>> from hybridsent.evaluation import Curve, CurvePoint
    >>> points = [CurvePoint(8, 0.61, 0.58, 0.64), CurvePoint(16, 0.68, 0.66, 0.7, "all")]
    >>> print(Curve("labels", "labels per class", {"fusion": {"accuracy": points}}, 90, 5, 3, 1.0))
    labels: 90 rows, 5 folds × 3 seeds, 1.0 s
    <BLANKLINE>
    accuracy          fusion
    labels per class
    8                 0.610 [0.580, 0.640]
    all               0.680 [0.660, 0.700]
    """

    kind: Literal["labels", "missing", "noise", "cost"]
    x_name: str
    lines: dict[str, dict[str, list[CurvePoint]]]
    rows: int
    folds: int
    seeds: int
    seconds: float
    notes: list[str] = field(default_factory=list)
    forecasts: dict[str, Interval] = field(default_factory=dict)
    gains: dict[str, dict[str, list[CurvePoint]]] = field(default_factory=dict)

    @property
    def metrics(self) -> list[str]:
        """What was measured.

        Returns
        -------
        list of str
            Names, in the order of the lines.
        """
        return list(next(iter(self.lines.values()), {}))

    def plot(self, metric: str | None = None, *, path: Any = None, ax: Any = None) -> Any:
        """Draw the lines with their bands.

        Parameters
        ----------
        metric : str or None, default=None
            Which; None is the first one.
        path : str, os.PathLike or None, default=None
            File in which it is saved, with its fonts, by its ending: pdf and svg are vectors. The
            figure is closed then.
        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a figure as wide as one column of a paper.

        Returns
        -------
        matplotlib Axes
            What was drawn on.

        Raises
        ------
        MissingDependencyError
            If matplotlib is not installed: ``pip install "hybridsent[plot]"``.
        """
        from hybridsent.evaluation.results import _plots

        return _plots.plot_curve(self, metric, ax, path)

    def _facts(self) -> dict[str, Any]:
        facts = {
            "kind": self.kind,
            "x_name": self.x_name,
            "rows": self.rows,
            "n_folds": self.folds,
            "n_seeds": self.seeds,
            "lines": _plain_lines(self.lines),
        }
        if self.gains:
            facts["gains"] = _plain_lines(self.gains)
        if self.forecasts:
            told = {name: [f.value, f.low, f.high] for name, f in self.forecasts.items()}
            facts["forecast_of_100_labels"] = told
        return facts

    def _records(self) -> list[dict[str, Any]]:
        return [
            {
                "line": name,
                "metric": metric,
                "x": each.x,
                "label": each.name,
                "value": each.value,
                "low": each.low,
                "high": each.high,
                **self._differences(name, metric, k),
            }
            for name, line in self.lines.items()
            for metric, points in line.items()
            for k, each in enumerate(points)
        ]

    def _differences(self, name: str, metric: str, k: int) -> dict[str, float]:
        """Give the columns of what a line has over the first one, if any line is compared."""
        if not self.gains:
            return {}
        nothing = CurvePoint(np.nan, np.nan, np.nan, np.nan)
        found = self.gains[name][metric][k] if name in self.gains else nothing
        return {
            "difference": found.value,
            "difference_low": found.low,
            "difference_high": found.high,
        }

    def _headline(self) -> str:
        return (
            f"{self.kind}: {self.rows} rows, {folds_times_seeds(self.folds, self.seeds)}, "
            f"{self.seconds:.1f} s"
        )

    def _table(self) -> Sequence[Sequence[object]]:
        cells: list[Sequence[object]] = []
        for metric in self.metrics:
            cells += self._table_of(metric)
        return cells

    def _table_of(self, metric: str) -> list[Sequence[object]]:
        """Give a row for each place, a column for each line; of costs, a row for each line."""
        if self.kind == "cost":
            points = [(name, line[metric][0]) for name, line in self.lines.items()]
            head = [[metric, self.x_name, ""]]
            return [*head, *([name, f"{point.x:.2f}", point] for name, point in points)]
        places = list(dict.fromkeys(p.name for line in self.lines.values() for p in line[metric]))
        found: dict[str, dict[str, CurvePoint]] = {
            name: {point.name: point for point in line[metric]} for name, line in self.lines.items()
        }
        rows = [[place, *(found[name].get(place, "") for name in self.lines)] for place in places]
        blank = [""] * len(self.lines)
        return [[metric, *self.lines], [self.x_name, *blank], *rows, *self._minus_the_first(metric)]

    def _minus_the_first(self, metric: str) -> list[Sequence[object]]:
        """Give a row for each place: what the other lines have over the first one."""
        if not self.gains:
            return []
        first, *others = self.lines
        of_places = zip(*(self.gains[name][metric] for name in others), strict=True)
        rows = [[each[0].name, "", *each] for each in of_places]
        return [[f"minus {first}", *([""] * len(self.lines))], *rows]


def _plain_lines(lines: Mapping[str, Mapping[str, list[CurvePoint]]]) -> dict[str, Any]:
    return {
        name: {metric: [_plain(each) for each in points] for metric, points in line.items()}
        for name, line in lines.items()
    }


def _plain(point: CurvePoint) -> dict[str, Any]:
    known = bool(np.isfinite(point.low) and np.isfinite(point.high))
    told: Mapping[str, Any] = {
        "x": point.x,
        "label": point.name,
        "value": point.value,
        "interval": [point.low, point.high] if known else None,
    }
    if point.gain is None:
        return dict(told)
    return {**told, "gain": [point.gain.value, point.gain.low, point.gain.high]}
