"""A linear regression that chooses its own penalty at the price of about one fit (layer L3).

scikit-learn's RidgeCV leaves out one row at a time and knows no groups, and GridSearchCV(SVR) fits
every inner fold in all p columns. Here the rows are rotated once into at most n columns, as for
`TunedLinearClassifier`, and the error of every row, or group of rows, under a ridge regression of
the others is known in closed form.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from hybridsent._folds import inner_folds
from hybridsent._labels import label_numbers
from hybridsent._numerics.left_out import left_out_residuals
from hybridsent._numerics.logistic import rotate
from hybridsent._params import Interval, StrOptions
from hybridsent._threads import one_blas_thread
from hybridsent.heads._common import (
    FeaturesAloneMixin,
    centred,
    counted_rows,
    first_peak,
    penalty_grid,
)
from hybridsent.heads._hinge import TubeFolds
from hybridsent.heads._view_weights import weigh_views

__all__ = ["TunedLinearRegressor"]

_RULES: dict[str, Any] = {"allow_nan": False, "dtype": [np.float64, np.float32]}
_EPS = 1e-12  # share of the largest eigenvalue below which a direction is rounding


class TunedLinearRegressor(FeaturesAloneMixin, RegressorMixin, BaseEstimator):
    r"""Ridge regression or linear support vector regression that chooses its penalty.

    Solves

    .. math:: \min_{w, b} \tfrac12 \|w\|^2 + C \sum_i v_i \ell(y_i, w^\top z_i + b),
              \qquad z_i = (x_i - \bar x) / s,

    where :math:`s^2` is the mean squared length of the centred rows, so that one grid of C suits
    any number of features, and v are the weights of the rows, 1 where none are given. With
    ``loss="squared"`` the loss is :math:`\tfrac12 (y - f)^2`: a ridge regression of penalty 1/C,
    whose C has the smallest squared error of rows that are left out, one by one or, where groups
    are told, group by group; that error is exact and known in closed form. With
    ``loss="epsilon_insensitive"`` it is :math:`\max(0, |y - f| / \sigma - \varepsilon)` with the
    standard deviation :math:`\sigma` of y, which large errors sway less, and C has the smallest
    mean absolute error over inner folds, where candidates are tried from strong to weak penalty
    until the error has risen: a weak one may take libsvm a hundred times as long.

    Parameters
    ----------
    loss : {"squared", "epsilon_insensitive"}, default="squared"
        Ridge regression, or linear support vector regression.
    Cs : sequence of float, default=(0.015625, 0.0625, 0.25, 1.0, 4.0, 16.0, 64.0)
        Candidates, from strong to weak penalty. With one there is nothing to choose.
    epsilon : float, default=0.1
        Errors that cost nothing, in standard deviations of y (``loss="epsilon_insensitive"``).
    cv : int, default=3
        Inner folds (``loss="epsilon_insensitive"``); fewer where there are fewer rows or groups.
    random_state : int, default=0
        Seed of the inner folds, and of the rows that weigh views.
    view_weights : {"equal", "gain", "auto"} or dict of str to float, default="equal"
        As in `TunedLinearClassifier`: what the columns of each view (``view__i``) are multiplied
        by first.

    Attributes
    ----------
    C_ : float
        The chosen candidate.
    scores_ : dict of float to float
        Of each candidate minus the mean squared, or absolute, error of rows that were left out;
        empty where there was nothing to choose.
    coef_ : ndarray of shape (p,)
        Weights of the columns of X.
    intercept_ : float
        Intercept.
    view_weights_ : dict of str to float
        Weight of each view, where there are several, unless ``view_weights="equal"``.
    n_features_in_ : int
        Columns seen in `fit`.

    See Also
    --------
    TunedLinearClassifier : The same for classes.
    sklearn.linear_model.RidgeCV : Leaves out single rows, in all columns.

    References
    ----------
    Hastie, Tibshirani: Efficient quadratic regularization for expression arrays, Biostatistics 2004
    (the rotation).

    Golub, Heath, Wahba: Generalized cross-validation as a method for choosing a good ridge
    parameter, Technometrics 1979 (errors of rows that are left out).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from hybridsent.heads import TunedLinearRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> round(TunedLinearRegressor().fit(X, y).score(X, y), 2)
    0.52
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "loss": [StrOptions({"squared", "epsilon_insensitive"})],
        "Cs": ["array-like"],
        "epsilon": [Interval(Real, 0, None, closed="left")],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
        "view_weights": [StrOptions({"equal", "gain", "auto"}), dict],
    }

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(
        self,
        loss: str = "squared",
        *,
        Cs: Sequence[float] = (0.015625, 0.0625, 0.25, 1.0, 4.0, 16.0, 64.0),
        epsilon: float = 0.1,
        cv: int = 3,
        random_state: int = 0,
        view_weights: str | dict[str, float] = "equal",
    ) -> None:
        self.loss = loss
        self.Cs = Cs
        self.epsilon = epsilon
        self.cv = cv
        self.random_state = random_state
        self.view_weights = view_weights

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None
    ) -> TunedLinearRegressor:
        """Choose C and fit on all rows.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features without NaN, on comparable scales. The columns ``domain__0`` and ``group__0``
            are no features.
        y : array of shape (n,)
            Numbers.
        sample_weight : array of shape (n,), default=None
            Weights v of the rows; a row that weighs 0 counts as none. They weigh means, scale and
            the errors of rows that are left out as well.
        groups : array of shape (n,), default=None
            Group of each row (speaker, video); rows of a group are left out together. None takes
            the column ``group__0``, where there is one.

        Returns
        -------
        self
            The fitted regressor.
        """
        self._validate_params()
        grid = penalty_grid(self, self.Cs)
        X, y, groups = self._learn_features(X, y, groups, **_RULES)
        X, y, rows, groups = counted_rows(X, label_numbers(self, y), sample_weight, groups)
        share = np.full(len(y), 1 / len(y)) if rows is None else rows / rows.sum()
        middle = float(share @ y)
        self.scores_: dict[float, float] = {}
        mean, scale, Z = centred(X, rows)
        fit = self._fit_squared if self.loss == "squared" else self._fit_tube
        with one_blas_thread(X.size):
            factors = weigh_views(self, Z, y - middle, rows, groups)
            coef, offset = fit(Z, y - middle, grid, rows, groups)
        self.coef_ = coef / scale if factors is None else coef * (factors / scale)
        self.intercept_ = float(middle + offset - self.coef_ @ mean)
        return self

    def _fit_squared(
        self,
        Z: np.ndarray,
        y: np.ndarray,
        grid: list[float],
        rows: np.ndarray | None,
        groups: np.ndarray | None,
    ) -> tuple[np.ndarray, float]:
        """Solve in the eigenvectors of the rows, where each candidate is a division."""
        n = len(y)
        share = np.full(n, 1 / n) if rows is None else rows / rows.sum()
        root = np.sqrt(share * (n if rows is None else rows.sum()))  # of the weights themselves
        R, back = rotate(Z)
        weighed = R.astype(np.float64) * root[:, None]
        values, vectors = np.linalg.eigh(weighed.T @ weighed)
        kept = values > _EPS * max(values[-1], 0.0)
        values, vectors = values[kept], vectors[:, kept]
        basis = (weighed @ vectors) / np.sqrt(values)
        target = (root * y)[:, None]
        along = basis.T @ target
        for C in grid if len(grid) > 1 and n > 1 else []:
            shrunk = values / (values + 1 / C)
            residual = target - basis @ (shrunk[:, None] * along)
            without = left_out_residuals(residual, basis, shrunk, share, groups)
            judged = ~np.isnan(without[:, 0])  # a row that alone decides its own fit tells nothing
            if judged.any():
                weights = root[judged] ** 2
                self.scores_[C] = -float(np.square(without[judged, 0]).sum() / weights.sum())
        self.C_ = max(self.scores_, key=self.scores_.__getitem__, default=grid[len(grid) // 2])
        solved = vectors @ (np.sqrt(values) / (values + 1 / self.C_) * along[:, 0])
        return back(solved[None])[0], 0.0

    def _fit_tube(
        self,
        Z: np.ndarray,
        y: np.ndarray,
        grid: list[float],
        rows: np.ndarray | None,
        groups: np.ndarray | None,
    ) -> tuple[np.ndarray, float]:
        """Solve by libsvm, in units of the standard deviation of y."""
        sigma = float(np.sqrt(np.average(y**2, weights=rows))) or 1.0
        folds = TubeFolds(Z, y / sigma, self.epsilon, rows)
        splits = inner_folds(y, self.cv, groups, random_state=self.random_state, kind="numbers")

        def score(C: float) -> float:
            errors = [folds.error(C, train, test) for train, test in splits]
            return -sigma * float(np.mean(errors))

        known = len(grid) > 1 and bool(splits)
        self.C_ = first_peak(self.scores_, grid, score, 1) if known else grid[len(grid) // 2]
        model = folds.fit(self.C_, np.arange(len(y)))
        return sigma * folds.coef(model), sigma * float(model.intercept_[0])

    def predict(self, X: Any) -> np.ndarray:
        """Predict the number of each row.

        Parameters
        ----------
        X : array of shape (n, p)
            Features.

        Returns
        -------
        ndarray of shape (n,), float64
            Numbers.
        """
        check_is_fitted(self)
        X = self._read_features(X, **_RULES)
        return np.asarray(X.astype(np.float64) @ self.coef_ + self.intercept_)
