"""Which row is which, whatever becomes of the order of the table (layer L7)."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["row_ids"]


def row_ids(table: Any, columns: Sequence[str]) -> list[str]:
    """Name each row by its content, and rows of one content by which of them it is.

    Parameters
    ----------
    table : DataFrame
        The table as it stands in the file, with the paths that are written there.
    columns : sequence of str
        The columns that are looked at.

    Returns
    -------
    list of str
        One a row, all different.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.label_page._rows import row_ids
    >>> one, two, again = row_ids(pd.DataFrame({"text": ["a", "b", "a"]}), ["text"])
    >>> again == one.removesuffix("-0") + "-1", one == two
    (True, False)
    """
    cells = [table[name].tolist() for name in columns]
    seen: Counter[str] = Counter()
    found = []
    for row in range(len(table)):
        digest = hashlib.blake2b(digest_size=9)
        for column in cells:
            part = _content(column[row])
            digest.update(b"%d:" % len(part))
            digest.update(part)
        name = digest.hexdigest()
        found.append(f"{name}-{seen[name]}")
        seen[name] += 1
    return found


def _content(cell: Any) -> bytes:
    """Write a cell in bytes that other cells do not have."""
    if isinstance(cell, str):
        return b"s" + cell.encode("utf-8", "surrogatepass")
    if isinstance(cell, bytes | bytearray | memoryview):
        return b"b" + bytes(cell)
    if isinstance(cell, Mapping):
        inner = [(str(name), value) for name, value in cell.items()]
        return b"d" + b"".join(_framed(name) + _framed(value) for name, value in inner)
    if isinstance(cell, list | tuple):
        return b"l" + b"".join(map(_framed, cell))
    if isinstance(cell, np.ndarray):
        if cell.dtype.kind == "O":
            return _content(cell.tolist())
        head = f"{cell.dtype.str}{cell.shape}".encode()
        return b"a" + head + np.ascontiguousarray(cell).tobytes()
    if _is_missing(cell):
        return b""
    if hasattr(cell, "tobytes") and hasattr(cell, "size"):  # a picture of Pillow
        return b"p" + repr(cell.size).encode() + bytes(cell.tobytes())
    if isinstance(cell, float) and cell.is_integer():  # as a column with empty cells is read
        cell = int(cell)
    return b"o" + str(cell).encode("utf-8", "surrogatepass")


def _framed(cell: Any) -> bytes:
    part = _content(cell)
    return b"%d:" % len(part) + part


def _is_missing(cell: Any) -> bool:
    import pandas as pd

    return cell is None or (bool(pd.api.types.is_scalar(cell)) and bool(pd.isna(cell)))
