"""Gradient-boosted trees with labels of any kind, or for numbers (layer L3).

XGBClassifier takes only the labels 0 … k-1; scikit-learn's own classifiers take strings. This is
the bridge.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from hybridsent._labels import label_numbers
from hybridsent._numerics.classes import MostProbableMixin, learn_classes
from hybridsent._params import Devices, Interval, Jobs
from hybridsent._threads import threads_for
from hybridsent.heads._common import FeaturesAloneMixin, standard

__all__ = ["BoostedTreesClassifier", "BoostedTreesRegressor"]


class _BoostedTrees(FeaturesAloneMixin, BaseEstimator):
    """Parameters of trees, and how they are grown."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "max_depth": [Interval(Integral, 1, None, closed="left")],
        "subsample": [Interval(Real, 0, 1, closed="right")],
        "colsample_bytree": [Interval(Real, 0, 1, closed="right")],
        "reg_lambda": [Interval(Real, 0, None, closed="left")],
        "device": [Devices("cpu", "cuda")],
        "n_jobs": [None, Jobs()],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        n_estimators: int = 200,
        learning_rate: float = 0.1,
        max_depth: int = 3,
        subsample: float = 0.8,
        colsample_bytree: float = 0.3,
        reg_lambda: float = 1.0,
        device: str = "cpu",
        n_jobs: int | None = None,
        random_state: int = 0,
    ) -> None:
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.max_depth = max_depth
        self.subsample = subsample
        self.colsample_bytree = colsample_bytree
        self.reg_lambda = reg_lambda
        self.device = device
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _grow(self, kind: Any, X: np.ndarray, y: np.ndarray) -> Any:
        """Fit trees of xgboost, which then predict on the CPU."""
        params = {**self.get_params(), "n_jobs": threads_for(X.size, self.n_jobs)}
        model = kind(tree_method="hist", **params).fit(X, y)
        if self.device != "cpu":  # arrays are on the CPU, and xgboost warns where trees are not
            model.set_params(device="cpu")
        return model

    # -- trees that are grown elsewhere, on parts of the rows

    _kind: ClassVar[str]

    def _unfitted(self) -> Any:
        import xgboost

        params = {**self.get_params(), "n_jobs": self.n_jobs}
        return getattr(xgboost, self._kind)(tree_method="hist", **params)

    def for_training(self) -> tuple[dict[str, Any], int]:
        """Give what ``xgboost.train`` takes: parameters, and the number of rounds.

        Returns
        -------
        dict, int
            For what `coded` gives.
        """
        params = self._unfitted().get_xgb_params()
        return {**params, **self._objective()}, self.n_estimators

    def _objective(self) -> dict[str, Any]:
        return {"objective": "reg:squarederror"}

    def grown_elsewhere(self, booster: bytes, columns: Sequence[str]) -> Any:
        """Become fitted by trees that xgboost grew as `for_training` says.

        Parameters
        ----------
        booster : bytes
            As xgboost saves it.
        columns : sequence of str
            Names of the columns that it read, in their order.

        Returns
        -------
        self
            Fitted.
        """
        model = self._unfitted()
        model.load_model(bytearray(booster))
        if self.device != "cpu":
            model.set_params(device="cpu")
        self.model_ = model
        self.feature_names_in_ = np.array(columns, dtype=object)
        self.n_features_in_ = len(columns)
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class BoostedTreesClassifier(MostProbableMixin, ClassifierMixin, _BoostedTrees):
    """XGBoost trees for labels of any kind, with defaults for many features and few rows.

    Second-order gradient boosting of histogram trees on the multinomial log-loss. Missing values
    (NaN) are read as they are: each split learns where they go.

    Parameters
    ----------
    n_estimators : int, default=200
        Rounds of boosting.
    learning_rate : float, default=0.1
        Shrinkage of each round.
    max_depth : int, default=3
        Depth of a tree.
    subsample : float, default=0.8
        Share of rows a tree sees.
    colsample_bytree : float, default=0.3
        Share of columns a tree sees.
    reg_lambda : float, default=1.0
        Squared penalty on leaf values.
    device : str, default="cpu"
        Where the trees are grown: ``"cpu"``, ``"cuda"`` or ``"cuda:1"``. Predictions are computed
        on the CPU, so that the fitted model needs no GPU. Without a GPU xgboost warns and grows
        the trees on the CPU.
    n_jobs : int, default=None
        Threads; None takes every core, and one where there are fewer than 20 million numbers.
    random_state : int, default=0
        Seed.

    Attributes
    ----------
    model_ : xgboost.XGBClassifier
        The fitted trees.
    classes_ : ndarray
        Class labels.
    n_features_in_ : int
        Columns seen in `fit`.

    References
    ----------
    Chen, Guestrin: XGBoost, KDD 2016.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from hybridsent.heads import BoostedTreesClassifier
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> names = load_iris().target_names[y]
    >>> BoostedTreesClassifier(n_estimators=5).fit(X, names).predict(X)[:1]
    array(['setosa'], dtype='<U10')
    """

    def fit(self, X: Any, y: Any) -> BoostedTreesClassifier:
        """Grow the trees.

        Parameters
        ----------
        X : array of shape (n, p)
            Features; NaN is allowed.
        y : array of shape (n,)
            Labels of at least two classes.

        Returns
        -------
        self
            The fitted classifier.
        """
        from xgboost import XGBClassifier

        self._validate_params()
        X, y, _ = self._learn_features(X, y, None, dtype=np.float32)
        codes = learn_classes(self, y)
        self.model_ = self._grow(XGBClassifier, X, codes)
        return self

    _kind = "XGBClassifier"

    def learn_target(self, labels: np.ndarray, n: int, total: float, squares: float) -> None:
        """Learn what the classes are, of those of the parts.

        Parameters
        ----------
        labels : ndarray
            Classes of each part.
        n, total, squares : int, float, float
            Of numbers, not used.
        """
        self._validate_params()
        learn_classes(self, labels)

    def coded(self, y: np.ndarray) -> np.ndarray:
        """Give labels of a part as the trees learn them.

        Parameters
        ----------
        y : ndarray of shape (n,)
            Labels.

        Returns
        -------
        ndarray of shape (n,)
            Position of each in `classes_`.
        """
        return np.searchsorted(self.classes_, y)

    def _objective(self) -> dict[str, Any]:
        if len(self.classes_) == 2:
            return {"objective": "binary:logistic"}
        return {"objective": "multi:softprob", "num_class": len(self.classes_)}

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class.

        Parameters
        ----------
        X : array of shape (n, p)
            Features; NaN is allowed.

        Returns
        -------
        ndarray of shape (n, n_classes), float32
            Probabilities, in the order of `classes_`.
        """
        check_is_fitted(self)
        X = self._read_features(X, dtype=np.float32)
        return np.asarray(self.model_.predict_proba(X))


class BoostedTreesRegressor(RegressorMixin, _BoostedTrees):
    """XGBoost trees for numbers, with defaults for many features and few rows.

    Second-order gradient boosting of histogram trees on the squared error. Missing values (NaN) are
    read as they are: each split learns where they go.

    Parameters
    ----------
    n_estimators : int, default=200
        Rounds of boosting.
    learning_rate : float, default=0.1
        Shrinkage of each round.
    max_depth : int, default=3
        Depth of a tree.
    subsample : float, default=0.8
        Share of rows a tree sees.
    colsample_bytree : float, default=0.3
        Share of columns a tree sees.
    reg_lambda : float, default=1.0
        Squared penalty on leaf values.
    device : str, default="cpu"
        Where the trees are grown, as for `BoostedTreesClassifier`.
    n_jobs : int, default=None
        Threads; None takes every core, and one where there are fewer than 20 million numbers.
    random_state : int, default=0
        Seed.

    Attributes
    ----------
    model_ : xgboost.XGBRegressor
        The fitted trees, of numbers less their mean and divided by their standard deviation.
    mean_, scale_ : float
        That mean, and that standard deviation (1 where all numbers are alike).
    n_features_in_ : int
        Columns seen in `fit`.

    See Also
    --------
    BoostedTreesClassifier : The same for classes.

    References
    ----------
    Chen, Guestrin: XGBoost, KDD 2016.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from hybridsent.heads import BoostedTreesRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> BoostedTreesRegressor(n_estimators=5, n_jobs=1).fit(X, y).predict(X[:2]).shape
    (2,)
    """

    def fit(self, X: Any, y: Any) -> BoostedTreesRegressor:
        """Grow the trees.

        Parameters
        ----------
        X : array of shape (n, p)
            Features; NaN is allowed.
        y : array of shape (n,)
            Numbers.

        Returns
        -------
        self
            The fitted regressor.
        """
        from xgboost import XGBRegressor

        self._validate_params()
        X, y, _ = self._learn_features(X, y, None, dtype=np.float32)
        y = label_numbers(self, y)
        # leaf values are float32, and are shrunk towards zero
        self.mean_, self.scale_ = standard(y)
        self.model_ = self._grow(XGBRegressor, X, (y - self.mean_) / self.scale_)
        return self

    _kind = "XGBRegressor"

    def learn_target(self, labels: np.ndarray, n: int, total: float, squares: float) -> None:
        """Learn mean and scale of numbers that are in parts.

        Parameters
        ----------
        labels : ndarray
            Of classes, not used.
        n, total, squares : int, float, float
            How many numbers there are, their sum, and that of their squares.
        """
        self._validate_params()
        self.mean_ = float(total / n)
        spread = float(np.sqrt(max(0.0, squares / n - self.mean_**2)))
        self.scale_ = spread or 1.0

    def coded(self, y: np.ndarray) -> np.ndarray:
        """Give numbers of a part as the trees learn them.

        Parameters
        ----------
        y : ndarray of shape (n,)
            Numbers.

        Returns
        -------
        ndarray of shape (n,), float64
            Standardised.
        """
        return np.asarray((np.asarray(y, dtype=np.float64) - self.mean_) / self.scale_)

    def predict(self, X: Any) -> np.ndarray:
        """Predict the number of each row.

        Parameters
        ----------
        X : array of shape (n, p)
            Features; NaN is allowed.

        Returns
        -------
        ndarray of shape (n,), float64
            Numbers.
        """
        check_is_fitted(self)
        X = self._read_features(X, dtype=np.float32)
        found = self.model_.predict(X).astype(np.float64)
        return np.asarray(found * self.scale_ + self.mean_)
