"""Rows of a batch that differ from each other (layer L3)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hybridsent.active._pool import Pool

__all__ = ["Spread", "diverse"]

_CANDIDATES = 10  # times the batch: the most informative rows, among which a batch differs
_FEWEST = 50
_MOST = 1000  # rows of a batch that are made to differ


class Spread:
    """Spreads a batch over groups: none is asked twice before all were asked once.

    Parameters
    ----------
    groups : ndarray of int of shape (m,) or None
        Group of each candidate.
    m : int
        Candidates.
    """

    def __init__(self, groups: np.ndarray | None, m: int) -> None:
        self.free = np.ones(m, dtype=bool)
        self._codes = None if groups is None else np.unique(groups, return_inverse=True)[1]
        self._left = 0 if self._codes is None else np.bincount(self._codes)
        self._taken = np.zeros(np.shape(self._left), dtype=int)

    def allowed(self) -> np.ndarray:
        """Tell which candidates may be taken next.

        Returns
        -------
        ndarray of bool of shape (m,)
            Those that were not, of the groups from which fewest were.
        """
        if self._codes is None:
            return self.free
        open_groups = np.asarray(self._left > 0)
        if not open_groups.any():
            return self.free
        fewest = self._taken[open_groups].min()
        return np.asarray(self.free & (self._taken[self._codes] == fewest))

    def take(self, i: int) -> None:
        """Take a candidate.

        Parameters
        ----------
        i : int
            Which.
        """
        self.free[i] = False
        if self._codes is not None:
            self._taken[self._codes[i]] += 1
            self._left[self._codes[i]] -= 1  # type: ignore[index]


def diverse(
    scores: np.ndarray, rows: np.ndarray, pool: Pool, n: int, random: np.random.RandomState
) -> np.ndarray:
    """Take rows with high scores that differ from each other.

    The first is the one with the highest score. Each next one, among the candidates (ten times as
    many as are wanted, the highest scores first), has the largest product of its score's place and
    its distance from the nearest row that was taken; where groups are told, it is of one from which
    fewest were taken.

    Parameters
    ----------
    scores : ndarray of shape (m,)
        How informative each row is; NaN is last.
    rows : ndarray of int of shape (m,)
        Their positions in the pool.
    pool : Pool
        All rows.
    n : int
        How many to take.
    random : RandomState
        Breaks ties.

    Returns
    -------
    ndarray of int of shape (n,)
        Positions in the pool.
    """
    worth = np.where(np.isnan(scores), -np.inf, scores)
    order = np.lexsort((random.permutation(len(rows)), -worth))
    if n <= 1:
        return rows[order[:n]]
    near = order[: max(_CANDIDATES * min(n, _MOST), _FEWEST)]
    place = np.linspace(1.0, 0.1, len(near))  # of ranks: scores of strategies have no common scale
    place[np.isneginf(worth[near])] = 1e-6
    spread = Spread(None if pool.groups is None else pool.groups[rows[near]], len(near))
    values = pool.reduced[rows[near]]
    taken = list(_greedy(values, place, spread, min(n, _MOST)))
    chosen = near[taken]
    if len(chosen) < n:
        rest = order[~np.isin(order, chosen)]
        chosen = np.concatenate([chosen, rest[: n - len(chosen)]])
    return rows[chosen]


def _greedy(values: np.ndarray, place: np.ndarray, spread: Spread, n: int) -> Iterator[int]:
    lengths = np.einsum("ij,ij->i", values, values, dtype=np.float64)
    nearest = np.full(len(values), np.inf)
    for k in range(min(n, len(values))):
        gain = place if k == 0 else place * (np.sqrt(nearest) + 1e-9)
        i = int(np.argmax(np.where(spread.allowed(), gain, -1.0)))
        spread.take(i)
        yield i
        apart = lengths + lengths[i] - 2.0 * (values @ values[i])
        np.minimum(nearest, np.maximum(apart, 0.0), out=nearest)
