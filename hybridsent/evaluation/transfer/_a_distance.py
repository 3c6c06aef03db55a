"""How far two domains are apart for a classifier of domains: proxy A-distance (layer L5).

Papers compute it beside their code, often on the rows that trained the classifier, or with an error
that depends on the sizes of the domains. The other measure is `hybridsent._numerics.discrepancy`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.utils import check_random_state

from hybridsent._folds import inner_folds
from hybridsent._numerics.discrepancy import two_samples
from hybridsent._numerics.scale import column_scale

__all__ = ["proxy_a_distance"]


def proxy_a_distance(
    source: Any,
    target: Any,
    *,
    cv: int = 5,
    source_weight: Any = None,
    max_rows: int | None = 10_000,
    groups: tuple[Any, Any] | None = None,
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
    groups : (array of shape (n_s,), array of shape (n_t,)), default=None
        Group (speaker, video) of each row of the source and of the target. Folds keep
        them together, so that the classifier cannot know the domain by the speaker.
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
    s, t, w, codes = two_samples(source, target, source_weight, max_rows, rng, groups)
    X = np.vstack([s, t])
    sign = np.repeat([-1.0, 1.0], [len(s), len(t)])
    weight = np.concatenate([w, np.full(len(t), 1 / len(t))])
    seed = int(rng.randint(2**31))
    folds = inner_folds(sign, min(cv, len(s), len(t)), codes, random_state=seed)
    wrong, tested = np.zeros(len(X), dtype=bool), np.zeros(len(X), dtype=bool)
    for train, test in folds:
        wrong[test] = _guess(X, sign, weight, train, test) != sign[test]
        tested[test] = True
    weight = weight * tested
    shares = [weight[side] @ wrong[side] / weight[side].sum() for side in (sign < 0, sign > 0)]
    error = float(np.mean(shares))
    return max(0.0, 2 * (1 - 2 * error))


def _guess(
    X: np.ndarray, sign: np.ndarray, weight: np.ndarray, train: np.ndarray, test: np.ndarray
) -> np.ndarray:
    mean, deviation = column_scale(X[train])
    shares = weight[train].copy()
    for side in (-1.0, 1.0):
        which = sign[train] == side
        shares[which] *= len(train) / (2 * max(shares[which].sum(), 1e-300))
    model = Ridge(alpha=float(X.shape[1])).fit(
        (X[train] - mean) / deviation, sign[train], sample_weight=shares
    )
    return np.where(model.predict((X[test] - mean) / deviation) > 0, 1.0, -1.0)
