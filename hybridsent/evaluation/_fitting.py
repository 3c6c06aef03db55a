"""One fit of one model, with the groups handed to whoever wants them (layer L5)."""

from __future__ import annotations

import copy
import inspect
from typing import Any

import numpy as np
from sklearn import config_context, get_config
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import get_routing_for_object

from hybridsent._held import everything
from hybridsent.evaluation._columns import picks_columns

__all__ = ["fit_model", "fresh", "groups_for", "is_routed"]


def fresh(model: Any) -> Any:
    """Clone a model so that another thread may fit the same one.

    Parameters
    ----------
    model : estimator
        Any estimator.

    Returns
    -------
    estimator
        The clone. What a FrozenEstimator holds is shared, but the FrozenEstimator itself, which
        clone would share, too, is not: scikit-learn notes in it who fits.
    """
    own = clone(model)
    frozen = [each for each in everything(own) if isinstance(each, FrozenEstimator)]
    if not frozen:
        return own
    return copy.deepcopy(own, {id(each.estimator): each.estimator for each in frozen})


def fit_model(model: Any, X: Any, y: Any, groups: np.ndarray | None = None) -> Any:
    """Fit a model that belongs to nobody else.

    Parameters
    ----------
    model : estimator
        As `fresh` gives it.
    X : DataFrame or array of n rows
        The rows.
    y : array of shape (n,)
        Labels.
    groups : array of shape (n,) or None, default=None
        Groups, for a last step whose own folds keep them together.

    Returns
    -------
    estimator
        The same one, fitted.

    Raises
    ------
    ValueError
        As `fit` raises it; where texts stand in the way, their columns are named.
    """
    try:
        if is_routed(model, groups):
            return model.fit(X, y, groups=groups)
        options = _named_groups(model, groups)
        # where metadata are routed, a parameter of one step could not be told by that step's name
        with config_context(enable_metadata_routing=_is_routing() and not options):
            return model.fit(X, y, **options)
    except ValueError as error:
        texts = _columns_of_text(model, X)
        if "could not convert" not in str(error) or not texts:
            raise
        raise ValueError(
            f"The model reads all columns of the table, which has columns without numbers: {texts}."
            f" Got {error}; drop what is no feature, or begin with a ColumnTransformer."
        ) from error


def is_routed(model: Any, groups: np.ndarray | None) -> bool:
    """Tell whether a model asks for groups by scikit-learn's metadata routing.

    Parameters
    ----------
    model : estimator
        Any estimator.
    groups : array or None
        The groups.

    Returns
    -------
    bool
        False where there are none, or routing is off.
    """
    if groups is None or not _is_routing():
        return False
    return bool(get_routing_for_object(model).consumes("fit", ["groups"]))


def groups_for(last: Any, groups: np.ndarray | None) -> dict[str, np.ndarray]:
    """Give the groups as `fit` of a last step takes them, if it wants them.

    Parameters
    ----------
    last : estimator
        What learns from features.
    groups : array or None
        The groups.

    Returns
    -------
    dict
        ``{"groups": groups}``, or nothing.
    """
    return {} if groups is None or not _wants_groups(last) else {"groups": groups}


def _wants_groups(last: Any) -> bool:
    if not hasattr(last, "fit"):
        return False
    taken = inspect.signature(last.fit).parameters
    if "groups" in taken:
        return True
    if not any(each.kind is inspect.Parameter.VAR_KEYWORD for each in taken.values()):
        return False
    if hasattr(last, "cv") and hasattr(last.cv, "get_metadata_routing"):  # a search by groups
        return bool(get_routing_for_object(last.cv).consumes("split", ["groups"]))
    inner = getattr(last, "estimator", None)
    ours = type(last).__module__.startswith("hybridsent.few_label.")  # hands on what it is given
    return ours and inner is not None and _wants_groups(inner)


def _named_groups(model: Any, groups: np.ndarray | None) -> dict[str, np.ndarray]:
    if not isinstance(model, Pipeline):
        return groups_for(model, groups)
    if not model.steps:
        return {}
    name, last = model.steps[-1]
    return {f"{name}__groups": given for given in groups_for(last, groups).values()}


def _is_routing() -> bool:
    return bool(get_config()["enable_metadata_routing"])


def _columns_of_text(model: Any, X: Any) -> str:
    if not hasattr(X, "dtypes") or picks_columns(model):
        return ""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    texts = [n for n in X.columns if not (is_numeric_dtype(X[n]) or is_bool_dtype(X[n]))]
    return ", ".join(repr(name) for name in texts[:10])
