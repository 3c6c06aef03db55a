"""The head of a database file: whose rows it holds, how wide, in which format (layer L1).

Why by hand: it carries its own checksum, because sqlite has none for what it stores.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hybridsent.exceptions import StoreError
from hybridsent.store._row_bytes import CODECS, VECTORS, Codec
from hybridsent.store._sqlite import DamagedError

__all__ = ["Header", "page_size", "read_header", "schema", "write_header"]

SCHEMA_VERSION = max(CODECS)


@dataclass(frozen=True)
class Header:
    """What a file says of itself."""

    fingerprint: str
    width: int | None = None
    spec: dict[str, object] = field(default_factory=dict)
    schema: int = VECTORS.schema

    @property
    def codec(self) -> Codec:
        """What the rows are."""
        return CODECS[self.schema]

    def dumps(self) -> bytes:
        """Write it as JSON."""
        return json.dumps(vars(self), sort_keys=True, default=str).encode()


def page_size(width: int) -> int:
    """Choose the page size for vectors of this width."""
    return 16384 if width <= 2000 else 4096


def schema(header: Header) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Give the statements that make an empty file."""
    yield (
        "CREATE TABLE meta(header BLOB NOT NULL, crc INTEGER NOT NULL, encoded INTEGER NOT NULL)",
        (),
    )
    yield (
        "CREATE TABLE keys(key BLOB PRIMARY KEY, id INTEGER NOT NULL, used INTEGER NOT NULL) "
        "WITHOUT ROWID",
        (),
    )
    yield "CREATE TABLE rows(id INTEGER PRIMARY KEY, value BLOB NOT NULL)", ()
    text = header.dumps()
    yield "INSERT INTO meta VALUES (?, ?, 0)", (text, zlib.crc32(text))


def read_header(connection: sqlite3.Connection, path: Path) -> Header:
    """Read the header; a file of a newer version is refused, a mangled header is damage."""
    found = connection.execute("SELECT header, crc FROM meta").fetchall()
    if len(found) != 1 or not isinstance(found[0][0], bytes):
        raise DamagedError(path)
    text, crc = found[0]
    if zlib.crc32(text) != crc:
        raise DamagedError(path)
    fields = json.loads(text)
    if fields["schema"] > SCHEMA_VERSION:
        raise StoreError(
            f"{path} was written by a newer hybridsent (store format {fields['schema']}, this one "
            f"reads {SCHEMA_VERSION}). Upgrade hybridsent, or name another folder in "
            "HYBRIDSENT_STORE."
        )
    return Header(**fields)


def write_header(connection: sqlite3.Connection, header: Header) -> None:
    """Replace the header."""
    text = header.dumps()
    connection.execute("UPDATE meta SET header = ?, crc = ?", (text, zlib.crc32(text)))
