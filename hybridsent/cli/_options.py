"""Options that several commands share, and what becomes of them (layer L6)."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridsent.cli._console import UsageError, is_interactive, say

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "add_encoder_options",
    "add_modalities",
    "add_model_options",
    "labelled",
    "modalities",
    "open_table",
    "pipeline",
]

MODALITIES = ("text", "image", "audio")


def add_modalities(parser: argparse.ArgumentParser) -> None:
    """Add ``--text``, ``--image`` and ``--audio``."""
    group = parser.add_argument_group("modalities (found by name and content where none is given)")
    for modality in MODALITIES:
        group.add_argument(
            f"--{modality}",
            metavar="COL[=BACKBONE]",
            help=f"column of the {modality} and its backbone",
        )


def add_encoder_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that all encoders share."""
    group = parser.add_argument_group("encoding")
    group.add_argument(
        "--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps (default: auto)"
    )
    group.add_argument(
        "--precision", default="auto", choices=("auto", "float32", "bfloat16", "float16")
    )
    group.add_argument(
        "--store", default="default", metavar="FOLDER", help="folder of the feature store, or 'off'"
    )
    group.add_argument(
        "--on-error", default="raise", choices=("raise", "missing"), help="what a broken cell does"
    )
    group.add_argument(
        "--n-jobs", type=int, metavar="N", help="threads that read and decode (default: all cores)"
    )
    group.add_argument(
        "--download", action="store_true", help="fetch missing weights from their hub"
    )


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add the target and the choices of `make_fusion`."""
    parser.add_argument(
        "table",
        metavar="TABLE",
        help="csv, tsv, jsonl or parquet; media paths relative to its folder",
    )
    parser.add_argument("--target", required=True, metavar="COL", help="column of the labels")
    add_modalities(parser)
    group = parser.add_argument_group("model")
    group.add_argument(
        "--fusion", default="early", metavar="HOW", help="strategy of fusion (default: early)"
    )
    group.add_argument(
        "--classifier",
        default="logreg",
        metavar="NAME",
        help="logreg, svm or xgboost (default: logreg)",
    )
    group.add_argument("--reduce", choices=("pca", "lda"), help="reduce each modality on its own")
    group.add_argument(
        "--learn-device",
        default="cpu",
        metavar="DEVICE",
        help="where --reduce and xgboost compute: cpu or, for large tables, cuda (default: cpu)",
    )
    group.add_argument(
        "--class-weight", choices=("balanced",), help="give rare classes the same weight"
    )
    group.add_argument(
        "--seed", type=int, default=0, help="seed of folds and classifiers (default: 0)"
    )
    add_encoder_options(parser)


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
    from hybridsent.datasets import detect_modalities

    found = detect_modalities(table, exclude=[column for column in exclude if column])
    if not found:
        raise UsageError(
            "no column of the table looks like text, image or audio; name one with --text, "
            f"--image or --audio. Columns: {list(table.columns)}"
        )
    say("found " + ", ".join(f"{name} in column {column!r}" for name, column in found.items()))
    return {name: (column, True) for name, column in found.items()}


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
        import difflib

        near = difflib.get_close_matches(column, [str(name) for name in table.columns], n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UsageError(
            f"{option} must name a column of the table, one of {list(table.columns)}; got "
            f"{column!r}.{hint}"
        )


def shared(arguments: argparse.Namespace) -> dict[str, Any]:
    """Parameters of the encoders."""
    return {
        "device": arguments.device,
        "precision": arguments.precision,
        "store": store_of(arguments.store),
        "on_error": arguments.on_error,
        "n_jobs": arguments.n_jobs,
        "verbose": is_interactive(),
    }


def store_of(value: str) -> Any:
    """``off`` is no store."""
    return None if value == "off" else value


def encoders(found: dict[str, tuple[str, Any]], arguments: argparse.Namespace) -> dict[str, Any]:
    """Make the encoders and ``columns``, as the builders take them.

    Parameters
    ----------
    found : dict
        What `modalities` gave.
    arguments : Namespace
        With the encoding options.

    Returns
    -------
    dict
        Keyword arguments.
    """
    from hybridsent.fusion import ENCODERS

    options = {**shared(arguments), "local_files_only": not arguments.download}
    made = {}
    for name, (_, backbone) in found.items():
        encoder = (
            ENCODERS[name](**options) if backbone is True else ENCODERS[name](backbone, **options)
        )
        encoder.backbone()  # an unknown name is told now, not after minutes
        made[name] = encoder
    return {**made, "columns": {name: column for name, (column, _) in found.items()}}


def pipeline(found: dict[str, tuple[str, Any]], arguments: argparse.Namespace) -> Any:
    """Build the model that the options describe.

    Parameters
    ----------
    found : dict
        What `modalities` gave.
    arguments : Namespace
        With the model and encoding options.

    Returns
    -------
    Pipeline
        Unfitted.

    Raises
    ------
    UsageError
        If a name is unknown.
    """
    from hybridsent.fusion import make_fusion

    parts = encoders(found, arguments)
    if arguments.learn_device != "cpu" and arguments.reduce:
        # scikit-learn computes in tensors only where this is set; the process is the program's own
        os.environ.setdefault("SCIPY_ARRAY_API", "1")
    try:
        return make_fusion(
            arguments.fusion,
            **parts,
            classifier=arguments.classifier,
            reduce=arguments.reduce,
            class_weight=arguments.class_weight,
            random_state=arguments.seed,
            learn_device=arguments.learn_device,
        )
    except ValueError as error:
        raise UsageError(str(error)) from error


def labelled(table: pd.DataFrame, target: str) -> pd.DataFrame:
    """Drop the rows without a label, and say how many.

    Parameters
    ----------
    table : DataFrame
        The table.
    target : str
        Column of the labels.

    Returns
    -------
    DataFrame
        The other rows.

    Raises
    ------
    UsageError
        If there is no such column, or fewer than two labels.
    """
    check_column(table, target, "--target")
    empty = table[target].isna()
    if empty.any():
        say(f"{int(empty.sum())} of {len(table)} rows have no label in {target!r} and are left out")
    kept = table[~empty]
    if kept[target].nunique() < 2:
        raise UsageError(
            f"--target must hold at least two different labels; {target!r} holds "
            f"{list(kept[target].unique()[:3])}"
        )
    return kept


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


TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
"""Endings that `write_table` knows."""
