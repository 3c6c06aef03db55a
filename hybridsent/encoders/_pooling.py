"""From a sequence of hidden vectors to one vector, or to `steps` of them (layer L2).

Padding must never leak into a vector: a mask or a list of true lengths decides what is pooled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["concatenated", "of_length_one", "pool", "positions_of", "segments"]


def pool(hidden: Any, lengths: Any, pooling: str, steps: int | None) -> Any:
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
    if pooling == "cls":
        return _float32(hidden[:, :1])
    inside = _inside(np.asarray(lengths)[:, None], hidden.shape[1], steps or 1)
    if pooling == "max":
        return _largest(_float32(hidden), inside)
    weights = (inside / inside.sum(2, keepdims=True)).astype(np.float32)
    if isinstance(hidden, np.ndarray):
        return np.einsum("nkl,nlw->nkw", weights, _float32(hidden))
    import torch

    return torch.from_numpy(weights).to(hidden.device) @ _float32(hidden)


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


def _inside(lengths: np.ndarray, width: int, count: int) -> np.ndarray:
    """Which vectors are in which segment: (n, count, width), lengths (n, 1)."""
    i, t = np.arange(count), np.arange(width)
    starts, ends = i * lengths // count, -(-(i + 1) * lengths // count)
    inside: np.ndarray = (t >= starts[..., None]) & (t < ends[..., None])
    return inside


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
