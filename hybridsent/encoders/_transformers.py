"""Names of transformers, for any number of threads (layer L2).

When transformers has been imported, it puts another module in its own place, which finds its names
at use. A thread whose statement ``from transformers import AutoModel`` waited for the import of
another thread is handed the first module, which lacks them: CPython looks it up before it waits.

While a model is loaded, transformers puts functions that do nothing in the place of its own, for
the whole process (`transformers.initialization.no_tie_weights`), and puts back what it found. Of
two threads that load at once, the second finds the function that does nothing, and the process
never ties weights again: tensors that are stored once and used twice stay without values. So one
thread at a time loads.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["loading_alone", "of_transformers"]

_loading = threading.RLock()
_lock = threading.RLock()  # what it finds at use imports modules that import each other


def of_transformers(name: str) -> Any:
    """Give a class of transformers, which one thread at a time imports.

    Parameters
    ----------
    name : str
        Such as ``"AutoModel"``.

    Returns
    -------
    type
        The class; the functions that it has are untyped.
    """
    with _lock:
        return getattr(importlib.import_module("transformers"), name)


@contextmanager
def loading_alone() -> Iterator[None]:
    """Let one thread of this process load models of transformers, others wait.

    Yields
    ------
    None
        While this thread is the one.

    Examples
    --------
    >>> from hybridsent.encoders._transformers import loading_alone
    >>> with loading_alone():
    ...     pass
    """
    with _loading:
        yield
