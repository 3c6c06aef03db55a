"""The rows of `low_label.py`: which few have a label, which have none, and which judge."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _corpora import plain_texts

MOST_JUDGED = 1000
SPEAKERS_JUDGED = 3
SCORES = {
    "sst2": "accuracy",
    "tweeteval_emotion": "macro_f1",
    "mvsa": "accuracy",
    "emodb": "recall",
}


@dataclass
class Draw:
    """Positions of rows of a corpus.

    Parameters
    ----------
    few, pool, judged : ndarray of int
        Rows with a label, rows of training without one, and rows that judge.
    """

    few: np.ndarray
    pool: np.ndarray
    judged: np.ndarray


@dataclass
class Corpus:
    """A table, its labels, and the views that are read.

    Parameters
    ----------
    name : str
        One of `SCORES`.
    table : DataFrame of shape (n, n_columns)
        The rows.
    y : ndarray of shape (n,)
        Labels.
    views : dict of str to str
        Name of a view, and the column that it reads.
    groups : ndarray of shape (n,) or None
        Who speaks: rows that judge are of other groups than the rest.
    judges : ndarray of bool of shape (n,) or None
        Rows that judge, where the corpus has a part for it.
    """

    name: str
    table: pd.DataFrame
    y: np.ndarray
    views: dict[str, str]
    groups: np.ndarray | None = None
    judges: np.ndarray | None = None
    _orders: dict[int, Any] = field(default_factory=dict)

    def draw(self, n_labels: int, seed: int) -> Draw | None:
        """Draw rows of each class; of one seed fewer rows are always among more of them.

        Returns
        -------
        Draw or None
            None where a class has too few rows.
        """
        rng = np.random.default_rng(seed)
        judged = self._judged(rng)
        rest = np.setdiff1d(np.arange(len(self.y)), judged)
        if self.groups is not None:
            rest = rest[~np.isin(self.groups[rest], self.groups[judged])]
        few = []
        for label in np.unique(self.y):
            order = rng.permutation(rest[self.y[rest] == label])
            if len(order) < n_labels:
                return None
            few.append(order[:n_labels])
        chosen = np.sort(np.concatenate(few))
        return Draw(chosen, np.setdiff1d(rest, chosen), judged)

    def _judged(self, rng: np.random.Generator) -> np.ndarray:
        if self.judges is not None:
            return np.flatnonzero(self.judges)
        if self.groups is not None:
            chosen = rng.choice(np.unique(self.groups), SPEAKERS_JUDGED, replace=False)
            return np.flatnonzero(np.isin(self.groups, chosen))
        return np.sort(rng.choice(len(self.y), MOST_JUDGED, replace=False))


@functools.cache
def corpus(name: str) -> Corpus:
    """Read a corpus from the folder that ``HYBRIDSENT_DATA`` names."""
    folder = Path(os.environ["HYBRIDSENT_DATA"])
    if name in ("sst2", "tweeteval_emotion"):
        rows = plain_texts(folder / "text", name)
        judges = rows["split"].isin(["dev", "val"]).to_numpy()
        return Corpus(name, rows, rows["label"].to_numpy(), {"text": "text"}, judges=judges)
    rows = pd.read_csv(folder / name / "table.csv", keep_default_na=False)
    for column in {"image", "audio"} & set(rows.columns):
        rows[column] = [str(folder / name / path) for path in rows[column]]
    y = rows["label"].to_numpy(dtype=object).astype(str)
    if name == "mvsa":
        return Corpus(name, rows, y, {"text": "text", "image": "image"})
    return Corpus(name, rows, y, {"audio": "audio"}, groups=rows["speaker"].to_numpy())
