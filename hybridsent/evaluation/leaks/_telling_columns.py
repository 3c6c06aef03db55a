"""What stands beside the views, and whether it alone predicts the label (layer L5).

A model does not read the likes of a post, its date, how long it is or how large its picture is, and
yet may learn them from what it reads: scores of a probe that sees nothing else tell how much of a
score may be that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from hybridsent.evaluation.leaks._chance import FEWEST, stands_out
from hybridsent.evaluation.leaks._group_columns import (
    LABEL_WORDS,
    SPLIT_WORDS,
    codes_of_column,
    group_columns,
    words_in_name,
)
from hybridsent.evaluation.leaks._look import Look, SeenView
from hybridsent.evaluation.leaks._probe import counted, ridge
from hybridsent.evaluation.results._findings import Finding
from hybridsent.evaluation.rows._columns import feature_columns

__all__ = ["look_beside"]

_BINS = 10
_MOST_NAMES = 30  # different values of a column that is taken as it is
_SHOWN = 3
_MUCH = 0.3  # share of the gain of what is read from which on it is a doubt
_DIGITS = re.compile(r"(\d{1,15})\D*$")


def look_beside(look: Look) -> Iterator[Finding]:
    """Find what a model does not read and what alone predicts the label.

    Parameters
    ----------
    look : Look
        The rows.

    Yields
    ------
    Finding
        Of the kind ``"metadata"``; none or one.
    """
    if len(look) < FEWEST:
        return
    beside = {name: codes for name, codes in _columns(look) if codes.max(initial=0) > 0}
    beside |= {name: codes for name, codes in _sizes(look.views) if codes.max(initial=0) > 0}
    if not beside:
        return
    X = np.hstack([np.eye(codes.max() + 1)[codes] for codes in beside.values()])
    X = X - X.mean(axis=0)
    X /= np.sqrt(np.mean(X**2) * X.shape[1])
    guesses = ridge(X, look.truth, look.splits)
    random = np.random.default_rng(look.seed)
    if not stands_out(look, guesses, lambda truth: ridge(X, truth, look.splits), random):
        return
    score = look.truth.score(guesses)
    alone = {n: look.truth.score(counted(c, look.truth, look.splits)) for n, c in beside.items()}
    best = sorted(alone, key=lambda name: -alone[name])[:_SHOWN]
    best = [n for n in best if look.truth.gain(alone[n]) > look.truth.gain(score) / 3] or best[:1]
    numbers = {"these alone": score, "chance": look.truth.chance}
    told, much = "", True
    if look.components is not None:
        numbers["as given"] = look.truth.score(ridge(look.components, look.truth, look.splits))
        much = look.truth.gain(score) > _MUCH * look.truth.gain(numbers["as given"])
        told = f"; a quick probe of what the model reads has {numbers['as given']:.2f}"
    shown = ", ".join(f"{name} ({alone[name]:.2f})" for name in best)
    yield Finding(
        "metadata",
        "doubt" if much else "fact",
        f"What stands beside the views predicts the label: {shown} and the like alone have "
        f"{look.truth.measure} {score:.2f} (chance {look.truth.chance:.2f}){told}. A model may "
        "learn these instead of what is said or shown.",
        numbers,
    )


def _columns(look: Look) -> Iterator[tuple[str, np.ndarray]]:
    """Give the columns that nobody reads, each cut into a few values."""
    if not hasattr(look.table, "columns") or not look.table.columns.is_unique:
        return
    known = {*look.read, *look.own, *feature_columns(look.table)}
    known |= {*group_columns(look.table, [*known])}
    for name in look.table.columns:
        if name in known or words_in_name(name) & (LABEL_WORDS | SPLIT_WORDS):
            continue
        yield from _cut(name, look.table[name])


def _cut(name: Any, column: Any) -> Iterator[tuple[str, np.ndarray]]:
    from pandas.api.types import is_datetime64_any_dtype

    if is_datetime64_any_dtype(column.dtype):
        moments = column.to_numpy(dtype="datetime64[s]")
        gone, seconds = np.isnat(moments), moments.astype(np.int64)
        months = moments.astype("datetime64[M]").astype(np.int64) % 12
        parts = {"": seconds, "month of ": months, "hour of ": seconds // 3600 % 24}
        parts["day of the week of "] = seconds // 86400 % 7
        for part, values in parts.items():
            yield f"{part}{name!r}", binned(np.where(gone, np.nan, values.astype(np.float64)))
        return
    codes, is_number = codes_of_column(column)
    if codes is None:
        return
    if is_number:
        yield repr(name), binned(column.to_numpy(dtype=np.float64, na_value=np.nan))
    elif codes.max() < _MOST_NAMES:
        yield repr(name), codes
    else:
        cells = [cell if isinstance(cell, str) else "" for cell in column.tolist()]
        digits = [_DIGITS.search(cell) for cell in cells]
        if np.mean([found is not None for found in digits]) > 0.9:
            numbers = [float(found[1]) if found else np.nan for found in digits]
            yield f"number in {name!r}", binned(np.asarray(numbers))
        else:
            yield f"length of {name!r}", binned(np.asarray([float(len(each)) for each in cells]))


def binned(values: np.ndarray) -> np.ndarray:
    """Cut numbers into bins of as many rows each.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Numbers; NaN has a bin of its own.

    Returns
    -------
    ndarray of int of shape (n,)
        From 0.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.evaluation.leaks._telling_columns import binned
    >>> binned(np.array([3.0, 1.0, np.nan, 3.0])).tolist()
    [1, 0, 2, 1]
    """
    known = np.isfinite(values)
    if not known.any():
        return np.zeros(len(values), dtype=int)
    edges = np.unique(np.quantile(values[known], np.linspace(0, 1, _BINS + 1)[1:-1]))
    different = np.unique(values[known])
    edges = different[1:] if len(different) <= _BINS else edges
    codes = np.searchsorted(edges, values, side="right")
    codes[~known] = len(edges) + 1
    return np.asarray(np.unique(codes, return_inverse=True)[1])


def _sizes(views: Sequence[SeenView]) -> Iterator[tuple[str, np.ndarray]]:
    """Give how long texts and how large files are."""
    for view in {view.name: view for view in views}.values():
        for what, sizes in view.glance.sizes() if view.glance else ():
            if np.isfinite(sizes).mean() > 0.5:
                yield f"{what} of {view.name!r}", binned(sizes)
