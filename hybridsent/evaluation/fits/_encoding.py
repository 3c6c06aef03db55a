"""Every cell encoded once, however many fits want it (layer L5).

scikit-learn's cross_validate encodes anew in every fold.
"""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from hybridsent._held import everything
from hybridsent._optional import import_optional
from hybridsent.encoders import BaseEncoder
from hybridsent.encoders._nesting import (
    encoders_of,
    every_reader,
    inner_parts,
    search_variants,
    select,
)
from hybridsent.exceptions import MissingDependencyError
from hybridsent.meta import MetaFeatures

__all__ = ["Encoded", "encode", "encoded_views", "stored", "take_store_out", "with_store"]


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
        The unfitted clone; what is frozen is copied with what it has learned.
    """
    copied = clone(estimator)
    if any(isinstance(each, FrozenEstimator) for each in everything(copied)):
        copied = copy.deepcopy(copied)  # clone gives frozen parts as they are: the user's own
    for encoder in every_reader(copied):
        if encoder.store is None:
            encoder.set_params(store=store)
    return copied


def take_store_out(estimator: Any, store: Any) -> None:
    """Put None where `with_store` put a store, in parameters and in fitted parts.

    Parameters
    ----------
    estimator : estimator
        A clone that `with_store` gave, or what was made of it.
    store : FeatureStore or path
        The store.
    """
    for encoder in every_reader(estimator):
        if encoder.store is store or (isinstance(store, str) and encoder.store == store):
            encoder.set_params(store=None)


@contextmanager
def stored(estimators: Sequence[Any]) -> Iterator[tuple[list[Any], str | None]]:
    """Give every encoder a store, if only for now: else every fold would encode anew.

    Parameters
    ----------
    estimators : sequence of estimator
        Any estimators.

    Yields
    ------
    ready : list of estimator
        The estimators themselves where all have a store, else clones.
    store : str or None
        The temporary one, where there is any.
    """
    _import_first(estimators)
    encoders = [encoder for each in estimators for encoder in every_reader(each)]
    if all(encoder.store is not None for encoder in encoders):
        yield list(estimators), None
        return
    # a file that is still open somewhere must not cost the result
    with tempfile.TemporaryDirectory(prefix="hybridsent-", ignore_cleanup_errors=True) as folder:
        yield [with_store(each, folder) for each in estimators], folder


def _import_first(estimators: Sequence[Any]) -> None:
    """Import what numbers and dates need before folds run in threads.

    skrub imports polars, and scikit-learn, in a thread beside it, asks a polars that is only half
    there for its classes.
    """
    if any(isinstance(part, MetaFeatures) for each in estimators for part in everything(each)):
        with suppress(MissingDependencyError):  # the fit tells it, of the model that needs it
            import_optional("skrub", caller="MetaFeatures", extra="meta")


def encode(
    estimator: Any, table: Any, y: Any = None, seen: set[str] | None = None
) -> tuple[int, int]:
    """Encode every cell, and count those that were encoded and those that were found.

    Parameters
    ----------
    estimator : estimator
        Any estimator; of a search, with each of its settings.
    table : DataFrame or array
        The rows.
    y : array of shape (n,), default=None
        Labels, for steps before an encoder that ask for some.
    seen : set of str, default=None
        Which encoders were given which cells, to be passed by again; added to.

    Returns
    -------
    encoded, found : int
        Distinct cells.
    """
    encoded = found = 0
    seen = set() if seen is None else seen
    for encoder, cells, key in _cells(estimator, table, y, ""):
        if key not in seen:
            seen.add(key)
            copied = clone(encoder)
            copied.transform(cells)
            encoded += copied.n_encoded_
            found += copied.n_from_store_
    return encoded, found


class Encoded(NamedTuple):
    """What an encoder makes of a column.

    Parameters
    ----------
    modality : str
        What the encoder reads.
    cells : list of n objects
        The cells.
    vectors : ndarray of shape (n, d)
        NaN for rows without a cell.
    name : str
        The column, or the modality where it has no name.
    """

    modality: str
    cells: list[Any]
    vectors: np.ndarray
    name: str


def encoded_views(estimator: Any, table: Any, y: Any = None) -> list[Encoded]:
    """Give what an estimator's encoders make of rows; what is stored is found.

    Parameters
    ----------
    estimator : estimator
        Any estimator.
    table : DataFrame or array of n rows
        What it reads.
    y : array of shape (n,), default=None
        Labels, for steps before an encoder that ask for some.

    Returns
    -------
    list of Encoded
        One an encoder and column.
    """
    found: dict[str, Encoded] = {}
    for encoder, cells, key in _cells(estimator, table, y, ""):
        if key not in found:
            vectors = np.asarray(clone(encoder).transform(cells), dtype=np.float32)
            one = cells.iloc[:, 0] if np.ndim(cells) == 2 and hasattr(cells, "iloc") else cells
            name = getattr(one, "name", None)
            held = one.tolist() if hasattr(one, "tolist") else list(one)
            known = name if isinstance(name, str) else encoder.modality
            found[key] = Encoded(encoder.modality, held, vectors, known)
    return list(found.values())


def _cells(part: Any, X: Any, y: Any, key: str) -> Iterator[tuple[BaseEncoder, Any, str]]:
    """Lead the rows through an estimator up to each encoder; the key says by which way."""
    if isinstance(part, BaseEncoder):
        yield part, X, f"{key}/{type(part).__name__}{part.get_params()}"
        return
    variants = search_variants(part)
    inner = inner_parts(part, fitted=isinstance(part, FrozenEstimator))
    if variants:
        for variant in variants:
            yield from _cells(variant, X, y, key)
    elif isinstance(part, Pipeline):
        yield from _cells_of_steps([each.inner for each in inner], X, y, key)
    else:
        for _, each, column, reads_input in inner:
            if reads_input and next(encoders_of(each), None) is not None:
                picked = isinstance(part, ColumnTransformer)
                taken = select(X, column) if picked else X
                yield from _cells(each, taken, y, f"{key}/{column!r}" if picked else key)


def _cells_of_steps(
    steps: list[Any], X: Any, y: Any, key: str
) -> Iterator[tuple[BaseEncoder, Any, str]]:
    holding = [i for i, each in enumerate(steps) if next(encoders_of(each), None)]
    for i, step in enumerate(steps[: max(holding, default=-1) + 1]):
        if i in holding:
            yield from _cells(step, X, y, key)
        if i < max(holding):
            own = step if isinstance(step, FrozenEstimator) else clone(step)
            X = (
                own.fit_transform(X, y)
                if hasattr(own, "fit_transform")
                else own.fit(X, y).transform(X)
            )
            key = f"{key}/{step.get_params() if hasattr(step, 'get_params') else step}"
