"""Which windows are whose, and what each speaker's say on average (layer L7).

One rule: a window is of the speaker who has more than half of the speech in it. Where several speak
at once, each of them has an equal part of that time; the time that somebody spoke counts whole. A
window in which nobody has more than half, or nobody speaks, is nobody's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hybridsent.timeline._turns import Turn

if TYPE_CHECKING:
    from hybridsent.timeline._smooth import Smooth

__all__ = ["Speaker", "seconds_of", "shares_of", "speakers_of", "whose"]


@dataclass(frozen=True)
class Speaker:
    """What is known of one who speaks.

    Parameters
    ----------
    name : str
        Who.
    seconds : float
        How long they speak, also while others do.
    overlapped : float
        How much of that others speak, too.
    windows : int
        How many windows are theirs, and have a score.
    mean, lower, upper : float
        The index of their windows, weighted by their part of each, and its interval; NaN without
        windows, the interval also where the recording is too short for one.
    change, change_lower, change_upper : float
        By how much the second half of their time differs from the first.
    """

    name: str
    seconds: float
    overlapped: float
    windows: int
    mean: float
    lower: float
    upper: float
    change: float
    change_lower: float
    change_upper: float


def _pieces(turns: Sequence[Turn]) -> list[tuple[float, float, frozenset[str]]]:
    """Cut time wherever somebody begins or ends: who speaks in each piece."""
    edges = sorted({*(turn.start for turn in turns), *(turn.end for turn in turns)})
    begins: dict[float, list[str]] = {}
    ends: dict[float, list[str]] = {}
    for turn in turns:
        begins.setdefault(turn.start, []).append(turn.speaker)
        ends.setdefault(turn.end, []).append(turn.speaker)
    speaking: dict[str, int] = {}
    pieces = []
    for number, edge in enumerate(edges[:-1]):
        for name in ends.get(edge, []):
            speaking[name] -= 1
        for name in begins.get(edge, []):
            speaking[name] = speaking.get(name, 0) + 1
        now = frozenset(name for name, count in speaking.items() if count > 0)
        if now:
            pieces.append((edge, edges[number + 1], now))
    return pieces


def seconds_of(turns: Sequence[Turn]) -> dict[str, tuple[float, float]]:
    """Add up how long each speaks.

    Parameters
    ----------
    turns : sequence of Turn
        Who speaks when; turns of one speaker may overlap, and count once.

    Returns
    -------
    dict of str to (float, float)
        Seconds of each, and how many of them others speak, too; who speaks most comes first.

    Examples
    --------
    >>> from hybridsent.timeline import Turn
    >>> from hybridsent.timeline._speakers import seconds_of
    >>> seconds_of([Turn(0, 4, "Anna"), Turn(3, 5, "Ben")])
    {'Anna': (4.0, 1.0), 'Ben': (2.0, 1.0)}
    """
    spoken: dict[str, list[float]] = {turn.speaker: [0.0, 0.0] for turn in turns}
    for start, end, names in _pieces(turns):
        for name in names:
            spoken[name][0] += end - start
            spoken[name][1] += (end - start) * (len(names) > 1)
    order = sorted(spoken, key=lambda name: (-spoken[name][0], name))
    return {name: (float(spoken[name][0]), float(spoken[name][1])) for name in order}


def shares_of(
    turns: Sequence[Turn], starts: np.ndarray, ends: np.ndarray
) -> tuple[list[str], np.ndarray]:
    """Give the part of each window that each speaker has.

    Parameters
    ----------
    turns : sequence of Turn
        Who speaks when.
    starts, ends : ndarray of shape (n,)
        Of the windows, in seconds.

    Returns
    -------
    names : list of str
        Speakers; who speaks most comes first.
    shares : ndarray of shape (n, n_speakers)
        From 0 to 1; the rest of a window is silence.
    """
    names = list(seconds_of(turns))
    at = {name: place for place, name in enumerate(names)}
    shares = np.zeros((len(starts), len(names)))
    for start, end, speaking in _pieces(turns):
        first = int(np.searchsorted(ends, start, side="right"))
        for row in range(first, len(starts)):
            if starts[row] >= end:
                break
            both = min(end, ends[row]) - max(start, starts[row])
            if both > 0:
                for name in speaking:
                    shares[row, at[name]] += both / len(speaking)
    return names, shares / (ends - starts)[:, None]


def whose(names: Sequence[str], shares: np.ndarray) -> list[str]:
    """Say of which speaker each window is.

    Parameters
    ----------
    names : sequence of str
        Speakers.
    shares : ndarray of shape (n, n_speakers)
        What `shares_of` gave.

    Returns
    -------
    list of str
        A name each, empty for nobody's.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.timeline._speakers import whose
    >>> whose(["Anna", "Ben"], np.array([[0.4, 0.1], [0.3, 0.3], [0.0, 0.0]]))
    ['Anna', '', '']
    """
    if not names:
        return [""] * len(shares)
    best = shares.argmax(axis=1)
    most = shares[np.arange(len(shares)), best]
    clear = (most > shares.sum(axis=1) / 2 + 1e-9) & (most > 0)
    return [names[at] if sure else "" for at, sure in zip(best, clear, strict=True)]


def speakers_of(
    turns: Sequence[Turn],
    names: Sequence[str],
    shares: np.ndarray,
    index: np.ndarray,
    curve: Smooth,
    confidence: float,
    bounds: tuple[float, float] | None = None,
) -> list[Speaker]:
    """Average the index of each speaker's windows, with what their noise leaves open.

    Parameters
    ----------
    turns : sequence of Turn
        Who speaks when.
    names : sequence of str
        Speakers.
    shares : ndarray of shape (n, n_speakers)
        What `shares_of` gave.
    index : ndarray of shape (n,)
        Of each window; NaN where there is none.
    curve : Smooth
        Through it, which tells how much of it is noise, and how alike that of neighbours is.
    confidence : float
        Such as 0.95.
    bounds : (float, float) or None, default=None
        Between which the index lies.

    Returns
    -------
    list of Speaker
        Who speaks most comes first.
    """
    spoken = seconds_of(turns)
    theirs = np.array(whose(names, shares), dtype=object)
    found = []
    for place, name in enumerate(names):
        weights = np.where((theirs == name) & np.isfinite(index), shares[:, place], 0.0)
        seconds, overlapped = spoken[name]
        n, total = int((weights > 0).sum()), weights.sum()
        mean = change = (float("nan"),) * 3
        if n:
            mean = curve.contrast(index, weights / total, confidence, bounds)
        if n > 1:
            early = np.cumsum(weights) - weights / 2 < total / 2
            first, second = weights * early, weights * ~early
            if first.sum() and second.sum():
                halves = second / second.sum() - first / first.sum()
                change = curve.contrast(index, halves, confidence)
        found.append(Speaker(name, seconds, overlapped, n, *mean, *change))
    return found
