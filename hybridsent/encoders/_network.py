"""What a loaded backbone must be able to do (layer L2).

One network serves all encoders of its (backbone, device, precision) in a process, so it holds no
option of theirs: what changes from encoder to encoder travels in `Options`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Network", "Options"]


@dataclass(frozen=True)
class Options:
    """What an encoder may ask of a network, beside the cell.

    Parameters
    ----------
    pooling : {"auto", "mean", "cls", "max"}, default="auto"
        How the vectors of tokens, patches or frames become one.
    layer : int, default=-1
        Which hidden layer to read; -1 is the last.
    steps : int, default=None
        Number of segments to pool separately; None for one vector.
    max_length : int, default=None
        Most tokens read of a text; None for what the model was trained with.
    """

    pooling: str = "auto"
    layer: int = -1
    steps: int | None = None
    max_length: int | None = None


class Network(ABC):
    """A loaded backbone.

    `prepare` runs in worker threads, one cell at a time; `finish` once per window of cells;
    `encode` on batches of similar cost. Only `encode` and `width` must be written.
    """

    @property
    @abstractmethod
    def width(self) -> int:
        """Features per vector."""

    def width_for(self, options: Options) -> int:
        """Features per vector where they depend on what is asked for (layer, pooling)."""
        return self.width

    def check(self, options: Options) -> None:  # noqa: B027 - most networks can do all that is asked
        """Refuse options that this network cannot serve (ValueError)."""

    def prepare(self, clean: Any, options: Options) -> Any:
        """Turn one clean object into an item; runs in worker threads."""
        return clean

    def finish(self, items: list[Any], options: Options) -> list[Any]:
        """Turn the items of a window into what `encode` takes, all at once (tokenise)."""
        return items

    def cost(self, item: Any) -> int:
        """Size of an item in the unit of `budget` (tokens, pictures, samples)."""
        return 1

    def group(self, item: Any) -> Hashable:
        """Items of different groups never share a batch."""
        return None

    @property
    def budget(self) -> int:
        """Largest sum of padded costs in an automatic batch."""
        return 32

    @abstractmethod
    def encode(self, batch: Sequence[Any], options: Options) -> np.ndarray:
        """Encode a batch: float32 array (n, steps or 1, width)."""
