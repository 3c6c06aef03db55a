"""What is shown of a monitor: plain JSON, of bounded size (layer L7)."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from hybridsent._notes import in_chinese
from hybridsent.monitor._rules import Rule, named

__all__ = ["View"]

_WINDOWS = 240
_GROUPS = 40
_ALERTS = 50


class View:
    """Writes what is shown onto the board of a monitor.

    Parameters
    ----------
    monitor : Monitor
        What is shown.
    rules : sequence of Rule
        When alerts are given.
    by : sequence of tuple of str
        Fields by which posts are grouped.
    """

    def __init__(self, monitor: Any, rules: Sequence[Rule], by: Sequence[tuple[str, ...]]):
        self.monitor, self.rules, self.by = monitor, rules, by
        self._speeds: deque[tuple[float, int]] = deque(maxlen=600)
        self._shown: set[int] = set()

    def count(self, n: int, at: float) -> None:
        """Note that posts were counted.

        Parameters
        ----------
        n : int
            How many.
        at : float
            When, by the clock that never goes back.
        """
        self._speeds.append((at, n))

    def show(self, made: Sequence[tuple[int, int]] | None) -> None:
        """Show what is new.

        Parameters
        ----------
        made : sequence of (int, int) or None
            Points that were made: start of the last pane, and group; None for the first time.
        """
        monitor = self.monitor
        facts = self._facts()
        groups = self._groups()
        facts["groups"] = [self._group(number, n) for number, n in groups]
        shown = {number for number, _ in groups}
        whole = {
            "setup": self._setup(),
            "facts": facts,
            "points": {str(number): self._points(number) for number, _ in groups},
        }
        facts["chinese"] = _chinese_of(whole)
        changed: dict[str, list[Any]] = {}
        if made is not None:
            newest = monitor.state.newest
            oldest = None if newest is None else newest - _WINDOWS * monitor.state.pane
            fresh = shown - self._shown
            for last, group in made:
                if group in shown and group not in fresh and oldest is not None and last > oldest:
                    changed.setdefault(str(group), []).append(last)
            points = {
                group: self._points(int(group), lasts) for group, lasts in changed.items()
            } | {str(group): whole["points"][str(group)] for group in fresh}
            monitor.board.write(whole, {"facts": facts, "points": points})
        else:
            monitor.board.write(whole, {"facts": facts, "points": {}})
        self._shown = shown

    def _setup(self) -> dict[str, Any]:
        monitor = self.monitor
        settings, pointer = monitor.settings, monitor.pointer
        return {
            "task": monitor.tally.task,
            "classes": [str(label) for label in monitor.tally.classes],
            "values": None
            if pointer.values is None
            else {str(label): value for label, value in pointer.values.items()},
            "ends": pointer.ends,
            "confidence": settings.confidence,
            "window": settings.window,
            "slide": settings.pane,
            "by": [list(names) for names in self.by],
            "rules": [rule.text for rule in self.rules],
            "corrected": pointer.reference is not None,
            "drift": monitor.watch.drift is not None,
            "show_posts": settings.show_posts,
            "sources": [source.name for source in monitor.sources],
            "model": monitor.scorer.name.rsplit("/", 1)[-1],
            "notes": pointer.notes,
        }

    def _facts(self) -> dict[str, Any]:
        monitor = self.monitor
        now = time.monotonic()
        recent = sum(n for at, n in self._speeds if now - at <= 60)
        begun = min((at for at, _ in self._speeds if now - at <= 60), default=now)
        return {
            "counts": monitor.counts,
            "rate": round(recent / max(1.0, now - begun), 1),
            "newest": monitor.state.newest,
            "written": round(time.time(), 1),
            "alerts": self._alerts(),
            "drift": self._drifts(),
            "posts": list(monitor._posts) if monitor.settings.show_posts else [],
        }

    def _groups(self) -> list[tuple[int, int]]:
        """Give the groups that are shown: all posts, and those of most posts lately."""
        state = self.monitor.state
        newest = state.newest
        if newest is None:
            return [(0, 0)]
        rows = state.connection.execute(
            "SELECT grp, sum(n) AS total FROM panes WHERE start > ? AND grp > 0 "
            "GROUP BY grp ORDER BY total DESC, grp LIMIT ?",
            (newest - _WINDOWS * state.pane, _GROUPS),
        ).fetchall()
        total = state.connection.execute(
            "SELECT sum(n) FROM panes WHERE start > ? AND grp = 0",
            (newest - _WINDOWS * state.pane,),
        ).fetchone()[0]
        return [(0, int(total or 0)), *((int(group), int(n)) for group, n in rows)]

    def _group(self, number: int, n: int) -> dict[str, Any]:
        return {"number": number, "names": named(self.monitor.state.groups[number]), "n": n}

    def _points(self, group: int, lasts: Sequence[int] | None = None) -> list[list[Any]]:
        """Give points of a group as lists: start, n, index, low, high, plain, shares, method."""
        state = self.monitor.state
        if lasts is None:
            rows = state.connection.execute(
                "SELECT start, n, value, low, high, told FROM points WHERE grp=? "
                "ORDER BY start DESC LIMIT ?",
                (group, _WINDOWS),
            ).fetchall()[::-1]
        else:
            rows = []
            for last in lasts[-_WINDOWS:]:
                rows += state.connection.execute(
                    "SELECT start, n, value, low, high, told FROM points WHERE grp=? AND start=?",
                    (group, last),
                ).fetchall()
        return [self._point(row) for row in rows]

    def _point(self, row: Sequence[Any]) -> list[Any]:
        told = json.loads(row[5])
        labels = [str(label) for label in self.monitor.tally.classes]
        shares = [told["shares"].get(label) for label in labels]
        short = [None if each is None else [_short(x) for x in each] for each in shares]
        numbers = [_short(x) for x in (*row[2:5], told["plain"])]
        return [row[0], row[1], *numbers, short, told["method"], told["notes"]]

    def _alerts(self) -> list[dict[str, Any]]:
        rows = self.monitor.state.connection.execute(
            "SELECT told FROM alerts ORDER BY number DESC LIMIT ?", (_ALERTS,)
        )
        return [json.loads(row[0]) for row in rows]

    def _drifts(self) -> list[dict[str, Any]]:
        rows = self.monitor.state.connection.execute(
            "SELECT start, told FROM drifts ORDER BY start DESC LIMIT ?", (_WINDOWS,)
        ).fetchall()
        return [{"start": row[0], **json.loads(row[1])} for row in rows[::-1]]


def _chinese_of(whole: dict[str, Any]) -> dict[str, str]:
    """Give the Chinese of the notes that are shown now: each once, not with every point."""
    last = [points[-1] for points in whole["points"].values() if points]
    shown = [*whole["setup"]["notes"], *(note for point in last for note in point[-1])]
    shown += [each["text"] for each in whole["facts"]["drift"][-1:]]
    return {note: in_chinese(note) for note in dict.fromkeys(shown) if note}


def _short(number: float | None) -> float | None:
    return None if number is None else round(number, 5)
