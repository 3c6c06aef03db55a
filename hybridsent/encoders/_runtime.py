"""Device, precision, batches and the models of this process (layer L2).

The one seam between hybridsent and the hardware. No library serves: accelerate plans training, and
the batchers of sentence-transformers and transformers pad by count, not by cost, and do not survive
a full memory.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from hybridsent._numerics.devices import has_device, resolve_device
from hybridsent.encoders._files import check_unchanged
from hybridsent.encoders._network import Network, Options
from hybridsent.encoders._processor import has_bfloat16, multiplies_bfloat16
from hybridsent.encoders._registry import Backbone
from hybridsent.exceptions import WeightsError

__all__ = [
    "PRECISIONS",
    "batches",
    "computes",
    "devices_for",
    "encode_batch",
    "forget_networks",
    "has_device",
    "network_of",
    "release_networks",
    "resolve_device",
    "resolve_precision",
]

PRECISIONS = ("float32", "bfloat16", "float16")
_WORTH_A_CARD = 1024  # cells: loading a network on another card takes seconds

_networks: dict[tuple[str, str, str, str, str, int], Network] = {}
_lock = threading.RLock()  # networks are forgotten by finalizers, too, wherever those run


def resolve_precision(precision: str, device: str) -> str:
    """Turn ``"auto"`` into the arithmetic that suits the device.

    That is bfloat16 where the processor or the card has instructions for it; else float32 on the
    CPU and float16 on CUDA. Which of two is faster for a network on this processor, an encoder asks
    `hybridsent.encoders._precision.suited`.

    Parameters
    ----------
    precision : {"auto", "float32", "bfloat16", "float16"}
        What the user asked for.
    device : str
        A device given by `resolve_device`.

    Returns
    -------
    {"float32", "bfloat16", "float16"}
        The type of the arithmetic.

    Examples
    --------
    >>> from hybridsent.encoders._runtime import resolve_precision
    >>> resolve_precision("auto", "cpu") in ("float32", "bfloat16")
    True
    """
    if precision != "auto":
        return precision
    if device == "cpu":
        return "bfloat16" if has_bfloat16() else "float32"
    if not device.startswith("cuda"):
        return "float32"
    import torch

    return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"


def computes(precision: str, device: str) -> bool:
    """Tell whether a device computes a precision that "auto" chose elsewhere.

    Parameters
    ----------
    precision : {"float32", "bfloat16", "float16"}
        The type of the arithmetic.
    device : str
        A device given by `resolve_device`.

    Returns
    -------
    bool
        On the CPU bfloat16 needs AVX-512 (emulated where it has no BF16), and float16 counts as not
        there, as only torch computes it, ten times slower than float32.

    Examples
    --------
    >>> from hybridsent.encoders._runtime import computes
    >>> computes("float32", "cpu"), computes("float16", "cpu"), computes("float16", "cuda")
    (True, False, True)
    """
    if precision == "float32" or (device != "cpu" and precision in PRECISIONS):
        return True
    return precision == "bfloat16" and (has_bfloat16() or multiplies_bfloat16())


def network_of(backbone: Backbone, digest: str, device: str, precision: str) -> Network:
    """Give the one network of this process for a backbone, loading it at the first call.

    Parameters
    ----------
    backbone : Backbone
        What to load.
    digest : str
        Hash of its weights: new weights under an old name are loaded anew.
    device, precision : str
        As resolved.

    Returns
    -------
    Network
        Shared by all encoders; never pickled.
    """
    # the modality: one folder of a two-tower model serves texts and pictures
    # the process: the threads that OpenVINO computes in are not in a fork of it
    key = (backbone.modality, backbone.name, digest, device, precision, os.getpid())
    with _lock:
        if key not in _networks:
            network = backbone.load(device, precision)
            check_unchanged(digest, backbone.digest(), backbone.name)
            _networks[key] = network
        return _networks[key]


def forget_networks(name: str) -> None:
    """Forget the loaded networks of one backbone, whose weights nobody will ask for again.

    Parameters
    ----------
    name : str
        Name of the backbone.

    Examples
    --------
    >>> from hybridsent.encoders._runtime import forget_networks
    >>> forget_networks("tuned:gone")
    """
    with _lock:
        for key in [key for key in _networks if key[1] == name]:
            del _networks[key]


def devices_for(device: str, n_cells: int) -> list[str]:
    """Give the devices that share the work: all cards, where there is enough of it.

    Parameters
    ----------
    device : str
        A device given by `resolve_device`; ``"cuda:1"`` means that card alone.
    n_cells : int
        Cells to be encoded.

    Returns
    -------
    list of str
        At least one device.

    Examples
    --------
    >>> from hybridsent.encoders._runtime import devices_for
    >>> devices_for("cpu", 10**6)
    ['cpu']
    """
    if device != "cuda" or n_cells < _WORTH_A_CARD:
        return [device]
    import torch

    return [device, *(f"cuda:{i}" for i in range(1, torch.cuda.device_count()))]


def release_networks() -> None:
    """Forget all loaded networks, so that their memory can be used for something else.

    Examples
    --------
    >>> from hybridsent.encoders._runtime import release_networks
    >>> release_networks()
    """
    with _lock:
        _networks.clear()
        if (own := sys.modules.get("hybridsent.encoders._own")) is not None:
            own.forget_loaded()


def batches(network: Network, items: Sequence[Any], batch_size: int | str) -> Iterator[list[int]]:
    """Cut items into batches of similar cost, the costliest first.

    Sorting by cost keeps padding near zero; starting with the costliest makes a full memory show at
    once and the progress bar err on the safe side. With ``batch_size="auto"`` a batch ends where
    (items x largest cost) would pass the network's budget, or its lane's share of few items.

    Parameters
    ----------
    network : Network
        Tells cost, group and budget.
    items : sequence
        What `Network.finish` gave.
    batch_size : int or "auto"
        Most items in a batch.

    Yields
    ------
    list of int
        Positions in `items`.
    """
    costs = [network.cost(item) for item in items]
    groups = [network.group(item) for item in items]
    budget = min(network.budget, max(1, -(-sum(costs) // network.lanes)))
    order = sorted(range(len(items)), key=lambda i: (-costs[i], str(groups[i])))
    batch: list[int] = []
    for i in order:
        if batch and (
            _is_full(len(batch) + 1, costs[batch[0]], batch_size, budget)
            or groups[i] != groups[batch[0]]
        ):
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def _is_full(count: int, largest: int, batch_size: int | str, budget: int) -> bool:
    if batch_size == "auto":
        return count * largest > budget
    return count > int(batch_size)


def encode_batch(network: Network, batch: Sequence[Any], options: Options) -> np.ndarray:
    """Encode a batch; where memory runs out, halve it and go on.

    Parameters
    ----------
    network : Network
        The network.
    batch : sequence
        Items.
    options : Options
        What the encoder asks for.

    Returns
    -------
    ndarray of shape (n, steps or 1, width), float32
        The vectors, in the order of the batch.

    Raises
    ------
    MemoryError
        If a single item does not fit.
    WeightsError
        If the network gives anything but a vector for each segment of each item.
    """
    try:
        vectors = np.asarray(network.encode(batch, options), dtype=np.float32)
    except (MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
        if len(batch) == 1:
            raise MemoryError(
                f"One cell alone does not fit in memory: {error}. Use a smaller backbone, a "
                "shorter max_length, or device='cpu'."
            ) from error
    else:
        return _checked(network, vectors, len(batch), options.steps)
    _empty_cache()
    half = len(batch) // 2
    return np.concatenate(
        [encode_batch(network, part, options) for part in (batch[:half], batch[half:])]
    )


def _checked(network: Network, vectors: np.ndarray, n: int, steps: int | None) -> np.ndarray:
    """Refuse vectors that are not one a segment of each item: they could not be told apart."""
    if vectors.ndim == 2 and steps is None:
        vectors = vectors[:, None]
    if vectors.ndim != 3 or vectors.shape[:2] != (n, steps or 1) or not vectors.shape[2]:
        name = getattr(network, "name", type(network).__name__)
        raise WeightsError(
            f"The network of {name!r} must give vectors of shape ({n}, {steps or 1}, width) for "
            f"{n} cells. Got {vectors.shape}."
        )
    return vectors


def _is_out_of_memory(error: BaseException) -> bool:
    text = str(error).lower()
    return (
        isinstance(error, MemoryError)
        or "out of memory" in text
        or "can't allocate memory" in text
        or "bad_alloc" in text
    )


def _empty_cache() -> None:
    if "torch" not in sys.modules:
        return
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
