"""From cells and labels to what the loop takes: items, a held-out part, batches (layer L4)."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.utils import check_consistent_length

from hybridsent._folds import hold_out
from hybridsent._hints import sentence
from hybridsent.encoders import BaseEncoder, Network
from hybridsent.encoders._column_of_cells import as_cells
from hybridsent.encoders._workers import parallel, workers
from hybridsent.exceptions import CellError, CellWarning, EmptyTextError, MediaError

__all__ = ["Domain", "batches_of", "held_out_rows", "read"]


@dataclass
class Domain:
    """Rows of one domain, as a network takes them.

    Parameters
    ----------
    items : list
        What `Network.finish` gave.
    rows : ndarray of int
        Which rows of the table they are: those whose cell is there.
    targets : ndarray
        Label of each item, as `targets_of` gives it.
    """

    items: list[Any]
    rows: np.ndarray
    targets: np.ndarray


def read(encoder: BaseEncoder, network: Network, X: Any, targets: np.ndarray) -> Domain:
    """Read and prepare the cells of a column, as the encoder does.

    Parameters
    ----------
    encoder : BaseEncoder
        Tells how a cell is cleaned and read.
    network : Network
        Tells how it is prepared.
    X : column
        Cells; missing ones are left out.
    targets : ndarray of n rows
        Label of each cell.

    Returns
    -------
    Domain
        The rows whose cell is there.

    Raises
    ------
    CellError
        If a cell is broken and the encoder's ``on_error`` is ``"raise"``.
    """
    cells = as_cells(X, encoder.modality)
    check_consistent_length(cells.values, targets)
    options = replace(encoder._options(), long="cut")  # what is learned from is one piece a cell

    def prepare(row: int) -> Any:
        try:
            clean = encoder._read(cells.values[row], network)
        except MediaError as error:
            return error
        if isinstance(clean, list):
            return MediaError(
                "the cell is a video, and one picture a cell is learned from; give its frames rows "
                "of their own (hybridsent.media.load_frames)"
            )
        try:
            return network.prepare(clean, options)
        except MediaError as error:
            return error

    rows, items, n_missing = [], [], 0
    present = cells.present()
    for row, item in zip(present, parallel(prepare, present, workers(encoder.n_jobs)), strict=True):
        if not isinstance(item, MediaError):
            rows.append(row)
            items.append(item)
        elif isinstance(item, EmptyTextError):
            n_missing += 1
        elif encoder.on_error == "raise":
            raise CellError(
                f"{cells.where(row)}: {sentence(str(item))} Mend or remove the cell, or pass an "
                "encoder with on_error='missing' to leave it out.",
                row=cells.labels[row],
                column=cells.column,
            ) from item
    if n_broken := len(present) - len(rows) - n_missing:
        warnings.warn(
            f"{n_broken} of {len(cells)} cells are broken and are left out.",
            CellWarning,
            stacklevel=3,
        )
    kept = np.array(rows, dtype=int)
    return Domain(network.finish(items, options) if items else [], kept, targets[kept])


def held_out_rows(
    codes: np.ndarray, groups: np.ndarray | None, share: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Part labelled rows: those to learn from, and those that tell when to stop.

    Parameters
    ----------
    codes : ndarray of int
        Class of each row.
    groups : ndarray or None
        Rows of one group stay together.
    share : float
        Of the rows to hold out; 0 for none.
    seed : int
        Of the draw.

    Returns
    -------
    kept, held : ndarray of int
        Positions.

    Raises
    ------
    ValueError
        If a class would have fewer than one row on one side.
    """
    rows = np.arange(len(codes))
    if share == 0:
        return rows, rows[:0]
    if groups is not None:
        folds = max(2, round(1 / share))
        n_groups = len(np.unique(groups))
        if n_groups < folds:
            raise ValueError(
                f"held_out={share} must leave whole groups on both sides: at least {folds} are "
                f"needed. Got {n_groups}; pass held_out=0."
            )
    else:
        _check_share(codes, share)
    kept, held = hold_out(codes, share, groups, random_state=seed, fewest=1)
    if not len(held):
        raise ValueError(
            f"held_out={share} must leave rows of every class to learn from. Pass held_out=0."
        )
    return kept, held


def _check_share(codes: np.ndarray, share: float) -> None:
    n_classes, fewest = len(np.unique(codes)), np.unique(codes, return_counts=True)[1].min()
    n_held = round(share * len(codes))
    if fewest < 2 or n_held < n_classes or len(codes) - n_held < n_classes:
        raise ValueError(
            f"held_out={share} must leave rows of each of the {n_classes} classes on both sides. "
            f"Got {len(codes)} labelled rows, {fewest} of the rarest class; pass held_out=0."
        )


def batches_of(
    codes: np.ndarray, size: int, rng: np.random.Generator, *, balanced: bool
) -> Iterator[np.ndarray]:
    """Deal out the rows of one epoch.

    Parameters
    ----------
    codes : ndarray of int
        Class of each row.
    size : int
        Rows a batch, about.
    rng : Generator
        Shuffles.
    balanced : bool
        Whether each batch holds as many rows of each class, at least two: rows of rare classes
        then come several times in an epoch, of frequent ones not all.

    Yields
    ------
    ndarray of int
        Positions, without repeats.
    """
    count = -(-len(codes) // size)
    if not balanced:
        yield from np.array_split(rng.permutation(len(codes)), count)
        return
    classes = np.unique(codes)
    each = max(2, size // len(classes))
    piles = {code: np.empty(0, dtype=int) for code in classes}
    for _ in range(count):
        batch = []
        for code in classes:
            of_class = np.flatnonzero(codes == code)
            wanted = min(each, len(of_class))
            if len(piles[code]) < wanted:  # what is left would come twice: it waits
                piles[code] = rng.permutation(of_class)
            batch.append(piles[code][:wanted])
            piles[code] = piles[code][wanted:]
        yield np.concatenate(batch)
