"""A saved model as a web service, with a page (layer L7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridsent._lazy import lazy_names

if TYPE_CHECKING:
    from hybridsent.serve._app import make_app
    from hybridsent.serve._limits import Limits
    from hybridsent.serve._serve import serve

_HOMES = {
    "Limits": "hybridsent.serve._limits",
    "make_app": "hybridsent.serve._app",
    "serve": "hybridsent.serve._serve",
}

__all__ = ["Limits", "make_app", "serve"]

__getattr__, __dir__ = lazy_names(globals(), _HOMES)
