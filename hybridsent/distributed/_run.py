"""A run over the pieces of a table, from the source to the output (layer L7)."""

from __future__ import annotations

import os
import secrets
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridsent.distributed._cluster import local_cluster
from hybridsent.distributed._drive import drive
from hybridsent.distributed._executors import on_cluster, on_this_process
from hybridsent.distributed._parts import Parts
from hybridsent.distributed._receipt import Receipt
from hybridsent.distributed._work import Job, Task
from hybridsent.exceptions import RunError, ShardError, TableError

if TYPE_CHECKING:
    import pandas as pd

    from hybridsent.datasets import TablePieces

__all__ = ["How", "Run", "run"]


@dataclass(frozen=True)
class Run:
    """What a run has done.

    Parameters
    ----------
    path : Path
        The output: a file, or a folder of Parquet files.
    n_rows : int
        Rows of the table.
    n_shards : int
        Pieces in which it was taken.
    n_found : int
        Pieces that an earlier run had finished.
    failed : dict, default={}
        Of each piece that was given up its first row and the one behind its last, and why.
    seconds : float, default=0.0
        How long it took.
    """

    path: Path
    n_rows: int
    n_shards: int
    n_found: int
    failed: dict[tuple[int, int], str] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True)
class How:
    """How a run is done, whatever it makes.

    Parameters
    ----------
    resume : bool
        Whether to go on with what an earlier run has finished.
    scheduler : str, Cluster or None
        Where the workers are.
    workers : int or None
        How many are started here.
    tries : int
        How often a piece is tried.
    on_error : {"raise", "skip"}
        What a piece does that fails again and again.
    progress : bool or callable
        Whether a bar is drawn, or what gets the number of rows that are done, and of all.
    """

    resume: bool
    scheduler: Any
    workers: int | None
    tries: int
    on_error: str
    progress: bool | Callable[[int, int], None]

    def check(self) -> None:
        """Refuse what cannot work.

        Raises
        ------
        ValueError
            If a parameter has no value that it may have.
        """
        if self.workers is not None and (not isinstance(self.workers, int) or self.workers < 1):
            raise ValueError(
                "The workers parameter must be None, for this process, or a whole number of at "
                f"least 1. Got {self.workers!r}."
            )
        if self.workers is not None and self.scheduler is not None:
            raise ValueError(
                "One of the parameters scheduler and workers must be None: a scheduler has workers "
                f"of its own. Got {self.scheduler!r} and {self.workers!r}."
            )
        if not isinstance(self.tries, int) or self.tries < 1:
            raise ValueError(
                f"The tries parameter must be a whole number of at least 1. Got {self.tries!r}."
            )
        if self.on_error not in ("raise", "skip"):
            raise ValueError(
                f"The on_error parameter must be 'raise' or 'skip'. Got {self.on_error!r}."
            )


def run(
    task: Task,
    pieces: TablePieces,
    output: str | os.PathLike[str],
    facts: Mapping[str, Any],
    how: How,
    *,
    keep: Sequence[str] = (),
    names: Sequence[str] = (),
) -> Run:
    """Make something of every piece, each exactly once, and put it together.

    Parameters
    ----------
    task : Task
        What is made.
    pieces : TablePieces
        The table.
    output : str or PathLike
        A file, by whose ending it is written, or a folder of Parquet files.
    facts : mapping
        What the answers depend on beside the table.
    how : How
        The rest.
    keep : sequence of str, default=()
        Columns of the table that stand beside what is made.
    names : sequence of str, default=()
        Columns that are made.

    Returns
    -------
    Run
        What was done.

    Raises
    ------
    ResumeError
        If the output holds another run.
    ShardError
        If a piece failed `tries` times.
    """
    begin = time.perf_counter()
    file, parts = _places(output)
    types = {name: t for name, t in pieces.arrow_types().items() if name in set(keep)}
    in_parts = () if file else tuple(keep)  # a file gets the cells as they stand in the source
    job = Job(secrets.token_hex(8), pieces, parts, task, in_parts, types)
    with ExitStack() as stack:
        stack.enter_context(parts.held())
        facts = {**facts, **_facts(pieces)}
        if file and how.resume and parts.moved() and Receipt(file).holds(facts):
            parts.remove()
            seconds = time.perf_counter() - begin
            return Run(file, pieces.n_rows, len(pieces), len(pieces), {}, seconds)
        if parts.begin(facts, resume=how.resume):
            stack.push(_forgotten_if_vain(parts))
        todo = [i for i in range(len(pieces)) if not parts.has(i, _size(pieces, i))]
        found = len(pieces) - len(todo)
        failed: dict[int, Exception] = {}
        if todo:
            told = stack.enter_context(_Progress(how.progress, pieces, set(todo)))
            executor = stack.enter_context(_executor(job, how, stack))
            failed = drive(executor, todo, tries=how.tries, go_on=how.on_error == "skip", told=told)
        gone = {pieces.bounds(i): _why(error) for i, error in sorted(failed.items())}
        if gone and how.on_error == "raise":
            raise _given_up(gone, pieces, how.tries) from next(iter(failed.values()))
        if file:
            _merge(file, pieces, parts, keep, names, types, set(failed))
        if gone:
            _tell(gone, pieces, file)
        else:
            if file:
                Receipt(file).write(facts)
            parts.finish(moved=file is not None)
            if file:
                parts.remove()
    seconds = time.perf_counter() - begin
    return Run(file or parts.folder, pieces.n_rows, len(pieces), found, gone, seconds)


def _forgotten_if_vain(parts: Parts) -> Callable[..., None]:
    """Leave nothing of a run that ended before it had finished a piece: nothing is gone on with."""

    def leave(kind: Any, *_: object) -> None:
        if kind is not None:
            parts.forget()

    return leave


def _executor(job: Job, how: How, stack: ExitStack) -> Any:
    if how.scheduler is not None:
        return on_cluster(job, how.scheduler)
    if how.workers is not None:
        return on_cluster(job, stack.enter_context(local_cluster(how.workers)))
    return on_this_process(job)


def _places(output: str | os.PathLike[str]) -> tuple[Path | None, Parts]:
    """Name the file, if it is one, and the folder of finished pieces, for workers elsewhere."""
    from hybridsent.datasets._table import format_of

    path = Path(os.path.abspath(Path(output).expanduser()))  # noqa: PTH100 - links stay
    if not path.parent.is_dir():
        raise TableError(f"There is no folder {path.parent}. Create it first.")
    if path.is_dir() or not path.suffix:
        return None, Parts(path)
    format_of(path)
    return path, Parts(path.with_name(f"{path.name}.parts"))


def _size(pieces: TablePieces, index: int) -> int:
    first, last = pieces.bounds(index)
    return last - first


def _facts(pieces: TablePieces) -> dict[str, Any]:
    from hybridsent._version import __version__

    return {
        "source": pieces.digest(),
        "rows": pieces.n_rows,
        "chunk": pieces.rows,
        "version": __version__,
        "columns": pieces.columns[:1000],
    }


def _why(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _given_up(gone: dict[tuple[int, int], str], pieces: TablePieces, tries: int) -> ShardError:
    (first, last), why = next(iter(gone.items()))
    more = f", like {len(gone) - 1} others" if len(gone) > 1 else ""
    return ShardError(
        f"{pieces.path}: rows {first} to {last - 1} could not be done{more}: {why} What is "
        "finished is kept: mend the cause and run it again with resume=True, or leave such rows "
        "without an answer by on_error='skip'."
    )


def _tell(gone: dict[tuple[int, int], str], pieces: TablePieces, file: Path | None) -> None:
    from hybridsent.exceptions import TableWarning

    (first, last), why = next(iter(gone.items()))
    rows = sum(b - a for a, b in gone)
    where = "stand without an answer" if file else "are left out"
    warnings.warn(
        f"{pieces.path}: {rows} rows in {len(gone)} pieces failed and {where}, such as rows "
        f"{first} to {last - 1}: {why} Run it again with resume=True to do these alone.",
        TableWarning,
        stacklevel=4,
    )


def _merge(
    file: Path,
    pieces: TablePieces,
    parts: Parts,
    keep: Sequence[str],
    names: Sequence[str],
    types: dict[str, Any],
    failed: set[int],
) -> None:
    from hybridsent.datasets._write_pieces import write_pieces

    def merged() -> Iterator[pd.DataFrame]:
        import numpy as np
        import pandas as pd

        for i in range(len(pieces)):
            first, last = pieces.bounds(i)
            index = pd.RangeIndex(first, last)
            if i in failed:
                made = pd.DataFrame(np.nan, index=index, columns=list(names))
            else:
                made = parts.read(i).set_axis(index)
            if keep:
                made = pd.concat([pieces.raw(i)[list(keep)].set_axis(index), made], axis=1)
            yield made

    write_pieces(merged, file, types)


class _Progress:
    """Counts rows, and shows how far a run is."""

    def __init__(
        self, shown: bool | Callable[[int, int], None], pieces: TablePieces, todo: set[int]
    ) -> None:
        self._pieces, self._done = pieces, 0
        self._call = shown if callable(shown) else None
        self._drawn: Any = None
        done = [i for i in range(len(pieces)) if i not in todo]
        self._done = sum(b - a for a, b in map(pieces.bounds, done))
        if shown is True:
            from tqdm import tqdm

            self._drawn = tqdm(total=pieces.n_rows, initial=self._done, unit=" rows")

    def __enter__(self) -> Callable[[int], None]:
        return self._told

    def __exit__(self, *_: object) -> None:
        if self._drawn is not None:
            self._drawn.close()

    def _told(self, piece: int) -> None:
        first, last = self._pieces.bounds(piece)
        self._done += last - first
        if self._call is not None:
            self._call(self._done, self._pieces.n_rows)
        if self._drawn is not None:
            self._drawn.update(last - first)


def refused_neighbours(name: str) -> RunError:
    """Make the error of a model that reads neighbours.

    Parameters
    ----------
    name : str
        What it is called.

    Returns
    -------
    RunError
        To be raised.
    """
    return RunError(
        f"{name} reads the neighbours of a row, which must be in the same table: pieces of it "
        "would cut conversations. Score the table whole: Scorer.score(read_table(…)), or "
        "hybridsent predict without --chunk."
    )
