"""Chosen frames of a container, upright and in RGB (layer L1).

Which frames are wanted is decided by the times that all packets tell, before anything is decoded;
then a second walk decodes from the key frame before each of them, and nothing between. Why by hand:
PyAV leaves to its caller which frames, those between key frames, rotation, and what a file does not
tell. Seeking is not used: it lands where an index says, and indexes of half the formats are wrong.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent.exceptions import MediaError
from hybridsent.media._container import LARGEST_PICTURE, Opened, opened_container, reason
from hybridsent.media._memory import reserve

if TYPE_CHECKING:
    import os

    from PIL.Image import Image

__all__ = ["each_frame_at", "evenly", "frames_at", "stream_of", "times_of"]

_MOST_PACKETS = 2**22  # two days at 24 a second
_LOST = 10  # a packet in so many may be damaged
_KEPT = 24  # pictures that a decoder may keep beside those of the result
_GAP = 2  # as for JPEG files: both sides stay so many times as long as the network's
_PASSES_OVER = frozenset({"h264", "hevc", "mpeg1video", "mpeg2video", "mpeg4"})
"""Codecs whose decoders leave out frames that no other needs, without a change of the others."""
_UNTIMED = ("avi",)
"""Containers that tell no time at which a frame is shown."""


@dataclass(frozen=True)
class Times:
    """When the packets of a stream are shown, in the order of the file; which are key frames.

    Parameters
    ----------
    shown : list of int
        In units of the stream, or the number of the frame where `told` is False.
    keys : list of bool
        Whether a decoder can begin there.
    told : bool
        Whether the file tells the times.
    unit : float
        Seconds.
    """

    shown: list[int]
    keys: list[bool]
    told: bool
    unit: float


def stream_of(opened: Opened, max_pixels: int) -> Any:
    """Give the moving pictures that are marked as default, else the first, ready to be read.

    Parameters
    ----------
    opened : Opened
        The container.
    max_pixels : int
        Largest width times height.

    Returns
    -------
    av.VideoStream
        The stream; the cover of a song is none.

    Raises
    ------
    MediaError
        If there is none, or its pictures are too large.
    """
    from av.stream import Discard, Disposition

    still = Disposition.attached_pic | Disposition.timed_thumbnails
    streams = [each for each in opened.file.streams.video if not each.disposition & still]
    if not streams:
        if opened.file.streams.video:
            raise MediaError("it has no moving pictures: it is a sound with a cover")
        kinds = sorted({stream.type for stream in opened.file.streams}) or ["nothing"]
        raise MediaError(f"it has no pictures: it holds {' and '.join(kinds)}")
    marked = [each for each in streams if each.disposition & Disposition.default]
    stream = (marked or streams)[0]
    context = stream.codec_context
    if context is None:
        raise MediaError("its pictures are of a codec that is not read")
    limit = min(max_pixels, LARGEST_PICTURE)
    _check_pixels(context.width, context.height, limit)
    context.options = {**context.options, "max_pixels": str(limit)}
    context.thread_count = 1
    reserve(3 * _KEPT * context.width * context.height // 2)
    stream.discard = Discard.default
    return stream


def _check_pixels(width: int, height: int, limit: int) -> None:
    if width * height > limit:
        raise MediaError(
            f"it has frames of {width:,} x {height:,} = {width * height:,} pixels, more than the "
            f"{limit:,} allowed; shrink it, or raise max_pixels"
        )


def times_of(source: bytes | str | os.PathLike[str], name: str, max_pixels: int) -> Times:
    """Walk through a container without decoding it.

    Parameters
    ----------
    source : bytes, str or os.PathLike
        Its content or its path.
    name : str
        Of its demuxer.
    max_pixels : int
        Largest width times height.

    Returns
    -------
    Times
        One entry a packet.

    Raises
    ------
    MediaError
        If there are no pictures, or the file is damaged or cut off.
    """
    times: list[int | None] = []
    keys: list[bool] = []
    with opened_container(source, name) as opened:
        stream = stream_of(opened, max_pixels)
        for packet in _demuxed(opened, stream):
            times.append(packet.pts)
            keys.append(packet.is_keyframe)
            if len(times) > _MOST_PACKETS:
                raise MediaError(f"it has more than {_MOST_PACKETS:,} frames")
        unit = float(stream.time_base or 0) or 1.0
        rate = float(stream.average_rate or 0) or 25.0
    if not times:
        raise MediaError("it has no frames")
    shown = [time for time in times if time is not None]
    if len(shown) < len(times) or name in _UNTIMED:
        return Times(list(range(len(times))), keys, False, 1 / rate)
    return Times(shown, keys, True, unit)


def _demuxed(opened: Opened, stream: Any) -> Iterator[Any]:
    for packet in opened.file.demux(stream):
        if packet.is_corrupt:
            raise MediaError("its pictures are cut off: a packet is not whole")
        if packet.size:
            yield packet


def evenly(times: list[int], count: int) -> list[int]:
    """Choose the times of the frames that are shown in the middle of equal parts.

    The last frame is shown as long as frames are on average.

    Parameters
    ----------
    times : list of int
        When each frame begins, in any order.
    count : int
        Parts.

    Returns
    -------
    list of int
        Different ones, in order; all where there are no more than `count`.

    Examples
    --------
    >>> evenly([0, 10, 20, 30], 2), evenly([0, 10, 90], 2), evenly([5], 8)
    ([10, 30], [10, 90], [5])
    """
    shown = sorted(set(times))
    if len(shown) <= count:
        return shown
    first, last = shown[0], shown[-1]
    whole = (last - first) + (last - first) / (len(shown) - 1)
    middles = [first + whole * (2 * i + 1) / (2 * count) for i in range(count)]
    places = {bisect_right(shown, middle) - 1 for middle in middles}
    return [shown[place] for place in sorted(places)]


def frames_at(
    source: bytes | str | os.PathLike[str],
    name: str,
    times: Times,
    wanted: list[int],
    *,
    max_pixels: int,
    shorter_side: int | None = None,
) -> list[Image]:
    """Decode the frames that are shown from some times on.

    Parameters
    ----------
    source, name
        As in `times_of`.
    times : Times
        What that gave.
    wanted : list of int
        Some of its times, in order.
    max_pixels : int
        Largest width times height.
    shorter_side : int, default=None
        What the caller will shrink frames to.

    Returns
    -------
    list of PIL.Image.Image
        A frame each; where one cannot be decoded, the one before it.

    Raises
    ------
    MediaError
        If the pictures are damaged.
    """
    return list(
        each_frame_at(source, name, times, wanted, max_pixels=max_pixels, shorter_side=shorter_side)
    )


def each_frame_at(
    source: bytes | str | os.PathLike[str],
    name: str,
    times: Times,
    wanted: Sequence[int],
    *,
    max_pixels: int,
    shorter_side: int | None = None,
) -> Iterator[Image]:
    """Decode the frames that are shown from some times on, one after the other.

    Parameters
    ----------
    source, name, times, wanted, max_pixels, shorter_side
        As in `frames_at`.

    Yields
    ------
    PIL.Image.Image
        A frame each, of which none is held here.

    Raises
    ------
    MediaError
        If the pictures are damaged.
    """
    given = 0
    for known in (times, replace(times, keys=[False] * len(times.keys))):
        with opened_container(source, name) as opened:
            stream = stream_of(opened, max_pixels)
            reader = (_Timed if times.told else _Counted)(opened, stream, known)
            for time in wanted[given:]:
                frame = reader.at(time)
                if reader.late and known is times:
                    break  # from here on all is decoded, from the first packet on
                yield _picture(frame, max_pixels, shorter_side)
                given += 1
            reader.check()
        if given == len(wanted):
            return


class _Reader:
    """A walk through the packets of a stream, of which few are decoded."""

    def __init__(self, opened: Opened, stream: Any, times: Times) -> None:
        self.times = times
        self.context = stream.codec_context
        self._packets = _demuxed(opened, stream)
        self.next = 0  # place of the packet that comes next
        self.out: deque[Any] = deque()  # decoded, and not yet asked for
        self._fed = self._lost = 0
        self._last: BaseException | None = None
        self._ended = False
        self._anew = False  # nothing has come out since packets were passed over
        self.late = False  # some frame that was asked for had not come to be

    def at(self, time: int) -> Any:
        """Give the frame that is shown from a time on."""
        raise NotImplementedError

    def feed(self) -> bool:
        """Decode the next packet; False behind the last one."""
        if self._ended:
            return False
        packet = next(self._packets, None)
        self._ended = packet is None
        self.next += 1
        self._fed += 1
        try:
            self.out.extend(self.context.decode(packet))
        except self._errors() as error:
            self._lost, self._last = self._lost + 1, error
            self.check()
        return True

    def skip_to(self, place: int) -> None:
        """Pass packets over, and begin anew behind them."""
        while self.next < place and next(self._packets, None) is not None:
            self.next += 1
        self.context.flush_buffers()
        self.out.clear()
        self._anew = True

    def check(self) -> None:
        """Refuse pictures of which too many packets are damaged."""
        if self._lost > 1 + self._fed // _LOST and self._last is not None:
            raise MediaError(f"its pictures are damaged: {reason(self._last)}") from self._last

    @staticmethod
    def _errors() -> type[BaseException]:
        import av

        found: type[BaseException] = av.error.FFmpegError
        return found


class _Timed(_Reader):
    """Finds frames by their times, from the key frame before."""

    def __init__(self, opened: Opened, stream: Any, times: Times) -> None:
        super().__init__(opened, stream, times)
        self._places: dict[int, int] = {}
        for place, shown in enumerate(times.shown):
            self._places.setdefault(shown, place)
        self._passes_over = self.context.name in _PASSES_OVER

    def at(self, time: int) -> Any:
        """Give the frame that is shown from a time on."""
        place = self._places[time]
        key = self._key_before(place, time)
        if key > self.next:
            self.skip_to(key)
        best = None
        while True:
            while self.out:
                frame = self.out[0]
                if frame.pts is not None and frame.pts > time and best is not None:
                    return best
                best = self.out.popleft()
                # streams that refresh in stripes have key frames from which pictures come to be
                # bit by bit: decoders give the first whole one, some frames later
                self.late |= self._anew and frame.pts is not None and frame.pts > time
                self._anew = False
                if frame.pts is not None and frame.pts >= time:
                    return best
            if self._passes_over:
                self.context.skip_frame = "NONREF" if self.next < place else "DEFAULT"
            if not self.feed():
                break
        if best is None:
            raise MediaError("its pictures are damaged: none can be decoded")
        return best

    def _key_before(self, place: int, time: int) -> int:
        """Find where a decoder must begin: frames behind a key frame may be shown before it."""
        while place > 0 and not (self.times.keys[place] and self.times.shown[place] <= time):
            place -= 1
        return place


class _Counted(_Reader):
    """Finds frames by their number, where a file tells no times: all are decoded."""

    def __init__(self, opened: Opened, stream: Any, times: Times) -> None:
        super().__init__(opened, stream, times)
        self._given = 0
        self._last_one: Any = None

    def at(self, time: int) -> Any:
        """Give a frame by its number, or the last one where there are fewer."""
        while self._given <= time:
            if self.out:
                self._last_one = self.out.popleft()
                self._given += 1
            elif not self.feed():
                break
        if self._last_one is None:
            raise MediaError("its pictures are damaged: none can be decoded")
        return self._last_one


def _picture(frame: Any, max_pixels: int, shorter_side: int | None) -> Image:
    """Make an upright picture of a frame, with square pixels."""
    width, height = frame.width, frame.height
    _check_pixels(width, height, max_pixels)
    size = _square(frame, width), height
    if shorter_side is not None and min(size) > _GAP * shorter_side:
        share = _GAP * shorter_side / min(size)
        size = max(1, round(size[0] * share)), max(1, round(size[1] * share))
    reserve(4 * size[0] * size[1])
    if size != (width, height):
        frame = frame.reformat(width=size[0], height=size[1], format="rgb24", interpolation="AREA")
    picture: Image = frame.to_image()
    turn = _turn(frame)
    return picture if turn is None else picture.transpose(turn)


def _square(frame: Any, width: int) -> int:
    """Width in square pixels."""
    shape = getattr(frame, "sample_aspect_ratio", None)
    if shape is None or not 0.25 <= float(shape) <= 4:
        return width
    return max(1, round(width * float(shape)))


def _turn(frame: Any) -> Any:
    """Tell how a frame is to be turned, by the matrix that its container tells."""
    from av.sidedata.sidedata import Type
    from PIL.Image import Transpose

    matrix = frame.side_data.get(Type.DISPLAYMATRIX)
    if matrix is None:
        return None
    values = np.array(struct.unpack("<9i", bytes(matrix)), dtype=float)[[0, 1, 3, 4]] / 65536
    turns = {
        (-1, 0, 0, -1): Transpose.ROTATE_180,
        (0, -1, 1, 0): Transpose.ROTATE_90,
        (0, 1, -1, 0): Transpose.ROTATE_270,
        (-1, 0, 0, 1): Transpose.FLIP_LEFT_RIGHT,
        (1, 0, 0, -1): Transpose.FLIP_TOP_BOTTOM,
        (0, 1, 1, 0): Transpose.TRANSPOSE,
        (0, -1, -1, 0): Transpose.TRANSVERSE,
    }
    a, b, c, d = (int(value) for value in np.sign(np.round(values)))
    return turns.get((a, b, c, d))
