"""The rows that are looked at, what a model reads of them, and what stands beside (layer L5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from hybridsent._folds import inner_folds
from hybridsent._labels import take_rows
from hybridsent.evaluation.fits._encoding import encoded_views
from hybridsent.evaluation.leaks._duplicates import Pairs, joined, vector_pairs
from hybridsent.evaluation.leaks._probe import Splits, Truth, as_components, truth_of
from hybridsent.evaluation.leaks._quick_views import Glance
from hybridsent.evaluation.rows._columns import (
    feature_columns,
    named_columns,
    readable,
    unread_columns,
)
from hybridsent.evaluation.rows._labelled import LabeledTable
from hybridsent.media import get_modality
from hybridsent.media._modality import named

__all__ = ["Look", "SeenView", "look_at"]

_MOST_ROWS = 6000  # rows that are looked at; of more, a sample


@dataclass(frozen=True, eq=False)
class SeenView:
    """A column that a model reads.

    Parameters
    ----------
    name : str
        The column; of features the view.
    modality : str
        What its cells are; ``"features"`` of columns that are vectors already.
    cells : list of n objects or None
        The cells; None of features.
    vectors : ndarray of shape (n, d) or None, default=None
        What an encoder makes of them; None where none did, and something quick stands for it.
    """

    name: str
    modality: str
    cells: list[Any] | None
    vectors: np.ndarray | None = None

    @cached_property
    def glance(self) -> Glance | None:
        """What a look at the cells tells; None of features."""
        if self.cells is None:
            return None
        kind = get_modality(self.modality).glance
        return Glance(self.cells) if kind is None else named(kind)(self.cells)

    @cached_property
    def numbers(self) -> np.ndarray | None:
        """The vectors, or something quick that stands for them."""
        if self.vectors is not None or self.glance is None:
            return self.vectors
        return self.glance.numbers

    @cached_property
    def pairs(self) -> Pairs:
        """Rows that are nearly the same."""
        found = None if self.glance is None else self.glance.pairs(self.vectors)
        if found is not None:
            return found
        numbers = self.numbers
        if numbers is None:
            return np.zeros(0, int), np.zeros(0, int)
        return vector_pairs(as_components(numbers, 96))


@dataclass(frozen=True, eq=False)
class Look:
    """The labelled rows that are looked at, and how a model is judged on them.

    Parameters
    ----------
    table : DataFrame or array of n rows
        With all columns.
    truth : Truth
        Their labels.
    splits : sequence of (ndarray, ndarray)
        Folds, as given.
    positions : ndarray of int of shape (n,)
        Where the rows stand in the table of the user.
    views : list of SeenView, default=[]
        What is read.
    own : list of str, default=[]
        Columns of labels and groups.
    read : list of str, default=[]
        Columns that the model reads.
    groups : ndarray of shape (n,) or None, default=None
        Groups that the folds keep together.
    names : list or None, default=None
        What the columns of the truth stand for; None of numbers.
    sampled_of : int or None, default=None
        How many rows there are, where these are a sample.
    seed : int, default=0
        Of samples and permutations.
    place : ndarray of int or None, default=None
        Position of each row that was given among those that are looked at; -1 for the others.
    """

    table: Any
    truth: Truth
    splits: Splits
    positions: np.ndarray
    views: list[SeenView] = field(default_factory=list)
    own: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    groups: np.ndarray | None = None
    names: list[Any] | None = None
    sampled_of: int | None = None
    seed: int = 0
    place: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def columns(self) -> list[Any]:
        """Columns of the table that are neither labels nor groups."""
        own = set(self.own)
        return [name for name in getattr(self.table, "columns", ()) if name not in own]

    @cached_property
    def components(self) -> np.ndarray | None:
        """All that is read, in a few columns."""
        parts = [part for view in self.views if (part := view.numbers) is not None]
        if not parts or not sum(part.shape[1] for part in parts):
            return None
        return as_components(np.hstack(parts), 64)

    @cached_property
    def twins(self) -> np.ndarray:
        """One number a row, the same for rows that are nearly the same in any view."""
        return joined([view.pairs for view in self.views], len(self))

    @cached_property
    def strata(self) -> np.ndarray:
        """One number a row, by which rows are dealt into folds."""
        values = self.truth.columns
        return values.argmax(axis=1) if self.truth.kind == "classes" else values[:, 0]

    def placed(self, splits: Splits) -> Splits:
        """Give folds of all rows as folds of those that are looked at."""
        if self.place is None:
            return splits
        kept = [(_placed(self.place, train), _placed(self.place, test)) for train, test in splits]
        return [(train, test) for train, test in kept if len(train) and len(test)]

    def apart(self, codes: np.ndarray, n_folds: int, random: np.random.Generator) -> Splits:
        """Make folds that keep rows of one code together."""
        return inner_folds(
            self.strata,
            n_folds,
            codes,
            random_state=None,
            kind="classes" if self.truth.kind == "classes" else "numbers",
            order=random.permutation(len(codes)),
        )


def look_at(
    estimator: Any,
    table: Any,
    rows: LabeledTable,
    splits: Splits,
    *,
    named: Sequence[Any] = (),
    views: Sequence[tuple[str, str]] = (),
    random_state: int = 0,
    most: int = _MOST_ROWS,
) -> Look:
    """Take the labelled rows of a table, or a sample of them, with what a model reads of them.

    Parameters
    ----------
    estimator : estimator or None
        Who reads; None reads the columns of `views`, and features.
    table : DataFrame or array of n rows
        With all columns.
    rows : LabeledTable
        Their labels.
    splits : sequence of (ndarray, ndarray)
        Folds.
    named : sequence of object, default=()
        Labels and groups, as the user gave them.
    views : sequence of (str, str), default=()
        Columns and their modalities, where no estimator tells.
    random_state : int, default=0
        Seed of the sample.
    most : int, default=6000
        Rows from which on a sample is taken.

    Returns
    -------
    Look
        What is looked at.
    """
    used = np.zeros(len(rows.known), dtype=bool)
    for each in splits:  # of a fixed split there may be rows that are not even encoded
        used[each[0]] = used[each[1]] = True
    known = np.flatnonzero(rows.known & used)
    taken = known
    if len(known) > most:
        random = np.random.default_rng(random_state)
        taken = np.sort(random.choice(known, most, replace=False))
    place = np.full(len(rows.known), -1)
    place[taken] = np.arange(len(taken))
    own = named_columns(table, named) if hasattr(table, "columns") else []
    some = take_rows(table, taken)
    if estimator is None:
        seen, read = _given_views(some, views), [column for column, _ in views]
        read += [name for name in feature_columns(table) if name not in own]
    else:
        seen, read = _views_of(estimator, table, taken, rows.y, named)
    look = Look(
        some,
        truth_of(rows.y[taken], rows.kind),
        [],
        taken if rows.kept is None else rows.kept[taken],
        seen,
        own,
        read,
        None if rows.groups is None else rows.groups[taken],
        _names_of(rows, taken),
        len(known) if len(taken) < len(known) else None,
        random_state,
        place,
    )
    return replace(look, splits=look.placed(splits))


def _names_of(rows: LabeledTable, taken: np.ndarray) -> list[Any] | None:
    if rows.kind == "numbers":
        return None
    if rows.set_labels is not None:
        return list(rows.set_labels.tolist())
    return list(np.unique(rows.y[taken]).tolist())


def _placed(place: np.ndarray, rows: np.ndarray) -> np.ndarray:
    found = place[rows]
    return np.asarray(found[found >= 0])


def _given_views(table: Any, views: Sequence[tuple[str, str]]) -> list[SeenView]:
    given = [SeenView(name, modality, table[name].tolist()) for name, modality in views]
    return [*given, *_features(table, feature_columns(table))]


def _views_of(
    estimator: Any, table: Any, taken: np.ndarray, y: np.ndarray, named: Sequence[Any]
) -> tuple[list[SeenView], list[str]]:
    """Give what an estimator reads of some rows, and the names of all columns that it reads."""
    from hybridsent.datasets import detect_modalities

    reads = take_rows(readable(estimator, table, named), taken)
    views = [
        SeenView(each.name, each.modality, each.cells, each.vectors)
        for each in encoded_views(estimator, reads, y[taken])
    ]
    if not hasattr(table, "columns"):
        return views or _matrix(reads), []
    unread = {*unread_columns(estimator, table, named), *named_columns(table, named)}
    read = [name for name in table.columns if name not in unread]
    views += _features(reads, [name for name in feature_columns(reads) if name in read])
    rest = [name for name in read if name not in {view.name for view in views}]
    texts = detect_modalities(reads[[name for name in rest if name in reads.columns]])
    if "text" in texts and reads.columns.is_unique:  # words are learned in the folds
        views.append(SeenView(texts["text"], "text", reads[texts["text"]].tolist()))
    return views, read


def _features(table: Any, names: list[str]) -> list[SeenView]:
    if not names:
        return []
    vectors = table[names].to_numpy(dtype=np.float32, na_value=np.nan)
    return [SeenView("features", "features", None, vectors)]


def _matrix(X: Any) -> list[SeenView]:
    if hasattr(X, "tocsr") or np.ndim(X) != 2 or np.asarray(X).dtype.kind not in "fiub":
        return []
    return [SeenView("features", "features", None, np.asarray(X, dtype=np.float32))]
