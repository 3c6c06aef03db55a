"""Boosted trees of a source that go on with labels of the target (layer L3).

XGBClassifier continues a model only where the new labels hold every class, under codes 0 … k-1, and
XGBRegressor not without the caller's choice of how many rounds, and whether any.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from hybridsent._numerics.classes import MostProbableMixin
from hybridsent.transfer._rows import AdaptingMixin, Labelled, read_rows
from hybridsent.transfer._source import as_codes, check_source, is_fitted, warn_kept
from hybridsent.transfer._trees import ContinuedMixin, Trees, as_model, seed_of, trees_of

__all__ = ["ContinuedBoostingClassifier", "ContinuedBoostingRegressor"]

_OF_CLASSES = ("binary:logistic", "multi:soft")


class ContinuedBoostingClassifier(
    ContinuedMixin, MostProbableMixin, AdaptingMixin, ClassifierMixin, BaseEstimator
):
    r"""Trees of a source model, and more trees that correct it on few target labels.

    The margin of a row is that of the source plus what rounds on the target add,

    .. math:: F(x) = F_s(x) + \eta_t \sum_m f_m(x),

    each tree :math:`f_m` fitted to gradients of the target's log-loss at the margin so far: so
    trees are spent only on what differs in the target. The number of rounds is found on held-out
    rows of the target; it may be none, and then predictions are those of the source. Missing values
    (NaN) are read as they are.

    Rows of both domains may stand in X, told apart by the column ``domain__0``: then the source's
    trees are grown on its labelled rows. Or `source` is fitted already; then rows of the source are
    not used, and without that column all rows are of the target. The target may lack classes, but
    may not have new ones.

    Parameters
    ----------
    source : estimator, default=None
        An ``xgboost.XGBClassifier`` of trees or ``hybridsent.heads.BoostedTreesClassifier``, fitted
        or not. None for trees with the parameters below. scikit-learn forgets what was learned
        when it clones: in a search or cross-validation a fitted one must be
        ``sklearn.frozen.FrozenEstimator(source)``.
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
    model_ : xgboost.XGBClassifier
        All trees, those of the source first, for codes of the classes.
    n_source_rounds_, n_target_rounds_ : int
        Rounds on each domain.
    losses_ : list of float
        Log-loss of held-out rows of the source alone, then after each round that was tried; empty
        where none were held out.
    n_target_ : int
        Labelled rows of the target.
    classes_ : ndarray
        Class labels of the source, without -1.
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
    ContinuedBoostingRegressor : The same for numbers.

    References
    ----------
    Chen, Guestrin: XGBoost, KDD 2016.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent.transfer import ContinuedBoostingClassifier
    >>> X = pd.DataFrame({"text__0": np.arange(40.0) % 20, "domain__0": np.arange(40) // 20})
    >>> y = np.where(X["text__0"] > 9 + 4 * X["domain__0"], "good", "bad")
    >>> model = ContinuedBoostingClassifier(n_estimators=10, n_jobs=1).fit(X, y)
    >>> model.predict(pd.DataFrame({"text__0": [11.0], "domain__0": [1]}))
    array(['bad'], dtype='<U4')
    """

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Grow the trees of the source where it is not fitted, then those of the target.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features, NaN allowed, and the column ``domain__0`` where rows of both domains stand in
            it.
        y : array of shape (n,)
            Labels; -1, or NaN among floats, where a row has none.
        groups : array of shape (n,), default=None
            Group of each row (speaker, video); the rows that tell the number of rounds are of
            groups that are not learned from. None takes the column ``group__0``, where there is
            one.

        Returns
        -------
        self
            The fitted classifier.
        """
        from xgboost import XGBClassifier

        self._validate_params()
        rows = read_rows(
            self,
            X,
            y,
            needs_labels=True,
            all_target=is_fitted(self.source),
            allow_nan=True,
            groups=groups,
        )
        of_source, of_target = rows.labelled(target=False), rows.labelled(target=True)
        seed = seed_of(self.random_state)
        trees, codes = self._learn_source(of_source, of_target, seed)
        self.n_source_rounds_ = trees.booster.num_boosted_rounds()
        self.n_target_, self.n_target_rounds_, self.losses_ = len(of_target.y), 0, []
        if len(codes):
            X_target = of_target.X.astype(np.float32, copy=False)
            told = of_target.groups
            trees = self._continue(trees, X_target, codes, _log_loss, seed, told)
        self.model_ = as_model(XGBClassifier, trees)
        return self

    def _learn_source(
        self, of_source: Labelled, of_target: Labelled, seed: int
    ) -> tuple[Trees, np.ndarray]:
        """Set ``classes_``; give the trees of the source, and codes of the rows to go on with."""
        from xgboost import XGBClassifier

        if is_fitted(self.source):
            known = np.asarray(getattr(self.source, "classes_", ()))
            self.classes_, codes, of_rows = as_codes(self, known, of_target.y)
            trees = trees_of(self, self.source, _OF_CLASSES)
            check_source(self, self.source, trees.booster.num_features())
            self._refuse_new(codes)
        else:
            self.classes_, codes, of_rows = as_codes(self, of_source.y, of_target.y)
            rows, alone = of_source.X, not len(codes)
            if alone:  # the target, as if it were a source
                rows, codes, of_rows = of_target.X, of_rows, codes
                warn_kept(self, "source")
            self._refuse_new(codes)
            model = self._grow_source(XGBClassifier, rows.astype(np.float32), codes, seed)
            trees = trees_of(self, model, _OF_CLASSES)
            if alone:
                return trees, of_rows
        if not len(of_rows):
            warn_kept(self, "target")
        return trees, of_rows

    def _refuse_new(self, known: np.ndarray) -> None:
        new = np.delete(self.classes_, np.unique(known))
        if len(new):
            raise ValueError(
                f"{type(self).__name__} adds trees to those of the source's classes, so the target "
                f"must have no other. Got {new.tolist()}, which the source does not have; "
                "hybridsent.transfer.PriorClassifier takes new classes."
            )

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features, with the columns of `fit`; NaN is allowed.

        Returns
        -------
        ndarray of shape (n, n_classes), float32
            Probabilities, in the order of `classes_`.
        """
        rows = self._new_rows(X)
        return np.asarray(self.model_.predict_proba(rows))


def _log_loss(codes: np.ndarray, probabilities: np.ndarray) -> float:
    if probabilities.ndim == 1:
        probabilities = np.column_stack([1 - probabilities, probabilities])
    chosen = probabilities[np.arange(len(codes)), codes.astype(int)].astype(np.float64)
    return float(-np.mean(np.log(np.maximum(chosen, 1e-7))))


_OF_NUMBERS = ("reg:", "count:")


class ContinuedBoostingRegressor(ContinuedMixin, AdaptingMixin, RegressorMixin, BaseEstimator):
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
    used, and without that column all rows are of the target. Rows without a label
    have NaN in y; -1 is a value like any other.

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

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Grow the trees of the source where it is not fitted, then those of the target.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features, NaN allowed, and the column ``domain__0`` where rows of both domains stand in
            it.
        y : array of shape (n,)
            Values; NaN where a row has none.
        groups : array of shape (n,), default=None
            Group of each row (speaker, video); the rows that tell the number of rounds are of
            groups that are not learned from. None takes the column ``group__0``, where there is
            one.

        Returns
        -------
        self
            The fitted regressor.
        """
        from xgboost import XGBRegressor

        self._validate_params()
        given, seed = is_fitted(self.source), seed_of(self.random_state)
        rows = read_rows(
            self, X, y, needs_labels=True, all_target=given, allow_nan=True, groups=groups
        )
        first, then = rows.labelled(target=False), rows.labelled(target=True)
        self.n_target_, self.n_target_rounds_, self.losses_ = len(then.y), 0, []
        if not given and not len(first.y):  # the target alone, as if it were a source
            first, then = then, first
            warn_kept(self, "source")
        elif not len(then.y):
            warn_kept(self, "target")
        model = self.source
        if not given:
            model = self._grow_source(XGBRegressor, first.X.astype(np.float32), first.y, seed)
        trees = trees_of(self, model, _OF_NUMBERS)
        check_source(self, model, trees.booster.num_features())
        self.n_source_rounds_ = trees.booster.num_boosted_rounds()
        if len(then.y):
            more = then.X.astype(np.float32, copy=False)
            trees = self._continue(trees, more, then.y, _squared_error, seed, then.groups)
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
