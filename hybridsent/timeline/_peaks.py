"""The strongest moments of a curve (layer L7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Peak", "peaks_of"]

_MOST = 3  # of each kind
_PART = 0.15  # of the curve's range, below which a rise is none
_FAR = 0.2  # of the same, by which a moment is away from the mean


@dataclass(frozen=True)
class Peak:
    """A moment at which the curve is highest or lowest around.

    Parameters
    ----------
    time : float
        The middle of its window, in seconds.
    window : int
        Its number.
    high : bool
        Whether it is high; else low.
    value, lower, upper : float
        The curve there, and its interval.
    sure : bool
        Whether its interval does not hold the mean of the whole curve.
    speaker, said : str, default=""
        Whose window it is, and what is said in it; empty where nothing is known.
    """

    time: float
    window: int
    high: bool
    value: float
    lower: float
    upper: float
    sure: bool
    speaker: str = ""
    said: str = ""


def peaks_of(
    middles: np.ndarray,
    curve: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    seen: np.ndarray,
    apart: float,
) -> list[Peak]:
    """Find the strongest highs and lows.

    Parameters
    ----------
    middles : ndarray of shape (n,)
        Of the windows, in seconds.
    curve, lower, upper : ndarray of shape (n,)
        The smoothed index, and its interval.
    seen : ndarray of shape (n,), bool
        Which windows have a score: where there is none, the curve is a guess.
    apart : float
        Seconds that two of a kind are apart, at least.

    Returns
    -------
    list of Peak
        At most three highs and three lows, in order of time; the ends of the recording may be such.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.timeline._peaks import peaks_of
    >>> time = np.arange(60.0)
    >>> wave = np.sin(time / 6)
    >>> found = peaks_of(time, wave, wave - 0.1, wave + 0.1, time < 57, 4.0)
    >>> [(each.time, each.high) for each in found]
    [(9.0, True), (28.0, False), (47.0, True)]
    """
    from scipy.signal import find_peaks

    if len(curve) < 3 or not np.isfinite(curve).all() or np.ptp(curve) == 0:
        return []
    step = float(np.median(np.diff(middles)))
    found = []
    mean = float(curve.mean())
    for sign in (1, -1):
        # ends count where the curve rises towards them
        walled = np.concatenate([[-np.inf], sign * curve, [-np.inf]])
        places, _ = find_peaks(
            walled, prominence=_PART * float(np.ptp(curve)), distance=max(1.0, apart / step)
        )
        kept = [
            (float(walled[place]), int(place) - 1)
            for place in places
            if sign * (curve[place - 1] - mean) > _FAR * np.ptp(curve) and seen[place - 1]
        ]
        for _, place in sorted(kept, reverse=True)[:_MOST]:
            sure = bool(lower[place] > mean if sign > 0 else upper[place] < mean)
            found.append(
                Peak(
                    float(middles[place]),
                    place,
                    sign > 0,
                    float(curve[place]),
                    float(lower[place]),
                    float(upper[place]),
                    sure,
                )
            )
    return sorted(found, key=lambda peak: peak.time)
