"""The table that a command reads, and what of it (layer L7)."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hybridsent.cli._console import UsageError, listed, say
from hybridsent.cli._context import given_contexts, with_contexts
from hybridsent.cli._files import as_read, read_rows
from hybridsent.cli._found_views import (
    detected,
    found_views,
    views_of_contexts,
    with_modality,
    with_speech,
)
from hybridsent.cli._modalities import media_modalities, media_parts, modality_names
from hybridsent.cli._speech import given_transcripts, with_transcripts
from hybridsent.cli._views import (
    META,
    View,
    check_column,
    given_views,
    meta_columns,
    split_columns,
)
from hybridsent.scoring._context import Context
from hybridsent.scoring._context import facts_of as facts_of_contexts
from hybridsent.scoring._speech import Transcript
from hybridsent.scoring._speech import facts_of as facts_of_speech

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Opened", "left_out", "media_of", "open_rows"]

_MARKS = ("target", "group", "domain", "split")


@dataclass(frozen=True)
class Opened:
    """A table, and what is read of it.

    Parameters
    ----------
    rows : DataFrame
        The rows, with absolute paths of media and the columns of neighbours.
    views : list of View
        What is encoded.
    features : list of str
        Columns of features that the table holds already; instead of `views`.
    meta : list of str
        Columns of numbers, dates and categories.
    contexts : list of Context
        Columns of neighbours that were added.
    lists : list of str
        Columns whose cells hold several texts.
    transcripts : list of Transcript
        Columns of what is said that were added.
    """

    rows: pd.DataFrame
    views: list[View]
    features: list[str]
    meta: list[str]
    contexts: list[Context]
    lists: list[str]
    transcripts: list[Transcript]

    @property
    def ready(self) -> list[str]:
        """Views of the features."""
        from hybridsent.views import spans

        return list(spans(self.features))

    def facts(self, target: str, n: int, task: str) -> dict[str, Any]:
        """Say what a model was fitted on, for the file it is saved in."""
        columns = {view.name: view.column for view in self.views}
        facts: dict[str, Any] = {"target": target, "task": task, "columns": columns, "rows": n}
        lists = {"meta": self.meta, "lists": self.lists}
        facts |= {name: columns for name, columns in lists.items() if columns}
        return {**facts, **facts_of_speech(self.transcripts), **facts_of_contexts(self.contexts)}


def open_rows(
    arguments: argparse.Namespace, *, tell: bool = True, table: pd.DataFrame | None = None
) -> Opened:
    """Read a table, and tell what is read of it.

    Parameters
    ----------
    arguments : Namespace
        With the options of a table and, maybe, ``target``, ``group`` and ``domain``.
    tell : bool, default=True
        Whether to say which views there are.
    table : DataFrame or None, default=None
        Some of its rows, as they stand in the file, for a table that is not read whole.

    Returns
    -------
    Opened
        All its rows, or those of `table`.

    Raises
    ------
    UsageError
        If a column is not there, or nothing in the table can be read.
    """
    table = read_rows(arguments) if table is None else table
    marks = _marks(arguments, table)
    meta = meta_columns(arguments, table)
    transcripts = given_transcripts(arguments, table, [*marks, *meta])
    said = [each.name for each in transcripts]
    contexts = given_contexts(arguments, table.assign(**dict.fromkeys(said)))
    aside = [*marks, *meta, *(column for context in contexts for column in context.reads)]
    features = _features(arguments, table, aside)
    shown = table.assign(**dict.fromkeys([*said, *(context.name for context in contexts)]))
    views = [] if features else given_views(arguments, shown) or found_views(table, aside, meta)
    views = with_speech(views, transcripts)
    views = [with_modality(view, table, contexts) for view in views]
    _check_unmarked(views, meta, contexts, arguments)
    media = [*media_of(views), *(each.column for each in transcripts)]
    rows = with_transcripts(as_read(table, arguments, media), transcripts, arguments)
    rows = with_contexts(rows, contexts)
    if features and contexts:
        features = _features(arguments, rows, aside)
    views = [*views, *views_of_contexts(views, contexts, features, rows)]
    lists = split_columns(arguments.lists or [], "--lists", table)
    opened = Opened(rows, views, features, meta, contexts, lists, transcripts)
    if tell:
        for line in _lines(opened, arguments.quality):
            say(line)
    return opened


def _marks(arguments: argparse.Namespace, table: pd.DataFrame) -> list[str]:
    """Columns that say something of a row, and are found by nobody as a view."""
    marks = []
    for name in _MARKS:
        column = getattr(arguments, name, None)
        if column:
            check_column(table, column, f"--{name}")
            marks.append(column)
    return marks


def _check_unmarked(
    views: Sequence[View],
    meta: Sequence[str],
    contexts: Sequence[Context],
    arguments: argparse.Namespace,
) -> None:
    """Refuse to read the answer itself, or what tells the domains, as a feature."""
    read = {column: f"--meta {column}" for column in meta}
    read |= {view.column: view.option for view in views}
    for context in contexts:  # whose neighbours a row has must not tell its label, either
        options = {"": (context.column,), "-group": context.group}
        options |= {"-order": context.order, "-by": context.by}
        named = {column: option for option, columns in options.items() for column in columns}
        if (target := getattr(arguments, "target", None)) in named:
            raise UsageError(
                f"--context{named[target]} {target} must be left out: {target!r} is the column of "
                "--target, which new rows do not have"
            )
    for name in ("target", "domain", "split"):
        column = getattr(arguments, name, None)
        if column is not None and column in read:
            raise UsageError(
                f"{read[column]} must be left out: {column!r} is the column of --{name}, which no "
                "model may read"
            )


def media_of(views: Iterable[View]) -> list[str]:
    """Name the columns of media that views read.

    Parameters
    ----------
    views : iterable of View
        The views.

    Returns
    -------
    list of str
        Each column once.
    """
    columns = [view.column for view in views if view.modality in media_modalities()]
    return list(dict.fromkeys(columns))


def _features(
    arguments: argparse.Namespace, table: pd.DataFrame, aside: Sequence[str]
) -> list[str]:
    """Columns named ``view__i``, where they are to be read."""
    from hybridsent.evaluation import feature_columns
    from hybridsent.views import PASSTHROUGH, view_of

    features = [
        name
        for name in feature_columns(table)
        if name not in aside and view_of(name) not in PASSTHROUGH
    ]
    wanted = getattr(arguments, "features", False)
    names = [*modality_names(), *media_parts(), "view", META, "transcribe"]
    given = [f"--{name}" for name in names if getattr(arguments, name)]
    if wanted and given:
        raise UsageError(f"--features reads columns named view__i; leave {given[0]} out")
    if wanted and not features:
        raise UsageError(
            "--features needs columns named view__i, such as text__0, as `hybridsent encode -o` "
            f"writes them. Columns: {listed(table.columns)}"
        )
    if not hasattr(arguments, "features"):
        return []
    if features and not wanted and (given or detected(table, aside)):
        say(f"the table also holds {len(features)} features; --features reads these instead")
        return []
    return features if not given else []


def _lines(opened: Opened, quality: str | None) -> list[str]:
    """Say what each view reads."""
    from hybridsent.views import spans

    lines = [view.line(quality or "good") for view in opened.views]
    if opened.features:
        widths = {view: len(columns) for view, columns in spans(opened.features).items()}
        shown = ", ".join(f"{view} ({width})" for view, width in widths.items())
        lines.append(f"found features: {shown}")
    if opened.meta:
        columns = ", ".join(map(repr, opened.meta))
        lines.append(f"view {META}: numbers, dates and categories in {columns}")
    return [*lines, *(context.line() for context in opened.contexts)]


def left_out(model: Any, opened: Opened, arguments: argparse.Namespace) -> list[str]:
    """Say which columns of the table a model does not read.

    Parameters
    ----------
    model : estimator
        As a builder gave it.
    opened : Opened
        What `open_rows` gave.
    arguments : Namespace
        With, maybe, ``target``, ``group`` and ``domain``.

    Returns
    -------
    list of str
        One sentence, or none where every column has a use.
    """
    from hybridsent.evaluation import feature_columns, unread_columns

    used = [column for name in _MARKS if (column := getattr(arguments, name, None))]
    used += [c for context in opened.contexts for c in (context.column, *context.reads)]
    used += [each.column for each in opened.transcripts]
    rest = unread_columns(model, opened.rows, used)
    features = set(feature_columns(rest))  # of which was said that they are there
    names = [repr(name) for name in listed(name for name in rest if name not in features)]
    return [f"columns left out: {', '.join(names)}"] if names else []
