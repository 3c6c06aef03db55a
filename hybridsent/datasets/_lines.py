"""Lines of a file of any size, and at which byte each of them begins (layer L4).

`io.TextIOWrapper` gives lines, but while it is iterated it does not tell where it stands, and a
file whose position is not known cannot be read on by another process.
"""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from hybridsent.datasets._bytes import (
    broken_gzip,
    check_encoding,
    check_nulls,
    decode,
    limit_of,
    too_large,
    without_mark,
)
from hybridsent.exceptions import TableError

__all__ = ["LONGEST", "Lines", "can_seek", "open_bytes"]

LONGEST = 2**27
"""Most bytes of a line, and letters of a cell: a file without ends of lines is not read whole."""

_BLOCK = 2**20
_END = re.compile(rb"\r\n|\r|\n")


class Lines:
    r"""Lines of a stream of bytes, with their ends.

    Parameters
    ----------
    stream : binary file
        What `open_bytes` gave, at the beginning of a line.
    path : Path
        Named in messages.
    encoding : str or None
        In which the file is written; None for UTF-8.
    offset : int, default=0
        At which byte of the file the stream stands.
    line : int, default=1
        The number of the line that begins there.
    json : bool, default=False
        Whether a line feed alone ends a line, and is taken off; else ``\r\n`` and ``\r`` do so,
        too, and stay.

    Attributes
    ----------
    filled : bool
        Whether anything but white space was seen.

    Examples
    --------
    >>> import io
    >>> from pathlib import Path
    >>> from hybridsent.datasets._lines import Lines
    >>> lines = Lines(io.BytesIO(b"text\r\nfine\n"), Path("t.csv"), None)
    >>> next(iter(lines)), lines.position
    ('text\r\n', 6)
    """

    def __init__(
        self,
        stream: BinaryIO,
        path: Path,
        encoding: str | None,
        *,
        offset: int = 0,
        line: int = 1,
        json: bool = False,
    ) -> None:
        self._stream, self._path, self._encoding = stream, path, encoding
        self._offset, self._line, self._json = offset, line, json
        self._block, self._taken = b"", 0
        self.filled = False

    def __iter__(self) -> Iterator[str]:
        """Give the lines.

        Yields
        ------
        str
            A line.

        Raises
        ------
        TableError
            If a line is not of the encoding, or longer than `LONGEST`.
        """
        for block in self._blocks():
            self._block, self._taken = block, 0
            text = self._text()
            self.filled = self.filled or not text.isspace()
            for line in _feeds(text) if self._json else io.StringIO(text, newline=""):
                self._taken += 1
                yield line
            self._offset += len(self._block)
            self._line += self._taken
        self._block, self._taken = b"", 0

    @property
    def position(self) -> int:
        """At which byte of the file the next line begins."""
        if not self._taken:
            return self._offset
        ends = re.finditer(b"\n", self._block) if self._json else _END.finditer(self._block)
        last = next(islice(ends, self._taken - 1, None), None)
        return self._offset + (len(self._block) if last is None else last.end())

    @property
    def line(self) -> int:
        """The number of the next line."""
        return self._line + self._taken

    def _text(self) -> str:
        text = decode(self._path, self._block, self._encoding, offset=self._offset, line=self._line)
        if not self._offset:
            text = without_mark(text, self._encoding)
            check_nulls(self._path, text)
        return text

    def _blocks(self) -> Iterator[bytes]:
        """Cut the stream behind ends of lines."""
        held: list[bytes] = []
        size = 0
        while data := self._read():
            cut = self._last_end(data)
            if cut:
                yield b"".join([*held, data[:cut]])
                held, size = [], 0
            held.append(data[cut:])
            size += len(data) - cut
            if size > LONGEST:
                raise TableError(
                    f"{self._path}: the line that begins at byte {self._offset + len(self._block)} "
                    f"is longer than {LONGEST / 2**20:.0f} MiB. A table has a line a row; write "
                    "Parquet for such cells."
                )
        if size:
            yield b"".join(held)

    def _read(self) -> bytes:
        try:
            return self._stream.read(_BLOCK)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise broken_gzip(self._path, error) from error

    def _last_end(self, data: bytes) -> int:
        if self._json:
            return data.rfind(b"\n") + 1
        # a carriage return at the very end may be half of an end of a line
        return max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1


def _feeds(text: str) -> Iterator[str]:
    """Cut a text at its line feeds, one line at a time."""
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start:end]
        start = end + 1
    if start < len(text):
        yield text[start:]


def can_seek(path: Path, encoding: str | None) -> bool:
    """Tell whether reading may begin at any line of a file.

    Parameters
    ----------
    path : Path
        The file.
    encoding : str or None
        In which it is written.

    Returns
    -------
    bool
        False for what is packed, and for encodings in which the byte of a line feed may be half of
        another letter.

    Raises
    ------
    TableError
        If Python knows no encoding of this name.

    Examples
    --------
    >>> from pathlib import Path
    >>> from hybridsent.datasets._lines import can_seek
    >>> can_seek(Path("t.csv"), "gb18030"), can_seek(Path("t.csv"), "utf-16")
    (True, False)
    """
    return path.suffix.lower() != ".gz" and _has_plain_ends(encoding)


_PLAIN = (
    "utf-8",
    "ascii",
    "iso8859",
    "latin",
    "cp",
    "koi8",
    "mac",
    "gb",
    "big5",
    "shift_jis",
    "euc",
)


def _has_plain_ends(encoding: str | None) -> bool:
    check_encoding(encoding)
    name = codecs.lookup(encoding or "utf-8").name
    return name.startswith(_PLAIN) and "\r\n".encode(name) == b"\r\n"


def open_bytes(path: Path, encoding: str | None, max_bytes: int | None) -> tuple[Any, str | None]:
    """Open a text file, packed or not, as a stream whose lines end in plain bytes.

    Parameters
    ----------
    path : Path
        The file.
    encoding : str or None
        In which it is written.
    max_bytes : int or None
        Most bytes that it may unpack to, as `limit_of` takes it.

    Returns
    -------
    stream : binary file
        To be read, and closed.
    encoding : str or None
        In which the stream is: None, for UTF-8, where the file is in an encoding whose lines cannot
        be told by bytes.
    """
    gzipped = path.suffix.lower() == ".gz"
    raw: Any = gzip.open(path) if gzipped else path.open("rb")  # noqa: SIM115 - who asks closes it
    if gzipped:
        raw = _Limited(raw, path, limit_of(path, max_bytes))
    if _has_plain_ends(encoding):
        # its mark is taken off at the beginning of the file alone, not of each block
        marked = encoding is not None and codecs.lookup(encoding).name == "utf-8-sig"
        return raw, "utf-8" if marked else encoding
    return _Recoded(raw, path, str(encoding)), None


class _Limited:
    """A stream that may give no more than so many bytes."""

    def __init__(self, raw: BinaryIO, path: Path, limit: int) -> None:
        self._raw, self._path, self._limit, self._read = raw, path, limit, 0

    def read(self, size: int) -> bytes:
        data = self._raw.read(size)
        self._read += len(data)
        if self._read > self._limit:
            raise too_large(self._path, self._limit)
        return data

    def close(self) -> None:
        self._raw.close()


class _Recoded:
    """A stream of another encoding, as UTF-8."""

    def __init__(self, raw: Any, path: Path, encoding: str) -> None:
        self._raw, self._path, self._encoding = raw, path, encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._read = 0

    def read(self, size: int) -> bytes:
        while True:
            data = self._raw.read(size)
            try:
                text = self._decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                raise TableError(
                    f"{self._path} is not {self._encoding}: {error.reason} near position "
                    f"{self._read + error.start}. Name its encoding, or leave it out for UTF-8."
                ) from error
            self._read += len(data)
            if text or not data:  # half a letter may be all that was read
                return text.encode("utf-8", "surrogatepass")

    def close(self) -> None:
        self._raw.close()
