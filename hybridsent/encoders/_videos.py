"""Videos as several frames, for any network that reads pictures (layer L2).

A cell of an image view may be a video: its frames are prepared like pictures, and their vectors are
averaged. Networks that read videos as such are several times larger, and see little more in clips
of faces.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hybridsent.encoders._items import mean_of
from hybridsent.encoders._network import Network, Options
from hybridsent.encoders._parts_of_cells import InParts, Parts
from hybridsent.encoders._pooling import segments

__all__ = ["InFrames"]


class InFrames(InParts):
    """A network that is given videos, as lists of pictures, beside pictures.

    The vector of a video is the mean of those of its frames, or with steps its frames are the
    segments, as the items of a cell of several are. A picture is what it is without.

    Parameters
    ----------
    inner : Network
        Reads each frame.
    """

    def __init__(self, inner: Network) -> None:
        super().__init__(inner)
        self.reads_pieces = inner.reads_pieces  # type: ignore[misc]  # as what it stands around

    def prepare(self, clean: Any, options: Options) -> Any:
        """Prepare a picture, or the frames of a video."""
        if not isinstance(clean, list):
            return self.inner.prepare(clean, options)
        return Parts([self.inner.prepare(frame, self.one(options)) for frame in clean])

    def join(self, cell: Parts, vectors: np.ndarray, options: Options) -> np.ndarray:
        """Average the vectors of a video in as many segments as steps are asked for."""
        parts = [np.arange(*part)[None] for part in segments(len(vectors), options.steps or 1)]
        return np.concatenate([mean_of(vectors, part, np.ones(part.shape)) for part in parts])
