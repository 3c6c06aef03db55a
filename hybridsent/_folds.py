"""Folds by which a model tunes itself: as many as can be made, and none is refused (layer L0).

Two laws hold for every fold, here as in `_outer_folds`. Rows of one group (a speaker, a video) are
never on both sides. And nothing is asked of a model that it cannot have learned: a class, or the
only group that has it, is never taken out of training whole.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    train_test_split,
)
from sklearn.utils import check_random_state

from hybridsent._groups import count_groups, group_codes
from hybridsent._labels import Kind, one_column

__all__ = ["Folds", "hold_out", "inner_folds", "merge_rare", "stratified_folds"]

Folds = list[tuple[np.ndarray, np.ndarray]]
"""Training and test positions of each fold."""

_FEWEST_HELD_OUT = 10  # fewer rows do not tell one epoch from the next


def inner_folds(
    y: Any,
    n_folds: int,
    groups: Any = None,
    *,
    random_state: Any = 0,
    kind: Kind | None = None,
    order: np.ndarray | None = None,
) -> Folds:
    """Cut training rows into folds by which a model tunes itself: as many as can be made.

    Each row is tested at most once. A class that is in one row only, or in one group only, is in
    every training part and in no test part, so that it does not keep the others from being judged.
    Where all rows are of one group no fold can keep it together, and they are folds of rows.

    Parameters
    ----------
    y : array of shape (n,)
        Labels, all known; or numbers.
    n_folds : int
        Most folds; there are fewer where there are fewer groups, or fewer rows of any class.
    groups : array of shape (n,) or None, default=None
        Rows of one group are never on both sides.
    random_state : int, RandomState instance or None, default=0
        Seed of the shuffle; None deals out the rows as they stand, class by class (numbers from
        small to large), so that a fold has a share of each.
    kind : {"classes", "numbers", None}, default=None
        What y holds; numbers are not stratified by a shuffle. None is classes.
    order : ndarray of int of shape (n,) or None, default=None
        The order in which rows are dealt or shuffled, for folds that do not depend on where they
        stand: `hybridsent._numerics.rows.content_order`. None takes them as they stand.

    Returns
    -------
    list of (ndarray, ndarray)
        Training and test positions; empty where no row can be tested.

    Examples
    --------
    >>> from hybridsent._folds import inner_folds
    >>> y = ["a", "a", "a", "b", "b", "c"]
    >>> [(train.tolist(), test.tolist()) for train, test in inner_folds(y, 2, random_state=None)]
    [([1, 3, 5], [0, 2, 4]), ([0, 2, 4, 5], [1, 3])]
    """
    labels = one_column(y)
    codes = group_codes(groups, len(labels))
    numbers = kind == "numbers"
    if codes is not None and count_groups(codes) < 2:
        codes = None
    if not numbers:
        labels = np.unique(labels, return_inverse=True)[1]
    rows = np.arange(len(labels)) if order is None else np.asarray(order)
    inside = None if codes is None else codes[rows]
    splits = _parted(labels[rows], n_folds, inside, random_state, numbers)
    splits = [(np.sort(rows[train]), np.sort(rows[test])) for train, test in splits]
    if numbers:
        return splits
    return _learnable(splits, labels, codes)


def _parted(
    y: np.ndarray, n_folds: int, groups: np.ndarray | None, seed: Any, numbers: bool
) -> Folds:
    """Folds by scikit-learn's splitters, or dealt."""
    n_folds = min(n_folds, len(y) if groups is None else count_groups(groups))
    if seed is None:
        return _dealt(y, n_folds, groups) if n_folds > 1 else []
    if not numbers and len(y):  # scikit-learn shares out at least one class
        n_folds = min(n_folds, int(np.bincount(y).max()))
    if n_folds < 2:
        return []
    if not numbers and groups is None:
        return stratified_folds(y, n_folds, seed)
    splitter: Any
    if groups is None:
        splitter = KFold(n_folds, shuffle=True, random_state=seed)
    elif numbers:
        splitter = GroupKFold(n_folds, shuffle=True, random_state=seed)
    else:
        splitter, y = (
            StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed),
            merge_rare(y, n_folds),
        )
    return list(splitter.split(np.zeros(len(y)), y, groups))


def stratified_folds(codes: np.ndarray, n_folds: int, seed: Any) -> Folds:
    """Folds by scikit-learn's splitter, and of classes that have fewer rows a row in some folds.

    scikit-learn would warn of each such class, and where threads overlap nothing could keep it
    from that. One class at least has a row for each fold.
    """
    rare = np.bincount(codes)[codes] < n_folds
    often = np.flatnonzero(~rare)
    random = check_random_state(seed)
    fold = np.empty(len(codes), dtype=int)
    splitter = StratifiedKFold(n_folds, shuffle=True, random_state=random if rare.any() else seed)
    for number, (_, test) in enumerate(splitter.split(np.zeros(len(often)), codes[often])):
        fold[often[test]] = number
    for code in np.unique(codes[rare]):
        rows = np.flatnonzero(codes == code)
        fold[rows] = random.permutation(n_folds)[: len(rows)]
    return [(np.flatnonzero(fold != one), np.flatnonzero(fold == one)) for one in range(n_folds)]


def merge_rare(codes: np.ndarray, n_folds: int) -> np.ndarray:
    """Take classes of fewer rows than folds for one, or, if these are too few, for the largest."""
    counts = np.bincount(codes)
    rare = counts[codes] < n_folds
    if not rare.any():
        return codes
    stratum = codes[rare][0] if rare.sum() >= n_folds else counts.argmax()
    return np.where(rare, stratum, codes)


def _dealt(y: np.ndarray, n_folds: int, groups: np.ndarray | None) -> Folds:
    """Deal rows out like cards, class by class; whole groups where there are any."""
    order = np.argsort(y, kind="stable")
    hand = np.empty(len(y), dtype=int)
    if groups is None:
        hand[order] = np.arange(len(y)) % n_folds
    else:  # groups in the order of their first row
        met = np.unique(groups[order], return_index=True)
        of_group = np.empty(len(met[0]), dtype=int)
        of_group[np.argsort(met[1], kind="stable")] = np.arange(len(met[0])) % n_folds
        hand = of_group[np.searchsorted(met[0], groups)]
    numbers = range(n_folds)
    return [(np.flatnonzero(hand != one), np.flatnonzero(hand == one)) for one in numbers]


def _learnable(splits: Folds, y: np.ndarray, groups: np.ndarray | None) -> Folds:
    """Put back into training what would take a whole class away; folds without a test row go."""
    out = []
    for train, test in splits:
        for lost in np.setdiff1d(y[test], y[train]):
            if lost in y[train]:  # another class brought it back
                continue
            of_class = test[y[test] == lost]
            back = of_class[:1]
            if groups is not None:  # the smallest group that has the class
                held, sizes = np.unique(groups[test], return_counts=True)
                having = np.isin(held, groups[of_class])
                back = test[groups[test] == held[having][sizes[having].argmin()]]
            train, test = np.union1d(train, back), np.setdiff1d(test, back)
        if len(test):
            out.append((train, test))
    return out


def hold_out(
    y: Any,
    fraction: float,
    groups: Any = None,
    *,
    random_state: Any = 0,
    fewest: int = _FEWEST_HELD_OUT,
) -> tuple[np.ndarray, np.ndarray]:
    """Part training rows: those to learn from, and those that tell when to stop.

    Parameters
    ----------
    y : array of shape (n,)
        Codes of classes, which are held out in proportion; anything else with n rows is not looked
        at. A class that has one row, or is in one group, is learned from.
    fraction : float
        Share of the rows to hold out.
    groups : array of shape (n,) or None, default=None
        Rows of one group stay together; as many groups are held out as come nearest to the share,
        at least one of at least two.
    random_state : int, RandomState instance or None, default=0
        Seed of the draw; None takes rows in even steps of their sorted y, so that a share of each
        class and of each range of numbers is held out.
    fewest : int, default=10
        Rows that must be held out; where the share is less than that, none is.

    Returns
    -------
    kept, held : ndarray of int
        Positions, ascending.

    Examples
    --------
    >>> from hybridsent._folds import hold_out
    >>> kept, held = hold_out([0] * 50 + [1] * 50, 0.2)
    >>> len(kept), len(held)
    (80, 20)
    """
    values = np.asarray(y)
    n = len(values)
    rows = np.arange(n)
    n_held = round(fraction * n)
    if n_held < max(fewest, 1):
        return rows, rows[:0]
    codes = group_codes(groups, n)
    classes = values.ndim == 1 and values.dtype.kind in "biu"
    told = values.ndim == 1 and (classes or random_state is None)
    if codes is not None and count_groups(codes) > 1:
        folds = inner_folds(
            values if told else np.zeros(n),
            max(2, round(1 / fraction)),
            codes,
            random_state=random_state,
            kind="classes" if classes else "numbers",
        )
        if not folds:
            return rows, rows[:0]
        kept, held = min(folds, key=lambda fold: (abs(len(fold[1]) - n_held), len(fold[1])))
        return np.sort(kept), np.sort(held)
    if random_state is None:
        return _in_steps(values, fraction, classes=classes)
    return _drawn(values, n_held, random_state, classes=classes)


def _in_steps(y: np.ndarray, fraction: float, *, classes: bool) -> tuple[np.ndarray, np.ndarray]:
    step = round(1 / fraction)
    held = np.sort(np.argsort(y, kind="stable")[step // 2 :: step])
    kept = np.setdiff1d(np.arange(len(y)), held)
    found = _learnable([(kept, held)], y, None) if classes else [(kept, held)]
    return found[0] if found else (np.arange(len(y)), held[:0])


def _drawn(
    y: np.ndarray, n_held: int, seed: Any, *, classes: bool
) -> tuple[np.ndarray, np.ndarray]:
    rows = np.arange(len(y))
    free, labels = np.ones(len(y), dtype=bool), None
    if classes:
        _, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
        rare = counts[codes] < 2
        if 2 * rare.sum() <= len(y):  # else they number the rows, and are no classes
            free = ~rare
            n_held = min(n_held, int(free.sum()) - 1)
            if (counts > 1).sum() <= min(n_held, free.sum() - n_held):
                labels = codes[free]
    kept, held = train_test_split(rows[free], test_size=n_held, stratify=labels, random_state=seed)
    return np.sort(np.concatenate([kept, rows[~free]])), np.sort(held)
