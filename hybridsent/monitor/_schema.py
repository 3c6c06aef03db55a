"""The file of the state: its tables, who holds it, and whose it is (layer L7).

Why by hand: `sqlite3` gives a connection. Here it is decided that one monitor alone writes to a
state (a second database beside it, which the first one keeps locked, and the system unlocks however
that one ends), and that a state is gone on from only by what it was begun with.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

__all__ = ["SCHEMA", "Held", "open_file", "read_only"]

SCHEMA = 1

_TABLES = """
CREATE TABLE facts(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE places(source TEXT PRIMARY KEY, place TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE counts(name TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE seen(id BLOB PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX seen_at ON seen(at);
CREATE TABLE groups(number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE);
CREATE TABLE panes(start INTEGER, grp INTEGER, n INTEGER NOT NULL, sums BLOB NOT NULL,
  changed INTEGER NOT NULL, PRIMARY KEY(start, grp)) WITHOUT ROWID;
CREATE INDEX panes_changed ON panes(changed) WHERE changed;
CREATE INDEX panes_of_group ON panes(grp, start);
CREATE TABLE samples(start INTEGER, grp INTEGER, rank INTEGER, kept BLOB NOT NULL,
  PRIMARY KEY(start, grp, rank)) WITHOUT ROWID;
CREATE TABLE points(start INTEGER, grp INTEGER, n INTEGER NOT NULL, value REAL, low REAL, high REAL,
  told TEXT NOT NULL, PRIMARY KEY(grp, start)) WITHOUT ROWID;
CREATE TABLE features(rank INTEGER, start INTEGER, kept BLOB NOT NULL, PRIMARY KEY(start, rank))
  WITHOUT ROWID;
CREATE TABLE drifts(start INTEGER PRIMARY KEY, told TEXT NOT NULL);
CREATE TABLE alerts(number INTEGER PRIMARY KEY AUTOINCREMENT, rule TEXT NOT NULL,
  grp INTEGER NOT NULL, start INTEGER NOT NULL, told TEXT NOT NULL, written INTEGER NOT NULL,
  sent INTEGER NOT NULL, UNIQUE(rule, grp, start));
CREATE TABLE broken(number INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, place TEXT,
  reason TEXT NOT NULL, content TEXT NOT NULL, at INTEGER NOT NULL);
"""


class Held:
    """The right to write to a state, which one process has.

    Parameters
    ----------
    path : Path
        The state.

    Raises
    ------
    OSError
        If another monitor has it.
    """

    def __init__(self, path: Path) -> None:
        self._file = sqlite3.connect(
            f"{path}.lock", timeout=0, isolation_level=None, check_same_thread=False
        )
        try:
            self._file.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            self._file.close()
            if "locked" not in str(error):
                raise OSError(f"The state {path} cannot be locked: {error}.") from error
            raise OSError(
                f"The state {path} is in use by another monitor. End that one, or name another "
                "state with state='FILE'."
            ) from error

    def free(self) -> None:
        """Give it back."""
        with suppress(sqlite3.Error):
            self._file.execute("ROLLBACK")
        self._file.close()


def open_file(path: Path, begun_with: Mapping[str, Any]) -> sqlite3.Connection:
    """Open a state to write to it, or begin one.

    Parameters
    ----------
    path : Path
        The file.
    begun_with : mapping
        What must be the same as when it was begun, plain JSON; the name of each is said where it
        is not.

    Returns
    -------
    sqlite3.Connection
        Which survives the end of the process and of the machine.

    Raises
    ------
    ValueError
        If the file is no state, one of another version, or was begun with something else.
    """
    # for its owner alone: it holds broken posts, and the token of the live page
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
    try:
        # full: what is acknowledged to a server must survive a power cut, too
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-16000"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        connection.execute("BEGIN IMMEDIATE")
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version == 0 and _is_empty(connection):
            for statement in filter(str.strip, _TABLES.split(";")):
                connection.execute(statement)
            facts = [(name, json.dumps(value)) for name, value in begun_with.items()]
            connection.executemany("INSERT INTO facts VALUES (?, ?)", facts)
            connection.execute(f"PRAGMA user_version={SCHEMA}")
        _check(connection, path, begun_with)
        connection.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        connection.close()
        raise ValueError(
            f"The state {path} cannot be read: {error}. Name another state with state='FILE'."
        ) from error
    except BaseException:  # a connection that is not handed out has to be closed here
        connection.close()
        raise
    return connection


def _is_empty(connection: sqlite3.Connection) -> bool:
    return not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]


def _check(
    connection: sqlite3.Connection, path: Path, begun_with: Mapping[str, Any] | None
) -> None:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version != SCHEMA:
        raise ValueError(
            f"The state {path} is of version {version} and this hybridsent reads version {SCHEMA}. "
            "Name another state with state='FILE'."
        )
    known = dict(connection.execute("SELECT name, value FROM facts").fetchall())
    for name, value in (begun_with or {}).items():
        was = json.loads(known.get(name, "null"))
        if was != json.loads(json.dumps(value)):
            raise ValueError(
                f"The state {path} was begun with {name}={was!r:.300}, and this is "
                f"{name}={value!r:.300}: counts of both in one state would mean nothing. Give what "
                "it was begun with, or name another state with state='FILE'."
            )


def read_only(path: Path) -> sqlite3.Connection:
    """Open a state to read it, also while a monitor writes to it.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    sqlite3.Connection
        Which cannot change it.

    Raises
    ------
    FileNotFoundError
        If it is not there.
    ValueError
        If it is no state.
    """
    if not path.is_file():
        raise FileNotFoundError(f"The state {path} is not there. A monitor begins it.")
    connection = None
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=60)
        _check(connection, path, None)
    except (sqlite3.DatabaseError, ValueError) as error:
        if connection is not None:
            connection.close()
        if isinstance(error, ValueError):
            raise
        raise ValueError(f"The state {path} cannot be read: {error}.") from error
    return connection
