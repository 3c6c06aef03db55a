"""Builders: a table of posts to features, and to a classifier over all modalities (layer L4).

They return scikit-learn's objects: a ColumnTransformer, a Pipeline. Nothing here has a `fit` of its
own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridsent._lazy import lazy_names

if TYPE_CHECKING:
    from hybridsent.fusion._columns import ViewColumns
    from hybridsent.fusion._features import make_features
    from hybridsent.fusion._fusion import make_fusion
    from hybridsent.fusion._grid import (
        FUSION_CANDIDATES,
        FUSION_CANDIDATES_BY_TASK,
        FUSION_GRID,
        FUSION_GRIDS_BY_TASK,
    )
    from hybridsent.fusion._learned import SELECTIONS
    from hybridsent.fusion._registry import (
        ADAPTATIONS,
        FUSIONS,
        list_adaptations,
        list_fusions,
        register_adaptation,
        register_fusion,
    )
    from hybridsent.fusion._strategies import CLASSIFIERS

_HOMES = {
    "ADAPTATIONS": "hybridsent.fusion._registry",
    "CLASSIFIERS": "hybridsent.fusion._strategies",
    "FUSIONS": "hybridsent.fusion._registry",
    "FUSION_CANDIDATES": "hybridsent.fusion._grid",
    "FUSION_CANDIDATES_BY_TASK": "hybridsent.fusion._grid",
    "FUSION_GRID": "hybridsent.fusion._grid",
    "FUSION_GRIDS_BY_TASK": "hybridsent.fusion._grid",
    "SELECTIONS": "hybridsent.fusion._learned",
    "ViewColumns": "hybridsent.fusion._columns",
    "list_adaptations": "hybridsent.fusion._registry",
    "list_fusions": "hybridsent.fusion._registry",
    "make_features": "hybridsent.fusion._features",
    "make_fusion": "hybridsent.fusion._fusion",
    "register_adaptation": "hybridsent.fusion._registry",
    "register_fusion": "hybridsent.fusion._registry",
}

__all__ = [
    "ADAPTATIONS",
    "CLASSIFIERS",
    "FUSIONS",
    "FUSION_CANDIDATES",
    "FUSION_CANDIDATES_BY_TASK",
    "FUSION_GRID",
    "FUSION_GRIDS_BY_TASK",
    "SELECTIONS",
    "ViewColumns",
    "list_adaptations",
    "list_fusions",
    "make_features",
    "make_fusion",
    "register_adaptation",
    "register_fusion",
]

__getattr__, __dir__ = lazy_names(globals(), _HOMES)
