"""What a model says about windows, some at a time (layer L7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent._notes import note
from hybridsent._warnings import ignored_warnings
from hybridsent.exceptions import CellWarning
from hybridsent.media.kinds import AUDIO, IMAGE, TEXT
from hybridsent.scoring import Answers
from hybridsent.timeline._inputs import Fills
from hybridsent.timeline._windows import Window

if TYPE_CHECKING:
    from hybridsent.media._streams import Tracks
    from hybridsent.scoring import Scorer

__all__ = ["Asked"]


class Asked:
    """A model that is asked about windows, and what it said so far.

    Parameters
    ----------
    model : Scorer
        The model.
    fills : Fills
        What of its columns a recording fills.
    explain : bool
        Whether to ask for shares of views, too.
    told : callable
        Gets each line for people.

    Attributes
    ----------
    starts, ends : list of float
        Of all windows.
    said : list of str
        What is said in them.
    missing : list of tuple of str
        Views for which they have nothing.
    rows : list of int
        Windows that the model was asked about: those that have anything.
    """

    def __init__(
        self, model: Scorer, fills: Fills, *, explain: bool, told: Callable[[str], None]
    ) -> None:
        self.model, self.fills, self._told = model, fills, told
        self._explain = explain
        self.starts: list[float] = []
        self.ends: list[float] = []
        self.said: list[str] = []
        self.missing: list[tuple[str, ...]] = []
        self.rows: list[int] = []
        self._parts: list[Answers] = []
        self._shares: list[dict[str, float | None]] = []

    @property
    def n_asked(self) -> int:
        """How many windows the model was asked about."""
        return len(self.rows)

    def about(self, windows: Sequence[tuple[Window, str]]) -> None:
        """Ask about windows.

        Parameters
        ----------
        windows : sequence of (Window, str)
            Each, and what is said in it.
        """
        import pandas as pd

        table: dict[str, list[Any]] = {column: [] for column in self.fills.columns}
        n = 0
        for window, words in windows:
            missing = self.fills.missing(window, words)
            if len(missing) < len(self.fills.reads):
                self.rows.append(len(self.starts))
                n += 1
                for column, cell in self.fills.cells(window, words).items():
                    table[column].append(cell)
            self.starts.append(window.start)
            self.ends.append(window.end)
            self.said.append(words)
            self.missing.append(missing)
        if not n:
            return
        cells = {name: pd.Series(values, dtype=object) for name, values in table.items()}
        # that a window of a video has no sound is told once, by `tell_missing`
        with ignored_warnings(CellWarning) if self.fills.has_clips else nullcontext():
            read = self.model.read(pd.DataFrame(cells), told=self._told)
            self._parts.append(self.model.answer(read))
            if self._explain:
                for each in self.model.explain(read):
                    self._shares.append({name: view.share for name, view in each.views.items()})
                    for line in each.notes:
                        self._told(line)

    def answers(self) -> Answers:
        """Join what the model said.

        Returns
        -------
        Answers
            A row for each of `rows`.
        """
        probable = [each.probabilities for each in self._parts if each.probabilities is not None]
        return Answers(
            np.concatenate([each.prediction for each in self._parts]),
            np.concatenate(probable) if probable else None,
            self._parts[0].classes,
        )

    def shares(self) -> dict[str, np.ndarray] | None:
        """Give the share of each view in each window.

        Returns
        -------
        dict of str to ndarray of shape (n,), or None
            NaN where the model was not asked; None where shares were not.
        """
        if not self._explain:
            return None
        names = list(dict.fromkeys(name for each in self._shares for name in each))
        found = {}
        for name in names:
            values = np.full(len(self.starts), np.nan)
            told = [each.get(name) for each in self._shares]
            values[self.rows] = [np.nan if share is None else share for share in told]
            found[name] = values
        return found

    def tell_missing(self, tracks: Tracks, source: str) -> None:
        """Say which views nothing was found for, and why.

        Parameters
        ----------
        tracks : Tracks
            What the file holds.
        source : str
            Where what is said is from.
        """
        why = {}
        why[AUDIO.name] = "" if tracks.sound else note("no_sound")
        why[IMAGE.name] = "" if tracks.pictures else note("no_pictures")
        why[TEXT.name] = "" if source else note("nobody_listened")
        for each in self.fills.reads:
            absent = sum(each.view in missing for missing in self.missing)
            if absent:
                key = "absent" if absent == len(self.missing) else "absent_in"
                reason = why[each.modality]
                key += "_why" if reason else ""
                self._told(note(key, view=each.view, n=absent, why=reason))
