"""A page in the browser on which people label the rows of a table (layer L7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridsent._lazy import lazy_names

if TYPE_CHECKING:
    from hybridsent.label_page._app import make_app
    from hybridsent.label_page._serve import serve

_HOMES = {
    "make_app": "hybridsent.label_page._app",
    "serve": "hybridsent.label_page._serve",
}

__all__ = ["make_app", "serve"]

__getattr__, __dir__ = lazy_names(globals(), _HOMES)
