"""Late fusion: an expert for each view, and a rule that joins their answers (layer L3).

scikit-learn's VotingClassifier has no experts of single views, and no answer where one is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from hybridsent._folds import Folds, inner_folds
from hybridsent._groups import groups_of
from hybridsent._numerics.classes import MostProbableMixin
from hybridsent._params import HasMethods, Interval, StrOptions
from hybridsent.heads._experts import (
    check_experts,
    check_groups,
    default_expert,
    fit_expert,
    learn_table,
    probabilities,
    product,
)
from hybridsent.views import as_matrix, presence

__all__ = ["LateFusionClassifier", "_LateFusion"]

_ROUNDS = 2000  # of the weights' fixed point; it takes tens
_TOL = 1e-8  # largest change of a weight
_TINY = 1e-12  # of a probability that was given to the true class


class _LateFusion(BaseEstimator):
    """Experts of single views, and what is judged of them by inner folds."""

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(
        self,
        estimator: Any = None,
        *,
        combine: str = "product",
        cv: int = 5,
        random_state: int = 0,
    ) -> None:
        self.estimator = estimator
        self.combine = combine
        self.cv = cv
        self.random_state = random_state

    def _fit_experts(
        self, X: np.ndarray, y: np.ndarray, present: np.ndarray, groups: np.ndarray | None
    ) -> None:
        """Fit the expert of each view on the rows that have it."""
        self.estimators_: dict[str, Any] = {}
        for (view, columns), rows in zip(self.views_.items(), present.T, strict=True):
            expert = fit_expert(self._expert(), X[:, columns], y, rows, groups)
            if expert is not None:
                self.estimators_[view] = expert
        check_experts(self, present)

    def _expert(self) -> Any:
        return default_expert(self) if self.estimator is None else self.estimator

    def _of_folds(
        self, X: np.ndarray, y: np.ndarray, folds: Folds, groups: np.ndarray | None
    ) -> Iterator[tuple[int, np.ndarray, Any, np.ndarray]]:
        """Fit the experts of each fold; gives number of the expert, test rows, it, their columns.

        The expert is None where the training rows of the fold do not do.
        """
        present = self._present(X)
        for j, view in enumerate(self.estimators_):
            columns, there = X[:, self.views_[view]], present[:, j]
            for train, test in folds:
                held_out = test[there[test]]
                expert = fit_expert(self._expert(), columns, y, train[there[train]], groups)
                yield j, held_out, expert, columns[held_out]

    def _present(self, X: np.ndarray) -> np.ndarray:
        return presence(X, {view: self.views_[view] for view in self.estimators_})

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class LateFusionClassifier(MostProbableMixin, ClassifierMixin, _LateFusion):
    r"""Join the probabilities of one expert per view.

    The expert of view j is fitted on the columns of the view and the rows that have it, and gives
    :math:`p_{jk}`, the probability of class k. Over the set S of views that a row has, with the
    prior :math:`\pi_k` (share of the class in training):

    - ``"product"``: :math:`p_k \propto \pi_k \prod_{j \in S} p_{jk} / \pi_k`, exact for experts
      that are calibrated and views that are independent within a class;
    - ``"mean"``: :math:`p_k = \sum_{j \in S} p_{jk} / |S|`, which no wrong expert can spoil alone;
    - ``"weighted"``: :math:`p_k = \sum_{j \in S} w_j p_{jk} / \sum_{j \in S} w_j` with the weights
      on the simplex that give the labels the highest likelihood on out-of-fold predictions. They
      are found by fixed-point rounds that raise it in every round, from equal weights; where no
      row lacks a view these are those of EM for mixture weights, and lead to the optimum.

    A row without any view gets the prior. A view whose training rows show fewer than two classes
    has no expert, and counts as missing. Classes that an expert never saw keep their prior in its
    answer.

    Parameters
    ----------
    estimator : estimator, default=None
        Classifier with `predict_proba`, cloned for each view; None is
        ``TunedLinearClassifier("log_loss")``.
    combine : {"product", "mean", "weighted"}, default="product"
        How to join the probabilities.
    cv : int, default=5
        Inner folds (``combine="weighted"``); fewer where there are fewer rows or groups.
    random_state : int, default=0
        Seed of the inner folds.

    Attributes
    ----------
    estimators_ : dict of str to estimator
        The expert of each view.
    weights_ : ndarray of shape (n_experts,)
        Weights, in the order of `estimators_`, with sum 1; all the same unless
        ``combine="weighted"``.
    views_ : dict of str to ndarray of int
        Columns of each view; all columns are one view where they have no names.
    classes_ : ndarray
        Class labels.
    prior_ : ndarray of shape (n_classes,)
        Share of each class in training.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    StackedFusionClassifier : Learns how far to believe each expert.
    sklearn.ensemble.VotingClassifier : The mean over experts that all see everything.

    References
    ----------
    Kittler, Hatef, Duin, Matas: On combining classifiers, IEEE TPAMI 1998 (eq. 7, the product;
    eq. 16, the mean).

    Hunter, Lange: A tutorial on MM algorithms, The American Statistician 2004 (the weights where
    rows lack views).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent.heads import LateFusionClassifier
    >>> X = pd.DataFrame({"text__0": [0.0, 0.1, 0.9, 1.0], "image__0": [0.2, 0.0, 1.0, 0.8]})
    >>> X, y = pd.concat([X] * 5, ignore_index=True), ["bad", "bad", "good", "good"] * 5
    >>> X.loc[0, "image__0"] = np.nan
    >>> fusion = LateFusionClassifier().fit(X, y)
    >>> list(fusion.estimators_), fusion.predict(X[:3])
    (['text', 'image'], array(['bad', 'bad', 'good'], dtype='<U4'))
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [None, HasMethods(["fit", "predict_proba"])],
        "combine": [StrOptions({"product", "mean", "weighted"})],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }

    def fit(self, X: Any, y: Any, groups: Any = None) -> LateFusionClassifier:
        """Fit the experts, and the weights.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; columns named ``view__i`` are one view each, columns without names are one
            view. A row with NaN in a view lacks this view. Columns of no modality (``domain__0``,
            ``group__0``, ``missing__text``) have no expert and are not looked at.
        y : array of shape (n,)
            Labels of at least two classes.
        groups : array of shape (n,), default=None
            Group of each row (speaker, video); a group is never split by the inner folds, nor by
            those of the experts. None takes the column ``group__0``, where there is one.

        Returns
        -------
        self
            The fitted classifier.
        """
        self._validate_params()
        weighted = self.combine == "weighted"
        X, y, present = learn_table(self, X, y)
        codes = check_groups(self, groups, X) if weighted else groups_of(self, X, groups)
        self._fit_experts(X, y, present, codes)
        self.weights_ = np.full(len(self.estimators_), 1 / len(self.estimators_))
        if weighted and len(self.estimators_) > 1:
            self.weights_ = self._learn_weights(X, y, codes)
        return self

    def _learn_weights(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
        codes = np.searchsorted(self.classes_, y)
        present = self._present(X)
        truth = np.ones(present.shape)
        folds = inner_folds(codes, self.cv, groups, random_state=self.random_state)
        for j, rows, expert, columns in self._of_folds(X, y, folds, groups):
            given = probabilities(expert, columns, self.classes_, self.prior_)
            truth[rows, j] = given[np.arange(len(given)), codes[rows]]
        judged = np.concatenate([np.arange(0), *(test for _, test in folds)])
        return mixture_weights(truth[judged], present[judged])

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; a row may lack any of its views.

        Returns
        -------
        ndarray of shape (n, n_classes)
            Probabilities, in the order of `classes_`.
        """
        check_is_fitted(self)
        X = as_matrix(self, X, reset=False)
        present = self._present(X)
        given = np.ones((present.shape[1], len(X), len(self.classes_)))
        for j, (view, expert) in enumerate(self.estimators_.items()):
            rows = present[:, j]
            asked = X[np.ix_(rows, self.views_[view])]
            given[j, rows] = probabilities(expert, asked, self.classes_, self.prior_)
        if self.combine == "product":
            return product(given, present, self.prior_)
        weights = present * self.weights_
        total = weights.sum(axis=1)
        # a row may have only views of weight zero: then they are all it has
        weights = np.where((total > 0)[:, None], weights, present)
        out = np.einsum("ij,jik->ik", weights, given)
        total = weights.sum(axis=1, keepdims=True)
        return np.asarray(np.where(total > 0, out / np.where(total > 0, total, 1.0), self.prior_))


def mixture_weights(truth: np.ndarray, present: np.ndarray) -> np.ndarray:
    r"""Weights of the mean of the experts that are there, by maximum likelihood.

    Raises :math:`\sum_i \log \sum_{j \in S_i} w_j p_{ij} - \log \sum_{j \in S_i} w_j` by
    :math:`w_j \leftarrow \sum_i \frac{w_j p_{ij}}{\sum_l w_l p_{il}} / \sum_i \frac{1}{\sum_l
    w_l}`, sums over the rows i that have j: the first term is bounded below as in EM, the second,
    which is convex, by its tangent.

    Parameters
    ----------
    truth : ndarray of shape (n, n_experts)
        Probability that each expert gave to the true class.
    present : ndarray of bool of shape (n, n_experts)
        Which expert was there.

    Returns
    -------
    ndarray of shape (n_experts,)
        Weights with sum 1.
    """
    weights = np.full(truth.shape[1], 1 / truth.shape[1])
    several = present.sum(axis=1) > 1  # a row with one view has its answer, whatever the weights
    present = present[several].astype(float)
    given = np.maximum(truth[several], _TINY) * present
    if not len(given):
        return weights
    for _ in range(_ROUNDS):
        gains = weights * (given / (given @ weights)[:, None]).sum(axis=0)
        costs = (present / (present @ weights)[:, None]).sum(axis=0)
        # an expert that never stands beside another has no cost: it keeps its weight
        new = np.where(costs > 0, gains / np.where(costs > 0, costs, 1.0), weights)
        new /= new.sum()
        moved = np.abs(new - weights).max()
        weights = new
        if moved < _TOL:
            break
    return np.asarray(weights)
