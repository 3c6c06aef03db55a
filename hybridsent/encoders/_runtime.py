"""Device, precision, batches and the models of this process (layer L2).

The one seam between hybridsent and the hardware. No library serves: accelerate plans training, and
the batchers of sentence-transformers and transformers pad by count, not by cost, and do not survive
a full memory.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent.encoders._network import Network, Options
from hybridsent.encoders._registry import Backbone

__all__ = [
    "batches",
    "encode_batch",
    "network_of",
    "release_networks",
    "resolve_device",
    "resolve_precision",
    "workers",
]

_networks: dict[tuple[str, str, str, str, str], Network] = {}
_lock = threading.Lock()


def resolve_device(device: str) -> str:
    """Turn ``"auto"`` into the best device there is.

    Parameters
    ----------
    device : str
        ``"auto"`` or a torch device such as ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``.

    Returns
    -------
    str
        A torch device.

    Raises
    ------
    ValueError
        If the device is not on this machine.

    Examples
    --------
    >>> from hybridsent.encoders._runtime import resolve_device
    >>> resolve_device("cpu")
    'cpu'
    """
    if device == "cpu" or (device == "auto" and not _accelerator_possible()):
        return "cpu"
    import torch

    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if device == "auto":
        return "cuda" if there["cuda"] else "mps" if there["mps"] else "cpu"
    if not there.get(device.split(":")[0], False):
        usable = [name for name, found in there.items() if found]
        raise ValueError(
            "The device parameter must be 'auto' or a device of this machine "
            f"({', '.join(usable)}). Got {device!r}."
        )
    return device


def _accelerator_possible() -> bool:
    """Look for the device files of a GPU: importing torch to ask takes seconds.

    Where every row is in the store, nothing else needs torch.
    """
    if sys.platform != "linux":
        return True
    return any(Path(f"/dev/{name}").exists() for name in ("nvidiactl", "nvidia0", "dxg", "kfd"))


def resolve_precision(precision: str, device: str) -> str:
    """Turn ``"auto"`` into the arithmetic that suits the device.

    On the CPU that is float32; on CUDA bfloat16 where the card has it, else float16.

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
    >>> resolve_precision("auto", "cpu")
    'float32'
    """
    if precision != "auto":
        return precision
    if not device.startswith("cuda"):
        return "float32"
    import torch

    return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"


def workers(n_jobs: int | None) -> int:
    """Count the threads that read and prepare cells.

    None takes every core, or as many as the process was given (joblib's workers set
    ``OMP_NUM_THREADS``), so that several processes do not crowd each other.

    Parameters
    ----------
    n_jobs : int or None
        As in scikit-learn; -1 takes every core.

    Returns
    -------
    int
        At least 1.

    Examples
    --------
    >>> from hybridsent.encoders._runtime import workers
    >>> workers(3)
    3
    """
    from joblib import cpu_count

    if n_jobs is None:
        granted = os.environ.get("OMP_NUM_THREADS", "")
        return (
            min(int(granted), cpu_count())
            if granted.isdigit() and int(granted)
            else int(cpu_count())
        )
    return max(1, cpu_count() + 1 + n_jobs) if n_jobs < 0 else n_jobs


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
    key = (backbone.modality, backbone.name, digest, device, precision)
    with _lock:
        if key not in _networks:
            _networks[key] = backbone.load(device, precision)
        return _networks[key]


def release_networks() -> None:
    """Forget all loaded networks, so that their memory can be used for something else.

    Examples
    --------
    >>> from hybridsent.encoders._runtime import release_networks
    >>> release_networks()
    """
    with _lock:
        _networks.clear()


def batches(network: Network, items: Sequence[Any], batch_size: int | str) -> Iterator[list[int]]:
    """Cut items into batches of similar cost, the costliest first.

    Sorting by cost keeps padding near zero; starting with the costliest makes a full memory show at
    once and the progress bar err on the safe side. With ``batch_size="auto"`` a batch ends where
    (items x largest cost) would pass the network's budget.

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
    order = sorted(range(len(items)), key=lambda i: (-costs[i], str(groups[i])))
    batch: list[int] = []
    for i in order:
        if batch and (
            _is_full(len(batch) + 1, costs[batch[0]], batch_size, network.budget)
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
    """
    try:
        return np.asarray(network.encode(batch, options), dtype=np.float32)
    except (MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
        if len(batch) == 1:
            raise MemoryError(
                f"One cell alone does not fit in memory: {error}. Use a smaller backbone, a "
                "shorter max_length, or device='cpu'."
            ) from error
    _empty_cache()
    half = len(batch) // 2
    return np.concatenate(
        [encode_batch(network, part, options) for part in (batch[:half], batch[half:])]
    )


def _is_out_of_memory(error: BaseException) -> bool:
    text = str(error).lower()
    return (
        isinstance(error, MemoryError) or "out of memory" in text or "can't allocate memory" in text
    )


def _empty_cache() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def parallel(
    function: Callable[[Any], Any], values: Sequence[Any], n_workers: int
) -> Iterator[Any]:
    """Map in threads, results in order and at most a few ahead of the reader.

    Parameters
    ----------
    function : callable
        Called once per value; must free the interpreter's lock to gain anything (decoding and
        openSMILE do).
    values : sequence
        Arguments.
    n_workers : int
        Threads; 1 runs in the calling thread.

    Yields
    ------
    object
        ``function(value)`` in the order of `values`.

    Examples
    --------
    >>> from hybridsent.encoders._runtime import parallel
    >>> list(parallel(abs, [-1, 2], n_workers=2))
    [1, 2]
    """
    if n_workers <= 1 or len(values) <= 1:
        yield from map(function, values)
        return
    from collections import deque
    from concurrent.futures import Future, ThreadPoolExecutor

    with ThreadPoolExecutor(n_workers, thread_name_prefix="hybridsent") as pool:
        waiting: deque[Future[Any]] = deque()
        try:
            for value in values:
                waiting.append(pool.submit(function, value))
                if len(waiting) >= 4 * n_workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
