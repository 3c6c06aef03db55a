"""Vision models of transformers (layer L2)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent.encoders._hf_model import (
    HFNetwork,
    hidden_layer,
    load_model,
    load_processor,
    vectors_of,
)
from hybridsent.encoders._network import Options
from hybridsent.encoders._pooling import pool

__all__ = ["HFImage"]


class HFImage(HFNetwork):
    """Any vision transformer, convolutional network or two-tower image model.

    With ``pooling="auto"``: the projection of a two-tower model (CLIP), the class token where there
    is one, else the mean over patches or positions. The mean, the maximum and the segments are over
    patches alone: class, distillation and register tokens are left out.

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
        self._widths = {}
        self.processor = load_processor("AutoImageProcessor", folder, name)
        self.whole = load_model(folder, name, device, precision)
        self.two_tower = hasattr(self.whole, "get_image_features")
        self.model = getattr(self.whole, "vision_model", self.whole)
        parameters = dict(self.model.named_parameters())
        self.dtype = next(iter(parameters.values())).dtype
        self.has_class_token = any(
            key.endswith(("cls_token", "class_embedding", "class_token")) for key in parameters
        )

    def sample(self) -> Any:
        """Give a grey square."""
        from PIL import Image

        return Image.new("RGB", (64, 64), (128, 128, 128))

    def check(self, options: Options) -> None:
        """Refuse to read a class token that is not there."""
        if options.pooling == "cls" and not self.has_class_token:
            raise ValueError(
                f"The pooling parameter must be 'auto', 'mean' or 'max' for {self.name!r}, which "
                "has no class token. Got 'cls'."
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

        automatic = options.pooling == "auto"
        if self.two_tower and automatic and options.layer == -1 and options.steps is None:
            return vectors_of(self.whole.get_image_features(pixel_values=pixels))[:, None]
        output = self.model(pixel_values=pixels, output_hidden_states=options.layer != -1)
        hidden = hidden_layer(output, options.layer, self.name)
        has_class_token = self.has_class_token and hidden.ndim == 3
        if hidden.ndim == 4:  # (n, channels, height, width) of a convolutional network
            hidden = hidden.flatten(2).transpose(1, 2)
        pooling = options.pooling
        if automatic:
            pooling = "cls" if has_class_token and options.steps is None else "mean"
        if pooling != "cls" and has_class_token:
            hidden = hidden[:, self._n_special(pixels, hidden.shape[1]) :]
        lengths = torch.full((len(hidden),), hidden.shape[1], device=hidden.device)
        return pool(hidden, lengths, pooling, options.steps)

    def _n_special(self, pixels: Any, length: int) -> int:
        """Tokens before the patches: what is left when the patches are counted."""
        size = getattr(self.model.config, "patch_size", None)
        if not isinstance(size, int):
            return 1
        extra = length - (pixels.shape[2] // size) * (pixels.shape[3] // size)
        return extra if 1 <= extra < length else 1
