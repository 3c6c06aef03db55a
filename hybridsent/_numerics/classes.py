"""Classes as codes, their weights, and which one is the most probable (layer L0).

scikit-learn has each of these in every classifier anew; nothing of it can be called.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets

from hybridsent._labels import check_one_type

__all__ = [
    "MostProbableMixin",
    "class_weights",
    "learn_classes",
    "most_probable",
    "pairwise_duals",
]


def most_probable(scores: np.ndarray) -> np.ndarray:
    """Tell which class has the highest score; of equal ones the first.

    Parameters
    ----------
    scores : ndarray of shape (n,), (n, 1) or (n, n_classes)
        Probabilities, logits or votes, a column a class; of two classes also the logit of the
        second one alone.

    Returns
    -------
    ndarray of int of shape (n,)
        Codes of the classes.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.classes import most_probable
    >>> most_probable(np.array([[0.2, 0.5, 0.3]])), most_probable(np.array([0.1, 0.0]))
    (array([1]), array([1, 0]))
    """
    if scores.ndim == 1 or scores.shape[1] == 1:
        return np.asarray((scores.reshape(len(scores)) > 0).astype(int))
    return np.asarray(scores.argmax(axis=1))


class MostProbableMixin:
    """Gives `predict` to a classifier that has `predict_proba` and ``classes_``."""

    def predict(self: Any, X: Any) -> np.ndarray:
        """Most probable class of each row.

        Parameters
        ----------
        X : array or DataFrame of shape (n, p)
            Features, as `predict_proba` takes them.

        Returns
        -------
        ndarray of shape (n,)
            Labels.
        """
        codes = most_probable(self.predict_proba(X))
        return np.asarray(self.classes_[codes])


def learn_classes(head: Any, y: np.ndarray) -> np.ndarray:
    """Set ``classes_``, and give the labels as codes.

    Parameters
    ----------
    head : estimator
        The classifier.
    y : ndarray of shape (n,)
        Labels.

    Returns
    -------
    ndarray of int of shape (n,)
        Position of each label in ``classes_``.

    Raises
    ------
    ValueError
        If y holds no classes, or one, or texts beside numbers.
    """
    check_one_type(y)
    try:
        check_classification_targets(y)
    except ValueError as error:
        if not str(error).startswith("Unknown label type: continuous"):
            raise
        raise ValueError(
            "Unknown label type: continuous. A classifier learns classes, and y holds numbers "
            f"such as {_example(y)!r}; make_fusion(..., task='regression') learns numbers, and "
            "pandas.qcut(y, 3, labels=False) cuts them into classes."
        ) from error
    head.classes_, codes = np.unique(y, return_inverse=True)
    if len(head.classes_) < 2:
        raise ValueError(
            "This classifier needs samples of at least 2 classes in the data, but the data "
            f"contains only one class: {head.classes_.tolist()[0]!r}"
        )
    return np.asarray(codes)


def _example(y: np.ndarray) -> float:
    """Give a number that is no class."""
    values = y.astype(np.float64)
    broken = values[values != np.floor(values)]
    return float(broken[0] if len(broken) else values[0])


def class_weights(given: Any, codes: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Weigh classes so that a row of weight k counts as k rows, as LogisticRegression does.

    Parameters
    ----------
    given : {"balanced"}, dict of int to float, or None
        The parameter, with codes for labels.
    codes : ndarray of int of shape (n,)
        Classes of the rows.
    weights : ndarray of shape (n,) or None
        Weights of the rows.

    Returns
    -------
    ndarray of shape (largest code + 1,)
        Weight of each class.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.classes import class_weights
    >>> class_weights("balanced", np.array([0, 1, 1]), np.array([4.0, 1.0, 1.0]))
    array([0.75, 1.5 ])
    """
    totals = np.bincount(codes, weights)
    if given is None:
        return np.ones(len(totals))
    if isinstance(given, dict):
        return np.array([float(given.get(code, 1.0)) for code in range(len(totals))])
    there = totals > 0
    even = totals.sum() / (there.sum() * np.where(there, totals, 1.0))
    return np.asarray(np.where(there, even, 1.0))


def pairwise_duals(machine: Any) -> np.ndarray:
    """Weights of the support vectors of a one-against-one machine, a row per pair of classes.

    ``dual_coef_`` of scikit-learn's SVC has a row for each class but one instead: in row j - 1 the
    weights of a vector of class i < j against class j, in row i those of one of class j against i.

    Parameters
    ----------
    machine : SVC
        Fitted.

    Returns
    -------
    ndarray of shape (n_pairs, n_support)
        The weights; pairs in the order (0, 1), (0, 2), ..., (1, 2), ...

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.svm import SVC
    >>> from hybridsent._numerics.classes import pairwise_duals
    >>> X = np.array([[0.0], [1.0], [3.0]])
    >>> machine = SVC(kernel="linear", decision_function_shape="ovo").fit(X, [0, 1, 2])
    >>> margins = X @ (pairwise_duals(machine) @ machine.support_vectors_).T + machine.intercept_
    >>> np.allclose(margins, machine.decision_function(X))
    True
    """
    ends = np.cumsum(machine.n_support_)
    starts = ends - machine.n_support_
    dual, k = machine.dual_coef_, len(ends)
    if k == 2:
        return np.asarray(dual)
    pairs = np.zeros((k * (k - 1) // 2, len(machine.support_)))
    for row, (i, j) in enumerate(combinations(range(k), 2)):
        pairs[row, starts[i] : ends[i]] = dual[j - 1, starts[i] : ends[i]]
        pairs[row, starts[j] : ends[j]] = dual[i, starts[j] : ends[j]]
    return pairs
