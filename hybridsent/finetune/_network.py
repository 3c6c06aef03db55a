"""A network that can be trained: the passes that encode, by torch and with gradients (layer L4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from hybridsent.encoders import Backbone, Network, Options
from hybridsent.encoders._efficientnet import EfficientNetLite
from hybridsent.encoders._graphs import Graphs
from hybridsent.encoders._hf_model import HFNetwork
from hybridsent.encoders._runtime import batches, encode_batch
from hybridsent.encoders._torchvision import TorchvisionNetwork

__all__ = ["KINDS", "Passes", "encode_all", "kind_of", "model_of", "trainable", "vectors_of"]

KINDS: dict[type, str] = {
    HFNetwork: "hf",
    EfficientNetLite: "efficientnet-lite0",
    TorchvisionNetwork: "torchvision",
}
"""Classes of networks that can be tuned, and what a folder calls them."""


class Passes:
    """Stands where `Graphs` stands: the same passes under the same names, with gradients.

    The model stays in evaluation mode: no dropout, no layer drop, no masking of spectra, and batch
    norm keeps its statistics. So no number is drawn from torch's global generator, which the
    threads of parallel folds share, and a batch may be cut into parts without changing its
    gradient.

    Parameters
    ----------
    source : object
        The loaded torch model, as the network made it.
    device : str
        As resolved.
    dtype : torch.dtype or None
        What matrices are multiplied in; None for float32.
    """

    converts = False
    lanes = 1
    slow = None

    def __init__(self, source: Any, device: str, dtype: Any) -> None:
        self.source, self.device, self.dtype = source, device, dtype
        self._modules: dict[str, Any] = {}

    def __call__(self, output: str, *inputs: np.ndarray) -> Any:
        """Run a pass; gives a tensor of float32."""
        import torch

        if output not in self._modules:
            self._modules[output] = self.source.module(output).to(self.device)
        tensors = [torch.from_numpy(np.ascontiguousarray(array)) for array in inputs]
        kind = self.device.split(":")[0]
        with torch.autocast(kind, dtype=self.dtype, enabled=self.dtype is not None):
            out = self._modules[output](*(tensor.to(self.device) for tensor in tensors))
        return out.float()


def trainable(backbone: Backbone, device: str, dtype: Any) -> Network:
    """Load a backbone for training: a network of its own, which no encoder shares.

    Parameters
    ----------
    backbone : Backbone
        What to load.
    device : str
        As resolved.
    dtype : torch.dtype or None
        What matrices are multiplied in; None for float32.

    Returns
    -------
    Network
        The network; its passes carry gradients.

    Raises
    ------
    ValueError
        If there is nothing in it that can be trained here.
    """
    network = cast("Network", backbone.load(device, "float32"))
    kind_of(network, backbone.name)
    source = cast("Graphs", network.graphs).source
    network.graphs = cast("Graphs", Passes(source, device, dtype))
    model_of(network).requires_grad_(False)
    return network


def kind_of(network: Network, name: str) -> str:
    """Name the kind of a network, as folders do.

    Parameters
    ----------
    network : Network
        A loaded network.
    name : str
        Name of the backbone, for the message.

    Returns
    -------
    str
        One of `KINDS`.

    Raises
    ------
    ValueError
        If it cannot be tuned.
    """
    for known, kind in KINDS.items():
        if isinstance(network, known):
            return kind
    raise ValueError(
        "The backbone to fine-tune must be a network of the family 'hf:' or 'torchvision:', a "
        "tuned one, or a registered one of texts or pictures, such as 'text/bge-small-en' or "
        f"'image/efficientnet-lite0'. Got {name!r}, which has no weights that could be trained "
        "here; train a classifier on its features instead."
    )


def model_of(network: Network) -> Any:
    """Give the torch model whose weights are trained and saved.

    Parameters
    ----------
    network : Network
        As `trainable` gave it.

    Returns
    -------
    torch.nn.Module
        The whole model.
    """
    source: Any = cast("Graphs", network.graphs).source
    return getattr(source, "whole", None) or source.model


def vectors_of(network: Network, items: Sequence[Any], options: Options) -> Any:
    """Encode items as one batch, through the network's own pooling.

    Parameters
    ----------
    network : Network
        As `trainable` gave it.
    items : sequence
        What `Network.finish` gave.
    options : Options
        What the encoder asks for.

    Returns
    -------
    Tensor of shape (n, width), float32
        With a gradient, where parameters have one.
    """
    import torch

    groups: dict[Any, list[int]] = {}
    for i, item in enumerate(items):
        groups.setdefault(network.group(item), []).append(i)
    parts = [
        torch.as_tensor(network.encode([items[i] for i in rows], options)).flatten(1)
        for rows in groups.values()
    ]
    order = np.argsort(np.concatenate(list(groups.values())))
    return torch.cat(parts)[torch.from_numpy(order).to(parts[0].device)]


def encode_all(network: Network, items: Sequence[Any], options: Options) -> np.ndarray:
    """Encode any number of items, without gradients.

    Parameters
    ----------
    network : Network
        As `trainable` gave it.
    items : sequence
        What `Network.finish` gave.
    options : Options
        What the encoder asks for.

    Returns
    -------
    ndarray of shape (n, width), float32
        The vectors.
    """
    import torch

    rows: dict[int, np.ndarray] = {}
    with torch.no_grad():
        for batch in batches(network, items, "auto"):
            found = encode_batch(network, [items[i] for i in batch], options)
            rows.update(zip(batch, found.reshape(len(batch), -1), strict=True))
    return np.stack([rows[i] for i in range(len(items))])
