"""The rows of `fit`: source and target, labelled and unlabelled (layer L3).

No library serves: skada threads ``sample_domain`` beside X through its own pipelines, and adapt
keeps target rows in constructors. Here the domain is a column of the matrix, so that pipelines,
grids and cross-validation need to know nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length

from hybridsent._groups import groups_of
from hybridsent._labeled_score import LabeledScoreMixin, check_given
from hybridsent._labels import Kind, kind_of, label_numbers, labeled_rows, one_column, plain_labels
from hybridsent._minus_one import check_minus_one_is_no_class, warn_of_a_class_minus_one
from hybridsent._params import check_sample_weight
from hybridsent._tags import adapting
from hybridsent.views import DOMAIN, PASSTHROUGH, as_matrix, view_of

__all__ = [
    "AdaptingMixin",
    "Labelled",
    "Rows",
    "kept_names",
    "mark_names",
    "own_weights",
    "read_rows",
]


class Labelled(NamedTuple):
    """Labelled rows of one domain.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Features.
    y : ndarray of shape (n,)
        Their labels: classes, or numbers in float64.
    groups : ndarray of int of shape (n,) or None, default=None
        Codes of their groups, where these are told.
    """

    X: np.ndarray
    y: np.ndarray
    groups: np.ndarray | None = None


@dataclass(frozen=True)
class Rows:
    """A matrix without its marks, and what is known of its rows.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Features, without the columns of domain and group.
    marks : ndarray of shape (n, m)
        The columns of the group, which are no features: a transformer hands them on.
    target : ndarray of bool of shape (n,)
        Which rows are of the target domain.
    labeled : ndarray of bool of shape (n,)
        Which rows have a label; none where there is no y.
    by_column : bool
        Whether a column tells the domains; else the unlabelled rows are the target, and, where no
        label is known, all rows.
    y : ndarray of shape (n,) or None, default=None
        Labels: classes as they were given, -1 or NaN where there is none; or numbers in float64,
        NaN where there is none.
    kind : {"classes", "names", "numbers"}, default="classes"
        What the labels are; ``"names"`` are classes of which -1 is one.
    groups : ndarray of int of shape (n,) or None, default=None
        Codes of the groups of rows of `fit`, where these are told.
    """

    X: np.ndarray
    marks: np.ndarray
    target: np.ndarray
    labeled: np.ndarray
    by_column: bool
    y: np.ndarray | None = None
    kind: Kind = "classes"
    groups: np.ndarray | None = None

    def take(self, order: np.ndarray) -> Rows:
        """Give the rows in another order."""
        names = ("X", "marks", "target", "labeled", "y", "groups")
        there = [name for name in names if getattr(self, name) is not None]
        return replace(self, **{name: getattr(self, name)[order] for name in there})

    def groups_of(self, which: np.ndarray) -> np.ndarray | None:
        """Give the groups of some rows, where these are told."""
        return None if self.groups is None else self.groups[which]

    def labels(self, which: np.ndarray) -> np.ndarray:
        """Give the labels of some rows, all of which have one."""
        labels = np.zeros(len(self.X)) if self.y is None else self.y
        return plain_labels(labels[which])

    def labelled(self, *, target: bool) -> Labelled:
        """Give the labelled rows of one domain."""
        which = self.labeled & (self.target == target)
        return Labelled(self.X[which], self.labels(which), self.groups_of(which))


def read_rows(
    estimator: Any,
    X: Any,
    y: Any = None,
    *,
    fitting: bool = True,
    needs_labels: bool = False,
    all_target: bool = False,
    allow_nan: bool = False,
    groups: Any = None,
) -> Rows:
    """Check X and y, take the marks off, tell source from target and labelled from unlabelled.

    Whether y are classes or numbers says `kind_of`: of numbers NaN alone marks a row without a
    label, of classes -1 does, or NaN among floats.

    Parameters
    ----------
    estimator : estimator
        Remembers, or compares, number and names of the columns (those of X, with the domain).
    X : array or DataFrame of shape (n, p)
        Features, without NaN unless it is allowed; the column ``domain__0``, where there is one, is
        0 for rows of the source and 1 for rows of the target. The column ``group__0`` is no
        feature.
    y : array of shape (n,), default=None
        Labels. Without a domain column, rows without a label are the target.
    fitting : bool, default=True
        Whether the rows are those of `fit`. Of new rows without a domain column, each is target.
    needs_labels : bool, default=False
        Whether y must be there, and a row of it have a label.
    all_target : bool, default=False
        Whether the rows of `fit` are of the target where no column tells: so where the source is a
        fitted model.
    allow_nan : bool, default=False
        Whether features may be NaN, as trees take them.
    groups : array of shape (n,), default=None
        Groups of the rows of `fit`; None takes the column ``group__0``, where there is one.

    Returns
    -------
    Rows
        What was read.

    Raises
    ------
    ValueError
        If X has NaN that is not allowed, a domain is neither 0 nor 1, y holds infinity, or no row
        has the label that is needed; of classes, if one of them is called -1, or y holds none.

    Warns
    -----
    TableWarning
        If rows of the source are unlabelled by -1 beside 0 and 1, which may be a class.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.base import BaseEstimator
    >>> from hybridsent.transfer._rows import read_rows
    >>> X = pd.DataFrame({"text__0": [0.5, 1.5], "domain__0": [0.0, 1.0]})
    >>> rows = read_rows(BaseEstimator(), X, [-1.0, -2.0])
    >>> rows.X.ravel(), rows.target, rows.kind, rows.labeled
    (array([0.5, 1.5]), array([False,  True]), 'numbers', array([ True,  True]))
    """
    values = as_matrix(estimator, X, reset=fitting)
    if fitting:
        estimator._marks = PASSTHROUGH
    names = getattr(estimator, "feature_names_in_", ())
    marks = [i for i, name in enumerate(names) if view_of(name) in _marks(estimator)]
    columns = [i for i in marks if view_of(names[i]) == DOMAIN]
    of_group = groups_of(estimator, values, groups) if fitting else None
    handed_on = values[:, [i for i in marks if i not in columns]]
    domain = _domain(values, names, columns)
    if marks:
        values = np.delete(values, marks, axis=1)
    if values.shape[1] == 0:
        raise ValueError(
            f"{type(estimator).__name__} needs at least 1 feature beside the columns of domain and "
            "group. Got 0 features."
        )
    if not allow_nan:
        _check_finite(estimator, values, names)
    labels, labeled, kind = _read_labels(estimator, y, len(values), needs_labels)
    if fitting and labels is not None and kind == "classes":
        _check_minus_one(estimator, labels, None if domain is None else ~labeled & ~domain)
    target = domain
    if target is None:
        unknown = np.zeros(len(values), dtype=bool) if labels is None else ~labeled
        target = np.ones_like(labeled) if all_target or not fitting else unknown
    return Rows(values, handed_on, target, labeled, domain is not None, labels, kind, of_group)


def _domain(values: np.ndarray, names: Any, columns: list[int]) -> np.ndarray | None:
    """Tell which rows are of the target by the column of domains; None where there is none."""
    if not columns:
        return None
    if len(columns) > 1:
        raise ValueError(
            f"There must be one column of domains, '{DOMAIN}__0'. Got "
            f"{[str(names[i]) for i in columns]}."
        )
    domain = values[:, columns[0]]
    strange = np.flatnonzero(~np.isin(domain, (0, 1)))
    if len(strange):
        raise ValueError(
            f"The column {str(names[columns[0]])!r} must be 0 for rows of the source and 1 for "
            f"rows of the target. Got {domain[strange[0]]} in row {int(strange[0])}."
        )
    return np.asarray(domain == 1)


def _read_labels(
    estimator: Any, y: Any, n: int, needed: bool
) -> tuple[np.ndarray | None, np.ndarray, Kind]:
    """Give the labels, which rows have one, and what they are."""
    if y is None:
        if needed:
            check_given(estimator, y)
        return None, np.zeros(n, dtype=bool), kind_of(estimator)
    labels = one_column(y)
    if len(labels) != n:
        check_consistent_length(np.empty(n), labels)
    kind = kind_of(estimator, labels)
    labeled = labeled_rows(labels, kind)
    if kind == "numbers":
        numbers = np.full(n, np.nan)
        numbers[labeled] = label_numbers(estimator, labels[labeled])
        labels = numbers
        assert_all_finite(labels, allow_nan=True, input_name="y")
    if needed and not labeled.any():
        raise ValueError(
            f"{type(estimator).__name__} needs at least 1 labelled row. Got {n} rows, none of "
            "them with a label in y."
        )
    if needed and kind != "numbers":
        known = plain_labels(labels[labeled])
        assert_all_finite(known, input_name="y")
        check_classification_targets(known)
    return labels, labeled, kind


def _check_minus_one(estimator: Any, labels: np.ndarray, of_source: np.ndarray | None) -> None:
    """Refuse a class called -1, and warn where unlabelled rows of the source speak for one."""
    me = type(estimator).__name__
    check_minus_one_is_no_class(labels, kind="classes", name=f"y of {me}")
    if of_source is not None and of_source.any():
        n = int(of_source.sum())
        why = f"{n} rows of the source have it, where the target is told by a column"
        warn_of_a_class_minus_one(labels, me, why, stacklevel=4)


def kept_names(estimator: Any, *views: str) -> np.ndarray:
    """Names of the columns that are left when those of some views are taken off.

    Parameters
    ----------
    estimator : estimator
        With ``n_features_in_`` and, where columns had names, ``feature_names_in_``.
    *views : str
        Views that are taken off; those that `read_rows` takes off where none is given.

    Returns
    -------
    ndarray of str
        Names; ``x0`` … where columns had none.
    """
    default = [f"x{i}" for i in range(estimator.n_features_in_)]
    names = getattr(estimator, "feature_names_in_", default)
    off = views or _marks(estimator)
    return np.asarray([name for name in names if view_of(name) not in off], dtype=object)


def mark_names(estimator: Any) -> np.ndarray:
    """Names of the columns that a transformer hands on: those of the group.

    Parameters
    ----------
    estimator : estimator
        Who was fitted.

    Returns
    -------
    ndarray of str
        Names, in the order of ``Rows.marks``.
    """
    names = getattr(estimator, "feature_names_in_", ())
    marks = [name for name in names if view_of(name) in _marks(estimator)]
    return np.asarray([name for name in marks if view_of(name) != DOMAIN], dtype=object)


def _marks(estimator: Any) -> tuple[str, ...]:
    """Tell which views are no features; in an estimator saved earlier, the domain alone."""
    return tuple(getattr(estimator, "_marks", (DOMAIN,)))


def _check_finite(estimator: Any, values: np.ndarray, names: Any) -> None:
    # a sum is NaN where any part is: no mask of every cell
    sums = values.sum(axis=0, dtype=np.float64)
    if np.isfinite(sums).all():
        return
    row, column = np.argwhere(np.isnan(values))[0]
    named = [name for name in names if view_of(name) not in _marks(estimator)]
    where = repr(str(named[column])) if len(named) else f"column {column}"
    raise ValueError(
        f"Input X of {type(estimator).__name__} contains NaN: row {row} lacks {where}. Put "
        f"hybridsent.missing.ViewImputer before it."
    )


def own_weights(sample_weight: Any, X: np.ndarray) -> np.ndarray:
    """Check weights that a user gave; without any, all are 1.

    Parameters
    ----------
    sample_weight : array of shape (n,), float or None
        Weights.
    X : ndarray of shape (n, p)
        The rows.

    Returns
    -------
    ndarray of shape (n,)
        Weights.

    Raises
    ------
    ValueError
        If one is negative or no number, all are zero, or there are not n of one dimension.
    """
    weights = check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    if not weights.any():
        raise ValueError(
            f"'sample_weight' must not be zero for all rows. Got {len(weights)} weights of zero."
        )
    return np.asarray(weights)


class AdaptingMixin(LabeledScoreMixin):
    """What learns from rows of two domains: the usual score, and the tag that says so."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]  # of the estimator it is mixed into
        return adapting(tags)
