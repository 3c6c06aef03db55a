"""What a model says about training rows by fits that had not seen them (layer L3).

scikit-learn's cross_val_predict hands groups to the folds alone, and not to what tunes itself
inside; and it tests rows without a label.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import assert_all_finite, check_consistent_length

from hybridsent._folds import inner_folds
from hybridsent._groups import fit_with_groups
from hybridsent._labels import Kind, every_label, one_column, take_rows
from hybridsent._tags import takes_unlabelled

__all__ = ["answers_out_of_fold", "rows_of_inner"]


def rows_of_inner(head: Any, X: Any, y: Any) -> tuple[Any, np.ndarray]:
    """Check the rows of `fit` for the estimator that a head is around.

    Parameters
    ----------
    head : estimator
        With the parameter `estimator`, which says whether rows may lack a label.
    X : array, DataFrame or list of n rows
        The rows.
    y : array of shape (n,)
        Labels, or numbers.

    Returns
    -------
    X : array, DataFrame or list
        The rows, as the inner estimator takes them.
    y : ndarray of shape (n,)
        The labels.

    Raises
    ------
    ValueError
        If there is no row, one lacks a label that must have one, or numbers of rows differ.
    """
    partly = takes_unlabelled(head.estimator)
    y = one_column(y) if partly else every_label(y)
    if y.dtype.kind == "f":
        assert_all_finite(y, allow_nan=partly, input_name="y")
    X = X if hasattr(X, "__len__") or hasattr(X, "shape") else np.asarray(X)
    check_consistent_length(X, y)
    if not len(y):
        raise ValueError(f"{type(head).__name__} must be fitted on rows. Got 0 sample(s).")
    return X, y


def answers_out_of_fold(
    estimator: Any,
    X: Any,
    y: np.ndarray,
    known: np.ndarray,
    groups: np.ndarray | None,
    ask: Callable[[Any, Any], np.ndarray],
    *,
    cv: int,
    random_state: Any,
    kind: Kind | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Fit a model in inner folds, and ask each fit about its test rows.

    Parameters
    ----------
    estimator : estimator
        Cloned for each fold.
    X : DataFrame or array of n rows
        The rows.
    y : ndarray of shape (n,)
        Labels.
    known : ndarray of bool of shape (n,)
        Which rows have a label; the others stand in every training part.
    groups : ndarray of shape (n,) or None
        Rows of one group are never on both sides.
    ask : callable
        Given the fitted model and its test rows, gives an array with a row for each.
    cv : int
        Folds, at most.
    random_state : int, RandomState instance or None
        Seed of the folds.
    kind : {"classes", "names", "numbers"} or None, default=None
        What the labels are, for `inner_folds`.

    Returns
    -------
    answers : ndarray of m rows
        What was said.
    rows : ndarray of int of shape (m,)
        Positions of these rows; none where no fold can be made.
    """
    rows = np.flatnonzero(known)
    of_rows = None if groups is None else groups[rows]
    folds = inner_folds(y[rows], cv, of_rows, random_state=random_state, kind=kind)
    loose = np.flatnonzero(~known)
    said, at = [], []
    for train, test in folds:
        here = np.sort(np.concatenate([rows[train], loose]))
        its = None if groups is None else groups[here]
        fitted = fit_with_groups(clone(estimator), take_rows(X, here), y[here], its)
        said.append(ask(fitted, take_rows(X, rows[test])))
        at.append(rows[test])
    if not said:
        return np.empty((0, 0)), np.empty(0, dtype=int)
    return np.concatenate(said), np.concatenate(at)
