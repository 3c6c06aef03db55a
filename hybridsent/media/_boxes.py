"""What a container's own headers claim, held against its size (layer L1).

Why by hand: FFmpeg reads a file that was cut off as a shorter one without a word, and makes room
for as many samples as a header claims before it looks for them. The few numbers that tell stand at
fixed places: sizes of boxes and counts of samples (ISO, as in mp4 and mov), the size of the segment
(Matroska, WebM), those of RIFF (AVI) and ASF (wmv, wma). Nothing else is parsed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from hybridsent.exceptions import MediaError

__all__ = ["check_boxes"]

_HOLDERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf"})
_MAX_BOXES = 100_000
_UNKNOWN = 0xFFFF_FFFF
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_HEAD = 2**16  # bytes in which they stand
_SLACK = 64  # bytes that writers of AVI count otherwise


def check_boxes(file: Any, name: str) -> None:
    r"""Refuse a container that is shorter than it says, or says more than fits in it.

    Parameters
    ----------
    file : file
        Open for reading bytes.
    name : str
        FFmpeg's name of the demuxer; others than those above pass.

    Raises
    ------
    MediaError
        If it is cut off, or its counts cannot be.

    Examples
    --------
    >>> import io
    >>> check_boxes(io.BytesIO(b"\0\0\0\x20mdat...."), "mov")
    Traceback (most recent call last):
        ...
    hybridsent.exceptions.MediaError: it is cut off: 12 bytes of 32 that its header declares
    """
    checks = {
        "mov": _check_iso,
        "matroska": _check_matroska,
        "avi": _check_riff,
        "asf": _check_asf,
    }
    check = checks.get(name)
    if check is not None:
        file.seek(0, 2)
        check(file, file.tell())


def _cut_off(size: int, declared: int) -> MediaError:
    return MediaError(f"it is cut off: {size:,} bytes of {declared:,} that its header declares")


def _boxes(file: Any, start: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
    """Give name, begin and end of the content of each box; what is no box ends them."""
    while start + 8 <= stop:
        file.seek(start)
        size, name = struct.unpack(">I4s", file.read(8))
        body = start + 8
        if size == 1:
            wide = file.read(8)
            if len(wide) < 8:
                return
            (size,), body = struct.unpack(">Q", wide), start + 16
        elif size == 0:
            size = stop - start
        if size < body - start or not name.isascii() or b"\0" in name:
            return
        yield name, body, start + size
        start += size


def _check_iso(file: Any, length: int) -> None:
    left = [(0, length)]
    seen = 0
    while left:
        start, stop = left.pop()
        for name, body, end in _boxes(file, start, stop):
            seen += 1
            if seen > _MAX_BOXES:
                raise MediaError(f"it has more than {_MAX_BOXES:,} boxes")
            if end > length and name not in (b"free", b"skip"):
                raise _cut_off(length, end)
            if name in _HOLDERS:
                left.append((body, min(end, stop)))
            elif name in (b"stsz", b"stz2", b"trun"):
                _check_count(file, name, body, length)


def _check_count(file: Any, name: bytes, body: int, length: int) -> None:
    """Refuse more samples than the file has bytes: each has one at least."""
    file.seek(body)
    head = file.read(12)
    at = 4 if name == b"trun" else 8
    if len(head) < at + 4:
        return
    (count,) = struct.unpack_from(">I", head, at)
    if count > length:
        raise MediaError(f"its header declares {count:,} samples in a file of {length:,} bytes")


def _check_matroska(file: Any, length: int) -> None:
    position = 0
    for wanted in (0x1A45_DFA3, 0x1853_8067):  # the header, then the segment
        file.seek(position)
        head = file.read(12)
        if len(head) < 5 or struct.unpack_from(">I", head)[0] != wanted:
            return
        width = 9 - head[4].bit_length()
        if width > 8 or len(head) < 4 + width:
            return
        size = int.from_bytes(head[4 : 4 + width], "big") & ((1 << 7 * width) - 1)
        if size == (1 << 7 * width) - 1:  # a stream that was written to a pipe
            return
        position += 4 + width + size
        if position > length:
            raise _cut_off(length, position)


def _check_riff(file: Any, length: int) -> None:
    file.seek(4)
    head = file.read(4)
    declared = struct.unpack("<I", head)[0] + 8 if len(head) == 4 else 0
    if declared > length + _SLACK and declared - 8 not in (0, _UNKNOWN):
        raise _cut_off(length, declared)


def _check_asf(file: Any, length: int) -> None:
    file.seek(0)
    head = file.read(_ASF_HEAD)
    at = head.find(_ASF_PROPERTIES)
    if at < 0 or len(head) < at + 92:
        return
    (declared,) = struct.unpack_from("<Q", head, at + 40)
    (flags,) = struct.unpack_from("<I", head, at + 88)
    if declared > length and not flags & 1:  # 1: it was sent while it was made
        raise _cut_off(length, declared)
