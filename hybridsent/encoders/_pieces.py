"""What is longer than a model reads, in pieces of tokens or of a spectrogram, and sums (layer L2).

sentence-transformers cuts such a text off, and transformers' pipelines leave the pieces to the
caller. Here only sums are kept, so that a book takes no more memory than a post.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Piece", "Sums", "by_size", "chunks", "pieces_of"]

_TEXTS_AT_ONCE = 1024
_CHARACTERS_AT_ONCE = 2**22  # a tokenizer takes some twenty bytes for each meanwhile


@dataclass(frozen=True)
class Piece:
    """A piece of a text, or a window of a sound.

    Parameters
    ----------
    ids : ndarray
        Its tokens, or its part of the spectrogram.
    text : int
        Which of the texts, or sounds, of a batch it is of.
    start, total : int
        Place of its first token, or hidden vector, in that, and how many that has.
    """

    ids: np.ndarray
    text: int
    start: int
    total: int


class Sums:
    """Vectors of texts, to which those of their pieces are added.

    Parameters
    ----------
    n : int
        Texts.
    largest : bool
        Whether the largest values are kept instead of sums.
    """

    def __init__(self, n: int, *, largest: bool) -> None:
        self.n, self.largest = n, largest
        self._sums = np.empty((n, 0, 0))  # the first pieces tell the width

    def add(self, pieces: Sequence[Piece], pooled: np.ndarray) -> None:
        """Add what `pool` gave for pieces."""
        if not self._sums.size:
            start = -np.inf if self.largest else 0.0
            self._sums = np.full((self.n, *pooled.shape[1:]), start, dtype=np.float64)
        join = np.maximum if self.largest else np.add
        join.at(self._sums, [piece.text for piece in pieces], pooled)

    def vectors(self) -> np.ndarray:
        """Give a vector, or several segments, a text."""
        return self._sums.astype(np.float32)


def pieces_of(texts: Sequence[tuple[np.ndarray, ...]]) -> list[Piece]:
    """List the pieces of texts.

    Parameters
    ----------
    texts : sequence of tuple of ndarray
        Tokens of the pieces of each.

    Returns
    -------
    list of Piece
        All of them.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.encoders._pieces import pieces_of
    >>> [(p.start, p.total) for p in pieces_of([(np.arange(3), np.arange(2))])]
    [(0, 5), (3, 5)]
    """
    found = []
    for text, parts in enumerate(texts):
        ends = np.cumsum([len(ids) for ids in parts]).tolist()
        starts = [0, *ends[:-1]]
        found += [Piece(i, text, start, ends[-1]) for i, start in zip(parts, starts, strict=True)]
    return found


def chunks(
    pieces: Sequence[Piece], budget: int, group: Callable[[np.ndarray], Hashable]
) -> Iterator[list[Piece]]:
    """Cut pieces into those that are encoded together, the longest first.

    Parameters
    ----------
    pieces : sequence of Piece
        At least one.
    budget : int
        Most padded tokens of a chunk.
    group : callable
        Tells which tokens may share one.

    Yields
    ------
    list of Piece
        Pieces of one group.
    """
    chunk: list[Piece] = []
    for piece in sorted(pieces, key=lambda p: -len(p.ids)):
        if chunk:
            first = chunk[0].ids
            full = (len(chunk) + 1) * len(first) > budget
            if full or group(piece.ids) != group(first):
                yield chunk
                chunk = []
        chunk.append(piece)
    yield chunk


def by_size(texts: Sequence[str]) -> Iterator[list[str]]:
    """Cut a list of texts where a tokenizer would need much memory for them.

    Parameters
    ----------
    texts : sequence of str
        The texts.

    Yields
    ------
    list of str
        Texts in their order; one of any length alone.

    Examples
    --------
    >>> from hybridsent.encoders._pieces import by_size
    >>> [len(some) for some in by_size(["a"] * 1025)]
    [1024, 1]
    """
    some: list[str] = []
    size = 0
    for text in texts:
        if some and (size + len(text) > _CHARACTERS_AT_ONCE or len(some) == _TEXTS_AT_ONCE):
            yield some
            some, size = [], 0
        some.append(text)
        size += len(text)
    if some:
        yield some
