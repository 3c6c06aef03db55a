"""What a fold is, and what a group is: one rule for all that judge or tune (layer L0).

scikit-learn's splitters each know one thing: classes, or groups, or neither; which of them may be
used is for the caller to find out, a class with one row makes them fail, and none knows that a row
may have no label. Here that is decided once, on top of them.

Two laws hold for every fold. Rows of one group (a speaker, a video) are never on both sides. And
nothing is asked of a model that it cannot have learned: a class, or the only group that has it, is
never taken out of training whole.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from sklearn import config_context, get_config
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    StratifiedGroupKFold,
    StratifiedKFold,
    check_cv,
    train_test_split,
)
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state
from sklearn.utils.metadata_routing import get_routing_for_object

from hybridsent._label_sets import label_sets, rarest_labels
from hybridsent._labels import Kind, labeled_rows, one_column, plain_labels
from hybridsent._tags import capabilities_of
from hybridsent.views import GROUP, view_of

__all__ = [
    "Folds",
    "fit_with_groups",
    "groups_for",
    "groups_of",
    "hold_out",
    "inner_folds",
    "is_routed",
    "outer_folds",
    "wants_groups",
]

Folds = list[tuple[np.ndarray, np.ndarray]]
"""Training and test positions of each fold."""

_QUANTILES = 10  # by which whole groups of numbers are stratified
_FEWEST_HELD_OUT = 10  # fewer rows do not tell one epoch from the next


# -- folds that judge ------------------------------------------------------------------------------


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
    >>> from hybridsent._folds import outer_folds
    >>> y = ["a", "b", "a", "b", -1]
    >>> [(train.tolist(), test.tolist()) for train, test in outer_folds(y, 2)]
    [([0, 3, 4], [1, 2]), ([1, 2, 4], [0, 3])]
    """
    labels = rarest_labels(label_sets(y)[0]) if kind == "sets" else one_column(y)
    if known is None:
        known = labeled_rows(y if kind == "sets" else labels, kind or "classes")
    rows = np.flatnonzero(known)
    codes = _group_codes(groups, len(labels))
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
        splits = list(splitter.split(np.zeros(len(labels)), every, groups))
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
        _check_count(n_folds, len(y) if groups is None else _count(groups), groups, name)
        return _counted_numbers(y, n_folds, groups, seed)
    if kind == "sets":
        _check_count(n_folds, len(y) if groups is None else _count(groups), groups, name)
        return _counted_sets(y, n_folds, groups, seed)
    if groups is None:
        splitter = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
        _check_rare(y, n_folds, name)
        return list(splitter.split(np.zeros(len(y)), y))
    n_groups = _count(groups)
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
        return _stratified(codes, n_folds, seed)
    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    splits = list(splitter.split(np.zeros(len(y)), _strata(codes, n_folds), groups))
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
    return _stratified(codes, n_folds, seed)


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


# -- folds that tune -------------------------------------------------------------------------------


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
    codes = _group_codes(groups, len(labels))
    numbers = kind == "numbers"
    if codes is not None and _count(codes) < 2:
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
    n_folds = min(n_folds, len(y) if groups is None else _count(groups))
    if seed is None:
        return _dealt(y, n_folds, groups) if n_folds > 1 else []
    if not numbers and len(y):  # scikit-learn shares out at least one class
        n_folds = min(n_folds, int(np.bincount(y).max()))
    if n_folds < 2:
        return []
    if not numbers and groups is None:
        return _stratified(y, n_folds, seed)
    splitter: Any
    if groups is None:
        splitter = KFold(n_folds, shuffle=True, random_state=seed)
    elif numbers:
        splitter = GroupKFold(n_folds, shuffle=True, random_state=seed)
    else:
        splitter, y = (
            StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed),
            _strata(y, n_folds),
        )
    return list(splitter.split(np.zeros(len(y)), y, groups))


def _stratified(codes: np.ndarray, n_folds: int, seed: Any) -> Folds:
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


def _strata(codes: np.ndarray, n_folds: int) -> np.ndarray:
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
    codes = _group_codes(groups, n)
    classes = values.ndim == 1 and values.dtype.kind in "biu"
    told = values.ndim == 1 and (classes or random_state is None)
    if codes is not None and _count(codes) > 1:
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


# -- groups ----------------------------------------------------------------------------------------


def groups_of(estimator: Any, X: Any, groups: Any = None) -> np.ndarray | None:
    """Give the groups of rows that an estimator is fitted on: those told, else a column of X.

    Parameters
    ----------
    estimator : estimator
        Who is fitted; where X has no names it has remembered them.
    X : array or DataFrame of shape (n, p)
        Features; ``group__0`` holds codes of groups, NaN for a row whose group is not known, which
        is then a group of its own.
    groups : array of shape (n,) or None, default=None
        Groups as `fit` was given them.

    Returns
    -------
    ndarray of int of shape (n,) or None
        Codes; None where nothing tells groups.

    Raises
    ------
    ValueError
        If groups are given that are not one for each row, or missing ones.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent._folds import groups_of
    >>> X = pd.DataFrame({"text__0": [0.1, 0.2, 0.3], "group__0": [7.0, 7.0, None]})
    >>> groups_of(None, X), groups_of(None, X, ["a", "b", "a"])
    (array([0, 0, 1]), array([0, 1, 0]))
    """
    n = X.shape[0] if hasattr(X, "shape") else len(X)
    if groups is not None:
        return _group_codes(groups, n)
    names = getattr(X, "columns", None)
    if names is None:
        names = getattr(estimator, "feature_names_in_", None)
    if names is None or len(names) != np.shape(X)[1]:
        return None
    found = [i for i, name in enumerate(names) if view_of(name) == GROUP]
    if not found:
        return None
    column = X.iloc[:, found[0]] if hasattr(X, "iloc") else X[:, found[0]]
    values = np.asarray(column, dtype=np.float64)
    unknown = np.isnan(values)
    codes = np.empty(n, dtype=int)
    codes[~unknown] = np.unique(values[~unknown], return_inverse=True)[1]
    codes[unknown] = codes[~unknown].max(initial=-1) + 1 + np.arange(unknown.sum())
    return codes


def _group_codes(groups: Any, n: int) -> np.ndarray | None:
    """Codes of groups, in the order of their names where they have one."""
    if groups is None:
        return None
    values = one_column(groups)
    if len(values) != n:
        raise ValueError(
            f"The groups must be one for each row. Got {len(values)} groups for {n} rows."
        )
    listed = values.tolist()
    # NaN is unlike itself
    missing = [i for i, value in enumerate(listed) if value is None or value != value]
    if missing:
        raise ValueError(
            f"Every row must have a group. Got {listed[missing[0]]!r} in row {missing[0]}; drop "
            "such rows, or give each of them a name of its own."
        )
    try:
        return np.asarray(np.unique(values, return_inverse=True)[1])
    except TypeError:  # names of several types have no order: that of their first rows
        number = {value: i for i, value in enumerate(dict.fromkeys(listed))}
        return np.array([number[value] for value in listed])


def _count(codes: np.ndarray) -> int:
    return len(np.unique(codes))


def groups_for(model: Any, groups: Any) -> dict[str, Any]:
    """Give groups as `fit` of a model takes them, to hand them to all that tunes itself inside.

    Parameters
    ----------
    model : estimator
        A pipeline, a search, or any other estimator.
    groups : array of shape (n,) or None
        Groups.

    Returns
    -------
    dict
        What to pass to `fit`: nothing where nobody asks; ``groups`` where scikit-learn's metadata
        routing is on; else parameters by the names of steps, such as ``classify__groups``. Some can
        be reached by routing alone: `fit_with_groups` sees to these, too.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from hybridsent._folds import groups_for
    >>> from hybridsent.heads import KernelClassifier
    >>> groups_for(make_pipeline(StandardScaler(), KernelClassifier()), ["a", "b"])
    {'kernelclassifier__groups': ['a', 'b']}
    """
    if groups is None:
        return {}
    if _is_routing():
        return {"groups": groups} if _consumes(model) else {}
    return dict.fromkeys(_reach(model)[0], groups)


def is_routed(model: Any, groups: Any) -> bool:
    """Tell whether groups reach a model by scikit-learn's metadata routing.

    Parameters
    ----------
    model : estimator
        Any estimator.
    groups : array of shape (n,) or None
        Groups.

    Returns
    -------
    bool
        False where there are none, routing is off, or nothing in the model asks for them.

    Examples
    --------
    >>> from sklearn import config_context
    >>> from hybridsent._folds import is_routed
    >>> from hybridsent.heads import KernelClassifier
    >>> is_routed(KernelClassifier(), ["a", "b"])
    False
    >>> with config_context(enable_metadata_routing=True):
    ...     is_routed(KernelClassifier(), ["a", "b"])
    True
    """
    return groups is not None and _is_routing() and _consumes(model)


def wants_groups(model: Any) -> bool:
    """Tell whether anything in a model keeps groups together when it is fitted.

    Parameters
    ----------
    model : estimator
        Any estimator.

    Returns
    -------
    bool
        True where `fit_with_groups` hands them to somebody.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from hybridsent._folds import wants_groups
    >>> from hybridsent.heads import KernelClassifier
    >>> wants_groups(KernelClassifier()), wants_groups(LogisticRegression())
    (True, False)
    """
    return bool(_reach(model)[0]) or _consumes(model)


def fit_with_groups(model: Any, X: Any, y: Any, groups: Any = None) -> Any:
    """Fit a model, and hand the groups to all in it that tunes itself.

    Where metadata are not routed, they are for this fit if no parameter of `fit` leads to whoever
    wants the groups: a search hands them to its folds alone.

    Parameters
    ----------
    model : estimator
        Any estimator.
    X : DataFrame or array of n rows
        The rows.
    y : array of shape (n,)
        Labels.
    groups : array of shape (n,) or None, default=None
        Groups.

    Returns
    -------
    estimator
        The same one, fitted.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from hybridsent._folds import fit_with_groups
    >>> from hybridsent.heads import TunedLinearClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> search = GridSearchCV(TunedLinearClassifier(), {"cv": [2, 3]}, cv=2)
    >>> fit_with_groups(search, X, y, [i % 10 for i in range(150)]).n_splits_
    2
    """
    if groups is None:
        return model.fit(X, y)
    if is_routed(model, groups):
        return model.fit(X, y, groups=groups)
    names, hidden = _reach(model)
    if hidden and _consumes(model):
        with config_context(enable_metadata_routing=True):
            return model.fit(X, y, groups=groups)
    # where metadata are routed, a parameter of one step could not be told by that step's name
    with config_context(enable_metadata_routing=_is_routing() and not names):
        return model.fit(X, y, **dict.fromkeys(names, groups))


def _is_routing() -> bool:
    return bool(get_config()["enable_metadata_routing"])


def _consumes(model: Any) -> bool:
    """Tell whether a model asks for groups by metadata routing, on or off."""
    with config_context(enable_metadata_routing=True):
        try:
            return bool(get_routing_for_object(model).consumes("fit", ["groups"]))
        except NotImplementedError:  # scikit-learn: this estimator routes nothing
            return False


def _reach(model: Any) -> tuple[list[str], bool]:
    """Name the parameters of `fit` that lead to whoever wants groups, without routing.

    Tells, too, whether somebody wants them to whom none leads.
    """
    if isinstance(model, Pipeline):
        found = [(name, *_reach(step)) for name, step in model.steps]
        names = [f"{name}__{inner}" for name, inners, _ in found for inner in inners]
        return names, any(hidden for _, _, hidden in found)
    if not hasattr(model, "fit"):
        return [], False
    inner = getattr(model, "estimator", None)
    names, hidden = ([], False) if inner is None else _reach(inner)
    if hasattr(model, "cv") and hasattr(model, "refit"):  # a search, of whatever kind
        own = ["groups"] if _splits_by_groups(model.cv) else []
        return own + [name for name in names if name != "groups"], hidden or "groups" in names
    if "groups" in inspect.signature(model.fit).parameters:
        return ["groups"], False
    if capabilities_of(model).hands_on:
        return names, hidden
    return [], hidden or bool(names)


def _splits_by_groups(cv: Any) -> bool:
    """Tell whether a splitter asks for groups; others warn where they are given some."""
    if not hasattr(cv, "get_metadata_routing"):
        return False
    return bool(get_routing_for_object(cv).consumes("split", ["groups"]))
