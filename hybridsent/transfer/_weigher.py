"""What all methods share that weigh rows of the source (layer L3).

skada computes such weights inside adapters of its own pipelines. Here they are estimators whose
weights can be looked at, and which `ReweightedEstimator` hands to any scikit-learn model.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from hybridsent._numerics.rows import content_order
from hybridsent._tags import adapting
from hybridsent.exceptions import TransferWarning
from hybridsent.transfer._domain import Rows, read_rows, warn_without_target
from hybridsent.transfer._targets import read_learning_rows
from hybridsent.views import DOMAIN

__all__ = [
    "BaseWeigher",
    "effective_sample_size",
    "warn_untransferred",
    "warn_without_labeled_target",
]


class BaseWeigher(BaseEstimator, ABC):
    """Base of estimators that weigh rows of the source domain; a subclass says by what.

    The base checks the matrix, takes off the columns of domain and group, tells the domains apart
    (by ``domain__0``, else the rows without a label are the target), and gives each row the same
    weight in whatever order the rows stand. `ReweightedEstimator` hands the weights to any model.
    A subclass writes:

    - ``__init__``, which only stores its parameters, and optionally ``_parameter_constraints``, as
      in scikit-learn;
    - ``_importance_of_source(rows)``, which gives an ndarray of shape (n_source,): the weights of
      the rows of the source, none of them negative, in their order. Of `rows` it reads ``X``
      (ndarray of shape (n, p), the features alone), ``target`` and ``labeled`` (ndarray of bool of
      shape (n,): which rows are of the target, and which have a label). There are rows of both
      domains when it is called;
    - ``_weigh_nothing(rows)``, where more than weights is learned: sets it for one domain only.

    Attributes
    ----------
    sample_weight_ : ndarray of shape (n,)
        Weights of the rows of `fit`: those of the source as the subclass says, their mean for
        labelled rows of the target, 0 for its unlabelled rows; all 1 where there is one domain.
    effective_sample_size_ : float
        Rows that the weighted source rows are worth.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    ReweightedEstimator : Fits any model with the weights.
    hybridsent.fusion.register_adaptation : Makes one known by name.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from hybridsent.transfer import BaseWeigher
    >>> class NearTheMean(BaseWeigher):
    ...     def _importance_of_source(self, rows):
    ...         centre = rows.X[rows.target].mean(axis=0)
    ...         return np.exp(-((rows.X[~rows.target] - centre) ** 2).sum(axis=1))
    >>> X = pd.DataFrame({"text__0": [0.0, 1.0, 5.0, 1.0, 1.1], "domain__0": [0, 0, 0, 1, 1]})
    >>> NearTheMean().fit(X).sample_weight_.round(1)
    array([0.3, 1. , 0. , 0. , 0. ])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}

    def fit(self, X: Any, y: Any = None) -> BaseWeigher:
        """Weigh the rows; the weight of each is the same in whatever order they stand.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; a column ``domain__0`` is 0 for rows of the source and 1 for the target.
        y : array of shape (n,), default=None
            Labels. Without a column of domains, the unlabelled rows (-1) are the target.

        Returns
        -------
        self
            The fitted weigher.
        """
        self._validate_params()
        rows = read_learning_rows(self, X, y)
        if rows.target.any() and not rows.target.all():
            order = content_order(rows.X, rows.labeled, rows.target)
            self.sample_weight_ = np.empty(len(rows.X))
            self.sample_weight_[order] = self._weigh(rows.take(order))
        else:
            warn_without_target(self, rows)
            self._weigh_nothing(rows)
            self.sample_weight_ = np.ones(len(rows.X))
        self.effective_sample_size_ = effective_sample_size(self.sample_weight_[~rows.target])
        return self

    def _weigh(self, rows: Rows) -> np.ndarray:
        """Weights of all rows."""
        importance = self._importance_of_source(rows)
        out = np.zeros(len(rows.X))
        out[~rows.target] = importance
        # a target row stands for itself, and counts as a source row does in the mean
        out[rows.target & rows.labeled] = importance.mean()
        return out

    @abstractmethod
    def _importance_of_source(self, rows: Rows) -> np.ndarray:
        """Weights of the rows of the source, in their order."""

    def _weigh_nothing(self, rows: Rows) -> None:
        """Set what else is learned where there is only one domain."""

    def __sklearn_tags__(self) -> Any:
        return adapting(super().__sklearn_tags__())


class _RatioWeigher(BaseWeigher):
    """A weigher that knows the importance of new rows, too."""

    def importance(self, X: Any) -> np.ndarray:
        """Estimate the ratio of the densities of target and source.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            New rows, with the columns of `fit`; which domain they are of does not matter.

        Returns
        -------
        ndarray of shape (n,)
            Ratios; 1 where `fit` saw one domain only.
        """
        check_is_fitted(self)
        return self._ratio(read_rows(self, X, reset=False, fitting=False).X)

    @abstractmethod
    def _ratio(self, X: np.ndarray) -> np.ndarray:
        """Ratios of rows without their domain."""


def effective_sample_size(weights: np.ndarray) -> float:
    r"""Kish's size of the unweighted sample that tells as much as a weighted one.

    .. math:: n_\text{eff} = (\textstyle\sum_i w_i)^2 / \sum_i w_i^2

    Parameters
    ----------
    weights : ndarray of shape (n,)
        Weights, none of them negative.

    Returns
    -------
    float
        The size; 0 where there are no weights, or all are zero.

    References
    ----------
    Kish: Survey Sampling, 1965, section 11.7.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.transfer._weigher import effective_sample_size
    >>> effective_sample_size(np.array([1.0, 1.0, 1.0, 0.0]))
    3.0
    """
    largest = float(weights.max(initial=0.0))
    if largest == 0:
        return 0.0
    scaled = weights / largest  # squares of tiny or huge weights stay numbers
    return float(scaled.sum() ** 2 / (scaled**2).sum())


def warn_without_labeled_target(estimator: Any, rows: Rows) -> None:
    """Warn that labels of the target, which a method lives on, are not there.

    Parameters
    ----------
    estimator : estimator
        Who was fitted.
    rows : Rows
        What it saw.
    """
    if rows.told and rows.target.any() and not rows.target.all():
        warnings.warn(
            f"{type(estimator).__name__} learns from labelled rows of the target, and saw none: "
            f"got {int(rows.target.sum())} rows of the target, all unlabelled. Nothing is "
            "adapted; ReweightedEstimator with KMM needs no labels there.",
            TransferWarning,
            stacklevel=3,
        )
        return
    warnings.warn(
        f"{type(estimator).__name__} learns from labelled rows of the source and of the target, "
        f"and saw one domain only. Nothing is adapted; give a column '{DOMAIN}__0' (0 source, "
        "1 target).",
        TransferWarning,
        stacklevel=3,
    )


def warn_untransferred(estimator: Any, rows: Rows) -> None:
    """Warn of what is missing for a transfer: a domain, or labels of the target.

    Parameters
    ----------
    estimator : estimator
        Who was fitted.
    rows : Rows
        What it saw.
    """
    if rows.target.any() and not rows.target.all():
        warn_without_labeled_target(estimator, rows)
    else:
        warn_without_target(estimator, rows)
