"""The table that a command reads, and what its columns are (layer L6)."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridsent._hints import did_you_mean
from hybridsent.cli._console import UsageError, say
from hybridsent.cli._options import MODALITIES

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = [
    "TABLES",
    "Labelled",
    "check_column",
    "check_output",
    "labelled",
    "modalities",
    "open_labelled",
    "open_table",
]

TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
"""Endings that `write_table` knows."""


@dataclass(frozen=True)
class Labelled:
    """A table with labels, and what is read of it.

    Parameters
    ----------
    rows : DataFrame
        The rows; of a table that holds features, these and the domains alone.
    labels : ndarray
        Their labels; -1 where they have none.
    groups : ndarray or None
        Their groups, where a column was named.
    found : dict of str to (str, True or str)
        Column and backbone of each modality, as `modalities` gives them.
    views : list of str
        Views whose features the table holds already; instead of `found`.
    domains : ndarray or None, default=None
        Their domains as text, where a column was named.
    """

    rows: pd.DataFrame
    labels: np.ndarray
    groups: np.ndarray | None
    found: dict[str, tuple[str, Any]]
    views: list[str]
    domains: np.ndarray | None = None

    def told(self) -> str:
        """Say how many rows there are, and how many of them have a label."""
        unlabelled = sum(not isinstance(v, str) and v == -1 for v in self.labels.tolist())
        with_label = f" ({len(self.rows) - unlabelled} with a label)" if unlabelled else ""
        return f"{len(self.rows)} rows{with_label}"

    def facts(self, target: str) -> dict[str, Any]:
        """Say what a model was fitted on, for the file it is saved in."""
        columns = {name: column for name, (column, _) in self.found.items()}
        return {"target": target, "columns": columns, "rows": len(self.rows)}


def open_labelled(arguments: argparse.Namespace, *, unlabelled: bool = False) -> Labelled:
    """Read a table with labels, and tell what is read of it.

    Parameters
    ----------
    arguments : Namespace
        With the options of a table and, maybe, ``group`` and ``domain``.
    unlabelled : bool, default=False
        Whether rows without a label are kept.

    Returns
    -------
    Labelled
        Rows, labels, groups, and what is read.

    Raises
    ------
    UsageError
        If a column is not there, or nothing in the table can be read.
    """
    import numpy as np

    from hybridsent._views import spans
    from hybridsent.evaluation import as_labels

    opened = open_table(arguments.table, [arguments.image, arguments.audio])
    table = labelled(opened, arguments.target, keep=unlabelled)
    group, domain = (getattr(arguments, name, None) for name in ("group", "domain"))
    for column, option in ((group, "--group"), (domain, "--domain")):
        if column:
            check_column(table, column, option)
    known = table[arguments.target].notna().to_numpy()
    labels = as_labels(table[known], arguments.target)
    if not known.all():
        whole = labels.astype(np.int64) if labels.dtype.kind in "bu" else labels
        kind = whole.dtype if whole.dtype.kind in "if" else object
        labels = np.full(len(table), -1, dtype=kind)
        labels[known] = whole
    groups = as_labels(table, group, "groups") if group else None
    domains = as_labels(table, domain, "domain").astype(str) if domain else None
    exclude = [arguments.target, group, domain]
    features = _features(arguments, table, exclude)
    if not features:
        found = modalities(arguments, table, exclude)
        return Labelled(table, labels, groups, found, [], domains)
    widths = {view: len(columns) for view, columns in spans(features).items()}
    say("found features: " + ", ".join(f"{view} ({width})" for view, width in widths.items()))
    kept = [*features, domain] if domain else features
    return Labelled(table[kept], labels, groups, {}, list(widths), domains)


def _features(
    arguments: argparse.Namespace, table: pd.DataFrame, exclude: Sequence[str | None]
) -> list[str]:
    """Columns named ``view__i``, where they are to be read."""
    from hybridsent._views import PASSTHROUGH, view_of
    from hybridsent.evaluation import feature_columns

    features = [
        name
        for name in feature_columns(table)
        if name not in exclude and view_of(name) not in PASSTHROUGH
    ]
    given = [f"--{name}" for name in MODALITIES if getattr(arguments, name)]
    if arguments.features and given:
        raise UsageError(f"--features reads columns named view__i; leave {given[0]} out")
    if arguments.features and not features:
        raise UsageError(
            "--features needs columns named view__i, such as text__0, as `hybridsent encode -o` "
            f"writes them. Columns: {_listed(table)}"
        )
    if given:
        return []
    if features and not arguments.features and _detect(table, exclude):
        say(f"the table also holds {len(features)} features; --features reads these instead")
        return []
    return features


def open_table(path: str, media: Iterable[str | None] = ()) -> pd.DataFrame:
    """Read a table; media paths become absolute.

    Parameters
    ----------
    path : str
        The file.
    media : iterable of str or None, default=()
        Columns given by the user, beside those that are recognised.

    Returns
    -------
    DataFrame
        The table.
    """
    from hybridsent.datasets import media_columns, read_table

    table = read_table(path)
    known = media_columns(table)
    named = [
        column.partition("=")[0] if column not in table.columns else column
        for column in media
        if column
    ]
    unseen = [column for column in named if column in table.columns and column not in known]
    return read_table(path, media=[*known, *unseen]) if unseen else table


def modalities(
    arguments: argparse.Namespace, table: pd.DataFrame, exclude: Iterable[str | None] = ()
) -> dict[str, tuple[str, Any]]:
    """Tell which column and backbone each modality has.

    Parameters
    ----------
    arguments : Namespace
        With ``text``, ``image`` and ``audio``.
    table : DataFrame
        The table.
    exclude : iterable of str or None, default=()
        Columns that are no modality: target, group.

    Returns
    -------
    dict of str to (str, True or str)
        Column and backbone of each modality.

    Raises
    ------
    UsageError
        If a column is not in the table, or no modality is found.
    """
    given = {name: getattr(arguments, name) for name in MODALITIES if getattr(arguments, name)}
    if given:
        return {name: _split(value, name, table) for name, value in given.items()}
    found = _detect(table, exclude)
    if not found:
        raise UsageError(
            "no column of the table looks like text, image or audio; name one with --text, "
            f"--image or --audio. Columns: {_listed(table)}"
        )
    say("found " + ", ".join(f"{name} in column {column!r}" for name, column in found.items()))
    return {name: (column, True) for name, column in found.items()}


def _detect(table: pd.DataFrame, exclude: Iterable[str | None]) -> dict[str, str]:
    from hybridsent.datasets import detect_modalities
    from hybridsent.evaluation import feature_columns

    raw = table.drop(columns=feature_columns(table))
    return detect_modalities(raw, exclude=[column for column in exclude if column])


def _split(value: str, modality: str, table: pd.DataFrame) -> tuple[str, Any]:
    """``COL`` or ``COL=BACKBONE``; a column may hold '=' itself."""
    if value in table.columns:
        return value, True
    column, separator, backbone = value.partition("=")
    check_column(table, column, f"--{modality}")
    return column, backbone if separator and backbone else True


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
            f"{option} must name a column of the table, one of {_listed(table)}; got "
            f"{column!r}.{did_you_mean(column, table.columns)}"
        )


def _listed(table: pd.DataFrame) -> list[str]:
    """Columns for a message: of thousands of features a few are enough."""
    names = [str(name) for name in table.columns]
    return names if len(names) <= 40 else [*names[:5], "…", *names[-15:]]


def labelled(table: pd.DataFrame, target: str, *, keep: bool = False) -> pd.DataFrame:
    """Drop the rows without a label, and say how many.

    Parameters
    ----------
    table : DataFrame
        The table.
    target : str
        Column of the labels.
    keep : bool, default=False
        Whether to keep them after all.

    Returns
    -------
    DataFrame
        The rows that are left.

    Raises
    ------
    UsageError
        If there is no such column, or fewer than two labels.
    """
    check_column(table, target, "--target")
    empty = table[target].isna()
    if empty.any():
        fate = "kept to adapt to" if keep else "left out"
        say(f"{int(empty.sum())} of {len(table)} rows have no label in {target!r}: {fate}")
    kept = table[~empty]
    if kept[target].nunique() < 2:
        raise UsageError(
            f"--target must hold at least two different labels; {target!r} holds "
            f"{list(kept[target].unique()[:3])}"
        )
    return table if keep else kept


def check_output(path: str, option: str, suffixes: tuple[str, ...] = ()) -> Path:
    """Refuse an output that cannot be written, before the work is done.

    Parameters
    ----------
    path : str
        The file.
    option : str
        Who named it.
    suffixes : tuple of str, default=()
        Endings that are allowed; none means all.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    UsageError
        If its folder is not there, it is a folder, or it ends otherwise.
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
    return file
