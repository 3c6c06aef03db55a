"""Classifiers for few labels and many frozen features, and networks that fuse views (layer L3)."""

from hybridsent.heads._boosted import BoostedTreesClassifier
from hybridsent.heads._convolutional import ConvolutionalFusionClassifier
from hybridsent.heads._gated import GatedFusionClassifier
from hybridsent.heads._kernel import KernelClassifier
from hybridsent.heads._late import LateFusionClassifier
from hybridsent.heads._linear import TunedLinearClassifier
from hybridsent.heads._recurrent import RecurrentFusionClassifier
from hybridsent.heads._stacked import StackedFusionClassifier
from hybridsent.heads._tensor import TensorFusionClassifier

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
