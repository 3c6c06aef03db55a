"""The body of a request, read into memory as far as it may be (layer L7)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from hybridsent._web import BROKEN
from hybridsent.serve._entry import facts_of, refuse
from hybridsent.serve._limits import Limits, RefusedError

__all__ = ["Body"]
_DRAINED = 4  # times the largest body: what is read of one that is too large, so that it hears why
_DRAIN_SECONDS = 5.0
_BROKEN = (
    "The body of the request is no HTTP: its chunks or its end are damaged. Tell its length, or "
    "send each chunk with the size that it has."
)


class Body:
    """ASGI middleware that reads the body of a request into memory, as far as it may be.

    FastAPI has no limit of its own, and writes uploads to a disk.

    Parameters
    ----------
    app : callable
        What is behind it.
    limits : Limits
        Of which it knows ``body``, ``memory`` and ``upload``.
    """

    def __init__(self, app: Any, *, limits: Limits) -> None:
        self.app, self.limits = app, limits
        self._held = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Read, and hand on."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        facts = facts_of(scope)
        read = _Read(self.limits, receive)
        try:
            await self._read(scope, read)
        except RefusedError as error:
            facts.update(bytes=read.total, code=error.code)
            await refuse(_closing(send), error, facts["request_id"])
            return
        else:
            if read.gone:
                facts["failure"] = "the client went"
                return
            facts["bytes"] = read.total
            await self.app(scope, read.again, send)
        finally:
            self._held -= read.held
            read.chunks.clear()

    async def _read(self, scope: Any, read: _Read) -> None:
        headers = {name.lower(): value for name, value in scope["headers"]}
        if headers.get(b"content-encoding", b"identity") != b"identity":
            raise RefusedError(415, "packed", "A request must be sent as it is, not packed.")
        length = headers.get(b"content-length", b"0")
        drains = b"expect" not in headers
        try:
            async with asyncio.timeout(self.limits.upload):
                if length.isdigit() and len(length) < 19 and int(length) <= self.limits.body:
                    async for n in read.pieces():
                        self._hold(read, n)
                    _check_whole(scope)
                    return
        except TimeoutError:
            told = f"A request must have come after {self.limits.upload:g} seconds."
            raise RefusedError(408, "too_slow", told) from None
        except RefusedError as error:
            if error.status == 413 and drains:
                await read.drain()
            raise
        if drains:
            await read.drain()
        raise _too_large(self.limits)

    def _hold(self, read: _Read, n: int) -> None:
        read.held += n
        self._held += n
        if read.held > self.limits.body:
            raise _too_large(self.limits)
        if self._held > self.limits.memory:
            raise RefusedError(
                429, "busy", "Too much is being sent at once; try again in a second.", retry=1
            )


class _Read:
    """A body as it comes, and once more as it came."""

    def __init__(self, limits: Limits, receive: Callable[[], Awaitable[Any]]) -> None:
        self.limits, self.receive = limits, receive
        self.chunks: list[bytes] = []
        self.held = self.total = 0
        self.gone = self.ended = False
        self._told = False

    async def pieces(self) -> Any:
        """Give the sizes of the pieces, which are kept."""
        while not self.ended:
            chunk = await self._next()
            yield len(chunk)
            self.chunks.append(chunk)

    async def _next(self) -> bytes:
        message = await self.receive()
        if message["type"] == "http.disconnect":
            self.gone = self.ended = True
            return b""
        self.ended = not message.get("more_body", False)
        chunk = bytes(message.get("body", b""))
        self.total += len(chunk)
        return chunk

    async def drain(self) -> None:
        """Read on for a while and forget: who still sends does not listen."""
        self.chunks.clear()
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while not self.ended and self.total < _DRAINED * self.limits.body:
                    await self._next()
        except TimeoutError:
            return

    async def again(self) -> Any:
        """Hand it on, as ASGI does."""
        if self._told:
            return await self.receive()
        self._told = True
        return {"type": "http.request", "body": b"".join(self.chunks), "more_body": False}


def _closing(send: Any) -> Any:
    """Close the connection after the answer: nobody knows where the next request begins."""

    async def sent(message: Any) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
        await send(message)

    return sent


def _check_whole(scope: Any) -> None:
    if scope.get(BROKEN):
        raise RefusedError(400, "no_http", _BROKEN)


def _too_large(limits: Limits) -> RefusedError:
    return RefusedError(
        413, "too_large", f"A request must have at most {limits.body} bytes; this one has more."
    )
