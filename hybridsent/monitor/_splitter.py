"""Bytes in, whole lines out (layer L7)."""

from __future__ import annotations

from hybridsent.monitor._source import LONGEST, Piece

__all__ = ["TAIL", "Splitter", "piece_of"]
TAIL = 256


class Splitter:
    """Bytes in, whole lines out; a line that is too long is passed over, whatever comes.

    Parameters
    ----------
    offset : int, default=0
        Where the first byte stands in the file.
    tail : bytes, default=b""
        What stands before it.
    """

    def __init__(self, offset: int = 0, tail: bytes = b"") -> None:
        self.offset = offset  # of the first byte that is not given out
        self.tail = tail  # the last bytes before it
        self._rest = b""
        self._skipped = 0  # bytes of a line that is too long
        self._head = self._cut = b""  # how such a line begins, and how it went on

    @property
    def ahead(self) -> int:
        """Bytes that were read and not given out."""
        return len(self._rest) + self._skipped

    def feed(self, chunk: bytes) -> None:
        """Take bytes."""
        self._rest += chunk
        if len(self._rest) > LONGEST and b"\n" not in self._rest[: LONGEST + 1]:
            end = self._rest.find(b"\n")
            cut = len(self._rest) if end < 0 else end
            self._head = self._head or self._rest[:LONGEST]
            self._cut = (self._cut + self._rest[max(0, cut - TAIL) : cut])[-TAIL:]
            self._skipped += cut
            self._rest = self._rest[cut:]

    def lines(self, most: int, *, last: bool = False) -> list[tuple[int, bytes, bool]]:
        """Give lines as (offset, bytes, too long); with `last` what no newline ends, too."""
        given: list[tuple[int, bytes, bool]] = []
        start = 0
        while len(given) < most:
            end = self._rest.find(b"\n", start)
            if end < 0:
                break
            given.append(self._line(self._rest[start:end], b"\n"))
            start = end + 1
        self._rest = self._rest[start:]
        if last and len(given) < most and self.ahead and b"\n" not in self._rest:
            given.append(self._line(self._rest, b""))
            self._rest = b""
        return given

    def _line(self, line: bytes, end: bytes) -> tuple[int, bytes, bool]:
        at, long = self.offset, bool(self._skipped) or len(line) > LONGEST
        self.offset += len(line) + len(end) + self._skipped
        self.tail = (self.tail + self._cut + line[-TAIL:] + end)[-TAIL:]
        if self._skipped:
            line, self._head, self._cut, self._skipped = self._head, b"", b"", 0
        return at, line, long


def piece_of(
    name: str, place: str | None, line: bytes, long: bool, *, remembered: bool
) -> Piece | None:
    """Make a piece of a line; None for a blank one."""
    if long:
        problem = f"the line is longer than {LONGEST} bytes"
        return Piece(name, place, line, problem, remembered)
    return Piece(name, place, line, None, remembered) if line.strip() else None
