"""The way of every request through a service: numbered, counted, logged without content (layer L7).

What is logged are facts about a request, never a part of it: neither its body nor its headers,
neither names of files nor addresses that are not ours, nor what an error says of a cell.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from hybridsent._web import CROWDED, Said
from hybridsent.serve._limits import RefusedError
from hybridsent.serve._metrics import Metrics

__all__ = ["Entry", "facts_of", "log_line", "refuse", "tell_no_http"]

FACTS = "hybridsent.facts"
"""Under which key of its scope the facts of a request stand."""

_OTHER = "other"  # what a client wrote in place of what we know
_KIND = (b"content-type", b"application/json")
_CALM = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
_NUMBERED = b"x-request-id"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})


def log_line(facts: Mapping[str, Any]) -> None:
    """Write facts as a line of JSON to stderr.

    Parameters
    ----------
    facts : mapping
        Plain values.
    """
    sys.stderr.write(json.dumps(facts) + "\n")
    sys.stderr.flush()


def facts_of(scope: Any) -> dict[str, Any]:
    """Give the facts of a request, to which whoever answers it adds.

    Parameters
    ----------
    scope : mapping
        As ASGI hands it over.

    Returns
    -------
    dict
        What will be logged.
    """
    facts: dict[str, Any] = scope.setdefault(FACTS, {})
    return facts


async def refuse(send: Any, error: RefusedError, request_id: str) -> None:
    """Answer a request with what is wrong.

    Parameters
    ----------
    send : callable
        As ASGI hands it over.
    error : RefusedError
        What is wrong.
    request_id : str
        Under which the log tells of it.
    """
    body = _body(error, request_id)
    headers = [_KIND, (b"content-length", str(len(body)).encode())]
    if error.retry is not None:
        headers.append((b"retry-after", str(error.retry).encode()))
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _body(error: RefusedError, request_id: str) -> bytes:
    return json.dumps({**error.body(), "request_id": request_id}).encode()


def tell_no_http(metrics: Metrics, log: Callable[[Mapping[str, Any]], None] | None) -> Said:
    """Say that what came is no request of HTTP, and tell of it as of a request.

    Parameters
    ----------
    metrics : Metrics
        What counts.
    log : callable or None
        Gets the facts.

    Returns
    -------
    Said
        The answer.
    """
    error = RefusedError(
        400,
        "no_http",
        "What was sent is no request of HTTP/1.1: its first line or its headers are damaged or too "
        "long. This server speaks http; what is sent to https:// goes to the proxy before it.",
    )
    request_id = secrets.token_hex(8)
    metrics.answered(_OTHER, error.status, 0.0)
    if log is not None:
        log(_line(_OTHER, _OTHER, error.status, 0.0, request_id=request_id, code=error.code))
    headers = [_KIND, *_CALM, (_NUMBERED, request_id.encode())]
    return Said(headers, _body(error, request_id))


def _line(method: str, path: str, status: int, seconds: float, **facts: Any) -> dict[str, Any]:
    """Write what the log tells of a request."""
    return {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "method": method,
        "path": path,
        "status": status,
        "ms": round(seconds * 1e3, 2),
        **facts,
    }


class Entry:
    """ASGI middleware around all others: numbers requests, counts, logs, and lets no error out.

    Parameters
    ----------
    app : callable
        What is behind it.
    paths : iterable of str
        Paths that may be named in logs and metrics; others are ``"other"``.
    metrics : Metrics
        What counts.
    log : callable or None
        Gets the facts of each request; None logs nothing.
    """

    def __init__(
        self,
        app: Any,
        *,
        paths: Iterable[str],
        metrics: Metrics,
        log: Callable[[Mapping[str, Any]], None] | None,
    ) -> None:
        self.app, self.paths = app, frozenset(paths)
        self.metrics, self.log = metrics, log

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request, and tell of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        facts = facts_of(scope)
        facts["request_id"] = request_id = secrets.token_hex(8)
        status = 0

        async def sent(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                named = (_NUMBERED, request_id.encode())
                message = {**message, "headers": [*message["headers"], named]}
            await send(message)

        try:
            if scope.get(CROWDED):
                facts["code"] = (crowded := _crowded()).code
                await refuse(sent, crowded, request_id)
            else:
                await self.app(scope, receive, sent)
        except Exception as error:  # noqa: BLE001 - told in the log, without what it says of a cell
            facts["failure"] = where(error)
            if not status:
                await refuse(sent, _failed(), request_id)
        except asyncio.CancelledError:
            facts["failure"] = "cancelled"
            raise
        finally:
            path = scope["path"] if scope["path"] in self.paths else _OTHER
            seconds = time.perf_counter() - began
            self.metrics.answered(path, status, seconds)
            if self.log is not None:
                method = scope["method"] if scope["method"] in _METHODS else _OTHER
                self.log(_line(method, path, status, seconds, **facts))


def where(error: BaseException) -> str:
    """Say which error came from where, without its message, which may hold what a user sent.

    Parameters
    ----------
    error : Exception
        Any.

    Returns
    -------
    str
        Such as ``"ValueError at _engine.py:90 < _batcher.py:70"``.
    """
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames)]
    return f"{type(error).__name__} at {' < '.join(places)}"


def _crowded() -> RefusedError:
    return RefusedError(
        503, "busy", "Too many connections are open; try again in a second.", retry=1
    )


def _failed() -> RefusedError:
    return RefusedError(
        500, "failed", "The server failed at this request; its log says where, by the request_id."
    )
