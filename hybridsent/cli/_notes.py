"""What is said of a table before anything is learned of it, and then not once more (layer L7).

To learn takes minutes: what is odd about labels and languages is said first, by the library's
words, and what the notes of a result repeat is left out where the result is printed.
"""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from hybridsent.cli._console import say
from hybridsent.cli._words import in_flags

__all__ = ["tell_labels", "tell_misread", "unsaid"]


def tell_misread(models: Iterable[Any], table: Any, *, fitted: bool = False) -> None:
    """Say what the encoders of models do not read, one line a column.

    Parameters
    ----------
    models : iterable of estimator
        Whoever reads the table.
    table : DataFrame
        The rows.
    fitted : bool, default=False
        Whether the encoder stands in a model already, so that another one needs another model.
    """
    from hybridsent.encoders._registry import MULTILINGUAL
    from hybridsent.evaluation.results._notes import misread

    for each in misread(models, table):
        plain = re.fullmatch(r"[\w.-]+", each.column)  # shlex quotes all but ASCII
        column = each.column if plain else shlex.quote(each.column)
        option = f"--text {column}={MULTILINGUAL}"
        way = f"a model fitted with {option} reads them" if fitted else f"{option} reads them"
        say(f"warning: {each}; {way}{each.to_install}")


def tell_labels(rows: Any) -> None:
    """Say which labels there are, what is odd about them, and how many rows have none.

    Parameters
    ----------
    rows : LabeledTable
        As `hybridsent.evaluation.read_labels` gave it.
    """
    from hybridsent._label_doubts import told_counts

    if rows.unlabelled:
        say(rows.unlabelled)
    if rows.kind == "numbers":
        there = rows.y[rows.known]
        say(f"numbers: {len(there)} from {there.min():g} to {there.max():g}, mean {there.mean():g}")
    else:
        what = "labels" if rows.kind == "sets" else "classes"
        say(f"{what}: {told_counts(rows.classes)}")
    for doubt in rows.doubts:
        say(f"warning: {doubt}")


def unsaid(result: Any, rows: Any, models: Sequence[Any], arguments: argparse.Namespace) -> Any:
    """Give a result without the notes that `tell_labels` and `tell_misread` said.

    The others name options of the command where they name parameters.

    Parameters
    ----------
    result : Evaluation, SearchResult or TransferReport
        What was found.
    rows : LabeledTable
        On which.
    models : sequence of estimator
        Of which.
    arguments : Namespace
        Of the command.

    Returns
    -------
    Evaluation, SearchResult or TransferReport
        To be printed.
    """
    from hybridsent.evaluation.results._notes import notes_on_languages

    said = {*rows.notes, *notes_on_languages(models, rows.rows)}
    left = [in_flags(note, arguments) for note in result.notes if note not in said]
    return replace(result, notes=left)
