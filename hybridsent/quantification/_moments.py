r"""Shares that explain the mean answer of a window (layer L3).

Where posts of each class look as they did in the reference, the mean answer of a window is

.. math:: m = \sum_c q_c M_c

with the mean answer :math:`M_c` about class c, be it what was said or how probable it was. QuaPy
solves the same equations; it knows no variance of :math:`M_c`, which is why this is by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import nnls

from hybridsent._numerics.clusters import Window, cluster_sums
from hybridsent.quantification._reference import Reference

__all__ = ["Answered", "Solved", "answered", "solve"]

_SINGULAR = 1e-6  # smallest over largest singular value below which classes cannot be told apart
_WORTH = 1.0  # rows of the average class that each class has beside its own, in variances


@dataclass(frozen=True, eq=False)
class Answered:
    """The answers of the reference, class by class.

    Parameters
    ----------
    mean : ndarray of shape (d, k)
        Mean answer about each class, a column each.
    within : ndarray of shape (k, d, d)
        Covariance of the answers about posts of a class.
    error : ndarray of shape (k, k, d, d)
        Covariance of the errors of two mean answers, for the reference has few rows.
    freedom : float
        Degrees of freedom of `error`; infinite where rows are no groups.
    smooth : ndarray of shape (k, d, d)
        As `within`, with a row of the average class beside those of each.
    """

    mean: np.ndarray
    within: np.ndarray
    error: np.ndarray
    freedom: float
    smooth: np.ndarray


def answered(reference: Reference, values: np.ndarray) -> Answered:
    """Sum up answers of the reference.

    Parameters
    ----------
    reference : Reference
        The rows.
    values : ndarray of shape (m, d)
        The answer about each row, without what follows from the rest of it.

    Returns
    -------
    Answered
        Its moments.
    """
    k, d = len(reference.classes), values.shape[1]
    g = values
    own = np.zeros((len(g), k))
    own[np.arange(len(g)), reference.truth] = reference.mass
    mean = g.T @ own
    rest = g - mean.T[reference.truth]
    within = np.einsum("ic,ij,il->cjl", own, rest, rest)
    spread = (own**2).sum(axis=0)  # one over the rows of each class
    within = within / np.maximum(1 - spread, 0.5)[:, None, None]
    # a class about which every answer was the same is not known to be never mistaken
    pooled = _variance(within, mean, np.full(k, 1 / k))
    share = _WORTH * spread / (1 + _WORTH * spread)
    smooth = within + share[:, None, None] * (pooled - within)
    parts = (own[:, :, None] * rest[:, None, :]).reshape(len(g), -1)
    if reference.groups is None:
        error = np.zeros((k, k, d, d))
        error[np.arange(k), np.arange(k)] = smooth * spread[:, None, None]
        return Answered(mean, within, error, np.inf, smooth)
    sums = cluster_sums(parts, reference.groups)
    groups = len(sums)
    error = (sums.T @ sums) * groups / max(groups - 1, 1)
    error = error.reshape(k, d, k, d).transpose(0, 2, 1, 3)
    least = np.einsum("c,jl->cjl", spread * share, pooled)
    error[np.arange(k), np.arange(k)] += least
    return Answered(mean, within, error, float(max(groups - 1, 1)), smooth)


def _variance(within: np.ndarray, mean: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Covariance of the answer about a post of a population with shares q."""
    middle = mean @ q
    between = (mean * q) @ mean.T - np.outer(middle, middle)
    return np.asarray(np.einsum("c,cjl->jl", q, within) + between)


@dataclass(frozen=True, eq=False)
class Solved:
    """Shares that explain a mean answer, and how they vary.

    Parameters
    ----------
    shares : ndarray of shape (k,)
        At least 0, with the sum 1.
    centre : ndarray of shape (k,)
        The same without the bounds.
    told : Answered
        The reference.
    inverse : ndarray of shape (k, k - 1)
        How the shares move with the mean answer.
    singular : bool
        Whether classes cannot be told apart.
    """

    shares: np.ndarray
    centre: np.ndarray
    told: Answered
    inverse: np.ndarray
    singular: bool

    def influence(self, v: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Tell what each post adds to a sum of shares."""
        return np.asarray(values[:, : len(v) - 1] @ (v @ self.inverse))

    def variances(self, v: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Variances by a single post and by the reference, if the shares were q; a row each."""
        a = v @ self.inverse
        within = ((self.told.within @ a) @ a) + (a @ self.told.mean) ** 2
        error = (self.told.error @ a) @ a
        one = q @ within - (q @ (a @ self.told.mean)) ** 2
        return np.maximum(one, 0.0), np.einsum("tc,tc->t", q @ error, q)

    def covariance(self) -> np.ndarray:
        """Covariance of the shares by a single post."""
        inside = _variance(self.told.within, self.told.mean, self.shares)
        return np.asarray(self.inverse @ inside @ self.inverse.T)

    def loading(self) -> tuple[np.ndarray, np.ndarray]:
        """How the shares move with the mean answers about the classes, and how these vary."""
        k = len(self.shares)
        moved = -np.einsum("c,ij->icj", self.shares, self.inverse).reshape(k, -1)
        error = self.told.error.transpose(0, 2, 1, 3).reshape(k * (k - 1), k * (k - 1))
        return moved, error


def solve(told: Answered, window: Window, values: np.ndarray) -> Solved:
    """Find the shares that explain the mean answer of a window.

    Parameters
    ----------
    told : Answered
        The reference.
    window : Window
        The posts.
    values : ndarray of shape (n, k)
        The answer about each post.

    Returns
    -------
    Solved
        The shares: least squares, weighed by the variance of the mean answer, with no share below
        0.
    """
    k = values.shape[1]
    m = window.mean(values[:, : k - 1])
    full = np.vstack([told.mean, np.ones(k)])
    size = np.linalg.svd(told.mean[:, :-1] - told.mean[:, -1:], compute_uv=False)
    singular = bool(size[-1] <= _SINGULAR * max(float(size[0]), 1e-300))
    inverse = np.linalg.pinv(full, rcond=_SINGULAR)
    centre = inverse @ np.append(m, 1.0)
    if singular:
        centre = centre + (1 - centre.sum()) / k
    shares = centre
    if centre.min() < 0:
        shares = _within_bounds(told, m, np.clip(centre, 0, None))
    return Solved(shares, centre, told, inverse[:, : k - 1], singular)


def _within_bounds(told: Answered, m: np.ndarray, start: np.ndarray) -> np.ndarray:
    variance: Any = _variance(told.within, told.mean, start / start.sum())
    scale = max(float(np.trace(variance)) / len(m), 1e-12)
    factor = np.linalg.cholesky(variance + 1e-6 * scale * np.eye(len(m)))
    rows = np.linalg.solve(factor, np.column_stack([told.mean, m]))
    heavy = 1e4 * max(1.0, float(np.abs(rows).max()))
    found, _ = nnls(
        np.vstack([rows[:, :-1], np.full(rows.shape[1] - 1, heavy)]), np.append(rows[:, -1], heavy)
    )
    return np.asarray(found / found.sum())
