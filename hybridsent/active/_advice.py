"""When to stop labelling (layer L3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hybridsent._numerics.power_law import gain_of_more
from hybridsent._params import check_count

__all__ = ["Advice", "stop_advice"]

_STEADY = 0.99  # agreement of predictions, beyond chance, above which they have settled
_ROUNDS = 3  # in a row
_DRAWS = 1000
_UNKNOWN = (float("nan"),) * 3  # a gain and its interval


@dataclass(frozen=True)
class Advice:
    """Whether to go on labelling.

    Parameters
    ----------
    stop : bool
        Whether more labels are not worth it.
    sentence : str
        The advice, with its reason.
    gain, low, high : float
        What more labels are expected to bring, with a 95 % interval; NaN where nothing tells it.

    Examples
    --------
    >>> from hybridsent.active import Advice
    >>> print(Advice(False, "Go on: there are 5 labels.", 0.0, 0.0, 0.0))
    Go on: there are 5 labels.
    """

    stop: bool
    sentence: str
    gain: float
    low: float
    high: float

    def __str__(self) -> str:
        return self.sentence


def stop_advice(
    history: Sequence[Mapping[str, Any]], *, more: int = 50, worth: float = 0.005
) -> Advice:
    """Advise whether to go on labelling, by how score and predictions have changed so far.

    Parameters
    ----------
    history : sequence of mapping
        One for each time that the model was judged, in rising order of labels, with these keys:

        - ``"n_labels"``: labels at that time;
        - ``"score"``: out-of-fold score, of which more is better; may be missing or NaN;
        - ``"low"``, ``"high"``: its 95 % interval, where it is known;
        - ``"agreement"``: Cohen's kappa of the predictions about rows without a label, or about
          any fixed rows, with those of the time before, where it is known.
    more : int, default=50
        Labels that one would give before asking again.
    worth : float, default=0.005
        A gain of the score that is worth so many labels.

    Returns
    -------
    Advice
        Go on, unless one of these holds, in this order. A power law through at least three scores
        expects less than `worth` of `more` labels, and its 95 % interval says so, too. Or the
        predictions have settled: three times in a row they agreed with those before by a kappa of
        at least 0.99 (Bloodgood and Vijay-Shanker 2009).

    Raises
    ------
    ValueError
        If the history is not in rising order, or lacks numbers of labels.

    Notes
    -----
    Scores that are not out of fold, or are of rows that a strategy chose, say little of other rows;
    of rows that were asked because they are hard they are too low. The interval of the gain comes
    from the intervals of the scores, drawn as if they were independent, and from how far off a
    power law was on real corpora.

    References
    ----------
    Bloodgood, Vijay-Shanker: A method for stopping active learning based on stabilizing predictions
    and the need for user-adjustable stopping, CoNLL 2009.

    Examples
    --------
    >>> from hybridsent.active import stop_advice
    >>> print(stop_advice([{"n_labels": 20, "score": 0.6}]))
    Go on: one score of 20 labels does not tell yet what more of them bring.
    >>> settled = [{"n_labels": 20 * k, "agreement": 0.995} for k in range(1, 5)]
    >>> print(stop_advice(settled))
    Stop: the last 3 times hardly any prediction changed (kappa at least 0.99).
    """
    check_count(more, "more", "stop_advice")
    told = _read(history)
    if not len(told):
        return Advice(False, "Go on: there are no labels yet.", *_UNKNOWN)
    n, score, deviation, agreement = told.T
    forecast = _forecast(n, score, deviation, more)
    if forecast is not None:
        value, low, high = forecast
        number = f"{value:+.3f} [{low:+.3f}, {high:+.3f}]"
        if high < worth:
            words = f"Stop: {more} more labels are expected to bring {number}, less than {worth:g}."
            return Advice(True, words, value, low, high)
    settled = len(agreement) >= _ROUNDS and bool((agreement[-_ROUNDS:] >= _STEADY).all())
    if settled:
        words = (
            f"Stop: the last {_ROUNDS} times hardly any prediction changed (kappa at least "
            f"{_STEADY:g})."
        )
        return Advice(True, words, *(forecast or _UNKNOWN))
    if forecast is not None:
        return Advice(
            False, f"Go on: {more} more labels are expected to bring {number}.", value, low, high
        )
    known = int((~np.isnan(score)).sum())
    counted = {0: "no score", 1: "one score"}.get(known, f"{known} scores")
    of = f" of {int(n[-1])} labels" if known < 2 else f" up to {int(n[-1])} labels"
    verb = "do" if known > 1 else "does"
    words = f"Go on: {counted}{of} {verb} not tell yet what more of them bring."
    return Advice(False, words, *_UNKNOWN)


def _read(history: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """Give labels, score, its deviation, and agreement, a row for each time."""
    rows = []
    for k, each in enumerate(history):
        if not isinstance(each, Mapping) or "n_labels" not in each:
            raise ValueError(
                "The history parameter of stop_advice must hold a mapping with 'n_labels' for each "
                f"time. Got {each!r:.200} at place {k}."
            )
        low, high = _number(each, "low"), _number(each, "high")
        rows.append(
            (
                float(each["n_labels"]),
                _number(each, "score"),
                (high - low) / (2 * 1.96),
                _number(each, "agreement"),
            )
        )
    told = np.array(rows, dtype=np.float64).reshape(len(rows), 4)
    if (np.diff(told[:, 0]) <= 0).any() or (told[:, 0] < 1).any():
        raise ValueError(
            "The history parameter of stop_advice must have rising numbers of labels, from 1 on. "
            f"Got {told[:, 0].astype(int).tolist()!r:.200}."
        )
    return told


def _number(each: Mapping[str, Any], name: str) -> float:
    value = each.get(name)
    return float("nan") if value is None else float(value)


def _forecast(
    n: np.ndarray, score: np.ndarray, deviation: np.ndarray, more: int
) -> tuple[float, float, float] | None:
    """Give the expected gain and its interval, where at least three scores have intervals."""
    known = ~np.isnan(score) & (deviation > 0)
    if known.sum() < 3:
        return None
    n, score, deviation = n[known], score[known], deviation[known]
    weights = 1 / deviation**2
    noise = np.random.default_rng(0).standard_normal((_DRAWS, len(n))) * deviation
    return gain_of_more(n, score, score + noise, weights, more)
