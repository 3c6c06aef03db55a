"""What `calibration` found: bins of answers, and how far they are from the truth (layer L5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hybridsent.evaluation.measures._intervals import (
    Interval,
)
from hybridsent.evaluation.results._out_of_fold import Target
from hybridsent.evaluation.results._result import Result

__all__ = ["Calibration", "ReliabilityBin"]


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
    >>> from hybridsent.evaluation.results._answers import Answers
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
        from hybridsent.evaluation.results import _plots

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
