"""Rows that are nearly the same on both sides of a fold, and what they add (layer L5)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hybridsent.evaluation.leaks._duplicates import twins_in
from hybridsent.evaluation.leaks._look import Look
from hybridsent.evaluation.leaks._probe import ridge
from hybridsent.evaluation.results._findings import Finding
from hybridsent.evaluation.results._out_of_fold import OutOfFold

__all__ = ["look_for_twins"]

_FEW = 0.01  # share of the rows, below which twins are a fact and no doubt
_FEWEST_TWINS = 5
_FLATTERS = 0.03
_SURE = 2.0  # standard errors
_LEAST = 0.005  # what learning from twins must add, for rows with one being easier to be a leak


def look_for_twins(look: Look, judged: OutOfFold | None) -> Iterator[Finding]:
    """Find near-duplicates across folds, and near-duplicates with different labels.

    Parameters
    ----------
    look : Look
        The rows.
    judged : OutOfFold or None
        What a model said about them.

    Yields
    ------
    Finding
        Of the kinds ``"near-duplicates"`` and ``"conflicts"``.
    """
    codes = look.twins
    paired = np.bincount(codes)[codes] > 1
    if not paired.any():
        return
    yield from _across(look, codes, judged)
    yield from _conflicts(look, codes)


def _across(look: Look, codes: np.ndarray, judged: OutOfFold | None) -> Iterator[Finding]:
    tested = np.concatenate([test for _, test in look.splits])
    has = np.concatenate([twins_in(codes, train, test) for train, test in look.splits])
    if not has.any():
        return
    rows = np.unique(tested[has])
    share = float(has.mean())
    numbers = {"rows with a twin": float(len(rows)), "share": share}
    told, flatters = [], False
    right = _hits(look, judged)
    if right is not None and 0 < has.sum() < len(has):
        with_twin, others = right[tested[has]], right[tested[~has]]
        with_twin, others = with_twin[~np.isnan(with_twin)], others[~np.isnan(others)]
        if len(with_twin) and len(others):
            a, b = float(with_twin.mean()), float(others.mean())
            error = np.sqrt(with_twin.var() / len(with_twin) + others.var() / len(others))
            flatters = a - b > max(_FLATTERS, _SURE * float(error))
            numbers |= {"right with a twin": a, "right without": b}
            what = _WORD_OF_HITS[look.truth.kind]
            told.append(f"{what} {a:.2f} of these rows and {b:.2f} of the others")
    given, without = _without_twins(look, codes)
    if given is not None and without is not None:
        numbers |= {"as given": given, "without twins in training": without}
        # rows with a twin can be easier by what they are: what is learned from twins decides
        flatters = given - without > (_LEAST if flatters else _FLATTERS / 2)
        told.append(
            f"a quick probe has {look.truth.measure} {given:.3f} with the folds as given and "
            f"{without:.3f} where twins of tested rows are not learned from"
        )
    by_view = ", ".join(
        f"{view.name!r} {count}" for view in look.views if (count := len(np.unique(view.pairs)))
    )
    many = share >= _FEW and len(rows) >= _FEWEST_TWINS
    numbers_of = "hybridsent.evaluation.near_duplicates"
    way_out = (
        f"Keep them together: {numbers_of} gives the groups."
        if look.groups is None
        else f"Leave all but one of them out: {numbers_of} gives rows that are alike one number."
    )
    yield Finding(
        "near-duplicates",
        ("leak" if flatters else "doubt") if many else "fact",
        f"{len(rows)} of {len(np.unique(tested))} rows have a near-duplicate among the rows that "
        f"are learned from (rows with one by {by_view})"
        + "".join(f"; {each}" for each in told)
        + f". {way_out}",
        numbers,
        look.positions[rows].tolist(),
    )


_WORD_OF_HITS = {
    "classes": "the share that is answered right is",
    "sets": "the share of labels that are answered right is",
    "numbers": "the absolute error is less than its median in",
}


def _hits(look: Look, judged: OutOfFold | None) -> np.ndarray | None:
    """Tell how well each row was answered: 0 to 1; NaN for rows that were not tested."""
    if judged is not None and judged.answers:
        said = next(iter(judged.answers.values())).labels
        if judged.target == "numbers":
            wrong = np.abs(np.asarray(judged.truth, float) - np.asarray(said, float))
            hit = (wrong < np.median(wrong)).astype(float)
        else:
            hit = np.asarray(judged.truth == said, dtype=float)
            hit = hit.mean(axis=1) if hit.ndim == 2 else hit
        place = np.searchsorted(look.positions, judged.row)
        place = np.minimum(place, len(look) - 1)
        found = look.positions[place] == judged.row
        out = np.full(len(look), np.nan)
        out[place[found]] = hit[found]
        return out
    if look.components is None or look.truth.kind != "classes":
        return None
    guesses = ridge(look.components, look.truth, look.splits)
    out = np.asarray(guesses.argmax(axis=1) == look.strata, dtype=np.float64)
    out[np.isnan(guesses).any(axis=1)] = np.nan
    return out


def _without_twins(look: Look, codes: np.ndarray) -> tuple[float | None, float | None]:
    """Score a probe that learns from all rows, and one that does not from twins of tested rows."""
    X = look.components
    if X is None:
        return None, None
    fewer = [(train[~twins_in(codes, test, train)], test) for train, test in look.splits]
    if min(len(train) for train, _ in fewer) < 2:
        return None, None
    given = look.truth.score(ridge(X, look.truth, look.splits))
    return given, look.truth.score(ridge(X, look.truth, fewer))


def _conflicts(look: Look, codes: np.ndarray) -> Iterator[Finding]:
    """Find near-duplicates that do not agree."""
    values = look.truth.columns
    size = np.bincount(codes)
    mean = np.stack([np.bincount(codes, weights=column) for column in values.T], axis=1)
    away = np.abs(values - (mean / size[:, None])[codes])
    least = values.std() / 2 if look.truth.kind == "numbers" else 1e-9
    apart = np.zeros(len(size), dtype=bool)
    apart[codes[(away > least).any(axis=1)]] = True
    rows = np.flatnonzero(apart[codes])
    if not len(rows):
        return
    share = len(rows) / len(look)
    yield Finding(
        "conflicts",
        "doubt" if share >= _FEW and len(rows) >= _FEWEST_TWINS else "fact",
        f"{len(rows)} rows ({share:.1%}) are nearly the same as another one that has another "
        "label: no model can answer both right. Look at them, or leave one of each out.",
        {"rows": float(len(rows)), "share": share},
        look.positions[rows].tolist(),
    )
