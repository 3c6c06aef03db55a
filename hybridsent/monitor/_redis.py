"""Streams of Redis, read by a consumer group (layer L7).

An entry is acknowledged when what it counted is on the disk. What a consumer took and did not
acknowledge comes again: to the consumer itself when it starts, and after a while to any other one.
"""

from __future__ import annotations

import math
import os
import socket
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

from hybridsent._optional import import_optional
from hybridsent.monitor._source import LONGEST, Piece, Source

__all__ = ["RedisStream"]

_OPTIONS = ("stream", "group", "consumer", "claim")


class RedisStream(Source):
    """A stream of Redis, read by a consumer group.

    Parameters
    ----------
    url : str
        ``redis://HOST:PORT/DB?stream=NAME``, also ``rediss://`` and ``unix://``; further options
        are ``group=`` (default ``hybridsent``), ``consumer=`` (default: a name that the state
        keeps) and ``claim=``, seconds after which the entries of a silent consumer are taken over
        (default 60). The password may stand in the environment variable ``REDIS_PASSWORD``.

    Raises
    ------
    ValueError
        If the address names no stream.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        given = parse_qs(parts.query)
        if not given.get("stream"):
            raise ValueError(
                "The source of a stream of Redis must name it, as in "
                f"redis://127.0.0.1:6379/0?stream=posts. Got {_without_password(url)!r}."
            )
        self.stream = given["stream"][0]
        self.group = given.get("group", ["hybridsent"])[0]
        self.consumer = given.get("consumer", [""])[0]  # else the one of the state, see `begin`
        claim = given.get("claim", ["60"])[0]
        try:
            self.claim = float(claim)
        except ValueError:
            self.claim = math.nan
        if not 0 <= self.claim < math.inf:
            raise ValueError(
                f"The option claim of a stream of Redis must be seconds, at least 0. Got {claim!r}."
            )
        rest = [
            f"{name}={value}"
            for name, values in given.items()
            if name not in _OPTIONS
            for value in values
        ]
        self._url = urlunsplit((*parts[:3], "&".join(rest), ""))
        self.name = f"{_without_password(urlunsplit((*parts[:3], '', '')))}?stream={self.stream}"
        self._client: Any = None
        self._taken: list[bytes] = []
        self._own: str | None = "0"  # from where the consumer's own entries are read again
        self._cursor = "0-0"
        self._claimed = 0.0
        self._told: Callable[[str], None] = print
        self._quiet = False

    def begin(
        self, where: Mapping[str, Any] | None, told: Callable[[str], None], *, once: bool
    ) -> None:
        """Connect, make the group where it is not there, and acknowledge what is on the disk.

        Parameters
        ----------
        where : mapping or None
            What `where` gave when something was counted last.
        told : callable
            Gets each line for people.
        once : bool
            Whether what is there now is all that will be read.
        """
        redis = import_optional("redis", caller="hybridsent monitor", extra="monitor")
        self._told, self._once, self._error = told, once, redis.exceptions.RedisError
        password = os.environ.get("REDIS_PASSWORD")
        extra = {} if password is None else {"password": password}
        self._client = redis.Redis.from_url(
            self._url, socket_timeout=20, socket_connect_timeout=5, **extra
        )
        known = "" if where is None else str(where["consumer"])
        fresh = f"{socket.gethostname()}-{uuid.uuid4().hex[:8]}"
        self.consumer = self.consumer or known or fresh
        try:
            self._make_group(redis)
            if where is not None and where["counted"]:
                ids = [bytes.fromhex(each) for each in where["counted"]]
                self._client.xack(self.stream, self.group, *ids)
        except self._error as error:
            raise OSError(f"{self.name} cannot be read: {error}") from error

    def _make_group(self, redis: Any) -> None:
        try:
            self._client.xgroup_create(self.stream, self.group, id="0", mkstream=True)
        except redis.exceptions.ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    def poll(self, most: int) -> list[Piece]:
        """Give entries: the consumer's own of before, those of silent ones, then new ones.

        Parameters
        ----------
        most : int
            The most pieces that are taken.

        Returns
        -------
        list of Piece
            Empty where nothing is there.
        """
        try:
            entries = self._own_ones(most) or self._left_ones(most) or self._new_ones(most)
        except self._error as error:
            if self._once:
                raise OSError(f"{self.name} cannot be read: {error}") from error
            if not self._quiet:
                self._told(f"{self.name} does not answer ({error}); it is asked again and again")
            self._quiet, self.drained = True, True
            return []
        if self._quiet:
            self._told(f"{self.name} answers again")
            self._quiet = False
        self._taken += [number for number, _ in entries]
        self.drained = not entries
        self.ended = self._once and self.drained
        return [self._piece(number, fields) for number, fields in entries]

    def _own_ones(self, most: int) -> list[tuple[bytes, Any]]:
        while self._own is not None:
            answer = self._client.xreadgroup(
                self.group, self.consumer, {self.stream: self._own}, count=most
            )
            entries = _entries(answer)
            if not entries:
                self._own = None
                break
            self._own = entries[-1][0].decode()
            gone = [number for number, fields in entries if not fields]  # deleted since
            if gone:
                self._client.xack(self.stream, self.group, *gone)
            kept = [(number, fields) for number, fields in entries if fields]
            if kept:
                return kept
        return []

    def _left_ones(self, most: int) -> list[tuple[bytes, Any]]:
        now = time.monotonic()
        if self._cursor == "0-0" and self._claimed and now - self._claimed < max(1, self.claim / 4):
            return []
        self._claimed = now
        cursor, entries, *_ = self._client.xautoclaim(
            self.stream,
            self.group,
            self.consumer,
            min_idle_time=int(1000 * self.claim),
            start_id=self._cursor,
            count=most,
        )
        self._cursor = cursor.decode() if isinstance(cursor, bytes) else str(cursor)
        held = set(self._taken)
        kept = [(number, fields) for number, fields in entries if fields and number not in held]
        if kept:
            self._told(f"{self.name}: took over {len(kept)} entries that were never acknowledged")
        return kept

    def _new_ones(self, most: int) -> list[tuple[bytes, Any]]:
        return _entries(
            self._client.xreadgroup(self.group, self.consumer, {self.stream: ">"}, count=most)
        )

    def _piece(self, number: bytes, fields: Mapping[bytes, bytes]) -> Piece:
        """Make a piece: a field that holds a JSON object alone is that object."""
        place = number.decode()
        if sum(map(len, fields.values())) > LONGEST:
            problem = f"the entry is longer than {LONGEST} bytes"
            return Piece(self.name, place, b"", problem)
        if len(fields) == 1:
            (content,) = fields.values()
            if content.lstrip()[:1] == b"{":
                return Piece(self.name, place, content)
        texts = {
            name.decode("utf-8", "replace"): value.decode("utf-8", "replace")
            for name, value in fields.items()
        }
        return Piece(self.name, place, texts)

    def where(self) -> Mapping[str, Any]:
        """Tell what will be acknowledged, so that a next run does it where this one was killed.

        Returns
        -------
        mapping
            Plain JSON.
        """
        counted = [number.hex() for number in self._taken]
        return {"consumer": self.consumer, "counted": counted}

    def done(self) -> None:
        """Acknowledge; where the server does not answer now, at the next time."""
        if not self._taken:
            return
        with suppress(self._error):
            self._client.xack(self.stream, self.group, *self._taken)
            self._taken = []

    def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            self._client.close()
            self._client = None


def _entries(answer: Any) -> list[tuple[bytes, Any]]:
    if not answer:
        return []
    streams = answer.values() if isinstance(answer, dict) else [each for _, each in answer]
    found: list[tuple[bytes, Any]] = []
    for entries in streams:
        if entries and isinstance(entries[0], list):  # the third protocol puts a list around them
            entries = [entry for several in entries for entry in several]
        found += [(number, fields) for number, fields in entries]
    return found


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts[0], host, *parts[2:]))
