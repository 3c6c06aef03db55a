"""Linear models that shrink toward the weights of a source (layer L3).

No library serves: adapt's RegularTransferLC and RegularTransferLR minimise squared losses (of the
labels -1 and 1) and take a fixed penalty; scikit-learn's models shrink toward zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from scipy.linalg import svd
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from hybridsent._numerics.classes import most_probable
from hybridsent._numerics.left_out import left_out_residuals
from hybridsent.transfer._offset_logistic import choose_alpha, solve
from hybridsent.transfer._prior import (
    PriorMixin,
    Weights,
    best_candidate,
    check_reading,
    enough_rows,
    fitted_weights,
    in_their_span,
)
from hybridsent.transfer._rows import AdaptingMixin, Labelled, read_rows
from hybridsent.transfer._source import as_codes, check_source, is_fitted, warn_kept

__all__ = ["PriorClassifier", "PriorRegressor"]


class PriorClassifier(PriorMixin, AdaptingMixin, ClassifierMixin, BaseEstimator):
    r"""Logistic regression on few target labels that shrinks toward a source model.

    Minimises over the labelled rows of the target

    .. math:: \min_{W, b} \sum_i \ell(y_i, W x_i + b) + \tfrac\alpha2 \|W - W_s\|^2

    with the log-loss of all classes together, so that scikit-learn's LogisticRegression with
    :math:`C = 1 / \alpha` is the case :math:`W_s = 0`. As there, the intercept bears no penalty.
    For :math:`\alpha \to \infty` the weights are those of the source, for :math:`\alpha \to 0` they
    are those of the target alone. L-BFGS finds W - W_s, in the span of the rows where p is at least
    2 n.

    Rows of both domains may stand in X, told apart by the column ``domain__0``: then `source` is
    fitted on the labelled rows of the source. Or `source` is fitted already; then rows of the
    source are not used, and without that column all rows are of the target. A class that the
    source does not know begins with weights of zero.

    Parameters
    ----------
    source : estimator, default=None
        A linear classifier, fitted or not: with ``coef_`` and ``intercept_``, which are read as
        logits, one row for each class or one for two classes; it must predict the class with the
        largest. None for the same logistic regression with :math:`W_s = 0`, whose alpha is chosen
        as that of the target is by default. scikit-learn forgets what was learned when it clones:
        in a search or cross-validation a fitted one must be
        ``sklearn.frozen.FrozenEstimator(source)``.
    alpha : float, sequence of float or "auto", default="auto"
        Penalty. Of several candidates the one with the smallest log-loss over inner folds of the
        target's labelled rows; of equal ones the largest. ``"auto"`` for 10^4 … 10^-3 times the
        mean squared length of their centred rows. Of a single labelled row, the largest candidate.
    shrink_intercept : bool, default=False
        Whether the intercept is shrunk toward that of the source, too, with the same penalty: then
        a strong one gives the source model itself. Where the target lacks a class it is in any
        case, since else it would run to infinity.
    cv : int, default=5
        Most inner folds. Rows are dealt to them class by class, at most 2,000 rows.
    random_state : int, RandomState instance or None, default=None
        Seed of the order in which they are dealt; None is that of the table.

    Attributes
    ----------
    coef_ : ndarray of shape (n_classes, p), or (1, p) for two classes
        Weights.
    intercept_ : ndarray of shape (n_classes,), or (1,)
        Intercepts.
    source_coef_, source_intercept_ : ndarray
        Those of the source, in the order of `classes_`.
    alpha_ : float
        The chosen penalty; infinite where there was no labelled row of the target.
    alphas_, losses_ : ndarray of shape (n_candidates,)
        Candidates from strong to weak, and their mean held-out log-loss; NaN for those not tried,
        because the loss had risen by a tenth, or there was nothing to choose.
    n_target_ : int
        Labelled rows of the target.
    classes_ : ndarray
        Class labels of both domains, without -1.
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
    PriorRegressor : The same for numbers.

    References
    ----------
    Chelba, Acero: Adaptation of maximum entropy capitalizer: little data can help a lot, EMNLP
    2004. Li, Grandvalet, Davoine: Explicit inductive bias for transfer learning with convolutional
    networks, ICML 2018 (L2-SP).

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.transfer import PriorClassifier
    >>> X = pd.DataFrame({"text__0": [0.0, 1, 2, 3, 4, 6], "domain__0": [0, 0, 0, 0, 1, 1]})
    >>> y = ["bad", "bad", "good", "good", "bad", "good"]
    >>> model = PriorClassifier(alpha=0.01).fit(X, y)
    >>> model.predict(pd.DataFrame({"text__0": [4.5, 5.5], "domain__0": [1, 1]}))
    array(['bad', 'good'], dtype=object)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **PriorMixin._parameter_constraints,
        "shrink_intercept": ["boolean"],
        "random_state": ["random_state"],
    }
    random_state: Any = None  # of models that were saved before it was a parameter

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(
        self,
        source: Any = None,
        alpha: float | Sequence[float] | str = "auto",
        *,
        shrink_intercept: bool = False,
        cv: int = 5,
        random_state: Any = None,
    ) -> None:
        self.source = source
        self.alpha = alpha
        self.shrink_intercept = shrink_intercept
        self.cv = cv
        self.random_state = random_state

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Fit the source where it is not fitted, then the weights on the target's labelled rows.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features, and the column ``domain__0`` where rows of both domains stand in it.
        y : array of shape (n,)
            Labels; -1, or NaN among floats, where a row has none.
        groups : array of shape (n,), default=None
            Group of each row (speaker, video); a group is never split by the inner folds. None
            takes the column ``group__0``, where there is one.

        Returns
        -------
        self
            The fitted classifier.
        """
        self._validate_params()
        alone = is_fitted(self.source)
        rows = read_rows(self, X, y, needs_labels=True, all_target=alone, groups=groups)
        of_source, of_target = rows.labelled(target=False), rows.labelled(target=True)
        source, codes = self._learn_source(of_source, of_target)
        self.source_coef_, self.source_intercept_ = source.coef, source.intercept
        self.n_target_ = len(codes)
        X_target = of_target.X.astype(np.float64)
        if len(codes) == 0:
            warn_kept(self, "target")
            self.coef_, self.intercept_ = source.coef.copy(), source.intercept.copy()
            self.alpha_ = np.inf
            self.alphas_ = self.losses_ = np.zeros(0)
            return self
        self.alphas_ = self._candidates(X_target)
        # zero is no intercept to shrink toward
        shrink = bool(self.shrink_intercept and source.coef.any())
        found, self.alpha_, self.losses_ = self._adapt(
            X_target, codes, source, self.alphas_, shrink, of_target.groups
        )
        self.coef_, self.intercept_ = found.coef, found.intercept
        return self

    def _learn_source(self, of_source: Labelled, of_target: Labelled) -> tuple[Weights, np.ndarray]:
        """Set ``classes_``; give the source's weights in their order, and codes of the target."""
        if is_fitted(self.source):
            known = np.asarray(getattr(self.source, "classes_", ()))
            if len(known) < 2:
                raise ValueError(
                    f"The 'source' of {type(self).__name__} must be a linear classifier of at "
                    f"least 2 classes. Got {self.source!r} with classes {known.tolist()}."
                )
            self.classes_, places, codes = as_codes(self, known, of_target.y)
            weights = fitted_weights(self, self.source, _n_outputs(len(known)))
            check_source(self, self.source, weights.coef.shape[1])
            check_reading(self, self.source, weights, (of_source.X, of_target.X), known)
            return _widened(weights, places, len(self.classes_)), codes
        self.classes_, labels, codes = as_codes(self, of_source.y, of_target.y)
        k = len(self.classes_)
        if not len(labels):
            warn_kept(self, "source")
            return _zeros(of_target.X, _n_outputs(k)), codes
        known, of_known = np.unique(labels, return_inverse=True)
        if self.source is not None:
            model = self._source(of_source.X, of_known)
            weights = fitted_weights(self, model, _n_outputs(len(known)))
            check_reading(self, model, weights, (of_source.X,), np.arange(len(known)))
        elif len(known) > 1:
            X = of_source.X.astype(np.float64)
            zero = _zeros(X, _n_outputs(len(known)))
            grid = PriorClassifier()._candidates(X)
            weights = self._adapt(X, of_known, zero, grid, False, of_source.groups)[0]
        else:
            raise ValueError(
                f"{type(self).__name__} needs samples of at least 2 classes in the source. Got "
                f"only {self.classes_[known].tolist()[0]!r}."
            )
        return _widened(weights, known, k), codes

    def _adapt(
        self,
        X: np.ndarray,
        codes: np.ndarray,
        prior: Weights,
        alphas: np.ndarray,
        shrink: bool,
        groups: np.ndarray | None,
    ) -> tuple[Weights, float, np.ndarray]:
        """Choose the penalty, and fit: the weights, the penalty, the losses of the candidates."""
        offset = X @ prior.coef.T + prior.intercept
        losses = np.full(len(alphas), np.nan)
        chosen = 0
        if len(alphas) > 1 and len(X) > 1:
            losses = choose_alpha(
                X, codes, offset, alphas, self.cv, shrink, self.random_state, groups
            )
            chosen = best_candidate(losses)
        alpha = float(alphas[chosen])
        change = solve(X, codes, offset, alpha, shrink)
        found = Weights(prior.coef + change[:-1].T, prior.intercept + change[-1])
        return found, alpha, losses

    def decision_function(self, X: Any) -> np.ndarray:
        """Logit of each class; for two classes that of the second.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features, with the columns of `fit`.

        Returns
        -------
        ndarray of shape (n,) or (n, n_classes)
            Logits.
        """
        raw = self._raw(X)
        return raw[:, 0] if raw.shape[1] == 1 else raw

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features, with the columns of `fit`.

        Returns
        -------
        ndarray of shape (n, n_classes)
            Probabilities, in the order of `classes_`.
        """
        raw = self._raw(X)
        if raw.shape[1] == 1:
            return np.column_stack([expit(-raw[:, 0]), expit(raw[:, 0])])
        return np.asarray(softmax(raw, axis=1))

    def predict(self, X: Any) -> np.ndarray:
        """Most probable class of each row.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features, with the columns of `fit`.

        Returns
        -------
        ndarray of shape (n,)
            Labels.
        """
        codes = most_probable(self._raw(X))
        return np.asarray(self.classes_[codes])


def _n_outputs(n_classes: int) -> int:
    return 1 if n_classes == 2 else n_classes


def _zeros(X: np.ndarray, n_outputs: int) -> Weights:
    return Weights(np.zeros((n_outputs, X.shape[1])), np.zeros(n_outputs))


def _widened(weights: Weights, places: np.ndarray, n_classes: int) -> Weights:
    """Put the weights of some classes among those of all; zero for the others."""
    if len(places) == n_classes:
        return weights
    coef, intercept = weights.coef, weights.intercept
    if len(places) == 2:  # one logit becomes two with the same probabilities
        coef, intercept = np.vstack([-coef, coef]) / 2, np.r_[-intercept, intercept] / 2
    wide = _zeros(coef, n_classes)
    wide.coef[places] = coef
    wide.intercept[places] = intercept
    return wide


class PriorRegressor(PriorMixin, AdaptingMixin, RegressorMixin, BaseEstimator):
    r"""Ridge regression on few target values that shrinks toward a source model.

    Minimises over the labelled rows of the target

    .. math:: \min_{w, b} \sum_i (y_i - w^\top x_i - b)^2 + \alpha \|w - w_s\|^2,

    so that scikit-learn's Ridge is the case :math:`w_s = 0`. As there, the intercept bears no
    penalty. With the residuals of the source for y it is a ridge regression of w - w_s, solved in
    closed form. For :math:`\alpha \to \infty` the weights are those of the source, for
    :math:`\alpha \to 0` those of least squares on the target.

    Rows of both domains may stand in X, told apart by the column ``domain__0``: then `source` is
    fitted on the rows of the source. Or `source` is fitted already; then rows of the source are not
    used, and without that column all rows are of the target. Rows without a label
    have NaN in y; -1 is a value like any other.

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

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(self, source: Any = None, alpha: float | Sequence[float] | str = "auto") -> None:
        self.source = source
        self.alpha = alpha

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Fit the source where it is not fitted, then the weights on the target's labelled rows.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features, and the column ``domain__0`` where rows of both domains stand in it.
        y : array of shape (n,)
            Values; NaN where a row has none.
        groups : array of shape (n,), default=None
            Group of each row (speaker, video), which is left out whole in turn. None takes the
            column ``group__0``, where there is one.

        Returns
        -------
        self
            The fitted regressor.
        """
        self._validate_params()
        alone = is_fitted(self.source)
        rows = read_rows(self, X, y, needs_labels=True, all_target=alone, groups=groups)
        of_source, of_target = rows.labelled(target=False), rows.labelled(target=True)
        source = self._learn_source(of_source, of_target)
        self.source_coef_, self.source_intercept_ = source.coef[0], float(source.intercept[0])
        self.n_target_ = len(of_target.y)
        found, self.alpha_ = source, np.inf
        self.alphas_ = self.losses_ = np.zeros(0)
        if self.n_target_ == 0:
            warn_kept(self, "target")
        else:
            X_target = of_target.X.astype(np.float64)
            self.alphas_ = self._candidates(X_target)
            residuals = of_target.y - X_target @ self.source_coef_ - self.source_intercept_
            change, self.alpha_, self.losses_ = _ridge(
                X_target, residuals, self.alphas_, of_target.groups
            )
            found = Weights(source.coef + change.coef, source.intercept + change.intercept)
        self.coef_, self.intercept_ = found.coef[0], float(found.intercept[0])
        return self

    def _learn_source(self, of_source: Labelled, of_target: Labelled) -> Weights:
        X, y = of_source.X, of_source.y
        if not is_fitted(self.source):
            if not len(y):
                warn_kept(self, "source")
                return Weights(np.zeros((1, X.shape[1])), np.zeros(1))
            if self.source is None:
                X = X.astype(np.float64)
                grid = PriorRegressor()._candidates(X)
                return _ridge(X, y, grid, of_source.groups)[0]
        model = self._source(X, y)
        weights = fitted_weights(self, model, 1)
        check_source(self, self.source, weights.coef.shape[1])
        check_reading(self, model, weights, (of_source.X, of_target.X))
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


def _ridge(
    X: np.ndarray, y: np.ndarray, alphas: np.ndarray, groups: np.ndarray | None
) -> tuple[Weights, float, np.ndarray]:
    """Fit with the best penalty: the weights, the penalty, the losses of the candidates."""
    losses = np.full(len(alphas), np.nan)
    chosen = 0
    if len(alphas) > 1 and len(X) > 1:
        rows = enough_rows(np.argsort(y, kind="stable"))
        told = None if groups is None else groups[rows]
        losses = left_out_errors(X[rows], y[rows], alphas, told)
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


def left_out_errors(
    X: np.ndarray, y: np.ndarray, alphas: np.ndarray, groups: np.ndarray | None = None
) -> np.ndarray:
    """Mean squared error of ridge regression where each row, or group, is left out in turn.

    Parameters
    ----------
    X : ndarray of shape (n, p), float64
        Rows, at least two.
    y : ndarray of shape (n,)
        Values.
    alphas : ndarray of shape (n_alphas,)
        Penalties.
    groups : ndarray of int of shape (n,) or None, default=None
        Rows that are left out together.

    Returns
    -------
    ndarray of shape (n_alphas,)
        Errors.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.transfer.prior import left_out_errors
    >>> X = np.zeros((2, 1))  # each row is predicted by the mean of the other
    >>> left_out_errors(X, np.array([1.0, 3.0]), np.array([1.0]))
    array([4.])
    """
    Z, _ = in_their_span(X - X.mean(axis=0))
    U, values, _ = svd(Z, full_matrices=False, check_finite=False)
    centred = y - y.mean()
    scores = U.T @ centred
    share = np.full(len(y), 1 / len(y))
    errors = []
    for alpha in alphas:
        shrinkage = values**2 / (values**2 + alpha)
        residuals = centred - U @ (shrinkage * scores)
        without = left_out_residuals(residuals[:, None], U, shrinkage, share, groups)
        # a row that explains itself says that the penalty is too weak
        errors.append(np.mean(np.nan_to_num(without, nan=np.inf) ** 2))
    return np.array(errors)
