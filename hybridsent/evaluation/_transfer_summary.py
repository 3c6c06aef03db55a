"""Scores, gains and shifts of a judgement of transfer, from the answers of its fits (layer L5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.pipeline import Pipeline

from hybridsent.evaluation._metrics import Metric
from hybridsent.evaluation._resampled import Answers, Draws, draw_rows, interval_of, score_draws
from hybridsent.evaluation._transfer_inputs import Pair
from hybridsent.evaluation._transfer_result import REFERENCES, Interval, Shift, TransferPair
from hybridsent.evaluation._transfer_runs import Given, Outcome

__all__ = ["Bootstrap", "summarise_pairs"]


@dataclass(frozen=True)
class Bootstrap:
    """How answers become scores with intervals.

    Parameters
    ----------
    metric : Metric
        What is measured.
    n_draws : int
        Draws of the rows of a target.
    confidence : float
        Of the intervals.
    seed : int
        Seed.
    """

    metric: Metric
    n_draws: int
    confidence: float
    seed: int


def summarise_pairs(
    given: Given, outcomes: list[Outcome], how: Bootstrap
) -> tuple[list[TransferPair], TransferPair]:
    """Score each pair, and the mean over pairs.

    Parameters
    ----------
    given : Given
        What the fits shared.
    outcomes : list of Outcome
        What they gave.
    how : Bootstrap
        Metric and draws.

    Returns
    -------
    pairs : list of TransferPair
        In the order of the pairs given.
    mean : TransferPair
        The mean over them.
    """
    pairs, all_draws = [], []
    for p, pair in enumerate(given.pairs):
        mine = [outcome for outcome in outcomes if outcome.task.pair == p]
        draws = _draws(given, pair, mine, how)
        shifts = {each.task.method: each.shift for each in mine if each.shift is not None}
        sizes = len(pair.of_source), len(pair.of_target)
        intervals = _intervals(draws, how.confidence)
        pairs.append(TransferPair(pair.source, pair.target, *sizes, *intervals, shifts))
        all_draws.append(draws)
    means = {name: _mean([draws[name] for draws in all_draws]) for name in all_draws[0]}
    sizes = sum(pair.n_source for pair in pairs), sum(pair.n_target for pair in pairs)
    shifts = {name: _mean_shift([pair.shifts[name] for pair in pairs]) for name in pairs[0].shifts}
    intervals = _intervals(means, how.confidence)
    return pairs, TransferPair("mean", "mean", *sizes, *intervals, shifts)


def _draws(given: Given, pair: Pair, outcomes: list[Outcome], how: Bootstrap) -> dict[str, Draws]:
    groups = None if given.groups is None else given.groups[pair.of_target]
    # a target has the same draws in each of its pairs
    counts = draw_rows(len(pair.of_target), groups, how.n_draws, [how.seed, pair.code])
    truth = given.y[pair.of_target]
    return {
        method: _mean(
            [
                score_draws(how.metric, truth, answers, counts, given.classes, _who(given, method))
                for answers in _gathered(outcomes, method)
            ]
        )
        for method in _methods(given, outcomes)
    }


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
    draws: dict[str, Draws], confidence: float
) -> tuple[dict[str, Interval], dict[str, Interval]]:
    base = draws["source only"]
    scores = {
        name: Interval(each.value, *interval_of(each.drawn, confidence))
        for name, each in draws.items()
    }
    gains = {
        name: Interval(each.value - base.value, *interval_of(each.drawn - base.drawn, confidence))
        for name, each in draws.items()
        if name != "source only"
    }
    return scores, gains
