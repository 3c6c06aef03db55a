"""What an estimator is built of, who reads which column, and where encoders stand (layer L2).

scikit-learn has no walk over nested estimators: ``get_params(deep=True)`` names all of them, but
neither who gets what, nor what stands in a grid or is frozen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import FeatureUnion, Pipeline

from hybridsent._held import everything
from hybridsent.encoders._base import BaseEncoder
from hybridsent.encoders._registry import get_backbone

__all__ = [
    "Part",
    "encoders_of",
    "every_encoder",
    "every_reader",
    "inner_parts",
    "is_by_name",
    "is_dropped",
    "modality_read",
    "names_of",
    "readers_of",
    "search_variants",
    "select",
]


_OF_LABELS = frozenset({"transformer", "final_estimator", "meta_estimator"})
"""Parameters whose estimators get labels, or what other parts give, and not the input."""


class Part(NamedTuple):
    """One estimator inside another one.

    Parameters
    ----------
    name : str or None
        Name of the step or view; None where it has none.
    inner : estimator
        The part.
    column : object, default=None
        What it gets of the input, as ColumnTransformer names it; None is all.
    reads_input : bool, default=True
        False for steps behind the first one, and for what gets the labels.
    """

    name: str | None
    inner: Any
    column: Any = None
    reads_input: bool = True


def is_dropped(part: Any, *, passed: bool = False) -> bool:
    """Tell whether a step is ``"drop"``.

    Parameters
    ----------
    part : object
        A step.
    passed : bool, default=False
        Whether None and ``"passthrough"``, which do nothing, count as well.

    Returns
    -------
    bool
        True where there is no estimator for it.
    """
    if passed and (part is None or (isinstance(part, str) and part == "passthrough")):
        return True
    return isinstance(part, str) and part == "drop"


def inner_parts(estimator: Any, *, fitted: bool = False) -> list[Part]:
    """Give the parts of an estimator, without those that do nothing.

    Parameters
    ----------
    estimator : estimator
        Any estimator.
    fitted : bool, default=False
        Whether to look at the fitted parts, where there are any, instead of the parameters.

    Returns
    -------
    list of Part
        Steps of a Pipeline in their order, transformers with their columns, and the estimators
        among the parameters of any other one; empty for one that is around none.
    """
    if isinstance(estimator, FrozenEstimator):  # what it holds is fitted in any case
        return [Part(None, estimator.estimator)]
    if _tunes(estimator):  # what it is given is frozen, what it becomes is not
        return [Part(None, estimator.encoder_)] if fitted and hasattr(estimator, "encoder_") else []
    if isinstance(estimator, Pipeline):
        steps = [each for each in estimator.steps if not is_dropped(each[1], passed=True)]
        return [Part(name, step, None, i == 0) for i, (name, step) in enumerate(steps)]
    if isinstance(estimator, ColumnTransformer):
        return _columns(estimator, fitted)
    if isinstance(estimator, FeatureUnion):
        named = estimator.transformer_list
        return [Part(name, part) for name, part in named if not is_dropped(part, passed=True)]
    if fitted and hasattr(estimator, "best_estimator_"):
        return [Part(None, estimator.best_estimator_)]
    return [
        Part(None, inner, None, name not in _OF_LABELS)
        for name, value in _parameters(estimator).items()
        for inner in _estimators(
            getattr(estimator, f"{name}_", value) if fitted else value,
        )
    ]


def _columns(estimator: ColumnTransformer, fitted: bool) -> list[Part]:
    if fitted and hasattr(estimator, "transformers_"):
        named = list(estimator.transformers_)
    else:
        named = [*estimator.transformers, ("remainder", estimator.remainder, _rest_of(estimator))]
    return [
        Part(name, part, column)
        for name, part, column in named
        if not is_dropped(part, passed=True)
    ]


def _rest_of(estimator: ColumnTransformer) -> Any:
    """Select what no other transformer of an unfitted ColumnTransformer gets."""

    def rest(X: Any) -> list[int]:
        import pandas as pd

        width = X.shape[1]
        at = pd.DataFrame([range(width)], columns=getattr(X, "columns", None))
        taken: set[int] = set()
        for _, _, column in estimator.transformers:
            chosen = column(X) if callable(column) else column
            words = isinstance(chosen, str) or any(isinstance(each, str) for each in _each(chosen))
            cells = at.loc[:, chosen] if words else at.iloc[:, chosen]
            taken.update(cells.to_numpy().ravel().tolist())
        return [i for i in range(width) if i not in taken]

    return rest


def _each(chosen: Any) -> list[Any]:
    if isinstance(chosen, slice):
        return [chosen.start, chosen.stop]
    return list(chosen) if hasattr(chosen, "__iter__") else [chosen]


def _parameters(estimator: Any) -> dict[str, Any]:
    if isinstance(estimator, type) or not hasattr(estimator, "get_params"):
        return {}
    found: dict[str, Any] = estimator.get_params(deep=False)
    return found


def _estimators(value: Any) -> Iterator[Any]:
    """Find the estimators of a parameter: one, or several, each with a name or without."""
    if isinstance(value, BaseEstimator) or (
        not isinstance(value, type) and hasattr(value, "get_params") and hasattr(value, "fit")
    ):
        yield value
    elif isinstance(value, (list, tuple)):
        for each in value:
            if isinstance(each, (list, tuple)) or hasattr(each, "get_params"):
                yield from _estimators(each)


def search_variants(estimator: Any) -> list[Any]:
    """Give what a search may make of the estimator that it is around.

    Parameters
    ----------
    estimator : estimator
        Any estimator.

    Returns
    -------
    list of estimator
        For a search, clones with each setting of its grid that holds an estimator or a parameter of
        one, the unchanged one first; empty for anything else. Of distributions only what is listed.
    """
    inner = getattr(estimator, "estimator", None)
    grid = getattr(estimator, "param_grid", None)
    if grid is not None:
        settings = list(ParameterGrid(grid))
    else:
        told = getattr(estimator, "param_distributions", None)
        dicts = [told] if isinstance(told, dict) else list(told or [])
        settings = [
            {name: value}
            for each in dicts
            for name, values in each.items()
            if isinstance(values, (list, tuple))
            for value in values
        ]
    if inner is None or (grid is None and not settings):
        return []
    return [
        clone(inner).set_params(**{k: clone(v, safe=False) for k, v in each.items()})
        for each in [{}, *settings]
    ]


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
    return table.loc[:, column] if is_by_name(column) else table.iloc[:, column]


def is_by_name(column: Any) -> bool:
    """Tell whether columns are picked by their names.

    Parameters
    ----------
    column : str, int, list of them, slice or mask
        What a ColumnTransformer may name as a column.

    Returns
    -------
    bool
        False for positions, and for nothing.
    """
    if isinstance(column, slice):
        return isinstance(column.start, str) or isinstance(column.stop, str)
    if isinstance(column, str):
        return True
    named = list(column) if isinstance(column, Sequence) or hasattr(column, "tolist") else []
    return bool(named) and all(isinstance(name, str) for name in named)


def names_of(column: Any) -> list[str]:
    """Give the names by which columns are picked.

    Parameters
    ----------
    column : str, int, list of them, slice, mask or callable
        What a ColumnTransformer may name as a column.

    Returns
    -------
    list of str
        Names; empty for what is picked by position or by a function.

    Examples
    --------
    >>> from hybridsent.encoders._nesting import names_of
    >>> names_of("text"), names_of(["a", "b"]), names_of(0), names_of(None)
    (['text'], ['a', 'b'], [], [])
    """
    if isinstance(column, str):
        return [column]
    if callable(column) or isinstance(column, slice) or not is_by_name(column):
        return []
    return list(column)


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
    >>> from hybridsent.encoders._nesting import encoders_of
    >>> cleaned = make_pipeline(FunctionTransformer(), TextEncoder())
    >>> [(name, column) for name, _, column in encoders_of(cleaned)]
    [('text', None)]
    """
    for view, part, column in readers_of(estimator, fitted=fitted):
        if isinstance(part, BaseEncoder):
            yield view, part, column


def readers_of(estimator: Any, *, fitted: bool = False) -> Iterator[tuple[str, Any, Any]]:
    """Find all that reads cells of a modality: encoders, and what learns from texts.

    Parameters
    ----------
    estimator : estimator
        As in `encoders_of`.
    fitted : bool, default=False
        As in `encoders_of`.

    Yields
    ------
    name : str
        As in `encoders_of`.
    reader : estimator
        An encoder, or any transformer whose attribute ``modality`` names what its cells are of.
    column : object
        As in `encoders_of`.

    Examples
    --------
    >>> from hybridsent import make_fusion
    >>> from hybridsent.encoders._nesting import readers_of
    >>> [(view, reader.modality) for view, reader, _ in readers_of(make_fusion(text="text/words"))]
    [('text', 'text')]
    """
    yield from _walk(estimator, None, None, fitted)


def modality_read(part: Any) -> str | None:
    """Name the modality of the cells that an estimator itself reads.

    Parameters
    ----------
    part : estimator
        Any estimator.

    Returns
    -------
    str or None
        Its attribute ``modality``, else that of its parameter ``backbone``; None for what reads no
        cells.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from hybridsent import TextEncoder
    >>> from hybridsent.encoders._nesting import modality_read
    >>> modality_read(TextEncoder()), modality_read(LogisticRegression())
    ('text', None)
    """
    told = getattr(part, "modality", None)
    if isinstance(told, str) or isinstance(part, type):
        return told if isinstance(told, str) else None
    backbone = getattr(part, "backbone", None)
    return get_backbone(backbone).modality if isinstance(backbone, str) else None


def _walk(part: Any, view: str | None, column: Any, fitted: bool) -> Iterator[tuple[str, Any, Any]]:
    modality = modality_read(part)
    if modality is not None:
        yield view or modality, part, column
    if isinstance(part, BaseEncoder):
        return
    inside = fitted or isinstance(part, FrozenEstimator)
    for name, inner, where, _ in inner_parts(part, fitted=inside):
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


def every_reader(estimator: Any) -> list[Any]:
    """Give all that has a store: encoders, and what tunes one inside of a fit.

    Parameters
    ----------
    estimator : estimator
        Any estimator, fitted or not.

    Returns
    -------
    list of estimator
        Each object once; of what tunes, not what it is given to tune.
    """
    tuning = [each for each in everything(estimator) if _tunes(each)]
    given = {id(each.backbone) for each in tuning}
    return [*tuning, *(each for each in every_encoder(estimator) if id(each) not in given)]


def _tunes(estimator: Any) -> bool:
    """Tell a `hybridsent.finetune.FineTunedEncoder`, known in this layer by what it offers."""
    return hasattr(type(estimator), "frozen_encoder")
