"""What the networks of transformers share: their towers, hidden layers and widths (layer L2)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from hybridsent.encoders._graphs import as_module
from hybridsent.encoders._hf_folder import Weights
from hybridsent.encoders._hf_load import load_model
from hybridsent.encoders._network import Network, Options

__all__ = ["HFNetwork", "HFSource", "hidden_layer", "vectors_of"]


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
