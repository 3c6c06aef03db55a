"""Cells that hold several items: each item is encoded once, a row is their mean (layer L2).

No library serves: encoders of skrub, sentence-transformers and timm take one thing a row.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from hybridsent.encoders._column_of_cells import Cells
from hybridsent.encoders._pooling import segments
from hybridsent.encoders._run import Run
from hybridsent.exceptions import CellError, MediaError
from hybridsent.media import is_missing
from hybridsent.media._forms import items_in, weights_in

__all__ = ["ColumnRun", "Spread", "lists_in", "mean_of", "spread_of"]

_ROWS_AT_ONCE = 1024  # whose items are gathered beside the result,
_VALUES_AT_ONCE = 2**23  # and most numbers of theirs, or those of one row
_LISTS = (list, tuple, np.ndarray, Mapping)


class ColumnRun:
    """One call of `transform`, whatever its cells hold.

    With steps, the items of a cell are its segments. Each is then read as one segment (steps=1), so
    that the rows of a column lie in one space: of a two-tower model that is no projection.

    Parameters
    ----------
    encoder : BaseEncoder
        The encoder that is called.
    cells : Cells
        The column.
    """

    def __init__(self, encoder: Any, cells: Cells) -> None:
        self.encoder, self.cells = encoder, cells
        self._runs: list[Run] = []

    def rows(self) -> np.ndarray | None:
        """Give a vector a cell, NaN where it is missing or broken; None where all are."""
        modality = self.encoder.modality
        lists = lists_in(self.cells, modality)
        if not lists:
            return self._run(self.encoder, self.cells).rows()
        if self.encoder.steps is None:
            return self._means(
                self.encoder, spread_of(self.cells, range(len(self.cells)), lists, modality)
            )
        alone = [row for row in range(len(self.cells)) if row not in lists]
        one_step = copy.copy(self.encoder).set_params(steps=1)
        parts = [
            self._means(self.encoder, spread_of(self.cells, alone, lists, modality), cut=False),
            self._means(one_step, spread_of(self.cells, list(lists), lists, modality)),
        ]
        found = [part for part in parts if part is not None]
        if len(found) == 2:
            found[0][list(lists)] = found[1][list(lists)]
        return found[0] if found else None

    def _run(self, encoder: Any, cells: Cells) -> Run:
        self._runs.append(Run(encoder, cells))
        return self._runs[-1]

    def _means(self, encoder: Any, spread: Spread, *, cut: bool = True) -> np.ndarray | None:
        """Encode items, and give each cell the means of its own; None where there is none."""
        vectors = self._run(encoder, spread.items).rows()
        if vectors is None:
            return None
        count = (self.encoder.steps or 1) if cut else 1
        out = np.full((len(self.cells), count * vectors.shape[1]), np.nan, dtype=np.float32)
        sound = np.isfinite(vectors).all(axis=1)
        for rows, which, weights in spread.alike(sound, vectors.shape[1]):
            parts = [slice(*part) for part in segments(which.shape[1], count)]
            means = [mean_of(vectors, which[:, part], weights[:, part]) for part in parts]
            out[rows] = np.concatenate(means, axis=1)
        return out

    @property
    def n_encoded(self) -> int:
        """Distinct items that were encoded."""
        return sum(run.n_encoded for run in self._runs)

    @property
    def n_from_store(self) -> int:
        """Distinct items that were found in the store."""
        return sum(run.n_from_store for run in self._runs)

    def check_some_sound(self) -> None:
        """Refuse a column without one sound cell: nothing can be learned from its modality.

        Raises
        ------
        CellError
            If there are cells, and every one is broken.
        """
        if any(run.has_sound() for run in self._runs):
            return
        for run in self._runs:
            run.check_some_sound()

    def warn(self) -> None:
        """Tell how many cells broke, and once in a process that a network runs slowly."""
        for run in self._runs:
            run.warn()


@dataclass
class _Items(Cells):
    """Items of a column, each with the place where it stands first."""

    noun: ClassVar[str] = "item"
    places: list[str] = field(default_factory=list)

    def where(self, position: int) -> str:
        """Words that name an item."""
        return super().where(position) + self.places[position]


@dataclass
class Spread:
    """Which items the cells of a column hold: `which` has them in order, `rows` their cells."""

    items: _Items
    which: np.ndarray
    rows: np.ndarray
    weights: np.ndarray

    def alike(
        self, sound: np.ndarray, width: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Give rows with as many sound items, and their items and weights: (rows, items)."""
        kept = sound[self.which]
        rows, starts, counts = np.unique(self.rows[kept], return_index=True, return_counts=True)
        which, weights = self.which[kept], self.weights[kept]
        for count in np.unique(counts):
            group = np.flatnonzero(counts == count)
            at_once = min(_ROWS_AT_ONCE, max(1, _VALUES_AT_ONCE // (int(count) * width)))
            for i in range(0, len(group), at_once):
                some = group[i : i + at_once]
                places = starts[some, None] + np.arange(count)
                yield rows[some], which[places], weights[places]


def lists_in(cells: Cells, modality: str) -> dict[int, Sequence[Any]]:
    """Rows whose cells hold several items, and these."""
    found = {}
    for row, cell in enumerate(cells.values):
        if isinstance(cell, _LISTS) and (items := items_in(cell, modality)) is not None:
            found[row] = items
        elif isinstance(cell, Mapping):
            _weights(cells, row, modality)  # of one item they change nothing, but are looked at
    return found


def spread_of(
    cells: Cells, chosen: Sequence[int], lists: dict[int, Sequence[Any]], modality: str
) -> Spread:
    """Take the items out of cells; one that stands in several is taken once."""
    numbers: dict[object, int] = {}
    values: list[Any] = []
    labels: list[Any] = []
    places: list[str] = []
    which, rows, weights = [], [], []
    for row in chosen:
        inside = lists.get(row, (cells.values[row],))
        own = _weights(cells, row, modality) if row in lists else None
        for place, item in enumerate(inside):
            if is_missing(item):
                continue
            # equal contents are told by their keys; this keeps their number small before
            same = item if isinstance(item, str) else id(item)
            number = numbers.setdefault(same, len(numbers))
            if number == len(values):
                values.append(item)
                labels.append(cells.labels[row])
                places.append(f", item {place + 1} of {len(inside)}" if row in lists else "")
            which.append(number)
            rows.append(row)
            weights.append(1.0 if own is None else own[place])
    items = _Items(values, labels, cells.column, places)
    order = np.array(which, dtype=np.intp), np.array(rows, dtype=np.intp)
    return Spread(items, *order, np.array(weights, dtype=np.float64))


def _weights(cells: Cells, row: int, modality: str) -> Sequence[float] | None:
    """Weights of the items of a cell; wrong ones are a mistake of whoever wrote the column."""
    try:
        return weights_in(cells.values[row], modality)
    except MediaError as error:
        raise CellError(
            f"{cells.where(row)}: the items cannot be weighted: {error}.",
            row=cells.labels[row],
            column=cells.column,
        ) from error


def mean_of(vectors: np.ndarray, which: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean of the vectors of each row of positions, by weight; one vector is itself."""
    if which.shape[1] == 1:
        return np.asarray(vectors[which[:, 0]])
    # by the largest, that no sum overflows; equal ones are 1 then, and change no bit of a mean
    shares = weights / weights.max(axis=1, keepdims=True)
    total = np.einsum("ri,rif->rf", shares, vectors[which], dtype=np.float64)
    row: np.ndarray = (total / shares.sum(axis=1, keepdims=True)).astype(np.float32)
    return row
