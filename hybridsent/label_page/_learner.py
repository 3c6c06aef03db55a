"""What is learned between two labels: which row comes next, and how good it is by now (layer L7).

A thread of its own ranks and judges; whoever labels takes the next row of the ranking in hand, and
never waits. The model is there to choose rows and to show where labels lead, not to be kept.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hybridsent.exceptions import HybridsentError
from hybridsent.label_page._features import Features, ended
from hybridsent.label_page._question import Question
from hybridsent.label_page._quick_model import (
    Point,
    fitted_and_asked,
    judged_out_of_fold,
    kappa,
    steps_of_curve,
)
from hybridsent.label_page._space import MOST, Space, rows_drawn

__all__ = ["Learned", "Learner"]
_RANKED = 64  # rows that a ranking holds: a later one replaces it long before they are used up
_PAUSE = 0.03


@dataclass(frozen=True)
class Learned:
    """What is known after a number of labels.

    Parameters
    ----------
    n : int
        Labels that it was learned from.
    ranking : ndarray of int
        Rows, the most informative first.
    said : ndarray or None, default=None
        Of each row the probabilities of the classes or labels, or the number; NaN without features.
    strategy : str, default="random"
        How the rows were ranked.
    seconds : float, default=0.0
        What that took.
    """

    n: int
    ranking: np.ndarray
    said: np.ndarray | None = None
    strategy: str = "random"
    seconds: float = 0.0


class Learner:
    """Ranks rows and judges itself, in a thread.

    Parameters
    ----------
    question : Question
        What is asked.
    features : Features
        Of all rows.
    strategy : str, default="auto"
        A strategy of `hybridsent.active`, or ``"table"`` for the order of the table.
    groups : ndarray or None, default=None
        Group of each row; rows of one stay together where it judges itself.
    random_state : int, default=0
        Seed of folds and strategies.
    """

    def __init__(
        self,
        question: Question,
        features: Features,
        *,
        strategy: str = "auto",
        groups: np.ndarray | None = None,
        random_state: int = 0,
    ) -> None:
        self.question, self.features = question, features
        self.strategy, self.groups, self.random_state = strategy, groups, random_state
        self.learned = Learned(0, np.empty(0, dtype=int))
        self.points: dict[int, Point] = {}
        self.baseline = float("nan")
        self.advice, self.error = "", ""
        self.after: Callable[[], None] | None = None
        self._wanted: tuple[np.ndarray, list[int]] | None = None
        self._wake = threading.Condition()
        self._stopped, self._busy = False, False
        self._space: Space | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to learn."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="hybridsent-learn", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Learn no more, when what is being learned is done."""
        with self._wake:
            self._stopped = True
            self._wake.notify_all()
        ended(self._thread)

    def learn(self, y: np.ndarray, order: Sequence[int]) -> None:
        """Learn from these labels as soon as the last ones are done; the latest ones win.

        Parameters
        ----------
        y : ndarray
            Labels of all rows, as the question's `empty` marks those without.
        order : sequence of int
            The labelled rows, in the order in which they were labelled.
        """
        with self._wake:
            self._wanted = (y, list(order))
            self._wake.notify_all()

    @property
    def busy(self) -> bool:
        """Whether there is something left to learn from the labels."""
        return self._busy or self._wanted is not None

    def wait(self, seconds: float = 30.0) -> bool:
        """Wait until there is nothing to learn; for tests and benchmarks.

        Parameters
        ----------
        seconds : float, default=30.0
            At most.

        Returns
        -------
        bool
            Whether all is learned.
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with self._wake:
                if self._wanted is None and not self._busy:
                    return True
            time.sleep(0.005)
        return False

    def _run(self) -> None:
        while True:
            with self._wake:
                self._busy = False
                self._wake.wait_for(lambda: self._stopped or self._wanted is not None)
                if self._stopped:
                    return
                self._busy = True
                self._wake.wait(_PAUSE)  # whoever labels has the next row first
                (y, order), self._wanted = self._wanted or (np.empty(0), []), None
            try:
                self._learn(y, order)
                self.error = ""
                if self.after is not None and self._wanted is None:
                    self.after()
            except (HybridsentError, ValueError, ArithmeticError, MemoryError) as error:
                self.error = " ".join(str(error).split())

    def _learn(self, y: np.ndarray, order: list[int]) -> None:
        space = self._current_space(order)
        if space is None:
            return
        began = time.perf_counter()
        known = np.asarray(order, dtype=int)
        known = known[space.at[known] >= 0]
        said = self._said(space, y, known)
        ranking, strategy = self._ranked(space, y, known, said)
        everywhere = None
        if said is not None:
            shape = (self.features.n, *said.shape[1:])
            everywhere = np.full(shape, np.nan)
            everywhere[space.rows] = said
        self.learned = Learned(
            len(order), ranking, everywhere, strategy, time.perf_counter() - began
        )
        if self._wanted is None:
            self._judge(space, y, known)

    def _current_space(self, order: list[int]) -> Space | None:
        """Give components of the rows that have features; made anew when there are many more."""
        features, space = self.features, self._space
        there = int(features.ready.sum())
        if features.matrix is None or not there:
            return None
        seen = 0 if space is None else space.there
        since = [] if space is None else [row for row in order[space.known :] if space.at[row] < 0]
        if there > 1.5 * seen or (features.complete and there > seen) or len(since) > MOST // 100:
            rows = rows_drawn(np.flatnonzero(features.ready), order, self.random_state)
            self._space = Space(features, rows, self.groups, self.random_state)
            self._space.there, self._space.known = there, len(order)
            self.points = {}
        return self._space

    def _said(self, space: Space, y: np.ndarray, known: np.ndarray) -> np.ndarray | None:
        if not len(known):
            return None
        return fitted_and_asked(self.question, space.Z[space.at[known]], y[known], space.Z)

    def _ranked(
        self, space: Space, y: np.ndarray, known: np.ndarray, said: np.ndarray | None
    ) -> tuple[np.ndarray, str]:
        if self.strategy == "table":
            return np.arange(self.features.n), "table"
        from hybridsent.active import rank_rows

        found = rank_rows(
            space.pool,
            y[space.rows],
            strategy=self.strategy,
            probabilities=None if self.question.kind == "numbers" else said,
            n=_RANKED,
            random_state=self.random_state + len(known),
        )
        return space.rows[np.asarray(found, dtype=int)], self.strategy

    def _judge(self, space: Space, y: np.ndarray, known: np.ndarray) -> None:
        """Judge with all labels, and once more with those that there were earlier on the way."""
        from hybridsent.active import stop_advice

        todo = [n for n in steps_of_curve(len(known)) if n not in self.points]
        for n in sorted(todo, reverse=True):
            if self._wanted is not None or self._stopped:
                return
            rows = known[:n]
            groups = None if self.groups is None else self.groups[rows]
            point, baseline = judged_out_of_fold(
                self.question, space.Z[space.at[rows]], y[rows], groups, self.random_state
            )
            if n == len(known):
                self.baseline = baseline
            if point is not None and self.question.kind == "classes":
                said = fitted_and_asked(self.question, space.Z[space.at[rows]], y[rows], space.Z)
                point = replace(point, said=said.argmax(axis=1).astype(np.int16))
            if point is not None:
                self.points = {**self.points, n: point}
        self.advice = str(stop_advice(history)) if (history := self.history()) else ""

    def history(self) -> list[dict[str, Any]]:
        """Tell how scores and predictions changed, as `hybridsent.active.stop_advice` takes it."""
        found: list[dict[str, Any]] = []
        before: np.ndarray | None = None
        for point in self.curve:
            times = {"n_labels": point.n, "score": point.score, "low": point.low}
            found.append({**times, "high": point.high, "agreement": kappa(before, point.said)})
            before = point.said
        return found

    @property
    def curve(self) -> list[Point]:
        """The points of the learning curve, by number of labels."""
        return [self.points[n] for n in sorted(self.points)]
