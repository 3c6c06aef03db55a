"""Whether posts are still such as the model was fitted on (layer L7).

Of each pane a few hundred posts are kept as `hybridsent.drift` looks at them: their answers, and
where they lie along four directions of each view, which leads back to no post.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from hybridsent.monitor._post import Post
from hybridsent.monitor._state import State
from hybridsent.monitor._tally import rank_of

__all__ = ["Drifts"]

_KEPT = 400
_LEAST = 100
_EVERY = 1000  # windows in which one false alarm is to be expected
_MORE = 1.5


class Drifts:
    """Compares windows with what a model was fitted on.

    Parameters
    ----------
    state : State
        Where windows are.
    reference : DriftReference or None
        What the model holds of what it was fitted on.

    Attributes
    ----------
    known : bool
        Whether it holds anything.
    """

    def __init__(self, state: State, reference: Any) -> None:
        self.state, self.reference = state, reference
        self.known = reference is not None
        self._widths: dict[str, int] = {}
        if self.known:
            views = {name: view.sample.shape[1] for name, view in reference.views.items()}
            self._widths = {"answers": len(reference.names), **views}

    def project(self, answers: Any, features: Any) -> np.ndarray:
        """Look at posts as at the reference.

        Parameters
        ----------
        answers : Answers
            What the model said.
        features : DataFrame or None
            What it read; None where it shows none.

        Returns
        -------
        ndarray of float32 of shape (n, width)
            Answers, and places in each view.
        """
        seen = self.reference.project(answers.as_numbers(), features)
        n = len(answers)
        parts = [seen.get(name, np.full((n, w), np.nan)) for name, w in self._widths.items()]
        return np.hstack(parts).astype(np.float32)

    def keep(self, posts: Sequence[Post], rows: np.ndarray) -> None:
        """Keep posts of the smallest ranks; inside of a transaction.

        Parameters
        ----------
        posts : sequence of Post
            The posts.
        rows : ndarray of shape (n, width)
            What `project` gave.
        """
        places = defaultdict(list)
        for post, row in zip(posts, rows, strict=True):
            start = int(post.at // self.state.pane) * self.state.pane
            places[start].append((rank_of(post.id), start, row.tobytes()))
        connection = self.state.connection
        for start, fresh in places.items():
            least = sorted(fresh)[:_KEPT]
            connection.executemany("INSERT OR IGNORE INTO features VALUES (?, ?, ?)", least)
            connection.execute(
                "DELETE FROM features WHERE start=? AND rank > (SELECT rank FROM features "
                "WHERE start=? ORDER BY rank LIMIT 1 OFFSET ?)",
                (start, start, _KEPT - 1),
            )

    def refresh(self, last: int, first: int, end: int, newest: int) -> None:
        """Judge a window; inside of a transaction. One is judged again where it has grown.

        Parameters
        ----------
        last : int
            Start of its last pane.
        first, end : int
            Its panes begin at `first` and before `end`.
        newest : int
            Start of the newest pane of all: windows before it have closed.
        """
        from hybridsent.drift import drift

        connection = self.state.connection
        n = connection.execute(
            "SELECT coalesce(sum(n), 0) FROM panes WHERE grp=0 AND start>=? AND start<?",
            (first, end),
        ).fetchone()[0]
        row = connection.execute("SELECT told FROM drifts WHERE start=?", (last,)).fetchone()
        before = 0 if row is None else json.loads(row[0])["n"]
        if n < _LEAST or n == before or (last >= newest and before and n < _MORE * before):
            return
        found = drift(self.reference, self._window(first, end), level=1 / _EVERY)
        told = {"alarm": bool(found.alarm), "n": n, "text": "; ".join(found.reasons)}
        connection.execute(
            "INSERT OR REPLACE INTO drifts VALUES (?, ?)",
            (last, json.dumps(told, ensure_ascii=False)),
        )

    def _window(self, first: int, end: int) -> Any:
        from hybridsent.drift._reference import Projected

        rows = self.state.connection.execute(
            "SELECT kept FROM features WHERE start>=? AND start<? ORDER BY rank LIMIT ?",
            (first, end, _KEPT),
        ).fetchall()
        kept = np.frombuffer(b"".join(row[0] for row in rows), dtype=np.float32)
        places = np.cumsum(list(self._widths.values()))[:-1]
        parts = np.split(kept.reshape(len(rows), -1).astype(np.float64), places, axis=1)
        return Projected(zip(self._widths, parts, strict=True))

    def told(self, last: int) -> dict[str, Any] | None:
        """Tell what was found of a window.

        Parameters
        ----------
        last : int
            Start of its last pane.

        Returns
        -------
        dict or None
            ``alarm``, ``n`` and ``text``; None where it was not judged.
        """
        row = self.state.connection.execute(
            "SELECT told FROM drifts WHERE start=?", (last,)
        ).fetchone()
        return None if row is None else dict(json.loads(row[0]))
