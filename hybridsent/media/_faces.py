"""The largest face of a picture, by OpenCV's cascades (layer L1).

OpenCV's packages bring the weights, under the licence of OpenCV, and its cascades find frontal
faces without any further download. A detector is made in each thread, since one holds the picture
that it looks at, and looks with one thread, so that what it finds does not depend on their order.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent._optional import import_optional
from hybridsent.exceptions import MissingDependencyError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["FACES_VERSION", "cascade_digest", "crop_to_face", "find_face"]

FACES_VERSION = 1
"""Raised whenever another part of a picture may be cut out; part of an encoder's fingerprint."""

_CASCADE = "haarcascade_frontalface_alt2.xml"
_LARGEST = 400  # pixels of the longer side that is searched: what matters is not smaller in it
_SMALLEST = 160  # pixels of the shorter side: a smaller picture is made larger
_LEAST = 10  # a face is at least this part of the shorter side
_BORDER = 0.25  # around small pictures, which mostly show a face alone: cascades look beside it
_MARGIN = 0.25  # of a face, on each side: hair and chin tell, too

Box = tuple[int, int, int, int]

_own = threading.local()
_lock = threading.Lock()
_looking = 0
_threads_before = 0


def crop_to_face(picture: Image) -> Image | None:
    """Cut the largest face out of a picture, with a quarter of its size on each side.

    Parameters
    ----------
    picture : PIL.Image.Image
        Upright and RGB.

    Returns
    -------
    PIL.Image.Image or None
        The part of the picture; None where no face is found.

    Raises
    ------
    MissingDependencyError
        If OpenCV is not installed.

    Examples
    --------
    >>> from PIL import Image
    >>> crop_to_face(Image.new("RGB", (64, 64)))
    """
    face = find_face(picture)
    if face is None:
        return None
    x, y, width, height = face
    dx, dy = round(_MARGIN * width), round(_MARGIN * height)
    box = (x - dx, y - dy, x + width + dx, y + height + dy)
    return picture.crop(_inside(box, picture.size))


def find_face(picture: Image) -> Box | None:
    """Find the largest face; of two as large, the upper one, then the left one.

    Parameters
    ----------
    picture : PIL.Image.Image
        Upright and RGB.

    Returns
    -------
    tuple of int or None
        Left, top, width and height in pixels, all of it inside; None where no face is found.

    Examples
    --------
    >>> from PIL import Image
    >>> find_face(Image.new("RGB", (1, 1)))
    """
    if min(picture.size) < 8:  # pixels, which are no face
        return None
    scale, pixels = _searched(picture)
    border = round(_BORDER * _SMALLEST) if scale > 1 else 0
    if border:
        pixels = np.pad(pixels, border, mode="reflect")
    least = max(20, (min(pixels.shape) - 2 * border) // _LEAST)
    with _one_thread():
        found = _detector().detectMultiScale(
            pixels, scaleFactor=1.1, minNeighbors=5, minSize=(least, least)
        )
    if not len(found):
        return None
    x, y, width, height = min(map(tuple, np.asarray(found).tolist()), key=_by_size)
    left, top = (x - border) / scale, (y - border) / scale
    box = (left, top, left + width / scale, top + height / scale)
    a, b, c, d = _inside(tuple(map(round, box)), picture.size)
    return a, b, c - a, d - b


def cascade_digest() -> str:
    """Hash the weights of the detector; OpenCV is not imported for it.

    Returns
    -------
    str
        16 hexadecimal digits of SHA-256.

    Raises
    ------
    MissingDependencyError
        If OpenCV is not installed, or came without its cascades.
    """
    return _hashed(_cascade())


def _by_size(face: tuple[int, ...]) -> tuple[int, ...]:
    x, y, width, height = face
    return -width * height, y, x


def _inside(box: tuple[int, ...], size: tuple[int, int]) -> Box:
    """Keep a box (left, top, right, bottom) inside a picture, of one pixel at least."""
    left, right = (min(max(value, 0), size[0]) for value in box[::2])
    top, bottom = (min(max(value, 0), size[1]) for value in box[1::2])
    left, top = min(left, size[0] - 1), min(top, size[1] - 1)
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _searched(picture: Image) -> tuple[float, np.ndarray]:
    """Give the grey picture that is searched, and how many times larger it is."""
    from PIL import Image

    scale = min(max(1.0, _SMALLEST / min(picture.size)), _LARGEST / max(picture.size))
    grey = picture.convert("L")
    if scale != 1:
        size = [max(1, round(scale * side)) for side in picture.size]
        grey = grey.resize((size[0], size[1]), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return scale, np.asarray(grey)


def _detector() -> Any:
    """Give the detector of this thread."""
    found = getattr(_own, "detector", None)
    if found is None:
        cv2 = import_optional("cv2", caller="crop='face'", extra="faces")
        found = _own.detector = cv2.CascadeClassifier(str(_cascade()))
    return found


@contextmanager
def _one_thread() -> Iterator[None]:
    """Look with one thread, as readers are many; what the process had set comes back."""
    global _looking, _threads_before
    cv2 = import_optional("cv2", caller="crop='face'", extra="faces")
    with _lock:
        if not _looking:
            _threads_before = cv2.getNumThreads()
            cv2.setNumThreads(1)
        _looking += 1
    try:
        yield
    finally:
        with _lock:
            _looking -= 1
            if not _looking:
                cv2.setNumThreads(_threads_before)


@functools.cache
def _cascade() -> Path:
    """Find the weights, which lie beside the module or where Linux distributions put them."""
    spec = importlib.util.find_spec("cv2")
    if spec is None:
        import_optional("cv2", caller="crop='face'", extra="faces")  # tells how to get it
    homes = [Path(home) / "data" for home in (spec and spec.submodule_search_locations) or ()]
    homes += [Path("/usr/share/opencv4/haarcascades"), Path("/usr/share/opencv/haarcascades")]
    for home in homes:
        if (home / _CASCADE).is_file():
            return home / _CASCADE
    raise MissingDependencyError(
        f"crop='face' needs OpenCV's cascades ({_CASCADE}), which this installation of OpenCV came "
        'without. Install one that has them with: pip install "hybridsent[faces]"'
    )


@functools.cache
def _hashed(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _renew() -> None:
    """Look anew in a forked process: the threads that were looking are not there."""
    global _own, _lock, _looking
    _own, _lock, _looking = threading.local(), threading.Lock(), 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
