"""A budget of memory for all threads that read cells (layer L1).

Why by hand: the limit on one cell, times the number of threads, is more than a machine may have,
and `threading.Semaphore` counts one at a time. What a cell will take is known from its header, so
a thread waits before it decodes until there is room. A cell that is larger than the whole budget is
decoded alone: whether it may be that large, `max_pixels` and `max_seconds` decide.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hybridsent.exceptions import MediaError

__all__ = ["BUDGET", "Budget", "reading", "reserve", "without_frames"]

BUDGET = 2**30
"""Bytes that the cells being decoded may take together."""

_SMALL = 2**20  # below, threads do not take turns: thousands of them are a gigabyte

_LARGE = 2**28  # from here on, what was freed is given back to the system before the next one


class Budget:
    """Room that threads share, first come, first served.

    Parameters
    ----------
    total : int
        Bytes.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.used = 0
        self._turns: deque[object] = deque()
        self._changed = threading.Condition()

    def take(self, n_bytes: int, *, wait: bool = True) -> None:
        """Take room; wait for it, unless the thread holds some already or nobody else does."""
        with self._changed:
            turn = object()
            self._turns.append(turn)
            try:
                if wait:
                    self._changed.wait_for(lambda: self._turns[0] is turn and self._fits(n_bytes))
                self.used += n_bytes
            finally:
                self._turns.remove(turn)
                self._changed.notify_all()

    def give(self, n_bytes: int) -> None:
        """Give room back."""
        with self._changed:
            self.used -= n_bytes
            self._changed.notify_all()

    def _fits(self, n_bytes: int) -> bool:
        return self.used == 0 or self.used + n_bytes <= self.total


_shared = Budget(BUDGET)
_mine = threading.local()


def _renew() -> None:
    """Begin anew in a forked process: the threads that held room are not there."""
    global _shared, _mine
    _shared, _mine = Budget(BUDGET), threading.local()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)


def _trim() -> None:
    """Give freed memory back: each thread's arena of glibc would keep its own gigabyte."""
    trim = _trimmer()
    if trim is not None:
        trim(0)


@functools.cache
def _trimmer() -> Callable[[int], object] | None:
    if sys.platform != "linux":
        return None
    import ctypes

    return getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none


@contextmanager
def reading() -> Iterator[None]:
    """Count what is reserved in this block until its end; blocks inside it add to it.

    Examples
    --------
    >>> with reading():
    ...     reserve(5_000_000)
    """
    if getattr(_mine, "held", None) is not None:
        yield
        return
    _mine.held = 0
    shared = _shared
    try:
        yield
    finally:
        held, _mine.held = _mine.held, None
        if held:
            if held >= _LARGE:
                _trim()
            shared.give(held)


def reserve(n_bytes: int) -> None:
    """Wait until so much may be decoded; outside of `reading` nothing is counted.

    Who holds some already does not wait, so that no two can wait for each other.

    Parameters
    ----------
    n_bytes : int
        What the cell will take, about.

    Examples
    --------
    >>> reserve(100)
    """
    held = getattr(_mine, "held", None)
    if held is None or n_bytes < _SMALL:
        return
    _shared.take(n_bytes, wait=held == 0)
    _mine.held = held + n_bytes


def without_frames(error: MediaError) -> MediaError:
    """Let go of the frames that an error holds, and with them of what they had read.

    Parameters
    ----------
    error : MediaError
        An error that is kept for a report; a thousand of them would keep a thousand pictures.

    Returns
    -------
    MediaError
        The same one; it still names its cause.

    Examples
    --------
    >>> without_frames(MediaError("the image is damaged"))
    MediaError('the image is damaged')
    """
    link: BaseException | None = error
    while link is not None and link.__traceback__ is not None:
        link.__traceback__ = None
        link = link.__cause__ or link.__context__
    return error
