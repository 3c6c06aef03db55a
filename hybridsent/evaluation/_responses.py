"""Predictions that are computed once and scored many times (layer L5).

scikit-learn's multi-metric scorer does this, too, but is private and gives the predictions to
nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.metaestimators import available_if

__all__ = ["Fixed", "Remembered"]


def _has(method: str) -> Callable[[Remembered], bool]:
    return lambda self: hasattr(self.fitted, method)


class Remembered(ClassifierMixin, BaseEstimator):
    """A fitted classifier that answers each method once, for one X.

    Parameters
    ----------
    fitted : estimator
        A fitted classifier.
    """

    def __init__(self, fitted: Any) -> None:
        self.fitted = fitted
        self._answers: dict[str, Any] = {}

    @property
    def classes_(self) -> np.ndarray:
        """Labels of the fitted classifier."""
        return np.asarray(self.fitted.classes_)

    def predict(self, X: Any) -> Any:
        """Predict labels."""
        return self._answer("predict", X)

    # the scorers read the methods' names, so these are methods and no lambdas
    @available_if(_has("predict_proba"))  # type: ignore[untyped-decorator]  # scikit-learn has no types
    def predict_proba(self, X: Any) -> Any:
        """Predict probabilities, where the classifier does."""
        return self._answer("predict_proba", X)

    @available_if(_has("decision_function"))  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any) -> Any:
        """Give decision values, where the classifier does."""
        return self._answer("decision_function", X)

    def _answer(self, method: str, X: Any) -> Any:
        if method not in self._answers:
            self._answers[method] = getattr(self.fitted, method)(X)
        return self._answers[method]

    def __sklearn_is_fitted__(self) -> bool:
        return True


class Fixed(ClassifierMixin, BaseEstimator):
    """A classifier that gives the labels it was made with.

    Parameters
    ----------
    answers : ndarray of shape (n,)
        Labels.
    classes : ndarray
        All labels there are.
    """

    def __init__(self, answers: np.ndarray, classes: np.ndarray) -> None:
        self.answers = answers
        self.classes = classes
        self.classes_ = classes

    def predict(self, X: Any) -> np.ndarray:
        """Give the labels."""
        return self.answers

    def __sklearn_is_fitted__(self) -> bool:
        return True
