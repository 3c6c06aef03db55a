"""The page of a service: its files, and what it may load (layer L7)."""

from __future__ import annotations

from typing import Any

from hybridsent._optional import import_optional
from hybridsent._web import page_file

__all__ = ["OPEN", "POLICY", "add_page"]

_HERE = "hybridsent.serve"
_PARTS = ("page.css", "page.js", "answer.js", "dom.js", "fields.js", "recorder.js", "words.js")

OPEN = ("/", *(f"/{name}" for name in _PARTS), "/favicon.ico")
"""Paths that need no token: they hold nothing of the model, and the page asks for the token."""

POLICY: dict[str, Any] = {
    "policy": {"img-src": "'self' data: blob:", "media-src": "'self' blob:"},
    "headers": {"permissions-policy": "camera=(), microphone=(self), geolocation=()"},
}
"""What the page needs beside its own files: what was dropped is shown, and a sound recorded."""


def add_page(app: Any, service: Any) -> None:
    """Add the page to an application.

    Parameters
    ----------
    app : fastapi.FastAPI
        The application.
    service : Service
        What is behind it.
    """
    responses = import_optional("fastapi.responses", caller="hybridsent serve", extra="serve")
    Response = responses.Response

    def page(request: Any) -> Any:
        text, mime = page_file(_HERE, request.url.path[1:] or "page.html")
        return Response(text, media_type=mime)

    def nothing(request: Any) -> Any:
        return Response(status_code=204)

    for path in ("/", *(f"/{name}" for name in _PARTS)):
        app.router.add_route(path, page, methods=["GET"])
    app.router.add_route("/favicon.ico", nothing, methods=["GET"])
