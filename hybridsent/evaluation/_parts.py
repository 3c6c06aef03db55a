"""The same pipeline with one modality, other settings, or seen from inside (layer L5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from hybridsent.evaluation._columns import feature_columns, picks_columns, readable, select
from hybridsent.evaluation._encoders import encoders_of, with_store
from hybridsent.evaluation._nesting import is_dropped
from hybridsent.views import DOMAIN, PASSTHROUGH, is_passthrough, modalities_of

__all__ = [
    "OTHERS",
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

OTHERS = "other columns"
"""What columns without a view are called together."""

_MODELS = ("fusion", "dummy")
"""What the whole model and the one that looks at nothing are called beside single modalities."""

_INNER = ("best_estimator_", "estimator_", "estimator")


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


def single_modalities(
    estimator: Any, table: Any = None, *, with_marks: bool = True, with_others: bool = False
) -> dict[str, Any]:
    """Make a pipeline for each modality alone.

    Domain and group are no modalities; each modality gets them beside it, for a step that adapts.

    Parameters
    ----------
    estimator : estimator
        A Pipeline whose first step is a ColumnTransformer with one transformer a modality, as
        `make_fusion` builds it, or one that reads features.
    table : DataFrame, default=None
        The rows, for a Pipeline that reads features: the names of the columns tell the modalities.
    with_marks : bool, default=True
        Whether the columns of domain and group stand beside each modality.
    with_others : bool, default=False
        Whether columns without a view, and those that a ColumnTransformer hands on as its
        remainder, are a modality of their own: ``"other columns"``.

    Returns
    -------
    dict of str to Pipeline
        Name of the modality and the unfitted pipeline; empty where the estimator is built in
        another way.

    Raises
    ------
    ValueError
        If a view has the name of another model of a result.
    """
    if not isinstance(estimator, Pipeline) or not estimator.steps:
        return {}
    if not isinstance(estimator.steps[0][1], ColumnTransformer):
        return _single_views(estimator, table, with_marks, with_others)
    features = estimator.steps[0][1]
    views = [
        view
        for view, part, _ in features.transformers
        if view not in PASSTHROUGH and not is_dropped(part)
    ]
    _check_names(views)
    found = {view: _alone(estimator, view, with_marks) for view in views}
    if with_others and not is_dropped(features.remainder):
        found[OTHERS] = _remainder_alone(estimator, with_marks)
    return found


def _check_names(views: Iterable[str]) -> None:
    """Refuse views that would stand in a result by the name of another model."""
    taken = [view for view in views if view in (*_MODELS, OTHERS)]
    if taken:
        raise ValueError(
            f"A view that is judged alone must not be named {taken[0]!r}, which is the name of "
            f"another line of the result. Name it otherwise, for example {f'my_{taken[0]}'!r}."
        )


def _alone(estimator: Pipeline, view: str, with_marks: bool) -> Pipeline:
    """Leave one view of a first step, and what marks the rows."""
    alone = clone(estimator)
    features = alone.steps[0][1]
    features.transformers = [
        entry
        for entry in features.transformers
        if entry[0] == view or (with_marks and entry[0] in PASSTHROUGH)
    ]
    features.remainder = "drop"
    return alone


def _remainder_alone(estimator: Pipeline, with_marks: bool) -> Pipeline:
    alone = clone(estimator)
    features = alone.steps[0][1]
    features.transformers = [
        entry if with_marks and entry[0] in PASSTHROUGH else (entry[0], "drop", entry[2])
        for entry in features.transformers
    ]
    return alone


def _single_views(
    estimator: Pipeline, table: Any, with_marks: bool, with_others: bool
) -> dict[str, Any]:
    columns = list(getattr(table, "columns", ()))
    if not feature_columns(table):
        return {}
    marks = [name for name in columns if with_marks and is_passthrough(name)]
    found = {}
    _check_names(modalities_of(columns))
    for view, positions in modalities_of(columns).items():
        if not view and not with_others:
            continue
        chosen = [columns[i] for i in positions]
        picked = ColumnTransformer(
            [(view or OTHERS, "passthrough", [*chosen, *marks])], verbose_feature_names_out=False
        ).set_output(transform="pandas")
        found[view or OTHERS] = Pipeline([("view", picked), *clone(estimator).steps])
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
