"""How far source and target are apart in what a fitted model's last step gets (layer L5)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from hybridsent._numerics.discrepancy import maximum_mean_discrepancy
from hybridsent._tags import adapting_parts
from hybridsent.evaluation.transfer._a_distance import proxy_a_distance
from hybridsent.evaluation.transfer._pairs import Pair, Table
from hybridsent.evaluation.transfer._result import Shift
from hybridsent.views import DOMAIN, is_passthrough, view_of

__all__ = ["shift_of"]
_SHIFT_ROWS = 2000  # of each domain: more change the third digit


def shift_of(
    fitted: Any,
    table: Table,
    pair: Pair,
    sizes: set[int],
    learned: tuple[Any, np.ndarray],
    groups: np.ndarray | None,
) -> Shift:
    """Measure the features that the last step gets, weighted as it weighs them."""
    unknown = Shift(float("nan"), float("nan"))
    n_source, n_target = len(pair.of_source), len(pair.of_target)
    last = fitted.steps[-1][1] if isinstance(fitted, Pipeline) else fitted
    weights = None
    part = next(adapting_parts(last), None)
    if part is not None:
        weights = np.asarray(getattr(part, "sample_weight_", ()), dtype=np.float64)
        if len(weights) not in sizes:  # a model that adapts inside
            return unknown
        weights = weights[:n_source]  # in fit, the rows of the source came first
        if (weights > 0).sum() < 2:
            return unknown
    parts = _last_inputs(fitted, table, pair, learned)
    if min(n_source, n_target) < 2 or not all(_is_finite(values) for values in parts):
        return unknown
    source, target = (np.asarray(values, dtype=np.float64) for values in parts)
    options: dict[str, Any] = {"source_weight": weights, "max_rows": _SHIFT_ROWS}
    if groups is not None:
        told = groups[pair.of_source], groups[pair.of_target]
        if min(len(np.unique(each)) for each in told) > 1:  # one group is told by its rows alone
            options["groups"] = told
    return Shift(
        maximum_mean_discrepancy(source, target, **options),
        proxy_a_distance(source, target, **options),
    )


def _last_inputs(
    fitted: Any, table: Table, pair: Pair, learned: tuple[Any, np.ndarray]
) -> tuple[Any, Any]:
    """Give what the last step gets: of the source in fit, of the target when it answers."""
    n_source, n_target = len(pair.of_source), len(pair.of_target)
    rows = np.concatenate([pair.of_source, pair.of_target])
    X = table.rows(rows, np.repeat([0, 1], [n_source, n_target]))
    if isinstance(fitted, Pipeline) and len(fitted) > 1:
        before = fitted[:-1]
        if _adapts_by_label(before):
            # its transform takes every row for one of the target: only fit_transform, which sees
            # the labels, adapts the source
            before = clone(before)
            source = before.fit_transform(*learned)
            target = before.transform(_cut(X, slice(n_source, None)))
            return _features(_cut(source, slice(n_source))), _features(target)
        X = before.transform(X)
    X = _features(X)
    return _cut(X, slice(n_source)), _cut(X, slice(n_source, None))


def _adapts_by_label(steps: Any) -> bool:
    """Tell whether a part that adapts got no column of domains, and took labels of -1 for it."""
    parts = [p for p in adapting_parts(steps) if getattr(p, "by", DOMAIN) == DOMAIN]
    return any(DOMAIN not in map(view_of, getattr(part, "feature_names_in_", ())) for part in parts)


def _features(X: Any) -> Any:
    """Leave out the columns that are only handed on."""
    if not hasattr(X, "columns"):
        return X
    return X[[name for name in X.columns if not is_passthrough(name)]]


def _cut(X: Any, rows: slice) -> Any:
    if issparse(X):
        return X.tocsr()[rows]
    return X.iloc[rows] if hasattr(X, "iloc") else np.asarray(X)[rows]


def _is_finite(X: Any) -> bool:
    kinds = [kind.kind for kind in X.dtypes] if hasattr(X, "dtypes") else [np.asarray(X).dtype.kind]
    return set(kinds) <= set("iufb") and bool(np.isfinite(np.asarray(X, dtype=np.float64)).all())
