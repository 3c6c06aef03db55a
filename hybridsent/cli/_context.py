"""Neighbours of a row as a column, and how a saved model remembers them (layer L6)."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from hybridsent.cli._console import UsageError, listed, say
from hybridsent.cli._views import split_columns

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Context",
    "contexts_in",
    "facts_of",
    "given_contexts",
    "lists_in",
    "with_contexts",
    "with_known_contexts",
]

FACT = "context"
"""Under which name the facts of a saved model tell its contexts."""

_NEEDS = {
    "context_group": "the column that tells which rows are one conversation, such as dialogue",
    "context_order": "the column that tells what comes first, such as turn or posted_at; the order "
    "of the rows is not taken for it, since files are often sorted by label",
}
_ALONE = (
    *("context_group", "context_order", "context_by"),
    *("context_before", "context_after", "context_decay"),
)


@dataclass(frozen=True)
class Context:
    """A column of neighbours, as `hybridsent.datasets.add_context` writes it.

    Parameters
    ----------
    column : str
        Whose cells are gathered.
    group, order, by : tuple of str
        Columns that tell the conversation, what comes first, and what must be alike.
    before, after : int
        How many rows on each side.
    decay : float or None
        What a neighbour weighs beside a nearer one.
    """

    column: str
    group: tuple[str, ...]
    order: tuple[str, ...]
    by: tuple[str, ...]
    before: int
    after: int
    decay: float | None

    @property
    def name(self) -> str:
        """The new column."""
        return f"{self.column}_context"

    @property
    def reads(self) -> list[str]:
        """Columns that only say whose neighbour a row is."""
        return [*self.group, *self.order, *self.by]

    def line(self) -> str:
        """Say what the new column holds."""
        sides = [f"{n} {word}" for n, word in ((self.before, "before"), (self.after, "after")) if n]
        by = f", of the same {', '.join(self.by)}" if self.by else ""
        return (
            f"context {self.name}: {self.column!r} of up to {' and '.join(sides)}, in each "
            f"{', '.join(self.group)} by {', '.join(self.order)}{by}"
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
    if not contexts:
        return table
    from hybridsent.datasets import add_context

    for context in contexts:
        try:
            table = add_context(
                table,
                context.column,
                group=list(context.group),
                order=list(context.order),
                by=list(context.by) or None,
                before=context.before,
                after=context.after,
                decay=context.decay,
                name=context.name,
            )
        except ValueError as error:
            raise UsageError(_in_flags(str(error))) from error
    return table


def _in_flags(text: str) -> str:
    """Name the options of contexts where a message names parameters of `add_context`."""
    from hybridsent.cli._words import in_flags

    names = {field.name: f"context_{field.name}" for field in fields(Context)}
    return in_flags(text, argparse.Namespace(**dict.fromkeys(names.values())), names)


# -- what a saved model knows


def contexts_in(facts: Mapping[str, Any]) -> list[Context]:
    """Read the contexts of a saved model from its facts; older models have none.

    Parameters
    ----------
    facts : mapping
        The metadata of the model.

    Returns
    -------
    list of Context
        As they were when it was fitted.

    Raises
    ------
    UsageError
        If the facts are not such as `hybridsent fit` writes.
    """
    stated = facts.get(FACT, [])
    try:
        return [_read(each) for each in stated]
    except (TypeError, KeyError, ValueError) as error:
        raise UsageError(
            f"the model's facts about its context cannot be read, got {stated!r:.200}. Fit it again"
        ) from error


def lists_in(facts: Mapping[str, Any]) -> list[str]:
    """Read from the facts of a saved model which columns hold several texts a cell.

    Parameters
    ----------
    facts : mapping
        The metadata of the model.

    Returns
    -------
    list of str
        Their names.

    Raises
    ------
    UsageError
        If the facts are not such as `hybridsent fit` writes.
    """
    stated = facts.get("lists", [])
    if not isinstance(stated, list) or not all(isinstance(name, str) for name in stated):
        raise UsageError(
            f"the model's facts about columns of lists cannot be read, got {stated!r:.200}. Fit it "
            "again"
        )
    return stated


def _read(stated: Mapping[str, Any]) -> Context:
    texts = {name: stated[name] for name in ("group", "order", "by")}
    if not all(isinstance(each, str) for names in texts.values() for each in names):
        raise TypeError(f"columns must be named by texts, got {texts!r}")
    return Context(
        str(stated["column"]),
        **{name: tuple(names) for name, names in texts.items()},
        before=int(stated["before"]),
        after=int(stated["after"]),
        decay=None if stated["decay"] is None else float(stated["decay"]),
    )


def facts_of(contexts: Sequence[Context]) -> dict[str, Any]:
    """Give the contexts of a model for the facts that it is saved with.

    Parameters
    ----------
    contexts : sequence of Context
        What was added to the table.

    Returns
    -------
    dict
        Empty where there is none, so that other models' facts are as they were.
    """
    plain = [
        {name: list(value) if isinstance(value, tuple) else value for name, value in fact.items()}
        for fact in map(asdict, contexts)
    ]
    return {FACT: plain} if plain else {}


def with_known_contexts(table: pd.DataFrame, contexts: Sequence[Context]) -> pd.DataFrame:
    """Add to new rows what a saved model was fitted with.

    Parameters
    ----------
    table : DataFrame
        The new rows.
    contexts : sequence of Context
        What `contexts_in` gave.

    Returns
    -------
    DataFrame
        The table with the columns of neighbours; without those of which it lacks the cells.

    Raises
    ------
    UsageError
        If the table does not tell whose neighbour a row is.
    """
    there = []
    for context in contexts:
        if context.name in table.columns:
            raise UsageError(
                f"the table has a column {context.name!r}, in which the model reads neighbours "
                f"that are gathered from {context.column!r}; rename it"
            )
        absent = [column for column in context.reads if column not in table.columns]
        if absent:
            raise UsageError(
                f"the table must hold the column {absent[0]!r}, by which the model knows the "
                f"neighbours of a row ({context.line()}); it has {listed(table.columns)}"
            )
        if context.column in table.columns:
            there.append(context)
            say(context.line())
    return with_contexts(table, there)
