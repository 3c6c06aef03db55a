"""Sets of labels: a classifier for each label, and a threshold for each (layer L3).

scikit-learn's OneVsRestClassifier reads a matrix alone, knows no groups and no row without labels,
and says yes from one half on, at which a rare label is never said.
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from hybridsent._folds import inner_folds
from hybridsent._groups import fit_with_groups, groups_of
from hybridsent._label_sets import Form, as_sets, form_of, has_labels, label_sets
from hybridsent._labeled_score import check_given
from hybridsent._labels import reading_labels_as, take_rows
from hybridsent._params import HasMethods, Interval, StrOptions
from hybridsent._tags import takes_unlabelled
from hybridsent.heads._linear import TunedLinearClassifier

__all__ = ["MultiLabelClassifier"]


def _inner_has(name: str) -> Callable[[MultiLabelClassifier], bool]:
    """Tell whether the inner estimator has a method; if not, with its own words."""

    def check(self: MultiLabelClassifier) -> bool:
        if self.estimator is not None:
            getattr(self.estimator, name)
        return True

    return check


class MultiLabelClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    r"""Learn sets of labels: one classifier for each label, which says whether a row has it.

    Label j is given where its probability reaches the threshold :math:`t_j`. With
    ``thresholds="f1"`` that is the one with the highest F1 of the label,
    :math:`2 \mathrm{TP} / (2 \mathrm{TP} + \mathrm{FP} + \mathrm{FN})`, on probabilities of rows
    that inner folds have held out; of several equal ones the one nearest to one half. A label
    that all rows have, or none, is learned as that.

    Rows without labels are learned from where the estimator takes them
    (`hybridsent.few_label.LabeledOnly`, what adapts), and left out otherwise.

    Parameters
    ----------
    estimator : estimator, default=None
        Classifier of two classes, cloned for each label; None is
        ``TunedLinearClassifier("log_loss")``.
    thresholds : {"f1", "half"}, default="f1"
        How thresholds are chosen: by F1, or one half for all (of decision values 0).
    cv : int, default=3
        Inner folds (``thresholds="f1"``), which keep groups together; fewer where there are fewer
        groups, or fewer rows with a label or without it.
    random_state : int, default=0
        Seed of the inner folds.

    Attributes
    ----------
    classes_ : ndarray of shape (n_labels,)
        The labels, sorted; of a matrix the names of its columns, or their numbers.
    estimators_ : list of estimator
        The classifier of each label; of one that says nothing a dummy.
    thresholds_ : ndarray of shape (n_labels,)
        From which probability on a label is given.
    form_ : {"text", "list", "tuple", "set", "indicator"}
        How the sets were written in `fit`, and are in `predict`.
    n_features_in_ : int
        Columns seen in `fit`; where the classifiers know it.
    feature_names_in_ : ndarray of str
        Names of the columns, where they had names.

    See Also
    --------
    hybridsent.make_fusion : ``task="multilabel"`` puts one at the end.
    sklearn.multiclass.OneVsRestClassifier : The same for matrices, without thresholds.

    References
    ----------
    Fan, Lin: A study on threshold selection for multi-label classification, technical report of
    National Taiwan University 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.heads import MultiLabelClassifier
    >>> X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]] * 5)
    >>> y = ["|", "joy", "anger", "anger|joy"] * 5
    >>> model = MultiLabelClassifier().fit(X, y)
    >>> model.classes_.tolist(), model.predict(X[:4]).tolist()
    (['anger', 'joy'], ['|', 'joy', 'anger', 'anger|joy'])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [None, HasMethods(["fit", "predict"])],
        "thresholds": [StrOptions({"f1", "half"})],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(
        self,
        estimator: Any = None,
        *,
        thresholds: str = "f1",
        cv: int = 3,
        random_state: int = 0,
    ) -> None:
        self.estimator = estimator
        self.thresholds = thresholds
        self.cv = cv
        self.random_state = random_state

    def fit(self, X: Any, y: Any, groups: Any = None) -> MultiLabelClassifier:
        """Fit a classifier for each label, and choose its threshold.

        Parameters
        ----------
        X : array or DataFrame of n rows
            The rows, as the estimator takes them.
        y : array of shape (n,) or (n, n_labels)
            A set of labels a row: texts such as ``"joy|anger"`` (``"|"`` is the empty set), lists,
            tuples or sets, or a matrix of 0 and 1. An empty text, None or a row of -1 is one
            without labels.
        groups : array of shape (n,) or None, default=None
            Rows of one group are on one side of each inner fold, also of the estimator's own.

        Returns
        -------
        self
            The fitted classifier.

        Raises
        ------
        ValueError
            If y holds no sets of labels, none at all, or not one a row.
        """
        self._validate_params()
        check_given(self, y)
        indicator, self.classes_ = label_sets(y)
        known = has_labels(y)
        _check_labels(X, indicator, known)
        self.form_: Form = form_of(y)
        told = groups_of(self, X, groups)
        inner = TunedLinearClassifier("log_loss") if self.estimator is None else self.estimator
        taken = np.arange(len(known)) if takes_unlabelled(inner) else np.flatnonzero(known)
        rows = _Rows(take_rows(X, taken), known[taken], _taken(groups, taken), _taken(told, taken))
        fitted = [self._one(inner, rows, each[taken].astype(np.int64)) for each in indicator.T]
        self.estimators_ = [each for each, _ in fitted]
        self._take_names()
        self.thresholds_ = np.array([each for _, each in fitted])
        return self

    def _take_names(self) -> None:
        """Know the columns as what is inside does, which checks them."""
        for name in ("n_features_in_", "feature_names_in_"):
            self.__dict__.pop(name, None)
            for each in self.estimators_:
                if hasattr(each, name) and not isinstance(each, DummyClassifier):
                    setattr(self, name, getattr(each, name))

    def _one(self, inner: Any, rows: _Rows, y: np.ndarray) -> tuple[Any, float]:
        """Fit the classifier of one label; gives it and its threshold."""
        half = 0.5 if hasattr(inner, "predict_proba") else 0.0
        there = y[rows.known]
        if (there == there[0]).all():
            return DummyClassifier(strategy="prior").fit(np.zeros((len(there), 1)), there), half
        with reading_labels_as("classes"):
            fitted = fit_with_groups(clone(inner), rows.X, y, rows.groups)
            if self.thresholds == "half":
                return fitted, half
            scores = np.full(len(y), np.nan)
            for train, test in rows.folds(y, self.cv, self.random_state):
                model = fit_with_groups(
                    clone(inner), take_rows(rows.X, train), y[train], _taken(rows.groups, train)
                )
                scores[test] = _scores(model, take_rows(rows.X, test))
        judged = ~np.isnan(scores)
        return fitted, _best_threshold(scores[judged], y[judged], half)

    def _scores(self, X: Any) -> np.ndarray:
        """Probability of each label, or decision values."""
        check_is_fitted(self)
        n = X.shape[0] if hasattr(X, "shape") else len(X)
        blank = np.zeros((n, 1))
        by_probability = hasattr(self, "predict_proba")
        columns = []
        for each in self.estimators_:
            is_dummy = isinstance(each, DummyClassifier)
            scores = _scores(each, blank if is_dummy else X)
            columns.append(scores if by_probability or not is_dummy else 2 * scores - 1)
        return np.column_stack(columns) if columns else np.zeros((n, 0))

    @available_if(_inner_has("predict_proba"))  # type: ignore[untyped-decorator]  # scikit-learn has no types
    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each label; those of a row have no sum.

        Parameters
        ----------
        X : array or DataFrame of n rows
            The rows.

        Returns
        -------
        ndarray of shape (n, n_labels)
            Probabilities, in the order of `classes_`.
        """
        return self._scores(X)

    def predict(self, X: Any) -> np.ndarray:
        """Give the set of labels of each row.

        Parameters
        ----------
        X : array or DataFrame of n rows
            The rows.

        Returns
        -------
        ndarray of shape (n,) or (n, n_labels)
            Sets, written as in `fit`: texts such as ``"anger|joy"``, lists, tuples or sets in an
            array of objects, or a matrix of 0 and 1.
        """
        scores = self._scores(X)
        return as_sets((scores >= self.thresholds_).astype(np.int64), self.classes_, self.form_)

    def score(self, X: Any, y: Any) -> float:
        """Share of rows of which the whole set is right.

        Parameters
        ----------
        X : array or DataFrame of n rows
            The rows.
        y : array of shape (n,) or (n, n_labels)
            Sets of labels, in any form; rows without labels do not count.

        Returns
        -------
        float
            From 0 to 1.
        """
        truth, names = label_sets(y, self.classes_ if form_of(y) == "indicator" else None)
        known = has_labels(y)
        said = (self._scores(X) >= self.thresholds_).astype(np.int8)
        right = known.copy()
        for name in dict.fromkeys([*names.tolist(), *self.classes_.tolist()]):
            right &= _column(truth, names, name) == _column(said, self.classes_, name)
        return float(right[known].mean())

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = False
        tags.classifier_tags.multi_label = True
        tags.classifier_tags.multi_class = False  # it learns nothing but sets
        return tags


class _Rows:
    """Rows that are learned from, which of them have labels, and their groups."""

    def __init__(self, X: Any, known: np.ndarray, groups: Any, told: np.ndarray | None) -> None:
        self.X, self.known, self.groups, self.told = X, known, groups, told

    def folds(self, y: np.ndarray, cv: int, seed: Any) -> list[tuple[np.ndarray, np.ndarray]]:
        """Cut the rows that have labels; the others are learned from, but for tested groups."""
        rows, free = np.flatnonzero(self.known), np.flatnonzero(~self.known)
        told = _taken(self.told, rows)
        found = []
        for train, test in inner_folds(y[rows], cv, told, random_state=seed):
            train, test = rows[train], rows[test]
            kept = free
            if self.told is not None:
                kept = free[~np.isin(self.told[free], self.told[test])]
            found.append((np.union1d(train, kept), test))
        return found


def _check_labels(X: Any, indicator: np.ndarray, known: np.ndarray) -> None:
    n = X.shape[0] if hasattr(X, "shape") else len(X)
    if len(known) != n:
        raise ValueError(
            f"There must be one set of labels a row. Got {len(known)} sets for {n} rows."
        )
    if not known.any() or not indicator.shape[1]:
        told = "no row with labels" if not known.any() else "empty sets alone"
        raise ValueError(f"MultiLabelClassifier needs rows with labels. Got {told} in {n} rows.")


def _taken(values: Any, rows: np.ndarray) -> Any:
    return None if values is None else take_rows(values, rows)


def _scores(fitted: Any, X: Any) -> np.ndarray:
    """Probability that a row has the label, or the decision value."""
    if not hasattr(fitted, "predict_proba"):
        return np.asarray(fitted.decision_function(X), dtype=np.float64)
    p = np.asarray(fitted.predict_proba(X), dtype=np.float64)
    there = np.flatnonzero(np.asarray(fitted.classes_) == 1)
    return p[:, there[0]] if len(there) else np.zeros(len(p))


def _best_threshold(scores: np.ndarray, y: np.ndarray, half: float) -> float:
    """Find the threshold of the highest F1, in the middle between two scores."""
    positives = int((y == 1).sum())
    if not positives:
        return half
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    hits = np.cumsum(y[order] == 1)
    last = np.append(ranked[1:] < ranked[:-1], True)  # equal scores stand on one side
    f1 = np.where(last, 2 * hits / (np.arange(1, len(y) + 1) + positives), -1.0)
    below = np.append(ranked[1:], ranked[-1] - 2 * abs(ranked[-1]))
    middle = (ranked + below) / 2
    best = np.flatnonzero(f1 >= f1.max() - 1e-12)
    # from the middle below a score up to that score all is the same
    gaps = np.maximum(np.maximum(middle[best] - half, half - ranked[best]), 0)
    chosen = best[gaps.argmin()]
    return float(np.clip(half, middle[chosen], ranked[chosen]))


def _column(indicator: np.ndarray, names: np.ndarray, name: Any) -> np.ndarray:
    """Give which rows have a label; none where it is not known."""
    found = np.flatnonzero(names == name)
    return indicator[:, found[0]] > 0 if len(found) else np.zeros(len(indicator), dtype=bool)
