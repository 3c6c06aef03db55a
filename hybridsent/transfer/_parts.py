"""Labelled rows of the source and of the target, for transfer of models (layer L3).

No library serves: elsewhere the source is a model that the caller has fitted on other rows. Here
the rows of both domains may stand in one table, so that a pipeline can be cross-validated whole.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d, validate_data

from hybridsent._labels import labeled_rows, plain_labels
from hybridsent.exceptions import TransferWarning
from hybridsent.transfer._domain import Rows, kept_names, read_rows
from hybridsent.transfer._targets import labels_of
from hybridsent.views import DOMAIN

__all__ = [
    "Parts",
    "as_codes",
    "check_source",
    "class_labels",
    "numbers",
    "read_parts",
    "warn_kept",
]


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
        Labels from `class_labels`, or values from `numbers`; NaN and -1 mark unlabelled rows.
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
    known = plain_labels(labels[labeled_rows(labels)])
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
