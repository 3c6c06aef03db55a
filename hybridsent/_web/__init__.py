"""What all servers of the package share: who may ask, and how one is run and ended (layer L6).

FastAPI and uvicorn stand behind it; here is what they leave to each server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridsent._lazy import lazy_names

if TYPE_CHECKING:
    from hybridsent._web._guard import CLIENT, LOOPBACK, Guard
    from hybridsent._web._pages import page_file
    from hybridsent._web._running import BROKEN, CROWDED, Said, run_server
    from hybridsent._web._sockets import is_loopback, listening, usual_port
    from hybridsent._web._tokens import Tokens

_HOMES = {
    "BROKEN": "hybridsent._web._running",
    "CLIENT": "hybridsent._web._guard",
    "CROWDED": "hybridsent._web._running",
    "Guard": "hybridsent._web._guard",
    "LOOPBACK": "hybridsent._web._guard",
    "Said": "hybridsent._web._running",
    "Tokens": "hybridsent._web._tokens",
    "is_loopback": "hybridsent._web._sockets",
    "listening": "hybridsent._web._sockets",
    "page_file": "hybridsent._web._pages",
    "run_server": "hybridsent._web._running",
    "usual_port": "hybridsent._web._sockets",
}

__all__ = [
    "BROKEN",
    "CLIENT",
    "CROWDED",
    "LOOPBACK",
    "Guard",
    "Said",
    "Tokens",
    "is_loopback",
    "listening",
    "page_file",
    "run_server",
    "usual_port",
]

__getattr__, __dir__ = lazy_names(globals(), _HOMES)
