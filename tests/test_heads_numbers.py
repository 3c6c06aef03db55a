"""The regressors against scikit-learn's own, and by brute force."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    LeaveOneGroupOut,
    LeaveOneOut,
    cross_val_predict,
)
from sklearn.svm import SVR

from hybridsent import make_fusion
from hybridsent.heads import BoostedTreesRegressor, TunedLinearRegressor

SHAPES = {"wide": (40, 90), "tall": (80, 9), "square": (30, 30)}
CS = (0.0625, 1.0, 16.0)


def data(n=60, p=20, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) * np.linspace(0.2, 2, p) + 5
    y = X[:, 0] * 2 - X[:, -1] + rng.standard_normal(n) + 30
    return X.astype(dtype), y


def standardised(X):
    """What the class documents: centred, and brought to a mean squared length of one."""
    Z = X - X.mean(axis=0, dtype=np.float64)
    return Z / np.sqrt((Z**2).sum() / len(Z))


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_one_candidate_is_scikit_learns_ridge(shape):
    X, y = data(*shape)
    new = data(*shape, seed=1)[0]
    for C in (0.1, 100.0):
        ours = TunedLinearRegressor(Cs=[C]).fit(X, y)
        size = np.square(X - X.mean(axis=0)).sum() / len(X)
        theirs = Ridge(alpha=size / C, solver="svd").fit(X, y)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(ours.predict(new), theirs.predict(new), rtol=1e-10)
        assert ours.scores_ == {}
        assert ours.C_ == C


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("grouped", [False, True])
def test_errors_of_rows_left_out_are_those_of_models_without_them(shape, grouped):
    X, y = data(*shape)
    groups = np.arange(len(y)) // 7 if grouped else None
    ours = TunedLinearRegressor(Cs=CS).fit(X, y, groups=groups)
    Z = standardised(X)
    folds = LeaveOneGroupOut() if grouped else LeaveOneOut()
    for C in CS:
        squares = np.zeros(len(y))
        for train, test in folds.split(Z, y, groups):
            model = Ridge(alpha=1 / C, solver="svd").fit(Z[train], y[train])
            squares[test] = (model.predict(Z[test]) - y[test]) ** 2
        assert ours.scores_[C] == pytest.approx(-squares.mean(), rel=1e-6)
    assert max(ours.scores_, key=ours.scores_.get) == ours.C_


@pytest.mark.parametrize("n_groups", [2, 3, 40])
def test_groups_of_more_rows_than_columns_are_left_out_alike(n_groups):
    X, y = data(120, 6)
    groups = np.arange(120) % n_groups
    ours = TunedLinearRegressor(Cs=CS).fit(X, y, groups=groups)
    Z = standardised(X)
    for C in CS:
        found = cross_val_predict(
            Ridge(alpha=1 / C, solver="svd"), Z, y, groups=groups, cv=LeaveOneGroupOut()
        )
        assert ours.scores_[C] == pytest.approx(-np.mean((found - y) ** 2), rel=1e-6)


@pytest.mark.parametrize("loss", ["squared", "epsilon_insensitive"])
def test_a_weight_is_a_number_of_rows(loss):
    X, y = data()
    weight = np.random.default_rng(0).integers(0, 4, len(y))
    rows = np.repeat(np.arange(len(y)), weight)
    model = TunedLinearRegressor(loss, Cs=[2.0])
    weighed = clone(model).fit(X, y, sample_weight=weight)
    repeated = clone(model).fit(X[rows], y[rows])
    np.testing.assert_allclose(weighed.predict(X), repeated.predict(X), rtol=2e-3)
    if loss == "squared":  # copies of a row are left out with it
        told = TunedLinearRegressor(Cs=CS).fit(X, y, weight, np.arange(len(y)))
        copies = TunedLinearRegressor(Cs=CS).fit(X[rows], y[rows], groups=rows)
        assert told.scores_ == pytest.approx(copies.scores_)
        np.testing.assert_allclose(told.coef_, copies.coef_, atol=1e-10)


def test_epsilon_insensitive_is_scikit_learns_svr():
    X, y = data(60, 30)
    Z, sigma = standardised(X), y.std()
    ours = TunedLinearRegressor("epsilon_insensitive", Cs=[4.0], epsilon=0.2).fit(X, y)
    theirs = SVR(kernel="linear", C=4.0, epsilon=0.2).fit(Z, (y - y.mean()) / sigma)
    expected = theirs.predict(Z) * sigma + y.mean()
    np.testing.assert_allclose(ours.predict(X), expected, atol=0.02 * sigma)


def test_the_penalty_of_svr_is_chosen_on_whole_groups():
    X, y = data(90, 60)
    groups = np.arange(90) // 15
    folds = GridSearchCV(
        TunedLinearRegressor("epsilon_insensitive"), {"cv": [2]}, cv=LeaveOneGroupOut()
    )
    assert folds.fit(X, y, groups=groups).n_splits_ == 6
    model = TunedLinearRegressor("epsilon_insensitive", cv=6).fit(X, y, groups=groups)
    tried = list(model.scores_.values())
    assert len(tried) == 7 or tried[-1] < max(tried)
    assert max(model.scores_, key=model.scores_.get) == model.C_


@pytest.mark.parametrize("kind", [TunedLinearRegressor, BoostedTreesRegressor])
@pytest.mark.parametrize("shift", [0.0, 1e6, -1e-4])
def test_units_of_the_target_do_not_matter(kind, shift):
    X, y = data(80, 10)
    plain = kind().fit(X, y).predict(X)
    scaled = kind().fit(X, 1e-3 * y + shift).predict(X)
    np.testing.assert_allclose((scaled - shift) * 1e3, plain, rtol=1e-3)


def test_numbers_that_are_all_alike_are_predicted():
    X = data()[0]
    for model in (TunedLinearRegressor(), TunedLinearRegressor("epsilon_insensitive")):
        np.testing.assert_allclose(model.fit(X, np.full(60, 0.1)).predict(X), 0.1, atol=1e-9)
    np.testing.assert_allclose(
        BoostedTreesRegressor(n_jobs=1).fit(X, np.full(60, 0.1)).predict(X), 0.1, atol=1e-6
    )


def test_a_view_of_noise_is_weighed_down():
    rng = np.random.default_rng(0)
    names = [f"told__{i}" for i in range(5)] + [f"noise__{i}" for i in range(60)]
    X = pd.DataFrame(rng.normal(size=(120, 65)), columns=names)
    y = X["told__0"] + X["told__1"] + 0.3 * rng.normal(size=120)
    model = TunedLinearRegressor(view_weights="auto").fit(X, y)
    assert model.view_weights_["told"] == 1.0
    assert model.view_weights_["noise"] < 0.3


def test_text_is_no_number():
    with pytest.raises(ValueError, match="y of TunedLinearRegressor must hold numbers"):
        TunedLinearRegressor().fit(np.eye(4), ["good", "bad", "good", "bad"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"task": "regresion"}, "Did you mean 'regression'"),
        ({"classifier": "ridge"}, "'ridge' goes with task='regression'"),
        ({"classifier": LinearRegression()}, "It is a regressor: use task='regression'"),
        (
            {"task": "regression", "classifier": LogisticRegression()},
            "It is a classifier: use task='classification'",
        ),
        ({"task": "regression", "class_weight": "balanced"}, "there are no classes"),
    ],
)
def test_what_does_not_go_with_a_task_is_refused(given, said):
    with pytest.raises(ValueError, match=said):
        make_fusion(features="passthrough", **given)


def test_a_classifier_of_numbers_names_the_task():
    X, y = data()
    X = pd.DataFrame(X, columns=[f"text__{i}" for i in range(X.shape[1])])
    with pytest.raises(ValueError, match="task='regression'"):
        make_fusion(features="passthrough").fit(X, y)
    assert make_fusion(features="passthrough", task="regression").fit(X, y).score(X, y) > 0.8
