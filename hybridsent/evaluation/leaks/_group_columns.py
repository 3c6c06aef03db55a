"""Columns of names that may be groups, such as speakers (layer L5)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from hybridsent.evaluation.rows._columns import (
    feature_columns,
)

__all__ = ["codes_of_column", "group_columns", "words_in_name"]
_LONGEST_NAME = 40  # characters

LABEL_WORDS = frozenset(
    {
        *("label", "labels", "target", "class", "category", "sentiment", "emotion", "polarity"),
        *("valence", "arousal", "dominance", "score", "rating", "stars", "y"),
        *("mood", "feeling", "affect", "stance", "opinion", "irony", "sarcasm", "humour", "hate"),
    }
)
"""Words in the name of a column that is a label."""

SPLIT_WORDS = frozenset({"split", "fold", "partition", "subset", "set"})
"""Words in the name of a column that tells training from test rows."""
_GROUP_WORDS = frozenset(
    {
        *("id", "ids", "uid", "group", "speaker", "video", "dialogue", "dialog", "conversation"),
        *("author", "user", "username", "subject", "participant", "patient", "actor", "person"),
        *("session", "show", "film", "movie", "episode", "thread", "document", "source", "name"),
        *("annotator", "rater", "product", "clip", "scene"),
    }
)
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])|[^A-Za-z]+")


# -- columns ---------------------------------------------------------------------------------------


def words_in_name(name: Any) -> set[str]:
    """Split the name of a column into words, in lower case."""
    return {word.lower() for word in _WORDS.split(str(name)) if word}


def codes_of_column(column: Any) -> tuple[np.ndarray | None, bool]:
    """Give each value of a plain column a number, in their order where they are numbers.

    Parameters
    ----------
    column : Series
        Of a table.

    Returns
    -------
    codes : ndarray of int of shape (n,) or None
        From 0, a missing cell has a number of its own; None where cells are no texts or numbers.
    is_number : bool
        Whether the column holds numbers.
    """
    import pandas as pd
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if column.ndim != 1:
        return None, False
    is_number = bool(is_numeric_dtype(column.dtype)) and not is_bool_dtype(column.dtype)
    if not is_number and any(
        not isinstance(cell, str | int | float | bool | np.generic) and cell is not None
        for cell in column.tolist()[:: max(1, len(column) // 50)]
    ):
        return None, False
    try:
        codes = pd.factorize(column, sort=is_number)[0]
    except TypeError:  # cells that are lists or dicts
        return None, False
    return np.where(codes < 0, codes.max(initial=-1) + 1, codes), is_number


def group_columns(table: Any, but: Sequence[Any] = ()) -> list[str]:
    """Find columns of repeated names, such as speakers, videos or dialogues.

    Rows of one speaker are alike in ways that have nothing to do with their label; folds should
    keep them together.

    Parameters
    ----------
    table : DataFrame or array
        The rows.
    but : sequence of object, default=()
        Columns that are something else: labels, groups that are known.

    Returns
    -------
    list of str
        Columns of texts of which most stand in several rows, and of whole numbers that are called
        so (``video_id``); no labels, no splits, no features.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.evaluation.leaks._group_columns import group_columns
    >>> group_columns(pd.DataFrame({"speaker": ["a", "b"] * 4, "turn": [1, 2, 3, 4] * 2}))
    ['speaker']
    """
    if not hasattr(table, "columns") or not table.columns.is_unique:
        return []
    skipped = {*but, *feature_columns(table)}
    return [
        name
        for name in table.columns
        if isinstance(name, str) and name not in skipped and _is_group(name, table[name])
    ]


def _is_group(name: str, column: Any) -> bool:
    words = words_in_name(name)
    if words & (SPLIT_WORDS | LABEL_WORDS):
        return False
    codes, is_number = codes_of_column(column)
    if codes is None or (is_number and not words & _GROUP_WORDS):
        return False
    if is_number and not _is_whole(column):
        return False
    counts = np.bincount(codes)
    if len(counts) < 2 or len(codes) < 2 * len(counts):
        return False
    filled = [str(cell) for cell in column.tolist()[:: max(1, len(column) // 50)]]
    return is_number or float(np.mean([len(cell) for cell in filled])) <= _LONGEST_NAME


def _is_whole(column: Any) -> bool:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    values = values[np.isfinite(values)]
    return bool((values == np.floor(values)).all())
