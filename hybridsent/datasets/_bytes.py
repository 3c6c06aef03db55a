"""A table's file → its text: unpacked within a limit, decoded without a guess (layer L4).

gzip and codecs of the standard library do the work; what they lack is a limit, and a message that
names the line and the way out.
"""

from __future__ import annotations

import gzip
import zlib
from contextlib import suppress
from pathlib import Path

from hybridsent.exceptions import TableError
from hybridsent.media._encodings import east_asian

__all__ = [
    "broken_gzip",
    "check_encoding",
    "check_nulls",
    "decode",
    "empty",
    "limit_of",
    "read_text",
    "read_words",
    "too_large",
    "without_mark",
]

_ROOM = 2**26
_TIMES = 40
"""Texts shrink to a tenth at best; what shrinks to less than a fortieth was made to burst."""


_GZIP = b"\x1f\x8b"  # how a file that gzip has packed begins
_KINDS = {
    "utf-16": "UTF-16",
    "cp1252": "a one-byte encoding such as Windows-1252 or Latin-1",
    "gb18030": "Chinese in GBK or GB18030",
    "big5": "Chinese in Big5",
    "shift_jis": "Japanese in Shift JIS",
    "euc_kr": "Korean in EUC-KR",
}


def limit_of(path: Path, max_bytes: int | None) -> int:
    """Tell how many bytes a compressed file may unpack to.

    Parameters
    ----------
    path : Path
        The file.
    max_bytes : int or None
        What the user allows; None for 64 MiB, or 40 times the file where that is more.

    Returns
    -------
    int
        The limit.
    """
    return max(_ROOM, _TIMES * path.stat().st_size) if max_bytes is None else max_bytes


def too_large(path: Path, limit: int) -> TableError:
    """Make the error of a file that unpacks to more than it may.

    Parameters
    ----------
    path : Path
        The file.
    limit : int
        The limit, in bytes.

    Returns
    -------
    TableError
        To be raised.
    """
    return TableError(
        f"{path} unpacks to more than {limit / 2**20:.1f} MiB, which is out of proportion to its "
        f"{path.stat().st_size / 2**20:.1f} MiB. If you trust it, raise the limit: "
        f"max_bytes={4 * limit}."
    )


def read_text(path: Path, max_bytes: int | None = None, encoding: str | None = None) -> str:
    """Read a text file, gzipped or not, with or without a byte order mark.

    Parameters
    ----------
    path : Path
        A file that exists.
    max_bytes : int, default=None
        As in `limit_of`; only for what is compressed.
    encoding : str, default=None
        Name of the encoding; None for UTF-8.

    Returns
    -------
    str
        Its text; line ends as they are.

    Raises
    ------
    TableError
        If the bytes are not of the encoding or no gzip archive, unpack to too much, or there is no
        text at all.
    """
    gzipped = path.suffix.lower() == ".gz"
    data = _unpacked(path, limit_of(path, max_bytes)) if gzipped else path.read_bytes()
    text = _decoded(path, data, encoding)
    if not text.strip():
        raise empty(path)
    return text


def read_words(path: Path, encoding: str | None = None) -> str | None:
    """Read a file that is one text, with or without a byte order mark.

    Parameters
    ----------
    path : Path
        A file that exists.
    encoding : str, default=None
        Name of the encoding; None for UTF-8.

    Returns
    -------
    str or None
        Its text, without the ends of lines behind it; None where nothing stands in it.

    Raises
    ------
    TableError
        If the bytes are not of the encoding.
    """
    text = _decoded(path, path.read_bytes(), encoding).rstrip("\r\n")
    return text if text.strip() else None


def _unpacked(path: Path, limit: int) -> bytes:
    try:
        with gzip.open(path) as file:
            data = file.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise broken_gzip(path, error) from error
    if len(data) > limit:
        raise too_large(path, limit)
    return data


def broken_gzip(path: Path, error: Exception) -> TableError:
    """Make the error of a file that is no gzip archive, or half of one.

    Parameters
    ----------
    path : Path
        The file.
    error : Exception
        What gzip said.

    Returns
    -------
    TableError
        To be raised.
    """
    return TableError(f"{path} is no complete gzip archive ({error}). Pack or copy it again.")


def _decoded(path: Path, data: bytes, encoding: str | None) -> str:
    text = without_mark(decode(path, data, encoding), encoding)
    check_nulls(path, text)
    return text


def decode(path: Path, data: bytes, encoding: str | None, *, offset: int = 0, line: int = 1) -> str:
    r"""Decode a file, or some of its lines.

    Parameters
    ----------
    path : Path
        Named in messages.
    data : bytes
        Whole lines of it.
    encoding : str or None
        Name of the encoding; None for UTF-8.
    offset : int, default=0
        At which byte of the file they begin.
    line : int, default=1
        At which line of the file they begin.

    Returns
    -------
    str
        The text, with a byte order mark where there is one.

    Raises
    ------
    TableError
        If the bytes are not of the encoding, or Python knows none of this name.

    Examples
    --------
    >>> from pathlib import Path
    >>> from hybridsent.datasets._bytes import decode
    >>> decode(Path("t.csv"), b"caf\xe9", "cp1252")
    'café'
    """
    check_encoding(encoding)
    try:
        return data.decode("utf-8" if encoding is None else encoding)
    except UnicodeDecodeError as error:
        if encoding is not None:
            raise TableError(
                f"{path} is not {encoding}: {error.reason} at position {offset + error.start}. "
                "Name its encoding, or leave it out for UTF-8."
            ) from error
        found = _with_surrogates(data)
        if found is None:
            message = _encoding_message(path, data, error.start, offset, line)
            raise TableError(message) from error
        return found


def check_encoding(encoding: str | None) -> None:
    """Refuse an encoding that Python does not know.

    Parameters
    ----------
    encoding : str or None
        Its name; None for UTF-8.

    Raises
    ------
    TableError
        If there is none of this name.
    """
    try:
        with suppress(UnicodeError):
            b"text".decode(encoding or "utf-8", "replace")  # of no bytes at all none is looked up
    except LookupError as error:
        raise TableError(
            f"The encoding parameter must be a name that Python knows, such as 'cp1252' or "
            f"'utf-16'. Got {encoding!r}."
        ) from error


def without_mark(text: str, encoding: str | None) -> str:
    """Take off the byte order mark with which a text begins.

    Parameters
    ----------
    text : str
        The beginning of a file.
    encoding : str or None
        In which it was decoded; in UTF-8 that nobody named, a second mark is one, too.

    Returns
    -------
    str
        The text without it.
    """
    text = text.removeprefix("\ufeff")
    return text.removeprefix("\ufeff") if encoding is None else text


def check_nulls(path: Path, text: str) -> None:
    """Refuse what was decoded although it is UTF-16.

    Parameters
    ----------
    path : Path
        Named in the message.
    text : str
        The beginning of a file.

    Raises
    ------
    TableError
        If it is full of null characters.
    """
    nulls = text.count("\0", 0, 1000)
    if nulls >= 4 and nulls > 0.2 * min(len(text), 1000):
        raise TableError(
            f"{path} is full of null characters: it looks like UTF-16 without a mark. Name the "
            "encoding: encoding='utf-16-le'."
        )


def empty(path: Path) -> TableError:
    """Make the error of a file in which nothing stands.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    TableError
        To be raised.
    """
    return TableError(f"{path} is empty. A table needs at least a line of column names.")


def _with_surrogates(data: bytes) -> str | None:
    """Decode UTF-8 in which surrogates stand, as old Java writes them; whole pairs are joined."""
    try:
        text = data.decode("utf-8", "surrogatepass")
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    except UnicodeDecodeError:
        return None


def _encoding_message(path: Path, data: bytes, start: int, offset: int, line: int) -> str:
    if offset == 0 and data[:2] == _GZIP:
        return (
            f"{path} is no text: it is packed by gzip, which its name does not say. Name it "
            f"{path.name}.gz, or unpack it."
        )
    wide = offset == 0 and data[:2] in (b"\xff\xfe", b"\xfe\xff")
    guess = "utf-16" if wide else east_asian(data) or "cp1252"
    line += data.count(b"\n", 0, start)
    kind = _KINDS[guess]
    return (
        f"{path} is not UTF-8: byte 0x{data[start]:02x} at position {offset + start} "
        f"(line {line}). It looks like {kind}: name it with encoding={guess!r}, or convert the "
        f"file once, for example: iconv -f {guess} -t utf-8 {path.name} > utf8-{path.name}"
    )
