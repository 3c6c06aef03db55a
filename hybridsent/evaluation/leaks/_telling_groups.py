"""Columns of names that predict the label, or whose rows folds should keep together (layer L5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from hybridsent.evaluation.leaks._chance import FEWEST, stands_out
from hybridsent.evaluation.leaks._group_columns import codes_of_column, group_columns
from hybridsent.evaluation.leaks._look import Look
from hybridsent.evaluation.leaks._probe import Splits, Truth, counted, ridge
from hybridsent.evaluation.results._findings import Finding

__all__ = ["are_few", "look_for_groups", "shared_groups", "split_groups"]

_MOST_GROUPS = 5  # columns of repeated names that are looked at
_SHARED = 0.5  # share of tested rows whose value is learned from, too
_FALLS = 0.02
_DEALS = 12  # of columns in any other order
_SURE = 3.0  # standard errors of one deal, where the column has the mean of three


def look_for_groups(look: Look) -> Iterator[Finding]:
    """Find columns of names that predict the label, or whose rows folds should keep together."""
    if len(look) < FEWEST:
        return
    but = [*look.own, *look.read]
    for name, codes in split_groups(look.table, but, look.truth, look.splits):
        yield from _of_group(look, name, codes)


def split_groups(
    table: Any, but: Sequence[Any], truth: Truth, splits: Splits
) -> Iterator[tuple[str, np.ndarray]]:
    """Find columns of names whose rows stand on both sides of folds, and that are no labels.

    Parameters
    ----------
    table : DataFrame or array of n rows
        The rows, all with a label.
    but : sequence of object
        Columns that are something else.
    truth : Truth
        What is predicted.
    splits : sequence of (ndarray, ndarray)
        Training and test positions.

    Yields
    ------
    (str, ndarray of int of shape (n,))
        A column, and the value of each row.
    """
    for name in group_columns(table, but)[:_MOST_GROUPS]:
        codes, _ = codes_of_column(table[name])
        if codes is None or shared_groups(codes, splits) <= _SHARED:
            continue
        if _is_no_label(truth, codes, splits):
            yield name, codes


def are_few(codes: np.ndarray, splits: Splits) -> bool:
    """Tell whether a column has too few values for folds that keep each together.

    Parameters
    ----------
    codes : ndarray of int of shape (n,)
        Value of each row.
    splits : sequence of (ndarray, ndarray)
        The folds; one is a split, for which two values are few.

    Returns
    -------
    bool
        Such a column is another label, or where rows come from.
    """
    return int(codes.max(initial=-1)) + 1 < (len(splits) if len(splits) > 1 else 3)


def shared_groups(codes: np.ndarray, splits: Splits) -> float:
    """Tell which share of the test rows has a value that is learned from, too.

    Parameters
    ----------
    codes : ndarray of int of shape (n,)
        Value of each row.
    splits : sequence of (ndarray, ndarray)
        Training and test positions.

    Returns
    -------
    float
        On average over the folds.
    """
    shares = [np.isin(codes[test], codes[train]).mean() for train, test in splits]
    return float(np.mean(shares)) if shares else 0.0


def _is_no_label(truth: Truth, codes: np.ndarray, splits: Splits) -> bool:
    """Tell a name from another word for the label."""
    return truth.kind != "classes" or not (
        codes.max() + 1 <= 2 * truth.columns.shape[1]
        and float(truth.score(counted(codes, truth, splits))) > 0.97
    )


def _of_group(look: Look, name: str, codes: np.ndarray) -> Iterator[Finding]:
    random = np.random.default_rng(look.seed)
    alone = counted(codes, look.truth, look.splits)
    score = look.truth.score(alone)
    tells = stands_out(look, alone, lambda truth: counted(codes, truth, look.splits), random)
    if are_few(codes, look.splits):
        if tells:
            yield _of_few(look, name, int(codes.max()) + 1, score)
        return
    given, kept, falls = _score_apart(look, codes, random)
    if not tells and not falls:
        return
    numbers = {"this column alone": score, "chance": look.truth.chance}
    told = []
    if falls:
        numbers |= {"as given": given, "kept together": kept}
        told.append(
            f"a quick probe of the same features has {look.truth.measure} {given:.2f} with the "
            f"folds as given and {kept:.2f} with folds that keep each {name!r} together"
        )
    if tells:
        told.append(
            f"{name!r} alone, without any feature, has {look.truth.measure} {score:.2f} (chance "
            f"{look.truth.chance:.2f})"
        )
    yield Finding(
        "group column",
        "leak",
        f"Rows of one {name!r} stand on both sides of the folds: {'; '.join(told)}. Judge with "
        f"groups={name!r}.",
        numbers,
    )


def _of_few(look: Look, name: str, values: int, score: float) -> Finding:
    """Tell of a column of a few values, which folds cannot keep together: a label, or a source."""
    folds = f"{len(look.splits)} folds" if len(look.splits) > 1 else "folds"
    return Finding(
        "group column",
        "doubt",
        f"{name!r} alone, without any feature, has {look.truth.measure} {score:.2f} (chance "
        f"{look.truth.chance:.2f}). It has {values} values, too few to be kept together by "
        f"{folds}: if it is another label, nothing is wrong; if it is where the "
        "rows come from, the model may have learned that, and each value should be judged by a "
        f"model that has not seen it (scikit-learn's LeaveOneGroupOut).",
        {"this column alone": score, "chance": look.truth.chance, "values": values},
    )


def _score_apart(
    look: Look, codes: np.ndarray, random: np.random.Generator
) -> tuple[float, float, bool]:
    """Score a probe with folds as given and with folds that keep codes together."""
    X = look.components
    if X is None or codes.max() < 1:
        return float("nan"), float("nan"), False
    n_folds = min(max(2, len(look.splits)), 10, int(codes.max()) + 1)

    def score(of: np.ndarray) -> float:
        return look.truth.score(ridge(X, look.truth, look.apart(of, n_folds, random)))

    given = look.truth.score(ridge(X, look.truth, look.splits))
    kept = float(np.mean([score(codes) for _ in range(3)]))
    null = [score(random.permutation(codes)) for _ in range(3)]
    if np.mean(null) - kept < _FALLS / 2:  # most columns: nothing falls
        return given, kept, False
    null += [score(random.permutation(codes)) for _ in range(_DEALS - 3)]
    fall, error = float(np.mean(null)) - kept, float(np.std(null, ddof=1))
    return given, kept, bool(fall > _FALLS and fall > _SURE * error and given > kept)
