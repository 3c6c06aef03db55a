"""Classifiers for few labels and many frozen features (layer L3)."""

from hybridsent.heads._boosted import BoostedTreesClassifier
from hybridsent.heads._linear import TunedLinearClassifier

__all__ = ["BoostedTreesClassifier", "TunedLinearClassifier"]
