"""How truth and predictions are read, and binned by the schemes of papers (layer L5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hybridsent.annotation import bin_scores
from hybridsent.annotation._bins import SCHEMES, Scheme, column_of_numbers

__all__ = [
    "SCHEMES",
    "Scheme",
    "bin_labels",
    "binned",
    "column_of_numbers",
    "labels",
    "two_columns",
]


def bin_labels(y: Any, how: str | Sequence[float], *, names: Sequence[str] | None = None) -> Any:
    """Make classes of continuous labels: `hybridsent.annotation.bin_scores` under its older name.

    Parameters
    ----------
    y : array-like of shape (n,)
        Numbers; NaN is a row without a label.
    how : {"has0", "non0", "acc3", "acc5", "acc7", "sims2", "sims3", "sims5"} or sequence of float
        The scheme of a metric of the same name, or the inner edges, in increasing order; what lies
        on an edge belongs to the class below it.
    names : sequence of str or None, default=None
        Names of the classes, the lowest first; None takes those of the scheme, or names that say
        between which edges they lie.

    Returns
    -------
    ndarray of shape (n,), of objects
        Names of classes. A row without a label, with ``"non0"`` also a row whose label is 0, has
        the mark -1, as everywhere in this package.

    Raises
    ------
    ValueError
        If scheme, edges or names do not fit.

    Examples
    --------
    >>> from hybridsent.evaluation.metrics import bin_labels
    >>> bin_labels([-2.6, 0.5, 0.6], "acc7").tolist()
    ['-3', '0', '1']
    >>> bin_labels([-1.4, 0.0, 2.0], "non0").tolist()
    ['negative', -1, 'positive']
    >>> bin_labels([1, 4, 9], [3, 6]).tolist()
    ['up to 3', 'over 3 up to 6', 'over 6']
    """
    return bin_scores(y, how, names=names)


def two_columns(y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    """Read truth and predictions, in float64.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        Numbers.

    Returns
    -------
    truth, said : ndarray of float64 of shape (n,)
        The same.

    Raises
    ------
    ValueError
        If one holds something else, or the lengths differ.
    """
    truth, said = column_of_numbers("y_true", y_true), column_of_numbers("y_pred", y_pred)
    _check_lengths(truth, said)
    return truth.astype(np.float64), said.astype(np.float64)


def _check_lengths(truth: np.ndarray, said: np.ndarray) -> None:
    if len(truth) != len(said):
        raise ValueError(
            f"y_true and y_pred must have as many rows. Got {len(truth)} and {len(said)}."
        )


def labels(y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    """Read labels of classes.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        Labels.

    Returns
    -------
    truth, said : ndarray of shape (n,)
        The same.

    Raises
    ------
    ValueError
        If one is no column, holds NaN, or the lengths differ.
    """
    truth, said = np.asarray(y_true), np.asarray(y_pred)
    for name, each in (("y_true", truth), ("y_pred", said)):
        if each.ndim != 1 or not len(each):
            raise ValueError(
                f"{name} must be one column of labels with at least one row. Got the shape "
                f"{each.shape}."
            )
        if each.dtype.kind == "f" and np.isnan(each).any():
            raise ValueError(f"{name} must hold labels alone. Got NaN; leave such rows out.")
    _check_lengths(truth, said)
    return truth, said


def binned(scheme: str, y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    """Bin truth and predictions, and leave rows out that the scheme does not count.

    Parameters
    ----------
    scheme : str
        One of `SCHEMES`.
    y_true, y_pred : array-like of shape (n,)
        Numbers.

    Returns
    -------
    truth, said : ndarray of int of shape (m,)
        Numbers of classes.

    Raises
    ------
    ValueError
        If one holds something else than numbers, or no row is left.
    """
    truth, said = column_of_numbers("y_true", y_true), column_of_numbers("y_pred", y_pred)
    _check_lengths(truth, said)
    told = SCHEMES[scheme]
    if told.without_0:
        kept = truth != 0
        if not kept.any():
            raise ValueError(
                f"y_true must hold a number other than 0. Got {len(truth)} rows of 0, and rows of "
                "0 are not counted."
            )
        truth, said = truth[kept], said[kept]
    return told.code(truth), told.code(said)
