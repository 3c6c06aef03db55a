"""Small copies of cells for people to see, hear and play on a page (layer L1).

Whatever a cell holds is read by the loaders of encoders and written anew: a page gets no metadata
of a photograph, and no bytes of a stranger. Why by hand: Pillow and PyAV write; how small a copy
may be, and which few formats every browser plays without a plugin, is said here.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["SMALL", "Shown", "Size", "clip", "picture", "sized", "sound", "words"]

RATE = 16_000


@dataclass(frozen=True)
class Size:
    """How much of a cell a copy keeps.

    Parameters
    ----------
    side : int, default=320
        Pixels of the longer side of a picture.
    clip_side : int, default=240
        Pixels of the longer side of a clip.
    frames : int, default=8
        Frames a second of a clip.
    seconds : float, default=10.0
        Of a sound or a clip, no more is kept.
    letters : int, default=1200
        Letters of a text.
    """

    side: int = 320
    clip_side: int = 240
    frames: int = 8
    seconds: float = 10.0
    letters: int = 1200


SMALL = Size()
"""That of a page which holds its media itself."""
_size: ContextVar[Size] = ContextVar("_size", default=SMALL)


@contextmanager
def sized(size: Size) -> Iterator[None]:
    """Let copies that are made inside a ``with`` block have another size.

    Parameters
    ----------
    size : Size
        The size.

    Yields
    ------
    None
        While it holds, in this thread.

    Examples
    --------
    >>> from hybridsent.media._shown import Size, sized, words
    >>> with sized(Size(letters=4)):
    ...     words("I love it").content
    'I lo…'
    """
    before = _size.set(size)
    try:
        yield
    finally:
        _size.reset(before)


@dataclass(frozen=True)
class Shown:
    """What is seen of a cell.

    Parameters
    ----------
    kind : {"words", "picture", "sound", "clip"}
        How it is shown.
    content : str or bytes
        Text, or the content of a file.
    mime : str, default="text/plain"
        Its type.
    cut : bool, default=False
        Whether there is more in the cell.

    Examples
    --------
    >>> from hybridsent.media._shown import words
    >>> words("I <3 it")
    Shown(kind='words', content='I <3 it', mime='text/plain', cut=False)
    """

    kind: str
    content: str | bytes
    mime: str = "text/plain"
    cut: bool = False


def words(cell: Any) -> Shown:
    """Show a text, its beginning if it is long.

    Parameters
    ----------
    cell : object
        A cell that is not missing.

    Returns
    -------
    Shown
        Of the kind ``"words"``.
    """
    from hybridsent.media.text import load_text

    text = load_text(cell)
    most = _size.get().letters
    cut = len(text) > most
    return Shown("words", text[:most] + "…" if cut else text, cut=cut)


def picture(cell: Any) -> Shown:
    """Show a picture, as a JPEG of few pixels.

    Parameters
    ----------
    cell : object
        A cell that is not missing.

    Returns
    -------
    Shown
        Of the kind ``"picture"``.
    """
    from hybridsent.media.image import load_image

    side = _size.get().side
    image = load_image(cell, shorter_side=side)
    image.thumbnail((side, side))
    held = io.BytesIO()
    image.save(held, "JPEG", quality=78, optimize=True, progressive=True)
    return Shown("picture", held.getvalue(), "image/jpeg")


def sound(cell: Any) -> Shown:
    """Let a sound be heard: its first seconds, mono, as MP3, which every browser plays.

    Parameters
    ----------
    cell : object
        A cell that is not missing.

    Returns
    -------
    Shown
        Of the kind ``"sound"``.
    """
    samples, cut = _heard(cell)
    held = io.BytesIO()
    import av

    with av.open(held, "w", format="mp3") as file:
        stream = _voice(file, "libmp3lame", RATE, 32_000)
        file.mux(_encoded(stream, samples))
    return Shown("sound", held.getvalue(), "audio/mpeg", cut)


def clip(cell: Any) -> Shown:
    """Let a video be played: its first seconds, small, as WebM, which every browser plays.

    Parameters
    ----------
    cell : object
        A cell that is not missing.

    Returns
    -------
    Shown
        Of the kind ``"clip"``.
    """
    import av

    from hybridsent.exceptions import MediaError

    frames, cut = _seen(cell)
    try:
        samples: np.ndarray | None = _heard(cell)[0]
    except MediaError:  # silent films are films
        samples = None
    held = io.BytesIO()
    with av.open(held, "w", format="webm") as file:
        stream = file.add_stream("libvpx", rate=_size.get().frames)
        stream.width, stream.height = frames[0].size
        stream.pix_fmt, stream.bit_rate = "yuv420p", 160_000
        stream.options = {"deadline": "realtime", "cpu-used": "8"}
        voice = None if samples is None else _voice(file, "libopus", 48_000, 24_000)
        packets: list[Any] = []
        for image in frames:
            frame = av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24")
            packets += stream.encode(frame)
        packets += stream.encode(None)
        if voice is not None and samples is not None:
            packets += _encoded(voice, samples)
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            file.mux(packet)
    return Shown("clip", held.getvalue(), "video/webm", cut)


def _heard(cell: Any) -> tuple[np.ndarray, bool]:
    """Read a sound, and tell whether there is more of it."""
    from hybridsent.media.audio import load_audio

    samples = load_audio(cell, sampling_rate=RATE, max_seconds=3600.0)
    most = int(_size.get().seconds * RATE)
    loudest = float(np.abs(samples[:most]).max())
    return samples[:most] / max(1.0, loudest), len(samples) > most


def _voice(file: Any, codec: str, rate: int, bits: int) -> Any:
    """Add a track of sound to a file that is written."""
    stream = file.add_stream(codec, rate=rate, layout="mono")
    stream.bit_rate = bits
    return stream


def _encoded(stream: Any, samples: np.ndarray) -> list[Any]:
    """Encode samples as a track has them."""
    import av

    context = stream.codec_context
    context.open(strict=False)  # tells how many samples a frame has
    change = av.AudioResampler(context.format, "mono", context.rate, context.frame_size)
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(samples, dtype=np.float32)[None], format="fltp", layout="mono"
    )
    frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
    packets = []
    for each in [*change.resample(frame), *change.resample(None)]:
        packets += stream.encode(each)
    return packets + list(stream.encode(None))


def _seen(cell: Any) -> tuple[list[Image], bool]:
    """Read the frames of the first seconds, a few of each, all of one small even size."""
    from hybridsent.media._container import HEAD, container_of, head_of_file
    from hybridsent.media._container_frames import evenly, frames_at, times_of
    from hybridsent.media._forms import taken
    from hybridsent.media._memory import reading
    from hybridsent.media.kinds.image import IMAGE

    size, largest = _size.get(), 89_478_485
    with reading():
        form, source = taken(cell, IMAGE.name)
        head = source[:HEAD] if form == "content" else head_of_file(source)
        name = container_of(head) or "mov"
        times = times_of(source, name, largest)
        first = min(times.shown)
        kept = [each for each in times.shown if (each - first) * times.unit < size.seconds]
        span = (max(kept) - first) * times.unit
        wanted = evenly(kept, max(1, round(span * size.frames)))
        side = size.clip_side
        images = frames_at(source, name, times, wanted, max_pixels=largest, shorter_side=side)
    pixels = _even(images[0].size)
    return [each.resize(pixels) for each in images], len(kept) < len(times.shown)


def _even(size: tuple[int, int]) -> tuple[int, int]:
    """Shrink a size to that of a clip, in even numbers, as codecs ask for."""
    by = min(1.0, _size.get().clip_side / max(size))
    return max(2, round(size[0] * by / 2) * 2), max(2, round(size[1] * by / 2) * 2)
