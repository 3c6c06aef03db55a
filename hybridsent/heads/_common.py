"""What the classifiers here share: labels, the most probable class, candidates (layer L3)."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite
from sklearn.utils.multiclass import check_classification_targets

from hybridsent._folds import groups_of
from hybridsent.views import as_labelled, as_matrix, is_passthrough

__all__ = [
    "FeaturesAloneMixin",
    "MostProbableMixin",
    "class_weights",
    "learn_classes",
    "penalty_grid",
]


class MostProbableMixin:
    """Gives `predict` to a classifier that has `predict_proba` and ``classes_``."""

    def predict(self: Any, X: Any) -> np.ndarray:
        """Most probable class of each row.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features, as `predict_proba` takes them.

        Returns
        -------
        ndarray of shape (n,)
            Labels.
        """
        best = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[best])


class FeaturesAloneMixin:
    """Reads rows for a head that takes all columns as one view, but domain and group as none."""

    _passed_by: tuple[int, ...] = ()  # of models that were saved before there was a choice

    def _learn_features(
        self, X: Any, y: Any, groups: Any, **rules: Any
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Check the rows of `fit`; gives features, labels, and the groups where they are told."""
        allow_nan = rules.pop("allow_nan", True)
        values, y = as_labelled(self, X, y, **rules)
        names = getattr(self, "feature_names_in_", ())
        self._passed_by = tuple(i for i, name in enumerate(names) if is_passthrough(name))
        groups = groups_of(self, values, groups)
        values = self._features_alone(values)
        if not allow_nan:  # of a group it may be, which is then not known
            assert_all_finite(values, estimator_name=type(self).__name__, input_name="X")
        return values, y, groups

    def _read_features(self, X: Any, **rules: Any) -> np.ndarray:
        """Check new rows; gives their features."""
        if not self._passed_by:
            return as_matrix(self, X, reset=False, **rules)
        allow_nan = rules.pop("allow_nan", True)
        values = self._features_alone(as_matrix(self, X, reset=False, **rules))
        if not allow_nan:
            assert_all_finite(values, estimator_name=type(self).__name__, input_name="X")
        return values

    def _features_alone(self, X: np.ndarray) -> np.ndarray:
        """Put zeros, which no model learns from, where a column is no feature."""
        if not self._passed_by:
            return X
        X = X.copy()
        X[:, self._passed_by] = 0
        return X


def learn_classes(head: Any, y: np.ndarray) -> np.ndarray:
    """Set ``classes_``, and give the labels as codes.

    Parameters
    ----------
    head : estimator
        The classifier.
    y : ndarray of shape (n,)
        Labels.

    Returns
    -------
    ndarray of int of shape (n,)
        Position of each label in ``classes_``.

    Raises
    ------
    ValueError
        If y holds no classes, or one.
    """
    check_classification_targets(y)
    head.classes_, codes = np.unique(y, return_inverse=True)
    if len(head.classes_) < 2:
        raise ValueError(
            "This classifier needs samples of at least 2 classes in the data, but the data "
            f"contains only one class: {head.classes_.tolist()[0]!r}"
        )
    return np.asarray(codes)


def class_weights(given: Any, codes: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Weigh classes so that a row of weight k counts as k rows, as LogisticRegression does.

    Parameters
    ----------
    given : {"balanced"}, dict of int to float, or None
        The parameter, with codes for labels.
    codes : ndarray of int of shape (n,)
        Classes of the rows.
    weights : ndarray of shape (n,) or None
        Weights of the rows.

    Returns
    -------
    ndarray of shape (largest code + 1,)
        Weight of each class.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.heads._common import class_weights
    >>> class_weights("balanced", np.array([0, 1, 1]), np.array([4.0, 1.0, 1.0]))
    array([0.75, 1.5 ])
    """
    totals = np.bincount(codes, weights)
    if given is None:
        return np.ones(len(totals))
    if isinstance(given, dict):
        return np.array([float(given.get(code, 1.0)) for code in range(len(totals))])
    there = totals > 0
    even = totals.sum() / (there.sum() * np.where(there, totals, 1.0))
    return np.asarray(np.where(there, even, 1.0))


def penalty_grid(head: Any, values: Iterable[Any]) -> list[float]:
    """Check the candidates of the penalty, ``Cs``.

    Parameters
    ----------
    head : estimator
        Who was given them.
    values : iterable of float
        The candidates.

    Returns
    -------
    list of float
        From strong to weak penalty.

    Raises
    ------
    ValueError
        If there is none, or one is not positive and finite.
    """
    candidates = list(values)
    grid = sorted(float(C) for C in candidates if isinstance(C, Real) and 0 < float(C) < np.inf)
    if not grid or len(grid) != len(candidates):
        raise ValueError(
            f"The 'Cs' parameter of {type(head).__name__} must be a sequence of positive "
            f"numbers. Got {values!r} instead."
        )
    return grid
