"""What an estimator is built of, and in which order data pass through it (layer L5).

scikit-learn has no walk over nested estimators: ``get_params(deep=True)`` names all of them, but
neither who gets what, nor what stands in a grid or is frozen.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sklearn.base import BaseEstimator, clone
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import ParameterGrid
from sklearn.pipeline import FeatureUnion, Pipeline

__all__ = ["Part", "inner_parts", "is_dropped", "search_variants"]

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
