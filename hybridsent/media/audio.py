"""Paths, bytes and samples to mono float32 sound at one rate (layer L1).

Why by hand: soundfile decodes, PyAV what it refuses, and soxr resamples. libsndfile reads a file
that was cut off as a shorter sound without a word, passes NaN on, and has no limits; openSMILE then
makes finite features of NaN and of silence. `hybridsent.media._cut` finds the files that
were cut off.
"""

from __future__ import annotations

import io
import os
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hybridsent.exceptions import MediaError
from hybridsent.media._container import HEAD, container_of, head_of_file, opened_container
from hybridsent.media._container_sound import SoundLimits, silence, sound_of
from hybridsent.media._cut import after_id3, check_complete, check_decoded
from hybridsent.media._file import read_bytes
from hybridsent.media._forms import taken
from hybridsent.media._looks import ends_in, head_of, inside_of
from hybridsent.media._memory import reading, reserve
from hybridsent.media._mend import with_length
from hybridsent.media.kinds.audio import AUDIO

__all__ = ["AUDIO_FORMATS", "AUDIO_VERSION", "is_audio", "load_audio"]

AUDIO_VERSION = AUDIO.version
"""Raised whenever a loaded sound may differ from before; part of an encoder's fingerprint."""

AUDIO_FORMATS = ("AIFF", "FLAC", "MP3", "OGG", "RF64", "WAV", "WAVEX")
"""libsndfile's names of the formats that are read; it knows 20 more, old and little tested."""

# By its first bytes a file is refused before libsndfile's parsers of old formats see it.
_MARKS = (b"RIFF", b"RIFX", b"RF64", b"FORM", b"fLaC", b"OggS", b"ID3")
# Of what may be a sound in a table, also one that is then refused.
_LOOKS = (b"fLaC", b"OggS", b"ID3", b"FORM", b".snd", b"#!AMR", b"caff")
_SOUND_BRANDS = re.compile(rb".{4}ftyp(?:M4A |M4B |isom\0M4A)", re.DOTALL)
# Containers that libsndfile reads as well: it comes first.
_OF_BOTH = ("ogg", "wav", "aiff")
_MP3 = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")  # a frame of layer III
_MIN_RATE, _MAX_RATE = 1_000, 192_000
_MAX_CHANNELS = 64
_MAX_VALUES = 2**28  # samples times channels: 1 GiB of float32
_COST = 4  # bytes a value
_ENDLESS = 2**40  # samples: libsndfile's answer where a FLAC stream has no length
_MAX_LEVEL = 1e3
_FULL_SCALE = {"int16": 2.0**15, "int32": 2.0**31}

_Samples = npt.NDArray[np.float32]


def load_audio(
    cell: object,
    *,
    sampling_rate: int = 16000,
    min_seconds: float = 0.05,
    max_seconds: float = 600.0,
    max_bytes: int = 256 * 2**20,
    channel: int | None = None,
) -> _Samples:
    """Load one sound as mono samples at one rate.

    Channels are averaged, and the result is resampled by soxr at its quality HQ. Levels are left
    alone, also beyond -1..1. The name of a file does not matter.

    Parameters
    ----------
    cell : str, os.PathLike, bytes, bytearray, memoryview, tuple, dict or list
        A path, a file's content, or (array, sampling rate in hertz) with an array of shape (n,) or
        (n, channels), of floats around -1..1, int16 or int32 (scaled to that). Also a dict of
        Hugging Face with the content under ``"bytes"``, a path under ``"path"``, or samples under
        ``"array"`` and ``"sampling_rate"`` (there the shorter side are the channels), and a list
        with one item of these. Formats read: WAV, RF64, AIFF, FLAC, OGG (Vorbis, Opus), MP3, by
        libsndfile; by FFmpeg the sound of videos (mp4, mov, mkv, webm, avi, flv, wmv, mpg, ts), and
        m4a, aac, amr, au, caf, and of the first ones what libsndfile refuses. Of several tracks the
        one that is marked as default is read, else the first.
    sampling_rate : int, default=16000
        Rate of the result in hertz, 1000 to 192000; so must the cell's own be.
    min_seconds : float, default=0.05
        Shortest duration accepted.
    max_seconds : float, default=600.0
        Longest duration accepted, checked in the header before anything is decoded.
    max_bytes : int, default=268435456
        Largest size of bytes, and of a file that is read as a whole. Videos, m4a and their like are
        read from their file piece by piece, whatever its size.
    channel : int, default=None
        Which channel is read, counted from 0, such as one side of a call; None is the mean of all.

    Returns
    -------
    ndarray of shape (n,), float32
        The samples, all finite and not all equal.

    Raises
    ------
    MediaError
        If the cell cannot be read, is no sound, damaged, cut off, empty, too short, too long,
        without any signal, or holds samples that are not finite or beyond ±1000.
    ValueError
        If a parameter is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> tone = np.sin(np.arange(8000, dtype="float32"))
    >>> load_audio((tone, 8000)).shape
    (16000,)
    """
    _check_params(sampling_rate, min_seconds, max_seconds, channel)
    with reading():
        form, inside = taken(cell, AUDIO.name)
        wanted = _Wanted(sampling_rate, min_seconds, max_seconds, channel)
        if form == "samples":
            return wanted.of_samples(*_from_array(*inside, max_seconds=max_seconds))
        if form == "path" and _in_pieces(head := head_of_file(inside)):
            return _contained(inside, head, wanted)
        return _of_file(read_bytes(inside, max_bytes=max_bytes), wanted)


def is_audio(cell: Any) -> bool:
    r"""Tell whether a cell looks like a sound, in any form that `load_audio` reads.

    Parameters
    ----------
    cell : object
        A cell of a table.

    Returns
    -------
    bool
        Whether its first bytes, its extension or its type are those of a sound.

    Examples
    --------
    >>> import numpy as np
    >>> is_audio("1.flac"), is_audio(b"RIFF\0\0\0\0WAVE"), is_audio((np.zeros(9), 16000))
    (True, True, True)
    """
    inside, form = inside_of(cell, AUDIO.name)
    if form == "content":
        return _is_head(head_of(inside))
    if form == "samples":
        return inside[0].ndim <= 2 and np.isscalar(inside[1])
    return ends_in(inside, AUDIO.extensions)


def _is_head(head: bytes) -> bool:
    is_wave = head[:4] in {b"RIFF", b"RIFX", b"RF64"} and head[8:] == b"WAVE"
    if is_wave or head.startswith(_LOOKS):
        return True
    return bool(_MP3.match(head) or _SOUND_BRANDS.match(head)) or container_of(head) == "aac"


@dataclass(frozen=True)
class _Wanted:
    """What the caller wants of a sound."""

    sampling_rate: int
    min_seconds: float
    max_seconds: float
    channel: int | None

    def of_samples(self, samples: _Samples, rate: int) -> _Samples:
        """Mix and resample what was decoded."""
        _check_duration(len(samples), rate, self.min_seconds, self.max_seconds)
        return _resampled(_mono(samples, self.channel), rate, self.sampling_rate)

    def limits(self) -> SoundLimits:
        """Say so to what decodes in pieces."""
        return SoundLimits(
            sampling_rate=self.sampling_rate,
            max_seconds=self.max_seconds,
            check_rate=_check_rate,
            check_level=_check_level,
            too_long=lambda seconds: _too_long(seconds, self.max_seconds),
            pick=lambda samples: _one_channel(samples, self.channel),
        )


class _RefusedError(Exception):
    """What libsndfile does not open at all."""


def _in_pieces(head: bytes) -> bool:
    return container_of(head) not in (None, *_OF_BOTH)


def _of_file(raw: bytes, wanted: _Wanted) -> _Samples:
    head = raw[after_id3(raw) :][:HEAD]
    if _in_pieces(head):
        return _contained(raw, head, wanted)
    _check_mark(raw)
    raw = with_length(raw)
    try:
        return wanted.of_samples(*_decoded(raw, wanted.max_seconds))
    except _RefusedError as refused:
        if container_of(head) is None:
            raise MediaError(f"the sound is damaged or cut off: {refused}") from refused
        check_complete(raw, "WAV" if head[8:12] == b"WAVE" else "AIFF")
        try:
            return _contained(raw, head, wanted)
        except MediaError as error:
            raise MediaError(
                f"the sound cannot be read. libsndfile: {refused}; FFmpeg: {error}"
            ) from error


def _check_mark(raw: bytes) -> None:
    """Refuse what libsndfile need not look at."""
    if not (raw.startswith(_MARKS) or (raw[0] == 0xFF and raw[1:2] >= b"\xe0")):
        raise MediaError(
            f"this is no sound of a known format ({', '.join(AUDIO_FORMATS)}, or a video); "
            f"it begins with {raw[:12]!r}"
        )


def _contained(source: bytes | str | os.PathLike[str], head: bytes, wanted: _Wanted) -> _Samples:
    """Read the sound of a container, from its bytes or piece by piece from its file."""
    try:
        with opened_container(source, str(container_of(head))) as opened:
            samples, seconds = sound_of(opened, wanted.limits())
    except MediaError as error:
        told = str(error)
        if told.startswith(("it ", "its ")):
            # it may be a SilentSoundError
            raise type(error)(f"the sound cannot be read: {told}") from error
        raise
    if seconds == 0 or len(samples) == 0:
        raise MediaError("the sound has zero samples")
    if seconds < wanted.min_seconds:
        raise MediaError(
            f"the sound is too short: {seconds:.4g} s, at least {wanted.min_seconds:g} s"
        )
    return samples


def _check_params(sampling_rate: int, min_seconds: float, max_seconds: float, channel: Any) -> None:
    whole = isinstance(channel, (int, np.integer)) and not isinstance(channel, bool)
    if channel is not None and not (whole and channel >= 0):
        raise ValueError(
            f"channel must be None or a whole number from 0, got {channel!r}; channels count from 0"
        )
    if not (
        isinstance(sampling_rate, (int, np.integer)) and _MIN_RATE <= sampling_rate <= _MAX_RATE
    ):
        raise ValueError(
            f"sampling_rate must be a whole number of hertz from {_MIN_RATE} to {_MAX_RATE}, "
            f"got {sampling_rate!r}"
        )
    if not 0 <= min_seconds <= max_seconds < float("inf"):
        raise ValueError(
            "seconds must satisfy 0 <= min_seconds <= max_seconds < inf, "
            f"got min_seconds={min_seconds!r}, max_seconds={max_seconds!r}"
        )


def _check_rate(rate: object) -> int:
    if (
        isinstance(rate, (int, float, np.number))
        and _MIN_RATE <= rate <= _MAX_RATE
        and rate == int(rate)
    ):
        return int(rate)
    raise MediaError(
        f"the sampling rate must be a whole number of hertz from {_MIN_RATE} to {_MAX_RATE}, "
        f"got {rate!r:.40}"
    )


def _check_duration(n: int, rate: int, min_seconds: float, max_seconds: float) -> None:
    if n == 0:
        raise MediaError("the sound has zero samples")
    if n < min_seconds * rate:
        raise MediaError(f"the sound is too short: {n / rate:.4g} s, at least {min_seconds:g} s")
    if n > max_seconds * rate:
        raise _too_long(n / rate, max_seconds)


def _too_long(seconds: float, max_seconds: float) -> MediaError:
    return MediaError(
        f"the sound is too long: {seconds:.6g} s, at most {max_seconds:g} s; "
        "cut it, or raise max_seconds"
    )


def _check_size(n: int, channels: int) -> None:
    if not 1 <= channels <= _MAX_CHANNELS:
        raise MediaError(
            f"the sound has {channels} channels, not 1 to {_MAX_CHANNELS} "
            "(arrays have their samples first: (n, channels))"
        )
    if n * channels > _MAX_VALUES:
        raise MediaError(
            f"the sound has {n:,} samples in {channels} channels, {n * channels:,} values and more "
            f"than the {_MAX_VALUES:,} allowed; cut it, or mix it down to one channel"
        )
    reserve(_COST * n * (channels + 2))  # beside the samples the mean of the channels, twice


def _from_array(
    array: np.ndarray[Any, Any], rate: object, *, max_seconds: float
) -> tuple[_Samples, int]:
    rate = _check_rate(rate)
    if array.ndim not in (1, 2):
        raise MediaError(f"a sound array has shape (n,) or (n, channels), got {array.shape}")
    _check_size(len(array), 1 if array.ndim == 1 else array.shape[1])
    _check_duration(len(array), rate, 0.0, max_seconds)
    scale = _FULL_SCALE.get(array.dtype.newbyteorder("=").name)
    if scale is not None:
        # exact: a power of two; and no float64 in between, which would be twice the size
        return np.multiply(array, np.float32(1 / scale), dtype=np.float32), rate
    if array.dtype.kind != "f":
        raise MediaError(
            f"a sound array holds floats, int16 or int32, got {array.dtype}; "
            "scale other types to -1..1 as float32"
        )
    _check_level(array)  # before the cast, in which a large float64 would overflow
    return np.asarray(array, dtype=np.float32), rate


def _decoded(raw: bytes, max_seconds: float) -> tuple[_Samples, int]:
    import soundfile

    try:
        file = soundfile.SoundFile(io.BytesIO(raw))
    except MemoryError:
        raise
    # libsndfile's errors come as RuntimeError subclasses, its odd headers as TypeError, ValueError.
    except Exception as error:
        raise _RefusedError(_said(error)) from error
    with file:
        if file.format not in AUDIO_FORMATS:
            raise _RefusedError(f"it is {file.format}; read are {', '.join(AUDIO_FORMATS)}")
        try:
            return _read(file, raw, max_seconds), file.samplerate
        except (MediaError, MemoryError):
            raise
        except Exception as error:  # as above
            raise MediaError(f"the sound is damaged or cut off: {_said(error)}") from error


def _said(error: Exception) -> str:
    return str(getattr(error, "error_string", None) or str(error) or type(error).__name__)


def _read(file: Any, raw: bytes, max_seconds: float) -> _Samples:
    check_complete(raw, file.format)
    rate, declared = _check_rate(file.samplerate), file.frames
    streamed = file.format == "FLAC" and declared >= _ENDLESS
    if streamed:  # as much as may be, and one sample that shows that there is more
        declared = int(max_seconds * rate) + 1
        file.seekable = lambda: False  # soundfile would look for the end after reading
    else:
        _check_duration(declared, rate, 0.0, max_seconds)
    _check_size(declared, file.channels)
    # All at once: soundfile seeks between blocks, and seeking in MP3 moves the samples.
    samples: _Samples = file.read(declared, dtype="float32", always_2d=True)
    if not streamed:
        check_decoded(raw, file.format, decoded=len(samples), declared=declared)
    _check_level(samples)
    return samples


def _check_level(samples: np.ndarray[Any, Any]) -> None:
    if samples.size == 0:
        return
    low, high = float(samples.min()), float(samples.max())
    if not np.isfinite(low + high):  # NaN carries through min and max
        raise MediaError("the sound has samples that are NaN or infinite")
    if max(-low, high) > _MAX_LEVEL:
        raise MediaError(
            f"the sound has samples up to {max(-low, high):.4g}; full scale is 1: "
            "divide it by the full scale of what it was, such as 32768"
        )


def _one_channel(samples: _Samples, channel: int | None) -> _Samples:
    """Give one channel, or the mean of all."""
    n = 1 if samples.ndim == 1 else samples.shape[1]
    if channel is not None and channel >= n:
        raise MediaError(
            f"the sound has {n} channel{'s' * (n > 1)}, and channel={channel} is asked for; "
            "they count from 0"
        )
    if samples.ndim == 1:
        return samples
    if channel is not None or n == 1:
        return samples[:, channel or 0]
    mean: _Samples = samples.mean(axis=1, dtype=np.float32)
    return mean


def _mono(samples: _Samples, channel: int | None) -> _Samples:
    mono = _one_channel(samples, channel)
    if mono.min() == mono.max():
        raise silence(alike=channel is not None or bool(samples.min() == samples.max()))
    return mono


def _resampled(mono: _Samples, rate: int, sampling_rate: int) -> _Samples:
    import soxr

    if rate == sampling_rate:
        return np.array(mono, dtype=np.float32)  # never the caller's own memory
    result: _Samples = soxr.resample(np.ascontiguousarray(mono), rate, sampling_rate, quality="HQ")
    if len(result) == 0:
        raise MediaError(f"the sound is too short: nothing is left of it at {sampling_rate} Hz")
    return result
