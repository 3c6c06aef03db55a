"""All strategies of fusion as one grid (layer L4)."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from hybridsent.alignment import GCCA
from hybridsent.fusion._learned import SELECTIONS, selector
from hybridsent.fusion._strategies import NETWORKS, aligner, imputer
from hybridsent.heads import (
    BoostedTreesClassifier,
    LateFusionClassifier,
    StackedFusionClassifier,
    TunedLinearClassifier,
)

__all__ = ["FUSION_CANDIDATES", "FUSION_GRID"]


def _candidates() -> dict[str, BaseEstimator]:
    """Strategies as classifiers of the scaled matrix, in which rows may lack views."""
    impute, linear = ("impute", imputer(add_indicator=True)), TunedLinearClassifier("log_loss")
    complete = ("impute", imputer(add_indicator=False))
    selected = {
        f"early, select={name}": Pipeline(
            [impute, ("select", selector(name)), ("classify", linear)]
        )
        for name in SELECTIONS
    }
    aligned = {
        "align, mcca": aligner(),
        "align, mcca, 8 components": aligner().set_params(n_components=8),
        "align, gcca": GCCA(supervised=True, shrinkage=0.6),
        "align, gcca, without labels": GCCA(shrinkage=0.6, combine="concat"),
    }
    return {
        "early": Pipeline([impute, ("classify", linear)]),
        "early, svm": Pipeline([impute, ("classify", TunedLinearClassifier("hinge"))]),
        **selected,
        "early, xgboost": BoostedTreesClassifier(),
        **{
            name: Pipeline([complete, ("align", align), ("classify", linear)])
            for name, align in aligned.items()
        },
        "late, mean": LateFusionClassifier(linear, combine="mean"),
        "late, product": LateFusionClassifier(linear, combine="product"),
        "late, weighted": LateFusionClassifier(linear, combine="weighted"),
        "stack": StackedFusionClassifier(linear),
        **{name: kind() for name, kind in NETWORKS.items()},
    }


FUSION_CANDIDATES: dict[str, BaseEstimator] = _candidates()
"""Strategies by name: classifiers of the matrix that the step ``scale`` of `make_fusion` gives."""

FUSION_GRID: dict[str, list[Any]] = {
    "impute": ["passthrough"],
    "fuse": ["passthrough"],
    "classify": list(FUSION_CANDIDATES.values()),
}
"""All of `FUSION_CANDIDATES` as one grid over a pipeline of `make_fusion`: for GridSearchCV,
HalvingGridSearchCV, or, each list as a categorical distribution, for Optuna's OptunaSearchCV."""
