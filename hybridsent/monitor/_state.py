"""What a monitor knows, on the disk (layer L7).

Counts, sums, samples, ids and the places of sources change in one transaction: whenever the process
ends, what the file says was counted is what the sources are asked to go on behind.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent.monitor._post import EVERYTHING, Broken, Post
from hybridsent.monitor._schema import Held, open_file
from hybridsent.monitor._tally import rank_of

__all__ = ["OTHERS", "State"]

OTHERS = '[["…",null]]'
"""The key of the group of posts whose groups are beyond `max_groups`."""

_AT_ONCE = 500
_BROKEN = 10_000
_CACHED = 20_000


class State:
    """What a monitor knows, on the disk.

    Parameters
    ----------
    path : str or os.PathLike
        The file.
    begun_with : mapping
        What must be the same in every run.
    pane : int
        Seconds of a pane: windows are made of them.
    sample : int, default=1000
        Posts that are drawn of each pane and group.
    max_groups : int, default=1000
        Groups that are told apart; posts of further ones are counted together.
    """

    def __init__(
        self,
        path: Any,
        begun_with: Mapping[str, Any],
        *,
        pane: int,
        sample: int = 1000,
        max_groups: int = 1000,
    ) -> None:
        self.path = Path(path).expanduser().absolute()
        self.pane, self.sample, self.max_groups = pane, sample, max_groups
        self._held = Held(self.path)
        try:
            self.connection = open_file(self.path, begun_with)
        except BaseException:  # the right to write has to be given back
            self._held.free()
            raise
        self._groups = dict(self.connection.execute("SELECT key, number FROM groups").fetchall())
        self._largest: OrderedDict[tuple[int, int], int] = OrderedDict()

    def close(self) -> None:
        """Close the file, and let others have it."""
        self.connection.close()
        self._held.free()

    def secret(self) -> str:
        """Give the token of the live page, the same in every run.

        Returns
        -------
        str
            Drawn at the first time.
        """
        drawn = json.dumps(secrets.token_urlsafe(24))
        self.connection.execute("INSERT OR IGNORE INTO facts VALUES ('token', ?)", (drawn,))
        row = self.connection.execute("SELECT value FROM facts WHERE name='token'").fetchone()
        return str(json.loads(row[0]))

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit all that the block does, or nothing.

        Yields
        ------
        sqlite3.Connection
            The file.
        """
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
            self.connection.execute("COMMIT")
        except BaseException:  # a half-done transaction must not stay open
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            self._groups = dict(
                self.connection.execute("SELECT key, number FROM groups").fetchall()
            )
            self._largest.clear()
            raise

    # -- places and ids

    def place(self, source: str) -> dict[str, Any] | None:
        """Tell where a source stood.

        Parameters
        ----------
        source : str
            Its name.

        Returns
        -------
        dict or None
            None where it is new.
        """
        row = self.connection.execute(
            "SELECT place FROM places WHERE source=?", (source,)
        ).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def keep_places(self, places: Mapping[str, Mapping[str, Any] | None]) -> None:
        """Write where sources stand; inside of a transaction.

        Parameters
        ----------
        places : mapping
            For each source; None leaves what is known.
        """
        rows = [(name, json.dumps(place)) for name, place in places.items() if place is not None]
        self.connection.executemany("INSERT OR REPLACE INTO places VALUES (?, ?)", rows)

    def known(self, ids: Iterable[bytes]) -> set[bytes]:
        """Tell which ids were counted.

        Parameters
        ----------
        ids : iterable of bytes
            Ids.

        Returns
        -------
        set of bytes
            Those that are remembered.
        """
        wanted = list(ids)
        found: set[bytes] = set()
        for start in range(0, len(wanted), _AT_ONCE):
            piece = wanted[start : start + _AT_ONCE]
            marks = ",".join("?" * len(piece))
            question = f"SELECT id FROM seen WHERE id IN ({marks})"  # noqa: S608 - marks alone
            rows = self.connection.execute(question, piece)
            found.update(row[0] for row in rows)
        return found

    def remember(self, posts: Sequence[Post], now: float) -> None:
        """Remember ids, of posts of which it must be; inside of a transaction.

        Parameters
        ----------
        posts : sequence of Post
            None of which is remembered.
        now : float
            When.
        """
        ids = [(post.id, int(now)) for post in posts if post.remembered]
        self.connection.executemany("INSERT INTO seen VALUES (?, ?)", ids)

    def forget(self, before: float) -> int:
        """Forget ids; inside of a transaction.

        Parameters
        ----------
        before : float
            Those that were counted before.

        Returns
        -------
        int
            How many.
        """
        return self.connection.execute("DELETE FROM seen WHERE at < ?", (int(before),)).rowcount

    # -- counting

    def count(self, posts: Sequence[Post], sums: np.ndarray, kept: np.ndarray, now: float) -> None:
        """Count posts; inside of a transaction.

        Parameters
        ----------
        posts : sequence of Post
            None of which was counted before.
        sums, kept : ndarray
            What `Tally.of` gave for them.
        now : float
            When.
        """
        self.remember(posts, now)
        places: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        for i, post in enumerate(posts):
            start = int(post.at // self.pane) * self.pane
            for number in dict.fromkeys(map(self.group, post.groups)):
                places[start, number].append(i)
        ranks = [rank_of(post.id) for post in posts]
        for (start, group), rows in places.items():
            before = self._add(start, group, sums[rows].sum(axis=0), len(rows))
            self._draw(start, group, before, [(ranks[i], kept[i].tobytes()) for i in rows])
        self.add_counts({"counted": len(posts)})

    def _add(self, start: int, group: int, sums: np.ndarray, n: int) -> int:
        """Add to a pane; give what it had counted."""
        row = self.connection.execute(
            "SELECT n, sums FROM panes WHERE start=? AND grp=?", (start, group)
        ).fetchone()
        before = 0 if row is None else int(row[0])
        total = sums if row is None else np.frombuffer(row[1]) + sums
        self.connection.execute(
            "INSERT OR REPLACE INTO panes VALUES (?, ?, ?, ?, 1)",
            (start, group, before + n, np.asarray(total, dtype=np.float64).tobytes()),
        )
        return before

    def _draw(self, start: int, group: int, before: int, rows: list[tuple[int, bytes]]) -> None:
        """Keep the posts of the smallest ranks."""
        largest = self._largest.pop((start, group), None)
        if before >= self.sample and largest is None:
            found = self.connection.execute(
                "SELECT max(rank) FROM samples WHERE start=? AND grp=?", (start, group)
            ).fetchone()
            largest = found[0]
        if before >= self.sample and largest is not None:
            rows = [row for row in rows if row[0] < largest]
        if rows:
            self.connection.executemany(
                "INSERT OR IGNORE INTO samples VALUES (?, ?, ?, ?)",
                [(start, group, rank, kept) for rank, kept in rows],
            )
            cut = self.connection.execute(
                "SELECT rank FROM samples WHERE start=? AND grp=? ORDER BY rank LIMIT 1 OFFSET ?",
                (start, group, self.sample - 1),
            ).fetchone()
            largest = None if cut is None else int(cut[0])
            if largest is not None:
                self.connection.execute(
                    "DELETE FROM samples WHERE start=? AND grp=? AND rank>?",
                    (start, group, largest),
                )
        if largest is not None:
            self._largest[start, group] = largest
            while len(self._largest) > _CACHED:
                self._largest.popitem(last=False)

    def group(self, key: str) -> int:
        """Give the number of a group; of those beyond `max_groups`, of all others.

        Parameters
        ----------
        key : str
            Its key.

        Returns
        -------
        int
            0 for all posts.
        """
        found = self._groups.get(key)
        if found is None:
            if key not in (EVERYTHING, OTHERS) and len(self._groups) >= self.max_groups:
                return self.group(OTHERS)
            found = 0 if key == EVERYTHING else 1 + max(self._groups.values(), default=0)
            self.connection.execute("INSERT INTO groups VALUES (?, ?)", (found, key))
            self._groups[key] = found
        return found

    @property
    def groups(self) -> dict[int, str]:
        """The key of each group."""
        return {number: key for key, number in self._groups.items()}

    def add_counts(self, counts: Mapping[str, int]) -> None:
        """Add to the counters; inside of a transaction.

        Parameters
        ----------
        counts : mapping of str to int
            What to add to each.
        """
        self.connection.executemany(
            "INSERT INTO counts VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET n=n+excluded.n",
            [(name, n) for name, n in counts.items() if n],
        )

    @property
    def counts(self) -> dict[str, int]:
        """The counters: counted, repeated, broken, late."""
        known = dict(self.connection.execute("SELECT name, n FROM counts").fetchall())
        return {name: known.get(name, 0) for name in ("counted", "repeated", "broken", "late")}

    def set_aside(self, broken: Sequence[Broken], now: float) -> None:
        """Keep what is broken, the latest of it; inside of a transaction.

        Parameters
        ----------
        broken : sequence of Broken
            What is broken.
        now : float
            When.
        """
        rows = [(b.source, b.place, b.reason, b.content, int(now)) for b in broken]
        self.connection.executemany(
            "INSERT INTO broken(source, place, reason, content, at) VALUES (?, ?, ?, ?, ?)", rows
        )
        self.connection.execute(
            "DELETE FROM broken WHERE number <= (SELECT max(number) FROM broken) - ?", (_BROKEN,)
        )
        self.add_counts({"broken": len(broken)})

    # -- windows

    @property
    def newest(self) -> int | None:
        """Start of the newest pane."""
        found = self.connection.execute("SELECT max(start) FROM panes").fetchone()[0]
        return None if found is None else int(found)

    def drop(self, before: float) -> int:
        """Drop panes and what was made of them; inside of a transaction.

        Parameters
        ----------
        before : float
            Those that start before.

        Returns
        -------
        int
            Posts that were counted in them.
        """
        limit = (int(before),)
        n = self.connection.execute(
            "SELECT coalesce(sum(n), 0) FROM panes WHERE start < ? AND grp = 0", limit
        ).fetchone()[0]
        for table in ("panes", "samples", "points", "features", "drifts", "alerts"):
            question = f"DELETE FROM {table} WHERE start < ?"  # noqa: S608 - the names above
            self.connection.execute(question, limit)
        return int(n)

    def changed(self, most: int = 10_000) -> list[tuple[int, int]]:
        """Tell in which panes something was counted since `settle`.

        Parameters
        ----------
        most : int, default=10000
            The most that are told.

        Returns
        -------
        list of (int, int)
            Start and group, the oldest first.
        """
        rows = self.connection.execute(
            "SELECT start, grp FROM panes WHERE changed ORDER BY start, grp LIMIT ?", (most,)
        )
        return [(int(start), int(group)) for start, group in rows]

    def settle(self, panes: Sequence[tuple[int, int]]) -> None:
        """Note that points were made of panes; inside of a transaction.

        Parameters
        ----------
        panes : sequence of (int, int)
            What `changed` gave.
        """
        self.connection.executemany("UPDATE panes SET changed=0 WHERE start=? AND grp=?", panes)

    def window(self, start: int, end: int, group: int) -> tuple[int, np.ndarray | None, np.ndarray]:
        """Give what was counted in a window.

        Parameters
        ----------
        start, end : int
            Its panes begin at `start` and before `end`.
        group : int
            The group.

        Returns
        -------
        n : int
            Posts.
        sums : ndarray or None
            Of all; None where there is none.
        kept : ndarray of float32 of shape (n_kept, width)
            A sample of them.
        """
        n, sums = 0, None
        for count, blob in self.connection.execute(
            "SELECT n, sums FROM panes WHERE grp=? AND start>=? AND start<?", (group, start, end)
        ):
            n += count
            sums = np.frombuffer(blob) if sums is None else sums + np.frombuffer(blob)
        rows = self.connection.execute(
            "SELECT rank, kept FROM samples WHERE grp=? AND start>=? AND start<? "
            "ORDER BY rank LIMIT ?",
            (group, start, end, self.sample),
        ).fetchall()
        kept = np.frombuffer(b"".join(row[1] for row in rows), dtype=np.float32)
        return n, sums, kept.reshape(len(rows), -1)
