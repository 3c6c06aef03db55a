"""A Gaussian-kernel support vector machine that knows its probabilities (layer L3).

SVC(kernel="rbf") computes distances pair by pair and anew in each fit; with thousands of columns
that is nearly all of its time. Here they are one matrix product for all folds and candidates; the
solver is scikit-learn's. CalibratedClassifierCV calibrates each class by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils import gen_batches
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import check_is_fitted

from hybridsent._folds import Folds, inner_folds
from hybridsent._numerics.classes import MostProbableMixin, learn_classes, pairwise_duals
from hybridsent._numerics.kernels import kernel_matrix
from hybridsent._numerics.scale import column_scale
from hybridsent._params import Interval, StrOptions
from hybridsent.heads._common import FeaturesAloneMixin, penalty_grid
from hybridsent.heads._experts import check_groups, probabilities

__all__ = ["KernelClassifier"]

_RULES: dict[str, Any] = {"allow_nan": False, "dtype": [np.float64, np.float32]}
_BLOCK = 2048  # rows whose distances are computed at a time


class KernelClassifier(FeaturesAloneMixin, MostProbableMixin, ClassifierMixin, BaseEstimator):
    r"""Support vector machine with a Gaussian kernel, a tuned penalty and calibrated probabilities.

    The kernel is :math:`K(x, x') = \exp(-\gamma \|x - x'\|^2 / s^2)`, where :math:`s^2` is the mean
    squared distance of the rows from their mean, so that one gamma suits any number of features (1
    is scikit-learn's ``gamma="scale"``). Machines of all pairs of classes are fitted one against
    one. Their margins on held-out rows (inner folds) are the inputs of a multinomial logistic
    regression, which gives the probabilities; C is the candidate with which its log-loss is
    smallest. Candidates are tried from strong to weak penalty until the loss has risen.

    The kernel of all pairs of rows is held in memory: 8 bytes each, 0.8 GB for 10,000 rows.

    Parameters
    ----------
    Cs : sequence of float, default=(0.75, 1.5, 3.0)
        Candidates, from strong to weak penalty.
    gamma : float, default=1.0
        Inverse width of the kernel.
    cv : int, default=5
        Inner folds; fewer where there are fewer rows or groups.
    class_weight : {"balanced"}, dict or None, default=None
        As in scikit-learn, for the machines and for the probabilities.
    random_state : int, default=0
        Seed of the inner folds.

    Attributes
    ----------
    C_ : float
        The chosen candidate.
    scores_ : dict of float to float
        Minus the log-loss of each candidate that was tried.
    support_vectors_ : ndarray of shape (n_support, p)
        Rows that carry the margins.
    dual_coef_ : ndarray of shape (n_pairs, n_support)
        Weights of the support vectors in the margin of each pair of classes.
    intercept_ : ndarray of shape (n_pairs,)
        Intercepts of the margins.
    gamma_ : float
        gamma divided by the mean squared distance.
    calibrator_ : Pipeline
        From margins to probabilities.
    classes_ : ndarray
        Class labels.
    prior_ : ndarray of shape (n_classes,)
        Share of each class in training.
    n_features_in_ : int
        Columns seen in `fit`.

    See Also
    --------
    TunedLinearClassifier : The linear one; quicker, and smaller once fitted.
    sklearn.svm.SVC : Without probabilities or choice of C.

    References
    ----------
    Platt: Probabilistic outputs for support vector machines, Advances in Large Margin Classifiers
    1999 (section 2.3, held-out margins).

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from hybridsent.heads import KernelClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> round(KernelClassifier().fit(X, y).score(X, y), 2)
    0.98
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "Cs": ["array-like"],
        "gamma": [Interval(Real, 0, None, closed="neither")],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "class_weight": [None, StrOptions({"balanced"}), dict],
        "random_state": ["random_state"],
    }

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(
        self,
        *,
        Cs: Sequence[float] = (0.75, 1.5, 3.0),
        gamma: float = 1.0,
        cv: int = 5,
        class_weight: str | dict[Any, float] | None = None,
        random_state: int = 0,
    ) -> None:
        self.Cs = Cs
        self.gamma = gamma
        self.cv = cv
        self.class_weight = class_weight
        self.random_state = random_state

    def fit(self, X: Any, y: Any, groups: Any = None) -> KernelClassifier:
        """Choose C, fit the machines on all rows, and calibrate on held-out margins.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features without NaN, on comparable scales. The columns ``domain__0`` and ``group__0``
            are no features.
        y : array of shape (n,)
            Labels of at least two classes.
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
        told = groups
        X, y, groups = self._learn_features(X, y, groups, **_RULES)
        if told is not None:
            check_groups(self, groups, X)
        codes = learn_classes(self, y)
        self.prior_ = np.bincount(codes) / len(y)
        spread = float(np.square(column_scale(X, constant=0.0)[1]).sum())
        self.gamma_ = self.gamma / spread if spread > 0 else self.gamma
        kernel = kernel_matrix(X, X, self.gamma_)
        folds = inner_folds(codes, self.cv, groups, random_state=self.random_state)
        self.scores_: dict[float, float] = {}
        best = -np.inf
        for C in grid:
            margins, rows = self._held_out(kernel, y, folds, C)
            calibrator = self._calibrator().fit(margins, y[rows])
            self.scores_[C] = self._score(calibrator, margins, y[rows])
            if self.scores_[C] < best:
                break
            best, self.C_, self.calibrator_ = self.scores_[C], C, calibrator
        machine = self._machine(self.C_).fit(kernel, y)
        self.support_vectors_ = X[machine.support_]
        self.dual_coef_ = pairwise_duals(machine)
        self.intercept_ = machine.intercept_
        return self

    def _machine(self, C: float) -> SVC:
        return SVC(
            C=C,
            kernel="precomputed",
            class_weight=self.class_weight,
            decision_function_shape="ovo",
            cache_size=500,
        )

    def _calibrator(self) -> Pipeline:
        model = LogisticRegression(class_weight=self.class_weight, max_iter=1000)
        scaler = StandardScaler().set_output(transform="default")  # whatever is set elsewhere
        return make_pipeline(scaler, model)

    def _score(self, calibrator: Pipeline, margins: np.ndarray, y: np.ndarray) -> float:
        weights = compute_sample_weight(self.class_weight, y)
        given = calibrator.predict_proba(margins)
        return -float(log_loss(y, given, sample_weight=weights, labels=calibrator.classes_))

    def _held_out(
        self, kernel: np.ndarray, y: np.ndarray, folds: Folds, C: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Margins of rows under machines that never saw them, and which rows these are."""
        k = len(self.classes_)
        margins = np.full((len(y), k * (k - 1) // 2), np.nan)
        for train, test in folds:
            machine = self._machine(C).fit(kernel[np.ix_(train, train)], y[train])
            found = machine.decision_function(kernel[np.ix_(test, train)])
            margins[test] = found.reshape(len(test), -1)
        # a class that no fold can hold out, since it is too rare, is not to be forgotten
        unheard = ~np.isin(y, y[~np.isnan(margins).any(axis=1)])
        if unheard.any():
            found = self._machine(C).fit(kernel, y).decision_function(kernel[unheard])
            margins[unheard] = found.reshape(int(unheard.sum()), -1)
        rows = ~np.isnan(margins).any(axis=1)
        return margins[rows], rows

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class.

        Parameters
        ----------
        X : array of shape (n, p)
            Features.

        Returns
        -------
        ndarray of shape (n, n_classes)
            Probabilities, in the order of `classes_`.
        """
        check_is_fitted(self)
        X = self._read_features(X, **_RULES)
        margins = np.empty((len(X), len(self.intercept_)))
        for rows in gen_batches(len(X), _BLOCK):
            # float64: a row's margins must not depend on the rows beside it
            part = X[rows].astype(np.float64)
            kernel = kernel_matrix(part, self.support_vectors_, self.gamma_)
            margins[rows] = kernel @ self.dual_coef_.T
        margins += self.intercept_
        return probabilities(self.calibrator_, margins, self.classes_, self.prior_)
