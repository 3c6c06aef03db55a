"""The sound of a container, as samples at one rate (layer L1).

It is decoded, mixed and resampled piece by piece, so that beside the result a second of it is held.
Why by hand: FFmpeg's own mixing scales levels by rules of film, and its resampler is not the one of
all other sounds; PyAV gives frames.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from hybridsent.exceptions import MediaError, SilentSoundError
from hybridsent.media._container import Opened, reason
from hybridsent.media._memory import reserve

__all__ = [
    "SoundLimits",
    "chosen",
    "frames_of",
    "has_sound",
    "mixed_to_floats",
    "silence",
    "sound_of",
]

_GUESSED = ("aac", "amr", "mpegts", "mpeg", "flv")
"""Containers whose length FFmpeg guesses from a bit rate, or that writers leave wrong."""
_PIECE = 2**16  # samples that are resampled at once
_LOST = 50  # a packet in so many may be damaged
_RESERVED = 2**26  # samples: of what is longer, so much is reserved

_Samples = npt.NDArray[np.float32]


class SoundLimits:
    """What a sound may be, and which of its channels is taken.

    Parameters
    ----------
    sampling_rate : int
        Of the result, in hertz.
    max_seconds : float
        Longest sound.
    check_rate, check_level : callable
        Refuse a rate, and levels of samples.
    too_long : callable
        Makes the error for a sound of so many seconds.
    pick : callable
        Gives the one channel of samples (n, channels), or their mean.
    """

    def __init__(
        self,
        *,
        sampling_rate: int,
        max_seconds: float,
        check_rate: Callable[[object], int],
        check_level: Callable[[_Samples], None],
        too_long: Callable[[float], MediaError],
        pick: Callable[[_Samples], _Samples],
    ) -> None:
        self.sampling_rate, self.max_seconds = sampling_rate, max_seconds
        self.check_rate, self.check_level = check_rate, check_level
        self.too_long, self.pick = too_long, pick


def has_sound(opened: Opened) -> bool:
    """Whether a container has a track of sound."""
    return bool(opened.file.streams.audio)


def sound_of(opened: Opened, limits: SoundLimits) -> tuple[_Samples, float]:
    """Decode the sound of a container.

    Of several tracks the one that is marked as default is read, else the first.

    Parameters
    ----------
    opened : Opened
        The container.
    limits : SoundLimits
        What is read of it.

    Returns
    -------
    samples : ndarray of shape (n,), float32
        At the rate of the limits.
    seconds : float
        How long the sound is in the container.

    Raises
    ------
    MediaError
        If there is none, it is damaged, or longer than the limits say.
    """
    from av.stream import Discard

    stream = chosen(opened)
    declared = _declared(opened, stream)
    if declared > limits.max_seconds:
        raise limits.too_long(declared)
    n = int(min(declared or limits.max_seconds, limits.max_seconds) * limits.sampling_rate)
    reserve(8 * min(n, _RESERVED))
    stream.discard = Discard.default
    stream.codec_context.thread_count = 1
    joined = _Joined(limits)
    for frame in frames_of(opened, stream):
        joined.add(mixed_to_floats(frame), frame.sample_rate)
    return joined.result(), joined.seconds


def silence(*, alike: bool) -> MediaError:
    """Make the error for a sound without any signal.

    Parameters
    ----------
    alike : bool
        Whether all samples of what was asked for are equal; else its channels cancel out.

    Returns
    -------
    MediaError
        To be raised by the caller.

    Examples
    --------
    >>> silence(alike=True)
    SilentSoundError('the sound is digital silence: all samples are equal')
    """
    if alike:
        return SilentSoundError("the sound is digital silence: all samples are equal")
    return MediaError(
        "the sound is digital silence: its channels cancel each other out; choose one by channel=0"
    )


def chosen(opened: Opened) -> Any:
    """Give the track of sound that is read: the one that is marked as default, else the first.

    Parameters
    ----------
    opened : Opened
        The container.

    Returns
    -------
    av.AudioStream
        The track.

    Raises
    ------
    MediaError
        If there is none, or its codec is not read.
    """
    from av.stream import Disposition

    streams = list(opened.file.streams.audio)
    if not streams:
        kinds = sorted({stream.type for stream in opened.file.streams}) or ["nothing"]
        raise SilentSoundError(f"it has no sound: it holds {' and '.join(kinds)}")
    marked = [each for each in streams if each.disposition & Disposition.default]
    stream = (marked or streams)[0]
    if stream.codec_context is None:
        raise MediaError("its sound is of a codec that is not read")
    return stream


def _declared(opened: Opened, stream: Any) -> float:
    """Seconds that a header declares; 0 where none does that can be trusted."""
    if opened.name in _GUESSED:
        return 0.0
    if stream.duration and stream.time_base:
        return max(float(stream.duration * stream.time_base), 0.0)
    return max(float(opened.file.duration or 0) / 1e6, 0.0)


def frames_of(opened: Opened, stream: Any) -> Iterator[Any]:
    """Decode a track of sound, frame by frame.

    Parameters
    ----------
    opened : Opened
        The container.
    stream : av.AudioStream
        What `chosen` gave.

    Yields
    ------
    av.AudioFrame
        In order.

    Raises
    ------
    MediaError
        If the track is cut off, or more than a few of its packets are damaged.
    """
    import av

    packets = lost = 0
    last: BaseException | None = None
    for packet in opened.file.demux(stream):
        packets += 1
        if packet.is_corrupt:
            raise MediaError("its sound is cut off: the last packet is not whole")
        try:
            yield from packet.decode()
        except av.error.FFmpegError as error:
            lost, last = lost + 1, error
    if last is not None and lost > 1 + packets // _LOST:
        raise MediaError(f"its sound is damaged: {reason(last)}") from last


_FULL_SCALE = {"u8": 2.0**7, "s16": 2.0**15, "s32": 2.0**31, "s64": 2.0**63}


def mixed_to_floats(frame: Any) -> _Samples:
    """Turn a frame into floats around -1..1.

    Parameters
    ----------
    frame : av.AudioFrame
        Of any format.

    Returns
    -------
    ndarray of shape (n, channels), float32
        Its samples.
    """
    name = frame.format.name
    array: np.ndarray[Any, Any] = frame.to_ndarray()
    if not frame.format.is_planar:
        array = array.reshape(-1, frame.layout.nb_channels).T
    scale = _FULL_SCALE.get(name.removesuffix("p"))
    samples = array.T.astype(np.float32)
    if scale is not None:
        samples = (samples - np.float32(128 if name.startswith("u8") else 0)) / np.float32(scale)
    return samples


class _Joined:
    """Pieces of one sound, mixed and resampled as they come; the rate may change on the way."""

    def __init__(self, limits: SoundLimits) -> None:
        self.limits = limits
        self.seconds = 0.0
        self._low, self._high = np.inf, -np.inf
        self._least, self._most = np.inf, -np.inf  # of any channel
        self._rate = 0
        self._resampler: Any = None
        self._held: list[_Samples] = []
        self._n_held = 0
        self._pieces: list[_Samples] = []

    def add(self, samples: _Samples, rate: int) -> None:
        """Take samples (n, channels)."""
        if len(samples) == 0:
            return
        if rate != self._rate:
            self._flush(last=True)
            self._begin(rate)
        self.seconds += len(samples) / rate
        if self.seconds > self.limits.max_seconds * (1 + 1e-9):
            raise self.limits.too_long(self.seconds)
        self.limits.check_level(samples)
        mono = self.limits.pick(samples)
        self._low, self._high = min(self._low, mono.min()), max(self._high, mono.max())
        self._least = min(self._least, samples.min())
        self._most = max(self._most, samples.max())
        self._held.append(mono)
        self._n_held += len(mono)
        if self._n_held >= _PIECE:
            self._flush(last=False)

    def _check_silence(self) -> None:
        """Refuse a sound in which nothing is heard."""
        if self.seconds and not self._low < self._high:
            raise silence(alike=bool(self._least == self._most))

    def _begin(self, rate: int) -> None:
        import soxr

        self._rate = self.limits.check_rate(rate)
        wanted = self.limits.sampling_rate
        self._resampler = (
            None
            if rate == wanted
            else soxr.ResampleStream(rate, wanted, 1, dtype="float32", quality="HQ")
        )

    def _flush(self, *, last: bool) -> None:
        if not self._rate:
            return
        held = np.concatenate(self._held) if self._held else np.zeros(0, np.float32)
        self._held, self._n_held = [], 0
        if self._resampler is not None:
            held = self._resampler.resample_chunk(held, last=last)
        if len(held):
            self._pieces.append(held)

    def result(self) -> _Samples:
        """Give all of it; each piece is let go of as it is copied."""
        self._flush(last=True)
        self._check_silence()
        out = np.empty(sum(map(len, self._pieces)), np.float32)
        self._pieces.reverse()
        at = 0
        while self._pieces:
            piece = self._pieces.pop()
            out[at : at + len(piece)] = piece
            at += len(piece)
        return out
