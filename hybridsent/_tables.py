"""Tables of other libraries as pandas: the one place that decides it (layer L0).

narwhals wraps tables of many libraries in an interface of its own; here everything behind the door
is pandas, so that one conversion is enough, and none of these libraries is imported: a table is
known by what it offers (``to_arrow``, the Arrow stream, the interchange protocol, ``to_pandas``).
Here, too, names of columns are compared, of which a table of features has thousands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from hybridsent.exceptions import TableError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "as_column",
    "as_pandas",
    "as_table",
    "check_names_differ",
    "from_arrow",
    "named_as_fitted",
    "same_names",
    "whole_numbers",
]

_EXACT = 2**53
"""Up to here a float64, which a column of integers with gaps becomes in pandas, is exact."""


def as_pandas(X: Any) -> Any:
    """Turn a table or column of any library into one of pandas; all else stays as it is.

    Integers that have gaps beside them keep every digit: where floats could not hold them, the
    column has pandas' dtype ``Int64``.

    Parameters
    ----------
    X : object
        A table or column of pandas, polars (a lazy one is collected) or pyarrow, a mapping of names
        to columns, or anything that offers ``__arrow_c_stream__``, ``__dataframe__`` or
        ``to_pandas``; also arrays, lists and whatever else, which come back untouched.

    Returns
    -------
    DataFrame, Series or object
        A table of pandas, or `X` itself.

    Raises
    ------
    TableError
        If `X` is a mapping whose values are no columns of one length.

    Examples
    --------
    >>> import pyarrow
    >>> from hybridsent._tables import as_pandas
    >>> as_pandas(pyarrow.table({"n": [2**60 + 1, None]}))["n"].tolist()
    [1152921504606846977, <NA>]
    >>> as_pandas({"text": ["fine", "bad"]}).shape, as_pandas(["fine", "bad"])
    ((2, 1), ['fine', 'bad'])
    """
    if isinstance(X, np.ndarray | str | bytes | list | tuple) or hasattr(X, "iloc"):
        return X
    if hasattr(X, "tocsr"):  # a sparse matrix of SciPy; one form of them is a mapping, too
        return X
    if isinstance(X, Mapping):
        return _from_mapping(X)
    if hasattr(X, "collect_schema") and hasattr(X, "collect"):  # polars' LazyFrame
        X = X.collect()
    if hasattr(X, "to_native") and hasattr(X, "implementation"):  # narwhals
        return as_pandas(X.to_native())
    for convert in (_by_objects, _by_arrow, _by_pandas, _by_interchange):
        if (found := convert(X)) is not None:
            return found
    return X


def as_table(X: Any, name: str = "table", error: type[Exception] = TableError) -> pd.DataFrame:
    """Turn a table of any library into one of pandas, and refuse what is none.

    Parameters
    ----------
    X : object
        As `as_pandas` takes it.
    name : str, default="table"
        The parameter, for messages.
    error : type, default=TableError
        What is raised where `X` is no table.

    Returns
    -------
    DataFrame
        The table.

    Raises
    ------
    TableError
        If `X` is no table.

    Examples
    --------
    >>> from hybridsent._tables import as_table
    >>> as_table({"text": ["fine"]}).shape
    (1, 1)
    """
    import pandas as pd

    table = as_pandas(X)
    if not isinstance(table, pd.DataFrame):
        raise error(
            f"{name} must be a pandas DataFrame, got {type(X).__name__}. Wrap it: "
            "pd.DataFrame(...). Tables of polars or pyarrow and a dict of columns are taken, too."
        )
    return table


def check_names_differ(table: pd.DataFrame) -> None:
    """Refuse a table in which two columns have one name.

    Parameters
    ----------
    table : DataFrame
        The table.

    Raises
    ------
    TableError
        If there are such.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent._tables import check_names_differ
    >>> check_names_differ(pd.DataFrame({"text": ["fine"], "label": [1]}))
    """
    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()].unique().tolist()
        raise TableError(
            f"Column names must differ. Twice or more: {twice}. Rename or drop one of each."
        )


def from_arrow(table: Any) -> pd.DataFrame:
    """Turn a pyarrow table into one of pandas in which no integer loses a digit.

    Parameters
    ----------
    table : pyarrow.Table
        The table.

    Returns
    -------
    DataFrame
        The same rows; an index that pandas wrote into the table's metadata is restored.

    Raises
    ------
    TableError
        If two columns have one name.

    Examples
    --------
    >>> import pyarrow
    >>> from hybridsent._tables import from_arrow
    >>> from_arrow(pyarrow.table({"n": [1, None]}))["n"].dtype
    dtype('float64')
    """
    import pyarrow as pa

    frame: pd.DataFrame = table.to_pandas()
    check_names_differ(frame)
    exact = {
        name: whole_numbers(column.to_pylist())
        for name, column in zip(table.column_names, table.columns, strict=True)
        if column.null_count and pa.types.is_integer(column.type)
    }
    for name, column in exact.items():
        if name in frame.columns and frame[name].dtype.kind == "f":
            frame[name] = column.set_axis(frame.index)
    return frame


def whole_numbers(values: Sequence[int | None]) -> pd.Series:
    """Make a column of integers, some of which may be missing, and keep every digit.

    Parameters
    ----------
    values : sequence of int or None
        The cells.

    Returns
    -------
    Series
        int64 without gaps; floats beside gaps where they are exact; else ``Int64`` or ``UInt64``,
        or objects where an integer needs more than 64 bits.

    Examples
    --------
    >>> from hybridsent._tables import whole_numbers
    >>> [str(whole_numbers(v).dtype) for v in ([1, 2], [1, None], [2**60, None], [2**70, None])]
    ['int64', 'float64', 'Int64', 'object']
    """
    import pandas as pd

    filled = [value for value in values if value is not None]
    low, high = min(filled, default=0), max(filled, default=0)
    gaps = len(filled) < len(values)
    if gaps and low >= -_EXACT and high <= _EXACT:
        return pd.Series(list(values), dtype="float64")
    if low >= -(2**63) and high < 2**63:
        return pd.Series(list(values), dtype="Int64" if gaps else "int64")
    if low >= 0 and high < 2**64:
        return pd.Series(list(values), dtype="UInt64" if gaps else "uint64")
    return pd.Series(list(values), dtype=object)


def as_column(values: Sequence[Any]) -> pd.Series:
    r"""Make a column of plain Python values in which none changes: no digit and no sign is lost.

    Parameters
    ----------
    values : sequence of object
        The cells, None where one is missing.

    Returns
    -------
    Series
        Of one dtype where pandas has one that holds every value, else of objects.

    Examples
    --------
    >>> from hybridsent._tables import as_column
    >>> as_column([2**60 + 1, 0.5, None]).tolist()
    [1152921504606846977, 0.5, None]
    >>> as_column(["lone \ud800", None]).dtype
    dtype('O')
    """
    import pandas as pd

    kinds = {type(value) for value in values if value is not None}
    if kinds == {int}:
        return whole_numbers(values)
    wide = kinds == {int, float} and any(
        isinstance(value, int) and abs(value) > _EXACT for value in values
    )
    if wide or (len(kinds) > 1 and kinds != {int, float}):
        return pd.Series(list(values), dtype=object)
    try:
        return pd.Series(list(values))
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can hold and Arrow cannot
        return pd.Series(list(values), dtype=object)


def _from_mapping(columns: Mapping[Any, Any]) -> pd.DataFrame:
    import pandas as pd

    for name, cells in columns.items():
        if not _is_column(cells):
            raise TableError(
                "A table given as a mapping must map each name to a column of cells. Got "
                f"{type(cells).__name__} for {name!r}; a table of one row is "
                "{'text': ['one cell']}."
            )
    sizes = {name: len(cells) for name, cells in columns.items()}
    if len(set(sizes.values())) > 1:
        raise TableError(
            f"The columns of a table must have one length. Got {dict(list(sizes.items())[:8])}; "
            "put None where a cell is missing."
        )
    return pd.DataFrame({name: _column(cells) for name, cells in columns.items()})


def _is_column(cells: Any) -> bool:
    """Tell what has cells in an order; a table has columns, and a set has no order."""
    if isinstance(cells, str | bytes | Mapping | set | frozenset) or hasattr(cells, "columns"):
        return False
    return hasattr(cells, "__len__") and getattr(cells, "ndim", 1) > 0


def _column(cells: Any) -> pd.Series:
    """Take one column of a mapping; of an array of several dimensions a cell is an array."""
    import pandas as pd

    cells = as_pandas(cells)
    if isinstance(cells, pd.Series):
        return cells.reset_index(drop=True)
    if isinstance(cells, np.ndarray) and cells.ndim == 1:
        return pd.Series(cells)
    return as_column(list(cells))


def _by_objects(X: Any) -> Any:
    """Take polars' columns of Python objects (images), of which Arrow would get the addresses."""
    schema = getattr(X, "schema", None)
    if isinstance(schema, Mapping) and any(str(kind) == "Object" for kind in schema.values()):
        told = {name: str(kind) == "Object" for name, kind in schema.items()}
        return _from_mapping({n: X[n].to_list() if odd else X[n] for n, odd in told.items()})
    if str(getattr(X, "dtype", "")) == "Object" and hasattr(X, "to_list"):
        return as_column(X.to_list()).rename(getattr(X, "name", None))
    return None


def _by_arrow(X: Any) -> Any:
    """Go by way of Arrow, the only one that tells integers with gaps from floats."""
    doors = ("to_arrow", "__arrow_c_stream__", "__arrow_c_array__")
    if not any(hasattr(X, door) for door in doors):
        return None
    import pyarrow as pa

    found = X if isinstance(X, pa.Array | pa.ChunkedArray | pa.Table) else _to_arrow(X)
    if isinstance(found, pa.Table):
        return from_arrow(found)
    if isinstance(found, pa.Array | pa.ChunkedArray):
        column = from_arrow(pa.table({"column": found}))["column"]
        return column.rename(getattr(X, "name", None))
    return None


def _to_arrow(X: Any) -> Any:
    """Ask a table or column of another library for an Arrow one; None where it has none."""
    import pyarrow as pa

    # polars' own way comes first: its types are those that pyarrow turns into pandas
    ways: tuple[Callable[[], Any], ...] = (
        lambda: X.to_arrow(),
        lambda: pa.table(X),
        lambda: pa.chunked_array(X),
    )
    for way in ways:
        with suppress(Exception):  # cells that Arrow cannot hold: `to_pandas` may know them
            found = way()
            return found.read_all() if hasattr(found, "read_all") else found
    return None


def _by_pandas(X: Any) -> Any:
    found = X.to_pandas() if callable(getattr(X, "to_pandas", None)) else None
    return found if hasattr(found, "iloc") else None


def _by_interchange(X: Any) -> Any:
    if not hasattr(X, "__dataframe__"):
        return None
    from pyarrow import interchange

    return from_arrow(interchange.from_dataframe(X))


def same_names(a: np.ndarray, b: np.ndarray) -> bool:
    """Compare names, at once where they are the very same objects.

    Parameters
    ----------
    a, b : ndarray of str of shape (p,)
        Names of columns.

    Returns
    -------
    bool
        True where all are equal.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._tables import same_names
    >>> a = np.array(["text__0", "text__1"], dtype=object)
    >>> same_names(a, a.copy()), same_names(a, a[::-1])
    (True, False)
    """
    if a.dtype == b.dtype == object and a.tobytes() == b.tobytes():  # compares addresses
        return True
    return bool(np.array_equal(a, b))


_compared: WeakKeyDictionary[Any, tuple[np.ndarray, Any]] = WeakKeyDictionary()
"""Names of `fit`, which nobody else holds, and the last index that was found to have them."""


def named_as_fitted(estimator: Any, columns: Any) -> bool:
    """Tell whether columns have the names, in the order, that an estimator saw in `fit`.

    Parameters
    ----------
    estimator : estimator
        With ``feature_names_in_`` where the columns had names.
    columns : Index of shape (p,)
        Columns of a DataFrame.

    Returns
    -------
    bool
        True where every name is equal; False also where there are none to compare.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent._tables import named_as_fitted
    >>> from hybridsent.scaling import ViewScaler
    >>> X = pd.DataFrame({"text__0": [0.5, 1.0], "text__1": [0.5, 1.0]})
    >>> scaler = ViewScaler().fit(X)
    >>> named_as_fitted(scaler, X.columns), named_as_fitted(scaler, X.columns[::-1])
    (True, False)
    """
    names = getattr(estimator, "feature_names_in_", None)
    if names is None:
        return False
    known = _compared.get(estimator)
    # an index does not change: what was compared once is not compared again
    if known is not None and known[1].is_(columns) and same_names(known[0], names):
        return True
    equal = np.array_equal(np.asarray(columns, dtype=object), names)
    if equal:
        _compared[estimator] = np.array(names, dtype=object), columns
    return equal
