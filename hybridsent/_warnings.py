"""Warnings that are ignored in one thread alone (layer L0).

`warnings.catch_warnings` copies the filters of the whole process and puts the old ones back: where
two threads overlap, the one that ends last restores what the other had set, and a process that was
told to ignore everything for a moment ignores everything for good. Filters that belong to a thread
come with Python 3.14, where they are switched on; until then a filter is put in and taken out here
that matches in its own thread alone, so that it does no harm wherever it stands or stays.
"""

from __future__ import annotations

import re
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

__all__ = ["ignored_warnings", "kept_filters"]


class _Mine:
    """Matches messages in the thread that made it, in place of a regular expression."""

    def __init__(self, message: str) -> None:
        self.pattern = message  # scikit-learn hands filters on to its workers by this name
        self.active = True
        self._matches = re.compile(message, re.IGNORECASE).match
        self._thread = threading.get_ident()

    def __reduce__(self) -> tuple[Any, ...]:
        return re.compile, (self.pattern, re.IGNORECASE)  # in a worker process

    def match(self, text: str) -> bool:
        """Tell whether a warning of this text is to be ignored."""
        mine = self.active and threading.get_ident() == self._thread
        return mine and self._matches(text) is not None


@contextmanager
def ignored_warnings(category: type[Warning] = Warning, *messages: str) -> Iterator[None]:
    """Ignore warnings inside a ``with`` block, in this thread alone.

    Parameters
    ----------
    category : type of Warning, default=Warning
        Class of the warnings.
    *messages : str
        Regular expressions of how their messages begin; none for every message.

    Yields
    ------
    None
        Nothing.

    Examples
    --------
    >>> import warnings
    >>> from hybridsent._warnings import ignored_warnings
    >>> with ignored_warnings(UserWarning, "loud"):
    ...     warnings.warn("loud noise", stacklevel=1)
    """
    if getattr(sys.flags, "context_aware_warnings", False):
        with warnings.catch_warnings():
            for message in messages or ("",):
                warnings.filterwarnings("ignore", message=message, category=category)
            yield
        return
    mine = [("ignore", _Mine(message), category, None, 0) for message in messages or ("",)]
    filters: Any = warnings.filters  # a list, whatever it is typed as
    filters[:0] = mine
    try:
        yield
    finally:
        for one in mine:
            one[1].active = False  # in a copy of the filters that somebody may put back
            with suppress(ValueError):
                filters.remove(one)


_kept: list[tuple[Any, list[Any]]] = []  # one for each thread inside; the last one restores
_kept_lock = threading.Lock()


@contextmanager
def kept_filters() -> Iterator[None]:
    """Leave the filters of the process as they were, whatever is run inside a ``with`` block.

    scikit-learn sets the filters of the process in each of its threads. What other code sets while
    the block runs is lost.

    Yields
    ------
    None
        Nothing.

    Examples
    --------
    >>> import warnings
    >>> from hybridsent._warnings import kept_filters
    >>> before = list(warnings.filters)
    >>> with kept_filters():
    ...     warnings.simplefilter("ignore")
    >>> warnings.filters == before
    True
    """
    now: Any = warnings
    with _kept_lock:
        _kept.append(_kept[0] if _kept else (now.filters, list(now.filters)))
    try:
        yield
    finally:
        with _kept_lock:
            filters, content = _kept.pop()
            if not _kept and (now.filters is not filters or filters != content):
                filters[:] = content
                now.filters = filters
