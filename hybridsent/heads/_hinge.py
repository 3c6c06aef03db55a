"""Linear support vector machines on a Gram matrix (layer L3).

SVC(kernel="linear") computes every inner product anew in each fit; with thousands of columns that
is nearly all of its time. Here they are computed once for all folds and candidates; the solver is
scikit-learn's.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from sklearn.svm import SVC, SVR

from hybridsent._numerics.classes import class_weights, pairwise_duals

__all__ = ["HingeFolds", "TubeFolds", "votes"]

_LARGEST_GRAM = 6000  # rows; 8 bytes a pair are then 288 MB


class _Machines:
    """Rows that machines are fitted on, and their inner products, computed once.

    Parameters
    ----------
    Z : ndarray of shape (n, p)
        Centred rows.
    """

    def __init__(self, Z: np.ndarray) -> None:
        self.Z = Z
        self.gram = np.asarray(Z @ Z.T, dtype=np.float64) if len(Z) <= _LARGEST_GRAM else None

    @property
    def kernel(self) -> str:
        """Name of the kernel, as scikit-learn has it."""
        return "linear" if self.gram is None else "precomputed"

    def _inputs(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        chosen = self.Z[rows] if self.gram is None else self.gram[np.ix_(rows, columns)]
        return np.asarray(chosen)


class TubeFolds(_Machines):
    """Fit support vector regressions on chosen rows.

    Parameters
    ----------
    Z : ndarray of shape (n, p)
        Centred rows.
    y : ndarray of shape (n,)
        Numbers.
    epsilon : float
        Errors that cost nothing.
    rows : ndarray of shape (n,), default=None
        Weights of the rows.
    """

    def __init__(
        self, Z: np.ndarray, y: np.ndarray, epsilon: float, rows: np.ndarray | None = None
    ) -> None:
        super().__init__(Z)
        self.y = y
        self.epsilon = epsilon
        self.rows = rows

    def fit(self, C: float, rows: np.ndarray) -> Any:
        """Fit on some rows.

        Parameters
        ----------
        C : float
            Inverse penalty.
        rows : ndarray of int
            Positions of the rows.

        Returns
        -------
        SVR
            The model; its kernel is the Gram matrix where there is one.
        """
        model = SVR(kernel=self.kernel, C=C, epsilon=self.epsilon, cache_size=500)
        weights = None if self.rows is None else self.rows[rows]
        return model.fit(self._inputs(rows, rows), self.y[rows], sample_weight=weights)

    def error(self, C: float, train: np.ndarray, test: np.ndarray) -> float:
        """Mean absolute error on the test rows of a model of the training rows."""
        wrong = np.abs(self.fit(C, train).predict(self._inputs(test, train)) - self.y[test])
        return float(np.average(wrong, weights=None if self.rows is None else self.rows[test]))

    def coef(self, model: Any) -> np.ndarray:
        """Weights of the columns of Z in a model of all rows."""
        return np.asarray(model.dual_coef_[0] @ self.Z[model.support_])


class HingeFolds(_Machines):
    """Fit support vector machines, one against one, on chosen rows.

    Parameters
    ----------
    Z : ndarray of shape (n, p)
        Centred rows.
    codes : ndarray of shape (n,)
        Classes 0 … k - 1.
    class_weight : {"balanced"}, dict or None
        Weights of the codes.
    rows : ndarray of shape (n,), default=None
        Weights of the rows.
    """

    def __init__(
        self, Z: np.ndarray, codes: np.ndarray, class_weight: Any, rows: np.ndarray | None = None
    ) -> None:
        super().__init__(Z)
        self.rows = rows
        self.codes = codes
        self.class_weight = class_weight

    def fit(self, C: float, rows: np.ndarray) -> Any:
        """Fit on some rows.

        Parameters
        ----------
        C : float
            Inverse penalty.
        rows : ndarray of int
            Positions of the rows.

        Returns
        -------
        SVC
            The model; its kernel is the Gram matrix where there is one.
        """
        codes, weights = self.codes[rows], None if self.rows is None else self.rows[rows]
        # SVC would balance the rows without their weights
        by_class = dict(enumerate(class_weights(self.class_weight, codes, weights).tolist()))
        model = SVC(kernel=self.kernel, C=C, class_weight=by_class, cache_size=500)
        return model.fit(self._inputs(rows, rows), codes, sample_weight=weights)

    def accuracy(self, C: float, train: np.ndarray, test: np.ndarray) -> float:
        """Share of the test rows that a model of the training rows gets right."""
        weights = None if self.rows is None else self.rows[test]
        model = self.fit(C, train)
        return float(model.score(self._inputs(test, train), self.codes[test], weights))

    def coef(self, model: Any) -> np.ndarray:
        """Weights of the columns of Z in a model of all rows, a row per pair of classes."""
        return np.asarray(pairwise_duals(model) @ self.Z[model.support_])


def votes(raw: np.ndarray, n_classes: int) -> np.ndarray:
    """One-against-one decisions (n, pairs) to one score a class, as libsvm counts votes."""
    counts = np.zeros((len(raw), n_classes))
    sums = np.zeros_like(counts)
    for pair, (i, j) in enumerate(combinations(range(n_classes), 2)):
        decision = raw[:, pair]
        counts[:, i] += decision > 0
        counts[:, j] += decision <= 0
        sums[:, i] += decision
        sums[:, j] -= decision
    # the distances break ties and never outweigh a vote
    return np.asarray(counts + sums / (3 * (np.abs(sums) + 1)))
