"""Views that say nothing are told before the fit, and take next to no part in it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import LeaveOneOut

from hybridsent import make_fusion
from hybridsent.heads import TunedLinearClassifier, TunedLinearRegressor
from hybridsent.heads._view_weights import _PENALTIES, _Judge, weights_of_views


def rows(n: int = 240, useless: int = 300, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """A view that tells the label, and a wide one that does not."""
    rng = np.random.default_rng(seed)
    y = np.array(["bad", "good"])[np.arange(n) % 2]
    told = rng.normal(size=(n, 8)) + 1.2 * (y == "good")[:, None] * (np.arange(8) < 2)
    noise = rng.normal(size=(n, useless))
    X = np.hstack([told / np.sqrt(8), noise / np.sqrt(useless)])
    names = [f"told__{i}" for i in range(8)] + [f"noise__{i}" for i in range(useless)]
    return pd.DataFrame(X, columns=names), y


def test_what_is_explained_is_that_of_ridge_regressions_without_each_row():
    X, y = rows(40, useless=5)
    values = X.to_numpy()
    codes = (y == "good").astype(int)
    truth = np.eye(2)[codes]
    judge = _Judge(codes, np.ones(40))
    size = ((values - values.mean(axis=0)) ** 2).sum() / 40
    errors = np.zeros(len(_PENALTIES))
    plain = 0.0
    for train, test in LeaveOneOut().split(values):
        plain += ((truth[test] - truth[train].mean(axis=0)) ** 2).sum()
        for i, penalty in enumerate(_PENALTIES):
            # the penalty is relative to the rows' length, which all rows together tell
            model = Ridge(alpha=penalty * size).fit(values[train], truth[train])
            errors[i] += ((truth[test] - model.predict(values[test])) ** 2).sum()
    expected = max(0.0, 1.0 - errors.min() / plain)
    assert judge.explained(judge.gram(values)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("loss", ["log_loss", "hinge"])
@pytest.mark.parametrize("weights", ["gain", "auto"])
def test_a_view_that_says_nothing_takes_next_to_no_part(loss, weights):
    X, y = rows(120, useless=40)
    new, truth = rows(2000, useless=40, seed=1)
    equal = TunedLinearClassifier(loss).fit(X, y).score(new, truth)
    alone = TunedLinearClassifier(loss).fit(X.iloc[:, :8], y).score(new.iloc[:, :8], truth)
    model = TunedLinearClassifier(loss, view_weights=weights).fit(X, y)
    assert model.view_weights_["told"] == 1.0
    assert model.view_weights_["noise"] < 0.1
    assert model.score(new, truth) == pytest.approx(alone, abs=0.02)
    assert model.score(new, truth) >= equal


def test_views_that_say_about_the_same_stay_as_they_are():
    X, y = rows(useless=8)
    both = pd.concat([X.iloc[:, :4], X.iloc[:, :4].rename(columns=lambda name: f"b{name}")], axis=1)
    equal = TunedLinearClassifier().fit(both, y)
    auto = TunedLinearClassifier(view_weights="auto").fit(both, y)
    assert auto.view_weights_ == {"told": 1.0, "btold": 1.0}
    np.testing.assert_array_equal(auto.coef_, equal.coef_)


@pytest.mark.parametrize("weights", ["gain", "auto"])
def test_one_view_and_columns_without_names_are_not_weighed(weights):
    X, y = rows()
    for table in (X.iloc[:, 8:], X.to_numpy()):
        weighed = TunedLinearClassifier(view_weights=weights).fit(table, y)
        np.testing.assert_array_equal(weighed.coef_, TunedLinearClassifier().fit(table, y).coef_)
        assert not hasattr(weighed, "view_weights_")


def test_where_no_view_says_anything_all_weigh_the_same():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(60, 4)), columns=["a__0", "a__1", "b__0", "b__1"])
    codes = np.arange(60) % 2
    views = {"a": np.array([0, 1]), "b": np.array([2, 3])}
    constant = np.zeros((60, 4))
    for choose in (True, False):
        told = weights_of_views(constant, codes, views, np.ones(60), 0, choose=choose)
        assert told == {"a": 1.0, "b": 1.0}
    assert TunedLinearClassifier(view_weights="auto").fit(X, codes).predict(X).shape == (60,)


def test_columns_of_no_view_keep_their_weight():
    X, y = rows()
    X["missing__noise"] = (y == "good").astype(float)
    model = TunedLinearClassifier(view_weights="gain").fit(X, y)
    assert set(model.view_weights_) == {"told", "noise"}
    assert abs(model.coef_[0, -1]) > np.abs(model.coef_[0, 8:-1]).max()
    assert model.score(X, y) > 0.95


def test_the_weights_are_those_of_the_rows_that_weigh():
    X, y = rows()
    half = np.where(np.arange(len(y)) < 120, 1.0, 0.0)
    some = TunedLinearClassifier(view_weights="gain").fit(X, y, sample_weight=half)
    alone = TunedLinearClassifier(view_weights="gain").fit(X[:120], y[:120])
    assert some.view_weights_ == pytest.approx(alone.view_weights_)


def test_a_second_fit_forgets_the_weights_of_the_first():
    X, y = rows()
    model = TunedLinearClassifier(view_weights="auto").fit(X, y)
    assert not hasattr(model.set_params(view_weights="equal").fit(X, y), "view_weights_")


def test_a_model_that_knew_no_such_choice_can_be_read_and_copied():
    X, y = rows()
    model = TunedLinearClassifier().fit(X, y)
    del model.__dict__["view_weights"]  # as one that was saved before has none
    assert model.get_params()["view_weights"] == "equal"
    assert model.predict(X).shape == y.shape


def test_it_is_a_parameter_of_early_fusion():
    X, y = rows()
    model = make_fusion(features=["told", "noise"]).set_params(classify__view_weights="auto")
    assert set(model.fit(X, y)[-1].view_weights_) == {"told", "noise"}
    with pytest.raises(ValueError, match="'view_weights' parameter"):
        model.set_params(classify__view_weights="best").fit(X, y)


@pytest.mark.parametrize("model", [TunedLinearClassifier, TunedLinearRegressor])
def test_weights_that_are_told_are_those_that_were_found(model):
    X, y = rows(120, useless=40)
    y = (y == "good").astype(float) if model is TunedLinearRegressor else y
    found = model(view_weights="gain").fit(X, y)
    told = model(view_weights=found.view_weights_).fit(X, y)
    np.testing.assert_array_equal(told.coef_, found.coef_)
    assert told.view_weights_ == found.view_weights_
    half = model(view_weights={"noise": found.view_weights_["noise"]}).fit(X, y)
    np.testing.assert_array_equal(half.coef_, found.coef_)
    with pytest.raises(ValueError, match=r"view_weights.*'told', 'noise'.*Got 'image'"):
        model(view_weights={"image": 1.0}).fit(X, y)
    with pytest.raises(ValueError, match=r"view_weights.*must hold positive numbers. Got 0"):
        model(view_weights={"told": 0}).fit(X, y)
