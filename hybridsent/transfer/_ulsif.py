"""Density ratios by least squares (layer L3).

skada 0.6, whose density reweighters are the nearest, does not have them.
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import gen_batches

from hybridsent._numerics.kernels import gaussian
from hybridsent._params import Interval
from hybridsent._threads import one_blas_thread
from hybridsent.transfer._centers import _CentersWeigher, positives

__all__ = ["ULSIF"]

PENALTIES = 10.0 ** np.arange(-3, 2)
"""Penalties that are compared, unless others are given."""


class ULSIF(_CentersWeigher):
    r"""Weigh source rows by a ratio of densities that is fitted by least squares.

    The ratio :math:`w(x) = \sum_l a_l \exp(-\gamma \|x - c_l\|^2)`, around centres that are rows of
    the target, is as close as may be to the true one in the mean square over the source:

    .. math:: a = \max(0, (H + \lambda I)^{-1} h), \qquad
              H = \frac{1}{n_s} \sum_i k(x_i^s) k(x_i^s)', \qquad
              h = \frac{1}{n_t} \sum_j k(x_j^t)

    Width and penalty are those with the least error when each source row, and each target row, is
    left out in turn, which is known in closed form. The paper leaves out pairs of the first rows,
    which depends on their order.

    Parameters
    ----------
    gamma : float, list of float or None, default=None
        Factor of the kernel, or those that are compared; None compares 1/16, 1/8, …, 16 times
        that of the median heuristic, 1 / (2 m²) with the median distance m of two rows.
    penalty : float, list of float or None, default=None
        Factor λ, or those that are compared; None compares 0.001, 0.01, …, 10.
    n_centers : int, default=100
        Most centres, drawn from the rows of the target.
    random_state : int, RandomState instance or None, default=0
        For the centres.

    Attributes
    ----------
    sample_weight_ : ndarray of shape (n,)
        Weights of the rows of `fit`: the ratio for rows of the source, its mean for labelled rows
        of the target, and 0 for its unlabelled rows. All are 1 where there is one domain only, or
        where the domains do not overlap at the width of the kernel.
    effective_sample_size_ : float
        Rows that the weighted source rows are worth.
    centers_ : ndarray of shape (n_centers, p)
        Centres; none where there is one domain only, or the domains do not overlap.
    coef_ : ndarray of shape (n_centers,)
        Coefficients a.
    gamma_ : float
        The factor of the kernel; NaN where there is one domain only.
    penalty_ : float
        The penalty; NaN where there is one domain only.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    KLIEP : The same ratio by the Kullback-Leibler divergence.

    References
    ----------
    Kanamori, Hido, Sugiyama: A least-squares approach to direct importance estimation, JMLR 2009,
    section 3 and figure 2.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.transfer import ULSIF
    >>> X = pd.DataFrame({"text__0": [0.0, 1.0, 5.0, 1.0, 1.1], "domain__0": [0, 0, 0, 1, 1]})
    >>> weigher = ULSIF(gamma=1.0, penalty=0.1).fit(X)
    >>> weigher.sample_weight_.round(1), weigher.importance(X[:1]).round(1)
    (array([0.8, 2.4, 0. , 0. , 0. ]), array([0.8]))
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "gamma": [Interval(Real, 0, None, closed="neither"), "array-like", None],
        "penalty": [Interval(Real, 0, None, closed="neither"), "array-like", None],
        "n_centers": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        gamma: Any = None,
        *,
        penalty: Any = None,
        n_centers: int = 100,
        random_state: Any = 0,
    ) -> None:
        self.gamma = gamma
        self.penalty = penalty
        self.n_centers = n_centers
        self.random_state = random_state

    def _learn(
        self,
        to_source: np.ndarray,
        to_target: np.ndarray,
        gammas: list[float],
        random: np.random.RandomState,
    ) -> None:
        given = list(PENALTIES) if self.penalty is None else self.penalty
        penalties = positives(self, "penalty", given)
        alone = len(gammas) * len(penalties) == 1 or min(len(to_source), len(to_target)) < 2
        best = np.inf
        with one_blas_thread():  # many small systems: threads would wait
            for gamma in gammas:
                source, target = gaussian(to_source, gamma), gaussian(to_target, gamma)
                square, mean = source.T @ source / len(source), target.mean(axis=0)
                for penalty in penalties:
                    error = -np.inf if alone else left_out_error(source, target, penalty)
                    if error < best:
                        best, self.gamma_, self.penalty_ = error, gamma, penalty
                        ridge = square + penalty * np.eye(len(mean))
                        self.coef_ = np.maximum(np.linalg.solve(ridge, mean), 0)

    def _weigh_nothing(self, rows: Any) -> None:
        super()._weigh_nothing(rows)
        self.penalty_ = float("nan")


def left_out_error(source: np.ndarray, target: np.ndarray, penalty: float) -> float:
    r"""Mean of :math:`w_{-i}(x_i^s)^2 / 2` less that of :math:`w_{-j}(x_j^t)`.

    Each ratio w has seen all rows but the one it is asked for.

    Parameters
    ----------
    source : ndarray of shape (n_source, n_centers)
        Kernels of the source rows.
    target : ndarray of shape (n_target, n_centers)
        Kernels of the target rows.
    penalty : float
        The penalty λ.

    Returns
    -------
    float
        The error, up to a constant.

    References
    ----------
    Kanamori, Hido, Sugiyama: A least-squares approach to direct importance estimation, JMLR 2009,
    appendix D.
    """
    ns, nt, p = len(source), len(target), source.shape[1]
    square, mean = source.T @ source / ns, target.mean(axis=0)
    shrink = (ns - 1) / ns
    inverse = np.linalg.inv(square + penalty * shrink * np.eye(p))
    ready, error = inverse @ mean, 0.0
    for block in gen_batches(ns, 4096):
        s = source[block]
        turned = s @ inverse  # the inverse without a row, by Sherman and Morrison
        pull = (s @ ready) / (ns - np.einsum("ij,ij->i", s, turned))
        coef = np.maximum(shrink * (ready + pull[:, None] * turned), 0)
        error += float((np.einsum("ij,ij->i", s, coef) ** 2).sum()) / (2 * ns)
    inverse = np.linalg.inv(square + penalty * np.eye(p))
    ready = inverse @ mean
    for block in gen_batches(nt, 4096):
        t = target[block]
        coef = np.maximum((nt * ready - t @ inverse) / (nt - 1), 0)
        error -= float(np.einsum("ij,ij->", t, coef)) / nt
    return error
