"""Ratios of densities around centres, with which rows of the source are weighed (layer L3).

skada's KLIEP moves its coefficients by steps of 2e-16, so that they stay where they began; it does
not have ratios by least squares.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import check_random_state, gen_batches

from hybridsent._folds import inner_folds
from hybridsent._numerics.kernels import (
    distances_of,
    gaussian,
    kernel_blocks,
    median_gamma,
    sample_rows,
)
from hybridsent._numerics.quadratic import Region, minimize_quadratic, sparse_quadratic
from hybridsent._params import Interval
from hybridsent._threads import one_blas_thread
from hybridsent.exceptions import TransferWarning
from hybridsent.transfer._rows import Rows
from hybridsent.transfer.base import _RatioWeigher

__all__ = ["KLIEP", "ULSIF"]

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
        groups = rows.groups_of(rows.target)
        self._learn(to_source, to_target, self._gammas(rows.X, random), random, groups)
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
        groups: np.ndarray | None,
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
        groups: np.ndarray | None,
    ) -> None:
        with one_blas_thread():  # many small systems: threads would wait
            self.gamma_ = gammas[0]
            found: dict[float, np.ndarray] = {}
            if len(gammas) > 1 and len(to_target) > 1:
                judged = to_target
                if len(to_target) > JUDGED:
                    chosen = random.choice(len(to_target), JUDGED, replace=False)
                    judged = to_target[chosen]
                    groups = None if groups is None else groups[chosen]
                alike = np.zeros(len(judged))
                folds = inner_folds(
                    alike, self.n_folds, groups, random_state=random, kind="numbers"
                )

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
    found = sparse_quadratic(bend, linear, region, tol=tol, share=1.0)
    return minimize_quadratic(bend, linear, region)[0] if found is None else found


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
        groups: np.ndarray | None,
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
