"""Fit any estimator with weights of rows: which argument takes them (layer L0).

scikit-learn's ``has_fit_parameter`` looks at one estimator: in a pipeline the last step takes
weights, and of an estimator around another one the inner one may.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from sklearn import config_context
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

from hybridsent._groups import groups_for

__all__ = ["fit_weighted", "weight_name"]


def weight_name(estimator: Any) -> str | None:
    """Name of the argument of `fit` that takes weights of rows.

    Parameters
    ----------
    estimator : estimator
        Any; of a Pipeline the last step gets the weights, of a search the estimator inside.

    Returns
    -------
    str or None
        Name; None where there is none.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from hybridsent._weighted import weight_name
    >>> weight_name(make_pipeline(StandardScaler(), LogisticRegression()))
    'logisticregression__sample_weight'
    >>> weight_name(KNeighborsClassifier()) is None
    True
    """
    if isinstance(estimator, Pipeline):
        name, last = estimator.steps[-1]
        inner = None if last is None or isinstance(last, str) else weight_name(last)
        return None if inner is None else f"{name}__{inner}"
    if has_fit_parameter(estimator, "sample_weight"):
        return "sample_weight"
    parameters = inspect.signature(estimator.fit).parameters.values()
    open_ended = any(each.kind is each.VAR_KEYWORD for each in parameters)
    inside = getattr(estimator, "estimator", None)
    return weight_name(inside) if open_ended and hasattr(inside, "fit") else None


def fit_weighted(
    owner: Any, estimator: Any, X: Any, y: Any, weights: np.ndarray, groups: Any = None
) -> Any:
    """Fit a clone of an estimator with weights.

    Parameters
    ----------
    owner : estimator
        Whose parameter `estimator` it is, for the message.
    estimator : estimator
        What is cloned.
    X : array or DataFrame of shape (n, p)
        Features.
    y : array of shape (n,)
        Labels.
    weights : ndarray of shape (n,)
        Weights.
    groups : ndarray of shape (n,) or None, default=None
        Groups, for an estimator that keeps them together where it tunes itself.

    Returns
    -------
    estimator
        The fitted clone.

    Raises
    ------
    ValueError
        If the estimator takes no weights.
    """
    name = weight_name(estimator)
    if name is None:
        raise ValueError(
            f"The 'estimator' parameter of {type(owner).__name__} must take sample_weight in fit "
            f"(of a Pipeline, its last step must). Got {estimator!r}; LogisticRegression, Ridge, "
            "SVC and trees take it."
        )
    # whose weights they are is known here, and no step must ask for them
    with config_context(enable_metadata_routing=False):
        told = groups_for(estimator, groups)
        return clone(estimator).fit(X, y, **{name: weights}, **told)
