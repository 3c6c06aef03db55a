"""What models share that go on from a source: its classes, its columns (layer L3)."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from hybridsent.exceptions import TransferWarning
from hybridsent.transfer._rows import kept_names
from hybridsent.views import DOMAIN

__all__ = ["as_codes", "check_source", "is_fitted", "warn_kept"]


def is_fitted(source: Any) -> bool:
    """Tell whether an estimator is fitted.

    Parameters
    ----------
    source : estimator or None
        Any estimator.

    Returns
    -------
    bool
        False for None.
    """
    if source is None:
        return False
    try:
        check_is_fitted(source)
    except NotFittedError:
        return False
    return True


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
