"""What a label is, for all that transfers: of numbers NaN alone marks a row without one."""

from __future__ import annotations

import inspect
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import is_classifier, is_regressor
from sklearn.linear_model import LogisticRegression, Ridge

from hybridsent import transfer
from hybridsent.exceptions import TableWarning, TransferWarning
from hybridsent.transfer import JDA, BaseWeigher, PriorClassifier, ReweightedEstimator

KINDS = {
    name: kind
    for name, kind in vars(transfer).items()
    if name in transfer.__all__
    and not inspect.isabstract(kind)
    and "y" in inspect.signature(kind.fit).parameters
}
WEIGHERS = [name for name, kind in KINDS.items() if issubclass(kind, BaseWeigher)]

QUICK = {
    "ContinuedBoostingRegressor": {"n_estimators": 20},
    "TrAdaBoostRegressor": {"n_steps": 3, "n_estimators": 3},
}


def made(name):
    """What learns numbers, where it is asked to: a weigher also inside of what it weighs for."""
    if name == "ReweightedEstimator":
        return ReweightedEstimator(Ridge())
    if name.startswith("weighed by "):
        return ReweightedEstimator(Ridge(), KINDS[name.removeprefix("weighed by ")]())
    return KINDS[name](**QUICK.get(name, {}))


LEARN_NUMBERS = [
    name
    for name in [*KINDS, *(f"weighed by {name}" for name in WEIGHERS)]
    if not is_classifier(made(name))
]
LEARN_CLASSES = [name for name in KINDS if is_classifier(made(name))]


def scores(n=160):
    """Ratings from -3 to 3, as whole numbers, of a source and a target."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(n, 4)), columns=[f"text__{i}" for i in range(4)])
    y = (2 * X["text__0"] + X["text__1"] + rng.normal(0, 0.5, n)).round().clip(-3, 3).to_numpy()
    X["domain__0"] = np.repeat([0.0, 1.0], n // 2)
    X["group__0"] = np.resize([0.0, 1.0, 2.0], n)
    X.loc[n // 2 :, "text__0"] += 0.5
    return X, y.astype(int)


def learned(name, X, y):
    """What a fitted method gives: predictions, adapted rows or weights."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "JDA brings classes together", TransferWarning)
        model = made(name).fit(X, y)
    for method in ("predict", "transform"):
        if hasattr(model, method):
            return np.asarray(getattr(model, method)(X), dtype=np.float64)
    return model.sample_weight_


def test_discovery_found_adapters_weighers_and_models():
    assert {"CORAL", "JDA", "KMM", "weighed by KMM", "TrAdaBoostRegressor"} <= set(LEARN_NUMBERS)
    assert len(LEARN_NUMBERS) >= 20
    assert {"PriorClassifier", "TrAdaBoostClassifier"} <= set(LEARN_CLASSES)


@pytest.mark.parametrize("name", LEARN_NUMBERS)
def test_a_millionth_of_a_score_changes_next_to_nothing(name):
    X, y = scores()
    whole = learned(name, X, y)
    assert_array_equal(whole, learned(name, X, y.astype(float)))
    nudged = y.astype(float)
    nudged[np.flatnonzero(y == 2)[-1]] += 1e-6
    assert_allclose(learned(name, X, nudged), whole, atol=1e-4)


@pytest.mark.parametrize("name", LEARN_NUMBERS)
def test_no_score_of_minus_one_is_lost(name):
    X, y = scores()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "JDA brings classes together", TransferWarning)
        model = made(name).fit(X, y)
    if is_regressor(model) and hasattr(model, "n_target_"):
        assert model.n_target_ == 80
    weights = getattr(model, "sample_weight_", np.ones(len(y)))
    assert (weights[(y == -1) & (X["domain__0"] == 1)] > 0).all()
    if is_regressor(model):
        assert model.score(X, y) == pytest.approx(
            1 - np.sum((y - model.predict(X)) ** 2) / np.sum((y - y.mean()) ** 2)
        )


@pytest.mark.parametrize("name", LEARN_NUMBERS)
def test_of_numbers_nan_alone_tells_the_target(name):
    X, y = scores()
    y = np.where(np.arange(160) >= 120, np.nan, y)
    marked = X.assign(domain__0=np.isnan(y).astype(float))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TransferWarning)  # of what needs labels of the target
        by_label = made(name).fit(X.drop(columns="domain__0"), y)
        by_column = made(name).fit(marked, y)
    for attribute in ("n_source_", "n_target_", "effective_sample_size_"):
        if hasattr(by_label, attribute):
            assert getattr(by_label, attribute) == getattr(by_column, attribute)


def test_scores_that_could_be_classes_are_numbers_in_a_weigher_of_a_regressor():
    X, y = scores()
    y = np.sign(y)
    inside = ReweightedEstimator(Ridge(), "balanced").fit(X, y)
    assert (inside.weigher_.sample_weight_ > 0).all()
    with pytest.warns(TableWarning, match="reads the label -1 as no label"):
        classes = ReweightedEstimator(LogisticRegression(), "balanced").fit(X, y)
    assert_array_equal(classes.weigher_.sample_weight_ > 0, y != -1)


def test_jda_takes_numbers_for_no_classes_and_says_so():
    X, y = scores()
    with pytest.warns(TransferWarning, match=r"y holds numbers, such as -?\d"):
        adapter = JDA(2).fit(X, y)
    assert len(adapter.pseudo_labels_) == 0
    assert_allclose(adapter.transform(X), JDA(2).fit(X).transform(X))


@pytest.mark.parametrize("name", LEARN_CLASSES)
@pytest.mark.parametrize("classes", [[-1, 1], [-3, -1, 2]])
def test_a_class_that_is_called_minus_one_is_refused(name, classes):
    X, y = scores()
    with pytest.raises(ValueError, match="must not hold a class -1"):
        made(name).fit(X, np.resize(classes, len(y)))


def test_a_class_called_minus_one_beside_nan_is_refused():
    X, y = scores()
    y = np.where(np.arange(160) % 3 == 0, np.nan, np.where(y > 0, 1.0, -1.0))
    with pytest.raises(ValueError, match="must not hold a class -1"):
        PriorClassifier().fit(X, y)
