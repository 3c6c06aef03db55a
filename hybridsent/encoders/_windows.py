"""Long sounds in windows, for any network that reads sounds (layer L2).

A clip is cut into windows of nearly one length, none longer than asked for: a crumb at the end
would say little and be too short for some models. No library serves: the pipelines of transformers
stride over a sound to join words, not vectors.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hybridsent.encoders import _runtime
from hybridsent.encoders._network import Network, Options

__all__ = ["InWindows"]

_RATE = 16_000  # what media.load_audio gives


@dataclass(frozen=True)
class _Cut:
    """A long clip: what the network takes of each window, in which segment it is, its samples."""

    items: list[Any]
    segments: list[int]
    samples: list[int]


class InWindows(Network):
    """A network that is given a long clip in windows.

    The vector of a clip is the mean of those of its windows, weighted by their duration (with
    ``pooling="max"`` the maximum). With steps, each segment of the clip is read so. A clip that is
    no longer than a window is what it is without.

    Parameters
    ----------
    inner : Network
        Reads each window.
    seconds : float
        The longest window.
    """

    reads_pieces = True

    def __init__(self, inner: Network, seconds: float) -> None:
        self.inner = inner
        self.longest = round(seconds * _RATE)
        self.graphs = inner.graphs
        self.name = getattr(inner, "name", type(inner).__name__)

    @property
    def width(self) -> int:
        """Features per vector."""
        return self.inner.width

    def width_for(self, options: Options) -> int:
        """Features per vector, where they depend on what is asked for."""
        return self.inner.width_for(_whole(options))

    def check(self, options: Options) -> None:
        """Refuse what the network refuses."""
        self.inner.check(_whole(options))

    @property
    def budget(self) -> int:
        """Largest sum of costs in an automatic batch."""
        return self.inner.budget

    @property
    def lanes(self) -> int:
        """Batches that may be encoded at the same time."""
        return self.inner.lanes

    def prepare(self, clean: Any, options: Options) -> Any:
        """Cut a clip, and prepare its windows."""
        if len(clean) <= self.longest:
            return self.inner.prepare(clean, _whole(options))
        items, segments, samples = [], [], []
        for number, segment in enumerate(np.array_split(clean, options.steps or 1)):
            for window in np.array_split(segment, max(1, -(-len(segment) // self.longest))):
                items.append(self.inner.prepare(window, _one(options)))
                segments.append(number)
                samples.append(len(window))
        return _Cut(items, segments, samples)

    def finish(self, items: list[Any], options: Options) -> list[Any]:
        """Finish whole clips and windows."""
        whole = [item for item in items if not isinstance(item, _Cut)]
        windows = [one for item in items if isinstance(item, _Cut) for one in item.items]
        of_clips = iter(self.inner.finish(whole, _whole(options)) if whole else [])
        of_windows = iter(self.inner.finish(windows, _one(options)) if windows else [])
        return [
            replace(item, items=[next(of_windows) for _ in item.items])
            if isinstance(item, _Cut)
            else next(of_clips)
            for item in items
        ]

    def cost(self, item: Any) -> int:
        """Size of an item."""
        return sum(map(self.inner.cost, item.items if isinstance(item, _Cut) else [item]))

    def group(self, item: Any) -> Hashable:
        """Tell which items may share a batch."""
        return "windows" if isinstance(item, _Cut) else self.inner.group(item)

    def encode(self, batch: Sequence[Any], options: Options) -> np.ndarray:
        """Encode clips, or the windows of long ones."""
        if not isinstance(batch[0], _Cut):
            return self.inner.encode(batch, _whole(options))
        windows = [one for clip in batch for one in clip.items]
        vectors = self._vectors(windows, _one(options))
        ends = np.cumsum([len(clip.items) for clip in batch])
        parts = np.split(vectors, ends[:-1])
        largest = options.pooling == "max"
        joined = [_joined(clip, rows, largest) for clip, rows in zip(batch, parts, strict=True)]
        return np.stack(joined).astype(np.float32)

    def _vectors(self, windows: Sequence[Any], options: Options) -> np.ndarray:
        """Encode windows in batches: (windows, width)."""
        rows: dict[int, np.ndarray] = {}
        for some in _runtime.batches(self.inner, windows, "auto"):
            vectors = _runtime.encode_batch(self.inner, [windows[i] for i in some], options)
            rows.update(zip(some, vectors[:, 0], strict=True))
        return np.stack([rows[i] for i in range(len(windows))])


def _joined(clip: _Cut, vectors: np.ndarray, largest: bool) -> np.ndarray:
    """Join the vectors of the windows of each segment of a clip."""
    segments, samples = np.array(clip.segments), np.array(clip.samples)
    rows = []
    for number in range(segments[-1] + 1):
        inside = segments == number
        if largest:
            rows.append(vectors[inside].max(axis=0))
        else:
            rows.append(np.average(vectors[inside].astype(np.float64), 0, samples[inside]))
    return np.stack(rows)


def _whole(options: Options) -> Options:
    return replace(options, long="cut", window_seconds=None)


def _one(options: Options) -> Options:
    """Of a window one vector is asked for, in the space of segments where these are asked for."""
    return replace(_whole(options), steps=None if options.steps is None else 1)
