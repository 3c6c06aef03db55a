"""Laws of folds: one module makes them, and all that tunes itself asks for groups by itself."""

from __future__ import annotations

import ast
import inspect

from estimator_cases import MINIMAL, estimators
from laws import over
from package_tree import MODULES, Module
from sklearn import config_context
from sklearn.linear_model import Ridge
from sklearn.utils.metadata_routing import get_routing_for_object

MAKERS = {
    *("GroupKFold", "GroupShuffleSplit", "KFold", "LeaveOneGroupOut", "LeaveOneOut"),
    *("LeavePGroupsOut", "LeavePOut", "PredefinedSplit", "RepeatedKFold"),
    *("RepeatedStratifiedKFold", "ShuffleSplit", "StratifiedGroupKFold", "StratifiedKFold"),
    *("StratifiedShuffleSplit", "TimeSeriesSplit", "train_test_split", "cross_val_predict"),
}
"""What scikit-learn makes folds with; `check_cv` of a splitter that a user gave makes none."""


@over(MODULES.items())
def test_nobody_makes_folds_but_the_module_of_folds(module: Module):
    if module.unit in ("_folds", "_outer_folds"):  # to tune, and to judge
        return
    names = {
        alias.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sklearn")
        for alias in node.names
    }
    assert not names & MAKERS, "ask hybridsent._folds or hybridsent._outer_folds for folds"


@over((kind.__name__, kind) for kind in estimators())
def test_who_takes_groups_asks_for_them(kind):
    if not hasattr(kind, "fit") or "groups" not in inspect.signature(kind.fit).parameters:
        return
    told = inspect.signature(kind).parameters
    around = "estimator" in told and told["estimator"].default is inspect.Parameter.empty
    made = kind(**MINIMAL.get(kind.__name__, {"estimator": Ridge()} if around else {}))
    with config_context(enable_metadata_routing=True):
        assert get_routing_for_object(made).consumes("fit", ["groups"])
