"""What is learned: classes, numbers or sets of labels, as told or as the target says (layer L7)."""

from __future__ import annotations

import argparse
from typing import Any

from hybridsent.cli._console import say

__all__ = ["add_task_option", "settle_task"]

_AUTO = "auto"
_KINDS = {"numbers": "regression", "sets": "multilabel"}


def add_task_option(group: argparse._ArgumentGroup) -> None:
    """Add ``--task``."""
    group.add_argument(
        "--task",
        choices=(_AUTO, "classification", "regression", "multilabel"),
        default=_AUTO,
        help="what is learned: one class a row, a number, or a set of labels such as joy|anger "
        "(default: found by the target)",
    )


def settle_task(table: Any, arguments: argparse.Namespace) -> str:
    """Find out what is learned, once, and say it where nobody did.

    Parameters
    ----------
    table : DataFrame
        The rows.
    arguments : Namespace
        With ``target`` and ``task``; "auto" becomes what the target says.

    Returns
    -------
    str
        Name of a task, as `make_fusion` takes it.
    """
    if getattr(arguments, "task", None) is None:
        return "classification"
    if arguments.task == _AUTO:
        arguments.task = _found(table, arguments)
    return str(arguments.task)


def _found(table: Any, arguments: argparse.Namespace) -> str:
    from hybridsent._labels import kind_found
    from hybridsent.cli._words import in_flags
    from hybridsent.evaluation import read_labels
    from hybridsent.evaluation.rows._label_kinds import label_cells

    if _regresses(getattr(arguments, "classifier", None)):
        return "regression"
    try:
        rows = read_labels(table, arguments.target)
    except ValueError:  # who learns from them says what is wrong
        cells = label_cells(table, arguments.target)
        there = [] if cells is None else cells[cells.notna()]
        return _KINDS.get(kind_found(there), "classification") if len(there) else "classification"
    task = _KINDS.get(rows.kind, "classification")
    if task != "classification":
        say(f"task: {task}, as {arguments.target!r} holds {_what(rows)}")
    if rows.kind_doubt:
        say(f"warning: {in_flags(rows.kind_doubt, arguments)}")
    return task


def _regresses(classifier: str | None) -> bool:
    """Tell a name that regressors alone have."""
    from hybridsent.fusion._tasks import TASKS

    return classifier in TASKS["regression"].heads and (
        classifier not in TASKS["classification"].heads
    )


def _what(rows: Any) -> str:
    if rows.kind == "sets":
        return "sets of labels"
    there = rows.y[rows.known]
    return f"numbers from {there.min():g} to {there.max():g}"
