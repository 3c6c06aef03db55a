"""Boosted trees of a source that go on with values of the target (layer L3).

XGBRegressor continues a model, but not without the caller's choice of how many rounds, and whether
any.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

from hybridsent.transfer._continued import ContinuedMixin, as_model, seed_of, trees_of
from hybridsent.transfer._parts import check_source, numbers, read_parts, warn_kept
from hybridsent.transfer._prior import is_fitted
from hybridsent.transfer._scores import LabeledScoreMixin

__all__ = ["ContinuedBoostingRegressor"]

_OBJECTIVES = ("reg:", "count:")


class ContinuedBoostingRegressor(ContinuedMixin, LabeledScoreMixin, RegressorMixin, BaseEstimator):
    r"""Trees of a source model, and more trees that correct it on few target values.

    The prediction for a row is that of the source plus what rounds on the target add,

    .. math:: F(x) = F_s(x) + \eta_t \sum_m f_m(x),

    each tree :math:`f_m` fitted to gradients of the target's loss (that of the source model, the
    squared one by default) at the prediction so far: so trees are spent only on what differs in the
    target. The number of rounds is found on held-out rows of the target by their squared error; it
    may be none, and then predictions are those of the source. Missing values (NaN) in X are read
    as they are.

    Rows of both domains may stand in X, told apart by the column ``domain__0``: then the source's
    trees are grown on its rows. Or `source` is fitted already; then rows of the source are not
    used, and without that column all rows are of the target. Where y has NaN, those rows are
    unlabelled, and -1 is a value. Where it has none and all of y are whole numbers, -1 marks the
    unlabelled rows: shift ratings of which -1 is one, to 0 … 6 for -3 … 3.

    Parameters
    ----------
    source : estimator, default=None
        An ``xgboost.XGBRegressor`` of trees, fitted or not. None for trees with the parameters
        below. scikit-learn forgets what was learned when it clones: in a search or cross-validation
        a fitted one must be ``sklearn.frozen.FrozenEstimator(source)``.
    n_estimators : int, default=200
        Rounds on the source, where it is not a model that was given.
    learning_rate : float, default=0.1
        Shrinkage of each of them.
    n_target_estimators : int, default=100
        Most rounds on the target.
    target_learning_rate : float, default=0.05
        Shrinkage of each of them.
    max_depth : int, default=3
        Depth of a tree.
    subsample : float, default=0.8
        Share of rows a tree sees.
    colsample_bytree : float, default=0.3
        Share of columns a tree sees.
    reg_lambda : float, default=1.0
        Squared penalty on leaf values.
    validation_fraction : float, default=0.2
        Share of the target's labelled rows, at most a half, that are held out to find the number of
        rounds; the trees are then grown on all of them. 0, or a share of less than 10 rows, does
        all rounds.
    patience : int, default=10
        Rounds without a smaller loss of the held-out rows after which no more are tried.
    n_jobs : int, default=None
        Threads; None takes every core, and one where there are fewer than 20 million numbers.
    random_state : int, default=0
        Seed.

    Attributes
    ----------
    model_ : xgboost.XGBRegressor
        All trees, those of the source first.
    n_source_rounds_, n_target_rounds_ : int
        Rounds on each domain.
    losses_ : list of float
        Mean squared error on held-out rows of the source alone, then after each round that was
        tried; empty where none were held out.
    n_target_ : int
        Labelled rows of the target.
    n_features_in_ : int
        Columns seen in `fit`, with the domain.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    Warns
    -----
    TransferWarning
        If the target has no labelled row: then predictions are those of the source. Or if there is
        no source: then all trees are grown on the target, with the parameters of the source's.

    See Also
    --------
    ContinuedBoostingClassifier : The same for classes.

    References
    ----------
    Chen, Guestrin: XGBoost, KDD 2016.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent.transfer import ContinuedBoostingRegressor
    >>> X = pd.DataFrame({"text__0": np.arange(40.0) % 20, "domain__0": np.arange(40) // 20})
    >>> y = X["text__0"] + 5 * X["domain__0"] + 0.5
    >>> model = ContinuedBoostingRegressor(n_estimators=50, n_jobs=1).fit(X, y)
    >>> model.predict(pd.DataFrame({"text__0": [11.0], "domain__0": [1]})).round()
    array([16.], dtype=float32)
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Grow the trees of the source where it is not fitted, then those of the target.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features, NaN allowed, and the column ``domain__0`` where rows of both domains stand in
            it.
        y : array of shape (n,)
            Values; NaN where a row has none, or -1 where all are whole numbers.

        Returns
        -------
        self
            The fitted regressor.
        """
        from xgboost import XGBRegressor

        self._validate_params()
        values = numbers(self, y)
        given, seed = is_fitted(self.source), seed_of(self.random_state)
        parts = read_parts(self, X, values, all_target=given, allow_nan=True)
        (rows, of_source), (more, of_target) = (
            (parts.X_source, parts.y_source),
            (parts.X_target, parts.y_target),
        )
        if not given and not len(of_source):  # the target alone, as if it were a source
            rows, of_source, more, of_target = more, of_target, rows, of_source
            warn_kept(self, "source")
        elif not len(of_target):
            warn_kept(self, "target")
        model = self.source
        if not given:
            model = self._grow_source(XGBRegressor, rows.astype(np.float32), of_source, seed)
        trees = trees_of(self, model, _OBJECTIVES)
        check_source(self, model, trees.booster.num_features())
        self.n_source_rounds_ = trees.booster.num_boosted_rounds()
        self.n_target_, self.n_target_rounds_, self.losses_ = len(parts.y_target), 0, []
        if len(of_target):
            more = more.astype(np.float32, copy=False)
            trees = self._continue(trees, more, of_target, _squared_error, seed)
        self.model_ = as_model(XGBRegressor, trees)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Value of each row.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features, with the columns of `fit`; NaN is allowed.

        Returns
        -------
        ndarray of shape (n,), float32
            Values.
        """
        rows = self._new_rows(X)
        return np.asarray(self.model_.predict(rows))


def _squared_error(y: np.ndarray, predicted: np.ndarray) -> float:
    return float(np.mean((y - predicted) ** 2))
