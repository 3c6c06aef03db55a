"""Periods that stand out, and periods from which on an index is another one (layer L7).

Why by hand: ruptures finds where a series changes, and has no probability of finding a change where
there is none; changefinder and Bayesian methods ask for priors. Both questions here are answered by
tests whose errors are controlled over all brands and periods, in a few lines of NumPy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["LEVEL", "Change", "Odd", "changes_in", "odd_periods"]

LEVEL = 0.05
"""Of false findings: their share among odd periods, and the chance of any change."""
_FEWEST = 5  # periods of which one can be told to be odd, or a change be seen
_SHORTEST = 2  # periods on each side of a change
_DRAWS = 1_999


@dataclass(frozen=True)
class Odd:
    """A period whose index is another one than in the other periods of its brand.

    Parameters
    ----------
    brand : str
        The brand.
    period : str
        Its beginning.
    value : float
        The index.
    usual : float
        What it is in the other periods.
    difference, low, high : float
        How much higher it is, and where it would be with 95 % if the period were as the others.
    p, p_adjusted : float
        Two-sided, and by Benjamini and Hochberg over all periods of all brands.
    n : int
        Posts of the period.
    """

    brand: str
    period: str
    value: float
    usual: float
    difference: float
    low: float
    high: float
    p: float
    p_adjusted: float
    n: int


@dataclass(frozen=True)
class Change:
    """A period from which on the index of a brand is another one.

    Parameters
    ----------
    brand : str
        The brand.
    period : str
        The first period of the new level.
    before, after : float
        The level on both sides, up to the next change.
    difference, low, high : float
        After less before, and its interval.
    p, p_adjusted : float
        Of a change of this size in a series without one, and times the number of brands.
    n : int
        Posts on both sides.
    """

    brand: str
    period: str
    before: float
    after: float
    difference: float
    low: float
    high: float
    p: float
    p_adjusted: float
    n: int


@dataclass(frozen=True)
class _Series:
    brand: str
    periods: list[str]
    value: np.ndarray
    variance: np.ndarray
    n: np.ndarray


def _series(cells: Mapping[str, Sequence[Any]]) -> list[_Series]:
    found = []
    for brand, row in cells.items():
        kept = [each for each in row if each.enough and np.isfinite(each.variance)]
        if len(kept) >= _FEWEST:
            floor = [max(each.variance, 1e-9) for each in kept]
            found.append(
                _Series(
                    brand,
                    [str(each.period) for each in kept],
                    np.array([each.index.value for each in kept]),
                    np.array(floor),
                    np.array([each.n for each in kept]),
                )
            )
    return found


def odd_periods(cells: Mapping[str, Sequence[Any]]) -> list[Odd]:
    r"""Find periods whose index is not what the other periods of the brand would let expect.

    Each period is compared with the prediction by all others,

    .. math:: t = (x_i - \bar x_{-i}) / \sqrt{v_i + \tau^2_{-i} + \operatorname{Var}(\bar x_{-i})},

    where :math:`\tau^2` is how much the true index moves between the others anyway (DerSimonian and
    Laird), with Student's t of as many degrees of freedom as others, less two. So neither few posts
    nor the usual ups and downs make a period odd.

    Parameters
    ----------
    cells : mapping of str to sequence of Cell
        The periods of each brand, in their order.

    Returns
    -------
    list of Odd
        Those of which at most `LEVEL` are false (Benjamini and Hochberg), the surest first.
    """
    from scipy.stats import false_discovery_control, t

    tested: list[tuple[_Series, int, float, float, float]] = []
    for series in _series(cells):
        for i in range(len(series.value)):
            others = np.arange(len(series.value)) != i
            usual, spread, between = _pooled(series.value[others], series.variance[others])
            width = float(np.sqrt(series.variance[i] + between + spread))
            freedom = int(others.sum()) - 2
            p = float(2 * t.sf(abs(series.value[i] - usual) / width, freedom))
            tested.append((series, i, usual, width * float(t.ppf(0.975, freedom)), p))
    if not tested:
        return []
    adjusted = false_discovery_control([each[4] for each in tested], method="bh")
    found = [
        Odd(
            series.brand,
            series.periods[i],
            float(series.value[i]),
            usual,
            float(series.value[i] - usual),
            usual - half,
            usual + half,
            p,
            float(q),
            int(series.n[i]),
        )
        for (series, i, usual, half, p), q in zip(tested, adjusted, strict=True)
        if q <= LEVEL
    ]
    return sorted(found, key=lambda each: (each.p, each.brand, each.period))


def _pooled(x: np.ndarray, v: np.ndarray) -> tuple[float, float, float]:
    """Give a mean with random effects, its variance, and that between (DerSimonian, Laird 1986)."""
    w = 1 / v
    fixed = float((w * x).sum() / w.sum())
    q = float((w * (x - fixed) ** 2).sum())
    scale = float(w.sum() - (w**2).sum() / w.sum())
    between = max(0.0, (q - (len(x) - 1)) / scale) if scale > 0 else 0.0
    w = 1 / (v + between)
    return float((w * x).sum() / w.sum()), float(1 / w.sum()), between


def changes_in(cells: Mapping[str, Sequence[Any]], random_state: int = 0) -> list[Change]:
    """Find periods from which on the index of a brand is another one.

    In each series the split with the largest weighted difference of means is compared with those
    of the same periods in random order; where it is larger than all but `LEVEL` of them, divided by
    the number of brands, the series is cut there, and both parts are asked again (binary
    segmentation). So the chance of any change in a set of series without one is at most `LEVEL`,
    where periods are independent; a slow drift is told as a change, too.

    Parameters
    ----------
    cells : mapping of str to sequence of Cell
        The periods of each brand, in their order.
    random_state : int, default=0
        Seed of the random orders.

    Returns
    -------
    list of Change
        By brand and period.

    References
    ----------
    Vostrikova: Detecting disorder in multidimensional random processes, Soviet Mathematics Doklady
    1981 (binary segmentation). Antoch, Hušková: Permutation tests in change point analysis,
    Statistics & Probability Letters 2001.
    """
    series = _series(cells)
    rng = np.random.default_rng(random_state)
    found = []
    for each in series:
        cuts: dict[int, float] = {}
        _segment(each, 0, len(each.value), LEVEL / len(series), rng, cuts)
        ends = [0, *sorted(cuts), len(each.value)]
        for k, cut in enumerate(sorted(cuts), start=1):
            found.append(_change(each, ends[k - 1], cut, ends[k + 1], cuts[cut], len(series)))
    return found


def _segment(
    series: _Series, start: int, stop: int, level: float, rng: Any, cuts: dict[int, float]
) -> None:
    if stop - start < _FEWEST:
        return
    x = series.value[start:stop]
    w = 1 / (series.variance[start:stop] + _pooled(x, series.variance[start:stop])[2])
    at, size = _largest(x[None], w[None])
    orders = rng.permuted(np.tile(np.arange(len(x)), (_DRAWS, 1)), axis=1)
    by_chance = _largest(x[orders], w[orders])[1]
    p = float((1 + (by_chance >= size[0] - 1e-12).sum()) / (_DRAWS + 1))
    if p > level:
        return
    cut = start + int(at[0])
    cuts[cut] = p
    _segment(series, start, cut, level, rng, cuts)
    _segment(series, cut, stop, level, rng, cuts)


def _largest(x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give of each row where the means of both sides differ most, and by how many deviations."""
    left = np.cumsum(w, axis=1)[:, :-1]
    sums = np.cumsum(w * x, axis=1)
    right = w.sum(axis=1, keepdims=True) - left
    gap = sums[:, :-1] / left - (sums[:, -1:] - sums[:, :-1]) / right
    size = np.abs(gap) * np.sqrt(left * right / (left + right))
    size[:, : _SHORTEST - 1] = 0
    size[:, len(x[0]) - _SHORTEST :] = 0
    at = size.argmax(axis=1)
    return at + 1, size[np.arange(len(size)), at]


def _change(series: _Series, start: int, cut: int, stop: int, p: float, brands: int) -> Change:
    from scipy.stats import t

    parts = [slice(start, cut), slice(cut, stop)]
    sides = [_pooled(series.value[part], series.variance[part]) for part in parts]
    difference = sides[1][0] - sides[0][0]
    half = float(t.ppf(0.975, stop - start - 2) * np.sqrt(sides[0][1] + sides[1][1]))
    return Change(
        series.brand,
        series.periods[cut],
        sides[0][0],
        sides[1][0],
        difference,
        difference - half,
        difference + half,
        p,
        min(1.0, p * brands),
        int(series.n[start:stop].sum()),
    )
