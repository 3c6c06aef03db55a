"""The family ``tuned:``: folders that `hybridsent.finetune` wrote (layer L2).

A folder holds the whole tuned network as safetensors, what its tokenizer or preprocessing needs,
and ``hybridsent.json``, which says how to read it. Its hash is made of these files, so it is the
same wherever the folder lies, and another one as soon as a byte of the weights changes. No library
serves: transformers saves its own models, but neither hashes nor names them, and torchvision's and
EfficientNet's have no folder format.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from hybridsent.encoders import _efficientnet, _hf, _torchvision
from hybridsent.encoders._files import check_sha256
from hybridsent.encoders._hf_folder import check_folder, is_recipe, read_json
from hybridsent.encoders._network import Network
from hybridsent.encoders._registry import Backbone
from hybridsent.exceptions import UnknownBackboneError, WeightsError, WeightsNotFoundError
from hybridsent.media import list_modalities

__all__ = ["MANIFEST", "WEIGHTS", "backbone_at", "identify", "load", "resolve", "write_manifest"]

TEMPORARY = "hybridsent-tuned-"
"""How the name of a folder begins that ends with its process."""

MANIFEST = "hybridsent.json"
WEIGHTS = "model.safetensors"
FORMAT = 1
KINDS = ("efficientnet-lite0", "hf", "torchvision")


def resolve(
    rest: str, modality: str | None, *, revision: str | None = None, local_files_only: bool = True
) -> Backbone:
    """Turn what follows ``tuned:`` into a backbone; of the files only ``hybridsent.json`` is read.

    Parameters
    ----------
    rest : str
        A folder.
    modality : str or None
        What it shall read; None takes what it was made for.
    revision : str, default=None
        Not used by this family.
    local_files_only : bool, default=True
        Not used by this family: a folder is on this machine.

    Returns
    -------
    Backbone
        The backbone.

    Raises
    ------
    WeightsNotFoundError
        If there is no such folder.
    WeightsError
        If it is not one of ours, or damaged.
    UnknownBackboneError
        If it reads another modality.
    """
    # not Path.expanduser, which raises for the home of an unknown user
    found = backbone_at(Path(os.path.expanduser(rest)), f"tuned:{rest}")  # noqa: PTH111
    if modality not in (None, found.modality):
        raise UnknownBackboneError(
            f"The backbone of the {modality} view must read {modality}. 'tuned:{rest}' reads "
            f"{found.modality}."
        )
    return found


def backbone_at(folder: Path, name: str) -> Backbone:
    """Describe the tuned network of a folder.

    Parameters
    ----------
    folder : Path
        The folder.
    name : str
        Name of the backbone.

    Returns
    -------
    Backbone
        The backbone; nothing is loaded.

    Raises
    ------
    WeightsNotFoundError, WeightsError
        As in `resolve`.
    """
    manifest = _manifest(folder, name)
    options = {
        "folder": str(folder),
        "file": str(folder / WEIGHTS),
        "kind": manifest["kind"],
        "name": manifest["entry"].partition("/")[0],
        "weights": manifest["entry"].partition("/")[2],
        "stated": manifest["sha256"],
        "recipe": manifest.get("recipe", {}),
    }
    return Backbone(
        name=name,
        modality=manifest["modality"],
        loader="hybridsent.encoders._tuned:load",
        identify="hybridsent.encoders._tuned:identify",
        identity=f"tuned-{manifest['modality']}",  # the digest tells networks apart, not the place
        weights=f"fine-tuned from {manifest['base']}",
        width=manifest["width"],
        measured=True,
        licence=manifest["licence"],
        commercial_use=manifest["commercial_use"],
        options=options,
        note=f"fine-tuned from {manifest['base']}",
    )


def identify(backbone: Backbone) -> str:
    """Hash the files of a tuned network.

    Parameters
    ----------
    backbone : Backbone
        As `backbone_at` made it.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    folder = Path(backbone.options["folder"])
    _manifest(folder, backbone.name)  # says what is wrong with a folder that went
    return _hf.digest_folder(folder)


def load(backbone: Backbone, device: str, precision: str) -> Network:
    """Load a tuned network, after a look at the hash of its weights.

    Parameters
    ----------
    backbone : Backbone
        As `backbone_at` made it.
    device, precision : str
        As resolved.

    Returns
    -------
    Network
        A network of the class of the one it was made from.

    Raises
    ------
    WeightsNotFoundError, WeightsError
        If files are missing, damaged or foreign.
    """
    options = backbone.options
    identify(backbone)
    check_sha256(Path(options["file"]), options["stated"], backbone.name)
    if options["kind"] == "hf":
        check_folder(Path(options["folder"]), backbone.name)
        return _hf.load_folder(Path(options["folder"]), backbone, device, precision)
    if options["kind"] == "torchvision":
        return _torchvision.load(backbone, device, precision)
    return _efficientnet.load(backbone, device, precision)


def write_manifest(folder: Path, about: dict[str, Any]) -> None:
    """Write ``hybridsent.json``.

    Parameters
    ----------
    folder : Path
        Folder with the weights.
    about : dict
        What is known of the network: ``kind``, ``modality``, ``base``, ``entry`` (of torchvision),
        ``sha256``, ``width``, ``licence``, ``commercial_use``, and where its files do not state
        it, ``recipe`` (see `Weights`).
    """
    text = json.dumps({"format": FORMAT, **about}, indent=1, sort_keys=True)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def _manifest(folder: Path, name: str) -> dict[str, Any]:
    """Read ``hybridsent.json`` and refuse what it may not say."""
    if not folder.is_dir():
        raise WeightsNotFoundError(
            f"The folder of {name!r} must exist. Nothing is at {folder.absolute()}; give the "
            "folder that FineTuned.save wrote."
        )
    for file in (MANIFEST, WEIGHTS):
        if not (folder / file).is_file():
            raise WeightsNotFoundError(
                f"The folder of {name!r} must hold {MANIFEST} and {WEIGHTS}. {folder} has no "
                f"{file}; a model of transformers is named 'hf:FOLDER'."
            )
    about = read_json(folder / MANIFEST, name)
    rules = {
        "format": about.get("format") == FORMAT,
        "kind": about.get("kind") in KINDS,
        "modality": about.get("modality") in [each.name for each in list_modalities()],
        "base": isinstance(about.get("base"), str),
        "entry": isinstance(about.get("entry"), str),
        "sha256": isinstance(about.get("sha256"), str) and len(about["sha256"]) == 64,
        "width": _is_width(about.get("width")),
        "licence": isinstance(about.get("licence"), str),
        "commercial_use": about.get("commercial_use") in (True, False, None),
        "recipe": is_recipe(about.get("recipe", {})),
    }
    wrong = [key for key, right in rules.items() if not right]
    if wrong:
        raise WeightsError(
            f"The file {folder / MANIFEST} of {name!r} must be one of format {FORMAT} that "
            f"FineTuned.save wrote. Its {wrong[0]!r} is {about.get(wrong[0])!r}: it is foreign, "
            "damaged, or of a newer version."
        )
    return dict(about)


def _is_width(value: object) -> bool:
    return value is None or (type(value) is int and value > 0)
