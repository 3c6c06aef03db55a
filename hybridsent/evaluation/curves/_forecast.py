"""What more labels would bring: a power law through a curve (layer L5)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hybridsent._numerics.power_law import gain_of_more
from hybridsent.evaluation.curves._bench import Bench
from hybridsent.evaluation.measures._draws import folds_out_of_fold
from hybridsent.evaluation.measures._intervals import Interval
from hybridsent.evaluation.results._out_of_fold import OutOfFold

__all__ = ["MORE", "forecast_gain", "forecast_of"]

MORE = 100
"""Labels, of which it is told what they would bring."""

_DRAWS = 1000
_FEWEST = 3  # sizes
_WIDER = 1.5  # draws of few folds, which share rows that they learn from, vary too little


def forecast_of(
    bench: Bench, kept: OutOfFold, names: Sequence[str], counts: Sequence[float]
) -> tuple[Interval | None, str]:
    """Tell what 100 more labels would bring by the first metric, or why nothing can be told.

    Parameters
    ----------
    bench : Bench
        What was measured.
    kept : OutOfFold
        Answers, by the names of the sizes.
    names : sequence of str
        Sizes, in rising order.
    counts : sequence of float
        How many labels each means.

    Returns
    -------
    Interval or None
        The change of the metric; None where nothing can be told.
    str
        A sentence.
    """
    metric = bench.metrics[0]
    if len(names) < _FEWEST:
        return None, f"what {MORE} more labels would bring cannot be told from fewer than 3 sizes."
    told = [folds_out_of_fold(metric, kept, name) for name in names]
    if any(each is None for each in told):
        return None, f"what {MORE} more labels would bring cannot be told by {metric.name}."
    scores = metric.sign * np.array(told, dtype=np.float64).T
    if len(scores) < 2:
        return (
            None,
            f"what {MORE} more labels would bring cannot be told from one fold of one seed.",
        )
    found = forecast_gain(np.asarray(counts), scores, MORE)
    if found is None:
        return None, (
            f"what {MORE} more labels would bring cannot be told: from {names[0]} to {names[-1]} "
            f"labels {metric.name} does not clearly get better."
        )
    if metric.sign < 0:
        found = Interval(-found.value, -found.high, -found.low)
    return found, (
        f"{MORE} more labels than the {counts[-1]:.0f} of a fold are expected to change "
        f"{metric.name} by {found} (a power law through {len(names)} sizes)."
    )


def forecast_gain(n: np.ndarray, scores: np.ndarray, more: int) -> Interval | None:
    """Forecast the gain of more labels, of scores of which more is better.

    Parameters
    ----------
    n : ndarray of shape (n_sizes,)
        Labels.
    scores : ndarray of shape (n_cuts, n_sizes)
        Of each fold of each seed.
    more : int
        Labels beyond the last.

    Returns
    -------
    Interval or None
        The gain; None where the curve does not clearly rise.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.evaluation.curves._forecast import forecast_gain
    >>> n = np.array([20.0, 40.0, 80.0, 160.0])
    >>> noise = np.random.default_rng(0).normal(0, 0.01, (15, 4))
    >>> found = forecast_gain(n, 0.9 - 1.5 * n**-0.5 + noise, 100)
    >>> abs(found.value - 1.5 * (160**-0.5 - 260**-0.5)) < 0.01
    True
    """
    scores = scores[~np.isnan(scores).any(axis=1)]
    cuts, sizes = scores.shape
    if cuts < 2 or sizes < _FEWEST or len(np.unique(n)) < _FEWEST:
        return None
    rng = np.random.default_rng(0)
    drawn = scores[rng.integers(cuts, size=(_DRAWS, cuts))].mean(axis=1)
    rises = drawn[:, -1] - drawn[:, 0]
    if np.quantile(rises, 0.025) <= 0:
        return None
    spread = scores.var(axis=0, ddof=1)
    weights = 1 / np.maximum(spread, 0.1 * spread.mean() + 1e-12)
    return Interval(*gain_of_more(n, scores.mean(axis=0), drawn, weights, more, _WIDER))
