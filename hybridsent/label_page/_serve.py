"""A server for the page, on this machine alone (layer L7)."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable
from threading import Thread
from typing import Any
from urllib.parse import urlencode

from hybridsent._optional import import_optional
from hybridsent._web import listening, run_server, usual_port

__all__ = ["serve"]

HOST = "127.0.0.1"


def serve(
    app: Any,
    *,
    port: int = 0,
    browser: bool = True,
    told: Callable[[str], None] | None = None,
) -> None:
    """Serve the page until Ctrl-C, then write the labels into the output.

    Parameters
    ----------
    app : fastapi.FastAPI
        What `make_app` gave.
    port : int, default=0
        The port; 0 takes one that the output tells, so that it is the same at the next time, or
        another one where that is taken.
    browser : bool, default=True
        Whether a browser is opened.
    told : callable or None, default=None
        Gets each line for people, the addresses of the annotators among them.

    Raises
    ------
    OSError
        If the port is taken.

    Examples
    --------
    >>> from hybridsent.label_page import serve
    >>> serve(make_app(table, "label", output="labelled.csv"))  # doctest: +SKIP
    """
    uvicorn = import_optional("uvicorn", caller="hybridsent label", extra="label")
    say = (lambda _: None) if told is None else told
    desk = app.state.desk
    try:
        usual = usual_port(str(desk.output.absolute()))
        listener = listening(HOST, [port] if port else [usual, 0])
        here = f"http://{HOST}:{listener.getsockname()[1]}/?"
        addresses = [
            here + urlencode({"token": app.state.token, "who": name})
            for name in app.state.annotators
        ]
        for name, address in zip(app.state.annotators, addresses, strict=True):
            alone = len(addresses) == 1
            say(f"label at {address}" if alone else f"{name} labels at {address}")
        say("every label is kept at once; Ctrl-C ends, and writes the table")
        if browser:
            Thread(target=webbrowser.open, args=(addresses[0],), daemon=True).start()
        run_server(app, listener, uvicorn=uvicorn)
        desk.save()
    finally:
        desk.close()
