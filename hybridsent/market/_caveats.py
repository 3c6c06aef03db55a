"""What is odd in the data of a report, and what that does to it (layer L7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hybridsent.market._answers import Said
from hybridsent.market._cells import Cell, Estimator, known, variance_by_labels
from hybridsent.market._posts import Posts
from hybridsent.media import is_missing

__all__ = ["Caveat", "caveats_of"]

_WIDE = 0.5  # of the scale: an interval that is wider says little


@dataclass(frozen=True)
class Caveat:
    """Something about the data that a reader has to know.

    Parameters
    ----------
    key : str
        Which sentence says it.
    values : dict, default={}
        What stands in it.
    """

    key: str
    values: dict[str, Any] = field(default_factory=dict)


# -- what is odd in the data


def caveats_of(
    said: Said,
    posts: Posts,
    estimator: Estimator,
    cells: Sequence[Cell],
    *,
    n: int,
    timezone: str,
    period: str,
    strange: Mapping[str, float],
) -> list[Caveat]:
    """Tell what a reader of the numbers has to know about the posts.

    Parameters
    ----------
    said : Said
        What is said.
    posts : Posts
        Those that are counted.
    estimator : Estimator
        How an index was estimated.
    cells : sequence of Cell
        All that were.
    n : int
        Rows of the table.
    timezone : str
        In which periods are cut.
    period : str
        How long one is.
    strange : mapping of str to float
        Views in which posts are of another kind than what the model was taught, and how far off.

    Returns
    -------
    list of Caveat
        The gravest first.
    """
    key = "kind_corrected" if estimator.corrects else "kind"
    return [
        *([Caveat(key, {"views": strange})] if strange else []),
        *_of_answers(said, estimator, cells, n),
        *_of_rows(posts),
        *_of_repeats(posts),
        *_of_authors(posts),
        *_of_time(posts, timezone, period),
        *_of_cells(cells, estimator),
        *_of_contents(said, posts),
    ]


def _of_answers(said: Said, estimator: Estimator, cells: Sequence[Cell], n: int) -> list[Caveat]:
    from hybridsent.quantification._mixture import MISFIT, do_misfit

    found = []
    if said.by == "zero-label":
        found.append(Caveat("zero", {"n": said.unsaid, "share": said.unsaid / max(1, n)}))
    elif said.by == "columns":
        found.append(Caveat("columns", {"column": said.name}))
    if said.classes is None:
        found.append(Caveat("numbers"))
    elif not estimator.corrects:
        found.append(Caveat("uncorrected"))
    else:
        found.append(Caveat("corrected"))
        fits = [each.told.fit for each in cells if each.enough and each.told.fit is not None]
        whole = cells[0].told.fit if cells[0].told is not None else None
        if do_misfit(fits) or (whole is not None and whole < MISFIT):
            odd = sum(fit < MISFIT for fit in fits)
            found.append(Caveat("misfit", {"n": odd, "of": len(fits)}))
        found += _of_labels(estimator, cells)
    return found


def _of_labels(estimator: Estimator, cells: Sequence[Cell]) -> list[Caveat]:
    """Say which class has too few labels, where intervals are wide for that."""
    shown = [each for each in cells if known(each)]
    low, high = estimator.ends
    wide = [
        each
        for each in shown
        if each.index.high - each.index.low > _WIDE * (high - low)
        and variance_by_labels(each.told, estimator.values) > each.variance
    ]
    if not wide:
        return []
    told = estimator.reference
    labels = told.n * told.priors
    recall = told.confusion.diagonal() / told.confusion.sum(axis=1)
    smooth = (recall * labels + 1) / (labels + 2)
    weak = int(np.argmax(smooth * (1 - smooth) / labels))  # whose recall is known least
    count = round(labels[weak])
    values = {"n": len(wide), "of": len(shown), "label": told.classes[weak]}
    return [Caveat("wide", {**values, "labels": count, "right": round(recall[weak] * count)})]


def _of_rows(posts: Posts) -> list[Caveat]:
    found = [
        Caveat(f"without_{why}", {"n": left})
        for why, left in posts.left_out.items()
        if why != "copies"
    ]
    if posts.others:
        found.append(Caveat("others", {"n": len(posts.others), "names": posts.others[:12]}))
    found += [Caveat("spellings", {"names": each}) for each in posts.spellings[:5]]
    return found


def _of_repeats(posts: Posts) -> list[Caveat]:
    found, copies = [], posts.copies
    if copies is not None and copies.repeated:
        key = "copies_counted" if copies.counted else "copies_once"
        told = {"n": copies.repeated, "said": copies.said, "most": copies.most}
        found.append(Caveat(key, told))
    if posts.texts:
        cells = posts.table[posts.texts[0]].tolist()
        shared = sum(isinstance(cell, str) and cell.lstrip().startswith("RT @") for cell in cells)
        if shared:
            found.append(Caveat("retweets", {"n": shared, "share": shared / len(posts)}))
    return found


def _of_authors(posts: Posts) -> list[Caveat]:
    if posts.author is None:
        return [Caveat("no_authors")]
    often = np.sort(np.bincount(posts.author))[::-1]
    few = max(1, round(len(often) * 0.01))
    share = often[:few].sum() / len(posts)
    told = {"n": len(often), "few": few, "share": float(share), "most": int(often[0])}
    return [Caveat("authors_few" if share > 0.2 else "authors", told)]


def _of_time(posts: Posts, timezone: str, period: str) -> list[Caveat]:
    times = posts.times
    if times is None:
        return [Caveat("no_time")]
    found = []
    if times.missing:
        found.append(Caveat("time_missing", {"n": times.missing}))
    if times.unread:
        found.append(Caveat("time_unread", {"n": len(times.unread)}))
    if times.naive:
        found.append(Caveat("time_naive", {"n": times.naive, "zone": timezone}))
    if times.day_first is not None:
        found.append(Caveat("day_first" if times.day_first else "month_first"))
    counts = np.bincount(posts.period[posts.period >= 0], minlength=len(posts.periods))
    empty = np.flatnonzero(counts == 0)
    if len(empty):
        found.append(
            Caveat("gaps", {"n": len(empty), "first": posts.periods[empty[0]], "of": len(counts)})
        )
    if len(posts.periods) > 2 and period != "hour":
        found.append(Caveat("ends", {"first": posts.periods[0], "last": posts.periods[-1]}))
    return found


def _of_cells(cells: Sequence[Cell], estimator: Estimator) -> list[Caveat]:
    few = sum(each.n > 0 and not each.enough for each in cells)
    if not few:
        return []
    there = sum(each.n > 0 for each in cells)
    return [Caveat("few", {"n": few, "of": there, "least": estimator.min_posts})]


def _of_contents(said: Said, posts: Posts) -> list[Caveat]:
    from hybridsent.media._languages import languages_in

    found = []
    if posts.texts:
        told = languages_in(posts.table[posts.texts[0]].tolist())
        whole = sum(told.values())
        if whole:
            named = [(name, k / whole) for name, k in told.most_common(4)]
            found.append(Caveat("languages", {"languages": named}))
    columns = [] if said.scorer is None else [each.column for each in said.scorer.inputs]
    for column in columns or posts.texts:
        if column in posts.table.columns:
            bare = sum(is_missing(cell) for cell in posts.table[column].tolist())
            if bare:
                share = bare / len(posts)
                found.append(Caveat("missing", {"column": column, "n": bare, "share": share}))
        else:
            found.append(Caveat("absent", {"column": column}))
    return found
