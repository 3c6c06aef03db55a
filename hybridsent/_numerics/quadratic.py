"""Convex quadratic programs over a box and a slab (layer L0).

SciPy has L-BFGS-B, which knows a box and takes any matrix by its products. It soon tells which
unknowns are at a bound, and takes hundreds of products more to move the others to their place;
where these are few, Newton's steps over them do so, exactly. Kernels of embeddings give solutions
of which a tenth is not zero: then it is quicker still to find these alone. SciPy's `nnls` takes a
least-squares problem and one unknown at a time. piqp, an interior point method, factors a matrix of
all unknowns in every step: with 5,000 it takes a hundred times as long as L-BFGS-B.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, eigh
from scipy.linalg.blas import dsymv
from scipy.optimize import Bounds, OptimizeResult, brentq, minimize

from hybridsent._numerics.low_rank import LowRank, Region, minimize_low_rank
from hybridsent._threads import one_blas_thread

__all__ = ["Region", "minimize_quadratic", "sparse_quadratic"]

_GRADIENT = 1e-9  # fault of the gradient, relative to the largest linear term, at which it is done
_FAULT = 1e-5  # beyond, it is no solution: steps have run out
_STEPS = 3000
_LOOK = (30, 100, 300, 1000)  # steps after which most unknowns may be at the bound where they end
_FREE = 5  # Newton's steps are taken where one unknown in so many, or fewer, is inside its bounds
_SMALL = 1000  # unknowns for whose matrix all eigenvalues are quickly found
_NEWTON = 25  # steps: where they do not do, the matrix is next to singular, and more are of no use


def minimize_quadratic(matrix: Any, linear: np.ndarray, region: Region) -> tuple[np.ndarray, bool]:
    r"""Minimise a convex quadratic function over a box and a slab.

    .. math:: \min_b \tfrac12 b'Kb - c'b \quad\text{s.t.}\quad 0 \le b_i \le u,\
              l \le {\textstyle\sum_i b_i} \le h

    By L-BFGS-B over the box, and where few unknowns are inside their bounds by projected Newton
    steps over these. Where the sum is then outside of the slab, a multiplier that is added
    to c brings it to the edge: the sum grows with it.

    Parameters
    ----------
    matrix : ndarray of shape (n, n) or LinearOperator
        K, symmetric and without negative eigenvalues.
    linear : ndarray of shape (n,)
        c.
    region : Region
        The box and the slab.

    Returns
    -------
    solution : ndarray of shape (n,)
        b.
    converged : bool
        Whether no unknown could do better by more than rounding and its distance to the optimum.

    References
    ----------
    Bertsekas: Projected Newton methods for optimization problems with simple constraints, SIAM
    Journal on Control and Optimization 1982.

    Zhu, Byrd, Lu, Nocedal: Algorithm 778: L-BFGS-B, ACM Transactions on Mathematical Software 1997.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.quadratic import Region, minimize_quadratic
    >>> minimize_quadratic(np.eye(3), np.array([3.0, 1.0, -1.0]), Region(2.0, 0.0, 9.0))[0].round(6)
    array([2., 1., 0.])
    >>> minimize_quadratic(np.eye(3), np.array([3.0, 1.0, -1.0]), Region(9.0, 0.0, 2.0))[0].round(6)
    array([2., 0., 0.])
    """
    n = len(linear)
    found = _by_products(matrix, linear, region)
    if found[1] or n > _SMALL or not isinstance(matrix, np.ndarray):
        return found
    # next to singular, as kernels of one column are: products alone creep along the flat directions
    values, vectors = eigh(matrix)
    factor = vectors * np.sqrt(np.maximum(values, 0))
    return minimize_low_rank(LowRank(factor, np.zeros(n)), linear, region)


def _by_products(matrix: Any, linear: np.ndarray, region: Region) -> tuple[np.ndarray, bool]:
    """Minimise by L-BFGS-B and Newton's steps, with a multiplier for the slab."""
    n = len(linear)
    middle = min(region.nearest(float(n)) / n, region.upper)
    b, converged = _in_box(matrix, linear, region.upper, np.full(n, middle))
    edge = region.nearest(float(b.sum()))
    near = {0.0: (b, converged)}

    def outside(multiplier: float) -> float:
        if multiplier not in near:
            closest = min(near, key=lambda known: abs(known - multiplier))
            start = near[closest][0]
            near[multiplier] = _in_box(matrix, linear + multiplier, region.upper, start)
        return float(near[multiplier][0].sum()) - edge

    missing = -outside(0.0)
    if abs(missing) <= 1e-12 * n:
        return b, converged
    far = missing / n  # as far as it would be with the identity for K
    while outside(far) * missing < 0 and abs(far) < 1e6 * max(1.0, float(np.abs(linear).max())):
        far *= 4
    if outside(far) * missing > 0:
        far = float(brentq(outside, 0.0, far, xtol=1e-300, maxiter=60, disp=False))
    b, converged = near[min(near, key=lambda known: abs(outside(known)))]
    return np.minimum(b * (edge / max(float(b.sum()), 1e-300)), region.upper), converged


def _in_box(
    matrix: Any, linear: np.ndarray, upper: float, start: np.ndarray
) -> tuple[np.ndarray, bool]:
    """Minimise over the box; tells whether each unknown is where its gradient wants it."""
    scale = max(1.0, float(np.abs(linear).max()))
    unit = scale * len(linear)
    dense = isinstance(matrix, np.ndarray)
    solved: list[np.ndarray] = []
    steps = 0

    def value(b: np.ndarray) -> tuple[float, np.ndarray]:
        image = _times(matrix, b)
        return float(b @ image / 2 - linear @ b) / unit, (image - linear) / unit

    def polish(b: np.ndarray) -> np.ndarray:
        b, exact = _by_newton(matrix, linear, upper, np.clip(b, 0, upper), _GRADIENT * scale)
        if exact:
            solved.append(b)
        return b

    def step_done(intermediate_result: OptimizeResult) -> None:
        nonlocal steps
        steps += 1
        if dense and steps in _LOOK:
            polish(intermediate_result.x)
            if solved:
                raise StopIteration

    found = minimize(
        value,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=Bounds(0, upper),
        callback=step_done,
        options={
            "maxiter": _STEPS,
            "maxfun": 2 * _STEPS,
            "ftol": 1e-15,
            "gtol": _GRADIENT / len(linear),
        },
    )
    if solved:
        return solved[0], True
    b = polish(found.x) if dense else np.clip(found.x, 0, upper)
    fault = _fault(_times(matrix, b) - linear, b, upper)
    return b, float(np.abs(fault).max()) <= _FAULT * scale


def _by_newton(
    K: np.ndarray, linear: np.ndarray, upper: float, start: np.ndarray, goal: float
) -> tuple[np.ndarray, bool]:
    """Solve for the unknowns inside their bounds, if they are few; tells whether that is all.

    A step is taken where it improves what is minimised, so that nothing is worse than before.
    """
    b, gradient = start, _times(K, start) - linear
    with one_blas_thread():  # as for the active set
        for _ in range(_NEWTON):
            fault = _fault(gradient, b, upper)
            if np.abs(fault).max() <= goal:
                return b, True
            rows = np.flatnonzero((fault != 0) | ((b > 0) & (b < upper)))
            moved = None
            if len(rows) <= max(len(b) // _FREE, 10):
                moved = _newton_step(K, gradient, b, rows, upper)
            if moved is None:
                break
            gradient += _times(K, moved - b)
            b = moved
    return b, False


def _newton_step(
    K: np.ndarray, gradient: np.ndarray, b: np.ndarray, rows: np.ndarray, upper: float
) -> np.ndarray | None:
    """Step on some unknowns, cut at the bounds, as far as it improves; None if nowhere."""
    while True:
        part = K[np.ix_(rows, rows)]
        part[np.diag_indices_from(part)] += _JITTER * float(np.diagonal(part).mean())
        try:
            factor = cho_factor(part, lower=True, overwrite_a=True, check_finite=False)
        except LinAlgError:
            return None
        way, have = -cho_solve(factor, gradient[rows], check_finite=False), b[rows]
        outward = np.where(way < 0, have <= 0, have >= upper)
        if not outward.any():
            break
        rows = rows[~outward]  # at a bound, and better off there once the others move
        if not len(rows):
            return None
    reach = 1.0
    while reach > 1e-3:
        moved = b.copy()
        moved[rows] = np.clip(have + reach * way, 0, upper)
        step = (moved - b)[rows]
        slope = float(gradient[rows] @ step)
        if slope < 0 and slope + step @ (K[np.ix_(rows, rows)] @ step) / 2 <= 0.1 * slope:
            return moved
        reach /= 3
    return None


def _times(matrix: Any, b: np.ndarray) -> np.ndarray:
    # of a symmetric matrix half is read, which is what a product takes
    dense = isinstance(matrix, np.ndarray)
    return np.asarray(dsymv(1.0, matrix.T, b) if dense else matrix @ b)


def _fault(gradient: np.ndarray, b: np.ndarray, upper: float) -> np.ndarray:
    """Give the gradient, less what pushes against a bound."""
    fault = np.where(b <= 0, np.minimum(gradient, 0), gradient)
    return np.where(b >= upper, np.maximum(fault, 0), fault)


_JITTER = 1e-10  # on the diagonal where it is factored, relative to its mean
_SHARE = 0.4  # of unknowns above zero: beyond, nothing is saved
_ROUNDS = 200
_AT_ONCE = 0.03  # of all unknowns join in a round, the steepest ones
_SAMPLE = 250  # unknowns of many that tell whether weights would be too large


def sparse_quadratic(
    K: np.ndarray,
    linear: np.ndarray,
    region: Region,
    *,
    tol: float = 1e-9,
    share: float = _SHARE,
) -> np.ndarray | None:
    r"""Minimise :math:`\tfrac12 b'Kb - c'b` over a box and a slab, unknown by unknown.

    The method of Lawson and Hanson, in which many unknowns join at once: those that are not zero
    solve their equations; where that makes some negative, it stops at the first and drops it; then
    those whose gradient is negative join. A sum outside the slab is brought to its edge by a
    multiplier, on which it depends in straight pieces.

    Parameters
    ----------
    K : ndarray of shape (n, n)
        Symmetric matrix without negative eigenvalues.
    linear : ndarray of shape (n,)
        c.
    region : Region
        The box and the slab.
    tol : float, default=1e-9
        Largest fault of the gradient, relative to the largest entry of c.
    share : float, default=0.4
        Share of unknowns above zero at which it gives up; 1 for few unknowns, which are quick in
        any case.

    Returns
    -------
    ndarray of shape (n,) or None
        b; None where the solution is not sparse, or touches the upper bound.

    References
    ----------
    Lawson, Hanson: Solving least squares problems, 1974, chapter 23.
    """
    # systems are small, and change with each unknown: threads would wait for one another
    with one_blas_thread():
        if share < 1 and not _may_pay(K, linear, region, tol):
            return None
        return _in_region(K, linear, region, tol, share)


def _may_pay(K: np.ndarray, linear: np.ndarray, region: Region, tol: float) -> bool:
    """Tell whether a few of many unknowns, alone, stay below the upper bound.

    They are larger the more unknowns there are, so where few exceed it, all will.
    """
    n = len(linear)
    if n < 4 * _SAMPLE:
        return True
    some = slice(None, None, n // _SAMPLE)
    part = K[some, some]
    ratio = len(part) / n
    smaller = Region(region.upper, ratio * region.low, ratio * region.high)
    return _in_region(part, ratio * linear[some], smaller, tol, 1.0) is not None


def _in_region(
    K: np.ndarray, linear: np.ndarray, region: Region, tol: float, share: float
) -> np.ndarray | None:
    """Solve with zero as bound, and move the sum into the slab if it is outside."""
    scale = tol * max(1.0, float(np.abs(linear).max()))
    b, multiplier, edge = np.zeros(len(linear)), 0.0, 0.0
    for attempt in range(50):
        found = _above_zero(K, linear + multiplier, b, scale, share)
        if found is None or found[0].max() >= region.upper:
            return None
        b, slope = found
        total = float(b.sum())
        if attempt == 0:
            edge = min(max(total, region.low), region.high)
        if abs(edge - total) <= 1e-12 * len(b) or slope <= 0:
            return b if abs(edge - total) <= 1e-9 * len(b) else None
        multiplier += (edge - total) / slope
    return None


def _above_zero(
    K: np.ndarray, linear: np.ndarray, start: np.ndarray, fault: float, share: float
) -> tuple[np.ndarray, float] | None:
    """Solve with one bound, zero; and tell how the sum of b grows with the linear term."""
    n = len(linear)
    b, free = start.copy(), start > 0
    most = max(int(_AT_ONCE * n), 10)
    for _ in range(_ROUNDS):
        rows = np.flatnonzero(free)
        slope = 0.0
        if len(rows):
            solved = _inner(K, linear, b, rows)
            if solved is None:
                return None
            b, rows, slope = solved
        free[:] = False
        free[rows] = True
        gradient = K[:, rows] @ b[rows] - linear
        gradient[free] = 0.0
        wanted = np.flatnonzero(gradient < -fault)
        if not len(wanted):
            return b, slope
        if len(wanted) > most:
            wanted = wanted[np.argpartition(gradient[wanted], most)[:most]]
        free[wanted] = True
        if free.sum() > share * n + 10:
            return None
    return None


def _inner(
    K: np.ndarray, linear: np.ndarray, b: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float] | None:
    """Go toward the solution on some unknowns, dropping those that become zero on the way."""
    b = b.copy()
    while len(rows):
        part = K[np.ix_(rows, rows)]
        jitter = _JITTER * float(np.diagonal(part).mean())
        damped = part.copy()
        damped[np.diag_indices_from(damped)] += jitter
        try:
            factor = cho_factor(damped, lower=True, overwrite_a=True, check_finite=False)
        except LinAlgError:
            return None
        wanted = cho_solve(factor, linear[rows], check_finite=False)
        wanted += cho_solve(factor, linear[rows] - part @ wanted, check_finite=False)
        if wanted.min() > 0:
            b[rows] = wanted
            ones = cho_solve(factor, np.ones(len(rows)), check_finite=False)
            return b, rows, float(ones.sum())
        down = wanted <= 0
        have = b[rows]
        reach = float((have[down] / (have[down] - wanted[down])).min())
        b[rows] = have + reach * (wanted - have)
        gone = down & (b[rows] <= 1e-12 * max(float(b.max()), 1e-300))
        b[rows[gone]] = 0.0
        rows = rows[~gone]
    return b, rows, 0.0
