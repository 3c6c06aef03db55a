"""Models that query strategies ask (layer L3).

Where the caller hands in neither probabilities nor an estimator, a linear model at one fixed
penalty answers: it is refitted after every label, and a search over penalties would take longer
than all else. Its rows are rotated into the span of the labelled ones, so that a fit on 100 labels
takes milliseconds, whatever the number of columns.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import clone

from hybridsent._groups import fit_with_groups
from hybridsent._labels import one_column, plain_labels, take_rows
from hybridsent._numerics.logistic import LogisticFolds, rotate
from hybridsent._tags import takes_unlabelled
from hybridsent.active._labels_seen import Seen
from hybridsent.active._pool import Pool

__all__ = ["asked", "check_probabilities", "linear_numbers", "linear_probabilities"]

_C = 16.0  # inverse penalty, of rows of mean squared length one
_RIDGE = 0.05  # penalty of numbers, as a share of the mean squared length


def asked(estimator: Any, pool: Pool, y: Any, seen: Seen) -> np.ndarray:
    """Fit the user's estimator on the labelled rows and ask it about all.

    Parameters
    ----------
    estimator : estimator
        Unfitted, or fitted on fewer labels; a copy is fitted.
    pool : Pool
        The rows.
    y : array of shape (n,)
        Labels, with marks.
    seen : Seen
        The same, read.

    Returns
    -------
    ndarray of shape (n, k)
        Probabilities; of sets, of each label.

    Raises
    ------
    ValueError
        If it has no probabilities.
    """
    if not hasattr(estimator, "predict_proba"):
        raise ValueError(
            "The estimator parameter of rank_rows must have predict_proba. Got "
            f"{type(estimator).__name__}, which has none; leave it away, or wrap it in "
            "sklearn.calibration.CalibratedClassifierCV."
        )
    rows = np.arange(len(pool)) if takes_unlabelled(estimator) else np.flatnonzero(seen.known)
    groups = None if pool.groups is None else pool.groups[rows]
    labels = take_rows(y, rows)
    if seen.kind == "classes" and len(rows) < len(pool):
        labels = plain_labels(one_column(labels))
    fitted = fit_with_groups(clone(estimator), take_rows(pool.X, rows), labels, groups)
    told = fitted.predict_proba(pool.X)
    if isinstance(told, list):  # a list of (n, 2), one a label
        told = np.column_stack([each[:, -1] for each in told])
    return np.asarray(told, dtype=np.float64)


def check_probabilities(probabilities: Any, n: int) -> np.ndarray:
    """Read probabilities that the caller has.

    Parameters
    ----------
    probabilities : array of shape (n, k)
        A row of NaN is one that was not judged.
    n : int
        Rows that there are.

    Returns
    -------
    ndarray of shape (n, k)
        The same, in float64.

    Raises
    ------
    ValueError
        If they are no such matrix.
    """
    told = np.asarray(probabilities, dtype=np.float64)
    if told.ndim != 2 or told.shape[0] != n or not told.shape[1]:
        raise ValueError(
            f"The probabilities parameter must be a matrix with a row for each of the {n} rows of "
            f"X and a column for each class. Got one of shape {told.shape}."
        )
    there = told[~np.isnan(told)]
    if there.size and (there.min() < -1e-6 or there.max() > 1 + 1e-6):
        raise ValueError(
            "The probabilities parameter must hold numbers from 0 to 1. Got "
            f"{float(there.min()):g} to {float(there.max()):g}; hand in what predict_proba gives."
        )
    return told


def linear_probabilities(
    values: np.ndarray, seen: Seen, rows: np.ndarray | None = None
) -> np.ndarray:
    """Ask a logistic regression on the labelled rows about all.

    Parameters
    ----------
    values : ndarray of shape (n, q)
        Features without NaN.
    seen : Seen
        Labels.
    rows : ndarray of int or None, default=None
        Which of the labelled rows to learn from, counted among these; None is all.

    Returns
    -------
    ndarray of shape (n, k)
        Probabilities of the classes that were seen; of sets, of each label.
    """
    train = values[seen.known]
    target = seen.target
    if rows is not None:
        train, target = train[rows], target[rows]
    if seen.kind == "sets":
        columns = [
            _logistic(train, values, target[:, j].astype(int), 2)[:, 1]
            for j in range(target.shape[1])
        ]
        return np.column_stack(columns)
    return _logistic(train, values, target, len(seen.classes))


def _logistic(train: np.ndarray, values: np.ndarray, codes: np.ndarray, k: int) -> np.ndarray:
    here, codes = np.unique(codes, return_inverse=True)
    out = np.zeros((len(values), k))
    if len(here) < 2:  # nothing to tell apart
        out[:, here] = 1.0
        return out
    mean = train.mean(axis=0)
    centred = train - mean
    scale = float(np.sqrt(np.mean(np.einsum("ij,ij->i", centred, centred)))) or 1.0
    Z = np.asarray(centred / scale, dtype=np.float64)
    R, back = rotate(Z)
    folds = LogisticFolds(R, codes, len(here), R.T @ R, np.ones((len(R), 1)))
    model = folds.solve(_C, tol=1e-7, max_iter=200)
    coef = back(model.coef.T) / scale
    raw = values @ coef.T.astype(values.dtype)
    raw = raw.astype(np.float64) + (model.intercept - coef @ mean)
    if len(here) == 2:
        high = expit(raw[:, 0])
        out[:, here] = np.column_stack([1 - high, high])
    else:
        out[:, here] = softmax(raw, axis=1)
    return out


def linear_numbers(values: np.ndarray, seen: Seen, rows: np.ndarray | None = None) -> np.ndarray:
    """Ask a ridge regression on the labelled rows about all.

    Parameters
    ----------
    values : ndarray of shape (n, q)
        Features without NaN.
    seen : Seen
        Labels, numbers.
    rows : ndarray of int or None, default=None
        Which of the labelled rows to learn from, counted among these; None is all.

    Returns
    -------
    ndarray of shape (n,)
        Predicted numbers.
    """
    train, target = values[seen.known].astype(np.float64), seen.target
    if rows is not None:
        train, target = train[rows], target[rows]
    mean = train.mean(axis=0)
    Z = train - mean
    gram = Z @ Z.T
    penalty = _RIDGE * max(float(np.trace(gram)), 1e-12)
    dual = np.linalg.solve(gram + penalty * np.eye(len(Z)), target - target.mean())
    coef = Z.T @ dual
    return np.asarray(
        values @ coef.astype(values.dtype) + (target.mean() - mean @ coef), dtype=np.float64
    )
