"""Folds that judge a model: what cannot be judged so is refused (layer L0).

scikit-learn's splitters each know one thing: classes, or groups, or neither; which of them may be
used is for the caller to find out, and none knows that a row may have no label. Here that is
decided once, on top of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    StratifiedGroupKFold,
    StratifiedKFold,
    check_cv,
)
from sklearn.utils import check_random_state

from hybridsent._folds import Folds, merge_rare, stratified_folds
from hybridsent._groups import count_groups, group_codes
from hybridsent._label_sets import label_sets, rarest_labels
from hybridsent._labels import Kind, labeled_rows, one_column, plain_labels

__all__ = ["outer_folds"]


_QUANTILES = 10  # by which whole groups of numbers are stratified


def outer_folds(
    y: Any,
    cv: Any,
    groups: Any = None,
    *,
    random_state: Any = 0,
    kind: Kind | None = None,
    name: str = "cv",
    every_row: bool = False,
    known: np.ndarray | None = None,
) -> Folds:
    """Cut the rows into folds that judge a model: stratified, and with groups kept together.

    Rows without a label are never in a test part. They are in every training part, but for those of
    a group that is tested.

    Parameters
    ----------
    y : array of shape (n,), of sets of labels of any form that `label_sets` takes
        Labels, or numbers of a regression.
    cv : int, splitter or iterable
        Number of folds, or anything scikit-learn takes. With groups and as many folds as groups,
        each group is one fold.
    groups : array of shape (n,) or None, default=None
        Rows of one group (speaker, video, dialogue) are never on both sides.
    random_state : int, default=0
        Seed of the shuffle.
    kind : {"classes", "numbers", "sets", None}, default=None
        What y holds; of numbers each fold has a share of the small, the middle and the large ones,
        and rows with a set of labels are stratified by the label that fewest rows have. None is
        classes.
    name : str, default="cv"
        What `cv` is called where it was given, for messages.
    every_row : bool, default=False
        Whether each labelled row must be in one test part, because its prediction is pooled with
        the others; classes may then have fewer rows than there are folds, and `cv` may be None: one
        test part of all rows, without a training part.
    known : ndarray of bool of shape (n,) or None, default=None
        Which rows have a label, where -1 may be a class; None asks the labels.

    Returns
    -------
    list of (ndarray, ndarray)
        Training and test positions.

    Raises
    ------
    ValueError
        If there are fewer groups or rows of a class than folds, one class only, or a row that is
        tested twice or never though `every_row` asks for it.

    Examples
    --------
    >>> from hybridsent._outer_folds import outer_folds
    >>> y = ["a", "b", "a", "b", -1]
    >>> [(train.tolist(), test.tolist()) for train, test in outer_folds(y, 2)]
    [([0, 3, 4], [1, 2]), ([1, 2, 4], [0, 3])]
    """
    labels = rarest_labels(label_sets(y)[0]) if kind == "sets" else one_column(y)
    if known is None:
        known = labeled_rows(y if kind == "sets" else labels, kind or "classes")
    rows = np.flatnonzero(known)
    codes = group_codes(groups, len(labels))
    if every_row and cv is None:
        return [(np.arange(0), rows)]
    told = plain_labels(labels[rows])
    if not every_row:
        _check_told(told, kind)
    if isinstance(cv, (int, np.integer)):
        inside = None if codes is None else codes[rows]
        if every_row:
            splits = _every_row_once(told, int(cv), inside, random_state, kind)
        else:
            splits = _counted(told, int(cv), inside, random_state, kind, name)
        splits = [(rows[train], rows[test]) for train, test in splits]
    else:
        splitter = check_cv(cv, told, classifier=kind not in ("numbers", "sets"))
        every = _for_splitters(labels, known)
        given = splitter.split(np.zeros(len(labels)), every, groups)
        splits = [(np.asarray(train), np.asarray(test)) for train, test in given]  # or lists
        splits = [(train, test[known[test]]) for train, test in splits]
        splits = [(train, test) for train, test in splits if len(test)]
        if every_row:
            _check_every_row(splits, rows)
    return _with_unlabelled(splits, known, codes)


def _with_unlabelled(splits: Folds, known: np.ndarray, groups: np.ndarray | None) -> Folds:
    """Train on rows without a label, too, but for those of groups that are tested."""
    if known.all():
        return splits
    out = []
    for train, test in splits:
        free = ~known
        if groups is not None:
            free = free & ~np.isin(groups, groups[test])
        out.append((np.union1d(train, np.flatnonzero(free)), test))
    return out


def _counted(
    y: np.ndarray, n_folds: int, groups: np.ndarray | None, seed: Any, kind: Kind | None, name: str
) -> Folds:
    """Folds of a number that is refused where it cannot be had."""
    splitter: Any
    if kind == "numbers":
        _check_count(n_folds, len(y) if groups is None else count_groups(groups), groups, name)
        return _counted_numbers(y, n_folds, groups, seed)
    if kind == "sets":
        _check_count(n_folds, len(y) if groups is None else count_groups(groups), groups, name)
        return _counted_sets(y, n_folds, groups, seed)
    if groups is None:
        splitter = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
        _check_rare(y, n_folds, name)
        return list(splitter.split(np.zeros(len(y)), y))
    n_groups = count_groups(groups)
    _check_count(n_folds, n_groups, groups, name)
    splitter = (
        LeaveOneGroupOut()
        if n_groups == n_folds
        else StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    )
    splits = list(splitter.split(np.zeros(len(y)), y, groups))
    if min(len(test) for _, test in splits) == 0:
        raise ValueError(
            f"The {name} parameter asks for {n_folds} folds, but groups that large leave one of "
            f"them empty. Use fewer folds, or {n_groups} for a fold a group."
        )
    return splits


def _counted_numbers(y: np.ndarray, n_folds: int, groups: np.ndarray | None, seed: Any) -> Folds:
    """Folds that have a share each of the small, the middle and the large numbers.

    scikit-learn stratifies classes alone. Of every `n_folds` numbers that are neighbours in size
    each fold gets one, by chance; whole groups are stratified by ten quantiles, as far as they can.
    """
    random = check_random_state(seed)
    order = np.lexsort((random.permutation(len(y)), y))  # equal numbers in an order of chance
    if groups is None:
        fold = np.empty(len(y), dtype=int)
        for start in range(0, len(y), n_folds):
            rows = order[start : start + n_folds]
            fold[rows] = random.permutation(n_folds)[: len(rows)]
        numbers = range(n_folds)
        return [(np.flatnonzero(fold != one), np.flatnonzero(fold == one)) for one in numbers]
    bins = min(_QUANTILES, len(y) // n_folds)  # so that each has a row for every fold
    code = np.empty(len(y), dtype=int)
    code[order] = np.arange(len(y)) * bins // len(y)
    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=random)
    splits = list(splitter.split(np.zeros(len(y)), code, groups))
    if min(len(test) for _, test in splits) == 0:  # groups that are too large: by their size alone
        splits = list(GroupKFold(n_folds).split(y, y, groups))
    return splits


def _counted_sets(y: np.ndarray, n_folds: int, groups: np.ndarray | None, seed: Any) -> Folds:
    """Folds of rows with sets of labels, stratified by the rarest label that each has.

    A label of fewer rows than folds is absent from some: unlike a class, it is no row's only one.
    """
    codes = np.unique(y, return_inverse=True)[1]
    if np.bincount(codes).max() < n_folds:
        codes = np.zeros_like(codes)
    if groups is None:
        return stratified_folds(codes, n_folds, seed)
    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    splits = list(splitter.split(np.zeros(len(y)), merge_rare(codes, n_folds), groups))
    if min(len(test) for _, test in splits) == 0:  # groups that are too large: by their size alone
        splits = list(GroupKFold(n_folds).split(y, y, groups))
    return splits


def _every_row_once(
    y: np.ndarray, n_folds: int, groups: np.ndarray | None, seed: Any, kind: Kind | None
) -> Folds:
    """Folds of which classes may be absent."""
    n = len(y)
    if n_folds < 2 or n_folds > n:
        raise ValueError(
            f"The cv parameter must be from 2 to the rows of the smallest target, or None. Got "
            f"{n_folds} for {n} rows."
        )
    if groups is not None and kind != "numbers":
        _check_classes(y)
        return _counted(y, n_folds, groups, seed, kind, "cv")
    if groups is not None:
        return list(GroupKFold(n_folds).split(np.zeros(n), y, groups))
    codes = np.unique(y, return_inverse=True)[1]
    if kind == "numbers" or np.bincount(codes).max() < n_folds:
        return list(KFold(n_folds, shuffle=True, random_state=seed).split(np.zeros(n)))
    return stratified_folds(codes, n_folds, seed)


def _check_every_row(splits: Folds, rows: np.ndarray) -> None:
    tested = np.sort(np.concatenate([test for _, test in splits])) if splits else rows[:0]
    if not np.array_equal(tested, rows):
        raise ValueError(
            "The cv parameter must put each row of the target into one test fold. Got "
            f"{len(tested)} test rows for {len(rows)} rows; n_repeats makes the folds again."
        )


def _check_count(n_folds: int, n: int, groups: np.ndarray | None, name: str) -> None:
    if n < n_folds:
        what = "rows" if groups is None else "groups"
        raise ValueError(
            f"The {name} parameter must be at most the number of {what}. Got {n_folds} folds for "
            f"{n} {what}."
        )


def _check_told(y: np.ndarray, kind: Kind | None) -> None:
    """Refuse labels by which nothing can be judged."""
    if kind == "sets":
        return  # two sets that differ may have one rarest label
    if kind != "numbers":
        _check_classes(y)
    elif len(y) == 0 or (y == y[0]).all():
        raise ValueError(
            "The numbers in y must differ: a model that always says the same cannot be told from "
            f"one that knows. Got {np.unique(y).tolist()} in {len(y)} rows."
        )


def _check_classes(y: np.ndarray) -> None:
    if y.dtype.kind == "f" and (y != np.floor(y)).any():
        raise ValueError(
            "The labels must be classes. Got numbers such as "
            f"{float(y[y != np.floor(y)][0])!r}; judge a regressor, such as make_fusion makes with "
            "task='regression', or cut them into classes, for example by "
            "pandas.qcut(y, 3, labels=False)."
        )
    labels = np.unique(y)
    if len(labels) < 2:
        raise ValueError(
            f"The labels must be of at least two classes. Got {labels.tolist()} in {len(y)} rows."
        )


def _check_rare(y: np.ndarray, cv: int, name: str) -> None:
    labels, counts = np.unique(y, return_counts=True)
    if counts.min() < cv:
        rare = labels.tolist()[counts.argmin()]
        raise ValueError(
            f"Every class must have at least {name}={cv} rows. Class {rare!r} has {counts.min()}; "
            "use fewer folds or leave the class out."
        )


def _for_splitters(labels: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Give labels as splitters of scikit-learn read them: not text and -1 side by side."""
    if labels.dtype != object or known.all():
        return labels
    codes = np.full(len(labels), -1)
    codes[known] = np.unique(labels[known], return_inverse=True)[1]
    return codes
