"""A model that costs next to nothing, judged on any folds and on labels in any order (layer L5).

A guard must say in a moment what other folds, or a column alone, would score. scikit-learn's models
are fitted anew for each fold and for each permutation of the labels; a ridge regression of a few
principal components needs one small system of equations a fold, for all permutations at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.linalg import cho_factor, cho_solve

__all__ = ["Truth", "as_components", "counted", "ridge", "truth_of"]

Splits = Sequence[tuple[np.ndarray, np.ndarray]]

_ANCHORS = 512  # rows whose Gram matrix gives the principal components
_SMOOTH = 1.0  # rows of the whole table that are added to each value of a column


@dataclass(frozen=True, eq=False)
class Truth:
    """What is to be predicted, as columns of numbers.

    Parameters
    ----------
    columns : ndarray of shape (n, k)
        Of classes one indicator each, of sets one a label, and the number itself.
    kind : {"classes", "numbers", "sets"}
        What they are.
    """

    columns: np.ndarray
    kind: Literal["classes", "numbers", "sets"]

    @property
    def chance(self) -> float:
        """Score of who knows nothing of a row."""
        if self.kind == "classes":
            return 1.0 / int(self.columns.shape[1])
        return 0.5 if self.kind == "sets" else 0.0

    @property
    def measure(self) -> str:
        """What `score` is called."""
        return "R²" if self.kind == "numbers" else "balanced accuracy"

    def gain(self, score: float) -> float:
        """Write a score as a share of what can be gained over chance."""
        return (score - self.chance) / (1 - self.chance)

    def take(self, rows: np.ndarray) -> Truth:
        """Take rows, in any order."""
        return Truth(self.columns[rows], self.kind)

    def right(self, guesses: np.ndarray) -> np.ndarray:
        """Say how well each row is answered; rows of rare classes weigh more.

        Parameters
        ----------
        guesses : ndarray of shape (n, k)
            As `ridge` or `counted` gives them; NaN for rows that were not tested.

        Returns
        -------
        ndarray of shape (n,)
            Numbers whose mean over the tested rows is the score; 0 for rows that were not tested.
        """
        tested = ~np.isnan(guesses).any(axis=1)
        values, said, out = self.columns[tested], guesses[tested], np.zeros(len(guesses))
        if self.kind == "numbers":
            spread = np.mean((values - values.mean()) ** 2)
            out[tested] = 1 - ((values - said) ** 2).ravel() / (spread or 1.0)
        elif self.kind == "classes":
            hit = np.take_along_axis(values, said.argmax(axis=1)[:, None], 1)[:, 0]
            weight = len(values) / np.maximum(values.sum(axis=0), 1) / (values.any(axis=0).sum())
            out[tested] = hit * (values @ weight)
        else:
            there = np.maximum(values.mean(axis=0), 1e-9), np.maximum(1 - values.mean(axis=0), 1e-9)
            weight = np.where(values > 0, 0.5 / there[0], 0.5 / there[1])
            out[tested] = (((said > 1) == (values > 0)) * weight).mean(axis=1)
        return out

    def score(self, guesses: np.ndarray) -> float:
        """Balanced accuracy, of sets its mean over labels; of numbers the explained variance.

        Parameters
        ----------
        guesses : ndarray of shape (n, k)
            NaN for rows that were not tested.

        Returns
        -------
        float
            Over the tested rows; NaN where there are none.
        """
        tested = ~np.isnan(guesses).any(axis=1)
        return float(self.right(guesses)[tested].mean()) if tested.any() else float("nan")

    def weighed(self, estimate: np.ndarray, prior: np.ndarray) -> np.ndarray:
        """Make guesses that care for rare classes as for frequent ones.

        Parameters
        ----------
        estimate : ndarray of shape (n, k)
            How likely each class is.
        prior : ndarray of shape (k,)
            How frequent it is among the rows that were learned from.

        Returns
        -------
        ndarray of shape (n, k)
            How many times as likely as in any row; numbers as they are.
        """
        return estimate if self.kind == "numbers" else estimate / np.maximum(prior, 1e-9)


def truth_of(y: np.ndarray, kind: str) -> Truth:
    """Write labels as columns of numbers.

    Parameters
    ----------
    y : ndarray of shape (n,) or (n, k)
        Labels, all known; of sets 0 and 1 for each label.
    kind : {"classes", "names", "numbers", "sets"}
        What they are.

    Returns
    -------
    Truth
        The same.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.evaluation.leaks._probe import truth_of
    >>> truth_of(np.array(["bad", "good", "bad"]), "classes").columns.tolist()
    [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
    """
    if kind == "numbers":
        return Truth(np.asarray(y, dtype=np.float64).reshape(len(y), 1), "numbers")
    if kind == "sets":
        return Truth(np.asarray(y, dtype=np.float64), "sets")
    codes = np.unique(y, return_inverse=True)[1]
    return Truth(np.eye(codes.max() + 1)[codes], "classes")


def as_components(X: np.ndarray, most: int) -> np.ndarray:
    """Write standardised features as few columns: principal components of some rows.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Features; NaN counts as the mean of its column.
    most : int
        Columns at most.

    Returns
    -------
    ndarray of shape (n, k)
        Centred; the mean square of a row is 1.
    """
    X = np.asarray(X, dtype=np.float32)
    gaps = ~np.isfinite(X)
    if gaps.any():
        X = np.where(gaps, np.nan, X)
        mean = np.where(gaps.all(axis=0), 0, np.nansum(X, axis=0) / np.maximum(1, (~gaps).sum(0)))
        X = np.where(gaps, mean, X)
    X = X - X.mean(axis=0)
    spread = X.std(axis=0)
    X = X[:, spread > 1e-7 * max(float(spread.max(initial=0)), 1e-30)]
    X = X / X.std(axis=0)
    if X.shape[1] > min(most, len(X) - 1):
        anchors = X[np.linspace(0, len(X) - 1, min(len(X), _ANCHORS)).astype(int)]
        if X.shape[1] <= len(anchors):
            vectors = np.linalg.eigh(anchors.T @ anchors)[1][:, ::-1]
        else:
            roots, left = np.linalg.eigh(anchors @ anchors.T)
            keep = roots > roots[-1] * 1e-6
            vectors = (anchors.T @ (left[:, keep] / np.sqrt(roots[keep])))[:, ::-1]
        X = X @ vectors[:, :most]
    X = np.asarray(X - X.mean(axis=0), dtype=np.float64)
    return np.asarray(X / np.sqrt(np.mean(X**2) * X.shape[1] or 1.0))


def ridge(X: np.ndarray, truth: Truth, splits: Splits, penalty: float = 0.1) -> np.ndarray:
    """Predict each row by a ridge regression of the rows of other folds.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        As `as_components` gives it.
    truth : Truth
        What is predicted.
    splits : sequence of (ndarray, ndarray)
        Positions of the rows to learn from and to test.
    penalty : float, default=0.1
        For each row, where the mean square of a row is 1.

    Returns
    -------
    ndarray of shape (n, k)
        Guesses; NaN for rows that no fold tests.
    """
    Y = truth.columns
    guesses = np.full(Y.shape, np.nan)
    n, whole, moments = len(X), X.T @ X, X.T @ Y
    for train, test in splits:
        if len(train) + len(test) == n:
            A, b = whole - X[test].T @ X[test], moments - X[test].T @ Y[test]
        else:
            A, b = X[train].T @ X[train], X[train].T @ Y[train]
        prior, middle = Y[train].mean(axis=0), X[train].mean(axis=0)
        A = A - len(train) * np.outer(middle, middle)
        b = b - len(train) * np.outer(middle, prior)
        A[np.diag_indices_from(A)] += penalty * len(train) / X.shape[1]
        weights = cho_solve(cho_factor(A, overwrite_a=True), b)
        guesses[test] = truth.weighed(prior + (X[test] - middle) @ weights, prior)
    return guesses


def counted(codes: np.ndarray, truth: Truth, splits: Splits) -> np.ndarray:
    """Predict each row by what rows of other folds with the same value have.

    Parameters
    ----------
    codes : ndarray of int of shape (n,)
        Value of each row, from 0.
    truth : Truth
        What is predicted.
    splits : sequence of (ndarray, ndarray)
        Positions of the rows to learn from and to test.

    Returns
    -------
    ndarray of shape (n, k)
        Guesses; NaN for rows that no fold tests.
    """
    Y, width = truth.columns, int(codes.max()) + 1
    guesses = np.full(Y.shape, np.nan)
    for train, test in splits:
        prior = Y[train].mean(axis=0)
        there = np.bincount(codes[train], minlength=width)[:, None]
        sums = np.column_stack(
            [np.bincount(codes[train], weights=column, minlength=width) for column in Y[train].T]
        )
        estimate = (sums + _SMOOTH * prior) / (there + _SMOOTH)
        guesses[test] = truth.weighed(estimate[codes[test]], prior)
    return guesses
