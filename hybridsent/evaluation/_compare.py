"""Which of two models is better, told by their answers about the same rows (layer L5).

scikit-learn compares no models. scipy.stats.bootstrap draws rows and not groups, and statsmodels'
and mlxtend's tests of pairs know neither groups nor folds: they take answers of models that learned
from each other's rows for independent ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hybridsent.evaluation._draws import LEARNED, Draws, drawn_out_of_fold
from hybridsent.evaluation._gains import Gain
from hybridsent.evaluation._intervals import (
    Spread,
    interval_of_difference,
    jackknife,
    p_value,
    spread_of_folds,
    units_of,
)
from hybridsent.evaluation._metrics import Metric, ends_of, metrics_of
from hybridsent.evaluation._out_of_fold import OutOfFold

__all__ = [
    "Gain",
    "check_same_rows",
    "gain_of_draws",
    "gain_of_folds",
    "is_fixed",
    "paired_difference",
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
    a = drawn_out_of_fold(what, one, model, units_out_of_fold(one))
    b = drawn_out_of_fold(what, other, other_model, units_out_of_fold(other))
    n = len(np.unique(one.row))
    if a is not None and b is not None:
        fixed = is_fixed(one) and is_fixed(other)
        return gain_of_draws(what, a, b, n, 0.0 if fixed else LEARNED)
    if folds is None:
        raise ValueError(
            f"The metric {what.name!r} cannot be told by the answers of {model!r} and "
            f"{other_model!r} that were kept: it needs the fitted models, or probabilities where "
            "one of them has none. Choose a metric of predictions."
        )
    return gain_of_folds(what, folds, (one.ratio + other.ratio) / 2, n)


def gain_of_folds(
    metric: Metric, folds: tuple[Sequence[float], Sequence[float]], ratio: float, rows: int
) -> Gain:
    """Tell how much better one model is than another, by their scores in the same folds.

    Parameters
    ----------
    metric : Metric
        What is measured.
    folds : (sequence of float, sequence of float)
        Scores of both, fold by fold.
    ratio : float
        Test rows over training rows, on average.
    rows : int
        Rows that were scored.

    Returns
    -------
    Gain
        The first less the other, by Nadeau and Bengio's corrected t.
    """
    differences = np.subtract(*map(np.asarray, folds))
    spread = spread_of_folds(differences.tolist(), ratio, rows)
    return _gain(metric, float(differences.mean()), spread)


def gain_of_draws(
    metric: Metric, one: Draws, other: Draws, rows: int, learned: float = LEARNED
) -> Gain:
    """Tell how much better one score is than another, by what both are without each unit.

    Parameters
    ----------
    metric : Metric
        What is measured.
    one, other : Draws
        Scores without the same units.
    rows : int
        Rows that they are made of.
    learned : float, default=LEARNED
        Variance that comes from the rows that were learned from, beside that of the tested ones; of
        concordance about three times as much (`CONCORDANCE`).

    Returns
    -------
    Gain
        The first less the other.
    """
    value = one.value - other.value
    lonely = len(one.drawn) < 2
    more = CONCORDANCE / LEARNED if metric.known == "ccc" else 1.0
    spread = jackknife(one.drawn - other.drawn, rows, learned=more * learned, gain=value)
    return _gain(metric, value, Spread(np.nan, np.nan, rows) if lonely else spread)


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
        Whether there is one fold.
    """
    return bool((kept.fold == 0).all())


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


def _gain(metric: Metric, value: float, spread: Spread) -> Gain:
    ends = ends_of(metric)
    low, high = interval_of_difference(value, spread, ends)
    return Gain(value, low, high, p_value(value, spread, ends), metric.sign)
