"""Which columns of a table are changed, and the table of changed copies (layer L4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from hybridsent._hints import did_you_mean
from hybridsent._labels import take_rows
from hybridsent._params import check_count
from hybridsent._tables import as_pandas
from hybridsent.augment._augmentation import augmentation_of, copies_of
from hybridsent.encoders._nesting import modality_read, readers_of, select
from hybridsent.media import get_modality, list_modalities

__all__ = ["augment_table", "check_policy", "columns_of", "with_copies"]

Policy = Mapping[str, Any]
Columns = dict[Any, str]
"""The modality of each column that is read as cells; the key None is the whole input."""


def columns_of(estimator: Any, X: Any) -> Columns:
    """Tell which columns of a table an estimator reads as cells, and of which modality.

    Parameters
    ----------
    estimator : estimator
        With encoders, wherever they stand.
    X : DataFrame, Series, array or list of n rows
        The rows.

    Returns
    -------
    dict of str to str
        Modality by column.

    Raises
    ------
    ValueError
        If two modalities read one column, as they do of videos.
    """
    found: Columns = {}
    for _, reader, column in readers_of(estimator):
        modality = str(modality_read(reader))
        for name in _names(X, column):
            other = found.setdefault(name, modality)
            if other != modality:
                raise ValueError(
                    f"A column that is augmented must be read as one modality. {name!r} is read as "
                    f"{other} and as {modality}, as a video is; a copy of its cells could "
                    "not be both. Give each part a column of its own, such as pictures and sound."
                )
    return found


def _names(X: Any, column: Any) -> list[Any]:
    if column is None:
        return list(X.columns) if hasattr(X, "columns") else [None]
    if not hasattr(X, "columns"):
        raise ValueError(
            f"X must be a DataFrame, whose columns the estimator picks. Got {type(X).__name__}."
        )
    cells = select(X, column)
    return list(cells.columns) if hasattr(cells, "columns") else [cells.name]


def strengths_of(modality: str, told: Any, where: str) -> dict[str, float]:
    """Read which changes are made of cells of a modality, and how strong they are.

    Parameters
    ----------
    modality : str
        Its name.
    told : None, "default", str, sequence of str or mapping of str to float
        What the user said.
    where : str
        The column or modality that it stands at, for the message.

    Returns
    -------
    dict of str to float
        Strength by change; empty where nothing is changed.

    Raises
    ------
    ValueError
        If there is no such change.
    """
    augmentation = augmentation_of(modality)
    if augmentation is None or told is None:
        if told is None or (isinstance(told, str) and told == "default"):
            return {}
        raise ValueError(
            f"The policy parameter must leave out what cannot be augmented. Got {told!r} for "
            f"{where!r}: the modality {modality!r} names no changes (Modality.augment)."
        )
    changes = augmentation.changes
    if isinstance(told, str):
        told = augmentation.default if told == "default" else [told]
    given = told if isinstance(told, Mapping) else dict.fromkeys(told)
    for name, strength in given.items():
        if name not in changes:
            raise ValueError(
                f"The policy parameter must name changes of {modality!r}: {list(changes)}. Got "
                f"{name!r} for {where!r}.{did_you_mean(str(name), list(changes))}"
            )
        if strength is not None and not (np.isscalar(strength) and 0 < float(strength) < np.inf):  # type: ignore[arg-type]
            raise ValueError(
                f"The policy parameter must give numbers above 0 as strengths. Got {strength!r} "
                f"for {name!r} of {where!r} ({changes[name].words})."
            )
    return {
        name: changes[name].strength if strength is None else float(strength)
        for name, strength in given.items()
    }


def check_policy(policy: Policy | None, columns: Columns, X: Any) -> dict[Any, dict[str, float]]:
    """Read a policy for the columns that an estimator reads.

    Parameters
    ----------
    policy : mapping or None
        As `AugmentedEstimator` takes it.
    columns : dict of str to str
        As `columns_of` gives them.
    X : DataFrame or other
        The rows.

    Returns
    -------
    dict of str to dict of str to float
        The strengths of the changes by column; only of columns that are changed.

    Raises
    ------
    ValueError
        If a key is neither a column nor a modality, or nothing would be changed.
    """
    told = dict(policy or {})
    known = [*getattr(X, "columns", []), *(each.name for each in list_modalities())]
    for key in told:
        if key not in known:
            raise ValueError(
                "The policy parameter must have columns of the table or modalities as keys. Got "
                f"{key!r}.{did_you_mean(str(key), [str(each) for each in known])}"
            )
        if key not in columns and key in getattr(X, "columns", []):
            raise ValueError(
                f"The policy parameter must name columns that the estimator reads as cells, "
                f"{list(columns)}. Got {key!r}."
            )
    found = {}
    for column, modality in columns.items():
        default = told.get(modality, "default")
        at = column if column in told else modality
        strengths = strengths_of(modality, told.get(column, default), str(at))
        if strengths:
            found[column] = strengths
    if not found:
        raise ValueError(
            "There must be cells that can be changed: a column that an encoder of the estimator "
            f"reads, with a policy. Got columns {columns or 'without one'} and policy={policy!r}. "
            "Features are augmented by FeatureMixup, FeatureNoise and ViewDropout."
        )
    return found


def with_copies(
    X: Any,
    rows: np.ndarray,
    columns: Columns,
    strengths: Mapping[Any, Mapping[str, float]],
    n_copies: int,
    *,
    n_changes: int = 1,
    together: bool = True,
    random_state: int = 0,
) -> tuple[Any, np.ndarray]:
    """Put changed copies of some rows behind a table.

    Parameters
    ----------
    X : DataFrame, Series, array or list of n rows
        The rows.
    rows : ndarray of int of shape (m,)
        Positions of those that are copied.
    columns : dict of str to str
        As `columns_of` gives them.
    strengths : mapping of str to mapping of str to float
        As `check_policy` gives them.
    n_copies : int
        Copies of each.
    n_changes, together, random_state
        As in `AugmentedEstimator`.

    Returns
    -------
    X : DataFrame, Series, array or list of n + m * n_copies rows
        In the same container.
    source : ndarray of int
        The row that each is, or is a copy of.
    """
    n = len(X)
    source = np.concatenate([np.arange(n), *[rows] * n_copies]).astype(np.intp)
    more = take_rows(X, source)
    for place, (column, strength) in enumerate(strengths.items()):
        cells = _cells(X, column)
        changed = [
            copies_of(
                cells[i],
                columns[column],
                strength,
                n_copies,
                n_changes=n_changes,
                random_state=random_state,
            )
            for i in rows.tolist()
        ]
        found = list(cells)
        for k in range(n_copies):
            mine = together or k % len(strengths) == place
            found += [each[k] for each in changed] if mine else [cells[i] for i in rows.tolist()]
        more = _replaced(more, column, found)
    return more, source


def _cells(X: Any, column: Any) -> list[Any]:
    if column is None:
        return X.tolist() if hasattr(X, "tolist") and not hasattr(X, "dtypes") else list(X)
    return X[column].tolist()  # type: ignore[no-any-return]  # untyped by pandas


def _replaced(more: Any, column: Any, cells: list[Any]) -> Any:
    if column is None and not hasattr(more, "iloc"):
        return _objects(cells) if isinstance(more, np.ndarray) else cells
    import pandas as pd

    if column is None:
        return pd.Series(_objects(cells), index=more.index, name=more.name)
    return more.assign(**{column: pd.Series(_objects(cells), index=more.index)})


def _objects(cells: Sequence[Any]) -> np.ndarray:
    """Give an array of objects, whatever they are; NumPy would open lists and arrays."""
    found = np.empty(len(cells), dtype=object)
    for i, cell in enumerate(cells):
        found[i] = cell
    return found


def augment_table(
    table: Any,
    columns: Mapping[str, str] | Iterable[str],
    *,
    n_copies: int = 1,
    policy: Policy | None = None,
    n_changes: int = 1,
    together: bool = True,
    random_state: int = 0,
) -> Any:
    """Make the changed copies of rows that `AugmentedEstimator` would learn from, to be looked at.

    Parameters
    ----------
    table : DataFrame of n rows
        The rows.
    columns : mapping of str to str, or sequence of str
        Columns of cells, and the modality of each; a name alone is both.
    n_copies : int, default=1
        Copies of each row.
    policy, n_changes, together, random_state
        As in `AugmentedEstimator`.

    Returns
    -------
    DataFrame of n * n_copies rows
        The copies, first the first copy of each row; all other columns are those of the row, and so
        is the index.

    Raises
    ------
    ValueError
        If there is no such column, modality or change.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.augment import augment_table
    >>> table = pd.DataFrame({"text": ["not a good day at all"], "label": ["negative"]})
    >>> augment_table(table, ["text"], n_copies=3)["text"].tolist()
    ['not a good day all at', 'not a at day good all', 'not a good all at day']
    """
    check_count(n_copies, "n_copies", "augment_table")
    check_count(n_changes, "n_changes", "augment_table")
    table = as_pandas(table)
    named: Columns = dict(columns) if isinstance(columns, Mapping) else {c: c for c in columns}
    for column, modality in named.items():
        if column not in table.columns:
            raise ValueError(
                f"The columns parameter must name columns of the table. Got {column!r}."
                f"{did_you_mean(str(column), [str(each) for each in table.columns])}"
            )
        get_modality(modality, parameter="columns parameter")
    more, source = with_copies(
        table,
        np.arange(len(table)),
        named,
        check_policy(policy, named, table),
        n_copies,
        n_changes=n_changes,
        together=together,
        random_state=random_state,
    )
    return take_rows(more, np.arange(len(table), len(source)))
