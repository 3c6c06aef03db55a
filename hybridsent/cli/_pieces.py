"""Tables that are taken in pieces: the options, and when it is done unasked (layer L7)."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridsent.cli._console import UsageError, is_interactive, say
from hybridsent.cli._files import TABLES, check_output
from hybridsent.cli._parser import number

if TYPE_CHECKING:
    from hybridsent.datasets import TablePieces
    from hybridsent.distributed import Run

__all__ = [
    "add_piece_options",
    "how",
    "in_pieces",
    "open_pieces",
    "output_of",
    "stopped_at_will",
    "tell_done",
]

_CHUNK = 10_000
_SHARE = 16
"""A table is taken whole up to this part of the memory: columns of texts need several times it."""
_PACKED = (".gz", ".parquet", ".xlsx")
_EVERY = 30.0  # seconds between two lines where nobody watches


def add_piece_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a run that takes the table in pieces."""
    group = parser.add_argument_group(
        "tables that do not fit in memory (taken in pieces, also unasked where they are large)"
    )
    group.add_argument(
        "--chunk",
        type=number(1),
        metavar="ROWS",
        help=f"take the table in pieces of so many rows (default: {_CHUNK})",
    )
    group.add_argument(
        "--resume",
        action="store_true",
        help="go on with a run that was stopped: pieces that are finished are not done again",
    )
    group.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="let the workers of a dask scheduler do it, such as tcp://127.0.0.1:8786; they must "
        "see the files under the same names",
    )
    group.add_argument(
        "--workers",
        type=number(1),
        metavar="N",
        help="start so many processes here, each with a graphics card or a share of the cores "
        "(default: this process, with all cores)",
    )


def in_pieces(arguments: argparse.Namespace) -> bool:
    """Tell whether a table is taken in pieces: asked for, into a folder, or too large.

    Parameters
    ----------
    arguments : Namespace
        With the options of `add_piece_options`, the table and the output.

    Returns
    -------
    bool
        Whether it is.
    """
    asked = (arguments.chunk, arguments.scheduler, arguments.workers)
    if any(each is not None for each in asked) or arguments.resume:
        return True
    if arguments.output and not Path(arguments.output).suffix:
        return True
    path = Path(arguments.table)
    size = path.stat().st_size if path.is_file() else 0
    size *= 4 if path.suffix.lower() in _PACKED else 1
    if size * _SHARE <= _memory():
        return False
    say(f"{path} is large: it is taken in pieces of {_CHUNK} rows (--chunk)")
    return True


def _memory() -> int:
    """Bytes of this machine's memory; boundless where it does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 2**62


def open_pieces(arguments: argparse.Namespace) -> TablePieces:
    """Find the pieces of the table.

    Parameters
    ----------
    arguments : Namespace
        With the table, and how its file is read.

    Returns
    -------
    TablePieces
        As `hybridsent.datasets.iter_table` gives it.

    Raises
    ------
    UsageError
        If it has no rows.
    """
    from hybridsent.datasets import iter_table

    names = ("sep", "decimal", "encoding", "max_bytes", "sheet")
    given = {name: getattr(arguments, name) for name in names}
    pieces = iter_table(arguments.table, arguments.chunk or _CHUNK, **given)
    if not len(pieces):
        raise UsageError(
            f"the table must have rows; {arguments.table} holds names of columns alone"
        )
    return pieces


def output_of(arguments: argparse.Namespace, *reads: str) -> Path:
    """Refuse an output that cannot be written, before the work is done.

    Parameters
    ----------
    arguments : Namespace
        With the output: a file, or the name of a folder.
    *reads : str
        Files that the command reads, and may not replace.

    Returns
    -------
    Path
        The output.

    Raises
    ------
    UsageError
        If it is refused.
    """
    if not arguments.output:
        raise UsageError(
            "--output must be given where a table is taken in pieces: what is finished is kept "
            "there"
        )
    path = Path(arguments.output)
    if path.suffix:
        return check_output(arguments.output, "--output", TABLES, reads=reads)
    if path.is_file():
        raise UsageError(f"--output must end in one of {list(TABLES)}, or be a folder; got {path}")
    if not path.absolute().parent.is_dir():
        raise UsageError(
            f"--output must lie in an existing folder; {path.absolute().parent} is not there"
        )
    return path


def how(arguments: argparse.Namespace) -> dict[str, Any]:
    """Give what `hybridsent.distributed` takes of how a run is done.

    Parameters
    ----------
    arguments : Namespace
        With the options of `add_piece_options`.

    Returns
    -------
    dict
        Keyword arguments.
    """
    return {
        "resume": arguments.resume,
        "scheduler": arguments.scheduler,
        "workers": arguments.workers,
        "progress": True if is_interactive() else _lines(),
    }


def _lines() -> Callable[[int, int], None]:
    """Say now and then how far a run is: a log wants lines, and few."""
    last = time.monotonic()

    def told(done: int, rows: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _EVERY and done < rows:
            last = now
            say(f"{done} of {rows} rows")

    return told


@contextmanager
def stopped_at_will() -> Iterator[None]:
    """Let a run that is interrupted say what is kept.

    Raises
    ------
    KeyboardInterrupt
        With these words.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt(
            "interrupted; pieces that are finished are kept, and the same command goes on with "
            "--resume"
        ) from stop


def tell_done(what: str, done: Run) -> None:
    """Say what a run did.

    Parameters
    ----------
    what : str
        What was done to the rows.
    done : Run
        What came of it.
    """
    if done.n_shards and done.n_found == done.n_shards:
        say(
            f"finished before: {done.n_rows} rows in {done.n_shards} pieces, all of them found -> "
            f"{done.path}"
        )
        return
    found = f", {done.n_found} of them found" if done.n_found else ""
    say(f"{what} {done.n_rows} rows in {done.n_shards} pieces{found} -> {done.path}")
