"""Density ratios by a classifier that tells the domains apart (layer L3).

skada's takes the probabilities of rows that the classifier was fitted on, which are too sure, and
inverts the ratio.
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from scipy.special import logit
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state

from hybridsent._numerics.logistic import LogisticFolds, rotate
from hybridsent._numerics.moments import column_scale
from hybridsent._params import HasMethods, Interval
from hybridsent._threads import one_blas_thread
from hybridsent.transfer._domain import Rows
from hybridsent.transfer._weigher import _RatioWeigher

__all__ = ["DomainClassifier"]

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
        folds = StratifiedKFold(min(self.n_folds, fewest), shuffle=True, random_state=random)
        self.calibration_ = np.array([1.0, 0.0])
        with one_blas_thread(rows.X.size):  # many small products: threads would wait
            held_out = self._held_out(rows.X, domain, folds)
            if self.calibrate:
                self.calibration_ = _calibration(held_out, domain)
        self.prior_ = float((domain == 0).sum() / domain.sum())
        return self._odds(held_out[~rows.target])

    def _held_out(self, X: np.ndarray, domain: np.ndarray, folds: StratifiedKFold) -> np.ndarray:
        """Fit on all rows, and give the log-odds of rows under models that have not seen them."""
        if self.estimator is None:
            self.estimator_, held_out = _logistic(X, domain, folds)
            return held_out
        probabilities = cross_val_predict(
            clone(self.estimator), X, domain, cv=folds, method="predict_proba"
        )
        self.estimator_ = clone(self.estimator).fit(X, domain)
        return _log_odds(probabilities)

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


def _logistic(X: np.ndarray, domain: np.ndarray, folds: StratifiedKFold) -> tuple[Any, np.ndarray]:
    """Fit logistic regressions on all rows and without each fold, all at once.

    Gives the one on all rows, and the log-odds of rows under the one that has not seen them.
    """
    mean, scale = column_scale(X)
    Z = X - mean.astype(X.dtype)
    Z /= scale.astype(X.dtype)
    root = max(float(np.einsum("ij,ij->", Z, Z, dtype=np.float64)) / len(Z), 1.0) ** 0.5
    Z /= Z.dtype.type(root)
    R, back = rotate(Z)
    splits = list(folds.split(R, domain))
    weights = np.ones((len(R), len(splits) + 1))
    for fold, (_, test) in enumerate(splits):
        weights[test, fold] = 0.0
    found = LogisticFolds(R, domain, 2, R.T @ R, weights).solve(
        C * root**2, tol=TOL[R.dtype.name], max_iter=1000
    )
    held_out = np.empty(len(R))
    for fold, (_, test) in enumerate(splits):
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
