"""Regular files and nothing else: read them, or digest them once (layer L1).

Why by hand: `pathlib` reads whatever it is pointed at - a pipe that never ends, a device, 100 GB.
The memory of digests is `functools.lru_cache`.
"""

from __future__ import annotations

import errno
import functools
import hashlib
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from hybridsent.exceptions import MediaError

__all__ = [
    "MAX_FILE_BYTES",
    "check_size",
    "identity_of",
    "is_settled",
    "opened_file",
    "path_digest",
    "read_bytes",
]

MAX_FILE_BYTES = 256 * 2**20
"""Largest file read unless the caller says otherwise."""

_RACY_NS = 2 * 10**9  # a file touched this recently may change again within its clock's resolution
_MEMO_SIZE = 2**16  # digests, about 400 bytes each
_CHUNK = 2**20


def read_bytes(
    source: str | os.PathLike[str] | bytes | bytearray | memoryview,
    *,
    max_bytes: int = MAX_FILE_BYTES,
) -> bytes:
    """Read a whole file, or pass bytes on, within a limit.

    Only regular files are opened, and their size is checked before the first byte is read, so
    pipes, devices and huge files cost nothing.

    Parameters
    ----------
    source : str, os.PathLike, bytes, bytearray or memoryview
        A path, or the content itself.
    max_bytes : int, default=268435456
        Largest size accepted, in bytes.

    Returns
    -------
    bytes
        The content, at least one byte.

    Raises
    ------
    MediaError
        If there is no such file, it is no regular file, may not be read, is empty or too large, or
        changes while it is read.

    Examples
    --------
    >>> read_bytes(b"abc")
    b'abc'
    >>> read_bytes("no/such/file.wav")
    Traceback (most recent call last):
        ...
    hybridsent.exceptions.MediaError: no file at 'no/such/file.wav'...
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        check_size(memoryview(source).nbytes, max_bytes, "the content")
        return bytes(source)  # the same object, where it is of this type
    path = _as_path(source)
    with _opened(path) as (file, info):
        check_size(info.st_size, max_bytes, _shown(path))
        # One byte more than was promised shows that the file grew.
        content = file.read(info.st_size + 1)
    if len(content) != info.st_size:
        raise _changed(path)
    return content


def check_size(size: int, max_bytes: int, what: str) -> None:
    """Refuse content that is empty or too large.

    Parameters
    ----------
    size : int
        Its size in bytes.
    max_bytes : int
        Largest size accepted.
    what : str
        Its name, to begin the message with.

    Raises
    ------
    MediaError
        If it is.

    Examples
    --------
    >>> check_size(3, 4, "the content")
    """
    if size == 0:
        raise MediaError(f"{what} is empty: zero bytes")
    if size > max_bytes:
        raise MediaError(
            f"{what} has {size:,} bytes, more than the {max_bytes:,} allowed; "
            "shorten, shrink or compress it"
        )


def identity_of(info: os.stat_result) -> tuple[int, ...]:
    """Tell a file from itself before it changed.

    Parameters
    ----------
    info : os.stat_result
        Of the file, links followed.

    Returns
    -------
    tuple of int
        Size, times and place. The time of status change tells a file that was overwritten and given
        its old date back.

    Examples
    --------
    >>> import os
    >>> identity_of(os.stat(".")) == identity_of(os.stat("."))
    True
    """
    return info.st_size, info.st_mtime_ns, info.st_ino, info.st_dev, info.st_ctime_ns


def is_settled(info: os.stat_result) -> bool:
    """Whether the next change of a file will show in its `identity_of`.

    Parameters
    ----------
    info : os.stat_result
        Of the file.

    Returns
    -------
    bool
        False within two seconds of its last change: clocks of file systems are that coarse.

    Examples
    --------
    >>> is_settled(os.stat(os.__file__))
    True
    """
    now = time.time_ns()
    return all(abs(now - touched) >= _RACY_NS for touched in (info.st_mtime_ns, info.st_ctime_ns))


@contextmanager
def opened_file(source: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a regular file that is not empty, to read it piece by piece.

    Parameters
    ----------
    source : str or os.PathLike
        Its path.

    Yields
    ------
    file
        Open for reading bytes.

    Raises
    ------
    MediaError
        As `read_bytes` does; also where reading fails within the block, or the file changes.
    """
    path = _as_path(source)
    with _opened(path) as (file, info):
        check_size(info.st_size, info.st_size, _shown(path))
        yield file
        if identity_of(os.fstat(file.fileno())) != identity_of(info):
            raise _changed(path)


def path_digest(source: str | os.PathLike[str], max_bytes: int) -> bytes:
    """Digest a file's content; remember it unless the file changed in the last two seconds.

    Parameters
    ----------
    source : str or os.PathLike
        Its path.
    max_bytes : int
        Largest size accepted.

    Returns
    -------
    bytes
        16 bytes of BLAKE2b.

    Raises
    ------
    MediaError
        As `read_bytes` does.

    Examples
    --------
    >>> path_digest(".", 10)
    Traceback (most recent call last):
        ...
    hybridsent.exceptions.MediaError: '.' is a folder, not a file
    """
    path = _as_path(source)
    with _opened(path) as (_, info):
        check_size(info.st_size, max_bytes, _shown(path))
    digest = _file_digest if is_settled(info) else _file_digest.__wrapped__
    return digest(str(Path(path).absolute()), identity_of(info))


@functools.lru_cache(maxsize=_MEMO_SIZE)  # in C: thread-safe, and no lock for a fork to inherit
def _file_digest(path: str, identity: tuple[int, ...]) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    left = identity[0] + 1
    with _opened(path) as (file, _):
        while left > 0 and (chunk := file.read(min(_CHUNK, left))):
            digest.update(chunk)
            left -= len(chunk)
        if identity_of(os.fstat(file.fileno())) != identity:
            raise _changed(path)
    return digest.digest()


def _as_path(source: str | os.PathLike[str]) -> str:
    if not isinstance(source, (str, os.PathLike)):
        raise MediaError(f"a source must be a path or bytes, got {type(source).__name__}")
    path = os.fsdecode(source)
    if not path:
        raise MediaError("the path is empty; use None for a missing cell")
    return path


def _shown(path: str) -> str:
    return repr(path) if len(path) <= 160 else f"{path[:100]!r}…{path[-40:]!r}"


def _changed(path: str) -> MediaError:
    return MediaError(f"{_shown(path)} changed while it was being read; is it still being written?")


@contextmanager
def _opened(path: str) -> Iterator[tuple[IO[bytes], os.stat_result]]:
    """Open a regular file; whatever goes wrong there is one MediaError."""
    try:
        _check_regular(Path(path).stat(), path)
        # O_NONBLOCK: had a pipe taken the file's place since then, open would wait for its writer.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(path, flags), "rb") as file:
            info = os.fstat(file.fileno())
            _check_regular(info, path)
            yield file, info
    except OSError as error:
        raise MediaError(_explained(error, path)) from error
    except UnicodeEncodeError as error:
        raise MediaError(f"{_shown(path)} cannot be a file name: {error.reason}") from error
    except ValueError as error:
        if isinstance(error, MediaError):
            raise
        raise MediaError(f"{_shown(path)} cannot be a file name: {error}") from error


def _check_regular(info: os.stat_result, path: str) -> None:
    if stat.S_ISDIR(info.st_mode):
        raise MediaError(f"{_shown(path)} is a folder, not a file")
    if not stat.S_ISREG(info.st_mode):
        raise MediaError(f"{_shown(path)} is no regular file (a pipe, socket or device)")


def _explained(error: OSError, path: str) -> str:
    if "://" in path[:16]:
        return f"{_shown(path)} is an address, not a path; download it first"
    if isinstance(error, FileNotFoundError):
        several = (
            "; a cell of several paths is a list, as read_table makes it" if "|" in path else ""
        )
        if Path(path).is_absolute():
            return f"no file at {_shown(path)}{several}"
        return f"no file at {_shown(path)} (looked up in {_shown(str(Path.cwd()))}){several}"
    if isinstance(error, PermissionError):
        return f"{_shown(path)} may not be read: permission denied"
    if error.errno == errno.ENAMETOOLONG:
        return f"{_shown(path)} is too long for a path; content must be given as bytes"
    return f"{_shown(path)} cannot be read: {error.strerror or error}"
