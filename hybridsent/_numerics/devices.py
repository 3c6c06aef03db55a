"""Which device a name means (layer L0).

torch takes any name and fails where it is used; and importing it to ask takes seconds.
"""

from __future__ import annotations

import os
import sys

__all__ = ["devices_here", "has_device", "resolve_device"]


def devices_here() -> list[str]:
    """Give the devices that torch finds on this machine, the fastest first.

    Returns
    -------
    list of str
        Names such as ``"cuda:0"`` and ``"mps"``; ``"cpu"`` is the last one.

    Examples
    --------
    >>> from hybridsent._numerics.devices import devices_here
    >>> devices_here()[-1]
    'cpu'
    """
    import torch

    cards = [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    return [*cards, *(["mps"] if torch.backends.mps.is_available() else []), "cpu"]


def resolve_device(device: str) -> str:
    """Turn ``"auto"`` into the fastest device there is, and refuse what is not there.

    Parameters
    ----------
    device : str
        ``"auto"`` or a torch device such as ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``.

    Returns
    -------
    str
        A torch device; ``"cuda"`` stays as it is, since it may stand for all cards.

    Raises
    ------
    ValueError
        If the device is not on this machine.

    Examples
    --------
    >>> from hybridsent._numerics.devices import resolve_device
    >>> resolve_device("cpu")
    'cpu'
    """
    if device == "cpu" or (device == "auto" and not _accelerator_possible()):
        return "cpu"
    there = devices_here()
    if device == "auto":
        return there[0].removesuffix(":0")
    if ("cuda:0" if device == "cuda" else device) not in there:
        raise ValueError(
            f"device must be one that torch finds on this machine, {there}, or 'auto'. "
            f"Got {device!r}."
        )
    return device


def has_device(device: str) -> bool:
    """Tell whether this machine has a device; torch is asked only where there may be one.

    Parameters
    ----------
    device : str
        ``"auto"`` or a torch device.

    Returns
    -------
    bool
        False where `resolve_device` would raise.

    Examples
    --------
    >>> from hybridsent._numerics.devices import has_device
    >>> has_device("cpu"), has_device("auto")
    (True, True)
    """
    if device not in ("cpu", "auto") and not _accelerator_possible():
        return False
    try:
        resolve_device(device)
    except ValueError:
        return False
    return True


def _accelerator_possible() -> bool:
    """Look for the device files of a GPU: importing torch to ask takes seconds.

    Where every row is in the store, nothing else needs torch.
    """
    if sys.platform != "linux":
        return True
    files = ("nvidiactl", "nvidia0", "dxg", "kfd")
    # a third of what Path asks, and this runs in every call
    return any(os.path.exists(f"/dev/{name}") for name in files)  # noqa: PTH110
