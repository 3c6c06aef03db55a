"""What an estimator around another one answers by asking it (layer L0).

scikit-learn's estimators around others each write these methods themselves, and give no base.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

__all__ = ["AnswersOfInner", "OfInner", "inner_has", "tags_of_inner"]


def inner_has(name: str) -> Callable[[Any], bool]:
    """Tell whether the inner estimator has a method; if not, with its own words.

    Parameters
    ----------
    name : str
        The method.

    Returns
    -------
    callable
        What `available_if` asks, of an estimator whose parameter is `estimator`.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from hybridsent._inner import inner_has
    >>> from hybridsent.few_label import LabeledOnly
    >>> inner_has("predict_proba")(LabeledOnly(LogisticRegression()))
    True
    """

    def check(self: Any) -> bool:
        getattr(getattr(self, "estimator_", self.estimator), name)
        return True

    return check


def tags_of_inner(tags: Any, estimator: Any, *names: str) -> Any:
    """Take over tags of the inner estimator.

    Parameters
    ----------
    tags : Tags
        What ``super().__sklearn_tags__()`` gave.
    estimator : object
        The inner estimator; scikit-learn probes with strings, too, which have none.
    *names : str
        Which tags.

    Returns
    -------
    Tags
        The same, with those.

    Examples
    --------
    >>> from sklearn.base import BaseEstimator
    >>> from sklearn.linear_model import LogisticRegression
    >>> from hybridsent._inner import tags_of_inner
    >>> tags = BaseEstimator().__sklearn_tags__()
    >>> tags_of_inner(tags, LogisticRegression(), "estimator_type").estimator_type
    'classifier'
    """
    if isinstance(estimator, BaseEstimator):
        inner = get_tags(estimator)
        for name in names:
            setattr(tags, name, getattr(inner, name))
    return tags


class AnswersOfInner:
    """Mixin: the fitted `estimator_` is asked what it says of rows."""

    def _handed_on(self, X: Any) -> Any:
        """Give the rows as the inner estimator takes them."""
        return X

    def _fitted(self) -> Any:
        check_is_fitted(self, "estimator_")
        return self.estimator_  # type: ignore[attr-defined]  # set in fit

    @available_if(inner_has("predict"))  # type: ignore[untyped-decorator]  # scikit-learn has no types
    def predict(self, X: Any) -> Any:
        """Predict with the fitted estimator.

        Parameters
        ----------
        X : array, DataFrame, sparse matrix or list of n rows
            The rows.

        Returns
        -------
        ndarray of n rows
            Labels or numbers.
        """
        return self._fitted().predict(self._handed_on(X))

    @available_if(inner_has("predict_proba"))  # type: ignore[untyped-decorator]  # see above
    def predict_proba(self, X: Any) -> Any:
        """Probability of each class.

        Parameters
        ----------
        X : array, DataFrame, sparse matrix or list of n rows
            The rows.

        Returns
        -------
        ndarray of shape (n, n_classes)
            Probabilities, in the order of `classes_`.
        """
        return self._fitted().predict_proba(self._handed_on(X))

    @available_if(inner_has("predict_log_proba"))  # type: ignore[untyped-decorator]  # see above
    def predict_log_proba(self, X: Any) -> Any:
        """Logarithm of the probability of each class.

        Parameters
        ----------
        X : array, DataFrame, sparse matrix or list of n rows
            The rows.

        Returns
        -------
        ndarray of shape (n, n_classes)
            Log-probabilities, in the order of `classes_`.
        """
        return self._fitted().predict_log_proba(self._handed_on(X))

    @available_if(inner_has("decision_function"))  # type: ignore[untyped-decorator]  # see above
    def decision_function(self, X: Any) -> Any:
        """Confidence of each class.

        Parameters
        ----------
        X : array, DataFrame, sparse matrix or list of n rows
            The rows.

        Returns
        -------
        ndarray of shape (n,) or (n, n_classes)
            What the estimator gives.
        """
        return self._fitted().decision_function(self._handed_on(X))

    @property
    def classes_(self) -> Any:
        """Class labels; where `estimator_` has them."""
        return self._fitted().classes_


class OfInner(AnswersOfInner):
    """Mixin: the columns seen in `fit`, too, are those of the fitted `estimator_`."""

    @property
    def n_features_in_(self) -> Any:
        """Columns seen in `fit`; where `estimator_` has it."""
        return self._fitted().n_features_in_

    @property
    def feature_names_in_(self) -> Any:
        """Names of the columns seen in `fit`; where `estimator_` has them."""
        return self._fitted().feature_names_in_
