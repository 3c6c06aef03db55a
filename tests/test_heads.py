"""The classifiers against scikit-learn's and XGBoost's own, and on the data that break classifiers."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC
from xgboost import XGBClassifier

from hybridsent._numerics.logistic import LogisticFolds
from hybridsent.heads import BoostedTreesClassifier, TunedLinearClassifier


def data(n=60, p=200, k=3, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % k
    X = rng.standard_normal((n, p)) * np.linspace(0.2, 2, p) + 5
    X[:, : 2 * k] += 1.5 * rng.standard_normal((k, min(2 * k, p)))[y]
    return X.astype(dtype), np.array(["neg", "neu", "pos", "none"])[y]


def standardised(X):
    """What the class documents: centred, and brought to a mean squared length of one."""
    Z = X - X.mean(axis=0, dtype=np.float64)
    return Z / np.sqrt((Z**2).sum() / len(Z))


SHAPES = {"wide": (60, 200), "tall": (200, 20), "square": (50, 50)}


@pytest.mark.parametrize("loss", ["log_loss", "hinge"])
@pytest.mark.parametrize("shape", [(60, 200), (120, 8)])
@pytest.mark.parametrize("class_weight", [None, "balanced", {"neg": 3.0}])
def test_a_weight_is_a_number_of_rows(loss, shape, class_weight):
    X, y = data(*shape, dtype=np.float64)
    weight = np.random.default_rng(0).integers(0, 4, len(y))
    weight[y == "neg"] += 3  # the weights make a class large
    model = TunedLinearClassifier(loss, Cs=[2.0], class_weight=class_weight)
    weighed = clone(model).fit(X, y, sample_weight=weight)
    rows = np.repeat(np.arange(len(y)), weight)
    repeated = clone(model).fit(X[rows], y[rows])
    np.testing.assert_allclose(
        weighed.decision_function(X), repeated.decision_function(X), atol=2e-3
    )
    chosen = TunedLinearClassifier(loss).fit(X, y, sample_weight=np.full(len(y), 1.0))
    plain = TunedLinearClassifier(loss).fit(X, y)
    assert chosen.C_ == plain.C_
    np.testing.assert_allclose(chosen.coef_, plain.coef_, atol=1e-5)


def test_weights_choose_the_penalty_too():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 30))
    y = (X[:, 0] > 0).astype(int)
    noisy = np.arange(400) >= 200
    y[noisy] = rng.integers(2, size=200)
    clean = TunedLinearClassifier().fit(X, y, sample_weight=np.where(noisy, 1e-6, 1.0))
    alone = TunedLinearClassifier().fit(X[~noisy], y[~noisy])
    assert clean.C_ > TunedLinearClassifier().fit(X, y).C_
    assert abs(np.corrcoef(clean.coef_[0], alone.coef_[0])[0, 1]) > 0.95


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("k", [2, 3, 4])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_one_candidate_is_scikit_learns_logistic_regression(shape, k, dtype):
    X, y = data(*shape, k=k, dtype=dtype)
    for C in (0.1, 100.0):
        ours = TunedLinearClassifier(Cs=[C]).fit(X, y)
        Z = standardised(X)
        theirs = LogisticRegression(C=C, tol=1e-8, max_iter=10_000).fit(Z, y)
        np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(Z), atol=1e-3)
        np.testing.assert_array_equal(ours.predict(X), theirs.predict(Z))
        assert ours.coef_.shape == theirs.coef_.shape
        assert ours.scores_ == {}
        assert ours.C_ == C


@pytest.mark.parametrize("weight", ["balanced", {"neg": 5.0}, {"neg": 1, "neu": 3, "pos": 0.2}])
@pytest.mark.parametrize("loss", ["log_loss", "hinge"])
def test_class_weights_are_scikit_learns(loss, weight):
    X, y = data(90, 120)
    X, y = X[(y != "neg") | (np.arange(90) % 2 == 0)], y[(y != "neg") | (np.arange(90) % 2 == 0)]
    ours = TunedLinearClassifier(loss, Cs=[4.0], class_weight=weight).fit(X, y)
    Z = standardised(X)
    if loss == "log_loss":
        theirs = LogisticRegression(C=4, class_weight=weight, tol=1e-8, max_iter=9999).fit(Z, y)
        np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(Z), atol=1e-3)
    else:
        theirs = SVC(kernel="linear", C=4, class_weight=weight, break_ties=True).fit(Z, y)
        np.testing.assert_allclose(
            ours.decision_function(X), theirs.decision_function(Z), atol=5e-3
        )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("k", [2, 3, 4])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_hinge_is_scikit_learns_linear_svc(shape, k, dtype):
    X, y = data(*shape, k=k, dtype=dtype)
    Z = standardised(X)
    new = np.random.default_rng(1).standard_normal((300, shape[1])) + 5
    for C in (0.5, 50.0):
        ours = TunedLinearClassifier("hinge", Cs=[C]).fit(X, y)
        theirs = SVC(kernel="linear", C=C, break_ties=True).fit(Z, y)
        scale = np.sqrt(((X - X.mean(axis=0)) ** 2).sum() / len(X))
        Znew = (new - X.mean(axis=0, dtype=np.float64)) / scale
        decided = theirs.decision_function(Znew)
        np.testing.assert_allclose(ours.decision_function(new), decided, atol=2e-2)  # libsvm's tol
        # a tie of votes that the distances break narrowly may fall either way within tolerance
        margin = np.abs(decided) if k == 2 else -np.diff(np.sort(decided)[:, :-3:-1]).ravel()
        clear = margin > 1e-2
        assert clear.mean() > 0.8
        np.testing.assert_array_equal(ours.predict(new)[clear], theirs.predict(Znew)[clear])


def test_hinge_without_a_gram_matrix_is_the_same(monkeypatch):
    X, y = data()
    small = TunedLinearClassifier("hinge").fit(X, y)
    monkeypatch.setattr("hybridsent.heads._hinge._LARGEST_GRAM", 10)
    large = TunedLinearClassifier("hinge").fit(X, y)
    assert large.scores_ == small.scores_
    np.testing.assert_allclose(large.coef_, small.coef_, atol=1e-3)


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("loss", ["log_loss", "hinge"])
def test_coef_and_intercept_are_the_whole_model(loss, k):
    X, y = data(40, 90, k=k)
    model = TunedLinearClassifier(loss).fit(X, y)
    rows = {2: 1, 3: 3}[k]
    assert model.coef_.shape == (rows, 90)
    assert model.intercept_.shape == (rows,)
    raw = X @ model.coef_.T + model.intercept_
    if k == 2:
        np.testing.assert_allclose(model.decision_function(X), raw[:, 0])
    elif loss == "log_loss":
        np.testing.assert_allclose(model.decision_function(X), raw)
    # what lies outside the span of the training rows has no weight
    basis = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)[2][:39]
    np.testing.assert_allclose(model.coef_ @ basis.T @ basis, model.coef_, atol=1e-9)


def brute_force(model, X, y):
    """Mean inner score of each candidate, by scikit-learn in all columns."""
    Z = standardised(X)
    folds = StratifiedKFold(model.cv, shuffle=True, random_state=model.random_state)
    means = {}
    for C in sorted(model.Cs):
        scores = []
        for train, test in folds.split(Z, y):
            if model.loss == "hinge":
                scores.append(
                    SVC(kernel="linear", C=C).fit(Z[train], y[train]).score(Z[test], y[test])
                )
            else:
                theirs = LogisticRegression(C=C, tol=1e-7, max_iter=9999).fit(Z[train], y[train])
                scores.append(
                    -log_loss(y[test], theirs.predict_proba(Z[test]), labels=theirs.classes_)
                )
        means[C] = np.mean(scores)
    return means


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("n", "p", "k"), [(60, 150, 3), (90, 12, 2)])
def test_the_chosen_candidate_is_that_of_a_brute_force_search(n, p, k, seed):
    X, y = data(n, p, k=k, seed=seed)
    model = TunedLinearClassifier(random_state=seed).fit(X, y)
    means = brute_force(model, X, y)
    assert means[model.C_] >= max(means.values()) - 1e-3  # a tie may fall either way
    for C, score in model.scores_.items():
        assert score == pytest.approx(means[C], abs=1e-3)


def test_hinge_chooses_like_a_brute_force_search():
    X, y = data(60, 150)
    model = TunedLinearClassifier("hinge", Cs=(0.1, 1.0, 10.0)).fit(X, y)
    means = brute_force(model, X, y)
    assert model.scores_ == pytest.approx({C: means[C] for C in model.scores_})
    assert max(model.scores_, key=model.scores_.get) == model.C_


@pytest.mark.parametrize("loss", ["log_loss", "hinge"])
def test_the_search_stops_after_two_falls_and_takes_the_best(loss):
    X, y = data(60, 40, seed=3)
    y = np.random.default_rng(0).permutation(
        y
    )  # nothing to learn: the stronger the penalty the better
    model = TunedLinearClassifier(loss, Cs=[4.0**i for i in range(-4, 8)]).fit(X, y)
    tried = list(model.scores_)
    assert tried == sorted(tried)
    assert model.scores_[model.C_] == max(model.scores_.values())
    if loss == "log_loss":
        assert len(tried) < 12
        scores = list(model.scores_.values())
        assert scores[-1] < max(scores)
        assert scores[-2] < max(scores)


def test_the_order_of_the_candidates_does_not_matter():
    X, y = data()
    one = TunedLinearClassifier(Cs=(16.0, 0.25, 1.0, 4.0)).fit(X, y)
    other = TunedLinearClassifier(Cs=np.array([0.25, 1, 4, 16], dtype=np.float32)).fit(X, y)
    assert one.scores_ == other.scores_
    np.testing.assert_array_equal(one.coef_, other.coef_)


def test_enough_rows_need_fewer_folds():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 3200)
    X = rng.standard_normal((3200, 3)) + y[:, None]
    model = TunedLinearClassifier()
    assert len(model._splits(y, None)) == 1  # 1,067 rows judge enough
    assert len(model._splits(y[:2400], None)) == 2
    assert len(model._splits(y[:900], None)) == 3
    assert model.fit(X, y).score(X, y) > 0.75


@pytest.mark.parametrize("loss", ["log_loss", "hinge"])
@pytest.mark.parametrize("k", [2, 3])
def test_float32_and_float64_agree(loss, k):
    X, y = data(60, 100, k=k)
    wide = TunedLinearClassifier(loss, Cs=[4.0]).fit(X, y)
    narrow = TunedLinearClassifier(loss, Cs=[4.0]).fit(X.astype(np.float32), y)
    np.testing.assert_allclose(narrow.decision_function(X), wide.decision_function(X), atol=5e-3)


@pytest.mark.parametrize("loss", ["log_loss", "hinge"])
def test_a_shift_a_factor_and_a_rotation_change_nothing(loss):
    X, y = data(60, 30)
    base = TunedLinearClassifier(loss, Cs=[2.0]).fit(X, y).decision_function(X)
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((30, 30)))[0]
    for other in (X * 1e4, X + 100, X @ turn, np.hstack([X, np.zeros((60, 100))])):
        scores = TunedLinearClassifier(loss, Cs=[2.0]).fit(other, y).decision_function(other)
        np.testing.assert_allclose(scores, base, atol=5e-3)


@pytest.mark.parametrize("loss", ["log_loss", "hinge"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("p", [3, 30])
def test_rows_that_are_all_alike_give_the_prior(loss, dtype, p):
    X = np.full((9, p), 0.1, dtype=dtype)
    y = np.array(["a"] * 6 + ["b"] * 3)
    model = TunedLinearClassifier(loss).fit(X, y)
    assert not model.coef_.any()
    assert set(model.predict(X)) == {"a"}
    if loss == "log_loss":
        np.testing.assert_allclose(model.predict_proba(X), [[2 / 3, 1 / 3]] * 9, atol=1e-3)


@pytest.mark.parametrize("loss", ["log_loss", "hinge"])
def test_a_class_of_one_row_does_not_keep_the_others_from_choosing(loss):
    X, y = data(31, 50)
    y[y == "neu"] = "pos"
    y[0] = "lone"
    model = TunedLinearClassifier(loss).fit(X, y)
    assert len(model.scores_) > 1
    assert model.scores_[model.C_] == max(model.scores_.values())
    assert model.predict(X[:1])[0] == "lone"


@pytest.mark.parametrize("loss", ["log_loss", "hinge"])
def test_where_no_row_can_be_judged_the_middle_candidate_is_taken(loss):
    X, _ = data(3, 50)
    model = TunedLinearClassifier(loss).fit(X, ["a", "b", "c"])
    assert (model.C_, model.scores_) == (4.0, {})


@pytest.mark.parametrize("loss", ["log_loss", "hinge"])
def test_four_rows_are_enough(loss):
    X = np.array([[0.0, 1], [0, 2], [5, 1], [5, 2]])
    model = TunedLinearClassifier(loss).fit(X, [False, False, True, True])
    assert model.predict(X).tolist() == [False, False, True, True]
    assert TunedLinearClassifier(loss).fit(X[[0, 3]], [7, 3]).predict(X).tolist() == [7, 7, 3, 3]


@given(
    st.integers(4, 30),
    st.integers(1, 40),
    st.integers(2, 4),
    st.sampled_from(["log_loss", "hinge"]),
    st.sampled_from([np.float32, np.float64]),
    st.sampled_from([1e-6, 1.0, 1e6]),
    st.booleans(),
)
@settings(max_examples=30, deadline=None)
def test_any_shape_is_fitted_without_a_warning(n, p, k, loss, dtype, scale, repeated):
    rng = np.random.default_rng(n * 100 + p)
    y = rng.permutation(np.arange(n) % k)
    X = (scale * rng.standard_normal((n, p))).astype(dtype)
    if repeated:
        X = X[np.arange(n) // 2]
    model = TunedLinearClassifier(loss, Cs=(0.1, 10.0, 1e6)).fit(X, y)
    assert np.isfinite(model.coef_).all()
    assert np.isfinite(model.decision_function(X)).all()
    assert set(model.predict(X)) <= set(y)
    if loss == "log_loss":
        np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)


def test_extreme_candidates_do_not_break_the_solver():
    X, y = data(40, 100, dtype=np.float32)
    for C in (1e-12, 1e12):
        model = TunedLinearClassifier(Cs=[C]).fit(X, y)
        assert np.isfinite(model.predict_proba(X)).all()
    assert (model.predict(X) == y).all()


def test_labels_of_pandas_and_tables_keep_their_kind():
    X, y = data(30, 10)
    labels = pd.Series(y, dtype="str")
    frame = pd.DataFrame(X, columns=[f"text__{i}" for i in range(10)])
    model = TunedLinearClassifier(Cs=[1.0]).fit(frame, labels)
    assert list(model.feature_names_in_) == list(frame.columns)
    assert set(model.predict(frame)) <= {"neg", "neu", "pos"}
    np.testing.assert_array_equal(
        model.predict(frame), TunedLinearClassifier(Cs=[1.0]).fit(X, y).predict(X)
    )


def test_hinge_has_no_probabilities():
    model = TunedLinearClassifier("hinge")
    assert not hasattr(model, "predict_proba")
    assert hasattr(TunedLinearClassifier(), "predict_proba")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"loss": "squared"}, "loss"),
        ({"Cs": []}, "'Cs' parameter of TunedLinearClassifier must be a sequence of positive"),
        ({"Cs": [1.0, -1.0]}, r"Got \[1.0, -1.0\]"),
        ({"Cs": [np.nan]}, "positive"),
        ({"Cs": [np.inf]}, "positive"),
        ({"Cs": ["1"]}, "positive"),
        ({"Cs": 1.0}, "Cs"),
        ({"cv": 1}, "cv"),
        ({"max_iter": 0}, "max_iter"),
        ({"class_weight": "even"}, "class_weight"),
        ({"class_weight": {"positive": 2.0}}, "must name classes of y, .*Got 'positive'"),
    ],
)
def test_bad_parameters_are_named(parameters, message):
    X, y = data(12, 3)
    with pytest.raises(ValueError, match=message):
        TunedLinearClassifier(**parameters).fit(X, y)


def test_weights_of_more_classes_than_there_are_do_no_harm():
    X, y = data(12, 3)
    weight = {"neg": 1, "neu": 1, "pos": 1, "other": 9}
    np.testing.assert_array_equal(
        TunedLinearClassifier(Cs=[1.0], class_weight=weight).fit(X, y).coef_,
        TunedLinearClassifier(Cs=[1.0]).fit(X, y).coef_,
    )


@pytest.mark.parametrize("kind", [TunedLinearClassifier, BoostedTreesClassifier])
def test_bad_data_are_named(kind):
    with pytest.raises(ValueError, match="only one class: 'a'"):
        kind().fit([[1.0], [2.0]], ["a", "a"])
    with pytest.raises(ValueError, match="Unknown label type"):
        kind().fit([[1.0], [2.0]], [0.5, 1.5])
    with pytest.raises(ValueError, match="infinity"):
        kind().fit([[1.0], [np.inf]], [0, 1])
    with pytest.raises(NotFittedError):
        kind().predict([[1.0]])
    with pytest.raises(ValueError, match="expecting 3 features"):
        kind().fit(*data(12, 3)).predict([[1.0]])


def test_linear_models_refuse_nan():
    with pytest.raises(ValueError, match="NaN"):
        TunedLinearClassifier().fit([[np.nan], [1.0]], [0, 1])


def test_running_out_of_iterations_is_told():
    X, y = data(60, 100)
    with pytest.warns(ConvergenceWarning, match="max_iter=1 iterations; increase it"):
        TunedLinearClassifier(max_iter=1).fit(X, y)


@pytest.mark.parametrize("kind", [TunedLinearClassifier, BoostedTreesClassifier])
def test_fits_are_repeatable_and_leave_their_input_alone(kind):
    X, y = data(40, 60)
    before = X.copy()
    model = kind()
    first, again = clone(model).fit(X, y), clone(model).fit(X, y)
    np.testing.assert_array_equal(first.predict_proba(X), again.predict_proba(X))
    np.testing.assert_array_equal(X, before)
    assert first.get_params() == model.get_params()


def trees(**changed):
    return {"n_estimators": 8, "n_jobs": 1, **changed}


@pytest.mark.parametrize("k", [2, 3])
def test_boosted_trees_are_xgboosts_on_encoded_labels(k):
    X, y = data(60, 12, k=k, dtype=np.float32)
    X[::5, 3] = np.nan
    X[7] = np.nan
    ours = BoostedTreesClassifier(**trees()).fit(X, y)
    classes, codes = np.unique(y, return_inverse=True)
    theirs = XGBClassifier(
        tree_method="hist",
        learning_rate=0.1,
        max_depth=3,
        subsample=0.8,
        colsample_bytree=0.3,
        reg_lambda=1.0,
        random_state=0,
        **trees(),
    ).fit(X, codes)
    np.testing.assert_array_equal(ours.predict_proba(X), theirs.predict_proba(X))
    np.testing.assert_array_equal(ours.predict(X), classes[theirs.predict(X)])
    np.testing.assert_array_equal(ours.classes_, classes)
    assert ours.predict_proba(X).shape == (60, k)


def test_small_tables_grow_in_one_thread_unless_the_user_says_otherwise():
    X, y = data(60, 12)
    for asked, wanted in [(None, 1), (2, 2)]:
        model = BoostedTreesClassifier(n_estimators=2, n_jobs=asked).fit(X, y)
        assert model.model_.n_jobs == wanted
        assert model.n_jobs == asked


@pytest.mark.parametrize("labels", [[5, -1], [True, False], ["b", "a"]])
def test_boosted_trees_take_labels_of_any_kind(labels):
    X, _ = make_classification(40, random_state=0)
    y = np.array(labels)[(X[:, 0] > 0).astype(int)]
    model = BoostedTreesClassifier(**trees(colsample_bytree=1.0)).fit(X, y)
    assert set(model.predict(X)) == set(labels)
    assert model.score(X, y) > 0.9
    arrow = pd.Series(y.astype(str), dtype="str")
    assert set(BoostedTreesClassifier(**trees()).fit(X, arrow).predict(X)) <= set(y.astype(str))


@pytest.mark.parametrize(
    "parameters",
    [
        {"n_estimators": 0},
        {"learning_rate": 0},
        {"max_depth": 0},
        {"subsample": 0},
        {"colsample_bytree": 1.5},
        {"reg_lambda": -1},
        {"device": 3},
        {"n_jobs": 1.5},
    ],
)
def test_bad_parameters_of_boosted_trees_are_named(parameters):
    with pytest.raises(ValueError, match=next(iter(parameters))):
        BoostedTreesClassifier(**parameters).fit([[0.0], [1.0]], [0, 1])


def test_no_warning_filter_is_left_behind():
    before = list(warnings.filters)
    TunedLinearClassifier().fit(*data(20, 5))
    assert warnings.filters == before


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_large_constant_column_hides_no_other(rng, dtype):
    X = rng.standard_normal((200, 20)).astype(dtype)
    y = (X[:, 0] > 0).astype(int)
    plain = TunedLinearClassifier().fit(X, y)
    wide = np.column_stack([X, np.full(200, 1.7e9, dtype=dtype)])
    found = TunedLinearClassifier().fit(wide, y)
    assert found.coef_[0, -1] == 0
    np.testing.assert_allclose(found.coef_[0, :-1], plain.coef_[0], rtol=1e-3)


class _MarkedAsInvalid(np.ndarray):
    """Rows whose products are right, but carry the flag that BLAS sets on some processors."""

    def __matmul__(self, other):
        np.subtract(np.float32(np.inf), np.float32(np.inf))
        return np.asarray(self) @ other


def test_a_flag_that_blas_sets_for_finite_products_warns_nobody():
    rng = np.random.default_rng(0)
    Z = rng.standard_normal((60, 4)).astype(np.float32)
    codes = (Z[:, 0] > 0).astype(int)
    weights = np.ones((60, 1), dtype=np.float32)
    with pytest.warns(RuntimeWarning, match="invalid value"):
        Z.view(_MarkedAsInvalid) @ np.ones((4, 1))
    plain = LogisticFolds(Z, codes, 2, Z.T @ Z, weights).solve(1.0, tol=1e-6, max_iter=50)
    folds = LogisticFolds(Z.view(_MarkedAsInvalid), codes, 2, Z.T @ Z, weights)
    marked = folds.solve(1.0, tol=1e-6, max_iter=50)
    assert plain.converged
    assert marked.converged
    np.testing.assert_allclose(marked.coef, plain.coef, rtol=1e-4)
