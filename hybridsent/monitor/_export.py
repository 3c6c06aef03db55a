"""What a state holds, as tables (layer L7)."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from hybridsent.datasets._times import written_time
from hybridsent.monitor._rules import named
from hybridsent.monitor._schema import read_only
from hybridsent.monitor._when import read_length

__all__ = ["broken_of", "points_of", "read_points"]


def read_points(state: Any) -> Any:
    """Read the index of each window and group from a state, also while a monitor writes to it.

    Parameters
    ----------
    state : str or os.PathLike
        The file.

    Returns
    -------
    DataFrame
        As `points_of` gives it.

    Raises
    ------
    FileNotFoundError
        If it is not there.
    ValueError
        If it is no state.
    """
    from pathlib import Path

    connection = read_only(Path(state).expanduser())
    try:
        return points_of(connection)
    finally:
        connection.close()


def points_of(connection: sqlite3.Connection) -> Any:
    """Give the index of each window and group.

    Parameters
    ----------
    connection : sqlite3.Connection
        A state.

    Returns
    -------
    DataFrame
        A row for each: ``start`` and ``end`` of the window in UTC, a column for each field by which
        posts are grouped (empty in rows of all its values), ``n``, ``index`` with ``low`` and
        ``high``, ``plain`` (before it is corrected), ``method``, and for each label its
        ``share_LABEL`` with ``low_LABEL`` and ``high_LABEL``.
    """
    import pandas as pd

    facts = dict(connection.execute("SELECT name, value FROM facts").fetchall())
    window, slide = (int(read_length(json.loads(facts[name]))) for name in ("window", "slide"))
    fields = dict.fromkeys(name for each in json.loads(facts["by"]) for name in each.split(","))
    groups = {
        number: named(key) for number, key in connection.execute("SELECT number, key FROM groups")
    }
    rows = []
    for last, group, n, value, low, high, told in connection.execute(
        "SELECT start, grp, n, value, low, high, told FROM points ORDER BY start, grp"
    ):
        known = json.loads(told)
        end = last + slide
        row: dict[str, Any] = {"start": written_time(end - window), "end": written_time(end)}
        row |= {name: groups[group].get(name) for name in fields}
        if "…" in groups[group]:
            row |= dict.fromkeys(fields, "…")
        row |= {"n": n, "index": value, "low": low, "high": high, "plain": known["plain"]}
        row["method"] = known["method"]
        for label, share in known["shares"].items():
            row |= dict(zip((f"{kind}_{label}" for kind in ("share", "low", "high")), share))  # noqa: B905
        rows.append(row)
    names = ["start", "end", *fields, "n", "index", "low", "high", "plain", "method"]
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=names)


def broken_of(state: Any) -> list[dict[str, Any]]:
    """Read what was kept aside.

    Parameters
    ----------
    state : str or os.PathLike
        The file.

    Returns
    -------
    list of dict
        Source, place, reason, content and time of each, the latest ten thousand.
    """
    from pathlib import Path

    connection = read_only(Path(state).expanduser())
    try:
        rows = connection.execute(
            "SELECT source, place, reason, content, at FROM broken ORDER BY number"
        ).fetchall()
    finally:
        connection.close()
    names = ("source", "place", "reason", "content", "at")
    return [dict(zip(names, (*row[:4], written_time(row[4])), strict=True)) for row in rows]
