"""The files that a command reads its table from, and writes to (layer L7)."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hybridsent.cli._console import UsageError
from hybridsent.cli._views import split_columns

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TABLES", "as_read", "check_output", "check_outputs", "read_rows"]

TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".xlsx")
"""Endings that `write_table` knows."""


def read_rows(arguments: argparse.Namespace) -> pd.DataFrame:
    """Read a table as it is.

    Parameters
    ----------
    arguments : Namespace
        With the table, and how its file is read.

    Returns
    -------
    DataFrame
        The table.

    Raises
    ------
    UsageError
        If it has no rows.
    """
    from hybridsent.datasets import read_table

    how = ("sep", "decimal", "encoding", "max_bytes", "sheet")
    given = {name: getattr(arguments, name) for name in how}
    table = read_table(arguments.table, media=[], **given)
    if not len(table):
        raise UsageError(
            f"the table must have rows; {arguments.table} holds names of columns alone"
        )
    return table


def as_read(
    table: pd.DataFrame,
    arguments: argparse.Namespace,
    media: Iterable[str] = (),
    lists: Iterable[str] = (),
) -> pd.DataFrame:
    """Give a table as encoders read it: with absolute paths of media, and lists.

    Parameters
    ----------
    table : DataFrame
        As `read_rows` gave it.
    arguments : Namespace
        With the path of the table, and ``lists``.
    media : iterable of str, default=()
        Columns of media, beside those that are recognised.
    lists : iterable of str, default=()
        Columns whose cells hold several texts, beside those of ``--lists``.

    Returns
    -------
    DataFrame
        The table, or a copy of it.
    """
    from hybridsent.datasets import media_columns
    from hybridsent.datasets._several import as_lists
    from hybridsent.datasets._table import base_of, with_absolute_paths

    known = media_columns(table)
    given = [name for name in dict.fromkeys(media) if name in table.columns and name not in known]
    read = with_absolute_paths(table, [*known, *given], base_of(arguments.table))
    named = [*lists, *split_columns(arguments.lists or [], "--lists", table)]
    return as_lists(read, [name for name in dict.fromkeys(named) if name in table.columns])


def check_output(
    path: str, option: str, suffixes: tuple[str, ...] = (), *, reads: Sequence[str] = ()
) -> Path:
    """Refuse an output that cannot be written, before the work is done.

    Parameters
    ----------
    path : str
        The file.
    option : str
        Who named it.
    suffixes : tuple of str, default=()
        Endings that are allowed; none means all.
    reads : sequence of str, default=()
        Files that the command reads, and may not replace.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    UsageError
        If its folder is not there, it is a folder, it ends otherwise, or it is one of `reads`.
    """
    file = Path(path)
    if file.is_dir():
        raise UsageError(f"{option} must be a file; {path} is a folder")
    if not file.absolute().parent.is_dir():
        raise UsageError(
            f"{option} must lie in an existing folder; {file.absolute().parent} is not there"
        )
    if suffixes and file.suffix.lower() not in suffixes:
        raise UsageError(f"{option} must end in one of {list(suffixes)}; got {path!r}")
    if any(file.resolve() == Path(read).resolve() for read in reads):
        raise UsageError(
            f"{option} must be another file than those that are read; {path!r} would be replaced"
        )
    return file


def check_outputs(
    asked: Mapping[str, tuple[str | None, tuple[str, ...]]],
    *,
    reads: Sequence[str] = (),
    taken: Iterable[Path] = (),
) -> dict[str, Path]:
    """Refuse outputs that cannot be written, or of which one would replace another.

    Parameters
    ----------
    asked : mapping of str to (str or None, tuple of str)
        The file that each option names, by the name of its attribute, and the endings that it may
        have; None where the option is not given.
    reads : sequence of str, default=()
        As in `check_output`.
    taken : iterable of Path, default=()
        Other files that the command writes.

    Returns
    -------
    dict of str to Path
        The files that are asked for.

    Raises
    ------
    UsageError
        As `check_output`, or if two of them are one file.
    """
    found: dict[str, Path] = {}
    others = [each.resolve() for each in taken]
    for name, (path, suffixes) in asked.items():
        if not path:
            continue
        option = f"--{name.replace('_', '-')}"
        file = check_output(path, option, suffixes, reads=reads)
        if file.resolve() in others:
            raise UsageError(f"{option} must be another file than those before; got {path!r}")
        others.append(file.resolve())
        found[name] = file
    return found
