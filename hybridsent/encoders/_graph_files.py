"""Converted networks at rest: folders that are whole or absent (layer L2).

A conversion takes seconds and imports torch; it is kept in the user's cache folder, or where the
environment variable ``HYBRIDSENT_NETWORKS`` says, and found again by later processes. Every file
is checked against its hash when it is read. Whatever cannot be kept is converted again. What makes
the folder small again is `hybridsent.encoders._graph_care`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from hybridsent._folders import cache_folder, make_folder

__all__ = [
    "ABOUT",
    "DRAFT",
    "MANIFEST",
    "Found",
    "can_keep",
    "find",
    "find_unchecked",
    "keep",
    "networks_path",
    "remove",
]

MANIFEST = "manifest.json"
"""Hashes of the files of an item; its date is that of the last use, to the hour."""

ABOUT = "about.json"
"""What an item was made from, and under which versions."""

DRAFT = "draft-"
"""How the name of a folder begins that is being written, or taken away."""

_HOUR = 3600


def networks_path() -> Path:
    """Give the folder of converted networks.

    Returns
    -------
    Path
        The environment variable ``HYBRIDSENT_NETWORKS``, else ``networks`` in the user's cache
        folder of hybridsent. It may be deleted at any time.

    Raises
    ------
    FileNotFoundError
        If the user has no home, and the variable is not set.

    Examples
    --------
    >>> networks_path().name != ""
    True
    """
    return cache_folder("HYBRIDSENT_NETWORKS", "networks")


def find(item: str) -> Path | None:
    """Find a kept item; one that is damaged is removed.

    Parameters
    ----------
    item : str
        Its name.

    Returns
    -------
    Path or None
        A folder whose files are as they were written.
    """
    found = find_unchecked(item)
    return found.folder if found is not None and found.is_sound() else None


def find_unchecked(item: str) -> Found | None:
    """Find a kept item whose large file is still being checked, in a thread.

    Parameters
    ----------
    item : str
        Its name.

    Returns
    -------
    Found or None
        The folder, and the answer to come.
    """
    try:
        folder = networks_path() / item
    except FileNotFoundError:
        return None
    try:
        hashes = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        large = {name: digest for name, digest in hashes.items() if name.endswith(".bin")}
        small = {name: digest for name, digest in hashes.items() if name not in large}
        if _are_sound(folder, small):
            _touch(folder / MANIFEST)
            return Found(folder, large)
    except (OSError, ValueError, AttributeError, RecursionError):  # it may hold anything
        if not os.path.exists(folder):  # noqa: PTH110 - Path.exists raises where a folder is closed to us
            return None
    remove(folder)
    return None


def _touch(manifest: Path) -> None:
    """Note the use, once an hour."""
    with suppress(OSError):  # of a folder that may only be read
        if time.time() - manifest.stat().st_mtime > _HOUR:
            os.utime(manifest)


def remove(folder: Path) -> None:
    """Take an item away: whole, so that nobody finds a part of it.

    A draft, too, is renamed before it is emptied: who writes it then fails at the next file, where
    else it could become an item of which a part is gone.

    Parameters
    ----------
    folder : Path
        Of the item, or of a draft.
    """
    doomed = folder.with_name(f"{DRAFT}{uuid.uuid4().hex}")
    with suppress(OSError):  # it went meanwhile, or may not be moved
        folder.rename(doomed)
    shutil.rmtree(doomed, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


class Found:
    """A kept item: its small files are sound, its large ones are being read.

    Parameters
    ----------
    folder : Path
        Of the item.
    hashes : dict of str to str
        Hashes of the large files.
    """

    def __init__(self, folder: Path, hashes: dict[str, str]) -> None:
        self.folder = folder
        pool = ThreadPoolExecutor(1, thread_name_prefix="hybridsent")
        self._answer = pool.submit(_are_sound, folder, hashes)
        pool.shutdown(wait=False)

    def is_sound(self) -> bool:
        """Wait for the answer; what is damaged is removed."""
        sound = self._answer.result()
        if not sound:
            remove(self.folder)
        return sound


def _are_sound(folder: Path, hashes: dict[str, str]) -> bool:
    try:
        return all(_hash(folder / name) == digest for name, digest in hashes.items())
    except OSError:
        return False


def keep(
    item: str, write: Callable[[Path], None], about: Mapping[str, object] | None = None
) -> Path | None:
    """Write an item; it appears whole, or not at all.

    Parameters
    ----------
    item : str
        Its name.
    write : callable
        Writes the files into the folder it is given.
    about : mapping, default=None
        What it was made from, and under which versions.

    Returns
    -------
    Path or None
        The folder; None where the disk does not take it.
    """
    try:
        root = networks_path()
    except FileNotFoundError:
        return None
    draft = root / f"{DRAFT}{uuid.uuid4().hex}"
    try:
        make_folder(draft)
        write(draft)
        if about is not None:
            (draft / ABOUT).write_text(json.dumps(about), encoding="utf-8")
        hashes = {path.name: _hash(path) for path in sorted(draft.iterdir())}
        (draft / MANIFEST).write_text(json.dumps(hashes), encoding="utf-8")
        try:
            draft.rename(root / item)
        except OSError:  # another process was first: its folder is as good
            return find(item)
    except (OSError, RuntimeError):  # openvino tells of a full disk by a RuntimeError
        return None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return root / item


def can_keep() -> bool:
    """Try whether the folder takes anything, before work is done that is worth nothing unkept.

    Returns
    -------
    bool
        False where `keep` would give None for the smallest item.
    """
    try:
        root = networks_path()
    except FileNotFoundError:
        return False
    draft, is_new = root / f"{DRAFT}{uuid.uuid4().hex}", not os.path.lexists(root)
    try:
        make_folder(draft)
        (draft / MANIFEST).write_text("{}", encoding="utf-8")
    except OSError:
        return False
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        if is_new:
            with suppress(OSError):  # another process uses it already
                root.rmdir()
    return True


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
