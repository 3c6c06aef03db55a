"""Where alerts go: a file of JSON lines, and a command (layer L7).

An alert is written into the state together with the counts that made it, and sent from there. A
line is in the file once, because a line that stands there already is not written again; a command
is noted before it is started, so that a restart never runs it twice for one alert: one that was
killed in between is told, not repeated.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from hybridsent.monitor._state import State

__all__ = ["Outbox", "read_command"]

_LOOKED_AT = 4 * 1024 * 1024
_WAITING, _STARTED, _DONE, _FAILED = 0, 1, 2, 3


def read_command(command: str | Sequence[str] | None) -> list[str]:
    """Read a command that is run without a shell.

    Parameters
    ----------
    command : str, sequence of str or None
        Its words; a text is split as a shell would.

    Returns
    -------
    list of str
        Empty for None.

    Raises
    ------
    ValueError
        If there is no such program.

    Examples
    --------
    >>> from hybridsent.monitor._outbox import read_command
    >>> read_command(None)
    []
    """
    import shutil

    if command is None:
        return []
    words = shlex.split(command) if isinstance(command, str) else [str(word) for word in command]
    if not words or shutil.which(words[0]) is None:
        raise ValueError(
            "The on_alert parameter must be a program that can be run, with its arguments; it gets "
            f"the alert as JSON on its standard input. Got {command!r}."
        )
    return words


class Outbox:
    """Sends the alerts of a state.

    Parameters
    ----------
    state : State
        Where they stand.
    file : Path or None
        Gets a line for each; None writes none.
    command : list of str
        Is run for each, one at a time; empty runs none.
    told : callable
        Gets each line for people.
    limit : float, default=30.0
        Seconds after which a command is ended.
    """

    def __init__(
        self,
        state: State,
        file: Path | None,
        command: list[str],
        told: Callable[[str], None],
        *,
        limit: float = 30.0,
    ) -> None:
        self.state, self.command, self.told, self.limit = state, command, told, limit
        self.file = file
        self._running: tuple[int, subprocess.Popen[bytes], float] | None = None
        self._recover()

    def _recover(self) -> None:
        """Find out what an earlier run has sent, of that which it did not note."""
        connection = self.state.connection
        if self.file is not None and self.file.is_file():
            waiting = connection.execute("SELECT number, told FROM alerts WHERE written=0")
            there = _ids_in(self.file)
            known = [(number,) for number, told in waiting if json.loads(told)["id"] in there]
            connection.executemany("UPDATE alerts SET written=1 WHERE number=?", known)
        for number, told in connection.execute(
            "SELECT number, told FROM alerts WHERE sent=?", (_STARTED,)
        ).fetchall():
            alert = json.loads(told)
            self.told(
                f"the command for the alert {alert['rule']!r} of {alert['window'][0]} was running "
                "when the monitor ended; it is not run again"
            )
            connection.execute("UPDATE alerts SET sent=? WHERE number=?", (_FAILED, number))

    def send(self) -> None:
        """Write what is not written, and see to the command; does not wait for it."""
        self._write()
        self._see_to()

    def _write(self) -> None:
        connection = self.state.connection
        rows = connection.execute(
            "SELECT number, told FROM alerts WHERE written=0 ORDER BY number"
        ).fetchall()
        if not rows:
            return
        for _, told in rows:
            alert = json.loads(told)
            self.told(f"alert: {alert['text']}")
        if self.file is not None:
            with self.file.open("ab") as file:
                if file.tell() and not _ends_in_newline(self.file):
                    file.write(b"\n")  # a line that a kill has cut
                file.write("".join(f"{told}\n" for _, told in rows).encode())
        connection.executemany(
            "UPDATE alerts SET written=1 WHERE number=?", [(number,) for number, _ in rows]
        )

    def _see_to(self) -> None:
        connection = self.state.connection
        if self._running is not None:
            number, process, begun = self._running
            if process.poll() is None:
                if time.monotonic() - begun < self.limit:
                    return
                process.kill()
                process.wait()
                self.told(f"the command {self.command[0]} took over {self.limit:g} s; it was ended")
            elif process.returncode:
                self.told(f"the command {self.command[0]} ended with {process.returncode}")
            done = _FAILED if process.returncode else _DONE
            connection.execute("UPDATE alerts SET sent=? WHERE number=?", (done, number))
            self._running = None
        if not self.command:
            return
        row = connection.execute(
            "SELECT number, told FROM alerts WHERE sent=? ORDER BY number LIMIT 1", (_WAITING,)
        ).fetchone()
        if row is not None:
            self._start(int(row[0]), str(row[1]))

    def _start(self, number: int, told: str) -> None:
        self.state.connection.execute("UPDATE alerts SET sent=? WHERE number=?", (_STARTED, number))
        try:
            process = subprocess.Popen(  # noqa: S603 - the user's own command, no shell
                self.command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
            )
        except OSError as error:
            self.told(f"the command {self.command[0]} cannot be run: {error}")
            self.state.connection.execute(
                "UPDATE alerts SET sent=? WHERE number=?", (_FAILED, number)
            )
            return
        if process.stdin is not None:
            with suppress(OSError):  # one that reads nothing may have ended already
                process.stdin.write(told.encode() + b"\n")
            with suppress(OSError):
                process.stdin.close()
        self._running = (number, process, time.monotonic())

    def finish(self) -> None:
        """Send all that waits, and wait for the command."""
        self._write()
        while True:
            self._see_to()
            if self._running is None:
                return
            with suppress(subprocess.TimeoutExpired):
                self._running[1].wait(timeout=0.1)


def _ids_in(file: Path) -> set[str]:
    """Read which alerts stand at the end of a file."""
    with file.open("rb") as opened:
        opened.seek(max(0, file.stat().st_size - _LOOKED_AT))
        lines = opened.read().splitlines()
    found = set()
    for line in lines:
        with suppress(ValueError, TypeError, KeyError):
            found.add(str(json.loads(line)["id"]))
    return found


def _ends_in_newline(file: Path) -> bool:
    with file.open("rb") as opened:
        opened.seek(-1, 2)
        return opened.read(1) == b"\n"
