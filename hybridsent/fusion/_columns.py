"""Columns of a table to columns of views: which are taken, and how they are named (layer L4).

scikit-learn's make_column_selector selects by a pattern, too, but says nothing where no column
matches: the view would be left out in silence. Its ColumnTransformer asks for a new name one
feature at a time, so that nobody sees where two get the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from sklearn.compose import ColumnTransformer

from hybridsent._hints import did_you_mean
from hybridsent._views import feature_pattern, view_of

__all__ = ["FeatureColumns", "ViewColumns"]


class ViewColumns(ColumnTransformer):
    """scikit-learn's ColumnTransformer of which every part is a view.

    Features are named as `verbose_feature_names_out` says, by `make_features` after their number;
    those of a view of which two would get the same name keep their whole names. All else, the
    parameters included, is as in ``sklearn.compose.ColumnTransformer``.

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

    def _add_prefix_for_feature_names_out(self, parts: list[tuple[str, Any]]) -> np.ndarray:
        """Name the features of all views, each once; what was named so before is not named again.

        scikit-learn asks for the names of thousands of columns in every call of `transform`.
        """
        kept = _named.get(self)
        if kept is not None and kept.is_of(parts, self.verbose_feature_names_out):
            return kept.names
        names = np.asarray(super()._add_prefix_for_feature_names_out(parts), dtype=object)
        if len(set(names)) < len(names):
            unique, counts = np.unique(names.astype(str), return_counts=True)
            torn = {view_of(name) for name in unique[counts > 1]}
            whole = [f"{view}__{feature}" for view, features in parts for feature in features]
            pairs = zip(names, whole, strict=True)
            names = np.asarray([b if view_of(b) in torn else a for a, b in pairs], dtype=object)
        names.flags.writeable = False
        _named[self] = _Named(parts, self.verbose_feature_names_out, names)
        return names

    def _hstack(self, Xs: list[Any], *, n_samples: int) -> Any:
        """Put the views beside each other; scikit-learn names them three times on the way."""
        import pandas as pd

        named = [hasattr(part, "get_feature_names_out") for _, part, _ in self.transformers_]
        plain = [isinstance(X, pd.DataFrame) and len(X) == n_samples for X in Xs]
        if not all([*named, *plain]):
            return super()._hstack(Xs, n_samples=n_samples)
        values = [X.to_numpy() for X in Xs]
        if {part.dtype for part in values} not in ({np.dtype("f4")}, {np.dtype("f8")}):
            return super()._hstack(Xs, n_samples=n_samples)
        return pd.DataFrame(np.hstack(values), index=Xs[0].index, copy=False)


@dataclass(frozen=True)
class _Named:
    """Names, and what they were made of."""

    parts: list[tuple[str, Any]]
    how: Any
    names: np.ndarray

    def is_of(self, parts: list[tuple[str, Any]], how: Any) -> bool:
        """Tell whether the same views gave the same arrays of names, which nobody can change."""
        pairs = zip(parts, self.parts, strict=False)
        return (
            how == self.how
            and len(parts) == len(self.parts)
            and all(a[0] == b[0] and a[1] is b[1] and not a[1].flags.writeable for a, b in pairs)
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
        if self.view in columns:
            way_out = f"rename the column {self.view!r} to '{self.view}__0'"
        else:
            views = sorted({view_of(name) or name for name in columns})
            way_out = f"the table has {views[:20]}"
        raise ValueError(
            f"The features parameter names the view {self.view!r}, but the table has no column "
            f"'{self.view}__0', '{self.view}__1' …: {way_out}.{did_you_mean(self.view, columns)}"
        )

    def __repr__(self) -> str:
        return f"FeatureColumns({self.view!r})"
