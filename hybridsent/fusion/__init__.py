"""Builders: a table of posts to features, and to a classifier over all modalities (layer L4).

They return scikit-learn's objects: a ColumnTransformer, a Pipeline. Nothing here has a `fit` of its
own.
"""

from hybridsent.fusion._adapt import ADAPTATIONS
from hybridsent.fusion._columns import ViewColumns
from hybridsent.fusion._features import ENCODERS, make_features
from hybridsent.fusion._fusion import make_fusion
from hybridsent.fusion._grid import FUSION_CANDIDATES, FUSION_GRID
from hybridsent.fusion._learned import SELECTIONS
from hybridsent.fusion._strategies import CLASSIFIERS, FUSIONS

__all__ = [
    "ADAPTATIONS",
    "CLASSIFIERS",
    "ENCODERS",
    "FUSIONS",
    "FUSION_CANDIDATES",
    "FUSION_GRID",
    "SELECTIONS",
    "ViewColumns",
    "make_features",
    "make_fusion",
]
