"""The rows of `fit` where only some have a label, and what learns from both (layer L3).

scikit-learn's semi-supervised classifiers each read the mark -1 themselves, know no groups, and
compare `score` with it. Here what is asked of rows and labels is asked once, of the words of the
package that decide it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import check_consistent_length

from hybridsent._groups import fit_with_groups, groups_of
from hybridsent._labeled_score import LabeledScoreMixin, check_given
from hybridsent._labels import kind_of, label_numbers, labeled_rows, one_column, plain_labels
from hybridsent._minus_one import check_minus_one_is_no_class
from hybridsent._numerics.classes import learn_classes
from hybridsent._tags import with_capabilities
from hybridsent._weighted import fit_weighted
from hybridsent.views import as_matrix, is_indicator, modalities_of, presence, view_of

__all__ = [
    "PartlyLabelled",
    "PartlyLabelledMixin",
    "Views",
    "all_probabilities",
    "fit_rows",
    "named",
    "read_partly",
    "settled",
]

_OF_SETS = (
    "{name} learns one class a row. Got sets of labels; put "
    "hybridsent.heads.MultiLabelClassifier({name}(...)) around it, as "
    "make_fusion(task='multilabel') does, which learns each label on its own."
)


@dataclass(frozen=True)
class PartlyLabelled:
    """A matrix, which of its rows have a label, and these labels.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Features.
    known : ndarray of int of shape (m,)
        Positions of the rows with a label.
    free : ndarray of int of shape (n - m,)
        Positions of the others.
    told : ndarray of shape (m,)
        Codes of classes of the labelled rows, or numbers.
    groups : ndarray of int of shape (n,) or None
        Codes of groups of all rows.
    """

    X: np.ndarray
    known: np.ndarray
    free: np.ndarray
    told: np.ndarray
    groups: np.ndarray | None

    def groups_at(self, rows: np.ndarray) -> np.ndarray | None:
        """Give the groups of some rows, where they are told."""
        return None if self.groups is None else self.groups[rows]

    def fold(self, train: np.ndarray, test: np.ndarray) -> PartlyLabelled:
        """Give the rows of one inner fold of the labelled rows.

        Rows without a label of groups that are tested are left out.
        """
        free = self.free
        if self.groups is not None:
            tested = self.groups[self.known[test]]
            free = free[~np.isin(self.groups[free], tested)]
        return PartlyLabelled(self.X, self.known[train], free, self.told[train], self.groups)


def read_partly(
    estimator: Any, X: Any, y: Any, groups: Any = None, *, allow_nan: bool = True
) -> PartlyLabelled:
    """Check the rows of `fit`, of which some have a label.

    Sets ``classes_`` of a classifier, and what `as_matrix` sets.

    Parameters
    ----------
    estimator : estimator
        The classifier or regressor.
    X : array or DataFrame of shape (n, p)
        Features.
    y : array of shape (n,)
        Labels; -1 for a row without one, or NaN where numbers are learned.
    groups : array of shape (n,), default=None
        Groups; None takes the column ``group__0``, where there is one.
    allow_nan : bool, default=True
        Whether features may be missing.

    Returns
    -------
    PartlyLabelled
        What was read.

    Raises
    ------
    ValueError
        If no row has a label, there is one class only, y holds sets of labels, or a class is called
        -1.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from hybridsent.few_label._rows import read_partly
    >>> rows = read_partly(LogisticRegression(), [[0.0], [1.0], [2.0]], ["b", -1, "a"])
    >>> rows.known, rows.free, rows.told
    (array([0, 2]), array([1]), array([1, 0]))
    """
    name = type(estimator).__name__
    check_given(estimator, y)
    values = as_matrix(estimator, X, reset=True, allow_nan=allow_nan)
    kind = kind_of(estimator, y)
    if kind == "sets":
        raise ValueError(_OF_SETS.format(name=name))
    labels = one_column(y)
    check_consistent_length(values, labels)
    labeled = labeled_rows(labels, kind)
    if kind == "classes":
        check_minus_one_is_no_class(labels, kind="classes", name=f"y of {name}")
    if not labeled.any():
        raise ValueError(
            f"{name} needs at least 1 labelled row. Got {len(labeled)} rows, none of them with a "
            "label in y."
        )
    known = np.flatnonzero(labeled)
    told = plain_labels(labels[known])
    if kind == "numbers":
        told = label_numbers(estimator, told)
    assert_all_finite(told, input_name="y")
    if kind != "numbers":
        told = learn_classes(estimator, told)
    free = np.flatnonzero(~labeled)
    return PartlyLabelled(values, known, free, told, groups_of(estimator, values, groups))


class PartlyLabelledMixin(LabeledScoreMixin):
    """What learns from rows without a label, too: the usual score, and the tag that says so."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]  # of the estimator it is mixed into
        return with_capabilities(tags, takes_unlabelled=True, needs_unlabelled=True)


class Views:
    """Which columns are of which view, and which rows have it.

    A row has a view where none of its columns is NaN, and no indicator says that it was filled in
    (``missing__text`` of `hybridsent.missing.ViewImputer`).

    Parameters
    ----------
    estimator : estimator
        Fitted as far as `as_matrix` goes.
    """

    def __init__(self, estimator: Any) -> None:
        names = getattr(estimator, "feature_names_in_", [""] * estimator.n_features_in_)
        found = modalities_of(names)
        self.columns = {view: np.asarray(at) for view, at in found.items()}
        self.indicators = {
            view: i
            for i, name in enumerate(names)
            if is_indicator(name)
            and (view := str(name).partition("__")[2]) in self.columns
            and view_of(name) == "missing"
        }

    def __len__(self) -> int:
        return len(self.columns)

    def present_values(self, X: np.ndarray) -> np.ndarray:
        """Tell which rows have values in which view, and be they filled in."""
        return presence(X, self.columns)

    def present(self, X: np.ndarray) -> np.ndarray:
        """Tell which rows have which view, as an array of bool of shape (n, n_views)."""
        there = presence(X, self.columns)
        for j, view in enumerate(self.columns):
            if view in self.indicators:
                there[:, j] &= ~(X[:, self.indicators[view]] > 0)
        return there


def all_probabilities(fitted: Any, X: Any, n_classes: int) -> np.ndarray:
    """Ask for the probability of every class; of those that were not learned it is 0.

    Parameters
    ----------
    fitted : estimator
        Fitted on codes of classes.
    X : ndarray or DataFrame of shape (n, p)
        Its columns.
    n_classes : int
        How many classes there are.

    Returns
    -------
    ndarray of shape (n, n_classes), float64
        Probabilities.
    """
    out = np.zeros((len(X), n_classes))
    if len(X):
        out[:, np.asarray(fitted.classes_, dtype=int)] = fitted.predict_proba(X)
    return out


def named(owner: Any, X: np.ndarray, columns: np.ndarray | None = None) -> Any:
    """Give rows back the names of columns, by which the estimator inside knows views and marks.

    Parameters
    ----------
    owner : estimator
        With ``feature_names_in_``, where the columns had names.
    X : ndarray of shape (n, p)
        Rows.
    columns : ndarray of int of shape (p,), default=None
        Which of the owner's columns they are; None is all.

    Returns
    -------
    DataFrame or ndarray of shape (n, p)
        The rows, as they are where there are no names.
    """
    names = getattr(owner, "feature_names_in_", None)
    if names is None:
        return X
    import pandas as pd

    return pd.DataFrame(X, columns=names if columns is None else names[columns], copy=False)


def fit_rows(
    owner: Any,
    estimator: Any,
    X: Any,
    y: np.ndarray,
    weights: np.ndarray | None,
    groups: np.ndarray | None,
) -> Any:
    """Fit a clone, with weights where there are some, and groups where it wants them."""
    if weights is not None:
        return fit_weighted(owner, estimator, X, y, weights, groups)
    return fit_with_groups(clone(estimator), X, y, groups)


def settled(estimator: Any, fitted: Any) -> Any:
    """Copy an estimator that chose its penalty, or how views weigh, so that it keeps its choice.

    Labels that a model gave itself agree with it: a choice among them would take the weakest
    penalty, and trust the view that gave them.

    Parameters
    ----------
    estimator : estimator
        Unfitted.
    fitted : estimator
        A fitted clone of it: one of ours with ``Cs`` and ``C_``, and ``view_weights_``; a search; a
        pipeline that ends in one of these; or any other.

    Returns
    -------
    estimator
        Unfitted.

    Examples
    --------
    >>> from hybridsent.few_label._rows import settled
    >>> from hybridsent.heads import TunedLinearClassifier
    >>> model = TunedLinearClassifier(random_state=3)
    >>> settled(model, model.fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])).Cs
    (256.0,)
    """
    if isinstance(estimator, Pipeline) and estimator.steps:
        name, last = estimator.steps[-1]
        return clone(estimator).set_params(**{name: settled(last, fitted.steps[-1][1])})
    if hasattr(fitted, "best_estimator_"):
        return clone(fitted.best_estimator_)
    kept: dict[str, Any] = {}
    chosen = getattr(fitted, "C_", None)
    if isinstance(chosen, Real) and isinstance(getattr(estimator, "Cs", None), Sequence):
        kept["Cs"] = (float(chosen),)
    if hasattr(estimator, "view_weights") and hasattr(fitted, "view_weights_"):
        kept["view_weights"] = dict(fitted.view_weights_)
    return clone(estimator).set_params(**kept)
