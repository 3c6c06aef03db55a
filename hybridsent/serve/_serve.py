"""A server for the application (layer L7)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from hybridsent._optional import import_optional
from hybridsent._web import listening, run_server
from hybridsent.serve._entry import tell_no_http

__all__ = ["serve"]

_LINGER = 0.5  # seconds in which clients that hold a connection hear that it closes
_BACKLOG = 512
_CONNECTIONS = 2048


def serve(
    app: Any,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    told: Callable[[str], None] | None = None,
    held: Callable[[Any], None] | None = None,
) -> None:
    """Serve an application until Ctrl-C or SIGTERM, and answer what was accepted by then.

    Parameters
    ----------
    app : fastapi.FastAPI
        What `make_app` gave.
    host : str, default="127.0.0.1"
        Address of this machine; the default is reached from this machine alone.
    port : int, default=8000
        The port; 0 takes one that is free.
    told : callable or None, default=None
        Gets each line for people: the address.
    held : callable or None, default=None
        Gets the uvicorn server before it runs; ``server.should_exit = True`` ends it from another
        thread.

    Raises
    ------
    OSError
        If the port is taken.
    Exception
        Whatever kept the model from answering its first row.

    Examples
    --------
    >>> from hybridsent.serve import make_app, serve
    >>> serve(make_app("model.hybridsent"), port=8000)  # doctest: +SKIP
    """
    # it warns of each damaged form, which its client is told
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    uvicorn = import_optional("uvicorn", caller="hybridsent serve", extra="serve")
    service = app.state.service

    def keep(server: Any) -> None:
        def end() -> None:
            server.should_exit = True

        service.failed = end
        if held is not None:
            held(server)

    listener = listening(host, [port], backlog=_BACKLOG)
    if told is not None:
        name, at = listener.getsockname()[:2]
        told(
            f"serving {service.engine.title} at http://{f'[{name}]' if ':' in name else name}:{at}"
        )
    run_server(
        app,
        listener,
        uvicorn=uvicorn,
        grace=service.limits.timeout + 5,
        linger=_LINGER,
        ending=service.ending,
        held=keep,
        lifespan="on",
        log_level="error",  # who sends no HTTP is told of by our own log
        backlog=_BACKLOG,
        no_http=lambda: tell_no_http(service.metrics, service.log),
        connections=_CONNECTIONS,
    )
    if service.failure is not None:
        raise service.failure
