"""Where a video cuts from one scene to the next (layer L1).

Why by hand: PySceneDetect opens files by itself, through OpenCV, and with none of our limits. What
is measured is simple: how much small grey frames differ on average.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent.media._container import opened_container
from hybridsent.media._container_frames import Times, evenly, stream_of

if TYPE_CHECKING:
    import os

__all__ = ["cuts_of", "scenes"]

_SIDE = 32  # pixels of the small frames
_GAP = 0.25  # seconds between them, or more, so that they are
_MOST_LOOKS = 9600  # at most
_CUT = 0.12  # of 1
_MOST_SCENES = 32


def cuts_of(
    source: bytes | str | os.PathLike[str], name: str, times: Times, max_pixels: int
) -> list[int]:
    """Choose the frame in the middle of each scene.

    Parameters
    ----------
    source : bytes, str or os.PathLike
        The content of the video, or its path.
    name : str
        Of its demuxer.
    times : Times
        Of its packets.
    max_pixels : int
        Largest width times height.

    Returns
    -------
    list of int
        Times, in order.
    """
    shown = sorted(set(times.shown))
    span = (shown[-1] - shown[0]) * times.unit
    gap = max(_GAP, span / _MOST_LOOKS) / times.unit
    looks: list[tuple[int, np.ndarray]] = []
    with opened_container(source, name) as opened:
        stream = stream_of(opened, max_pixels)
        for number, frame in enumerate(_decoded(opened, stream)):
            time = number if not times.told or frame.pts is None else frame.pts
            if not looks or time >= looks[-1][0] + gap:
                looks.append((time, _small(frame)))
    return scenes(shown, looks)


def _decoded(opened: Any, stream: Any) -> Any:
    import av

    for packet in opened.file.demux(stream):
        try:
            yield from packet.decode()
        except av.error.FFmpegError:  # those that are wanted are decoded again, and then count
            continue


def _small(frame: Any) -> np.ndarray:
    grey = frame.reformat(width=_SIDE, height=_SIDE, format="gray", interpolation="AREA")
    return np.asarray(grey.to_ndarray(), dtype=np.int16)


def scenes(shown: list[int], looks: list[tuple[int, np.ndarray]]) -> list[int]:
    """Choose the middle of each scene, where small frames differ from those before.

    Parameters
    ----------
    shown : list of int
        Times of all frames, in order.
    looks : list of (int, ndarray)
        Times of some, and small grey frames.

    Returns
    -------
    list of int
        One time a scene, at most 32 scenes: those of the strongest cuts.

    Examples
    --------
    >>> dark, bright = np.zeros((2, 2)), np.full((2, 2), 255)
    >>> scenes(list(range(8)), [(0, dark), (2, dark), (4, bright), (6, bright)])
    [2, 6]
    """
    strength = [
        (float(np.abs(after - before).mean()) / 255, time)
        for (_, before), (time, after) in pairwise(looks)
    ]
    found = sorted((each for each in strength if each[0] > _CUT), reverse=True)
    borders = sorted(time for _, time in found[: _MOST_SCENES - 1])
    edges = [shown[0], *borders, shown[-1] + 1]
    middles = []
    for begin, end in pairwise(edges):
        inside = [time for time in shown if begin <= time < end]
        middles += evenly(inside, 1)
    return middles
