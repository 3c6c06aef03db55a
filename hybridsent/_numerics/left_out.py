"""What a ridge regression would have said of rows without them, in closed form (layer L0).

scikit-learn's RidgeCV leaves out one row at a time and knows no groups.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve

__all__ = ["left_out_residuals"]

_EPS = 1e-10  # of freedom that rounding alone leaves


def left_out_residuals(
    residual: np.ndarray,
    basis: np.ndarray,
    shrunk: np.ndarray,
    share: np.ndarray,
    groups: np.ndarray | None = None,
) -> np.ndarray:
    r"""Residuals of each row, or group, by the model of all others.

    With the hat matrix H, which is :math:`U S U^\top + \sqrt v \sqrt v^\top`, those of the rows g
    without themselves are :math:`(I - H_{gg})^{-1} r_g`.

    Parameters
    ----------
    residual : ndarray of shape (n, k)
        Residuals of the model of all rows, times the roots of their weights.
    basis : ndarray of shape (n, r)
        Left singular vectors U of the centred rows, which are multiplied likewise.
    shrunk : ndarray of shape (r,)
        The diagonal of S, from 0 to 1.
    share : ndarray of shape (n,)
        Weights v of the rows, with sum 1.
    groups : ndarray of int of shape (n,) or None, default=None
        Rows that are left out together; None is each by itself.

    Returns
    -------
    ndarray of shape (n, k)
        Residuals; NaN for a row or group that decides its own fit alone.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.left_out import left_out_residuals
    >>> y = np.array([1.0, 3.0, 8.0])  # without features a row has the mean of the others
    >>> nothing = np.zeros((3, 0)), np.zeros(0), np.full(3, 1 / 3)
    >>> left_out_residuals((y - y.mean())[:, None], *nothing).ravel()
    array([-4.5, -1.5,  6. ])
    >>> left_out_residuals((y - y.mean())[:, None], *nothing, np.array([0, 0, 1])).ravel()
    array([-7., -5.,  6.])
    """
    if groups is None or len(np.unique(groups)) < 2:
        freedom = 1.0 - share - basis**2 @ shrunk
        known = np.where(freedom > _EPS, freedom, np.nan)
        return np.asarray(residual / known[:, None])
    out = np.full(residual.shape, np.nan)
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        half = np.column_stack([basis[rows] * np.sqrt(shrunk), np.sqrt(share[rows])])  # H = h h'
        if half.shape[0] <= half.shape[1]:
            out[rows] = solve(_rest(half @ half.T), residual[rows], assume_a="pos")
        else:  # the same by Woodbury's identity: many rows of few directions
            told = solve(_rest(half.T @ half), half.T @ residual[rows], assume_a="pos")
            out[rows] = residual[rows] + half @ told
    return out


def _rest(products: np.ndarray) -> np.ndarray:
    rest = np.eye(len(products)) - products
    rest[np.diag_indices(len(rest))] += _EPS
    return np.asarray(rest)
