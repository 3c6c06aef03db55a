"""Tables in and out, columns found, and demo data (layer L4).

Hugging Face datasets, torchvision and audb load corpora in containers of their own; here the
container is the plain :class:`pandas.DataFrame` that everything else of the package takes, so this
package is short.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridsent._lazy import lazy_names

if TYPE_CHECKING:
    from hybridsent.datasets._cifar10 import read_cifar10
    from hybridsent.datasets._context import add_context
    from hybridsent.datasets._demo import make_demo
    from hybridsent.datasets._detect import detect_modalities, media_columns
    from hybridsent.datasets._pieces import TablePieces, iter_table
    from hybridsent.datasets._table import read_table, write_table
    from hybridsent.datasets._times import Times, read_times
    from hybridsent.datasets._transcribe import transcribe

__all__ = [
    "TablePieces",
    "Times",
    "add_context",
    "detect_modalities",
    "iter_table",
    "make_demo",
    "media_columns",
    "read_cifar10",
    "read_table",
    "read_times",
    "transcribe",
    "write_table",
]

_HOMES = {
    "TablePieces": "hybridsent.datasets._pieces",
    "Times": "hybridsent.datasets._times",
    "add_context": "hybridsent.datasets._context",
    "detect_modalities": "hybridsent.datasets._detect",
    "iter_table": "hybridsent.datasets._pieces",
    "media_columns": "hybridsent.datasets._detect",
    "make_demo": "hybridsent.datasets._demo",
    "read_cifar10": "hybridsent.datasets._cifar10",
    "read_table": "hybridsent.datasets._table",
    "read_times": "hybridsent.datasets._times",
    "transcribe": "hybridsent.datasets._transcribe",
    "write_table": "hybridsent.datasets._table",
}

__getattr__, __dir__ = lazy_names(globals(), _HOMES)
