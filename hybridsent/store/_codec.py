"""A vector at rest: float32 bytes and a checksum that also covers its key (layer L1).

Why by hand: a database returns a flipped bit as it finds it (measured: ``PRAGMA integrity_check``
says ok). The checksum starts from the key, so that a sound vector under a wrong key is found out
as well. It stands at the end, because the crc32 of bytes followed by their own crc32 is one
constant: checking needs no slice and no copy.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

__all__ = ["decode", "encode"]

_RESIDUE = 0x2144DF1C
_FLOAT = np.dtype("<f4")


def encode(keys: Sequence[bytes], rows: np.ndarray) -> list[bytes]:
    """Give the stored form of each row.

    Parameters
    ----------
    keys : sequence of bytes
        One a row.
    rows : ndarray of shape (n, d)
        Anything that casts to float32.

    Returns
    -------
    list of bytes
        4 d + 4 bytes each.

    Examples
    --------
    >>> import numpy as np
    >>> [len(value) for value in encode([b"a" * 16], np.zeros((1, 3)))]
    [16]
    """
    rows = np.ascontiguousarray(rows, dtype=_FLOAT)
    values = [row.tobytes() for row in rows]
    return [
        v + zlib.crc32(v, zlib.crc32(k)).to_bytes(4, "little")
        for k, v in zip(keys, values, strict=True)
    ]


def decode(
    keys: Sequence[bytes], values: Sequence[object], width: int
) -> tuple[dict[bytes, np.ndarray], list[bytes]]:
    """Give the sound rows, and the keys of the damaged ones.

    Parameters
    ----------
    keys : sequence of bytes
        One a value.
    values : sequence
        What the database gave; only bytes of the right length and checksum are rows.
    width : int
        Number of floats of a row.

    Returns
    -------
    rows : dict of bytes to ndarray of shape (width,)
        Slices of one writable block.
    damaged : list of bytes
        Keys of the other values.

    Examples
    --------
    >>> import numpy as np
    >>> values = encode([b"a" * 16], np.array([[1.0, 2.0]]))
    >>> decode([b"a" * 16], values, 2)[0]
    {b'aaaaaaaaaaaaaaaa': array([1., 2.], dtype=float32)}
    >>> decode([b"b" * 16], values, 2)
    ({}, [b'bbbbbbbbbbbbbbbb'])
    """
    size = _FLOAT.itemsize * (width + 1)
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
    block = np.frombuffer(bytearray().join(sound.values()), dtype=_FLOAT).reshape(-1, width + 1)
    return dict(zip(sound, block[:, :width], strict=True)), damaged
