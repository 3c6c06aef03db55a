"""Decision-level fusion: the rules against their formulas, and rows that lack views."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.metrics import log_loss
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC, LinearSVC

from hybridsent import load, save
from hybridsent._folds import inner_folds
from hybridsent.heads import (
    LateFusionClassifier,
    StackedFusionClassifier,
    TunedLinearClassifier,
)
from hybridsent.heads._experts import probabilities, product
from hybridsent.heads._late import mixture_weights

QUICK = LogisticRegression(max_iter=300)
BOTH = [LateFusionClassifier, StackedFusionClassifier]
EACH = [
    LateFusionClassifier(QUICK),
    LateFusionClassifier(QUICK, combine="mean"),
    LateFusionClassifier(QUICK, combine="weighted"),
    StackedFusionClassifier(QUICK),
    StackedFusionClassifier(QUICK, joint=False),
    StackedFusionClassifier(LinearSVC(random_state=0)),
]
each_fusion = pytest.mark.parametrize("fusion", EACH, ids=lambda fusion: str(fusion)[:60])


def make(rng, n=240, k=3, widths=(3, 4), noise=1.0):
    """Views that each tell something of the class, independent within it."""
    codes = np.arange(n) % k
    parts = {}
    for i, width in enumerate(widths):
        centres = np.random.default_rng(i).standard_normal((k, width))
        values = centres[codes] + noise * rng.standard_normal((n, width))
        parts |= {f"view{i}__{j}": values[:, j] for j in range(width)}
    return pd.DataFrame(parts), np.array(["good", "bad", "so-so", "odd"])[codes]


def drop(X, view, rows):
    X = X.copy()
    X.loc[rows, [column for column in X if column.startswith(f"{view}__")]] = np.nan
    return X


@pytest.fixture
def table(rng):
    X, y = make(rng)
    return drop(drop(X, "view0", range(20)), "view1", range(15, 40)), y


# -- the rules -------------------------------------------------------------------------------------


def test_an_expert_is_the_estimator_on_the_rows_and_columns_of_its_view(table):
    X, y = table
    fusion = LateFusionClassifier(QUICK).fit(X, y)
    assert list(fusion.estimators_) == ["view0", "view1"]
    there = X["view1__0"].notna().to_numpy()
    alone = LogisticRegression(max_iter=300).fit(X.iloc[there, 3:].to_numpy(), y[there])
    np.testing.assert_array_equal(fusion.estimators_["view1"].coef_, alone.coef_)
    np.testing.assert_array_equal(fusion.classes_, np.unique(y))
    np.testing.assert_allclose(fusion.prior_, 1 / 3)


@pytest.mark.parametrize("combine", ["product", "mean", "weighted"])
def test_rules_are_their_formulas(table, combine):
    X, y = table
    fusion = LateFusionClassifier(QUICK, combine=combine).fit(X, y)
    full = X.iloc[40:]
    a = fusion.estimators_["view0"].predict_proba(full.iloc[:, :3].to_numpy())
    b = fusion.estimators_["view1"].predict_proba(full.iloc[:, 3:].to_numpy())
    w = fusion.weights_
    expected = {
        "mean": (a + b) / 2,
        "weighted": w[0] * a + w[1] * b,
        "product": a * b / fusion.prior_ / (a * b / fusion.prior_).sum(axis=1, keepdims=True),
    }[combine]
    np.testing.assert_allclose(fusion.predict_proba(full), expected)
    np.testing.assert_array_equal(fusion.predict(full), fusion.classes_[expected.argmax(axis=1)])
    np.testing.assert_allclose(w.sum(), 1)


def test_product_is_bayes_rule_for_views_independent_within_a_class(rng):
    prior = np.array([0.2, 0.3, 0.5])
    likelihoods = rng.random((2, 50, 3))
    posterior = likelihoods * prior
    posterior /= posterior.sum(axis=2, keepdims=True)
    expected = likelihoods.prod(axis=0) * prior
    expected /= expected.sum(axis=1, keepdims=True)
    found = product(posterior, np.ones((50, 2), dtype=bool), prior)
    np.testing.assert_allclose(found, expected)


@each_fusion
def test_one_view_alone_is_its_expert_and_none_is_the_prior(table, fusion):
    X, y = table
    fusion = sklearn.clone(fusion).fit(X, y)
    nothing = drop(drop(X[:3], "view0", range(3)), "view1", range(3))
    np.testing.assert_array_equal(fusion.predict_proba(nothing), np.tile(fusion.prior_, (3, 1)))
    if isinstance(fusion, LateFusionClassifier):
        only = X[20:25]  # these lack view1
        assert only["view1__0"].isna().all()
        alone = fusion.estimators_["view0"].predict_proba(only.iloc[:, :3].to_numpy())
        np.testing.assert_allclose(fusion.predict_proba(only), alone)


@pytest.mark.parametrize("combine", ["product", "mean", "weighted"])
def test_a_matrix_without_names_is_one_view(rng, combine):
    X, y = make(rng)
    fusion = LateFusionClassifier(combine=combine).fit(X.to_numpy(), y)
    alone = TunedLinearClassifier().fit(X.to_numpy(), y)
    np.testing.assert_allclose(
        fusion.predict_proba(X.to_numpy()), alone.predict_proba(X.to_numpy())
    )
    assert list(fusion.estimators_) == [""]


@given(st.integers(2, 5), st.integers(2, 30), st.integers(0, 2**31))
@settings(max_examples=40, deadline=None)
def test_weights_are_the_optimum_where_no_row_lacks_a_view(n_experts, n, seed):
    truth = np.random.default_rng(seed).uniform(0.02, 1, (n, n_experts))
    weights = mixture_weights(truth, np.ones(truth.shape, dtype=bool))
    best = minimize(
        lambda w: -np.log(truth @ w).sum(),
        np.full(n_experts, 1 / n_experts),
        jac=lambda w: -(truth / (truth @ w)[:, None]).sum(axis=0),
        bounds=[(0, 1)] * n_experts,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        method="SLSQP",
    )
    assert weights.min() >= 0
    np.testing.assert_allclose(weights.sum(), 1)
    assert -np.log(truth @ weights).sum() <= best.fun + 1e-4 * n


@given(st.integers(2, 4), st.integers(1, 20), st.integers(0, 2**31))
@settings(max_examples=40, deadline=None)
def test_weights_never_do_worse_than_equal_ones(n_experts, n, seed):
    rng = np.random.default_rng(seed)
    truth, present = rng.uniform(0, 1, (n, n_experts)), rng.random((n, n_experts)) < 0.6
    weights = mixture_weights(truth, present)

    def loss(w):
        rows = present.sum(axis=1) > 1
        mean = (truth * present)[rows] @ w / (present[rows] @ w)
        return -np.log(np.maximum(mean, 1e-12)).sum()

    assert np.isfinite(weights).all()
    np.testing.assert_allclose(weights.sum(), 1)
    assert loss(weights) <= loss(np.ones(n_experts)) + 1e-9


def test_weights_leave_a_view_of_noise_out(rng):
    X, y = make(rng, n=400)
    X = X.assign(view2__0=rng.standard_normal(400))
    fusion = LateFusionClassifier(QUICK, combine="weighted").fit(X, y)
    assert fusion.weights_[2] < 0.1 < fusion.weights_[:2].min()


# -- experts that know little ----------------------------------------------------------------------


def test_classes_that_an_expert_never_saw_keep_their_prior():
    prior = np.array([0.5, 0.3, 0.2])
    expert = DummyClassifier().fit(np.zeros((4, 1)), ["a", "b", "b", "b"])
    found = probabilities(expert, np.zeros((2, 1)), np.array(["a", "b", "c"]), prior)
    np.testing.assert_allclose(found, [[0.2, 0.6, 0.2]] * 2)
    found = probabilities(None, np.zeros((2, 1)), np.array(["a", "b", "c"]), prior)
    np.testing.assert_allclose(found, [prior] * 2)


@each_fusion
def test_a_view_of_one_class_counts_as_missing(rng, fusion):
    X, y = make(rng)
    X = drop(X, "view1", np.flatnonzero(y != "good"))
    X = drop(X.assign(view2__0=0.0), "view2", range(240))  # never there
    fusion = sklearn.clone(fusion).fit(X, y)
    assert list(fusion.estimators_) == ["view0"]
    full, _ = make(rng, n=30)
    without = drop(full, "view1", range(30))
    found = [fusion.predict_proba(each.assign(view2__0=1.0)) for each in (full, without)]
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("kind", BOTH)
def test_no_view_with_two_classes_is_an_error_that_says_what_was_seen(kind):
    X = pd.DataFrame({"a__0": [1.0, 2.0, np.nan], "b__0": [np.nan, np.nan, 3.0]})
    with pytest.raises(ValueError, match=r"at least 2 classes.*\{'a': 2, 'b': 1\}"):
        kind().fit(X, [0, 0, 1])


@given(data=st.data())
@settings(max_examples=25, deadline=None)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_whatever_is_missing_probabilities_are_probabilities(data):
    n = data.draw(st.integers(2, 14))
    widths = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    seed = data.draw(st.integers(0, 2**31))
    rng = np.random.default_rng(seed)
    X, _ = make(rng, n=n, widths=widths)
    y = rng.integers(0, data.draw(st.integers(2, 5)), n)
    y[:2] = 0, 1
    groups = rng.integers(0, 4, n) if data.draw(st.booleans()) else None
    for i in range(len(widths)):
        X = drop(X, f"view{i}", np.flatnonzero(rng.random(n) < 0.3))
    fusion = sklearn.clone(data.draw(st.sampled_from(EACH)))
    shown = [set(y[X[f"view{i}__0"].notna()]) for i in range(len(widths))]
    if max(map(len, shown)) < 2 or (groups is not None and len(set(groups)) < 2):
        return
    fusion.fit(X, y, groups)
    X, _ = make(rng, n=20, widths=widths)
    for i in range(len(widths)):
        X = drop(X, f"view{i}", np.flatnonzero(rng.random(20) < 0.5))
    given = fusion.predict_proba(X)
    assert given.min() >= 0
    np.testing.assert_allclose(given.sum(axis=1), 1)
    assert set(fusion.predict(X)) <= set(y)


# -- inner folds -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", [LateFusionClassifier(combine="weighted"), StackedFusionClassifier()]
)
def test_one_group_is_an_error_with_the_way_out(table, kind):
    X, y = table
    with pytest.raises(ValueError, match=r"must be at least 2.* Got 1 in 240 rows; leave groups"):
        kind.fit(X, y, groups=np.zeros(len(y)))


@pytest.mark.parametrize("routing", [False, True])
@pytest.mark.parametrize(
    "kind", [LateFusionClassifier(QUICK, combine="weighted"), StackedFusionClassifier(QUICK)]
)
def test_groups_reach_the_folds_through_a_pipeline(table, kind, routing):
    X, y = table
    groups = np.array([f"g{i // 12}" for i in range(240)])
    expected = sklearn.clone(kind).fit(X, y, groups)
    with sklearn.config_context(enable_metadata_routing=routing):
        kind = sklearn.clone(kind)  # it asks for groups by itself
        whole = Pipeline([("as_is", FunctionTransformer()), ("classify", kind)])
        found = whole.fit(X, y, **{"groups" if routing else "classify__groups": groups})
    np.testing.assert_array_equal(found.predict_proba(X), expected.predict_proba(X))
    plain = sklearn.clone(kind).fit(X, y)
    assert (plain.predict_proba(X) != expected.predict_proba(X)).any()


# -- stacking --------------------------------------------------------------------------------------


@pytest.mark.parametrize("joint", [False, True])
def test_a_row_that_lacks_a_view_is_judged_as_if_the_view_did_not_exist(rng, joint):
    """Reduced models: no training row lacks view1, and yet nothing is lost."""
    X, y = make(rng, widths=(3, 4, 2))
    fusion = StackedFusionClassifier(QUICK, joint=joint).fit(X, y)
    small = X[[column for column in X if not column.startswith("view1")]]
    without = StackedFusionClassifier(QUICK, joint=joint).fit(small, y)
    np.testing.assert_allclose(
        fusion.predict_proba(drop(X, "view1", range(240))), without.predict_proba(small)
    )
    assert set(fusion.finals_) == {
        "view0", "view1", "view2", "view0__view1", "view0__view2", "view1__view2",
        "view0__view1__view2",
    }  # fmt: skip
    assert set(fusion.estimators_) == (
        set(fusion.finals_) if joint else {"view0", "view1", "view2"}
    )


def test_a_combination_learns_from_all_rows_that_have_at_least_its_views(table):
    X, y = table
    fusion = StackedFusionClassifier(QUICK).fit(X, y)
    assert {name: final[0].n_samples_seen_ for name, final in fusion.finals_.items()} == {
        "view0": 220,
        "view1": 215,
        "view0__view1": 200,
    }


def test_the_final_classifier_sees_out_of_fold_log_odds(rng):
    X, y = make(rng, k=2, widths=(3,))
    seen = {}

    class Spy(LogisticRegression):
        def fit(self, X, y):
            seen["X"] = X
            return super().fit(X, y)

    StackedFusionClassifier(QUICK, Spy(), cv=4).fit(X, y)
    splits = inner_folds(y, 4)
    p = cross_val_predict(QUICK, X.to_numpy(), y, cv=splits, method="predict_proba")
    np.testing.assert_allclose(seen["X"][:, 0], np.log(p[:, 1] / p[:, 0]))


def test_the_log_odds_of_many_classes_are_centred_and_bounded(rng):
    X, y = make(rng, noise=0.01, widths=(3,))
    fusion = StackedFusionClassifier(LogisticRegression(C=1e4, max_iter=3000)).fit(X, y)
    z = fusion._answer(fusion.estimators_["view0"], X.to_numpy())
    np.testing.assert_allclose(z.sum(axis=1), 0, atol=1e-9)
    assert 3 < np.abs(z).max() <= np.log(1e4)


def test_experts_that_learn_by_heart_are_not_believed(rng):
    X, y = (
        pd.DataFrame({f"a__{i}": rng.standard_normal(300) for i in range(3)}),
        rng.integers(2, size=300),
    )
    fusion = StackedFusionClassifier(KNeighborsClassifier(1)).fit(X, y)
    assert fusion.estimators_["a"].score(X.to_numpy(), y) == 1
    assert np.abs(fusion.predict_proba(X) - 0.5).max() < 0.15


def test_groups_keep_repeated_rows_from_looking_like_knowledge(rng):
    X = pd.DataFrame({f"a__{i}": rng.standard_normal(100) for i in range(3)})
    y, groups = np.tile(rng.integers(2, size=100), 4), np.tile(np.arange(100), 4)
    fresh = pd.DataFrame({f"a__{i}": rng.standard_normal(200) for i in range(3)})
    truth = rng.integers(2, size=200)
    table = pd.concat([X] * 4, ignore_index=True)
    losses = [
        log_loss(
            truth,
            StackedFusionClassifier(KNeighborsClassifier(1)).fit(table, y, g).predict_proba(fresh),
        )
        for g in (None, groups)
    ]
    assert losses[1] < 0.75 < 1.5 < losses[0]


def test_margins_serve_where_there_are_no_probabilities(rng):
    X, y = make(rng)
    for expert, columns in [
        (SVC(decision_function_shape="ovo"), 3),
        (TunedLinearClassifier("hinge"), 3),
    ]:
        fusion = StackedFusionClassifier(expert, joint=False).fit(X, y)
        assert fusion.finals_["view0__view1"][0].n_features_in_ == 2 * columns
        assert fusion.score(X, y) > 0.75


def test_a_class_of_one_row_takes_no_margins_from_the_others(rng):
    X, y = make(rng, n=60, k=2)
    y = y.astype("<U6")
    y[:1] = "unique"
    fusion = StackedFusionClassifier(SVC(decision_function_shape="ovo"), joint=False).fit(X, y)
    # a fold without the row would have two classes, and margins of another kind
    assert fusion.finals_["view0"][0].n_samples_seen_ == 60
    assert fusion.finals_["view0"].classes_.tolist() == ["bad", "good", "unique"]
    np.testing.assert_allclose(fusion.predict_proba(X).sum(axis=1), 1)


def test_a_combination_of_few_rows_is_the_product_of_its_views(rng):
    X, y = make(rng)
    X = drop(drop(X, "view0", range(115)), "view1", range(125, 240))  # 10 rows have both
    fusion = StackedFusionClassifier(QUICK).fit(X, y)
    assert set(fusion.finals_) == {"view0", "view1"}
    full, _ = make(rng, n=30)
    a, b = (fusion.predict_proba(drop(full, view, range(30))) for view in ("view1", "view0"))
    expected = product(np.stack([a, b]), np.ones((30, 2), dtype=bool), fusion.prior_)
    np.testing.assert_allclose(fusion.predict_proba(full), expected)


def test_of_many_views_only_what_was_shown_has_a_model(rng):
    X, y = make(rng, n=300, widths=(2,) * 7)
    X = drop(X, "view6", range(100))
    fusion = StackedFusionClassifier(QUICK, joint=False).fit(X, y)
    several = {name for name in fusion.finals_ if "__" in name}
    assert several == {"__".join(f"view{i}" for i in range(k)) for k in (6, 7)}
    unseen = drop(X, "view0", range(300))
    assert fusion.score(unseen, y) > 0.9  # by the product


def test_few_rows_are_no_obstacle():
    X = pd.DataFrame({"a__0": [0.0, 1.0, 1.1], "b__0": [0.0, 0.5, 1.0]})
    y = ["bad", "good", "good"]  # the fold of the first row has one class
    for kind in BOTH:
        np.testing.assert_array_equal(kind(QUICK).fit(X, y).classes_, ["bad", "good"])
    assert list(StackedFusionClassifier(KNeighborsClassifier(1)).fit(X, y).predict(X)) == y


# -- what fusion is for ----------------------------------------------------------------------------


@each_fusion
def test_two_views_know_more_than_the_better_one_and_missing_ones_cost_no_more(rng, fusion):
    X, y = make(rng, n=900, widths=(6, 6), noise=1.8)
    train, test = slice(0, 500), slice(500, None)
    fusion = sklearn.clone(fusion).fit(X[train], y[train])
    singles = [
        LogisticRegression().fit(X.iloc[train, part], y[train]).predict(X.iloc[test, part])
        for part in (slice(0, 6), slice(6, 12))
    ]
    truth = y[test]
    assert fusion.score(X[test], truth) > max((s == truth).mean() for s in singles) + 0.01
    for share in (0.3, 0.7, 1.0):
        gone = rng.random(400) < share
        routed = np.where(gone, singles[1], singles[0])
        found = fusion.predict(drop(X[test].reset_index(drop=True), "view0", gone))
        assert (found == truth).mean() > (routed == truth).mean() - 0.01


# -- good citizens ---------------------------------------------------------------------------------


@pytest.mark.parametrize("labels", ["str", "object", "int", "arrow"])
@pytest.mark.parametrize("kind", BOTH)
def test_labels_of_any_kind(table, kind, labels):
    X, y = table
    as_they_come = {
        "str": y,
        "object": y.astype(object),
        "int": np.unique(y, return_inverse=True)[1],
        "arrow": pd.Series(y, dtype="string[pyarrow]"),
    }[labels]
    found = kind(QUICK).fit(X, as_they_come).predict(X)
    names = np.unique(np.asarray(as_they_come, dtype=None if labels == "int" else object))
    expected = np.searchsorted(np.unique(y), kind(QUICK).fit(X, y).predict(X))
    np.testing.assert_array_equal(found, names[expected])


@each_fusion
def test_fitting_twice_is_the_same_and_a_copy_says_the_same(table, fusion, tmp_path):
    X, y = table
    before = X.copy()
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    fitted = sklearn.clone(fusion).fit(X, y)
    expected = fitted.predict_proba(X)
    np.testing.assert_array_equal(sklearn.clone(fusion).fit(X, y).predict_proba(X), expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict_proba(X), expected)
    save(fitted, tmp_path / "model.zip")
    np.testing.assert_array_equal(load(tmp_path / "model.zip").predict_proba(X), expected)
    pd.testing.assert_frame_equal(X, before)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


@pytest.mark.parametrize(
    ("fusion", "message"),
    [
        (LateFusionClassifier(TunedLinearClassifier("hinge")), "'estimator'.*'predict_proba'"),
        (LateFusionClassifier(combine="vote"), "'combine'.*Got 'vote'"),
        (LateFusionClassifier(cv=1), "'cv'.*Got 1"),
        (StackedFusionClassifier("svm"), "'estimator'.*'decision_function'"),
        (StackedFusionClassifier(None, Perceptron()), "'final_estimator'.*'predict_proba'"),
    ],
)
def test_parameters_are_refused_with_what_they_must_be(table, fusion, message):
    with pytest.raises(ValueError, match=message):
        fusion.fit(*table)
