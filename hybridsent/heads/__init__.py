"""Classifiers for few labels and many frozen features, and networks that fuse views (layer L3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridsent._lazy import lazy_names

if TYPE_CHECKING:
    from hybridsent.heads._boosted import BoostedTreesClassifier
    from hybridsent.heads._convolutional import ConvolutionalFusionClassifier
    from hybridsent.heads._gated import GatedFusionClassifier
    from hybridsent.heads._kernel import KernelClassifier
    from hybridsent.heads._late import LateFusionClassifier
    from hybridsent.heads._linear import TunedLinearClassifier
    from hybridsent.heads._recurrent import RecurrentFusionClassifier
    from hybridsent.heads._stacked import StackedFusionClassifier
    from hybridsent.heads._tensor import TensorFusionClassifier

_HOMES = {
    "BoostedTreesClassifier": "hybridsent.heads._boosted",
    "ConvolutionalFusionClassifier": "hybridsent.heads._convolutional",
    "GatedFusionClassifier": "hybridsent.heads._gated",
    "KernelClassifier": "hybridsent.heads._kernel",
    "LateFusionClassifier": "hybridsent.heads._late",
    "RecurrentFusionClassifier": "hybridsent.heads._recurrent",
    "StackedFusionClassifier": "hybridsent.heads._stacked",
    "TensorFusionClassifier": "hybridsent.heads._tensor",
    "TunedLinearClassifier": "hybridsent.heads._linear",
}

__all__ = [
    "BoostedTreesClassifier",
    "ConvolutionalFusionClassifier",
    "GatedFusionClassifier",
    "KernelClassifier",
    "LateFusionClassifier",
    "RecurrentFusionClassifier",
    "StackedFusionClassifier",
    "TensorFusionClassifier",
    "TunedLinearClassifier",
]

__getattr__, __dir__ = lazy_names(globals(), _HOMES)
