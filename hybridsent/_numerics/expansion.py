"""Soft labels for any classifier: each row once a class, weighed by its probability (layer L0).

scikit-learn's classifiers learn from one class a row. A row of probabilities is the same as one row
for each class, weighed by how probable the class is: the log-loss of these rows is the expected
loss of Ratner et al., 2016. No library does this for any classifier that takes weights; here it is
an index, a column of codes and a column of weights.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

__all__ = ["Expansion", "expand"]


class Expansion(NamedTuple):
    """Rows that stand once for each class that they may be of.

    Parameters
    ----------
    rows : ndarray of int of shape (m,)
        Positions of the rows, in order; a row that may be of two classes is there twice.
    codes : ndarray of int of shape (m,)
        Codes of the classes.
    weights : ndarray of float64 of shape (m,)
        The weight of each.
    """

    rows: np.ndarray
    codes: np.ndarray
    weights: np.ndarray


def expand(probabilities: Any, sample_weight: Any = None, *, least: float = 0.0) -> Expansion:
    r"""Write soft labels as weighed rows of one class each.

    With the loss :math:`\ell` of a classifier the rows that come back have the loss

    .. math:: \sum_i w_i \sum_k p_{ik} \, \ell(x_i, k).

    Parameters
    ----------
    probabilities : array of shape (n, n_classes)
        How probable each class is in each row: numbers from 0 on, which are brought to the sum 1.
        A row of NaN, or of zeros alone, has no label and is left out.
    sample_weight : array of shape (n,), default=None
        Weights w of the rows; None is 1. A row that weighs 0 is left out.
    least : float, default=0.0
        Probabilities up to this one are left out, and the others of the row brought to the sum 1
        again; below 1 / n_classes, so that none is left without.

    Returns
    -------
    Expansion
        What to fit on: ``X[rows]``, ``classes[codes]`` and ``sample_weight=weights``. The weights
        of a row add up to w.

    Raises
    ------
    ValueError
        If the probabilities are no such matrix, or `least` could leave a row without a class.

    References
    ----------
    Ratner, De Sa, Wu, Selsam, Re: Data programming: creating large training sets, quickly, NeurIPS
    2016 (noise-aware training).

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.expansion import expand
    >>> rows, codes, weights = expand([[1.0, 0.0], [0.25, 0.75], [np.nan, np.nan]])
    >>> rows.tolist(), codes.tolist(), weights.tolist()
    ([0, 1, 1], [0, 0, 1], [1.0, 0.25, 0.75])
    """
    p = np.asarray(probabilities, dtype=np.float64)
    if p.ndim != 2 or p.shape[1] < 1:
        raise ValueError(
            "Soft labels must be a matrix with a row a sample and a column a class. Got the shape "
            f"{p.shape}."
        )
    if not 0 <= least < 1 / p.shape[1]:
        raise ValueError(
            f"The least parameter must be from 0 to below 1 / n_classes, {1 / p.shape[1]:.3g}, so "
            f"that no row is left without a class. Got {least!r}."
        )
    _check(p)
    sums = p.sum(axis=1)
    known = sums > 0  # not of NaN
    weights = np.ones(len(p)) if sample_weight is None else _weights(sample_weight, len(p))
    known &= weights > 0
    at = np.flatnonzero(known)
    shares = p[at] / sums[at, None]
    kept = shares > least
    shares = np.where(kept, shares, 0.0)
    shares /= shares.sum(axis=1, keepdims=True)
    row, code = np.nonzero(kept)
    return Expansion(at[row], code, shares[row, code] * weights[at[row]])


def _check(p: np.ndarray) -> None:
    nothing = np.isnan(p).all(axis=1)
    wrong = np.flatnonzero(~nothing & (~np.isfinite(p) | (p < 0)).any(axis=1))
    if len(wrong):
        raise ValueError(
            "Soft labels must be numbers from 0 on, or a row of NaN where there is none. Got "
            f"{p[wrong[0]].tolist()} in row {int(wrong[0])}."
        )


def _weights(given: Any, n: int) -> np.ndarray:
    weights = np.asarray(given, dtype=np.float64)
    if weights.shape != (n,) or not (np.isfinite(weights) & (weights >= 0)).all():
        raise ValueError(
            f"The sample_weight parameter must be {n} numbers from 0 on, one a row. Got an array "
            f"of shape {weights.shape}."
        )
    return weights
