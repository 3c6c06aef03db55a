"""Weights that match the means of two domains in a kernel's space (layer L3).

skada's KMM stops a Frank-Wolfe iteration long before the optimum and holds two dense kernel
matrices whatever the number of rows; adapt's needs cvxopt.
"""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from scipy.linalg import eigh
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from hybridsent._numerics.kernels import kernel_blocks, kernel_mean, median_gamma, sample_rows
from hybridsent._params import Interval
from hybridsent.transfer._active_set import sparse_quadratic
from hybridsent.transfer._domain import Rows
from hybridsent.transfer._qp import Dense, LowRank, Matrix, Region, minimize_quadratic
from hybridsent.transfer._weigher import BaseWeigher

__all__ = ["KMM"]


class KMM(BaseWeigher):
    r"""Kernel mean matching: weigh source rows so that their mean is that of the target.

    The weights b of the source rows make the mean of their images in the space of a Gaussian kernel
    as close as may be to that of the target rows,

    .. math:: \min_b \tfrac12 b'Kb - \kappa'b \quad\text{s.t.}\quad 0 \le b_i \le B,\
              |\textstyle\sum_i b_i - n_s| \le n_s \epsilon, \qquad
              \kappa_i = \frac{n_s}{n_t} \sum_j k(x_i, x_j^t)

    solved to its optimum by an interior point method. Of more than `max_exact` source rows the
    kernel is replaced by Nyström's approximation from random landmarks of both domains, with its
    diagonal kept exact; no n x n matrix is made then, and time and memory grow as n.

    Parameters
    ----------
    gamma : float or None, default=None
        The kernel is exp(-gamma d²) with the distance d. None is the median heuristic, 1 / (2 m²)
        with the median distance m of two rows of both domains together (of 1,000 random rows where
        there are more).
    upper : float, default=1000.0
        B, the largest weight.
    eps : float or None, default=None
        How far the mean weight may be from 1; None is (sqrt(n_s) - 1) / sqrt(n_s).
    max_exact : int, default=5000
        Most source rows for which the whole kernel matrix is used.
    n_landmarks : int, default=500
        Rows that the approximation is made of.
    random_state : int, RandomState instance or None, default=0
        For the landmarks, and for the rows of the median heuristic.

    Attributes
    ----------
    sample_weight_ : ndarray of shape (n,)
        Weights of the rows of `fit`: b for rows of the source, the mean of b for labelled rows of
        the target, and 0 for its unlabelled rows. All are 1 where there is one domain only.
    effective_sample_size_ : float
        Rows that the weighted source rows are worth.
    gamma_ : float
        The factor of the kernel; NaN where there is one domain only.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    ReweightedEstimator : Fits any model with the weights.
    ULSIF : Weighs new rows, too.

    References
    ----------
    Huang, Smola, Gretton, Borgwardt, Schölkopf: Correcting sample selection bias by unlabeled data,
    NeurIPS 2006, equation 9.
    Williams, Seeger: Using the Nyström method to speed up kernel machines, NeurIPS 2000.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.transfer import KMM
    >>> X = pd.DataFrame({"text__0": [0.0, 1.0, 5.0, 1.0, 1.1], "domain__0": [0, 0, 0, 1, 1]})
    >>> KMM(gamma=1.0).fit(X).sample_weight_.round(1)
    array([0., 3., 0., 0., 0.])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "gamma": [Interval(Real, 0, None, closed="neither"), None],
        "upper": [Interval(Real, 0, None, closed="neither")],
        "eps": [Interval(Real, 0, None, closed="left"), None],
        "max_exact": [Interval(Integral, 0, None, closed="left")],
        "n_landmarks": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        gamma: float | None = None,
        *,
        upper: float = 1000.0,
        eps: float | None = None,
        max_exact: int = 5000,
        n_landmarks: int = 500,
        random_state: Any = 0,
    ) -> None:
        self.gamma = gamma
        self.upper = upper
        self.eps = eps
        self.max_exact = max_exact
        self.n_landmarks = n_landmarks
        self.random_state = random_state

    def _importance_of_source(self, rows: Rows) -> np.ndarray:
        random = check_random_state(self.random_state)
        source, target = rows.X[~rows.target], rows.X[rows.target]
        self.gamma_ = median_gamma(rows.X, random) if self.gamma is None else float(self.gamma)
        region = self._region(len(source))
        matrix: Matrix
        if len(source) <= self.max_exact:
            matrix, matched = _exact(source, target, self.gamma_)
            found = sparse_quadratic(matrix.values, len(source) * matched, region)
            if found is not None:
                return found
        else:
            matrix, matched = _nystroem(source, target, self.gamma_, self.n_landmarks, random)
        weights, converged = minimize_quadratic(matrix, len(source) * matched, region)
        if not converged:
            warnings.warn(
                "The weights of KMM did not reach their optimum in 100 steps; they are the last "
                f"ones. Scale the columns, or try a larger gamma. Got gamma={self.gamma_:g}.",
                ConvergenceWarning,
                stacklevel=4,
            )
        return weights

    def _weigh_nothing(self, rows: Rows) -> None:
        self.gamma_ = float("nan")

    def _region(self, n: int) -> Region:
        eps = 1 - 1 / np.sqrt(n) if self.eps is None else float(self.eps)
        eps = max(eps, 1e-6)  # the method walks inside the slab
        if self.upper <= 1 - eps:
            raise ValueError(
                f"The 'upper' parameter of KMM must be larger than 1 - eps = {1 - eps:g}, because "
                f"the mean weight is at least that. Got {self.upper!r}."
            )
        return Region(float(self.upper), n * (1 - eps), n * (1 + eps))


def _exact(source: np.ndarray, target: np.ndarray, gamma: float) -> tuple[Dense, np.ndarray]:
    # float64: rounded to float32, a kernel of few columns has eigenvalues well below zero
    source = source.astype(np.float64, copy=False)
    target = target.astype(np.float64, copy=False)
    kernel = np.empty((len(source), len(source)))
    for block, values in kernel_blocks(source, source, gamma):
        kernel[block] = values
    np.fill_diagonal(kernel, 1.0)
    return Dense(kernel), kernel_mean(source, target, gamma)


def _nystroem(
    source: np.ndarray, target: np.ndarray, gamma: float, size: int, random: np.random.RandomState
) -> tuple[Matrix, np.ndarray]:
    """Approximate kernel matrix of the source, and mean kernel of its rows with the target."""
    halves = (sample_rows(source, size - size // 2, random), sample_rows(target, size // 2, random))
    marks = np.concatenate(halves)
    whiten = _inverse_root(marks, gamma)
    factor, mean = _features(source, marks, gamma, whiten), np.zeros(whiten.shape[1])
    for _, values in kernel_blocks(target, marks, gamma):
        mean += (values @ whiten).sum(axis=0) / len(target)
    rest = np.maximum(1 - np.einsum("ij,ij->i", factor, factor), 0)
    return LowRank(factor, rest), factor @ mean


def _inverse_root(marks: np.ndarray, gamma: float) -> np.ndarray:
    kernel = np.concatenate([values for _, values in kernel_blocks(marks, marks, gamma)])
    np.fill_diagonal(kernel, 1.0)
    values, vectors = eigh((kernel + kernel.T) / 2)
    kept = values > max(1e-10, 1e-6 * (marks.dtype == np.float32)) * values[-1]
    return np.asarray(vectors[:, kept] / np.sqrt(values[kept]))


def _features(X: np.ndarray, marks: np.ndarray, gamma: float, whiten: np.ndarray) -> np.ndarray:
    out = np.empty((len(X), whiten.shape[1]))
    for block, values in kernel_blocks(X, marks, gamma):
        out[block] = values @ whiten
    return out
