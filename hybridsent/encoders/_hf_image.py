"""Vision models of transformers (layer L2)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent.encoders._hf import hidden_layer, load_model, load_processor, vectors_of
from hybridsent.encoders._network import Network, Options
from hybridsent.encoders._pooling import pool

__all__ = ["HFImage"]


class HFImage(Network):
    """Any vision transformer, convolutional network or two-tower image model.

    With ``pooling="auto"``: the projection of a two-tower model (CLIP), the class token where there is one, else the mean over
    patches or positions.

    Parameters
    ----------
    folder : Path
        Folder of the model.
    name : str
        Name of the backbone.
    device, precision : str
        As resolved.
    """

    def __init__(self, folder: Path, name: str, device: str, precision: str) -> None:
        self.name = name
        self.device = device
        self.processor = load_processor("AutoImageProcessor", folder, name)
        self.whole = load_model(folder, name, device, precision)
        self.two_tower = hasattr(self.whole, "get_image_features")
        self.model = getattr(self.whole, "vision_model", self.whole)
        parameters = dict(self.model.named_parameters())
        self.dtype = next(iter(parameters.values())).dtype
        self.has_class_token = any(
            key.endswith(("cls_token", "class_embedding", "class_token")) for key in parameters
        )

    @property
    def width(self) -> int:
        """Features per vector."""
        if self.two_tower and hasattr(self.whole.config, "projection_dim"):
            return int(self.whole.config.projection_dim)
        config = self.model.config
        return int(config.hidden_sizes[-1] if getattr(config, "hidden_sizes", None) else config.hidden_size)

    def check(self, options: Options) -> None:
        """A class token must be there to be read."""
        if options.pooling == "cls" and not self.has_class_token:
            raise ValueError(
                f"The pooling parameter must be 'auto', 'mean' or 'max' for {self.name!r}, which has no class token. Got 'cls'."
            )

    def prepare(self, clean: Any, options: Options) -> Any:
        """Resize and normalise a picture as the model was trained."""
        return self.processor(images=clean, return_tensors="pt")["pixel_values"][0]

    def group(self, item: Any) -> Hashable:
        """Pictures of one size share a batch."""
        return tuple(item.shape)

    def encode(self, batch: Sequence[Any], options: Options) -> np.ndarray:
        """Encode prepared pictures."""
        import torch

        pixels = torch.stack(list(batch)).to(self.device, self.dtype)
        with torch.inference_mode():
            return np.asarray(self._forward(pixels, options).float().cpu().numpy())

    def _forward(self, pixels: Any, options: Options) -> Any:
        import torch

        if self.two_tower and options.pooling == "auto" and options.layer == -1 and options.steps is None:
            return vectors_of(self.whole.get_image_features(pixel_values=pixels))[:, None]
        output = self.model(pixel_values=pixels, output_hidden_states=options.layer != -1)
        hidden = hidden_layer(output, options.layer, self.name)
        if hidden.ndim == 4:  # (n, channels, height, width) of a convolutional network
            hidden = hidden.flatten(2).transpose(1, 2)
        pooling = options.pooling
        if pooling == "auto":
            pooling = "cls" if self.has_class_token and options.steps is None else "mean"
        lengths = torch.full((len(hidden),), hidden.shape[1], device=hidden.device)
        return pool(hidden, lengths, pooling, options.steps)
