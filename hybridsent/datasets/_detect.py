"""Which columns hold media: of whole tables, and of those that come in pieces (layer L4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from hybridsent._tables import as_table, check_names_differ
from hybridsent.datasets._several import holds_paths
from hybridsent.media import is_missing
from hybridsent.media._columns import (
    ENOUGH,
    MOST_SEEN,
    columns_by_kind,
    sample_of,
    share_of,
    spread,
)
from hybridsent.media._medium import list_media
from hybridsent.media._modality import list_modalities

__all__ = ["detect_modalities", "media_columns"]


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
    check_names_differ(table)
    found = columns_by_kind(table, exclude)
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
    check_names_differ(table)
    return [
        name for name in table.columns if share_of(sample_of(table[name]), holds_paths) >= ENOUGH
    ]


class PathsSeen:
    """Whether a column holds paths, of cells that come in pieces.

    Of up to 400 filled cells the answer is that of `media_columns`. Of more, every second, fourth,
    eighth … of them is looked at, so that what is kept never grows.

    Examples
    --------
    >>> from hybridsent.datasets._detect import PathsSeen
    >>> seen = PathsSeen()
    >>> for piece in (["1.png", "2.png"], [None, "a note"]):
    ...     seen.see(piece)
    >>> seen.are_paths()
    True
    """

    def __init__(self) -> None:
        self._count, self._step = 0, 1
        self._looks: list[bool | None] = []

    def see(self, cells: Sequence[Any]) -> None:
        """Look at some of the next cells.

        Parameters
        ----------
        cells : sequence of object
            Those that are no None, in the order of the rows.
        """
        i = -self._count % self._step
        while i < len(cells):
            cell = cells[i]
            self._looks.append(None if is_missing(cell) else holds_paths(cell))
            if len(self._looks) > 2 * MOST_SEEN:
                self._looks, self._step = self._looks[::2], 2 * self._step
            i += self._step - (self._count + i) % self._step
        self._count += len(cells)

    def skip(self, count: int) -> None:
        """Count cells that are no paths without looking at them.

        Parameters
        ----------
        count : int
            How many are filled.
        """
        self.see(range(count))

    def are_paths(self) -> bool:
        """Tell whether most of them look like paths of images, sounds or videos.

        Returns
        -------
        bool
            Whether it is so.
        """
        looks = [look for look in self._looks if look is not None]
        return share_of([looks[i] for i in spread(len(looks))], bool) >= ENOUGH
