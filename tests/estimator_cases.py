"""Every estimator of the package that takes a matrix, and arguments to make each of them with."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

from package_tree import MODULES
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

from hybridsent.encoders import BaseEncoder
from hybridsent.heads import TunedLinearClassifier

QUICK: dict[str, Any] = {"n_members": 1, "hidden": 8, "lr": 0.05, "max_epochs": 20}
"""For heads that are networks."""

MINIMAL: dict[str, dict[str, Any]] = {
    "BoostedTreesClassifier": {"n_estimators": 15, "n_jobs": 1},
    "BoostedTreesRegressor": {"n_estimators": 15, "n_jobs": 1},
    "CalibratedFusion": {"estimator": TunedLinearClassifier()},
    "ConformalSets": {"estimator": TunedLinearClassifier()},
    "ContinuedBoostingClassifier": {"n_estimators": 15, "n_jobs": 1},
    "ContinuedBoostingRegressor": {"n_estimators": 15, "n_jobs": 1},
    "ConvolutionalFusionClassifier": QUICK,
    "ConvolutionalFusionRegressor": QUICK,
    "DomainAdversarialClassifier": {**QUICK, "hidden": (8,)},
    "FeatureMixup": {"estimator": LogisticRegression()},
    "FeatureNoise": {"estimator": LogisticRegression()},
    "FineTunedEncoder": {"backbone": "text/minilm-l6"},
    "GatedFusionClassifier": QUICK,
    "GatedFusionRegressor": QUICK,
    "LabeledOnly": {"estimator": LogisticRegression()},
    "OnDevice": {"estimator": PCA(1)},
    "PresentRows": {"transformer": PCA(1)},
    "RecurrentFusionClassifier": QUICK,
    "RecurrentFusionRegressor": QUICK,
    "ReweightedEstimator": {"estimator": LogisticRegression()},
    "SoftLabelClassifier": {"estimator": LogisticRegression()},
    "TensorFusionClassifier": QUICK,
    "TensorFusionRegressor": QUICK,
    "TrAdaBoostClassifier": {"n_estimators": 4},
    "WeaklySupervisedClassifier": {
        "functions": FunctionTransformer(),
        "estimator": LogisticRegression(),
    },
}
"""Arguments for classes that need some, or that are slow without."""


def skipped(kind: type) -> str | None:
    """Why scikit-learn's checks cannot be run over a class; None where they are."""
    if issubclass(kind, BaseEncoder):
        return "takes a column of cells, not a matrix: test_contract_encoders.py has its laws"
    if kind.__name__ in ("PresentCells", "ViewColumns"):
        return "takes cells, not a matrix: test_missing.py and test_fusion.py have its laws"
    if kind.__name__ in ("MetaFeatures", "WordFeatures"):
        return "takes cells, not a matrix: test_meta.py and test_lexical.py have its laws"
    if kind.__name__ in ("LabelingFunctions", "ZeroLabelClassifier"):
        return (
            "takes cells, not a matrix: test_weak_functions.py and test_weak_zero.py have its laws"
        )
    if kind.__name__ == "FineTunedEncoder":
        return "takes cells, not a matrix: test_finetune_encoder.py has its laws"
    if kind.__name__ == "AugmentedEstimator":
        return "takes cells, not a matrix: test_augment_estimator.py has its laws"
    if kind.__name__ == "ViewDropout":
        return "takes several views, by name: test_augment_features.py has its laws"
    if kind.__name__ == "MultiLabelClassifier":
        return "takes sets of labels, not classes: test_heads_sets.py has its laws"
    if kind.__name__ in ("LabelModel", "WeaklySupervisedClassifier"):
        return "takes votes, or functions that vote: test_label_model.py has its laws"
    if kind.__module__ == "hybridsent.evaluation.measures._scoring":
        return "an answer that is already known, for scorers: it is never fitted"
    return None


def estimators() -> list[type[BaseEstimator]]:
    found = set()
    for name in MODULES:
        if name.endswith("__main__"):
            continue
        for thing in vars(importlib.import_module(name)).values():
            mine = inspect.isclass(thing) and thing.__module__.startswith("hybridsent.")
            if not mine or inspect.isabstract(thing):
                continue
            if issubclass(thing, BaseEstimator) and not thing.__name__.startswith("_"):
                found.add(thing)
    return sorted(found, key=lambda kind: kind.__name__)


CHECKED = [kind for kind in estimators() if not skipped(kind)]
