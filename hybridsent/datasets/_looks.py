"""What one cell looks like: an image, a sound, a path of one, or words (layer L4).

A look at the first bytes or the extension only; whether a file can be decoded, the media layer
finds out.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from hybridsent.media._cells import is_pil_image

__all__ = ["count_words", "is_audio", "is_bare_path", "is_image", "is_media_path"]

_IMAGE_ENDS = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".webp"),
    *(".tif", ".tiff", ".ppm", ".pgm", ".avif"),
)
_AUDIO_ENDS = (
    *(".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".aac"),
    *(".aif", ".aiff", ".au", ".wma"),
)
_IMAGE_MAGIC = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")
_AUDIO_MAGIC = (
    *(b"fLaC", b"OggS", b"ID3", b"FORM", b".snd"),
    *(b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"),
)
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
    path = str(cell) if hasattr(cell, "__fspath__") else cell
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
    r"""Whether a cell looks like an image: path, encoded bytes, uint8 array or PIL image.

    Examples
    --------
    >>> from hybridsent.datasets._looks import is_image
    >>> is_image("1.jpg"), is_image(b"\x89PNG\r\n\x1a\n"), is_image(b"RIFF\0\0\0\0WAVE")
    (True, True, False)
    """
    if isinstance(cell, bytes | bytearray | memoryview):
        head = bytes(cell[:12])
        return head.startswith(_IMAGE_MAGIC) or (head[:4] == b"RIFF" and head[8:] == b"WEBP")
    if isinstance(cell, np.ndarray):
        return cell.dtype.name == "uint8" and cell.ndim == 3 and cell.shape[2] in {1, 3, 4}
    return _ends_in(cell, _IMAGE_ENDS) or is_pil_image(cell)


def is_audio(cell: Any) -> bool:
    r"""Whether a cell looks like a sound: path, encoded bytes, or (samples, rate).

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.datasets._looks import is_audio
    >>> is_audio("1.flac"), is_audio(b"RIFF\0\0\0\0WAVE"), is_audio((np.zeros(9), 16000))
    (True, True, True)
    """
    if isinstance(cell, bytes | bytearray | memoryview):
        head = bytes(cell[:12])
        wave = head[:4] in {b"RIFF", b"RF64"} and head[8:] == b"WAVE"
        return wave or head.startswith(_AUDIO_MAGIC)
    if isinstance(cell, tuple | list) and len(cell) == 2:
        return isinstance(cell[0], np.ndarray) and cell[0].ndim <= 2 and np.isscalar(cell[1])
    return _ends_in(cell, _AUDIO_ENDS)


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
