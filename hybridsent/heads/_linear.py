"""A linear classifier that chooses its own penalty at the price of about one fit (layer L3).

scikit-learn's LogisticRegressionCV and GridSearchCV(SVC) fit every inner fold in all p columns:
with 6,373 features and 300 rows that is a minute. Here the rows are rotated once into at most n
columns, which changes no distance and no linear model with a squared penalty, and the inner folds
share their work there. scikit-learn has no such step.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from hybridsent._folds import Folds, inner_folds
from hybridsent._numerics.classes import class_weights, learn_classes, most_probable
from hybridsent._numerics.logistic import LogisticFolds, Solution, rotate
from hybridsent._params import Interval, StrOptions
from hybridsent._threads import one_blas_thread
from hybridsent.heads._common import (
    FeaturesAloneMixin,
    centred,
    counted_rows,
    first_peak,
    penalty_grid,
)
from hybridsent.heads._hinge import HingeFolds, votes
from hybridsent.heads._view_weights import weigh_views

__all__ = ["TunedLinearClassifier"]

_INNER_TOL = 1e-6  # in mean log-loss: a loose inner solution still ranks the candidates
_TOL = {"float32": 1e-8, "float64": 1e-10}  # below, the gain of an iteration is lost in rounding
_RULES: dict[str, Any] = {"allow_nan": False, "dtype": [np.float64, np.float32]}
_ENOUGH_ROWS = 1000  # held-out rows that tell the candidates apart


def _has_probabilities(self: TunedLinearClassifier) -> bool:
    if self.loss == "hinge":
        raise AttributeError(
            "predict_proba needs loss='log_loss'. Got 'hinge', which has no probabilities."
        )
    return True


class TunedLinearClassifier(FeaturesAloneMixin, ClassifierMixin, BaseEstimator):
    r"""Logistic regression or linear SVM that chooses its penalty by inner cross-validation.

    Solves

    .. math:: \min_{W, b} \tfrac12 \|W\|^2 + C \sum_i v_i \ell(y_i, W z_i + b),
              \qquad z_i = (x_i - \bar x) / s,

    where :math:`s^2` is the mean squared length of the centred rows, so that one grid of C suits
    any number of features, and v are the weights of the rows, 1 where none are given. C is the one
    with the best score over stratified inner folds: smallest log-loss (``loss="log_loss"``) or
    highest accuracy (``loss="hinge"``). The rows are first rotated by the eigenvectors of their
    Gram matrix (if p > n) into at most n columns, where every inner fold is cheap and the solution
    the same. Candidates are tried from strong to weak penalty until the score has fallen twice in a
    row.

    Parameters
    ----------
    loss : {"log_loss", "hinge"}, default="log_loss"
        ``"log_loss"`` is multinomial logistic regression, with probabilities; ``"hinge"`` a linear
        support vector machine, one against one.
    Cs : sequence of float, default=(0.0625, 0.25, 1.0, 4.0, 16.0, 64.0, 256.0)
        Candidates, from strong to weak penalty. One candidate needs no inner folds.
    cv : int, default=3
        Inner folds; fewer where every class has fewer rows, or there are fewer groups, and only as
        many of them are used as it takes to judge 1,000 rows. A class of a single row, or of one
        group alone, is learned from in each and judged in none. Where no row can be judged, the
        middle candidate is taken.
    class_weight : {"balanced"}, dict or None, default=None
        As in scikit-learn's LogisticRegression: ``"balanced"`` gives each class the same weight,
        those of the rows included.
    max_iter : int, default=1000
        Most iterations of the solver (``loss="log_loss"``).
    random_state : int, default=0
        Seed of the inner folds, and of the rows that weigh views.
    view_weights : {"equal", "gain", "auto"} or dict of str to float, default="equal"
        What the columns of each view (``view__i``) are multiplied by first: 1; with ``"gain"`` the
        share of the labels' variance that a ridge regression on the view alone predicts of rows
        left out (whole groups where these are told), relative to that of the best view; with
        ``"auto"`` 1, unless these weights, or their squares, predict clearly more together. A view
        that says nothing then takes next to no part. Columns of no view keep theirs. Or the weights
        by view, of which 1 is that of a view without one.

    Attributes
    ----------
    C_ : float
        The chosen candidate.
    scores_ : dict of float to float
        Mean inner score of each candidate that was tried: minus log-loss, or accuracy.
    coef_ : ndarray of shape (n_classes or 1, p)
        Weights of the columns of X (``loss="log_loss"``: one row for two classes; ``"hinge"``: one
        row per pair).
    intercept_ : ndarray of shape (rows of coef_,)
        Intercepts.
    classes_ : ndarray
        Class labels.
    view_weights_ : dict of str to float
        Weight of each view, where there are several, unless ``view_weights="equal"``.
    n_iter_ : int
        Iterations of the last fit, at least 1.
    n_features_in_ : int
        Columns seen in `fit`.

    See Also
    --------
    sklearn.linear_model.LogisticRegressionCV : The same choice, fold by fold in all columns.

    References
    ----------
    Hastie, Tibshirani: Efficient quadratic regularization for expression arrays, Biostatistics 2004
    (the rotation).

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from hybridsent.heads import TunedLinearClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> round(TunedLinearClassifier().fit(X, y).score(X, y), 2)
    0.98
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "loss": [StrOptions({"log_loss", "hinge"})],
        "Cs": ["array-like"],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "class_weight": [None, StrOptions({"balanced"}), dict],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "view_weights": [StrOptions({"equal", "gain", "auto"}), dict],
    }

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    view_weights: str | dict[str, float] = (
        "equal"  # of models that were saved before there was a choice
    )

    def __init__(
        self,
        loss: str = "log_loss",
        *,
        Cs: Sequence[float] = (0.0625, 0.25, 1.0, 4.0, 16.0, 64.0, 256.0),
        cv: int = 3,
        class_weight: str | dict[Any, float] | None = None,
        max_iter: int = 1000,
        random_state: int = 0,
        view_weights: str | dict[str, float] = "equal",
    ) -> None:
        self.loss = loss
        self.Cs = Cs
        self.cv = cv
        self.class_weight = class_weight
        self.max_iter = max_iter
        self.random_state = random_state
        self.view_weights = view_weights

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None
    ) -> TunedLinearClassifier:
        """Choose C and fit on all rows.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features without NaN, on comparable scales. The columns ``domain__0`` and ``group__0``
            are no features.
        y : array of shape (n,)
            Labels of at least two classes.
        sample_weight : array of shape (n,), default=None
            Weights v of the rows; a row that weighs k counts as k rows, one that weighs 0 as none.
            They weigh means, scale and the scores of the inner folds as well.
        groups : array of shape (n,), default=None
            Group of each row (speaker, video); a group is never split by the inner folds. None
            takes the column ``group__0``, where there is one.

        Returns
        -------
        self
            The fitted classifier.
        """
        self._validate_params()
        grid = penalty_grid(self, self.Cs)
        X, y, groups = self._learn_features(X, y, groups, **_RULES)
        X, y, rows, groups = counted_rows(X, y, sample_weight, groups)
        codes = learn_classes(self, y)
        weight = self._code_weight()
        self.scores_: dict[float, float] = {}
        mean, scale, Z = centred(X, rows)
        fit = self._fit_hinge if self.loss == "hinge" else self._fit_logistic
        with one_blas_thread(X.size):
            counted = class_weights(weight, codes, rows)[codes]
            counted = counted if rows is None else counted * rows
            factors = weigh_views(self, Z, codes, rows, groups, counted)
            splits = self._splits(codes, groups) if len(grid) > 1 else []
            coef, intercept = fit(Z, codes, grid, splits, weight, rows)
        self.coef_ = coef / scale if factors is None else coef * (factors / scale)
        self.intercept_ = intercept - self.coef_ @ mean
        return self

    def chosen_params(self) -> dict[str, Any]:
        """Give the parameters with which `fit` takes what it chose, and chooses nothing.

        Returns
        -------
        dict
            For `set_params`: the penalty, and the weights of the views where it told them apart.
        """
        check_is_fitted(self)
        weights = getattr(self, "view_weights_", None)
        return {"Cs": [self.C_], **({"view_weights": weights} if weights else {})}

    def _code_weight(self) -> Any:
        """Class weights by code instead of label."""
        if not isinstance(self.class_weight, dict):
            return self.class_weight
        labels = self.classes_.tolist()
        unknown = [label for label in self.class_weight if label not in labels]
        if unknown and any(label not in self.class_weight for label in labels):
            raise ValueError(
                f"The 'class_weight' parameter of {type(self).__name__} must name classes of y, "
                f"{labels}. Got {unknown[0]!r}."
            )
        return {i: self.class_weight.get(label, 1.0) for i, label in enumerate(labels)}

    def _splits(self, codes: np.ndarray, groups: np.ndarray | None) -> Folds:
        """Inner folds, as many as judge enough rows."""
        splits = inner_folds(codes, self.cv, groups, random_state=self.random_state)
        judged = np.cumsum([len(test) for _, test in splits])
        return splits[: int((judged < _ENOUGH_ROWS).sum()) + 1]

    def _choose(self, grid: list[float], score: Callable[[float], float]) -> float:
        """Best candidate; the search stops where the score falls twice (it has one peak)."""
        return first_peak(self.scores_, grid, score)

    def _fit_hinge(
        self,
        Z: np.ndarray,
        codes: np.ndarray,
        grid: list[float],
        splits: Folds,
        weight: Any,
        rows: np.ndarray | None,
    ) -> tuple[np.ndarray, np.ndarray]:
        folds = HingeFolds(Z, codes, weight, rows)

        def score(C: float) -> float:
            return float(np.mean([folds.accuracy(C, train, test) for train, test in splits]))

        self.C_ = self._choose(grid, score) if splits else grid[len(grid) // 2]
        model = folds.fit(self.C_, np.arange(len(Z)))
        self.n_iter_ = max(1, int(np.max(model.n_iter_)))
        return folds.coef(model), model.intercept_

    def _fit_logistic(
        self,
        Z: np.ndarray,
        codes: np.ndarray,
        grid: list[float],
        splits: Folds,
        weight: Any,
        rows: np.ndarray | None,
    ) -> tuple[np.ndarray, np.ndarray]:
        R, back = rotate(Z)
        gram = (
            R.T @ R if rows is None else R.T @ (R * (rows / rows.mean()).astype(R.dtype)[:, None])
        )
        k = len(self.classes_)
        whole: Folds = [(np.arange(len(R)), np.arange(0))]
        # without inner folds there is nothing to choose, and `inner` is never solved
        weights = _fold_weights(codes, splits or whole, weight, rows)
        inner = LogisticFolds(R, codes, k, gram, weights)
        found: dict[float, Solution] = {}

        def score(C: float) -> float:
            start = found[max(found)] if found else None
            found[C] = inner.solve(C, start, tol=_INNER_TOL, max_iter=self.max_iter)
            losses = found[C].losses
            held_out = [_mean(losses[test, f], test, rows) for f, (_, test) in enumerate(splits)]
            return -float(np.mean(held_out))

        self.C_ = self._choose(grid, score) if splits else grid[len(grid) // 2]
        start = found[self.C_].mean(len(splits)) if splits else None
        outer = LogisticFolds(R, codes, k, gram, _fold_weights(codes, whole, weight, rows))
        model = outer.solve(self.C_, start, tol=_TOL[R.dtype.name], max_iter=self.max_iter)
        if not model.converged:
            warnings.warn(
                f"{type(self).__name__} stopped after max_iter={self.max_iter} iterations; "
                "increase it.",
                ConvergenceWarning,
                stacklevel=3,
            )
        self.n_iter_ = max(1, model.n_iter)
        return back(model.coef.T), model.intercept

    def decision_function(self, X: Any) -> np.ndarray:
        """Confidence of each class.

        Parameters
        ----------
        X : array of shape (n, p)
            Features.

        Returns
        -------
        ndarray of shape (n,) for two classes, else (n, n_classes)
            Distance to the border (two classes), logits, or votes of the pairs with ties broken by
            their distances.
        """
        check_is_fitted(self)
        X = self._read_features(X, **_RULES)
        raw = X @ self.coef_.T + self.intercept_
        if len(self.classes_) == 2:
            return np.asarray(raw[:, 0])
        return raw if self.loss == "log_loss" else votes(raw, len(self.classes_))

    def predict(self, X: Any) -> np.ndarray:
        """Most confident class of each row.

        Parameters
        ----------
        X : array of shape (n, p)
            Features.

        Returns
        -------
        ndarray of shape (n,)
            Labels.
        """
        codes = most_probable(self.decision_function(X))
        return np.asarray(self.classes_[codes])

    @available_if(_has_probabilities)  # type: ignore[untyped-decorator]  # scikit-learn has no types
    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class (``loss="log_loss"``).

        Parameters
        ----------
        X : array of shape (n, p)
            Features.

        Returns
        -------
        ndarray of shape (n, n_classes)
            Probabilities, in the order of `classes_`.
        """
        scores = self.decision_function(X)
        if scores.ndim == 1:
            scores = np.column_stack([np.zeros_like(scores), scores])
        return np.asarray(softmax(scores, axis=1))


def _mean(losses: np.ndarray, test: np.ndarray, rows: np.ndarray | None) -> float:
    """Mean loss of held-out rows."""
    if rows is None:
        return float(losses.mean(dtype=np.float64))
    return float(np.average(losses, weights=rows[test]))


def _fold_weights(
    codes: np.ndarray, splits: Folds, class_weight: Any, rows: np.ndarray | None
) -> np.ndarray:
    """Weight of each row in each fold; 0 where it is held out."""
    weights = np.zeros((len(codes), len(splits)))
    for f, (train, _) in enumerate(splits):
        of_rows = None if rows is None else rows[train]
        weights[train, f] = class_weights(class_weight, codes[train], of_rows)[codes[train]]
    return weights if rows is None else weights * rows[:, None]
