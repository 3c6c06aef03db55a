"""Layers that draw from a given generator, and their weights as arrays (layer L0)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

__all__ = ["Build", "dropout", "initialise", "layer", "load", "mlp", "to_arrays"]

Build = Callable[["torch.Generator | None"], "torch.nn.Module"]


def layer(kind: Callable[..., torch.nn.Module], *args: Any, **kwargs: Any) -> torch.nn.Module:
    """Make a layer of torch without drawing its parameters from the global generator.

    Parameters
    ----------
    kind : type
        A layer with a parameter ``device``, such as ``torch.nn.GRU``.
    *args, **kwargs : object
        Its arguments.

    Returns
    -------
    torch.nn.Module
        The layer, its parameters not set: `initialise` draws them.

    Examples
    --------
    >>> import torch
    >>> from hybridsent._numerics.networks import layer
    >>> layer(torch.nn.Linear, 3, 2)
    Linear(in_features=3, out_features=2, bias=True)
    """
    # torch.nn.utils.skip_init does the same, but refuses recurrent layers
    return kind(*args, device="meta", **kwargs).to_empty(device="cpu")


def mlp(
    widths: Sequence[int],
    *,
    rate: float = 0.0,
    generator: torch.Generator | None = None,
    activation: Callable[[], torch.nn.Module] | None = None,
) -> torch.nn.Module:
    """Linear layers with an activation and dropout between; the last one is linear.

    Parameters
    ----------
    widths : sequence of int
        Width of the input, of each hidden layer, and of the output.
    rate : float, default=0.0
        Rate of dropout after each activation.
    generator : torch.Generator, default=None
        What dropout draws from.
    activation : callable, default=None
        Gives an activation; None for ``torch.nn.ReLU``.

    Returns
    -------
    torch.nn.Sequential
        The layers, their parameters not drawn yet.

    Examples
    --------
    >>> from hybridsent._numerics.networks import mlp
    >>> len(mlp([4, 8, 2], rate=0.5))
    4
    """
    from torch import nn

    layers: list[nn.Module] = []
    for left, right in itertools.pairwise(widths):
        if layers:
            layers += [(activation or nn.ReLU)(), dropout(rate, generator)]
        layers.append(layer(nn.Linear, left, right))
    return nn.Sequential(*layers)


def dropout(rate: float, generator: torch.Generator | None) -> torch.nn.Module:
    """Dropout that draws from a generator of its own.

    Parameters
    ----------
    rate : float
        Share of values that become 0 in training; the others are divided by 1 - rate.
    generator : torch.Generator or None
        What it draws from; None where the module is only used to predict.

    Returns
    -------
    torch.nn.Module
        The layer.

    Examples
    --------
    >>> import torch
    >>> from hybridsent._numerics.networks import dropout
    >>> layer = dropout(0.5, torch.Generator().manual_seed(0))
    >>> sorted(set(layer(torch.ones(99)).tolist()))
    [0.0, 2.0]
    """
    module: torch.nn.Module = _dropout_class()(rate, generator)
    return module


@cache  # classes cannot be made before torch is imported
def _dropout_class() -> Any:
    import torch

    class Dropout(torch.nn.Module):
        def __init__(self, rate: float, generator: torch.Generator | None) -> None:
            super().__init__()
            self.rate = rate
            self.generator = generator

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if not self.training or self.rate == 0:
                return x
            draws = torch.rand(x.shape, generator=self.generator, device=x.device)
            return x * (draws >= self.rate) / (1 - self.rate)

    return Dropout


def initialise(module: torch.nn.Module, generator: torch.Generator) -> None:
    """Draw all parameters of a module from a generator, as torch's layers do from the global one.

    Linear and convolutional layers are uniform within one over the root of the inputs of a unit,
    recurrent ones within one over the root of the hidden width. Norm layers keep their ones and
    zeros. A layer of another kind has a method ``draw(generator)`` that sets its own parameters,
    not those of layers within.

    Parameters
    ----------
    module : torch.nn.Module
        Changed in place.
    generator : torch.Generator
        Source of the numbers.

    Raises
    ------
    TypeError
        If a layer with parameters is of no known kind and has no ``draw``.

    Examples
    --------
    >>> import torch
    >>> from hybridsent._numerics.networks import initialise, mlp
    >>> layer = mlp([4, 2])
    >>> initialise(layer, torch.Generator().manual_seed(0))
    >>> bool(layer[0].weight.abs().max() <= 0.5)
    True
    """
    import torch
    from torch import nn

    for part in module.modules():
        own = list(part.parameters(recurse=False))
        draw: Any = getattr(part, "draw", None)
        if draw is not None:
            with torch.no_grad():
                draw(generator)
            continue
        if not own or isinstance(part, nn.LayerNorm | nn.BatchNorm1d):
            continue
        if isinstance(part, nn.RNNBase):
            bound = 1 / math.sqrt(part.hidden_size)
        elif isinstance(part, nn.Linear | nn.Conv1d | nn.Conv2d):
            bound = 1 / math.sqrt(part.weight[0].numel())
        else:
            raise TypeError(
                f"Layers with parameters must be linear, convolutional, recurrent or norms, or "
                f"have a method draw(generator). Got {type(part).__name__}."
            )
        with torch.no_grad():
            for parameter in own:
                parameter.uniform_(-bound, bound, generator=generator)


def to_arrays(module: torch.nn.Module) -> dict[str, np.ndarray]:
    """Copy parameters and buffers of a module into arrays.

    Parameters
    ----------
    module : torch.nn.Module
        A module.

    Returns
    -------
    dict of str to ndarray
        Values by the name in the module's ``state_dict``.

    Examples
    --------
    >>> from hybridsent._numerics.networks import mlp, to_arrays
    >>> {name: array.shape for name, array in to_arrays(mlp([3, 2])).items()}
    {'0.weight': (2, 3), '0.bias': (2,)}
    """
    return {name: value.cpu().numpy().copy() for name, value in module.state_dict().items()}


def load(build: Build, arrays: Mapping[str, np.ndarray]) -> torch.nn.Module:
    """Make a module with given weights; no random number is drawn.

    Parameters
    ----------
    build : callable
        As in `train`; it gets None for the generator.
    arrays : mapping of str to ndarray
        From `to_arrays`.

    Returns
    -------
    torch.nn.Module
        The module on the CPU, in evaluation mode.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._numerics.networks import load, mlp, predict
    >>> weights = {"0.weight": np.array([[2.0]]), "0.bias": np.array([1.0])}
    >>> module = load(lambda generator: mlp([1, 1], generator=generator), weights)
    >>> predict(module, {"input": np.array([[3.0]])})
    array([[7.]], dtype=float32)
    """
    import torch

    module = build(None)
    # a copy: the array may be read-only, as in a joblib worker
    module.load_state_dict({name: torch.tensor(value) for name, value in arrays.items()})
    return module.eval()
