"""Who watches how far fits are, without a parameter for it in each function (layer L5).

tqdm shows a bar of one loop; a report is made of several functions, each with its own, and one bar
has to know of all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

__all__ = ["Watcher", "told_to_watcher", "watched_by"]

Watcher = Callable[[int, int], None]
"""Called with the number of fits that are done, and of all."""

_WATCHER: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Let somebody watch all fits that are made inside.

    Parameters
    ----------
    watcher : callable
        Called with the number of fits that are done, and of all of this loop.

    Yields
    ------
    None
        While they are watched.

    Examples
    --------
    >>> from hybridsent.evaluation._progress import told_to_watcher, watched_by
    >>> seen = []
    >>> with watched_by(lambda done, n: seen.append((done, n))):
    ...     _ = list(told_to_watcher(["a", "b"], 2))
    >>> seen
    [(0, 2), (1, 2), (2, 2)]
    """
    before = _WATCHER.set(watcher)
    try:
        yield
    finally:
        _WATCHER.reset(before)


def told_to_watcher(outcomes: Iterable[Any], n: int) -> Iterator[Any]:
    """Hand outcomes on as they come, and tell whoever watches.

    Parameters
    ----------
    outcomes : iterable
        What fits give.
    n : int
        How many there will be.

    Yields
    ------
    object
        Each of them.
    """
    watcher = _WATCHER.get()
    if watcher is None:
        yield from outcomes
        return
    watcher(0, n)
    for done, outcome in enumerate(outcomes, 1):
        watcher(done, n)
        yield outcome
