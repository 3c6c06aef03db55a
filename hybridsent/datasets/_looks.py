"""What one cell looks like: an image, a sound, a path of one, or words (layer L4).

A look at the first bytes or the extension only; whether a file can be decoded, the media layer
finds out.
"""

from __future__ import annotations

import codecs
import os
import re
from typing import Any

import numpy as np

from hybridsent.exceptions import MediaError
from hybridsent.media._forms import form_of, items_of, opened

__all__ = ["count_words", "is_audio", "is_bare_path", "is_image", "is_media_path", "words_of"]

_IMAGE_ENDS = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".webp"),
    *(".tif", ".tiff", ".ppm", ".pgm", ".avif"),
)
_AUDIO_ENDS = (
    *(".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".aac"),
    *(".aif", ".aiff", ".au", ".wma"),
)
_IMAGE_MAGIC = (
    *(b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*"),
    *(b"II+\x00", b"MM\x00+"),  # TIFF beyond 4 GB
)
_PNM = re.compile(rb"P[1-7fy]\s")
_AVIF = re.compile(rb".{4}ftyp(?:avi[fs]|mi[af]1|msf1)", re.DOTALL)
_AUDIO_MAGIC = (b"fLaC", b"OggS", b"ID3", b"FORM", b".snd")
_MP3 = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")  # a frame of layer III
_ENOUGH_BYTES = 2**16
_LONGEST_PATH = 1024

# Scripts that put no blanks between words: Thai, Lao, Burmese, Khmer, kana, Han.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)


def is_media_path(cell: Any) -> bool:
    """Whether a cell is a path or URL with an extension of images or sounds.

    Examples
    --------
    >>> from hybridsent.datasets._looks import is_media_path
    >>> is_media_path("a/1.PNG"), is_media_path("https://host/1.wav?size=2"), is_media_path("hi")
    (True, True, False)
    """
    return _ends_in(cell, _IMAGE_ENDS + _AUDIO_ENDS)


def _ends_in(cell: Any, ends: tuple[str, ...]) -> bool:
    path = os.fsdecode(cell) if isinstance(cell, os.PathLike) else cell
    if not isinstance(path, str) or len(path) > _LONGEST_PATH or "\n" in path:
        return False
    if path.startswith(("http://", "https://")):
        path = path.partition("?")[0].partition("#")[0]
    return path.rstrip().lower().endswith(ends)


def is_bare_path(cell: Any) -> bool:
    """Whether a cell may be a path without a known extension, such as ``frames/12``.

    Examples
    --------
    >>> from hybridsent.datasets._looks import is_bare_path
    >>> is_bare_path("frames/12"), is_bare_path("either / or"), is_bare_path("12")
    (True, False, False)
    """
    if not isinstance(cell, str) or len(cell.split()) != 1:
        return False
    return re.search(r"[^/\\][/\\][^/\\]", cell) is not None


def is_image(cell: Any) -> bool:
    r"""Whether a cell looks like an image, in any form that `hybridsent.media` reads.

    Examples
    --------
    >>> from hybridsent.datasets._looks import is_image
    >>> is_image("1.jpg"), is_image(b"\x89PNG\r\n\x1a\n"), is_image(b"RIFF\0\0\0\0WAVE")
    (True, True, False)
    >>> is_image({"bytes": None, "path": "1.jpg"})
    True
    """
    inside, form = _inside(cell, "image")
    if form == "content":
        return _is_image_head(_head(inside))
    if form == "pixels":
        channels = inside.shape[2] if inside.ndim == 3 else 1
        return inside.dtype.name == "uint8" and inside.ndim in (2, 3) and channels in {1, 3, 4}
    return form == "picture" or _ends_in(inside, _IMAGE_ENDS)


def _is_image_head(head: bytes) -> bool:
    is_webp = head[:4] == b"RIFF" and head[8:] == b"WEBP"
    return head.startswith(_IMAGE_MAGIC) or is_webp or bool(_PNM.match(head) or _AVIF.match(head))


def _inside(cell: Any, kind: str) -> tuple[Any, str | None]:
    """Open a cell as the loaders do; of several items the first tells what all are."""
    try:
        inside = opened(cell, kind)
        if form_of(inside, kind) is None and (items := items_of(inside)):
            inside = opened(items[0], kind)
    except MediaError:  # a container of something else
        return None, None
    return inside, form_of(inside, kind)


def _head(content: Any, length: int = 12) -> bytes:
    try:
        return bytes(memoryview(content)[:length])[:length]
    except (TypeError, ValueError, NotImplementedError):  # released, or of no dimension
        return b""


def is_audio(cell: Any) -> bool:
    r"""Whether a cell looks like a sound, in any form that `hybridsent.media` reads.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.datasets._looks import is_audio
    >>> is_audio("1.flac"), is_audio(b"RIFF\0\0\0\0WAVE"), is_audio((np.zeros(9), 16000))
    (True, True, True)
    """
    inside, form = _inside(cell, "audio")
    if form == "content":
        return _is_audio_head(_head(inside))
    if form == "samples":
        return inside[0].ndim <= 2 and np.isscalar(inside[1])
    return _ends_in(inside, _AUDIO_ENDS)


def _is_audio_head(head: bytes) -> bool:
    is_wave = head[:4] in {b"RIFF", b"RIFX", b"RF64"} and head[8:] == b"WAVE"
    return is_wave or head.startswith(_AUDIO_MAGIC) or bool(_MP3.match(head))


def words_of(cell: Any) -> str | None:
    r"""Give a cell's text, where it is one: a string, or the beginning of bytes that are UTF-8.

    Examples
    --------
    >>> from hybridsent.datasets._looks import words_of
    >>> words_of("so good"), words_of(b"so good"), words_of(b"\x89PNG"), words_of(3)
    ('so good', 'so good', None, None)
    """
    if isinstance(cell, str):
        return cell
    if not isinstance(cell, bytes | bytearray | memoryview):
        return None
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(_head(cell, _ENOUGH_BYTES))
    except UnicodeDecodeError:
        return None


def count_words(text: str) -> int:
    """Count the words of a text; numbers and codes without a letter are none.

    Each sign of a script without blanks (Chinese, Thai, …) counts as a word.

    Examples
    --------
    >>> from hybridsent.datasets._looks import count_words
    >>> count_words("At 10:30, a nice walk!"), count_words("2024-01-01"), count_words("太好了")
    (4, 0, 3)
    """
    spaced = _UNSPACED.sub(" ", text).split()
    return sum(any(map(str.isalpha, token)) for token in spaced) + len(_UNSPACED.findall(text))
