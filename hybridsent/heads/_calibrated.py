"""Probabilities that can be believed: a map over those of a model, learned out of fold (layer L3).

scikit-learn's CalibratedClassifierCV makes folds that cut groups, hands no groups on to what tunes
itself inside, and fits each class apart but for temperature scaling, which is taken from it here.
Dirichlet calibration, which lets classes that are confused correct one another, is in no package
that keeps up with scikit-learn (dirichletcal pins releases of 2019), and is one convex problem.
"""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, clone, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from hybridsent._folds import inner_folds
from hybridsent._groups import fit_with_groups, groups_of
from hybridsent._label_sets import is_of_sets
from hybridsent._labeled_score import check_given
from hybridsent._labels import labeled_rows, plain_labels
from hybridsent._numerics.classes import MostProbableMixin, learn_classes
from hybridsent._params import HasMethods, Interval, StrOptions
from hybridsent._tags import takes_unlabelled, with_capabilities
from hybridsent.heads._out_of_fold_fits import answers_out_of_fold, rows_of_inner

__all__ = ["CalibratedFusion"]

_FLOOR = float(np.finfo(np.float32).eps)  # of a probability, before its logarithm
_PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)


class CalibratedFusion(MostProbableMixin, ClassifierMixin, BaseEstimator):
    r"""Put a map over the probabilities of a classifier, so that they are shares.

    Inner folds, which keep groups together, tell what the classifier says about rows that it has
    not learned from; a map of that to the labels is learned; and the classifier is fitted on all
    rows. Of the logarithms of its probabilities (or its decision values, where it has no
    probabilities), z:

    - ``"temperature"``: :math:`\operatorname{softmax}(z / T)`, one number, which cannot change the
      most probable class;
    - ``"dirichlet"``: :math:`\operatorname{softmax}(W z + b)`, with a penalty of what is off the
      diagonal of W, and of b (ODIR), that the inner folds choose as well; right for classes that
      are each believed too much or too little;
    - ``"isotonic"``: a rising step function of the probability of each class, whose values are
      brought to sum 1; it wants a thousand rows.

    Parameters
    ----------
    estimator : estimator
        A classifier, or a pipeline that ends in one, also of a table, such as `make_fusion` builds.
    method : {"temperature", "dirichlet", "isotonic"}, default="temperature"
        The map.
    cv : int, default=5
        Inner folds; fewer where there are fewer rows or groups.
    random_state : int, default=0
        Seed of the inner folds.

    Attributes
    ----------
    estimator_ : estimator
        Fitted on all rows.
    classes_ : ndarray
        Class labels.
    weights_ : ndarray of shape (n_classes, n_classes)
        W; of ``"temperature"`` the identity over T. Not of ``"isotonic"``.
    intercept_ : ndarray of shape (n_classes,)
        b.
    steps_ : list of IsotonicRegression
        The step functions of ``"isotonic"``.
    n_features_in_ : int
        Columns seen in `fit`; where `estimator_` has it.
    feature_names_in_ : ndarray of str
        Names of the columns; where `estimator_` has them.

    See Also
    --------
    hybridsent.evaluation.calibration : Tells how well probabilities are calibrated.
    sklearn.calibration.CalibratedClassifierCV : Knows no groups.

    References
    ----------
    Guo, Pleiss, Sun, Weinberger: On calibration of modern neural networks, ICML 2017.
    Kull, Perello-Nieto, Kängsepp, Silva Filho, Song, Flach: Beyond temperature scaling, NeurIPS
    2019 (section 3: Dirichlet calibration, and ODIR).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from hybridsent.heads import CalibratedFusion
    >>> rng = np.random.default_rng(0)
    >>> y = np.tile([0, 1], 200)
    >>> X = np.repeat(y[:, None] + rng.normal(0, 1, (400, 1)), 8, axis=1)  # said eight times
    >>> sure = GaussianNB().fit(X, y).predict_proba(X).max(axis=1).mean()
    >>> calibrated = CalibratedFusion(GaussianNB()).fit(X, y)
    >>> honest = calibrated.predict_proba(X).max(axis=1).mean()
    >>> bool(sure - calibrated.score(X, y) > 0.1 > abs(honest - calibrated.score(X, y)))
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods(["fit", "predict"])],
        "method": [StrOptions({"temperature", "dirichlet", "isotonic"})],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }
    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(
        self,
        estimator: Any,
        *,
        method: str = "temperature",
        cv: int = 5,
        random_state: int = 0,
    ) -> None:
        self.estimator = estimator
        self.method = method
        self.cv = cv
        self.random_state = random_state

    def fit(self, X: Any, y: Any, groups: Any = None) -> CalibratedFusion:
        """Fit the classifier in inner folds, the map, and the classifier on all rows.

        Parameters
        ----------
        X : DataFrame or array of n rows
            The rows, as the classifier takes them.
        y : array of shape (n,)
            Labels; -1 where a row has none, if the classifier takes such rows.
        groups : array of shape (n,), default=None
            Group of each row (speaker, video); a group is never split by the inner folds, nor by
            those inside of the classifier. None takes the column ``group__0``, where there is one.

        Returns
        -------
        self
            The fitted classifier.

        Raises
        ------
        ValueError
            If what it is around predicts numbers or sets of labels, or y holds no two classes.
        """
        self._validate_params()
        X, y = self._checked(X, y)
        partly = takes_unlabelled(self.estimator)
        known = labeled_rows(y, "classes") if partly else np.ones(len(y), dtype=bool)
        codes = np.full(len(y), -1)
        codes[known] = learn_classes(self, plain_labels(y[known]))
        groups = groups_of(self, X, groups)
        self.estimator_ = fit_with_groups(clone(self.estimator), X, y, groups)
        said, at = answers_out_of_fold(
            self.estimator,
            X,
            y,
            known,
            groups,
            self._logits,
            cv=self.cv,
            random_state=self.random_state,
        )
        self._learn_map(said, codes[at], None if groups is None else groups[at])
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        return self

    def _checked(self, X: Any, y: Any) -> tuple[Any, np.ndarray]:
        check_given(self, y)
        self._check_kind(y)
        return rows_of_inner(self, X, y)

    def _check_kind(self, y: Any) -> None:
        if is_regressor(self.estimator):
            raise ValueError(
                "The estimator of CalibratedFusion must be a classifier: numbers have no "
                "probabilities. hybridsent.heads.ConformalSets gives intervals of them."
            )
        if is_of_sets(y):
            raise ValueError(
                "CalibratedFusion calibrates classes, one a row. Of sets of labels put it inside: "
                "MultiLabelClassifier(CalibratedFusion(classifier))."
            )

    def _logits(self, fitted: Any, X: Any) -> np.ndarray:
        """Give logarithms of probabilities, or decision values, a column for each class."""
        if hasattr(fitted, "predict_proba"):
            given = np.log(np.maximum(np.asarray(fitted.predict_proba(X), dtype=float), _FLOOR))
            empty = np.log(_FLOOR)
        else:
            given = np.asarray(fitted.decision_function(X), dtype=np.float64)
            given = np.column_stack([-given / 2, given / 2]) if given.ndim == 1 else given
            empty = float(given.min(initial=0.0))
        own = np.asarray(fitted.classes_, dtype=self.classes_.dtype)
        logits = np.full((len(given), len(self.classes_)), empty)
        logits[:, np.searchsorted(self.classes_, own)] = given
        return logits

    def _learn_map(self, logits: np.ndarray, codes: np.ndarray, groups: np.ndarray | None) -> None:
        k = len(self.classes_)
        self.intercept_ = np.zeros(k)
        if "weights_" in vars(self):  # of an earlier fit
            delattr(self, "weights_")
        if not len(codes):
            self.weights_: np.ndarray = np.eye(k)
        elif self.method == "temperature":
            self.weights_ = np.eye(k) * _inverse_temperature(logits, codes)
        elif self.method == "dirichlet":
            folds = inner_folds(codes, self.cv, groups, random_state=self.random_state)
            penalty = _chosen_penalty(logits, codes, folds)
            self.weights_, self.intercept_ = _dirichlet(logits, codes, penalty)
        else:
            p = softmax(logits, axis=1)
            self.steps_ = [
                IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(
                    p[:, j], codes == j
                )
                for j in range(k)
            ]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Calibrated probability of each class.

        Parameters
        ----------
        X : DataFrame or array of n rows
            The rows.

        Returns
        -------
        ndarray of shape (n, n_classes)
            Probabilities, in the order of `classes_`.
        """
        check_is_fitted(self, "estimator_")
        logits = self._logits(self.estimator_, X)
        if hasattr(self, "weights_"):
            return np.asarray(softmax(logits @ self.weights_.T + self.intercept_, axis=1))
        p = softmax(logits, axis=1)
        found = np.column_stack([each.predict(p[:, j]) for j, each in enumerate(self.steps_)])
        total = found.sum(axis=1, keepdims=True)
        return np.asarray(np.where(total > 0, found / np.where(total > 0, total, 1.0), p))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        return with_capabilities(tags, takes_unlabelled=takes_unlabelled(self.estimator))


class _Logits(ClassifierMixin, BaseEstimator):
    """Gives logits as they are, in the place of a model."""

    def __init__(self, n_classes: int = 2) -> None:
        self.n_classes = n_classes

    @property
    def classes_(self) -> np.ndarray:
        """Codes."""
        return np.arange(self.n_classes)

    def fit(self, X: np.ndarray, y: Any = None) -> _Logits:
        """Learn nothing."""
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Give the code of the highest."""
        return np.asarray(X.argmax(axis=1))

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        """Give the logits; of two classes their difference."""
        return X[:, 1] - X[:, 0] if self.n_classes == 2 else X

    def __sklearn_is_fitted__(self) -> bool:
        return True


def _inverse_temperature(logits: np.ndarray, codes: np.ndarray) -> float:
    """Let scikit-learn find the temperature, and read it off what it makes of two logits.

    All logits are brought below 0, which changes nothing: rows between 0 and 1 that add up to 1 it
    takes for probabilities.
    """
    k, step = logits.shape[1], 1e-3
    below = logits - logits.max(axis=1, keepdims=True) - 1
    frozen = FrozenEstimator(_Logits(k))
    scaled = CalibratedClassifierCV(frozen, method="temperature").fit(below, codes)
    told = scaled.predict_proba(-1 - step * np.arange(k)[None, :])[0]
    return float(np.log(told[0] / told[1]) / step)


def _chosen_penalty(logits: np.ndarray, codes: np.ndarray, folds: Any) -> float:
    """Choose the penalty by the likelihood of rows that were not learned from."""
    losses = []
    for penalty in _PENALTIES:
        loss = 0.0
        for train, test in folds:
            weights, intercept = _dirichlet(logits[train], codes[train], penalty)
            said = log_softmax(logits[test] @ weights.T + intercept, axis=1)
            loss -= float(said[np.arange(len(test)), codes[test]].sum())
        losses.append(loss)
    return float(_PENALTIES[int(np.argmin(losses))])


def _dirichlet(
    logits: np.ndarray, codes: np.ndarray, penalty: float
) -> tuple[np.ndarray, np.ndarray]:
    r"""Minimise the mean log-loss of softmax(W z + b) and the penalty of Kull et al.

    That is :math:`\frac{\lambda}{k (k - 1)} \sum_{i \neq j} w_{ij}^2 + \frac{\lambda}{k} \sum_j
    b_j^2`; the problem is convex, and begins at the identity, which changes nothing.
    """
    n, k = logits.shape
    off = ~np.eye(k, dtype=bool)
    hot = np.eye(k)[codes]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights, intercept = flat[: k * k].reshape(k, k), flat[k * k :]
        said = log_softmax(logits @ weights.T + intercept, axis=1)
        away = (np.exp(said) - hot) / n
        outer = weights * off
        value = -(hot * said).sum() / n
        value += penalty * ((outer**2).sum() / (k * (k - 1)) + (intercept**2).sum() / k)
        slope = away.T @ logits + 2 * penalty * outer / (k * (k - 1))
        slope_of_b = away.sum(axis=0) + 2 * penalty * intercept / k
        return float(value), np.concatenate([slope.ravel(), slope_of_b])

    start = np.concatenate([np.eye(k).ravel(), np.zeros(k)])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500}).x
    return found[: k * k].reshape(k, k), found[k * k :]
