"""Convex quadratic programs whose solution is mostly zero (layer L3).

SciPy's `nnls` takes a least-squares problem and one unknown at a time. Kernels of embeddings give
solutions of which a tenth is not zero: then it is quicker to find these than to treat all alike, as
the interior point method of `_qp` does, which takes the other cases.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from hybridsent._threads import one_blas_thread
from hybridsent.transfer._qp import Region

__all__ = ["sparse_quadratic"]

_JITTER = 1e-10
_SHARE = 0.4  # of unknowns above zero: beyond, nothing is saved
_ROUNDS = 200
_AT_ONCE = 0.03  # of all unknowns join in a round, the steepest ones


def sparse_quadratic(
    K: np.ndarray, linear: np.ndarray, region: Region, *, tol: float = 1e-9
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
        return _in_region(K, linear, region, tol)


def _in_region(K: np.ndarray, linear: np.ndarray, region: Region, tol: float) -> np.ndarray | None:
    """Solve with zero as bound, and move the sum into the slab if it is outside."""
    scale = tol * max(1.0, float(np.abs(linear).max()))
    b, multiplier, edge = np.zeros(len(linear)), 0.0, 0.0
    for attempt in range(50):
        found = _above_zero(K, linear + multiplier, b, scale)
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
    K: np.ndarray, linear: np.ndarray, start: np.ndarray, fault: float
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
        if free.sum() > _SHARE * n + 10:
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
