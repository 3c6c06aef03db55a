"""Numbers, dates and categories of a table as one view (layer L3).

skrub's TableVectorizer is made for such columns and does the work: parts of dates, categories of
few and of many values, scales that stand outliers. What it leaves to the caller is here: a column
keeps its kind in new rows, whatever type they come in (``"12"`` from a csv file and ``12`` from a
data base), a row does not depend on the rows beside it, gaps are filled and marked, and columns
that only name the rows are refused.
"""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Mapping, Sequence
from decimal import Decimal
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from hybridsent._folders import depth_of_caller
from hybridsent._frames import NamedOutput
from hybridsent._optional import import_optional
from hybridsent._params import HasMethods, Interval, StrOptions
from hybridsent._tables import as_table
from hybridsent._warnings import ignored_warnings
from hybridsent.exceptions import CellError, CellWarning
from hybridsent.media import is_missing
from hybridsent.views import META, feature_names

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["KINDS", "MetaFeatures"]

KINDS = ("number", "boolean", "date", "category")
"""What a column may be; see `MetaFeatures`."""

_NULLS = frozenset({"na", "n/a", "#n/a", "nan", "<na>", "nat", "null", "none", "?", "-", "..."})
"""Words for a missing cell, as skrub and pandas know them, in lower case."""
_BOOLEANS = {"true": 1.0, "false": 0.0}
_FEWEST = 50  # cells by which a column can be told to name rows: in a small table all values differ
_NAMING = 0.95  # share of distinct values from which a column of words names its rows
_EXACT = 2**53  # integers beyond are no quantities; ids of posts are such


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
        columns = {name: _cells(table, name) for name in table.columns}
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
        frame, there = self._read(table, {name: _cells(table, name) for name in table.columns})
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
        skrub = _skrub()
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
            _refuse_containers(name, there)
            kind, format_ = _kind_of(there)
            if name in given:
                kind = given[name]
            elif self.on_ids == "raise" and (what := _naming(there, kind)):
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
            values = _as_kind(cells, kind, self.formats_[name])
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


def _skrub() -> Any:
    return import_optional("skrub", caller="MetaFeatures", extra="meta")


def _part(part: Any, column: pd.DataFrame) -> np.ndarray:
    """Transform one column, as TableVectorizer does."""
    single = hasattr(part, "__single_column_transformer__")
    found = part.transform(column.iloc[:, 0] if single else column)
    values = np.asarray(found, dtype=np.float32)
    return values[:, None] if values.ndim == 1 else values


def _cells(table: pd.DataFrame, name: str) -> list[Any]:
    """Give the cells of a column as plain Python objects, None where one is missing."""
    column = table[name]
    if str(column.dtype) == "category":
        column = column.astype(object)
    return [None if _is_gap(cell) else cell for cell in column.tolist()]


def _is_gap(cell: Any) -> bool:
    if isinstance(cell, str):
        return is_missing(cell) or cell.strip().lower() in _NULLS
    return is_missing(cell)


def _refuse_containers(name: str, there: Sequence[Any]) -> None:
    plain = (str, bool, Real, np.generic, Decimal, dt.date, dt.timedelta)
    odd = next((cell for cell in there if not isinstance(cell, plain)), None)
    if odd is not None:
        raise ValueError(
            f"A column for MetaFeatures must hold numbers, dates or categories. {name!r} holds a "
            f"{type(odd).__name__}; texts, pictures and sounds are views: views={{{name!r}: …}}."
        )


def _kind_of(there: Sequence[Any]) -> tuple[str, str | None]:
    """Tell the kind of a column by the cells that are there, and the format of dates."""
    if not there:
        return "empty", None
    if all(not np.isnan(_as_boolean(cell)) and _says_boolean(cell) for cell in there):
        return "boolean", None
    if all(isinstance(cell, dt.date | np.datetime64) for cell in there):
        return "date", None
    numbers = [_as_number(cell) for cell in there]
    if not np.isnan(numbers).any():
        return ("number" if np.isfinite(_float32(numbers)).any() else "empty"), None
    if not all(isinstance(cell, str) for cell in there):
        return "category", None
    return _dates_or_words(there)


def _dates_or_words(there: Sequence[str]) -> tuple[str, str | None]:
    skrub = _skrub()
    import pandas as pd

    try:
        found = skrub.ToDatetime().fit(pd.Series([cell.strip() for cell in there], dtype=str))
    except skrub.core.RejectColumn:
        return "category", None
    return "date", found.format_


def _naming(there: Sequence[Any], kind: str) -> str | None:
    """Say why a column names its rows, or is made of sentences; None where it does not."""
    n, distinct = len(there), len(set(map(str, there)))
    if n < _FEWEST:
        return None
    example = f"{str(there[0])[:40]!r}"
    if kind == "number":
        numbers = np.asarray([_as_number(cell) for cell in there])
        whole = bool(np.isfinite(numbers).all() and (numbers == np.floor(numbers)).all())
        counts = distinct == n and np.ptp(numbers) < 2 * n if whole else False
        if whole and distinct == n and (counts or np.abs(numbers).max() > _EXACT):
            return f"Its {n} whole numbers all differ, as ids or numbers of rows do ({example} …)."
    if kind == "category" and distinct >= _NAMING * n:
        words = float(np.median([len(str(cell).split()) for cell in there]))
        what = "sentences" if words >= 4 else "ids or names of the rows"
        return f"Its values are {what}: {distinct} of {n} differ ({example} …)."
    return None


# -- cells


def _as_kind(cells: Sequence[Any], kind: str, format_: str | None) -> pd.Series:
    """Turn cells into a column of one type, each by itself; what is of another kind is missing."""
    import pandas as pd

    if kind in ("number", "boolean"):
        read = _as_number if kind == "number" else _as_boolean
        return pd.Series(_float32([read(cell) for cell in cells]))
    if kind == "date":
        return _as_dates(cells, format_)
    # not as text, which skrub would look through for numbers and dates again
    return pd.Series([_as_category(cell) for cell in cells], dtype=object).astype("category")


def _float32(numbers: Sequence[float]) -> np.ndarray:
    with np.errstate(over="ignore"):  # a number beyond float32 is an infinite one
        return np.array(numbers, dtype=np.float32)


def _as_number(cell: Any) -> float:
    if isinstance(cell, dt.timedelta):
        return cell.total_seconds()
    if isinstance(cell, np.timedelta64):
        return float(cell / np.timedelta64(1, "s"))
    if isinstance(cell, str) and "_" in cell:  # Python reads 1_000
        return np.nan
    if not isinstance(cell, str | Real | Decimal | np.number):
        return np.nan
    try:
        return float(cell)
    except (ValueError, OverflowError):
        return np.nan


def _says_boolean(cell: Any) -> bool:
    return isinstance(cell, bool | np.bool_ | str)


def _as_boolean(cell: Any) -> float:
    if isinstance(cell, str):
        text = cell.strip().lower()
        return _BOOLEANS.get(text, {"1": 1.0, "0": 0.0, "1.0": 1.0, "0.0": 0.0}.get(text, np.nan))
    return float(cell) if isinstance(cell, bool | Real | np.bool_) and cell in (0, 1) else np.nan


def _as_dates(cells: Sequence[Any], format_: str | None) -> pd.Series:
    """Read dates by the format of `fit`, then by the ISO's; never by that of a neighbour."""
    import pandas as pd

    plain = [cell.strip() if isinstance(cell, str) else _as_iso(cell) for cell in cells]
    found = _parsed(pd.Series(plain, dtype=object), "ISO8601")
    if format_ is not None:
        texts = [cell.strip() if isinstance(cell, str) else None for cell in cells]
        found = _parsed(pd.Series(texts, dtype=object), format_).fillna(found)
    plain_dates: pd.Series = found.dt.tz_localize(None).astype("datetime64[us]")
    return plain_dates


def _parsed(texts: pd.Series, format_: str) -> pd.Series:
    import pandas as pd

    dates: pd.Series = pd.to_datetime(texts, format=format_, errors="coerce", utc=True)
    return dates


def _as_iso(cell: Any) -> str | None:
    if isinstance(cell, np.datetime64):
        return str(cell)
    return cell.isoformat() if isinstance(cell, dt.date) else None


def _as_category(cell: Any) -> str | None:
    """Write a category in one way, whatever type it came in: 12, 12.0 and "12" are one."""
    if cell is None:
        return None
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, dt.date):
        return cell.isoformat()
    if isinstance(cell, bool | np.bool_):
        return str(cell)
    if isinstance(cell, Integral):
        return str(int(cell))
    whole = isinstance(cell, float | np.floating) and float(cell).is_integer()
    return str(int(cell)) if whole else str(cell)
