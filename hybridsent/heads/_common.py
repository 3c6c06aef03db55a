"""What the classifiers here share: candidates of the penalty (layer L3)."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite

from hybridsent._folds import groups_of
from hybridsent.views import as_labelled, as_matrix, is_passthrough

__all__ = ["FeaturesAloneMixin", "penalty_grid"]


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
