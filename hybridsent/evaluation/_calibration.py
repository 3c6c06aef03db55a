"""How far the probabilities of a model can be believed (layer L5).

scikit-learn's calibration_curve knows two classes, one model and no intervals; netcal's and MAPIE's
calibration errors know neither groups nor rows that stand there once for each seed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hybridsent._params import check_count
from hybridsent.evaluation._draws import without_each
from hybridsent.evaluation._intervals import Interval, interval_within, jackknife, units_of
from hybridsent.evaluation._out_of_fold import OutOfFold, Target
from hybridsent.evaluation._result import Result

__all__ = ["Calibration", "ReliabilityBin", "calibration"]

_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class ReliabilityBin:
    """Answers of about one probability, and how many of them were right.

    Parameters
    ----------
    said : float
        Mean of the probabilities in the bin; of numbers, of the predictions.
    seen : float
        Share of the answers that were right; of numbers, the mean of the truth.
    low, high : float
        95 % interval of `seen`, over groups where there are any.
    rows : int
        Answers in the bin; a row counts once for each seed.
    start, end : float
        Smallest and largest probability in the bin.

    Examples
    --------
    >>> from hybridsent.evaluation import ReliabilityBin
    >>> bin = ReliabilityBin(0.9, 0.7, 0.6, 0.8, 50, 0.85, 0.97)
    >>> bin.said > bin.high  # believed too much
    True
    """

    said: float
    seen: float
    low: float
    high: float
    rows: int
    start: float
    end: float


@dataclass(frozen=True)
class Calibration(Result):
    """Whether what a model says with a probability of p is right in a share p of the rows.

    Parameters
    ----------
    model : str
        Whose answers these are.
    target : {"classes", "numbers", "sets"}
        What is predicted.
    rows : int
        Rows that were judged.
    ece : Interval
        Expected calibration error: the mean distance, over bins of equal mass, of what was said
        from what was seen; of numbers in their unit.
    by_chance : float
        The same error that a perfectly calibrated model would show in as many rows, by chance.
    excess : float
        Mean confidence minus accuracy; above 0 the model believes itself too much.
    classwise : dict of str to Interval
        The calibration error of the probability of each class; empty for numbers.
    classwise_ece : Interval or None
        Their mean; None for numbers.
    brier, log_loss : Interval or None
        Scores of the probabilities, smaller is better, as scikit-learn defines them; of sets the
        mean over labels; None for numbers.
    slope : Interval or None
        Of the truth over the predictions; 1 where they are calibrated. None but for numbers.
    bins : list of ReliabilityBin
        Of the probability of the answer that was given; of sets, of all labels; of numbers, of the
        predictions.
    class_bins : dict of str to list of ReliabilityBin
        Of the probability of each class.
    seconds : float
        Wall time.
    notes : list of str, default=[]
        What the reader should know.

    See Also
    --------
    calibration : Makes one.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.evaluation import OutOfFold, calibration
    >>> from hybridsent.evaluation._out_of_fold import Answers
    >>> truth, p = np.tile(["bad", "good"], 50), np.tile([[0.9, 0.1], [0.1, 0.9]], (50, 1))
    >>> said = Answers(np.tile(["bad", "good"], 50), p)
    >>> kept = OutOfFold(
    ...     np.arange(100), np.zeros(100, int), np.zeros(100, int), truth, {"m": said},
    ...     np.unique(truth),
    ... )
    >>> found = calibration(kept)
    >>> round(found.ece.value, 2), round(found.excess, 2)  # always right, at 90 %
    (0.1, -0.1)
    """

    model: str
    target: Target
    rows: int
    ece: Interval
    by_chance: float
    excess: float
    classwise: dict[str, Interval]
    classwise_ece: Interval | None
    brier: Interval | None
    log_loss: Interval | None
    slope: Interval | None
    bins: list[ReliabilityBin]
    class_bins: dict[str, list[ReliabilityBin]]
    seconds: float
    notes: list[str] = field(default_factory=list)

    def plot(self, *, path: Any = None, ax: Any = None) -> Any:
        """Draw how often the model is right against how sure it is.

        Parameters
        ----------
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
        from hybridsent.evaluation import _plots

        return _plots.plot_calibration(self, ax, path)

    def _facts(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "target": self.target,
            "rows": self.rows,
            **{name: _plain(each) for name, each in self._numbers().items()},
            "by_chance": self.by_chance,
            "excess": self.excess,
            "classwise": {name: _plain(each) for name, each in self.classwise.items()},
            "bins": [vars(each) for each in self.bins],
            "class_bins": {
                name: [vars(each) for each in bins] for name, bins in self.class_bins.items()
            },
        }

    def _records(self) -> list[dict[str, Any]]:
        whole = [{"of": "answer", **vars(each)} for each in self.bins]
        return whole + [
            {"of": name, **vars(each)} for name, bins in self.class_bins.items() for each in bins
        ]

    def _headline(self) -> str:
        return f"calibration of {self.model}, {self.rows} rows"

    def _table(self) -> Sequence[Sequence[object]]:
        head = ["said", "seen", "answers"]
        if self.target == "numbers":
            head = ["predicted", "true", "answers"]
        cells = [
            [f"{each.said:.3f}", Interval(each.seen, each.low, each.high), each.rows]
            for each in self.bins
        ]
        return [head, *cells]

    def _remarks(self) -> list[str]:
        words = [f"{name}: {each}" for name, each in self._numbers().items() if each is not None]
        return ["", *words, *self._verdict()]

    def _numbers(self) -> dict[str, Interval | None]:
        return {
            "ece": self.ece,
            "classwise_ece": self.classwise_ece,
            "brier": self.brier,
            "log_loss": self.log_loss,
            "slope": self.slope,
        }

    def _verdict(self) -> list[str]:
        if self.target == "numbers":
            return []
        said = f"By chance a calibrated model would show an error of {self.by_chance:.3f} here."
        if self.ece.low > 2 * self.by_chance and abs(self.excess) > self.ece.value / 2:
            way = "too much" if self.excess > 0 else "too little"
            return [said, f"{self.model} believes itself {way}, by {abs(self.excess):.3f}."]
        return [said]


def _plain(each: Interval | None) -> dict[str, float] | None:
    return None if each is None else vars(each)


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
