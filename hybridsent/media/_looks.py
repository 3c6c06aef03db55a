"""What one cell of a table looks like, by its first bytes, its name or its type (layer L1).

Whether a file can be decoded, the loaders find out. Written by hand because libmagic and its like
know files alone, and a cell is a path, a string, an array or a dict as often.
"""

from __future__ import annotations

import os
import re
from typing import Any

from hybridsent.exceptions import MediaError
from hybridsent.media._forms import filled, form_of, items_in, opened
from hybridsent.media._medium import list_kinds
from hybridsent.media._modality import Modality

__all__ = ["by_form", "ends_in", "head_of", "inside_of", "is_bare_path", "is_media_path"]

_LONGEST_PATH = 1024


def by_form(cell: Any, modality: Modality) -> bool:
    """Whether a cell is of a form that its modality alone has, or a path with its extension.

    Examples
    --------
    >>> from hybridsent.media import get_modality
    >>> by_form("1.flac", get_modality("audio")), by_form(b"RIFF", get_modality("audio"))
    (True, False)
    """
    inside, form = inside_of(cell, modality.name)
    if form == "path":
        return ends_in(inside, modality.extensions)
    return form not in (None, "words", "content", "own")


def inside_of(cell: Any, kind: str) -> tuple[Any, str | None]:
    """Open a cell as the loaders do; of several items the first tells what all are.

    Examples
    --------
    >>> inside_of(["1.jpg", "2.jpg"], "image"), inside_of({"likes": 3}, "image")
    (('1.jpg', 'path'), (None, None))
    """
    try:
        inside = opened(cell, kind)
        if form_of(inside, kind) is None and (items := items_in(inside, kind)):
            inside = opened(filled(items)[0], kind)
    except MediaError:  # a container of something else
        return None, None
    return inside, form_of(inside, kind)


def head_of(content: Any, length: int = 12) -> bytes:
    """Give the first bytes of a buffer; none where it has none.

    Examples
    --------
    >>> head_of(bytearray(b"GIF89a"), 3), head_of(3)
    (b'GIF', b'')
    """
    try:
        return bytes(memoryview(content)[:length])[:length]
    except (TypeError, ValueError, NotImplementedError):  # released, or of no dimension
        return b""


def ends_in(cell: Any, ends: tuple[str, ...]) -> bool:
    """Whether a cell is a path or URL that ends in one of these, in capital or small letters.

    Examples
    --------
    >>> ends_in("a/1.PNG", (".png",)), ends_in("https://host/1.wav?size=2", (".wav",))
    (True, True)
    """
    path = os.fsdecode(cell) if isinstance(cell, os.PathLike) else cell
    if not isinstance(path, str) or len(path) > _LONGEST_PATH or "\n" in path:
        return False
    if path.startswith(("http://", "https://")):
        path = path.partition("?")[0].partition("#")[0]
    return path.rstrip().lower().endswith(ends)


def is_media_path(cell: Any) -> bool:
    """Whether a cell is a path or URL with an extension of any modality or medium.

    Examples
    --------
    >>> is_media_path("a/1.PNG"), is_media_path("https://host/1.wav?size=2"), is_media_path("hi")
    (True, True, False)
    """
    return any(ends_in(cell, kind.extensions) for kind in list_kinds())


def is_bare_path(cell: Any) -> bool:
    """Whether a cell may be a path without a known extension, such as ``frames/12``.

    Examples
    --------
    >>> is_bare_path("frames/12"), is_bare_path("either / or"), is_bare_path("12")
    (True, False, False)
    """
    if not isinstance(cell, str) or len(cell.split()) != 1:
        return False
    return re.search(r"[^/\\][/\\][^/\\]", cell) is not None
