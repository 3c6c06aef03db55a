"""Lines of a stream that is read once, such as a pipe (layer L7)."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from hybridsent.monitor._followed import CHUNK
from hybridsent.monitor._source import Piece, Source
from hybridsent.monitor._splitter import Splitter, piece_of

__all__ = ["Lines"]


class Lines(Source):
    """Lines of a stream that is read once, such as standard input.

    A pipe has no place to go on from, so posts are told apart by their ids or by what they say.

    Parameters
    ----------
    stream : binary file or None, default=None
        What is read; None is standard input.
    """

    def __init__(self, stream: BinaryIO | None = None) -> None:
        self.name = "stdin" if stream is None else str(getattr(stream, "name", "stream"))
        self._stream = stream
        self._descriptor: int | None = None
        self._splitter = Splitter()
        self._over = False

    def begin(
        self, where: Mapping[str, Any] | None, told: Callable[[str], None], *, once: bool
    ) -> None:
        """Find the descriptor; a stream without one is read by its own method.

        Parameters
        ----------
        where : mapping or None
            What `where` gave when something was counted last.
        told : callable
            Gets each line for people.
        once : bool
            Whether what is there now is all that will be read.
        """
        stream = sys.stdin.buffer if self._stream is None else self._stream
        try:
            self._descriptor = stream.fileno()
        except (AttributeError, OSError):
            self._descriptor = None
        self._stream = stream
        self._once = once

    def poll(self, most: int) -> list[Piece]:
        """Give the lines that are there; standard input is waited for where `once`.

        Parameters
        ----------
        most : int
            The most pieces that are taken.

        Returns
        -------
        list of Piece
            Empty where nothing is there.
        """
        found: list[Piece] = []
        self.drained = False
        while len(found) < most:
            lines = self._splitter.lines(most - len(found), last=self._over)
            pieces = (
                piece_of(self.name, None, line, long, remembered=True) for _, line, long in lines
            )
            found += [piece for piece in pieces if piece is not None]
            if lines:
                continue
            if self._over:
                self.ended = self.drained = True
                break
            chunk = self._read(wait=self._once and not found)
            if chunk is None:
                self.drained = True
                break
            self._over = not chunk
            self._splitter.feed(chunk)
        return found

    def _read(self, *, wait: bool) -> bytes | None:
        """Give bytes; none at the end, None where nothing is there yet."""
        if self._descriptor is None:
            return self._stream.read(CHUNK) if self._stream is not None else b""
        if os.name == "posix":  # select of Windows knows sockets alone; there a read waits
            ready, _, _ = select.select([self._descriptor], [], [], 0.5 if wait else 0)
            if not ready:
                return None
        return os.read(self._descriptor, CHUNK)
