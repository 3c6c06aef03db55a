"""The usual score, of the rows with a label alone (layer L0).

scikit-learn's `score` takes -1 for one more class, which no prediction hits, and NaN for an error;
here both mark rows without a label.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_consistent_length

from hybridsent._labels import kind_of, labeled_rows, one_column, plain_labels, take_rows

__all__ = ["LabeledScoreMixin", "check_given", "labeled_part"]


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
    >>> from hybridsent._labeled_score import labeled_part
    >>> labeled_part(BaseEstimator(), [[0.5], [1.5]], ["good", -1])
    ([[0.5]], array(['good'], dtype=object), None)
    """
    check_given(estimator, y)
    check_consistent_length(X, y, sample_weight)
    labels = one_column(y)
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


def check_given(estimator: Any, y: Any) -> None:
    """Refuse a call without labels.

    Parameters
    ----------
    estimator : estimator
        Who needs them, for the message.
    y : array or None
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
