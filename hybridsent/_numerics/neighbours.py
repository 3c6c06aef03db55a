"""The nearest rows of each row: exact, in blocks, by products of matrices (layer L0).

scikit-learn's NearestNeighbors (``"brute"``) is exact, too, but multiplies in float64 whatever the
rows are, and keeps a heap of each row: 1.2 times the processor time at 10,000 rows of 384 columns
(benchmarks/label_graph.py). Libraries of approximate neighbours (pynndescent, hnswlib) miss some,
and with several threads find others each time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Neighbours", "nearest", "nearest_others"]

_BLOCK = 32_000_000  # entries of a block of similarities: 128 MB in float32
_SPARE = 8  # more candidates than asked for, so that rounding of float32 loses none
_MOST_ASKED = 4096  # rows of a block
_GATHERED = 131_072  # numbers of candidates that are compared in float64 at once: 1 MB, in cache


class Neighbours(NamedTuple):
    """The nearest rows of each row.

    Parameters
    ----------
    rows : ndarray of int of shape (n, k)
        Positions, nearest first.
    distances : ndarray of float64 of shape (n, k)
        Euclidean distances.
    """

    rows: np.ndarray
    distances: np.ndarray


def nearest(rows: np.ndarray, among: np.ndarray, k: int) -> Neighbours:
    r"""Find the k rows that are nearest to each row, in Euclidean distance.

    :math:`|x - z|^2 = |x|^2 - 2 x^\top z + |z|^2` of all pairs is computed in float32, block by
    block, and the distances to the best candidates once more in float64, by which they are ordered;
    of equal candidates the first row is taken. So the neighbours of a row do not depend on the rows
    beside it.

    Parameters
    ----------
    rows : ndarray of shape (n, p)
        The rows that ask.
    among : ndarray of shape (m, p)
        The rows that are found.
    k : int
        How many; at most m are given.

    Returns
    -------
    Neighbours
        Positions in `among`, and distances.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.neighbours import nearest
    >>> found = nearest(np.array([[0.0], [9.0]]), np.array([[1.0], [8.0], [5.0]]), 2)
    >>> found.rows.tolist(), found.distances.tolist()
    ([[0, 2], [1, 2]], [[1.0, 5.0], [1.0, 4.0]])
    """
    k = min(k, len(among))
    index = np.empty((len(rows), k), dtype=np.int64)
    distance = np.empty((len(rows), k))
    if not len(rows) or not k:
        return Neighbours(index, distance)
    centre = among.mean(axis=0, dtype=np.float64)  # near zero float32 has the most digits
    low = np.ascontiguousarray(among - centre, dtype=np.float32)
    squares = np.einsum("ij,ij->i", low, low)
    step = max(1, min(_BLOCK // len(among), _MOST_ASKED, len(rows)))
    scores = np.empty((step, len(among)), dtype=np.float32)  # new pages for each block cost more
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        asked = rows[part] - centre
        near = _candidates(asked.astype(np.float32), low, squares, k + _SPARE, scores)
        index[part], distance[part] = _exact(rows[part], among, near, k)
    return Neighbours(index, distance)


def nearest_others(rows: np.ndarray, k: int) -> Neighbours:
    """Find the k other rows that are nearest to each row.

    Parameters
    ----------
    rows : ndarray of shape (n, p)
        The rows.
    k : int
        How many; at most n - 1 are given.

    Returns
    -------
    Neighbours
        Positions, and distances; a row is not its own neighbour, but one that is equal to it is.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.neighbours import nearest_others
    >>> nearest_others(np.array([[0.0], [1.0], [5.0]]), 1).rows.ravel().tolist()
    [1, 0, 1]
    """
    n = len(rows)
    k = min(k, n - 1)
    found = nearest(rows, rows, k + 1)
    # of many equal rows it may not be among its own nearest: then the last one goes
    own = found.rows == np.arange(n)[:, None]
    own[~own.any(axis=1), -1] = True
    index = found.rows[~own].reshape(n, k)
    return Neighbours(index, found.distances[~own].reshape(n, k))


def _candidates(
    rows: np.ndarray, among: np.ndarray, squares: np.ndarray, k: int, scores: np.ndarray
) -> np.ndarray:
    """Give the positions of the smallest distances of each row, in no order."""
    if k >= len(among):
        return np.tile(np.arange(len(among)), (len(rows), 1))
    scores = np.matmul(2 * rows, among.T, out=scores[: len(rows)])
    scores -= squares
    import torch

    return np.asarray(torch.topk(torch.from_numpy(scores), k, dim=1, sorted=False).indices.numpy())


def _exact(
    rows: np.ndarray, among: np.ndarray, near: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Order candidates by their distances in float64, and give the first k."""
    near = np.sort(near, axis=1)
    squares = np.empty(near.shape)
    step = max(1, _GATHERED // max(1, near.shape[1] * rows.shape[1]))
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        apart = np.subtract(among[near[part]], rows[part, None, :], dtype=np.float64)
        squares[part] = np.einsum("ijk,ijk->ij", apart, apart)
    order = np.argsort(squares, axis=1, kind="stable")[:, :k]
    taken = np.take_along_axis(near, order, axis=1)
    return taken, np.sqrt(np.take_along_axis(squares, order, axis=1))
