"""Videos as several frames, for any network that reads pictures (layer L2).

A cell of an image view may be a video: its frames are prepared like pictures, and their vectors are
averaged. Networks that read videos as such are several times larger, and see little more in clips
of faces. No library serves: the pipelines of transformers give labels, not vectors.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hybridsent.encoders import _runtime
from hybridsent.encoders._items import mean_of
from hybridsent.encoders._network import Network, Options
from hybridsent.encoders._pooling import segments

__all__ = ["InFrames"]


@dataclass(frozen=True)
class _Frames:
    """A video: what the network takes of each frame."""

    items: list[Any]


class InFrames(Network):
    """A network that is given videos, as lists of pictures, beside pictures.

    The vector of a video is the mean of those of its frames, or with steps its frames are the
    segments, as the items of a cell of several are. A picture is what it is without.

    Parameters
    ----------
    inner : Network
        Reads each frame.
    """

    def __init__(self, inner: Network) -> None:
        self.inner = inner
        self.graphs = inner.graphs
        self.reads_pieces = inner.reads_pieces  # type: ignore[misc]  # as what it stands around
        self.name = getattr(inner, "name", type(inner).__name__)

    @property
    def width(self) -> int:
        """Features per vector."""
        return self.inner.width

    def width_for(self, options: Options) -> int:
        """Features per vector, where they depend on what is asked for."""
        return self.inner.width_for(options)

    def check(self, options: Options) -> None:
        """Refuse what the network refuses."""
        self.inner.check(options)

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

    def prepare(self, clean: Any, options: Options) -> Any:
        """Prepare a picture, or the frames of a video."""
        if not isinstance(clean, list):
            return self.inner.prepare(clean, options)
        return _Frames([self.inner.prepare(frame, _one(options)) for frame in clean])

    def finish(self, items: list[Any], options: Options) -> list[Any]:
        """Finish pictures and frames."""
        pictures = [item for item in items if not isinstance(item, _Frames)]
        frames = [one for item in items if isinstance(item, _Frames) for one in item.items]
        done = iter(self.inner.finish(pictures, options) if pictures else [])
        of_videos = iter(self.inner.finish(frames, _one(options)) if frames else [])
        return [
            _Frames([next(of_videos) for _ in item.items])
            if isinstance(item, _Frames)
            else next(done)
            for item in items
        ]

    def cost(self, item: Any) -> int:
        """Size of an item."""
        return sum(map(self.inner.cost, item.items if isinstance(item, _Frames) else [item]))

    def group(self, item: Any) -> Hashable:
        """Tell which items may share a batch."""
        return "videos" if isinstance(item, _Frames) else self.inner.group(item)

    def encode(self, batch: Sequence[Any], options: Options) -> np.ndarray:
        """Encode pictures, or the frames of videos."""
        if not isinstance(batch[0], _Frames):
            return self.inner.encode(batch, options)
        frames = [one for video in batch for one in video.items]
        rows: dict[int, np.ndarray] = {}
        for some in _runtime.batches(self.inner, frames, "auto"):
            vectors = _runtime.encode_batch(self.inner, [frames[i] for i in some], _one(options))
            rows.update(zip(some, vectors[:, 0], strict=True))
        vectors = np.stack([rows[i] for i in range(len(frames))])
        ends = np.cumsum([len(video.items) for video in batch])
        count = options.steps or 1
        return np.stack([_means(part, count) for part in np.split(vectors, ends[:-1])])


def _means(vectors: np.ndarray, count: int) -> np.ndarray:
    """Average the vectors of a video in so many segments."""
    parts = [np.arange(*part)[None] for part in segments(len(vectors), count)]
    return np.concatenate([mean_of(vectors, part, np.ones(part.shape)) for part in parts])


def _one(options: Options) -> Options:
    """Of a frame one vector is asked for, in the space of segments where these are asked for."""
    return replace(options, steps=None if options.steps is None else 1)
