"""A quick look for what flatters scores, such as a column that is the label (layer L5).

Libraries that check data look at features and labels of one matrix. What flatters here stands
beside it: a speaker whom both sides of a fold have, a file sorted by label, a column that is the
label. Scores of a cheap probe, with folds as given and with folds that keep rows together, tell how
much.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from hybridsent.evaluation.leaks._chance import FEWEST, SURE
from hybridsent.evaluation.leaks._group_columns import codes_of_column
from hybridsent.evaluation.leaks._look import Look, look_at
from hybridsent.evaluation.leaks._probe import Splits
from hybridsent.evaluation.leaks._telling_columns import look_beside
from hybridsent.evaluation.leaks._telling_groups import look_for_groups
from hybridsent.evaluation.leaks._twins import look_for_twins
from hybridsent.evaluation.results._findings import Finding, findings_in_order
from hybridsent.evaluation.results._out_of_fold import OutOfFold
from hybridsent.evaluation.rows._columns import feature_columns
from hybridsent.evaluation.rows._labelled import LabeledTable

__all__ = ["find_leaks", "guard"]

_AGREE = 0.1  # correlation of the labels of neighbouring rows from which on it is told
_SORTED = 0.3  # and from which on the table counts as sorted
_PURE = 0.99


def guard(
    estimator: Any,
    table: Any,
    rows: LabeledTable,
    splits: Splits,
    judged: OutOfFold | None = None,
    *,
    named: Sequence[Any] = (),
    random_state: int = 0,
) -> list[Finding]:
    """Look in a moment for what flatters the scores of an evaluation.

    Parameters
    ----------
    estimator : estimator
        Who was judged; its encoders have stored what they read.
    table : DataFrame or array of n rows
        The rows that were judged or learned from, with all columns.
    rows : LabeledTable
        Their labels, as `read_labels` gave them.
    splits : sequence of (ndarray, ndarray)
        Folds by which it was judged.
    judged : OutOfFold or None, default=None
        What was said about the rows.
    named : sequence of object, default=()
        Labels and groups, as the user gave them.
    random_state : int, default=0
        Seed of samples and permutations.

    Returns
    -------
    list of Finding
        Leaks first; empty where nothing stands out.
    """
    look = look_at(estimator, table, rows, splits, named=named, random_state=random_state)
    return find_leaks(look, judged)


def find_leaks(look: Look, judged: OutOfFold | None = None) -> list[Finding]:
    """Find all that flatters.

    Parameters
    ----------
    look : Look
        The rows.
    judged : OutOfFold or None, default=None
        What a model said about the rows.

    Returns
    -------
    list of Finding
        Leaks first.
    """
    found = [
        *look_for_labels(look),
        *look_for_groups(look),
        *look_beside(look),
        *look_at_order(look),
        *look_for_twins(look, judged),
    ]
    if look.sampled_of is not None:
        told = f" (Of {look.sampled_of:,} rows a sample of {len(look):,} was looked at.)"
        found = [replace(each, sentence=each.sentence + told) for each in found]
    return findings_in_order(found)


# -- a column that is the label --------------------------------------------------------------------


def look_for_labels(look: Look) -> Iterator[Finding]:
    """Find columns that hold the label, read or not."""
    if len(look) < FEWEST // 2 or not hasattr(look.table, "columns"):
        return
    features = feature_columns(look.table)
    yield from _features_that_are_labels(look, [name for name in features if name in look.read])
    for name in [name for name in look.columns if name not in set(features)]:
        share = _tells(look, name)
        if share < _PURE:
            continue
        read = name in look.read
        yield Finding(
            "label column",
            "leak" if read else "fact",
            f"The column {name!r} tells the label of {share:.1%} of the rows"
            + (
                ", and the model reads it: what it is judged by must not be among its features."
                if read
                else "; the model does not read it, and should not."
            ),
            {"rows that it tells": share},
        )


def _features_that_are_labels(look: Look, names: list[str]) -> Iterator[Finding]:
    """Find features that correlate with a label by more than 0.999."""
    if not names:
        return
    X = np.asarray(look.table[names].to_numpy(dtype=np.float32, na_value=np.nan))
    X = np.nan_to_num(X - np.nanmean(X, axis=0))
    Y = look.truth.columns - look.truth.columns.mean(axis=0)
    size = np.sqrt((X**2).sum(axis=0))[:, None] * np.sqrt((Y**2).sum(axis=0))
    alike = np.abs(X.T @ Y.astype(np.float32)) / np.maximum(size, 1e-12)
    for j in np.flatnonzero(alike.max(axis=1) > 0.999):
        yield Finding(
            "label column",
            "leak",
            f"The feature {names[j]!r} is the label (their correlation is "
            f"{alike[j].max():.3f}): leave it out.",
            {"correlation": float(alike[j].max())},
        )


def _tells(look: Look, name: Any) -> float:
    """Of how many rows a column tells the label; 0 where it is no plain column, or has no say."""
    codes, is_number = codes_of_column(look.table[name])
    if codes is None or look.truth.kind == "sets":
        return 0.0
    if look.truth.kind == "numbers":
        return _told_number(look, name) if is_number else 0.0
    labels = look.strata
    counts = np.bincount(labels)
    if counts.max() > 0.95 * len(labels):
        return 0.0
    if is_number:
        return min(_purity(codes, labels), _told_by_limits(codes, labels))
    return _purity(codes, labels) if codes.max() + 1 <= len(codes) / 3 else 0.0


def _purity(codes: np.ndarray, labels: np.ndarray) -> float:
    """Of how many rows others with the same value tell the label; of numbers all of one row do."""
    table = np.zeros((codes.max() + 1, labels.max() + 1))
    np.add.at(table, (codes, labels), 1)
    return float(table.max(axis=1).sum() / len(codes))


def _told_number(look: Look, name: Any) -> float:
    values = look.table[name].to_numpy(dtype=np.float64, na_value=np.nan)
    known, y = np.isfinite(values), look.truth.columns[:, 0]
    if known.sum() < 0.9 * len(values) or not values[known].std() or not y[known].std():
        return 0.0
    return float(np.corrcoef(values[known], y[known])[0, 1] ** 2)


def _told_by_limits(codes: np.ndarray, labels: np.ndarray) -> float:
    """Of how many rows limits on a number tell the label, a limit fewer than there are classes."""
    order = np.lexsort((labels, codes))
    changes = int((np.diff(labels[order]) != 0).sum())
    return 1 - max(0, changes - (len(np.unique(labels)) - 1)) / len(labels)


# -- the order of the rows -------------------------------------------------------------------------


def look_at_order(look: Look) -> Iterator[Finding]:
    """Find tables in which a row's neighbours tell its label."""
    if len(look) < FEWEST:
        return
    values = look.truth.columns - look.truth.columns.mean(axis=0)
    total = float((values**2).sum())
    if not total:
        return
    r = float((values[1:] * values[:-1]).sum()) / total
    spread = values.T @ values
    error = np.sqrt((spread**2).sum()) / np.trace(spread) / np.sqrt(len(look))
    if r < max(_AGREE, SURE * float(error)) or _as_its_folder(look):
        return
    yield Finding(
        "row order",
        "doubt" if r >= _SORTED else "fact",
        f"Rows that stand side by side have the same label far more often than by chance (their "
        f"correlation is {r:.2f}, by chance 0 ± {error:.2f}). Folds that are shuffled do not mind; "
        "a column that counts rows, neighbours by row, and folds that are not shuffled do.",
        {"correlation of neighbours": r, "standard error by chance": float(error)},
    )


def _as_its_folder(look: Look) -> bool:
    """Tell whether rows stand by class as folders do, and nothing here minds the order."""
    from hybridsent.datasets._context import contexts_of
    from hybridsent.datasets._folder import stands_by_class

    if not stands_by_class(look.table) or contexts_of(look.table):
        return False
    changes = np.count_nonzero(np.diff(look.strata))
    return changes == len(np.unique(look.strata)) - 1 and not _in_order(look)


def _in_order(look: Look) -> bool:
    """Tell whether folds were cut from the rows as they stand, class by class or all at once."""
    fold = np.full(len(look), -1)
    for number, (_, test) in enumerate(look.splits):
        fold[test] = number
    return all(bool((np.diff(fold[look.strata == each]) >= 0).all()) for each in set(look.strata))
