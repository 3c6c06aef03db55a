"""Who watches a training, and may stop it, without a parameter of each function (layer L4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

__all__ = ["Watch", "not_kept", "watch", "watched"]


@dataclass
class Watch:
    """What is wanted of a training.

    Parameters
    ----------
    told : callable
        Called with the entry of each epoch, the first of which is that of the frozen network.
    keeps : bool, default=False
        Whether a Ctrl-C behind the first epoch ends the training with the best weights so far.
    """

    told: Callable[[Mapping[str, float]], None]
    keeps: bool = False


_WATCH: ContextVar[Watch | None] = ContextVar("watch", default=None)


def watch() -> Watch | None:
    """Give what is wanted of the trainings of this context.

    Returns
    -------
    Watch or None
        None where nobody watches.
    """
    return _WATCH.get()


@contextmanager
def watched(told: Callable[[Mapping[str, float]], None], *, keeps: bool = False) -> Iterator[None]:
    """Let somebody watch all trainings that are made inside.

    Parameters
    ----------
    told : callable
        Called with the entry of each epoch.
    keeps : bool, default=False
        Whether a Ctrl-C behind the first epoch ends a training with the best weights so far.

    Yields
    ------
    None
        While they are watched.

    Examples
    --------
    >>> from hybridsent.finetune._watched import watch, watched
    >>> with watched(print):
    ...     watch().told({"epoch": 0.0})
    {'epoch': 0.0}
    >>> watch() is None
    True
    """
    before = _WATCH.set(Watch(told, keeps))
    try:
        yield
    finally:
        _WATCH.reset(before)


@contextmanager
def not_kept() -> Iterator[None]:
    """Let a Ctrl-C end all, whoever watches: what is half done here is of no use on its own.

    Yields
    ------
    None
        While trainings are made.
    """
    wanted = _WATCH.get()
    before = _WATCH.set(None if wanted is None else Watch(wanted.told))
    try:
        yield
    finally:
        _WATCH.reset(before)
