"""The encoders of an estimator, wherever they stand, and every cell encoded once (layer L5)."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from hybridsent._held import everything
from hybridsent._optional import import_optional
from hybridsent.encoders import BaseEncoder
from hybridsent.encoders._licences import licence_of
from hybridsent.evaluation._columns import select
from hybridsent.evaluation._nesting import inner_parts, search_variants
from hybridsent.exceptions import MissingDependencyError
from hybridsent.meta import MetaFeatures

__all__ = [
    "encode",
    "encoders_of",
    "every_encoder",
    "licence_notes",
    "stored",
    "take_store_out",
    "with_store",
]


def encoders_of(estimator: Any, *, fitted: bool = False) -> Iterator[tuple[str, BaseEncoder, Any]]:
    """Find the encoders of an estimator and the columns they read.

    Parameters
    ----------
    estimator : estimator
        An encoder or any nesting of estimators around some: Pipeline, ColumnTransformer,
        FeatureUnion, a search, and whatever holds estimators among its parameters. What steps
        before an encoder do to its cells does not matter.
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

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from hybridsent import TextEncoder
    >>> from hybridsent.evaluation import encoders_of
    >>> cleaned = make_pipeline(FunctionTransformer(), TextEncoder())
    >>> [(name, column) for name, _, column in encoders_of(cleaned)]
    [('text', None)]
    """
    yield from _walk(estimator, None, None, fitted)


def _walk(
    part: Any, view: str | None, column: Any, fitted: bool
) -> Iterator[tuple[str, BaseEncoder, Any]]:
    if isinstance(part, BaseEncoder):
        yield view or part.modality, part, column
        return
    for name, inner, where, _ in inner_parts(part, fitted=fitted or _is_frozen(part)):
        inside = fitted or _is_frozen(part)
        if isinstance(part, ColumnTransformer):
            yield from _walk(inner, name, _innermost(where, column), inside)
        else:
            yield from _walk(inner, view, column, inside)


def _innermost(where: Any, column: Any) -> Any:
    """Name what a part of a part of the table gets: by its own name, else by that of the part."""
    by_name = isinstance(where, str) or (
        isinstance(where, list) and all(isinstance(each, str) for each in where)
    )
    return where if column is None or by_name else column


def _is_frozen(part: Any) -> bool:
    return isinstance(part, FrozenEstimator)


def every_encoder(estimator: Any) -> list[BaseEncoder]:
    """Give all encoders that an estimator holds: parameters, fitted parts, grids and lists.

    Parameters
    ----------
    estimator : estimator
        Any estimator, fitted or not.

    Returns
    -------
    list of BaseEncoder
        Each object once.
    """
    return [each for each in everything(estimator) if isinstance(each, BaseEncoder)]


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
    if any(_is_frozen(each) for each in everything(copied)):
        copied = copy.deepcopy(copied)  # clone gives frozen parts as they are: the user's own
    for encoder in every_encoder(copied):
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
    for encoder in every_encoder(estimator):
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
    encoders = [encoder for each in estimators for encoder in every_encoder(each)]
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


def _cells(part: Any, X: Any, y: Any, key: str) -> Iterator[tuple[BaseEncoder, Any, str]]:
    """Lead the rows through an estimator up to each encoder; the key says by which way."""
    if isinstance(part, BaseEncoder):
        yield part, X, f"{key}/{type(part).__name__}{part.get_params()}"
        return
    variants = search_variants(part)
    inner = inner_parts(part, fitted=_is_frozen(part))
    if variants:
        for variant in variants:
            yield from _cells(variant, X, y, key)
    elif isinstance(part, Pipeline):
        yield from _cells_of_steps([each.inner for each in inner], X, y, key)
    else:
        for _, each, column, reads_input in inner:
            if reads_input and next(_walk(each, None, None, False), None) is not None:
                picked = isinstance(part, ColumnTransformer)
                taken = select(X, column) if picked else X
                yield from _cells(each, taken, y, f"{key}/{column!r}" if picked else key)


def _cells_of_steps(
    steps: list[Any], X: Any, y: Any, key: str
) -> Iterator[tuple[BaseEncoder, Any, str]]:
    holding = [i for i, each in enumerate(steps) if next(_walk(each, None, None, False), None)]
    for i, step in enumerate(steps[: max(holding, default=-1) + 1]):
        if i in holding:
            yield from _cells(step, X, y, key)
        if i < max(holding):
            own = step if _is_frozen(step) else clone(step)
            X = (
                own.fit_transform(X, y)
                if hasattr(own, "fit_transform")
                else own.fit(X, y).transform(X)
            )
            key = f"{key}/{step.get_params() if hasattr(step, 'get_params') else step}"


def licence_notes(estimators: Sequence[Any]) -> list[str]:
    """Say which backbones may not be used commercially.

    Parameters
    ----------
    estimators : sequence of estimator
        Any estimators.

    Returns
    -------
    list of str
        A sentence a backbone.
    """
    found = [encoder.backbone() for each in estimators for encoder in every_encoder(each)]
    restricted = sorted({one.name for one in found if licence_of(one).commercial_use is False})
    return [
        f"{name} may not be used commercially without a licence of its makers."
        for name in restricted
    ]
