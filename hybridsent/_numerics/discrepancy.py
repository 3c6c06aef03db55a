"""Maximum mean discrepancy of two samples, and its test (layer L0).

scikit-learn has the kernel, not the statistic; skada and adapt build kernels of all pairs at once,
which for two times 20,000 rows is 13 GB.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_array, check_random_state

from hybridsent._numerics.kernels import kernel_blocks, median_gamma

__all__ = ["MMDTest", "maximum_mean_discrepancy", "mmd_permutation_test", "two_samples"]


class MMDTest(NamedTuple):
    """Result of a permutation test.

    Parameters
    ----------
    statistic : float
        The unbiased squared discrepancy.
    p_value : float
        Share of permutations, the observed one included, that are at least as far apart.
    """

    statistic: float
    p_value: float


def maximum_mean_discrepancy(
    source: Any,
    target: Any,
    *,
    gamma: float | None = None,
    source_weight: Any = None,
    max_rows: int | None = 10_000,
    groups: tuple[Any, Any] | None = None,
    random_state: Any = 0,
) -> float:
    r"""Squared maximum mean discrepancy of two samples, without bias.

    With the kernel :math:`k(a, b) = \exp(-\gamma \|a - b\|^2)` and weights that sum to one,

    .. math:: \frac{\sum_{i \ne j} w_i w_j k(s_i, s_j)}{1 - \sum_i w_i^2}
              + \frac{\sum_{i \ne j} k(t_i, t_j)}{n_t (n_t - 1)}
              - \frac{2}{n_t} \sum_{i, j} w_i k(s_i, t_j).

    Its mean is 0 where both samples come from one distribution, so it can be below 0. The kernel is
    computed in blocks of rows.

    Parameters
    ----------
    source : array or DataFrame of shape (n_s, p)
        Rows of the source, without NaN.
    target : array or DataFrame of shape (n_t, p)
        Rows of the target.
    gamma : float, default=None
        Width of the kernel; None is :math:`1 / (2 m^2)` with the median m of the distances between
        rows of both samples together (of 1,000 drawn rows where there are more).
    source_weight : array of shape (n_s,), default=None
        Weights of the source rows, of any sum; None weighs all alike.
    max_rows : int or None, default=10000
        Rows of each sample that are drawn where there are more; None takes all.
    groups : (array of shape (n_s,), array of shape (n_t,)), default=None
        Group (speaker, video) of each row of the source and of the target. Rows of one
        group are alike anyway: such pairs are left out of the three means.
    random_state : int, RandomState or None, default=0
        Seed of what is drawn.

    Returns
    -------
    float
        The squared discrepancy.

    Raises
    ------
    ValueError
        If a sample has fewer than 2 rows or NaN, or widths, weights or `gamma` do not fit.

    See Also
    --------
    mmd_permutation_test : Whether it is more than chance.

    References
    ----------
    Gretton, Borgwardt, Rasch, Schölkopf, Smola: A kernel two-sample test, JMLR 2012, eq. 3 and
    section 8.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.evaluation import maximum_mean_discrepancy
    >>> rng = np.random.default_rng(0)
    >>> a, b, c = rng.normal(0, 1, (200, 2)), rng.normal(0, 1, (200, 2)), rng.normal(2, 1, (200, 2))
    >>> near, far = maximum_mean_discrepancy(a, b), maximum_mean_discrepancy(a, c)
    >>> abs(near) < 0.01, far > 0.5
    (True, True)
    """
    rng = check_random_state(random_state)
    s, t, w, codes = two_samples(source, target, source_weight, max_rows, rng, groups)
    width = _gamma(s, t, gamma, rng)
    u = np.full(len(t), 1 / len(t))
    if codes is not None:
        g, h = codes[: len(s)], codes[len(s) :]
        near = _mean_across(s, s, w, w, width, g, g) + _mean_across(t, t, u, u, width, h, h)
        return near - 2 * _mean_across(s, t, w, u, width, g, h)
    # k(x, x) is 1, so pairs of a row with itself are the sum of squared weights
    own, other = float(w @ w), float(u @ u)
    within = (_kernel_sum(s, s, w, w, width) - own) / (1 - own)
    within += (_kernel_sum(t, t, u, u, width) - other) / (1 - other)
    return float(within - 2 * _kernel_sum(s, t, w, u, width))


def mmd_permutation_test(
    source: Any,
    target: Any,
    *,
    gamma: float | None = None,
    n_permutations: int = 200,
    max_rows: int | None = 10_000,
    groups: tuple[Any, Any] | None = None,
    random_state: Any = 0,
) -> MMDTest:
    """Test whether two samples come from one distribution.

    The rows of both are dealt anew into two samples of the same sizes; all permutations share one
    pass over the kernel.

    Parameters
    ----------
    source : array or DataFrame of shape (n_s, p)
        Rows of the source, without NaN.
    target : array or DataFrame of shape (n_t, p)
        Rows of the target.
    gamma : float, default=None
        As in `maximum_mean_discrepancy`.
    n_permutations : int, default=200
        How often; the smallest p-value is 1 / (n_permutations + 1).
    max_rows : int or None, default=10000
        As in `maximum_mean_discrepancy`.
    groups : (array of shape (n_s,), array of shape (n_t,)), default=None
        Group (speaker, video) of each row of the source and of the target. Whole groups
        are dealt anew, and the halves of one that is in both samples change sides; pairs of one
        group are left out of the means.
    random_state : int, RandomState or None, default=0
        Seed of what is drawn and of the permutations.

    Returns
    -------
    MMDTest
        The statistic and its p-value.

    Raises
    ------
    ValueError
        As `maximum_mean_discrepancy`, or if there are no permutations.

    References
    ----------
    Gretton, Borgwardt, Rasch, Schölkopf, Smola: A kernel two-sample test, JMLR 2012, section 5.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.evaluation import mmd_permutation_test
    >>> rng = np.random.default_rng(0)
    >>> mmd_permutation_test(rng.normal(0, 1, (50, 2)), rng.normal(2, 1, (50, 2))).p_value < 0.01
    True
    """
    if n_permutations < 1:
        raise ValueError(f"The n_permutations parameter must be at least 1. Got {n_permutations}.")
    rng = check_random_state(random_state)
    s, t, _, codes = two_samples(source, target, None, max_rows, rng, groups)
    width = _gamma(s, t, gamma, rng)
    both, n, m = np.vstack([s, t]), len(s), len(t)
    first = (np.arange(n + m) < n).astype(np.float64)
    if codes is not None:
        return _test_of_groups(both, first, codes, width, n_permutations, rng)
    dealt = np.column_stack([first, *(rng.permutation(first) for _ in range(n_permutations))])
    inside, shared, total = np.zeros(dealt.shape[1]), np.zeros(dealt.shape[1]), 0.0
    for rows, K in kernel_blocks(both, both, width):
        inside += np.einsum("ij,ij->j", dealt[rows], K @ dealt)
        sums = K.sum(axis=1)
        shared += sums @ dealt[rows]
        total += float(sums.sum())
    across = shared - inside
    others = total - 2 * shared + inside
    found = (inside - n) / (n * (n - 1)) + (others - m) / (m * (m - 1)) - 2 * across / (n * m)
    # a permutation that deals the same rows may differ in the last digits
    at_least = found >= found[0] - 1e-12
    return MMDTest(float(found[0]), float(at_least.mean()))


def _test_of_groups(
    both: np.ndarray, first: np.ndarray, codes: np.ndarray, width: float, n: int, rng: Any
) -> MMDTest:
    """Deal whole groups anew; pairs of one group count nowhere."""
    of_first = np.bincount(codes, first) > 0
    of_second = np.bincount(codes, 1 - first) > 0
    single = np.flatnonzero(of_first != of_second)
    halves = of_first & of_second
    dealt = [first]
    for _ in range(n):
        side = of_first.astype(np.float64)
        side[single] = side[rng.permutation(single)]
        turn = rng.rand(len(side)) < 0.5
        dealt.append(np.where(halves[codes], np.where(turn[codes], 1 - first, first), side[codes]))
    z = np.column_stack(dealt)
    other = 1 - z
    sums = np.zeros((3, z.shape[1]))
    pairs = np.zeros((3, z.shape[1]))
    for rows, K in kernel_blocks(both, both, width):
        apart = (codes[rows][:, None] != codes[None, :]).astype(np.float64)
        K = K * apart
        for k, (left, right) in enumerate(((z, z), (other, other), (z, other))):
            sums[k] += np.einsum("ij,ij->j", left[rows], K @ right)
            pairs[k] += np.einsum("ij,ij->j", left[rows], apart @ right)
    with np.errstate(invalid="ignore"):
        means = sums / pairs
    found = means[0] + means[1] - 2 * means[2]
    at_least = ~(found < found[0] - 1e-12)
    return MMDTest(float(found[0]), float(at_least.mean()))


def _mean_across(
    a: np.ndarray,
    b: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    gamma: float,
    of_a: np.ndarray,
    of_b: np.ndarray,
) -> float:
    """Average the kernel over pairs of two groups, weighted."""
    total, weight = 0.0, 0.0
    for rows, K in kernel_blocks(a, b, gamma):
        apart = of_a[rows][:, None] != of_b[None, :]
        total += float(left[rows] @ ((K * apart) @ right))
        weight += float(left[rows] @ (apart @ right))
    return total / weight


def _gamma(s: np.ndarray, t: np.ndarray, gamma: float | None, rng: Any) -> float:
    if gamma is not None:
        if not gamma > 0:
            raise ValueError(f"The gamma parameter must be None or above 0. Got {gamma}.")
        return float(gamma)
    return median_gamma(np.vstack([s, t]), rng)


def _kernel_sum(
    a: np.ndarray, b: np.ndarray, left: np.ndarray, right: np.ndarray, gamma: float
) -> float:
    return sum(float(left[rows] @ (K @ right)) for rows, K in kernel_blocks(a, b, gamma))


def two_samples(
    source: Any,
    target: Any,
    source_weight: Any,
    max_rows: int | None,
    rng: Any,
    groups: tuple[Any, Any] | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]:
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
    groups : (array of shape (n_s,), array of shape (n_t,)) or None, default=None
        Groups of the rows of either.

    Returns
    -------
    source, target : ndarray of shape (m_s, p) and (m_t, p)
        The samples around their common middle.
    weight : ndarray of shape (m_s,)
        Weights that sum to one.
    codes : ndarray of int of shape (m_s + m_t,) or None
        Groups of both.

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
    g, h = (None, None) if groups is None else _codes_of(groups, len(s), len(t))
    kept, taken = np.flatnonzero(w > 0), np.arange(len(t))
    if max_rows is not None and len(kept) > max_rows:
        kept = kept[rng.choice(len(kept), max_rows, replace=False)]
    if max_rows is not None and len(t) > max_rows:
        taken = rng.choice(len(t), max_rows, replace=False)
    s, t, w = s[kept], t[taken], w[kept]
    middle = (s.mean(axis=0) + t.mean(axis=0)) / 2  # far from zero, distances lose digits
    codes = None if g is None or h is None else np.concatenate([g[kept], h[taken]])
    return s - middle, t - middle, w / w.sum(), codes


def _codes_of(groups: tuple[Any, Any], n: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    of_source, of_target = (np.asarray(each) for each in groups)
    if of_source.shape != (n,) or of_target.shape != (m,):
        raise ValueError(
            "The groups parameter must be two arrays, of a group for each row of the source and of "
            f"the target. Got shapes {of_source.shape} and {of_target.shape} for {n} and {m} rows."
        )
    if min(len(np.unique(of_source)), len(np.unique(of_target))) < 2:
        raise ValueError(
            "The groups parameter must name at least two groups in the source and two in the "
            "target: nothing else tells how much groups differ. Leave it out to compare rows."
        )
    codes = np.unique(np.concatenate([of_source, of_target]), return_inverse=True)[1]
    return codes[:n], codes[n:]
