"""Stacked fusion of numbers: experts judged out of fold, a model a combination (layer L3).

scikit-learn's StackingRegressor has one final model, which needs every expert's answer.
"""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from hybridsent._params import HasMethods, Interval
from hybridsent.heads._ridge import TunedLinearRegressor
from hybridsent.heads._stacked import Combination, _StackedFusion, name_of
from hybridsent.views import as_matrix

__all__ = ["StackedFusionRegressor"]

_FEWEST = 10  # rows per view: with fewer, the mean of the views knows more


class StackedFusionRegressor(RegressorMixin, _StackedFusion):
    r"""Learn how far to believe each expert, for each combination of views by itself.

    The expert of view j sees the columns of the view and the rows that have it. The number that it
    gives a training row comes from a clone that never saw the row, nor any of its group (inner
    folds).

    For each combination S of views a final regressor then learns y from the numbers of the experts
    of S, on all rows that have at least these views, whatever else they have. A new row is judged
    by the model of exactly the views it has: one that lacks a view loses what the view knew, and
    nothing more, even where no training row lacked it. With `joint`, S has one more expert, on the
    columns of all of its views side by side.

    Up to five views every combination has a model; of more views each single one, and the 31
    combinations that most training rows show. A combination is left out where fewer than ten rows
    per view have it. Rows of a combination without a model get the mean of the single views' final
    models; rows without any view the mean of y.

    Parameters
    ----------
    estimator : estimator, default=None
        Regressor, cloned for each expert; None is `TunedLinearRegressor`.
    final_estimator : estimator, default=None
        Regressor, cloned for each combination; None is `TunedLinearRegressor`.
    joint : bool, default=True
        Whether combinations of two and more views have an expert on all of their columns. That is
        one more expert for two views, 4 for three and 26 for five.
    cv : int, default=5
        Inner folds; fewer where there are fewer rows or groups.
    random_state : int, default=0
        Seed of the inner folds.

    Attributes
    ----------
    estimators_ : dict of str to estimator
        The experts, by view; those of several views are named like ``"text__image"``.
    finals_ : dict of str to estimator
        The final regressors, by combination of views, named alike.
    views_ : dict of str to ndarray of int
        Columns of each view; all columns are one view where they have no names.
    mean_ : float
        Mean of y in training.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    LateFusionRegressor : Joins the experts by a rule.
    StackedFusionClassifier : The same for classes.
    sklearn.ensemble.StackingRegressor : One final model over experts that all see everything.

    References
    ----------
    Wolpert: Stacked generalization, Neural Networks 1992.

    Saar-Tsechansky, Provost: Handling missing values when applying classification models, JMLR 2007
    (reduced models).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent.heads import StackedFusionRegressor
    >>> X = pd.DataFrame({"text__0": np.arange(40.0), "image__0": np.arange(40.0) % 5})
    >>> y = X["text__0"] + X["image__0"]
    >>> fusion = StackedFusionRegressor().fit(X, y)
    >>> list(fusion.finals_)
    ['text', 'image', 'text__image']
    >>> X.loc[0, "image__0"] = np.nan
    >>> fusion.predict(X[:3]).shape
    (3,)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [None, HasMethods(["fit", "predict"])],
        "final_estimator": [None, HasMethods(["fit", "predict"])],
        "joint": ["boolean"],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }

    def fit(self, X: Any, y: Any, groups: Any = None) -> StackedFusionRegressor:
        """Fit the experts, and on their out-of-fold numbers the final regressors.

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
        self._learn(X, y, groups)
        return self

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
        return self._by_combination(X, np.empty(len(X)))

    def _judge(self, views: Combination, X: np.ndarray) -> np.ndarray:
        if not views:
            return np.full(len(X), self.mean_)
        if name_of(views) in self.finals_:
            return self._final(views, X)
        return np.asarray(np.mean([self._final((view,), X) for view in views], axis=0))

    def _final(self, views: Combination, X: np.ndarray) -> np.ndarray:
        final = self.finals_[name_of(views)]
        return np.asarray(final.predict(self._heard(views, X)), dtype=np.float64)

    def _answer(self, expert: Any, X: np.ndarray) -> np.ndarray:
        return np.asarray(expert.predict(X), dtype=np.float64).reshape(len(X), 1)

    def _default_final(self) -> Any:
        return TunedLinearRegressor()

    def _fewest(self) -> int:
        return _FEWEST
