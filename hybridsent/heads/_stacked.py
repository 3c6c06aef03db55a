"""Stacked fusion: experts judged out of fold, and a model for each combination of views (layer L3).

scikit-learn's StackingClassifier has one final model, which needs every expert's answer. Here each
combination of present views has its own, so that nothing is filled in where a view is missing.
"""

from __future__ import annotations

from itertools import combinations
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from hybridsent._folds import Folds, inner_folds
from hybridsent._labels import kind_of
from hybridsent._numerics.classes import MostProbableMixin
from hybridsent._params import HasMethods, Interval
from hybridsent.heads._experts import (
    check_experts,
    check_groups,
    default_expert,
    fit_expert,
    learn_table,
    probabilities,
    product,
)
from hybridsent.views import as_matrix, presence

__all__ = ["StackedFusionClassifier", "_StackedFusion"]

_CLIP = 1e-4  # probabilities below are the expert's rounding, not evidence
_MOST = 31  # combinations of views: all of five views
_FEWEST = 5  # rows per class and view: with fewer, the product of the views knows more

Combination = tuple[str, ...]


class _StackedFusion(BaseEstimator):
    """Experts that are judged out of fold, and a final model for each combination of views."""

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True}

    def __init__(
        self,
        estimator: Any = None,
        final_estimator: Any = None,
        *,
        joint: bool = True,
        cv: int = 5,
        random_state: int = 0,
    ) -> None:
        self.estimator = estimator
        self.final_estimator = final_estimator
        self.joint = joint
        self.cv = cv
        self.random_state = random_state

    def _learn(self, X: Any, y: Any, groups: Any) -> None:
        """Fit the experts, and on their out-of-fold answers the final models."""
        X, y, present = learn_table(self, X, y)
        codes = check_groups(self, groups, X)
        folds = inner_folds(y, self.cv, codes, random_state=self.random_state, kind=kind_of(self))
        self.estimators_: dict[str, Any] = {}
        self.finals_: dict[str, Any] = {}
        answers: dict[str, np.ndarray] = {}
        for view in self.views_:
            self._fit_expert((view,), X, y, folds, codes, answers)
        check_experts(self, present)
        for views in self._combinations(self._present(X)):
            if self.joint and len(views) > 1:
                self._fit_expert(views, X, y, folds, codes, answers)
            self._fit_final(views, answers, y, codes)

    def _combinations(self, present: np.ndarray) -> list[Combination]:
        """List the combinations that get a final classifier, single views first."""
        known = np.array(self._known())
        if 2 ** len(known) - 1 <= _MOST:
            sizes = range(2, len(known) + 1)
            several = [list(which) for k in sizes for which in combinations(range(len(known)), k)]
        else:
            shown, counts = np.unique(present, axis=0, return_counts=True)
            order = np.argsort(-counts, kind="stable")
            several = [np.flatnonzero(shown[i]).tolist() for i in order if shown[i].sum() > 1][
                :_MOST
            ]
        fewest = self._fewest()
        fit = [w for w in several if present[:, w].all(axis=1).sum() >= fewest * len(w)]
        return [(view,) for view in known.tolist()] + [tuple(known[w].tolist()) for w in fit]

    def _fit_expert(
        self,
        views: Combination,
        X: np.ndarray,
        y: np.ndarray,
        folds: Folds,
        groups: np.ndarray | None,
        answers: dict[str, np.ndarray],
    ) -> None:
        """Fit the expert of some views, and add its out-of-fold answers (NaN where it has none)."""
        columns = X[:, self._columns(views)]
        there = ~np.isnan(columns).any(axis=1)
        estimator = default_expert(self) if self.estimator is None else self.estimator
        whole = fit_expert(estimator, columns, y, there, groups)
        if whole is None:
            return
        name = name_of(views)
        self.estimators_[name] = whole
        answers[name] = np.full((len(X), self._answer(whole, columns[there][:1]).shape[1]), np.nan)
        for train, test in folds:
            held_out = test[there[test]]
            expert = fit_expert(estimator, columns, y, train[there[train]], groups)
            if expert is not None and len(held_out) and self._comparable(expert, whole):
                answers[name][held_out] = self._answer(expert, columns[held_out])
        answered = ~np.isnan(answers[name]).any(axis=1)
        unheard = there & self._unheard(y, answered)
        if unheard.any():
            answers[name][unheard] = self._answer(whole, columns[unheard])

    def _fit_final(
        self,
        views: Combination,
        answers: dict[str, np.ndarray],
        y: np.ndarray,
        groups: np.ndarray | None,
    ) -> None:
        """Fit the final classifier of a combination."""
        inputs = np.hstack([answers[name] for name in self._inputs(views)])
        rows = ~np.isnan(inputs).any(axis=1)
        final = self._default_final() if self.final_estimator is None else self.final_estimator
        fitted = fit_expert(final, inputs, y, rows, groups)
        if fitted is not None:  # the rows that have all of these views may show one class
            self.finals_[name_of(views)] = fitted

    def _inputs(self, views: Combination) -> list[str]:
        """Names of the experts that a combination listens to."""
        joint = name_of(views)
        return [*views, joint] if len(views) > 1 and joint in self.estimators_ else list(views)

    def _columns(self, views: Combination) -> np.ndarray:
        return np.concatenate([self.views_[view] for view in views])

    def _known(self) -> list[str]:
        """List the views that have an expert."""
        return [view for view in self.views_ if view in self.estimators_]

    def _present(self, X: np.ndarray) -> np.ndarray:
        return presence(X, {view: self.views_[view] for view in self._known()})

    def _by_combination(self, X: Any, out: np.ndarray) -> np.ndarray:
        """Judge rows, all of one combination of views at a time."""
        present = self._present(X)
        known = self._known()
        shown, which = np.unique(present, axis=0, return_inverse=True)
        for i, there in enumerate(shown):
            rows = which.ravel() == i
            views = tuple(view for view, has in zip(known, there, strict=True) if has)
            out[rows] = self._judge(views, X[rows])
        return out

    def _heard(self, views: Combination, X: np.ndarray) -> np.ndarray:
        """Give the inputs of the final model of a combination."""
        return np.hstack(
            [
                self._answer(self.estimators_[name], X[:, self._columns(tuple(name.split("__")))])
                for name in self._inputs(views)
            ]
        )

    def _answer(self, expert: Any, X: np.ndarray) -> np.ndarray:
        """Write an expert's answer as numbers for the final model."""
        raise NotImplementedError

    def _judge(self, views: Combination, X: np.ndarray) -> np.ndarray:
        """Answer for rows that have just these views."""
        raise NotImplementedError

    def _default_final(self) -> Any:
        """Give the final model where none is given."""
        raise NotImplementedError

    def _fewest(self) -> int:
        """Rows for each view of a combination without which it has no final model."""
        raise NotImplementedError

    def _unheard(self, y: np.ndarray, answered: np.ndarray) -> np.ndarray:
        """Tell for which rows the expert of all rows must answer, since no fold could."""
        return np.full(len(y), not answered.any())

    def _comparable(self, expert: Any, whole: Any) -> bool:
        """Tell whether answers of a fold's expert mean the same."""
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class StackedFusionClassifier(MostProbableMixin, ClassifierMixin, _StackedFusion):
    r"""Learn how far to believe each expert, for each combination of views by itself.

    The expert of view j sees the columns of the view and the rows that have it. Its answer to a
    training row comes from a clone that never saw the row, nor any of its group (inner folds). It
    is written as :math:`z_{jk} = \log p_{jk} - \tfrac1K \sum_l \log p_{jl}`, the centred
    log-probability of class k (for two classes one log-odds; p at least 1e-4), or, for experts
    without `predict_proba`, the values of `decision_function`.

    For each combination S of views a final classifier then learns :math:`P(y \mid z_j, j \in S)`
    from all rows that have at least these views, whatever else they have. A new row is judged by
    the model of exactly the views it has: one that lacks a view loses what the view knew, and
    nothing more, even where no training row lacked it. With `joint`, S has one more expert, on the
    columns of all of its views side by side.

    Up to five views every combination has a model; of more views each single one, and the 31
    combinations that most training rows show. A combination is left out where fewer than five rows
    per class and view have it. Rows of a combination without a model get the product of the single
    views' final models, as in `LateFusionClassifier`; rows without any view get the prior.

    Parameters
    ----------
    estimator : estimator, default=None
        Classifier with `predict_proba` or `decision_function`, cloned for each expert; None is
        ``TunedLinearClassifier("log_loss")``. A support vector machine should be
        ``SVC(decision_function_shape="ovo")``, whose values say more than votes.
    final_estimator : estimator, default=None
        Classifier with `predict_proba`, cloned for each combination; None is standardisation and
        ``LogisticRegression()``.
    joint : bool, default=True
        Whether combinations of two and more views have an expert on all of their columns. That is
        one more expert for two views, 4 for three and 26 for five.
    cv : int, default=5
        Inner folds; fewer where there are fewer rows or groups.
    random_state : int, default=0
        Seed of the inner folds.

    Attributes
    ----------
    estimators_ : dict of str to estimator
        The experts, by view; those of several views are named like ``"text__image"``.
    finals_ : dict of str to estimator
        The final classifiers, by combination of views, named alike.
    views_ : dict of str to ndarray of int
        Columns of each view; all columns are one view where they have no names.
    classes_ : ndarray
        Class labels.
    prior_ : ndarray of shape (n_classes,)
        Share of each class in training.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    LateFusionClassifier : Joins the experts by a rule, at the price of one fit each.
    sklearn.ensemble.StackingClassifier : One final model over experts that all see everything.

    References
    ----------
    Wolpert: Stacked generalization, Neural Networks 1992.

    Saar-Tsechansky, Provost: Handling missing values when applying classification models, JMLR 2007
    (reduced models).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent.heads import StackedFusionClassifier
    >>> X = pd.DataFrame({"text__0": [0.0, 0.1, 0.9, 1.0], "image__0": [0.2, 0.0, 1.0, 0.8]})
    >>> X, y = pd.concat([X] * 9, ignore_index=True), ["bad", "bad", "good", "good"] * 9
    >>> fusion = StackedFusionClassifier().fit(X, y)
    >>> list(fusion.finals_)
    ['text', 'image', 'text__image']
    >>> X.loc[0, "image__0"] = np.nan
    >>> fusion.predict(X[:3])
    array(['bad', 'bad', 'good'], dtype='<U4')
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [
            None,
            HasMethods(["fit", "predict_proba"]),
            HasMethods(["fit", "decision_function"]),
        ],
        "final_estimator": [None, HasMethods(["fit", "predict_proba"])],
        "joint": ["boolean"],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }

    def fit(self, X: Any, y: Any, groups: Any = None) -> StackedFusionClassifier:
        """Fit the experts, and on their out-of-fold answers the final classifiers.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; columns named ``view__i`` are one view each, columns without names are one
            view. A row with NaN in a view lacks this view. Columns of no modality (``domain__0``,
            ``group__0``, ``missing__text``) have no expert and are not looked at.
        y : array of shape (n,)
            Labels of at least two classes.
        groups : array of shape (n,), default=None
            Group of each row (speaker, video); a group is never split by the inner folds, nor by
            those of the experts. None takes the column ``group__0``, where there is one.

        Returns
        -------
        self
            The fitted classifier.
        """
        self._validate_params()
        self._learn(X, y, groups)
        return self

    def _answer(self, expert: Any, X: np.ndarray) -> np.ndarray:
        """Write an expert's answer as numbers for the final classifier."""
        if not hasattr(expert, "predict_proba"):
            margins = np.asarray(expert.decision_function(X), dtype=np.float64)
            return margins.reshape(len(X), -1)
        logs = np.log(np.maximum(probabilities(expert, X, self.classes_, self.prior_), _CLIP))
        if logs.shape[1] == 2:
            return np.asarray(logs[:, 1:] - logs[:, :1])
        return np.asarray(logs - logs.mean(axis=1, keepdims=True))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features; a row may lack any of its views.

        Returns
        -------
        ndarray of shape (n, n_classes)
            Probabilities, in the order of `classes_`.
        """
        check_is_fitted(self)
        X = as_matrix(self, X, reset=False)
        return self._by_combination(X, np.empty((len(X), len(self.classes_))))

    def _judge(self, views: Combination, X: np.ndarray) -> np.ndarray:
        """Probabilities of rows that have just these views."""
        if not views or name_of(views) in self.finals_:
            return self._final(views, X)
        singles = np.stack([self._final((view,), X) for view in views])
        return product(singles, np.ones((len(X), len(views)), dtype=bool), self.prior_)

    def _final(self, views: Combination, X: np.ndarray) -> np.ndarray:
        if not views:
            return probabilities(None, X, self.classes_, self.prior_)
        final = self.finals_[name_of(views)]
        return probabilities(final, self._heard(views, X), self.classes_, self.prior_)

    def _default_final(self) -> Any:
        scaler = StandardScaler().set_output(transform="default")  # whatever is set elsewhere
        return make_pipeline(scaler, LogisticRegression(max_iter=1000))

    def _fewest(self) -> int:
        return _FEWEST * len(self.classes_)

    def _unheard(self, y: np.ndarray, answered: np.ndarray) -> np.ndarray:
        # a class that no fold can hold out, since it is too rare, is not to be forgotten
        one = len(np.unique(y[answered])) < 2
        return np.full(len(y), True) if one else np.asarray(~np.isin(y, y[answered]))

    def _comparable(self, expert: Any, whole: Any) -> bool:
        # margins depend on the classes
        return hasattr(whole, "predict_proba") or np.array_equal(expert.classes_, whole.classes_)


def name_of(views: Combination) -> str:
    """Name of a combination; no view's own name holds ``"__"``."""
    return "__".join(views)
