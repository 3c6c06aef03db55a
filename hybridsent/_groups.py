"""What a group is, and who gets told of groups (layer L0).

Rows of one group (a speaker, a video) belong together. Which rows these are is told to `fit`, or
stands in a column of the matrix. scikit-learn hands groups on by metadata routing, where that is
on, and otherwise by parameters of steps; who is fitted, and whether anything in it wants them, is
found out here once. A search of scikit-learn hands all its candidates the same parameters, though
not each of them takes groups; here each is asked by itself.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
from sklearn import config_context, get_config
from sklearn.base import BaseEstimator, clone
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import get_routing_for_object

from hybridsent._labels import one_column
from hybridsent._tags import capabilities_of
from hybridsent.views import GROUP, view_of

__all__ = [
    "count_groups",
    "fit_with_groups",
    "group_codes",
    "groups_for",
    "groups_of",
    "is_routed",
    "wants_groups",
]


def groups_of(estimator: Any, X: Any, groups: Any = None) -> np.ndarray | None:
    """Give the groups of rows that an estimator is fitted on: those told, else a column of X.

    Parameters
    ----------
    estimator : estimator
        Who is fitted; where X has no names it has remembered them.
    X : array or DataFrame of shape (n, p)
        Features; ``group__0`` holds codes of groups, NaN for a row whose group is not known, which
        is then a group of its own.
    groups : array of shape (n,) or None, default=None
        Groups as `fit` was given them.

    Returns
    -------
    ndarray of int of shape (n,) or None
        Codes; None where nothing tells groups.

    Raises
    ------
    ValueError
        If groups are given that are not one for each row, or missing ones.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent._groups import groups_of
    >>> X = pd.DataFrame({"text__0": [0.1, 0.2, 0.3], "group__0": [7.0, 7.0, None]})
    >>> groups_of(None, X), groups_of(None, X, ["a", "b", "a"])
    (array([0, 0, 1]), array([0, 1, 0]))
    """
    n = X.shape[0] if hasattr(X, "shape") else len(X)
    if groups is not None:
        return group_codes(groups, n)
    names = getattr(X, "columns", None)
    if names is None:
        names = getattr(estimator, "feature_names_in_", None)
    if names is None or len(names) != np.shape(X)[1]:
        return None
    found = [i for i, name in enumerate(names) if view_of(name) == GROUP]
    if not found:
        return None
    column = X.iloc[:, found[0]] if hasattr(X, "iloc") else X[:, found[0]]
    values = np.asarray(column, dtype=np.float64)
    unknown = np.isnan(values)
    codes = np.empty(n, dtype=int)
    codes[~unknown] = np.unique(values[~unknown], return_inverse=True)[1]
    codes[unknown] = codes[~unknown].max(initial=-1) + 1 + np.arange(unknown.sum())
    return codes


def group_codes(groups: Any, n: int) -> np.ndarray | None:
    """Codes of groups, in the order of their names where they have one."""
    if groups is None:
        return None
    import pandas as pd

    values = one_column(groups)
    if len(values) != n:
        raise ValueError(
            f"The groups must be one for each row. Got {len(values)} groups for {n} rows."
        )
    listed = values.tolist()
    missing = np.flatnonzero(pd.isna(values))
    if len(missing):
        raise ValueError(
            f"Every row must have a group. Got {listed[missing[0]]!r} in row {missing[0]}; drop "
            "such rows, or give each of them a name of its own."
        )
    try:
        return np.asarray(np.unique(values, return_inverse=True)[1])
    except TypeError:  # names of several types have no order: that of their first rows
        number = {value: i for i, value in enumerate(dict.fromkeys(listed))}
        return np.array([number[value] for value in listed])


def count_groups(codes: np.ndarray) -> int:
    """Count groups by their codes."""
    return len(np.unique(codes))


def groups_for(model: Any, groups: Any) -> dict[str, Any]:
    """Give groups as `fit` of a model takes them, to hand them to all that tunes itself inside.

    Parameters
    ----------
    model : estimator
        A pipeline, a search, or any other estimator.
    groups : array of shape (n,) or None
        Groups.

    Returns
    -------
    dict
        What to pass to `fit`: nothing where nobody asks; ``groups`` where scikit-learn's metadata
        routing is on; else parameters by the names of steps, such as ``classify__groups``. Some can
        be reached by routing alone: `fit_with_groups` sees to these, too.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from hybridsent._groups import groups_for
    >>> from hybridsent.heads import KernelClassifier
    >>> groups_for(make_pipeline(StandardScaler(), KernelClassifier()), ["a", "b"])
    {'kernelclassifier__groups': ['a', 'b']}
    """
    if groups is None:
        return {}
    if _is_routing():
        return {"groups": groups} if _consumes(model) else {}
    return dict.fromkeys(_reach(model)[0], groups)


def is_routed(model: Any, groups: Any) -> bool:
    """Tell whether groups reach a model by scikit-learn's metadata routing.

    Parameters
    ----------
    model : estimator
        Any estimator.
    groups : array of shape (n,) or None
        Groups.

    Returns
    -------
    bool
        False where there are none, routing is off, or nothing in the model asks for them.

    Examples
    --------
    >>> from sklearn import config_context
    >>> from hybridsent._groups import is_routed
    >>> from hybridsent.heads import KernelClassifier
    >>> is_routed(KernelClassifier(), ["a", "b"])
    False
    >>> with config_context(enable_metadata_routing=True):
    ...     is_routed(KernelClassifier(), ["a", "b"])
    True
    """
    return groups is not None and _is_routing() and _consumes(model)


def wants_groups(model: Any) -> bool:
    """Tell whether anything in a model keeps groups together when it is fitted.

    Parameters
    ----------
    model : estimator
        Any estimator.

    Returns
    -------
    bool
        True where `fit_with_groups` hands them to somebody.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from hybridsent._groups import wants_groups
    >>> from hybridsent.heads import KernelClassifier
    >>> wants_groups(KernelClassifier()), wants_groups(LogisticRegression())
    (True, False)
    """
    if bool(_reach(model)[0]) or _consumes(model):
        return True
    search = _search_in(model)
    return search is not None and any(map(wants_groups, _estimators_tried(search)))


def fit_with_groups(model: Any, X: Any, y: Any, groups: Any = None) -> Any:
    """Fit a model, and hand the groups to all in it that tunes itself.

    Where metadata are not routed, they are for this fit if no parameter of `fit` leads to whoever
    wants the groups: a search hands them to its folds alone. Of the candidates of a search each is
    asked by itself, so that one that takes no groups (a plain SVC) may stand beside those that do.

    Parameters
    ----------
    model : estimator
        Any estimator.
    X : DataFrame or array of n rows
        The rows.
    y : array of shape (n,)
        Labels.
    groups : array of shape (n,) or None, default=None
        Groups.

    Returns
    -------
    estimator
        The same one, fitted.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from hybridsent._groups import fit_with_groups
    >>> from hybridsent.heads import TunedLinearClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> search = GridSearchCV(TunedLinearClassifier(), {"cv": [2, 3]}, cv=2)
    >>> fit_with_groups(search, X, y, [i % 10 for i in range(150)]).n_splits_
    2
    """
    if groups is None:
        return model.fit(X, y)
    with _candidates_asked(model):
        return _fit_told(model, X, y, groups)


def _fit_told(model: Any, X: Any, y: Any, groups: Any) -> Any:
    if is_routed(model, groups):
        return model.fit(X, y, groups=groups)
    names, hidden = _reach(model)
    if hidden and _consumes(model):
        with config_context(enable_metadata_routing=True):
            return model.fit(X, y, groups=groups)
    # where metadata are routed, a parameter of one step could not be told by that step's name
    with config_context(enable_metadata_routing=_is_routing() and not names):
        return model.fit(X, y, **dict.fromkeys(names, groups))


def _is_routing() -> bool:
    return bool(get_config()["enable_metadata_routing"])


def _consumes(model: Any) -> bool:
    """Tell whether a model asks for groups by metadata routing, on or off."""
    with config_context(enable_metadata_routing=True):
        try:
            return bool(get_routing_for_object(model).consumes("fit", ["groups"]))
        except NotImplementedError:  # scikit-learn: this estimator routes nothing
            return False


def _reach(model: Any) -> tuple[list[str], bool]:
    """Name the parameters of `fit` that lead to whoever wants groups, without routing.

    Tells, too, whether somebody wants them to whom none leads.
    """
    if isinstance(model, Pipeline):
        found = [(name, *_reach(step)) for name, step in model.steps]
        names = [f"{name}__{inner}" for name, inners, _ in found for inner in inners]
        return names, any(hidden for _, _, hidden in found)
    if not hasattr(model, "fit"):
        return [], False
    if isinstance(model, _Candidate):
        return ["told"], False
    if isinstance(model, ColumnTransformer):  # no parameter leads behind its columns
        return [], any(any(_reach(part)) for _, part, _ in model.transformers)
    inner = getattr(model, "estimator", None)
    names, hidden = ([], False) if inner is None else _reach(inner)
    if hasattr(model, "cv") and hasattr(model, "refit"):  # a search, of whatever kind
        own = ["groups"] if _splits_by_groups(model.cv) else []
        return own + [name for name in names if name != "groups"], hidden or "groups" in names
    if "groups" in inspect.signature(model.fit).parameters:
        return ["groups"], False
    if capabilities_of(model).hands_on:
        return names, hidden
    return [], hidden or bool(names)


def _splits_by_groups(cv: Any) -> bool:
    """Tell whether a splitter asks for groups; others warn where they are given some."""
    if not hasattr(cv, "get_metadata_routing"):
        return False
    return bool(get_routing_for_object(cv).consumes("split", ["groups"]))


# -- searches, whose candidates differ in whether they take groups


class _Candidate(BaseEstimator):
    """A candidate of a search while it is fitted: it takes groups for whoever in it takes them.

    In all else it is the model: its parameters, its tags and its answers. ``told`` is what leads
    through a search where metadata are not routed, as that keeps ``groups`` for its folds.
    """

    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": True, "told": True}

    def __init__(self, model: Any) -> None:
        self.model = model

    def fit(self, X: Any, y: Any = None, groups: Any = None, told: Any = None) -> _Candidate:
        self.model = fit_with_groups(self.model, X, y, told if groups is None else groups)
        return self

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return dict(self.model.get_params(deep))

    def set_params(self, **params: Any) -> _Candidate:
        self.model.set_params(**params)
        return self

    def __sklearn_clone__(self) -> _Candidate:
        return _Candidate(clone(self.model))

    def __sklearn_tags__(self) -> Any:
        return get_tags(self.model)

    def __getattr__(self, name: str) -> Any:
        if name == "model" or name.startswith("__"):  # before it is unpickled, and for Python
            raise AttributeError(name)
        return getattr(self.model, name)


@contextmanager
def _candidates_asked(model: Any) -> Iterator[None]:
    """Let a search at the end of a model ask each of its candidates; it keeps no trace of it."""
    search = _search_in(model)
    if search is None or isinstance(search.estimator, _Candidate):
        yield
        return
    own = search.estimator
    search.estimator = _Candidate(own)
    try:
        yield
    finally:
        search.estimator = own
        best = getattr(search, "best_estimator_", None)
        if isinstance(best, _Candidate):
            search.best_estimator_ = best.model
        if search.scoring is None and hasattr(search, "scorer_"):  # it holds whom it scores
            from sklearn.metrics import check_scoring

            search.scorer_ = check_scoring(own)


def _search_in(model: Any) -> Any:
    """Find the search that is fitted in place as the last step of a model, if there is one."""
    while isinstance(model, Pipeline) and model.steps:
        model = model.steps[-1][1]
    return model if hasattr(model, "refit") and _grids(model) else None


def _grids(search: Any) -> list[Mapping[str, Any]]:
    for name in ("param_grid", "param_distributions", "search_spaces"):
        found = getattr(search, name, None)
        if found is not None:
            return [found] if isinstance(found, Mapping) else list(found)
    return []


def _estimators_tried(search: Any) -> Iterator[Any]:
    """Give the estimators that a search puts in the place of others."""
    for grid in _grids(search):
        for values in grid.values():
            listed = values if isinstance(values, (list, tuple, np.ndarray)) else ()
            yield from (each for each in listed if hasattr(each, "get_params"))
