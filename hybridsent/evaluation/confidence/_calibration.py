"""How far the probabilities of a model can be believed (layer L5)."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from hybridsent._params import check_count
from hybridsent.evaluation.confidence._reliability import Calibration, ReliabilityBin
from hybridsent.evaluation.measures._intervals import (
    Interval,
    interval_within,
    jackknife,
    units_of,
    without_each,
)
from hybridsent.evaluation.results._out_of_fold import OutOfFold

__all__ = ["calibration"]

_EPS = float(np.finfo(np.float64).eps)


def calibration(out_of_fold: OutOfFold, model: str | None = None, *, bins: int = 10) -> Calibration:
    r"""Tell how far the probabilities of a model can be believed.

    Answers are sorted by their probability into bins of equal mass; with :math:`n_b` of n answers
    in bin b, the mean probability :math:`\bar p_b` and the share :math:`a_b` that was right, the
    expected calibration error is :math:`\sum_b \frac{n_b}{n} |a_b - \bar p_b|`. That of a class is
    the same of its probability and of being it. Intervals are of the jackknife over groups, where
    there are any, else over rows.

    Parameters
    ----------
    out_of_fold : OutOfFold
        What models said about rows that they had not learned from: ``Evaluation.out_of_fold``.
    model : str or None, default=None
        Which of them; None is the first.
    bins : int, default=10
        Bins, at most: equal probabilities are never cut apart.

    Returns
    -------
    Calibration
        Errors, scores and bins, with 95 % intervals. Of numbers, which have no probabilities, bins
        of the predictions, and the slope of the truth over them.

    Raises
    ------
    ValueError
        If the model has no probabilities, or does not exist.

    See Also
    --------
    hybridsent.heads.CalibratedFusion : Mends the probabilities of a pipeline.

    References
    ----------
    Nixon, Dusenberry, Zhang, Jerfel, Tran: Measuring calibration in deep learning, CVPR workshops
    2019 (equal mass, and every class). Kull et al.: Beyond temperature scaling, NeurIPS 2019
    (classwise errors).

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent import evaluate, make_fusion
    >>> from hybridsent.evaluation import calibration
    >>> table = pd.DataFrame({"text": ["I love it", "Wonderful", "I hate it", "Dreadful"] * 3})
    >>> result = evaluate(make_fusion(text=True), table, ["good", "good", "bad", "bad"] * 3, cv=3)
    >>> found = calibration(result.out_of_fold, "fusion")
    >>> found.model, list(found.classwise)
    ('fusion', ['bad', 'good'])
    """
    start = time.perf_counter()
    check_count(bins, "bins", "calibration")
    name = out_of_fold.models[0] if model is None else model
    judge = _OfNumbers if out_of_fold.target == "numbers" else _OfProbabilities
    return judge(out_of_fold, name, bins).result(start)


class _Judge:
    """What is the same whatever is predicted: rows, units, bins and intervals."""

    def __init__(self, kept: OutOfFold, model: str, bins: int) -> None:
        self.kept, self.model, self.n_bins = kept, model, bins
        self.said = kept.of(model)
        told = kept.row if kept.groups is None else kept.groups
        self.units = units_of(len(kept), told)
        self.rows = len(np.unique(kept.row))
        self.repeats = len(kept) / max(1, self.rows)

    def interval(
        self, value: float, without: np.ndarray, rows: float, ends: tuple[float, float]
    ) -> Interval:
        """Put an interval around a number."""
        spread = jackknife(without, max(1, round(rows / self.repeats)))
        return Interval(value, *interval_within(value, spread, ends))

    def of_mean(self, values: np.ndarray, units: np.ndarray, ends: tuple[float, float]) -> Interval:
        """Average values of rows."""
        sums, counts = _by_unit(values, units), _by_unit(np.ones(len(values)), units)
        left = counts.sum() - counts
        without = np.divide(
            values.sum() - sums, left, out=np.full(len(sums), np.nan), where=left > 0
        )
        return self.interval(float(values.mean()), without, len(values), ends)

    def binned(self, said: np.ndarray, seen: np.ndarray, units: np.ndarray) -> _Binned:
        """Sort answers into bins of equal mass."""
        return _Binned(said, seen, units, _bins(said, self.n_bins))

    def bins_of(self, binned: _Binned, ends: tuple[float, float]) -> list[ReliabilityBin]:
        """Describe each bin."""
        found = []
        for b in range(binned.count):
            inside = binned.bin == b
            said, seen = binned.said[inside], binned.seen[inside]
            codes = np.unique(binned.units[inside], return_inverse=True)[1]
            mean = self.of_mean(seen, codes, ends)
            found.append(
                ReliabilityBin(
                    float(said.mean()),
                    mean.value,
                    mean.low,
                    mean.high,
                    len(said),
                    float(said.min()),
                    float(said.max()),
                )
            )
        return found

    def error_of(self, binned: _Binned, ends: tuple[float, float]) -> Interval:
        """Give the calibration error, with its interval."""
        return self.interval(binned.error(), binned.errors_without(), len(binned.said), ends)


class _OfProbabilities(_Judge):
    """Of classes and of sets of labels."""

    def result(self, start: float) -> Calibration:
        p, truth = self._probabilities(), self._indicators()
        classes = [str(each) for each in np.asarray(self.kept.classes).tolist()]
        each_class = {
            name: self.binned(p[:, k], truth[:, k], self.units) for k, name in enumerate(classes)
        }
        errors = [each.errors_without() for each in each_class.values()]
        values = {name: self.error_of(each, (0.0, 1.0)) for name, each in each_class.items()}
        whole = self._whole(p, truth)
        mean = float(np.mean([each.value for each in values.values()]))
        return Calibration(
            model=self.model,
            target=self.kept.target,
            rows=self.rows,
            ece=self.error_of(whole, (0.0, 1.0)),
            by_chance=whole.by_chance(self.repeats),
            excess=float(whole.said.mean() - whole.seen.mean()),
            classwise=values,
            classwise_ece=self.interval(mean, np.mean(errors, axis=0), len(p), (0.0, 1.0)),
            brier=self._brier(p, truth),
            log_loss=self._log_loss(p, truth),
            slope=None,
            bins=self.bins_of(whole, (0.0, 1.0)),
            class_bins={name: self.bins_of(each, (0.0, 1.0)) for name, each in each_class.items()},
            seconds=time.perf_counter() - start,
        )

    def _probabilities(self) -> np.ndarray:
        if self.said.probabilities is None:
            raise ValueError(
                f"The model {self.model!r} must have probabilities for its calibration to be told, "
                "and has none. Put hybridsent.heads.CalibratedFusion around it, which makes some "
                "of its decision values."
            )
        return np.asarray(self.said.probabilities, dtype=np.float64)

    def _indicators(self) -> np.ndarray:
        if self.kept.target == "sets":
            return np.asarray(self.kept.truth, dtype=np.float64)
        return np.asarray(self.kept.truth[:, None] == np.asarray(self.kept.classes), dtype=float)

    def _whole(self, p: np.ndarray, truth: np.ndarray) -> _Binned:
        if self.kept.target == "sets":
            return self.binned(p.ravel(), truth.ravel(), np.repeat(self.units, p.shape[1]))
        top = p.argmax(axis=1)
        rows = np.arange(len(p))
        return self.binned(p[rows, top], truth[rows, top], self.units)

    def _brier(self, p: np.ndarray, truth: np.ndarray) -> Interval:
        squares = (p - truth) ** 2
        if self.kept.target == "sets" or p.shape[1] == 2:  # as scikit-learn: half of two classes
            return self.of_mean(squares.mean(axis=1), self.units, (0.0, 1.0))
        return self.of_mean(squares.sum(axis=1), self.units, (0.0, 2.0))

    def _log_loss(self, p: np.ndarray, truth: np.ndarray) -> Interval:
        p = np.clip(p, _EPS, 1 - _EPS)
        if self.kept.target == "sets":
            loss = -(truth * np.log(p) + (1 - truth) * np.log1p(-p)).mean(axis=1)
        else:
            loss = -(truth * np.log(p)).sum(axis=1)
        return self.of_mean(loss, self.units, (0.0, np.inf))


class _OfNumbers(_Judge):
    """Of predictions that are numbers: without probabilities, their scale can be judged."""

    def result(self, start: float) -> Calibration:
        said = np.asarray(self.said.labels, dtype=np.float64)
        seen = np.asarray(self.kept.truth, dtype=np.float64)
        binned = self.binned(said, seen, self.units)
        return Calibration(
            model=self.model,
            target="numbers",
            rows=self.rows,
            ece=self.error_of(binned, (0.0, np.inf)),
            by_chance=binned.by_chance(self.repeats, numbers=True),
            excess=float(said.mean() - seen.mean()),
            classwise={},
            classwise_ece=None,
            brier=None,
            log_loss=None,
            slope=self._slope(said, seen),
            bins=self.bins_of(binned, (-np.inf, np.inf)),
            class_bins={},
            seconds=time.perf_counter() - start,
            notes=["Numbers have no probabilities: bins are of the predictions, in their unit."],
        )

    def _slope(self, said: np.ndarray, seen: np.ndarray) -> Interval:
        def slopes(weights: np.ndarray) -> np.ndarray:
            total = weights.sum(axis=1)
            x, y = weights @ said / total, weights @ seen / total
            above = weights @ (said * seen) / total - x * y
            below = weights @ said**2 / total - x**2
            flat = below <= 1e-12 * max(1e-300, float(np.var(said)))
            return np.where(flat, np.nan, above / np.where(flat, 1.0, below))

        every = np.ones((1, len(said)))
        value = float(slopes(every)[0])
        without = _in_slices(slopes, self.units)
        return self.interval(value, without, len(said), (-np.inf, np.inf))


def _in_slices(number: Callable[[np.ndarray], np.ndarray], units: np.ndarray) -> np.ndarray:
    return number(without_each(units).astype(np.float64))


class _Binned:
    """Answers in bins, and the sums of each unit in each bin."""

    def __init__(self, said: np.ndarray, seen: np.ndarray, units: np.ndarray, places: np.ndarray):
        self.said, self.seen, self.units, self.bin = said, seen, units, places
        self.count = int(places.max()) + 1
        shape = (int(units.max()) + 1, self.count)
        gaps = np.zeros(shape)
        np.add.at(gaps, (units, places), seen - said)
        sizes = np.zeros(shape)
        np.add.at(sizes, (units, places), 1.0)
        self.gaps, self.sizes = gaps, sizes

    def error(self) -> float:
        """Mean distance of what was said from what was seen."""
        return float(np.abs(self.gaps.sum(axis=0)).sum() / len(self.said))

    def errors_without(self) -> np.ndarray:
        """Give the same without each unit."""
        left = np.abs(self.gaps.sum(axis=0) - self.gaps).sum(axis=1)
        rows = len(self.said) - self.sizes.sum(axis=1)
        return np.asarray(np.divide(left, rows, out=np.full(len(left), np.nan), where=rows > 0))

    def by_chance(self, repeats: float, *, numbers: bool = False) -> float:
        """Give the error that calibrated answers would show: the mean of half normal variables."""
        variance = np.zeros(self.count)
        spread = self.seen - self.said if numbers else self.said * (1 - self.said)
        for b in range(self.count):
            inside = spread[self.bin == b]
            variance[b] = np.var(inside) * len(inside) if numbers else inside.sum()
        expected = np.sqrt(2 / np.pi * variance * repeats)  # rows count, not rows times seeds
        return float(expected.sum() / len(self.said))


def _bins(said: np.ndarray, most: int) -> np.ndarray:
    """Give the number of the bin of each value, of equal mass; equal values share one."""
    ends = np.arange(1, most) * len(said) // most - 1  # the last of each bin but the last one
    edges = np.unique(np.sort(said)[ends[ends >= 0]])
    codes = np.searchsorted(edges, said, side="left")
    return np.asarray(np.unique(codes, return_inverse=True)[1])


def _by_unit(values: np.ndarray, units: np.ndarray) -> np.ndarray:
    return np.bincount(units, weights=values)
