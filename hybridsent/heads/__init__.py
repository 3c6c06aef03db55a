"""Classifiers for few labels and many frozen features, and networks that fuse views (layer L3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    """Import the module of a name when it is first asked for (PEP 562): models load quickly."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, imported or not."""
    return sorted({*globals(), *__all__})
