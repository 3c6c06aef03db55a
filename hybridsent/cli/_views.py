"""The views that a command names: which column each reads, and with what (layer L7).

``--text COL[=BACKBONE]`` and its neighbours are the short form, ``--view NAME=COLUMN:BACKBONE`` the
long one. Columns and backbones may hold the marks that stand between them (``=`` and ``:``), so a
text is taken apart by the columns that the table has.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hybridsent._hints import did_you_mean
from hybridsent.cli._console import UsageError, listed
from hybridsent.cli._modalities import default_backbone, media_parts, modality_names

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "META",
    "View",
    "check_column",
    "given_views",
    "learned_views",
    "meta_columns",
    "split_columns",
    "views_of_medium",
]

META = "meta"
"""Name of the parameter, the option and the view of numbers, dates and categories."""

_LOADER = re.compile(r"\w+(\.\w+)+:\w+")


@dataclass(frozen=True)
class View:
    """A view of the table: one column, read by one encoder.

    Parameters
    ----------
    name : str
        Its name, which its features carry.
    column : str
        The column of the table.
    modality : str
        How a cell is read; empty where only the column, or its backbone, can tell.
    backbone : str, default=""
        With what; empty for the default of the modality.
    option : str, default=""
        The option that named it, as it was given; empty for what was found in the table.
    """

    name: str
    column: str
    modality: str
    backbone: str = ""
    option: str = ""

    def line(self, quality: str = "good") -> str:
        """Say what the view reads, and with what."""
        from hybridsent.encoders._quality import backbones_for

        found = "" if self.option else "found "
        reads = self.backbone or " and ".join(backbones_for(quality, self.modality))
        return f"view {self.name}: {found}{self.modality} in column {self.column!r}, {reads}"


def learned_views() -> dict[str, str]:
    """Names of what views may learn from their rows, by these and by their last part alone.

    Returns
    -------
    dict of str to str
        ``text/words`` by ``words`` and by ``text/words``.
    """
    from hybridsent.encoders._registry import LEARNED

    return {name.partition("/")[2]: name for name in LEARNED} | {name: name for name in LEARNED}


def given_views(arguments: argparse.Namespace, table: pd.DataFrame) -> list[View]:
    """Give the views that the options name, in the order of modalities, then of ``--view``.

    Parameters
    ----------
    arguments : Namespace
        With an option for each modality, and ``view``.
    table : DataFrame
        The table.

    Returns
    -------
    list of View
        Empty where none is named.

    Raises
    ------
    UsageError
        If a column is not there, a name is taken or cannot be that of a view, or a view stands
        there twice.
    """
    short = [
        view
        for modality in modality_names()
        for view in _short_form(modality, getattr(arguments, modality) or [], table)
    ]
    parts = [
        view
        for medium in media_parts()
        for view in _parts_of(medium, getattr(arguments, medium, None) or [], table)
    ]
    long = (_long_form(text, table) for text in arguments.view or [])
    views = [*_told_apart(short), *parts, *long]
    _check_names(views, meta=bool(arguments.meta))
    return views


def _short_form(modality: str, values: Sequence[str], table: pd.DataFrame) -> list[View]:
    """``COL[=BACKBONE]``, once or several times."""
    views, known = [], learned_views()
    for value in values:
        option = f"--{modality} {value}"
        column, backbone = _column_first(value, "=", table)
        if column is None:
            column, _, backbone = value.partition("=")
            check_column(table, column, f"--{modality}")
        views.append(View("", column, modality, known.get(backbone, backbone), option))
    twice = [view for i, view in enumerate(views) if view in views[:i]]
    if twice:
        raise UsageError(f"{twice[0].option} is given twice; leave one out")
    return [replace(view, name=name) for view, name in zip(views, _names(views), strict=True)]


def _parts_of(medium: str, columns: Sequence[str], table: pd.DataFrame) -> list[View]:
    """``--video COL``, once or several times: a view for each part."""
    views = []
    for value in columns:
        column, _, backbone = value.partition("=")
        if value not in table.columns and column in table.columns:
            parts = ", ".join(media_parts()[medium])
            raise UsageError(
                f"--{medium} {value}: of a {medium} several views are made, {parts}; name what "
                f"reads one with --view NAME=COLUMN:BACKBONE, such as --view "
                f"{next(iter(media_parts()[medium]))}={column}:{backbone}"
            )
    named = split_columns(columns, f"--{medium}", table)
    for column in named:
        before = "" if len(named) == 1 else f"{_as_name(column)}-"
        views += views_of_medium(medium, column, before=before, option=f"--{medium} {column}")
    return views


def views_of_medium(medium: str, column: str, *, before: str = "", option: str = "") -> list[View]:
    """Give the views that a column of a medium becomes.

    Parameters
    ----------
    medium : str
        Name of the medium, such as ``"video"``.
    column : str
        The column.
    before : str, default=""
        What stands before the names of the views.
    option : str, default=""
        As in `View`.

    Returns
    -------
    list of View
        One a part.
    """
    parts = media_parts()[medium]
    return [View(before + name, column, reads, option=option) for name, reads in parts.items()]


def _column_first(text: str, mark: str, table: pd.DataFrame) -> tuple[str | None, str]:
    """Take a column off the beginning of a text, the longest that the table has."""
    names = [str(name) for name in table.columns]
    fitting = [name for name in names if text == name or text.startswith(f"{name}{mark}")]
    if not fitting:
        return None, ""
    column = max(fitting, key=len)
    return column, text[len(column) + 1 :]


def _names(views: Sequence[View]) -> list[str]:
    """Name the views of one modality: like it, like their columns, or like their backbones."""
    if len(views) == 1:
        return [views[0].modality]
    often = Counter(view.column for view in views)
    names = []
    for view in views:
        column = _as_name(view.column)
        if often[view.column] == 1:
            names.append(column)
        else:
            short = _short_name(view.backbone or default_backbone(view.modality))
            names.append(short if len(often) == 1 else f"{column}-{short}")
    return names


def _short_name(backbone: str) -> str:
    """``egemaps-v02`` of ``audio/egemaps-v02``, ``resnet50`` of ``torchvision:resnet50@FILE``."""
    family, separator, rest = backbone.partition(":")
    if separator and "/" not in family:
        rest = rest.partition("@")[0].rstrip("/")
        short = rest.rpartition("/")[2] if family in ("hf", "tuned") else rest.replace("/", "-")
    else:
        short = backbone.rpartition("/")[2]
    return _as_name(short) or _as_name(backbone)


def _as_name(text: str) -> str:
    """Write a text so that it can be the name of a view."""
    return re.sub("__+", "_", text).strip().rstrip("_")


def _told_apart(views: Sequence[View]) -> list[View]:
    """Put the modality before names that views of several modalities would share."""
    often = Counter(view.name for view in views)
    kinds = {view.name: {v.modality for v in views if v.name == view.name} for view in views}
    return [
        replace(view, name=f"{view.modality}-{view.name}")
        if often[view.name] > 1 and len(kinds[view.name]) > 1
        else view
        for view in views
    ]


def _long_form(text: str, table: pd.DataFrame) -> View:
    """``NAME=COLUMN:BACKBONE``, of which either part behind the name may be left out."""
    name, _, rest = text.partition("=")
    column, backbone = _parts(name, rest, table)
    if column not in table.columns:
        _refuse_column(text, column, table)
    backbone = learned_views().get(backbone, backbone)
    modality, _, rest = backbone.partition(":")
    if modality not in modality_names():
        modality, rest = "", backbone
    return View(name, column, modality, rest, f"--view {text}")


def _parts(name: str, rest: str, table: pd.DataFrame) -> tuple[str, str]:
    """Column and backbone of a view; what is left out is the column of its name, or ''."""
    if rest.startswith(":") or not rest:
        return name, rest[1:]
    column, backbone = _column_first(rest, ":", table)
    if column is not None:
        if _is_backbone(rest) and name in table.columns and name != column:
            raise UsageError(
                f"--view {name}={rest} may mean the column {column!r}, or the column {name!r} read "
                f"with {rest!r}. Write --view {name}={rest}: or --view {name}=:{rest}"
            )
        return column, backbone
    if _is_backbone(rest):
        return name, rest
    column, _, backbone = rest.partition(":")
    return column, backbone


def _is_backbone(text: str) -> bool:
    """Tell whether a text looks like a modality, a backbone or a loader of one's own."""
    from hybridsent.encoders._registry import FAMILIES

    family, separator, _ = text.partition(":")
    modalities = modality_names()
    return (
        family in modalities
        or text in learned_views()
        or text.partition("/")[0] in modalities
        or bool(separator and family in FAMILIES)
        or _LOADER.fullmatch(text) is not None
    )


def _refuse_column(text: str, column: str, table: pd.DataFrame) -> None:
    from hybridsent.encoders._registry import FAMILIES

    known = [*table.columns, *modality_names(), *FAMILIES, *learned_views()]
    raise UsageError(
        f"--view {text} must name a column of the table, one of {listed(table.columns)}; got "
        f"{column!r}.{did_you_mean(column, known)} Write --view NAME=COLUMN:BACKBONE, or leave "
        "the column out where it is named like the view"
    )


def _check_names(views: Sequence[View], *, meta: bool) -> None:
    """Refuse names that cannot be those of views, and two views that are one."""
    from hybridsent.views import PASSTHROUGH, check_views

    taken: dict[str, str] = {META: "--meta"} if meta else {}
    for view in views:
        try:
            check_views([view.name])
        except ValueError as error:
            raise UsageError(f"{view.option}: {error}") from error
        if view.name in PASSTHROUGH:
            raise UsageError(
                f"{view.option}: a view must not be named {view.name!r}, which marks the "
                f"{view.name} of a row; name it otherwise, such as --view {view.name}s=…"
            )
        if view.name in taken:
            raise UsageError(
                f"each view must have a name of its own; {taken[view.name]} and {view.option} are "
                f"both named {view.name!r}. Name one with --view NAME=COLUMN:BACKBONE"
            )
        taken[view.name] = view.option


def meta_columns(arguments: argparse.Namespace, table: pd.DataFrame) -> list[str]:
    """Give the columns of ``--meta``: one a time, or several with commas between.

    Parameters
    ----------
    arguments : Namespace
        With ``meta``.
    table : DataFrame
        The table.

    Returns
    -------
    list of str
        The columns, in the order given.

    Raises
    ------
    UsageError
        If one is not there, or given twice.
    """
    return split_columns(arguments.meta or [], "--meta", table)


def split_columns(values: Iterable[str], option: str, table: pd.DataFrame) -> list[str]:
    """Take columns that are separated by commas apart; a column may hold a comma itself.

    Parameters
    ----------
    values : iterable of str
        As given.
    option : str
        Who named them.
    table : DataFrame
        The table.

    Returns
    -------
    list of str
        Columns of the table.

    Raises
    ------
    UsageError
        If one is not there, or given twice.
    """
    columns: list[str] = []
    for value in values:
        named = [value] if value in table.columns else [part.strip() for part in value.split(",")]
        for column in named:
            check_column(table, column, option)
            if column in columns:
                raise UsageError(f"{option} must name each column once; got {column!r} twice")
            columns.append(column)
    return columns


def check_column(table: pd.DataFrame, column: str, option: str) -> None:
    """Refuse a column that is not in the table.

    Parameters
    ----------
    table : DataFrame
        The table.
    column : str
        Its name.
    option : str
        Who named it.

    Raises
    ------
    UsageError
        If it is not there.
    """
    if column not in table.columns:
        raise UsageError(
            f"{option} must name a column of the table, one of {listed(table.columns)}; got "
            f"{column!r}.{did_you_mean(column, table.columns)}"
        )
