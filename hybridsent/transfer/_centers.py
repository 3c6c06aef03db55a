"""Density ratios that are sums of Gaussian kernels around rows of the target (layer L3)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils import check_random_state, gen_batches

from hybridsent._numerics.kernels import (
    distances_of,
    gaussian,
    kernel_blocks,
    median_gamma,
    sample_rows,
)
from hybridsent.exceptions import TransferWarning
from hybridsent.transfer._domain import Rows
from hybridsent.transfer._weigher import _RatioWeigher

__all__: list[str] = []

WIDTHS = 2.0 ** np.arange(-4, 5)
"""Multiples of the median heuristic's gamma that are compared."""

_ROWS = 1024  # rows held in float64 at a time


class _CentersWeigher(_RatioWeigher):
    """A ratio w(x) = sum of a_l k(x, c_l), whose centres are rows of the target."""

    gamma: Any
    n_centers: int
    random_state: Any
    gamma_: float
    coef_: np.ndarray

    def _importance_of_source(self, rows: Rows) -> np.ndarray:
        random = check_random_state(self.random_state)
        source, target = rows.X[~rows.target], rows.X[rows.target]
        self.centers_ = sample_rows(target, self.n_centers, random)
        to_source = distances_of(source, self.centers_)
        to_target = distances_of(target, self.centers_)
        self._learn(to_source, to_target, self._gammas(rows.X, random), random)
        importance = np.asarray(gaussian(to_source, self.gamma_) @ self.coef_)
        if importance.max() > np.finfo(np.float64).eps:
            return importance
        self._warn_apart(to_source)
        self.centers_, self.coef_ = self.centers_[:0], self.coef_[:0]  # new rows are worth 1, too
        return np.ones(len(source))

    def _warn_apart(self, to_source: np.ndarray) -> None:
        wide = 1 / (2 * float(np.median(to_source)))
        other = "" if self.gamma is None else ", or None"
        warnings.warn(
            f"The domains do not overlap at the width that {type(self).__name__} looks at: no row "
            "of the source is near a row of the target, so all weights are 1 and nothing is "
            f"adapted. Give a smaller gamma, such as {wide:.2g}{other}. Got gamma="
            f"{self.gamma_:g}.",
            TransferWarning,
            stacklevel=5,
        )

    def _learn(
        self,
        to_source: np.ndarray,
        to_target: np.ndarray,
        gammas: list[float],
        random: np.random.RandomState,
    ) -> None:
        """Set gamma_ and coef_, from squared distances to the centres."""
        raise NotImplementedError

    def _gammas(self, X: np.ndarray, random: np.random.RandomState) -> list[float]:
        if self.gamma is None:
            return list(median_gamma(X, random) * WIDTHS)
        return positives(self, "gamma", self.gamma)

    def _weigh_nothing(self, rows: Rows) -> None:
        self.centers_ = rows.X[:0]
        self.coef_ = np.zeros(0)
        self.gamma_ = float("nan")

    def _ratio(self, X: np.ndarray) -> np.ndarray:
        if not len(self.centers_):
            return np.ones(len(X))
        out = np.empty(len(X))
        for rows in gen_batches(len(X), _ROWS):
            # float64: the ratio of a row must not depend on the rows beside it
            part = X[rows].astype(np.float64)
            for block, kernel in kernel_blocks(part, self.centers_, self.gamma_):
                out[rows][block] = kernel @ self.coef_
        return out


def positives(estimator: Any, name: str, values: float | Sequence[float]) -> list[float]:
    """Check a parameter that is a positive number or several of them.

    Parameters
    ----------
    estimator : estimator
        Whose parameter it is.
    name : str
        Its name.
    values : float or sequence of float
        Its value.

    Returns
    -------
    list of float
        The numbers.

    Raises
    ------
    ValueError
        If there is none, or one is not positive.
    """
    found = np.atleast_1d(np.asarray(values, dtype=np.float64)).ravel()
    if not len(found) or not (np.isfinite(found) & (found > 0)).all():
        raise ValueError(
            f"The '{name}' parameter of {type(estimator).__name__} must be a positive number or "
            f"several of them. Got {values!r}."
        )
    return [float(value) for value in found]
