"""Rows that weigh unlike or belong together, and how many independent ones they make (layer L0).

statsmodels corrects regressions for clusters; it is no dependency, and knows no window of answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Window", "checked_weights", "cluster_sums", "group_codes"]


@dataclass(frozen=True, eq=False)
class Window:
    """Answers about the posts of a window.

    Parameters
    ----------
    mass : ndarray of shape (n,)
        Weight of each post; they sum to one.
    groups : ndarray of int of shape (n,) or None, default=None
        Posts that belong together.
    """

    mass: np.ndarray
    groups: np.ndarray | None = None

    @classmethod
    def of(
        cls, n: int, weights: np.ndarray | None = None, groups: np.ndarray | None = None
    ) -> Window:
        """Take posts with their weights.

        Parameters
        ----------
        n : int
            How many posts.
        weights : ndarray of shape (n,) or None, default=None
            Their weights.
        groups : ndarray of int of shape (n,) or None, default=None
            Posts that belong together.

        Returns
        -------
        Window
            Those that weigh something.
        """
        w = np.ones(n) if weights is None else weights
        return cls(w / w.sum(), groups)

    @property
    def squares(self) -> float:
        """One over the number of posts, if all weighed the same."""
        return float(self.mass @ self.mass)

    @property
    def freedom(self) -> float:
        """Degrees of freedom of a variance between groups; infinite where posts stand alone."""
        if self.groups is None:
            return np.inf
        return float(max(len(np.unique(self.groups[self.mass > 0])) - 1, 1))

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Average over posts.

        Parameters
        ----------
        values : ndarray of shape (n, …)
            Of each post.

        Returns
        -------
        ndarray of shape (…)
            The weighted mean.
        """
        return np.asarray(self.mass @ values)

    def per_post(self, influence: np.ndarray) -> float:
        """Give the variance of a mean over that of a single post.

        Parameters
        ----------
        influence : ndarray of shape (n,)
            What each post adds.

        Returns
        -------
        float
            One over the number of independent posts. Groups can make it larger than weights alone
            do, never smaller: of few groups likeness below chance is chance.
        """
        if self.groups is None:
            return self.squares
        part = self.mass * (influence - self.mass @ influence)
        alone = float(part @ part)
        groups = int(self.freedom) + 1
        if alone <= 1e-24:  # all alike: nobody knows how alike groups are
            return max(self.squares, 1 / groups)
        sums = cluster_sums(part, self.groups)
        together = float(sums @ sums) * groups / max(groups - 1, 1)
        return self.squares * max(together / alone, 1.0)


def cluster_sums(values: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    """Add up rows of each group.

    Parameters
    ----------
    values : ndarray of shape (n,) or (n, p)
        Of each row.
    groups : ndarray of int of shape (n,) or None
        Its group; None is one a row.

    Returns
    -------
    ndarray of shape (n_groups,) or (n_groups, p)
        The sums.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.clusters import cluster_sums
    >>> cluster_sums(np.array([1.0, 2.0, 4.0]), np.array([0, 1, 0])).tolist()
    [5.0, 2.0]
    """
    if groups is None:
        return values
    flat = values.reshape(len(values), -1)
    sums = np.zeros((int(groups.max()) + 1, flat.shape[1]))
    np.add.at(sums, groups, flat)
    return sums[:, 0] if values.ndim == 1 else sums


def checked_weights(given: Any, n: int) -> np.ndarray | None:
    """Check weights of rows.

    Parameters
    ----------
    given : array of shape (n,) or None
        Weights; None counts all alike.
    n : int
        How many rows there are.

    Returns
    -------
    ndarray of float of shape (n,) or None
        The same.

    Raises
    ------
    ValueError
        If they are none.

    Examples
    --------
    >>> from hybridsent._numerics.clusters import checked_weights
    >>> checked_weights([1, 2], 2).tolist()
    [1.0, 2.0]
    """
    if given is None:
        return None
    w = np.asarray(given, dtype=np.float64)
    if w.shape != (n,) or not np.isfinite(w).all() or (w < 0).any() or not w.sum() > 0:
        raise ValueError(
            f"The weights must be one number of at least 0 for each of {n} rows, not all 0. Got "
            f"the shape {w.shape}."
        )
    return w


def group_codes(groups: Any, n: int) -> np.ndarray | None:
    """Give each group of rows a number; a row without one is a group by itself.

    Parameters
    ----------
    groups : array of shape (n,) or None
        Groups; None and NaN are none.
    n : int
        How many rows there are.

    Returns
    -------
    ndarray of int of shape (n,) or None
        Number of the group of each row.

    Raises
    ------
    ValueError
        If they are not one a row.

    Examples
    --------
    >>> from hybridsent._numerics.clusters import group_codes
    >>> group_codes(["ann", "bob", "ann", None], 4).tolist()
    [0, 1, 0, 2]
    """
    if groups is None:
        return None
    import pandas as pd

    listed = groups.tolist() if hasattr(groups, "tolist") else list(groups)
    if len(listed) != n:
        raise ValueError(f"The groups must be one for each of {n} rows. Got {len(listed)}.")
    numbers: dict[str, int] = {}
    found = np.empty(n, dtype=np.int64)
    for i, name in enumerate(listed):
        nobody = pd.isna(name) is True  # of a tuple it is an array
        found[i] = numbers.setdefault(f"row {i}" if nobody else f"group {name}", len(numbers))
    return found
