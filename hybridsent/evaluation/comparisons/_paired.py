"""Which of two models is better, told by their answers about the same rows (layer L5).

scikit-learn compares no models. scipy.stats.bootstrap draws rows and not groups, and statsmodels'
and mlxtend's tests of pairs know neither groups nor folds: they take answers of models that learned
from each other's rows for independent ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from hybridsent._numerics.multiple import adjusted_p_values
from hybridsent.evaluation.measures._draws import LEARNED, Draws, drawn_out_of_fold
from hybridsent.evaluation.measures._intervals import (
    Spread,
    interval_of_difference,
    jackknife,
    p_value,
    spread_of_folds,
    units_of,
)
from hybridsent.evaluation.measures._metrics import Metric, ends_of, metrics_of
from hybridsent.evaluation.results._gains import Gain
from hybridsent.evaluation.results._out_of_fold import OutOfFold

__all__ = [
    "Compared",
    "Gain",
    "Side",
    "check_same_rows",
    "compared_in_family",
    "is_fixed",
    "paired_difference",
    "same_folds",
    "units_out_of_fold",
]


CONCORDANCE = 1.25
"""What `LEARNED` is for a difference of concordance: it rewards how far predictions spread, which
models learn, and which all tested rows share. It is Nadeau and Bengio's share for five folds, with
which intervals cover about as often as they say; less where groups differ much, or are five
(benchmarks/compare_coverage.py)."""


def paired_difference(
    metric: str | Metric,
    one: OutOfFold,
    model: str,
    other: OutOfFold,
    other_model: str,
    *,
    folds: tuple[Sequence[float], Sequence[float]] | None = None,
) -> Gain:
    """Tell how much better a model is than another, by their answers about the same rows.

    What varies is a group where groups are told, else a row; a row that was judged by several seeds
    is one. Both scores are computed without each of these in turn, and what that changes in their
    difference tells its interval.

    Parameters
    ----------
    metric : str or Metric
        What is measured.
    one : OutOfFold
        Answers.
    model : str
        Whose answers in it.
    other : OutOfFold
        Answers to compare with; seeds and folds may differ, rows and truth not. It may be the same.
    other_model : str
        Whose answers in that.
    folds : (sequence of float, sequence of float) or None, default=None
        Scores of both in the same folds. They are what is compared where answers are not enough, as
        for a metric of one's own that asks the fitted model.

    Returns
    -------
    Gain
        Score of the first less that of the other, with a 95 % interval and a p-value that is not
        corrected for what else is asked.

    Raises
    ------
    ValueError
        If rows or truth differ, or the metric cannot be computed.
    """
    what = metrics_of(metric)[0] if isinstance(metric, str) else metric
    check_same_rows({"the first": one, "the second": other})
    scores = folds or (None, None)
    sides = [
        Side(drawn_out_of_fold(what, kept, name, units_out_of_fold(kept)), each, kept)
        for kept, name, each in zip((one, other), (model, other_model), scores, strict=True)
    ]
    return _gain(what, (model, other_model), sides[0], sides[1])


class Side(NamedTuple):
    """What is known of how one model scores, by one metric.

    Parameters
    ----------
    draws : Draws or None
        Its score without each unit; None where answers do not tell it.
    folds : sequence of float or None
        Its scores in the folds, which are compared where there are no draws.
    kept : OutOfFold
        The answers that are judged.
    """

    draws: Draws | None
    folds: Sequence[float] | None
    kept: OutOfFold


class Compared(NamedTuple):
    """Two models, and how much better the first one is.

    Parameters
    ----------
    one, other : str
        Their names.
    gain : Gain
        The first less the other; its p-value is corrected for the family.
    p : float
        The p-value of this pair alone.
    """

    one: str
    other: str
    gain: Gain
    p: float


def compared_in_family(
    metric: Metric, family: Sequence[tuple[str, str]], sides: Mapping[str, Side]
) -> list[Compared]:
    """Compare pairs of models by one metric, p-values corrected for all pairs of the family (Holm).

    Parameters
    ----------
    metric : Metric
        What was measured.
    family : sequence of (str, str)
        The pairs that are asked about together: of `evaluate` the first model with each other, of
        `compare` all pairs, or each model with the reference.
    sides : mapping of str to Side
        What is known of each model, on the same rows.

    Returns
    -------
    list of Compared
        One a pair, in their order.

    Raises
    ------
    ValueError
        If neither answers nor folds tell a pair apart.
    """
    gains = [_gain(metric, (one, other), sides[one], sides[other]) for one, other in family]
    p_values = adjusted_p_values([each.p for each in gains], [1.0] * len(gains))
    return [
        Compared(one, other, gain.with_p(p), gain.p)
        for (one, other), gain, p in zip(family, gains, p_values, strict=True)
    ]


def _gain(metric: Metric, names: tuple[str, str], one: Side, other: Side) -> Gain:
    """Compare two models by their scores without each unit; else by those in the same folds."""
    rows = len(np.unique(one.kept.row))
    if one.draws is not None and other.draws is not None:
        learned = 0.0 if is_fixed(one.kept) and is_fixed(other.kept) else LEARNED
        return _gain_of_draws(metric, one.draws, other.draws, rows, learned)
    if one.folds is None or other.folds is None or not same_folds(one.kept, other.kept):
        raise ValueError(
            f"The metric {metric.name!r} cannot be told by the answers of {names[0]!r} and "
            f"{names[1]!r} that were kept: it needs the fitted models, or probabilities where one "
            "of them has none. Choose a metric of predictions."
        )
    differences = np.subtract(one.folds, other.folds)
    spread = spread_of_folds(differences.tolist(), one.kept.ratio, rows)
    return _gain_with(metric, float(differences.mean()), spread)


def _gain_of_draws(metric: Metric, one: Draws, other: Draws, rows: int, learned: float) -> Gain:
    """Compare two scores by what both are without each unit."""
    value = one.value - other.value
    lonely = len(one.drawn) < 2
    more = CONCORDANCE / LEARNED if metric.known == "ccc" else 1.0
    spread = jackknife(one.drawn - other.drawn, rows, learned=more * learned, gain=value)
    return _gain_with(metric, value, Spread(np.nan, np.nan, rows) if lonely else spread)


def _gain_with(metric: Metric, value: float, spread: Spread) -> Gain:
    ends = ends_of(metric)
    low, high = interval_of_difference(value, spread, ends)
    return Gain(value, low, high, p_value(value, spread, ends), metric.sign)


def check_same_rows(kept: dict[str, OutOfFold]) -> None:
    """Refuse answers about different rows.

    Parameters
    ----------
    kept : dict of str to OutOfFold
        Answers, by names for messages.

    Raises
    ------
    ValueError
        If rows, truth or groups differ.
    """
    names = list(kept)
    first = _by_row(kept[names[0]])
    for name in names[1:]:
        _check_pair(names[0], first, name, _by_row(kept[name]))


def _by_row(kept: OutOfFold) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Give rows, their truth and their groups, each row once."""
    rows, first = np.unique(kept.row, return_index=True)
    return rows, kept.truth[first], None if kept.groups is None else kept.groups[first]


def _check_pair(name: str, one: Any, other_name: str, other: Any) -> None:
    (rows, truth, groups), (other_rows, other_truth, other_groups) = one, other
    if not np.array_equal(rows, other_rows):
        alone = np.setxor1d(rows, other_rows)
        shown = ", ".join(map(str, alone[:5].tolist())) + (", …" if len(alone) > 5 else "")
        raise ValueError(
            f"Models are compared on the same rows. Got {len(rows)} rows in {name} and "
            f"{len(other_rows)} in {other_name}, of which {len(alone)} are in one alone (rows "
            f"{shown}). Judge both on one table with the same labels."
        )
    differs = truth.shape != other_truth.shape
    where = np.arange(0) if differs else np.flatnonzero(_unlike(truth, other_truth))
    if differs or len(where):
        at = "of another kind" if differs else f"{len(where)} in all, row {rows[where[0]]} first"
        raise ValueError(
            f"Models are compared on the same labels. Got other labels in {name} than in "
            f"{other_name}, {at}. Judge both with one column of labels."
        )
    if (groups is None) != (other_groups is None) or (
        groups is not None and len(np.unique(groups)) != len(np.unique(other_groups))
    ):
        raise ValueError(
            f"Models are compared with the same groups. Got other groups in {name} than in "
            f"{other_name}. Judge both with the same groups."
        )


def _unlike(truth: np.ndarray, other: np.ndarray) -> np.ndarray:
    unlike = np.asarray(truth != other).reshape(len(truth), -1)
    return np.asarray(unlike.any(axis=1))


def is_fixed(kept: OutOfFold) -> bool:
    """Tell whether one split judged, whose training rows were never others.

    Parameters
    ----------
    kept : OutOfFold
        Answers.

    Returns
    -------
    bool
        Whether there is one fold, of the same rows in each repetition.
    """
    if (kept.fold != 0).any():
        return False
    seeds = len(np.unique(kept.seed))
    return len(kept.row) == seeds * len(np.unique(kept.row))


def same_folds(one: OutOfFold, other: OutOfFold) -> bool:
    """Tell whether the same folds judged.

    Parameters
    ----------
    one, other : OutOfFold
        Answers.

    Returns
    -------
    bool
        Whether each answer of one is of the same row, repetition and fold as that of the other.
    """
    return one is other or all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in ("row", "seed", "fold")
    )


def units_out_of_fold(kept: OutOfFold) -> np.ndarray:
    """Say of which unit each answer is: of its group, or of its row, which seeds share.

    Parameters
    ----------
    kept : OutOfFold
        Answers.

    Returns
    -------
    ndarray of int of shape (m,)
        Numbers from 0 on.
    """
    rows, where, code = np.unique(kept.row, return_index=True, return_inverse=True)
    groups = None if kept.groups is None else kept.groups[where]
    return units_of(len(rows), groups)[code]
