"""The folder of converted networks stays small (layer L2).

A new version of a package, or of the weights, makes new conversions, and nothing asks for the old
ones again. What other versions made goes when it was not used for a month (another environment may
share the folder), drafts of killed processes after an hour, and above a limit what was used longest
ago. No library serves: diskcache evicts values that it wrote itself, not folders.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hybridsent.encoders._graph_files import ABOUT, DRAFT, MANIFEST, networks_path, remove

__all__ = ["Kept", "clear", "kept_items", "largest_bytes", "tidy"]

VARIABLE = "HYBRIDSENT_NETWORKS_GB"
_DEFAULT_GB = 20.0
_DRAFT_SECONDS = 3600.0  # writing one takes a minute at most
_OTHERS_SECONDS = 30 * 24 * 3600.0


@dataclass(frozen=True)
class Kept:
    """A kept conversion.

    Parameters
    ----------
    path : Path
        Its folder.
    name : str
        Name of the backbone.
    output : str
        Which forward pass, or ``"facts"``.
    versions : list of str
        Of the format and the packages that it was made under; empty where it does not say.
    bytes : int
        On disk.
    last_used : float
        Seconds since 1970, to the hour.
    """

    path: Path
    name: str
    output: str
    versions: list[str]
    bytes: int
    last_used: float


def largest_bytes() -> float:
    """Give the size that the folder is kept under.

    Returns
    -------
    float
        Bytes: of the environment variable ``HYBRIDSENT_NETWORKS_GB``, else of 20 gigabytes.

    Raises
    ------
    ValueError
        If the variable holds no such number.

    Examples
    --------
    >>> largest_bytes() > 0
    True
    """
    named = os.environ.get(VARIABLE)
    try:
        gigabytes = float(named) if named else _DEFAULT_GB
    except ValueError:
        gigabytes = -1.0
    if not gigabytes >= 0:
        raise ValueError(
            f"The environment variable {VARIABLE} must be a number of gigabytes, such as 20, or "
            f"inf for no limit. Got {named!r}."
        )
    return gigabytes * 1e9


def kept_items() -> list[Kept]:
    """Describe what is kept.

    Returns
    -------
    list of Kept
        By name of the folder; without drafts.
    """
    return [item for path in _folders() if (item := _described(path)) is not None]


def clear(versions: Sequence[str] | None = None) -> int:
    """Delete kept conversions; they are made again when they are needed.

    Parameters
    ----------
    versions : sequence of str, default=None
        Keep what was made under these; None deletes all.

    Returns
    -------
    int
        Bytes given back to the disk.
    """
    freed = 0
    for item in kept_items():
        if versions is None or item.versions != list(versions):
            remove(item.path)
            freed += 0 if item.path.exists() else item.bytes
    for path in _folders(drafts=True):
        if versions is None or _is_left(path):
            freed += _size(path)
            remove(path)
    return freed


def tidy(versions: Sequence[str], fresh: Path) -> None:
    """Sweep what nobody will ask for, and what is too much.

    Parameters
    ----------
    versions : sequence of str
        Of the format and the packages in use.
    fresh : Path
        Folder of the item that was just written; it stays.

    Raises
    ------
    ValueError
        If the limit of the environment is no number.
    """
    largest = largest_bytes()
    for path in _folders(drafts=True):
        if _is_left(path):
            remove(path)
    items = [item for item in kept_items() if item.path != fresh]
    total = _size(fresh) + sum(item.bytes for item in items)
    old = time.time() - _OTHERS_SECONDS
    items.sort(key=lambda item: (item.versions == list(versions), item.last_used))
    for item in items:
        is_foreign = item.versions != list(versions)
        if total > largest or (is_foreign and item.last_used < old):
            remove(item.path)
            total -= item.bytes


def _folders(*, drafts: bool = False) -> list[Path]:
    """Folders in the folder of networks: items, or drafts."""
    try:
        found = sorted(path for path in networks_path().iterdir() if path.is_dir())
    except OSError:  # there is none yet, or it is not ours to read
        return []
    return [path for path in found if path.name.startswith(DRAFT) == drafts]


def _described(path: Path) -> Kept | None:
    """Describe an item; None where it is none of ours, or went meanwhile."""
    try:
        used = (path / MANIFEST).stat().st_mtime
    except OSError:
        return None
    found: object = None
    with suppress(OSError, ValueError, RecursionError):
        found = json.loads((path / ABOUT).read_text(encoding="utf-8"))
    about = found if isinstance(found, dict) else {}
    versions = about.get("versions")
    return Kept(
        path,
        str(about.get("name", path.name)),
        str(about.get("output", "-")),
        [str(one) for one in versions] if isinstance(versions, list) else [],
        _size(path),
        used,
    )


def _size(folder: Path) -> int:
    size = 0
    with suppress(OSError):
        for path in folder.iterdir():
            with suppress(OSError):
                size += path.stat().st_size
    return size


def _is_left(draft: Path) -> bool:
    """Whether nobody wrote to a draft for so long that its process must have been killed."""
    dates = []
    with suppress(OSError):
        dates = [path.stat().st_mtime for path in (draft, *draft.iterdir())]
    return bool(dates) and time.time() - max(dates) > _DRAFT_SECONDS
