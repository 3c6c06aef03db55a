"""One fingerprint's place in a store: opened late, reopened after damage (layer L1).

Why by hand: it is the glue between the rows (`_row_file`) and the file (`_sqlite`), and the one
place that knows what to do when the file turns out to be damaged.
"""

from __future__ import annotations

import os
import re
import sqlite3
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote

from hybridsent.exceptions import StoreError, StoreWarning
from hybridsent.store import _idle
from hybridsent.store._file_names import live_file
from hybridsent.store._header import Header, page_size, schema
from hybridsent.store._row_bytes import VECTORS, Codec
from hybridsent.store._row_file import RowFile
from hybridsent.store._sqlite import READONLY, DamagedError, connect, create, explained, set_aside

__all__ = ["Shelf", "base_name"]

T = TypeVar("T")

_ATTEMPTS = 5
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f/\\]")
_inherited: list[sqlite3.Connection] = []
"""Connections of a parent process: sqlite forbids a fork even to close them, so they are kept."""


def base_name(fingerprint: str) -> str:
    """Make a file name of a fingerprint; two fingerprints never share one.

    Parameters
    ----------
    fingerprint : str
        1 to 120 printable characters, no slash or backslash.

    Returns
    -------
    str
        The fingerprint, with what is unsafe in a file name percent-encoded.

    Raises
    ------
    ValueError
        If it is not such a string.

    Examples
    --------
    >>> base_name("text-minilm-l6-3f2a")
    'text-minilm-l6-3f2a'
    >>> base_name("hf:tiny")
    'hf%3Atiny'
    """
    if (
        not isinstance(fingerprint, str)
        or not 1 <= len(fingerprint) <= 120
        or _FORBIDDEN.search(fingerprint)
    ):
        raise ValueError(
            "A fingerprint must be a string of 1 to 120 printable characters without '/' or '\\', "
            f"such as 'text-minilm-l6-3f2a'. Got {fingerprint!r}."
        )
    name = quote(fingerprint, safe="-_.+=@,")
    return name if name[0] != "." else f"%2E{name[1:]}"


class Shelf:
    """Access to the rows of one fingerprint for the length of one call of the store.

    Parameters
    ----------
    folder : Path
        The store.
    fingerprint : str
        Of the encoder.
    codec : Codec, default=VECTORS
        What its rows are.
    """

    def __init__(self, folder: Path, fingerprint: str, codec: Codec = VECTORS) -> None:
        self._codec = codec
        self._folder = folder
        self._fingerprint = fingerprint
        self._base = base_name(fingerprint)
        self._file: RowFile | None = None
        self._pid = os.getpid()

    def __enter__(self) -> Shelf:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close(sound=kind is None)

    def _close(self, *, sound: bool = False) -> None:
        """Let go of the file; a connection that did as it should waits for the next call."""
        if self._file is None:
            return
        if os.getpid() != self._pid:
            _inherited.append(self._file.connection)
        elif sound:
            _idle.keep_open(self._file.connection, self._file.path)
        else:
            self._file.connection.close()
        self._file = None

    # -- opening ----------------------------------------------------

    def _open(self) -> RowFile | None:
        for _ in range(_ATTEMPTS):
            if self._file is not None:
                return self._file
            path = live_file(self._folder, self._base)
            if path is None:
                return None
            # not found: set aside by another process between listing and opening
            with explained(path), suppress(FileNotFoundError):
                waiting = _idle.take_open(path)
                self._file = RowFile(waiting or connect(path), path)
                if waiting is None:  # one that waits was checked when it was opened
                    self._check(self._file)
        raise self._restless()

    def _restless(self) -> StoreError:
        return StoreError(
            f"The files of {self._fingerprint!r} in {self._folder} change faster than they open."
        )

    def _check(self, file: RowFile) -> None:
        told = file.header().fingerprint
        if told != self._fingerprint:
            raise StoreError(
                f"{file.path} holds the rows of {told!r}, not of {self._fingerprint!r}: the "
                "file was renamed, or this disk does not tell upper case from lower. Name another "
                "folder in HYBRIDSENT_STORE."
            )

    def run(
        self, action: Callable[[RowFile], T], *, make: Callable[[], None] | None = None
    ) -> T | None:
        """Do something with the file; None if there is none and none is to be made.

        A damaged file is set aside with a warning, and the action is done again on what is then
        there.
        """
        for _ in range(_ATTEMPTS):
            try:
                with explained(self._folder):
                    file = self._open()
                    if file is None and make is not None:
                        make()
                        continue
                    if file is None:
                        return None
                with explained(file.path):
                    return action(file)
            except DamagedError as error:
                self._close()
                if set_aside(error.path):
                    _warn(
                        f"{error.path} is damaged and was renamed to *.damaged; "
                        "its rows are computed again."
                    )
        raise self._restless()

    # -- rows -------------------------------------------------------

    def read(self, keys: Sequence[bytes]) -> dict[bytes, Any]:
        """Give the rows that are here and sound."""
        return self.run(lambda file: self._read(file, keys)) or {}

    def _read(self, file: RowFile, keys: Sequence[bytes]) -> dict[bytes, Any]:
        rows, damaged, stale = file.get(keys, self._codec)
        if stale:
            file.touch(stale)
        if damaged:
            self._forget(file, damaged)
        return rows

    def _forget(self, file: RowFile, damaged: Sequence[bytes]) -> None:
        try:
            file.drop(damaged)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != READONLY:  # it keeps them, and nobody uses them
                raise
        _warn(
            f"{len(damaged)} damaged rows of {self._fingerprint!r} were dropped ({file.path}); "
            "they are computed again."
        )

    def write(self, keys: Sequence[bytes], rows: Any, spec: Mapping[str, object]) -> int:
        """Add rows, making the file if there is none; returns the number of new ones."""
        make = partial(self._make, self._codec, self._codec.width(rows), spec)
        return self.run(lambda file: file.put(self._codec, keys, rows, spec), make=make) or 0

    def _make(self, codec: Codec, width: int, spec: Mapping[str, object]) -> None:
        header = Header(self._fingerprint, spec=dict(spec), schema=codec.schema)
        create(self._folder, self._base, page_size=page_size(width), schema=schema(header))

    # -- rows of other stores ---------------------------------------

    def present(self, keys: Sequence[bytes], header: Header) -> set[bytes]:
        """Tell which of another store's keys have a row; StoreError if such rows cannot be here."""

        def look(file: RowFile) -> set[bytes]:
            file.check_takes(header)
            return file.present(keys)

        return self.run(look) or set()

    def take_over(
        self, header: Header, keys: Sequence[bytes], rows: Any, hours: Mapping[bytes, int]
    ) -> int:
        """Add rows of another store, whose head is given; returns the number of new ones."""
        rows = header.codec.checked(keys, rows)
        make = partial(self._make, header.codec, header.width or 0, header.spec)
        return self.run(lambda file: file.take_over(header, keys, rows, hours), make=make) or 0


def _warn(message: str) -> None:
    warnings.warn(message, StoreWarning, stacklevel=6)
