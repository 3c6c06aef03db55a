"""Neighbours of a row as a column, as the options name them (layer L7)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING

from hybridsent.cli._console import UsageError
from hybridsent.cli._views import split_columns
from hybridsent.scoring._context import Context
from hybridsent.scoring._context import with_contexts as with_columns

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["given_contexts", "with_contexts"]

_NEEDS = {
    "context_group": "the column that tells which rows are one conversation, such as dialogue",
    "context_order": "the column that tells what comes first, such as turn or posted_at; the order "
    "of the rows is not taken for it, since files are often sorted by label",
}
_ALONE = (
    *("context_group", "context_order", "context_by"),
    *("context_before", "context_after", "context_decay"),
)


def given_contexts(arguments: argparse.Namespace, table: pd.DataFrame) -> list[Context]:
    """Give the contexts that the options name.

    Parameters
    ----------
    arguments : Namespace
        With the options of contexts.
    table : DataFrame
        The table.

    Returns
    -------
    list of Context
        Empty where none is named.

    Raises
    ------
    UsageError
        If something that a context needs is missing, or not in the table.
    """
    given = [name for name in _ALONE if getattr(arguments, name) is not None]
    if not arguments.context:
        if given:
            raise UsageError(
                f"--{given[0].replace('_', '-')} needs --context, the column whose neighbours are "
                "gathered, such as --context text"
            )
        return []
    for name, what in _NEEDS.items():
        if not getattr(arguments, name):
            raise UsageError(f"--context needs --{name.replace('_', '-')}, {what}")
    where = {
        name: tuple(split_columns(getattr(arguments, f"context_{name}") or [], option, table))
        for name, option in (
            ("group", "--context-group"),
            ("order", "--context-order"),
            ("by", "--context-by"),
        )
    }
    before, after = arguments.context_before, arguments.context_after
    before = 3 if before is None else before
    if not before and not after:
        raise UsageError(
            "--context needs rows to gather; got --context-before 0 and no --context-after"
        )
    columns = _context_columns(arguments.context, table)
    contexts = [
        Context(column, **where, before=before, after=after or 0, decay=arguments.context_decay)
        for column in columns
    ]
    for context in contexts:
        if context.name in table.columns:
            raise UsageError(
                f"--context {context.column} writes a column {context.name!r}, which the table has "
                f"already; rename it, or read it as it is with --view NAME={context.name}"
            )
    return contexts


def _context_columns(values: Sequence[str], table: pd.DataFrame) -> list[str]:
    """Columns of the table, or names of views of features in it."""
    from hybridsent.evaluation import feature_columns
    from hybridsent.views import spans

    views = [view for view in spans(feature_columns(table)) if view not in table.columns]
    if not views:
        return split_columns(values, "--context", table)
    return split_columns(values, "--context", table.iloc[:0].assign(**dict.fromkeys(views)))


def with_contexts(table: pd.DataFrame, contexts: Sequence[Context]) -> pd.DataFrame:
    """Add the columns of neighbours to a table.

    Parameters
    ----------
    table : DataFrame
        The table.
    contexts : sequence of Context
        What to add.

    Returns
    -------
    DataFrame
        The table with them.

    Raises
    ------
    UsageError
        If one cannot be made of the table.
    """
    try:
        return with_columns(table, contexts)
    except ValueError as error:
        raise UsageError(_in_flags(str(error))) from error


def _in_flags(text: str) -> str:
    """Name the options of contexts where a message names parameters of `add_context`."""
    from hybridsent.cli._words import in_flags

    names = {field.name: f"context_{field.name}" for field in fields(Context)}
    return in_flags(text, argparse.Namespace(**dict.fromkeys(names.values())), names)
