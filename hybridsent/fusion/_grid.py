"""All strategies of fusion as one grid (layer L4)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from hybridsent._hints import sentence
from hybridsent.alignment import GCCA
from hybridsent.exceptions import HybridsentWarning
from hybridsent.fusion._learned import SELECTIONS, selector
from hybridsent.fusion._registry import Fusion, get_fusion, when_fusions_change
from hybridsent.fusion._strategies import aligner, imputer
from hybridsent.heads import (
    BoostedTreesClassifier,
    LateFusionClassifier,
    StackedFusionClassifier,
    TunedLinearClassifier,
)

__all__ = ["FUSION_CANDIDATES", "FUSION_GRID"]

_NETWORKS = ("tensor", "gated", "cnn", "rnn")


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
        **{name: get_fusion(name).make({}) for name in _NETWORKS},
    }


def _candidate(fusion: Fusion) -> BaseEstimator:
    """Make a classifier of the scaled matrix of a strategy of one's own."""
    given = {"class_weight": None, "random_state": 0, "device": "cpu", "n_jobs": None}
    fuse, head = fusion.built(given | {"classifier": TunedLinearClassifier("log_loss")})
    first = (
        [] if fusion.missing == "keep" else [imputer(add_indicator=fusion.missing == "indicate")]
    )
    steps = [("impute", each) for each in first] + [("fuse", fuse)] * (fuse != "passthrough")
    return Pipeline([*steps, ("classify", head)]) if steps else head


FUSION_CANDIDATES: dict[str, BaseEstimator] = _candidates()
"""Strategies by name: classifiers of the matrix that the step ``scale`` of `make_fusion` gives."""

FUSION_GRID: dict[str, list[Any]] = {
    "impute": ["passthrough"],
    "fuse": ["passthrough"],
    "classify": list(FUSION_CANDIDATES.values()),
}
"""All of `FUSION_CANDIDATES` as one grid over a pipeline of `make_fusion`: for GridSearchCV,
HalvingGridSearchCV, or, each list as a categorical distribution, for Optuna's OptunaSearchCV."""


_BUILT_IN = dict(FUSION_CANDIDATES)
_own: dict[str, tuple[Fusion, BaseEstimator | None]] = {}  # None: it cannot be built


def _take_own(fusions: Mapping[str, Fusion]) -> None:
    """Let the strategies that users registered stand behind the built-in ones."""
    made = {name: each for name, each in _own.items() if fusions.get(name) is each[0]}
    broken = []
    for name in [name for name in fusions if name not in made]:
        try:
            made[name] = (fusions[name], _candidate(fusions[name]))
        except Exception as error:  # noqa: BLE001 - code of a user, which must hide no other strategy
            made[name] = (fusions[name], None)
            broken.append(
                f"The fusion {name!r} is left out of FUSION_GRID: what builds it raised "
                f"{type(error).__name__}: {sentence(str(error))} Mend it."
            )
    _own.clear()
    _own.update(made)
    FUSION_CANDIDATES.clear()
    FUSION_CANDIDATES.update(_BUILT_IN)
    FUSION_CANDIDATES.update({name: head for name, (_, head) in made.items() if head is not None})
    FUSION_GRID["classify"][:] = FUSION_CANDIDATES.values()
    if broken:
        warnings.warn(" ".join(broken), HybridsentWarning, stacklevel=5)


when_fusions_change(_take_own)
