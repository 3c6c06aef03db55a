"""Look inside a pipeline: its encoders, and the same pipeline with one modality (layer L5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from hybridsent.encoders import BaseEncoder

__all__ = ["encoders_of", "select", "single_modalities", "with_store"]


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
        inner = (
            part.best_estimator_ if fitted and hasattr(part, "best_estimator_") else part.estimator
        )
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


def single_modalities(estimator: Any) -> dict[str, Any]:
    """Make a pipeline for each modality alone.

    Parameters
    ----------
    estimator : estimator
        A Pipeline whose first step is a ColumnTransformer with one transformer a modality, as
        `make_fusion` builds it.

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
        return {}
    found = {}
    for view, inner, _ in features.transformers:
        if isinstance(inner, str) and inner == "drop":
            continue
        alone = clone(estimator)
        chosen = alone.named_steps[first]
        chosen.transformers = [entry for entry in chosen.transformers if entry[0] == view]
        found[view] = alone
    return found


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
