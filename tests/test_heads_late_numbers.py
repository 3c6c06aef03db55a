"""Decision-level fusion and networks of numbers: what they say, and to rows that lack views."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import nnls
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold, cross_val_predict

from hybridsent.heads import (
    ConvolutionalFusionRegressor,
    GatedFusionRegressor,
    LateFusionRegressor,
    RecurrentFusionRegressor,
    StackedFusionRegressor,
    TensorFusionRegressor,
    TunedLinearRegressor,
)
from hybridsent.heads._late_numbers import stacked_weights

RULES = ("product", "mean", "weighted", "stacked")
QUICK = {"n_members": 1, "lr": 0.01, "max_epochs": 60}
NETWORKS = [
    TensorFusionRegressor(**QUICK),
    GatedFusionRegressor(**QUICK),
    ConvolutionalFusionRegressor(**QUICK),
    RecurrentFusionRegressor(**QUICK),
]
FUSIONS = [
    *(LateFusionRegressor(combine=rule) for rule in RULES),
    StackedFusionRegressor(),
    *NETWORKS,
]


def table(n=200, seed=0, missing=0.2):
    rng = np.random.default_rng(seed)
    names = [f"{view}__{i}" for view in ("text", "audio", "noise") for i in range(4)]
    X = pd.DataFrame(rng.normal(size=(n, 12)), columns=names)
    y = 2 * X["text__0"] + X["audio__1"] + 0.5 * rng.normal(size=n) + 7
    for view in ("text", "audio", "noise"):
        X.loc[rng.random(n) < missing, [name for name in names if name.startswith(view)]] = np.nan
    return X, y.to_numpy()


def name_of(model):
    rule = f"-{model.combine}" if isinstance(model, LateFusionRegressor) else ""
    return type(model).__name__ + rule


@pytest.mark.parametrize("model", FUSIONS, ids=name_of)
def test_each_learns_from_rows_that_lack_views_and_says_the_mean_without_any(model):
    X, y = table(400)
    fitted = clone(model).fit(X[:300], y[:300])
    found = fitted.predict(X[300:])
    assert found.dtype == np.float64
    assert r2_score(y[300:], found) > 0.3
    nothing = pd.DataFrame(np.nan, index=range(2), columns=X.columns)
    np.testing.assert_allclose(fitted.predict(nothing), y[:300].mean())


@pytest.mark.parametrize("model", FUSIONS, ids=name_of)
def test_what_stands_in_other_views_changes_nothing_for_a_view_that_is_missing(model):
    X, y = table(150)
    fitted = clone(model).fit(X, y)
    lacking = X[:40].copy()
    lacking[[name for name in X if name.startswith("audio")]] = np.nan
    half = lacking.copy()
    half["audio__2"] = 1e3  # a view of which a column is missing is missing
    np.testing.assert_array_equal(fitted.predict(half), fitted.predict(lacking))


@pytest.mark.parametrize("model", FUSIONS, ids=name_of)
def test_domain_and_group_are_not_looked_at(model):
    X, y = table(120)
    noted = X.assign(domain__0=np.arange(120) % 2, group__0=np.arange(120) // 6)
    fitted = clone(model).fit(noted, y)
    moved = noted.assign(domain__0=0, group__0=99)
    np.testing.assert_array_equal(fitted.predict(noted), fitted.predict(moved))


@pytest.mark.parametrize("model", FUSIONS, ids=name_of)
def test_units_of_the_target_do_not_matter(model):
    X, y = table(120)
    plain = clone(model).fit(X, y).predict(X)
    scaled = clone(model).fit(X, 1e-3 * y - 5).predict(X)
    np.testing.assert_allclose((scaled + 5) * 1e3, plain, rtol=2e-3)


def test_the_product_is_that_of_normal_densities():
    X, y = table(missing=0)
    model = LateFusionRegressor(combine="product").fit(X, y)
    given = np.column_stack(
        [
            expert.predict(X.to_numpy()[:, model.views_[view]])
            for view, expert in model.estimators_.items()
        ]
    )
    at = np.linspace(-20, 40, 20001)

    def log_density(mean, variance):
        return -((at - mean) ** 2) / (2 * variance)

    for row in range(5):
        prior = log_density(y.mean(), y.var())
        logs = prior + sum(
            log_density(f, error) - prior
            for f, error in zip(given[row], model.errors_, strict=True)
        )
        density = np.exp(logs - logs.max())
        expected = (at * density).sum() / density.sum()
        assert model.predict(X[row : row + 1])[0] == pytest.approx(expected, abs=1e-6)


def test_a_view_that_says_nothing_has_no_say_in_the_product():
    X, y = table(missing=0)
    with_noise = LateFusionRegressor(DummyRegressor()).fit(X, y)
    np.testing.assert_allclose(with_noise.errors_, y.var())
    np.testing.assert_allclose(with_noise.predict(X), y.mean())


def test_errors_and_weights_are_of_rows_that_no_expert_saw():
    X, y = table(missing=0)
    model = LateFusionRegressor(Ridge(), combine="weighted", random_state=3).fit(X, y)
    folds = KFold(5, shuffle=True, random_state=3)
    errors = [
        np.mean((cross_val_predict(Ridge(), X.iloc[:, columns], y, cv=folds) - y) ** 2)
        for columns in model.views_.values()
    ]
    np.testing.assert_allclose(model.errors_, np.minimum(errors, y.var()))
    np.testing.assert_allclose(model.weights_, 1 / model.errors_ / (1 / model.errors_).sum())


def test_stacked_weights_are_least_squares_on_the_simplex():
    rng = np.random.default_rng(0)
    y = rng.normal(size=300)
    given = y[:, None] + rng.normal(size=(300, 4)) * [0.3, 0.5, 2.0, 0.4]
    given[:, 3] = 0.9 * given[:, 0] + 0.1 * given[:, 3]
    found = stacked_weights(given, y, np.full(4, 0.25))
    heavy = 1e6  # least squares without negative weights; the last row asks for a sum of one
    expected = nnls(np.vstack([given, np.full(4, heavy)]), np.append(y, heavy))[0]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_stacked_weights_know_rows_that_lack_views():
    X, y = table(300, missing=0.3)
    weights = LateFusionRegressor(combine="stacked").fit(X, y).weights_
    assert weights.sum() == pytest.approx(1)
    assert weights[0] == weights.max()
    assert weights[2] < 0.2


def test_a_combination_has_its_own_model_and_others_the_mean_of_the_views():
    X, y = table(60, missing=0)
    model = StackedFusionRegressor(joint=False).fit(X, y)
    assert list(model.finals_)[-1] == "text__audio__noise"
    few = X.copy()
    few.loc[5:, [name for name in X if name.startswith("audio")]] = np.nan
    few.loc[:5, [name for name in X if name.startswith("text")]] = np.nan
    alone = StackedFusionRegressor(joint=False).fit(few, y)
    assert "text__audio" not in alone.finals_  # no row has both
    both = X[["text__0", "text__1", "text__2", "text__3"]].join(X.filter(like="audio"))
    both = both.reindex(columns=X.columns)
    singles = [
        alone.predict(both.filter(like=view).reindex(columns=X.columns))
        for view in ("text", "audio")
    ]
    np.testing.assert_allclose(alone.predict(both), np.mean(singles, axis=0))


@pytest.mark.parametrize("kind", [LateFusionRegressor, StackedFusionRegressor])
def test_groups_reach_the_inner_folds_and_the_experts(kind):
    class Seen(TunedLinearRegressor):
        met: list = []  # noqa: RUF012 - shared by clones on purpose

        def fit(self, X, y, sample_weight=None, groups=None):
            self.met.append(None if groups is None else set(np.asarray(groups).tolist()))
            return super().fit(X, y, sample_weight, groups)

    X, y = table(120, missing=0)
    groups = np.arange(120) // 12
    kind(Seen()).fit(X, y, groups=groups)
    assert None not in Seen.met
    assert {len(each) for each in Seen.met} == {10, 8}


def test_a_view_of_one_row_has_no_expert():
    X, y = table(60, missing=0)
    X.loc[1:, [name for name in X if name.startswith("audio")]] = np.nan
    assert list(LateFusionRegressor().fit(X, y).estimators_) == ["text", "noise"]
    with pytest.raises(ValueError, match="needs a view that more than 1 sample has"):
        StackedFusionRegressor().fit(X * np.nan, y)


@pytest.mark.parametrize("model", NETWORKS, ids=name_of)
def test_networks_are_the_same_in_each_fit_and_stop_by_groups(model):
    X, y = table(160)
    one, two = (clone(model).fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(one.predict(X), two.predict(X))
    told = clone(model).fit(X, y, groups=np.arange(160) // 8)
    assert len(told.history_[0]["valid_loss"]) == len(told.history_[0]["train_loss"])


@pytest.mark.parametrize("model", NETWORKS, ids=name_of)
def test_networks_of_numbers_have_no_class_weight(model):
    assert "class_weight" not in model.get_params()
