"""A fitted model taken apart: the features of its views, and what is asked about them (layer L6).

What a view adds is told by asking again without it. Cells are encoded once; what stands behind the
features is asked as often as need be.
"""

from __future__ import annotations

import copy
import sys
from typing import Any, NamedTuple

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

__all__ = ["OpenedModel", "conformal_part", "is_numeric", "open_model", "plain_model", "without"]


class OpenedModel(NamedTuple):
    """Rows where the views of a model are columns of numbers, and what answers about them.

    Parameters
    ----------
    X : DataFrame of n rows
        Features; the rows as they were given where the model has none that can be seen.
    head : estimator
        Answers about `X` as the whole model does about the rows.
    views : dict of str to list of int
        Positions of the columns of each view.
    """

    X: Any
    head: Any
    views: dict[str, list[int]]


def open_model(model: Any, read: Any) -> OpenedModel:
    """Compute the features of rows, and give what stands behind them.

    Parameters
    ----------
    model : estimator
        Fitted; a pipeline whose steps make features, also in a search, frozen, or in
        `hybridsent.heads.ConformalSets`; one that reads features; or any other.
    read : DataFrame of n rows
        The rows, as the model reads them.

    Returns
    -------
    OpenedModel
        Of a model that is built in another way, the columns of the table from which its views are
        read; views that share one are one, named ``"a+b"``.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent import make_fusion
    >>> from hybridsent.scoring._opened import open_model
    >>> table = pd.DataFrame({"text__0": [0.0, 1.0] * 5, "audio__0": [1.0, 0.0] * 5})
    >>> model = make_fusion("late", features="passthrough").fit(table, [0, 1] * 5)
    >>> open_model(model, table).views
    {'text': [0], 'audio': [1]}
    """
    X, head = _parted(model, read)
    views = _views_of_features(X)
    if not views:
        from hybridsent.evaluation.curves._bench import Rows
        from hybridsent.evaluation.curves._changed_rows import views_in

        X, head = read, model
        views = views_in(Rows(model, read))
    return OpenedModel(X, head, views)


def plain_model(model: Any) -> Any:
    """Take off what only stands around a model, and answers as that does.

    Parameters
    ----------
    model : estimator
        Fitted.

    Returns
    -------
    estimator
        What a search has found, what is frozen, or what `hybridsent.heads.ConformalSets` is around.

    Examples
    --------
    >>> from sklearn.frozen import FrozenEstimator
    >>> from hybridsent.scoring._opened import plain_model
    >>> plain_model(FrozenEstimator("any model"))
    'any model'
    """
    if isinstance(model, FrozenEstimator):
        return plain_model(model.estimator)
    if hasattr(model, "best_estimator_"):
        return plain_model(model.best_estimator_)
    if _is_conformal(model):
        return plain_model(model.estimator_)
    return model


def _is_conformal(model: Any) -> bool:
    # whoever holds one has imported its module
    home = sys.modules.get("hybridsent.heads._conformal")
    return home is not None and isinstance(model, home.ConformalSets)


def _parted(model: Any, rows: Any) -> tuple[Any, Any]:
    """Let rows pass through the first steps until their columns are of views."""
    if _views_of_features(rows):
        return rows, model
    if isinstance(model, FrozenEstimator):
        return _parted(model.estimator, rows)
    if hasattr(model, "best_estimator_"):
        return _parted(model.best_estimator_, rows)
    if _is_conformal(model):
        X, inner = _parted(model.estimator_, rows)
        head = copy.copy(model)
        head.estimator_ = inner
        return X, head
    if type(model) is Pipeline:
        for place, (_, step) in enumerate(model.steps[:-1], start=1):
            rows = rows if step in (None, "passthrough") else step.transform(rows)
            if _views_of_features(rows):
                return rows, model[place:]
    return rows, model


def _views_of_features(rows: Any) -> dict[str, list[int]]:
    """Tell the views of a frame of numbers; none where there is no such."""
    from hybridsent.views import modalities_of

    if not hasattr(rows, "columns") or not is_numeric(rows):
        return {}
    return {view: places for view, places in modalities_of(rows.columns).items() if view}


def is_numeric(X: Any) -> bool:
    """Tell whether all columns of a frame hold numbers.

    Parameters
    ----------
    X : DataFrame
        Any frame.

    Returns
    -------
    bool
        Whether it is one matrix.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.scoring._opened import is_numeric
    >>> is_numeric(pd.DataFrame({"a": [1.0]})), is_numeric(pd.DataFrame({"a": ["b"]}))
    (True, False)
    """
    kinds = set(X.dtypes.to_numpy())  # a thousand columns have one type
    return {getattr(kind, "kind", "O") for kind in kinds} <= set("fiub")


def conformal_part(head: Any, X: Any) -> tuple[Any, Any] | None:
    """Find what gives sets or intervals in a model, and the rows as that reads them.

    Parameters
    ----------
    head : estimator
        Fitted.
    X : DataFrame of n rows
        The rows.

    Returns
    -------
    (ConformalSets, rows) or None
        None where nothing does.
    """
    if _is_conformal(head):
        return head, X
    if isinstance(head, FrozenEstimator):
        return conformal_part(head.estimator, X)
    if hasattr(head, "best_estimator_"):
        return conformal_part(head.best_estimator_, X)
    if type(head) is Pipeline and _is_conformal(head[-1]):
        return head[-1], head[:-1].transform(X) if len(head.steps) > 1 else X
    return None


def without(X: Any, rows: np.ndarray, left: np.ndarray, views: dict[str, list[int]]) -> Any:
    """Take rows, as often as is asked for, with some of their views missing.

    Parameters
    ----------
    X : DataFrame of n rows
        Features, or cells.
    rows : ndarray of int of shape (m,)
        Positions of the rows.
    left : ndarray of bool of shape (m, n_views)
        Which views each of them keeps, in the order of `views`.
    views : dict of str to list of int
        Positions of their columns.

    Returns
    -------
    DataFrame of m rows
        Features are NaN where they are missing, other cells None.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent.scoring._opened import without
    >>> table = pd.DataFrame({"a__0": [1.0], "b__0": [2.0]})
    >>> left = np.array([[True, True], [True, False]])
    >>> without(table, np.array([0, 0]), left, {"a": [0], "b": [1]}).to_numpy().tolist()
    [[1.0, 2.0], [1.0, nan]]
    """
    import pandas as pd

    if is_numeric(X):
        values = X.to_numpy()
        values = values if values.dtype.kind == "f" else values.astype(np.float64)
        taken = values[rows]
        for places, there in zip(views.values(), left.T, strict=True):
            taken[np.ix_(~there, places)] = np.nan
        return pd.DataFrame(taken, columns=X.columns)
    from hybridsent.evaluation.curves._changed_rows import lacking

    taken = X.iloc[rows].reset_index(drop=True)
    for places, there in zip(views.values(), left.T, strict=True):
        taken = lacking(taken, places, ~there)
    return taken
