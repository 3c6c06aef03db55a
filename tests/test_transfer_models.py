"""Models that shrink toward a source or go on from it: both ends, oracles, classes, domains."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.base import clone
from sklearn.cross_decomposition import PLSRegression
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    Perceptron,
    PoissonRegressor,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.model_selection import GridSearchCV, LeaveOneOut, cross_val_predict
from sklearn.svm import SVC, LinearSVC
from xgboost import DMatrix, XGBClassifier, XGBRegressor

from hybridsent import load, save
from hybridsent._folds import inner_folds
from hybridsent.exceptions import TransferWarning
from hybridsent.heads import BoostedTreesClassifier, TunedLinearClassifier
from hybridsent.transfer import (
    ContinuedBoostingClassifier,
    ContinuedBoostingRegressor,
    PriorClassifier,
    PriorRegressor,
)
from hybridsent.transfer._prior import in_their_span
from hybridsent.transfer.prior import left_out_errors

TREES = {"n_estimators": 10, "n_target_estimators": 30, "n_jobs": 1}


def overlapping(n, p, k, seed=0):
    """Classes that overlap, so that a fit without penalty is finite."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    logits = X @ np.random.default_rng(99).standard_normal((p, k))
    return X, np.argmax(logits + 2 * rng.gumbel(size=(n, k)), axis=1)


def zero(model, X, y):
    """A fitted source whose weights are zero."""
    model = clone(model).fit(X, y)
    model.coef_ = np.zeros_like(model.coef_)
    model.intercept_ = np.zeros_like(model.intercept_)
    return model


def table(X, domain=None):
    frame = pd.DataFrame(X, columns=[f"text__{i}" for i in range(X.shape[1])])
    return frame if domain is None else frame.assign(domain__0=domain)


def two_domains(n_source=150, n_target=20, k=2, seed=0):
    """The target's classes lie along a direction a little different from the source's."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_source + n_target, 5))
    domain = (np.arange(len(X)) >= n_source).astype(int)
    ways = np.random.default_rng(5).standard_normal((2, 5, k))
    ways[1] = ways[0] + 0.5 * ways[1]
    y = np.argmax(np.einsum("ij,ijk->ik", X, ways[domain]), axis=1)
    return table(X, domain), np.array(["bad", "good", "fair"])[y]


# -- the prior classifier --------------------------------------------------------------------------


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize(("n", "p"), [(80, 4), (20, 50)])
def test_with_zero_source_weights_it_is_logistic_regression(n, p, k):
    X, y = overlapping(n, p, k)
    X += 3
    free = LogisticRegression(C=1 / 0.7, tol=1e-10, max_iter=10_000).fit(X, y)
    found = PriorClassifier(zero(free, X, y), alpha=0.7).fit(X, y)
    np.testing.assert_allclose(found.coef_, free.coef_, atol=2e-5)
    np.testing.assert_allclose(found.predict_proba(X), free.predict_proba(X), atol=1e-5)


def test_the_objective_has_no_gradient_at_the_solution():
    """With a source and a shrunk intercept there is no oracle, but the equations hold."""
    X, y = overlapping(60, 4, 3)
    source = LogisticRegression().fit(*overlapping(60, 4, 3, seed=1))
    m = PriorClassifier(source, alpha=2.0, shrink_intercept=True).fit(X, y)
    slope = softmax(X @ m.coef_.T + m.intercept_, axis=1) - np.eye(3)[y]
    np.testing.assert_allclose(slope.T @ X + 2 * (m.coef_ - source.coef_), 0, atol=1e-4)
    np.testing.assert_allclose(
        slope.sum(axis=0) + 2 * (m.intercept_ - source.intercept_), 0, atol=1e-4
    )


@pytest.mark.parametrize("k", [2, 3])
def test_a_strong_penalty_gives_the_source_and_a_weak_one_the_target_alone(k):
    X, y = overlapping(200, 4, k)
    source = LogisticRegression().fit(*overlapping(200, 4, k, seed=1))
    source.coef_ = source.coef_[:, ::-1].copy()
    strong = PriorClassifier(source, alpha=1e9).fit(X, y)
    np.testing.assert_allclose(strong.coef_, source.coef_, atol=1e-6)
    strong = PriorClassifier(source, alpha=1e9, shrink_intercept=True).fit(X, y)
    np.testing.assert_allclose(strong.predict_proba(X), source.predict_proba(X), atol=1e-6)
    free = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(X, y)
    weak = PriorClassifier(source, alpha=1e-6).fit(X, y)
    np.testing.assert_allclose(weak.predict_proba(X), free.predict_proba(X), atol=1e-3)
    distances = [
        np.linalg.norm(PriorClassifier(source, alpha=a).fit(X, y).coef_ - source.coef_)
        for a in (1e3, 1e1, 1e-1)
    ]
    assert distances == sorted(distances)


def test_few_target_labels_beat_both_the_source_and_the_target_alone():
    rng = np.random.default_rng(0)
    scores = []
    for seed in range(5):
        X, y = two_domains(400, 420, seed=seed)
        few = np.r_[np.arange(400), 400 + rng.choice(420, 20, replace=False)]
        rest = np.setdiff1d(np.arange(820), few)
        alone = few[400:]
        models = [
            PriorClassifier().fit(X.iloc[few], y[few]),
            LogisticRegression().fit(X.iloc[few[:400], :5], y[few[:400]]),
            LogisticRegression().fit(X.iloc[alone, :5], y[alone]),
        ]
        test = X.iloc[rest]
        scores.append(
            [m.score(test if m.n_features_in_ == 6 else test.iloc[:, :5], y[rest]) for m in models]
        )
    both, source, target = np.mean(scores, axis=0)
    assert both > source + 0.01
    assert both > target + 0.01


def test_rows_of_both_domains_are_the_same_as_a_source_that_was_fitted_before():
    X, y = two_domains(k=3)
    rows = np.arange(len(X)) < 150
    source = LogisticRegression().fit(X.loc[rows].iloc[:, :5], y[rows])
    together = PriorClassifier(LogisticRegression(), alpha=1.0).fit(X, y)
    before = PriorClassifier(source, alpha=1.0).fit(X.loc[~rows].iloc[:, :5], y[~rows])
    np.testing.assert_allclose(together.coef_, before.coef_, atol=1e-6)
    np.testing.assert_array_equal(together.classes_, before.classes_)
    assert together.n_target_ == before.n_target_ == 20
    told = PriorClassifier(source, alpha=1.0).fit(X, y)  # its rows of the source are not used
    np.testing.assert_allclose(told.coef_, before.coef_, atol=1e-10)


@pytest.mark.parametrize("missing", ["target", "source"])
def test_classes_that_one_domain_lacks(missing):
    X, y = two_domains(150, 60, k=3)
    domain = X["domain__0"].to_numpy()
    lacks = (domain == 1) == (missing == "target")
    kept = ~(lacks & (y == "fair"))
    for shrink in (True, False):
        model = PriorClassifier(alpha=1.0, shrink_intercept=shrink).fit(X[kept], y[kept])
        assert model.classes_.tolist() == ["bad", "fair", "good"]
        assert np.isfinite(model.coef_).all()
        assert np.abs(model.intercept_).max() < 20
        known = model.source_coef_[1].any()
        assert known == (missing == "target")
        if missing == "source":
            assert model.score(X[domain == 1], y[domain == 1]) > 0.7


def test_two_source_classes_become_two_logits_with_the_same_probabilities():
    X, y = two_domains(k=2)
    source = LogisticRegression().fit(X.iloc[:150, :5], y[:150])
    target = X.iloc[150:, :5]
    model = PriorClassifier(source, alpha=1e9, shrink_intercept=True).fit(
        target, np.r_[y[150:-1], ["new"]]
    )
    odds = model.predict_proba(target)[:, :2]
    odds /= odds.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(odds, source.predict_proba(target), atol=1e-6)


def test_a_target_of_one_class_and_of_one_row():
    X, y = two_domains()
    for rows in (150 + np.flatnonzero(y[150:] == "good"), [150]):
        chosen = np.r_[np.arange(150), rows]
        model = PriorClassifier().fit(X.iloc[chosen], y[chosen])
        assert model.alpha_ in model.alphas_
        assert np.isfinite(model.predict_proba(X)).all()
    assert model.alpha_ == model.alphas_[0]
    assert np.isnan(model.losses_).all()


def test_the_penalty_is_chosen_by_the_held_out_loss():
    X, y = two_domains(150, 60, k=3)
    model = PriorClassifier(alpha=[10.0, 0.1, 1000.0]).fit(X, y)
    assert model.alphas_.tolist() == [1000.0, 10.0, 0.1]
    assert model.alpha_ == model.alphas_[np.nanargmin(model.losses_)]
    same = PriorClassifier(alpha=model.alpha_).fit(X, y)
    np.testing.assert_allclose(same.coef_, model.coef_, atol=1e-12)


def test_a_source_that_fits_the_target_is_kept_and_one_that_is_noise_is_left():
    X, y = overlapping(300, 4, 2)
    good = LogisticRegression(C=np.inf).fit(*overlapping(5000, 4, 2, seed=1))
    noise = clone(good).fit(X, y)
    noise.coef_ = -20 * good.coef_
    kept, left = (PriorClassifier(source).fit(X[:60], y[:60]) for source in (good, noise))
    assert kept.alpha_ > left.alpha_
    assert left.score(X[60:], y[60:]) > 0.6


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scaling_the_features_and_the_source_changes_no_prediction(dtype):
    X, y = two_domains(k=3)
    scaled = X.copy()
    scaled.iloc[:, :5] *= 64
    a, b = (PriorClassifier().fit(rows.astype(dtype), y) for rows in (X, scaled))
    np.testing.assert_allclose(a.decision_function(X), b.decision_function(scaled), atol=2e-2)
    np.testing.assert_allclose(b.alphas_, a.alphas_ * 64**2, rtol=1e-4)


def test_tuned_linear_classifier_is_a_source():
    X, y = two_domains(k=3)
    tuned = TunedLinearClassifier().fit(X.iloc[:150, :5], y[:150])
    for source in (tuned, FrozenEstimator(tuned)):
        model = PriorClassifier(source, alpha=1e9, shrink_intercept=True).fit(X, y)
        np.testing.assert_array_equal(model.predict(X), tuned.predict(X.iloc[:, :5]))


@pytest.mark.parametrize("frozen", [False, True])
def test_weights_of_pairs_are_not_read_as_those_of_classes(frozen):
    X, y = two_domains(k=3)  # of three classes there are three pairs, too
    source = TunedLinearClassifier("hinge")
    if frozen:
        source = FrozenEstimator(source.fit(X.iloc[:150, :5], y[:150]))
    with pytest.raises(ValueError, match=r"one row of weights for each class, which predicts as"):
        PriorClassifier(source).fit(X, y)
    two, labels = two_domains(k=2)
    given = PriorClassifier(TunedLinearClassifier("hinge"), alpha=1e9, shrink_intercept=True)
    alone = TunedLinearClassifier("hinge").fit(two.iloc[:150, :5], labels[:150])
    expected = alone.predict(two.iloc[:, :5])
    np.testing.assert_array_equal(given.fit(two, labels).predict(two), expected)


@pytest.mark.parametrize(
    "source",
    [
        LogisticRegression(),
        RidgeClassifier(),
        LinearSVC(),
        LinearSVC(multi_class="crammer_singer"),
        Perceptron(),
        SGDClassifier(random_state=0),
        LinearDiscriminantAnalysis(),
        TunedLinearClassifier(),
    ],
    ids=str,
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_linear_classifiers_are_sources_whatever_the_scale(source, dtype, k):
    X, y = two_domains(k=k)
    for offset in (0, 1e3):
        moved = X.assign(**(X.iloc[:, :5] + offset)).astype(dtype)
        PriorClassifier(source, alpha=1.0).fit(moved, y)
        fitted = clone(source).fit(moved.iloc[:150, :5], y[:150])
        PriorClassifier(FrozenEstimator(fitted), alpha=1.0).fit(moved, y)


def test_a_frozen_source_survives_a_grid_search():
    X, y = two_domains()
    source = FrozenEstimator(LogisticRegression().fit(X.iloc[:150, :5], y[:150]))
    search = GridSearchCV(PriorClassifier(source), {"alpha": [1.0, 100.0]}, cv=2)
    search.fit(X.iloc[150:, :5], y[150:])
    np.testing.assert_array_equal(search.best_estimator_.source_coef_, source.coef_)


# -- the prior regressor ---------------------------------------------------------------------------


@given(st.integers(2, 30), st.integers(1, 40), st.floats(1e-3, 1e3), st.integers(0, 2**16))
@settings(max_examples=40, deadline=None)
def test_it_is_ridge_of_what_the_source_leaves(n, p, alpha, seed):
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((n, p)) + 2, rng.standard_normal(n)
    source = LinearRegression().fit(rng.standard_normal((50, p)), rng.standard_normal(50))
    found = PriorRegressor(source, alpha=alpha).fit(X, y)
    rest = Ridge(alpha).fit(X, y - source.predict(X))
    np.testing.assert_allclose(found.coef_, source.coef_ + rest.coef_, atol=1e-8)
    new = rng.standard_normal((5, p))
    np.testing.assert_allclose(
        found.predict(new), source.predict(new) + rest.predict(new), atol=1e-7
    )


def test_with_zero_source_weights_it_is_ridge():
    X = np.random.default_rng(0).standard_normal((30, 4)) + 3
    y = X[:, 0] + 5
    plain = Ridge(0.7).fit(X, y)
    found = PriorRegressor(zero(plain, X, y), alpha=0.7).fit(X, y)
    np.testing.assert_allclose(found.coef_, plain.coef_, atol=1e-10)
    assert found.intercept_ == pytest.approx(plain.intercept_)


def test_both_ends_of_the_regressor():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((40, 3)), rng.standard_normal(40)
    source = Ridge().fit(rng.standard_normal((40, 3)), rng.standard_normal(40))
    strong = PriorRegressor(source, alpha=1e12).fit(X, y)
    np.testing.assert_allclose(strong.coef_, source.coef_, atol=1e-9)
    weak = PriorRegressor(source, alpha=1e-12).fit(X, y)
    np.testing.assert_allclose(weak.coef_, LinearRegression().fit(X, y).coef_, atol=1e-9)


@pytest.mark.parametrize(("n", "p"), [(25, 4), (12, 30)])
def test_left_out_errors_are_those_of_leaving_each_row_out(n, p):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((n, p)) + 1, rng.standard_normal(n)
    expected = [
        np.mean((y - cross_val_predict(Ridge(a), X, y, cv=LeaveOneOut())) ** 2) for a in (0.1, 10.0)
    ]
    np.testing.assert_allclose(left_out_errors(X, y, np.array([0.1, 10.0])), expected, rtol=1e-8)


@pytest.mark.parametrize("source", [PoissonRegressor(), PLSRegression(2)], ids=str)
def test_a_regression_with_a_link_is_no_source(source):
    X, _ = two_domains()
    values = np.exp(X["text__0"].to_numpy())
    with pytest.raises(ValueError, match="'source' of PriorRegressor must be a linear model"):
        PriorRegressor(source).fit(X, values)


def test_nan_marks_unlabelled_values_and_minus_one_is_a_value():
    rng = np.random.default_rng(0)
    X = table(rng.standard_normal((40, 3)), np.arange(40) // 20)
    y = X["text__0"].to_numpy().copy()
    y[-10:] = np.nan
    model = PriorRegressor().fit(X, y)
    assert model.n_target_ == 10
    y[20:30] = -1.0
    assert PriorRegressor().fit(X, y).n_target_ == 10
    whole = np.where(np.arange(40) < 30, np.arange(40), -1)
    assert PriorRegressor().fit(X, whole).n_target_ == 20


# -- trees that go on ------------------------------------------------------------------------------


def test_the_first_trees_are_those_of_the_source():
    X, y = two_domains(150, 60, k=3)
    source = XGBClassifier(n_estimators=7, max_depth=2, n_jobs=1)
    codes = np.unique(y, return_inverse=True)[1]
    source.fit(X.iloc[:150, :5].to_numpy(), codes[:150])
    model = ContinuedBoostingClassifier(source, n_jobs=1, validation_fraction=0).fit(X, codes)
    rows = X.iloc[:, :5].to_numpy(dtype=np.float32)
    np.testing.assert_allclose(
        model.model_.predict(rows, output_margin=True, iteration_range=(0, 7)),
        source.predict(rows, output_margin=True),
        atol=1e-5,
    )
    assert (model.n_source_rounds_, model.n_target_rounds_) == (7, 100)
    assert model.model_.get_booster().num_boosted_rounds() == 107
    assert source.get_booster().num_boosted_rounds() == 7  # the source is as it was


@pytest.mark.parametrize("k", [2, 3])
def test_more_trees_beat_the_source_on_the_target(k):
    X, y = two_domains(300, 900, k=k)
    fitted = ContinuedBoostingClassifier(n_jobs=1, n_estimators=50).fit(X[:800], y[:800])
    source = ContinuedBoostingClassifier(n_jobs=1, n_estimators=50)
    with pytest.warns(TransferWarning, match="no labelled row of the target"):
        source.fit(X[:300], y[:300])
    assert fitted.n_target_rounds_ > 0
    assert fitted.score(X[800:], y[800:]) > source.score(X[800:], y[800:]) + 0.01


def test_the_source_alone_is_kept_where_the_target_is_noise():
    X, y = two_domains(300, 200)
    y[300:] = np.random.default_rng(0).permutation(y[300:])
    fitted = ContinuedBoostingClassifier(
        **{**TREES, "n_estimators": 1, "target_learning_rate": 1.0}
    ).fit(X, y)
    assert fitted.n_target_rounds_ == int(np.argmin(fitted.losses_)) <= 2
    assert len(fitted.losses_) <= fitted.n_target_rounds_ + fitted.patience + 1


@pytest.mark.parametrize("name", ["xgboost", "ours", "early", "frozen", "unfitted"])
def test_sources_of_trees(name):
    X, y = two_domains(150, 40)
    rows, codes = X.iloc[:150, :5], (y[:150] == "good").astype(int)
    source = XGBClassifier(n_estimators=6, n_jobs=1)
    if name == "early":
        source = XGBClassifier(n_estimators=60, n_jobs=1, early_stopping_rounds=2)
        source.fit(rows, codes, eval_set=[(rows[::2], 1 - codes[::2])], verbose=False)
        assert source.best_iteration == 0
    elif name == "ours":
        source = BoostedTreesClassifier(n_estimators=6, n_jobs=1).fit(rows, y[:150])
    elif name != "unfitted":
        source.fit(rows, codes)
    labels = y if name in ("ours", "unfitted") else (y == "good").astype(int)
    given = FrozenEstimator(source) if name == "frozen" else source
    model = clone(ContinuedBoostingClassifier(given, **TREES)) if name == "frozen" else None
    model = (model or ContinuedBoostingClassifier(given, **TREES)).fit(X, labels)
    assert model.n_source_rounds_ == (1 if name == "early" else 6)
    assert model.score(X, labels) > 0.6
    labels = np.where(X["domain__0"] == 1, -1, labels.astype(object))
    with pytest.warns(TransferWarning, match="predicts as its source model"):
        alone = ContinuedBoostingClassifier(given, **TREES).fit(X, labels)
    if name != "unfitted":
        np.testing.assert_allclose(
            alone.predict_proba(X), source.predict_proba(X.iloc[:, :5]), atol=1e-6
        )


@pytest.mark.parametrize("k", [2, 3])
def test_trees_that_predict_codes_are_continued(k):
    X, y = two_domains(150, 60, k)
    codes = np.unique(y, return_inverse=True)[1]
    soft, hard = (
        XGBClassifier(n_estimators=6, n_jobs=1, objective=objective, num_class=k)
        for objective in ("multi:softprob", "multi:softmax")
    )
    fitted = [
        ContinuedBoostingClassifier(
            FrozenEstimator(each.fit(X.iloc[:150, :5], codes[:150])), **TREES
        ).fit(X, codes)
        for each in (soft, hard)
    ]
    assert len(fitted[1].losses_) > 1
    assert fitted[0].losses_ == fitted[1].losses_
    probabilities = [each.predict_proba(X) for each in fitted]
    assert probabilities[1].shape == (len(X), k)
    np.testing.assert_array_equal(*probabilities)
    assert hard.get_booster().predict(DMatrix(X.iloc[:3, :5])).ndim == 1  # the source is as it was


@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_the_source_says_what_is_missing(kind, tmp_path):
    X, y = two_domains(150, 60)
    codes = (y == "good").astype(int)
    values = codes if kind == "classes" else codes + X["text__0"].to_numpy() / 4
    trees, continued = (
        (XGBClassifier, ContinuedBoostingClassifier)
        if kind == "classes"
        else (XGBRegressor, ContinuedBoostingRegressor)
    )
    holes = np.zeros(X.shape, dtype=bool)
    holes[:, :5] = np.random.default_rng(0).random((len(X), 5)) < 0.3
    marked, blank = X.mask(holes, -9.0), X.mask(holes)
    fitted = []
    for rows, missing in ((marked, -9), (blank, np.nan)):
        source = trees(n_estimators=6, n_jobs=1, missing=missing)
        source.fit(rows.iloc[:150, :5], values[:150])
        model = continued(FrozenEstimator(source), **TREES).fit(rows, values)
        alone = continued(clone(source), **TREES).fit(rows, values)
        np.testing.assert_array_equal(model.predict(rows), alone.predict(rows))
        save(model, tmp_path / "model.hybridsent")
        again = load(tmp_path / "model.hybridsent")
        np.testing.assert_array_equal(model.predict(rows), again.predict(rows))
        fitted.append((model.losses_, model.predict(rows)))
    assert fitted[0][0] == fitted[1][0]
    assert len(fitted[0][0]) > 1
    np.testing.assert_array_equal(fitted[0][1], fitted[1][1])


@pytest.mark.parametrize("kind", [ContinuedBoostingClassifier, ContinuedBoostingRegressor])
def test_trees_take_rows_with_missing_values(kind):
    X, y = two_domains(100, 40)
    y = y if kind is ContinuedBoostingClassifier else X["text__0"].to_numpy() + 0.5
    X.iloc[::3, :2] = np.nan
    model = kind(**TREES).fit(X, y)
    assert len(model.predict(X.iloc[:, :])) == 140
    assert kind(**TREES).fit(X, y).losses_ == model.losses_  # deterministic


def test_continued_regression_learns_what_differs():
    rng = np.random.default_rng(0)
    X = table(rng.uniform(-1, 1, (700, 2)), (np.arange(700) >= 300).astype(int))
    y = 3 * X["text__0"] + X["domain__0"] * (X["text__1"] > 0) * 2
    model = ContinuedBoostingRegressor(n_jobs=1).fit(X[:450], y[:450])
    source = XGBRegressor(n_estimators=200, max_depth=3, n_jobs=1, learning_rate=0.1)
    source.fit(X.iloc[:300, :2], y[:300])
    new = X[450:]
    assert model.score(new, y[450:]) > 0.9 > source.score(new.iloc[:, :2], y[450:]) + 0.05
    given = ContinuedBoostingRegressor(source, n_jobs=1).fit(X[:450], y[:450])
    assert given.score(new, y[450:]) > 0.9
    assert given.losses_[0] > min(given.losses_)


def test_trees_refuse_new_classes():
    X, y = two_domains(150, 30, k=3)
    y[:150][y[:150] == "fair"] = "bad"
    with pytest.raises(ValueError, match=r"Got \['fair'\], which the source does not have"):
        ContinuedBoostingClassifier(**TREES).fit(X, y)


# xgboost 3.4 deprecates the booster gblinear; models of it, which others have made, are refused
@pytest.mark.filterwarnings("ignore:.*is deprecated:UserWarning")
def test_trees_of_another_kind_are_refused():
    X, y = two_domains()
    codes = (y == "good").astype(int)
    linear = XGBClassifier(booster="gblinear", n_estimators=2, n_jobs=1, updater="coord_descent")
    for source, got in (
        (linear, "booster 'gblinear'"),
        (XGBClassifier(objective="binary:hinge", n_estimators=2, n_jobs=1), "'binary:hinge'"),
    ):
        source.fit(X.iloc[:, :5], codes)
        with pytest.raises(ValueError, match=got):
            ContinuedBoostingClassifier(source, n_jobs=1).fit(X, codes)
    with pytest.raises(ValueError, match="must be a model of xgboost or BoostedTrees"):
        ContinuedBoostingClassifier(LogisticRegression(), n_jobs=1).fit(X, codes)


# -- domains, labels, errors -----------------------------------------------------------------------

MODELS = [
    PriorClassifier(),
    PriorRegressor(),
    ContinuedBoostingClassifier(**TREES),
    ContinuedBoostingRegressor(**TREES),
]
every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)


def data_for(model):
    X, y = two_domains(100, 40)
    number = X.sum(axis=1).to_numpy() + 0.5
    return X, number if "Regressor" in type(model).__name__ else y


@every_model
def test_without_target_labels_it_warns_and_is_the_source(model):
    X, y = data_for(model)
    source = X["domain__0"] == 0
    hidden = np.nan if y.dtype.kind == "f" else -1
    with pytest.warns(TransferWarning, match="no labelled row of the target"):
        found = clone(model).fit(X, np.where(source, y.astype(object), hidden))
    with pytest.warns(TransferWarning):
        alone = clone(model).fit(X[source].iloc[:, :5], y[source])
    np.testing.assert_array_equal(found.predict(X), alone.predict(X.iloc[:, :5]))
    assert found.n_target_ == 0


@every_model
def test_without_a_source_it_warns_and_learns_from_the_target_alone(model):
    X, y = data_for(model)
    target = X["domain__0"] == 1
    with pytest.warns(TransferWarning, match="learned from the target alone"):
        found = clone(model).fit(X[target], y[target])
    assert found.score(X[target], y[target]) > 0.3
    assert found.n_target_ == 40


@every_model
def test_it_comes_back_from_pickle_and_from_a_saved_file(model, tmp_path):
    X, y = data_for(model)
    found = clone(model).fit(X, y)
    again = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(again.predict(X), found.predict(X))
    save(found, tmp_path / "model.hs")
    np.testing.assert_array_equal(load(tmp_path / "model.hs").predict(X), found.predict(X))


@every_model
def test_where_the_domain_column_stands_does_not_matter(model):
    X, y = data_for(model)
    moved = X[["domain__0", *X.columns[:5]]]
    a, b = clone(model).fit(X, y), clone(model).fit(moved, y)
    np.testing.assert_array_equal(a.predict(X), b.predict(moved))


@every_model
def test_no_label_at_all_is_refused(model):
    X, y = data_for(model)
    nothing = np.full(len(y), np.nan) if y.dtype.kind == "f" else np.full(len(y), -1)
    with pytest.raises(ValueError, match="needs at least 1 labelled row"):
        clone(model).fit(X, nothing)


@pytest.mark.parametrize("kind", [PriorClassifier, ContinuedBoostingClassifier])
def test_labels_of_text_and_of_numbers_are_not_mixed(kind):
    X, y = two_domains()
    trees = XGBClassifier(n_estimators=2, n_jobs=1)
    source = (LogisticRegression() if kind is PriorClassifier else trees).fit(
        X.iloc[:, :5], (y == "good").astype(int)
    )
    with pytest.raises(ValueError, match="must both be text or both be numbers"):
        kind(source).fit(X, y)


def test_pandas_text_and_numbers_in_object_columns_are_labels():
    X, y = two_domains()
    expected = PriorClassifier(alpha=1.0).fit(X, y).predict(X)
    arrow = PriorClassifier(alpha=1.0).fit(X, pd.Series(y))
    np.testing.assert_array_equal(arrow.predict(X), expected)
    codes = (y == "good").astype(object)
    numbers = PriorClassifier(alpha=1.0).fit(X, codes.astype(int).astype(object))
    assert numbers.classes_.dtype.kind == "i"
    np.testing.assert_array_equal(numbers.predict(X) == 1, expected == "good")


@pytest.mark.filterwarnings("ignore:.* reads the label -1 as no label")
@pytest.mark.parametrize("kind", [PriorClassifier, ContinuedBoostingClassifier])
def test_nan_marks_unlabelled_rows_among_labels_of_floats(kind):
    X, y = two_domains(150, 60)
    codes = (y == "good").astype(int)
    gaps = np.arange(len(y)) % 3 == 0
    options = TREES if kind is ContinuedBoostingClassifier else {"alpha": 1.0}
    expected = kind(**options).fit(X, np.where(gaps, -1, codes))
    for labels in (np.where(gaps, np.nan, codes), np.where(gaps, np.nan, codes).tolist()):
        found = kind(**options).fit(X, labels)
        assert found.classes_.tolist() == [0, 1]
        np.testing.assert_array_equal(found.predict_proba(X), expected.predict_proba(X))


def test_sources_that_do_not_fit_are_refused():
    X, y = two_domains(k=3)
    plain = X.iloc[:, :5]
    with pytest.raises(ValueError, match="must be linear, with coef_ and intercept_"):
        PriorClassifier(RandomForestClassifier(2).fit(plain, y)).fit(X, y)
    with pytest.raises(ValueError, match="one row of weights for each class"):
        PriorClassifier(SVC(kernel="linear").fit(plain, y)).fit(X, y)
    with pytest.raises(ValueError, match="must be a linear classifier of at least 2 classes"):
        PriorClassifier(Ridge().fit(plain, np.arange(len(y)))).fit(X, y)
    with pytest.raises(ValueError, match=r"which predicts as they say\. Got Ridge"):
        PriorClassifier(Ridge()).fit(X, np.where(y == "good", 1, 0))
    with pytest.raises(
        ValueError, match=r"without the domain\): 5\. Got a LogisticRegression of 4"
    ):
        PriorClassifier(LogisticRegression().fit(plain.iloc[:, :4], y)).fit(X, y)
    with pytest.raises(ValueError, match="Got 'text__4' instead of 'text__0' in column 0"):
        PriorClassifier(LogisticRegression().fit(plain.iloc[:, ::-1], y)).fit(X, y)
    one = np.where(X["domain__0"] == 0, "bad", y)
    with pytest.raises(ValueError, match=r"at least 2 classes in the source\. Got only 'bad'"):
        PriorClassifier().fit(X, one)


@pytest.mark.parametrize("alpha", [[], [1.0, -1.0], [np.inf, 1.0], ["a"]])
def test_penalties_that_are_not_positive_numbers_are_refused(alpha):
    X, y = two_domains()
    with pytest.raises(ValueError, match="must be 'auto', a positive number or a sequence"):
        PriorClassifier(alpha=alpha).fit(X, y)


# -- parts -----------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 4), min_size=2, max_size=60), st.integers(2, 6))
@settings(max_examples=80, deadline=None)
def test_classes_with_two_rows_are_in_every_training_part(codes, n_folds):
    codes = np.array(codes)
    values, counts = np.unique(codes, return_counts=True)
    parts = inner_folds(codes, n_folds, random_state=None)
    tested = np.concatenate([np.arange(0), *(test for _, test in parts)])
    assert sorted(tested) == np.flatnonzero(np.isin(codes, values[counts > 1])).tolist()
    for train, test in parts:
        assert set(train).isdisjoint(test)
        assert set(values[counts > 1]) <= set(codes[train])


@given(st.integers(1, 8), st.integers(1, 40), st.integers(0, 2**16))
@settings(max_examples=40, deadline=None)
def test_rows_in_their_span_have_the_same_products(n, p, seed):
    X = np.random.default_rng(seed).standard_normal((n, p))
    Z, basis = in_their_span(X)
    np.testing.assert_allclose(Z @ Z.T, X @ X.T, atol=1e-10)
    if basis is not None:
        u = np.arange(Z.shape[1])
        np.testing.assert_allclose(X @ (basis @ u), Z @ u, atol=1e-10)
