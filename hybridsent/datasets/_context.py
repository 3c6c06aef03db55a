"""Neighbours of a row in a conversation, as a column of the table (layer L4).

Why by hand: ``groupby(...).shift`` of pandas gives one neighbour a column and goes by the order of
the rows as they stand, which in a file is often that of the labels.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

from hybridsent._tables import as_table
from hybridsent.datasets._columns import check_new, check_there
from hybridsent.datasets._order import codes_of, ranks_of
from hybridsent.exceptions import MediaError, TableError
from hybridsent.media import is_missing
from hybridsent.media._forms import is_pair, items_of, weights_of
from hybridsent.views import check_views, feature_pattern

__all__ = ["add_context", "contexts_of"]

_NOTED = "hybridsent.context"
"""Where a table keeps, in its ``attrs``, which columns hold neighbours, and of which groups."""


@dataclass(frozen=True)
class _Window:
    """How far neighbours are looked for, and what each weighs."""

    before: int
    after: int
    decay: float

    def weight(self, distance: int) -> float:
        """Weigh a neighbour: the nearest by 1."""
        return float(self.decay ** (abs(distance) - 1))


def add_context(
    table: Any,
    column: str,
    *,
    group: str | Sequence[str],
    order: str | Sequence[str],
    before: int = 3,
    after: int = 0,
    by: str | Sequence[str] | None = None,
    decay: float | None = None,
    name: str | None = None,
) -> pd.DataFrame:
    """Write what stands before and after a row, in its conversation, as a column of its own.

    The new column holds a list a row: the cells of its neighbours in the order in which they come,
    without its own. It is a view as any other, which an encoder reads as the mean of its items, so
    that a model learns from what was said before: ``make_fusion(views={"text": "text",
    "text_context": "text"})``. Where `column` is the name of a view of features (``text__0`` …),
    the new view ``text_context__0`` … holds the means of the neighbours' features.

    Rows keep their places: only `order` tells who is whose neighbour, and a shuffled table gets the
    same context. Neighbours are of the same group alone; give the groups to `evaluate`, too
    (``groups="dialogue"``), or the neighbours of a tested row stand among those learned from.

    Parameters
    ----------
    table : DataFrame
        The rows; also a table of polars, pyarrow or another library.
    column : str
        The column whose cells are gathered, or the name of a view of features.
    group : str or list of str
        The column that names the conversation (dialogue, video, thread), or several that do so
        together. A row without it has no neighbours.
    order : str or list of str
        The column that tells what comes first: numbers, dates or times, also as text; of several
        columns the later ones decide where earlier ones are equal. The rows' own order is never
        taken: files are often sorted by label.
    before : int, default=3
        How many rows before a row are its neighbours.
    after : int, default=0
        How many rows after it are; only for what is judged when all is said.
    by : str or list of str, default=None
        Count only rows that have the same value here, such as ``"speaker"``; a row without it has
        no neighbours. None: all rows of the group.
    decay : float, default=None
        What a neighbour weighs beside one that is a step nearer, above 0 and at most 1: with 0.5
        the last row weighs 1, the one before it 0.5, then 0.25. The cells are then of the form
        ``{"items": [...], "weights": [...]}``. None: all alike.
    name : str, default=None
        The new column or view. None: `column` with ``_context`` behind it.

    Returns
    -------
    DataFrame
        The table with its rows and index as they were, and the new column, or columns, at the end.
        None (of features, NaN) where a row has no neighbour or none with a cell.

    Raises
    ------
    TableError
        If a column is not there, the new one is, two rows of a conversation stand at the same
        place, or no order can be told.
    ValueError
        If a parameter is not of those above.

    See Also
    --------
    hybridsent.evaluate : Takes the groups that must be kept together.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.datasets import add_context
    >>> talk = pd.DataFrame({
    ...     "dialogue": ["a", "a", "a", "b"],
    ...     "turn": [3, 1, 2, 1],
    ...     "text": ["Great!", "Any news?", "We won.", "Hello."],
    ... })
    >>> add_context(talk, "text", group="dialogue", order="turn")["text_context"].tolist()
    [['Any news?', 'We won.'], None, ['Any news?'], None]
    """
    table = as_table(table)
    window = _checked(before, after, decay)
    groups, orders = _named(table, group, "group"), _named(table, order, "order")
    alike = [] if by is None else _named(table, by, "by")
    features = _features_of(table, column)
    name = f"{column}_context" if name is None else name
    _check_new(table, name, column, bool(features))
    runs = list(_runs(table, groups, orders, alike))
    if features:
        values = _means(table[features].to_numpy(dtype=np.float64), runs, window)
        added = pd.DataFrame(
            values.astype(np.float32),
            index=table.index,
            columns=[f"{name}{feature[len(column) :]}" for feature in features],
        )
        result: pd.DataFrame = pd.concat([table, added], axis=1)
    else:
        result = table.copy()
        result[name] = _lists(table[column].tolist(), table.index.tolist(), runs, window)
    result.attrs = {**table.attrs, _NOTED: {**contexts_of(table), name: groups}}
    return result


def contexts_of(table: Any) -> dict[str, list[str]]:
    """Tell which columns or views of a table hold neighbours, as `add_context` wrote them.

    Parameters
    ----------
    table : DataFrame
        A table. One that went through a file that keeps no notes (all but Parquet) has none.

    Returns
    -------
    dict of str to list of str
        The columns that name the conversations, by the new column or view.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.datasets._context import add_context, contexts_of
    >>> talk = pd.DataFrame({"dialogue": [1, 1], "turn": [1, 2], "text": ["Any news?", "No."]})
    >>> contexts_of(add_context(talk, "text", group="dialogue", order="turn"))
    {'text_context': ['dialogue']}
    """
    noted = getattr(table, "attrs", {}).get(_NOTED, {})
    if not isinstance(noted, Mapping):
        return {}
    return {
        str(name): list(groups)
        for name, groups in noted.items()
        if isinstance(groups, list | tuple)  # a file may say anything
    }


# -- parameters


def _checked(before: Any, after: Any, decay: Any) -> _Window:
    for parameter, value in (("before", before), ("after", after)):
        if isinstance(value, bool) or not isinstance(value, Integral) or value < 0:
            raise ValueError(
                f"The {parameter} parameter of add_context must be a number of rows, 0 or more. "
                f"Got {value!r}."
            )
    if before == after == 0:
        raise ValueError(
            "One of before and after must be 1 or more in add_context. Got 0 for both, which "
            "leaves no neighbours."
        )
    number = isinstance(decay, Real) and not isinstance(decay, bool)
    if decay is not None and not (number and 0 < decay <= 1):
        raise ValueError(
            "The decay parameter of add_context must be None or a number above 0 and at most 1: "
            f"what a neighbour weighs beside one that is a step nearer. Got {decay!r}."
        )
    return _Window(int(before), int(after), 1.0 if decay is None else float(decay))


def _named(table: pd.DataFrame, given: Any, parameter: str) -> list[str]:
    """Take the name of a column, or a list of such, each of which is there once."""
    if isinstance(given, np.ndarray | pd.Index | pd.Series):
        given = given.tolist()
    if given is None or (isinstance(given, Sequence) and not given):
        raise ValueError(f"The {parameter} parameter of add_context must {_NEEDED[parameter]}")
    names = [given] if isinstance(given, str) or not isinstance(given, Sequence) else list(given)
    for name in names:
        check_there(table, name, parameter)
    return names


_NEEDED = {
    "group": "name the column that tells which rows are one conversation, such as 'dialogue'. Got "
    "none; where the whole table is one, write a column that says so: table.assign(dialogue=0).",
    "order": "name the column that tells what comes first, such as 'turn' or 'posted_at'. Got "
    "none, and the order of the rows is not taken for it: files are often sorted by label, and "
    "then a row's neighbours would give its label away. Where the rows do stand as they were said, "
    "write a column that says so: table.assign(turn=range(len(table))).",
    "by": "be None or name a column, such as 'speaker'. Got an empty list.",
}


def _features_of(table: pd.DataFrame, column: Any) -> list[str]:
    """Columns of the view of features of this name; none where it is a column of cells."""
    if column not in table.columns and isinstance(column, str):
        pattern = re.compile(feature_pattern(column))
        found = [name for name in table.columns if pattern.fullmatch(str(name))]
        if found:
            wrong = [name for name in found if table.dtypes[name].kind not in "biuf"]
            if wrong:
                raise TableError(
                    f"The features of the view {column!r} must be numbers. The column "
                    f"{wrong[0]!r} holds {table.dtypes[wrong[0]]}."
                )
            return found
    check_there(table, column, "column")
    return []


def _check_new(table: pd.DataFrame, name: Any, column: str, features: bool) -> None:
    if not isinstance(name, str) or not name:
        raise ValueError(f"The name parameter of add_context must be None or a str. Got {name!r}.")
    if features:
        check_views([name])
    pattern = re.compile(feature_pattern(name))
    taken = [each for each in table.columns if each == name or pattern.fullmatch(str(each))]
    check_new(
        table,
        taken,
        f"Give the neighbours of {column!r} another name: add_context(..., name=...).",
    )


# -- neighbours


def _runs(
    table: pd.DataFrame, groups: list[str], orders: list[str], alike: list[str]
) -> Iterator[np.ndarray]:
    """Give the positions of the rows that belong together, in the order in which they come."""
    together = codes_of(table, [*groups, *alike], "group and by")
    ranks = np.column_stack([ranks_of(table[name]) for name in orders])
    unplaced = (together >= 0) & (ranks < 0).any(axis=1)
    if unplaced.any():
        row = int(np.flatnonzero(unplaced)[0])
        raise TableError(
            f"Each row of a conversation must have its place in it. {int(unplaced.sum())} have "
            f"none in {_listed(orders)}, the first is row {table.index[row]!r}. Fill it, drop "
            f"these rows, or empty their cell in {_listed(groups)} so that they have no neighbours."
        )
    rows = np.flatnonzero(together >= 0)
    sorted_rows = rows[np.lexsort([*ranks[rows].T[::-1], together[rows]])]
    borders = np.flatnonzero(np.diff(together[sorted_rows])) + 1
    for run in np.split(sorted_rows, borders):
        ties = np.flatnonzero((ranks[run[1:]] == ranks[run[:-1]]).all(axis=1))
        if len(ties):
            _refuse_tie(table, groups + alike, orders, run[ties[0] : ties[0] + 2])
        if len(run) > 1:
            yield run


def _refuse_tie(
    table: pd.DataFrame, groups: list[str], orders: list[str], pair: np.ndarray
) -> None:
    first, second = table.index[pair].tolist()
    raise TableError(
        f"The rows {first!r} and {second!r} of {_values(table, groups, pair[0])} stand at one "
        f"place ({_values(table, orders, pair[0])}), and nothing tells which comes first. Name a "
        f"further column that does: order={[*orders, '...']!r}; or drop one of the rows."
    )


def _values(table: pd.DataFrame, names: list[str], row: int) -> str:
    cells = {name: table[name].iloc[[row]].tolist()[0] for name in names}
    return ", ".join(f"{name}={str(cell)[:40]!r}" for name, cell in cells.items())


def _listed(names: list[str]) -> str:
    return " and ".join(repr(name) for name in names)


def _lists(
    cells: list[Any], labels: list[Any], runs: list[np.ndarray], window: _Window
) -> np.ndarray:
    """Gather the neighbours' cells of each row; of those in lists, each item."""
    held = [_items(cell, label) for label, cell in zip(labels, cells, strict=True)]
    gathered: dict[int, tuple[list[Any], list[float]]] = {}
    for run in runs:
        for place, row in enumerate(run):
            start, end = max(0, place - window.before), place + window.after + 1
            near = [
                (held[other], window.weight(at - place))
                for at, other in enumerate(run[start:end], start=start)
                if at != place and held[other]
            ]
            items, weights = _weighed(near)
            if items:
                gathered[int(row)] = items, weights
    # one form for all cells of a column, which Parquet asks for
    alike = all(len(set(weights)) == 1 for _, weights in gathered.values()) and window.decay == 1
    found = np.full(len(cells), None, dtype=object)
    for row, (items, weights) in gathered.items():
        found[row] = items if alike else {"items": items, "weights": weights}
    return found


_Held = list[tuple[Any, float]]  # items, and what each weighs beside the others of its cell


def _weighed(near: list[tuple[_Held, float]]) -> tuple[list[Any], list[float]]:
    """Give the items of neighbours; what one weighs is shared among those that it holds."""
    items: list[Any] = []
    weights: list[float] = []
    for held, weight in near:
        total = sum(own for _, own in held)
        for item, own in held:
            share = weight * (own / total)
            if share > 0:  # by a decay over thousands of rows, nothing is left of the far ones
                items.append(item)
                weights.append(share)
    return items, weights


def _items(cell: Any, label: Any) -> _Held:
    """Give what a cell holds, of whatever modality, with its weights; missing ones are left out."""
    if is_missing(cell):
        return []
    items = items_of(cell, stacks=False)
    if items is None or is_pair(items):
        return [(cell, 1.0)]
    try:
        weights = weights_of(cell, items, "list") or [1.0] * len(items)
    except MediaError as error:
        raise TableError(f"Row {label!r}: {error}. Mend the weights, or leave them out.") from error
    return [(item, own) for item, own in zip(items, weights, strict=True) if not is_missing(item)]


def _means(X: np.ndarray, runs: list[np.ndarray], window: _Window) -> np.ndarray:
    """Average the neighbours' features of each row; one that misses any is left out."""
    there = ~np.isnan(X).any(axis=1)
    filled = np.where(there[:, None], X, 0.0)
    total, weight = np.zeros_like(X), np.zeros(len(X))
    longest = max((len(run) for run in runs), default=0)
    for distance in range(-min(window.before, longest - 1), min(window.after, longest - 1) + 1):
        if distance == 0:
            continue
        pairs = [_pairs(run, distance) for run in runs if len(run) > abs(distance)]
        row, other = (np.concatenate(each) for each in zip(*pairs, strict=True))
        weights = window.weight(distance) * there[other]
        total[row] += weights[:, None] * filled[other]  # no row stands twice among them
        weight[row] += weights
    with np.errstate(invalid="ignore"):
        return np.asarray(total / np.where(weight > 0, weight, np.nan)[:, None])


def _pairs(run: np.ndarray, distance: int) -> tuple[np.ndarray, np.ndarray]:
    """Pair each row of a run with the one that stands so many places after it."""
    return (run[-distance:], run[:distance]) if distance < 0 else (run[:-distance], run[distance:])
