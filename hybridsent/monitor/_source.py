"""What every source of posts is: it gives pieces, and goes on from where it stood (layer L7).

A source is asked for at most so many pieces and never waits: what is not asked for stays where it
is, in the pipe, the file, the folder or the server, which is all the back-pressure there is. The
monitor keeps `where` in the same transaction as what it counted, so that a source whose place is
exact counts everything once with nothing else; `done` is called when that is on the disk.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["LONGEST", "Piece", "Source", "shortened"]

LONGEST = 1024 * 1024
"""Bytes of the longest line or message that is read; a longer one is broken, and passed over."""


class Piece(NamedTuple):
    """What a source gave: a post that is not read yet.

    Parameters
    ----------
    source : str
        Name of the source.
    place : str or None
        Where it stood, which no other piece ever has; None where the source cannot tell.
    content : bytes or mapping
        A JSON object, or the fields themselves.
    problem : str or None, default=None
        Why it can be no post; None where nothing is known against it.
    remembered : bool, default=True
        Whether its id must be remembered to count it once; False where the source itself never
        gives a place twice.
    base : Path or None, default=None
        The folder from which its paths of media are seen, where the source vouches for them.
    """

    source: str
    place: str | None
    content: bytes | Mapping[str, Any]
    problem: str | None = None
    remembered: bool = True
    base: Path | None = None


class Source(ABC):
    """A stream of posts; subclasses say where pieces come from.

    Attributes
    ----------
    name : str
        What it is called in the state and in messages.
    drained : bool
        Whether nothing more is there now; for ever, where `ended`.
    ended : bool
        Whether nothing will come any more.
    """

    name: str = ""
    drained: bool = False
    ended: bool = False

    def begin(  # noqa: B027 - most sources have nothing to open
        self, where: Mapping[str, Any] | None, told: Callable[[str], None], *, once: bool
    ) -> None:
        """Open it, and go on where an earlier run stood.

        Parameters
        ----------
        where : mapping or None
            What `where` gave when something was counted last; None at the first time.
        told : callable
            Gets each line for people.
        once : bool
            Whether what is there now is all that will be read.
        """

    @abstractmethod
    def poll(self, most: int) -> list[Piece]:
        """Give what is there.

        Parameters
        ----------
        most : int
            The most pieces that are taken.

        Returns
        -------
        list of Piece
            Empty where nothing is there; then `drained` is True.
        """

    def where(self) -> Mapping[str, Any] | None:
        """Tell the place behind everything that `poll` gave.

        Returns
        -------
        mapping or None
            Plain JSON; None where there is no place to go on from.
        """
        return None

    def done(self) -> None:  # noqa: B027 - most sources have nobody to tell
        """Hear that everything `poll` gave is on the disk."""

    def close(self) -> None:  # noqa: B027 - most sources have nothing to close
        """Let go of what is open."""


def shortened(content: bytes | str, most: int = 4000) -> str:
    r"""Give the beginning of something broken, to be kept aside.

    Parameters
    ----------
    content : bytes or str
        What was read.
    most : int, default=4000
        The most characters.

    Returns
    -------
    str
        Readable whatever the bytes are.

    Examples
    --------
    >>> from hybridsent.monitor._source import shortened
    >>> shortened(b"caf\xe9 and more", most=6)
    'caf\\xe9 …'
    """
    if isinstance(content, bytes):
        content = content[: 4 * most].decode("utf-8", errors="backslashreplace")
    return content if len(content) <= most + 2 else f"{content[: most + 1].rstrip()} …"
