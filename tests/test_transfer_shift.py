"""MMD and proxy A-distance against formulas, and the scorers that choose without target labels."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist, pdist
from scipy.special import softmax
from scipy.stats import entropy
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC

from hybridsent import make_fusion
from hybridsent._numerics import kernels
from hybridsent.evaluation import (
    importance_weighted_score,
    maximum_mean_discrepancy,
    mmd_permutation_test,
    prediction_entropy_score,
    proxy_a_distance,
    soft_neighborhood_density_score,
)
from hybridsent.evaluation.transfer import _scorers
from hybridsent.few_label import LabeledOnly

# -- MMD -------------------------------------------------------------------------------------------


def direct_mmd(s, t, gamma, w=None):
    """The formula, pair by pair."""
    w = np.full(len(s), 1 / len(s)) if w is None else w / w.sum()
    u = np.full(len(t), 1 / len(t))

    def kernel(a, b):
        return np.exp(-gamma * cdist(a, b, "sqeuclidean"))

    def within(a, v):
        pairs = np.outer(v, v) * kernel(a, a)
        np.fill_diagonal(pairs, 0)
        return pairs.sum() / (1 - v @ v)

    return within(s, w) + within(t, u) - 2 * w @ kernel(s, t) @ u


@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(2, 12),
    m=st.integers(2, 12),
    p=st.integers(1, 4),
    weighted=st.booleans(),
    seed=st.integers(0, 99),
)
def test_mmd_is_the_formula(n, m, p, weighted, seed):
    rng = np.random.default_rng(seed)
    s, t = rng.normal(size=(n, p)), rng.normal(1, 2, size=(m, p))
    w = rng.uniform(0.1, 1, n) if weighted else None
    median = np.median(pdist(np.vstack([s, t])))
    for gamma, width in ((0.3, 0.3), (None, 1 / (2 * median**2))):
        ours = maximum_mean_discrepancy(s, t, gamma=gamma, source_weight=w)
        np.testing.assert_allclose(ours, direct_mmd(s, t, width, w), atol=1e-10)


def test_mmd_in_blocks_is_mmd_at_once(monkeypatch, rng):
    s, t = rng.normal(size=(57, 3)), rng.normal(size=(31, 3))
    at_once = maximum_mean_discrepancy(s, t), mmd_permutation_test(s, t)
    monkeypatch.setattr(kernels, "BLOCK", 100)
    np.testing.assert_allclose(maximum_mean_discrepancy(s, t), at_once[0], rtol=1e-9)
    np.testing.assert_allclose(mmd_permutation_test(s, t), at_once[1], rtol=1e-9)


def gaussian_mmd(mean, spread_s, spread_t, gamma, p):
    """In closed form: kernels of normal variables are integrals of normal densities."""

    def expected(variance, distance=0.0):
        scale = 1 + 2 * gamma * variance
        return scale ** (-p / 2) * np.exp(-gamma * distance / scale)

    squared = float(np.sum(mean**2))
    across = expected(spread_s**2 + spread_t**2, squared)
    return expected(2 * spread_s**2) + expected(2 * spread_t**2) - 2 * across


@pytest.mark.parametrize(("shift", "spread"), [(0.0, 1.0), (1.0, 1.0), (0.5, 2.0)])
def test_mmd_of_gaussians_is_the_closed_form(shift, spread):
    rng = np.random.default_rng(0)
    mean, gamma = np.array([shift, 0.0]), 0.25
    expected = gaussian_mmd(mean, 1.0, spread, gamma, 2)
    ours = [
        maximum_mean_discrepancy(
            rng.normal(size=(400, 2)), rng.normal(mean, spread, size=(400, 2)), gamma=gamma
        )
        for _ in range(20)
    ]
    error = np.std(ours) / np.sqrt(len(ours))
    assert abs(np.mean(ours) - expected) < 4 * error
    assert error < 0.006


def test_mmd_without_bias_is_below_zero_about_half_the_time(rng):
    ours = [
        maximum_mean_discrepancy(rng.normal(size=(30, 2)), rng.normal(size=(30, 2)))
        for _ in range(60)
    ]
    assert 0.3 < np.mean(np.array(ours) < 0) < 0.8


def test_mmd_does_not_change_where_both_move_far_away(rng):
    s, t = rng.normal(size=(40, 3)), rng.normal(0.5, 1, size=(40, 3))
    near = maximum_mean_discrepancy(s, t)
    np.testing.assert_allclose(maximum_mean_discrepancy(s + 1e6, t + 1e6), near, rtol=1e-6)


def test_weights_that_make_the_source_the_target_take_the_mmd_away(rng):
    s = rng.normal(size=(1000, 1))
    t = rng.normal(0.7, 1, size=(1000, 1))
    ratio = np.exp(-((s - 0.7) ** 2) / 2 + s**2 / 2).ravel()
    plain = maximum_mean_discrepancy(s, t)
    assert plain > 0.05
    assert abs(maximum_mean_discrepancy(s, t, source_weight=ratio)) < 0.1 * plain
    plain = proxy_a_distance(s, t)
    assert proxy_a_distance(s, t, source_weight=ratio) < 0.3 * plain


def test_a_zero_weight_is_a_row_that_is_not_there(rng):
    s, t = rng.normal(size=(30, 2)), rng.normal(1, 1, size=(20, 2))
    w = np.r_[np.ones(20), np.zeros(10)]
    for distance in (maximum_mean_discrepancy, proxy_a_distance):
        assert distance(s, t, source_weight=w) == pytest.approx(distance(s[:20], t))


def test_drawn_rows_are_the_same_for_the_same_seed(rng):
    s, t = rng.normal(size=(300, 2)), rng.normal(1, 1, size=(300, 2))
    for distance in (maximum_mean_discrepancy, proxy_a_distance):
        some = [distance(s, t, max_rows=50, random_state=1) for _ in range(2)]
        assert some[0] == some[1] != distance(s, t)


def test_rows_that_are_all_alike_are_no_distance_apart():
    assert maximum_mean_discrepancy(np.ones((5, 2)), np.ones((4, 2))) == pytest.approx(0)
    assert proxy_a_distance(np.ones((5, 2)), np.ones((5, 2))) <= 2


def test_p_values_are_uniform_without_a_shift_and_small_with_one():
    rng = np.random.default_rng(1)
    same = [
        mmd_permutation_test(
            rng.normal(size=(25, 2)), rng.normal(size=(35, 2)), n_permutations=99
        ).p_value
        for _ in range(100)
    ]
    assert np.mean(np.array(same) <= 0.1) <= 0.2
    assert 0.35 < np.mean(same) < 0.65
    far = mmd_permutation_test(rng.normal(size=(25, 2)), rng.normal(1, 1, size=(35, 2)))
    assert far.p_value == pytest.approx(1 / 201)


def test_the_statistic_of_the_test_is_the_mmd(rng):
    s, t = rng.normal(size=(25, 2)), rng.normal(size=(35, 2))
    assert mmd_permutation_test(s, t).statistic == pytest.approx(maximum_mean_discrepancy(s, t))


# -- proxy A-distance ------------------------------------------------------------------------------


def test_proxy_a_distance_is_0_for_one_distribution_and_2_for_two_that_are_apart(rng):
    same = [
        proxy_a_distance(rng.normal(size=(300, 5)), rng.normal(size=(200, 5))) for _ in range(10)
    ]
    assert max(same) < 0.35
    assert np.mean(same) < 0.15
    assert proxy_a_distance(rng.normal(size=(30, 5)), rng.normal(20, 1, size=(300, 5))) == 2


def test_proxy_a_distance_of_gaussians_is_that_of_the_best_line(rng):
    from scipy.stats import norm

    s, t = rng.normal(size=(4000, 2)), rng.normal([1, 0], 1, size=(4000, 2))
    assert proxy_a_distance(s, t) == pytest.approx(2 * (1 - 2 * norm.sf(0.5)), abs=0.06)


def test_proxy_a_distance_does_not_see_sizes(rng):
    few, many = rng.normal(size=(60, 2)), rng.normal(size=(3000, 2))
    assert proxy_a_distance(few, many) < 0.35  # all in the larger domain would be 50 times right
    shifted = rng.normal([1, 0], 1, size=(3000, 2))
    assert proxy_a_distance(few, shifted) == pytest.approx(
        proxy_a_distance(rng.normal(size=(3000, 2)), shifted), abs=0.3
    )


def test_proxy_a_distance_with_more_columns_than_rows(rng):
    same = proxy_a_distance(rng.normal(size=(40, 300)), rng.normal(size=(40, 300)))
    apart = proxy_a_distance(rng.normal(size=(40, 300)), rng.normal(0.5, 1, size=(40, 300)))
    assert same < 0.7 < 1.7 < apart


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda d, s, t: d(s, t[:, :1]), r"same columns. Got 2 and 1"),
        (lambda d, s, t: d(s[:1], t), r"minimum of 2 is required"),
        (lambda d, s, t: d(np.full_like(s, np.nan), t), "source contains NaN"),
        (lambda d, s, t: d(s, t, source_weight=[1.0]), r"Got shape \(1,\) for 5 rows"),
        (lambda d, s, t: d(s, t, source_weight=[1, 0, 0, 0, 0]), "two of them above 0"),
        (lambda d, s, t: d(s, t, max_rows=1), "max_rows parameter must be None or at least 2"),
    ],
)
def test_errors_of_distances_say_what_to_do(call, said, rng):
    s, t = rng.normal(size=(5, 2)), rng.normal(size=(6, 2))
    for distance in (maximum_mean_discrepancy, proxy_a_distance):
        with pytest.raises(ValueError, match=said):
            call(distance, s, t)


def test_errors_of_options_say_what_they_must_be(rng):
    s, t = rng.normal(size=(5, 2)), rng.normal(size=(6, 2))
    with pytest.raises(ValueError, match=r"gamma parameter must be None or above 0. Got -1"):
        maximum_mean_discrepancy(s, t, gamma=-1)
    with pytest.raises(ValueError, match=r"n_permutations parameter must be at least 1. Got 0"):
        mmd_permutation_test(s, t, n_permutations=0)
    with pytest.raises(ValueError, match=r"cv parameter must be at least 2. Got 1"):
        proxy_a_distance(s, t, cv=1)


# -- scores without labels of the target -----------------------------------------------------------


class Told(ClassifierMixin, BaseEstimator):
    """A classifier whose features are its probabilities."""

    def __init__(self):
        self.classes_ = np.array([0, 1, 2])

    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        return np.asarray(X, dtype=float)[:, :3]

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def __sklearn_is_fitted__(self):
        return True


def told(n=40, seed=0, column=True):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.dirichlet([0.5] * 3, n), columns=[f"x__{i}" for i in range(3)])
    if column:
        X["domain__0"] = (np.arange(n) % 2).astype(float)
    return X, np.where(np.arange(n) % 2, -1, rng.integers(0, 3, n))


def direct_density(p, temperature):
    p = p / np.linalg.norm(p, axis=1, keepdims=True)
    S = p @ p.T / temperature
    others = ~np.eye(len(p), dtype=bool)
    return np.mean([entropy(softmax(S[i, others[i]])) for i in range(len(p))])


@pytest.mark.parametrize("column", [True, False])
def test_entropy_and_density_are_those_of_the_target_rows(column):
    X, y = told(column=column)
    p = X.to_numpy()[1::2, :3]
    ours = prediction_entropy_score(Told(), X, y)
    assert ours == pytest.approx(-np.mean(entropy(p, axis=1)))
    for temperature in (0.05, 1.0):
        ours = soft_neighborhood_density_score(Told(), X, y, temperature=temperature)
        assert ours == pytest.approx(direct_density(p, temperature))


def test_without_column_and_unlabelled_rows_every_row_is_of_the_target():
    X, _ = told(column=False)
    p = X.to_numpy()
    for y in (None, np.zeros(len(X), dtype=int)):
        assert prediction_entropy_score(Told(), X, y) == pytest.approx(-entropy(p, axis=1).mean())
        assert soft_neighborhood_density_score(Told(), X, y) == pytest.approx(
            direct_density(p, 0.05)
        )


def test_density_in_blocks_is_density_at_once(monkeypatch):
    X, y = told(60)
    at_once = soft_neighborhood_density_score(Told(), X, y)
    monkeypatch.setattr(_scorers, "_CELLS", 70)
    assert soft_neighborhood_density_score(Told(), X, y) == pytest.approx(at_once)


def test_entropy_of_sure_answers_is_zero_and_density_is_finite():
    X = pd.DataFrame(np.eye(3)[[0, 0, 1, 2]], columns=["x__0", "x__1", "x__2"])
    assert prediction_entropy_score(Told(), X) == 0
    assert np.isfinite(soft_neighborhood_density_score(Told(), X))


@pytest.mark.parametrize("control", ["ratio", "none", "variate"])
def test_importance_weighted_score_with_weights_of_one_is_accuracy(control):
    X, y = told()
    ours = importance_weighted_score(Told(), X, y, weights=np.ones(len(X)), control=control)
    source = y != -1
    assert ours == pytest.approx(accuracy_score(y[source], Told().predict(X[source])))


def test_importance_weighted_score_is_weighted_accuracy(rng):
    X, y = told()
    w = rng.uniform(0, 3, len(X))
    source = y != -1
    expected = accuracy_score(y[source], Told().predict(X[source]), sample_weight=w[source])
    assert importance_weighted_score(Told(), X, y, weights=w) == pytest.approx(expected)


def test_importance_weights_that_are_estimated_predict_the_score_on_the_target():
    """p(y|x) is the same in both domains; the model is right on one side only."""
    rng = np.random.default_rng(0)
    n = 4000
    x = np.r_[rng.normal(-0.5, 1, n), rng.normal(0.5, 1, n)]
    target = np.arange(2 * n) >= n
    truth = rng.random(2 * n) < np.where(x > 0, 0.9, 0.4)  # a model that says yes is right then
    X = pd.DataFrame({"x__0": x, "domain__0": target.astype(float)})
    y = np.where(target, -1, truth.astype(int))

    class Yes(ClassifierMixin, BaseEstimator):
        classes_ = np.array([0, 1])

        def predict(self, X):
            return np.ones(len(X), dtype=int)

    honest = truth[target].mean()
    plain = truth[~target].mean()
    assert abs(plain - honest) > 0.15
    for control in ("ratio", "none", "variate"):
        ours = importance_weighted_score(Yes(), X, y, control=control)
        assert ours == pytest.approx(honest, abs=0.03)


def test_any_estimator_that_weighs_rows_gives_the_weights():
    X, y, _ = two_domains(40)
    model = LabeledOnly(LogisticRegression()).fit(X[["x__0", "x__1"]], y)

    class First(BaseEstimator):
        """Weighs by the first column."""

        def fit(self, X, y=None):
            assert list(X.columns) == ["x__0", "x__1", "domain__0"]
            self.sample_weight_ = np.exp(X["x__0"])
            return self

    plain = X[["x__0", "x__1"]]
    ours = importance_weighted_score(model, plain, y, weights=First())
    assert ours == importance_weighted_score(model, plain, y, weights=np.exp(X["x__0"]))


def test_the_control_variate_lowers_the_variance():
    rng = np.random.default_rng(0)
    found = {"none": [], "variate": []}
    for _ in range(200):
        x = rng.normal(size=100)
        X = pd.DataFrame({"x__0": x, "domain__0": 0.0})
        y = (rng.random(100) < 0.8).astype(int)
        w = np.exp(x - 0.5)  # of a normal with mean 1
        model = Told()
        model.predict = lambda X: np.ones(len(X), dtype=int)
        for control, values in found.items():
            values.append(importance_weighted_score(model, X, y, weights=w, control=control))
    assert np.std(found["variate"]) < 0.5 * np.std(found["none"])
    assert np.mean(found["variate"]) == pytest.approx(0.8, abs=0.02)


def test_a_regressor_is_scored_by_weighted_squared_error(rng):
    X = pd.DataFrame({"x__0": rng.normal(size=30), "domain__0": (np.arange(30) % 2).astype(float)})
    y = 2 * X["x__0"] + rng.normal(size=30)
    w = rng.uniform(1, 2, 30)
    model = LinearRegression().fit(X, y)
    source = np.arange(30) % 2 == 0
    errors = (model.predict(X) - y) ** 2
    expected = -np.average(errors[source], weights=w[source])
    assert importance_weighted_score(model, X, y, weights=w) == pytest.approx(expected)


def two_domains(n=120, names=False):
    """A target that is moved; columns as our pipelines have them."""
    rng = np.random.default_rng(3)
    truth = np.arange(2 * n) % 2
    X = rng.normal(size=(2 * n, 2)) + 3 * truth[:, None]
    target = np.arange(2 * n) >= n
    X[target] += [6.0, -6.0]
    X = pd.DataFrame(X, columns=["x__0", "x__1"]).assign(domain__0=target.astype(float))
    y = np.where(target, -1, truth)
    if names:
        y = np.array([{-1: -1, 0: "bad", 1: "good"}[each] for each in y], dtype=object)
    order = rng.permutation(2 * n)
    return X.iloc[order], y[order], truth[order]


@pytest.mark.parametrize("names", [False, True])
@pytest.mark.parametrize(
    "scoring",
    [
        prediction_entropy_score,
        soft_neighborhood_density_score,
        importance_weighted_score,
        partial(importance_weighted_score, control="variate"),
    ],
)
def test_scorers_work_in_a_grid_over_a_pipeline_that_adapts(scoring, names):
    coral = pytest.importorskip("hybridsent.transfer").CORAL
    X, y, _ = two_domains(names=names)
    model = make_pipeline(coral(), LabeledOnly(LogisticRegression()))
    grid = GridSearchCV(
        model,
        {"labeledonly__estimator__C": [1e-4, 1.0]},
        scoring=scoring,
        cv=KFold(3, shuffle=True, random_state=0),
        error_score="raise",
    )
    grid.fit(X, y)
    assert np.isfinite(grid.cv_results_["mean_test_score"]).all()
    if scoring is prediction_entropy_score:
        assert grid.best_params_ == {"labeledonly__estimator__C": 1.0}


def test_folds_of_scikit_learn_by_number_work_with_numbers_for_labels():
    coral = pytest.importorskip("hybridsent.transfer").CORAL
    X, y, truth = two_domains()
    model = make_pipeline(coral(), LabeledOnly(LogisticRegression()))
    grid = GridSearchCV(
        model, {"coral__shrinkage": [0.0, 1.0]}, scoring=prediction_entropy_score, cv=3
    ).fit(X, y)
    target = y == -1
    assert accuracy_score(truth[target], grid.predict(X[target])) > 0.9


def test_a_table_is_read_by_the_first_step_before_weights_are_estimated():
    X, y, _ = two_domains()
    table = X.assign(text=["word"] * len(X)).rename(columns={"domain__0": "domain"})
    first = FunctionTransformer(lambda t: t[["x__0", "x__1"]])
    model = Pipeline([("read", first), ("classify", LabeledOnly(LogisticRegression()))])
    model.fit(table, y)
    by_table = importance_weighted_score(model, table, y)
    plain = Pipeline([("read", first), ("classify", LabeledOnly(LogisticRegression()))]).fit(X, y)
    assert by_table == pytest.approx(importance_weighted_score(plain, X, y))


def shops(column="site"):
    """A table whose target is half labelled, and which of its rows are of the target."""
    X, y, truth = two_domains(60)
    target = X.pop("domain__0").to_numpy() == 1
    y = np.where(target & (np.arange(len(y)) % 2 == 0), truth, y)
    site = np.where(target, "films", np.where(np.arange(len(y)) % 3, "books", "dvd"))
    return X.assign(**{column: site}), y, target


SCORERS = [prediction_entropy_score, soft_neighborhood_density_score, importance_weighted_score]


@pytest.mark.parametrize("around", [lambda m: m, lambda m: GridSearchCV(m, {}, cv=2)])
@pytest.mark.parametrize("scoring", SCORERS)
@pytest.mark.parametrize(
    ("column", "target"), [("site", "films"), ("domain", "films"), ("site", 3), ("domain", None)]
)
def test_the_column_that_make_fusion_was_given_tells_the_target(column, target, scoring, around):
    table, y, is_target = shops(column)
    if target != "films":
        table[column] = np.where(is_target, target or 1, 0)
    model = make_fusion(
        features=["x"], adapt="coral", domain=column, target_domain=target, random_state=0
    )
    fitted = around(model).fit(table, y)
    told = table[["x__0", "x__1"]].assign(domain__0=is_target.astype(float))
    plain = Pipeline(getattr(fitted, "best_estimator_", fitted).steps[1:])
    assert scoring(fitted, table, y) == pytest.approx(scoring(plain, told, y))
    # another column of that name does not count
    if column == "site":
        assert scoring(fitted, table.assign(domain=0), y) == scoring(fitted, table, y)


def test_labels_of_target_rows_are_not_counted_as_those_of_the_source():
    table, y, is_target = shops()
    model = make_fusion(features=["x"], adapt="coral", domain="site", target_domain="films")
    model.fit(table, y)
    wrong = np.where(is_target & (y != -1), 1 - y, y)
    w = np.ones(len(y))
    expected = accuracy_score(y[~is_target], model.predict(table[~is_target]))
    assert importance_weighted_score(model, table, wrong, weights=w) == expected


@pytest.mark.parametrize("cell", ["example.com", None])
@pytest.mark.parametrize("scoring", SCORERS)
def test_a_column_domain_of_text_that_the_model_does_not_read_tells_nothing(scoring, cell):
    X, y, _ = two_domains(60)
    table = X.drop(columns="domain__0").assign(note="a")
    model = make_fusion(features=["x"], adapt="coral").fit(table, y)
    assert scoring(model, table.assign(domain=cell), y) == scoring(model, table, y)


@pytest.mark.parametrize("domain", [2, [0.0, np.nan] * 60])
def test_a_column_domain_of_other_numbers_is_refused(domain):
    X, y, _ = two_domains(60)
    table = X.drop(columns="domain__0")
    model = make_fusion(features=["x"], adapt="coral").fit(table, y)
    with pytest.raises(ValueError, match=r"column 'domain' must be 0 .* rename a column"):
        prediction_entropy_score(model, table.assign(domain=domain), y)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda X, y: prediction_entropy_score(Told(), X[::2], y[::2]), "all of the source"),
        (
            lambda X, y: prediction_entropy_score(LinearSVC().fit(X, np.arange(len(X)) % 2), X, y),
            "predict_proba.*CalibratedClassifierCV",
        ),
        (
            lambda X, y: soft_neighborhood_density_score(Told(), X[:2], y[:2]),
            "at least 2 rows of the target. Got 1",
        ),
        (
            lambda X, y: soft_neighborhood_density_score(Told(), X, y, temperature=0),
            "temperature parameter must be above 0. Got 0",
        ),
        (
            lambda X, y: importance_weighted_score(Told(), X, y, control="variat"),
            "Did you mean 'variate'",
        ),
        (
            lambda X, y: importance_weighted_score(Told(), X, np.full(len(X), -1)),
            "20 rows of the source, none of them with a label",
        ),
        (
            lambda X, y: importance_weighted_score(Told(), X, y, weights=[1.0]),
            r"Got shape \(1,\) for 40 rows",
        ),
        (
            lambda X, y: importance_weighted_score(Told(), X, y, weights=np.zeros(40)),
            "sum above 0. Got 0",
        ),
        (
            lambda X, y: importance_weighted_score(Told(), X.assign(domain__0=0.0), y.clip(0)),
            "Got 40 and 0; mark the target by a column 'domain__0'",
        ),
        (
            lambda X, y: prediction_entropy_score(Told(), X.assign(domain__0=2.0), y),
            r"must be 0 for rows of the source and 1 for rows of the target. Got \[2.0\]",
        ),
    ],
)
def test_errors_of_scores_say_what_to_do(call, said):
    with pytest.raises(ValueError, match=said):
        call(*told())


def test_the_way_out_of_a_classifier_without_probabilities_works():
    X, y, _ = two_domains()
    inner = CalibratedClassifierCV(LinearSVC())
    model = LabeledOnly(inner).fit(X[["x__0", "x__1"]], y)
    assert prediction_entropy_score(model, X[["x__0", "x__1"]], y) < 0


PEER = """
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KernelDensity
from skada.metrics import ImportanceWeightedScorer, PredictionEntropyScorer
from skada.metrics import SoftNeighborhoodDensity
rng = np.random.default_rng(0)
X = np.r_[rng.normal(size=(40, 2)), rng.normal(1, 1, size=(30, 2))]
y = np.r_[(X[:40].sum(1) > 0).astype(int), np.full(30, -1)]
d = np.r_[np.ones(40), np.full(30, -2)].astype(int)
model = LogisticRegression().set_score_request(sample_weight=True).fit(X[:40], y[:40])

class Plain:
    classes_ = model.classes_
    def __getattr__(self, name):
        return lambda X, sample_domain=None, **k: getattr(model, name)(X)
ours = []
for scorer in (PredictionEntropyScorer(), SoftNeighborhoodDensity()):
    ours.append(scorer._score(None, Plain(), X, y, sample_domain=d))
s, t = X[:40], X[40:]
w = np.exp(KernelDensity().fit(t).score_samples(s) - KernelDensity().fit(s).score_samples(s))
scorer = ImportanceWeightedScorer(scoring=lambda e, X, y, sample_domain, sample_weight, allow_source: model.score(X, y, sample_weight))
ours.append(scorer._score(None, model, X, y, sample_domain=d))
print(*ours, *w)
"""


def test_scores_are_those_of_skada():
    """In a process of its own: importing skada switches metadata routing on everywhere."""
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PEER], capture_output=True, text=True
    )
    if run.returncode and "No module named 'skada'" in run.stderr:
        pytest.skip("skada is not installed")
    assert run.returncode == 0, run.stderr
    theirs = np.array(run.stdout.split(), dtype=float)
    rng = np.random.default_rng(0)
    X = np.r_[rng.normal(size=(40, 2)), rng.normal(1, 1, size=(30, 2))]
    y = np.r_[(X[:40].sum(1) > 0).astype(int), np.full(30, -1)]
    model = LogisticRegression().fit(X[:40], y[:40])
    # skada means over rows and classes, two of them here
    assert prediction_entropy_score(model, X, y) / 2 == pytest.approx(theirs[0])
    assert soft_neighborhood_density_score(model, X, y) == pytest.approx(theirs[1])
    w = np.r_[theirs[3:], np.zeros(30)]
    assert importance_weighted_score(model, X, y, weights=w) == pytest.approx(theirs[2])
