"""What a glance at texts, pictures and sounds tells, where no encoder has read them (layer L5).

The probes of a table without a model need some vector of each cell, at the cost of opening it:
hashed words (scikit-learn), the colours of a thumbnail (Pillow), and the level of bands of a sound.
openSMILE's smallest set takes ten times as long as the last.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.signal import stft
from sklearn.feature_extraction.text import HashingVectorizer

from hybridsent._optional import import_optional
from hybridsent.evaluation.leaks._duplicates import Pairs, picture_pairs, text_pairs, words_in
from hybridsent.exceptions import MediaError
from hybridsent.media import is_missing, load_audio, load_image

__all__ = [
    "Glance",
    "PictureGlance",
    "Pictures",
    "SoundGlance",
    "TextGlance",
    "quick_pictures",
    "quick_sounds",
    "quick_texts",
]

_WORDS = 1024
_SIDE = 8
_BANDS = 32
_SECONDS = 20


class Pictures(NamedTuple):
    """What a glance at pictures tells; NaN for those that are missing or broken.

    Parameters
    ----------
    colours : ndarray of shape (n, 192)
        Of a thumbnail of 8 by 8.
    hashes : ndarray of shape (n, 64)
        Bits of the perceptual hash.
    sizes : ndarray of shape (n, 2)
        Width and height, as far as they were decoded.
    """

    colours: np.ndarray
    hashes: np.ndarray
    sizes: np.ndarray


def quick_texts(cells: Sequence[Any]) -> np.ndarray:
    """Count words, hashed into some columns.

    Parameters
    ----------
    cells : sequence of n objects
        Texts.

    Returns
    -------
    ndarray of shape (n, 1024)
        Square roots of counts.
    """
    hashed = HashingVectorizer(analyzer=str.split, n_features=_WORDS, norm=None)
    counts = hashed.transform([" ".join(words_in(cell)) for cell in cells])
    counts = counts.toarray().astype(np.float32)
    return np.asarray(np.sign(counts) * np.sqrt(np.abs(counts)))


def quick_pictures(cells: Sequence[Any]) -> Pictures:
    """Decode each picture once, as small as can be, and look at it.

    Parameters
    ----------
    cells : sequence of n objects
        Pictures.

    Returns
    -------
    Pictures
        What a glance tells.
    """
    phash = import_optional("imagehash", caller="A look at pictures").phash
    colours = np.full((len(cells), 3 * _SIDE**2), np.nan, dtype=np.float32)
    hashes = np.full((len(cells), 64), np.nan, dtype=np.float32)
    sizes = np.full((len(cells), 2), np.nan, dtype=np.float32)
    for i, cell in enumerate(cells):
        if is_missing(cell):
            continue
        try:
            picture = load_image(cell, shorter_side=64)
        except MediaError:  # told by encoders; here it is alike to none
            continue
        sizes[i] = picture.size
        hashes[i] = phash(picture).hash.ravel()
        colours[i] = np.asarray(picture.resize((_SIDE, _SIDE)), dtype=np.float32).ravel()
    return Pictures(colours, hashes, sizes)


def quick_sounds(cells: Sequence[Any]) -> np.ndarray:
    """Measure the level of bands of each sound: mean, spread and change over its time.

    Parameters
    ----------
    cells : sequence of n objects
        Sounds, of which the first twenty seconds are looked at.

    Returns
    -------
    ndarray of shape (n, 97)
        Decibels, and the logarithm of the seconds; NaN for those that are missing or broken.
    """
    out = np.full((len(cells), 3 * _BANDS + 1), np.nan, dtype=np.float32)
    edges = np.unique(np.geomspace(2, 257, _BANDS + 1).astype(int))
    while len(edges) < _BANDS + 1:  # the lowest bands are a bin each
        edges = np.unique(np.append(edges, np.setdiff1d(np.arange(2, 257), edges)[0]))
    for i, cell in enumerate(cells):
        if is_missing(cell):
            continue
        try:
            sound = load_audio(cell)
        except MediaError:  # told by encoders; here it is alike to none
            continue
        power = np.abs(stft(sound[: _SECONDS * 16000], nperseg=512, noverlap=256)[2]) ** 2
        bands = 10 * np.log10(np.add.reduceat(power, edges[:-1], axis=0) + 1e-10)
        steps = np.abs(np.diff(bands, axis=1)).mean(axis=1) if bands.shape[1] > 1 else 0
        out[i] = [
            *bands.mean(axis=1),
            *bands.std(axis=1),
            *np.broadcast_to(steps, _BANDS),
            np.log(len(sound) / 16000),
        ]
    return out


class Glance:
    """What a look at the cells of a column tells without an encoder; of most cells, their size.

    Parameters
    ----------
    cells : sequence of n objects
        Cells of one modality, which names its kind of glance (`hybridsent.media.Modality`).
    """

    def __init__(self, cells: Sequence[Any]) -> None:
        self.cells = cells

    @property
    def numbers(self) -> np.ndarray | None:
        """Numbers of each cell that a quick probe learns from; None where nothing is quick."""
        return None

    def pairs(self, vectors: np.ndarray | None) -> Pairs | None:
        """Find cells that are nearly the same.

        Parameters
        ----------
        vectors : ndarray of shape (n, d) or None
            What an encoder made of them, where one did.

        Returns
        -------
        (ndarray, ndarray) or None
            Positions of the pairs; None leaves it to the vectors.
        """
        return None

    def sizes(self) -> Iterator[tuple[str, np.ndarray]]:
        """Give what is measured of each cell, by name; NaN where it is not known.

        Yields
        ------
        name : str
            Such as ``"file size"``.
        sizes : ndarray of shape (n,)
            The numbers.
        """
        yield "file size", np.asarray([_bytes_of(cell) for cell in self.cells])


class TextGlance(Glance):
    """Words of texts, and how many there are."""

    @property
    def numbers(self) -> np.ndarray:
        """Counts of hashed words."""
        return quick_texts(self.cells)

    def pairs(self, vectors: np.ndarray | None) -> Pairs:
        """Find texts that share their words, whatever an encoder makes of them."""
        return text_pairs(self.cells)

    def sizes(self) -> Iterator[tuple[str, np.ndarray]]:
        """Give the number of words."""
        yield "length", np.asarray([float(len(words_in(cell))) for cell in self.cells])


class PictureGlance(Glance):
    """Colours, perceptual hashes and sizes of pictures, each decoded once."""

    @cached_property
    def _seen(self) -> Pictures:
        return quick_pictures(self.cells)

    @property
    def numbers(self) -> np.ndarray:
        """Colours of thumbnails."""
        return self._seen.colours

    def pairs(self, vectors: np.ndarray | None) -> Pairs | None:
        """Find pictures with nearly the same hash, unless vectors spare opening them."""
        return picture_pairs(self._seen.hashes) if vectors is None else None

    def sizes(self) -> Iterator[tuple[str, np.ndarray]]:
        """Give the size of the file, the width and the height."""
        yield from super().sizes()
        shape = np.asarray([_shape_of(cell) for cell in self.cells])
        yield "width", shape[:, 0]
        yield "height", shape[:, 1]


class SoundGlance(Glance):
    """Levels of bands of sounds."""

    @property
    def numbers(self) -> np.ndarray:
        """Levels, their spread and change."""
        return quick_sounds(self.cells)


def _bytes_of(cell: Any) -> float:
    if isinstance(cell, bytes):
        return float(len(cell))
    try:
        return float(Path(cell).stat().st_size)
    except (TypeError, ValueError, OSError):
        return float("nan")


def _shape_of(cell: Any) -> tuple[float, float]:
    """Read width and height off the head of a file."""
    from PIL import Image

    from hybridsent.media.image import IMAGE_FORMATS

    if not isinstance(cell, str | os.PathLike):
        size = getattr(cell, "size", None)
        return size if isinstance(size, tuple) else (float("nan"), float("nan"))
    Image.init()
    try:
        with Image.open(cell, formats=[f for f in IMAGE_FORMATS if f in Image.OPEN]) as picture:
            return picture.size
    except (OSError, ValueError, Image.DecompressionBombError):
        return float("nan"), float("nan")
