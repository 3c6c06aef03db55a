"""What several methods solve: components, and landmarks (layer L3).

Of the generalised eigenproblem behind TCA and JDA, SciPy solves small cases; for kernels of
thousands of rows its dense solver would need minutes, so what the problem has of structure is used:
the penalty is the identity plus a few outer products. scikit-learn's Nystroem gives the features of
a kernel; TCA also needs the way back to weights of rows, whose length it penalises.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import eigh
from scipy.sparse.linalg import LinearOperator, eigsh
from sklearn.utils import check_random_state

from hybridsent._numerics.kernels import kernel_matrix
from hybridsent._numerics.rows import content_order

__all__ = [
    "components",
    "domain_contrast",
    "kernel_components",
    "landmark_rows",
    "low_rank",
]

_DENSE = 1500  # rows up to which a dense solver is quicker


def domain_contrast(target: np.ndarray) -> np.ndarray:
    """Weights whose sum over rows is the mean of the source less the mean of the target.

    Parameters
    ----------
    target : ndarray of bool of shape (n,)
        Which rows are of the target.

    Returns
    -------
    ndarray of shape (n,)
        The weights; zeros where there is one domain only.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.transfer._solvers import domain_contrast
    >>> domain_contrast(np.array([False, False, True]))
    array([ 0.5,  0.5, -1. ])
    """
    n_target = int(target.sum())
    n_source = len(target) - n_target
    if not n_target or not n_source:
        return np.zeros(len(target))
    return np.where(target, -1.0 / n_target, 1.0 / n_source)


def components(G: np.ndarray, contrasts: np.ndarray, mu: float, k: int) -> np.ndarray:
    r"""Solve :math:`G^\top H G c = \rho (\mu I + D D^\top) c`, :math:`D = G^\top E`.

    Parameters
    ----------
    G : ndarray of shape (n, r)
        Rows.
    contrasts : ndarray of shape (n, q)
        E, weights of rows whose sums are to be small.
    mu : float
        Penalty.
    k : int
        Components.

    Returns
    -------
    ndarray of shape (r, k)
        The leading solutions; each one's largest entry is positive.
    """
    centred = G - G.mean(axis=0)
    D = G.T @ contrasts
    A = D @ D.T
    A[np.diag_indices_from(A)] += mu
    r = G.shape[1]
    _, C = eigh(centred.T @ centred, A, subset_by_index=(max(r - k, 0), r - 1))
    return _signed(C[:, ::-1])


def kernel_components(K: np.ndarray, contrast: np.ndarray, mu: float, k: int) -> np.ndarray:
    r"""Solve the same with G a kernel matrix and one contrast; by Lanczos where n is large.

    Parameters
    ----------
    K : ndarray of shape (n, n)
        Symmetric kernel matrix.
    contrast : ndarray of shape (n,)
        Weights of rows whose sum is to be small.
    mu : float
        Penalty.
    k : int
        Components.

    Returns
    -------
    ndarray of shape (n, k)
        The leading solutions; each one's largest entry is positive.
    """
    if len(K) <= _DENSE or k >= len(K) // 2:
        return components(K, contrast[:, None], mu, k)
    d = K @ contrast
    length = float(d @ d)
    # (mu I + d d')^(-1/2) has this closed form
    pull = (1 - np.sqrt(mu / (mu + length))) / length if length > 0 else 0.0

    def halved(v: np.ndarray) -> np.ndarray:
        return np.asarray((v - d * (pull * (d @ v))) / np.sqrt(mu))

    def product(v: np.ndarray) -> np.ndarray:
        u = K @ halved(v.ravel())
        return halved(K @ (u - u.mean()))

    shape: Any = K.shape
    operator = LinearOperator(shape, matvec=product, dtype=K.dtype)
    start = np.random.RandomState(0).uniform(-1, 1, len(K))  # else eigsh draws from NumPy's own
    values, vectors = eigsh(operator, k=k, which="LA", v0=start)
    order = np.argsort(values)[::-1]
    return _signed(np.column_stack([halved(vectors[:, i]) for i in order]))


def _signed(C: np.ndarray) -> np.ndarray:
    """Fix the signs, which a solver leaves open."""
    largest = np.take_along_axis(C, np.abs(C).argmax(axis=0)[None], axis=0)
    return np.asarray(C * np.where(largest < 0, -1.0, 1.0))


_EPS = 1e-10  # of the largest eigenvalue: below is rounding


def landmark_rows(
    target: np.ndarray, count: int, seed: Any, X: np.ndarray | None = None
) -> np.ndarray:
    """Draw landmarks, of each domain as large a share as the rows allow, up to one half.

    Parameters
    ----------
    target : ndarray of bool of shape (n,)
        Which rows are of the target.
    count : int
        How many to draw; fewer than there are rows.
    seed : int, RandomState or None
        Seed of the draw.
    X : ndarray of shape (n, p), default=None
        The rows; where they are given, the draw does not depend on their order.

    Returns
    -------
    ndarray of int of shape (count,)
        Positions, ascending.
    """
    rng = check_random_state(seed)
    order = np.arange(len(target)) if X is None else content_order(X, target)
    parts = [rng.permutation(order[target[order] == kind]) for kind in (False, True)]
    half = [min(len(parts[0]), count // 2), min(len(parts[1]), count - count // 2)]
    half[0] = min(len(parts[0]), count - half[1])
    half[1] = count - half[0]
    return np.sort(np.concatenate([part[:k] for part, k in zip(parts, half, strict=True)]))


def low_rank(X: np.ndarray, landmarks: np.ndarray, gamma: float) -> tuple[np.ndarray, np.ndarray]:
    r"""Write a kernel matrix, as landmarks see it, as K U, with its eigenvectors U.

    Weights of rows that are no combination of the eigenvectors only cost their length, so the best
    are U c, and the rows' coordinates K U c.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Rows.
    landmarks : ndarray of shape (m, p)
        Some of them.
    gamma : float
        Width of the RBF kernel.

    Returns
    -------
    G : ndarray of shape (n, r)
        K U; with all rows as landmarks this is exact.
    back : ndarray of shape (m, r)
        Turns kernels with the landmarks into coordinates: G is :math:`k(X, landmarks)\, back`.
    """
    values, vectors = np.linalg.eigh(kernel_matrix(landmarks, None, gamma))
    keep = values > _EPS * values[-1]
    root = vectors[:, keep] / np.sqrt(values[keep])
    between = kernel_matrix(X, landmarks, gamma)
    features = between @ root
    values, vectors = np.linalg.eigh(features.T @ features)
    back = root @ (vectors * np.sqrt(np.maximum(values, 0.0)))
    return between @ back, back
