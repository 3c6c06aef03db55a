"""Scores of the rows that have a label (layer L3).

scikit-learn's `score` takes -1 for one more class, which no prediction hits, and NaN for an error.
In a cross-validation over rows of which some have no label it would choose by them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_consistent_length

from hybridsent._labels import labeled_rows, plain_labels, take_rows
from hybridsent._tags import adapting
from hybridsent.transfer._targets import labels_of

__all__ = ["LabeledScoreMixin", "labeled_part"]


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
    >>> from hybridsent.transfer._scores import labeled_part
    >>> labeled_part(BaseEstimator(), [[0.5], [1.5]], ["good", -1])
    ([[0.5]], array(['good'], dtype=object), None)
    """
    check_consistent_length(X, y, sample_weight)
    labels = labels_of(estimator, y)
    known = labeled_rows(labels)
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
