"""The rows of one fingerprint: one database file, an index of keys beside the vectors (layer L1).

Two tables: ``keys`` (key, id, hour of last use) is small, so that noting a use rewrites 30 bytes
and not a vector; ``rows`` (id, value) is only appended to. Measured: 16 KiB pages are fastest up
to about 2000 floats; above, vectors overflow a page and 4 KiB wastes less.

Why by hand: of eleven stores measured, sqlite alone took many writing processes, ``kill -9`` and a
full disk without loss, and needs no dependency.
"""

# ruff: noqa: S608 - all that is put into a statement is question marks

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from hybridsent.exceptions import StoreError
from hybridsent.store._header import Header, read_header, write_header
from hybridsent.store._row_bytes import Codec
from hybridsent.store._sqlite import AT_ONCE, DamagedError, chunked, shrink, transaction

__all__ = ["RowFile"]

_BLOCK = 256  # rows a block: what one kept row may hold in memory
_MAX_ID = 2**62


def this_hour() -> int:
    """Give the clock of use: hours since 1970. Coarse, so that reading seldom writes."""
    return int(time.time() // 3600)


class RowFile:
    """One open file; every method is one transaction.

    Parameters
    ----------
    connection : sqlite3.Connection
        Open on `path`; the caller closes it.
    path : Path
        For messages.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection = connection
        self.path = path

    # -- header -----------------------------------------------------

    def header(self) -> Header:
        """Read the header; a file of a newer version is refused, a mangled header is damage."""
        return read_header(self.connection, self.path)

    def _check_holds(self, header: Header, codec: Codec) -> None:
        """Refuse to take texts for vectors, or vectors for texts."""
        if header.schema != codec.schema:
            raise StoreError(
                f"{self.path} holds rows of another kind for {header.fingerprint!r}. One "
                "fingerprint must mean one thing: change the fingerprint, or clear this one."
            )

    def _check_width(self, header: Header, width: int | None) -> None:
        if header.width not in (None, width):
            raise StoreError(
                f"Rows of {width} floats were given for {header.fingerprint!r}, whose stored rows "
                f"have {header.width} ({self.path}). One fingerprint must mean one encoder: change "
                "the fingerprint, or clear this one."
            )

    def _admit(self, codec: Codec, width: int, spec: Mapping[str, object]) -> None:
        """Check rows to be written against the header; an empty file takes its width from them."""
        header = self.header()
        self._check_holds(header, codec)
        self._check_width(header, width)
        told = replace(header, width=width, spec=header.spec or dict(spec))
        if told != header:
            write_header(self.connection, told)

    # -- read -------------------------------------------------------

    def get(
        self, keys: Sequence[bytes], codec: Codec | None = None
    ) -> tuple[dict[bytes, Any], list[bytes], list[bytes]]:
        """Give the rows that are here, the keys of damaged ones, and keys to be touched.

        What they are the file tells; where a codec is named, it must be that one.
        """
        rows: dict[bytes, Any] = {}
        damaged: list[bytes] = []
        hour = this_hour()
        with transaction(
            self.connection, "DEFERRED"
        ):  # one snapshot: rows may be deleted meanwhile
            header = self.header()
            if codec is not None:
                self._check_holds(header, codec)
            places = [] if header.width is None else self._locate(keys)
            for part in chunked(places, _BLOCK):
                good, bad = header.codec.decode(
                    [key for _, key, _ in part],
                    self._values([place for place, _, _ in part]),
                    header.width or 0,
                )
                rows.update(good)
                damaged += bad
        return rows, damaged, [key for _, key, used in places if used != hour and key in rows]

    def _locate(self, keys: Sequence[bytes]) -> list[tuple[int, bytes, int]]:
        """Find (id, key, hour of use) in the order of the ids, which is the order on disk."""
        columns = "SELECT coalesce(CAST(id AS INTEGER), -1), key, CAST(used AS INTEGER) FROM keys"
        if (
            2 * len(keys) >= self._top()
        ):  # most of the file is asked for: reading on beats searching
            wanted = set(keys)
            return sorted(place for place in self.connection.execute(columns) if place[1] in wanted)
        places: list[tuple[int, bytes, int]] = []
        for part in chunked(keys, AT_ONCE):
            places += self.connection.execute(f"{columns} WHERE key IN ({_marks(part)})", part)
        return sorted(set(places))

    def _values(self, ids: Sequence[int]) -> list[object]:
        query = f"SELECT id, value FROM rows WHERE id IN ({_marks(ids)}) ORDER BY id"
        found: dict[int, object] = dict(self.connection.execute(query, ids).fetchall())
        return [found.get(place) for place in ids]

    def _top(self) -> int:
        return int(self.connection.execute("SELECT coalesce(max(id), 0) FROM rows").fetchone()[0])

    # -- write ------------------------------------------------------

    def put(
        self, codec: Codec, keys: Sequence[bytes], rows: Any, spec: Mapping[str, object]
    ) -> int:
        """Add the rows that are not here; returns their number. All are counted as encoded."""
        return self._add(codec, keys, rows, spec, None)

    def take_over(
        self, header: Header, keys: Sequence[bytes], rows: Any, hours: Mapping[bytes, int]
    ) -> int:
        """Add rows of another store that are not here, with the hours of their last use there.

        Only the new ones count as encoded: somebody encoded them, and nobody did it twice.
        """
        return self._add(header.codec, keys, rows, header.spec, hours)

    def _add(
        self,
        codec: Codec,
        keys: Sequence[bytes],
        rows: Any,
        spec: Mapping[str, object],
        hours: Mapping[bytes, int] | None,
    ) -> int:
        first = dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))
        values = codec.encode(keys, rows)
        with transaction(self.connection):
            self._admit(codec, codec.width(rows), spec)
            new = sorted(set(first) - self.present(list(first)), key=first.__getitem__)
            self._insert(new, [values[first[key]] for key in new], hours)
            offered = len(keys if hours is None else new)
            self.connection.execute("UPDATE meta SET encoded = encoded + ?", (offered,))
        return len(new)

    def check_takes(self, header: Header) -> None:
        """Refuse rows of another kind or width than those that are here."""
        here = self.header()
        self._check_holds(here, header.codec)
        self._check_width(here, header.width)

    def present(self, keys: Sequence[bytes]) -> set[bytes]:
        """Tell which keys have a row; none is read."""
        query = "SELECT key FROM keys JOIN rows USING (id) WHERE key IN"
        found: set[bytes] = set()
        for part in chunked(keys, AT_ONCE):
            found.update(
                key for (key,) in self.connection.execute(f"{query} ({_marks(part)})", part)
            )
        return found

    def _insert(
        self, keys: Sequence[bytes], values: Sequence[bytes], hours: Mapping[bytes, int] | None
    ) -> None:
        start = self._top() + 1
        if start > _MAX_ID:
            raise DamagedError(self.path)
        now, hours = this_hour(), hours or {}
        self.connection.executemany("INSERT INTO rows VALUES (?, ?)", enumerate(values, start))
        # another node's clock may go before this one's: nothing was used in the future
        places = [(key, at, min(hours.get(key, now), now)) for at, key in enumerate(keys, start)]
        self.connection.executemany("INSERT OR REPLACE INTO keys VALUES (?, ?, ?)", places)

    def touch(self, keys: Sequence[bytes]) -> None:
        """Note the use of rows; let it be where the file is busy, full or read-only."""
        self.connection.execute("PRAGMA busy_timeout=50").fetchall()
        with suppress(sqlite3.OperationalError), transaction(self.connection):
            for part in chunked(keys, AT_ONCE):
                query = f"UPDATE keys SET used = ? WHERE key IN ({_marks(part)})"
                self.connection.execute(query, (this_hour(), *part))
        self.connection.execute("PRAGMA busy_timeout=120000").fetchall()

    def drop(self, keys: Sequence[bytes]) -> None:
        """Delete rows."""
        for part in chunked(keys, AT_ONCE):  # pieces: the log stays small
            with transaction(self.connection):
                self._drop(part)

    def _drop(self, keys: Sequence[bytes]) -> None:
        marks = _marks(keys)
        ids = self.connection.execute(
            f"SELECT CAST(id AS INTEGER) FROM keys WHERE key IN ({marks})", keys
        ).fetchall()
        self.connection.execute(f"DELETE FROM keys WHERE key IN ({marks})", keys)
        self.connection.executemany("DELETE FROM rows WHERE id = ?", ids)

    def clear(self) -> None:
        """Delete all rows and forget the width; a small empty file stays."""
        with transaction(self.connection):
            self.connection.execute("DELETE FROM keys")
            self.connection.execute("DELETE FROM rows")
            self.connection.execute("UPDATE meta SET encoded = 0")
            write_header(self.connection, replace(self.header(), width=None))
        shrink(self.connection)

    # -- look -------------------------------------------------------

    def encoded(self) -> int:
        """Count the rows ever offered to `put`."""
        return int(self.connection.execute("SELECT encoded FROM meta").fetchone()[0])

    def uses(self) -> dict[int, int]:
        """Count the rows by hour of last use."""
        query = "SELECT CAST(used AS INTEGER), count(*) FROM keys GROUP BY 1"
        return dict(self.connection.execute(query).fetchall())

    def keys(self) -> list[bytes]:
        """List all keys."""
        return [key for (key,) in self.connection.execute("SELECT key FROM keys")]

    def places(self, n: int) -> Iterator[list[tuple[object, int]]]:
        """Give all keys with their hours of last use, `n` at a time, in the order on disk."""
        query = "SELECT key, coalesce(CAST(used AS INTEGER), 0) FROM keys ORDER BY id"
        cursor = self.connection.execute(query)
        try:
            while part := cursor.fetchmany(n):
                yield part
        finally:
            cursor.close()

    def oldest(self, n: int) -> list[bytes]:
        """List the keys used longest ago; among equals, those written first."""
        query = "SELECT key FROM keys ORDER BY used, id LIMIT ?"
        return [key for (key,) in self.connection.execute(query, (n,))]

    def is_sound(self) -> bool:
        """Check the structure of the file; the rows themselves are checked when read."""
        return bool(self.connection.execute("PRAGMA quick_check(1)").fetchall() == [(b"ok",)])


def _marks(items: Sequence[object]) -> str:
    return ",".join("?" * len(items))
