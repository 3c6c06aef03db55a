"""Long sounds in windows, for any network that reads sounds (layer L2).

A clip is cut into windows of nearly one length, none longer than asked for: a crumb at the end
would say little and be too short for some models.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from hybridsent.encoders._network import Network, Options
from hybridsent.encoders._parts_of_cells import InParts, Parts

__all__ = ["InWindows"]

_RATE = 16_000  # what media.load_audio gives


class InWindows(InParts):
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
        super().__init__(inner)
        self.longest = round(seconds * _RATE)

    def whole(self, options: Options) -> Options:
        """Leave out what says how long clips are read, which the network need not know."""
        return replace(options, long="cut", window_seconds=None)

    def prepare(self, clean: Any, options: Options) -> Any:
        """Cut a clip, and prepare its windows."""
        if len(clean) <= self.longest:
            return self.inner.prepare(clean, self.whole(options))
        cell = Parts([])
        for number, segment in enumerate(np.array_split(clean, options.steps or 1)):
            for window in np.array_split(segment, max(1, -(-len(segment) // self.longest))):
                cell.items.append(self.inner.prepare(window, self.one(options)))
                cell.segments.append(number)
                cell.sizes.append(len(window))
        return cell

    def join(self, cell: Parts, vectors: np.ndarray, options: Options) -> np.ndarray:
        """Join the vectors of the windows of each segment of a clip, by their samples."""
        segments, samples = np.array(cell.segments), np.array(cell.sizes)
        rows = []
        for number in range(segments[-1] + 1):
            inside = segments == number
            if options.pooling == "max":
                rows.append(vectors[inside].max(axis=0))
            else:
                rows.append(np.average(vectors[inside].astype(np.float64), 0, samples[inside]))
        return np.stack(rows)
