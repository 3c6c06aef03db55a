"""Components with much variance and little difference between domains (layer L3).

The generalised eigenproblem behind TCA and JDA. SciPy solves it where matrices are small; for
kernels of thousands of rows its dense solver would need minutes, so what the problem has of
structure is used: the penalty is the identity plus a few outer products.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import eigh
from scipy.sparse.linalg import LinearOperator, eigsh

__all__ = ["components", "domain_contrast", "kernel_components"]

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
    >>> from hybridsent.transfer._discrepancy import domain_contrast
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
