"""The table that a command reads, and what of it (layer L6)."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridsent._hints import did_you_mean
from hybridsent.cli._console import UsageError, listed, say
from hybridsent.cli._context import Context, given_contexts, with_contexts
from hybridsent.cli._modalities import media_modalities, media_parts, modality_names
from hybridsent.cli._speech import Transcript, given_transcripts, with_transcripts
from hybridsent.cli._views import (
    META,
    View,
    check_column,
    given_views,
    learned_views,
    meta_columns,
    split_columns,
    views_of_medium,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TABLES", "Opened", "as_read", "check_output", "left_out", "open_rows", "read_rows"]

TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".xlsx")
"""Endings that `write_table` knows."""

_MARKS = ("target", "group", "domain")


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


def open_rows(arguments: argparse.Namespace, *, tell: bool = True) -> Opened:
    """Read a table, and tell what is read of it.

    Parameters
    ----------
    arguments : Namespace
        With the options of a table and, maybe, ``target``, ``group`` and ``domain``.
    tell : bool, default=True
        Whether to say which views there are.

    Returns
    -------
    Opened
        All its rows.

    Raises
    ------
    UsageError
        If a column is not there, or nothing in the table can be read.
    """
    table = read_rows(arguments)
    marks = _marks(arguments, table)
    meta = meta_columns(arguments, table)
    transcripts = given_transcripts(arguments, table, [*marks, *meta])
    said = [each.name for each in transcripts]
    contexts = given_contexts(arguments, table.assign(**dict.fromkeys(said)))
    aside = [*marks, *meta, *(column for context in contexts for column in context.reads)]
    features = _features(arguments, table, aside)
    shown = table.assign(**dict.fromkeys([*said, *(context.name for context in contexts)]))
    views = [] if features else given_views(arguments, shown) or _found(table, aside, meta)
    views = _with_speech(views, transcripts)
    views = [_with_modality(view, table, contexts) for view in views]
    _check_unmarked(views, meta, contexts, arguments)
    media = [*_media(views), *(each.column for each in transcripts)]
    rows = with_transcripts(as_read(table, arguments, media), transcripts, arguments)
    rows = with_contexts(rows, contexts)
    if features and contexts:
        features = _features(arguments, rows, aside)
    views = [*views, *_views_of_contexts(views, contexts, features, rows)]
    lists = split_columns(arguments.lists or [], "--lists", table)
    opened = Opened(rows, views, features, meta, contexts, lists, transcripts)
    if tell:
        for line in _told(opened, arguments.quality):
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
        told = {"": (context.column,), "-group": context.group}
        told |= {"-order": context.order, "-by": context.by}
        named = {column: option for option, columns in told.items() for column in columns}
        if (target := getattr(arguments, "target", None)) in named:
            raise UsageError(
                f"--context{named[target]} {target} must be left out: {target!r} is the column of "
                "--target, which new rows do not have"
            )
    for name in ("target", "domain"):
        column = getattr(arguments, name, None)
        if column in read:
            raise UsageError(
                f"{read[column]} must be left out: {column!r} is the column of --{name}, which no "
                "model may read"
            )


def _media(views: Iterable[View]) -> list[str]:
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
    if features and not wanted and (given or _detect(table, aside)):
        say(f"the table also holds {len(features)} features; --features reads these instead")
        return []
    return features if not given else []


# -- what is found in the table, and what the options leave open


def _found(table: pd.DataFrame, aside: Sequence[str], meta: Sequence[str]) -> list[View]:
    """Give a view for each column that looks like one; with ``--meta`` there may be none."""
    found = _detect(table, aside)
    if not found and not meta:
        names = [*modality_names(), *media_parts()]
        options = [f"--{name}" for name in names]
        raise UsageError(
            f"no column of the table looks like {_alternatives(names)}; name one with "
            f"{_alternatives(options)}. Columns: {listed(table.columns)}"
        )
    media = media_parts()
    alone = [View(name, column, name) for name, column in found.items() if name not in media]
    parts = [view for name in media if name in found for view in views_of_medium(name, found[name])]
    return [*alone, *parts]


def _alternatives(names: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _detect(table: pd.DataFrame, aside: Iterable[str]) -> dict[str, str]:
    from hybridsent.datasets import detect_modalities
    from hybridsent.evaluation import feature_columns

    raw = table.drop(columns=feature_columns(table))
    return detect_modalities(raw, exclude=list(aside))


def _with_modality(view: View, table: pd.DataFrame, contexts: Sequence[Context]) -> View:
    """Say how a view is read where only its backbone, or its column, tells that."""
    kinds = modality_names()
    modality = view.modality or _read_by(view)
    if not modality:
        sources = {context.name: context.column for context in contexts}
        looks = _detect(table[[sources.get(view.column, view.column)]], [])
        modality = next(iter(looks), "")
        if parts := media_parts().get(modality):
            raise UsageError(
                f"{view.option} must say what of {view.column!r} is read, which holds {modality}: "
                f"write --{modality} {view.column} for {' and '.join(parts)}, or --view "
                f"{view.name}={view.column}:{next(iter(parts.values()))}"
            )
    if not modality:
        raise UsageError(
            f"{view.option} must say how {view.column!r} is read: it does not look like "
            f"{_alternatives(kinds)}. Write --view {view.name}={view.column}:MODALITY"
            + (f":{view.backbone}" if view.backbone else "")
        )
    if view.name in kinds and view.name != modality:
        raise UsageError(
            f"{view.option}: a view named {view.name!r} must read {view.name}, and this one reads "
            f"{modality}; name it otherwise, such as my_{view.name}"
        )
    return replace(view, modality=modality)


def _read_by(view: View) -> str:
    """Tell what a backbone reads, where its name is enough to know."""
    from hybridsent.encoders import get_backbone
    from hybridsent.encoders._registry import FAMILIES
    from hybridsent.exceptions import UnknownBackboneError, WeightsNotFoundError

    learned = learned_views()
    if not view.backbone:
        return ""
    if view.backbone in learned:
        return view.backbone.partition("/")[0]
    try:
        return get_backbone(view.backbone).modality
    except (UnknownBackboneError, WeightsNotFoundError) as error:
        if view.backbone.partition(":")[0] in FAMILIES:
            return ""
        hint = did_you_mean(view.backbone, [*modality_names(), *learned])
        if not hint:
            raise
        raise UsageError(
            f"{view.option} must name a modality, a backbone or one of {sorted(learned)}; got "
            f"{view.backbone!r}.{hint}"
        ) from error


def _with_speech(views: Sequence[View], transcripts: Sequence[Transcript]) -> list[View]:
    """Let each column of what is said be read as text, where no option says how."""
    said = {each.name: each for each in transcripts}
    told = [
        replace(view, modality="text")
        if view.column in said and not (view.modality or view.backbone)
        else view
        for view in views
    ]
    read = {view.column for view in views}
    for name, each in said.items():
        if name not in read:
            alone = len(said) == 1 and not any(view.name == "text" for view in views)
            option = f"--transcribe {each.column}"
            told.append(View("text" if alone else name, name, "text", option=option))
    return told


def _views_of_contexts(
    views: Sequence[View], contexts: Sequence[Context], features: Sequence[str], rows: pd.DataFrame
) -> list[View]:
    """Let each column of neighbours be read as the column that they are from."""
    made: list[View] = []
    for context in contexts if not features else ():
        if any(view.column == context.name for view in views):
            continue
        option = f"--context {context.column}"
        beside = [view for view in views if view.column == context.column]
        made += [
            replace(view, name=f"{view.name}_context", column=context.name, option=option)
            for view in beside
        ]
        if not beside:
            alone = View(context.name, context.name, "", option=option)
            made.append(_with_modality(alone, rows, contexts))
    return made


# -- what is said of it


def _told(opened: Opened, quality: str | None) -> list[str]:
    """Say what each view reads."""
    from hybridsent.views import spans

    lines = [view.told(quality or "good") for view in opened.views]
    if opened.features:
        widths = {view: len(columns) for view, columns in spans(opened.features).items()}
        told = ", ".join(f"{view} ({width})" for view, width in widths.items())
        lines.append(f"found features: {told}")
    if opened.meta:
        columns = ", ".join(map(repr, opened.meta))
        lines.append(f"view {META}: numbers, dates and categories in {columns}")
    return [*lines, *(context.told() for context in opened.contexts)]


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


# -- reading and writing


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
