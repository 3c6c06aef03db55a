"""Which columns of a table an estimator reads (layer L5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from numbers import Real
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from hybridsent._hints import did_you_mean
from hybridsent.encoders._nesting import inner_parts, is_by_name, is_dropped, names_of, select
from hybridsent.views import META, PASSTHROUGH, feature_pattern

__all__ = [
    "check_columns",
    "feature_columns",
    "named_columns",
    "notes_on_columns",
    "picks_columns",
    "readable",
    "selectors_of",
    "unread_columns",
]

_FEATURE = re.compile(feature_pattern())


_SHOWN = 10  # columns that a message lists


def feature_columns(table: Any) -> list[str]:
    """Find the columns of a table that are features already, named ``view__i``.

    Parameters
    ----------
    table : DataFrame, array or list of str
        The rows, or the names of the columns.

    Returns
    -------
    list of str
        Their names; empty for an array.

    Examples
    --------
    >>> from hybridsent.evaluation import feature_columns
    >>> feature_columns(["text__0", "audio__s1_3", "label", "my__note"])
    ['text__0', 'audio__s1_3']
    """
    names = table if isinstance(table, list) else getattr(table, "columns", ())
    return [name for name in names if isinstance(name, str) and _FEATURE.fullmatch(name)]


def readable(estimator: Any, table: Any, named: Sequence[Any]) -> Any:
    """Leave out the columns that are no features: labels, groups, and texts where none are read.

    Parameters
    ----------
    estimator : estimator
        Whoever reads the table.
    table : DataFrame or array
        The rows.
    named : sequence of object
        Labels and groups, as the user gave them: strings are columns, and so is a Series taken from
        the table.

    Returns
    -------
    DataFrame or array
        The table as it is where a ColumnTransformer picks its columns by name; else without the
        named columns. Where it holds features and the first step is one of hybridsent, which reads
        numbers alone, without columns of other things, too, which `notes_on_columns` tells.

    Raises
    ------
    ValueError
        If a named column would be read by its position.
    """
    if not hasattr(table, "columns"):
        return table
    dropped = named_columns(table, named)
    if picks_columns(estimator):
        return _without_unpicked(estimator, table, dropped)
    rest = table.drop(columns=dropped) if dropped else table
    features = set(feature_columns(rest))
    if not 0 < len(features) < rest.shape[1]:
        return rest
    others = [name for name in rest.columns if name not in features]
    if _begins_with_ours(estimator):
        texts = [name for name in others if not _is_number(rest[name])]
        return rest.drop(columns=texts) if texts else rest
    return rest


def notes_on_columns(estimator: Any, table: Any, read: Any, named: Sequence[Any]) -> list[str]:
    """Say which columns are not read though nobody named them, and which tell the answer.

    Parameters
    ----------
    estimator : estimator
        Whoever reads the table.
    table : DataFrame or array
        The rows as the user gave them.
    read : DataFrame or array
        What `readable` gave.
    named : sequence of object
        Labels and groups, as the user gave them.

    Returns
    -------
    list of str
        Sentences for the notes of a result; empty where there is nothing to say.
    """
    if not hasattr(table, "columns") or not hasattr(read, "columns"):
        return []
    known = {*read.columns, *named_columns(table, named)}
    rest = [name for name in table.columns if name not in known]
    notes = [f"Not read, because they hold no numbers: {_listed(rest)}."] if rest else []
    picked = list(dict.fromkeys(_picked(estimator, read)))
    among_features = 0 < len(feature_columns(picked)) < len(picked)
    if not named or not (among_features or picks_columns(estimator)):
        return notes
    marks = {
        name
        for view, column in selectors_of(estimator)
        if view in PASSTHROUGH
        for name in names_of(column)
    }
    twins = [
        name
        for name in picked
        if name not in marks
        and not _FEATURE.fullmatch(str(name))
        and _holds_labels(read, name, named[0])
    ]
    return notes + [
        f"The column {name!r} is read as a feature and holds the labels themselves."
        for name in twins
    ]


def _holds_labels(table: Any, name: Any, labels: Any) -> bool:
    """Tell whether a column is that of the labels, or holds what they are."""
    if isinstance(labels, str):
        return bool(name == labels)
    if np.ndim(labels) != 1 or len(labels) != len(table) or name not in table.columns:
        return False
    if np.ndim(table[name]) != 1:
        return False
    values = np.asarray(labels, dtype=object).tolist()
    plain = (str, Real, np.generic)  # arrays of pictures are not equal or unequal
    return all(
        isinstance(cell, plain) and isinstance(label, plain) and bool(cell == label)
        for cell, label in zip(table[name].tolist(), values, strict=True)
    )


def unread_columns(estimator: Any, table: Any, named: Sequence[Any] = ()) -> list[str]:
    """Name the columns of a table that an estimator leaves out.

    Parameters
    ----------
    estimator : estimator
        Whoever reads the table; not fitted, or fitted.
    table : DataFrame or array
        The rows.
    named : sequence of object, default=()
        Labels, groups and what else has a use of its own: names of columns, or columns.

    Returns
    -------
    list of str
        In the order of the table: no view reads them, and they are none of `named`. Empty for an
        array.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent import make_fusion
    >>> from hybridsent.evaluation import unread_columns
    >>> table = pd.DataFrame({"text": ["fine"], "likes": [3], "id": [17], "label": ["good"]})
    >>> unread_columns(make_fusion(text=True, meta=["likes"]), table, ["label"])
    ['id']
    """
    if not hasattr(table, "columns"):
        return []
    seen = readable(estimator, table, named)
    known = {*named_columns(table, named), *_picked(estimator, seen)}
    return [name for name in table.columns if name not in known]


def _picked(estimator: Any, table: Any) -> list[Any]:
    """Give the columns of a table that first steps read."""
    heads = _heads(estimator)
    if not picks_columns(estimator) or any(not is_dropped(first.remainder) for first in heads):
        return list(table.columns)
    picked: list[Any] = []
    for _, column in selectors_of(estimator):
        if named := names_of(column):  # that of the domains may be written later
            picked += named
            continue
        found = select(table, column)
        picked += list(found.columns) if hasattr(found, "columns") else [found.name]
    return picked


def check_columns(estimator: Any, table: Any, but: Sequence[str] = ()) -> None:
    """Refuse a table that lacks a column which the first step picks by name.

    Parameters
    ----------
    estimator : estimator
        Whoever reads the table.
    table : DataFrame or array
        The rows.
    but : sequence of str, default=()
        Views whose columns are written later.

    Raises
    ------
    ValueError
        If a column is not there; the message says how to name another one.
    """
    if not hasattr(table, "columns"):
        return
    there = list(table.columns)
    for view, column in selectors_of(estimator):
        for name in names_of(column):
            if name not in there and view not in but:
                way = "meta=['COLUMN']" if view == META else f"columns={{{view!r}: 'COLUMN'}}"
                raise ValueError(
                    f"The table must have the column {name!r}, which the model reads for {view!r}. "
                    f"Its columns are {_listed(there)}.{did_you_mean(name, there)} Name the column "
                    f"that holds it, as in make_fusion(..., {way})."
                )


def selectors_of(estimator: Any) -> Iterator[tuple[str, Any]]:
    """Give what first steps pick of a table.

    Parameters
    ----------
    estimator : estimator
        A ColumnTransformer, or what begins with one.

    Yields
    ------
    view : str
        Name of the transformer.
    column : object
        The columns that it gets.
    """
    for first in _heads(estimator):
        if isinstance(first, ColumnTransformer):
            for view, part, column in first.transformers:
                if not is_dropped(part):
                    yield view, column


def picks_columns(estimator: Any) -> bool:
    """Tell whether an estimator begins with a ColumnTransformer, which reads a whole table."""
    heads = list(_heads(estimator))
    return bool(heads) and all(isinstance(first, ColumnTransformer) for first in heads)


def _heads(estimator: Any) -> Iterator[Any]:
    """Give what gets the table first: several where parts stand side by side."""
    if isinstance(estimator, ColumnTransformer):
        yield estimator
        return
    if isinstance(estimator, Pipeline):
        steps = [step for _, step in estimator.steps if not is_dropped(step, passed=True)]
        if steps:
            yield from _heads(steps[0])
        return
    inner = [part for part in inner_parts(estimator) if part.reads_input]
    if not inner:
        yield estimator
    for part in inner:
        yield from _heads(part.inner)


def _without_unpicked(estimator: Any, table: Any, dropped: list[str]) -> Any:
    """Leave out named columns that would be read though no first step names them."""
    picked = [column for _, column in selectors_of(estimator)]
    asked = {name for column in picked for name in names_of(column)}
    spare = [name for name in dropped if name not in asked]
    heads = [first for first in _heads(estimator) if isinstance(first, ColumnTransformer)]
    greedy = any(not is_dropped(first.remainder) for first in heads)
    blind = [column for column in picked if not callable(column) and not is_by_name(column)]
    if not spare or not (greedy or any(callable(column) for column in picked)):
        return table
    if blind:
        raise ValueError(
            f"The columns of the table must be picked by name where {spare[0]!r} is no feature. "
            f"Got {blind[0]!r} beside others that take what is left; write names, or leave "
            f"{spare[0]!r} out of the table and give its values."
        )
    return table.drop(columns=spare)


def named_columns(table: Any, named: Sequence[Any]) -> list[str]:
    """Name the columns that labels, groups or domains were taken from.

    Parameters
    ----------
    table : DataFrame
        The rows.
    named : sequence of object
        As the user gave them: names, a Series taken from the table, or values.

    Returns
    -------
    list of str
        Each once.
    """
    found = []
    for each in named:
        name = each if isinstance(each, str) else getattr(each, "name", None)
        if not isinstance(name, str) or name not in table.columns or name in found:
            continue
        if isinstance(each, str) or _same_values(table[name], each):
            found.append(name)
    return found


def _same_values(column: Any, values: Any) -> bool:
    mine, theirs = np.asarray(column, dtype=object), np.asarray(values, dtype=object)
    return mine.shape == theirs.shape and mine.tolist() == theirs.tolist()


def _begins_with_ours(estimator: Any) -> bool:
    heads = list(_heads(estimator))
    return bool(heads) and all(type(each).__module__.startswith("hybridsent.") for each in heads)


def _is_number(column: Any) -> bool:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    return bool(is_numeric_dtype(column) or is_bool_dtype(column))


def _listed(names: Sequence[Any]) -> str:
    shown = [repr(name) for name in names[:_SHOWN]]
    return ", ".join(shown + ["…"] * (len(names) > _SHOWN)) or "none"
