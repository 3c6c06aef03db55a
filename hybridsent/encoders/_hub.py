"""The cache of the Hugging Face hub: where it is, what is in it, and filling it (layer L2).

huggingface_hub downloads, but importing what finds a file in its cache takes a quarter of a second,
and it compares sizes, not hashes. So its rule of places is written here once more (a test holds it
to the library's own), and what arrived is hashed before anybody believes it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from hybridsent.exceptions import WeightsError, WeightsNotFoundError

__all__ = ["check_blob", "download", "hub_cache", "snapshot"]


def hub_cache() -> Path:
    """Give the folder in which huggingface_hub keeps what it downloads.

    Returns
    -------
    Path
        What ``HF_HUB_CACHE`` or ``HF_HOME`` say, else a folder in the user's cache.
    """
    constants = sys.modules.get("huggingface_hub.constants")
    if constants is not None:
        return Path(constants.HF_HUB_CACHE)
    get = os.environ.get
    home = get("HF_HOME", f"{get('XDG_CACHE_HOME', '~/.cache')}/huggingface")
    folder = get("HF_HUB_CACHE", get("HUGGINGFACE_HUB_CACHE", f"{home}/hub"))
    # not Path.expanduser, which raises for the home of an unknown user
    return Path(os.path.expandvars(os.path.expanduser(folder)))  # noqa: PTH111


def snapshot(repo: str, revision: str | None) -> Path | None:
    """Find the files of a repository in the cache, without a network.

    Parameters
    ----------
    repo : str
        ``owner/name``.
    revision : str or None
        Commit, tag or branch; None for the main branch.

    Returns
    -------
    Path or None
        The folder of its files; None where there is none. Single files may be missing in it.
    """
    root = hub_cache() / f"models--{repo.replace('/', '--')}"
    try:
        commit = (root / "refs" / (revision or "main")).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):  # no name of a branch that is kept: it may be a commit
        commit = revision or ""
    folder = root / "snapshots" / commit
    return folder if commit and folder.is_dir() else None


def check_blob(path: Path, name: str) -> None:
    """Refuse a file of the cache that is not the one whose hash the hub gave.

    The cache names a file by its SHA-256 where it is a large one, else by the hash that git gives
    it; where links are not possible there is no such name, and nothing to compare.

    Parameters
    ----------
    path : Path
        The file, in a folder that `snapshot` gave.
    name : str
        Name of the backbone, for the message.

    Raises
    ------
    WeightsError
        If the hashes differ.
    """
    if not path.is_symlink():
        return
    from hybridsent.encoders._files import sha256_of

    blob = path.resolve().name
    seen = {64: sha256_of, 40: _git_hash}.get(len(blob), lambda _path: blob)(path)
    if seen != blob:
        raise WeightsError(
            f"The files of {name!r} must be those that the hub has. {path} has the hash "
            f"{seen[:16]}… in place of {blob[:16]}…: it is damaged. Fetch it again, with "
            f"`hybridsent backbones fetch {name}`."
        )


def _git_hash(path: Path) -> str:
    import hashlib  # not at the top: listing backbones starts no cryptography

    content = path.read_bytes()
    header = f"blob {len(content)}\0".encode()
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


def download(
    repo: str, revision: str | None, files: Mapping[str, str | None], *, whole: bool, name: str
) -> None:
    """Fetch files of a repository into the cache, and check what arrived.

    Parameters
    ----------
    repo : str
        ``owner/name``.
    revision : str or None
        Commit, tag or branch; None for the main branch.
    files : mapping of str to str or None
        SHA-256 of each file, where it is known.
    whole : bool
        Whether what lies beside the weights of a model of transformers is wanted, too.
    name : str
        Name of the backbone, for messages.

    Raises
    ------
    WeightsNotFoundError
        If they cannot be fetched.
    WeightsError
        If what arrived is damaged, or not what is registered; it is removed.
    """
    from huggingface_hub import snapshot_download

    from hybridsent.encoders._files import PATTERNS, first_line

    # what changes the vectors of a model of transformers, and its card, which states the licence
    beside = [one for one in PATTERNS if one != "*.safetensors" and "/" not in one]
    wanted = [*files, *([*beside, "README.md"] if whole else ())]
    try:
        folder = snapshot_download(repo, revision=revision, allow_patterns=wanted)
    except Exception as error:  # whatever the library, and the one that it speaks HTTP by, raise
        at = f" at revision {revision!r}" if revision else ""
        why = first_line(error).rstrip(".")
        raise WeightsNotFoundError(
            f"The weights of {name!r} could not be fetched from {repo}{at}: {why}. "
            "Run this again where the hub can be reached, or copy its cache from there to "
            f"{hub_cache()}."
        ) from error
    _check_arrived(Path(folder), files, name)


def _check_arrived(folder: Path, files: Mapping[str, str | None], name: str) -> None:
    broken = list(_broken(folder, files, name))
    for path in broken:
        blob = path.resolve()
        path.unlink()
        blob.unlink(missing_ok=True)
    if broken:
        raise WeightsError(
            f"The files of {name!r} must arrive as the hub has them, and be those that are "
            f"registered. {broken[0].name} is not, and was removed; fetch it again, with "
            f"`hybridsent backbones fetch {name}`."
        )


def _broken(folder: Path, files: Mapping[str, str | None], name: str) -> Iterable[Path]:
    from hybridsent.encoders._files import sha256_of

    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        expected = files.get(path.relative_to(folder).as_posix())
        try:
            check_blob(path, name)
        except WeightsError:
            yield path
        else:
            if expected is not None and sha256_of(path) != expected:
                yield path
