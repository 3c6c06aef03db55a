"""What all fits of a judgement of transfer share, and the groups of its pairs (layer L5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hybridsent.evaluation.transfer._pairs import Pair, Table

__all__ = ["Given", "kept_apart", "notes_on_groups", "shared_groups"]


@dataclass(frozen=True)
class Given:
    """All that the fits share.

    Parameters
    ----------
    models : mapping of str to (estimator, Table)
        Adapted methods, and under ``""`` the baseline, each with the rows as it reads them.
    y : ndarray of shape (n,)
        Labels.
    classes : ndarray or None
        All labels there are; None for a regression.
    groups : ndarray of shape (n,) or None
        Groups.
    pairs : list of Pair
        Sources and targets.
    n_target_labels : int
        Labels that are drawn; 0 for all of the training folds in references and none in others.
    transductive : bool
        Whether adapted methods see the test rows, without labels.
    """

    models: Mapping[str, tuple[Any, Table]]
    y: np.ndarray
    classes: np.ndarray | None
    groups: np.ndarray | None
    pairs: list[Pair]
    n_target_labels: int
    transductive: bool


def shared_groups(given: Given, pair: Pair) -> np.ndarray:
    """Find groups that are in the source and in the target.

    Parameters
    ----------
    given : Given
        What the fits share.
    pair : Pair
        Source and target.

    Returns
    -------
    ndarray
        Their names.
    """
    if given.groups is None:
        return np.arange(0)
    return np.intersect1d(given.groups[pair.of_source], given.groups[pair.of_target])


def notes_on_groups(given: Given, cv: Any) -> list[str]:
    """Say what groups change in a judgement of transfer.

    Parameters
    ----------
    given : Given
        What the fits share.
    cv : int, splitter, iterable or None
        Folds of each target's rows.

    Returns
    -------
    list of str
        Sentences for the notes of the report.
    """
    if given.groups is None:
        return []
    notes = []
    shared = [(pair, shared_groups(given, pair)) for pair in given.pairs]
    both = np.unique(np.concatenate([groups for _, groups in shared]))
    if len(both):
        told = f"{len(both)} groups are in the source and in the target, such as {both[0]!s}: "
        seen = cv is None and any(
            len(groups) == len(np.unique(given.groups[pair.of_source])) for pair, groups in shared
        )
        notes.append(
            told + "without folds they cannot be kept apart, and scores flatter where they are "
            "all that the source has; cv=5 keeps them apart."
            if seen
            else told + "the source's rows of tested groups were left out of each fit."
        )
    lonely = {p.target for p in given.pairs if len(np.unique(given.groups[p.of_target])) == 1}
    if lonely:
        notes.append(
            f"{len(lonely)} targets are one group, such as {min(lonely)!r}: their folds cut it, "
            "and nothing tells how much groups differ, so that they have no interval and no "
            "verdict; the mean over five targets and more has them."
        )
    return notes


def kept_apart(given: Given, pair: Pair, test: np.ndarray) -> Pair:
    """Leave the source's rows of tested groups out."""
    both = shared_groups(given, pair)
    if given.groups is None or len(both) == 0:
        return pair
    tested = given.groups[pair.of_target[test]]
    kept = pair.of_source[~np.isin(given.groups[pair.of_source], tested)]
    if len(kept) == 0 and len(test) == len(pair.of_target):
        return pair  # without folds they cannot be apart: a note tells it
    if len(kept) == 0:
        raise ValueError(
            f"The source {pair.source!r} must have rows of groups that are not tested with the "
            f"target {pair.target!r}. Got {len(both)} groups that are in both and no other; make "
            "more folds by cv, or leave groups out."
        )
    return replace(pair, of_source=kept)
