"""A graph of nearest rows, and labels that spread over it (layer L3).

scikit-learn's LabelSpreading keeps a weight of every pair (``"rbf"``), or an unsymmetric graph over
which it spreads labels in up to 30 rounds (``"knn"``); neither reads views. Here the graph is
sparse and symmetric, and its equation is solved to the end by conjugate gradients.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array, diags_array

from hybridsent._numerics.neighbours import Neighbours, nearest, nearest_others

__all__ = ["Space", "graph_of", "links", "normalised", "placed", "spread"]

_TOL = 1e-12  # of the residual, relative to the right side
_MOST = 2000  # iterations
_FARTHEST = 700.0  # exp(-700) is the smallest that is no zero


class Space(NamedTuple):
    """Rows of one view, in which new rows find their neighbours.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        The rows, as `placed` gives them.
    rows : ndarray of int of shape (n,)
        Their positions in the table.
    reach : ndarray of shape (n,)
        Distance of each to its k-th neighbour.
    """

    X: np.ndarray
    rows: np.ndarray
    reach: np.ndarray


def placed(X: np.ndarray, metric: str) -> np.ndarray:
    """Put rows where Euclidean distances are those of the metric.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Rows without NaN.
    metric : {"cosine", "euclidean"}
        With the cosine they are brought to length one.

    Returns
    -------
    ndarray of shape (n, p)
        The rows.
    """
    if metric == "euclidean":
        return X
    lengths = np.linalg.norm(X.astype(np.float64, copy=False), axis=1, keepdims=True)
    return np.asarray((X / np.where(lengths > 0, lengths, 1.0)).astype(X.dtype))


def graph_of(
    X: np.ndarray, rows: np.ndarray, n: int, k: int, weights: str
) -> tuple[Space, csr_array]:
    """Join each row to its nearest.

    Parameters
    ----------
    X : ndarray of shape (m, p)
        The rows, as `placed` gives them.
    rows : ndarray of int of shape (m,)
        Their positions in the table.
    n : int
        Rows of the table.
    k : int
        Neighbours.
    weights : {"local", "equal"}
        What an edge weighs.

    Returns
    -------
    space : Space
        In which new rows find neighbours.
    W : sparse array of shape (n, n)
        Weights of edges: the larger one of both directions.
    """
    found = nearest_others(X, k)
    space = Space(X, rows, _reach(found))
    near = _weighed(found, space.reach, space, weights)
    at = np.repeat(rows, found.rows.shape[1])
    W = csr_array((near.ravel(), (at, rows[found.rows.ravel()])), shape=(n, n))
    return space, csr_array(W.maximum(W.T))


def links(space: Space, X: np.ndarray, k: int, weights: str) -> tuple[np.ndarray, np.ndarray]:
    """Find the nearest of new rows.

    Parameters
    ----------
    space : Space
        The rows that are known.
    X : ndarray of shape (m, p)
        New rows, as `placed` gives them.
    k : int
        Neighbours.
    weights : {"local", "equal"}
        What an edge weighs.

    Returns
    -------
    near : ndarray of int of shape (m, k)
        Positions in the table.
    edges : ndarray of shape (m, k)
        What the edges weigh.
    """
    found = nearest(X, space.X, k)
    return space.rows[found.rows], _weighed(found, _reach(found), space, weights)


def _weighed(found: Neighbours, own: np.ndarray, space: Space, weights: str) -> np.ndarray:
    if weights == "equal":
        return np.ones_like(found.distances)
    scale = own[:, None] * space.reach[found.rows]
    ratio = np.divide(
        found.distances**2, scale, out=np.zeros_like(found.distances), where=scale > 0
    )
    return np.asarray(np.exp(-np.minimum(ratio, _FARTHEST)))


def _reach(found: Neighbours) -> np.ndarray:
    """Distance to the last neighbour, which is the scale of a row."""
    if not found.distances.shape[1]:
        return np.zeros(len(found.distances))
    return np.asarray(found.distances[:, -1])


def normalised(W: csr_array) -> csr_array:
    r"""Give :math:`S = D^{-1/2} W D^{-1/2}`; a row without edges has none.

    Parameters
    ----------
    W : sparse array of shape (n, n)
        Symmetric weights, zeros in the diagonal.

    Returns
    -------
    sparse array of shape (n, n)
        S.
    """
    degree = np.asarray(W.sum(axis=1)).ravel()
    root = np.sqrt(degree)
    inverse = np.divide(1.0, root, out=np.zeros_like(root), where=root > 0)
    D = diags_array(inverse)
    return csr_array(D @ W @ D)


def spread(S: csr_array, Y: np.ndarray, alpha: float) -> np.ndarray:
    r"""Solve :math:`(I - \alpha S) F = (1 - \alpha) Y` by conjugate gradients, all columns at once.

    The eigenvalues of the matrix lie between :math:`1 - \alpha` and :math:`1 + \alpha`, so that
    some tens of iterations do, whatever the number of rows.

    Parameters
    ----------
    S : sparse array of shape (n, n)
        As `normalised` gives it.
    Y : ndarray of shape (n, k)
        What each row says; zeros where nothing is known.
    alpha : float
        Share that a row takes from its neighbours, at least 0 and less than 1.

    Returns
    -------
    ndarray of shape (n, k)
        F, to a relative residual of 1e-12.
    """
    B = (1 - alpha) * np.asarray(Y, dtype=np.float64)
    F = B.copy()
    R = alpha * (S @ F)  # B - (F - alpha S F)
    P = R.copy()
    norms = np.einsum("ij,ij->j", R, R)
    enough = (_TOL * np.linalg.norm(B, axis=0)) ** 2
    for _ in range(_MOST):
        if (norms <= enough).all():
            break
        Q = P - alpha * (S @ P)
        curved = np.einsum("ij,ij->j", P, Q)
        step = np.divide(norms, curved, out=np.zeros_like(norms), where=curved > 0)
        F += step * P
        R -= step * Q
        new = np.einsum("ij,ij->j", R, R)
        P = R + np.divide(new, norms, out=np.zeros_like(new), where=norms > 0) * P
        norms = new
    return F
