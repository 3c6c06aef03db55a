"""Boosting that finds out which rows of the source are of use (layer L3).

scikit-learn's AdaBoost knows one domain; adapt's TrAdaBoost needs TensorFlow and takes the target
in its constructor.
"""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from hybridsent._labels import plain_labels
from hybridsent._params import HasMethods, Interval
from hybridsent._threads import one_blas_thread
from hybridsent.transfer._domain import read_rows
from hybridsent.transfer._fit_weighted import fit_weighted
from hybridsent.transfer._scores import LabeledScoreMixin
from hybridsent.transfer._targets import labels_of, own_weights, read_learning_rows
from hybridsent.transfer._weigher import warn_untransferred

__all__ = ["TrAdaBoostClassifier"]

LEAST_ERROR = 1e-10
"""A round without an error counts as one with so much: its vote stays a number."""

BARELY = 0.99
"""A round counts as better than chance by so much at least."""


class TrAdaBoostClassifier(LabeledScoreMixin, ClassifierMixin, BaseEstimator):
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
        y = labels_of(self, y)
        rows = read_learning_rows(self, X, y)
        given = own_weights(sample_weight, rows.X)
        used = rows.labeled & (given > 0)
        if not used.any():
            raise ValueError(
                f"{type(self).__name__} needs at least 1 labelled row. Got {len(used)} rows, none "
                "of them with a label and a weight above 0."
            )
        known = plain_labels(y[used])
        check_classification_targets(known)
        self.classes_, codes = np.unique(known, return_inverse=True)
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
        winners = self._votes(X).argmax(axis=1)
        return np.asarray(self.classes_[winners])

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
        values = read_rows(self, X, reset=False, fitting=False).X
        out = np.zeros((len(values), len(self.classes_)))
        for fitted, vote in zip(self.estimators_, self.estimator_weights_, strict=True):
            if vote > 0:
                found = np.searchsorted(self.classes_, fitted.predict(values))
                out[np.arange(len(values)), found] += vote
        return np.asarray(out / self.estimator_weights_.sum())
