"""Classifiers and regressors for few labels, and networks that fuse views (layer L3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridsent._lazy import lazy_names

if TYPE_CHECKING:
    from hybridsent.heads._boosted import BoostedTreesClassifier, BoostedTreesRegressor
    from hybridsent.heads._calibrated import CalibratedFusion
    from hybridsent.heads._conformal import ConformalSets, with_coverage
    from hybridsent.heads._fusion_networks import (
        GatedFusionClassifier,
        GatedFusionRegressor,
        TensorFusionClassifier,
        TensorFusionRegressor,
    )
    from hybridsent.heads._kernel import KernelClassifier
    from hybridsent.heads._late import LateFusionClassifier
    from hybridsent.heads._late_numbers import LateFusionRegressor
    from hybridsent.heads._linear import TunedLinearClassifier
    from hybridsent.heads._multi_label import MultiLabelClassifier
    from hybridsent.heads._ridge import TunedLinearRegressor
    from hybridsent.heads._segment_networks import (
        ConvolutionalFusionClassifier,
        ConvolutionalFusionRegressor,
        RecurrentFusionClassifier,
        RecurrentFusionRegressor,
    )
    from hybridsent.heads._stacked import StackedFusionClassifier
    from hybridsent.heads._stacked_numbers import StackedFusionRegressor

_HOMES = {
    "BoostedTreesClassifier": "hybridsent.heads._boosted",
    "BoostedTreesRegressor": "hybridsent.heads._boosted",
    "CalibratedFusion": "hybridsent.heads._calibrated",
    "ConformalSets": "hybridsent.heads._conformal",
    "ConvolutionalFusionClassifier": "hybridsent.heads._segment_networks",
    "ConvolutionalFusionRegressor": "hybridsent.heads._segment_networks",
    "GatedFusionClassifier": "hybridsent.heads._fusion_networks",
    "GatedFusionRegressor": "hybridsent.heads._fusion_networks",
    "KernelClassifier": "hybridsent.heads._kernel",
    "LateFusionClassifier": "hybridsent.heads._late",
    "LateFusionRegressor": "hybridsent.heads._late_numbers",
    "MultiLabelClassifier": "hybridsent.heads._multi_label",
    "RecurrentFusionClassifier": "hybridsent.heads._segment_networks",
    "RecurrentFusionRegressor": "hybridsent.heads._segment_networks",
    "StackedFusionClassifier": "hybridsent.heads._stacked",
    "StackedFusionRegressor": "hybridsent.heads._stacked_numbers",
    "TensorFusionClassifier": "hybridsent.heads._fusion_networks",
    "TensorFusionRegressor": "hybridsent.heads._fusion_networks",
    "TunedLinearClassifier": "hybridsent.heads._linear",
    "TunedLinearRegressor": "hybridsent.heads._ridge",
    "with_coverage": "hybridsent.heads._conformal",
}

__all__ = [
    "BoostedTreesClassifier",
    "BoostedTreesRegressor",
    "CalibratedFusion",
    "ConformalSets",
    "ConvolutionalFusionClassifier",
    "ConvolutionalFusionRegressor",
    "GatedFusionClassifier",
    "GatedFusionRegressor",
    "KernelClassifier",
    "LateFusionClassifier",
    "LateFusionRegressor",
    "MultiLabelClassifier",
    "RecurrentFusionClassifier",
    "RecurrentFusionRegressor",
    "StackedFusionClassifier",
    "StackedFusionRegressor",
    "TensorFusionClassifier",
    "TensorFusionRegressor",
    "TunedLinearClassifier",
    "TunedLinearRegressor",
    "with_coverage",
]

__getattr__, __dir__ = lazy_names(globals(), _HOMES)
