"""Scores, gains and verdicts of transfer: of each pair of domains, and of their mean (layer L5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.pipeline import Pipeline

from hybridsent._numerics.multiple import adjusted_p_values
from hybridsent.evaluation.measures._draws import Draws, score_draws
from hybridsent.evaluation.measures._intervals import (
    Interval,
    Spread,
    interval_of_difference,
    interval_within,
    jackknife,
    p_value,
    spread_of_pairs,
    units_of,
    without_each,
)
from hybridsent.evaluation.measures._metrics import Metric, ends_of
from hybridsent.evaluation.results._answers import Answers
from hybridsent.evaluation.transfer._given import Given
from hybridsent.evaluation.transfer._pairs import OTHERS, Pair
from hybridsent.evaluation.transfer._result import (
    REFERENCES,
    Shift,
    TransferPair,
)
from hybridsent.evaluation.transfer._runs import Outcome

__all__ = ["Rules", "summarise_pairs"]


@dataclass(frozen=True)
class Rules:
    """How answers become scores, gains and verdicts.

    Parameters
    ----------
    metric : Metric
        What is measured.
    confidence : float
        Of the intervals; a verdict is held at one less it.
    smallest_effect : float or None
        Gains smaller than this are of no interest; None is a hundredth of the metric's range.
    """

    metric: Metric
    confidence: float
    smallest_effect: float | None

    def of_interest(self, score: float) -> float:
        """Give the smallest effect, which may depend on a score.

        Parameters
        ----------
        score : float
            Of source only.

        Returns
        -------
        float
            0.01 for scores up to 1, and a hundredth of the score of metrics without an end.
        """
        if self.smallest_effect is not None:
            return self.smallest_effect
        low, high = ends_of(self.metric)
        if np.isfinite(low) and np.isfinite(high):
            return 0.01 * (high - low)
        return 0.01 if high == 1 else 0.01 * abs(score)


def summarise_pairs(
    given: Given, outcomes: list[Outcome], rules: Rules
) -> tuple[list[TransferPair], TransferPair]:
    """Score each pair, and the mean over pairs.

    Parameters
    ----------
    given : Given
        What the fits shared.
    outcomes : list of Outcome
        What they gave.
    rules : Rules
        Metric, intervals and verdicts.

    Returns
    -------
    pairs : list of TransferPair
        In the order of the pairs given.
    mean : TransferPair
        The mean over them.
    """
    by_pair = [
        [outcome for outcome in outcomes if outcome.task.pair == p] for p in range(len(given.pairs))
    ]
    draws = [
        _draws(given, pair, mine, rules) for pair, mine in zip(given.pairs, by_pair, strict=True)
    ]
    told = [
        {name: _spreads(each, name, len(pair.of_target)) for name in each}
        for pair, each in zip(given.pairs, draws, strict=True)
    ]
    whole = {name: _over_pairs(given.pairs, draws, name) for name in draws[0]}
    found = [*told, whole]
    p_values = _p_values(found)
    effect = rules.of_interest(whole["source only"][0].value)
    shifts = [
        {each.task.method: each.shift for each in mine if each.shift is not None}
        for mine in by_pair
    ]
    shifts.append({name: _mean_shift([each[name] for each in shifts]) for name in shifts[0]})
    sizes = [(len(pair.of_source), len(pair.of_target)) for pair in given.pairs]
    sizes.append((sum(n for n, _ in sizes), sum(n for _, n in sizes)))
    names = [*((pair.source, pair.target) for pair in given.pairs), ("mean", "mean")]
    *pairs, mean = (
        TransferPair(
            *names[i],
            *sizes[i],
            *_intervals(found[i], rules),
            shifts[i],
            p_values[i],
            effect,
            1 - rules.confidence,
            rules.metric.sign,
        )
        for i in range(len(found))
    )
    return pairs, mean


@dataclass(frozen=True)
class Told:
    """A number, and how much it varies."""

    value: float
    spread: Spread


Judged = tuple[Told, Told | None]
"""Score of a method, and its gain over source only, which has none."""


def _draws(given: Given, pair: Pair, outcomes: list[Outcome], rules: Rules) -> dict[str, Draws]:
    """Score each method on the target's rows, and without each of its groups or rows."""
    groups = None if given.groups is None else given.groups[pair.of_target]
    units = units_of(len(pair.of_target), groups)
    lonely = units.max() == 0
    counts = np.ones((1, len(units)), dtype=np.int32) if lonely else without_each(units)
    truth = given.y[pair.of_target]
    found = {
        method: _mean(
            [
                score_draws(rules.metric, truth, each, counts, given.classes, _who(given, method))
                for each in _gathered(outcomes, method)
            ]
        )
        for method in _methods(given, outcomes)
    }
    if lonely:  # without its only group there is nothing
        return {name: Draws(each.value, np.full(1, np.nan)) for name, each in found.items()}
    return found


def _spreads(draws: dict[str, Draws], name: str, rows: int) -> Judged:
    one, base = draws[name], draws["source only"]
    score = Told(one.value, jackknife(one.drawn, rows))
    if name == "source only":
        return score, None
    gain = one.value - base.value
    return score, Told(gain, jackknife(one.drawn - base.drawn, rows, gain=gain))


def _over_pairs(pairs: list[Pair], draws: list[dict[str, Draws]], name: str) -> Judged:
    scores = [each[name] for each in draws]
    told = _mean_told(pairs, scores, gains=False)
    if name == "source only":
        return told, None
    gains = [
        Draws(one.value - base.value, one.drawn - base.drawn)
        for one, base in zip(scores, (each["source only"] for each in draws), strict=True)
    ]
    return told, _mean_told(pairs, gains, gains=True)


def _mean_told(pairs: list[Pair], draws: list[Draws], *, gains: bool) -> Told:
    by_target: dict[str, list[Draws]] = {}
    for pair, each in zip(pairs, draws, strict=True):
        by_target.setdefault(pair.target, []).append(each)
    rows = {pair.target: len(pair.of_target) for pair in pairs}
    values = [each.value for each in draws]
    of_rows = []
    for target, mine in by_target.items():
        mean = _mean(mine)
        spread = jackknife(mean.drawn, rows[target], gain=mean.value if gains else None)
        of_rows.append((len(mine) / len(pairs), spread))
    ends = [(None if pair.source == OTHERS else pair.source, pair.target) for pair in pairs]
    return Told(float(np.mean(values)), spread_of_pairs(values, ends, of_rows))


def _p_values(found: list[dict[str, Judged]]) -> list[dict[str, float]]:
    """Correct the p-values of all gains for their number.

    Half of the level is for the mean over pairs, which is what a report is read for, and half for
    all pairs together.
    """
    whole = len(found) - 1
    asked = [
        (i, name, p_value(gain.value, gain.spread))
        for i, methods in enumerate(found)
        if i < whole or whole > 1
        for name, (_, gain) in methods.items()
        if gain is not None
    ]
    weights = [1.0 if i == whole else 1.0 / whole for i, _, _ in asked]
    adjusted = adjusted_p_values([p for _, _, p in asked], weights) if asked else []
    out: list[dict[str, float]] = [{} for _ in found]
    for (i, name, _), p in zip(asked, adjusted, strict=True):
        out[i][name] = p
    return [*out[:whole], out[whole] if whole > 1 else out[0]]


def _methods(given: Given, outcomes: list[Outcome]) -> list[str]:
    there = {outcome.task.method for outcome in outcomes}
    return [name for name in [*REFERENCES, *given.models] if name in there]


def _who(given: Given, method: str) -> str:
    model, _ = given.models["" if method in REFERENCES else method]
    last = model.steps[-1][1] if isinstance(model, Pipeline) else model
    return f"{last!r} of {method!r}"


def _gathered(outcomes: list[Outcome], method: str) -> list[Answers]:
    """Put the answers of the folds together, one a repeat."""
    found = []
    mine = [outcome for outcome in outcomes if outcome.task.method == method]
    for repeat in sorted({outcome.task.repeat for outcome in mine}):
        folds = [outcome for outcome in mine if outcome.task.repeat == repeat]
        order = np.argsort(np.concatenate([outcome.task.test for outcome in folds]))
        labels = np.concatenate([outcome.answers.labels for outcome in folds])[order]
        parts = [o.answers.probabilities for o in folds if o.answers.probabilities is not None]
        whole = np.concatenate(parts)[order] if len(parts) == len(folds) else None
        found.append(Answers(labels, whole))
    return found


def _mean(draws: list[Draws]) -> Draws:
    return Draws(
        float(np.mean([each.value for each in draws])),
        np.mean([each.drawn for each in draws], axis=0),
    )


def _mean_shift(shifts: list[Shift]) -> Shift:
    return Shift(
        float(np.mean([each.mmd for each in shifts])),
        float(np.mean([each.a_distance for each in shifts])),
    )


def _intervals(
    judged: dict[str, Judged], rules: Rules
) -> tuple[dict[str, Interval], dict[str, Interval]]:
    ends = ends_of(rules.metric)
    scores = {
        name: Interval(
            score.value, *interval_within(score.value, score.spread, ends, rules.confidence)
        )
        for name, (score, _) in judged.items()
    }
    gains = {
        name: Interval(
            gain.value, *interval_of_difference(gain.value, gain.spread, ends, rules.confidence)
        )
        for name, (_, gain) in judged.items()
        if gain is not None
    }
    return scores, gains
