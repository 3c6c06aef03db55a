"""Videos that break loaders, made on the fly: `hostile_videos()`.

The law over them is that of `hostile`: a valid clean object, or a MediaError with a message, in
little time and memory. No other file is ever opened, and no address.
"""

from __future__ import annotations

import functools
import random
import struct
from collections.abc import Iterator

from clips import CONTAINERS, clip, contained

__all__ = ["PLAYLISTS", "SOME_BYTES", "hostile_videos"]

Cell = tuple[str, bytes]

_CUTS = (0.02, 0.1, 0.3, 0.5, 0.75, 0.9, 0.99)
_FLIPS = (1, 8, 64, 400)
_VALUES = (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x00\x00\x00\x00", b"\x00\x01\x00\x00")
SOME_BYTES = b"some bytes that no loader may ever show"

PLAYLISTS = {
    "m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{0}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{0}'\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n",
    "dash": "<?xml version='1.0'?><MPD><BaseURL>{0}</BaseURL></MPD>",
    "svg": "<svg xmlns='http://www.w3.org/2000/svg'><image href='{0}'/></svg>",
    "smil": "<smil><body><video src='{0}'/></body></smil>",
    "ffmetadata": ";FFMETADATA1\ntitle={0}\n",
    "pls": "[playlist]\nFile1={0}\n",
    "asx": "<asx version='3.0'><entry><ref href='{0}'/></entry></asx>",
    "subtitles": "1\n00:00:00,000 --> 00:00:09,000\n{0}\n",
}


@functools.cache
def hostile_videos() -> list[Cell]:
    """Give names, which are unique, and contents."""
    cells = [*_damaged(), *_playlists(), *_headers(), *_odd()]
    names = [name for name, _ in cells]
    assert len(set(names)) == len(names)
    return cells


def _damaged() -> Iterator[Cell]:
    for name in CONTAINERS:
        raw = contained(name)
        for share in _CUTS:
            yield f"{name} cut at {share}", raw[: int(share * len(raw))]
        chance = random.Random(name)
        for count in _FLIPS:
            spoilt = bytearray(raw)
            for _ in range(count):
                spoilt[chance.randrange(len(raw))] = chance.randrange(256)
            yield f"{name} with {count} bytes changed", bytes(spoilt)
        for value in _VALUES:
            spoilt = bytearray(raw)
            for _ in range(3):
                place = chance.randrange(8, min(len(raw), 1500))
                spoilt[place : place + 4] = value
            yield f"{name} with {value.hex()} in its header", bytes(spoilt)
        hole = len(raw) // 2
        yield f"{name} with a hole", raw[:hole] + raw[hole + 700 :]
        yield f"{name} with zeros in the middle", raw[:hole] + bytes(900) + raw[hole + 900 :]
        yield f"{name} twice", raw + raw


def _playlists() -> Iterator[Cell]:
    for name, text in PLAYLISTS.items():
        yield f"playlist {name}", text.format("file:///dev/zero").encode()
        yield f"playlist {name} behind a box", _box(b"ftyp", b"isom") + text.encode()


def _box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), name) + body


def _replaced(raw: bytes, mark: bytes, offset: int, value: bytes) -> bytes:
    place = raw.rindex(mark) + offset
    return raw[:place] + value + raw[place + len(value) :]


def _headers() -> Iterator[Cell]:
    """Headers of mp4 that lie, one number at a time."""
    for name in ("mp4", "mpeg4.mp4", "m4a"):
        raw = contained(name)
        for mark, offset, what in (
            (b"stsz", 12, "samples"),
            (b"stsz", 8, "bytes a sample"),
            (b"stts", 12, "samples of one length"),
            (b"stts", 16, "length of a sample"),
            (b"stsc", 16, "samples a chunk"),
            (b"stco", 12, "place of a chunk"),
            (b"stco", 8, "chunks"),
            (b"mdhd", 16, "units a second"),
            (b"mdhd", 20, "length of a track"),
            (b"mvhd", 20, "length"),
            (b"mvhd", 16, "units a second of all"),
            (b"stsd", 8, "descriptions"),
            (b"mdat", -4, "bytes of all"),
            (b"moov", -4, "bytes of the header"),
            (b"trak", -4, "bytes of a track"),
        ):
            for value in (b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", bytes(4)):
                yield f"{name}: {what} {value.hex()}", _replaced(raw, mark, offset, value)
    for name, mark in (("mp4", b"avc1"), ("mpeg4.mp4", b"mp4v")):
        for value in (b"\xff\xff\xff\xff", b"\x40\x00\x40\x00", bytes(4), b"\x00\x01\x00\x01"):
            large = _replaced(contained(name), mark, 28, value)
            yield f"{name}: size of frames {value.hex()}", large


def _odd() -> Iterator[Cell]:
    raw = contained("mp4")
    yield "nothing", b""
    yield "a box of zeros", bytes(64)
    yield "a type alone", _box(b"ftyp", b"isom")
    yield "an empty header", _box(b"ftyp", b"isom") + _box(b"moov", b"")
    yield "samples alone", _box(b"ftyp", b"isom") + _box(b"mdat", bytes(999))
    yield "a box that holds itself", _box(b"ftyp", b"isom") + struct.pack(">I4s", 8, b"moov") * 900
    yield "boxes in boxes", _nested(3000)
    yield "many tracks", _many_tracks(raw, 3000)
    yield "Matroska alone", b"\x1a\x45\xdf\xa3"
    yield "Matroska of zeros", b"\x1a\x45\xdf\xa3" + bytes(999)
    yield "a fragment without end", _box(b"ftyp", b"iso5") + _fragment(2**31 - 1)
    yield "a picture in a box", _box(b"ftyp", b"avif") + bytes(99)
    yield "AVI alone", b"RIFF\xff\xff\xff\x7fAVI "
    yield "sync bytes alone", (b"G" + bytes(187)) * 40
    yield "no sound", clip(sound=None)
    yield "no picture", clip(codec=None)
    yield "a frame", clip(seconds=0.1, sound=None)
    yield "two tracks", clip(tracks=2)
    yield "turned", clip(rotation=90, sound=None)


def _nested(depth: int) -> bytes:
    body = b""
    for _ in range(depth):
        body = _box(b"moov", body)
    return _box(b"ftyp", b"isom") + body


def _many_tracks(raw: bytes, count: int) -> bytes:
    start = raw.index(b"moov") - 4
    size = struct.unpack(">I", raw[start : start + 4])[0]
    place = raw.index(b"trak", start) - 4
    track = raw[place : place + struct.unpack(">I", raw[place : place + 4])[0]]
    moov = raw[start + 4 : start + size] + track * count
    return raw[:start] + struct.pack(">I", 4 + len(moov)) + moov + raw[start + size :]


def _fragment(count: int) -> bytes:
    run = _box(b"trun", struct.pack(">II", 0, count))
    head = _box(b"tfhd", struct.pack(">II", 0, 1))
    return _box(b"moof", _box(b"traf", head + run))
