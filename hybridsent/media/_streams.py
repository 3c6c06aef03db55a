"""The sound and the pictures of a file of hours, piece by piece, on one clock (layer L1).

Why by hand: `load_audio` and `load_frames` give what fits into memory; what decodes, mixes and
resamples is theirs. What is added is the clock: time 0 is where the file begins for a player, and a
track that starts later, or has a gap, is where its times say.
"""

from __future__ import annotations

import mmap
import os
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hybridsent.exceptions import MediaError, SilentSoundError
from hybridsent.media._container import (
    container_of,
    head_of_file,
    opened_container,
)
from hybridsent.media._container_frames import Times, each_frame_at, times_of
from hybridsent.media._container_sound import chosen, frames_of, has_sound, mixed_to_floats
from hybridsent.media._cut import after_id3, check_complete, check_decoded
from hybridsent.media._file import opened_file
from hybridsent.media._mend import with_length
from hybridsent.media.audio import AUDIO_FORMATS, _check_level, _check_rate, _one_channel, _said

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Pictures", "Tracks", "iter_sound", "tracks_of"]

_BLOCK = 2**16  # samples that are read or resampled at once
_GAP = 0.1  # seconds that a track may run ahead of its samples before that is a gap
_LONGEST_GAP = 86_400.0  # seconds: a time beyond it is no gap, but wrong

_Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Tracks:
    """What a file holds.

    Parameters
    ----------
    sound, pictures : bool
        Whether it has a track of them; the cover of a song is no picture.
    """

    sound: bool
    pictures: bool


def tracks_of(path: str | os.PathLike[str]) -> Tracks:
    """Tell whether a file holds sound, moving pictures, or both.

    Parameters
    ----------
    path : str or os.PathLike
        The file.

    Returns
    -------
    Tracks
        What it holds; a file that is no container, such as an MP3, is taken for a sound.

    Raises
    ------
    MediaError
        If there is no such file, or it cannot be opened.

    Examples
    --------
    >>> tracks_of("no/such/film.mp4")
    Traceback (most recent call last):
        ...
    hybridsent.exceptions.MediaError: no file at 'no/such/film.mp4'...
    """
    name = container_of(head_of_file(path))
    if name is None:
        return Tracks(sound=True, pictures=False)
    from av.stream import Disposition

    still = Disposition.attached_pic | Disposition.timed_thumbnails
    with opened_container(path, name) as opened:
        moving = [each for each in opened.file.streams.video if not each.disposition & still]
        return Tracks(sound=has_sound(opened), pictures=bool(moving))


def _begins(opened: Any) -> float:
    """Seconds at which a player starts: those of the track that begins first."""
    told = opened.file.start_time
    return 0.0 if told is None else float(told) / 1e6


# -- sound


def iter_sound(
    path: str | os.PathLike[str], *, sampling_rate: int = 16000, channel: int | None = None
) -> Iterator[_Samples]:
    """Read the sound of a file of any length, in pieces of some seconds.

    Joined they are what `load_audio` gives, within the resampler's rounding, with silence where the
    track begins later than the file or has a gap.

    Parameters
    ----------
    path : str or os.PathLike
        A sound or a video.
    sampling_rate : int, default=16000
        Rate of the result, in hertz.
    channel : int or None, default=None
        Which channel is read, counted from 0; None is the mean of all.

    Yields
    ------
    ndarray of shape (n,), float32
        The next samples; the first one is at time 0 of the file.

    Raises
    ------
    MediaError
        If the file cannot be read, has no sound, is damaged or cut off: then what came before it
        was given already. Digital silence is no error here.
    ValueError
        If a parameter is out of its range.
    """
    _check(sampling_rate, channel)
    head = head_of_file(path)
    name = container_of(head)
    blocks = _contained(path, name) if _in_pieces(path, name) else _whole(path)
    clock = _Clock(sampling_rate)
    for samples, rate, at in blocks:
        _check_level(samples)
        yield from clock.add(_one_channel(samples, channel), rate, at)
    yield from clock.end()


def _check(sampling_rate: Any, channel: Any) -> None:
    try:
        _check_rate(sampling_rate)
    except MediaError as error:
        raise ValueError(f"sampling_rate is wrong: {error}") from error
    whole = isinstance(channel, (int, np.integer)) and not isinstance(channel, bool)
    if channel is not None and not (whole and channel >= 0):
        raise ValueError(f"channel must be None or a whole number from 0, got {channel!r}")


_Block = tuple[_Samples, int, "float | None"]


def _in_pieces(path: str | os.PathLike[str], name: str | None) -> bool:
    """Whether FFmpeg reads it: containers, but for those that libsndfile reads as they are."""
    if name not in (None, "ogg", "wav", "aiff"):
        return True
    with _mapped(path) as raw:
        if name is not None and with_length(raw) is not raw:
            return True  # libsndfile would not find its end
        return _refused(raw) is not None and name is not None


def _refused(raw: Any) -> Exception | None:
    import soundfile

    raw.seek(0)
    try:
        with soundfile.SoundFile(raw) as file:
            known = file.format in AUDIO_FORMATS
            return None if known else MediaError(f"a sound of the format {file.format}")
    except (RuntimeError, TypeError, ValueError, OSError) as error:  # what odd headers raise
        return error


@contextmanager
def _mapped(path: str | os.PathLike[str]) -> Iterator[Any]:
    """Give the bytes of a file without reading them into memory."""
    with opened_file(path) as file, _Mapped(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
        yield raw


class _Mapped(mmap.mmap):
    """Bytes of a file as those who look for its end ask for them."""

    def startswith(self, marks: bytes | tuple[bytes, ...]) -> bool:
        return self[:16].startswith(marks)


def _contained(path: str | os.PathLike[str], name: str | None) -> Iterator[_Block]:
    with opened_container(path, str(name)) as opened:
        from av.stream import Discard

        try:
            stream = chosen(opened)
        except SilentSoundError as error:
            raise MediaError(f"the sound cannot be read: {error}") from error
        begins = _begins(opened)
        stream.discard = Discard.default
        stream.codec_context.thread_count = 1
        for frame in frames_of(opened, stream):
            at = None if frame.time is None else float(frame.time) - begins
            yield mixed_to_floats(frame), _check_rate(frame.sample_rate), at


def _whole(path: str | os.PathLike[str]) -> Iterator[_Block]:
    import soundfile

    with _mapped(path) as raw:
        head = raw[after_id3(raw) :][:12] if raw[:3] == b"ID3" else raw[:12]
        refused = _refused(raw)
        if refused is not None:
            raise MediaError(
                f"this is no sound of a known format ({', '.join(AUDIO_FORMATS)}, or a video), or "
                f"it is damaged ({_said(refused)}); it begins with {head!r}"
            )
        raw.seek(0)
        with soundfile.SoundFile(raw) as file:
            check_complete(raw, file.format)
            rate, declared, done = _check_rate(file.samplerate), file.frames, 0
            streamed = file.format == "FLAC" and declared >= 2**40
            file.seekable = lambda: False  # soundfile would seek, which moves samples of MP3
            while True:
                try:
                    samples: _Samples = file.read(_BLOCK, dtype="float32", always_2d=True)
                except (RuntimeError, TypeError, ValueError) as error:
                    raise MediaError(
                        f"the sound is damaged or cut off after {done / rate:.1f} s: {_said(error)}"
                    ) from error
                if not len(samples):
                    break
                yield samples, rate, None
                done += len(samples)
            if not streamed:
                check_decoded(raw, file.format, decoded=done, declared=declared)


class _Clock:
    """Samples of one rate, resampled as they come, each where its time says."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self._rate = 0
        self._resampler: Any = None
        self._held: list[_Samples] = []
        self._n_held = 0
        self._given = 0.0  # seconds that came in

    def add(self, mono: _Samples, rate: int, at: float | None) -> Iterator[_Samples]:
        """Take samples that begin at a time."""
        if not len(mono):
            return
        if rate != self._rate:
            yield from self._flush(last=True)
            self._begin(rate)
        yield from self._fill(at)
        if at is not None and at < 0 and self._given == 0.0:
            mono = mono[round(-at * rate) :]  # what a player leaves out, too
        self._hold(mono)
        if self._n_held >= _BLOCK:
            yield from self._flush(last=False)

    def end(self) -> Iterator[_Samples]:
        """Give what is left."""
        yield from self._flush(last=True)

    def _fill(self, at: float | None) -> Iterator[_Samples]:
        gap = 0.0 if at is None else at - self._given
        if not _GAP < gap < _LONGEST_GAP:
            return
        missing = round(gap * self._rate)
        while missing > 0:
            self._hold(np.zeros(min(missing, _BLOCK), np.float32))
            missing -= _BLOCK
            yield from self._flush(last=False)

    def _hold(self, mono: _Samples) -> None:
        self._held.append(mono)
        self._n_held += len(mono)
        self._given += len(mono) / self._rate

    def _begin(self, rate: int) -> None:
        import soxr

        self._rate = rate
        self._resampler = (
            None
            if rate == self.wanted
            else soxr.ResampleStream(rate, self.wanted, 1, dtype="float32", quality="HQ")
        )

    def _flush(self, *, last: bool) -> Iterator[_Samples]:
        if not self._rate:
            return
        held = np.concatenate(self._held) if self._held else np.zeros(0, np.float32)
        self._held, self._n_held = [], 0
        if self._resampler is not None:
            held = self._resampler.resample_chunk(np.ascontiguousarray(held), last=last)
        if len(held):
            yield held


# -- pictures


class Pictures:
    """The moving pictures of a file of any length, of which some are decoded one by one.

    Parameters
    ----------
    path : str or os.PathLike
        A video.
    max_pixels : int, default=89478485
        Largest width times height.
    shorter_side : int or None, default=None
        What the caller will shrink frames to: those more than twice as large are made so small.

    Attributes
    ----------
    seconds : float
        When the last frame ends, which is shown as long as frames are on average.

    Raises
    ------
    MediaError
        If the file cannot be read, has no moving pictures, is damaged or cut off.

    Examples
    --------
    >>> Pictures("no/such/film.mp4")
    Traceback (most recent call last):
        ...
    hybridsent.exceptions.MediaError: no file at 'no/such/film.mp4'...
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        max_pixels: int = 89_478_485,
        shorter_side: int | None = None,
    ) -> None:
        head = head_of_file(path)
        name = container_of(head)
        if name is None:
            raise MediaError(f"this is no video of a known format; it begins with {head[:12]!r}")
        self._path, self._name = path, name
        self._how: dict[str, Any] = {"max_pixels": max_pixels, "shorter_side": shorter_side}
        self._times: Times = times_of(path, name, max_pixels)
        self._shown = sorted(set(self._times.shown))
        with opened_container(path, name) as opened:
            self._begins = _begins(opened) if self._times.told else 0.0
        first, last = self._shown[0], self._shown[-1]
        usual = (last - first) / max(1, len(self._shown) - 1)
        # a file that tells no times counts its frames, from 0
        self.seconds = max(0.0, (last + (usual or 1)) * self._times.unit - self._begins)

    def every(self, seconds: float) -> Iterator[tuple[float, Image]]:
        """Give the frame that is shown in the middle of each of equal parts.

        Parameters
        ----------
        seconds : float
            How long a part is.

        Yields
        ------
        (float, PIL.Image.Image)
            The middle of the part, in seconds, and the frame; the same object again where one is
            shown as long as that. A part before the first frame has none.

        Raises
        ------
        MediaError
            If the pictures are damaged.
        """
        places: list[int] = []
        middles: list[float] = []
        number = 0
        while (middle := (number + 0.5) * seconds) < self.seconds:
            place = bisect_right(self._shown, (middle + self._begins) / self._times.unit) - 1
            if place >= 0:
                places.append(place)
                middles.append(middle)
            number += 1
        wanted = [self._shown[place] for place in sorted(set(places))]
        frames = each_frame_at(self._path, self._name, self._times, wanted, **self._how)
        last, picture = -1, None
        for place, middle in zip(places, middles, strict=True):
            if place != last or picture is None:
                last, picture = place, next(frames)
            yield middle, picture
