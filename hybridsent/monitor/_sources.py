"""Which source a name means (layer L7)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hybridsent.monitor._source import Source

__all__ = ["media_endings", "open_source"]

_SCHEMES = ("redis://", "rediss://", "unix://")


def open_source(given: Any, *, media: Mapping[str, Sequence[str]] | None = None) -> Source:
    """Find the source that a name means.

    Parameters
    ----------
    given : Source, str, os.PathLike or binary file
        ``"-"`` for standard input, the address of a stream of Redis, a folder, a file that is
        followed, or an open file that is read once.
    media : mapping of str to sequence of str, default=None
        Endings of files of media for each column, for a folder.

    Returns
    -------
    Source
        Not begun.

    Raises
    ------
    ValueError
        If it is none.

    Examples
    --------
    >>> from hybridsent.monitor import open_source
    >>> type(open_source("redis://127.0.0.1:6379/0?stream=posts")).__name__
    'RedisStream'
    """
    from hybridsent.monitor._folder import Dropped
    from hybridsent.monitor._followed import Followed
    from hybridsent.monitor._lines import Lines
    from hybridsent.monitor._redis import RedisStream

    if isinstance(given, Source):
        return given
    if given == "-":
        return Lines()
    if isinstance(given, str) and given.startswith(_SCHEMES):
        return RedisStream(given)
    if isinstance(given, str | os.PathLike):
        path = Path(given).expanduser()
        if path.is_dir():
            return Dropped(path, media=media)
        if "://" in str(given):
            raise ValueError(
                "The source parameter must be '-', a file, a folder or the address of a stream of "
                f"Redis (redis://HOST:PORT/DB?stream=NAME). Got {given!r}."
            )
        if not path.absolute().parent.is_dir():
            raise ValueError(
                f"The source parameter names the file {str(given)!r} in a folder that is not there."
            )
        return Followed(path)
    if hasattr(given, "read"):
        return Lines(given)
    raise ValueError(
        "The source parameter must be '-', a path, the address of a stream of Redis, or an open "
        f"binary file. Got {given!r:.200}."
    )


def media_endings(scorer: Any) -> dict[str, tuple[str, ...]]:
    """Tell which files are cells of which column of a model.

    Parameters
    ----------
    scorer : Scorer
        The model.

    Returns
    -------
    dict
        For each column of a modality that has files, their endings, with dots.
    """
    from hybridsent.media import list_modalities

    endings = {each.name: tuple(each.extensions) for each in list_modalities() if each.extensions}
    return {
        each.column: endings[each.modality] for each in scorer.inputs if each.modality in endings
    }
