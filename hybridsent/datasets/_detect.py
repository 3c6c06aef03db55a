"""Which column holds which modality: found by content, then by name (layer L4).

Written by hand because no library answers it: pandas knows dtypes, and text, an id and a path are
all strings there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from hybridsent._tables import as_table
from hybridsent.datasets._several import holds_paths
from hybridsent.exceptions import TableError
from hybridsent.media import is_missing
from hybridsent.media._looks import is_bare_path, is_media_path
from hybridsent.media._medium import Medium, list_kinds, list_media
from hybridsent.media._modality import Modality, list_modalities, named

__all__ = ["detect_modalities", "media_columns"]

# A name that ends in one of these, such as text_label or image_id, speaks about another column.
_ABOUT = frozenset(
    {
        *("label", "labels", "target", "class", "category", "sentiment", "emotion", "polarity"),
        *("score", "rating", "id", "ids", "uid", "key", "index", "split", "fold", "group"),
        *("speaker", "author", "user", "username", "name", "lang", "language", "date", "time"),
        *("count", "length", "len", "width", "height", "rate", "source"),
    }
)
_SAMPLE = 200
_ENOUGH = 0.5  # share of cells that must look like the modality
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|[^A-Za-z]+")


@dataclass(frozen=True)
class _Match:
    """How well one column suits one modality; smaller sorts first."""

    rank: tuple[float, float, float]
    column: str


def detect_modalities(table: pd.DataFrame, *, exclude: Sequence[str] = ()) -> dict[str, str]:
    """Find the columns that hold texts, images, sounds, videos, and what else is registered.

    The content decides what a column can be, seen in up to 200 of its filled cells: paths by their
    extension, bytes by their first ones, PIL images, uint8 arrays, ``(samples, rate)`` pairs, each
    also in a list or in a dict of Hugging Face; text by several words a cell and few repeats. Among
    several columns that can be the same thing the name decides (``text`` before ``tweet`` before
    ``my_tweets`` before any other), then the richer text, then the first position. Labels, ids,
    speakers and splits are no text.

    Parameters
    ----------
    table : DataFrame
        One row a sample; also of polars, pyarrow or another library, or a dict of columns.
    exclude : sequence of str, default=()
        Columns to leave out, such as the label.

    Returns
    -------
    dict of str to str
        Modality to column, in the order of `hybridsent.media.list_modalities`; then
        ``"video"``, whose column several modalities read. Only those found.

    Raises
    ------
    TableError
        If `table` is no table, or a column name occurs twice.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.datasets import detect_modalities
    >>> table = pd.DataFrame({
    ...     "label": ["positive", "negative"],
    ...     "post": ["What a lovely day!", "They lost my parcel again."],
    ...     "scan": ["images/1.png", None],
    ... })
    >>> detect_modalities(table)
    {'text': 'post', 'image': 'scan'}
    """
    table = as_table(table)
    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()].unique().tolist()
        raise TableError(
            f"Column names must differ. Twice or more: {twice}. Rename or drop one of each."
        )
    samples = {name: _sample(table[name]) for name in table.columns if name not in set(exclude)}
    found: dict[str, str] = {}
    for modality in sorted(list_kinds(), key=lambda modality: modality.catch_all):
        free = ((i, n) for i, n in enumerate(samples) if n not in found.values())
        matches = [m for i, n in free if (m := _match(n, samples[n], modality, i))]
        if matches:
            found[modality.name] = min(matches, key=lambda match: match.rank).column
    order = [each.name for each in list_modalities()] + [each.name for each in list_media()]
    return {name: found[name] for name in order if name in found}


def media_columns(table: pd.DataFrame) -> list[str]:
    """Columns most of whose filled cells look like paths of images, sounds or videos.

    A cell may hold one, or several.

    Parameters
    ----------
    table : DataFrame
        Any table, as `detect_modalities` takes it.

    Returns
    -------
    list of str
        Names, in the table's order.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.datasets._detect import media_columns
    >>> media_columns(pd.DataFrame({"a": ["x/1.png"], "b": ["fine"], "c": ["2.WAV|3.wav"]}))
    ['a', 'c']
    """
    table = as_table(table)
    return [name for name in table.columns if _share(_sample(table[name]), holds_paths) >= _ENOUGH]


def _sample(column: pd.Series) -> list[Any]:
    """Take up to 200 filled cells, evenly spaced: the answer for a table is always the same."""
    kind = column.dtype
    if pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_datetime64_any_dtype(kind):
        return []
    cells = column[column.notna()].tolist()
    filled = [i for i, cell in enumerate(cells) if not is_missing(cell)]
    taken = np.linspace(0, max(len(filled) - 1, 0), num=min(_SAMPLE, len(filled))).astype(int)
    return [cells[filled[i]] for i in np.unique(taken)]


def _match(
    name: Any, cells: list[Any], modality: Modality | Medium, position: int
) -> _Match | None:
    by_name, is_named = _name_rank(str(name), modality)
    if not cells:
        return None
    score = _score(cells, modality, is_named=is_named, about=_is_about(str(name)))
    return _Match((by_name, -score, position), name) if score else None


def _score(cells: list[Any], modality: Modality | Medium, *, is_named: bool, about: bool) -> float:
    """How well cells suit a modality; 0 for not at all."""
    if modality.suits is not None:
        return float(named(modality.suits)(cells, named=is_named, about=about))
    share = sum(map(modality.recognises, cells)) / len(cells)
    if modality.is_media and is_named and not about:
        share = max(share, _share(cells, _is_unknown_path))
    return share if share >= _ENOUGH else 0.0


def _is_unknown_path(cell: Any) -> bool:
    return is_bare_path(cell) and not is_media_path(cell)


def _parts(name: str) -> list[str]:
    return [word.lower() for word in _CAMEL.split(name) if word]


def _is_about(name: str) -> bool:
    """Whether a name says something about a column: text_label does, user_text does not."""
    return bool(words := _parts(name)) and words[-1] in _ABOUT


def _name_rank(name: str, modality: Modality | Medium) -> tuple[int, bool]:
    """Rank a name: known ones by their order, then names that hold one, then all others."""
    known = modality.column_names
    words = _parts(name)
    singular = [word.removesuffix("s") for word in words]
    ranks = [known.index(word) for word in words + singular if word in known]
    if not ranks:
        return 2 * len(known), False
    return min(ranks) + (0 if len(words) == 1 else len(known)), True


def _share(cells: Sequence[Any], looks_like: Callable[[Any], bool]) -> float:
    return sum(map(looks_like, cells)) / len(cells) if cells else 0.0
