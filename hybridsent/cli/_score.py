"""Tell the sentiment of a table of texts without a label, and how sure that is (layer L7)."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hybridsent._hints import in_the_documentation
from hybridsent._polarity import SENTIMENTS
from hybridsent.cli._console import UsageError, columns, say
from hybridsent.cli._files import TABLES, as_read, check_output, read_rows
from hybridsent.cli._options import add_table
from hybridsent.cli._view_options import add_plugins
from hybridsent.cli._views import split_columns

if TYPE_CHECKING:
    import pandas as pd

_AT_ONCE = 10_000  # rows whose texts and votes are held beside the table
_FITTED_ON = 2_000  # by which languages are told


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    add_table(parser)
    parser.add_argument(
        "--text",
        action="append",
        metavar="COL[,COL…]",
        help="columns of texts (default: the one that is found)",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        help="the table with its sentiment, how sure it is, and the probabilities",
    )
    parser.add_argument(
        "--classes",
        action="append",
        metavar="A,B[,C]",
        help="the classes, such as neg,pos, or angry=negative,happy=positive where names do not "
        "tell what they are (default: negative,neutral,positive)",
    )
    parser.add_argument(
        "--language",
        metavar="CODE",
        help="language of all texts, such as de (default: told text by text)",
    )
    parser.add_argument(
        "--functions",
        action="append",
        default=[],
        metavar="FILE.py",
        help="a file with labelling functions of your own, which is run; they vote beside those "
        "that are ready",
    )
    parser.add_argument(
        "--prefix",
        default="",
        metavar="TEXT",
        help="begin the names of the new columns with this text",
    )
    add_plugins(parser)


def run(arguments: argparse.Namespace) -> None:
    """Vote, print shares, and write."""
    from hybridsent.datasets import write_table
    from hybridsent.datasets._table import check_can_write
    from hybridsent.weak import ZeroLabelClassifier

    output = None
    if arguments.output:
        output = check_output(arguments.output, "--output", TABLES, reads=[arguments.table])
    own = [each for file in arguments.functions for each in _functions_of(file)]
    table = read_rows(arguments)
    read = as_read(table, arguments)
    texts = _texts(read, arguments)
    try:
        model = ZeroLabelClassifier(
            _classes(arguments.classes),
            columns=texts,
            functions=["default", *own],
            language=arguments.language,
        )
        model.fit(read.iloc[:: max(1, len(read) // _FITTED_ON)])
    except ValueError as error:
        raise UsageError(str(error)) from error
    names = _new_columns(model, arguments.prefix, table)
    if output is not None:
        check_can_write(table, output)
    scored, voted = _scored(model, read, names)
    print(_summary(model, scored, names))
    for line in _told(model, arguments, len(table), voted, texts):
        say(line)
    if output is not None:
        write_table(table.assign(**scored), output)
        say(f"{len(table)} rows -> {output}")


def _scored(model: Any, read: pd.DataFrame, names: list[str]) -> tuple[dict[str, Any], int]:
    """Score the rows in slices; also count those that a function voted on."""
    import numpy as np

    said, found, voted = [], [], 0
    for start in range(0, len(read), _AT_ONCE):
        some = model.read(read.iloc[start : start + _AT_ONCE])
        found.append(some.probabilities)
        said.append(some.labels)
        voted += int(some.voted.sum())
    p = np.concatenate(found)
    values = [np.concatenate(said), p.max(axis=1).round(6), *p.T.round(6)]
    return dict(zip(names, values, strict=True)), voted


def _summary(model: Any, scored: dict[str, Any], names: list[str]) -> str:
    """Lay out how many rows are of which class, and how sure that is."""
    labels, sure = scored[names[0]], scored[names[1]]
    rows: list[Sequence[object]] = [("sentiment", "rows", "share", "how sure")]
    for label in model.classes_.tolist():
        of_it = labels == label
        mean = f"{sure[of_it].mean():.0%}" if of_it.any() else "–"
        rows.append((label, f"{of_it.sum():,}", f"{of_it.mean():.0%}", mean))
    rows.append(("all", f"{len(labels):,}", "100%", f"{sure.mean():.0%}"))
    return columns(rows)


def _told(
    model: Any, arguments: argparse.Namespace, n: int, voted: int, texts: list[str]
) -> list[str]:
    """Say what the figures mean, what beats them, and how to go on."""
    from hybridsent.weak import LABELS_A_CLASS

    lines = []
    if n - voted:
        lines.append(
            f"nothing is said of {n - voted:,} of {n:,} rows (no text, or a language that is not "
            "known): all classes are as probable there"
        )
    lines.append(
        "how sure: the probability that the label is right, as it was measured on public corpora; "
        "on yours it may differ"
    )
    lines.append(
        f"nobody labelled anything for this: about {LABELS_A_CLASS} labels a class and a model of "
        f"them are better (see {in_the_documentation('Sentiment without a label')})"
    )
    table = shlex.quote(arguments.table)
    lines.append(f"next: hybridsent label {table} --target label")
    return lines


def _texts(table: pd.DataFrame, arguments: argparse.Namespace) -> list[str]:
    """Name the columns of texts: those that were given, or the one that is found."""
    if arguments.text:
        return split_columns(arguments.text, "--text", table)
    from hybridsent.datasets import detect_modalities

    found = detect_modalities(table).get("text")
    if found is None:
        names = [str(name) for name in table.columns[:20]]
        raise UsageError(f"no column reads as text; name it with --text. The table has {names}")
    say(f"texts in column {found!r}")
    return [found]


def _classes(given: Sequence[str] | None) -> Any:
    """Read names of classes, or ``NAME=negative``; whole numbers are numbers."""
    if given is None:
        return None
    names = [each.strip() for text in given for each in text.split(",") if each.strip()]
    if not names:
        raise UsageError(f"--classes must name two or three classes; got {','.join(given)!r}")
    told = [each.rpartition("=") for each in names]
    if all(mark and kind in SENTIMENTS for _, mark, kind in told):
        return dict(
            zip(_labels([name for name, _, _ in told]), [each[2] for each in told], strict=True)
        )
    return _labels(names)


def _labels(names: Sequence[str]) -> list[Any]:
    whole = all(re.fullmatch(r"[+-]?[0-9]+", each) for each in names)
    return [int(each) for each in names] if whole else list(names)


def _functions_of(file: str) -> list[Any]:
    """Run a file, and take the labelling functions that it defines."""
    from hybridsent._plugins import load_plugin
    from hybridsent.exceptions import PluginError
    from hybridsent.weak import LabelingFunction

    try:
        module = load_plugin(file)
    except PluginError as error:
        raise UsageError(f"--functions {file}: {error}") from error
    found = [each for each in vars(module).values() if isinstance(each, LabelingFunction)]
    if not found:
        raise UsageError(
            f"--functions {file} must define a labelling function; it has none. Write "
            "@labeling_function(columns='text') before one (from hybridsent.weak)"
        )
    return found


def _new_columns(model: Any, prefix: str, table: pd.DataFrame) -> list[str]:
    """Name what is written; a column of the user's is never replaced."""
    labels = model.classes_.tolist()
    names = [f"{prefix}sentiment", f"{prefix}confidence", *(f"{prefix}p_{each}" for each in labels)]
    taken = [name for name in names if name in table.columns]
    if taken:
        raise UsageError(
            f"the table has columns {taken} already; name the new ones otherwise with --prefix, "
            "such as --prefix zero_"
        )
    return names
