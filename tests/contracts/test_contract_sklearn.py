"""scikit-learn's own checks over every estimator that takes a matrix."""

from __future__ import annotations

import pytest
from estimator_cases import CHECKED, MINIMAL, estimators, skipped
from sklearn.utils.estimator_checks import estimator_checks_generator

EXPECTED_FAILURES: dict[str, dict[str, str]] = {
    "FeatureMixup": {
        "check_sample_weight_equivalence_on_dense_data": "a row given twice is mixed twice, each "
        "time with another one"
    },
    "FeatureNoise": {
        "check_sample_weight_equivalence_on_dense_data": "a row given twice gets noise twice"
    },
    "TunedLinearClassifier": {
        "check_sample_weight_equivalence_on_dense_data": "it gives folds, where cv is a number of "
        "them; test_heads.py shows that a weight is a number of rows"
    },
    "TunedLinearRegressor": {
        "check_sample_weight_equivalence_on_dense_data": "it gives folds, where cv is a number of "
        "them; test_heads_numbers.py shows that a weight is a number of rows"
    },
    "CoTrainingClassifier": {
        "check_classifiers_classes": "it takes -1 for a class, which scikit-learn says is no label"
    },
    "GraphSpreadingClassifier": {
        "check_classifiers_classes": "it takes -1 for a class, which scikit-learn says is no label"
    },
    "ViewSelfTrainingClassifier": {
        "check_classifiers_classes": "it takes -1 for a class, which scikit-learn says is no label"
    },
    "ContinuedBoostingClassifier": {
        "check_classifiers_classes": "it takes -1 for a class, which scikit-learn says is no label"
    },
    "DomainAdversarialClassifier": {
        "check_classifiers_classes": "it takes -1 for a class, which scikit-learn says is no label"
    },
    "LabeledOnly": {
        "check_classifiers_classes": "it takes -1 for a class, which scikit-learn says is no label"
    },
    "PriorClassifier": {
        "check_classifiers_classes": "it takes -1 for a class, which scikit-learn says is no label"
    },
    "ReweightedEstimator": {
        "check_classifiers_classes": "it takes -1 for a class, which scikit-learn says is no label"
    },
    "SoftLabelClassifier": {
        "check_classifiers_classes": "it takes -1 for a class, which scikit-learn says is no label"
    },
    "TrAdaBoostClassifier": {
        "check_classifiers_classes": "it takes -1 for a class, which scikit-learn says is no label"
    },
}
"""By class, then check: why it fails. One that passes after all fails the test."""


CHECKS = [
    pytest.param(kind, check, id=f"{kind.__name__}-{check.func.__name__}-{i}")
    for kind in CHECKED
    for i, (_, check) in enumerate(
        estimator_checks_generator(kind(**MINIMAL.get(kind.__name__, {})), legacy=True)
    )
]


def test_discovery_found_estimators_and_checks():
    assert len(CHECKED) >= 5
    per_class = {kind: sum(param.values[0] is kind for param in CHECKS) for kind in CHECKED}
    assert min(per_class.values()) >= 40, per_class
    left_out = {kind.__name__ for kind in estimators() if skipped(kind)}
    of_cells = {"AudioEncoder", "BaseEncoder", "ImageEncoder", "PresentCells", "TextEncoder"}
    of_cells |= {"FineTunedEncoder", "LabelingFunctions", "MetaFeatures", "WordFeatures"}
    of_cells |= {"LabelModel", "WeaklySupervisedClassifier", "ZeroLabelClassifier"}
    of_answers = {"Remembered", "Replayed"}
    others = {"AugmentedEstimator", "MultiLabelClassifier", "ViewColumns", "ViewDropout"}
    assert left_out == of_cells | of_answers | others, "one is not checked"


def test_tables_name_only_what_exists():
    names = {kind.__name__ for kind in CHECKED}
    assert set(MINIMAL) <= {kind.__name__ for kind in estimators()}
    assert set(EXPECTED_FAILURES) <= names
    checks = {param.values[1].func.__name__ for param in CHECKS}
    assert {check for failures in EXPECTED_FAILURES.values() for check in failures} <= checks


@pytest.mark.parametrize(("kind", "check"), CHECKS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.filterwarnings("ignore::hybridsent.exceptions.TransferWarning")  # data of one domain
def test_scikit_learn_check(kind, check):
    reason = EXPECTED_FAILURES.get(kind.__name__, {}).get(check.func.__name__)
    estimator = kind(**MINIMAL.get(kind.__name__, {}))
    if reason is None:
        check(estimator)
        return
    try:
        check(estimator)
    except Exception:  # noqa: BLE001 - a check fails in any way it likes
        return
    pytest.fail(f"expected to fail because {reason}, but it passes: take it off the list")
