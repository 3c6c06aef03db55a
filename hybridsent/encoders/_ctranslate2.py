"""The variables of a CTranslate2 ``model.bin``, read as data (layer L2).

Whisper models for CPUs are published in this format, as float16 or int8. ctranslate2 itself runs
them, but gives no hidden layer, and reads only whole models. Here the file is mapped, its table of
contents is checked to the last byte, and only the variables that are asked for are copied.

Little-endian: uint32 version; a string (uint16 length with its NUL, bytes) that names the spec;
uint32 revision; uint32 number of variables, and of each: name, uint8 rank, uint32 sizes, uint8
type, uint32 number of bytes, data; then uint32 number of aliases, each two names.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent.encoders._files import first_line
from hybridsent.exceptions import WeightsError

__all__ = ["Ct2File"]

_VERSIONS = (3, 6)  # since 3 a variable says its type and its bytes, and aliases stand at the end
_TYPES = ("<f4", "i1", "<i2", "<i4", "<f2", "bfloat16")
_MOST = 100_000  # variables: the largest models have a few thousand
_MOST_RANK = 8


@dataclass(frozen=True)
class _Variable:
    """Where a variable stands in its file."""

    shape: tuple[int, ...]
    type: str
    start: int
    n_bytes: int


class Ct2File:
    """A ``model.bin``, mapped while it is open: ``with Ct2File(path, name) as file``.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        Name of the backbone, for messages.

    Raises
    ------
    WeightsError
        If the file cannot be read, is no such file, of another version, cut off or damaged.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        try:
            with path.open("rb") as file:
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:  # of a file that is empty: nothing to be mapped
            raise self._wrong(first_line(error)) from error
        try:
            self.spec, self._variables = _contents(_Reader(self._bytes))
        except _MalformedError as error:
            self._bytes.close()
            raise self._wrong(str(error)) from error

    def __enter__(self) -> Ct2File:
        return self

    def __exit__(self, *_: object) -> None:
        self._bytes.close()

    def __contains__(self, variable: str) -> bool:
        return variable in self._variables

    def shape(self, variable: str) -> tuple[int, ...]:
        """Give the shape of a variable; nothing of its data is read."""
        return self._found(variable).shape

    def number(self, variable: str) -> int:
        """Read a variable that is one whole number."""
        found = self._array(variable)
        if found.size != 1 or found.dtype.kind not in "iu":
            raise self._wrong(f"its variable {variable!r} is no whole number")
        return int(found.reshape(()))

    def floats(self, variable: str) -> np.ndarray:
        """Copy a variable as float32; whole numbers are divided by their scales.

        Parameters
        ----------
        variable : str
            Its name.

        Returns
        -------
        ndarray, float32
            Its values.

        Raises
        ------
        WeightsError
            If there is none, or it holds numbers that are not finite.
        """
        values = self._array(variable)
        if values.dtype.kind == "i":
            values = self._scaled(variable, values)
        values = np.array(values, dtype=np.float32)
        if not np.isfinite(values).all():
            raise self._wrong(f"its variable {variable!r} holds numbers that are not finite")
        return values

    def _scaled(self, variable: str, whole: np.ndarray) -> np.ndarray:
        """Give the numbers that were written as whole ones: one scale, or one for each row."""
        scale = self._array(f"{variable}_scale").astype(np.float32)
        if scale.size not in (1, whole.shape[0] if whole.ndim else 1) or not (scale != 0).all():
            raise self._wrong(f"the scales of its variable {variable!r} do not fit")
        return whole.astype(np.float32) / scale.reshape(-1, *[1] * (whole.ndim - 1))

    def _array(self, variable: str) -> np.ndarray:
        """Copy a variable in the type that it has; bfloat16 becomes float32."""
        found = self._found(variable)
        raw = self._bytes[found.start : found.start + found.n_bytes]
        if found.type == "bfloat16":
            wide = np.frombuffer(raw, dtype="<u2").astype("<u4") << np.uint32(16)
            return wide.view("<f4").reshape(found.shape)
        return np.frombuffer(raw, dtype=found.type).reshape(found.shape)

    def _found(self, variable: str) -> _Variable:
        if variable not in self._variables:
            raise self._wrong(f"it has no variable {variable!r}")
        return self._variables[variable]

    def _wrong(self, cause: str) -> WeightsError:
        return WeightsError(
            f"The weights of {self.name!r} in {self.path} must be a whole model.bin of "
            f"CTranslate2. Got another one: {cause}. Reinstall the package, or fetch the file "
            "again."
        )


class _MalformedError(Exception):
    """A file is not what the format says; turned into an error with the way out."""


class _Reader:
    """Reads numbers and names one after the other, never beyond the end."""

    def __init__(self, content: Any) -> None:
        self._content, self.place = content, 0

    def skip(self, n: int) -> int:
        """Pass over bytes that must be there; gives where they begin."""
        start = self.place
        if n > len(self._content) - start:
            raise _MalformedError(
                f"it ends at byte {len(self._content)}, within what begins at {start}"
            )
        self.place += n
        return start

    def number(self, kind: str) -> int:
        """Read an unsigned number: ``"B"``, ``"H"`` or ``"I"``."""
        n = struct.calcsize(f"<{kind}")
        return int(struct.unpack_from(f"<{kind}", self._content, self.skip(n))[0])

    def text(self) -> str:
        """Read a name."""
        n = self.number("H")
        start = self.skip(n)
        raw = bytes(self._content[start : start + n])
        if not raw.endswith(b"\0") or not raw[:-1].isascii() or not raw[:-1].decode().isprintable():
            raise _MalformedError(f"no name stands at byte {start}")
        return raw[:-1].decode()

    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self.place == len(self._content)


def _contents(reader: _Reader) -> tuple[str, dict[str, _Variable]]:
    """Read the name of the spec, and where each variable is; refuse what does not fit."""
    version = reader.number("I")
    if not _VERSIONS[0] <= version <= _VERSIONS[1]:
        raise _MalformedError(f"its version is {version}, not {_VERSIONS[0]} to {_VERSIONS[1]}")
    spec = reader.text()
    reader.number("I")  # the revision of the spec: what is missing is told by name
    n = reader.number("I")
    if n > _MOST:
        raise _MalformedError(f"it names {n:,} variables")
    variables: dict[str, _Variable] = {}
    for _ in range(n):
        name = reader.text()
        if name in variables:
            raise _MalformedError(f"its variable {name!r} stands there twice")
        variables[name] = _variable(reader, name)
    variables.update(_aliases(reader, variables))
    if not reader.at_end():
        raise _MalformedError(f"more stands behind its end at byte {reader.place}")
    return spec, variables


def _variable(reader: _Reader, name: str) -> _Variable:
    rank = reader.number("B")
    if rank > _MOST_RANK:
        raise _MalformedError(f"its variable {name!r} has {rank} dimensions")
    shape = tuple(reader.number("I") for _ in range(rank))
    kind, n_bytes = reader.number("B"), reader.number("I")
    if kind >= len(_TYPES):
        raise _MalformedError(f"its variable {name!r} is of an unknown type, {kind}")
    size = 2 if _TYPES[kind] == "bfloat16" else np.dtype(_TYPES[kind]).itemsize
    if prod(shape) * size != n_bytes:
        raise _MalformedError(
            f"its variable {name!r} of shape {shape} says that it has {n_bytes} bytes"
        )
    return _Variable(shape, _TYPES[kind], reader.skip(n_bytes), n_bytes)


def _aliases(reader: _Reader, known: Mapping[str, _Variable]) -> dict[str, _Variable]:
    """Read the other names of variables."""
    found: dict[str, _Variable] = {}
    n = reader.number("I")
    if n > _MOST:
        raise _MalformedError(f"it names {n:,} aliases")
    for _ in range(n):
        alias, name = reader.text(), reader.text()
        if name not in known or alias in known or alias in found:
            raise _MalformedError(f"its alias {alias!r} of {name!r} does not fit")
        found[alias] = known[name]
    return found
