"""Checks of ``.npy`` and ``.npz`` bytes before numpy reads them (layer L5).

``numpy.load(allow_pickle=False)`` runs no code, but it believes a header that declares a petabyte,
and it opens whatever zip file it is given.
"""

from __future__ import annotations

import io
import re
from math import prod
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.lib import format as npy

from hybridsent.exceptions import BundleError
from hybridsent.persist._archive import Allowance, unpack
from hybridsent.persist._errors import as_bundle_error

_SPARSE_PARTS = re.compile(r"(format|shape|data|indices|indptr|_is_array)\.npy")
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


class Header(NamedTuple):
    """What the header of a ``.npy`` file says, once it is known to be true.

    Attributes
    ----------
    shape : tuple of int
    kind : str
        numpy's one-letter kind of the dtype.
    dtype : dtype
    order : {"C", "F"}
    start : int
        Where the numbers begin.
    """

    shape: tuple[int, ...]
    kind: str
    dtype: np.dtype[Any]
    order: Literal["C", "F"]
    start: int

    def read(self, data: bytes) -> np.ndarray[Any, Any]:
        """Read the array of which this is the header."""
        if 0 in self.shape:
            return np.empty(self.shape, self.dtype, order=self.order)
        flat = np.frombuffer(data, self.dtype, offset=self.start).copy()
        return flat.reshape(self.shape, order=self.order)


def check_npy(data: bytes, name: str) -> Header:
    """Check that the header tells the truth and that the array holds no pickled objects.

    Parameters
    ----------
    data : bytes
        A whole ``.npy`` file.
    name : str
        Its name, for messages.

    Returns
    -------
    Header
        What is true of it.

    Raises
    ------
    BundleError
        When the bytes are no such file.

    Examples
    --------
    >>> import io
    >>> import numpy as np
    >>> file = io.BytesIO()
    >>> np.save(file, np.zeros((2, 3)))
    >>> header = check_npy(file.getvalue(), "a.npy")
    >>> header.shape, header.kind, header.read(file.getvalue()).sum()
    ((2, 3), 'f', np.float64(0.0))
    """
    file = io.BytesIO(data)
    with as_bundle_error(f"{name} is no numpy array"):
        shape, fortran, dtype = _HEADERS[npy.read_magic(file)](file)
    if dtype.hasobject:
        raise BundleError(f"{name} holds pickled objects, which would run code: it was not read.")
    follow = len(data) - file.tell()
    declared = prod(map(int, shape)) * dtype.itemsize
    if min(shape, default=0) < 0 or declared != follow or (declared == 0 and 0 not in shape):
        raise BundleError(
            f"{name} declares shape {shape} of {dtype}, which is {declared} bytes, but {follow} "
            "bytes follow: it is damaged or was tampered with."
        )
    return Header(shape, dtype.kind, dtype, "F" if fortran else "C", file.tell())


def check_npz(data: bytes, name: str, allowance: Allowance) -> None:
    """Check every array of a sparse matrix, as `check_npy` does."""
    for part, content in unpack(io.BytesIO(data), name, _SPARSE_PARTS, allowance).items():
        check_npy(content, f"{part} of {name}")
