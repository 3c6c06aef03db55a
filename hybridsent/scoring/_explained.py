"""One answer with all that is known of it: which view it is due to, and how sure it is (layer L6).

The server, the monitor and the reports show the same words; what they are called in JSON is
decided here. Shares are Shapley values of `hybridsent.evaluation.shares._game`, of an answer where
`hybridsent.evaluation.contributions` takes them of a score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from hybridsent._label_sets import is_of_sets, label_sets
from hybridsent._notes import note
from hybridsent.scoring._opened import (
    OpenedModel,
    conformal_part,
    is_numeric,
    open_model,
    plain_model,
    without,
)

__all__ = ["Explained", "ViewShare", "explain"]

NOTHING = (
    "Nothing of this row could be read: the answer is what the model says where all is missing."
)
"""Note of a row of which every view is missing."""

NEEDS_VIEWS = "This model cannot answer without a view, so that no shares of views are told."
"""Note of an answer whose shares are None."""

TOO_FEW = note("too_few_rows")
"""Note of an answer whose interval would be infinite."""

WITHOUT_GROUPS = note("without_groups")
"""Note of a set or an interval of a model that has one for each group."""

_MOST_CELLS = 2**23  # of a stacked matrix that is asked about at once


@dataclass(frozen=True)
class ViewShare:
    """What one view has to do with an answer.

    Parameters
    ----------
    share : float or None
        Part of all changes, by size, from 0 to 1; 0 of all views where none changes anything. None
        where the model cannot go without a view.
    change : float or None
        By how much the view makes the model surer of its answer (of the class that was given, in
        probability; of sets of labels, the mean over labels); of numbers, by how much it moves it.
        Negative where it speaks against it.
    missing : bool
        Whether the row lacks it.
    """

    share: float | None
    change: float | None
    missing: bool


@dataclass(frozen=True)
class Explained:
    """What a model says about one row, and why.

    Parameters
    ----------
    prediction : object
        The label; a list of labels; or a number.
    probabilities : dict or None
        Of each label; None where the model tells none.
    views : dict of str to ViewShare
        What each view has to do with it.
    set : list or None, default=None
        The labels that cannot be left out, where the model holds conformal sets.
    interval : (float, float) or None, default=None
        In which the number is, where the model holds conformal intervals.
    coverage : float or None, default=None
        Share of rows whose truth is in the set or the interval.
    missing : list of str, default=[]
        Views that the row lacks.
    notes : list of str, default=[]
        What the reader has to know.

    Examples
    --------
    >>> from hybridsent.scoring import Explained, ViewShare
    >>> said = Explained("good", {"bad": 0.25, "good": 0.75}, {"text": ViewShare(1.0, 0.25, False)})
    >>> said.to_dict()["views"]
    {'text': {'share': 1.0, 'change': 0.25, 'missing': False}}
    """

    prediction: Any
    probabilities: dict[Any, float] | None
    views: dict[str, ViewShare]
    set: list[Any] | None = None
    interval: tuple[float, float] | None = None
    coverage: float | None = None
    missing: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Write it as plain JSON.

        Returns
        -------
        dict
            The same keys always; numbers have six digits behind the point, labels that are keys are
            texts.
        """
        chances = self.probabilities
        return {
            "prediction": _rounded(self.prediction),
            "probabilities": None
            if chances is None
            else {str(label): _rounded(p) for label, p in chances.items()},
            "views": {
                view: {
                    "share": _rounded(each.share),
                    "change": _rounded(each.change),
                    "missing": each.missing,
                }
                for view, each in self.views.items()
            },
            "set": self.set,
            "interval": None if self.interval is None else [_rounded(x) for x in self.interval],
            "coverage": self.coverage,
            "missing": list(self.missing),
            "notes": list(self.notes),
        }


def explain(scorer: Any, read: Any) -> list[Explained]:
    """Ask a model about rows, and about the same rows without each of their views.

    Parameters
    ----------
    scorer : Scorer
        The model.
    read : DataFrame of n rows
        What its `read` gave.

    Returns
    -------
    list of Explained
        One a row.
    """
    if not len(read):
        return []
    asked = _Asked(scorer, open_model(scorer.model, read))
    shares = asked.shares()
    answers = asked.answers()
    sure = _sureties(asked)
    notes = _notes(scorer, read)
    found = []
    for row, views in enumerate(shares):
        missing = [view for view, each in views.items() if each.missing]
        told = [*notes[row], *sure[row].notes]
        if views and len(missing) == len(views):
            told.insert(0, NOTHING)
        if any(each.share is None for each in views.values()):
            told.append(NEEDS_VIEWS)
        found.append(
            Explained(
                *answers[row],
                views,
                sure[row].set,
                sure[row].interval,
                sure[row].coverage,
                missing,
                told,
            )
        )
    return found


class _Asked:
    """What the head says about rows, and about the same rows without some of their views."""

    def __init__(self, scorer: Any, opened: OpenedModel) -> None:
        self.X, self.head, self.views = opened
        self.classes = scorer.classes
        self.target = "numbers" if scorer.task == "regression" else "classes"
        self.sets = scorer.task == "multilabel"
        asks = (scorer.model, self.head)
        self.probable = self.target != "numbers" and all(hasattr(m, "predict_proba") for m in asks)
        inner = plain_model(self.head)
        steps = len(inner.steps) if type(inner) is Pipeline else 1
        # steps before the last one are passed once, for answers and probabilities
        self.front: Any = inner[:-1] if steps > 1 else None
        self.last: Any = inner[-1] if steps > 1 else self.head
        self.there = _presence(self.X, self.views)
        self.said = np.empty(0)
        self.chances: np.ndarray | None = None
        self.changes = self._asked_without()

    def _asked_without(self) -> np.ndarray | None:
        """Give the Shapley value of each view in each row; None where none can be told.

        A view that a row lacks adds nothing to any subset, and need not be asked about: rows with
        the same views play one game. All rows and subsets are stacked and asked about at once, the
        rows as they are first.
        """
        from hybridsent.evaluation.shares._game import Game

        names, n = list(self.views), len(self.X)
        if not names:
            self._worth(np.arange(n), self.there)
            return np.zeros(self.there.shape)
        patterns, code = np.unique(self.there, axis=0, return_inverse=True)
        games = [Game([names[i] for i in np.flatnonzero(pattern)]) for pattern in patterns]
        members = [np.flatnonzero(code.reshape(-1) == i) for i in range(len(games))]
        rows, left = [np.arange(n)], [self.there]
        for game, member in zip(games, members, strict=True):
            fewer = [s for s in game.subsets if s != game.whole]
            kept = np.array([[name in s for name in names] for s in fewer], dtype=bool)
            rows.append(np.tile(member, len(fewer)))
            left.append(np.repeat(kept.reshape(len(fewer), len(names)), len(member), axis=0))
        try:
            worth = self._worth(np.concatenate(rows), np.concatenate(left))
        except ValueError as error:
            if "NaN" not in str(error):
                raise
            self._worth(rows[0], left[0])
            return None  # as a scaler and a regression, which take no missing number
        changes, start = np.zeros(self.there.shape), n
        for game, member, pattern in zip(games, members, patterns, strict=True):
            told = np.empty((len(game.subsets), len(member)))
            whole = np.array([subset == game.whole for subset in game.subsets])
            stop = start + len(member) * int((~whole).sum())
            told[whole] = worth[member]
            told[~whole] = worth[start:stop].reshape(-1, len(member))
            changes[np.ix_(member, pattern)] = game.values(told).T
            start = stop
        return changes

    def _worth(self, rows: np.ndarray, left: np.ndarray) -> np.ndarray:
        """Tell how sure the head is of its answers about rows, of which the first are whole."""
        from hybridsent.evaluation.shares._game import sureness

        n, worth = len(self.X), np.empty(len(rows))
        most = max(n, _MOST_CELLS // max(1, self.X.shape[1]))
        for start in range(0, len(rows), most):
            part = slice(start, start + most)
            stacked = without(self.X, rows[part], left[part], self.views)
            stacked = stacked if self.front is None else self.front.transform(stacked)
            chances = None
            if self.probable:
                chances = np.asarray(self.last.predict_proba(stacked), dtype=np.float64)
            if start == 0:
                self._learn_answers(stacked, chances)
            given = self.said[rows[part]]
            said = given if self.probable else self._marked(self.last.predict(stacked))
            worth[part] = sureness(said, chances, given, self.classes, self.target)
        return worth

    def _learn_answers(self, stacked: Any, chances: np.ndarray | None) -> None:
        n = len(self.X)
        whole = stacked[:n] if len(stacked) > n else stacked
        self.said = np.asarray(self.last.predict(whole))
        if self.target == "classes" and (self.sets or is_of_sets(self.said)):
            self.target = "sets"
        self.said = self._marked(self.said)
        self.chances = None if chances is None else chances[:n]

    def _marked(self, said: Any) -> np.ndarray:
        """Write sets of labels as 0 and 1, in whichever form the head tells them."""
        said = np.asarray(said)
        return np.asarray(label_sets(said, self.classes)[0]) if self.target == "sets" else said

    def shares(self) -> list[dict[str, ViewShare]]:
        """Give what each view has to do with the answer about each row."""
        found = []
        for row, there in enumerate(self.there.tolist()):
            told = None if self.changes is None else self.changes[row]
            total = 0.0 if told is None else float(np.abs(told).sum())
            alone = sum(there) == 1
            views = {}
            for i, view in enumerate(self.views):
                if told is None:
                    change, share = None, (1.0 if alone and there[i] else 0.0 if alone else None)
                else:
                    change = float(told[i])
                    share = abs(change) / total if total > 0 else float(alone and there[i])
                views[view] = ViewShare(share, change, not there[i])
            found.append(views)
        return found

    def answers(self) -> list[tuple[Any, dict[Any, float] | None]]:
        """Give each answer, with the probability of each label."""
        labels = None if self.classes is None else np.asarray(self.classes).tolist()
        chances: list[dict[Any, float] | None] = [None] * len(self.X)
        if self.chances is not None and labels is not None:
            chances = [dict(zip(labels, row, strict=True)) for row in self.chances.tolist()]
        if self.target != "sets":
            return list(zip(self.said.tolist(), chances, strict=True))
        names = labels if labels is not None else list(range(len(self.said[0])))
        said = [[names[i] for i in np.flatnonzero(row == 1)] for row in self.said]
        return list(zip(said, chances, strict=True))


def _presence(X: Any, views: Mapping[str, Sequence[int]]) -> np.ndarray:
    """Tell which rows have which view; of cells, where any of its columns holds something."""
    if is_numeric(X):
        from hybridsent.views import presence

        return presence(X.to_numpy(), {view: np.asarray(places) for view, places in views.items()})
    from hybridsent.media import is_missing

    columns = [
        [
            any(not is_missing(cell) for cell in cells)
            for cells in zip(*(X.iloc[:, p] for p in places), strict=True)
        ]
        for places in views.values()
    ]
    return np.array(columns, dtype=bool).reshape(len(columns), len(X)).T


@dataclass(frozen=True)
class _Surety:
    """What is sure about an answer."""

    set: list[Any] | None = None
    interval: tuple[float, float] | None = None
    coverage: float | None = None
    notes: Sequence[str] = ()


def _sureties(asked: _Asked) -> list[_Surety]:
    """Give the conformal set or interval of each row, where the model holds them."""
    found = conformal_part(asked.head, asked.X)
    if found is None:
        return [_Surety()] * len(asked.X)
    part, rows = found
    groups: Any = None
    notes: tuple[str, ...] = ()
    by = (part.by,) if isinstance(part.by, str) else part.by or ()
    if "group" in by and not _tells_groups(rows):
        # one that is not known has the threshold of all rows
        groups, notes = np.full(len(rows), ""), (WITHOUT_GROUPS,)
    coverage = float(part.coverage)
    if asked.target == "numbers":
        ends = part.predict_interval(rows, groups, said=asked.said)
        return [
            _Surety(interval=(low, high), coverage=coverage, notes=notes)
            if np.isfinite(low) and np.isfinite(high)
            else _Surety(notes=(*notes, TOO_FEW))
            for low, high in ends.tolist()
        ]
    labels = np.asarray(part.classes_).tolist()
    held = part.predict_set(rows, groups, said=asked.chances)
    return [
        _Surety(
            set=[label for label, there in zip(labels, row, strict=True) if there],
            coverage=coverage,
            notes=notes,
        )
        for row in held.tolist()
    ]


def _tells_groups(rows: Any) -> bool:
    from hybridsent.views import GROUP, view_of

    return any(view_of(name) == GROUP for name in getattr(rows, "columns", ()))


def _notes(scorer: Any, read: Any) -> list[list[str]]:
    """Tell of each row what its cells have that a reader of the answer must know."""
    from hybridsent.evaluation.results._notes import misread_rows

    found = misread_rows(scorer.readers_of_texts, read)
    for each in scorer.inputs:
        if each.column in read.columns and read[each.column].ndim == 1:
            for told, cell in zip(found, read[each.column].tolist(), strict=True):
                if isinstance(cell, str) and not cell.strip():
                    told.append(note("empty", column=repr(each.column)))
    return found


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6)
    return [_rounded(each) for each in value] if isinstance(value, list) else value
