"""Kernels of rows, whole or through landmarks (layer L3).

scikit-learn's Nystroem gives the features of a kernel; TCA also needs the way back to weights of
rows, whose length it penalises.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.utils import check_random_state

from hybridsent._numerics.rows import content_order

__all__ = ["landmark_rows", "low_rank"]

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
    values, vectors = np.linalg.eigh(rbf_kernel(landmarks, gamma=gamma))
    keep = values > _EPS * values[-1]
    root = vectors[:, keep] / np.sqrt(values[keep])
    between = rbf_kernel(X, landmarks, gamma=gamma)
    features = between @ root
    values, vectors = np.linalg.eigh(features.T @ features)
    back = root @ (vectors * np.sqrt(np.maximum(values, 0.0)))
    return between @ back, back
