"""Which column of a table holds which modality: found by content, then by name (layer L1).

Written by hand because no library answers it: pandas knows dtypes, and text, an id and a path are
all strings there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent.media._looks import is_bare_path, is_media_path
from hybridsent.media._medium import Medium, list_kinds
from hybridsent.media._modality import Modality, named
from hybridsent.media._source import is_missing

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ENOUGH", "MOST_SEEN", "columns_by_kind", "sample_of", "share_of", "spread"]


# A name that ends in one of these, such as text_label or image_id, speaks about another column.
_ABOUT = frozenset(
    {
        *("label", "labels", "target", "class", "category", "sentiment", "emotion", "polarity"),
        *("score", "rating", "id", "ids", "uid", "key", "index", "split", "fold", "group"),
        *("speaker", "author", "user", "username", "name", "lang", "language", "date", "time"),
        *("count", "length", "len", "width", "height", "rate", "source"),
    }
)


MOST_SEEN = 200


ENOUGH = 0.5  # share of cells that must look like the modality


_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|[^A-Za-z]+")


@dataclass(frozen=True)
class _Match:
    """How well one column suits one modality; smaller sorts first."""

    rank: tuple[float, float, float]
    column: str


def columns_by_kind(table: pd.DataFrame, exclude: Collection[Any] = ()) -> dict[str, Any]:
    """Find a column for each modality and medium.

    Parameters
    ----------
    table : DataFrame
        Of pandas, whose columns all have names of their own.
    exclude : collection of str, default=()
        Columns to leave out.

    Returns
    -------
    dict of str to str
        Name of the modality or medium to that of the column; only those found.
    """
    samples = {name: sample_of(table[name]) for name in table.columns if name not in set(exclude)}
    found: dict[str, Any] = {}
    for modality in sorted(list_kinds(), key=lambda modality: modality.catch_all):
        free = ((i, n) for i, n in enumerate(samples) if n not in found.values())
        matches = [m for i, n in free if (m := _match(n, samples[n], modality, i))]
        if matches:
            found[modality.name] = min(matches, key=lambda match: match.rank).column
    return found


def sample_of(column: pd.Series) -> list[Any]:
    """Take up to 200 filled cells, evenly spaced: the answer for a table is always the same."""
    import pandas as pd

    kind = column.dtype
    if pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_datetime64_any_dtype(kind):
        return []
    cells = column[column.notna()].tolist()
    filled = [i for i, cell in enumerate(cells) if not is_missing(cell)]
    return [cells[filled[i]] for i in spread(len(filled))]


def spread(count: int) -> Any:
    """Choose up to 200 of so many, evenly spaced."""
    taken = np.linspace(0, max(count - 1, 0), num=min(MOST_SEEN, count)).astype(int)
    return np.unique(taken)


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
        share = max(share, share_of(cells, _is_unknown_path))
    return share if share >= ENOUGH else 0.0


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


def share_of(cells: Sequence[Any], looks_like: Callable[[Any], bool]) -> float:
    """Share of cells that look like something; 0 where there are none."""
    return sum(map(looks_like, cells)) / len(cells) if cells else 0.0
