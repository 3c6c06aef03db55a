"""From a sequence of hidden vectors to one vector, or to `steps` of them (layer L2).

Padding must never leak into a vector: a mask or a list of true lengths decides what is pooled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["concatenated", "of_length_one", "pool", "positions_of", "segments"]


def pool(
    hidden: Any,
    lengths: Any,
    pooling: str,
    steps: int | None,
    *,
    starts: Any = None,
    totals: Any = None,
) -> Any:
    """Pool the first `lengths` vectors of each row.

    With ``steps=k`` a row of vectors is cut as `segments` says.

    Parameters
    ----------
    hidden : ndarray or tensor of shape (n, length, width)
        Hidden vectors, padded on the right.
    lengths : sequence of n int
        Number of true vectors of each row, at least 1.
    pooling : {"mean", "max", "cls"}
        ``"cls"`` takes the first vector.
    steps : int or None
        Number of segments; None pools the whole row.
    starts, totals : sequence of n int, default=None
        Where the rows are pieces of longer sequences: place of the first vector of each in its
        sequence, and the length of that. The pieces of a sequence then sum up to what pooling it
        whole would give; with ``"max"``, their maximum is that. ``"cls"`` weighs the first vector
        of each piece by its length.

    Returns
    -------
    ndarray or tensor of shape (n, steps or 1, width), float32
        The pooled vectors, of the kind of `hidden` and on its device.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.encoders._pooling import pool
    >>> hidden = np.array([[[1.0], [3.0], [99.0]]])
    >>> pool(hidden, [2], "mean", None).tolist()
    [[[2.0]]]
    >>> pool(hidden, [2], "max", 2).tolist()
    [[[1.0], [3.0]]]
    """
    lengths = np.asarray(lengths)
    starts = np.zeros_like(lengths) if starts is None else np.asarray(starts)
    totals = lengths if totals is None else np.asarray(totals)
    if pooling == "cls":
        first = _float32(hidden[:, :1])
        return first if totals is lengths else _weighted((lengths / totals)[:, None, None], first)
    inside, counts = _inside(lengths, hidden.shape[1], steps or 1, starts, totals)
    if pooling == "max":
        return _largest(_float32(hidden), inside)
    return _weighted(inside / counts[:, :, None], _float32(hidden))


def _weighted(weights: np.ndarray, hidden: Any) -> Any:
    """Sum vectors (n, length, width) by weights (n, count, length)."""
    weights = weights.astype(np.float32)
    if isinstance(hidden, np.ndarray):
        return np.einsum("nkl,nlw->nkw", weights, hidden)
    import torch

    return torch.from_numpy(weights).to(hidden.device) @ hidden


def segments(length: int, count: int) -> list[tuple[int, int]]:
    """Cut a sequence into segments: the one rule for tokens, patches, frames and items of a cell.

    It is that of ``torch.nn.functional.adaptive_avg_pool1d``: segment i of k holds the vectors
    floor(i L / k) to ceil((i + 1) L / k) of L, so no segment is empty, even when L < k.

    Parameters
    ----------
    length : int
        Vectors, at least 1.
    count : int
        Segments.

    Returns
    -------
    list of (int, int)
        First vector of each segment, and the one behind its last.

    Examples
    --------
    >>> from hybridsent.encoders._pooling import segments
    >>> segments(4, 2), segments(2, 3)
    ([(0, 2), (2, 4)], [(0, 1), (0, 2), (1, 2)])
    """
    return [(i * length // count, -(-(i + 1) * length // count)) for i in range(count)]


def positions_of(hidden: Any, pooling: str, steps: int | None) -> Any:
    """Pool all vectors of each row, which may stand in a map of two dimensions.

    Parameters
    ----------
    hidden : ndarray or tensor of shape (n, length, width) or (n, width, height, width of the map)
        Vectors of positions, or feature maps.
    pooling : {"mean", "max", "cls"}
        As in `pool`.
    steps : int or None
        As in `pool`; the positions of a map count in reading order.

    Returns
    -------
    ndarray or tensor of shape (n, steps or 1, width), float32
        The pooled vectors.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.encoders._pooling import positions_of
    >>> positions_of(np.arange(4.0).reshape(1, 1, 2, 2), "mean", None).tolist()
    [[[1.5]]]
    """
    if hidden.ndim == 4:
        hidden = hidden.reshape(*hidden.shape[:2], -1).swapaxes(1, 2)
    return pool(hidden, [hidden.shape[1]] * len(hidden), pooling, steps)


def of_length_one(vectors: Any) -> Any:
    """Divide vectors by their length.

    Parameters
    ----------
    vectors : ndarray or tensor of shape (..., width)
        The vectors; one of zeros stays.

    Returns
    -------
    ndarray or tensor of shape (..., width)
        Of the kind of `vectors`.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.encoders._pooling import of_length_one
    >>> of_length_one(np.array([[3.0, 4.0]])).tolist()
    [[0.6, 0.8]]
    """
    if isinstance(vectors, np.ndarray):
        return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
    return vectors / vectors.norm(dim=-1, keepdim=True).clamp_min(1e-12)


def concatenated(parts: Sequence[Any]) -> Any:
    """Join arrays, or tensors, along their first axis.

    Parameters
    ----------
    parts : sequence of ndarray, or of tensor
        At least one.

    Returns
    -------
    ndarray or tensor
        Of the kind of the parts.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.encoders._pooling import concatenated
    >>> concatenated([np.zeros((1, 2)), np.ones((2, 2))]).shape
    (3, 2)
    """
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    import torch

    return torch.cat(list(parts))


def _inside(
    lengths: np.ndarray, width: int, count: int, starts: np.ndarray, totals: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which vectors are in which segment: (n, count, width); and how many there are in each."""
    i, t = np.arange(count), np.arange(width)
    begins, ends = i * totals[:, None] // count, -(-(i + 1) * totals[:, None] // count)
    places = (starts[:, None] + t)[:, None]
    inside: np.ndarray = (places >= begins[..., None]) & (places < ends[..., None])
    inside &= (t < lengths[:, None])[:, None]
    return inside, ends - begins


def _largest(hidden: Any, inside: np.ndarray) -> Any:
    parts = range(inside.shape[1])
    if isinstance(hidden, np.ndarray):
        kept = [np.where(inside[:, k, :, None], hidden, -np.inf).max(1) for k in parts]
        return np.stack(kept, 1).astype(np.float32)
    import torch

    mask = torch.from_numpy(~inside).to(hidden.device)
    return torch.stack(
        [hidden.masked_fill(mask[:, k, :, None], -torch.inf).amax(1) for k in parts], 1
    )


def _float32(hidden: Any) -> Any:
    return hidden.astype(np.float32) if isinstance(hidden, np.ndarray) else hidden.float()
