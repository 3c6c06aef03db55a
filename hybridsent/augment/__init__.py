"""More rows to learn from: changed copies of cells, and mixtures of features (layer L4)."""

from hybridsent.augment._augmentation import (
    Augmentation,
    Change,
    augmentation_of,
    copies_of,
    list_changes,
)
from hybridsent.augment._estimator import AugmentedEstimator
from hybridsent.augment._features import FeatureMixup, FeatureNoise, ViewDropout
from hybridsent.augment._table import augment_table

__all__ = [
    "Augmentation",
    "AugmentedEstimator",
    "Change",
    "FeatureMixup",
    "FeatureNoise",
    "ViewDropout",
    "augment_table",
    "augmentation_of",
    "copies_of",
    "list_changes",
]
