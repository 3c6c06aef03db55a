"""A recording in windows: sound and frames of each, a few held at a time (layer L7).

Windows begin at every multiple of the hop, and are whole; where the recording ends within a hop,
one more ends with it, so that nothing is unheard. A recording that is shorter than a window is one.
Frames are those in the middle of equal parts of time that are the same for all windows, so that
windows that overlap have the same frames, which are decoded and encoded once.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hybridsent.exceptions import MediaError
from hybridsent.media._streams import Pictures, iter_sound, tracks_of

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["RATE", "Recording", "Window", "frame_step"]

RATE = 16_000
"""Samples a second, as all encoders of sound read them."""

_LITTLE = 0.01  # of a hop: what is left at the end and is no window
_Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Window:
    """A window of a recording.

    Parameters
    ----------
    start, end : float
        Seconds.
    sound : ndarray of shape (n,), float32, or None
        Its samples; None where there are none, or all are equal.
    frames : list of PIL.Image.Image, default=[]
        Its frames; empty where there are none.
    """

    start: float
    end: float
    sound: _Samples | None
    frames: list[Image] = field(default_factory=list)


def frame_step(window: float, hop: float, frame_rate: float) -> float:
    """Give the time from one frame to the next, of which a hop is a multiple.

    Parameters
    ----------
    window, hop : float
        Seconds.
    frame_rate : float
        Frames a second that are asked for, about.

    Returns
    -------
    float
        Seconds; each window has one frame at least.

    Examples
    --------
    >>> from hybridsent.timeline._windows import frame_step
    >>> frame_step(4.0, 1.0, 1.0), frame_step(4.0, 1.0, 0.1), frame_step(4.0, 4.0, 2.0)
    (1.0, 1.0, 0.5)
    """
    return hop / max(1, round(hop * frame_rate))


class Recording:
    """A file that is read window by window.

    Parameters
    ----------
    path : str or os.PathLike
        A sound or a video.
    window, hop : float
        Seconds.
    frame_rate : float or None
        Frames a second that are read, about; None reads none.
    channel : int or None
        Which channel is heard; None is the mean of all.
    shorter_side : int or None
        What frames will be shrunk to.
    keep_going : bool
        Whether a file that is broken is read as far as it goes.

    Attributes
    ----------
    seconds : float
        How long it is; known once all windows were given.
    broken : str
        What is wrong with it, and from when on; empty where nothing is.

    Raises
    ------
    MediaError
        If the file cannot be opened, or has neither sound nor pictures.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        window: float,
        hop: float,
        frame_rate: float | None,
        channel: int | None,
        shorter_side: int | None,
        keep_going: bool,
    ) -> None:
        self.path = Path(path)
        self.window, self.hop, self.channel = window, hop, channel
        self.tracks = tracks_of(path)
        self._keep_going = keep_going
        self.seconds, self.broken = 0.0, ""
        self._step = None if frame_rate is None else frame_step(window, hop, frame_rate)
        self._pictures: Pictures | None = None
        if self.tracks.pictures:
            try:
                self._pictures = Pictures(path, shorter_side=shorter_side)
            except MediaError as error:
                if not (keep_going and self.tracks.sound):
                    raise
                self.broken = f"its pictures: {error}"
        if not (self.tracks.sound or self._pictures):
            raise MediaError(f"{self.path.name!r} has neither sound nor moving pictures")

    def windows(self) -> Iterator[Window]:
        """Give the windows one by one; no more than one of sound is held.

        Yields
        ------
        Window
            In order of time.

        Raises
        ------
        MediaError
            If the file is damaged or cut off, unless it is read as far as it goes.
        """
        sound = _Sound(self._pieces())
        frames = _Frames(self._frames())
        filmed = 0.0 if self._pictures is None else self._pictures.seconds
        number, last_end = 0, 0.0
        while True:
            start = number * self.hop
            end = start + self.window
            sound.read_to(end)
            if sound.ended and end > max(sound.seconds, filmed) + 1e-6:
                break
            yield self._window(start, end, sound, frames)
            number, last_end = number + 1, end
        self.seconds = max(sound.seconds, filmed)
        if self.seconds - last_end > _LITTLE * self.hop:
            start = max(0.0, self.seconds - self.window)
            yield self._window(start, self.seconds, sound, frames)

    def sound(self) -> Iterator[_Samples]:
        """Give the sound alone, in pieces.

        Yields
        ------
        ndarray of shape (n,), float32
            The next samples.
        """
        yield from self._pieces()

    def _window(self, start: float, end: float, sound: _Sound, frames: _Frames) -> Window:
        return Window(start, end, sound.between(start, end), frames.between(start, end))

    def _pieces(self) -> Iterator[_Samples]:
        if not self.tracks.sound:
            return
        done = 0
        try:
            for piece in iter_sound(self.path, sampling_rate=RATE, channel=self.channel):
                yield piece
                done += len(piece)
        except MediaError as error:
            told = f"after {done / RATE:.1f} s of sound: {error}"
            if not self._keep_going:
                raise MediaError(f"{self.path.name!r} cannot be read {told}") from error
            self.broken = told

    def _frames(self) -> Iterator[tuple[float, Image]]:
        if self._step is None or self._pictures is None:
            return
        at = 0.0
        try:
            for middle, picture in self._pictures.every(self._step):
                yield middle, picture
                at = middle
        except MediaError as error:
            told = f"after {at:.1f} s of pictures: {error}"
            if not self._keep_going:
                raise MediaError(f"{self.path.name!r} cannot be read {told}") from error
            self.broken = told


class _Sound:
    """The samples that the next windows need."""

    def __init__(self, pieces: Iterator[_Samples]) -> None:
        self._pieces = pieces
        self._held: deque[_Samples] = deque()
        self._first = self._last = 0  # samples before those that are held, and with them
        self.ended = False

    @property
    def seconds(self) -> float:
        """How much was read; all of it, once it has ended."""
        return self._last / RATE

    def read_to(self, end: float) -> None:
        """Read until a time, or the end."""
        while not self.ended and self._last < round(end * RATE):
            piece = next(self._pieces, None)
            if piece is None:
                self.ended = True
            else:
                self._held.append(piece)
                self._last += len(piece)

    def between(self, start: float, end: float) -> _Samples | None:
        """Give the samples of a window, and forget those before it."""
        begin, stop = round(start * RATE), round(end * RATE)
        while self._held and self._first + len(self._held[0]) <= begin:
            self._first += len(self._held.popleft())
        if not self._held or begin >= self._last:
            return None
        joined = np.concatenate(self._held) if len(self._held) > 1 else self._held[0]
        # a copy: whoever keeps the window must not keep the pieces
        samples = joined[begin - self._first : stop - self._first].copy()
        # a crumb of sound at the end of a window of pictures is none
        if len(samples) < RATE // 10 or samples.min() == samples.max():
            return None
        return samples


class _Frames:
    """The frames that the next windows need."""

    def __init__(self, frames: Iterator[tuple[float, Any]]) -> None:
        self._frames = frames
        self._held: deque[tuple[float, Any]] = deque()
        self._ended = False

    def between(self, start: float, end: float) -> list[Any]:
        """Give the frames of a window, and forget those before it."""
        while not self._ended and (not self._held or self._held[-1][0] < end):
            found = next(self._frames, None)
            if found is None:
                self._ended = True
            else:
                self._held.append(found)
        while self._held and self._held[0][0] < start - 1e-9:
            self._held.popleft()
        return [picture for middle, picture in self._held if middle < end - 1e-9]
