"""Checks of ``.npy`` and ``.npz`` bytes before numpy reads them (layer L5).

``numpy.load(allow_pickle=False)`` runs no code, but it believes a header that declares a petabyte,
and it opens whatever zip file it is given.
"""

from __future__ import annotations

import io
import re
from math import prod

from numpy.lib import format as npy

from hybridsent.exceptions import BundleError
from hybridsent.persist._archive import Allowance, unpack
from hybridsent.persist._errors import as_bundle_error

_SPARSE_PARTS = re.compile(r"(format|shape|data|indices|indptr|_is_array)\.npy")
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def check_npy(data: bytes, name: str) -> tuple[tuple[int, ...], str]:
    """Check that the header tells the truth and that the array holds no pickled objects.

    Parameters
    ----------
    data : bytes
        A whole ``.npy`` file.
    name : str
        Its name, for messages.

    Returns
    -------
    shape : tuple of int
    kind : str
        numpy's one-letter kind of the dtype.

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
    >>> check_npy(file.getvalue(), "a.npy")
    ((2, 3), 'f')
    """
    file = io.BytesIO(data)
    with as_bundle_error(f"{name} is no numpy array"):
        shape, _, dtype = _HEADERS[npy.read_magic(file)](file)
    if dtype.hasobject:
        raise BundleError(f"{name} holds pickled objects, which would run code: it was not read.")
    follow = len(data) - file.tell()
    declared = prod(map(int, shape)) * dtype.itemsize
    if min(shape, default=0) < 0 or declared != follow or (declared == 0 and 0 not in shape):
        raise BundleError(
            f"{name} declares shape {shape} of {dtype}, which is {declared} bytes, but {follow} "
            "bytes follow: it is damaged or was tampered with."
        )
    return shape, dtype.kind


def check_npz(data: bytes, name: str, allowance: Allowance) -> None:
    """Check every array of a sparse matrix, as `check_npy` does."""
    for part, content in unpack(io.BytesIO(data), name, _SPARSE_PARTS, allowance).items():
        check_npy(content, f"{part} of {name}")
