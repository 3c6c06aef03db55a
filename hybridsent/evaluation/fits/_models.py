"""The same model in another form: one modality alone, other settings, not adapted (layer L5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sklearn.base import BaseEstimator, clone
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from hybridsent._tags import adapts, capabilities_of, inner_estimator
from hybridsent.encoders._nesting import inner_parts, is_dropped
from hybridsent.evaluation.rows._columns import feature_columns
from hybridsent.views import DOMAIN, GROUP, PASSTHROUGH, is_passthrough, modalities_of

__all__ = [
    "OTHERS",
    "domain_part",
    "single_modalities",
    "unadapted",
    "with_settings",
]

OTHERS = "other columns"
"""What columns without a view are called together."""


_MODELS = ("fusion", "tf-idf", "group alone", "dummy")
"""What the whole model and the baselines are called beside single modalities."""


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
        `make_fusion` builds it, or one that reads features; or what is around such a one, as its
        parameter `estimator`, such as `hybridsent.heads.ConformalSets`.
    table : DataFrame, default=None
        The rows, for a Pipeline that reads features: the names of the columns tell the modalities.
    with_marks : bool, default=True
        Whether the columns of domain and group stand beside each modality.
    with_others : bool, default=False
        Whether columns without a view, and those that a ColumnTransformer hands on as its
        remainder, are a modality of their own: ``"other columns"``.

    Returns
    -------
    dict of str to estimator
        Name of the modality and the unfitted pipeline, with the same around it; empty where the
        estimator is built in another way.

    Raises
    ------
    ValueError
        If a view has the name of another model of a result.
    """
    inner = _handed_to(estimator)
    if inner is not None:
        parts = single_modalities(inner, table, with_marks=with_marks, with_others=with_others)
        return {view: clone(estimator).set_params(estimator=each) for view, each in parts.items()}
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


def _handed_to(estimator: Any) -> Any:
    """Give the pipeline that an estimator hands all of its input to; None for what is no such.

    A search is none: its grid may name what one view alone lacks.
    """
    if isinstance(estimator, Pipeline) or hasattr(estimator, "refit"):
        return None
    parts = inner_parts(estimator)
    inner = getattr(estimator, "estimator", None)
    if len(parts) != 1 or parts[0].inner is not inner or isinstance(estimator, FrozenEstimator):
        return None
    return inner if isinstance(inner, Pipeline) or _handed_to(inner) is not None else None


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
    return _serving_one(alone)


def _serving_one(alone: Pipeline) -> Pipeline:
    """Put what serves one view, without a word, in the place of what needs several."""
    for name, part in alone.get_params().items():
        if hasattr(part, "for_one_view") and not isinstance(part, type):
            alone.set_params(**{name: part.for_one_view()})
    return alone


def _remainder_alone(estimator: Pipeline, with_marks: bool) -> Pipeline:
    alone = clone(estimator)
    features = alone.steps[0][1]
    features.transformers = [
        entry if with_marks and entry[0] in PASSTHROUGH else (entry[0], "drop", entry[2])
        for entry in features.transformers
    ]
    return _serving_one(alone)


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
        one = Pipeline([("view", picked), *clone(estimator).steps])
        found[view or OTHERS] = _serving_one(one)
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


_AROUND = ("estimator", "base_estimator", "source")
"""Parameters of estimators of `hybridsent.transfer` that hold an estimator which does not adapt."""


def unadapted(estimator: Any) -> Any:
    """Make an unfitted copy of an estimator without what adapts it to a target domain.

    A transformer of `hybridsent.transfer` in a pipeline becomes a `DropDomain`; an estimator of
    that package that is built around another one becomes that one, behind a `DropDomain`.
    Pipelines and estimators around these are looked through. What is not of that package stays.

    Parameters
    ----------
    estimator : estimator
        Any estimator with a part of `hybridsent.transfer`.

    Returns
    -------
    estimator
        The copy. It reads what the estimator reads, and works without a column of domains.

    Raises
    ------
    ValueError
        If nothing in it adapts, or an estimator that adapts is not built around another one.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from hybridsent.evaluation import unadapted
    >>> from hybridsent.few_label import LabeledOnly
    >>> from hybridsent.transfer import CORAL
    >>> unadapted(make_pipeline(CORAL(), LabeledOnly(LogisticRegression())))
    Pipeline(steps=[('coral', DropDomain()),
                    ('labeledonly', LabeledOnly(estimator=LogisticRegression()))])
    """
    if not adapts(estimator):
        raise ValueError(
            "The estimator must have a part of hybridsent.transfer for its unadapted form to be "
            f"derived. Got {estimator!r}; give that form yourself, as baseline=."
        )
    return _without(estimator)


def _without(estimator: Any) -> Any:
    if capabilities_of(estimator).adapts:
        return _replaced(estimator)
    if isinstance(estimator, Pipeline):
        steps: list[tuple[str, Any]] = []
        for name, step in estimator.steps:
            plain = _without(step)
            flat = capabilities_of(step).adapts and isinstance(plain, Pipeline)
            steps += [(f"{name}_drop", plain[0]), (name, plain[1])] if flat else [(name, plain)]
        return clone(estimator).set_params(steps=steps)
    inner = getattr(estimator, "estimator", None)
    if isinstance(inner, BaseEstimator) and adapts(inner):
        return _around(estimator, inner)
    return clone(estimator, safe=False)


def _replaced(part: Any) -> Any:
    """Put what does not adapt in the place of a part that does."""
    from hybridsent.transfer import DropDomain  # the estimator has loaded it

    if not hasattr(part, "predict") and hasattr(part, "transform"):
        drop = DropDomain(GROUP if getattr(part, "by", DOMAIN) == GROUP else DOMAIN)
        told = getattr(part, "_sklearn_output_config", {}).get("transform")
        return drop if told is None else drop.set_output(transform=told)
    inner = next(
        (getattr(part, name) for name in _AROUND if hasattr(getattr(part, name, None), "fit")), None
    )
    if inner is None:
        raise ValueError(
            f"{type(part).__name__} must be built around an estimator for its unadapted form to be "
            f"derived. Got {part!r}; give that form yourself, as baseline=."
        )
    if isinstance(inner, FrozenEstimator):  # the baseline learns from other rows, too
        inner = inner.estimator
    return Pipeline([("drop", DropDomain()), ("estimate", clone(inner))])


def _around(estimator: Any, inner: Any) -> Any:
    grids = [name for name in ("param_grid", "param_distributions") if hasattr(estimator, name)]
    if grids:
        raise ValueError(
            f"The settings of {type(estimator).__name__} may be those of what adapts, so its "
            f"unadapted form cannot be derived. Got {grids[0]}={getattr(estimator, grids[0])!r}; "
            "give that form yourself, as baseline=."
        )
    return clone(estimator).set_params(estimator=_without(inner))
