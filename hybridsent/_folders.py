"""Folders of ours on the disk: where they are, and who may use them (layer L0).

The feature store and the converted networks lie in the user's cache, or where an environment
variable says; both can be shared by several users, and neither is needed to go on. platformdirs
names the cache; that a user may have no home at all, and that what is put into a shared folder must
be shared itself, it leaves to its callers.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import warnings
from contextlib import suppress
from pathlib import Path

__all__ = [
    "at_home",
    "cache_folder",
    "depth_of_caller",
    "make_folder",
    "share",
    "warn_once",
]

_BETWEEN = frozenset({"hybridsent", "sklearn", "joblib", "contextlib"})  # us and a user's line
_told: set[tuple[str, str]] = set()


def cache_folder(variable: str, name: str) -> Path:
    """Find a folder of ours; nothing is made.

    Parameters
    ----------
    variable : str
        Environment variable in which a user names another one.
    name : str
        Name in the user's cache folder of hybridsent.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    FileNotFoundError
        If it would lie in the home of a user who has none.

    Examples
    --------
    >>> from hybridsent._folders import cache_folder
    >>> cache_folder("SURELY_NOT_SET", "store").name
    'store'
    """
    named = os.environ.get(variable)
    if named:
        return at_home(named)
    from platformdirs import user_cache_path

    try:
        return at_home(user_cache_path("hybridsent") / name)
    except RuntimeError:  # of platformdirs 4.4 and later
        raise _homeless(name) from None


def at_home(path: str | os.PathLike[str]) -> Path:
    """Read ``~`` as the user's home.

    Parameters
    ----------
    path : str or path
        Any.

    Returns
    -------
    Path
        Without ``~`` at its beginning.

    Raises
    ------
    FileNotFoundError
        If the user has no home: a folder called ``~`` would be made where we are.

    Examples
    --------
    >>> from hybridsent._folders import at_home
    >>> at_home("rows").parts
    ('rows',)
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise _homeless(os.fspath(path)) from None


def _homeless(path: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, "this user has no home folder", path)


def make_folder(folder: Path, *, inside: bool = False) -> None:
    """Make a folder and those it lies in, each with the permissions of a shared one above it.

    Parameters
    ----------
    folder : Path
        What is to be made; it may be there.
    inside : bool, default=False
        Whether the one above it is of ours, too. Else it stays its owner's in a folder like
        ``/tmp``, where everybody may put things and nobody may remove those of others.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from hybridsent._folders import make_folder
    >>> with tempfile.TemporaryDirectory() as home:
    ...     make_folder(Path(home, "a", "b"))
    ...     Path(home, "a", "b").is_dir()
    True
    """
    try:
        folder.mkdir()
    except FileNotFoundError:
        if folder.parent == folder:
            raise
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
    except FileExistsError:
        if not folder.is_dir():
            raise
        return
    if inside or not folder.parent.stat().st_mode & stat.S_ISVTX:
        share(folder, folder.parent)


def share(path: Path, folder: Path) -> None:
    """Let all who may write in a folder write to what was put there, whatever the umask says.

    Parameters
    ----------
    path : Path
        A file or folder of this user.
    folder : Path
        Whose permissions count.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from hybridsent._folders import share
    >>> with tempfile.TemporaryDirectory() as home:
    ...     Path(home, "file").touch()
    ...     share(Path(home, "file"), Path(home))
    """
    if sys.platform == "win32":
        return  # there, permissions are inherited
    with suppress(OSError):  # not ours, or a disk that knows no permissions
        above, own = folder.stat(), path.stat()
        if own.st_gid != above.st_gid and above.st_mode & stat.S_IWGRP:
            with suppress(OSError):  # a group that this user is not in
                os.chown(path, -1, above.st_gid)
                own = path.stat()
        wanted = _granted(above, own) & (0o7777 if stat.S_ISDIR(own.st_mode) else 0o666)
        if wanted & ~own.st_mode:
            path.chmod(stat.S_IMODE(own.st_mode) | wanted)


def _granted(above: os.stat_result, own: os.stat_result) -> int:
    """Tell which permissions of a folder to hand on: those of people who may write there."""
    granted = 0
    if above.st_mode & stat.S_IWOTH:
        granted |= above.st_mode & (stat.S_IRWXO | stat.S_ISVTX)
    if above.st_mode & stat.S_IWGRP and own.st_gid == above.st_gid:
        granted |= above.st_mode & (stat.S_IRWXG | stat.S_ISGID)
    return granted


def warn_once(folder: object, message: str, category: type[Warning]) -> None:
    """Warn of a folder, once in a process.

    Parameters
    ----------
    folder : object
        Which one; other messages about it are not given again.
    message : str
        What to say.
    category : type
        Of the warning.

    Examples
    --------
    >>> from hybridsent._folders import warn_once
    >>> warn_once("no such folder", "It is not there.", UserWarning)  # doctest: +SKIP
    """
    key = (category.__name__, str(folder))
    if key not in _told:
        _told.add(key)
        warnings.warn(message, category, stacklevel=depth_of_caller())


def depth_of_caller() -> int:
    """Give the `stacklevel` of the user's line, however many steps of a pipeline lie between.

    Returns
    -------
    int
        For ``warnings.warn`` in the function that asks.

    Examples
    --------
    >>> from hybridsent._folders import depth_of_caller
    >>> depth_of_caller() >= 1
    True
    """
    # expiry: `skip_file_prefixes` of warnings.warn does this from Python 3.12 on
    depth, frame = 1, sys._getframe(1)
    while frame.f_back is not None and _is_between(frame.f_globals.get("__name__", "")):
        depth, frame = depth + 1, frame.f_back
    return depth


def _is_between(module: str) -> bool:
    return module.split(".")[0] in _BETWEEN
