"""Candidates of a search, with every cell encoded before the first fold (layer L5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import Pipeline

from hybridsent.encoders import BaseEncoder
from hybridsent.evaluation._judging import encode
from hybridsent.evaluation._parts import encoders_of, readable, with_settings

__all__ = ["Entry", "Grid", "prepare_entries"]

Grid = Mapping[str, Any] | Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Entry:
    """A candidate, ready to be searched on X.

    X is the matrix of its frozen encoders; or the table, whose columns its first step picks
    (`encodes`), or which holds features already.
    """

    name: str
    estimator: Any
    grid: Grid
    X: Any
    encoded: int
    found: int
    encodes: bool = False


@dataclass(frozen=True)
class _Matrix:
    """What frozen encoders gave for the whole table, and which columns are whose."""

    X: Any
    spans: Mapping[str, slice]
    encoded: int
    found: int


def prepare_entries(
    pairs: Mapping[str, tuple[Any, Grid]],
    ready: list[Any],
    table: Any,
    y: Any,
    named: list[Any],
    *,
    as_tables: bool = False,
) -> list[Entry]:
    """Encode every cell, and apply frozen encoders once for all candidates that share them.

    The user's own scorer wants to see tables, and the whole models that read them.
    """
    matrices: dict[str, _Matrix] = {}
    entries = []
    for (name, (_, grid)), estimator in zip(pairs.items(), ready, strict=True):
        encoders = None if as_tables else frozen_encoders(estimator, grid)
        if encoders is None:
            X = readable(estimator, table, named)
            encodes = isinstance(_first(estimator), ColumnTransformer)
            counts = _encode_all(estimator, grid, table, y)
            entries.append(Entry(name, estimator, grid, X, *counts, encodes=encodes))
            continue
        key = repr([(v, type(e), e.get_params(), where) for v, e, where in encoders.transformers])
        matrix = matrices.get(key) or _encoded(encoders, table)
        behind = _behind(estimator, matrix.spans)
        entries.append(Entry(name, behind, grid, matrix.X, matrix.encoded, matrix.found))
        matrices[key] = replace(matrix, encoded=0, found=matrix.encoded + matrix.found)
    return entries


def _first(estimator: Any) -> Any:
    return estimator.steps[0][1] if isinstance(estimator, Pipeline) and estimator.steps else None


def frozen_encoders(estimator: Any, grid: Grid) -> ColumnTransformer | None:
    """Take the encoders at the head of a pipeline; None where there are none or the grid has them.

    Encoders learn nothing, so what they give may be computed once for all folds.
    """
    features = _first(estimator)
    if not isinstance(features, ColumnTransformer) or features.remainder != "drop":
        return None
    heads = [(view, _head(part), where) for view, part, where in features.transformers]
    if not all(isinstance(head, BaseEncoder) for _, head, _ in heads):
        return None
    names = {name for settings in ParameterGrid(grid) for name in settings}
    if any(_reaches_encoders(name.split("__"), estimator.steps[0][0], features) for name in names):
        return None
    encoders = clone(features)
    encoders.transformers = heads
    return encoders


def _head(part: Any) -> Any:
    return part.steps[0][1] if isinstance(part, Pipeline) and part.steps else part


def _reaches_encoders(name: list[str], first: str, features: ColumnTransformer) -> bool:
    """Whether a parameter, its name cut in parts, may change what an encoder gives."""
    if name[0] != first:
        return name[0] == "steps"
    parts = {view: part for view, part, _ in features.transformers}
    part = parts.get(name[1]) if len(name) > 2 else None
    return not isinstance(part, Pipeline) or name[2] in ("steps", part.steps[0][0])


def _encoded(encoders: ColumnTransformer, table: Any) -> _Matrix:
    X = encoders.fit_transform(table)
    fitted = [encoder for _, encoder, _ in encoders_of(encoders, fitted=True)]
    return _Matrix(
        X,
        encoders.output_indices_,
        sum(encoder.n_encoded_ for encoder in fitted),
        sum(encoder.n_from_store_ for encoder in fitted),
    )


def _behind(estimator: Pipeline, spans: Mapping[str, slice]) -> Pipeline:
    """Give the pipeline without its encoders, to be fitted on what they gave."""
    behind = clone(estimator)
    features = behind.steps[0][1]
    rest = [(view, _rest(part), spans[view]) for view, part, _ in features.transformers]
    if all(isinstance(part, str) for _, part, _ in rest) and len(behind.steps) > 1:
        return Pipeline(behind.steps[1:], memory=behind.memory)
    features.transformers = rest
    return behind


def _rest(part: Any) -> Any:
    """Give the steps of one modality behind its encoder: a reduction, a selection."""
    if isinstance(part, Pipeline) and len(part.steps) > 1:
        return Pipeline(part.steps[1:], memory=part.memory)
    return "passthrough"


def _encode_all(estimator: Any, grid: Grid, table: Any, y: Any) -> tuple[int, int]:
    """Encode with every encoder that the grid can put in, so that the folds find every row."""
    counts = [0, 0]
    seen: set[str] = set()
    for settings in ParameterGrid(grid):
        counts = [
            so_far + more
            for so_far, more in zip(
                counts, encode(with_settings(estimator, settings), table, y, seen), strict=True
            )
        ]
    return counts[0], counts[1]
