"""Laws of folds: one module makes them, and all that tunes itself asks for groups by itself."""

from __future__ import annotations

import ast
import inspect

import pytest
from estimator_cases import MINIMAL, estimators
from package_tree import MODULES, Module
from sklearn import config_context
from sklearn.utils.metadata_routing import get_routing_for_object

MAKERS = {
    *("GroupKFold", "GroupShuffleSplit", "KFold", "LeaveOneGroupOut", "LeaveOneOut"),
    *("LeavePGroupsOut", "LeavePOut", "PredefinedSplit", "RepeatedKFold"),
    *("RepeatedStratifiedKFold", "ShuffleSplit", "StratifiedGroupKFold", "StratifiedKFold"),
    *("StratifiedShuffleSplit", "TimeSeriesSplit", "train_test_split", "cross_val_predict"),
}
"""What scikit-learn makes folds with; `check_cv` of a splitter that a user gave makes none."""


@pytest.mark.parametrize("module", MODULES.values(), ids=lambda module: module.name)
def test_nobody_makes_folds_but_the_module_of_folds(module: Module):
    if module.unit == "_folds":
        return
    names = {
        alias.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sklearn")
        for alias in node.names
    }
    assert not names & MAKERS, "ask hybridsent._folds for folds"


@pytest.mark.parametrize("kind", estimators(), ids=lambda kind: kind.__name__)
def test_who_takes_groups_asks_for_them(kind):
    if not hasattr(kind, "fit") or "groups" not in inspect.signature(kind.fit).parameters:
        return
    made = kind(**MINIMAL.get(kind.__name__, {}))
    with config_context(enable_metadata_routing=True):
        assert get_routing_for_object(made).consumes("fit", ["groups"])
