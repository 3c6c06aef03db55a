"""Compare a window with what a model was taught (layer L3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from scipy.special import kolmogorov
from scipy.stats import false_discovery_control, norm, rankdata

from hybridsent._numerics.clusters import Window, group_codes
from hybridsent._numerics.discrepancy import mmd_permutation_test
from hybridsent.drift._reference import DriftReference, Projected
from hybridsent.drift._results import Drift, Shift

__all__ = ["drift"]

_LEAST = 20  # posts, of which anything can be said
_MMD_ROWS = 250
_DRAWS = (199, 1999)  # permutations, and those where the first ones are not enough
_CLOSE = 0.05


class _Test(NamedTuple):
    view: str
    what: str
    test: str
    effect: float
    p: float
    before: float
    after: float


def drift(
    reference: DriftReference,
    answers: Any,
    features: Any = None,
    *,
    groups: Any = None,
    level: float = 0.01,
    least: float = 0.1,
    random_state: int = 0,
) -> Drift:
    """Compare a window with what a model was taught and answered then.

    Of the answers and of every view: each column by Kolmogorov and Smirnov's test, all columns
    together by maximum mean discrepancy with permutations, and the share of rows without the view.
    P-values of a window are corrected together by Benjamini and Hochberg, so that where nothing has
    changed an alarm is as rare as `level`. As large windows make any trifle more than chance, an
    alarm wants an effect of at least `least`, too.

    Parameters
    ----------
    reference : DriftReference
        What the model was taught.
    answers : Projected, or array of shape (n, k) or (n,)
        What it says now: probabilities, or numbers; or what ``reference.project`` gave.
    features : DataFrame of n rows or None, default=None
        What it reads now; None compares answers alone.
    groups : array of shape (n,) or None, default=None
        Which posts belong together, such as those of one author: ten of one are not ten.
    level : float, default=0.01
        How rare an alarm is where nothing has changed.
    least : float, default=0.1
        The smallest effect that matters: distance of distribution functions, discrepancy, and
        difference of shares.
    random_state : int, default=0
        Seed of the permutations.

    Returns
    -------
    Drift
        Every comparison, and whether it is an alarm.

    Raises
    ------
    ValueError
        If answers or features are others than those of the reference.

    See Also
    --------
    DriftWatch : Looks at one window after the other.

    Notes
    -----
    Where posts belong together, each column counts as many as would be independent by how alike
    its ranks are within groups, and whole groups are permuted.

    Answers of the reference are out of folds: each by a model of fewer rows than the one that is
    asked. Where rows were few, the latter is a little surer of itself, which is what `least` also
    stands against.

    References
    ----------
    Benjamini, Hochberg: Controlling the false discovery rate, Journal of the Royal Statistical
    Society B 1995. Gretton and others: A kernel two-sample test, JMLR 2012. Rabanser, Günnemann,
    Lipton: Failing loudly: an empirical study of methods for detecting dataset shift, NeurIPS 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.drift import DriftReference, drift
    >>> rng = np.random.default_rng(0)
    >>> reference = DriftReference.of(rng.beta(2, 2, 400))
    >>> drift(reference, rng.beta(2, 2, 300)).alarm, drift(reference, rng.beta(4, 2, 300)).alarm
    (False, True)
    """
    for name, number in (("level", level), ("least", least)):
        if isinstance(number, bool) or not 0 < number < 1:
            raise ValueError(
                f"The {name} parameter of drift must be between 0 and 1. Got {number!r}."
            )
    seen = answers if isinstance(answers, Projected) else reference.project(answers, features)
    n = len(seen["answers"])
    if n < _LEAST:
        return Drift((), n, level, (f"A window of fewer than {_LEAST} posts is not compared.",))
    codes = group_codes(groups, n)
    notes: list[str] = []
    tests = list(_tests(reference, seen, codes, level, random_state, notes))
    adjusted = false_discovery_control([each.p for each in tests])
    shifts = [
        Shift(
            *each[:4],
            each.p,
            float(p),
            each.before,
            each.after,
            bool(p <= level and abs(each.effect) >= least),
        )
        for each, p in zip(tests, adjusted, strict=True)
    ]
    shifts.sort(key=lambda each: (not each.alarm, each.p, -abs(each.effect)))
    return Drift(tuple(shifts), n, level, tuple(notes))


def _tests(
    reference: DriftReference,
    seen: Projected,
    codes: np.ndarray | None,
    level: float,
    seed: int,
    notes: list[str],
) -> Iterator[_Test]:
    columns = len(reference.names)
    count = columns + 1 + sum(view.sample.shape[1] + 2 for view in reference.views.values())
    # the probabilities of two classes say the same twice
    kept = slice(1, None) if columns == 2 else slice(None)
    sides = [("answers", list(reference.names)[kept], reference.answers[:, kept])]
    window = {"answers": seen["answers"][:, kept]}
    for name, view in reference.views.items():
        if name not in seen:
            continue
        yield _missing(name, view.missing, reference, seen[name], codes)
        along = [f"direction {i + 1}" for i in range(view.sample.shape[1])]
        sides.append((name, along, view.sample))
        window[name] = seen[name]
    for name, names, before in sides:
        after = window[name]
        a, b = ~np.isnan(before).any(axis=1), ~np.isnan(after).any(axis=1)
        g = None if reference.groups is None else reference.groups[a]
        h = None if codes is None else codes[b]
        if min(a.sum(), b.sum()) < _LEAST:
            notes.append(f"The view {name!r} is there in too few posts to be compared.")
            continue
        for j, what in enumerate(names):
            yield _ks(name, what, before[a, j], after[b, j], g, h)
        if len(names) > 1:
            yield _mmd(name, before[a], after[b], g, h, level / count, seed)


def _units(values: np.ndarray, groups: np.ndarray | None) -> float:
    """Count rows as if they were independent, by how alike ranks are in a group."""
    if groups is None:
        return float(len(values))
    codes = np.unique(groups, return_inverse=True)[1]
    return 1 / Window.of(len(values), None, codes).per_post(rankdata(values))


def _ks(
    view: str,
    what: str,
    before: np.ndarray,
    after: np.ndarray,
    g: np.ndarray | None,
    h: np.ndarray | None,
) -> _Test:
    every = np.sort(np.concatenate([before, after]))
    gap = np.searchsorted(np.sort(before), every, side="right") / len(before)
    gap = gap - np.searchsorted(np.sort(after), every, side="right") / len(after)
    distance = float(np.abs(gap).max())
    a, b = _units(before, g), _units(after, h)
    root = np.sqrt(a * b / (a + b))
    p = float(kolmogorov((root + 0.12 + 0.11 / root) * distance))  # Stephens 1970
    return _Test(view, what, "ks", distance, p, float(before.mean()), float(after.mean()))


def _missing(
    view: str,
    before: float,
    reference: DriftReference,
    seen: np.ndarray,
    codes: np.ndarray | None,
) -> _Test:
    gone = np.isnan(seen).any(axis=1).astype(np.float64)
    after, b = float(gone.mean()), _units(gone, codes)
    a = float(reference.n)
    if reference.groups is not None:
        there = np.isnan(reference.views[view].sample).any(axis=1).astype(np.float64)
        a *= _units(there, reference.groups) / len(there)
    # a half added on either side, so that a share of none is not known for sure
    pooled = (before * a + after * b + 1) / (a + b + 2)
    error = float(np.sqrt(pooled * (1 - pooled) * (1 / a + 1 / b)))
    p = float(2 * norm.sf(abs(after - before) / error))
    return _Test(view, "missing", "binomial", after - before, p, before, after)


def _mmd(
    view: str,
    before: np.ndarray,
    after: np.ndarray,
    g: np.ndarray | None,
    h: np.ndarray | None,
    wanted: float,
    seed: int,
) -> _Test:
    groups = None
    if g is not None or h is not None:
        of_before = np.arange(len(before)) if g is None else g
        of_after = np.arange(len(after)) if h is None else h
        # who wrote in the window is nobody of the reference
        groups = (of_before, of_after + int(of_before.max()) + 1)
        if min(len(np.unique(each)) for each in groups) < 2:
            groups = None
    for draws in _DRAWS:
        found = mmd_permutation_test(
            before,
            after,
            n_permutations=draws,
            max_rows=_MMD_ROWS,
            groups=groups,
            random_state=seed,
        )
        # more draws only where they could make it an alarm
        if found.p_value > _CLOSE or 1 / (draws + 1) <= wanted:
            break
    distance = float(np.sqrt(max(found.statistic, 0.0)))
    return _Test(view, "all", "mmd", distance, found.p_value, 0.0, distance)
