"""Weights of rows: by a share, by means in a kernel's space, by a classifier (layer L3).

Weights that balance two domains need no library, only a name. skada's KMM stops a Frank-Wolfe
iteration long before the optimum and holds two dense kernel matrices whatever the number of rows;
adapt's needs cvxopt. skada's classifier of domains takes the probabilities of rows that it was
fitted on, which are too sure, and inverts the ratio.
"""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from scipy.linalg import eigh
from scipy.special import logit
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state

from hybridsent._folds import Folds, inner_folds
from hybridsent._numerics.kernels import (
    kernel_blocks,
    kernel_matrix,
    kernel_mean,
    median_gamma,
    sample_rows,
)
from hybridsent._numerics.logistic import LogisticFolds, rotate
from hybridsent._numerics.low_rank import LowRank, minimize_low_rank
from hybridsent._numerics.quadratic import Region, minimize_quadratic, sparse_quadratic
from hybridsent._numerics.scale import column_scale
from hybridsent._params import HasMethods, Interval
from hybridsent._threads import one_blas_thread
from hybridsent.transfer._rows import Rows
from hybridsent.transfer._warnings import warn_without_labeled_target
from hybridsent.transfer.base import BaseWeigher, _RatioWeigher

__all__ = ["KMM", "BalancedWeights", "DomainClassifier"]


class BalancedWeights(BaseWeigher):
    r"""Give the labelled rows of the target a share of the loss, however few they are.

    A model that is fitted with the weights minimises

    .. math:: (1 - g) \frac{1}{n_s} \sum_{i \in s} \ell_i + g \frac{1}{n_t} \sum_{i \in t} \ell_i

    over the labelled rows of source and target, up to a factor: the mean weight of a labelled row
    is 1.

    Parameters
    ----------
    gamma : float, default=0.5
        Share g of the target.

    Attributes
    ----------
    sample_weight_ : ndarray of shape (n,)
        Weights of the rows of `fit`; 0 for rows without a label. All are 1 where one domain has no
        labelled row.
    effective_sample_size_ : float
        Rows that the weighted source rows are worth: their number, because they are equal.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    TrAdaBoostClassifier : Finds out which source rows are of use.

    References
    ----------
    Wu, Dietterich: Improving SVM accuracy by training on auxiliary data sources, ICML 2004.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.transfer import BalancedWeights
    >>> X = pd.DataFrame({"text__0": [0.0, 1.0, 5.0, 1.0, 1.1], "domain__0": [0, 0, 0, 1, 1]})
    >>> BalancedWeights().fit(X, ["a", "b", "b", "a", -1]).sample_weight_.round(2)
    array([0.67, 0.67, 0.67, 2. , 0. ])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "gamma": [Interval(Real, 0, 1, closed="both")]
    }

    def __init__(self, gamma: float = 0.5) -> None:
        self.gamma = gamma

    def _weigh(self, rows: Rows) -> np.ndarray:
        source, target = rows.labeled & ~rows.target, rows.labeled & rows.target
        if not source.any() or not target.any():
            warn_without_labeled_target(self, rows)
            return np.ones(len(rows.X))
        out = np.zeros(len(rows.X))
        n = rows.labeled.sum()
        out[source] = (1 - self.gamma) * n / source.sum()
        out[target] = self.gamma * n / target.sum()
        return out

    def _importance_of_source(self, rows: Rows) -> np.ndarray:
        return np.asarray(self._weigh(rows)[~rows.target])


class KMM(BaseWeigher):
    r"""Kernel mean matching: weigh source rows so that their mean is that of the target.

    The weights b of the source rows make the mean of their images in the space of a Gaussian kernel
    as close as may be to that of the target rows,

    .. math:: \min_b \tfrac12 b'Kb - \kappa'b \quad\text{s.t.}\quad 0 \le b_i \le B,\
              |{\textstyle\sum_i b_i} - n_s| \le n_s \epsilon, \qquad
              \kappa_i = \frac{n_s}{n_t} \sum_j k(x_i, x_j^t)

    solved to its optimum: by an active set where most weights are zero, else by L-BFGS-B (of low
    rank, by an interior point method). Of more
    than `max_exact` source rows the kernel is replaced by Nyström's approximation from random
    landmarks of both domains, with its diagonal kept exact; no n x n matrix is made then, and time
    and memory grow as n.

    Parameters
    ----------
    gamma : float or None, default=None
        The kernel is exp(-gamma d²) with the distance d. None is the median heuristic, 1 / (2 m²)
        with the median distance m of two rows of both domains together (of 1,000 random rows where
        there are more).
    upper : float, default=1000.0
        B, the largest weight.
    eps : float or None, default=None
        How far the mean weight may be from 1; None is (sqrt(n_s) - 1) / sqrt(n_s).
    max_exact : int, default=5000
        Most source rows for which the whole kernel matrix is used.
    n_landmarks : int, default=500
        Rows that the approximation is made of.
    random_state : int, RandomState instance or None, default=0
        For the landmarks, and for the rows of the median heuristic.

    Attributes
    ----------
    sample_weight_ : ndarray of shape (n,)
        Weights of the rows of `fit`: b for rows of the source, the mean of b for labelled rows of
        the target, and 0 for its unlabelled rows. All are 1 where there is one domain only.
    effective_sample_size_ : float
        Rows that the weighted source rows are worth.
    gamma_ : float
        The factor of the kernel; NaN where there is one domain only.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    ReweightedEstimator : Fits any model with the weights.
    ULSIF : Weighs new rows, too.

    References
    ----------
    Huang, Smola, Gretton, Borgwardt, Schölkopf: Correcting sample selection bias by unlabeled data,
    NeurIPS 2006, equation 9.
    Williams, Seeger: Using the Nyström method to speed up kernel machines, NeurIPS 2000.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.transfer import KMM
    >>> X = pd.DataFrame({"text__0": [0.0, 1.0, 5.0, 1.0, 1.1], "domain__0": [0, 0, 0, 1, 1]})
    >>> KMM(gamma=1.0).fit(X).sample_weight_.round(1)
    array([0., 3., 0., 0., 0.])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "gamma": [Interval(Real, 0, None, closed="neither"), None],
        "upper": [Interval(Real, 0, None, closed="neither")],
        "eps": [Interval(Real, 0, None, closed="left"), None],
        "max_exact": [Interval(Integral, 0, None, closed="left")],
        "n_landmarks": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        gamma: float | None = None,
        *,
        upper: float = 1000.0,
        eps: float | None = None,
        max_exact: int = 5000,
        n_landmarks: int = 500,
        random_state: Any = 0,
    ) -> None:
        self.gamma = gamma
        self.upper = upper
        self.eps = eps
        self.max_exact = max_exact
        self.n_landmarks = n_landmarks
        self.random_state = random_state

    def _importance_of_source(self, rows: Rows) -> np.ndarray:
        random = check_random_state(self.random_state)
        source, target = rows.X[~rows.target], rows.X[rows.target]
        self.gamma_ = median_gamma(rows.X, random) if self.gamma is None else float(self.gamma)
        region = self._region(len(source))
        if len(source) <= self.max_exact:
            matrix, matched = _exact(source, target, self.gamma_)
            found = sparse_quadratic(matrix, len(source) * matched, region)
            if found is not None:
                return found
            weights, converged = minimize_quadratic(matrix, len(source) * matched, region)
        else:
            low, matched = _nystroem(source, target, self.gamma_, self.n_landmarks, random)
            weights, converged = minimize_low_rank(low, len(source) * matched, region)
        if not converged:
            warnings.warn(
                "The weights of KMM did not reach their optimum; they are the nearest ones that "
                f"were found. Scale the columns, or try a larger gamma. Got gamma={self.gamma_:g}.",
                ConvergenceWarning,
                stacklevel=4,
            )
        return weights

    def _weigh_nothing(self, rows: Rows) -> None:
        self.gamma_ = float("nan")

    def _region(self, n: int) -> Region:
        eps = 1 - 1 / np.sqrt(n) if self.eps is None else float(self.eps)
        if self.upper <= 1 - eps:
            raise ValueError(
                f"The 'upper' parameter of KMM must be larger than 1 - eps = {1 - eps:g}, because "
                f"the mean weight is at least that. Got {self.upper!r}."
            )
        return Region(float(self.upper), n * (1 - eps), n * (1 + eps))


def _exact(source: np.ndarray, target: np.ndarray, gamma: float) -> tuple[np.ndarray, np.ndarray]:
    # float64: rounded to float32, a kernel of few columns has eigenvalues well below zero
    source = source.astype(np.float64, copy=False)
    target = target.astype(np.float64, copy=False)
    return kernel_matrix(source, None, gamma), kernel_mean(source, target, gamma)


def _nystroem(
    source: np.ndarray, target: np.ndarray, gamma: float, size: int, random: np.random.RandomState
) -> tuple[LowRank, np.ndarray]:
    """Approximate kernel matrix of the source, and mean kernel of its rows with the target."""
    halves = (sample_rows(source, size - size // 2, random), sample_rows(target, size // 2, random))
    marks = np.concatenate(halves)
    whiten = _inverse_root(marks, gamma)
    factor, mean = _features(source, marks, gamma, whiten), np.zeros(whiten.shape[1])
    for _, values in kernel_blocks(target, marks, gamma):
        mean += (values @ whiten).sum(axis=0) / len(target)
    rest = np.maximum(1 - np.einsum("ij,ij->i", factor, factor), 0)
    return LowRank(factor, rest), factor @ mean


def _inverse_root(marks: np.ndarray, gamma: float) -> np.ndarray:
    kernel = kernel_matrix(marks, None, gamma)
    values, vectors = eigh((kernel + kernel.T) / 2)
    kept = values > max(1e-10, 1e-6 * (marks.dtype == np.float32)) * values[-1]
    return np.asarray(vectors[:, kept] / np.sqrt(values[kept]))


def _features(X: np.ndarray, marks: np.ndarray, gamma: float, whiten: np.ndarray) -> np.ndarray:
    out = np.empty((len(X), whiten.shape[1]))
    for block, values in kernel_blocks(X, marks, gamma):
        out[block] = values @ whiten
    return out


C = 0.1
"""Inverse penalty of the logistic regression that is used where none is given."""

TOL = {"float32": 1e-7, "float64": 1e-10}
"""Least gain in mean log-loss of an iteration; below, it is lost in rounding."""

SURE = 1e-9
"""Least probability of a domain: its odds stay numbers."""


class DomainClassifier(_RatioWeigher):
    r"""Weigh source rows by the odds that a classifier takes them for rows of the target.

    .. math:: w(x) = \frac{n_s}{n_t} \frac{P(t \mid x)}{P(s \mid x)}

    is the ratio of the densities of target and source where the probabilities are true. So that
    they are, those of a row of `fit` come from a classifier that has not seen it, and the log-odds
    of all such rows are calibrated by a logistic regression (Platt's scaling).

    Parameters
    ----------
    estimator : classifier or None, default=None
        Any classifier with `predict_proba`. None is a logistic regression on columns that are
        scaled over all rows, with C=0.1, which is a mild penalty: in thousands of columns any two
        domains can be told apart. All folds of it are solved at once.
    n_folds : int, default=5
        Folds; fewer where a domain has fewer rows.
    calibrate : bool, default=True
        Whether to calibrate the log-odds.
    clip : float or None, default=1000.0
        Largest ratio; None for no bound.
    random_state : int, RandomState instance or None, default=0
        For the folds.

    Attributes
    ----------
    sample_weight_ : ndarray of shape (n,)
        Weights of the rows of `fit`: the ratio for rows of the source, its mean for labelled rows
        of the target, and 0 for its unlabelled rows. All are 1 where there is one domain only.
    effective_sample_size_ : float
        Rows that the weighted source rows are worth.
    estimator_ : classifier
        Fitted on all rows, for new ones; None where there is one domain only.
    calibration_ : ndarray of shape (2,)
        Slope and intercept of the calibrated log-odds.
    prior_ : float
        The factor n_s / n_t; NaN where there is one domain only.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    ULSIF : The ratio without a classifier.

    References
    ----------
    Bickel, Brückner, Scheffer: Discriminative learning for differing training and test
    distributions, ICML 2007.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.transfer import DomainClassifier
    >>> X = pd.DataFrame({"text__0": [0.0, 1, 2, 1, 2, 3], "domain__0": [0, 0, 0, 1, 1, 1]})
    >>> weigher = DomainClassifier(calibrate=False).fit(X)
    >>> weigher.importance(X[:3]).round(2)
    array([0.81, 0.93, 1.07])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods(["fit", "predict_proba"]), None],
        "n_folds": [Interval(Integral, 2, None, closed="left")],
        "calibrate": ["boolean"],
        "clip": [Interval(Real, 0, None, closed="neither"), None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Any = None,
        *,
        n_folds: int = 5,
        calibrate: bool = True,
        clip: float | None = 1000.0,
        random_state: Any = 0,
    ) -> None:
        self.estimator = estimator
        self.n_folds = n_folds
        self.calibrate = calibrate
        self.clip = clip
        self.random_state = random_state

    def _importance_of_source(self, rows: Rows) -> np.ndarray:
        domain = rows.target.astype(int)
        fewest = int(np.bincount(domain).min())
        if fewest < 2:
            raise ValueError(
                "DomainClassifier needs at least 2 rows of each domain, one to learn from and one "
                f"to hold out. Got {len(domain) - domain.sum()} of the source and {domain.sum()} "
                "of the target."
            )
        random = check_random_state(self.random_state)
        n_folds = min(self.n_folds, fewest)
        folds = inner_folds(domain, n_folds, rows.groups, random_state=random)
        self.calibration_ = np.array([1.0, 0.0])
        with one_blas_thread(rows.X.size):  # many small products: threads would wait
            held_out = self._held_out(rows.X, domain, folds)
            if self.calibrate:
                self.calibration_ = _calibration(held_out, domain)
        self.prior_ = float((domain == 0).sum() / domain.sum())
        return self._odds(held_out[~rows.target])

    def _held_out(self, X: np.ndarray, domain: np.ndarray, folds: Folds) -> np.ndarray:
        """Fit on all rows, and give the log-odds of rows under models that have not seen them.

        Where a domain has one group alone, its rows are seen by every model.
        """
        if self.estimator is None:
            self.estimator_, held_out = _logistic(X, domain, folds)
            return held_out
        self.estimator_ = clone(self.estimator).fit(X, domain)
        out = self.estimator_.predict_proba(X)
        for train, test in folds:
            out[test] = clone(self.estimator).fit(X[train], domain[train]).predict_proba(X[test])
        return _log_odds(out)

    def _odds(self, log_odds: np.ndarray) -> np.ndarray:
        slope, intercept = self.calibration_
        ratio = self.prior_ * np.exp(np.clip(slope * log_odds + intercept, -700, 700))
        return np.asarray(ratio if self.clip is None else np.minimum(ratio, self.clip))

    def _weigh_nothing(self, rows: Rows) -> None:
        self.estimator_ = None
        self.calibration_ = np.array([1.0, 0.0])
        self.prior_ = float("nan")

    def _ratio(self, X: np.ndarray) -> np.ndarray:
        if self.estimator_ is None:
            return np.ones(len(X))
        return self._odds(_log_odds(self.estimator_.predict_proba(X)))


def _logistic(X: np.ndarray, domain: np.ndarray, folds: Folds) -> tuple[Any, np.ndarray]:
    """Fit logistic regressions on all rows and without each fold, all at once.

    Gives the one on all rows, and the log-odds of rows under the one that has not seen them.
    """
    mean, scale = column_scale(X)
    Z = X - mean.astype(X.dtype)
    Z /= scale.astype(X.dtype)
    root = max(float(np.einsum("ij,ij->", Z, Z, dtype=np.float64)) / len(Z), 1.0) ** 0.5
    Z /= Z.dtype.type(root)
    R, back = rotate(Z)
    weights = np.ones((len(R), len(folds) + 1))
    for fold, (_, test) in enumerate(folds):
        weights[test, fold] = 0.0
    found = LogisticFolds(R, domain, 2, R.T @ R, weights).solve(
        C * root**2, tol=TOL[R.dtype.name], max_iter=1000
    )
    held_out = R @ found.coef[:, -1] + found.intercept[-1]
    for fold, (_, test) in enumerate(folds):
        held_out[test] = R[test] @ found.coef[:, fold] + found.intercept[fold]
    coef = np.asarray(back(found.coef[:, -1:].T), dtype=np.float64) / root
    fitted = _as_pipeline(mean, scale, coef, found.intercept[-1:], found.n_iter, len(X))
    return fitted, np.clip(held_out, logit(SURE), -logit(SURE))


def _as_pipeline(
    mean: np.ndarray,
    scale: np.ndarray,
    coef: np.ndarray,
    intercept: np.ndarray,
    n_iter: int,
    n_rows: int,
) -> Pipeline:
    """Write what was learned as scikit-learn would have learned it."""
    # whatever scikit-learn is told to give elsewhere: the regression knows no names
    scaler, logistic = StandardScaler().set_output(transform="default"), LogisticRegression(C=C)
    scaler.mean_, scaler.scale_, scaler.var_ = mean, scale, scale**2
    scaler.n_features_in_, scaler.n_samples_seen_ = len(mean), n_rows
    logistic.classes_, logistic.coef_ = np.array([0, 1]), coef
    logistic.intercept_ = np.asarray(intercept, dtype=np.float64)
    logistic.n_features_in_, logistic.n_iter_ = len(mean), np.array([n_iter])
    return make_pipeline(scaler, logistic)


def _log_odds(probabilities: np.ndarray) -> np.ndarray:
    target = np.asarray(probabilities, dtype=np.float64)[:, 1]
    return np.asarray(logit(np.clip(target, SURE, 1 - SURE)))


def _calibration(log_odds: np.ndarray, domain: np.ndarray) -> np.ndarray:
    """Slope and intercept; a slope below zero would turn the order around, so it is 0 then."""
    line = LogisticRegression(C=1e3, max_iter=1000).fit(log_odds[:, None], domain)
    if line.coef_[0, 0] > 0:
        return np.array([line.coef_[0, 0], line.intercept_[0]])
    return np.array([0.0, float(logit(domain.mean()))])
