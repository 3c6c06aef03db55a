"""Predictions that are computed once and scored many times (layer L5).

scikit-learn's multi-metric scorer does this, too, but is private and gives the predictions to
nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.metaestimators import available_if

__all__ = ["Remembered", "Replayed"]


def _has(method: str) -> Callable[[Remembered], bool]:
    return lambda self: hasattr(self.fitted, method)


def _has_probabilities(self: Replayed) -> bool:
    return self.probabilities is not None


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


class Replayed(BaseEstimator):
    """A model that says again what it said about rows, told by their positions.

    Parameters
    ----------
    labels : ndarray of shape (n,)
        Predictions.
    probabilities : ndarray of shape (n, n_classes) or None
        Probabilities, where there are any.
    classes : ndarray or None
        All labels there are; None for a regression.
    """

    def __init__(
        self, labels: np.ndarray, probabilities: np.ndarray | None, classes: np.ndarray | None
    ) -> None:
        self.labels = labels
        self.probabilities = probabilities
        self.classes = classes
        if classes is not None:
            self.classes_ = classes

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Give the labels of rows.

        Parameters
        ----------
        X : ndarray of int of shape (m, 1)
            Positions.

        Returns
        -------
        ndarray of shape (m,)
            Labels.
        """
        return np.asarray(self.labels[X[:, 0]])

    @available_if(_has_probabilities)  # type: ignore[untyped-decorator]  # see above
    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Give the probabilities of rows.

        Parameters
        ----------
        X : ndarray of int of shape (m, 1)
            Positions.

        Returns
        -------
        ndarray of shape (m, n_classes)
            Probabilities.
        """
        return np.take(np.asarray(self.probabilities), X[:, 0], axis=0)

    def score(self, X: np.ndarray, y: np.ndarray) -> float:
        """Give what ``score`` of scikit-learn's own estimators would: accuracy or R squared.

        Parameters
        ----------
        X : ndarray of int of shape (m, 1)
            Positions.
        y : ndarray of shape (m,)
            Labels.

        Returns
        -------
        float
            The score.
        """
        measure = r2_score if self.classes is None else accuracy_score
        return float(measure(y, self.predict(X)))

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.estimator_type = "regressor" if self.classes is None else "classifier"
        return tags
