"""Numbers, dates and categories of a table as one view (layer L3).

skrub's TableVectorizer is made for such columns and does the work: parts of dates, categories of
few and of many values, scales that stand outliers. What it leaves to the caller is here: a column
keeps its kind in new rows, whatever type they come in (``"12"`` from a csv file and ``12`` from a
data base), a row does not depend on the rows beside it, gaps are filled and marked, and columns
that only name the rows are refused.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from hybridsent._folders import depth_of_caller
from hybridsent._frames import NamedOutput
from hybridsent._params import HasMethods, Interval, StrOptions
from hybridsent._tables import as_table
from hybridsent._warnings import ignored_warnings
from hybridsent.exceptions import CellError, CellWarning
from hybridsent.meta._kinds import (
    KINDS,
    as_kind,
    cells_of,
    import_skrub,
    kind_of,
    naming,
    refuse_containers,
)
from hybridsent.views import META, feature_names

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MetaFeatures"]


class MetaFeatures(NamedOutput, BaseEstimator):
    """Turn columns of numbers, dates and categories into features, by skrub's TableVectorizer.

    The kind of each column is found in `fit` and kept: numbers (also as text) are scaled so that
    outliers do no harm, dates become year, time, and points on circles for month, day, weekday and
    hour, categories one column each, categories of many values 30 columns by their spelling. A
    missing value becomes the median of its feature, and a feature says that it was missing; a
    category that `fit` has not seen is none of those known; a column without a value or with a
    single one tells nothing, and does no harm. A row counts as missing, and is NaN, where every
    column of it is. All of it is learned from the rows of `fit`, so it belongs inside the pipeline
    that is cross-validated.

    Needs the package skrub: ``pip install "hybridsent[meta]"``.

    Parameters
    ----------
    kinds : mapping of str to {"number", "boolean", "date", "category"}, default=None
        Kind of columns for which it should not be found: ``{"zip": "category"}``.
    vectorizer : TableVectorizer or None, default=None
        In place of the one described above; it is given columns of numbers (float32), dates and
        categories.
    max_categories : int, default=40
        Categories from which a column is read by its spelling.
    on_ids : {"raise", "encode"}, default="raise"
        What becomes of a column whose values look as if they name the rows, or are sentences, so
        that nothing general can be learned from it: an error that says so, or features as of any
        other. Small tables (below 50 values) do not tell.
    on_error : {"raise", "missing"}, default="raise"
        What a cell of another kind than its column does in new rows (``"abc"`` among numbers): an
        error that names it, or it counts as missing, with one warning.
    random_state : int, default=0
        Seed of the features by spelling.

    Attributes
    ----------
    kinds_ : dict of str to str
        Kind of each column; ``"empty"`` of one without a value.
    parts_ : dict of str to transformer
        What the vectorizer fitted for each column.
    names_ : ndarray of str of shape (n_features_out_,)
        What each feature is: ``"likes"``, ``"posted_at_year"``, ``"brand_acme"``,
        ``"likes missing"``.
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of str
        Their names.
    n_features_out_ : int
        Columns of the output.

    See Also
    --------
    hybridsent.make_features : ``make_features(meta=["likes", "brand"])`` makes a view of them.

    Notes
    -----
    Features are named ``meta__0`` …, as those of every view; `names_` tells what they are.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.meta import MetaFeatures
    >>> table = pd.DataFrame({"likes": [3, None, 250], "brand": ["acme", "zeta", None]})
    >>> meta = MetaFeatures().fit(table)
    >>> meta.kinds_
    {'likes': 'number', 'brand': 'category'}
    >>> meta.names_.tolist()
    ['likes', 'brand_acme', 'brand_zeta', 'brand_nan', 'likes missing']
    >>> meta.transform(table).shape, meta.get_feature_names_out().tolist()[:2]
    ((3, 5), ['meta__0', 'meta__1'])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "kinds": [Mapping, None],
        "vectorizer": [HasMethods(["fit", "transform"]), None],
        "max_categories": [Interval(Integral, 2, None, closed="left")],
        "on_ids": [StrOptions({"raise", "encode"})],
        "on_error": [StrOptions({"raise", "missing"})],
        "random_state": [Interval(Integral, 0, 2**32 - 1, closed="both")],
    }

    def __init__(
        self,
        *,
        kinds: Mapping[str, str] | None = None,
        vectorizer: Any = None,
        max_categories: int = 40,
        on_ids: str = "raise",
        on_error: str = "raise",
        random_state: int = 0,
    ) -> None:
        self.kinds = kinds
        self.vectorizer = vectorizer
        self.max_categories = max_categories
        self.on_ids = on_ids
        self.on_error = on_error
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> MetaFeatures:
        """Learn kinds, scales and categories from the rows that have a value.

        Parameters
        ----------
        X : DataFrame of shape (n, p)
            The columns; of pandas or any other library.
        y : ignored
            Present for the scikit-learn interface.

        Returns
        -------
        self
            The fitted transformer.

        Raises
        ------
        MissingDependencyError
            If skrub is not installed.
        ValueError
            If no cell is there, or a column holds lists or pictures, or only names the rows.
        """
        self._validate_params()
        table = self._named(X, reset=True)
        columns = {name: cells_of(table, name) for name in table.columns}
        self._find_kinds(columns)
        frame, there = self._read(table, columns)
        if not there.any():
            raise ValueError(
                f"At least one cell must be there to fit MetaFeatures. All {len(table)} rows are "
                f"missing in the columns {list(table.columns)[:8]}; leave this view out."
            )
        frame = frame[there]
        made = self._default() if self.vectorizer is None else clone(self.vectorizer)
        with ignored_warnings(UserWarning, "The matrix shape is"):  # fewer features, as documented
            values = np.asarray(made.fit_transform(frame), dtype=np.float32)
        # its own transform walks through all steps of every column again, which none needs here
        self.parts_ = {
            name: made.transformers_[name] for name in frame if name in made.transformers_
        }
        one_hot = made.kind_to_columns_["low_cardinality"]
        self.gaps_ = [name for name in frame if name not in one_hot and frame[name].isna().any()]
        gaps = np.isnan(values)
        self.fill_ = np.zeros(values.shape[1], dtype=np.float32)
        filled = ~gaps.all(axis=0)
        self.fill_[filled] = np.nanmedian(values[:, filled], axis=0)
        told = [f"{name} missing" for name in self.gaps_]
        self.names_ = np.asarray([*map(str, made.get_feature_names_out()), *told], dtype=object)
        self.n_features_out_ = len(self.names_)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Give the features of rows.

        Parameters
        ----------
        X : DataFrame of shape (n, p)
            The same columns; their types may be others.

        Returns
        -------
        ndarray of shape (n, n_features_out_), float32
            The features; a row without any value is NaN.

        Raises
        ------
        CellError
            If a cell is of another kind than its column and ``on_error="raise"``.
        """
        check_is_fitted(self)
        table = self._named(X, reset=False)
        frame, there = self._read(table, {name: cells_of(table, name) for name in table.columns})
        out = np.full((len(table), self.n_features_out_), np.nan, dtype=np.float32)
        if there.any():
            frame = frame[there]
            values = np.hstack([_part(part, frame[[name]]) for name, part in self.parts_.items()])
            gaps = np.isnan(values)
            values[gaps] = np.broadcast_to(self.fill_, values.shape)[gaps]
            told = [frame[name].isna().to_numpy()[:, None] for name in self.gaps_]
            out[there] = np.hstack([values, *told])
        return out

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the features: ``meta__0`` and so on; `names_` tells what they are.

        Parameters
        ----------
        input_features : ignored
            Present for the scikit-learn interface.

        Returns
        -------
        ndarray of str
            One name per column.
        """
        check_is_fitted(self)
        return np.asarray(feature_names(META, self.n_features_out_), dtype=object)

    # -- columns

    def _default(self) -> Any:
        skrub = import_skrub()
        from sklearn.preprocessing import OneHotEncoder

        return skrub.TableVectorizer(
            cardinality_threshold=self.max_categories,
            numeric=skrub.SquashingScaler(),
            datetime=skrub.DatetimeEncoder(periodic_encoding="circular", add_weekday=True),
            low_cardinality=OneHotEncoder(
                sparse_output=False, dtype=np.float32, handle_unknown="ignore"
            ),
            high_cardinality=skrub.StringEncoder(random_state=self.random_state),
        )

    def _named(self, X: Any, *, reset: bool) -> pd.DataFrame:
        """Take the columns by their names, in the order of `fit`."""
        table = as_table(X.to_frame() if hasattr(X, "to_frame") else X, "X", ValueError)
        names = list(table.columns)
        odd = [name for name in names if not isinstance(name, str) or names.count(name) > 1]
        if odd or not names:
            raise ValueError(
                "Each column for MetaFeatures must have a name of its own, a str. Got "
                f"{odd[0]!r}; rename it."
                if odd
                else "MetaFeatures must be given a column. Got none."
            )
        if reset:
            self.feature_names_in_ = np.asarray(names, dtype=object)
            self.n_features_in_ = len(names)
        known = self.feature_names_in_.tolist()
        lost = [name for name in known if name not in names]
        spare = [name for name in names if name not in known]
        if lost or spare:
            raise ValueError(
                f"MetaFeatures must be given the columns of fit, {known[:8]}. "
                + (f"The column {lost[0]!r} is not there." if lost else f"Got {spare[0]!r}, too.")
            )
        chosen: pd.DataFrame = table[known]
        return chosen

    def _find_kinds(self, columns: Mapping[str, Sequence[Any]]) -> None:
        given = dict(self.kinds or {})
        for name, kind in given.items():
            if name not in columns or kind not in KINDS:
                raise ValueError(
                    f"The kinds parameter of MetaFeatures must map columns to {list(KINDS)}. Got "
                    f"{name!r}: {kind!r}; the columns are {list(columns)[:8]}."
                )
        self.kinds_: dict[str, str] = {}
        self.formats_: dict[str, str | None] = {}
        for name, cells in columns.items():
            there = [cell for cell in cells if cell is not None]
            refuse_containers(name, there)
            kind, format_ = kind_of(there)
            if name in given:
                kind = given[name]
            elif self.on_ids == "raise" and (what := naming(there, kind)):
                raise ValueError(
                    f"The column {name!r} must tell something that rows have in common. {what} "
                    "Leave it out; or say what it is, kinds={" + repr(name) + ": 'category'}, or "
                    "pass on_ids='encode'. Sentences are a view of their own: views={"
                    + repr(name)
                    + ": 'text'}."
                )
            self.kinds_[name], self.formats_[name] = kind, format_

    def _read(
        self, table: pd.DataFrame, columns: Mapping[str, Sequence[Any]]
    ) -> tuple[pd.DataFrame, np.ndarray]:
        """Bring every column to the type of its kind; tell which rows have a value."""
        import pandas as pd

        made: dict[str, Any] = {}
        wrong: list[tuple[int, str]] = []
        for name, cells in columns.items():
            kind = self.kinds_[name]
            if kind == "empty":
                continue
            values = as_kind(cells, kind, self.formats_[name])
            lost = np.flatnonzero(
                values.isna() & np.array([cell is not None for cell in cells], dtype=bool)
            )
            wrong += [(int(row), name) for row in lost]
            made[name] = values
        if wrong:
            self._tell(table, wrong)
        frame = pd.DataFrame(made, index=range(len(table)))
        return frame, frame.notna().any(axis=1).to_numpy()

    def _tell(self, table: pd.DataFrame, wrong: list[tuple[int, str]]) -> None:
        row, name = wrong[0]
        kind = self.kinds_[name]
        message = (
            f"row {table.index[row]!r}, column {name!r}: {table[name].iloc[row]!r:.80} is no "
            f"{kind}, as the column holds"
        )
        if self.on_error == "raise":
            raise CellError(
                f"{message}. Mend or remove the cell, or pass on_error='missing' to read it as a "
                "missing one.",
                row=table.index[row],
                column=name,
            )
        warnings.warn(
            f"{len(wrong)} cells are of another kind than their column and count as missing. The "
            f"first: {message}",
            CellWarning,
            stacklevel=depth_of_caller(),
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.input_tags.allow_nan = True
        tags.no_validation = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def _part(part: Any, column: pd.DataFrame) -> np.ndarray:
    """Transform one column, as TableVectorizer does."""
    single = hasattr(part, "__single_column_transformer__")
    found = part.transform(column.iloc[:, 0] if single else column)
    values = np.asarray(found, dtype=np.float32)
    return values[:, None] if values.ndim == 1 else values
