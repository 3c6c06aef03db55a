"""The open family ``hf:``: any transformers model, from a local folder or the hub (layer L2).

Only safetensors are read, never pickles; repository code is never run; a checkpoint with missing
tensors is refused (transformers would fill them with random numbers and only log it).
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hybridsent._hints import sentence
from hybridsent.encoders import _sources
from hybridsent.encoders._files import PATTERNS, digest_files, files_of, first_line
from hybridsent.encoders._hf_folder import Weights, check_folder, read_json
from hybridsent.encoders._hf_model import HFNetwork
from hybridsent.encoders._network import Network
from hybridsent.encoders._places import is_path
from hybridsent.encoders._registry import Backbone
from hybridsent.exceptions import UnknownBackboneError, WeightsError, WeightsNotFoundError
from hybridsent.media import get_modality, list_modalities
from hybridsent.media._modality import named

__all__ = ["digest_folder", "load", "load_folder", "load_located", "resolve"]


def resolve(
    rest: str, modality: str | None, *, revision: str | None = None, local_files_only: bool = True
) -> Backbone:
    """Turn what follows ``hf:`` into a backbone; nothing is loaded.

    Parameters
    ----------
    rest : str
        Repository (``owner/name``) or folder.
    modality : str or None
        What it shall read; None asks its files, where it is on this machine.
    revision : str, default=None
        Branch, tag or commit.
    local_files_only : bool, default=True
        Whether to stay off the network.

    Returns
    -------
    Backbone
        The backbone.

    Raises
    ------
    UnknownBackboneError
        If the name is empty, the modality is neither given nor told by the files, or this
        family does not read it.
    """
    if not rest:
        raise UnknownBackboneError(
            "A backbone of the family 'hf:' must be written 'hf:owner/name' or 'hf:folder'. Got "
            f"'hf:{rest}'."
        )
    if modality is None:
        modality = _told_by_files(rest, revision, local_files_only=local_files_only)
    if get_modality(modality).hf_network is None:
        raise UnknownBackboneError(
            f"The family 'hf:' reads no {modality}: this modality names no hf_network. Got "
            f"'hf:{rest}'."
        )
    return Backbone(
        name=f"hf:{rest}" + (f"@{revision}" if revision else ""),
        modality=modality,
        loader="hybridsent.encoders._hf:load",
        identify="hybridsent.encoders._hf:identify",
        # the digest tells models apart: a copied folder is the same model
        identity=f"hf-{modality}",
        weights="a local folder or the Hugging Face hub",
        width=None,
        measured=True,
        options={"repo": rest, "revision": revision, "local_files_only": local_files_only},
    )


def _told_by_files(rest: str, revision: str | None, *, local_files_only: bool) -> str:
    """Tell what a model reads by what its makers put beside its weights."""
    name = f"hf:{rest}"
    try:
        folder = locate(rest, revision, local_files_only=local_files_only)
        settings = read_json(folder / "config.json", name)
        found = _readers(folder, settings, name)
    except (WeightsNotFoundError, WeightsError, OSError) as error:
        raise UnknownBackboneError(
            f"The modality of {name!r} must be given, by an encoder such as TextEncoder({name!r}): "
            f"its files do not tell. {sentence(str(error))}"
        ) from error
    if len(found) != 1:
        stated = f"say that it reads {' and '.join(found)}" if found else "do not tell"
        raise UnknownBackboneError(
            f"The modality of {name!r} must be given, by an encoder such as TextEncoder({name!r}): "
            f"its files {stated}."
        )
    return found[0]


def _readers(folder: Path, settings: dict[str, Any], name: str) -> list[str]:
    """Name what is read: by the towers of a model that has several, else by its preprocessing."""
    networks = _networks()
    towers = [name for name, network in networks.items() if network.tower in settings]
    if len(towers) > 1:
        return towers
    files = [folder / f"{file}_config.json" for file in ("preprocessor", "processor")]
    stated: dict[str, Any] = {}
    for path in files:
        stated |= read_json(path, name) if path.is_file() else {}
    known = set(stated).union(*(value for value in stated.values() if isinstance(value, dict)))
    prepared = [name for name, network in networks.items() if known & set(network.prepared_by)]
    return prepared or [
        name
        for name, network in networks.items()
        if any(any(folder.glob(file)) for file in network.files)
    ]


def _networks() -> dict[str, type[HFNetwork]]:
    """Modalities that this family reads, and how; of several with one network, the first."""
    networks: dict[Any, str] = {}
    for modality in list_modalities():
        if modality.hf_network is not None:
            networks.setdefault(named(modality.hf_network), modality.name)
    return {name: network for network, name in networks.items()}


def load(backbone: Backbone, device: str, precision: str) -> Network:
    """Load a model of the family ``hf:`` for the modality of its backbone.

    Parameters
    ----------
    backbone : Backbone
        As `resolve` made it.
    device, precision : str
        As resolved.

    Returns
    -------
    Network
        The network that reads such models for the modality.
    """
    return load_folder(_folder(backbone), backbone, device, precision)


def load_located(backbone: Backbone, device: str, precision: str) -> Network:
    """Load a registered model of transformers from the source that is at hand.

    Parameters
    ----------
    backbone : Backbone
        One whose `sources` are folders of transformers.
    device, precision : str
        As resolved.

    Returns
    -------
    Network
        The network.

    Raises
    ------
    WeightsNotFoundError
        If no source is at hand.
    WeightsError
        If the weights are not the registered ones.
    """
    located = _sources.locate(backbone)
    check_folder(located.folder, backbone.name, located.form)
    weights = Weights(
        located.folder,
        backbone.name,
        located.digest,
        lambda: _sources.locate(backbone).digest,
        located.form,
        backbone.options.get("recipe", {}),
    )
    return _network(weights, backbone.modality, device, precision)


def identify(backbone: Backbone) -> str:
    """Hash the weights, tokenizer and preprocessing of a folder.

    Parameters
    ----------
    backbone : Backbone
        As `resolve` made it.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    return digest_folder(_folder(backbone))


def digest_folder(folder: Path) -> str:
    """Hash the files of a model that change its vectors.

    Parameters
    ----------
    folder : Path
        Folder of the model.

    Returns
    -------
    str
        64 hexadecimal digits; the same wherever the folder lies.
    """
    # which end of a long text is read was not honoured once: rows of then are not found again
    side = " left" if _truncates_left(folder) else ""
    return digest_files(files_of(folder), folder, side)


def _truncates_left(folder: Path) -> bool:
    """Whether the files of a tokenizer say that the beginning of a long text is cut off."""
    config = folder / "tokenizer_config.json"
    if config.is_file() and re.search(rb'"truncation_side"\s*:\s*"left"', config.read_bytes()):
        return True
    whole = folder / "tokenizer.json"
    if not whole.is_file():
        return False
    with whole.open("rb") as file:  # this stands at its beginning
        start = file.read(4096)
    return re.search(rb'"truncation"\s*:\s*{[^}]*"direction"\s*:\s*"Left"', start) is not None


def _folder(backbone: Backbone) -> Path:
    options = backbone.options
    folder = locate(
        options["repo"], options["revision"], local_files_only=options["local_files_only"]
    )
    check_folder(folder, backbone.name)
    return folder


def locate(repo: str, revision: str | None, *, local_files_only: bool) -> Path:
    """Find the folder of a model: as given, in the hub's cache, or downloaded if allowed.

    Parameters
    ----------
    repo : str
        Folder or repository.
    revision : str or None
        Branch, tag or commit.
    local_files_only : bool
        Whether to stay off the network.

    Returns
    -------
    Path
        An existing folder.

    Raises
    ------
    WeightsNotFoundError
        If there is none.
    """
    # not Path.expanduser, which raises for the home of an unknown user
    path = Path(os.path.expanduser(repo))  # noqa: PTH111
    if path.is_dir():
        return path
    if is_path(repo):
        raise WeightsNotFoundError(
            f"The folder of the backbone 'hf:{repo}' must exist. Nothing is at {path.absolute()}; "
            "give the folder that holds "
            "config.json and model.safetensors."
        )
    return _from_hub(repo, revision, local_files_only=local_files_only)


def _from_hub(repo: str, revision: str | None, *, local_files_only: bool) -> Path:
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    patterns = [pattern for pattern in PATTERNS if "/" not in pattern] + [
        "1_Pooling/*.json",
        "README.md",
    ]
    try:
        found = snapshot_download(
            repo, revision=revision, local_files_only=local_files_only, allow_patterns=patterns
        )
    except HFValidationError as error:
        raise UnknownBackboneError(
            f"A repository of the family 'hf:' must be written 'owner/name'. Got {repo!r}: "
            f"{first_line(error)}."
        ) from error
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError, RuntimeError) as error:
        way = "pass local_files_only=False to download it, or " if local_files_only else ""
        at = f" at revision {revision!r}" if revision else ""
        raise WeightsNotFoundError(
            f"The weights of 'hf:{repo}'{at} are not on this machine (looked in "
            f"{constants.HF_HUB_CACHE})"
            f"{'' if local_files_only else f', and fetching them failed: {first_line(error)}'}. "
            f"To get them, {way}"
            f"run `hf download {repo}` where there is a network, and name the folder as "
            "'hf:FOLDER'."
        ) from error
    return Path(found)


def load_folder(folder: Path, backbone: Backbone, device: str, precision: str) -> Network:
    """Load the model of a folder for the modality of its backbone.

    Parameters
    ----------
    folder : Path
        Folder of the model.
    backbone : Backbone
        Tells modality and hash.
    device, precision : str
        As resolved.

    Returns
    -------
    Network
        The network that reads such models for the modality.
    """
    weights = Weights(
        folder,
        backbone.name,
        backbone.digest(),
        backbone.digest,
        recipe=backbone.options.get("recipe", {}),
    )
    return _network(weights, backbone.modality, device, precision)


def _network(weights: Weights, modality: str, device: str, precision: str) -> Network:
    network: Network = named(get_modality(modality).hf_network)(weights, device, precision)
    return network
