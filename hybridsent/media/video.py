"""Videos: chosen frames as RGB pictures (layer L1). Their sound `load_audio` reads.

Why by hand: decord and torchvision's reader are no longer kept, and neither has limits, times of
frames that can be relied on, or errors that say what is wrong.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent.exceptions import MediaError
from hybridsent.media._container import HEAD, container_of, head_of_file
from hybridsent.media._container_cuts import cuts_of
from hybridsent.media._container_frames import evenly, frames_at, times_of
from hybridsent.media._forms import taken
from hybridsent.media._looks import ends_in, head_of, inside_of
from hybridsent.media._memory import reading
from hybridsent.media.kinds.image import IMAGE
from hybridsent.media.kinds.video import VIDEO

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["CUTS", "FRAMES", "is_video", "load_frames", "video_in"]

FRAMES = 8
"""Frames that are read of a video by default."""

CUTS = "cuts"
"""Number of frames that means: one of each scene."""

_ONLY_SOUND = ("aac", "amr", "au", "caf", "wav", "aiff")
_SOUND_BRANDS = (b"ftypM4A ", b"ftypM4B ", b"ftypM4P ")


def load_frames(
    cell: object,
    *,
    frames: int | str = FRAMES,
    max_pixels: int = 89_478_485,
    shorter_side: int | None = None,
) -> list[Image]:
    """Load some frames of a video as upright RGB pictures.

    Nothing but these, and what they depend on, is decoded. Of several tracks the one that is marked
    as default is read, else the first. Frames are turned as the camera was held, and pixels that
    are not square are stretched.

    Parameters
    ----------
    cell : str, os.PathLike, bytes, bytearray, memoryview, dict or list
        A path, a file's content, a dict of Hugging Face with one of these under ``"path"`` or
        ``"bytes"``, or a list with one item. Formats read: mp4, mov, mkv, webm, avi, flv, wmv, mpg,
        ts. A file is read piece by piece, and may be of any size.
    frames : int or "cuts", default=8
        How many: the frame that is shown in the middle of each of so many equal parts, once where
        it is that of several; a video of fewer frames gives all. ``"cuts"``: the one in the middle
        of each scene, at most 32, where a cut is a mean difference of more than 0.12 (of 1) between
        grey frames of 32 x 32 pixels that are a quarter of a second apart; this decodes the whole
        video.
    max_pixels : int, default=89478485
        Largest width times height; frames beyond 8K are never read.
    shorter_side : int, default=None
        What the caller will shrink frames to: those more than twice as large are made so small.

    Returns
    -------
    list of PIL.Image.Image
        One at least, in order of time.

    Raises
    ------
    MediaError
        If the cell cannot be read, is no video, has no moving pictures, is damaged, cut off or too
        large.
    ValueError
        If `frames` is neither a whole number from 1 nor ``"cuts"``.

    Examples
    --------
    >>> load_frames(b"GIF89a")
    Traceback (most recent call last):
        ...
    hybridsent.exceptions.MediaError: this is no video of a known format; it begins with b'GIF89a'
    """
    _check_frames(frames)
    with reading():
        source, head = _source(cell)
        name = container_of(head)
        if name is None:
            raise MediaError(f"this is no video of a known format; it begins with {head[:12]!r}")
        try:
            return _loaded(source, name, frames, max_pixels, shorter_side)
        except MediaError as error:
            if str(error).startswith("it"):
                raise MediaError(f"the video cannot be read: {error}") from error
            raise


def _loaded(
    source: Any, name: str, frames: int | str, max_pixels: int, shorter_side: int | None
) -> list[Image]:
    times = times_of(source, name, max_pixels)
    if isinstance(frames, str):
        wanted = cuts_of(source, name, times, max_pixels)
    else:
        wanted = evenly(times.shown, int(frames))
    return frames_at(source, name, times, wanted, max_pixels=max_pixels, shorter_side=shorter_side)


def _check_frames(frames: Any) -> None:
    whole = isinstance(frames, (int, np.integer)) and not isinstance(frames, bool)
    if not (whole and frames >= 1) and not (isinstance(frames, str) and frames == CUTS):
        raise ValueError(f'frames must be a whole number from 1, or "cuts", got {frames!r}')


def _source(cell: object) -> tuple[Any, bytes]:
    form, inside = taken(cell, IMAGE.name)
    if form == "content":
        return inside, inside[:HEAD]
    if form == "path":
        return inside, head_of_file(inside)
    raise MediaError(
        f"a video must be a path or the bytes of a file, got {type(inside).__name__}; a list of "
        "pictures is a cell of an image view"
    )


def video_in(content: Any) -> bool:
    r"""Tell whether the content of a cell, without its containers, is read as a video.

    Parameters
    ----------
    content : object
        As an encoder reads it.

    Returns
    -------
    bool
        Whether it is a container, or the path of one; without pictures `load_frames` says so.

    Examples
    --------
    >>> video_in(b"\0\0\0\x20ftypisom"), video_in(b"\x89PNG")
    (True, False)
    """
    if isinstance(content, bytes):
        return container_of(content[:HEAD]) is not None
    if isinstance(content, (str, os.PathLike)):
        return container_of(head_of_file(content)) is not None
    return False


def is_video(cell: Any) -> bool:
    r"""Tell whether a cell looks like a video, in any form that `load_frames` reads.

    Parameters
    ----------
    cell : object
        A cell of a table.

    Returns
    -------
    bool
        Whether its first bytes or its extension are those of a video.

    Examples
    --------
    >>> is_video("1.mp4"), is_video({"bytes": b"\x1a\x45\xdf\xa3", "path": None}), is_video("1.png")
    (True, True, False)
    """
    inside, form = inside_of(cell, IMAGE.name)
    if form == "content":
        return _is_head(head_of(inside, HEAD))
    return form == "path" and ends_in(inside, VIDEO.extensions)


def _is_head(head: bytes) -> bool:
    name = container_of(head)
    return name not in (None, "ogg", *_ONLY_SOUND) and head[4:12] not in _SOUND_BRANDS
