"""Columns of a table to columns of views: which are taken, and how they are named (layer L4).

scikit-learn's make_column_selector selects by a pattern, too, but says nothing where no column
matches: the view would be left out in silence. Its ColumnTransformer asks for a new name one
feature at a time, so that nobody sees where two get the same.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import numpy as np
from sklearn.compose import ColumnTransformer

from hybridsent._frames import NamedOutput, columns_of, writes_pandas
from hybridsent._hints import did_you_mean
from hybridsent._params import Jobs
from hybridsent._tables import same_names
from hybridsent.exceptions import TableError
from hybridsent.views import feature_pattern, view_of

__all__ = ["FeatureColumns", "ViewColumns"]


class ViewColumns(NamedOutput, ColumnTransformer):
    """A ColumnTransformer of scikit-learn's of which every part is a view.

    It exists for two reasons. Features are named as `verbose_feature_names_out` says, by
    `make_features` after their number, and those of a view of which two would get the same name
    keep their whole names. And a row of thousands of features is named once, where
    ColumnTransformer names it three times in every call, which takes longer than finding it in the
    store. All else is as in ``sklearn.compose.ColumnTransformer``.

    Parameters
    ----------
    transformers : list of (name, transformer, columns)
        A view each: its name, what makes its features, and the columns that this reads.
    remainder : {"drop", "passthrough"} or transformer, default="drop"
        What becomes of the other columns.
    sparse_threshold : float, default=0.3
        Share of non-zeros below which sparse features stay sparse.
    n_jobs : int, default=None
        Views that are transformed at the same time; None is one.
    transformer_weights : dict of str to float, default=None
        Factors of the features, by view.
    verbose : bool, default=False
        Whether to print the time of each view.
    verbose_feature_names_out : bool, str or callable, default=True
        How features are named.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent import make_features
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> two = FunctionTransformer(lambda column: pd.DataFrame({"a1": column, "b1": column}))
    >>> features = make_features(text=two)
    >>> list(features.fit_transform(pd.DataFrame({"text": [0.5]})))
    ['text__a1', 'text__b1']
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **ColumnTransformer._parameter_constraints,
        "n_jobs": [None, Jobs()],
    }

    def fit_transform(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Fit the transformer of each view, and put what they give beside each other.

        Parameters
        ----------
        X : DataFrame of shape (n, p)
            The table.
        y : array of shape (n,), default=None
            Labels.
        **params : dict
            For the transformers, where scikit-learn routes metadata.

        Returns
        -------
        DataFrame or ndarray of shape (n, n_features)
            As ``sklearn.compose.ColumnTransformer`` gives it.

        Raises
        ------
        TableError
            If X is no table, or lacks a column that a view reads.
        """
        _check_columns(self.transformers, X)
        return super().fit_transform(X, y, **params)

    def transform(self, X: Any, **params: Any) -> Any:
        """Transform each view, and put the results beside each other.

        Parameters
        ----------
        X : DataFrame of shape (n, p)
            The table.
        **params : dict
            For the transformers, where scikit-learn routes metadata.

        Returns
        -------
        DataFrame or ndarray of shape (n, n_features)
            As ``sklearn.compose.ColumnTransformer`` gives it.
        """
        return _unnamed(self, X, **params)  # NamedOutput names it

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the features of all views.

        Parameters
        ----------
        input_features : array of str, default=None
            Names of the columns of the table.

        Returns
        -------
        ndarray of str
            One name a feature.
        """
        return np.array(super().get_feature_names_out(input_features), dtype=object)

    def _add_prefix_for_feature_names_out(
        self, parts: list[tuple[str, Any]], *args: Any, **options: Any
    ) -> np.ndarray:
        """Name the features of all views; what was named so before is not named again.

        A step of scikit-learn's `get_feature_names_out`. Where a version has no such step, or
        hands it more, `verbose_feature_names_out` is asked for every feature as it was.
        """
        kept = None if args or options else _named.get(self)
        if kept is not None and kept.is_of(parts, self.verbose_feature_names_out):
            return kept.names
        given = super()._add_prefix_for_feature_names_out(parts, *args, **options)
        names = np.asarray(given, dtype=object)
        if len(set(names)) < len(names):
            unique, counts = np.unique(names.astype(str), return_counts=True)
            torn = {view_of(name) for name in unique[counts > 1]}
            whole = [f"{view}__{feature}" for view, features in parts for feature in features]
            pairs = zip(names, whole, strict=True)
            names = np.asarray([b if view_of(b) in torn else a for a, b in pairs], dtype=object)
        if not args and not options:
            held = [(view, np.array(features, dtype=object)) for view, features in parts]
            _named[self] = _Named(held, self.verbose_feature_names_out, names)
        return names

    def _hstack(self, Xs: list[Any], *args: Any, **options: Any) -> Any:
        """Put the views beside each other; scikit-learn names them three times on the way.

        ColumnTransformer offers this method to subclasses. It does what is plain: frames of one
        type and one index, a row for each sample, whose transformers tell the names. All else, and
        any call that it does not know, goes to scikit-learn.
        """
        known = not args and set(options) == {"n_samples"}
        if known and writes_pandas(self) and self._tells_names():
            frame = _side_by_side(Xs, options["n_samples"])
            columns = None if frame is None else columns_of(self)
            if columns is not None and len(columns) == frame.shape[1]:
                frame.columns = columns
                return frame
        return super()._hstack(Xs, *args, **options)

    def _tells_names(self) -> bool:
        parts = [part for _, part, _ in self.transformers_ if not isinstance(part, str)]
        return all(hasattr(part, "get_feature_names_out") for part in parts)


def _check_columns(transformers: Any, X: Any) -> None:
    """Refuse a table that lacks a column: scikit-learn does not say which there are."""
    for view, _, columns in transformers:
        named = [columns] if isinstance(columns, str) else columns
        if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
            continue  # chosen by position, by a mask, or by a function that tells it itself
        there = getattr(X, "columns", None)
        if there is None:
            raise TableError(
                f"X must be a table with the columns {named}, which the view {view!r} reads. Got "
                f"{type(X).__name__}; hand over a DataFrame."
            )
        known = list(there)
        absent = [name for name in named if name not in known]
        if absent:
            raise TableError(
                f"The view {view!r} reads the column {absent[0]!r}, which the table lacks. It has "
                f"{known[:20]}; name the column that is meant, or rename one."
                f"{did_you_mean(absent[0], known)}"
            )


_unnamed = inspect.unwrap(ColumnTransformer.transform)  # without what names its output


def _side_by_side(Xs: list[Any], n_samples: int) -> Any:
    """Put frames beside each other, without names; None for what pandas may do otherwise."""
    import pandas as pd

    if not Xs or not all(isinstance(X, pd.DataFrame) and len(X) == n_samples for X in Xs):
        return None
    values = [_one_array(X) for X in Xs]
    same_rows = all(X.index.equals(Xs[0].index) for X in Xs[1:])
    if not same_rows or {part.dtype for part in values} not in ({np.dtype("f4")}, {np.dtype("f8")}):
        return None
    return pd.DataFrame(np.hstack(values), index=Xs[0].index, copy=False)


def _one_array(X: Any) -> np.ndarray:
    """Give the array that a frame consists of; an empty one of objects where it is of several."""
    values, again = X.to_numpy(), X.to_numpy()  # columns of several types are copied each time
    return values if np.may_share_memory(values, again) else np.empty(0, dtype=object)


@dataclass(frozen=True)
class _Named:
    """Names, and what they were made of: arrays that nobody else holds."""

    parts: list[tuple[str, np.ndarray]]
    how: Any
    names: np.ndarray

    def is_of(self, parts: list[tuple[str, Any]], how: Any) -> bool:
        """Tell whether the same views gave the same names."""
        return (
            how == self.how
            and [view for view, _ in parts] == [view for view, _ in self.parts]
            and all(
                same_names(np.asarray(a[1], dtype=object), b[1])
                for a, b in zip(parts, self.parts, strict=True)
            )
        )


_named: WeakKeyDictionary[ViewColumns, _Named] = WeakKeyDictionary()


class FeatureColumns:
    """Select the columns ``view__i`` of a table, for ``ColumnTransformer``.

    Parameters
    ----------
    view : str
        Name of the view.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.fusion._columns import FeatureColumns
    >>> FeatureColumns("text")(pd.DataFrame({"text__0": [1], "text__1": [2], "label": ["good"]}))
    ['text__0', 'text__1']
    """

    def __init__(self, view: str) -> None:
        self.view = view

    def __call__(self, table: Any) -> list[str]:
        """Select.

        Parameters
        ----------
        table : DataFrame
            The table.

        Returns
        -------
        list of str
            Names of columns.

        Raises
        ------
        ValueError
            If there are none.
        """
        columns = [str(name) for name in getattr(table, "columns", ())]
        pattern = feature_pattern(self.view)
        found = [name for name in columns if re.fullmatch(pattern, name)]
        if found:
            return found
        meant = "" if self.view in columns else did_you_mean(self.view, columns)
        if self.view in columns:
            way_out = f"rename the column {self.view!r} to '{self.view}__0'"
        else:
            views = sorted({view_of(name) or name for name in columns})
            way_out = f"the table has {views[:20]}"
        raise ValueError(
            f"The features parameter names the view {self.view!r}, but the table has no column "
            f"'{self.view}__0', '{self.view}__1' …: {way_out}.{meant}"
        )

    def __repr__(self) -> str:
        return f"FeatureColumns({self.view!r})"
