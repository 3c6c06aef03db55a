"""Views as tensors: their segments, and their dropping in training (layer L3)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent.views import step_of

if TYPE_CHECKING:
    import torch

__all__ = ["Shapes", "segments", "view_network"]

Shapes = Sequence[tuple[int, int]]


@cache  # classes cannot be made before torch is imported
def view_network() -> Any:
    """Give the base class of the networks; a subclass writes ``fuse(views, present)``.

    ``views`` are tensors of shape (rows, segments, width); ``present``, of shape (rows, views),
    tells which of them count. In training each view of a row is dropped at a rate, but never all.
    """
    import torch

    class ViewNetwork(torch.nn.Module):
        def __init__(self, shapes: Shapes, rate: float, generator: torch.Generator | None) -> None:
            super().__init__()
            self.shapes = shapes
            self.rate = rate
            self.generator = generator

        def forward(self, x: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
            if self.training and self.rate > 0:
                present = self._drop(present)
            parts = torch.split(x, [steps * width for steps, width in self.shapes], dim=1)
            views = [
                torch.reshape(part, (-1, *shape))
                for part, shape in zip(parts, self.shapes, strict=True)
            ]
            logits: torch.Tensor = self.fuse(views, present)
            return logits

        def _drop(self, present: torch.Tensor) -> torch.Tensor:
            draws = torch.rand(present.shape, generator=self.generator, device=present.device)
            draws = draws.masked_fill(~present, -1)
            luckiest = draws == draws.amax(dim=1, keepdim=True)
            return present & ((draws >= self.rate) | luckiest)

        def fuse(self, views: list[torch.Tensor], present: torch.Tensor) -> torch.Tensor:
            raise NotImplementedError

    return ViewNetwork


def segments(estimator: Any, positions: np.ndarray) -> np.ndarray:
    """Arrange the columns of a view by segment.

    Parameters
    ----------
    estimator : estimator
        With the names of the columns, where they had names.
    positions : ndarray of int
        Columns of the view.

    Returns
    -------
    ndarray of int of shape (n_segments, width)
        The columns, segments in order; one row where the names tell of no segments.

    Raises
    ------
    ValueError
        If segments have different numbers of columns.
    """
    names: Any = getattr(estimator, "feature_names_in_", None)
    found: dict[int | None, list[int]] = {}
    for position in positions.tolist():
        found.setdefault(None if names is None else step_of(names[position]), []).append(position)
    widths = {step: len(columns) for step, columns in found.items()}
    if len(set(widths.values())) > 1 or (None in found and len(found) > 1):
        raise ValueError(
            "All segments of a view must have the same number of columns. Got, for the view of "
            f"{names[positions[0]]!r}, columns by segment {widths} (None: names without a segment)."
        )
    return np.array([found[step] for step in sorted(found, key=lambda step: step or 0)])
