"""What people are shown of a monitor that runs: written by it, read by the page (layer L7)."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from typing import Any

__all__ = ["Board"]

_CHANGES = 64


class Board:
    """What people are shown; any thread may read it.

    The whole is told once to each reader, and afterwards what changed. Of changes the last ones are
    kept: a reader that missed more is told the whole again.

    Examples
    --------
    >>> from hybridsent.monitor._board import Board
    >>> board = Board()
    >>> board.write({"n": 1, "points": {}}, {"n": 1})
    >>> version, told = board.since(0)
    >>> board.write({"n": 2, "points": {}}, {"n": 2})
    >>> board.since(version)
    (2, [('change', {'n': 2})])
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._version = 0
        self._whole: Mapping[str, Any] = {}
        self._changes: deque[tuple[int, Mapping[str, Any]]] = deque(maxlen=_CHANGES)

    def write(self, whole: Mapping[str, Any], change: Mapping[str, Any]) -> None:
        """Show something new.

        Parameters
        ----------
        whole : mapping
            All that is shown; it is not changed afterwards.
        change : mapping
            What differs from before.
        """
        with self._lock:
            self._version += 1
            self._whole = whole
            self._changes.append((self._version, change))

    @property
    def version(self) -> int:
        """How often something was written."""
        return self._version

    def since(self, version: int) -> tuple[int, list[tuple[str, Mapping[str, Any]]]]:
        """Tell what is new.

        Parameters
        ----------
        version : int
            What the reader was told last; 0 for nothing.

        Returns
        -------
        version : int
            To be given the next time.
        events : list of (str, mapping)
            ``"whole"`` or ``"change"``, and what it is.
        """
        with self._lock:
            if version == self._version:
                return version, []
            first = self._changes[0][0] if self._changes else 0
            if version == 0 or version + 1 < first:
                return self._version, [("whole", self._whole)]
            later = [("change", change) for number, change in self._changes if number > version]
            return self._version, later
