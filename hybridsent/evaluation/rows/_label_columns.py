"""Labels, groups or domains, of a column or given beside a table, as one plain array (layer L5)."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from hybridsent._labels import take_rows
from hybridsent._tables import as_pandas

__all__ = ["as_labels", "check_one_kind", "check_order", "judged_labels"]


def as_labels(table: Any, y: Any, name: str = "y") -> np.ndarray:
    """Give the labels, groups or domains as a plain array.

    Parameters
    ----------
    table : DataFrame
        The table.
    y : str or array-like of shape (n,)
        A column of the table, or the labels, also as one column of two dimensions. Arrow-backed
        strings of pandas become plain ones.
    name : {"y", "groups", "domain"}, default="y"
        The parameter, for messages.

    Returns
    -------
    ndarray of shape (n,)
        Labels.

    Raises
    ------
    ValueError
        If there is no such column, the lengths differ, labels are missing, or there are several in
        a row.
    """
    import pandas as pd

    table, y = as_pandas(table), as_pandas(y)
    what = {"y": "label", "groups": "group"}.get(name, name)
    if isinstance(y, str):
        columns = list(getattr(table, "columns", []))
        if y not in columns:
            raise ValueError(
                f"The {name} parameter must be {what}s or a column of the table. Got {y!r}; the "
                f"columns are {columns}."
            )
        y = table[y]
    series = pd.Series(_one_column(y, name, what)).reset_index(drop=True)
    if len(series) != len(table):
        raise ValueError(
            f"There must be one {what} a row. Got {len(series)} {what}s for {len(table)} rows."
        )
    missing = series.isna()
    if missing.any():
        raise ValueError(
            f"Every row must have a {what} to be judged. {int(missing.sum())} of {len(series)} "
            f"have none, the first at position {int(missing.argmax())}; drop them, for example "
            "with table.dropna(subset=[...])."
        )
    _check_single(series, name, what)
    # by way of objects: categories and nullable integers become plain numbers or strings
    plain = series.astype(object).infer_objects()
    if pd.api.types.is_numeric_dtype(plain):
        return np.asarray(plain.to_numpy())
    return np.asarray(plain.to_numpy(dtype=object), dtype=object)


def _one_column(y: Any, name: str, what: str) -> Any:
    if isinstance(y, (list, tuple)):
        import pandas as pd

        nested = pd.Series(list(y), dtype=object)  # NumPy refuses rows of unequal length
        if not nested.map(lambda each: isinstance(each, (list, tuple, np.ndarray))).any():
            return y
        _check_single(nested, name, what)
    shape = np.shape(y)
    if len(shape) == 1:
        return y
    if len(shape) == 2 and shape[1] == 1:
        return y.iloc[:, 0] if hasattr(y, "iloc") else np.asarray(y)[:, 0]
    wide = f" of {shape[1]} columns" if len(shape) == 2 else ""
    raise ValueError(
        f"The {name} parameter must be one {what} a row. Got {len(shape)} dimensions{wide}; choose "
        "one column."
    )


def _check_single(series: Any, name: str, what: str) -> None:
    if series.dtype != object:
        return
    for row, value in enumerate(series.tolist()):
        several = isinstance(value, (list, tuple, set, frozenset, dict, np.ndarray))
        if several:
            raise ValueError(
                f"The {name} parameter must be one {what} a row, a text or a number. Got {value!r} "
                f"in row {row}; choose one of them, or make one text, for example by "
                "column.map(', '.join)."
            )


def judged_labels(
    table: Any, y: Any, name: str = "y", *, marks: bool = False, known: np.ndarray | None = None
) -> np.ndarray:
    """Give labels, groups or domains that rows are judged by: `as_labels`, with an order.

    Parameters
    ----------
    table : DataFrame
        The table.
    y : str or array-like of shape (n,)
        As `as_labels` takes it.
    name : {"y", "groups", "domain"}, default="y"
        The parameter, for messages.
    marks : bool, default=False
        Whether the number -1 may stand beside texts, as the mark of a row without a label.
    known : ndarray of bool of shape (n,), default=None
        Rows that are judged, where others have no label; None is all.

    Returns
    -------
    ndarray of shape (n,)
        Labels of one kind; of the known rows alone where these are told.

    Raises
    ------
    ValueError
        If there are no rows, the labels are of several kinds, or a Series has the index of the
        table in another order.
    """
    n = table.shape[0] if hasattr(table, "shape") else len(table)
    if n == 0:
        raise ValueError("The table must have rows to be judged. Got 0 rows.")
    y = as_pandas(y)
    check_order(table, y, name)
    if known is not None and len(known) == n and known.any():  # else it is told what is wrong
        rows = np.flatnonzero(known)
        table, y = take_rows(table, rows), take_rows(y, rows)
    found = as_labels(table, y, name)
    check_one_kind(found[found != -1] if marks else found, name)
    return found


def check_order(table: Any, y: Any, name: str) -> None:
    """Refuse labels whose index says that they are of other rows.

    Parameters
    ----------
    table : DataFrame
        The table.
    y : object
        Labels, groups or domains.
    name : {"y", "groups", "domain"}
        The parameter, for messages.

    Raises
    ------
    ValueError
        If a Series has the index of the table in another order.
    """
    if not (hasattr(table, "index") and hasattr(y, "index") and hasattr(y, "iloc")):
        return
    mine, theirs = table.index, y.index
    if len(mine) != len(theirs) or mine.equals(theirs) or not (mine.is_unique and theirs.is_unique):
        return
    if mine.isin(theirs).all():
        raise ValueError(
            f"The {name} parameter must be in the order of the rows. Got the index of the table in "
            f"another order, {theirs[:3].tolist()} … instead of {mine[:3].tolist()} …; take "
            f"{name}.loc[table.index], or {name}.to_numpy() if the order of the rows is right."
        )


def check_one_kind(values: np.ndarray, name: str) -> None:
    """Refuse texts beside numbers, which have no order and are often one thing written twice.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Labels, groups or domains.
    name : {"y", "groups", "domain"}
        The parameter, for messages.

    Raises
    ------
    ValueError
        If there are texts and numbers, or other things that have no order.
    """
    if values.dtype != object:
        return
    kinds = np.array([_kind(value) for value in values.tolist()])
    if len(set(kinds.tolist())) < 2:
        return
    rows = (0, int((kinds != kinds[0]).argmax()))
    one, other = sorted(rows, key=lambda row: kinds[row] == "text")  # the number first
    raise ValueError(
        f"The {name} parameter must be texts or numbers, not both. Got {values[one]!r} in row "
        f"{one} and {values[other]!r} in row {other}; write all as texts, for example by "
        "astype(str) of a pandas column."
    )


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "text"
    return "number" if isinstance(value, (Real, np.number, np.bool_)) else type(value).__name__
