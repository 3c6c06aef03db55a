"""Networks that are given a cell in parts: long sounds in windows, videos in frames (layer L2).

Such a network stands around any other of its modality. What is one part is what it is without;
of the others the parts are prepared, encoded in batches, and their vectors joined. No library
serves: the pipelines of transformers give labels, not vectors.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from hybridsent.encoders import _runtime
from hybridsent.encoders._network import Network, Options

__all__ = ["InParts", "Parts"]


@dataclass(frozen=True)
class Parts:
    """A cell in parts.

    Parameters
    ----------
    items : list
        What the network takes of each part.
    segments, sizes : list of int, default=[]
        In which segment each part is, and how much it counts, where that is told by `prepare`.
    """

    items: list[Any]
    segments: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)


class InParts(Network):
    """A network that is given some cells in parts.

    Parameters
    ----------
    inner : Network
        Reads each part.
    """

    def __init__(self, inner: Network) -> None:
        self.inner = inner
        self.graphs = inner.graphs
        self.name = getattr(inner, "name", type(inner).__name__)

    @abstractmethod
    def join(self, cell: Parts, vectors: np.ndarray, options: Options) -> np.ndarray:
        """Join the vectors of the parts of a cell.

        Parameters
        ----------
        cell : Parts
            The cell.
        vectors : ndarray of shape (parts, width)
            A vector for each part.
        options : Options
            What is asked for.

        Returns
        -------
        ndarray of shape (steps or 1, width)
            The vectors of the cell.
        """

    def whole(self, options: Options) -> Options:
        """Say what is asked of the network where a cell is one part."""
        return options

    def one(self, options: Options) -> Options:
        """Ask for one vector a part, in the space of segments where these are asked for."""
        return replace(self.whole(options), steps=None if options.steps is None else 1)

    @property
    def width(self) -> int:
        """Features per vector."""
        return self.inner.width

    def width_for(self, options: Options) -> int:
        """Features per vector, where they depend on what is asked for."""
        return self.inner.width_for(self.whole(options))

    def check(self, options: Options) -> None:
        """Refuse what the network refuses."""
        self.inner.check(self.whole(options))

    @property
    def budget(self) -> int:
        """Largest sum of costs in an automatic batch."""
        return self.inner.budget

    @property
    def lanes(self) -> int:
        """Batches that may be encoded at the same time."""
        return self.inner.lanes

    @property
    def shorter_side(self) -> int | None:
        """What pictures are shrunk to."""
        return self.inner.shorter_side

    def finish(self, items: list[Any], options: Options) -> list[Any]:
        """Finish cells of one part, and the parts of the others."""
        whole = [item for item in items if not isinstance(item, Parts)]
        parts = [one for item in items if isinstance(item, Parts) for one in item.items]
        of_cells = iter(self.inner.finish(whole, self.whole(options)) if whole else [])
        of_parts = iter(self.inner.finish(parts, self.one(options)) if parts else [])
        return [
            replace(item, items=[next(of_parts) for _ in item.items])
            if isinstance(item, Parts)
            else next(of_cells)
            for item in items
        ]

    def cost(self, item: Any) -> int:
        """Size of an item."""
        return sum(map(self.inner.cost, item.items if isinstance(item, Parts) else [item]))

    def group(self, item: Any) -> Hashable:
        """Tell which items may share a batch."""
        return "parts" if isinstance(item, Parts) else self.inner.group(item)

    def encode(self, batch: Sequence[Any], options: Options) -> np.ndarray:
        """Encode cells of one part, or the parts of cells of several."""
        if not isinstance(batch[0], Parts):
            return self.inner.encode(batch, self.whole(options))
        vectors = self._vectors([one for cell in batch for one in cell.items], self.one(options))
        ends = np.cumsum([len(cell.items) for cell in batch])
        rows = np.split(vectors, ends[:-1])
        joined = [self.join(cell, some, options) for cell, some in zip(batch, rows, strict=True)]
        return np.stack(joined).astype(np.float32, copy=False)

    def _vectors(self, parts: Sequence[Any], options: Options) -> np.ndarray:
        """Encode parts in batches: (parts, width)."""
        rows: dict[int, np.ndarray] = {}
        for some in _runtime.batches(self.inner, parts, "auto"):
            vectors = _runtime.encode_batch(self.inner, [parts[i] for i in some], options)
            rows.update(zip(some, vectors[:, 0], strict=True))
        return np.stack([rows[i] for i in range(len(parts))])
