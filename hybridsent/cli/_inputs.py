"""The table that a command reads, and what its columns are (layer L6)."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
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
    "Opened",
    "check_column",
    "check_output",
    "domains_of",
    "has_label",
    "labelled",
    "modalities",
    "open_both",
    "open_rows",
    "open_table",
]

TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".xlsx")
"""Endings that `write_table` knows."""


@dataclass(frozen=True)
class Opened:
    """A table, and what is read of it.

    Parameters
    ----------
    rows : DataFrame
        The rows.
    found : dict of str to (str, True or str)
        Column and backbone of each modality, as `modalities` gives them.
    features : list of str
        Columns of features that the table holds already; instead of `found`.
    """

    rows: pd.DataFrame
    found: dict[str, tuple[str, Any]]
    features: list[str]

    @property
    def views(self) -> list[str]:
        """Views of the features."""
        from hybridsent._views import spans

        return list(spans(self.features))


@dataclass(frozen=True)
class Labelled(Opened):
    """The rows of a table that a model learns from; of features, these and the domains alone.

    Parameters
    ----------
    labels : ndarray
        Their labels; -1 where they have none.
    known : ndarray of bool
        Which of them have a label: -1 may be a class.
    groups : ndarray or None
        Their groups, where a column was named.
    domains : ndarray or None
        Their domains as text, where a column was named.
    doubts : list of str
        What was said of the classes, before anything is learnt.
    """

    labels: np.ndarray
    known: np.ndarray
    groups: np.ndarray | None
    domains: np.ndarray | None
    doubts: list[str]

    def told(self) -> str:
        """Say how many rows there are, and how many of them have a label."""
        with_label = "" if self.known.all() else f" ({self.known.sum()} with a label)"
        return f"{len(self.rows)} rows{with_label}"

    def unsaid(self, result: Any) -> Any:
        """Give a result without the notes that were said of its classes before."""
        notes = [note for note in result.notes if note not in self.doubts]
        return replace(result, notes=notes)

    def facts(self, target: str) -> dict[str, Any]:
        """Say what a model was fitted on, for the file it is saved in."""
        columns = {name: column for name, (column, _) in self.found.items()}
        return {"target": target, "columns": columns, "rows": len(self.rows)}


def open_rows(arguments: argparse.Namespace) -> Opened:
    """Read a table, and tell what is read of it.

    Parameters
    ----------
    arguments : Namespace
        With the options of a table and, maybe, ``group`` and ``domain``.

    Returns
    -------
    Opened
        All its rows.

    Raises
    ------
    UsageError
        If a column is not there, or nothing in the table can be read.
    """
    from hybridsent._views import spans

    table = open_table(arguments, [arguments.image, arguments.audio])
    group, domain = (getattr(arguments, name, None) for name in ("group", "domain"))
    for column, option in (
        (arguments.target, "--target"),
        (group, "--group"),
        (domain, "--domain"),
    ):
        if column:
            check_column(table, column, option)
    exclude = [arguments.target, group, domain]
    features = _features(arguments, table, exclude)
    if not features:
        return Opened(table, modalities(arguments, table, exclude), [])
    widths = {view: len(columns) for view, columns in spans(features).items()}
    say("found features: " + ", ".join(f"{view} ({width})" for view, width in widths.items()))
    return Opened(table, {}, features)


def labelled(opened: Opened, arguments: argparse.Namespace, *, keep: bool = False) -> Labelled:
    """Give the rows their labels; drop those without one, and say how many.

    Parameters
    ----------
    opened : Opened
        What `open_rows` gave.
    arguments : Namespace
        With ``target`` and, maybe, ``group`` and ``domain``.
    keep : bool, default=False
        Whether rows without a label are kept after all.

    Returns
    -------
    Labelled
        The rows that are left.

    Raises
    ------
    UsageError
        If there are fewer than two labels.
    """
    from hybridsent.evaluation import as_labels

    table, target = opened.rows, arguments.target
    known = has_label(table, target)
    if not known.all():
        fate = "kept to adapt to" if keep else "left out"
        say(f"{int((~known).sum())} of {len(table)} rows have no label in {target!r}: {fate}")
    different = table.loc[known, target].unique()
    if len(different) < 2:
        raise UsageError(
            f"--target must hold at least two different labels; {target!r} holds {list(different)}"
        )
    labels = _labels(table, target, known)
    doubts = _tell_classes(labels)
    if keep:
        labels = _with_gaps(labels, known)
    else:
        table, known = table[known], known[known]
    group, domain = (getattr(arguments, name, None) for name in ("group", "domain"))
    told = [domain] if domain else []
    return Labelled(
        rows=table[[*opened.features, *told]] if opened.features else table,
        found=opened.found,
        features=opened.features,
        labels=labels,
        known=known,
        groups=as_labels(table, group, "groups") if group else None,
        domains=domains_of(table, domain) if domain else None,
        doubts=doubts,
    )


def _tell_classes(labels: np.ndarray) -> list[str]:
    """Say which classes there are, and what is odd about them; give the latter."""
    from hybridsent._labels import count_labels, label_doubts, told_counts

    counts = count_labels(labels)
    say(f"classes: {told_counts(counts)}")
    doubts = label_doubts(counts)
    for doubt in doubts:
        say(f"warning: {doubt}")
    return doubts


def has_label(table: pd.DataFrame, target: str) -> np.ndarray:
    """Tell which rows have a label: an empty cell is none, in every format.

    Parameters
    ----------
    table : DataFrame
        The table.
    target : str
        Column of the labels.

    Returns
    -------
    ndarray of bool
        False for rows without a label.
    """
    column = table[target]
    return (column.notna() & ~column.isin([""])).to_numpy(dtype=bool)


def domains_of(table: pd.DataFrame, column: str) -> np.ndarray:
    """Name the domain of each row.

    Parameters
    ----------
    table : DataFrame
        The table.
    column : str
        Its column of domains.

    Returns
    -------
    ndarray of str
        The names; 2.0 is ``"2"``, as a column with an empty cell is read as floats.
    """
    from hybridsent.evaluation import as_labels

    return _whole(as_labels(table, column, "domain")).astype(str)


def _labels(table: pd.DataFrame, target: str, known: np.ndarray) -> np.ndarray:
    """Labels of the rows that have one; integers beside empty cells were read as floats."""
    from hybridsent.evaluation import as_labels

    labels = as_labels(table[known], target)
    return labels if known.all() else _whole(labels)


def _whole(numbers: np.ndarray) -> np.ndarray:
    """Turn floats that are whole numbers, all of them, into integers."""
    import numpy as np

    whole = numbers.dtype.kind == "f" and (numbers == np.floor(numbers)).all()
    return numbers.astype(np.int64) if whole else numbers


def _with_gaps(labels: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Put -1 where a row has no label."""
    import numpy as np

    if known.all():
        return labels
    roomy = labels.astype(np.int64) if labels.dtype.kind in "bu" else labels
    full = np.full(len(known), -1, dtype=roomy.dtype if roomy.dtype.kind in "if" else object)
    full[known] = roomy
    return full


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


def open_table(arguments: argparse.Namespace, media: Iterable[str | None] = ()) -> pd.DataFrame:
    """Read a table; media paths become absolute.

    Parameters
    ----------
    arguments : Namespace
        With the table, and how its file is read.
    media : iterable of str or None, default=()
        Columns given by the user, beside those that are recognised.

    Returns
    -------
    DataFrame
        The table.
    """
    return open_both(arguments, media)[1]


def open_both(
    arguments: argparse.Namespace, media: Iterable[str | None] = ()
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read a table as it is, and as encoders read it: with absolute paths of media.

    Parameters
    ----------
    arguments : Namespace
        With the table, and how its file is read.
    media : iterable of str or None, default=()
        Columns given by the user, beside those that are recognised.

    Returns
    -------
    table : DataFrame
        As it is.
    read : DataFrame
        The same with absolute paths.
    """
    from hybridsent.datasets import media_columns, read_table
    from hybridsent.datasets._table import base_of, with_absolute_paths

    path = arguments.table
    how = ("sep", "decimal", "encoding", "max_bytes", "sheet")
    table = read_table(path, media=[], **{name: getattr(arguments, name) for name in how})
    if not len(table):
        raise UsageError(f"the table must have rows; {path} holds names of columns alone")
    named = [
        column.partition("=")[0] if column not in table.columns else column
        for column in media
        if isinstance(column, str)
    ]
    known = media_columns(table)
    given = [column for column in named if column in table.columns and column not in known]
    return table, with_absolute_paths(table, [*known, *given], base_of(path))


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
