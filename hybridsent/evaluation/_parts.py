"""Look inside a pipeline: its encoders, and the same pipeline with one modality (layer L5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from hybridsent._views import DOMAIN, feature_pattern, spans
from hybridsent.encoders import BaseEncoder

__all__ = [
    "domain_part",
    "encoders_of",
    "feature_columns",
    "inner_estimator",
    "picks_columns",
    "readable",
    "select",
    "single_modalities",
    "with_settings",
    "with_store",
]

_FEATURE = re.compile(feature_pattern())
_INNER = ("best_estimator_", "estimator_", "estimator")


def encoders_of(estimator: Any, *, fitted: bool = False) -> Iterator[tuple[str, BaseEncoder, Any]]:
    """Find the encoders of an estimator and the columns they read.

    Parameters
    ----------
    estimator : estimator
        A Pipeline, ColumnTransformer, encoder or any nesting of them; a search is looked through.
    fitted : bool, default=False
        Whether to look at the fitted parts (``transformers_``, ``best_estimator_``) instead of the
        parameters.

    Yields
    ------
    name : str
        Name of the view, or of the modality where an encoder reads the whole input.
    encoder : BaseEncoder
        The encoder, as it is in the estimator.
    column : object
        Column of the table; None where the encoder reads the whole input.
    """
    yield from _walk(estimator, None, None, fitted)


def _walk(
    part: Any, name: str | None, column: Any, fitted: bool
) -> Iterator[tuple[str, BaseEncoder, Any]]:
    if isinstance(part, BaseEncoder):
        yield name or part.modality, part, column
    elif isinstance(part, Pipeline):
        if part.steps:
            yield from _walk(part.steps[0][1], name, column, fitted)
    elif isinstance(part, ColumnTransformer):
        for view, inner, where in part.transformers_ if fitted else part.transformers:
            yield from _walk(inner, view, where, fitted)
    elif hasattr(part, "estimator"):
        names = ("best_estimator_", "estimator_") if fitted else ()
        inner = next((getattr(part, n) for n in names if hasattr(part, n)), part.estimator)
        yield from _walk(inner, name, column, fitted)


def select(table: Any, column: Any) -> Any:
    """Take a column as ColumnTransformer does.

    Parameters
    ----------
    table : DataFrame or array
        The rows.
    column : str, int, list of them, slice, mask or callable
        What a ColumnTransformer may name as a column.

    Returns
    -------
    Series, DataFrame or array
        The column; two-dimensional where a list was given.
    """
    if callable(column):
        column = column(table)
    if not hasattr(table, "iloc"):
        return np.asarray(table, dtype=object)[:, column]
    by_name = isinstance(column, str) or (
        isinstance(column, list) and bool(column) and isinstance(column[0], str)
    )
    return table[column] if by_name else table.iloc[:, column]


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
    """Leave out the columns that an estimator without encoders would read by mistake.

    Parameters
    ----------
    estimator : estimator
        Whoever reads the table.
    table : DataFrame or array
        The rows.
    named : sequence of object
        Labels and groups, as the user gave them: strings are columns.

    Returns
    -------
    DataFrame or array
        The table as it is where a ColumnTransformer picks the columns; else its features, or, where
        no column is named like one, all columns but the named ones.
    """
    if not hasattr(table, "columns") or picks_columns(estimator):
        return table
    dropped = [name for name in named if isinstance(name, str)]
    rest = table.drop(columns=dropped) if dropped else table
    features = feature_columns(rest)
    return rest[features] if 0 < len(features) < rest.shape[1] else rest


def picks_columns(estimator: Any) -> bool:
    """Tell whether an estimator begins with a ColumnTransformer, which reads a whole table."""
    if isinstance(estimator, Pipeline):
        return bool(estimator.steps) and picks_columns(estimator.steps[0][1])
    return isinstance(estimator, ColumnTransformer) or (
        hasattr(estimator, "estimator") and picks_columns(estimator.estimator)
    )


def inner_estimator(estimator: Any) -> Any:
    """Give what an estimator is around, fitted first.

    Parameters
    ----------
    estimator : estimator
        A search or another estimator around one.

    Returns
    -------
    object
        The inner one; None where there is none.
    """
    return next((getattr(estimator, name) for name in _INNER if hasattr(estimator, name)), None)


def domain_part(estimator: Any) -> tuple[Any, Any] | None:
    """Find what reads the domain of a row, as `make_features` builds it.

    Parameters
    ----------
    estimator : estimator
        Any estimator, fitted or not; of a fitted one the fitted parts are looked at.

    Returns
    -------
    (transformer, column) or None
        The transformer of the view ``domain`` and the column of the table that it gets; None where
        the estimator does not begin with a ColumnTransformer, or that has no such view.
    """
    first = estimator
    while not isinstance(first, ColumnTransformer):
        if isinstance(first, Pipeline):
            first = first.steps[0][1] if first.steps else None
        else:
            first = inner_estimator(first)
        if first is None:
            return None
    for view, part, where in getattr(first, "transformers_", first.transformers):
        if view == DOMAIN and part != "drop":
            return part, where
    return None


def single_modalities(estimator: Any, table: Any = None) -> dict[str, Any]:
    """Make a pipeline for each modality alone.

    Parameters
    ----------
    estimator : estimator
        A Pipeline whose first step is a ColumnTransformer with one transformer a modality, as
        `make_fusion` builds it, or one that reads features.
    table : DataFrame, default=None
        The rows, for a Pipeline that reads features: the names of the columns tell the modalities.

    Returns
    -------
    dict of str to Pipeline
        Name of the modality and the unfitted pipeline; empty where the estimator is built in
        another way.
    """
    if not isinstance(estimator, Pipeline) or not estimator.steps:
        return {}
    first, features = estimator.steps[0]
    if not isinstance(features, ColumnTransformer):
        return _single_views(estimator, feature_columns(table))
    found = {}
    for view, inner, _ in features.transformers:
        if isinstance(inner, str) and inner == "drop":
            continue
        alone = clone(estimator)
        chosen = alone.named_steps[first]
        chosen.transformers = [entry for entry in chosen.transformers if entry[0] == view]
        found[view] = alone
    return found


def _single_views(estimator: Pipeline, columns: list[str]) -> dict[str, Any]:
    found = {}
    for view, positions in spans(columns).items():
        chosen = [columns[i] for i in positions]
        picked = ColumnTransformer(
            [(view, "passthrough", chosen)], verbose_feature_names_out=False
        ).set_output(transform="pandas")
        found[view] = Pipeline([("view", picked), *clone(estimator).steps])
    return found


def with_settings(estimator: Any, settings: Mapping[str, Any]) -> Any:
    """Clone an estimator and set its parameters; estimators among the values are cloned, too.

    Parameters
    ----------
    estimator : estimator
        Any estimator.
    settings : mapping of str to object
        Values by parameter.

    Returns
    -------
    estimator
        The unfitted clone.
    """
    return clone(estimator).set_params(**{k: clone(v, safe=False) for k, v in settings.items()})


def with_store(estimator: Any, store: Any) -> Any:
    """Clone an estimator and give a store to those of its encoders that have none.

    Parameters
    ----------
    estimator : estimator
        Any estimator.
    store : FeatureStore or path
        The store.

    Returns
    -------
    estimator
        The unfitted clone.
    """
    copied = clone(estimator)
    for _, encoder, _ in encoders_of(copied):
        if encoder.store is None:
            encoder.set_params(store=store)
    return copied
