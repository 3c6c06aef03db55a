"""Rows of both domains and pairs, in one list of items (layer L4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.utils import check_array, check_consistent_length, column_or_1d

from hybridsent.encoders import BaseEncoder, Network
from hybridsent.finetune._objective import Rows
from hybridsent.finetune._rows import batches_of, read
from hybridsent.finetune._targets import held_out_of, known_of, targets_of

__all__ = ["Data", "check_differ", "check_source"]

_NONE = np.empty(0, dtype=int)


class Data:
    """All that is learned from; the items of the target come first.

    Parameters
    ----------
    encoder : BaseEncoder
        Reads the cells.
    network : Network
        Prepares them.
    X, y : column and array-like
        Target domain.
    groups : array-like or None
        Groups of its rows.
    source : tuple or None
        Cells and labels of the source domain.
    paired : array-like or None
        Features of another modality of the rows of X.
    task : {"classification", "regression", "multilabel"}, default="classification"
        What y is. Numbers are learned less their mean and over their standard deviation, which
        `mean` and `scale` are, those of the target.
    """

    def __init__(
        self,
        encoder: BaseEncoder,
        network: Network,
        X: Any,
        y: Any,
        *,
        groups: Any,
        source: Any,
        paired: Any,
        task: str = "classification",
    ) -> None:
        labels, names = [y], ["y"]
        if source is not None:
            check_source(source)
            labels.append(source[1])
            names.append("The labels of source")
        self.task = task
        self.classes, targets = targets_of(task, labels, names)
        target = read(encoder, network, X, targets[0])
        self.items, self.targets = target.items, target.targets
        self.n_target = len(self.items)
        self.labelled = np.flatnonzero(known_of(target.targets))
        check_differ(self.classes, target.targets[self.labelled])
        self.groups = None
        if groups is not None:
            check_consistent_length(targets[0], groups)
            self.groups = column_or_1d(groups)[target.rows][self.labelled]
        self.sourced = _NONE
        if source is not None:
            other = read(encoder, network, source[0], targets[1])
            self.sourced = self.n_target + np.flatnonzero(known_of(other.targets))
            self.items = [*self.items, *other.items]
            self.targets = np.concatenate([self.targets, other.targets])
        self.paired, self.pairs = None, _NONE
        if paired is not None:
            self.paired, self.pairs = _pairs(paired, len(targets[0]), target.rows)
        self.mean, self.scale = 0.0, 1.0
        if task != "classification":
            self._as_losses_take_them()

    @property
    def n_outputs(self) -> int:
        """Scores of a row: one a class or label, or one number."""
        return 1 if self.classes is None else len(self.classes)

    def _as_losses_take_them(self) -> None:
        """Standardise numbers by those of the target, and give all as float32."""
        if self.task == "regression":
            numbers = self.targets[self.labelled]
            self.mean, self.scale = float(numbers.mean()), float(numbers.std())
            self.targets = (self.targets - self.mean) / self.scale
        self.targets = self.targets.astype(np.float32)

    def check_contrast(self) -> None:
        """Refuse labels by which no two rows are of one class: there is nothing to draw together.

        Raises
        ------
        ValueError
            If each class has one row at most, in the target or in the source.
        """
        for name, rows in (("y", self.labelled), ("The labels of source", self.sourced)):
            counts = np.unique(self.targets[rows], return_counts=True)[1]
            if len(rows) and counts.max() < 2:
                raise ValueError(
                    f"{name} must have a class with at least two rows for loss='contrastive', "
                    f"which compares rows of one class. Got {len(rows)} rows of {len(counts)} "
                    "classes; give more rows, or loss='cross_entropy'."
                )

    def split(self, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Part the labelled rows of the target: to learn from, and to tell when to stop."""
        targets = self.targets[self.labelled]
        kept, held = held_out_of(targets, self.groups, share, seed)
        return self.labelled[kept], self.labelled[held]

    def batches(
        self, learned: np.ndarray, size: int, rng: np.random.Generator, *, balanced: bool
    ) -> Iterator[Rows]:
        """Deal out an epoch: each batch has rows of the target, of the source, and pairs.

        Pairs are those of the labelled rows at hand, and as many rows that have no label.
        """
        targets = list(batches_of(self.targets[learned], size, rng, balanced=balanced))
        sources = self._turns(self.sourced, size, rng, balanced=balanced)
        free = np.setdiff1d(self.pairs, self.labelled)
        others = self._turns(free, size, rng, balanced=False)
        for at in targets:
            rows = learned[at]
            pairs = np.union1d(np.intersect1d(rows, self.pairs), next(others))
            yield Rows(rows, next(sources), pairs.astype(int))

    def _turns(
        self, rows: np.ndarray, size: int, rng: np.random.Generator, *, balanced: bool
    ) -> Iterator[np.ndarray]:
        """Deal out some rows, again and again."""
        while len(rows):
            for at in batches_of(self.targets[rows], size, rng, balanced=balanced):
                yield rows[at]
        while True:
            yield _NONE

    def judged(self, held: np.ndarray) -> Rows | None:
        """Give the held-out rows as one batch, None where there are none."""
        pairs = np.intersect1d(held, self.pairs)
        return Rows(held, _NONE, pairs) if len(held) else None


def check_source(source: Any) -> None:
    """Refuse what is no pair of cells and labels.

    Parameters
    ----------
    source : object
        As `finetune` was given it.

    Raises
    ------
    ValueError
        If it is no tuple of two.
    """
    if not isinstance(source, tuple) or len(source) != 2:
        raise ValueError(
            f"source must be a tuple of cells and their labels. Got {type(source).__name__}."
        )


def check_differ(classes: np.ndarray | None, targets: np.ndarray) -> None:
    """Refuse a target by which no two of the labelled rows whose cell is there differ.

    Parameters
    ----------
    classes : ndarray or None
        As `targets_of` gives them.
    targets : ndarray
        Of these rows.

    Raises
    ------
    ValueError
        If all are alike.
    """
    where = "among its labelled rows whose cell is there"
    if classes is None:
        different = np.unique(targets)
        if len(different) < 2 or not targets.std() > 0:
            raise ValueError(
                f"y must have at least two different numbers {where}, with task='regression'. "
                f"Got {different.tolist()}."
            )
    elif targets.ndim == 2:
        if not (targets != targets[:1]).any():
            raise ValueError(
                f"y must have at least two different sets of labels {where}, with "
                f"task='multilabel'. Got {len(targets)} rows of one set."
            )
    elif len(np.unique(targets)) < 2:
        raise ValueError(
            f"y must have at least two classes {where}. Got {classes[np.unique(targets)].tolist()}."
        )


def _pairs(paired: Any, n: int, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features of the other modality of each item, and which items have some."""
    table = check_array(
        paired, ensure_all_finite="allow-nan", dtype=np.float32, input_name="paired"
    )
    if len(table) != n:
        raise ValueError(f"paired must have a row for each of the {n} rows of X. Got {len(table)}.")
    table = table[rows]
    there = np.flatnonzero(~np.isnan(table).any(axis=1))
    if len(there) < 2:
        raise ValueError(
            "paired must have at least two rows without NaN whose cell is there. "
            f"Got {len(there)}; pass paired=None."
        )
    return table, there
