"""A ridge regression that shrinks toward the weights of a source (layer L3).

No library serves: adapt's RegularTransferLR takes a fixed penalty. In closed form the leave-one-out
error of every penalty costs no further fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from scipy.linalg import svd
from sklearn.base import BaseEstimator, RegressorMixin

from hybridsent.transfer._parts import Parts, check_source, numbers, read_parts, warn_kept
from hybridsent.transfer._prior import (
    PriorMixin,
    Weights,
    best_candidate,
    check_reading,
    deal,
    fitted_weights,
    in_their_span,
    is_fitted,
)
from hybridsent.transfer._scores import LabeledScoreMixin

__all__ = ["PriorRegressor"]


class PriorRegressor(PriorMixin, LabeledScoreMixin, RegressorMixin, BaseEstimator):
    r"""Ridge regression on few target values that shrinks toward a source model.

    Minimises over the labelled rows of the target

    .. math:: \min_{w, b} \sum_i (y_i - w^\top x_i - b)^2 + \alpha \|w - w_s\|^2,

    so that scikit-learn's Ridge is the case :math:`w_s = 0`. As there, the intercept bears no
    penalty. With the residuals of the source for y it is a ridge regression of w - w_s, solved in
    closed form. For :math:`\alpha \to \infty` the weights are those of the source, for
    :math:`\alpha \to 0` those of least squares on the target.

    Rows of both domains may stand in X, told apart by the column ``domain__0``: then `source` is
    fitted on the rows of the source. Or `source` is fitted already; then rows of the source are not
    used, and without that column all rows are of the target. Where y has NaN, those rows are
    unlabelled, and -1 is a value. Where it has none and all of y are whole numbers, -1 marks the
    unlabelled rows: shift ratings of which -1 is one, to 0 … 6 for -3 … 3.

    Parameters
    ----------
    source : estimator, default=None
        A linear regressor, fitted or not: with ``coef_`` and ``intercept_``, and no link between
        them and what it predicts. None for the same ridge regression with :math:`w_s = 0`, whose
        alpha is chosen as that of the target is by default. scikit-learn forgets what was learned
        when it clones: in a search or cross-validation a fitted one must be
        ``sklearn.frozen.FrozenEstimator(source)``.
    alpha : float, sequence of float or "auto", default="auto"
        Penalty. Of several candidates the one with the smallest squared error where each labelled
        row of the target is left out in turn; of equal ones the largest. ``"auto"`` for
        10^4 … 10^-3 times the mean squared length of their centred rows. Of a single labelled row,
        the largest candidate. Of more than 2,000 rows, 2,000 choose.

    Attributes
    ----------
    coef_ : ndarray of shape (p,)
        Weights.
    intercept_ : float
        Intercept.
    source_coef_ : ndarray of shape (p,)
        Weights of the source.
    source_intercept_ : float
        Its intercept.
    alpha_ : float
        The chosen penalty; infinite where there was no labelled row of the target.
    alphas_, losses_ : ndarray of shape (n_candidates,)
        Candidates from strong to weak, and their mean squared error on rows left out; NaN where
        there was nothing to choose.
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
        no source.

    See Also
    --------
    PriorClassifier : The same for classes.

    References
    ----------
    Li, Grandvalet, Davoine: Explicit inductive bias for transfer learning with convolutional
    networks, ICML 2018 (L2-SP). Golub, Heath, Wahba: Generalized cross-validation as a
    method for choosing a good ridge parameter, Technometrics 1979 (leaving one out).

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.transfer import PriorRegressor
    >>> X = pd.DataFrame({"text__0": [0.0, 1, 2, 3, 4, 5], "domain__0": [0, 0, 0, 0, 1, 1]})
    >>> y = [0.0, 1.0, 2.0, 3.0, 6.5, 7.5]
    >>> model = PriorRegressor().fit(X, y)
    >>> model.predict(pd.DataFrame({"text__0": [9.0], "domain__0": [1]})).round(2)
    array([11.5])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        name: PriorMixin._parameter_constraints[name] for name in ("source", "alpha")
    }

    def __init__(self, source: Any = None, alpha: float | Sequence[float] | str = "auto") -> None:
        self.source = source
        self.alpha = alpha

    def fit(self, X: Any, y: Any) -> Self:
        """Fit the source where it is not fitted, then the weights on the target's labelled rows.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features, and the column ``domain__0`` where rows of both domains stand in it.
        y : array of shape (n,)
            Values; NaN where a row has none, or -1 where all are whole numbers.

        Returns
        -------
        self
            The fitted regressor.
        """
        self._validate_params()
        values = numbers(self, y)
        parts = read_parts(self, X, values, all_target=is_fitted(self.source))
        source = self._learn_source(parts)
        self.source_coef_, self.source_intercept_ = source.coef[0], float(source.intercept[0])
        self.n_target_ = len(parts.y_target)
        found, self.alpha_ = source, np.inf
        self.alphas_ = self.losses_ = np.zeros(0)
        if self.n_target_ == 0:
            warn_kept(self, "target")
        else:
            X_target = parts.X_target.astype(np.float64)
            self.alphas_ = self._candidates(X_target)
            residuals = parts.y_target - X_target @ self.source_coef_ - self.source_intercept_
            change, self.alpha_, self.losses_ = _ridge(X_target, residuals, self.alphas_)
            found = Weights(source.coef + change.coef, source.intercept + change.intercept)
        self.coef_, self.intercept_ = found.coef[0], float(found.intercept[0])
        return self

    def _learn_source(self, parts: Parts) -> Weights:
        X, y = parts.X_source, parts.y_source
        if not is_fitted(self.source):
            if not len(y):
                warn_kept(self, "source")
                return Weights(np.zeros((1, X.shape[1])), np.zeros(1))
            if self.source is None:
                X = X.astype(np.float64)
                return _ridge(X, y, PriorRegressor()._candidates(X))[0]
        model = self._source(X, y)
        weights = fitted_weights(self, model, 1)
        check_source(self, self.source, weights.coef.shape[1])
        check_reading(self, model, weights, (parts.X_source, parts.X_target))
        return weights

    def predict(self, X: Any) -> np.ndarray:
        """Value of each row.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features, with the columns of `fit`.

        Returns
        -------
        ndarray of shape (n,)
            Values.
        """
        return self._raw(X)


def _ridge(X: np.ndarray, y: np.ndarray, alphas: np.ndarray) -> tuple[Weights, float, np.ndarray]:
    """Fit with the best penalty: the weights, the penalty, the losses of the candidates."""
    losses = np.full(len(alphas), np.nan)
    chosen = 0
    if len(alphas) > 1 and len(X) > 1:
        rows = np.concatenate([test for _, test in deal(np.argsort(y, kind="stable"), 1)])
        losses = left_out_errors(X[rows], y[rows], alphas)
        chosen = best_candidate(losses)
    alpha = float(alphas[chosen])
    mean, middle = X.mean(axis=0), y.mean()
    Z, basis = in_their_span(X - mean)
    gram = Z.T @ Z
    gram[np.diag_indices(len(gram))] += alpha
    coef = np.linalg.solve(gram, Z.T @ (y - middle))
    if basis is not None:
        coef = basis @ coef
    return Weights(coef[None], np.array([middle - mean @ coef])), alpha, losses


def left_out_errors(X: np.ndarray, y: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    r"""Mean squared error of ridge regression where each row is left out in turn.

    With the hat matrix H of all rows, the error of row i without itself is
    :math:`(y_i - \hat y_i) / (1 - H_{ii})`.

    Parameters
    ----------
    X : ndarray of shape (n, p), float64
        Rows, at least two.
    y : ndarray of shape (n,)
        Values.
    alphas : ndarray of shape (n_alphas,)
        Penalties.

    Returns
    -------
    ndarray of shape (n_alphas,)
        Errors.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.transfer._prior_regressor import left_out_errors
    >>> X = np.zeros((2, 1))  # each row is predicted by the mean of the other
    >>> left_out_errors(X, np.array([1.0, 3.0]), np.array([1.0]))
    array([4.])
    """
    Z, _ = in_their_span(X - X.mean(axis=0))
    U, values, _ = svd(Z, full_matrices=False, check_finite=False)
    centred = y - y.mean()
    scores = U.T @ centred
    errors = []
    for alpha in alphas:
        shrinkage = values**2 / (values**2 + alpha)
        residuals = centred - U @ (shrinkage * scores)
        leverage = (U**2) @ shrinkage + 1 / len(y)
        rest = np.maximum(1 - leverage, np.finfo(np.float64).eps)  # a row that explains itself
        errors.append(np.mean((residuals / rest) ** 2))
    return np.array(errors)
