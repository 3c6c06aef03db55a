"""Late fusion of numbers: an expert for each view, and a rule that joins them (layer L3).

scikit-learn's VotingRegressor has no experts of single views, and no answer where one is missing.
"""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from scipy.optimize import minimize
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from hybridsent._folds import inner_folds
from hybridsent._groups import groups_of
from hybridsent._params import HasMethods, Interval, StrOptions
from hybridsent.heads._experts import check_groups, learn_table
from hybridsent.heads._late import _LateFusion
from hybridsent.views import as_matrix

__all__ = ["LateFusionRegressor", "mean_of_present"]

_EXACT = 1e-9  # least error of an expert, as a share of the variance
_ROUNDS = 200  # of the weights' search; it takes tens
_TINY = 1e-12  # of a weight in the search


class LateFusionRegressor(RegressorMixin, _LateFusion):
    r"""Join the numbers that one expert per view gives.

    The expert of view j is fitted on the columns of the view and the rows that have it, and gives
    :math:`f_j`; its squared error on rows that it never saw, nor any of their group (inner folds),
    has the mean :math:`s_j^2`, never more than the variance :math:`s^2` of y. Over the set S of
    views that a row has, with the mean :math:`\bar y` of training:

    - ``"product"``: what the product of normal densities says, :math:`p(y) \prod_{j \in S}
      p_j(y) / p(y)` with :math:`p_j = N(f_j, s_j^2)` and :math:`p = N(\bar y, s^2)`, exact for
      views that are independent given y. Its mean is :math:`\bar y + \sum_{j \in S} (f_j - \bar
      y) s_j^{-2} / \bigl(s^{-2} + \sum_{j \in S} (s_j^{-2} - s^{-2})\bigr)`: views that agree
      take a row farther from the mean than each alone;
    - ``"mean"``: the mean of the :math:`f_j`;
    - ``"weighted"``: their mean with the weights :math:`1 / s_j^2`;
    - ``"stacked"``: their mean with the weights on the simplex that have the smallest squared error
      on rows that no expert saw.

    A row without any view gets the mean. A view that fewer than two training rows have has no
    expert, and counts as missing.

    Parameters
    ----------
    estimator : estimator, default=None
        Regressor, cloned for each view; None is `TunedLinearRegressor`.
    combine : {"product", "mean", "weighted", "stacked"}, default="product"
        How to join the numbers.
    cv : int, default=5
        Inner folds (all but ``"mean"``); fewer where there are fewer rows or groups.
    random_state : int, default=0
        Seed of the inner folds.

    Attributes
    ----------
    estimators_ : dict of str to estimator
        The expert of each view.
    weights_ : ndarray of shape (n_experts,)
        Weights of the mean, in the order of `estimators_`, with sum 1; of ``"product"`` those of
        ``"weighted"``.
    errors_ : ndarray of shape (n_experts,)
        Mean squared error of each expert on rows that it never saw, at most `variance_`; that
        where no row could be held out, or with ``combine="mean"``.
    views_ : dict of str to ndarray of int
        Columns of each view; all columns are one view where they have no names.
    mean_, variance_ : float
        Mean and variance of y in training.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    LateFusionClassifier : The same for classes.
    StackedFusionRegressor : Learns how far to believe each expert, in each combination of views.
    sklearn.ensemble.VotingRegressor : The mean over experts that all see everything.

    References
    ----------
    Bates, Granger: The combination of forecasts, Operational Research Quarterly 1969
    (``"weighted"``).

    Breiman: Stacked regressions, Machine Learning 1996 (``"stacked"``).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent.heads import LateFusionRegressor
    >>> X = pd.DataFrame({"text__0": np.arange(20.0), "image__0": np.arange(20.0) % 5})
    >>> y = X["text__0"] + X["image__0"]
    >>> X.loc[0, "image__0"] = np.nan
    >>> fusion = LateFusionRegressor().fit(X, y)
    >>> list(fusion.estimators_), fusion.predict(X[:3]).shape
    (['text', 'image'], (3,))
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [None, HasMethods(["fit", "predict"])],
        "combine": [StrOptions({"product", "mean", "weighted", "stacked"})],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }

    def fit(self, X: Any, y: Any, groups: Any = None) -> LateFusionRegressor:
        """Fit the experts, and what is known of their errors.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; columns named ``view__i`` are one view each, columns without names are one
            view. A row with NaN in a view lacks this view. Columns of no modality (``domain__0``,
            ``group__0``, ``missing__text``) have no expert and are not looked at.
        y : array of shape (n,)
            Numbers.
        groups : array of shape (n,), default=None
            Group of each row (speaker, video); a group is never split by the inner folds, nor by
            those of the experts. None takes the column ``group__0``, where there is one.

        Returns
        -------
        self
            The fitted regressor.
        """
        self._validate_params()
        judges = self.combine != "mean"
        X, y, present = learn_table(self, X, y)
        codes = check_groups(self, groups, X) if judges else groups_of(self, X, groups)
        self._fit_experts(X, y, present, codes)
        self.variance_ = float(np.var(y))
        self.errors_ = np.full(len(self.estimators_), self.variance_)
        self.weights_ = np.full(len(self.estimators_), 1 / len(self.estimators_))
        if judges and len(self.estimators_) > 1 and self.variance_ > 0:
            self._judge(X, y, codes)
        return self

    def _judge(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None) -> None:
        """Learn errors and weights of the experts from rows that they never saw."""
        folds = inner_folds(y, self.cv, groups, random_state=self.random_state, kind="numbers")
        given = np.full((len(X), len(self.estimators_)), np.nan)
        for j, rows, expert, columns in self._of_folds(X, y, folds, groups):
            if expert is not None and len(rows):
                given[rows, j] = expert.predict(columns)
        heard = ~np.isnan(given)
        squares = np.where(heard, (given - y[:, None]) ** 2, 0.0).sum(axis=0)
        counts = heard.sum(axis=0)
        found = np.where(counts > 0, squares / np.maximum(counts, 1), self.variance_)
        self.errors_ = np.clip(found, _EXACT * self.variance_, self.variance_)
        self.weights_ = (1 / self.errors_) / (1 / self.errors_).sum()
        if self.combine == "stacked":
            self.weights_ = stacked_weights(given, y, self.weights_)

    def predict(self, X: Any) -> np.ndarray:
        """Predict the number of each row.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; a row may lack any of its views.

        Returns
        -------
        ndarray of shape (n,), float64
            Numbers.
        """
        check_is_fitted(self)
        X = as_matrix(self, X, reset=False)
        present = self._present(X)
        given = np.full(present.shape, np.nan)
        for j, (view, expert) in enumerate(self.estimators_.items()):
            rows = present[:, j]
            if rows.any():
                given[rows, j] = expert.predict(X[np.ix_(rows, self.views_[view])])
        if self.combine != "product" or self.variance_ == 0 or len(self.estimators_) == 1:
            return mean_of_present(given, self.weights_, self.mean_)
        told = np.where(present, given - self.mean_, 0.0) / self.errors_
        more = np.where(present, 1 / self.errors_ - 1 / self.variance_, 0.0)
        return np.asarray(self.mean_ + told.sum(axis=1) / (1 / self.variance_ + more.sum(axis=1)))


def mean_of_present(given: np.ndarray, weights: np.ndarray, otherwise: float) -> np.ndarray:
    """Take the weighted mean of the numbers that are there.

    Parameters
    ----------
    given : ndarray of shape (n, n_experts)
        Numbers; NaN where an expert has none.
    weights : ndarray of shape (n_experts,)
        Weights of the experts; where a row has only experts of weight zero, they weigh the same.
    otherwise : float
        What a row without any gets.

    Returns
    -------
    ndarray of shape (n,)
        The means.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.heads._late_numbers import mean_of_present
    >>> given = np.array([[1.0, 4.0], [np.nan, 4.0], [np.nan, np.nan]])
    >>> mean_of_present(given, np.array([2.0, 1.0]), 0.5)
    array([2. , 4. , 0.5])
    """
    there = ~np.isnan(given)
    weighed = there * weights
    weighed = np.where((weighed.sum(axis=1) > 0)[:, None], weighed, there)
    total = weighed.sum(axis=1)
    sums = (weighed * np.where(there, given, 0.0)).sum(axis=1)
    return np.asarray(np.where(total > 0, sums / np.where(total > 0, total, 1.0), otherwise))


def stacked_weights(given: np.ndarray, y: np.ndarray, start: np.ndarray) -> np.ndarray:
    r"""Weights of the mean of the experts that are there, by least squares on the simplex.

    Where no row lacks a view that is a convex program; else its start is that of the search.

    Parameters
    ----------
    given : ndarray of shape (n, n_experts)
        Numbers of experts; NaN where one is not there.
    y : ndarray of shape (n,)
        The truth.
    start : ndarray of shape (n_experts,)
        Weights to begin with.

    Returns
    -------
    ndarray of shape (n_experts,)
        Weights with sum 1.
    """
    there = ~np.isnan(given)
    several = there.sum(axis=1) > 1  # a row with one view has its answer, whatever the weights
    there = there[several]
    errors = np.where(there, given[several] - y[several, None], 0.0)
    size = float(np.square(errors).sum())
    if not len(errors) or size == 0:
        return start

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        weights = np.maximum(weights, _TINY)
        total = there @ weights
        left = (errors @ weights) / total
        slope = 2 * ((errors - left[:, None] * there) * (left / total)[:, None]).sum(axis=0)
        return float(left @ left) / size, slope / size

    found = minimize(
        loss,
        start,
        jac=True,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * len(start),
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1},
        options={"ftol": 1e-12, "maxiter": _ROUNDS},
    )
    weights = np.clip(found.x, 0.0, 1.0)
    return np.asarray(weights / weights.sum())
