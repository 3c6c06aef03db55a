"""Tables in and out, columns found, and demo data (layer L4).

Hugging Face datasets, torchvision and audb load corpora in containers of their own; here the
container is the plain :class:`pandas.DataFrame` that everything else of the package takes, so this
package is short.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hybridsent.datasets._context import add_context
    from hybridsent.datasets._demo import make_demo
    from hybridsent.datasets._detect import detect_modalities, media_columns
    from hybridsent.datasets._table import read_table, write_table
    from hybridsent.datasets._transcribe import transcribe

__all__ = [
    "add_context",
    "detect_modalities",
    "make_demo",
    "media_columns",
    "read_table",
    "transcribe",
    "write_table",
]

_HOMES = {
    "add_context": "hybridsent.datasets._context",
    "detect_modalities": "hybridsent.datasets._detect",
    "media_columns": "hybridsent.datasets._detect",
    "make_demo": "hybridsent.datasets._demo",
    "read_table": "hybridsent.datasets._table",
    "transcribe": "hybridsent.datasets._transcribe",
    "write_table": "hybridsent.datasets._table",
}


def __getattr__(name: str) -> Any:
    """Import a function's module when it is first asked for (PEP 562): importing stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Names that completion shows."""
    return sorted(__all__)
