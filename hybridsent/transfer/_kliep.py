"""Density ratios by the Kullback-Leibler divergence (layer L3).

skada's KLIEP moves its coefficients by steps of 2e-16, so that they stay where they began.
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.model_selection import KFold

from hybridsent._numerics.kernels import gaussian
from hybridsent._params import Interval
from hybridsent._threads import one_blas_thread
from hybridsent.transfer._active_set import sparse_quadratic
from hybridsent.transfer._centers import _CentersWeigher
from hybridsent.transfer._qp import Dense, Region, minimize_quadratic

__all__ = ["KLIEP"]

ROUGH = 3e-3
"""How far from its optimum the mean logarithm may be where widths are compared: its own error over
2,000 rows is several times that."""

JUDGED = 2000
"""Target rows that tell widths apart, where there are more."""

TINY = 1e-300
"""Least ratio whose logarithm is taken."""


class KLIEP(_CentersWeigher):
    r"""Weigh source rows by a ratio of densities that makes the target most likely.

    The ratio :math:`w(x) = \sum_l a_l \exp(-\gamma \|x - c_l\|^2)`, around centres that are rows of
    the target, makes :math:`w(x) p_s(x)` as close as may be to the density of the target in the
    Kullback-Leibler divergence,

    .. math:: \max_a \frac{1}{n_t} \sum_j \log w(x_j^t) \quad\text{s.t.}\quad
              \frac{1}{n_s} \sum_i w(x_i^s) = 1,\ a \ge 0

    The problem is concave. It is solved to its optimum by Newton's method, a quadratic program a
    step, where the paper climbs along the gradient. The width of the kernel is that under which
    target rows that were held out, of 2,000 at most, are most likely; widths are tried from the
    middle one on, until the next ones on both sides are worse.

    Parameters
    ----------
    gamma : float, list of float or None, default=None
        Factor of the kernel, or those that are compared; None compares 1/16, 1/8, …, 16 times
        that of the median heuristic, 1 / (2 m²) with the median distance m of two rows.
    n_centers : int, default=100
        Most centres, drawn from the rows of the target.
    n_folds : int, default=5
        Folds of the target rows by which gamma is chosen.
    random_state : int, RandomState instance or None, default=0
        For centres and folds.

    Attributes
    ----------
    sample_weight_ : ndarray of shape (n,)
        Weights of the rows of `fit`: the ratio for rows of the source, whose mean is 1, and 1 for
        labelled rows of the target, 0 for its unlabelled rows. All are 1 where there is one domain
        only, or where the domains do not overlap at the width of the kernel.
    effective_sample_size_ : float
        Rows that the weighted source rows are worth.
    centers_ : ndarray of shape (n_centers, p)
        Centres; none where there is one domain only, or the domains do not overlap.
    coef_ : ndarray of shape (n_centers,)
        Coefficients a.
    gamma_ : float
        The factor of the kernel; NaN where there is one domain only.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Names of the columns seen in `fit`, where they had names.

    See Also
    --------
    ULSIF : The same ratio by least squares, which is quicker.

    References
    ----------
    Sugiyama, Nakajima, Kashima, von Bünau, Kawanabe: Direct importance estimation with model
    selection and its application to covariate shift adaptation, NeurIPS 2007.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.transfer import KLIEP
    >>> X = pd.DataFrame({"text__0": [0.0, 1.0, 5.0, 1.0, 1.1], "domain__0": [0, 0, 0, 1, 1]})
    >>> weigher = KLIEP(gamma=1.0).fit(X)
    >>> weigher.sample_weight_.round(1), weigher.importance(X[:1]).round(1)
    (array([0.7, 2.3, 0. , 0. , 0. ]), array([0.7]))
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "gamma": [Interval(Real, 0, None, closed="neither"), "array-like", None],
        "n_centers": [Interval(Integral, 1, None, closed="left")],
        "n_folds": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        gamma: Any = None,
        *,
        n_centers: int = 100,
        n_folds: int = 5,
        random_state: Any = 0,
    ) -> None:
        self.gamma = gamma
        self.n_centers = n_centers
        self.n_folds = n_folds
        self.random_state = random_state

    def _learn(
        self,
        to_source: np.ndarray,
        to_target: np.ndarray,
        gammas: list[float],
        random: np.random.RandomState,
    ) -> None:
        with one_blas_thread():  # many small systems: threads would wait
            self.gamma_ = gammas[0]
            found: dict[float, np.ndarray] = {}
            if len(gammas) > 1 and len(to_target) > 1:
                judged = to_target
                if len(to_target) > JUDGED:
                    judged = to_target[random.choice(len(to_target), JUDGED, replace=False)]
                cut = KFold(min(self.n_folds, len(judged)), shuffle=True, random_state=random)
                folds = list(cut.split(judged))

                def score(gamma: float) -> float:
                    logarithm, found[gamma] = _held_out(to_source, judged, gamma, folds)
                    return logarithm

                self.gamma_ = _highest(sorted(gammas), score)
            means = np.maximum(gaussian(to_source, self.gamma_).mean(axis=0), TINY)
            near = found.get(self.gamma_)
            self.coef_ = _climb(gaussian(to_target, self.gamma_), means, near=near)


def _highest(gammas: list[float], score: Callable[[float], float]) -> float:
    """Walk uphill from the middle, whence the score falls on both sides."""
    at = len(gammas) // 2
    scores = {i: score(gammas[i]) for i in range(max(at - 1, 0), min(at + 2, len(gammas)))}
    while True:
        at = max(scores, key=lambda i: scores[i])
        around = [i for i in (at - 1, at + 1) if 0 <= i < len(gammas) and i not in scores]
        if not around:
            return gammas[at]
        scores |= {i: score(gammas[i]) for i in around}


def _held_out(
    to_source: np.ndarray,
    to_target: np.ndarray,
    gamma: float,
    folds: list[tuple[np.ndarray, np.ndarray]],
) -> tuple[float, np.ndarray]:
    """Mean logarithm of the ratio at target rows that were not learned from; and about its coef."""
    target = gaussian(to_target, gamma)
    means = np.maximum(gaussian(to_source, gamma).mean(axis=0), TINY)
    near = _climb(target, means, ROUGH)  # folds differ little from all rows
    logs = [
        np.log(np.maximum(target[test] @ _climb(target[train], means, ROUGH, near), TINY)).mean()
        for train, test in folds
    ]
    return float(np.mean(logs)), near


def _climb(
    target: np.ndarray, means: np.ndarray, gap: float = 1e-8, near: np.ndarray | None = None
) -> np.ndarray:
    r"""Coefficients under which the target is most likely, sought from those that may be near.

    With :math:`\pi_l = a_l m_l`, the share of a centre, it is a mixture of known densities, and
    :math:`-\frac1n \sum_j \log w(x_j) + \sum_l \pi_l` has the same minimum over all
    :math:`\pi \ge 0`, whose sum is 1 by itself.
    """
    parts = target / means
    shares = np.full(len(means), 1 / len(means))
    if near is not None:  # no row may be without any centre
        shares = 0.1 * shares + 0.9 * near * means
    ratio = np.maximum(parts @ shares, TINY)
    for _ in range(100):
        scaled = parts * (1 / ratio)[:, None]
        slope = 1 - scaled.mean(axis=0)
        if max(-slope.min(), abs(slope @ shares)) < gap:
            break
        bend = scaled.T @ scaled / len(scaled)
        bend[np.diag_indices_from(bend)] += 1e-10 * np.trace(bend) / len(bend)
        goal = _nearest(bend, bend @ shares - slope, 0.1 * gap)
        shares, ratio, moved = _search(parts, shares, ratio, goal - shares, slope)
        if not moved:
            break
    return np.asarray(shares / shares.sum() / means)


def _nearest(bend: np.ndarray, linear: np.ndarray, tol: float) -> np.ndarray:
    """Minimise the quadratic function of a step of Newton's over all shares from zero."""
    region = Region(1e3, -1.0, 1e3 * len(linear))
    found = sparse_quadratic(bend, linear, region, tol=tol)
    return minimize_quadratic(Dense(bend), linear, region, tol=tol)[0] if found is None else found


def _search(
    parts: np.ndarray,
    shares: np.ndarray,
    ratio: np.ndarray,
    step: np.ndarray,
    slope: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Go as much of a step as makes the target likelier by what its slope promises."""
    change, descent = parts @ step, float(slope @ step)
    part = 1.0
    while descent < 0 and part > 1e-10:
        new = ratio + part * change
        if new.min() > 0:
            gain = part * step.sum() - np.log(new / ratio).mean()
            if gain <= 1e-4 * part * descent:
                return np.maximum(shares + part * step, 0), new, gain < -1e-13
        part /= 2
    return shares, ratio, False
