"""Neighbours of a row as a column, and how a saved model remembers them (layer L6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hybridsent.exceptions import BundleError, TableError
from hybridsent.scoring._words import listed, silent

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Context", "contexts_in", "facts_of", "lists_in", "with_contexts", "with_known_contexts"]

FACT = "context"
"""Under which name the facts of a saved model tell its contexts."""


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
    ValueError
        As `hybridsent.datasets.add_context` raises it.
    """
    if not contexts:
        return table
    from hybridsent.datasets import add_context

    for context in contexts:
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
    return table


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
    BundleError
        If the facts are not such as `hybridsent fit` writes.
    """
    stated = facts.get(FACT, [])
    try:
        return [_read(each) for each in stated]
    except (TypeError, KeyError, ValueError) as error:
        raise BundleError(
            f"The model's facts about its context cannot be read, got {stated!r:.200}. Fit it "
            "again."
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
    BundleError
        If the facts are not such as `hybridsent fit` writes.
    """
    stated = facts.get("lists", [])
    if not isinstance(stated, list) or not all(isinstance(name, str) for name in stated):
        raise BundleError(
            f"The model's facts about columns of lists cannot be read, got {stated!r:.200}. Fit it "
            "again."
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


def with_known_contexts(
    table: pd.DataFrame, contexts: Sequence[Context], told: Callable[[str], None] = silent
) -> pd.DataFrame:
    """Add to new rows what a saved model was fitted with.

    Parameters
    ----------
    table : DataFrame
        The new rows.
    contexts : sequence of Context
        What `contexts_in` gave.
    told : callable, default=silent
        Gets each line for people.

    Returns
    -------
    DataFrame
        The table with the columns of neighbours; without those of which it lacks the cells.

    Raises
    ------
    TableError
        If the table does not tell whose neighbour a row is.
    """
    there = []
    for context in contexts:
        if context.name in table.columns:
            raise TableError(
                f"The table has a column {context.name!r}, in which the model reads neighbours "
                f"that are gathered from {context.column!r}; rename it."
            )
        absent = [column for column in context.reads if column not in table.columns]
        if absent:
            raise TableError(
                f"The table must hold the column {absent[0]!r}, by which the model knows the "
                f"neighbours of a row ({context.line()}); it has {listed(table.columns)}."
            )
        if context.column in table.columns:
            there.append(context)
            told(context.line())
    return with_contexts(table, there)
