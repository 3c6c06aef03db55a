"""Cells that break loaders, made on the fly: `hostile_cells(kind, folder)`.

The law over them: a loader gives either a valid clean object or a MediaError with a message, never
another exception, a crash or a hang. Some cells are valid on purpose, at the edge of what is.
"""

from __future__ import annotations

import io
import os
import pathlib
import struct
import zlib
from collections.abc import Callable, Iterator

import numpy as np
import soundfile
from PIL import Image

from hybridsent.exceptions import MediaError

__all__ = ["encoded", "hostile_cells", "outcome", "picture", "sound", "wav_header"]

Cell = tuple[str, object]

_PICTURES = {  # name: (Pillow format, mode, options)
    "png": ("PNG", "RGB", {}),
    "jpeg": ("JPEG", "RGB", {}),
    "gif": ("GIF", "P", {}),
    "bmp": ("BMP", "RGB", {}),
    "tiff": ("TIFF", "RGB", {}),
    "tiff-lzw": ("TIFF", "RGB", {"compression": "tiff_lzw"}),
    "webp": ("WEBP", "RGB", {}),
    "avif": ("AVIF", "RGB", {}),
    "ppm": ("PPM", "RGB", {}),
}
_SOUNDS = {  # name: (libsndfile format, subtype)
    "wav": ("WAV", "PCM_16"),
    "wav-float": ("WAV", "FLOAT"),
    "wav-adpcm": ("WAV", "IMA_ADPCM"),
    "rf64": ("RF64", "PCM_16"),
    "aiff": ("AIFF", "PCM_16"),
    "flac": ("FLAC", "PCM_16"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
}
_CUTS = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99)


def hostile_cells(kind: str, folder: pathlib.Path) -> list[Cell]:
    """Make the named hostile cells of one kind; files are written to `folder`.

    Parameters
    ----------
    kind : {"text", "image", "audio"}
        What the cells claim to be.
    folder : pathlib.Path
        An existing, writable folder, such as pytest's ``tmp_path``.

    Returns
    -------
    list of (str, object)
        Names, unique within the kind, and cells.
    """
    makers = {"text": _texts, "image": _images, "audio": _sounds}
    cells = [*_wrong_types(), *_containers(), *makers[kind]()]
    if kind != "text":
        cells += _files(folder)
    names = [name for name, _ in cells]
    assert len(set(names)) == len(names), "names of hostile cells must be unique"
    return cells


def outcome(function: Callable[..., object], *args: object) -> object:
    """Call a loader; a MediaError that says something becomes the one object no loader gives."""
    try:
        return function(*args)
    except MediaError as error:
        if len(str(error)) <= 10:
            raise AssertionError(f"a message must say something, got {str(error)!r}") from error
        return b""


def picture(name: str) -> bytes:
    """Encode a small noisy picture."""
    form, mode, options = _PICTURES[name]
    noise = np.random.default_rng(0).integers(0, 256, (40, 56, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).convert(mode).save(buffer, form, **options)
    return buffer.getvalue()


def sound(name: str, *, seconds: float = 0.5, rate: int = 16000, channels: int = 2) -> bytes:
    """Encode a short noisy tone."""
    n = int(seconds * rate)
    noise = 0.05 * np.random.default_rng(0).standard_normal((n, channels))
    tone = 0.3 * np.sin(np.arange(n) * (2 * np.pi * 440 / rate))[:, None]
    form, subtype = _SOUNDS[name]
    return encoded((tone + noise).astype(np.float32), rate, form, subtype)


def encoded(samples: np.ndarray, rate: int, form: str = "WAV", subtype: str = "FLOAT") -> bytes:
    """Encode samples as a file of a format of libsndfile."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=form, subtype=subtype)
    return buffer.getvalue()


def wav_header(
    *, channels: int = 1, rate: int = 16000, size: int = 0, bits: int = 16, tag: int = 1
) -> bytes:
    """Write the 44 bytes in front of a wav's samples, true or not."""
    block = channels * bits // 8
    numbers = (16, tag, channels, rate, rate * block % 2**32, block % 2**16, bits)
    form = b"fmt " + struct.pack("<IHHIIHH", *numbers)
    return (
        b"RIFF"
        + struct.pack("<I", (36 + size) % 2**32)
        + b"WAVE"
        + form
        + b"data"
        + (struct.pack("<I", size))
    )


def _wrong_types() -> list[Cell]:
    wrong = [3, 2.5, True, 1j, [], [1, 2], {}, {"a": 1}, set(), (), (1,), (1, 2, 3), object(), int]
    cells: list[Cell] = [(f"type {i} {type(cell).__name__}", cell) for i, cell in enumerate(wrong)]
    arrays = {
        "0-d": np.array(3.0),
        "empty": np.empty(0),
        "empty 3-d": np.empty((0, 5, 3), dtype=np.uint8),
        "no width": np.empty((5, 0, 3), dtype=np.uint8),
        "object": np.array([None, "a"], dtype=object),
        "object 3-d": np.full((2, 2, 3), None, dtype=object),
        "strings": np.array(["a", "b"]),
        "structured": np.zeros(4, dtype=[("a", "f4"), ("b", "O")]),
        "dates": np.array(["2020-01-01"], dtype="datetime64[D]"),
        "complex": np.ones((4, 4, 3), dtype=complex),
        "bool": np.ones((4, 4, 3), dtype=bool),
        "float image": np.ones((4, 4, 3)),
        "int image": np.ones((4, 4, 3), dtype=np.int64),
        "5-d": np.zeros((2, 2, 2, 2, 3), dtype=np.uint8),
        "bytes 0-d": np.array(b"abc"),
    }
    return (
        cells
        + [(f"array {name}", array) for name, array in arrays.items()]
        + [
            ("bytearray", bytearray(b"abc")),
            ("memoryview", memoryview(b"abc")),
            ("exception class", ValueError),
            ("bytes nothing", b""),
            ("bytes one", b"a"),
            ("bytes zeros", bytes(1000)),
            ("bytes 0xff", b"\xff" * 1000),
            ("bytes random", np.random.default_rng(1).bytes(4096)),
        ]
    )


def _containers() -> Iterator[Cell]:
    """Lists and dicts around cells, around nothing, around themselves."""
    round_list: list = []
    round_list.append(round_list)
    round_dict: dict = {"path": "a"}
    round_dict["bytes"] = round_dict
    released = memoryview(b"abc")
    released.release()
    one = np.zeros(1, dtype=np.uint8)
    good = picture("png")
    yield from (
        ("list of itself", round_list),
        ("dict of itself", round_dict),
        ("list of nothing", [None]),
        ("list in lists", [[[[[[[[b"abc"]]]]]]]]),
        ("list of lists", [[b"a"], [b"b"]]),
        ("list of paths", ["a.png", "b.wav"]),
        ("list of an object", [object()]),
        ("array of objects", np.array([None, b"abc"], dtype=object)),
        ("array of nothing", np.array([], dtype=object)),
        ("dict of nothing", {"bytes": None, "path": None}),
        ("dict of NaN", {"bytes": float("nan"), "path": float("nan")}),
        ("dict of empty bytes", {"bytes": b"", "path": "a.png"}),
        ("dict of a text", {"bytes": "abc"}),
        ("dict of numbers", {"bytes": [1, 2, 3]}),
        ("dict of a path to nothing", {"bytes": None, "path": "no/such/file"}),
        ("dict of a number for a path", {"path": 3}),
        ("dict of an address", {"src": "https://example.org/a.png", "height": 3}),
        ("dict of many keys", dict.fromkeys(range(10_000))),
        ("dict of a picture", {"bytes": good, "path": None}),
        ("dict of half a picture", {"bytes": bytearray(good[: len(good) // 2])}),
        ("dict of samples", {"array": [0.0, 0.5] * 4000, "sampling_rate": 8000}),
        ("dict of samples without a rate", {"array": [0.0, 0.5]}),
        ("dict of ragged samples", {"array": [[0.0], [0.5, 1.0]], "sampling_rate": 8000}),
        ("dict of deep samples", {"array": [[[0.5] * 9] * 9] * 9, "sampling_rate": 8000}),
        ("dict of words for samples", {"array": ["a", "b"], "sampling_rate": 8000}),
        ("dict of a text for samples", {"array": "abc", "sampling_rate": 8000}),
        ("dict of a set for samples", {"array": {1.0, 2.0}, "sampling_rate": 8000}),
        ("dict of endless samples", {"array": np.broadcast_to(one, 2**40), "sampling_rate": 8000}),
        ("dict of a rate of words", {"array": [0.5] * 999, "sampling_rate": "fast"}),
        ("two arrays", (np.zeros(9), np.ones(9))),
        ("rate first", (16000, np.zeros(9))),
        ("released memoryview", released),
        ("huge memoryview", memoryview(np.broadcast_to(one, (2**40,)))),
        ("memoryview of floats", memoryview(np.linspace(0, 1, 999))),
        ("memoryview of a picture", memoryview(np.frombuffer(good, np.uint8).repeat(2))[::2]),
    )


def _files(folder: pathlib.Path) -> Iterator[Cell]:
    contents = {
        "empty.jpg": b"",
        "empty.wav": b"",
        "text.mp3": b"I am no sound, I am no picture." * 9,
        "page.png": b"<!doctype html><html><body>404</body></html>",
        "pointer.flac": b"version https://git-lfs.github.com/spec/v1\nsize 12345\n",
        "vector.svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        "script.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n",
        "picture-is-sound.png": sound("flac"),
        "sound-is-picture.wav": picture("png"),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        yield f"file {name}", folder / name
    with (folder / "sparse.wav").open("wb") as file:
        file.truncate(2**40)  # a terabyte of nothing
    yield "file sparse", folder / "sparse.wav"
    (folder / "broken").symlink_to(folder / "nowhere")
    yield "broken symlink", str(folder / "broken")
    (folder / "loop").symlink_to(folder / "loop")
    yield "symlink loop", folder / "loop"
    yield "folder", folder
    yield "folder as str", str(folder)
    yield "no file", folder / "nothing.png"
    yield "file as folder", folder / "empty.jpg" / "x.png"
    yield "NUL in path", f"{folder}/a\0b.png"
    yield "long path", "x" * 100_000
    yield "long parts", "/".join(["y" * 200] * 100)
    yield "surrogate in path", f"{folder}/\ud800.png"
    yield "address", "https://example.org/cat.png"
    yield "data address", "data:image/png;base64,iVBORw0KGgo="
    yield "empty path", ""
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe")
        yield "pipe", folder / "pipe"
        yield "device", "/dev/zero"
        yield "terminal", "/dev/tty"


def _damaged(name: str, raw: bytes) -> Iterator[Cell]:
    for cut in _CUTS:
        yield f"{name} cut at {cut}", raw[: max(1, int(cut * len(raw)))]
    yield f"{name} less a byte", raw[:-1]
    yield f"{name} and garbage", raw + b"\xa5" * 300
    yield f"{name} after garbage", b"\xa5" * 7 + raw
    middle = len(raw) // 2
    yield f"{name} with a hole", raw[:middle] + bytes(64) + raw[middle + 64 :]
    rng = np.random.default_rng(2)
    for i, share in enumerate((0.001, 0.02, 0.3)):
        flipped = bytearray(raw)
        for position in rng.integers(0, len(raw), max(1, int(share * len(raw)))):
            flipped[position] ^= 1 << int(rng.integers(8))
        yield f"{name} flipped {i}", bytes(flipped)
    for i in range(4):  # headers, where parsers live
        flipped = bytearray(raw)
        for position in rng.integers(4, min(64, len(raw)), 3):
            flipped[position] = int(rng.integers(256))
        yield f"{name} header {i}", bytes(flipped)


def _texts() -> Iterator[Cell]:
    yield from (
        ("lone high surrogate", "so \ud83d good"),
        ("lone low surrogate", "\ude00"),
        ("swapped pair", "\ude00\ud83d"),
        ("only spaces", " \t\n\u3000 "),
        ("only controls", "\x00\x01\x02\x7f\x9f"),
        ("only joiners", "\u200d\u200c\ufe0f"),
        ("only marks", "\u0301\u0302"),
        ("NUL inside", "a\0b"),
        ("noncharacters", "\ufffe\uffff\U0010ffff"),
        ("private use", "\ue000"),
        ("zalgo", "e" + "\u0301\u0327" * 50_000),
        ("direction", "\u202eabc\u202c"),
        ("megabyte of a", "a" * 1_000_000),
        ("megabyte of words", "good day " * 111_111),
        ("megabyte of @", "@" * 1_000_000),
        ("megabyte of #", "#" * 1_000_000),
        ("megabyte of mentions", "@a" * 500_000),
        ("megabyte of tags", "#a@b" * 250_000),
        ("megabyte of emoji", "\U0001f600" * 250_000),
        ("megabyte of joiners", "\U0001f600" + "\u200d" * 333_333),
        ("megabyte of a@", "a@" * 500_000),
        ("megabyte of a.", "a." * 500_000),
        ("megabyte of http", "http://" * 140_000),
        ("megabyte of http)", "http://" + ")" * 1_000_000),
        ("megabyte of www.", "www." * 250_000),
        ("megabyte of !", "!" * 1_000_000),
        ("megabyte of spaces", "a" + " " * 1_000_000 + "b"),
        ("megabyte of hashtag", "#" + "aB1_" * 250_000),
        ("megabyte of flags", "\U0001f1fa" * 250_000),
        ("cut UTF-16", "so good".encode("utf-16")[:-1]),
        ("cut UTF-32", "so good".encode("utf-32")[:-2]),
        ("UTF-8 mark, then Latin-1", b"\xef\xbb\xbfna\xefve"),
        ("only a mark", b"\xef\xbb\xbf"),
        ("cut UTF-8", "naïve café"[:-1].encode() + b"\xc3"),
        ("overlong UTF-8", b"\xc0\xaf"),
        ("surrogate in UTF-8", b"\xed\xa0\x80"),
        ("undefined in Windows-1252", b"na\x81ve \x8d\x8f"),
        ("a png as text", picture("png")),
        ("only zero-width spaces", "\u200b\u200b\ufeff"),
        ("only hangul fillers", "\u3164\u115f"),
        ("only blank braille", "\u2800" * 9),
        ("only tags", "\U000e0061\U000e007f"),
        ("only a link", "https://t.co/x"),
        ("much of zero width", "\u200b" * 100_000),
        ("much of zero width, then a", "\u200b" * 100_000 + "a"),
        ("much of fillers", "\u3164" * 100_000),
        ("bytes of zero width", "\u200b".encode()),
        ("np.str_", np.str_("so good")),
        ("np.bytes_", np.bytes_(b"so good")),
    )


def _images() -> Iterator[Cell]:
    for name in _PICTURES:
        yield from _damaged(name, picture(name))
    yield from _bombs()
    yield from _wide_pictures()
    yield from _odd_pictures()
    pixels = np.arange(40 * 56 * 3, dtype=np.uint8).reshape(40, 56, 3)
    yield "negative strides", pixels[::-1, ::-1]
    yield "reversed channels", pixels[..., ::-1]
    yield "not contiguous", pixels.transpose(1, 0, 2)[::3, ::2]
    yield "channels first", np.moveaxis(pixels, -1, 0)
    yield "one channel", pixels[..., :1]
    yield "two channels", pixels[..., :2]
    yield "one pixel", pixels[:1, :1]
    yield "huge by broadcast", np.broadcast_to(pixels[:1, :1], (50_000, 50_000, 3))
    yield "a row", np.zeros((1, 70_000, 3), dtype=np.uint8)
    yield "read-only", np.frombuffer(bytes(12), dtype=np.uint8).reshape(2, 2, 3)


def _bombs(side: int = 50_000) -> Iterator[Cell]:
    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    def png(width: int, height: int, data: bytes = b"") -> bytes:
        head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        return (
            b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
        )

    yield "bomb png", png(side, side)
    yield "bomb png with data", png(10_000, 10_000, zlib.compress(bytes(30_000_000), 9))
    yield "png without width", png(0, 5)
    yield "png 2**31", png(2**31 - 1, 2**31 - 1)
    head = b"GIF89a" + struct.pack("<HHBBB", side, side, 0x80, 0, 0) + bytes(6)
    frame = b"," + struct.pack("<HHHHB", 0, 0, side, side, 0) + b"\x02\x02\x4c\x01\x00;"
    yield "bomb gif", head + frame
    small = b"GIF89a" + struct.pack("<HHBBB", 2, 2, 0x80, 0, 0) + bytes(6)
    yield "bomb gif frame", small + frame
    yield "gif without size", b"GIF89a" + struct.pack("<HHBBB", 0, 0, 0, 0, 0) + b";"
    bmp = bytearray(picture("bmp"))
    bmp[18:26] = struct.pack("<ii", side, side)
    yield "bomb bmp", bytes(bmp)
    bmp[18:26] = struct.pack("<ii", -5, -5)
    yield "bmp of negative size", bytes(bmp)
    for name, width in (("tiff", side), ("tiff-lzw", 0)):
        yield f"bomb {name} {width}", _with_tiff_size(picture(name), width)
    size = struct.pack("<I", 16382 | 16382 << 14)  # the largest there is
    lossless = b"VP8L" + struct.pack("<I", 5) + b"\x2f" + size + b"\0"
    yield "bomb webp", b"RIFF" + struct.pack("<I", 4 + len(lossless)) + b"WEBP" + lossless
    yield "bomb ppm", b"P6 50000 50000 255\n" + bytes(100)
    yield "ppm of many digits", b"P6 " + b"9" * 5000 + b" 1 255\n"
    yield "ppm without end", b"P3 2 2 255\n" + b"1 " * 3
    jpeg = bytearray(picture("jpeg"))
    start = jpeg.find(b"\xff\xc0") + 5
    jpeg[start : start + 4] = struct.pack(">HH", side, side)
    yield "bomb jpeg", bytes(jpeg)


def _with_tiff_size(raw: bytes, width: int) -> bytes:
    """Overwrite width and height (tags 256 and 257) of a little-endian TIFF."""
    changed = bytearray(raw)
    (start,) = struct.unpack_from("<I", raw, 4)
    (count,) = struct.unpack_from("<H", raw, start)
    for entry in range(start + 2, start + 2 + 12 * count, 12):
        if struct.unpack_from("<H", raw, entry)[0] in (256, 257):
            changed[entry + 2 : entry + 12] = struct.pack("<HII", 4, 1, width)
    return bytes(changed)


def _wide_pictures(side: int = 1200) -> Iterator[Cell]:
    """Small files of many pixels, in the modes whose way to RGB is long."""
    for mode, form, options in (
        ("P", "PNG", {"transparency": 3}),
        ("P", "GIF", {"transparency": 3}),
        ("L", "PNG", {"transparency": 7}),
        ("LA", "PNG", {}),
        ("RGBA", "PNG", {}),
        ("I;16", "PNG", {}),
        ("F", "TIFF", {"compression": "tiff_lzw"}),
        ("CMYK", "TIFF", {"compression": "tiff_lzw"}),
        ("CMYK", "JPEG", {"progressive": True}),
    ):
        image = Image.new(mode, (side, side))
        if mode == "P":
            image.putpalette(bytes(range(256)) * 3)
        buffer = io.BytesIO()
        image.save(buffer, form, **options)
        yield f"wide {mode} {form}", buffer.getvalue()
    yield "long and thin", Image.new("P", (1, 1_200_000))
    yield "thin and long", Image.new("1", (1_200_000, 1))


def _odd_pictures() -> Iterator[Cell]:
    for mode in ("1", "L", "P", "LA", "PA", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "HSV"):
        yield f"mode {mode}", Image.new(mode, (3, 2))
    for mode in ("I", "F", "I;16", "I;16B"):
        yield f"mode {mode}", Image.new(mode, (3, 2), 5)
    yield "no pixels", Image.new("RGB", (0, 0))
    yield "NaN pixels", Image.fromarray(np.full((2, 2), np.nan, dtype=np.float32))
    closed = Image.open(io.BytesIO(picture("png")))
    closed.close()
    yield "closed", closed
    yield "opened, cut", Image.open(io.BytesIO(picture("jpeg")[:-300]))
    yield "opened eps", Image.open(io.BytesIO(_EPS))
    exif = Image.Exif()
    exif[0x0112] = 99
    buffer = io.BytesIO()
    Image.new("RGB", (4, 3)).save(buffer, "JPEG", exif=exif)
    yield "orientation 99", buffer.getvalue()
    for name, junk in (
        ("junk", b"Exif\0\0" + b"\xa5" * 40),
        ("cut", b"Exif\0\0II*\0\x08\0\0\0\x09"),
    ):
        buffer = io.BytesIO()
        Image.new("RGB", (4, 3)).save(buffer, "JPEG", exif=junk)
        yield f"exif {name}", buffer.getvalue()


_EPS = (
    b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n"
    b"%%Page: 1 1\n0 0 9 9 rectfill\nshowpage\n%%EOF\n"
)


def _sounds() -> Iterator[Cell]:
    for name in _SOUNDS:
        yield from _damaged(name, sound(name))
    yield from _odd_headers()
    tone = np.sin(np.arange(8000, dtype=np.float32) / 5)
    for name, value in (("NaN", np.nan), ("inf", np.inf), ("-inf", -np.inf), ("1e30", 1e30)):
        spoilt = tone.copy()
        spoilt[4000] = value
        yield f"{name} samples", (spoilt, 16000)
        yield f"{name} file", encoded(spoilt, 16000)
    yield "float64 overflow", (tone.astype(np.float64) * 1e300, 16000)
    yield "silence", (np.zeros(8000, dtype=np.float32), 16000)
    yield "silence file", encoded(np.zeros(8000, dtype=np.float32), 16000)
    yield "offset", (np.full(8000, 0.5, dtype=np.float32), 16000)
    yield "channels cancel", (np.stack([tone, -tone], axis=1), 16000)
    for n in (0, 1, 2, 160):
        yield f"{n} samples", (tone[:n], 16000)
        yield f"{n} samples file", encoded(tone[:n], 16000)
    rates = (0, -1, 1, 2**31, 10**400, 44100.5, np.nan, np.inf, "16000", None, True, [16000], 1j)
    for i, rate in enumerate(rates):
        yield f"rate {i} {type(rate).__name__}", (tone, rate)
    for name, array in _odd_samples(tone):
        yield name, (array, 16000)
    yield "list of samples", (tone.tolist(), 16000)
    yield "pair as list", [tone, 16000]
    yield "pair swapped", (16000, tone)


def _odd_samples(tone: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    yield "channels first", np.stack([tone] * 2)
    yield "no channels", np.empty((8000, 0), dtype=np.float32)
    yield "65535 channels", np.zeros((10, 65535), dtype=np.float32)
    yield "hours by broadcast", np.broadcast_to(tone[:1], (2**40,))
    yield "heavy by broadcast", np.broadcast_to(tone[:, None], (8000, 2**20))
    yield "backwards", tone[::-1]
    yield "every third", tone[::3]
    yield "big-endian", tone.astype(">f4")
    yield "big-endian int16", (tone * 2**14).astype(">i2")
    yield "float16", tone.astype(np.float16)
    yield "longdouble", tone.astype(np.longdouble)
    yield "uint8", (tone * 100 + 128).astype(np.uint8)
    yield "int64", (tone * 100).astype(np.int64)
    yield "masked", np.ma.masked_greater(tone, 0.5)


def _odd_headers() -> Iterator[Cell]:
    samples = (np.sin(np.arange(8000) / 5) * 9000).astype("<i2").tobytes()
    yield "wav without samples", wav_header()
    yield "wav of 4 GB", wav_header(size=2**32 - 1) + samples
    yield "wav of 2 GB", wav_header(size=2**31 - 1) + samples
    yield "wav of 1 GB", wav_header(size=2**30) + samples
    for size in (1, 35, 0x7FFFFFFF - 36, 0x80000000, 2**32 - 37, len(samples) + 44):
        yield f"wav that declares {size}", wav_header(size=size) + samples
    yield "wav of no length", wav_header() + samples
    yield "wav of no length, then chunks", wav_header() + b"LIST\x04\0\0\0abcd"
    yield "wav of no length, then half a chunk", wav_header() + b"LIST\xff\0\0\0abcd"
    for size in (0, 1, 2**32 - 1, 2**63, 2**64 - 1):
        rf64 = bytearray(sound("rf64"))
        rf64[28:36] = size.to_bytes(8, "little")
        yield f"rf64 that declares {size}", bytes(rf64)
    streamed = bytearray(sound("flac"))
    streamed[21:26] = bytes([streamed[21] & 0xF0]) + bytes(4)
    yield "flac of unknown length", bytes(streamed)
    yield "flac of unknown length, cut", bytes(streamed[: len(streamed) // 2])
    hours = encoded(np.zeros((200_000, 8), dtype=np.float32), 8000, "FLAC", "PCM_16")
    yield "flac of eight silent channels", hours
    for name in ("ogg", "opus"):
        whole = sound(name, seconds=2.0)
        last = whole.rfind(b"OggS")
        yield f"{name} less its last page", whole[:last]
        unmarked = bytearray(whole)
        unmarked[last + 5] &= ~4
        yield f"{name} without its end flag", bytes(unmarked)
        unmarked[-5] ^= 1
        yield f"{name} without its end flag, damaged", bytes(unmarked)
    yield "wav at rate 0", wav_header(rate=0, size=len(samples)) + samples
    yield "wav at rate 2**32", wav_header(rate=2**32 - 1, size=len(samples)) + samples
    yield "wav at rate 1", wav_header(rate=1, size=len(samples)) + samples
    for channels in (0, 65, 1024, 65535):
        head = wav_header(channels=channels, size=len(samples))
        yield f"wav of {channels} channels", head + samples
    yield "wav of 0 bits", wav_header(bits=0, size=len(samples)) + samples
    yield "wav of 7 bits", wav_header(bits=7, size=len(samples)) + samples
    yield "wav of unknown codec", wav_header(tag=0x7777, size=len(samples)) + samples
    yield "wav of chunks only", b"RIFF\xff\xff\xff\xffWAVE" + b"junk\0\0\0\0" * 20_000
    yield "RIFF that is no wav", b"RIFF\x04\0\0\0AVI " + bytes(400)
    flac = bytearray(sound("flac"))
    flac[21:26] = bytes([flac[21] | 0x0F]) + b"\xff\xff\xff\xff"
    yield "flac of 2**36 samples", bytes(flac)
    mp3 = sound("mp3", seconds=3.0, rate=44100)
    second = mp3.find(mp3[:2], 100)
    yield "mp3 without its first frame", mp3[second:]
    yield "mp3 twice", mp3 + mp3
    yield "mp3 sync only", b"\xff\xfb\x90\x00" * 1000
    yield "id3 of 256 MB", b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + mp3
    yield "ogg header only", sound("ogg")[:58]
    yield "ogg mark only", b"OggS"
