"""From a sequence of hidden vectors to one vector, or to `steps` of them (layer L2).

Padding must never leak into a vector: a mask or a list of true lengths decides what is pooled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

__all__ = ["pool"]


def pool(
    hidden: torch.Tensor, lengths: torch.Tensor, pooling: str, steps: int | None
) -> torch.Tensor:
    """Pool the first `lengths` vectors of each row.

    With ``steps=k`` a row of L vectors is cut like ``torch.nn.functional.adaptive_avg_pool1d``
    does: segment i holds the vectors floor(i L / k) to ceil((i + 1) L / k), so no segment is empty,
    even when L < k.

    Parameters
    ----------
    hidden : tensor of shape (n, length, width)
        Hidden vectors, padded on the right.
    lengths : integer tensor of shape (n,)
        Number of true vectors of each row, at least 1.
    pooling : {"mean", "max", "cls"}
        ``"cls"`` takes the first vector.
    steps : int or None
        Number of segments; None pools the whole row.

    Returns
    -------
    tensor of shape (n, steps or 1, width), float32
        The pooled vectors.

    Examples
    --------
    >>> import torch
    >>> from hybridsent.encoders._pooling import pool
    >>> hidden = torch.tensor([[[1.0], [3.0], [99.0]]])
    >>> pool(hidden, torch.tensor([2]), "mean", None).tolist()
    [[[2.0]]]
    >>> pool(hidden, torch.tensor([2]), "max", 2).tolist()
    [[[1.0], [3.0]]]
    """
    import torch

    hidden = hidden.float()
    if pooling == "cls":
        return hidden[:, :1]
    count = steps or 1
    i = torch.arange(count, device=hidden.device)
    length = lengths[:, None]
    starts = torch.div(i * length, count, rounding_mode="floor")  # (n, count)
    ends = torch.div((i + 1) * length + count - 1, count, rounding_mode="floor")
    t = torch.arange(hidden.shape[1], device=hidden.device)
    inside = (t >= starts[..., None]) & (t < ends[..., None])  # (n, count, length)
    if pooling == "mean":
        weights = inside / (ends - starts)[..., None]
        return weights @ hidden
    kept = [hidden.masked_fill(~inside[:, k, :, None], -torch.inf).amax(1) for k in range(count)]
    return torch.stack(kept, 1)
