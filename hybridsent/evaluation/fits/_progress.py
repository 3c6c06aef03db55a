"""Who watches how far fits are, without a parameter for it in each function (layer L5).

tqdm shows a bar of one loop; a report is made of several functions, each with its own, and one bar
has to know of all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

__all__ = ["Watcher", "drawn_by_time", "time_left", "told_to_watcher", "watched_by"]

_FORMAT = "{desc}: {percentage:3.0f}%|{bar}| {elapsed} gone, {remaining} to go"

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
    >>> from hybridsent.evaluation.fits._progress import told_to_watcher, watched_by
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


def drawn_by_time(outcomes: Iterable[Any], names: Sequence[str]) -> Iterator[Any]:
    """Hand outcomes of fits on as they come, and draw a bar that counts time, not fits.

    A network takes as long as a thousand dummies. What each model takes is known after its first
    fit; until then it is expected to take what the others do.

    Parameters
    ----------
    outcomes : iterable of object with fit_seconds and predict_seconds
        What fits give.
    names : sequence of str
        Whose fit each is.

    Yields
    ------
    object
        Each of them.
    """
    from tqdm import tqdm

    spent: dict[str, list[float]] = {}
    left = Counter(names)
    with tqdm(total=1.0, bar_format=_FORMAT, desc="evaluate", leave=False) as bar:
        for outcome, name in zip(outcomes, names, strict=True):
            spent.setdefault(name, []).append(outcome.fit_seconds + outcome.predict_seconds)
            left[name] -= 1
            bar.n = sum(map(sum, spent.values()))
            bar.total = bar.n + time_left(spent, left)
            bar.refresh()
            yield outcome


def time_left(spent: Mapping[str, Sequence[float]], left: Mapping[str, int]) -> float:
    """Tell how long the fits that are left will take, by what those of the same model took.

    Parameters
    ----------
    spent : mapping of str to sequence of float
        Seconds of the fits that are done, by model.
    left : mapping of str to int
        How many are left.

    Returns
    -------
    float
        Seconds, of one fit after the other.

    Examples
    --------
    >>> from hybridsent.evaluation.fits._progress import time_left
    >>> time_left({"network": [8.0, 12.0], "dummy": [1.0]}, {"network": 2, "dummy": 3, "new": 1})
    30.0
    """
    every = [each for seconds in spent.values() for each in seconds]
    unknown = sum(every) / len(every) if every else 0.0
    means = {name: sum(seconds) / len(seconds) for name, seconds in spent.items()}
    return float(sum(count * means.get(name, unknown) for name, count in left.items()))
