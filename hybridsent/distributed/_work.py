"""What is done to one piece, by whichever worker it falls to (layer L7).

A worker opens its model once. While one piece is computed, the next one is read and the last one
written in other threads.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from hybridsent.datasets._write_pieces import arrow_table
from hybridsent.distributed._parts import Parts

if TYPE_CHECKING:
    import pandas as pd

    from hybridsent.datasets import TablePieces

__all__ = ["Job", "Task", "Work", "do", "drop", "hold"]


class Task(Protocol):
    """What is made of rows; it travels to the workers."""

    def open(self) -> Work:
        """Load what it needs, once in each process."""


class Work(Protocol):
    """What a worker holds of a task."""

    def read(self, raw: pd.DataFrame, base: Path) -> Any:
        """Turn rows as they stand in the file into what is computed from; many at once."""

    def compute(self, read: Any) -> pd.DataFrame:
        """Compute; one at a time in a process."""


@dataclass(frozen=True)
class Job:
    """A run, as workers know it.

    Parameters
    ----------
    token : str
        Names it in a process that may work for several.
    pieces : TablePieces
        The table.
    parts : Parts
        Where finished pieces are kept.
    task : Task
        What is made of the rows.
    keep : sequence of str, default=()
        Columns of the table that stand beside it.
    types : dict, default={}
        Their types in Arrow, which are those of the whole table.
    """

    token: str
    pieces: TablePieces
    parts: Parts
    task: Task
    keep: Sequence[str] = ()
    types: dict[str, Any] = field(default_factory=dict)


class _Held:
    """A job in a process, with its model once it is needed."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.computing = threading.Lock()
        self._opening = threading.Lock()
        self._work: Work | None = None

    @property
    def work(self) -> Work:
        with self._opening:
            if self._work is None:
                self._work = self.job.task.open()
            return self._work


_held: dict[str, _Held] = {}


def hold(job: Job) -> None:
    """Make a job known in this process.

    Parameters
    ----------
    job : Job
        The job.
    """
    _held.setdefault(job.token, _Held(job))


def drop(token: str) -> None:
    """Forget a job, and its model.

    Parameters
    ----------
    token : str
        Its name.
    """
    _held.pop(token, None)


def do(token: str, index: int) -> float:
    """Do one piece, unless it is done.

    Parameters
    ----------
    token : str
        Of the job.
    index : int
        Of the piece.

    Returns
    -------
    float
        Seconds that it took.
    """
    import pandas as pd

    begin = time.perf_counter()
    held = _held[token]
    job = held.job
    first, last = job.pieces.bounds(index)
    if job.parts.has(index, last - first):
        return 0.0
    raw = job.pieces.raw(index)
    work = held.work
    read = work.read(raw, job.pieces.base)
    with held.computing:
        made = work.compute(read)
    made = made.reset_index(drop=True)
    if job.keep:
        made = pd.concat([raw[list(job.keep)].reset_index(drop=True), made], axis=1)
    job.parts.write(index, arrow_table(made, job.types))
    return time.perf_counter() - begin
