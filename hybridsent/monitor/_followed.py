"""Lines of a file that grows (layer L7).

Why by hand: no library of Python follows a file through rotation, truncation and half-written lines
and tells where it stands, so that another process can go on; `tail -F` does the first and not the
second, and misses a file that was emptied and has grown past the old place between two looks.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from hybridsent.monitor._source import Piece, Source
from hybridsent.monitor._splitter import TAIL, Splitter, piece_of
from hybridsent.scoring._words import silent

__all__ = ["CHUNK", "Followed"]

CHUNK = 256 * 1024
_PACKED = (".gz", ".xz", ".zst", ".bz2", ".zip")


class Followed(Source):
    """A file that grows, is rotated or emptied: the lines as they are written, each once.

    Parameters
    ----------
    path : str or os.PathLike
        The file, which need not be there yet.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).expanduser().absolute()
        self.name = str(self.path)
        self._file: BinaryIO | None = None
        self._splitter = Splitter()
        self._turn = 0  # how many files had this name
        self._told: Callable[[str], None] = silent
        self._once = False
        self._gone: os.stat_result | None = None

    # -- where it stands

    def begin(
        self, where: Mapping[str, Any] | None, told: Callable[[str], None], *, once: bool
    ) -> None:
        """Go on in the file in which an earlier run stood, also where it has another name now.

        Parameters
        ----------
        where : mapping or None
            What `where` gave when something was counted last.
        told : callable
            Gets each line for people.
        once : bool
            Whether what is there now is all that will be read.
        """
        self._told, self._once = told, once
        if where is None:
            self._open(self.path, 0)
            return
        self._turn = int(where["turn"])
        tail = bytes.fromhex(where["tail"])
        for path in self._candidates((int(where["device"]), int(where["inode"]))):
            if self._open(path, int(where["offset"]), tail):
                if path != self.path:
                    told(f"{self.name} was rotated: what is left of {path.name} is read first")
                return
        self._turn += 1
        if self._open(self.path, 0):
            told(
                f"{self.name} is another file than before, and the old one is not beside it: what "
                "was not read of that is lost, and this one is read from its beginning"
            )

    def _candidates(self, identity: tuple[int, int]) -> list[Path]:
        """Name the files that may be the one of an earlier run: it, or what it was renamed to."""
        beside = [self.path]
        if self.path.parent.is_dir():
            named = self.path.parent.glob(f"{_escaped(self.path.name)}*")
            beside += sorted(path for path in named if path != self.path)
        return [path for path in beside if _identity(path) == identity]

    def _open(self, path: Path, offset: int, tail: bytes = b"") -> bool:
        """Open a file where it was left, if what stands before that place is the same."""
        self._shut()
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return False
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            raise ValueError(f"The source {self.name!r} must be a file or a folder; it is neither.")
        file.seek(max(0, offset - len(tail)))
        if os.fstat(file.fileno()).st_size < offset or file.read(len(tail)) != tail:
            file.close()
            return False
        self._file, self._splitter = file, Splitter(offset, tail)
        return True

    def _shut(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def where(self) -> Mapping[str, Any] | None:
        """Tell the file, the offset, and what stands before it.

        Returns
        -------
        mapping or None
            Plain JSON; None where no file is open.
        """
        if self._file is None:
            return None
        found = os.fstat(self._file.fileno())
        return {
            "device": found.st_dev,
            "inode": found.st_ino,
            "turn": self._turn,
            "offset": self._splitter.offset,
            "tail": self._splitter.tail.hex(),
        }

    # -- reading

    def poll(self, most: int) -> list[Piece]:
        """Give the lines that are there, of the old file first where it was rotated.

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
        if self._file is None and not self._open(self.path, 0):
            self.drained = True
            self.ended = self._once
            if self._once:
                self._told(f"{self.name} is not there: nothing is read of it")
            return found
        self._check_emptied()
        while len(found) < most:
            found += self._lines(most - len(found))
            if len(found) >= most or self._fill():
                continue
            if self._is_rotated():
                if self._fill():  # what came between the two looks
                    continue
                found += self._lines(most - len(found), last=True)  # nobody will end it any more
                if len(found) < most and not self._splitter.ahead:
                    self._turn += 1
                    if not self._open(self._following(), 0):
                        break
                continue
            if self._once:
                found += self._lines(most - len(found), last=self._looks_whole())
            break
        self.drained = len(found) < most
        self.ended = self._once and self.drained
        return found

    def _lines(self, most: int, *, last: bool = False) -> list[Piece]:
        pieces = []
        for offset, line, long in self._splitter.lines(most, last=last):
            place = f"{self._turn}:{offset}"
            piece = piece_of(self.name, place, line, long, remembered=False)
            if piece is not None:
                pieces.append(piece)
        return pieces

    def _before(self, offset: int) -> bytes:
        """Read what stands before a place."""
        if self._file is None:
            return b""
        at = self._file.tell()
        self._file.seek(max(0, offset - TAIL))
        tail = self._file.read(min(TAIL, offset))
        self._file.seek(at)
        return tail

    def _fill(self) -> bool:
        chunk = b"" if self._file is None else self._file.read(CHUNK)
        self._splitter.feed(chunk)
        return bool(chunk)

    def _looks_whole(self) -> bool:
        """Whether a last line without newline is a whole object, and not still being written."""
        rest = self._splitter._rest
        try:
            return isinstance(json.loads(rest), dict)
        except (ValueError, RecursionError):
            if rest.strip():
                self._told(f"{self.name} ends in half a line, which is left for next time")
            return False

    def _check_emptied(self) -> None:
        """Begin anew where the file was emptied, also where it has grown past the place since."""
        file = self._opened()
        size = os.fstat(file.fileno()).st_size
        read = self._splitter.offset + self._splitter.ahead
        tail = self._splitter.tail  # by which another content is told
        if size >= read and (not tail or self._before(self._splitter.offset) == tail):
            return
        self._told(f"{self.name} was emptied: it is read from its beginning")
        self._turn += 1
        file.seek(0)
        self._splitter = Splitter()

    def _is_rotated(self) -> bool:
        """Whether another file has the name now; one that is only gone may come again."""
        found = os.fstat(self._opened().fileno())
        there = _identity(self.path)
        return there is not None and there != (found.st_dev, found.st_ino)

    def _opened(self) -> BinaryIO:
        if self._file is None:
            raise ValueError(f"{self.name} is not open.")
        return self._file

    def _following(self) -> Path:
        """Name the file that was written after this one: of several rotations none is left out."""
        own = os.fstat(self._opened().fileno())
        later = []
        for path in self.path.parent.glob(f"{_escaped(self.path.name)}*"):
            try:
                found = path.stat()
            except OSError:
                continue
            is_own = (found.st_dev, found.st_ino) == (own.st_dev, own.st_ino)
            if path == self.path or is_own or found.st_mtime_ns <= own.st_mtime_ns:
                continue
            if path.suffix in _PACKED:
                self._told(f"{path.name} was packed before it was read; what stands in it is lost")
            else:
                later.append((found.st_mtime_ns, path))
        return min(later)[1] if later else self.path

    def close(self) -> None:
        """Close the file."""
        self._shut()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _escaped(name: str) -> str:
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in name)
