"""Whether a window is a mixture of the classes of the reference at all (layer L3).

Every correction stands on one assumption: posts of a class look as they did in the reference, and
only how many there are of each has changed. What that says of the histograms of all probabilities
is more than the shares can bend to, and can be tested. No library tests it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import binom, chi2

from hybridsent._numerics.clusters import Window
from hybridsent._numerics.multiple import adjusted_p_values
from hybridsent.quantification._moments import answered
from hybridsent.quantification._reference import Reference

__all__ = ["MISFIT", "do_misfit", "mixture_p_value"]

MISFIT = 0.01  # p-value below which a window is told to be no mixture
_BINS = {2: 6, 3: 4, 4: 4}
_LEAST = 60  # posts, below which nothing is told
_LEAST_OF_CLASS = 20


def mixture_p_value(
    reference: Reference, window: Window, probabilities: np.ndarray
) -> float | None:
    """Test whether some shares explain the histograms of a window.

    Parameters
    ----------
    reference : Reference
        The rows, with probabilities.
    window : Window
        The posts.
    probabilities : ndarray of shape (n, k)
        Of the posts.

    Returns
    -------
    float or None
        P-value of the smallest distance between the histograms and a mixture, by the generalised
        method of moments (Hansen's J); None of few posts or rows.
    """
    k = len(reference.classes)
    if reference.probabilities is None or len(reference) < 10 * k:
        return None
    counts = np.bincount(reference.truth, minlength=k)
    if counts.min() < _LEAST_OF_CLASS:
        return None
    bins = _BINS.get(k, 3)
    columns = range(1, 2) if k == 2 else range(k)
    edges = [
        np.unique(np.quantile(reference.probabilities[:, c], np.arange(1, bins) / bins))
        for c in columns
    ]
    of_reference = _histograms(reference.probabilities, columns, edges)
    of_window = _histograms(probabilities, columns, edges)
    told = answered(reference, of_reference)
    m = window.mean(of_window)
    q = np.linalg.lstsq(np.vstack([told.mean, np.ones(k)]), np.append(m, 1.0), rcond=None)[0]
    per_post = max(window.per_post(column) for column in of_window.T)
    if 1 / per_post < _LEAST:
        return None
    least = np.inf
    for _ in range(3):
        p = np.clip(q, 0, None)
        p = p / p.sum()
        middle = told.mean @ p
        one = np.einsum("c,cjl->jl", p, told.smooth)
        one = one + (told.mean * p) @ told.mean.T - np.outer(middle, middle)
        variance = one * per_post + np.einsum("c,d,cdjl->jl", p, p, told.error)
        values, vectors = np.linalg.eigh(variance)
        kept = values > 1e-8 * values.max()
        root = vectors[:, kept] / np.sqrt(values[kept])
        left = root.T @ told.mean
        moved = left[:, :-1] - left[:, -1:]
        found, *_ = np.linalg.lstsq(moved, root.T @ m - left[:, -1], rcond=None)
        q = np.append(found, 1 - found.sum())
        rest = root.T @ m - left @ q
        least = float(rest @ rest)
    freedom = int(kept.sum()) - (k - 1)
    return float(chi2.sf(least, freedom)) if freedom > 0 else None


def do_misfit(p_values: Sequence[float]) -> bool:
    """Tell whether windows are no mixtures, more of them than chance would give.

    Of many windows some have a small p-value though all are mixtures. They count where one of them
    is small enough for their number (Holm), or where more are small than the binomial distribution
    of false alarms explains.

    Parameters
    ----------
    p_values : sequence of float
        Of windows, by `mixture_p_value`.

    Returns
    -------
    bool
        False where chance explains all of them.
    """
    n = len(p_values)
    if not n:
        return False
    odd = sum(p < MISFIT for p in p_values)
    by_one = min(adjusted_p_values(p_values, [1.0] * n)) < MISFIT
    return bool(by_one or binom.sf(odd - 1, n, MISFIT) < MISFIT)


def _histograms(p: np.ndarray, columns: range, edges: list[np.ndarray]) -> np.ndarray:
    parts = [p[:, [c]] > each for c, each in zip(columns, edges, strict=True)]
    return np.hstack(parts).astype(np.float64)
