"""A tuned network as a folder of files (layer L4)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent.encoders import Backbone, Network
from hybridsent.encoders._files import files_of, quiet_transformers, sha256_of
from hybridsent.encoders._licences import licence_of
from hybridsent.encoders._torchvision import weights_file
from hybridsent.encoders._tuned import WEIGHTS, write_manifest
from hybridsent.finetune._network import kind_of, model_of

__all__ = ["write_folder"]

_OF_THE_MODEL = ("config.json", "hybridsent.json")  # and every file of weights


def write_folder(folder: Path, network: Network, backbone: Backbone, told: dict[str, Any]) -> None:
    """Write the weights, all that is needed to load them, and how they came about.

    Parameters
    ----------
    folder : Path
        An empty folder.
    network : Network
        The tuned network.
    backbone : Backbone
        What it was made from.
    told : dict
        Settings, labels and history, arrays among them, as ``training.json`` tells people.
    """
    kind, model = kind_of(network, backbone.name), model_of(network)
    if kind == "hf":
        _write_transformers(folder, model, _source(network))
    else:
        _write_state(folder, _whole_state(model, kind, backbone))
    options, licence = backbone.options, licence_of(backbone)
    recipe = {"recipe": dict(options["recipe"])} if options.get("recipe") else {}
    entry = f"{options['name']}/{options['weights']}" if kind == "torchvision" else ""
    write_manifest(
        folder,
        {
            "kind": kind,
            "modality": backbone.modality,
            "base": _base(backbone),
            "entry": entry,
            "sha256": sha256_of(folder / WEIGHTS),
            "width": backbone.width,
            "licence": licence.name,
            "commercial_use": licence.commercial_use,
            **recipe,
        },
    )
    text = json.dumps(told, indent=1, default=np.ndarray.tolist)
    (folder / "training.json").write_text(text + "\n", encoding="utf-8")


def _source(network: Network) -> Any:
    passes: Any = network.graphs
    return passes.source


def _base(backbone: Backbone) -> str:
    """Name what it was made from by what it is, not by where it lay."""
    return f"{backbone.identity or backbone.name} {backbone.digest()[:16]}"


def _write_transformers(folder: Path, model: Any, source: Any) -> None:
    """Write what transformers reads, and the tokenizer and preprocessing as they were."""
    base = source.folder
    model.config._name_or_path = ""  # the weights do not depend on where their base lay
    with quiet_transformers():
        model.save_pretrained(folder, max_shard_size="1000GB")
    if source.form == "e5":  # the tokenizer is a part of the one file
        source.tokenizer.save_pretrained(folder)
        return
    for path in files_of(base):
        if path.name.startswith("model.safetensors") or path.suffix == ".safetensors":
            continue
        place = folder / path.relative_to(base)
        if place.name in _OF_THE_MODEL and place.parent == folder:
            continue
        place.parent.mkdir(exist_ok=True)
        shutil.copyfile(path, place)


def _whole_state(model: Any, kind: str, backbone: Backbone) -> dict[str, Any]:
    """Give all tensors; the last linear layer, which no vector passes through, as it was."""
    state = dict(model.state_dict())
    if kind == "torchvision":
        from hybridsent.encoders._files import load_state

        was = load_state(weights_file(backbone), backbone.name)
        state = {name: state.get(name, tensor) for name, tensor in was.items()}
    return state


def _write_state(folder: Path, state: dict[str, Any]) -> None:
    from safetensors.torch import save_file

    # clones: safetensors refuses tensors that share memory, or lie in another order
    save_file(
        {name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()},
        folder / WEIGHTS,
    )
