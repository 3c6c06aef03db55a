"""What a medium is: files in which several modalities are, such as videos (layer L1).

A modality is what an encoder reads. A medium has no encoder of its own: a column of it makes a view
for each of its parts, and its cells are cells of their modalities.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

from hybridsent.media._modality import Modality, list_modalities, named

__all__ = ["Medium", "Part", "keep_medium", "list_kinds", "list_media"]


@dataclass(frozen=True)
class Part:
    """A view that is made of a medium.

    Parameters
    ----------
    view : str
        Its name, such as ``"frames"``.
    reads : str
        The modality that reads it.

    Examples
    --------
    >>> from hybridsent.media import list_media
    >>> [part.view for part in list_media()[0].parts]
    ['frames', 'sound']
    """

    view: str
    _: KW_ONLY
    reads: str


@dataclass(frozen=True)
class Medium:
    """Files in which several modalities are: how they are recognised, and what is made of them.

    Parameters
    ----------
    name : str
        Name, such as ``"video"``; the default name of its column, and its option ``--name``.
    parts : tuple of Part
        The views that a column of it becomes.
    plural : str
        What several cells are called.
    looks_like : str or callable
        ``looks_like(cell) -> bool``, or where it is found, as ``"module:name"``.
    column_names : tuple of str, default=()
        Names that such columns often have, in singular, the most telling one first.
    extensions : tuple of str, default=()
        How names of its files end.
    shown : str or callable, default=None
        ``shown(cell)`` gives what a report shows of a cell; None shows nothing.

    Examples
    --------
    >>> from hybridsent.media import list_media
    >>> list_media()[0].recognises("talk.mp4")
    True
    """

    name: str
    parts: tuple[Part, ...]
    _: KW_ONLY
    plural: str
    looks_like: Any
    column_names: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    shown: Any = None
    suits: ClassVar[None] = None
    is_media: ClassVar[bool] = True
    catch_all: ClassVar[bool] = False

    def recognises(self, cell: Any) -> bool:
        """Tell whether a cell of a table looks like one.

        Parameters
        ----------
        cell : object
            The cell, not a missing one.

        Returns
        -------
        bool
            Whether it does; it may still be broken.
        """
        return bool(named(self.looks_like)(cell))


_known: dict[str, Medium] = {}


def keep_medium(medium: Medium) -> None:
    """Make a medium known; those of the package alone are, so far.

    Parameters
    ----------
    medium : Medium
        The medium.
    """
    _known[medium.name] = medium


def list_media() -> list[Medium]:
    """List the media that are known.

    Returns
    -------
    list of Medium
        Videos.

    Examples
    --------
    >>> [medium.name for medium in list_media()]
    ['video']
    """
    return list(_known.values())


def list_kinds() -> list[Modality | Medium]:
    """List what a column of a table may hold: media, and then modalities.

    Media come first, as a look at a file is surer than the name of its column.

    Returns
    -------
    list of Modality or Medium
        All that are known.

    Examples
    --------
    >>> [kind.name for kind in list_kinds()][:2]
    ['video', 'text']
    """
    return [*list_media(), *list_modalities()]
