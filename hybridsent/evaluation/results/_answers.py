"""What a fitted model answers about rows, in one form whatever it answers with (layer L5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Answers", "answers_of", "as_columns"]


@dataclass(frozen=True)
class Answers:
    """What a model says about rows.

    Parameters
    ----------
    labels : ndarray of shape (n,) or (n, n_classes)
        Predictions: classes, numbers, or, of sets of labels, 0 and 1 for each label.
    probabilities : ndarray of shape (n, n_classes) or None
        In the order of all labels there are; None for models that have none.
    """

    labels: np.ndarray
    probabilities: np.ndarray | None


def answers_of(
    fitted: Any,
    X: Any,
    classes: np.ndarray | None,
    dtype: Any = None,
    *,
    sets: bool = False,
) -> Answers:
    """Ask a fitted model about rows.

    Parameters
    ----------
    fitted : estimator
        The model.
    X : DataFrame or array of n rows
        The rows.
    classes : ndarray of shape (n_classes,) or None
        All labels there are, sorted, of which the model may lack some; None for numbers.
    dtype : dtype or None, default=None
        What predictions of classes become; None is that of the classes.
    sets : bool, default=False
        Whether it was taught sets of labels, as 0 and 1.

    Returns
    -------
    Answers
        Probabilities have a column for each class, 0 where the model never saw one.
    """
    labels = np.asarray(fitted.predict(X))
    if classes is None:
        return Answers(labels.astype(np.float64), None)
    if sets:
        known, n = getattr(fitted, "classes_", None), len(classes)
        there = hasattr(fitted, "predict_proba")
        return Answers(
            as_columns(labels, n, known).astype(np.int64),
            as_columns(fitted.predict_proba(X), n, known) if there else None,
        )
    labels = labels.astype(classes.dtype if dtype is None else dtype)
    if not hasattr(fitted, "predict_proba"):
        return Answers(labels, None)
    given = np.asarray(fitted.predict_proba(X), dtype=np.float64)
    found = np.zeros((len(labels), len(classes)))
    own = np.asarray(fitted.classes_, dtype=classes.dtype)
    found[:, np.searchsorted(classes, own)] = given
    return Answers(labels, found)


def as_columns(said: Any, n_labels: int, classes: Any = None) -> np.ndarray:
    """Give answers about sets of labels as a column for each label.

    Parameters
    ----------
    said : array of shape (n,) or (n, n_labels), sparse matrix, or list of array of shape (n, 2)
        What a classifier of sets gives: scikit-learn's trees, neighbours and dummies give
        probabilities of the classes 0 and 1 in an array for each label.
    n_labels : int
        How many labels there are.
    classes : list of array, or array, or None, default=None
        ``classes_`` of the classifier: of such a list, which of 0 and 1 each label had in training.

    Returns
    -------
    ndarray of shape (n, n_labels)
        Numbers, a column a label.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.evaluation.results._answers import as_columns
    >>> said = [np.array([[0.9, 0.1]]), np.array([[1.0]])]
    >>> as_columns(said, 2, [np.array([0, 1]), np.array([1])])
    array([[0.1, 1. ]])
    """
    if isinstance(said, list):
        return np.column_stack(
            [_of_one(p, known) for p, known in zip(said, _of_each(classes, n_labels), strict=True)]
        )
    if hasattr(said, "toarray"):
        said = said.toarray()
    values = np.asarray(said)
    if values.ndim == 2 and values.shape[1] == 2 and n_labels == 1:
        values = values[:, 1]
    return values.reshape(len(values), n_labels)


def _of_each(classes: Any, n_labels: int) -> list[np.ndarray]:
    both = np.array([0, 1])
    of_each = isinstance(classes, list) and len(classes) == n_labels
    return [np.asarray(each) for each in classes] if of_each else [both] * n_labels


def _of_one(p: Any, known: np.ndarray) -> np.ndarray:
    """Take the probability that a label is there, of which training may have shown one value."""
    values = np.asarray(p, dtype=np.float64)
    there = np.flatnonzero(known == 1)
    return values[:, there[0]] if len(there) else np.zeros(len(values))
