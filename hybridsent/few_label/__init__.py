"""Learning where only some rows have a label (layer L3)."""

from hybridsent.few_label._co_training import CoTrainingClassifier
from hybridsent.few_label._contrastive import ContrastiveFeatures
from hybridsent.few_label._labeled import LabeledOnly
from hybridsent.few_label._self_training import ViewSelfTrainingClassifier
from hybridsent.few_label._spreading import GraphSpreadingClassifier, GraphSpreadingRegressor

__all__ = [
    "CoTrainingClassifier",
    "ContrastiveFeatures",
    "GraphSpreadingClassifier",
    "GraphSpreadingRegressor",
    "LabeledOnly",
    "ViewSelfTrainingClassifier",
]
