"""Which components are more than chance (layer L3).

scikit-learn's permutation_test_score permutes labels; here the rows of a view are permuted.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state

from hybridsent._params import Interval, check_n_jobs, validate_parameter_constraints
from hybridsent._threads import in_threads
from hybridsent.alignment._base import canonical_correlations
from hybridsent.views import as_matrix, presence

__all__ = ["PermutationTest", "permutation_test"]


@dataclass(frozen=True)
class PermutationTest:
    """What `permutation_test` found.

    Parameters
    ----------
    correlations : ndarray of shape (n_components,)
        Mean correlation over pairs of views of each component, on the rows it was fitted on.
    p_values : ndarray of shape (n_components,)
        Chance of one at least as large, in the largest component, if the views had nothing in
        common.
    null : ndarray of shape (n_permutations,)
        Largest correlation of each permutation.
    """

    correlations: np.ndarray
    p_values: np.ndarray
    null: np.ndarray


def permutation_test(
    aligner: Any,
    X: Any,
    y: Any = None,
    *,
    groups: Any = None,
    n_permutations: int = 199,
    n_jobs: int | None = None,
    random_state: Any = 0,
) -> PermutationTest:
    r"""Test which components of an aligner are more than chance.

    The rows of every view but the first are permuted among the rows that have the view, which
    breaks what the views share and keeps everything within a view, its ridge and its missing rows.
    The aligner is fitted anew each time, and each component's correlation r is compared with the
    largest one of the permutations,

    .. math:: p = \frac{1 + \#\{b : \max_c r^{(b)}_c \ge r\}}{1 + B},

    so that the chance of calling any component real that is not is at most the level, whatever the
    number of components. For components behind the first this is on the careful side.

    Parameters
    ----------
    aligner : estimator
        An aligner of this package, fitted or not; it is cloned.
    X : array or DataFrame of shape (n, p)
        Features, with columns named ``view__i``, of two views or more.
    y : array of shape (n,), default=None
        Labels, for aligners with ``supervised=True``; they stay with the rows of the first view.
    groups : array of shape (n,), default=None
        Group (speaker, video) of each row. Rows of a group are alike in every view, which by itself
        makes views correlate: whole groups are permuted, each in the place of one other.
    n_permutations : int, default=199
        B.
    n_jobs : int, default=None
        Permutations at once, in threads; None is one.
    random_state : int, RandomState or None, default=0
        Seed of the permutations.

    Returns
    -------
    PermutationTest
        Correlations, p-values, and the distribution they are from.

    Raises
    ------
    ValueError
        If X has fewer than two views.

    References
    ----------
    Westfall, Young: Resampling-based multiple testing, 1993 (the largest statistic).

    Winkler et al.: Multi-level block permutation, NeuroImage 2015 (whole groups).

    Winkler et al.: Permutation inference for canonical correlation analysis, NeuroImage 2020.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent.alignment import MCCA, permutation_test
    >>> rng = np.random.default_rng(0)
    >>> z = rng.normal(size=(80, 1))
    >>> X = pd.DataFrame(rng.normal(size=(80, 4)) + z * [1.5, 0, 1.5, 0])
    >>> X.columns = ["text__0", "text__1", "image__0", "image__1"]
    >>> permutation_test(MCCA(2), X, n_permutations=19).p_values
    array([0.05, 1.  ])
    """
    check_n_jobs(n_jobs, "permutation_test")
    constraints: dict[str, Any] = {"n_permutations": [Interval(Integral, 1, None, closed="left")]}
    validate_parameter_constraints(
        constraints, {"n_permutations": n_permutations}, "permutation_test"
    )
    fitted = clone(aligner).fit(X, y)
    values = as_matrix(fitted, X, reset=False)
    views = fitted.views_
    if len(views) < 2:
        raise ValueError(
            f"permutation_test needs columns of at least two views. Got {list(views)}; name the "
            "columns view__i."
        )
    present = presence(values, views)
    codes = None if groups is None else _codes_of(groups, len(values))
    generator = check_random_state(random_state)
    seeds = generator.randint(np.iinfo(np.int32).max, size=n_permutations)

    def largest(seed: int) -> float:
        shuffled = _frame(_permuted(values, views, present, seed, codes), fitted)
        return float(np.max(canonical_correlations(clone(aligner).fit(shuffled, y), shuffled)))

    found = canonical_correlations(fitted, X)
    calls = [(int(seed),) for seed in seeds]
    null = np.array(in_threads(largest, calls, 1 if n_jobs is None else n_jobs))
    above = (null[:, None] >= found[None, :]).sum(axis=0)
    return PermutationTest(found, (1 + above) / (1 + n_permutations), null)


def _frame(values: np.ndarray, fitted: Any) -> Any:
    import pandas as pd

    return pd.DataFrame(values, columns=fitted.feature_names_in_)


def _permuted(
    values: np.ndarray,
    views: dict[str, np.ndarray],
    present: np.ndarray,
    seed: int,
    codes: np.ndarray | None = None,
) -> np.ndarray:
    generator = np.random.RandomState(seed)
    out = values.copy()
    for j, columns in enumerate(views.values()):
        if j:
            rows = np.flatnonzero(present[:, j])
            drawn = generator.permutation(rows)
            if codes is not None:
                drawn = _groups_dealt(rows, codes[rows], generator)
            out[np.ix_(rows, columns)] = values[np.ix_(drawn, columns)]
    return out


def _groups_dealt(rows: np.ndarray, codes: np.ndarray, generator: Any) -> np.ndarray:
    """Put the rows of another group in the place of those of each, in turns where it has fewer."""
    dealt = rows.copy()
    known = np.unique(codes)
    for mine, other in zip(known, generator.permutation(known), strict=True):
        here, there = np.flatnonzero(codes == mine), np.flatnonzero(codes == other)
        dealt[here] = rows[np.resize(generator.permutation(there), len(here))]
    return dealt


def _codes_of(groups: Any, n: int) -> np.ndarray:
    found = np.asarray(groups)
    if found.shape != (n,):
        raise ValueError(
            f"The groups parameter must be one group a row. Got shape {found.shape} for {n} rows."
        )
    codes = np.unique(found, return_inverse=True)[1]
    if codes.max() < 1:
        raise ValueError(
            "The groups parameter must name at least two groups, which can be permuted. Got one; "
            "leave it out to permute rows."
        )
    return np.asarray(codes)
