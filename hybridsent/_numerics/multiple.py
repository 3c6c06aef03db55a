"""P-values of several questions at once (layer L0).

SciPy has Benjamini and Hochberg's rule (``scipy.stats.false_discovery_control``), not Holm's;
statsmodels has both, and is no dependency.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["adjusted_p_values"]


def adjusted_p_values(p_values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Correct p-values for their number, so that one falsely small among all is as rare as one.

    Parameters
    ----------
    p_values : sequence of float
        One a question.
    weights : sequence of float
        How much of the level each may use; only their ratios count.

    Returns
    -------
    list of float
        Holm's adjusted p-values.

    References
    ----------
    Holm: A simple sequentially rejective multiple test procedure, Scandinavian Journal of
    Statistics 1979, section 3 (with weights).

    Examples
    --------
    >>> from hybridsent._numerics.multiple import adjusted_p_values
    >>> adjusted_p_values([0.01, 0.04, 0.03], [1, 1, 1])
    [0.03, 0.06, 0.06]
    """
    p, w = np.asarray(p_values, dtype=float), np.asarray(weights, dtype=float)
    order = np.argsort(p / w, kind="stable")
    left = np.cumsum(w[order][::-1])[::-1]
    stepped = np.minimum(np.maximum.accumulate(p[order] / w[order] * left), 1.0)
    found = np.empty(len(p))
    found[order] = stepped
    return [float(each) for each in found]
