"""What decision-level fusion shares: experts, inner folds, answers on one footing (layer L3).

scikit-learn's VotingClassifier and StackingClassifier give every expert all rows and all columns.
Here an expert sees the columns of its views and the rows that have them, and a row is answered by
those experts alone whose views it has.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone, is_regressor
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import check_consistent_length

from hybridsent._groups import fit_with_groups, groups_of
from hybridsent._labeled_score import check_given
from hybridsent._labels import every_label, label_numbers
from hybridsent._numerics.classes import learn_classes
from hybridsent.heads._linear import TunedLinearClassifier
from hybridsent.heads._ridge import TunedLinearRegressor
from hybridsent.views import as_matrix, presence, views_of

__all__ = [
    "check_experts",
    "check_groups",
    "default_expert",
    "fit_expert",
    "learn_table",
    "probabilities",
    "product",
]

_OF_CLASSES = "whose rows show at least 2 classes"
_SMALLEST = 1e-6  # of a probability in the product: none may forbid a class


def default_expert(head: Any) -> TunedLinearClassifier | TunedLinearRegressor:
    """Expert of a view where none is given."""
    return TunedLinearRegressor() if is_regressor(head) else TunedLinearClassifier("log_loss")


def learn_table(head: Any, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Check a training table, and learn its views, and what is to be predicted without any.

    Sets ``views_``, and ``classes_`` and ``prior_``, or of numbers ``mean_``.

    Parameters
    ----------
    head : estimator
        The fusion classifier or regressor.
    X : array or DataFrame of shape (n, p)
        Features.
    y : array of shape (n,)
        Labels, or numbers.

    Returns
    -------
    X : ndarray of shape (n, p)
        The values.
    y : ndarray of shape (n,)
        The labels.
    present : ndarray of bool of shape (n, n_views)
        Which row has which view.
    """
    check_given(head, y)
    X = as_matrix(head, X, reset=True)
    y = every_label(y)
    assert_all_finite(y, input_name="y")
    check_consistent_length(X, y)
    if is_regressor(head):
        y = label_numbers(head, y)
        head.mean_ = float(y.mean())
    else:
        codes = learn_classes(head, y)
        head.prior_ = np.bincount(codes) / len(codes)
    head.views_ = views_of(head)
    return X, y, presence(X, head.views_)


def check_experts(head: Any, present: np.ndarray) -> None:
    """Refuse a table of which no view can teach anything.

    Parameters
    ----------
    head : estimator
        The fusion classifier or regressor, with ``estimators_``.
    present : ndarray of bool of shape (n, n_views)
        Which row has which view.
    """
    if not head.estimators_:
        rows = dict(zip(head.views_, present.sum(axis=0).tolist(), strict=True))
        what = "that more than 1 sample has" if is_regressor(head) else _OF_CLASSES
        raise ValueError(
            f"{type(head).__name__} needs a view {what}. Got none: rows of each view are {rows}."
        )


def check_groups(head: Any, groups: Any, X: np.ndarray) -> np.ndarray | None:
    """Give the groups of the rows; refuse those of which there is one alone.

    Parameters
    ----------
    head : estimator
        The classifier; it has seen the names of the columns.
    groups : array of shape (n,) or None
        Group of each row, as `fit` was given it.
    X : ndarray of shape (n, p)
        The rows.

    Returns
    -------
    ndarray of int of shape (n,) or None
        Codes; None where nothing tells groups.
    """
    codes = groups_of(head, X, groups)
    if groups is not None and codes is not None and len(np.unique(codes)) < 2:
        raise ValueError(
            f"The groups of {type(head).__name__}.fit must be at least 2, to learn from some and "
            f"judge on others. Got 1 in {len(X)} rows; leave groups out."
        )
    return codes


def fit_expert(
    estimator: Any,
    X: np.ndarray,
    y: np.ndarray,
    rows: np.ndarray,
    groups: np.ndarray | None = None,
) -> Any:
    """Fit a clone on some rows; None where these show fewer than two classes, or are too few.

    Parameters
    ----------
    estimator : estimator
        The classifier, or a regressor, which needs two rows.
    X : ndarray of shape (n, q)
        The columns of the expert.
    y : ndarray of shape (n,)
        Labels.
    rows : ndarray of shape (m,)
        Which rows to use, as positions or a mask.
    groups : ndarray of shape (n,) or None, default=None
        Groups, for an expert that keeps them together where it tunes itself.

    Returns
    -------
    estimator or None
        The fitted clone.
    """
    labels = y[rows]
    if len(labels if is_regressor(estimator) else np.unique(labels)) < 2:
        return None
    told = None if groups is None else groups[rows]
    return fit_with_groups(clone(estimator), X[rows], labels, told)


def probabilities(expert: Any, X: np.ndarray, classes: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Ask an expert for the probability of every class.

    Classes that it never saw keep their prior, and the others share the rest.

    Parameters
    ----------
    expert : estimator or None
        Fitted, or None for one that knows nothing but the prior.
    X : ndarray of shape (n, q)
        Its columns.
    classes : ndarray of shape (n_classes,)
        All classes, sorted.
    prior : ndarray of shape (n_classes,)
        Their share of the training rows.

    Returns
    -------
    ndarray of shape (n, n_classes), float64
        Probabilities.
    """
    out = np.tile(prior, (len(X), 1))
    if expert is not None and len(X):
        known = np.searchsorted(classes, expert.classes_)
        share = 1.0 if len(known) == len(classes) else prior[known].sum()
        out[:, known] = np.asarray(expert.predict_proba(X), dtype=np.float64) * share
    return out


def product(given: np.ndarray, present: np.ndarray, prior: np.ndarray) -> np.ndarray:
    r"""Combine experts as if views were independent within a class.

    :math:`p_k \propto \pi_k \prod_j p_{jk} / \pi_k`, the product over the experts that are there.

    Parameters
    ----------
    given : ndarray of shape (n_experts, n, n_classes)
        Probabilities; what stands where an expert is not there is not looked at.
    present : ndarray of bool of shape (n, n_experts)
        Which expert is there.
    prior : ndarray of shape (n_classes,)
        Share of each class.

    Returns
    -------
    ndarray of shape (n, n_classes)
        Probabilities.
    """
    evidence = np.log(np.maximum(given, _SMALLEST)) - np.log(prior)
    logs = np.log(prior) + np.where(present.T[:, :, None], evidence, 0.0).sum(axis=0)
    logs -= logs.max(axis=1, keepdims=True)
    np.exp(logs, out=logs)
    return np.asarray(logs / logs.sum(axis=1, keepdims=True))
