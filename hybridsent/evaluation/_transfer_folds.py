"""Folds of a target's rows, and those of them whose labels are known (layer L5).

scikit-learn's train_test_split refuses to draw fewer rows than there are classes, and its draws of
different sizes are not nested.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold, check_cv

from hybridsent._warnings import ignored_warnings
from hybridsent.evaluation._splits import make_splits

__all__ = ["draw_labels", "target_folds"]


def target_folds(
    y: np.ndarray, cv: Any, groups: np.ndarray | None, seed: int, *, regression: bool
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Cut the rows of a target into folds; rare classes may be absent from some.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Labels of the target's rows.
    cv : int, splitter, iterable or None
        Folds; None is one test fold of all rows.
    groups : ndarray of shape (n,) or None
        Groups that are kept together.
    seed : int
        Seed of the shuffle.
    regression : bool
        Whether y holds numbers that are no classes.

    Returns
    -------
    list of (ndarray, ndarray)
        Training and test positions.

    Raises
    ------
    ValueError
        If there are fewer rows or groups than folds, or the test folds are no partition.
    """
    n = len(y)
    if cv is None:
        return [(np.arange(0), np.arange(n))]
    if not isinstance(cv, (int, np.integer)):
        folds = list(check_cv(cv, y, classifier=not regression).split(np.zeros(n), y, groups))
        tested = np.sort(np.concatenate([test for _, test in folds]))
        if not np.array_equal(tested, np.arange(n)):
            raise ValueError(
                "The cv parameter must put each row of the target into one test fold. Got "
                f"{len(tested)} test rows for {n} rows; n_repeats makes the folds again."
            )
        return folds
    if cv < 2 or cv > n:
        raise ValueError(
            f"The cv parameter must be from 2 to the rows of the smallest target, or None. Got "
            f"{cv} for {n} rows."
        )
    if groups is not None and not regression:
        return make_splits(y, int(cv), groups, seed)
    if groups is not None:
        return list(GroupKFold(int(cv)).split(np.zeros(n), y, groups))
    rare = regression or np.unique(y, return_counts=True)[1].max() < cv
    kind: Any = KFold if rare else StratifiedKFold
    with ignored_warnings(UserWarning, "The least populated class"):
        return list(kind(int(cv), shuffle=True, random_state=seed).split(np.zeros(n), y))


def draw_labels(
    y: np.ndarray, n_labels: int, seed: Sequence[int], *, regression: bool
) -> np.ndarray:
    """Draw rows whose labels are known: one of each class first, then in proportion.

    Of the same seed, fewer labels are the first of more.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Labels.
    n_labels : int
        How many rows.
    seed : sequence of int
        Seed.
    regression : bool
        Whether to draw without regard to y.

    Returns
    -------
    ndarray of int of shape (n_labels,)
        Positions, ascending.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.evaluation._transfer_folds import draw_labels
    >>> y = np.array(["a"] * 8 + ["b"] * 4)
    >>> y[draw_labels(y, 6, [0], regression=False)].tolist()
    ['a', 'a', 'a', 'a', 'b', 'b']
    """
    order = np.random.default_rng(seed).permutation(len(y))
    if regression:
        return np.sort(order[:n_labels])
    _, code = np.unique(y[order], return_inverse=True)
    counts = np.bincount(code)
    rank = np.empty(len(y))
    for c, count in enumerate(counts):
        rank[code == c] = np.arange(count)
    share = (rank + 0.5) / counts[code]
    # frequent classes come first where there are fewer labels than classes
    return np.sort(order[np.lexsort((share, rank > 0))][:n_labels])
