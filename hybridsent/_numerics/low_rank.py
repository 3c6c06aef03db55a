"""Convex quadratic programs of a matrix of low rank, by an interior point method (layer L0).

Nystroem's approximation of a kernel has tens of thousands of unknowns and a rank of hundreds. A
step of this method costs as much as a Gram matrix of that rank, and two dozen do. L-BFGS-B, which
`hybridsent._numerics.quadratic` takes for whole matrices, needs thousands of products there:
of 12,000 rows it took ten times as long. piqp and SciPy's other solvers know no low rank.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

__all__ = ["LowRank", "Region", "minimize_low_rank"]

JITTER = 1e-10
"""Added to the diagonal where it is factored: kernels are near singular."""

RAISED = 5
"""How often a hundred times more is added, where rounding leaves a matrix without a factor."""

CLOSE = 1e-3
"""Products of distances and multipliers must be so much smaller than `tol`: errors are as roots."""

NEAR = 1e-5
"""Unknowns so near to a bound, relative to their mean, are put on it."""

THINNEST = 1e-6
"""Half of the least width of the slab, relative to its middle."""

Solver = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Region:
    """Where the unknowns may be: each in 0 … upper, their sum in low … high.

    Parameters
    ----------
    upper : float
        Most of each.
    low : float
        Least sum.
    high : float
        Most sum.
    """

    upper: float
    low: float
    high: float

    def nearest(self, total: float) -> float:
        """Give the sum inside that is nearest to one."""
        return min(max(total, self.low), self.high)


@dataclass(frozen=True)
class LowRank:
    """A matrix of low rank and a diagonal: ``factor @ factor.T + diag(rest)``.

    Parameters
    ----------
    factor : ndarray of shape (n, r)
        The factor.
    rest : ndarray of shape (n,)
        The diagonal.
    """

    factor: np.ndarray
    rest: np.ndarray

    def times(self, v: np.ndarray) -> np.ndarray:
        """Multiply a vector.

        Parameters
        ----------
        v : ndarray of shape (n,)
            The vector.

        Returns
        -------
        ndarray of shape (n,)
            The product.
        """
        return np.asarray(self.factor @ (v @ self.factor) + self.rest * v)

    def solver(self, diagonal: np.ndarray) -> Solver:
        """Make what solves equations of the matrix and a diagonal.

        By Woodbury's identity, whose system is as large as the rank.

        Parameters
        ----------
        diagonal : ndarray of shape (n,)
            Added to the diagonal; positive.

        Returns
        -------
        callable
            From a right side to the solution.
        """
        weight = 1 / (self.rest + diagonal + JITTER)
        inner = _gram(self.factor, weight)
        rounding = float(np.finfo(np.float64).eps * (1 + np.diagonal(inner).mean()))
        factor = _factored(inner.copy, 1.0, rounding)

        def roughly(v: np.ndarray) -> np.ndarray:
            light = weight * v
            inside = cho_solve(factor, light @ self.factor, check_finite=False)
            return np.asarray(light - weight * (self.factor @ inside))

        def exactly(v: np.ndarray) -> np.ndarray:
            return np.asarray(self.times(v) + diagonal * v)

        return lambda side: _conjugate_gradients(exactly, roughly, side)


def minimize_low_rank(
    matrix: LowRank, linear: np.ndarray, region: Region, *, tol: float = 1e-9, max_iter: int = 100
) -> tuple[np.ndarray, bool]:
    r"""Minimise a convex quadratic function of low rank over a box and a slab.

    .. math:: \min_b \tfrac12 b'Kb - c'b \quad\text{s.t.}\quad 0 \le b_i \le u,\
              l \le {\textstyle\sum_i b_i} \le h

    Mehrotra's predictor-corrector method from the middle of the region, where all points stay
    inside.

    Parameters
    ----------
    matrix : LowRank
        K.
    linear : ndarray of shape (n,)
        c.
    region : Region
        The box and the slab, which is made as wide as the method needs to walk inside.
    tol : float, default=1e-9
        Largest fault of the gradient, relative to the largest entry of c, at which it is done; a
        thousandth of it for the mean product of a distance and its multiplier.
    max_iter : int, default=100
        Most steps.

    Returns
    -------
    solution : ndarray of shape (n,)
        b.
    converged : bool
        Whether `tol` was reached.

    References
    ----------
    Mehrotra: On the implementation of a primal-dual interior point method, SIAM Journal on
    Optimization 1992.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.low_rank import LowRank, Region, minimize_low_rank
    >>> unit = LowRank(np.zeros((3, 1)), np.ones(3))
    >>> minimize_low_rank(unit, np.array([3.0, 1.0, -1.0]), Region(2.0, 0.0, 9.0))[0].round(6)
    array([2., 1., 0.])
    """
    n = len(linear)
    region = Region(
        region.upper, min(region.low, n * (1 - THINNEST)), max(region.high, n * (1 + THINNEST))
    )
    middle = (max(region.low / n, 0) + min(region.high / n, region.upper)) / 2
    gaps = _gaps(np.full(n, middle), region)
    gradient = matrix.times(gaps[:n]) - linear
    pressure = max(float(np.abs(gradient).mean()), 1e-3) * middle / gaps
    scale = max(1.0, float(np.abs(linear).max()))
    for _ in range(max_iter):
        fault = gradient - _pull(pressure)
        closeness = float(gaps @ pressure) / len(gaps)
        if closeness <= CLOSE * tol * scale and np.abs(fault).max() <= tol * scale:
            return _rounded(gaps[:n], region), True
        ratio = pressure / gaps
        solve = _with_ones(matrix.solver(ratio[:n] + ratio[n:-2]), n, float(ratio[-2:].sum()))
        aim = gaps * pressure
        step, push = _newton(solve, fault, gaps, pressure, aim)
        part = min(_reach(gaps, step), _reach(pressure, push))
        after = float((gaps + part * step) @ (pressure + part * push)) / len(gaps)
        aim = (
            aim + step * push - max(closeness * (after / closeness) ** 3, 0.1 * CLOSE * tol * scale)
        )
        step, push = _newton(solve, fault, gaps, pressure, aim)
        part = 0.995 * min(_reach(gaps, step), _reach(pressure, push))
        gaps = gaps + part * step  # not anew from b: a sum at its bound would lose all digits
        pressure = pressure + part * push
        gradient = matrix.times(gaps[:n]) - linear
    return _rounded(gaps[:n], region), False


def _gaps(b: np.ndarray, region: Region) -> np.ndarray:
    """Distances to all bounds: below and above each unknown, below and above the sum."""
    total = b.sum()
    return np.concatenate([b, region.upper - b, [total - region.low, region.high - total]])


def _pull(pressure: np.ndarray) -> np.ndarray:
    """Add up the multipliers of all bounds at each unknown."""
    n = len(pressure) // 2 - 1
    return np.asarray(pressure[:n] - pressure[n:-2] + pressure[-2] - pressure[-1])


def _with_ones(solve: Solver, n: int, ones: float) -> Callable[..., tuple[np.ndarray, float]]:
    """Add a number to each entry of the matrix, by the identity of Sherman and Morrison.

    The sum of a solution comes along: added up again, it would lose its digits at a tight slab.
    """
    flat = solve(np.ones(n))
    slack = 1 / ones

    def solve_all(side: np.ndarray) -> tuple[np.ndarray, float]:
        out = solve(side)
        share = float(out.sum()) / (slack + float(flat.sum()))
        return out - share * flat, share * slack

    return solve_all


def _newton(
    solve: Callable[..., tuple[np.ndarray, float]],
    fault: np.ndarray,
    gaps: np.ndarray,
    pressure: np.ndarray,
    aim: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Find steps of distances and multipliers by which aim and fault become zero."""
    step, total = solve(-fault - _pull(aim / gaps))
    moved = np.concatenate([step, -step, [total, -total]])
    return moved, -(aim + pressure * moved) / gaps


def _reach(values: np.ndarray, step: np.ndarray) -> float:
    """How much of a step keeps values positive; 1 at most."""
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(step < 0, -values / step, np.inf)
    return min(1.0, float(parts.min()))


def _rounded(b: np.ndarray, region: Region) -> np.ndarray:
    """Put unknowns on the bound that they all but touch."""
    near = NEAR * b.mean()
    b = np.where(b < near, 0.0, b)
    return np.where(region.upper - b < near, region.upper, b)


def _factored(
    part: Callable[[], np.ndarray], diagonal: np.ndarray | float, jitter: float
) -> tuple[np.ndarray, bool]:
    """Factor a matrix and a diagonal, with as much jitter as that needs.

    The factor only guides `_conjugate_gradients`: more jitter costs steps there, and no digits.
    """
    raised = 0
    while True:
        damped = part()  # anew: the factor takes its place
        damped[np.diag_indices_from(damped)] += diagonal + jitter
        try:
            factor, lower = cho_factor(damped, lower=True, overwrite_a=True, check_finite=False)
        except LinAlgError:
            raised, jitter = raised + 1, 100 * jitter
            if raised > RAISED:
                raise
        else:
            return factor, bool(lower)


def _gram(factor: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Compute factor' diag(weight) factor without a second factor."""
    out = np.zeros((factor.shape[1], factor.shape[1]))
    for start in range(0, len(factor), 8192):
        part = factor[start : start + 8192] * np.sqrt(weight[start : start + 8192, None])
        out += part.T @ part
    return out


def _conjugate_gradients(exactly: Solver, roughly: Solver, side: np.ndarray) -> np.ndarray:
    """Solve exactly(x) = side, with a rough inverse to guide."""
    x = roughly(side)
    rest = side - exactly(x)
    goal = 1e-9 * np.linalg.norm(side)
    guided = roughly(rest)
    way, size = guided, float(rest @ guided)
    for _ in range(30):
        if np.linalg.norm(rest) <= goal or size <= 0:
            break
        image = exactly(way)
        bend = float(way @ image)
        if bend <= 0:
            break
        x = x + (size / bend) * way
        rest = rest - (size / bend) * image
        guided = roughly(rest)
        new = float(rest @ guided)
        way, size = guided + (new / size) * way, new
    return x
