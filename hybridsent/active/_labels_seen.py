"""Labels as query strategies read them: codes of classes, numbers, or sets (layer L3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hybridsent._label_sets import label_sets
from hybridsent._labels import Kind, kind_found, kind_of, labeled_rows, one_column, plain_labels

__all__ = ["Seen", "read_seen"]


@dataclass(frozen=True)
class Seen:
    """What is known of the labels so far.

    Parameters
    ----------
    kind : {"classes", "numbers", "sets"}
        What labels are.
    known : ndarray of bool of shape (n,)
        Which rows have one.
    target : ndarray of shape (n_known,) or (n_known, n_labels)
        Of the rows that have one: codes of classes, numbers, or a matrix of 0 and 1.
    classes : ndarray
        Classes, or labels of sets; empty for numbers.
    """

    kind: Kind
    known: np.ndarray
    target: np.ndarray
    classes: np.ndarray

    @property
    def can_learn(self) -> bool:
        """Whether a model can be fitted on them.

        Returns
        -------
        bool
            With two classes, two numbers that differ, or a label of a set that some rows have and
            some have not.
        """
        if self.kind == "sets":
            return bool(self.varying.any())
        return len(np.unique(self.target)) > 1

    @property
    def varying(self) -> np.ndarray:
        """Which labels of sets some rows have, and some have not.

        Returns
        -------
        ndarray of bool of shape (n_labels,)
            The others cannot be learned yet.
        """
        some = self.target.max(axis=0, initial=0) == 1
        return np.asarray(some & (self.target.min(axis=0, initial=1) == 0))


def read_seen(y: Any, estimator: Any, n: int) -> Seen:
    """Read labels with marks for rows that have none.

    Parameters
    ----------
    y : array of shape (n,), of sets also of shape (n, n_labels)
        Labels: no label is the number -1; among numbers of a regression, NaN.
    estimator : estimator or None
        Who learns them; tells numbers from classes.
    n : int
        Rows that there are.

    Returns
    -------
    Seen
        What is known.

    Raises
    ------
    ValueError
        If there is not one label, or mark, for each row.
    """
    known: np.ndarray
    classes = np.empty(0)
    kind = kind_found(y) if estimator is None else kind_of(estimator, y)
    if kind == "sets":
        indicator, classes = label_sets(y)
        known = labeled_rows(y, "sets")
        target = indicator[known]
    else:
        values = one_column(y)
        known = labeled_rows(values, kind)
        told = plain_labels(values[known])
        if kind == "numbers":
            target = told.astype(np.float64)
        else:
            classes, target = np.unique(told, return_inverse=True)
    if len(known) != n:
        raise ValueError(
            f"y must hold a label, or a mark for none, for each of the {n} rows of X. Got "
            f"{len(known)}."
        )
    return Seen(kind, known, target, classes)
