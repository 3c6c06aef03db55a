"""Whether shares of two windows differ (layer L3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy.stats import norm, t

from hybridsent._numerics.multiple import adjusted_p_values
from hybridsent.quantification._intervals import critical
from hybridsent.quantification._results import Prevalence, Spread
from hybridsent.quantification._values import plain_label

__all__ = ["Difference", "compare_prevalences"]


@dataclass(frozen=True)
class Difference:
    """How much more there is of something in one window than in another.

    Parameters
    ----------
    first, second : object
        Names of the windows.
    of : object
        ``"index"``, or the class whose shares are compared.
    value : float
        The first less the second.
    low, high : float
        Ends of its interval, which is that of this pair alone.
    p : float
        Two-sided p-value of no difference.
    p_adjusted : float
        The same, corrected for all pairs that were asked for (Holm).
    """

    first: Any
    second: Any
    of: Any
    value: float
    low: float
    high: float
    p: float
    p_adjusted: float


def compare_prevalences(
    windows: Mapping[Any, Prevalence],
    pairs: Iterable[tuple[Any, Any]] | None = None,
    *,
    of: Any = "index",
    confidence: float = 0.95,
) -> list[Difference]:
    """Tell whether windows differ: brands, weeks, places.

    What the reference does not know is the same for all windows that were corrected by it, and
    cancels as far as they are alike: a difference is known better than each of the two.

    Parameters
    ----------
    windows : mapping of name to Prevalence
        The windows, of one method.
    pairs : iterable of (name, name) or None, default=None
        Which are compared; None is each with each.
    of : object, default="index"
        What is compared: the index, or a class.
    confidence : float, default=0.95
        Of the intervals.

    Returns
    -------
    list of Difference
        One a pair, with p-values corrected for their number. The posts of two windows count as
        independent, also where one author wrote in both.

    Raises
    ------
    ValueError
        If windows were estimated by different methods or of different classes, or a name is not
        known.

    Examples
    --------
    >>> from hybridsent.quantification import compare_prevalences, prevalence
    >>> a = prevalence(None, ["neg"] * 30 + ["pos"] * 70)
    >>> b = prevalence(None, ["neg"] * 70 + ["pos"] * 30)
    >>> [found] = compare_prevalences({"ours": a, "theirs": b})
    >>> round(found.value, 2), found.p_adjusted < 0.001
    (0.8, True)
    """
    named = dict(windows)
    wanted = list(combinations(named, 2)) if pairs is None else [tuple(pair) for pair in pairs]
    found = []
    for first, second in wanted:
        for name in (first, second):
            if name not in named:
                raise ValueError(
                    f"The pairs parameter must name windows, {list(named)[:20]}. Got {name!r}."
                )
        found.append(_difference(named[first], named[second], of, confidence, (first, second)))
    adjusted = adjusted_p_values([each[3] for each in found], [1.0] * len(found)) if found else []
    return [
        Difference(first, second, of, *each, float(p))
        for (first, second), each, p in zip(wanted, found, adjusted, strict=True)
    ]


def _difference(
    a: Prevalence, b: Prevalence, of: Any, confidence: float, names: tuple[Any, Any]
) -> tuple[float, float, float, float]:
    if a.spread is None or b.spread is None or a.method != b.method or a.classes != b.classes:
        raise ValueError(
            f"The windows {names[0]!r} and {names[1]!r} must be estimated by one method and of the "
            f"same classes to be compared. Got {a.method!r} of {a.classes[:10]} and {b.method!r} "
            f"of {b.classes[:10]}."
        )
    v = _counted(a, b, of, names)
    value = float(_value(a, of).value - _value(b, of).value)
    centre = float(v @ (a.spread.centre - b.spread.centre))
    by_window = [float(v @ each.spread.window @ v) for each in (a, b) if each.spread is not None]
    by_reference = _of_reference(a.spread, b.spread, v)
    total = sum(by_window) + by_reference
    if not np.isfinite(total):
        return value, -np.inf, np.inf, 1.0
    least = float(v.max() - v.min()) if len(v) > 1 else np.inf
    if total <= 0:
        return value, value, value, 1.0 if value == 0 else 0.0
    below = sum(
        part**2 / each.spread.freedom
        for part, each in zip(by_window, (a, b), strict=True)
        if each.spread is not None
    )
    freedom = total**2 / below if below > 0 else np.inf
    half = critical(confidence, total, 0.0, (freedom, np.inf)) * float(np.sqrt(total))
    far = abs(centre) / float(np.sqrt(total))
    p = float(2 * (t.sf(far, freedom) if np.isfinite(freedom) else norm.sf(far)))
    low, high = max(centre - half, -least), min(centre + half, least)
    return value, min(low, value), max(high, value), p


def _of_reference(a: Spread, b: Spread, v: np.ndarray) -> float:
    """Variance by the reference, which is one for both or one for each."""
    if a.key == b.key:
        load = v @ (a.loading - b.loading)
        return float(load @ a.reference @ load)
    return sum(float((v @ each.loading) @ each.reference @ (v @ each.loading)) for each in (a, b))


def _counted(a: Prevalence, b: Prevalence, of: Any, names: tuple[Any, Any]) -> np.ndarray:
    """Give what each share counts in what is compared."""
    if not a.classes:
        if of != "index":
            raise ValueError(f"Numbers have an index alone, and no share of {of!r}.")
        return np.ones(1)
    if of == "index" and "index" not in a.classes:
        if a.values is None or a.values != b.values:
            raise ValueError(
                f"The windows {names[0]!r} and {names[1]!r} must have an index of the same values "
                "to be compared by it; name a class by the of parameter, or give the values "
                "parameter of prevalence."
            )
        return np.array([a.values[label] for label in a.classes])
    if plain_label(of) not in a.classes:
        raise ValueError(
            f"The of parameter of compare_prevalences must be 'index' or a class, {a.classes[:20]}."
            f" Got {of!r}."
        )
    return np.asarray(np.eye(len(a.classes))[a.classes.index(plain_label(of))])


def _value(each: Prevalence, of: Any) -> Any:
    if of == "index" and "index" not in each.shares:
        return each.index
    return each.shares[plain_label(of)]
