"""Answers that are counted as they are (layer L3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hybridsent._numerics.clusters import Window

__all__ = ["Counted", "count"]


@dataclass(frozen=True, eq=False)
class Counted:
    """Mean answers of a window: what was said, or how probable it was.

    Parameters
    ----------
    shares : ndarray of shape (k,)
        They are; also under the name `centre`, as of what is corrected.
    inside : ndarray of shape (k, k) or None
        Covariance of the answer about one post; None is that of one class a post.
    """

    shares: np.ndarray
    inside: np.ndarray | None

    @property
    def centre(self) -> np.ndarray:
        """The shares, which nothing was corrected of."""
        return self.shares

    def influence(self, v: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Tell what each post adds to a sum of shares."""
        return np.asarray(values @ v)

    def variances(self, v: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Variances by a single post, if the shares were q, and by no reference; a row each."""
        if self.inside is not None:
            return np.full(len(q), float(v @ self.inside @ v)), np.zeros(len(q))
        return np.maximum(q @ v**2 - (q @ v) ** 2, 0.0), np.zeros(len(q))

    def covariance(self) -> np.ndarray:
        """Covariance of the shares by a single post."""
        if self.inside is not None:
            return self.inside
        return np.asarray(np.diag(self.shares) - np.outer(self.shares, self.shares))

    def loading(self) -> tuple[np.ndarray, np.ndarray]:
        """How the shares move with what the reference tells: not at all."""
        return np.zeros((len(self.shares), 1)), np.zeros((1, 1))


def count(window: Window, values: np.ndarray, *, whole: bool) -> Counted:
    """Average answers.

    Parameters
    ----------
    window : Window
        The posts.
    values : ndarray of shape (n, k)
        The answer about each post.
    whole : bool
        Whether an answer is one class, and no probability.

    Returns
    -------
    Counted
        The mean.
    """
    shares = window.mean(values)
    if whole:
        return Counted(shares, None)
    rest = values - shares
    inside = (rest * window.mass[:, None]).T @ rest / max(1 - window.squares, 1e-9)
    return Counted(shares, inside)
