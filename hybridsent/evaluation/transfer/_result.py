"""What a judgement of transfer found (layer L5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hybridsent.evaluation.measures._intervals import Interval
from hybridsent.evaluation.results._result import Computed

__all__ = ["Shift", "TransferPair", "TransferReport", "verdict"]

REFERENCES = ("source only", "target only", "pooled")
"""Methods that do not adapt."""


@dataclass(frozen=True)
class Shift:
    """How far source and target are apart in one set of features.

    Parameters
    ----------
    mmd : float
        Squared maximum mean discrepancy; NaN where there are no features to compare.
    a_distance : float
        Proxy A-distance, 0 to 2; NaN likewise.
    """

    mmd: float
    a_distance: float


@dataclass(frozen=True)
class TransferPair:
    """One source, one target, and how each method did on the rows of the target.

    Parameters
    ----------
    source, target : str
        Names of the domains; ``"mean"`` and ``"mean"`` for the mean over pairs.
    n_source, n_target : int
        Their rows; of the mean, those of all pairs together.
    scores : dict of str to Interval
        Score of each method.
    gains : dict of str to Interval
        Score of each other method less that of source only, on the same rows.
    shifts : dict of str to Shift, default={}
        ``"source only"`` is before adaptation, and each adapted method after it.
    p_values : dict of str to float, default={}
        Of each gain, corrected for the number of pairs and methods of the report.
    smallest_effect : float, default=0.0
        Gains smaller than this are of no interest.
    level : float, default=0.05
        Below which a p-value is a verdict.
    sign : {1, -1}, default=1
        -1 for an error, of which less is better.
    """

    source: str
    target: str
    n_source: int
    n_target: int
    scores: dict[str, Interval]
    gains: dict[str, Interval]
    shifts: dict[str, Shift] = field(default_factory=dict)
    p_values: dict[str, float] = field(default_factory=dict)
    smallest_effect: float = 0.0
    level: float = 0.05
    sign: int = 1

    @property
    def verdicts(self) -> dict[str, str]:
        """What each method does beside source only.

        Returns
        -------
        dict of str to str
            See `verdict`.
        """
        return {
            name: verdict(
                gain, self.p_values.get(name), self.smallest_effect, self.level, self.sign
            )
            for name, gain in self.gains.items()
        }


def verdict(
    gain: Interval,
    p_value: float | None = None,
    smallest_effect: float = 0.0,
    level: float = 0.05,
    sign: int = 1,
) -> str:
    """Say what a gain over source only means.

    Parameters
    ----------
    gain : Interval
        Score less that of source only.
    p_value : float, default=None
        Of the gain, corrected for what else was asked; None asks the interval alone.
    smallest_effect : float, default=0.0
        Gains smaller than this are of no interest.
    level : float, default=0.05
        Below which a p-value is a verdict.
    sign : {1, -1}, default=1
        -1 for an error, of which less is better.

    Returns
    -------
    {"helps", "may help", "same", "unclear", "may hurt", "hurts"}
        ``"hurts"`` and ``"helps"`` where a gain of interest is more than chance, ``"may ..."``
        where it is not; ``"same"`` where the whole interval is of no interest, or the gain is 0;
        else ``"unclear"``, which is all that can be said of a single group.

    References
    ----------
    Lakens: Equivalence tests, Social Psychological and Personality Science 2017 (the smallest
    effect of interest).

    Examples
    --------
    >>> from hybridsent.evaluation import Interval
    >>> from hybridsent.evaluation.transfer._result import verdict
    >>> verdict(Interval(-0.02, -0.03, -0.01)), verdict(Interval(-0.02, -0.05, 0.01))
    ('hurts', 'may hurt')
    >>> verdict(Interval(-0.0004, -0.0006, -0.0002), smallest_effect=0.01)
    'same'
    """
    if np.isnan(gain.low):
        return "unclear"
    if gain.value == 0:
        return "same"
    if abs(gain.value) < smallest_effect:
        inside = -smallest_effect <= gain.low and gain.high <= smallest_effect
        return "same" if inside else "unclear"
    sure = not gain.low <= 0 <= gain.high if p_value is None else p_value < level
    which = "help" if sign * gain.value > 0 else "hurt"
    return f"{which}s" if sure else f"may {which}"


@dataclass(frozen=True)
class TransferReport(Computed):
    """Scores on target rows of models with and without transfer, side by side.

    Parameters
    ----------
    scoring : str
        The metric.
    pairs : list of TransferPair
        One a pair of domains.
    mean : TransferPair
        The mean over pairs; from five domains on, its interval tells of other domains, too.
    n_target_labels : int
        Labels of the target that pooled and adapted methods had; 0 for adapted ones that had none.
    folds, repeats : int
        Folds of the target's rows (0 where there were none), and how often they were made.
    confidence : float
        Of the intervals.
    seconds : float
        Wall time.
    notes : list of str, default=[]
        What the reader should know.
    versions : dict of str to str, default={}
        Of Python, of this package and of those that computed, and ``"system"``.
    encoders : list of dict, default=[]
        Of each encoder ``"view"``, ``"model"``, ``"revision"`` and ``"fingerprint"``.

    See Also
    --------
    transfer_report : Makes one.

    Notes
    -----
    `to_dict` has the keys ``scoring``, ``n_target_labels``, ``n_folds``, ``n_repeats``,
    ``confidence``, ``pairs`` and ``mean`` (lists of what `to_frame` has in its rows),
    ``negative_transfer``, ``versions``, ``encoders``, ``seconds`` and ``notes``. `to_frame` has a
    row a pair and method, the mean over pairs at last, and the columns ``source``, ``target``,
    ``method``, ``score``, ``low``, ``high``, ``gain``, ``gain_low``, ``gain_high``, ``verdict``,
    ``mmd``, ``a_distance``, ``n_source``, ``n_target`` and ``p_value``. Gains are over source only,
    which has none.
    """

    scoring: str
    pairs: list[TransferPair]
    mean: TransferPair
    n_target_labels: int
    folds: int
    repeats: int
    confidence: float
    seconds: float
    notes: list[str] = field(default_factory=list)

    @property
    def methods(self) -> list[str]:
        """Names of the methods.

        Returns
        -------
        list of str
            References first.
        """
        return list(self.mean.scores)

    @property
    def negative_transfer(self) -> list[tuple[str, str, str]]:
        """Where an adapted method hurts: by its verdict.

        Returns
        -------
        list of (str, str, str)
            Source, target and method, the worst first.
        """
        found = [
            (pair.sign * pair.gains[name].value, (pair.source, pair.target, name))
            for pair in self.pairs
            for name, said in pair.verdicts.items()
            if said == "hurts" and name not in REFERENCES
        ]
        return [where for _, where in sorted(found)]

    def _facts(self) -> dict[str, Any]:
        return {
            "scoring": self.scoring,
            "n_target_labels": self.n_target_labels,
            "n_folds": self.folds,
            "n_repeats": self.repeats,
            "confidence": self.confidence,
            "pairs": [row for pair in self.pairs for row in _records(pair)],
            "mean": _records(self.mean),
            "negative_transfer": self.negative_transfer,
        }

    def _records(self) -> list[dict[str, Any]]:
        return [row for pair in [*self.pairs, self.mean] for row in _records(pair)]

    def _table(self) -> list[list[str]]:
        shown = [*self.pairs, self.mean] if len(self.pairs) > 1 else self.pairs
        head = ["source", "target", "method", self.scoring, "gain", "verdict", "MMD", "A-distance"]
        return [head, *(line for pair in shown for line in _lines(pair))]

    def _headline(self) -> str:
        parts = [
            _counted(len(self.pairs), "pair of domains", "pairs of domains"),
            _counted(self.n_target_labels, "label of the target", "labels of the target"),
            _counted(self.folds, "fold", "folds"),
            _counted(self.repeats, "repeat", "repeats"),
            f"{self.confidence:.0%} intervals",
            f"{self.seconds:.1f} s",
        ]
        return ", ".join(parts)

    def _remarks(self) -> list[str]:
        return [f"Transfer hurts: {s} -> {t}, {name}." for s, t, name in self.negative_transfer]


def _counted(number: int, one: str, many: str) -> str:
    return f"{number or 'no'} {one if number == 1 else many}"


def _records(pair: TransferPair) -> list[dict[str, Any]]:
    none = Interval(float("nan"), float("nan"), float("nan"))
    unknown = Shift(float("nan"), float("nan"))
    said = pair.verdicts
    return [
        {
            "source": pair.source,
            "target": pair.target,
            "method": name,
            "score": score.value,
            "low": score.low,
            "high": score.high,
            "gain": pair.gains.get(name, none).value,
            "gain_low": pair.gains.get(name, none).low,
            "gain_high": pair.gains.get(name, none).high,
            "verdict": said.get(name, ""),
            "mmd": pair.shifts.get(name, unknown).mmd,
            "a_distance": pair.shifts.get(name, unknown).a_distance,
            "n_source": pair.n_source,
            "n_target": pair.n_target,
            "p_value": pair.p_values.get(name, float("nan")),
        }
        for name, score in pair.scores.items()
    ]


def _lines(pair: TransferPair) -> list[list[str]]:
    def written(value: float) -> str:
        return "" if np.isnan(value) else f"{value:z.3f}"

    return [
        [
            pair.source,
            pair.target,
            name,
            str(score),
            f"{pair.gains[name].value:+z.3f}" if name in pair.gains else "",
            pair.verdicts.get(name, ""),
            written(pair.shifts[name].mmd) if name in pair.shifts else "",
            written(pair.shifts[name].a_distance) if name in pair.shifts else "",
        ]
        for name, score in pair.scores.items()
    ]
