"""A row at rest, a vector or a text: its bytes and a checksum that also covers its key (layer L1).

Why by hand: a database returns a flipped bit as it finds it (measured: ``PRAGMA integrity_check``
says ok). The checksum starts from the key, so that a sound row under a wrong key is found out
as well. It stands at the end, because the crc32 of bytes followed by their own crc32 is one
constant: checking needs no slice and no copy.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

import numpy as np

__all__ = ["CODECS", "KEY_BYTES", "TEXTS", "VECTORS", "Codec", "TextCodec", "VectorCodec"]

KEY_BYTES = 16
_RESIDUE = 0x2144DF1C
_FLOAT = np.dtype("<f4")
_CRC_BYTES = 4


def _sealed(key: bytes, value: bytes) -> bytes:
    """Put the checksum behind a value."""
    return value + zlib.crc32(value, zlib.crc32(key)).to_bytes(_CRC_BYTES, "little")


class Codec(Protocol):
    """What the rows of a file are; everything else in the store is the same for all."""

    schema: ClassVar[int]
    """The format that the head of such a file names."""
    portion: ClassVar[tuple[int, int]]
    """Fewest and most missing rows that one caller claims at a time."""

    def copied(self, rows: Any) -> Any:
        """Give rows that nobody else can change."""

    def joined(self, parts: Sequence[Any]) -> Any:
        """Make one batch of several."""

    def checked(self, keys: Sequence[bytes], rows: Any) -> Any:
        """Give rows as they are written; ValueError where they are none, or not one a key."""

    def width(self, rows: Any) -> int:
        """Give the floats of a row; 0 where rows have no width."""

    def n_bytes(self, rows: Any) -> int:
        """Tell about how much rows take on the disk."""

    def encode(self, keys: Sequence[bytes], rows: Any) -> list[bytes]:
        """Give the stored form of each row."""

    def decode(
        self, keys: Sequence[bytes], values: Sequence[object], width: int
    ) -> tuple[dict[bytes, Any], list[bytes]]:
        """Give the sound rows, and the keys of the damaged ones."""


class VectorCodec:
    """Rows that are float32 vectors of one width.

    Examples
    --------
    >>> import numpy as np
    >>> values = VECTORS.encode([b"a" * 16], np.array([[1.0, 2.0]]))
    >>> [len(value) for value in values]
    [12]
    >>> VECTORS.decode([b"a" * 16], values, 2)[0]
    {b'aaaaaaaaaaaaaaaa': array([1., 2.], dtype=float32)}
    >>> VECTORS.decode([b"b" * 16], values, 2)
    ({}, [b'bbbbbbbbbbbbbbbb'])
    """

    schema: ClassVar[int] = 1
    portion: ClassVar[tuple[int, int]] = (512, 4096)

    def copied(self, rows: Any) -> np.ndarray:
        """Copy rows: who computes them may fill one buffer again and again."""
        return np.array(rows, dtype=np.float32)

    def joined(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        """Make one batch of several."""
        return np.concatenate(parts)

    def checked(self, keys: Sequence[bytes], rows: Any) -> np.ndarray:
        """Refuse what is no matrix with a row a key."""
        made: np.ndarray = np.asarray(rows)
        if (len(keys) or len(made)) and (
            made.ndim != 2 or len(made) != len(keys) or not made.shape[1]
        ):
            raise ValueError(
                f"`rows` must be of shape ({len(keys)}, d), a row a key, d > 0. Got {made.shape}."
            )
        return made

    def width(self, rows: np.ndarray) -> int:
        """Give the number of columns."""
        return int(rows.shape[1])

    def n_bytes(self, rows: np.ndarray) -> int:
        """Give the bytes of the floats."""
        return _FLOAT.itemsize * rows.size

    def encode(self, keys: Sequence[bytes], rows: Any) -> list[bytes]:
        """Give the stored form of each row: 4 d + 4 bytes."""
        rows = np.ascontiguousarray(rows, dtype=_FLOAT)
        return [_sealed(key, row.tobytes()) for key, row in zip(keys, rows, strict=True)]

    def decode(
        self, keys: Sequence[bytes], values: Sequence[object], width: int
    ) -> tuple[dict[bytes, np.ndarray], list[bytes]]:
        """Give the sound rows, slices of one writable block, and the keys of the damaged ones."""
        size = _FLOAT.itemsize * width + _CRC_BYTES
        sound: dict[bytes, bytes] = {}
        damaged: list[bytes] = []
        for key, value in zip(keys, values, strict=True):
            if (
                type(value) is bytes
                and len(value) == size
                and zlib.crc32(value, zlib.crc32(key)) == _RESIDUE
            ):
                sound[key] = value
            else:
                damaged.append(key)
        block = np.frombuffer(bytearray().join(sound.values()), dtype=_FLOAT)
        rows = block.reshape(-1, width + 1)[:, :width]
        return dict(zip(sound, rows, strict=True)), damaged


class TextCodec:
    """Rows that are texts of any length, such as what was said in a sound.

    Examples
    --------
    >>> TEXTS.decode([b"a" * 16], TEXTS.encode([b"a" * 16], ["gr\u00fcn"]), 0)
    ({b'aaaaaaaaaaaaaaaa': 'gr\u00fcn'}, [])
    """

    schema: ClassVar[int] = 2
    portion: ClassVar[tuple[int, int]] = (16, 64)  # a text takes seconds, where a vector takes ms

    def copied(self, rows: Any) -> list[str]:
        """Give them as a list: strings never change."""
        return list(rows)

    def joined(self, parts: Sequence[list[str]]) -> list[str]:
        """Make one batch of several."""
        return [text for part in parts for text in part]

    def checked(self, keys: Sequence[bytes], rows: Any) -> list[str]:
        """Refuse what is no list of texts, one a key."""
        made = list(rows)
        wrong = next((row for row in made if not isinstance(row, str)), None)
        if wrong is not None or len(made) != len(keys):
            got = f"{len(made)} rows" if wrong is None else f"a {type(wrong).__name__}"
            raise ValueError(f"`rows` must be {len(keys)} strings, one a key. Got {got}.")
        return made

    def width(self, rows: list[str]) -> int:
        """Texts have none."""
        return 0

    def n_bytes(self, rows: list[str]) -> int:
        """Give the number of characters."""
        return sum(map(len, rows))

    def encode(self, keys: Sequence[bytes], rows: list[str]) -> list[bytes]:
        """Give the stored form of each text: UTF-8 and 4 bytes."""
        return [_sealed(key, row.encode()) for key, row in zip(keys, rows, strict=True)]

    def decode(
        self, keys: Sequence[bytes], values: Sequence[object], width: int
    ) -> tuple[dict[bytes, str], list[bytes]]:
        """Give the sound texts, and the keys of the damaged ones."""
        sound: dict[bytes, str] = {}
        damaged: list[bytes] = []
        for key, value in zip(keys, values, strict=True):
            if type(value) is bytes and zlib.crc32(value, zlib.crc32(key)) == _RESIDUE:
                sound[key] = value[:-_CRC_BYTES].decode()
            else:
                damaged.append(key)
        return sound, damaged


VECTORS, TEXTS = VectorCodec(), TextCodec()
CODECS: dict[int, Codec] = {codec.schema: codec for codec in (VECTORS, TEXTS)}
"""By the format that the head of a file names."""
