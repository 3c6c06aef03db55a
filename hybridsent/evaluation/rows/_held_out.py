"""A fixed split: which rows are learned from, which are scored, and how often they were (layer L5).

scikit-learn's PredefinedSplit wants numbers of folds. Corpora name their parts, and each score of
the same part that a choice is made by flatters the next one; so it is written down how often a part
has been scored.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent._folders import make_folder, share
from hybridsent._hints import did_you_mean
from hybridsent._labels import take_rows
from hybridsent._tables import as_pandas
from hybridsent.encoders._nesting import every_reader
from hybridsent.evaluation.rows._label_columns import judged_labels
from hybridsent.evaluation.rows._labelled import LabeledTable
from hybridsent.exceptions import StoreError
from hybridsent.store import default_store_path, resolve_store

__all__ = ["HeldOut", "held_out", "notes_on_scoring"]

TRAIN = frozenset({"train", "training", "trn"})
VALIDATION = frozenset({"dev", "development", "val", "valid", "validation"})
TEST = frozenset({"test", "testing", "tst", "eval", "evaluation"})
"""What corpora call their parts, in lower case."""

_FILE = "held-out-scores.json"
_SHOWN = 10


@dataclass(frozen=True)
class HeldOut:
    """Rows that are learned from, and rows that are scored.

    Parameters
    ----------
    name : str
        What the rows that are scored are called.
    train, test : ndarray of int
        Positions.
    others : dict of str to int
        Parts that are neither learned from nor scored, with their rows.
    shared, groups : int, default=0
        Groups of the scored rows that are learned from, too, and groups of the scored rows.
    """

    name: str
    train: np.ndarray
    test: np.ndarray
    others: dict[str, int]
    shared: int = 0
    groups: int = 0

    @property
    def used(self) -> np.ndarray | None:
        """Rows that are learned from or scored.

        Returns
        -------
        ndarray of int or None
            Positions, ascending; None where all are.
        """
        return np.union1d(self.train, self.test) if self.others else None

    @property
    def notes(self) -> list[str]:
        """Sentences for the notes of a result.

        Returns
        -------
        list of str
            What is left out, and groups on both sides.
        """
        found = []
        if self.others:
            told = ", ".join(f"{name!r} ({rows} rows)" for name, rows in self.others.items())
            found.append(f"Neither learned from nor scored: {told}.")
        if self.shared:
            found.append(
                f"{self.shared} of {self.groups} groups of {self.name!r} are learned from, too: "
                "the split does not keep groups together, which can flatter, or their names start "
                "anew in each part."
            )
        return found


def held_out(rows: LabeledTable, split: Any, judged_on: str | None = None) -> HeldOut:
    """Read a column that names the part of each row.

    Parameters
    ----------
    rows : LabeledTable
        The rows.
    split : str or array-like of shape (n,)
        The column, or a name for each row of the table. Rows of ``"train"`` or ``"training"`` are
        learned from, in any case of letters.
    judged_on : str or None, default=None
        Name of the part that is scored; None is the only other one, else that for validation
        (``"dev"``, ``"val"``, ``"valid"``, ``"validation"``), else ``"test"``.

    Returns
    -------
    HeldOut
        Positions among the rows; those without a label are learned from where they are of the
        training part, and never scored.

    Raises
    ------
    ValueError
        If no part is for training, none is to be scored, or it is not told which.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.evaluation import read_labels
    >>> from hybridsent.evaluation.rows._held_out import held_out
    >>> table = pd.DataFrame({"y": ["a", "b", "a", "b"], "part": ["train", "train", "dev", "test"]})
    >>> found = held_out(read_labels(table, "y"), "part")
    >>> found.name, found.train.tolist(), found.test.tolist(), found.notes
    ('dev', [0, 1], [2], ["Neither learned from nor scored: 'test' (1 rows)."])
    """
    values = as_pandas(split)
    values = values if isinstance(values, str) else rows.of(values)
    names = np.array([str(each) for each in judged_labels(rows.rows, values, "split").tolist()])
    there = Counter(sorted(names.tolist()))
    training = [name for name in there if name.strip().lower() in TRAIN]
    if not training:
        raise ValueError(
            "The split parameter must name the rows that are learned from 'train' or 'training'. "
            f"Got {_listed(list(there))}; rename a value, or give such names as an array."
        )
    others = [name for name in there if name not in training]
    name = _judged_on(others, judged_on)
    test = np.flatnonzero((names == name) & rows.known)
    train = np.flatnonzero(np.isin(names, training))
    if not len(test):
        raise ValueError(
            f"The judged_on parameter must name rows that have a label. Got {name!r}, of which "
            f"none of {there[name]} rows has one."
        )
    rest = {each: int(there[each]) for each in others if each != name}
    if rows.groups is None:
        return HeldOut(name, train, test, rest)
    mine = np.unique(rows.groups[test])
    shared = np.isin(mine, rows.groups[train]).sum()
    return HeldOut(name, train, test, rest, int(shared), len(mine))


def _judged_on(others: list[str], judged_on: str | None) -> str:
    if judged_on is not None:
        if str(judged_on) not in others:
            raise ValueError(
                "The judged_on parameter must name a part of the split that is not for training, "
                f"one of {_listed(others)}. Got {judged_on!r}."
                f"{did_you_mean(str(judged_on), others)}"
            )
        return str(judged_on)
    if not others:
        raise ValueError(
            "The split parameter must name rows that are scored beside those of the training part. "
            "Got rows for training alone; leave split out, and folds are made."
        )
    for known in (others if len(others) == 1 else [], VALIDATION, TEST):
        found = [name for name in others if name in known or name.strip().lower() in known]
        if len(found) == 1:
            return found[0]
    raise ValueError(
        f"The judged_on parameter must name the part that is scored, one of {_listed(others)}."
    )


def _listed(names: list[str]) -> str:
    return ", ".join(map(repr, names[:_SHOWN])) + (", …" if len(names) > _SHOWN else "") or "none"


# -- how often it was scored -----------------------------------------------------------------------


def notes_on_scoring(held: HeldOut, rows: LabeledTable, models: Sequence[Any] = ()) -> list[str]:
    """Write down that a part was scored, and say how often it has been.

    The record is a small file beside the feature store, which all users of a shared store write to.
    A part is known again by its name and its labels in their order, whatever is read of its rows.

    Parameters
    ----------
    held : HeldOut
        What was scored.
    rows : LabeledTable
        The rows.
    models : sequence of estimator, default=()
        What was judged. The first store that their encoders have is the one that is meant, else the
        default one.

    Returns
    -------
    list of str
        A sentence.
    """
    key = _key(held, rows)
    try:
        times, since = _count(_path(models), key, held)
    except (OSError, StoreError):  # a disk that cannot be written to must not cost the result
        return [f"How often {held.name!r} has been scored could not be written down."]
    if times == 1:
        return [f"{held.name!r} was scored for the first time."]
    flatters = (
        f"{held.name!r} was scored for the {_ordinal(times)} time since {since}: what is chosen by "
        "its scores looks better than it is"
    )
    if held.name.strip().lower() in VALIDATION:
        return [f"{flatters}. Report the score of rows that chose nothing."]
    return [f"{flatters}. Choose by folds of the training rows."]


def _path(models: Sequence[Any]) -> Path:
    stores = (resolve_store(reader.store) for each in models for reader in every_reader(each))
    found = next((store.path for store in stores if store is not None), None)
    return Path(found or default_store_path()).absolute().parent / _FILE


def _key(held: HeldOut, rows: LabeledTable) -> str:
    """Hash the name of a part and the labels of its rows, in their order."""
    labels = take_rows(rows.y, held.test)
    told = json.dumps([held.name, np.asarray(labels).tolist()], default=str)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _count(path: Path, key: str, held: HeldOut) -> tuple[int, str]:
    """Add one to what a file says, all or nothing; give the number, and the day of the first."""
    make_folder(path.parent)
    with _alone(path):
        known: dict[str, Any] = {}
        with suppress(FileNotFoundError, ValueError):  # a file cut short begins anew
            known = json.loads(path.read_text(encoding="utf-8"))
        known = known if isinstance(known, dict) else {}
        today = date.today().isoformat()
        old = known.get(key)
        old = old if isinstance(old, dict) else {}
        times = old["times"] + 1 if isinstance(old.get("times"), int) else 1
        since = old.get("first") if isinstance(old.get("first"), str) else today
        known[key] = {
            "split": held.name,
            "rows": len(held.test),
            "times": times,
            "first": since,
            "last": today,
        }
        _replace(path, known)
    return times, str(since)


def _replace(path: Path, known: dict[str, Any]) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{_FILE}-", dir=path.parent)
    beside = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(known, file, indent=1)
        beside.replace(path)
    except BaseException:  # nothing half written is left, whatever ended it
        beside.unlink(missing_ok=True)
        raise
    share(path, path.parent)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other processes from counting at the same time, where the system can."""
    try:
        import fcntl
    except ImportError:  # Windows: two that count in the same moment count as one
        yield
        return
    with path.with_suffix(".lock").open("a", encoding="utf-8") as lock:
        share(path.with_suffix(".lock"), path.parent)
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _ordinal(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"
