"""The rows of `fit`: source and target, labelled and unlabelled (layer L3).

No library serves: skada threads ``sample_domain`` beside X through its own pipelines, and adapt
keeps target rows in constructors. Here the domain is a column of the matrix, so that pipelines,
grids and cross-validation need to know nothing of it. scikit-learn's `score` takes -1 for one more
class, which no prediction hits, and NaN for an error; here both mark rows without a label.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, column_or_1d, validate_data

from hybridsent._labels import (
    check_minus_one_is_no_class,
    kind_of,
    labeled_rows,
    one_column,
    plain_labels,
    take_rows,
    warn_of_a_class_minus_one,
)
from hybridsent._params import check_sample_weight
from hybridsent._tags import adapting
from hybridsent.exceptions import TransferWarning
from hybridsent.views import DOMAIN, PASSTHROUGH, as_matrix, view_of

__all__ = [
    "LabeledScoreMixin",
    "Parts",
    "Rows",
    "as_codes",
    "check_source",
    "class_labels",
    "kept_names",
    "labeled_part",
    "labels_of",
    "mark_names",
    "numbers",
    "own_weights",
    "read_learning_rows",
    "read_parts",
    "read_rows",
    "warn_kept",
    "warn_without_target",
]


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
    told : bool
        Whether a column told the domains; else the unlabelled rows are the target, and, where no
        label is known, all rows.
    """

    X: np.ndarray
    marks: np.ndarray
    target: np.ndarray
    labeled: np.ndarray
    told: bool

    def take(self, order: np.ndarray) -> Rows:
        """Give the rows in another order."""
        return Rows(
            self.X[order], self.marks[order], self.target[order], self.labeled[order], self.told
        )


def read_rows(
    estimator: Any,
    X: Any,
    y: Any = None,
    *,
    reset: bool,
    fitting: bool = True,
    allow_nan: bool = False,
) -> Rows:
    """Check X, take its marks off, and tell source from target.

    Parameters
    ----------
    estimator : estimator
        Remembers, or compares, number and names of the columns (those of X, with the domain).
    X : array or DataFrame of shape (n, p)
        Features, without NaN unless it is allowed; the column ``domain__0``, where there is one, is
        0 for rows of the source and 1 for rows of the target. The column ``group__0`` is no
        feature.
    y : array of shape (n,), default=None
        Labels. Without a domain column, rows without a label (`labeled_rows`) are the target.
    reset : bool
        True in `fit`, False later.
    fitting : bool, default=True
        Whether the rows are those of `fit`. Of new rows without a domain column, each is target.
    allow_nan : bool, default=False
        Whether features may be NaN, as trees take them.

    Returns
    -------
    Rows
        What was read.

    Raises
    ------
    ValueError
        If X has NaN that is not allowed, or a domain is neither 0 nor 1.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.base import BaseEstimator
    >>> from hybridsent.transfer._rows import read_rows
    >>> X = pd.DataFrame({"text__0": [0.5, 1.5], "domain__0": [0.0, 1.0]})
    >>> rows = read_rows(BaseEstimator(), X, reset=True)
    >>> rows.X.ravel(), rows.target
    (array([0.5, 1.5]), array([False,  True]))
    """
    values = as_matrix(estimator, X, reset=reset)
    names = getattr(estimator, "feature_names_in_", ())
    columns = [i for i, name in enumerate(names) if view_of(name) == DOMAIN]
    if reset:
        estimator._marks = PASSTHROUGH
    marks = [i for i, name in enumerate(names) if view_of(name) in _marks(estimator)]
    handed_on = values[:, [i for i in marks if i not in columns]]
    domain = values[:, columns[:1]].ravel()
    if marks:
        values = np.delete(values, marks, axis=1)
    if values.shape[1] == 0:
        raise ValueError(
            f"{type(estimator).__name__} needs at least 1 feature beside the columns of domain and "
            "group. Got 0 features."
        )
    if not allow_nan:
        _check_finite(estimator, values, names)
    labeled = np.zeros(len(values), dtype=bool)
    if y is not None:
        check_consistent_length(values, y)
        labeled = labeled_rows(y, kind_of(estimator, y))
        if fitting:
            check_minus_one_is_no_class(
                y, kind=kind_of(estimator, y), name=f"y of {type(estimator).__name__}"
            )
    if not columns:
        unknown = ~labeled if y is not None else np.zeros(len(values), dtype=bool)
        target = unknown if fitting else np.ones(len(values), dtype=bool)
        return Rows(values, handed_on, target, labeled, told=False)
    if len(columns) > 1:
        raise ValueError(
            f"There must be one column of domains, '{DOMAIN}__0'. Got "
            f"{[str(names[i]) for i in columns]}."
        )
    strange = ~np.isin(domain, (0, 1))
    if strange.any():
        row = int(np.flatnonzero(strange)[0])
        raise ValueError(
            f"The column {str(names[columns[0]])!r} must be 0 for rows of the source and 1 for "
            f"rows of the target. Got {domain[row]} in row {row}."
        )
    source = int((~labeled & (domain == 0)).sum())
    if fitting and y is not None and source and kind_of(estimator, y) == "classes":
        why = f"{source} rows of the source have it, where the target is told by a column"
        warn_of_a_class_minus_one(y, type(estimator).__name__, why, stacklevel=3)
    return Rows(values, handed_on, domain == 1, labeled, told=True)


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


def warn_without_target(estimator: Any, rows: Rows) -> None:
    """Warn where `fit` saw no row of one of the domains: nothing is adapted then.

    Parameters
    ----------
    estimator : estimator
        Who was fitted.
    rows : Rows
        What it saw.
    """
    if rows.target.any() and not rows.target.all():
        return
    which = "source" if rows.target.any() else "target"
    if rows.told:
        way = (
            f"the column '{DOMAIN}__0' is {int(rows.target.any())} in each of {len(rows.target)} "
            "rows. Where a column of names is read, see that target_domain is one of them, as it "
            "is written there."
        )
    else:
        way = (
            f"give a column '{DOMAIN}__0' (0 source, 1 target), or the label -1 to unlabelled rows "
            "of the target."
        )
    warnings.warn(
        f"{type(estimator).__name__} saw no row of the {which} domain, so there is nothing to "
        f"adapt to: {way}",
        TransferWarning,
        stacklevel=3,
    )


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


def read_learning_rows(estimator: Any, X: Any, y: Any = None) -> Rows:
    """Read the rows of `fit`, of which one must have a label where y is floats.

    Parameters
    ----------
    estimator : estimator
        Remembers number and names of the columns.
    X : array or DataFrame of shape (n, p)
        Features.
    y : array of shape (n,), default=None
        Labels.

    Returns
    -------
    Rows
        What was read.

    Raises
    ------
    ValueError
        If y holds infinity, or nothing but NaN.

    Examples
    --------
    >>> from sklearn.base import BaseEstimator
    >>> from hybridsent.transfer._rows import read_learning_rows
    >>> rows = read_learning_rows(BaseEstimator(), [[1.0], [2.0]], [0.5, float("nan")])
    >>> rows.labeled, rows.target
    (array([ True, False]), array([False,  True]))
    """
    values = None if y is None else np.asarray(y)
    if values is None or values.dtype.kind != "f":
        return read_rows(estimator, X, y, reset=True)
    values = column_or_1d(values, warn=True)
    if np.isinf(values).any():
        raise ValueError(
            "Input y contains infinity. It must hold numbers, or NaN for rows without a label. Got "
            f"{values[np.isinf(values)][0]} in row {int(np.flatnonzero(np.isinf(values))[0])}."
        )
    if len(values) and np.isnan(values).all():
        raise ValueError(
            f"Input y contains NaN in each of its {len(values)} rows: at least 1 must have a label."
        )
    return read_rows(estimator, X, values, reset=True)


def labels_of(estimator: Any, y: Any) -> np.ndarray:
    """Take labels as an array of one dimension, text and the number -1 side by side.

    Parameters
    ----------
    estimator : estimator
        Who needs them, for the message.
    y : array of shape (n,)
        Labels.

    Returns
    -------
    ndarray of shape (n,)
        Labels.

    Raises
    ------
    ValueError
        If there are none.
    """
    if y is None:
        raise ValueError(
            f"This {type(estimator).__name__} estimator requires y to be passed, but the target y "
            "is None."
        )
    return one_column(y)


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


@dataclass(frozen=True)
class Parts:
    """Rows of a fit of which the label is known.

    Parameters
    ----------
    X_source : ndarray of shape (n_source, p)
        Features of the labelled rows of the source.
    y_source : ndarray of shape (n_source,)
        Their labels.
    X_target : ndarray of shape (n_target, p)
        Features of the labelled rows of the target.
    y_target : ndarray of shape (n_target,)
        Their labels.
    """

    X_source: np.ndarray
    y_source: np.ndarray
    X_target: np.ndarray
    y_target: np.ndarray


def read_parts(
    estimator: Any, X: Any, y: np.ndarray, *, all_target: bool, allow_nan: bool = False
) -> Parts:
    """Check X and take the labelled rows of both domains.

    Parameters
    ----------
    estimator : estimator
        As in `read_rows`.
    X : array or DataFrame of shape (n, p)
        Features.
    y : ndarray of shape (n,)
        Labels from `class_labels`, or values from `numbers`; NaN, and -1 of classes, mark
        unlabelled rows.
    all_target : bool
        Whether labelled rows are of the target where no column tells: so where the source is a
        fitted model. Else they are of the source.
    allow_nan : bool, default=False
        Whether X may have NaN.

    Returns
    -------
    Parts
        The labelled rows.

    Raises
    ------
    ValueError
        If no row has a label.
    """
    rows: Rows = read_rows(estimator, X, y, reset=True, allow_nan=allow_nan)
    if not rows.labeled.any():
        raise ValueError(
            f"{type(estimator).__name__} needs at least 1 labelled row. Got {len(y)} rows, none "
            "of them with a label."
        )
    target = rows.target if rows.told else np.full(len(y), all_target)
    of_source, of_target = rows.labeled & ~target, rows.labeled & target
    return Parts(
        rows.X[of_source], plain_labels(y[of_source]), rows.X[of_target], plain_labels(y[of_target])
    )


def class_labels(estimator: Any, y: Any) -> np.ndarray:
    """Check y as labels of classes, with -1, or NaN among floats, for rows without one.

    Parameters
    ----------
    estimator : estimator
        Who asks.
    y : array of shape (n,)
        Labels.

    Returns
    -------
    ndarray of shape (n,)
        The same; dtype object where strings and -1 stand together.

    Raises
    ------
    ValueError
        If y is None, or holds no classes.
    """
    labels = labels_of(estimator, y)
    known = plain_labels(labels[labeled_rows(labels, "classes")])
    if len(known):
        check_classification_targets(validate_data(estimator, y=known))
    return labels


def numbers(estimator: Any, y: Any) -> np.ndarray:
    """Check y as values of a regression, with NaN for rows without one.

    Parameters
    ----------
    estimator : estimator
        Who asks.
    y : array of shape (n,)
        Values.

    Returns
    -------
    ndarray of shape (n,), float64
        The same.

    Raises
    ------
    ValueError
        If y is None, or holds an infinite value.
    """
    if y is None:
        raise ValueError(
            f"This {type(estimator).__name__} estimator requires y to be passed, but the target y "
            "is None."
        )
    values = np.asarray(column_or_1d(y, warn=True), dtype=np.float64)
    assert_all_finite(values, allow_nan=True, input_name="y")
    return values


def as_codes(
    estimator: Any, source: np.ndarray, target: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give codes to the classes of both domains together.

    Parameters
    ----------
    estimator : estimator
        Who asks.
    source, target : ndarray of shape (n_source,) and (n_target,)
        Labels of each domain, or the classes of a source model.

    Returns
    -------
    classes : ndarray of shape (n_classes,)
        All labels, sorted.
    source_codes, target_codes : ndarray of int of shape (n_source,) and (n_target,)
        Position of each label in the classes.

    Raises
    ------
    ValueError
        If labels are text in one domain and numbers in the other, or there is one class in all.
    """
    if len(source) and len(target) and _is_text(source) != _is_text(target):
        raise ValueError(
            f"The labels of source and target must both be text or both be numbers. Got "
            f"{source.tolist()[0]!r} in the source and {target.tolist()[0]!r} in the target."
        )
    parts = [part for part in (source, target) if len(part)]
    classes = np.unique(np.concatenate(parts))
    if len(classes) < 2:
        raise ValueError(
            f"{type(estimator).__name__} needs samples of at least 2 classes in the data, but the "
            f"data contains only one class: {classes.tolist()[0]!r}"
        )
    return classes, np.searchsorted(classes, source), np.searchsorted(classes, target)


def check_source(estimator: Any, source: Any, width: int) -> None:
    """Compare the columns of a fitted source model with those of `fit`.

    Parameters
    ----------
    estimator : estimator
        Whose `source` it is; it has seen the columns.
    source : estimator
        The fitted model.
    width : int
        Columns that the model takes.

    Raises
    ------
    ValueError
        If number or names differ.
    """
    names = kept_names(estimator)
    me = type(estimator).__name__
    if width != len(names):
        raise ValueError(
            f"The 'source' of {me} must take the same columns as fit (without the domain): "
            f"{len(names)}. Got a {type(source).__name__} of {width}."
        )
    theirs = getattr(source, "feature_names_in_", None)
    if theirs is None or not hasattr(estimator, "feature_names_in_"):
        return
    differs = np.flatnonzero(np.asarray(theirs) != names)
    if len(differs):
        i = int(differs[0])
        raise ValueError(
            f"The 'source' of {me} must have been fitted on the columns of fit, in their order. "
            f"Got {str(theirs[i])!r} instead of {str(names[i])!r} in column {i}."
        )


def warn_kept(estimator: Any, what: str) -> None:
    """Warn that the rows of one domain are missing, so that nothing was transferred.

    Parameters
    ----------
    estimator : estimator
        Who was fitted.
    what : {"target", "source"}
        The domain without labelled rows.
    """
    done = "predicts as its source model" if what == "target" else "learned from the target alone"
    way = " or a fitted 'source' model" if hasattr(estimator, "source") else ""
    warnings.warn(
        f"{type(estimator).__name__} saw no labelled row of the {what} domain, so it {done}. Give "
        f"a column '{DOMAIN}__0' (0 source, 1 target) with labels in both domains{way}.",
        TransferWarning,
        stacklevel=3,
    )


def _is_text(labels: np.ndarray) -> bool:
    return labels.dtype.kind not in "iufb"


class LabeledScoreMixin:
    """The usual score, of the labelled rows; it stands before scikit-learn's mixin."""

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Score of the rows with a label: for classifiers the accuracy, for regressors R².

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            The rows, with the columns of `fit`.
        y : array of shape (n,)
            Labels; rows without one are left out, as in `fit`.
        sample_weight : array of shape (n,), default=None
            Weights of the rows in the score.

        Returns
        -------
        float
            Score.
        """
        X, y, sample_weight = labeled_part(self, X, y, sample_weight)
        return float(super().score(X, y, sample_weight=sample_weight))  # type: ignore[misc]  # of scikit-learn's mixin

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]  # of the estimator it is mixed into
        return adapting(tags)


def labeled_part(
    estimator: Any, X: Any, y: Any, sample_weight: Any = None
) -> tuple[Any, np.ndarray, Any]:
    """Take the rows with a label.

    Parameters
    ----------
    estimator : estimator
        Who scores, for the message.
    X : array, DataFrame or list of n rows
        The rows.
    y : array of shape (n,)
        Labels.
    sample_weight : array of shape (n,), default=None
        Weights.

    Returns
    -------
    X : array, DataFrame or list
        The labelled rows; X itself where all are.
    y : ndarray of shape (n_labeled,)
        Their labels.
    sample_weight : array of shape (n_labeled,) or None
        Their weights.

    Raises
    ------
    ValueError
        If no row has a label, or numbers of rows differ.

    Examples
    --------
    >>> from sklearn.base import BaseEstimator
    >>> from hybridsent.transfer._rows import labeled_part
    >>> labeled_part(BaseEstimator(), [[0.5], [1.5]], ["good", -1])
    ([[0.5]], array(['good'], dtype=object), None)
    """
    check_consistent_length(X, y, sample_weight)
    labels = labels_of(estimator, y)
    known = labeled_rows(labels, kind_of(estimator, labels))
    if not known.any():
        raise ValueError(
            f"{type(estimator).__name__}.score needs at least 1 labelled row. Got {len(known)} "
            "rows, none of them with a label in y."
        )
    if not known.all():
        rows = np.flatnonzero(known)
        X, labels = take_rows(X, rows), labels[rows]
        sample_weight = None if sample_weight is None else take_rows(sample_weight, rows)
    return X, plain_labels(labels), sample_weight
