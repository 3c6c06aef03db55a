"""Answers at several places become the lines of a curve, and their gains (layer L5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hybridsent.evaluation.comparisons._paired import paired_difference
from hybridsent.evaluation.curves._bench import Bench
from hybridsent.evaluation.curves._curve import CurvePoint
from hybridsent.evaluation.measures._draws import Draws
from hybridsent.evaluation.measures._metrics import Metric
from hybridsent.evaluation.results._gains import Gain
from hybridsent.evaluation.results._out_of_fold import OutOfFold

__all__ = ["line_of", "over_the_first", "points_of_gains"]


def line_of(
    bench: Bench, kept: OutOfFold, names: Sequence[str], places: Sequence[float]
) -> dict[str, list[CurvePoint]]:
    """Make the points of a line of a curve, of each metric.

    Parameters
    ----------
    bench : Bench
        What is measured.
    kept : OutOfFold
        Answers, by the names of the places.
    names : sequence of str
        Names, from left to right.
    places : sequence of float
        Where they stand.

    Returns
    -------
    dict of str to list of CurvePoint
        By metric.
    """
    return {metric.name: _points(bench, kept, names, places, metric) for metric in bench.metrics}


def _points(
    bench: Bench, kept: OutOfFold, names: Sequence[str], places: Sequence[float], metric: Metric
) -> list[CurvePoint]:
    points: list[CurvePoint] = []
    before: Draws | None = None
    for name, x in zip(names, places, strict=True):
        draws = bench.drawn(kept, metric, name)
        found = bench.interval(metric, draws)
        gain = None
        if before is not None:
            step = draws.value - before.value
            gain = bench.difference(metric, step, draws.drawn - before.drawn)
        label = "" if name == f"{x:g}" else name
        points.append(CurvePoint(x, found.value, found.low, found.high, label, gain))
        before = draws
    return points


def over_the_first(
    bench: Bench, kept: Mapping[str, OutOfFold], names: Sequence[str]
) -> dict[str, dict[str, list[Gain]]]:
    """Tell what each line has over the first one at each place, on the same test rows.

    Parameters
    ----------
    bench : Bench
        What is measured.
    kept : mapping of str to OutOfFold
        Answers of each line, by the names of the places.
    names : sequence of str
        Names of the places, from left to right.

    Returns
    -------
    dict of str to dict of str to list of Gain
        By line and metric; p-values are not corrected.
    """
    first, *others = kept
    return {
        other: {
            metric.name: [
                paired_difference(metric, kept[other], name, kept[first], name) for name in names
            ]
            for metric in bench.metrics
        }
        for other in others
    }


def points_of_gains(
    gains: Mapping[str, Mapping[str, Sequence[Gain]]],
    lines: Mapping[str, Mapping[str, Sequence[CurvePoint]]],
) -> dict[str, dict[str, list[CurvePoint]]]:
    """Put gains at the places of the lines that have them.

    Parameters
    ----------
    gains : mapping of str to mapping of str to sequence of Gain
        By line and metric.
    lines : mapping of str to mapping of str to sequence of CurvePoint
        The lines.

    Returns
    -------
    dict of str to dict of str to list of CurvePoint
        As a curve has them.
    """
    return {
        name: {
            metric: [
                CurvePoint(point.x, gain.value, gain.low, gain.high, point.label)
                for gain, point in zip(found, lines[name][metric], strict=True)
            ]
            for metric, found in by_metric.items()
        }
        for name, by_metric in gains.items()
    }
