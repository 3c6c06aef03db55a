"""What frozen encoders give, computed once for all fits on the same rows (layer L5).

``Pipeline(memory=...)`` would keep it under a hash of all rows, fold by fold. Encoders learn
nothing, so that one matrix of the whole table serves every fold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import Pipeline

from hybridsent._labels import take_rows
from hybridsent.encoders import BaseEncoder
from hybridsent.encoders._nesting import encoders_of

__all__ = ["Matrix", "behind", "behind_encoders", "encoded_once", "first_step", "frozen_encoders"]

Grid = Mapping[str, Any] | Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Matrix:
    """What frozen encoders gave for the whole table, and which columns are whose."""

    X: Any
    spans: Mapping[str, slice]
    encoded: int
    found: int


def behind_encoders(
    models: Mapping[str, tuple[Any, Any]], used: np.ndarray | None = None
) -> dict[str, tuple[Any, Any]]:
    """Apply frozen encoders at the head of models once, and give the models without them.

    Parameters
    ----------
    models : mapping of str to (estimator, DataFrame or array)
        Unfitted models, and the rows as each reads them.
    used : ndarray of int or None, default=None
        Positions of the rows that are learned from or judged; None is all.

    Returns
    -------
    dict of str to (estimator, DataFrame or array)
        The same, with what the encoders gave in the place of the rows; models that begin
        otherwise as they are. Models with equal encoders of the same rows share one matrix.
    """
    matrices: dict[tuple[int, str], Matrix] = {}
    found = {}
    for name, (model, X) in models.items():
        encoders = frozen_encoders(model, {})
        if encoders is None or not encoders.transformers:
            found[name] = model, X
            continue
        parts = [(v, type(e), e.get_params(), where) for v, e, where in encoders.transformers]
        key = id(X), repr(parts)
        if key not in matrices:
            matrices[key] = encoded_once(encoders, X, used)
        matrix = matrices[key]
        found[name] = behind(model, matrix.spans), matrix.X
    return found


def first_step(estimator: Any) -> Any:
    """Give the first step of a pipeline; None of all else."""
    return estimator.steps[0][1] if isinstance(estimator, Pipeline) and estimator.steps else None


def frozen_encoders(estimator: Any, grid: Grid) -> ColumnTransformer | None:
    """Take the encoders at the head of a pipeline; None where there are none or the grid has them.

    Encoders learn nothing, so what they give may be computed once for all folds.
    """
    features = first_step(estimator)
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


def encoded_once(encoders: ColumnTransformer, table: Any, used: np.ndarray | None = None) -> Matrix:
    """Compute what the encoders give of a table, and count what that cost.

    Of rows that are not used, no cell is encoded; in their places stand others, which nobody reads.
    """
    X = encoders.fit_transform(table if used is None else take_rows(table, used))
    if used is not None:
        places = np.searchsorted(used, np.arange(len(table)))
        X = take_rows(X, np.minimum(places, len(used) - 1))
    fitted = [encoder for _, encoder, _ in encoders_of(encoders, fitted=True)]
    return Matrix(
        X,
        encoders.output_indices_,
        sum(encoder.n_encoded_ for encoder in fitted),
        sum(encoder.n_from_store_ for encoder in fitted),
    )


def behind(estimator: Pipeline, spans: Mapping[str, slice]) -> Pipeline:
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
