"""The live page of a monitor: the whole, then what changes, by server-sent events (layer L7)."""

from __future__ import annotations

import asyncio
import json
import threading
import webbrowser
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode

from hybridsent._optional import import_optional
from hybridsent._web import Guard, Tokens, listening, page_file, run_server, usual_port

if TYPE_CHECKING:
    from hybridsent.monitor._monitor import Monitor

__all__ = ["make_app", "serve_page"]

HOST = "127.0.0.1"
_PARTS = ("/page.css", "/page.js", "/words.js", "/charts.js")
_LOOK = 0.25
_ALIVE = 40
_READERS = 32
_PACKAGE = "hybridsent.monitor"
_CALLER = "hybridsent monitor"


def make_app(monitor: Monitor, *, token: str | None = None) -> Any:
    """Make the web application of the live page.

    Parameters
    ----------
    monitor : Monitor
        What is shown; the page changes nothing of it.
    token : str or None, default=None
        What the address must hold; None takes the one that the state keeps, so that a page that is
        open finds the monitor again after a restart.

    Returns
    -------
    fastapi.FastAPI
        The application; ``app.state.token`` is the token, and ``app.state.over.set()`` ends the
        streams of events.
    """
    fastapi = import_optional("fastapi", caller=_CALLER, extra="monitor")
    responses = import_optional("fastapi.responses", caller=_CALLER, extra="monitor")
    Response, StreamingResponse = responses.Response, responses.StreamingResponse

    app = fastapi.FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.state.token = monitor.state.secret() if token is None else token
    app.state.over = threading.Event()
    app.state.readers = 0
    page, html = page_file(_PACKAGE, "page.html")

    async def show(request: Any) -> Any:
        return Response(page, media_type=html)

    async def part(request: Any) -> Any:
        text, kind = page_file(_PACKAGE, request.url.path.removeprefix("/"))
        return Response(text, media_type=kind, headers={"cache-control": "no-cache"})

    async def events(request: Any) -> Any:
        if app.state.readers >= _READERS:
            return Response("Too many pages are open.", status_code=503)
        return StreamingResponse(
            _told(app, monitor.board), media_type="text/event-stream; charset=utf-8"
        )

    async def now(request: Any) -> Any:
        _, told = monitor.board.since(0)
        return Response(_json(told[0][1] if told else {}), media_type="application/json")

    app.add_route("/", show)
    for path in _PARTS:
        app.add_route(path, part)
    app.add_route("/events", events)
    app.add_route("/now.json", now)
    app.add_middleware(
        Guard,
        tokens=Tokens([app.state.token]),
        open_paths=_PARTS,
        cookie="hybridsent_monitor",
        denied="This page needs the address with the token that `hybridsent monitor` printed when "
        "it was started. Open that address.",
    )
    return app


async def _told(app: Any, board: Any) -> AsyncIterator[str]:
    """Write events as long as the reader is there: the whole first, then what changes."""
    app.state.readers += 1
    version, silent = 0, 0
    try:
        yield "retry: 2000\n\n"
        while not app.state.over.is_set():
            version, told = board.since(version)
            for name, data in told:
                yield f"event: {name}\ndata: {_json(data)}\n\n"
            silent = 0 if told else silent + 1
            if silent >= _ALIVE:
                yield ": alive\n\n"
                silent = 0
            await asyncio.sleep(_LOOK)
        yield "event: over\ndata: {}\n\n"
    finally:
        app.state.readers -= 1


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


class serve_page:  # noqa: N801 - it is used as a function is
    """Serve the live page in a thread of its own, on this machine alone.

    Parameters
    ----------
    monitor : Monitor
        What is shown.
    port : int, default=0
        The port; 0 takes one that the state tells, the same at each time, or another one where
        that is taken.
    browser : bool, default=False
        Whether a browser is opened.
    told : callable or None, default=None
        Gets a line with the address.

    Attributes
    ----------
    url : str
        The address, with its token.

    Examples
    --------
    >>> from hybridsent.monitor import Monitor, serve_page
    >>> with Monitor(scorer, "posts.jsonl", state="state.sqlite") as monitor:
    ...     with serve_page(monitor, told=print):
    ...         monitor.run()  # doctest: +SKIP
    """

    def __init__(
        self,
        monitor: Monitor,
        *,
        port: int = 0,
        browser: bool = False,
        told: Callable[[str], None] | None = None,
    ) -> None:
        self._uvicorn = import_optional("uvicorn", caller=_CALLER, extra="monitor")
        self.app = make_app(monitor)
        listener = listening(HOST, [port] if port else [usual_port(str(monitor.state.path)), 0])
        place = f"http://{HOST}:{listener.getsockname()[1]}/"
        self.url = f"{place}?{urlencode({'token': self.app.state.token})}"
        self._server: Any = None
        self._there = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(listener,), name="live page")
        self._thread.start()
        if told is not None:
            told(f"watch at {self.url}")
        if browser:
            threading.Thread(target=webbrowser.open, args=(self.url,), daemon=True).start()

    def _run(self, listener: Any) -> None:
        def held(server: Any) -> None:
            self._server = server
            self._there.set()

        try:
            run_server(
                self.app,
                listener,
                uvicorn=self._uvicorn,
                held=held,
                ending=self.app.state.over.set,
            )
        finally:
            self._there.set()

    def close(self) -> None:
        """End the streams and the server."""
        self.app.state.over.set()
        self._there.wait(10)
        if self._server is not None:
            self._server.should_exit = True
        with suppress(RuntimeError):
            self._thread.join(15)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
