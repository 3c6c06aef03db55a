"""Boosting that finds out which rows of the source are of use (layer L3).

scikit-learn's AdaBoost knows one domain; adapt's TrAdaBoost needs TensorFlow and takes the target
in its constructor.
"""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from hybridsent._folds import inner_folds
from hybridsent._numerics.classes import most_probable
from hybridsent._params import HasMethods, Interval
from hybridsent._threads import one_blas_thread
from hybridsent._weighted import fit_weighted
from hybridsent.transfer._rows import AdaptingMixin, Rows, own_weights, read_rows
from hybridsent.transfer._warnings import warn_untransferred

__all__ = ["TrAdaBoostClassifier", "TrAdaBoostRegressor"]

LEAST_ERROR = 1e-10
"""A round without an error counts as one with so much: its vote stays a number."""

BARELY = 0.99
"""A round counts as better than chance by so much at least."""


class TrAdaBoostClassifier(AdaptingMixin, ClassifierMixin, BaseEstimator):
    r"""Boost on labelled rows of source and target, where misleading source rows lose their weight.

    Each of N rounds fits the estimator with the weights w of the rows. With its error on the
    labelled target rows, :math:`\epsilon_t`, and :math:`\beta = 1 / (1 + \sqrt{2 \ln n_s / N})`,
    what it gets wrong counts less henceforth in the source and more in the target,

    .. math:: w_i \leftarrow w_i\, \beta^{[h_t(x_i) \ne y_i]} \ (i \in s), \qquad
              w_i \leftarrow w_i\, e^{\alpha_t [h_t(x_i) \ne y_i]} \ (i \in t), \qquad
              \alpha_t = \ln \frac{1 - \epsilon_t}{\epsilon_t} + \ln (K - 1)

    and rounds ⌈N/2⌉ … N vote with :math:`\alpha_t`. With K = 2 classes this is TrAdaBoost, where
    :math:`e^{\alpha_t} = 1 / \beta_t`; for more, :math:`\ln(K - 1)` is SAMME's term. An error of
    chance, 1 - 1/K, or more counts as 0.99 of that.

    Rows without a label are left out. Without labelled rows of either domain a `TransferWarning`
    says so, and it is AdaBoost (SAMME) on all labelled rows, with the votes of all rounds.

    Parameters
    ----------
    estimator : classifier or None, default=None
        What is boosted; it must take ``sample_weight``. None is a logistic regression, which suits
        dense features.
    n_estimators : int, default=20
        Rounds N.

    Attributes
    ----------
    estimators_ : list of classifier
        Those of all rounds.
    estimator_weights_ : ndarray of shape (n_estimators,)
        Votes; 0 for rounds without one.
    estimator_errors_ : ndarray of shape (n_estimators,)
        Errors on the labelled target rows, as they were measured.
    sample_weight_ : ndarray of shape (n,)
        Weights of the rows of `fit` in the last round, 0 for rows without a label; their sum is
        that of the weights given, or the number of labelled rows.
    classes_ : ndarray
        Class labels.
    n_features_in_ : int
        Columns seen in `fit`, with that of the domains.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    ReweightedEstimator : Needs no labels of the target.
    TrAdaBoostRegressor : For numbers.

    References
    ----------
    Dai, Yang, Xue, Yu: Boosting for transfer learning, ICML 2007, figure 1.
    Zhu, Zou, Rosset, Hastie: Multi-class AdaBoost, Statistics and Its Interface 2009, algorithm 2.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.transfer import TrAdaBoostClassifier
    >>> X = pd.DataFrame(
    ...     {"text__0": [0.0, 1.0, 2.0, 3.0, 0.4, 0.6, 0.0, 0.9], "domain__0": [0] * 4 + [1] * 4}
    ... )
    >>> y = ["bad", "bad", "good", "good", "bad", "good", "bad", "good"]
    >>> model = TrAdaBoostClassifier(n_estimators=5).fit(X, y)
    >>> bool(model.sample_weight_[1] < model.sample_weight_[0])  # it misleads
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods(["fit", "predict"]), None],
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, estimator: Any = None, *, n_estimators: int = 20) -> None:
        self.estimator = estimator
        self.n_estimators = n_estimators

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> TrAdaBoostClassifier:
        """Boost on the labelled rows.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; the column ``domain__0`` is 0 for rows of the source and 1 for the target.
        y : array of shape (n,)
            Labels; -1, or NaN among floats, for unlabelled rows.
        sample_weight : array of shape (n,), default=None
            Weights of the first round; all the same where there are none.

        Returns
        -------
        self
            The fitted classifier.
        """
        self._validate_params()
        rows = read_rows(self, X, y, needs_labels=True)
        given = own_weights(sample_weight, rows.X)
        used = _weighed_rows(self, rows, given)
        self.classes_, codes = np.unique(rows.labels(used), return_inverse=True)
        target = rows.target[used]
        transfers = bool(target.any() and not target.all())
        if not transfers:
            warn_untransferred(self, rows)
            target = np.ones(len(target), dtype=bool)
        with one_blas_thread(rows.X.size):  # linear models of many rounds: threads would wait
            weights = self._boost(rows.X[used], codes, target, given[used])
        self.sample_weight_ = np.zeros(len(used))
        self.sample_weight_[used] = weights
        if transfers:  # the first rounds have not sorted the source out yet
            self.estimator_weights_[: int(np.ceil(len(self.estimators_) / 2)) - 1] = 0
        return self

    def _boost(
        self, X: np.ndarray, codes: np.ndarray, target: np.ndarray, weights: np.ndarray
    ) -> np.ndarray:
        """Set what the rounds learn, and give the weights of the last."""
        estimator = self.estimator
        if estimator is None:
            estimator = LogisticRegression(max_iter=1000)
        chance = 1 - 1 / max(len(self.classes_), 2)
        extra = np.log(max(len(self.classes_), 2) - 1)
        n_source = max(int((~target).sum()), 1)
        fade = -np.log1p(np.sqrt(2 * np.log(n_source) / self.n_estimators))  # ln beta
        self.estimators_, votes, errors = [], [], []
        y, total = self.classes_[codes], weights.sum()
        for _ in range(self.n_estimators):
            weights = weights * (total / weights.sum())
            shown = weights > 0  # far down, weights of rows that mislead are zero
            fitted = fit_weighted(self, estimator, X[shown], y[shown], weights[shown])
            wrong = fitted.predict(X) != y
            error = float(weights[target] @ wrong[target] / weights[target].sum())
            held = min(max(error, LEAST_ERROR), BARELY * chance)
            vote = np.log((1 - held) / held) + extra
            self.estimators_.append(fitted)
            votes.append(vote)
            errors.append(error)
            last = weights
            weights = weights * np.exp(np.where(target, vote, fade) * wrong)
        self.estimator_weights_, self.estimator_errors_ = np.array(votes), np.array(errors)
        return last

    def predict(self, X: Any) -> np.ndarray:
        """Predict the class with the most votes.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            The rows, with the columns of `fit`.

        Returns
        -------
        ndarray of shape (n,)
            Labels.
        """
        codes = most_probable(self._votes(X))
        return np.asarray(self.classes_[codes])

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class, as in scikit-learn's AdaBoost: softmax of the votes.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            The rows.

        Returns
        -------
        ndarray of shape (n, n_classes)
            Probabilities, in the order of `classes_`.
        """
        votes = self._votes(X)
        k = len(self.classes_)
        if k == 1:
            return votes
        return np.asarray(softmax((k * votes - 1) / (k - 1) ** 2, axis=1))

    def decision_function(self, X: Any) -> np.ndarray:
        """Share of the votes of each class.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            The rows.

        Returns
        -------
        ndarray of shape (n,) or (n, n_classes)
            Shares; with two classes, that of the second less that of the first.
        """
        votes = self._votes(X)
        return votes[:, 1] - votes[:, 0] if len(self.classes_) == 2 else votes

    def _votes(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        values = read_rows(self, X, fitting=False).X
        out = np.zeros((len(values), len(self.classes_)))
        for fitted, vote in zip(self.estimators_, self.estimator_weights_, strict=True):
            if vote > 0:
                found = np.searchsorted(self.classes_, fitted.predict(values))
                out[np.arange(len(values)), found] += vote
        return np.asarray(out / self.estimator_weights_.sum())


LEAST_LOG_BETA = -1e6
"""Where the search for the logarithm of beta ends."""


class TrAdaBoostRegressor(AdaptingMixin, RegressorMixin, BaseEstimator):
    r"""Two-stage TrAdaBoost.R2: source rows lose their weight step by step, those far off first.

    The first stage makes S sets of weights. In the first, all rows have the same weight; from one
    to the next, source rows are weighed down by the error of a model fitted with the weights,

    .. math:: w_i \leftarrow w_i\, \beta_t^{e_i}, \qquad
              e_i = |y_i - h_t(x_i)| / \max_j |y_j - h_t(x_j)|

    with the :math:`\beta_t`, found by bisection, at which the share of the target grows in equal
    steps from n_t / n to 1. The second stage, AdaBoost.R2 that leaves the weights of source rows as
    they are and keeps the share of the target, is run with each set; the set with the least squared
    error on target rows that were held out is chosen, and the rounds predict by their weighted
    median.

    Rows without a label, which have NaN in y (-1 is a value like any other), are left out. Without
    labelled rows of either domain a `TransferWarning` says so, and it is AdaBoost.R2 on all
    labelled rows. With a single labelled target row nothing can be held out, and the first set is
    taken.

    Parameters
    ----------
    estimator : regressor or None, default=None
        What is boosted; it must take ``sample_weight``. None is a ridge regression, which suits
        dense features.
    n_steps : int, default=10
        Sets of weights S.
    n_estimators : int, default=10
        Rounds of AdaBoost.R2.
    n_folds : int, default=5
        Folds of the labelled target rows; fewer where there are fewer rows.
    random_state : int, RandomState instance or None, default=0
        For the folds.

    Attributes
    ----------
    estimators_ : list of regressor
        Those of the rounds.
    estimator_weights_ : ndarray of shape (n_rounds,)
        Their weights in the median.
    step_ : int
        The set of weights that was chosen, from 0.
    step_errors_ : ndarray of shape (n_steps,)
        Mean squared error of each set on held-out target rows; NaN where nothing was held out.
    sample_weight_ : ndarray of shape (n,)
        Weights of the rows of `fit` in the chosen set, 0 for rows without a label; their sum is
        that of the weights given, or the number of labelled rows.
    n_features_in_ : int
        Columns seen in `fit`, with that of the domains.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    TrAdaBoostClassifier : For classes.
    ReweightedEstimator : Needs no labels of the target.

    References
    ----------
    Pardoe, Stone: Boosting for regression transfer, ICML 2010, algorithm 3.
    Drucker: Improving regressors using boosting techniques, ICML 1997.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.transfer import TrAdaBoostRegressor
    >>> X = pd.DataFrame({"text__0": [0, 1, 2, 3, 0, 1.0, 2, 3], "domain__0": [0] * 4 + [1] * 4})
    >>> y = [0.5, 0.4, 0.6, 0.5, 0.1, 1.0, 2.1, 3.0]
    >>> model = TrAdaBoostRegressor(n_steps=4).fit(X, y)
    >>> model.step_, model.sample_weight_.round(1)
    (3, array([0., 0., 0., 0., 2., 2., 2., 2.]))
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods(["fit", "predict"]), None],
        "n_steps": [Interval(Integral, 1, None, closed="left")],
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "n_folds": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(
        self,
        estimator: Any = None,
        *,
        n_steps: int = 10,
        n_estimators: int = 10,
        n_folds: int = 5,
        random_state: Any = 0,
    ) -> None:
        self.estimator = estimator
        self.n_steps = n_steps
        self.n_estimators = n_estimators
        self.n_folds = n_folds
        self.random_state = random_state

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None
    ) -> TrAdaBoostRegressor:
        """Boost on the labelled rows.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; the column ``domain__0`` is 0 for rows of the source and 1 for the target.
        y : array of shape (n,)
            Numbers; NaN for rows without one.
        sample_weight : array of shape (n,), default=None
            Weights of the first set; all the same where there are none.
        groups : array of shape (n,), default=None
            Group of each row (speaker, video); a group is never split by the folds that choose the
            set of weights. None takes the column ``group__0``, where there is one.

        Returns
        -------
        self
            The fitted regressor.
        """
        self._validate_params()
        rows = read_rows(self, X, y, needs_labels=True, groups=groups)
        given = own_weights(sample_weight, rows.X)
        used = _weighed_rows(self, rows, given)
        X, y, target, weights = rows.X[used], rows.labels(used), rows.target[used], given[used]
        self._total = float(weights.sum())  # what the estimator's own penalty is weighed against
        transfers = bool(target.any() and not target.all())
        if not transfers:
            warn_untransferred(self, rows)
            target = np.ones(len(target), dtype=bool)
            self.step_, self.step_errors_ = 0, np.full(self.n_steps, np.nan)
        with one_blas_thread(X.size):  # linear models of many rounds: threads would wait
            if transfers:
                weights = self._choose(X, y, target, weights, rows.groups_of(used))
            self.estimators_, self.estimator_weights_ = self._boost(X, y, target, weights)
        self.sample_weight_ = np.zeros(len(used))
        self.sample_weight_[used] = weights * (self._total / weights.sum())
        return self

    def _choose(
        self,
        X: np.ndarray,
        y: np.ndarray,
        target: np.ndarray,
        weights: np.ndarray,
        groups: np.ndarray | None,
    ) -> np.ndarray:
        """First stage: make the sets of weights, judge each, take the best."""
        sets = self._sets(X, y, target, weights)
        positions = np.flatnonzero(target)
        self.step_, self.step_errors_ = 0, np.full(len(sets), np.nan)
        if len(positions) > 1:
            random = check_random_state(self.random_state)
            told = None if groups is None else groups[positions]
            cut = inner_folds(y[positions], self.n_folds, told, random_state=random, kind="numbers")
            folds = [positions[test] for _, test in cut]
            for step, each in enumerate(sets):
                self.step_errors_[step] = self._error(X, y, target, each, folds)
            self.step_ = int(self.step_errors_.argmin())
        return sets[self.step_]

    def _sets(
        self, X: np.ndarray, y: np.ndarray, target: np.ndarray, weights: np.ndarray
    ) -> list[np.ndarray]:
        weights = weights / weights.sum()
        first = float(weights[target].sum())
        sets = [weights]
        for step in range(1, self.n_steps):
            fitted = self._fit_one(X, y, weights)
            errors = _relative_errors(fitted, X, y, weights)[~target]
            share = first + step / (self.n_steps - 1) * (1 - first)
            weights = weights.copy()
            weights[~target] = _faded(weights[~target], errors, weights[target].sum(), share)
            weights /= weights.sum()
            sets.append(weights)
        return sets

    def _error(
        self,
        X: np.ndarray,
        y: np.ndarray,
        target: np.ndarray,
        weights: np.ndarray,
        folds: list[np.ndarray],
    ) -> float:
        total = 0.0
        for test in folds:
            seen = np.ones(len(y), dtype=bool)
            seen[test] = False
            seen &= weights > 0
            fitted, votes = self._boost(X[seen], y[seen], target[seen], weights[seen])
            total += float(((_median(fitted, votes, X[test]) - y[test]) ** 2).sum())
        return total / sum(len(test) for test in folds)

    def _boost(
        self, X: np.ndarray, y: np.ndarray, target: np.ndarray, weights: np.ndarray
    ) -> tuple[list[Any], np.ndarray]:
        """Second stage: AdaBoost.R2 whose source rows keep their weights."""
        weights = weights / weights.sum()
        share = weights[target].sum()
        models: list[Any] = []
        votes: list[float] = []
        for _ in range(self.n_estimators):
            fitted = self._fit_one(X, y, weights)
            errors = _relative_errors(fitted, X, y, weights)
            error = float(weights @ errors)
            if error >= 0.5 and models:
                break
            # an error of a half or more ends the boosting; of 1, the ratio is not defined
            beta = 1.0 if error >= 0.5 else max(error / (1 - error), 1e-10)
            models.append(fitted)
            votes.append(-np.log(beta) if beta < 1 else 1.0)
            if error <= 0 or error >= 0.5:  # nothing left to learn, or nothing can be
                break
            weights = weights.copy()
            weights[target] *= beta ** (1 - errors[target])
            weights[target] *= share / weights[target].sum()
        return models, np.array(votes)

    def _fit_one(self, X: np.ndarray, y: np.ndarray, weights: np.ndarray) -> Any:
        estimator = Ridge() if self.estimator is None else self.estimator
        shown = weights > 0
        scaled = weights[shown] * (self._total / weights[shown].sum())
        return fit_weighted(self, estimator, X[shown], y[shown], scaled)

    def predict(self, X: Any) -> np.ndarray:
        """Predict the weighted median of the rounds.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            The rows, with the columns of `fit`.

        Returns
        -------
        ndarray of shape (n,)
            Numbers.
        """
        check_is_fitted(self)
        values = read_rows(self, X, fitting=False).X
        # float64: what linear models say of a row must not depend on the rows beside it
        exact = values.astype(np.float64, copy=False)
        return _median(self.estimators_, self.estimator_weights_, exact)


def _weighed_rows(estimator: Any, rows: Rows, weights: np.ndarray) -> np.ndarray:
    """Tell which rows are learned from: those with a label and a weight."""
    used = rows.labeled & (weights > 0)
    if not used.any():
        raise ValueError(
            f"{type(estimator).__name__} needs at least 1 labelled row. Got {len(used)} rows, none "
            "of them with a label and a weight above 0."
        )
    return np.asarray(used)


def _relative_errors(fitted: Any, X: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    errors = np.abs(fitted.predict(X) - y)
    largest = errors[weights > 0].max()
    return np.asarray(np.minimum(errors / largest, 1) if largest > 0 else np.zeros(len(errors)))


def _faded(weights: np.ndarray, errors: np.ndarray, target: float, share: float) -> np.ndarray:
    """Source weights times beta^error, with the beta at which the target has its share."""
    if share >= 1:
        return np.zeros(len(weights))
    goal = target * (1 - share) / share
    low, high = LEAST_LOG_BETA, 0.0  # where errors are tiny, beta must be too: its logarithm is cut
    for _ in range(100):
        middle = (low + high) / 2
        if weights @ np.exp(middle * errors) > goal:
            high = middle
        else:
            low = middle
    return np.asarray(weights * np.exp(high * errors))


def _median(models: list[Any], votes: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Least prediction that models with half of all votes do not exceed."""
    found = np.column_stack([model.predict(X) for model in models])
    order = found.argsort(axis=1)
    half = votes[order].cumsum(axis=1) >= votes.sum() / 2
    return np.asarray(found[np.arange(len(X)), order[np.arange(len(X)), half.argmax(axis=1)]])
