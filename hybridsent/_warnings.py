"""Warnings that are ignored in one thread alone (layer L0).

`warnings.catch_warnings` copies the filters of the whole process and puts the old ones back: where
two threads overlap, the one that ends last restores what the other had set, and a process that was
told to ignore everything for a moment ignores everything for good; a filter that one thread put in
is gone when another one leaves its block. Filters that belong to a thread come with Python 3.14,
where they are switched on. Until then a filter that stays stands here for each class of warnings:
it matches nothing but what the thread that asks has said that it ignores, so that it does no harm
wherever it stands, and is in every copy that is made of the filters after it was put in
(`stand_ready`, before threads are started).
"""

from __future__ import annotations

import re
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

__all__ = ["ignored_warnings", "kept_filters", "stand_ready"]

_OF_THREADS = getattr(sys.flags, "context_aware_warnings", False)
_thread = threading.local()  # .ignored: {class of warnings: [pattern of messages, …]}


class _Standing:
    """Matches what this thread ignores of one class, in place of a regular expression."""

    pattern = "(?!)"  # scikit-learn hands filters on to its workers by this name

    def __init__(self, category: type[Warning]) -> None:
        self.category = category

    def __reduce__(self) -> tuple[Any, ...]:
        return re.compile, (self.pattern,)  # in a worker process

    def match(self, text: str) -> bool:
        """Tell whether a warning of this text is to be ignored."""
        ignored = getattr(_thread, "ignored", {}).get(self.category, ())
        return any(one.match(text) for one in ignored)


class _HandedOn:
    """What scikit-learn's workers are to ignore; it matches nothing where it stands."""

    def __init__(self, message: str) -> None:
        self.pattern = message

    def __reduce__(self) -> tuple[Any, ...]:
        return re.compile, (self.pattern, re.IGNORECASE)

    def match(self, text: str) -> bool:
        """Tell that this text is none of its own."""
        return False


_standing: dict[type[Warning], tuple[Any, ...]] = {}
_standing_lock = threading.Lock()


def stand_ready(*categories: type[Warning]) -> None:
    """Put the filters of this module before all others, where they are not.

    Whoever starts threads calls it first: what is put in while another thread is inside of
    `warnings.catch_warnings` is lost when that one leaves.

    Parameters
    ----------
    *categories : type of Warning
        Classes whose filter must be among them, beside those that were asked for before.

    Examples
    --------
    >>> from hybridsent._warnings import stand_ready
    >>> stand_ready()
    """
    if _OF_THREADS:
        return
    filters: Any = warnings.filters  # a list, whatever it is typed as
    with _standing_lock:
        asked: tuple[type[Warning], ...] = (Warning, *categories)
        for category in asked:
            if category not in _standing:
                _standing[category] = ("ignore", _Standing(category), category, None, 0)
        wanted = list(_standing.values())
        others = [one for one in filters if not isinstance(one[1], _HandedOn)]
        if others[: len(wanted)] != wanted:
            filters[:] = [*wanted, *(one for one in filters if one not in wanted)]


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
    if _OF_THREADS:
        with warnings.catch_warnings():
            for message in messages or ("",):
                warnings.filterwarnings("ignore", message=message, category=category)
            yield
        return
    stand_ready(category)
    if not hasattr(_thread, "ignored"):
        _thread.ignored = {}
    mine: list[re.Pattern[str]] = _thread.ignored.setdefault(category, [])
    mine += [re.compile(message, re.IGNORECASE) for message in messages or ("",)]
    handed_on = [("ignore", _HandedOn(one), category, None, 0) for one in messages or ("",)]
    filters: Any = warnings.filters
    filters[:0] = handed_on
    try:
        yield
    finally:
        del mine[-len(handed_on) :]
        for one in handed_on:
            with suppress(ValueError):  # in a copy of the filters that somebody put back
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
                standing = [one for one in now.filters if isinstance(one[1], _Standing)]
                filters[:] = [*standing, *(one for one in content if one not in standing)]
                now.filters = filters
