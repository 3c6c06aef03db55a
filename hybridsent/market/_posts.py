"""The posts that a report counts: whose they are, of when, and which are copies (layer L7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent.exceptions import TableError
from hybridsent.media import is_missing

if TYPE_CHECKING:
    import pandas as pd

    from hybridsent.datasets import Times

__all__ = ["PERIODS", "Copies", "Posts", "read_posts"]

PERIODS = {
    "hour": "h",
    "day": "D",
    "week": "W-SUN",  # which ends on Sunday, and begins on Monday, as ISO 8601 has it
    "month": "M",
    "quarter": "Q",
    "year": "Y",
}
"""Lengths of a period, and what pandas calls each."""

_MOST_PERIODS = 2_000


@dataclass(frozen=True)
class Copies:
    """Posts that say nearly the same as an earlier one of the same brand.

    Parameters
    ----------
    repeated : int
        How many posts there are that repeat another one.
    said : int
        How many posts are repeated by them.
    most : int
        How often the most frequent one occurs.
    counted : bool
        Whether those that repeat are counted, too.
    """

    repeated: int
    said: int
    most: int
    counted: bool


@dataclass(frozen=True, eq=False)
class Posts:
    """The posts that are counted.

    Parameters
    ----------
    table : DataFrame of n rows
        What was given of them.
    rows : ndarray of int of shape (n,)
        Their positions in the table that was given.
    brands : list of str
        Names, those with most posts first.
    brand : ndarray of int of shape (n,)
        Place of each post in `brands`; -1 for one of a brand that is shown with `others`.
    others : list of str
        Brands with fewer posts, which are shown together.
    periods : list of str
        Beginnings of all periods from the first post to the last one, as ISO 8601.
    period : ndarray of int of shape (n,)
        Place of each post in `periods`; -1 where its time is not known.
    author : ndarray of int of shape (n,) or None
        A number for each author; None where authors are not told.
    times : Times or None
        When they were written; None where no column tells.
    texts : list of str
        Columns that hold texts.
    copies : Copies or None
        Those that repeat others; None where there are no texts.
    left_out : dict of str to int
        How many rows of the table are not counted, and why (``"brand"``, ``"prediction"``).
    spellings : list of list of str, default=[]
        Names of brands that are alike but for case and blanks.
    """

    table: pd.DataFrame
    rows: np.ndarray
    brands: list[str]
    brand: np.ndarray
    others: list[str]
    periods: list[str]
    period: np.ndarray
    author: np.ndarray | None
    times: Times | None
    texts: list[str]
    copies: Copies | None
    left_out: dict[str, int]
    spellings: list[list[str]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    def clusters(self, rows: np.ndarray) -> np.ndarray | None:
        """Give the authors of some posts."""
        return None if self.author is None else self.author[rows]


def read_posts(
    table: pd.DataFrame,
    *,
    by: str | None,
    time: str | None,
    author: str | None,
    texts: Sequence[str],
    period: str,
    timezone: str,
    day_first: bool | None,
    on_error: str,
    unique: bool,
    most_brands: int,
    without: np.ndarray | None = None,
) -> Posts:
    """Read whose posts these are, and when they were written.

    Parameters
    ----------
    table : DataFrame
        The posts.
    by, time, author : str or None
        Columns of the brand, of the time and of who wrote it.
    texts : sequence of str
        Columns of texts, by which copies are told.
    period : str
        One of `PERIODS`.
    timezone, day_first, on_error : object
        As `hybridsent.datasets.read_times` takes them.
    unique : bool
        Whether posts that repeat an earlier one of the same brand are left out.
    most_brands : int
        How many brands are shown by name.
    without : ndarray of bool or None, default=None
        Rows that have no answer.

    Returns
    -------
    Posts
        Those that are counted.

    Raises
    ------
    TableError
        If a column is not there, or nothing is left to be counted.
    """
    for name, column in (("by", by), ("time", time), ("author", author)):
        if column is not None and list(table.columns).count(column) != 1:
            raise TableError(
                f"The {name} parameter must name one column of the table. Got {column!r}; the "
                f"table has {[str(each) for each in table.columns[:20]]}."
            )
    names: list[str | None] = ["all posts"] * len(table)
    if by is not None:
        names = [name_of(cell) for cell in table[by].tolist()]
    left = np.array([name is None for name in names], dtype=bool)
    left_out = {"brand": int(left.sum())} if left.any() else {}
    if without is not None and without.any():
        left_out["prediction"] = int((without & ~left).sum())
        left = left | without
    times = None
    if time is not None:
        from hybridsent.datasets import read_times

        times = read_times(table[time], timezone=timezone, on_error=on_error, day_first=day_first)
    copies, repeats = _copies(table, texts, names, times, unique)
    if copies is not None and unique:
        left_out |= {"copies": int((repeats & ~left).sum())} if repeats.any() else {}
        left = left | repeats
    rows = np.flatnonzero(~left)
    if not len(rows):
        raise TableError(
            "The table must have posts that can be counted. Got none: "
            + ", ".join(f"{n} without {what}" for what, n in left_out.items() if n)
            + (f"{len(table)} rows" if not left_out else "")
            + "."
        )
    shown, codes, others = _most([str(names[i]) for i in rows], most_brands)
    starts, places = _cut(times, rows, period)
    return Posts(
        table.iloc[rows],
        rows,
        shown,
        codes,
        others,
        starts,
        places,
        None if author is None else _authors(table[author].iloc[rows]),
        times,
        list(texts),
        copies,
        {why: n for why, n in left_out.items() if n},
        _alike([*shown, *others]),
    )


def name_of(cell: Any) -> str | None:
    """Read a name, such as that of a brand.

    Parameters
    ----------
    cell : object
        A cell of a table.

    Returns
    -------
    str or None
        The name, with single blanks; None where the cell is missing.

    Examples
    --------
    >>> from hybridsent.market._posts import name_of
    >>> name_of(" Brio  and Co "), name_of(12), name_of(float("nan"))
    ('Brio and Co', '12', None)
    """
    if is_missing(cell):
        return None
    return " ".join(str(cell).split()) or None


def _most(names: list[str], most: int) -> tuple[list[str], np.ndarray, list[str]]:
    """Give each brand a number, by how many posts it has; of many the rest is put together."""
    from collections import Counter

    ranked = sorted(Counter(names).items(), key=lambda each: (-each[1], each[0]))
    shown = [name for name, _ in ranked[:most]]
    place = {name: i for i, name in enumerate(shown)}
    codes = np.fromiter((place.get(name, -1) for name in names), dtype=int, count=len(names))
    return shown, codes, [name for name, _ in ranked[most:]]


def _alike(names: list[str]) -> list[list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault("".join(name.casefold().split()), []).append(name)
    return [each for each in found.values() if len(each) > 1]


def _cut(times: Times | None, rows: np.ndarray, period: str) -> tuple[list[str], np.ndarray]:
    """Cut time into periods; those without a post are there, too, as gaps are seen by them."""
    import pandas as pd

    if times is None:
        return [], np.full(len(rows), -1)
    local = times.moments[rows].tz_localize(None)
    known = np.asarray(local.notna())
    if not known.any():
        return [], np.full(len(rows), -1)
    cut = local[known].to_period(PERIODS[period])
    whole = pd.period_range(cut.min(), cut.max(), freq=cut.freq)
    if len(whole) > _MOST_PERIODS:
        raise TableError(
            f"Times from {local.min()} to {local.max()} are {len(whole)} periods of a {period}, "
            f"more than {_MOST_PERIODS}. Choose a longer period, or mend the times."
        )
    places = np.full(len(rows), -1)
    places[known] = whole.get_indexer(cut)
    form = "%Y-%m-%dT%H:00" if period == "hour" else "%Y-%m-%d"
    return [each.start_time.strftime(form) for each in whole], places


def _authors(column: pd.Series) -> np.ndarray:
    """Give each author a number; who is not told is one of their own."""
    known: dict[str, int] = {}
    return np.array(
        [
            known.setdefault(f"?{i}" if name is None else f"={name}", len(known))
            for i, name in enumerate(map(name_of, column.tolist()))
        ],
        dtype=np.int64,
    )


def _copies(
    table: pd.DataFrame,
    texts: Sequence[str],
    names: Sequence[str | None],
    times: Times | None,
    unique: bool,
) -> tuple[Copies | None, np.ndarray]:
    """Find posts that repeat an earlier one of the same brand nearly word by word."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    from hybridsent.evaluation.leaks._duplicates import text_pairs

    n = len(table)
    repeats = np.zeros(n, dtype=bool)
    if not texts:
        return None, repeats
    pairs = [text_pairs(table[name].tolist()) for name in texts]
    one, other = pairs[0]
    for more in pairs[1:]:  # all columns of texts must be alike
        both = set(zip(*more, strict=True))
        kept = np.array([each in both for each in zip(one, other, strict=True)], dtype=bool)
        one, other = one[kept], other[kept]
    known: dict[str | None, int] = {}
    brand = np.array([known.setdefault(name, len(known)) for name in names])
    joined = coo_matrix((np.ones(len(one)), (one, other)), shape=(n, n))
    said = connected_components(joined, directed=False)[1]
    # the first of several equal texts stands for all of them, whoever wrote it
    labels = np.unique(np.column_stack([said, brand]), axis=0, return_inverse=True)[1].reshape(-1)
    order = np.arange(n)
    if times is not None:
        unknown = np.asarray(times.moments.isna())
        order = np.lexsort((times.moments.asi8, unknown))  # those without a time come last
    first: set[int] = set()
    for i in order:
        if labels[i] in first:
            repeats[i] = True
        first.add(int(labels[i]))
    sizes = np.bincount(labels)
    told = Copies(int(repeats.sum()), int((sizes > 1).sum()), int(sizes.max()), not unique)
    return told, repeats
