"""Rows that lack views, or have noise in them (layer L5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hybridsent._held import everything
from hybridsent.encoders._nesting import select
from hybridsent.evaluation.curves._bench import Rows
from hybridsent.evaluation.rows._columns import feature_columns, selectors_of
from hybridsent.missing import ViewImputer
from hybridsent.views import PASSTHROUGH, modalities_of

__all__ = ["lacking", "noisy", "notes_on_lacking", "views_in"]


def views_in(rows: Rows) -> dict[str, list[int]]:
    """Tell in which columns of the rows each view of a model stands.

    Parameters
    ----------
    rows : Rows
        The model, and the rows as it reads them.

    Returns
    -------
    dict of str to list of int
        Positions of columns. Views that are read from one column are one, named ``"a+b"``: who
        lacks the column lacks both. Domain and group are none.
    """
    columns = list(getattr(rows.X, "columns", ()))
    features = feature_columns(columns)
    if features and len(features) == len(columns):
        found = modalities_of(columns)
        return {view: places for view, places in found.items() if view}
    at = {name: i for i, name in enumerate(columns)}
    read: dict[str, list[int]] = {}
    for view, column in selectors_of(rows.model):
        if view not in PASSTHROUGH:
            cells = select(rows.X, column)
            names = list(cells.columns) if hasattr(cells, "columns") else [cells.name]
            read[view] = [at[name] for name in names]
    return _joined(read)


def _joined(read: dict[str, list[int]]) -> dict[str, list[int]]:
    """Put views that share a column together."""
    found: list[tuple[list[str], set[int]]] = []
    for view, places in read.items():
        mine = [each for each in found if each[1] & set(places)]
        names = [name for each in mine for name in each[0]]
        taken = set(places).union(*(each[1] for each in mine))
        found = [each for each in found if each not in mine]
        found.append(([*names, view], taken))
    return {"+".join(names): sorted(places) for names, places in found}


def lacking(X: Any, places: Sequence[int], rows: np.ndarray | None = None) -> Any:
    """Take columns away from rows, as if they were missing there.

    Parameters
    ----------
    X : DataFrame or array of n rows
        The rows.
    places : sequence of int
        Positions of columns.
    rows : ndarray of bool of shape (n,) or None, default=None
        In which rows; None is all.

    Returns
    -------
    DataFrame or array
        A copy. Features, and all numbers, are NaN there, other cells None.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.evaluation.curves._changed_rows import lacking
    >>> table = pd.DataFrame({"text__0": [0.5, 0.7], "audio__0": [1.0, 2.0]})
    >>> lacking(table, [0])["text__0"].isna().tolist()
    [True, True]
    """
    there = np.flatnonzero(np.ones(len(X), dtype=bool) if rows is None else rows)
    cells = np.ix_(there, np.asarray(places, dtype=np.intp))
    if not hasattr(X, "iloc"):
        values = np.array(X, copy=True)
        values[cells] = np.nan
        return values
    if all(kind.kind == "f" for kind in set(X.dtypes) if hasattr(kind, "kind")):
        values = X.to_numpy(copy=True)
        if values.dtype.kind == "f":
            values[cells] = np.nan
            return type(X)(values, index=X.index, columns=X.columns)
    found = X.copy()
    for place in places:
        name = found.columns[place]
        found[name] = found[name].mask(np.isin(np.arange(len(X)), there))
    return found


def noisy(
    X: Any, train: Any, places: Sequence[int], level: float, seed: Sequence[int], view: str
) -> Any:
    """Put normal noise into columns of numbers.

    Parameters
    ----------
    X : DataFrame or array of n rows
        The rows.
    train : DataFrame or array
        Rows that tell how much each column varies.
    places : sequence of int
        Positions of columns.
    level : float
        How much, in standard deviations of each column.
    seed : sequence of int
        Of the noise, which is the same at every level.
    view : str
        What is disturbed, for messages.

    Returns
    -------
    DataFrame or array
        A copy. What is missing stays so.

    Raises
    ------
    ValueError
        If the columns hold no numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.evaluation.curves._changed_rows import noisy
    >>> table = pd.DataFrame({"text__0": [0.0, 1.0], "audio__0": [1.0, 2.0]})
    >>> noisy(table, table, [0], 1.0, [0], "text")["text__0"].tolist() == [0.0, 1.0]
    False
    """
    there = list(places)
    cells = train.iloc[:, there].to_numpy() if hasattr(train, "iloc") else train[:, there]
    if cells.dtype.kind not in "fiu":
        raise ValueError(
            f"Noise is put into features. Got the view {view!r}, which the model reads from cells "
            "that are no numbers: its encoders are not at its head, or learn. Name other views, or "
            "disturb labels with on='labels'."
        )
    spread = np.nanstd(cells.astype(np.float64), axis=0)
    noise = np.random.default_rng(list(seed)).standard_normal((len(X), len(there))) * spread
    if not hasattr(X, "iloc"):
        found = np.array(X, dtype=np.result_type(X, np.float32))
        found[:, there] += level * noise
        return found
    values = X.iloc[:, there].to_numpy(dtype=np.float64) + level * noise
    if all(str(kind) == str(X.dtypes.iloc[0]) and kind.kind == "f" for kind in set(X.dtypes)):
        whole = X.to_numpy(copy=True)
        whole[:, there] = values
        return type(X)(whole, index=X.index, columns=X.columns)
    return X.assign(**{X.columns[i]: values[:, k] for k, i in enumerate(there)})


def notes_on_lacking(rows: Rows) -> list[str]:
    """Say what stands in for a view that is left out of a row.

    Parameters
    ----------
    rows : Rows
        The model.

    Returns
    -------
    list of str
        A sentence where the model imputes; empty where it goes without.
    """
    if any(isinstance(each, ViewImputer) for each in everything(rows.model)):
        return [
            "A view that is left out is imputed by what the others predict of it: the model cannot "
            "go without, and what the others know of it stays in."
        ]
    return []
