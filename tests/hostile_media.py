"""Files that strangers send to a server: bombs, polyglots, headers that lie, lists of other files."""

from __future__ import annotations

import gzip
import io
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from hostile import encoded, hostile_cells, picture, sound, wav_header
from hostile_videos import PLAYLISTS
from PIL import Image

__all__ = ["hostile_pictures", "hostile_sounds", "playlists"]

Cell = tuple[str, bytes]
_SVG = "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'>"


def hostile_pictures(*, every: bool = False) -> list[Cell]:
    """Give what claims to be a picture."""
    return [*_pictures(), *_others("image", every)]


def hostile_sounds(*, every: bool = False) -> list[Cell]:
    """Give what claims to be a sound."""
    return [*_sounds(), *_others("audio", every)]


def _others(kind: str, every: bool) -> list[Cell]:
    """Give the broken cells of loaders that a request can hold; but for the many damaged ones."""
    with tempfile.TemporaryDirectory() as folder:
        cells = [(n, c) for n, c in hostile_cells(kind, Path(folder)) if isinstance(c, bytes)]
    plain = ("cut at", "flipped", "header", "hole", "garbage", "less a byte")
    few = [each for each in cells if not any(word in each[0] for word in plain)]
    return [(n, c) for n, c in (cells if every else [*few, *cells[::37]]) if c]


def playlists(far: str) -> Iterator[Cell]:
    """Give files that name other files, which nobody may open.

    Parameters
    ----------
    far : str
        Host and port of somebody who must not be asked.
    """
    places = {
        "file": "file:///etc/passwd",
        "http": f"http://{far}/kanarie.ts",
        "concat": f"concat:http://{far}/a|file:///etc/hostname",
        "subfile": "subfile,,start,0,end,64,,:/etc/passwd",
    }
    for name, text in PLAYLISTS.items():
        for what, place in list(places.items())[: 4 if name in ("m3u8", "concat") else 2]:
            yield f"{name} of {what}", text.format(place).encode()
    key = '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{0}"\n#EXTINF:9,\n{0}\n#EXT-X-ENDLIST\n'
    yield "m3u8 with a key", key.format(places["http"]).encode()
    sdp = f"v=0\no=- 0 0 IN IP4 {far.split(':')[0]}\ns=x\nm=audio {far.split(':')[1]} RTP/AVP 0\n"
    yield "sdp of a port", sdp.encode()
    yield "m3u8 behind a wav", wav_header(size=2000) + bytes(2000) + PLAYLISTS["m3u8"].encode()


def _pictures() -> Iterator[Cell]:
    png, gif, jpeg = picture("png"), picture("gif"), picture("jpeg")
    page = b"<!doctype html><script>alert('kanarie')</script>"
    yield "png and html", png + page
    yield "html and png", page + png
    yield "gif and script", b"GIF89a/*" + gif[8:] + b"*/=1;alert('kanarie')"
    yield "jpeg and zip", jpeg + _zip({"../../kanarie": b"kanarie"})
    yield "jpeg and php", jpeg + b"<?php system('id'); ?>"
    yield "pdf and png", b"%PDF-1.7\n" + png
    yield "pdf", b"%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/Launch/F(/bin/sh)>>>>endobj\n"
    yield "zip", _zip({"a.png": png})
    yield "gzip", gzip.compress(png)
    yield "bomb of gzip", gzip.compress(bytes(20_000_000))
    yield "elf", b"\x7fELF\x02\x01\x01" + bytes(900)
    yield "exe", b"MZ" + bytes(900)
    yield "pickle", b"cos\nsystem\n(S'touch /tmp/kanarie'\ntR."
    yield "npy", b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,)}"
    yield "svg", f"{_SVG}<script>alert('kanarie')</script></svg>".encode()
    yield "svg of files", f"{_SVG}<image xlink:href='file:///etc/passwd'/></svg>".encode()
    outer = "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
    yield "svg of an entity", f"<?xml version='1.0'?>{outer}{_SVG}&x;</svg>".encode()
    laughs = "".join(f"<!ENTITY a{i + 1} '{f'&a{i};' * 9}'>" for i in range(9))
    yield "svg that laughs", f"<!DOCTYPE a [<!ENTITY a0 'ha'>{laughs}]>{_SVG}&a9;</svg>".encode()
    yield (
        "eps",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd)(r)file\nshowpage\n",
    )
    yield (
        "mvg",
        b"push graphic-context\nfill 'url(https://127.0.0.1/x.png\"|id\")'\npop graphic-context",
    )
    yield "xpm", b'/* XPM */\nstatic char *a[]={"90000 90000 1 1","a c #000"};'
    yield "wmf", b"\xd7\xcd\xc6\x9a" + bytes(900)
    yield (
        "psd",
        b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 300_000, 300_000, 8, 3) + bytes(99),
    )
    yield "jpeg 2000", b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(200)
    yield "heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(300)
    yield "avif of nothing", b"\0\0\0\x18ftypavif\0\0\0\0mif1avif" + bytes(300)
    yield "ico", b"\0\0\1\0\xff\xff" + bytes(900)
    yield (
        "icns",
        b"icns" + struct.pack(">I", 2**31) + b"ic10" + struct.pack(">I", 2**31) + bytes(99),
    )
    yield "dds", b"DDS " + struct.pack("<IIII", 124, 0x1007, 60_000, 60_000) + bytes(120)
    yield "fits", b"SIMPLE  =                    T" + b" " * 2850
    yield "hdf5", b"\x89HDF\r\n\x1a\n" + bytes(900)
    for form, options in (
        ("png", {}),
        ("webp", {"lossless": True}),
        ("gif", {}),
        ("tiff", {"compression": "tiff_lzw"}),
        ("tiff", {"compression": "tiff_adobe_deflate"}),
    ):
        what = options.get("compression", form)
        yield f"bomb of {what}, too large", _plain(form, 6500, **options)
        yield f"bomb of {what}, nearly too large", _plain(form, 6000, **options)
    yield "bomb of frames", _frames(600, 400)
    yield "bomb of words in png", _png_with_words(30_000_000)
    yield "bomb of a profile", _png_with_profile(30_000_000)
    yield "many chunks", png[:33] + _chunk(b"tEXt", b"a\0kanarie") * 20_000 + png[33:]
    yield "exif", _jpeg_with_exif(b"MM\0*" + struct.pack(">IH", 8, 65535) + b"\xff" * 9_000)
    yield (
        "exif of itself",
        _jpeg_with_exif(b"II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0"),
    )
    yield "tiff of itself", b"II*\0\x08\0\0\0\0\0\x08\0\0\0" + bytes(99)
    yield (
        "tiff of many tags",
        b"II*\0\x08\0\0\0\xff\xff" + b"\0\1\4\0\xff\xff\xff\xff\xff\xff\xff\xff" * 5000,
    )


def _plain(form: str, side: int, **options: object) -> bytes:
    held = io.BytesIO()
    Image.new("L", (side, side)).save(held, form, **options)
    return held.getvalue()


def _frames(side: int, count: int) -> bytes:
    held = io.BytesIO()
    first, second = Image.new("P", (side, side)), Image.new("P", (side, side), 1)
    more = [first, second] * (count // 2)
    second.save(held, "gif", save_all=True, append_images=more)
    return held.getvalue()


def _chunk(kind: bytes, body: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + body))
    return struct.pack(">I", len(body)) + kind + body + check


def _png_with_words(n: int) -> bytes:
    png = picture("png")
    return png[:33] + _chunk(b"zTXt", b"a\0\0" + zlib.compress(b"a" * n, 9)) * 3 + png[33:]


def _png_with_profile(n: int) -> bytes:
    png = picture("png")
    return png[:33] + _chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(n), 9)) + png[33:]


def _jpeg_with_exif(exif: bytes) -> bytes:
    body = b"Exif\0\0" + exif
    return b"\xff\xd8\xff\xe1" + struct.pack(">H", len(body) + 2) + body + picture("jpeg")[2:]


def _zip(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return held.getvalue()


def _sounds() -> Iterator[Cell]:
    wav, flac, mp3, ogg = (sound(each) for each in ("wav", "flac", "mp3", "ogg"))
    yield "zip as wav", _zip({"a.wav": wav})
    yield "wav and zip", wav + _zip({"../../kanarie": b"kanarie"})
    yield "wav and html", wav + b"<script>alert('kanarie')</script>"
    for name, value in (("NaN", np.nan), ("infinite", np.inf), ("huge", 3e38), ("tiny", 1e-45)):
        yield f"wav of {name}", encoded(np.full(8000, value, np.float32), 8000)
    mixed = np.zeros(8000, np.float32)
    mixed[77] = np.nan
    yield "wav with a NaN", encoded(mixed, 8000)
    yield "wav of garbage", wav_header(size=9000) + np.random.default_rng(3).bytes(9000)
    for what, numbers in {
        "no channels": {"channels": 0},
        "65,535 channels": {"channels": 65_535},
        "no rate": {"rate": 0},
        "rate 2**32": {"rate": 2**32 - 1},
        "no bits": {"bits": 0},
        "7 bits": {"bits": 7},
        "tag 0xffff": {"tag": 0xFFFF},
        "tag of mp3": {"tag": 0x55},
        "tag of g723": {"tag": 0x14},
    }.items():
        yield f"wav of {what}", wav_header(size=4000, **numbers) + bytes(4000)
    yield "wav of 4 gigabytes", wav_header(size=2**32 - 1) + bytes(4000)
    yield "wav of nothing", wav_header(size=0)
    yield "wav of a byte", wav_header(size=1) + b"\0"
    yield "wav of 300 seconds", wav_header(rate=100, size=60_000) + bytes(60_000)
    yield (
        "rf64",
        b"RF64\xff\xff\xff\xffWAVEds64"
        + struct.pack("<IQQQI", 28, 2**63, 2**63, 2**63, 0)
        + wav[12:],
    )
    yield "w64", b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0" + b"\xff" * 99
    yield "chunks without end", wav[:12] + b"LIST\0\0\0\0" * 50_000
    yield "aiff", b"FORM\xff\xff\xff\xffAIFFCOMM" + b"\xff" * 99
    yield "voc", b"Creative Voice File\x1a" + b"\xff" * 99
    yield "midi", b"MThd\0\0\0\6\0\1\xff\xff\0\x60" + bytes(99)
    yield "mod", bytes(1080) + b"M.K." + bytes(2000)
    lying = bytearray(mp3)
    at = max(lying.find(b"Xing"), lying.find(b"Info"), 40)
    lying[at : at + 16] = b"Xing" + struct.pack(">III", 3, 2**32 - 1, 2**32 - 1)
    yield "mp3 that claims much", bytes(lying)
    yield "mp3 of another rate", mp3.replace(mp3[:2], b"\xff\xfb", 1)[:2] + b"\xf0\xff" + mp3[4:]
    yield "mp3 of sync words", b"\xff\xfb\x90\x64" * 9_000
    yield "mp3 with a huge tag", b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + mp3
    art = b"APIC" + struct.pack(">I", 40_000) + b"\0\0" + b"kanarie" * 5_714
    yield "mp3 with a picture", b"ID3\x03\0\0\0\2\x38\x4a" + art + mp3
    total = bytearray(flac)
    total[21:26] = b"\xff" * 5
    yield "flac that claims much", bytes(total)
    yield "flac with a huge block", flac[:4] + b"\x84\xff\xff\xff" + flac[8:]
    yield "ogg of the last page", ogg[:6] + b"\xff" * 8 + ogg[14:]
    yield "ogg of ogg", ogg[:200] * 50
    yield "opus of no rate", b"OggS\0\2" + bytes(20) + b"\x01\x13OpusHead\1\xff" + bytes(11)
    yield (
        "bomb of flac, too long",
        encoded(np.zeros(300 * 48_000, np.int16), 48_000, "FLAC", "PCM_16"),
    )
    yield "bomb of flac", encoded(np.zeros((110 * 48_000, 2), np.int16), 48_000, "FLAC", "PCM_16")
    yield (
        "flac of 8 channels",
        encoded(np.zeros((20 * 48_000, 8), np.int16), 48_000, "FLAC", "PCM_16"),
    )
    yield "a picture", picture("png")
    yield "a text", b"kanarie " * 99
