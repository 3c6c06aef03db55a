"""Scores of a fitted model, which is asked each thing once, or of what it said before (layer L5).

scikit-learn's scorer of several metrics hands the predictions to nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, is_regressor
from sklearn.metrics import (
    accuracy_score,
    r2_score,
)
from sklearn.utils.metaestimators import available_if

from hybridsent._label_sets import label_sets
from hybridsent.evaluation.measures._metrics import Metric
from hybridsent.evaluation.results._answers import as_columns

__all__ = ["Remembered", "Replayed", "pooled", "score_all"]


def score_all(metrics: Sequence[Metric], fitted: Any, X: Any, y: np.ndarray) -> dict[str, float]:
    """Score a fitted model by each metric.

    Parameters
    ----------
    metrics : sequence of Metric
        What to measure.
    fitted : estimator or Remembered
        The model.
    X : DataFrame or array of n rows
        The rows.
    y : array of shape (n,)
        Labels.

    Returns
    -------
    dict of str to float
        By name; of a callable that gives a dict, by its names.

    Raises
    ------
    ValueError
        If a metric cannot be computed; the error says what does not go together.
    """
    scores: dict[str, float] = {}
    for metric in metrics:
        model = fitted.fitted if metric.own and isinstance(fitted, Remembered) else fitted
        value = _computed(metric, model, X, y)
        named = value if isinstance(value, Mapping) else {metric.name: value}
        for name, each in named.items():
            scores[str(name)] = _as_number(str(name), each)
    return scores


def _computed(metric: Metric, fitted: Any, X: Any, y: np.ndarray) -> Any:
    try:
        return metric.scorer(fitted, X, y)
    except (AttributeError, ValueError) as error:
        if "none of the following attributes" in str(error):  # as scikit-learn's scorers say it
            needs = str(error).rpartition(": ")[2].rstrip(".")
            raise ValueError(
                f"The metric {metric.name!r} cannot be computed: it needs probabilities or values "
                f"of decisions ({needs}), and a model has none. Leave it "
                "out of scoring, or take classifiers that tell them, as 'logreg' does and 'svm' "
                "does not; hybridsent.heads.CalibratedFusion gives them to any."
            ) from error
        present = list(dict.fromkeys(y.tolist() if y.ndim == 1 else range(y.shape[1])))
        shown = present if len(present) <= 20 else [*present[:20], "…"]
        raise ValueError(
            f"The metric {metric.name!r} cannot be computed on a fold of {len(y)} rows of the "
            f"classes {shown}: {str(error).rstrip('.')}. Leave it out of scoring, or take folds "
            "that hold all classes."
        ) from error


def _as_number(name: str, value: Any) -> float:
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    is_number = isinstance(value, (Real, np.number))
    if not is_number:
        raise ValueError(
            f"A scorer must give a number, or a dict of numbers. Got {value!r} of {name!r}."
        )
    return float(value)


def pooled(metric: Metric, guesses: np.ndarray, truth: np.ndarray) -> float | None:
    """Score all out-of-fold predictions at once, where labels are enough.

    Parameters
    ----------
    metric : Metric
        What to measure.
    guesses, truth : array of shape (n,)
        Predictions and labels.

    Returns
    -------
    float or None
        None for metrics that want more than predictions, and for the user's own.
    """
    if metric.own:
        return None
    replayed = Replayed(guesses, None, np.unique(truth))
    try:
        value = metric.scorer(replayed, np.arange(len(truth))[:, None], truth)
        return _as_number(metric.name, value)
    except (AttributeError, TypeError, ValueError):  # the scorer wants probabilities
        return None


def _has(method: str) -> Callable[[Remembered], bool]:
    return lambda self: hasattr(self.fitted, method)


def _has_probabilities(self: Replayed) -> bool:
    return self.probabilities is not None


class Remembered(ClassifierMixin, BaseEstimator):
    """A fitted classifier or regressor that answers each method once, for one X.

    Parameters
    ----------
    fitted : estimator
        A fitted classifier or regressor.
    n_labels : int or None, default=None
        How many labels there are, for a classifier of sets of labels: its answers then have a
        column for each, in whatever form it gives them. None is one class a row, or a number.
    """

    def __init__(self, fitted: Any, n_labels: int | None = None) -> None:
        self.fitted = fitted
        self.n_labels = n_labels
        self._answers: dict[str, Any] = {}

    @property
    def classes_(self) -> np.ndarray:
        """Labels of the fitted classifier; of sets, that each label is there or not."""
        if self.n_labels is not None:  # scikit-learn knows sets by this shape
            return np.tile([0, 1], (self.n_labels, 1))
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

    def probabilities(self) -> np.ndarray | None:
        """Give the probabilities that a metric has asked for.

        Returns
        -------
        ndarray of shape (n, n_classes) or None
            Decision values, of either sign, where a metric of two classes was told by these; None
            where none was asked for.
        """
        found = self._answers.get("predict_proba")
        if found is None:
            found = self._answers.get("decision_function")
            if found is not None and np.ndim(found) == 1:
                found = np.column_stack([-np.asarray(found), np.asarray(found)])
        return None if found is None else np.asarray(found, dtype=np.float64)

    def _answer(self, method: str, X: Any) -> Any:
        if method not in self._answers:
            said = getattr(self.fitted, method)(X)
            if self.n_labels is not None:
                known: Any = getattr(self.fitted, "classes_", None)
                if method == "predict" and np.ndim(said) == 1 and np.ndim(known) == 1:
                    said = label_sets(said, known)[0]  # texts, lists or sets
                said = as_columns(said, self.n_labels, known)
            self._answers[method] = said
        return self._answers[method]

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        if is_regressor(self.fitted):
            tags.estimator_type = "regressor"
        return tags


class Replayed(BaseEstimator):
    """A model that says again what it said about rows, told by their positions.

    Parameters
    ----------
    labels : ndarray of shape (n,) or (n, n_classes)
        Predictions; of sets of labels, 0 and 1 for each.
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
            # scikit-learn knows by their shape that each label is there or not
            self.classes_ = classes if labels.ndim == 1 else np.tile([0, 1], (labels.shape[1], 1))

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
