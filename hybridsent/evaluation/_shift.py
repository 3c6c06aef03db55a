"""How far two domains are apart: proxy A-distance, and samples that are compared (layer L5).

No library serves: papers compute it beside their code, often on the rows that trained the
classifier, or with an error that depends on the sizes of the domains.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import check_array, check_random_state

__all__ = ["proxy_a_distance", "two_samples"]


def proxy_a_distance(
    source: Any,
    target: Any,
    *,
    cv: int = 5,
    source_weight: Any = None,
    max_rows: int | None = 10_000,
    random_state: Any = 0,
) -> float:
    r"""How well a linear classifier tells the domains apart: 0 is not at all, 2 is always.

    .. math:: \hat d_A = 2 (1 - 2 \epsilon)

    with the cross-validated error of a linear classifier of the domains, balanced: the mean of
    the errors in either domain, so that sizes do not matter. An error above one half counts as one
    half. The classifier is a ridge regression on standardised columns in which both domains weigh
    the same, with a penalty of p; it needs no iterations.

    Parameters
    ----------
    source : array or DataFrame of shape (n_s, p)
        Rows of the source, without NaN.
    target : array or DataFrame of shape (n_t, p)
        Rows of the target.
    cv : int, default=5
        Folds, stratified and shuffled; as many as the smaller sample has rows, if those are fewer.
    source_weight : array of shape (n_s,), default=None
        Weights of the source rows, in fitting and in the error; None weighs all alike.
    max_rows : int or None, default=10000
        Rows of each sample that are drawn where there are more; None takes all.
    random_state : int, RandomState or None, default=0
        Seed of what is drawn and of the folds.

    Returns
    -------
    float
        The distance, from 0 to 2.

    Raises
    ------
    ValueError
        If a sample has fewer than 2 rows or NaN, or widths, weights or `cv` do not fit.

    References
    ----------
    Ben-David, Blitzer, Crammer, Pereira: Analysis of representations for domain adaptation,
    NeurIPS 2006, section 4.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.evaluation import proxy_a_distance
    >>> rng = np.random.default_rng(0)
    >>> proxy_a_distance(rng.normal(0, 1, (100, 2)), rng.normal(9, 1, (100, 2)))
    2.0
    """
    if cv < 2:
        raise ValueError(f"The cv parameter must be at least 2. Got {cv}.")
    rng = check_random_state(random_state)
    s, t, w = two_samples(source, target, source_weight, max_rows, rng)
    X = np.vstack([s, t])
    sign = np.repeat([-1.0, 1.0], [len(s), len(t)])
    weight = np.concatenate([w, np.full(len(t), 1 / len(t))])
    folds = StratifiedKFold(
        min(cv, len(s), len(t)), shuffle=True, random_state=int(rng.randint(2**31))
    )
    wrong = np.zeros(len(X), dtype=bool)
    for train, test in folds.split(X, sign):
        wrong[test] = _guess(X, sign, weight, train, test) != sign[test]
    error = float(weight @ wrong) / 2
    return max(0.0, 2 * (1 - 2 * error))


def _guess(
    X: np.ndarray, sign: np.ndarray, weight: np.ndarray, train: np.ndarray, test: np.ndarray
) -> np.ndarray:
    mean, deviation = X[train].mean(axis=0), X[train].std(axis=0)
    deviation[deviation <= 1e-9 * np.abs(mean)] = 1.0
    shares = weight[train].copy()
    for side in (-1.0, 1.0):
        which = sign[train] == side
        shares[which] *= len(train) / (2 * max(shares[which].sum(), 1e-300))
    model = Ridge(alpha=float(X.shape[1])).fit(
        (X[train] - mean) / deviation, sign[train], sample_weight=shares
    )
    return np.where(model.predict((X[test] - mean) / deviation) > 0, 1.0, -1.0)


def two_samples(
    source: Any, target: Any, source_weight: Any, max_rows: int | None, rng: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Check two samples and the weights of the first, which then sum to one.

    Parameters
    ----------
    source, target : array or DataFrame of shape (n_s, p) and (n_t, p)
        The samples.
    source_weight : array of shape (n_s,) or None
        Weights; rows of weight 0 are left out.
    max_rows : int or None
        Rows of each that are drawn where there are more.
    rng : RandomState
        Draws them.

    Returns
    -------
    source, target : ndarray of shape (m_s, p) and (m_t, p)
        The samples around their common middle.
    weight : ndarray of shape (m_s,)
        Weights that sum to one.

    Raises
    ------
    ValueError
        If they do not fit.
    """
    s, t = (
        check_array(each, dtype=np.float64, ensure_min_samples=2, input_name=name)
        for each, name in ((source, "source"), (target, "target"))
    )
    if s.shape[1] != t.shape[1]:
        raise ValueError(
            f"Source and target must have the same columns. Got {s.shape[1]} and {t.shape[1]}."
        )
    w = np.ones(len(s)) if source_weight is None else np.asarray(source_weight, dtype=np.float64)
    if w.shape != (len(s),) or not np.isfinite(w).all() or (w < 0).any() or (w > 0).sum() < 2:
        raise ValueError(
            "The source_weight parameter must be one number of at least 0 for each row of the "
            f"source, and two of them above 0. Got shape {w.shape} for {len(s)} rows."
        )
    if max_rows is not None and max_rows < 2:
        raise ValueError(f"The max_rows parameter must be None or at least 2. Got {max_rows}.")
    s, w = s[w > 0], w[w > 0]
    if max_rows is not None and len(s) > max_rows:
        chosen = rng.choice(len(s), max_rows, replace=False)
        s, w = s[chosen], w[chosen]
    if max_rows is not None and len(t) > max_rows:
        t = t[rng.choice(len(t), max_rows, replace=False)]
    middle = (s.mean(axis=0) + t.mean(axis=0)) / 2  # far from zero, distances lose digits
    return s - middle, t - middle, w / w.sum()
