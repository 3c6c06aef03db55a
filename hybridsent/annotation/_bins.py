"""How continuous scores become classes, and how a column of them is read (layer L3).

numpy.digitize and pandas.cut know edges; neither knows the bins of the field's papers, nor the mark
of a row without a label.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from numbers import Integral
from typing import Any

import numpy as np

__all__ = ["SCHEMES", "Scheme", "bin_scores", "column_of_numbers"]


@dataclass(frozen=True)
class Scheme:
    """How a continuous score becomes one of a few classes.

    Parameters
    ----------
    names : tuple of str
        Of the classes, the lowest first.
    code : callable
        From an array of numbers to the number of the class of each.
    without_0 : bool, default=False
        Whether rows whose truth is 0 are left out.
    """

    names: tuple[str, ...]
    code: Callable[[np.ndarray], np.ndarray]
    without_0: bool = False


def _rounded(most: int) -> Scheme:
    """Clip to -most … most and round, a half to the even number, as numpy does."""

    def code(values: np.ndarray) -> np.ndarray:
        return np.asarray(np.round(np.clip(values, -most, most)).astype(np.int64) + most)

    return Scheme(tuple(str(each) for each in range(-most, most + 1)), code)


def _between(edges: Sequence[float], names: Sequence[str]) -> Scheme:
    """Cut at edges; what lies on one belongs to the class below it."""

    def code(values: np.ndarray) -> np.ndarray:
        cuts = np.asarray(edges, dtype=values.dtype)  # float32's 0.1 lies on the edge 0.1
        return np.asarray(np.searchsorted(cuts, np.clip(values, -1, 1), side="left"))

    return Scheme(tuple(names), code)


_SIGNS = ("negative", "neutral", "positive")
_SHADES = ("negative", "weakly negative", "neutral", "weakly positive", "positive")

SCHEMES = {
    "has0": Scheme(("negative", "non-negative"), lambda values: (values >= 0).astype(np.int64)),
    "non0": Scheme(
        ("negative", "positive"), lambda values: (values > 0).astype(np.int64), without_0=True
    ),
    "acc3": Scheme(_SIGNS, _rounded(1).code),
    "acc5": _rounded(2),
    "acc7": _rounded(3),
    "sims2": _between([0.0], ("negative", "positive")),
    "sims3": _between([-0.1, 0.1], _SIGNS),
    "sims5": _between([-0.7, -0.1, 0.1, 0.7], _SHADES),
}
"""How papers bin the scores of CMU-MOSI, CMU-MOSEI and CH-SIMS."""


def bin_scores(
    y: Any, how: str | int | Sequence[float], *, names: Sequence[str] | None = None
) -> Any:
    """Make classes of continuous scores: by the bins of papers, by edges, or of equal size.

    Parameters
    ----------
    y : array-like of shape (n,)
        Numbers; NaN is a row without a label.
    how : {"has0", "non0", "acc3", "acc5", "acc7", "sims2", "sims3", "sims5"}, int or sequence of \
float
        The scheme of a metric of the same name: of CMU-MOSI and MOSEI, from -3 to 3, two classes
        with and without 0, three, five and seven; of CH-SIMS, from -1 to 1, two, three and five. Or
        the number of classes, each of about as many rows (edges are quantiles of y). Or the inner
        edges, in increasing order; what lies on an edge belongs to the class below it.
    names : sequence of str or None, default=None
        Names of the classes, the lowest first; None takes those of the scheme, or names that say
        between which edges they lie.

    Returns
    -------
    ndarray of shape (n,), of objects; Series where y is one
        Names of classes. A row without a label, with ``"non0"`` also a row whose label is 0, has
        the mark -1, as everywhere in this package.

    Raises
    ------
    ValueError
        If scheme, edges or names do not fit.

    Examples
    --------
    >>> from hybridsent.annotation import bin_scores
    >>> bin_scores([-2.6, 0.5, 0.6], "acc7").tolist()
    ['-3', '0', '1']
    >>> bin_scores([-1.4, 0.0, 2.0], "non0").tolist()
    ['negative', -1, 'positive']
    >>> bin_scores([1, 4, 9], [3, 6]).tolist()
    ['up to 3', 'over 3 up to 6', 'over 6']
    >>> bin_scores([0.1, 0.2, 0.7, 0.9], 2, names=["low", "high"]).tolist()
    ['low', 'low', 'high', 'high']
    """
    values = column_of_numbers("y", y, missing=True)
    told, without_0 = _scheme(how, values)
    called = _names(told, names)
    known = ~np.isnan(values)
    found = np.full(len(values), -1, dtype=object)
    code = told.code(values[known])
    found[known] = np.array(called, dtype=object)[code]
    if without_0:
        found[values == 0] = -1
    if hasattr(y, "index") and hasattr(y, "iloc") and y.ndim == 1:
        return type(y)(found, index=y.index, name=y.name)
    return found


def _scheme(how: Any, values: np.ndarray) -> tuple[Scheme, bool]:
    if isinstance(how, str):
        if how not in SCHEMES:
            raise ValueError(
                f"The how parameter must be one of {sorted(SCHEMES)}, or a list of edges. Got "
                f"{how!r}."
            )
        return SCHEMES[how], SCHEMES[how].without_0
    if isinstance(how, Integral):
        how = _quantiles(int(how), values)
    try:
        edges = np.asarray(how, dtype=np.float64)
    except (TypeError, ValueError):
        edges = np.empty(0)
    ordered = edges.ndim == 1 and len(edges) > 0 and bool((np.diff(edges) > 0).all())
    if not ordered or not np.isfinite(edges).all():
        raise ValueError(
            "The how parameter must be a list of edges, finite numbers in increasing order. Got "
            f"{how!r}."
        )
    shown = [f"{edge:g}" for edge in edges]
    if len(set(shown)) < len(shown):  # else two classes would be one
        shown = [repr(float(edge)) for edge in edges]
    middle = [f"over {a} up to {b}" for a, b in pairwise(shown)]
    names = (f"up to {shown[0]}", *middle, f"over {shown[-1]}")
    return Scheme(names, lambda values: np.searchsorted(edges, values, side="left")), False


def _quantiles(n: int, values: np.ndarray) -> list[float]:
    """Give the inner edges of classes of about equal size."""
    known = values[~np.isnan(values)].astype(np.float64)
    if n < 2 or not len(known):
        raise ValueError(
            f"The how parameter must be a number of classes from 2 on, of at least one score. Got "
            f"{n} classes of {len(known)} scores."
        )
    edges = np.quantile(known, np.arange(1, n) / n, method="inverted_cdf")
    if len(np.unique(edges)) < n - 1 or edges[-1] >= known.max():
        raise ValueError(
            f"{n} classes of equal size cannot be made of {len(np.unique(known))} different scores,"
            " too many rows of which are equal; give fewer classes, or edges."
        )
    return [float(edge) for edge in edges]


def _names(scheme: Scheme, names: Sequence[str] | None) -> Sequence[str]:
    if names is None:
        return scheme.names
    listed: list[Any] = [] if isinstance(names, str) else list(names)
    differ = len(set(listed)) == len(listed) and -1 not in listed
    if len(listed) != len(scheme.names) or not differ:
        raise ValueError(
            f"The names parameter must be {len(scheme.names)} different names, for as many "
            f"classes, and none -1, which marks a row without a label. Got {names!r}."
        )
    return names


def column_of_numbers(name: str, y: Any, *, missing: bool = False) -> np.ndarray:
    """Read numbers.

    Parameters
    ----------
    name : str
        What they are, for messages.
    y : array-like of shape (n,) or (n, 1)
        Numbers, also as texts.
    missing : bool, default=False
        Whether there may be rows without one, which are NaN, and no row at all.

    Returns
    -------
    ndarray of float of shape (n,)
        In float32 where they were given so, else in float64.

    Raises
    ------
    ValueError
        If they are none.
    """
    given = np.asarray(y)
    if given.ndim == 2 and given.shape[1] == 1:
        given = given[:, 0]
    try:
        values = given if given.dtype == np.float32 else given.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must hold numbers. Got {_shown(given)}.") from error
    if values.ndim != 1:
        raise ValueError(f"{name} must be one column of numbers. Got the shape {given.shape}.")
    if not len(values) and not missing:
        raise ValueError(f"{name} must hold at least one row. Got none.")
    bad = np.isinf(values) if missing else ~np.isfinite(values)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f"{name} must hold numbers alone. Got {values[row]} in row {row}, and {int(bad.sum())} "
            "such rows in all; leave rows without a number out."
        )
    return np.asarray(values)


def _shown(given: np.ndarray) -> str:
    for each in given.ravel().tolist():
        try:
            float(each)
        except (TypeError, ValueError):
            return repr(each)
    return str(given.dtype)
