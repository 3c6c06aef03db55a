"""From panes that changed to points and alerts (layer L7).

A window ends with a pane and holds those before it that it is long; it is known by the start of its
last pane. Only windows in which something was counted are made anew. Points, alerts and the note
that a pane is settled change in one transaction, so that an alert is given once whatever happens.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from typing import Any

from hybridsent.datasets._times import written_time
from hybridsent.monitor._points import Pointer, change_of
from hybridsent.monitor._post import digest
from hybridsent.monitor._rules import Rule, named
from hybridsent.monitor._state import State
from hybridsent.monitor._when import written_length

__all__ = ["Watch"]

_AT_ONCE = 2000
_QUIET = 200  # windows, at most, that are judged by what did not come


class Watch:
    """Makes points and alerts of what was counted.

    Parameters
    ----------
    state : State
        What was counted.
    pointer : Pointer
        What makes a point.
    window : int
        Seconds, a multiple of the state's pane.
    rules : sequence of Rule, default=()
        When an alert is given.
    against : int, default=6
        Windows before, with which one is compared.
    min_posts : int, default=30
        Posts that a window must have for rules about its index, shares and changes.
    cool_down : float, default=0.0
        Seconds in which a rule is silent about a group after an alert.
    unsent : tuple of int, default=(0, 0)
        How new alerts are marked: as written, as sent.
    drift : Drifts or None, default=None
        What compares windows with what the model was fitted on.
    """

    def __init__(
        self,
        state: State,
        pointer: Pointer,
        *,
        window: int,
        rules: Sequence[Rule] = (),
        against: int = 6,
        min_posts: int = 30,
        cool_down: float = 0.0,
        unsent: tuple[int, int] = (0, 0),
        drift: Any = None,
    ) -> None:
        self.state, self.pointer, self.window, self.rules = state, pointer, window, rules
        self.against, self.min_posts, self.cool_down = against, min_posts, cool_down
        self.unsent, self.drift = unsent, drift

    def refresh(self) -> list[tuple[int, int]]:
        """Make points of the windows in which something was counted.

        Returns
        -------
        list of (int, int)
            Start of the last pane, and group, of each new point.
        """
        made: list[tuple[int, int]] = []
        while panes := self.state.changed(_AT_ONCE):
            with self.state.transaction():
                made += self._refresh(panes)
                self.state.settle(panes)
            if len(panes) < _AT_ONCE:
                break
        return made

    def _refresh(self, panes: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        newest = max(self.state.newest or 0, panes[-1][0])
        wanted = sorted(self._windows(panes, newest))
        before = self._judged()
        for last, group in wanted:
            self._keep(last, group, self._point(last, group))
        if self.drift is not None:
            for last in sorted({last for last, group in wanted if group == 0}):
                self.drift.refresh(last, self._first(last), last + self.state.pane, newest)
        if self.rules:
            for last, group in wanted:
                if last > before - self.window:  # what comes later changes no alert of the past
                    self._judge(last, group)
            self._judge_quiet(before, newest)
        self._set_judged(newest)
        return wanted

    def _windows(self, panes: Iterable[tuple[int, int]], newest: int) -> set[tuple[int, int]]:
        pane = self.state.pane
        return {
            (last, group)
            for start, group in panes
            for last in range(start, min(start + self.window, newest + pane), pane)
        }

    def _first(self, last: int) -> int:
        return last + self.state.pane - self.window

    def _point(self, last: int, group: int) -> dict[str, Any]:
        n, sums, kept = self.state.window(self._first(last), last + self.state.pane, group)
        return self.pointer.point(n, sums, kept)

    def _keep(self, last: int, group: int, point: dict[str, Any]) -> None:
        told = {name: point[name] for name in ("plain", "shares", "method", "notes")}
        row = (last, group, point["n"], point["index"], point["low"], point["high"])
        self.state.connection.execute(
            "INSERT OR REPLACE INTO points VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*row, json.dumps(told, ensure_ascii=False)),
        )

    # -- alerts

    def _judged(self) -> int:
        row = self.state.connection.execute(
            "SELECT value FROM facts WHERE name='judged'"
        ).fetchone()
        return -(10**12) if row is None else int(row[0])

    def _set_judged(self, newest: int) -> None:
        self.state.connection.execute(
            "INSERT OR REPLACE INTO facts VALUES ('judged', ?)", (str(newest),)
        )

    def _judge(self, last: int, group: int) -> None:
        key = named(self.state.groups[group])
        rules = [rule for rule in self.rules if rule.is_early and rule.looks_at(list(key.items()))]
        if rules:
            facts = self._facts(last, group)
            for rule in rules:
                enough = rule.field in ("volume", "drift") or facts["volume"] >= self.min_posts
                if enough and (rule.field != "drift" or group == 0) and rule.holds(facts):
                    self._alert(rule, last, group, facts)

    def _judge_quiet(self, before: int, newest: int) -> None:
        """Judge the windows that have closed by rules about what did not come."""
        rules = [rule for rule in self.rules if not rule.is_early]
        if not rules or before < 0:
            return
        pane = self.state.pane
        closed = range(max(before, newest - _QUIET * pane), newest, pane)
        for last in closed:
            for group, key in self.state.groups.items():
                has = list(named(key).items())
                for rule in (each for each in rules if each.looks_at(has)):
                    facts = self._facts(last, group)
                    if rule.holds(facts):
                        self._alert(rule, last, group, facts)

    def _facts(self, last: int, group: int) -> dict[str, Any]:
        now = self._known(last, group)
        earlier = [self._known(last - self.window * k, group) for k in range(1, self.against + 1)]
        oldest = self.state.connection.execute(
            "SELECT min(start) FROM points WHERE grp=0"
        ).fetchone()[0]
        # the first window of all began somewhere in its middle
        pasts = [each for k, each in enumerate(earlier, 1) if last - self.window * k > oldest]
        told = {
            "index": now["index"],
            "low": now["low"],
            "high": now["high"],
            "volume": now["n"],
            **change_of(now, pasts),
            **{f"share.{label}": share[0] for label, share in now["shares"].items()},
        }
        if self.drift is not None:
            found = self.drift.told(last)
            told["drift"] = found is not None and found["alarm"]
            told["why"] = "" if found is None else found["text"]
        return told

    def _known(self, last: int, group: int) -> dict[str, Any]:
        row = self.state.connection.execute(
            "SELECT n, value, low, high, told FROM points WHERE start=? AND grp=?", (last, group)
        ).fetchone()
        if row is None:
            return {"n": 0, "index": None, "low": None, "high": None, "shares": {}}
        shares = json.loads(row[4])["shares"]
        return {"n": row[0], "index": row[1], "low": row[2], "high": row[3], "shares": shares}

    def _alert(self, rule: Rule, last: int, group: int, facts: dict[str, Any]) -> None:
        near = self.state.connection.execute(
            "SELECT 1 FROM alerts WHERE rule=? AND grp=? AND (start=? OR abs(start - ?) < ?)",
            (rule.text, group, last, last, self.cool_down),
        ).fetchone()
        if near is not None:
            return
        names = named(self.state.groups[group])
        first, end = self._first(last), last + self.state.pane
        place = ", ".join(f"{name} {value}" for name, value in names.items()) or "all posts"
        found = facts.get(rule.field)
        said = f"{rule.field} {found:.4g}" if isinstance(found, float) else f"{rule.field} {found}"
        if rule.field == "drift":
            said = f"posts have drifted from those that the model was fitted on ({facts['why']})"
        told = {
            "id": digest("alert", rule.text, self.state.groups[group], str(last)).hex(),
            "rule": rule.text,
            "group": names,
            "window": [written_time(first), written_time(end)],
            "value": found,
            **{name: facts[name] for name in ("index", "low", "high", "volume")},
            **{name: facts[name] for name in ("change", "change_low", "change_high", "spike")},
            "given": written_time(round(time.time())),
            "text": f"{rule.text}: {said} in {place}, {written_length(self.window)} to "
            f"{written_time(end)}, {facts['volume']} posts",
        }
        self.state.connection.execute(
            "INSERT OR IGNORE INTO alerts(rule, grp, start, told, written, sent) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (rule.text, group, last, json.dumps(told, ensure_ascii=False), *self.unsent),
        )
