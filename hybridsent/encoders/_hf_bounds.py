"""What the configuration of a model may ask for, measured by its files (layer L2).

A `config.json` of a few lines can describe a network of a thousand gigabytes, which transformers
builds, and fills with random numbers, before it notices that the file of the weights holds none of
them. Here the network is built without memory first. No library serves: transformers trusts its
files, and accelerate's estimate builds all layers, too.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hybridsent.encoders._files import first_line, load_state, quiet_transformers
from hybridsent.encoders._transformers import of_transformers
from hybridsent.exceptions import WeightsError

__all__ = ["check_model", "check_numbers"]

_MODULES_PER_TENSOR, _FREE_MODULES = 20, 2_000  # measured: 1.2 to 4 a tensor
_FREE_NUMBERS = 50_000_000  # parts that no feature passes through may be missing
_MOST_BUFFERED = 2**30  # bytes of tables that are computed, not stored

_LARGEST = {
    **dict.fromkeys(("height", "width"), 2**13),
    **dict.fromkeys(("n_fft", "fft_window_size", "frame_length", "hop_length"), 2**16),
    **dict.fromkeys(("feature_size", "num_mel_bins"), 2**12),
    **dict.fromkeys(("chunk_length", "max_length_s"), 3_600),
}
"""Largest number that a preprocessing may state, by its name; of any other name 2 ** 26."""


class _TooManyError(Exception):
    """More modules than the tensors of the files could fill."""


def check_model(folder: Path, paths: list[Path], name: str) -> None:
    """Refuse a configuration that describes more than the files of the weights hold.

    Parameters
    ----------
    folder : Path
        Folder of the model.
    paths : list of Path
        Its safetensors, or pytorch_model.bin.
    name : str
        Name of the backbone, for messages.

    Raises
    ------
    WeightsError
        If the network would have far more modules or parameters than the files, or tables of more
        than a gigabyte.
    """
    n_tensors, n_numbers = _stored(paths, name)
    most = _MODULES_PER_TENSOR * n_tensors + _FREE_MODULES
    try:
        model = _without_memory(folder, most)
    except _TooManyError:
        raise _too_large(name, f"more than {most:,} modules", f"{n_tensors:,} tensors") from None
    except Exception:  # noqa: BLE001 - the code of any model, which may raise anything; loading it tells
        return
    described = sum(one.numel() for one in model.parameters())
    if described > 2 * n_numbers + _FREE_NUMBERS:
        raise _too_large(name, f"{described:,} numbers", f"{n_numbers:,}")
    buffered = sum(one.numel() * one.element_size() for one in model.buffers())
    if buffered > _MOST_BUFFERED:
        raise _too_large(name, f"tables of {buffered:,} bytes", f"{n_numbers:,} numbers")


def _too_large(name: str, described: str, held: str) -> WeightsError:
    return WeightsError(
        f"The config.json of {name!r} must describe the network whose weights lie beside it. It "
        f"describes {described}, and the files hold {held}: one of them is damaged, or not meant "
        "for the other. Fetch the files again."
    )


def _stored(paths: list[Path], name: str) -> tuple[int, int]:
    """Count tensors and numbers by the headers of the files."""
    if [path.suffix for path in paths] == [".bin"]:
        state = load_state(paths[0], name, device="meta")
        return len(state), sum(tensor.numel() for tensor in state.values())
    from safetensors import SafetensorError, safe_open

    n_tensors = n_numbers = 0
    try:
        for path in paths:
            with safe_open(path, framework="np") as file:
                shapes = [file.get_slice(key).get_shape() for key in file.keys()]  # noqa: SIM118 - no dict
            n_tensors += len(shapes)
            n_numbers += sum(math.prod(shape) for shape in shapes)
    except (SafetensorError, OSError) as error:
        raise WeightsError(
            f"The weights of {name!r} in {path.parent} cannot be read: {first_line(error)}. The "
            "files are damaged; fetch them again."
        ) from error
    return n_tensors, n_numbers


def _without_memory(folder: Path, most: int) -> Any:
    """Build the network of a configuration on torch's device that holds no numbers."""
    import torch

    auto_config, build = of_transformers("AutoConfig"), of_transformers("AutoModel").from_config
    with quiet_transformers(), torch.device("meta"), _at_most(most):
        config = auto_config.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        return build(config, trust_remote_code=False)


@contextmanager
def _at_most(modules: int) -> Iterator[None]:
    """Stop this thread where it has built more modules than that."""
    from torch.nn.modules.module import register_module_module_registration_hook

    me, built = threading.get_ident(), 0

    def count(*_module: Any) -> None:
        nonlocal built
        if threading.get_ident() == me:
            built += 1
            if built > modules:
                raise _TooManyError

    handle = register_module_module_registration_hook(count)
    try:
        yield
    finally:
        handle.remove()


def check_numbers(settings: Any, path: Path, name: str) -> None:
    """Refuse a preprocessing that would take more memory than any picture or sound is worth.

    Parameters
    ----------
    settings : object
        What the file of the preprocessing holds.
    path : Path
        That file, for the message.
    name : str
        Name of the backbone, for the message.

    Raises
    ------
    WeightsError
        If a number is out of all proportion.
    """
    for key, value in _numbers(settings, ""):
        largest = _LARGEST.get(key, 2**26)
        if not -largest <= value <= largest:
            raise WeightsError(
                f"The {key!r} in {path} of {name!r} must be at most {largest:,}. Got "
                f"{value!r:.40}: the file is damaged, or made to fill the memory; fetch it again."
            )


def _numbers(settings: Any, key: str) -> Iterator[tuple[str, float]]:
    """All numbers of what JSON holds, with the names that they stand under."""
    if isinstance(settings, Mapping):
        for inner, value in settings.items():
            yield from _numbers(value, str(inner))
    elif isinstance(settings, list):
        for value in settings:
            yield from _numbers(value, key)
    elif isinstance(settings, int | float):
        yield key, settings
