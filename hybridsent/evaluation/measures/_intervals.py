"""How sure a number is: intervals, and tests of several differences (layer L5).

scipy.stats.bootstrap draws rows, not groups of them, and percentiles of draws of few groups cover
too seldom; its intervals of proportions know no groups. statsmodels, which corrects p-values for
their number, is not needed for twenty lines.

Every interval here is made in one way. What is drawn is a *unit*: a group where there are groups,
else a row. The number is computed without each unit in turn (the jackknife); that gives its
variance and the degrees of freedom of Student's t, and `interval_within` an interval that stays
inside of the metric's range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = [
    "DRAWN",
    "Interval",
    "Spread",
    "interval_of_difference",
    "interval_within",
    "jackknife",
    "p_value",
    "spread_of_folds",
    "spread_of_pairs",
    "units_of",
    "without_each",
]

DRAWN = 5
"""Domains from which on they are a sample of others, and not the ones that are asked about."""

_LIKENESS = 0.1  # of rows of one group, where not one unit differs and nothing tells it


@dataclass(frozen=True)
class Interval:
    """A number with its interval.

    Parameters
    ----------
    value : float
        The number.
    low, high : float
        Ends of the interval.

    Examples
    --------
    >>> from hybridsent.evaluation.measures._intervals import Interval
    >>> print(Interval(-0.0001, -0.02, 0.02))
    0.000 [-0.020, 0.020]
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if np.isnan(self.low):
            return f"{self.value:z.3f}"
        return f"{self.value:z.3f} [{self.low:z.3f}, {self.high:z.3f}]"


@dataclass(frozen=True)
class Spread:
    """How much a number would vary from sample to sample.

    Parameters
    ----------
    variance : float
        Of the number; NaN where one unit tells nothing.
    freedom : float
        Degrees of freedom of Student's t.
    rows : float
        Independent rows that the number is made of, at most: what bounds it where the units do not
        differ at all.
    """

    variance: float
    freedom: float
    rows: float


def units_of(n: int, groups: np.ndarray | None, most: int = 200) -> np.ndarray:
    """Say of which unit each row is: of its group, or of its own.

    Parameters
    ----------
    n : int
        Rows.
    groups : ndarray of shape (n,) or None
        Group of each row.
    most : int, default=200
        Units at most: more are put together at random, always in the same way.

    Returns
    -------
    ndarray of int of shape (n,)
        Numbers from 0 on.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.evaluation.measures._intervals import units_of
    >>> units_of(4, np.array(["b", "a", "b", "a"])).tolist(), units_of(3, None).tolist()
    ([1, 0, 1, 0], [0, 1, 2])
    """
    codes = np.arange(n) if groups is None else np.unique(groups, return_inverse=True)[1]
    units = int(codes.max()) + 1
    if units <= most:
        return np.asarray(codes)
    return np.asarray(np.random.default_rng(0).permutation(np.arange(units) % most)[codes])


def without_each(units: np.ndarray) -> np.ndarray:
    """Draw all rows but those of each unit in turn.

    Parameters
    ----------
    units : ndarray of int of shape (n,)
        Unit of each row.

    Returns
    -------
    ndarray of int32 of shape (n_units, n)
        How often each draw took each row.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.evaluation.measures._intervals import without_each
    >>> without_each(np.array([1, 0, 1])).tolist()
    [[1, 0, 1], [0, 1, 0]]
    """
    others = np.arange(int(units.max()) + 1)[:, None] != units[None, :]
    return np.asarray(others.astype(np.int32))


def jackknife(
    without: np.ndarray, rows: int, learned: float = 0.0, gain: float | None = None
) -> Spread:
    r"""Tell how much a number varies from what it is without each unit in turn.

    The variance is :math:`\frac{u - 1}{u} \sum_i (\theta_{-i} - \bar\theta)^2`. Where few units
    say much and many say nothing (a group in which nearly all that is wrong is, a handful of
    answers in which two models differ), it is as unsure as it would be from the few: the degrees of
    freedom are :math:`\frac{\pi}{2} (\sum |d_i|)^2 / \sum d_i^2 - 1`, which is u - 1 where the d
    are normal. They are what groups add to the number beside its mean, and what units add to a
    gain beside 0; rows that are right or wrong need no such care, because their share tells how
    much it varies.

    Parameters
    ----------
    without : ndarray of shape (n_units,)
        The number without each unit; NaN where it is not defined without it.
    rows : int
        Rows that it is made of.
    learned : float, default=0.0
        Share of the variance that comes on top, from the rows that models have learned from.
    gain : float, default=None
        The number itself, where it is a difference of two scores.

    Returns
    -------
    Spread
        Unknown for a single unit.

    References
    ----------
    Efron, Tibshirani: An introduction to the bootstrap, 1993, chapter 11 (the jackknife).

    MacKinnon, Nielsen, Webb: Cluster-robust inference: a guide to empirical practice, Journal of
    Econometrics 2023 (whole clusters left out, and t with one degree of freedom less than
    clusters, for few clusters).

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.evaluation.measures._intervals import jackknife
    >>> values = np.array([3.0, 5.0, 7.0, 9.0])
    >>> spread = jackknife((values.sum() - values) / 3, 4)
    >>> bool(np.isclose(spread.variance, values.var(ddof=1) / 4)), spread.freedom
    (True, 3.0)
    """
    known = without[~np.isnan(without)]
    units = len(known)
    if units < 2:
        return Spread(float("nan"), float("nan"), rows)
    squares = float(np.var(known)) * units
    scale = float(np.abs(known).max())
    if squares <= units * (1e-12 * max(scale, 1e-300)) ** 2:
        return Spread(0.0, float(units - 1), _alike(rows, units))
    telling = float(units)
    if gain is not None:
        telling = _telling(units * gain - (units - 1) * known)  # its mean is the gain
    elif rows > units:
        telling = _telling(known - known.mean())
    freedom = min(float(units), max(2.0, telling)) - 1
    variance = (units - 1) / units * squares * (1 + learned)
    return Spread(variance, freedom, rows)


def _telling(added: np.ndarray) -> float:
    """Count units, as many as would tell as much if what they add were normal."""
    return float(np.pi / 2 * np.abs(added).sum() ** 2 / (added @ added))


def spread_of_folds(values: Sequence[float], test_share: float, rows: float) -> Spread:
    r"""Tell how much the mean over folds varies, where nothing but their scores is known.

    The folds share training rows, so that their scores are not independent: the variance is
    :math:`s^2 (1/k + n_{test} / n_{train})` with k - 1 degrees of freedom.

    Parameters
    ----------
    values : sequence of float
        Scores, one a fold.
    test_share : float
        Test rows over training rows, on average.
    rows : float
        Rows that were scored.

    Returns
    -------
    Spread
        Unknown for a single fold.

    References
    ----------
    Nadeau, Bengio: Inference for the generalization error, Machine Learning 2003, eq. 9.
    """
    k = len(values)
    if k < 2:
        return Spread(float("nan"), float("nan"), rows)
    variance = float(np.var(values, ddof=1)) * (1 / k + test_share)
    return Spread(variance, float(k - 1), rows)


def spread_of_pairs(
    values: Sequence[float],
    pairs: Sequence[tuple[str | None, str]],
    of_rows: Sequence[tuple[float, Spread]],
) -> Spread:
    r"""Tell how much a mean over pairs of domains would vary with other domains.

    Two pairs are alike where they share a domain, be it the source or the target of either. Each
    domain is left out in turn, with all its pairs; the variance is
    :math:`\sum_d \frac{P - P_d}{P} (\theta_{-d} - \theta)^2` of P pairs, in :math:`P_d` of which
    domain d is. With fewer than five targets these are taken as they are, and
    their rows vary; with fewer than five sources these are taken as they are.

    Parameters
    ----------
    values : sequence of float
        One a pair.
    pairs : sequence of (str or None, str)
        Source and target of each; None for a source that is all other domains.
    of_rows : sequence of (float, Spread)
        For each target, its share of the mean and how much that varies with its rows.

    Returns
    -------
    Spread
        Of the mean.

    References
    ----------
    Aronow, Samii, Assenova: Cluster-robust variance estimation for dyadic data, Political Analysis
    2015, section 3.

    Examples
    --------
    >>> from hybridsent.evaluation.measures._intervals import spread_of_pairs
    >>> values, targets = [0.1, 0.2, 0.3, 0.2, 0.1], "abcde"
    >>> round(spread_of_pairs(values, [(None, target) for target in targets], []).freedom)
    4
    """
    rows = sum(spread.rows for _, spread in of_rows)
    sources = {source for source, _ in pairs if source is not None}
    targets = {target for _, target in pairs}
    drawn = [
        {(side, name) for name in names}
        for side, names in ((0, sources), (1, targets))
        if len(names) >= DRAWN
    ]
    if len(drawn) == 2 and sources & targets:
        drawn = [{(2, name) for name in sources | targets}]
    parts = [(_left_out(values, pairs, nodes), len(nodes) - 1.0) for nodes in drawn]
    if len(targets) < DRAWN:
        parts += [(share**2 * each.variance, each.freedom) for share, each in of_rows]
    variance = sum(v for v, _ in parts)
    if not np.isfinite(variance):
        return Spread(float("nan"), float("nan"), rows)
    freedom = sum(df for _, df in parts)
    if variance > 0:  # Satterthwaite's
        freedom = variance**2 / sum(v**2 / df for v, df in parts)
    return Spread(variance, freedom, rows if variance > 0 else _alike(rows, len(targets)))


def _left_out(
    values: Sequence[float], pairs: Sequence[tuple[str | None, str]], nodes: set[tuple[int, str]]
) -> float:
    """Add up what leaving out each domain changes; side 2 is a domain on either side."""
    away = np.asarray(values) - np.mean(values)
    n = len(values)
    variance = 0.0
    for side, name in nodes:
        there = np.array([name in pair if side == 2 else name == pair[side] for pair in pairs])
        left = n - int(there.sum())
        if left:
            variance += left / n * (float(away[there].sum()) / left) ** 2
    return variance


def _alike(rows: float, units: int) -> float:
    """Count the rows that are as good as independent, where units do not differ."""
    return rows / (1 + max(rows / units - 1, 0.0) * _LIKENESS)


def interval_within(
    value: float, spread: Spread, ends: tuple[float, float], confidence: float = 0.95
) -> tuple[float, float]:
    r"""Make an interval that stays inside of a range.

    Between two ends it is Wilson's, of as many independent answers as would vary as much,
    :math:`m = p (1 - p) / v` for a value at the share p of the range, and at most the rows there
    are, with Student's t for the normal's quantile. So it is not a point where all is right. With
    one end it is symmetric in the logarithm of the distance from it; without, in the value.

    Parameters
    ----------
    value : float
        The number.
    spread : Spread
        How much it varies.
    ends : (float, float)
        The range of the metric; infinite where there is none.
    confidence : float, default=0.95
        Of the interval.

    Returns
    -------
    low, high : float
        NaN where the spread is unknown.

    References
    ----------
    Korn, Graubard: Confidence intervals for proportions with small expected number of positive
    counts estimated from survey data, Survey Methodology 1998 (the number of answers).

    Dean, Pagano: Evaluating confidence interval methods for binomial proportions in clustered
    surveys, Journal of Survey Statistics and Methodology 2015 (Wilson's among them).

    Examples
    --------
    >>> from hybridsent.evaluation.measures._intervals import Spread, interval_within
    >>> low, high = interval_within(1.0, Spread(0.0, 11, 12), (0, 1))
    >>> round(low, 2), high
    (0.71, 1.0)
    >>> low, high = interval_within(-0.5, Spread(0.04, 100, 12), (float("-inf"), 0))
    >>> round(low, 2), round(high, 2)
    (-1.11, -0.23)
    """
    if not np.isfinite(value) or not np.isfinite(spread.variance):
        return float("nan"), float("nan")
    quantile = _quantile(spread.freedom, confidence)
    lowest, highest = ends
    if np.isfinite(lowest) and np.isfinite(highest):
        width = highest - lowest
        share = min(max((value - lowest) / width, 0.0), 1.0)
        low, high = _wilson(share, spread.variance / width**2, spread.rows, quantile)
        return lowest + width * low, lowest + width * high
    half = quantile * float(np.sqrt(spread.variance))
    if np.isfinite(highest) and value < highest:
        away = highest - value
        return highest - away * _exp(half / away), highest - away * _exp(-half / away)
    if np.isfinite(lowest) and value > lowest:
        away = value - lowest
        return lowest + away * _exp(-half / away), lowest + away * _exp(half / away)
    return max(value - half, lowest), min(value + half, highest)


def interval_of_difference(
    value: float, spread: Spread, ends: tuple[float, float], confidence: float = 0.95
) -> tuple[float, float]:
    """Make an interval of the difference of two scores of the same rows.

    Parameters
    ----------
    value : float
        The difference.
    spread : Spread
        How much it varies.
    ends : (float, float)
        The range of the scores.
    confidence : float, default=0.95
        Of the interval.

    Returns
    -------
    low, high : float
        NaN where the spread is unknown. Where no unit differs, it is as if half an answer of each
        kind were added, which is not a point.

    References
    ----------
    Agresti, Min: Simple improved confidence intervals for comparing matched proportions, Statistics
    in Medicine 2005 (the half answers).

    Examples
    --------
    >>> from hybridsent.evaluation.measures._intervals import Spread, interval_of_difference
    >>> low, high = interval_of_difference(0.0, Spread(0.0, 97, 98), (0, 1))
    >>> round(low, 3), round(high, 3)
    (-0.02, 0.02)
    """
    if not np.isfinite(value) or not np.isfinite(spread.variance):
        return float("nan"), float("nan")
    width = ends[1] - ends[0]
    half = _quantile(spread.freedom, confidence) * _deviation(spread, ends)
    return max(value - half, -width), min(value + half, width)


def _deviation(spread: Spread, ends: tuple[float, float]) -> float:
    """Give the deviation of a difference; where no unit differs, that of half answers of each."""
    width = ends[1] - ends[0]
    if spread.variance <= 0 and np.isfinite(width):
        return width / (spread.rows + 2)
    return float(np.sqrt(spread.variance))


def p_value(value: float, spread: Spread, ends: tuple[float, float] | None = None) -> float:
    """Tell how often a number as far from 0 comes by chance, where 0 is true.

    Parameters
    ----------
    value : float
        The number.
    spread : Spread
        How much it varies.
    ends : (float, float) or None, default=None
        The range of what it is a difference of; None is any number. With a range, a
        number in which no unit differs is judged as `interval_of_difference` draws it.

    Returns
    -------
    float
        Two-sided, by Student's t; 1 where nothing is known.

    Examples
    --------
    >>> from hybridsent.evaluation.measures._intervals import Spread, p_value
    >>> round(p_value(2.262, Spread(1.0, 9, 10)), 3)
    0.05
    """
    if not np.isfinite(value) or not np.isfinite(spread.variance):
        return 1.0
    deviation = _deviation(spread, ends or (-np.inf, np.inf))
    if deviation <= 0:
        return 1.0
    from scipy.stats import t

    return float(2 * t.sf(abs(value) / deviation, spread.freedom))


def _quantile(freedom: float, confidence: float) -> float:
    from scipy.stats import t

    return float(t.ppf((1 + confidence) / 2, freedom))


def _wilson(share: float, variance: float, rows: float, quantile: float) -> tuple[float, float]:
    spread = share * (1 - share)
    m = min(spread / variance, rows) if variance > 0 and spread > 0 else rows
    middle = share + quantile**2 / (2 * m)
    half = quantile * float(np.sqrt(spread / m + quantile**2 / (4 * m**2)))
    below = 1 + quantile**2 / m
    return max((middle - half) / below, 0.0), min((middle + half) / below, 1.0)


def _exp(power: float) -> float:
    """Give e to a power that does not overflow."""
    return float(np.exp(min(power, 700.0)))
