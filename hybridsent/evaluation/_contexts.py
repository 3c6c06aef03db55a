"""Conversations that folds cut apart, though a row's neighbours are read (layer L5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from hybridsent.evaluation._columns import unread_columns
from hybridsent.views import view_of

__all__ = ["notes_on_contexts"]


def notes_on_contexts(
    estimator: Any, table: Any, splits: Iterable[tuple[np.ndarray, np.ndarray]]
) -> list[str]:
    """Say of which contexts the neighbours of tested rows are learned from.

    Parameters
    ----------
    estimator : estimator
        Whoever reads the table.
    table : DataFrame or array
        The rows as the user gave them; `add_context` noted in it of which groups its columns are.
    splits : iterable of (ndarray of int, ndarray of int)
        Positions of the rows to learn from and to test, of each fold.

    Returns
    -------
    list of str
        Sentences for the notes of a result; empty where each conversation is in one part.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from hybridsent import make_fusion
    >>> from hybridsent.datasets import add_context
    >>> from hybridsent.evaluation._contexts import notes_on_contexts
    >>> talk = pd.DataFrame({"dialogue": [1, 1, 2], "turn": [1, 2, 1], "text": ["a", "b", "c"]})
    >>> table = add_context(talk, "text", group="dialogue", order="turn")
    >>> model = make_fusion(views={"text": "text", "text_context": "text"})
    >>> notes_on_contexts(model, table, [(np.array([0, 1]), np.array([2]))])
    []
    >>> len(notes_on_contexts(model, table, [(np.array([0, 2]), np.array([1]))]))
    1
    """
    if not getattr(table, "attrs", {}):
        return []
    from hybridsent.datasets._context import contexts_of
    from hybridsent.datasets._order import codes_of

    unread = set(unread_columns(estimator, table))
    read = [column for column in table.columns if column not in unread]
    seen = {*read, *map(view_of, read)}
    splits = list(splits)
    notes = []
    for name, groups in contexts_of(table).items():
        if name not in seen or not set(groups) <= set(table.columns):
            continue
        codes = codes_of(table, groups, "group")
        cut = _cut(codes, splits)
        if cut:
            told = f"groups={groups[0]!r}" if len(groups) == 1 else f"groups by {groups}"
            notes.append(
                f"{cut} of {len(np.unique(codes[codes >= 0]))} conversations of {name!r} stand on "
                f"both sides of a fold: neighbours of tested rows were learned from, which can "
                f"flatter. Keep them together: {told}."
            )
    return notes


def _cut(codes: np.ndarray, splits: Iterable[tuple[np.ndarray, np.ndarray]]) -> int:
    """Count the groups that any fold learns from and tests."""
    both: set[int] = set()
    for train, test in splits:
        both |= set(np.intersect1d(codes[train], codes[test]).tolist())
    return len(both - {-1})
