"""Label models: votes of functions become probabilities, and any classifier learns from these."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import check_grad
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from hybridsent._numerics.proportions import wilson
from hybridsent._numerics.votes import dawid_skene, posterior, read_votes, vote_patterns
from hybridsent._numerics.votes_moments import (
    metal_loss,
    metal_start,
    metal_tables,
    pair_moments,
    triplet_tables,
    triplets,
)
from hybridsent.exceptions import TableError
from hybridsent.weak import LabelModel, SoftLabelClassifier, WeaklySupervisedClassifier, lf_summary

METHODS = ("dawid-skene", "triplet", "metal")


def draw(tables, balance, n=5000, seed=0):
    """Votes of functions with the tables (m, k, k + 1); the last column is no vote."""
    rng = np.random.default_rng(seed)
    y = rng.choice(len(balance), n, p=balance)
    up_to = tables.cumsum(axis=2)[:, y, :].transpose(1, 0, 2)
    votes = (rng.random((n, len(tables), 1)) > up_to).sum(axis=2)
    return np.where(votes >= len(balance), -1, votes), y


def even(accuracies, coverage, k):
    """Functions as good on each class, that vote for all of them."""
    tables = np.zeros((len(accuracies), k, k + 1))
    for j, accuracy in enumerate(accuracies):
        tables[j, :, :k] = coverage * (1 - accuracy) / (k - 1)
        tables[j, range(k), range(k)] = coverage * accuracy
    tables[:, :, k] = 1 - coverage
    return tables


def alone(hits, misses, k):
    """Functions that vote for one class alone."""
    tables = np.zeros((len(hits), k, k + 1))
    for j, (hit, miss) in enumerate(zip(hits, misses, strict=True)):
        tables[j, :, j % k] = miss
        tables[j, j % k, j % k] = hit
    tables[:, :, k] = 1 - tables[:, :, :k].sum(axis=2)
    return tables


def true_accuracies(tables, balance):
    k = len(balance)
    right = np.einsum("jyy,y->j", tables[:, :, :k], balance)
    return right / np.einsum("jyl,y->j", tables[:, :, :k], balance)


ACCURACIES = [0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.88, 0.72, 0.82]


# -- accuracies are recovered ----------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "balance", [[0.5, 0.5], [0.7, 0.3], [0.4, 0.35, 0.25], [0.25] * 4, [1 / 6] * 6]
)
def test_known_accuracies_are_recovered_within_two_points(method, balance):
    """At n = 5,000; against those of the draw, as what is drawn is what a model can know."""
    tables = even(ACCURACIES, 0.8, len(balance))
    off = []
    for seed in range(3):
        votes, y = draw(tables, balance, seed=seed)
        model = LabelModel(method, class_balance=balance).fit(votes)
        seen = [(c == y)[c >= 0].mean() for c in votes.T]
        off.append(np.abs(model.accuracies_ - seen))
    assert np.mean(off) < 0.01
    assert np.mean(off, axis=0).max() < 0.02


@pytest.mark.parametrize("balance", [[0.5, 0.5], [0.8, 0.2], [0.5, 0.3, 0.2]])
def test_the_balance_is_learned_where_nobody_tells_it(balance):
    votes, _ = draw(even(ACCURACIES, 0.8, len(balance)), balance)
    for method in METHODS:
        found = LabelModel(method).fit(votes)
        np.testing.assert_allclose(found.class_balance_, balance, atol=0.02)


@pytest.mark.parametrize("method", ["dawid-skene", "metal"])
@pytest.mark.parametrize("balance", [[0.5, 0.5], [0.7, 0.3], [0.4, 0.3, 0.3]])
def test_functions_for_one_class_alone_are_judged(method, balance):
    k = len(balance)
    tables = alone(np.linspace(0.7, 0.5, 3 * k), np.linspace(0.03, 0.15, 3 * k), k)
    votes, _ = draw(tables, balance, n=10000)
    model = LabelModel(method, class_balance=balance).fit(votes)
    np.testing.assert_allclose(model.accuracies_, true_accuracies(tables, balance), atol=0.04)


def test_two_functions_for_one_class_each_are_judged_in_closed_form():
    balance = np.array([0.6, 0.4])
    tables = alone([0.7, 0.6, 0.5, 0.6], [0.05, 0.1, 0.1, 0.05], 2)
    votes, _ = draw(tables, balance, n=20000)
    model = LabelModel("triplet", class_balance=balance).fit(votes)
    np.testing.assert_allclose(model.tables_, tables, atol=0.04)


@pytest.mark.parametrize("method", METHODS)
def test_one_function_worse_than_chance_is_turned_around(method):
    tables = even([0.9, 0.8, 0.8, 0.2, 0.7], 0.9, 2)
    votes, y = draw(tables, [0.5, 0.5])
    model = LabelModel(method, class_balance=[0.5, 0.5]).fit(votes)
    assert model.accuracies_[3] == pytest.approx(0.2, abs=0.03)
    assert model.weights_[3] < 0
    spoken = (votes[:, :3] < 0).all(axis=1) & (votes[:, 4] < 0) & (votes[:, 3] >= 0)
    assert (model.predict(votes[spoken]) == 1 - votes[spoken, 3]).all()
    assert (model.predict(votes) == y).mean() > 0.9


def test_rows_on_which_all_fire_are_no_class_of_their_own():
    """Long texts make all functions vote; only those of one class are asked who is silent."""
    votes, y = draw(even(ACCURACIES[:7], 0.9, 2), [0.5, 0.5])
    rng = np.random.default_rng(1)
    fires = rng.random(votes.shape) < np.where(rng.random(len(votes)) < 0.5, 1, 0.2)[:, None]
    votes = np.where(fires, votes, -1)
    told = (votes >= 0).any(axis=1)
    right = {
        rule: (LabelModel(abstentions=rule).fit(votes).predict(votes)[told] == y[told]).mean()
        for rule in ("auto", "tell")
    }
    assert right["auto"] > 0.85
    assert right["tell"] < 0.7


def test_copies_of_a_function_are_believed_too_much():
    """What breaks: the model takes agreement for accuracy. It is said in the documents."""
    votes, y = draw(even([0.8, 0.8, 0.8, 0.6], 1.0, 2), [0.5, 0.5])
    copied = np.column_stack([votes, votes[:, 3], votes[:, 3]])
    model = LabelModel().fit(copied)
    assert model.accuracies_[3] > 0.9
    assert (model.predict(copied) == y).mean() < (
        LabelModel().fit(votes).predict(votes) == y
    ).mean()


# -- the published formulas ------------------------------------------------------------------------


def snorkels_loss(mu, votes, p, l2, prec):
    """snorkel 0.9/0.10's `_generate_O`, `_init_params`, `_build_mask` and `_loss_mu`, written out."""
    n, m = votes.shape
    k = len(p)
    L = np.zeros((n, m * k))
    for y in range(k):
        L[:, y::k] = np.where(votes == y, 1, 0)
    O = L.T @ L / n  # noqa: E741
    mu_init = np.zeros((m * k, k))
    for i in range(m):
        for y in range(k):
            mu_init[i * k + y, y] = np.clip(O[i * k + y, i * k + y] * prec / p[y], 0, 1)
    mask = np.ones((m * k, m * k), dtype=bool)
    for i in range(m):
        mask[i * k : (i + 1) * k, i * k : (i + 1) * k] = False
    P = np.diag(p)
    one = np.linalg.norm((O - mu @ P @ mu.T)[mask]) ** 2
    two = np.linalg.norm(np.sum(mu @ P, axis=1) - np.diag(O)) ** 2
    return one + two + np.linalg.norm(l2 * np.eye(m * k) @ (mu - mu_init)) ** 2


@pytest.mark.parametrize("k", [2, 3])
def test_the_objective_is_snorkels_and_its_gradient_is_right(k):
    balance = np.arange(k, 0, -1) / np.arange(k, 0, -1).sum()
    votes, _ = draw(even(ACCURACIES[:4], 0.7, k), balance, n=300)
    pairs, rng = pair_moments(votes, k), np.random.default_rng(0)
    start = metal_start(pairs, balance, 0.7)
    mu = rng.random(start.shape)
    assert metal_loss(mu, pairs, balance, start, 0.3)[0] == pytest.approx(
        snorkels_loss(mu, votes, balance, 0.3, 0.7), rel=1e-12
    )

    def flat(part):
        return lambda x: np.ravel(
            metal_loss(x.reshape(start.shape), pairs, balance, start, 0.3)[part]
        )

    assert check_grad(lambda x: flat(0)(x)[0], flat(1), mu.ravel()) < 1e-5


def test_the_minimum_is_that_of_snorkels_gradient_steps():
    balance = np.array([0.6, 0.4])
    votes, _ = draw(even(ACCURACIES[:5], 0.8, 2), balance)
    pairs = pair_moments(votes, 2)
    start = metal_start(pairs, balance, 0.7)
    mu = start * 0.8  # snorkel starts from a random multiple
    for _ in range(20000):
        mu = mu - 0.05 * metal_loss(mu, pairs, balance, start)[1]
    found = metal_tables(votes, 2, balance)[0].transpose(0, 2, 1).reshape(start.shape)
    np.testing.assert_allclose(found, mu, atol=2e-3)


def test_the_posterior_is_bayes_of_the_votes_that_were_given():
    rng = np.random.default_rng(0)
    tables, balance = rng.dirichlet(np.ones(4), (3, 3)), rng.dirichlet(np.ones(3))
    votes = rng.integers(-1, 3, (50, 3))
    found = posterior(votes, balance, tables)
    for row, probabilities in zip(votes, found, strict=True):
        told = balance.copy()
        for j, vote in enumerate(row):
            told = told * (tables[j, :, vote] if vote >= 0 else 1)
        if (row < 0).all():
            assert np.isnan(probabilities).all()
        else:
            np.testing.assert_allclose(probabilities, told / told.sum())


def test_triplets_are_flyingsquids_formula():
    """Of votes of -1, 0 and 1 that are exactly as often of each side: moments are covariances."""
    votes, _ = draw(even([0.9, 0.8, 0.7, 0.6], 0.8, 2), [0.5, 0.5], n=2000)
    both = np.vstack([votes, np.where(votes < 0, -1, 1 - votes)])
    spins = np.where(both < 0, 0, 2 * both - 1)
    M = spins.T @ spins / len(spins)
    written = [
        np.median(
            [
                np.sqrt(abs(M[i, j] * M[i, k] / M[j, k]))
                for j in range(4)
                for k in range(j + 1, 4)
                if i not in (j, k)
            ]
        )
        for i in range(4)
    ]
    np.testing.assert_allclose(triplets(M), written)
    tables = triplet_tables(both, 2, np.array([0.5, 0.5]))
    told = tables[:, 1, 1] - tables[:, 1, 0]  # the first would have a table below 0
    np.testing.assert_allclose(told[1:], written[1:], atol=1e-9)


def test_em_climbs_and_ends_at_a_fixed_point_of_its_formulas():
    votes, _ = draw(even(ACCURACIES[:4], 0.7, 3), [0.5, 0.3, 0.2], n=400)
    heights = [dawid_skene(votes, 3, prior=0, max_iter=i).log_likelihood for i in range(1, 30)]
    assert (np.diff(heights) > -1e-12).all()
    found = dawid_skene(votes, 3, prior=0, tol=1e-15, max_iter=20000)
    T = np.nan_to_num(found.probabilities)
    for j in range(4):
        seen = np.stack([T[votes[:, j] == label].sum(axis=0) for label in range(3)], axis=1)
        np.testing.assert_allclose(
            found.tables[j, :, :3], seen / seen.sum(axis=1, keepdims=True), atol=1e-5
        )


def test_rows_alike_are_found_also_where_no_number_holds_them():
    rng = np.random.default_rng(0)
    for m in (3, 60):
        votes = np.repeat(rng.integers(-1, 3, (20, m)), 2, axis=0)
        first, pattern, counts = vote_patterns(votes)
        assert (votes[first][pattern] == votes).all()
        assert counts.sum() == 40


# -- the estimator ---------------------------------------------------------------------------------


def words(votes, names=("bad", "fine", "good")):
    told = np.append(np.array(names, dtype=object), None)[votes]
    return pd.DataFrame(told, columns=[f"f{j}" for j in range(votes.shape[1])])


def test_texts_numbers_lists_and_order_of_columns_and_rows_do_not_matter():
    votes, _ = draw(even(ACCURACIES[:4], 0.6, 3), [0.5, 0.3, 0.2], n=300)
    model = LabelModel().fit(words(votes))
    P = model.predict_proba(words(votes))
    assert model.classes_.tolist() == ["bad", "fine", "good"]
    np.testing.assert_allclose(LabelModel().fit(votes).predict_proba(votes), P)
    np.testing.assert_allclose(LabelModel().fit(votes.tolist()).predict_proba(votes.tolist()), P)
    turned = words(votes)[["f2", "f0", "f3", "f1"]]
    np.testing.assert_allclose(model.predict_proba(turned), P)
    order = np.random.default_rng(0).permutation(300)
    again = LabelModel().fit(words(votes).iloc[order])
    np.testing.assert_array_equal(again.predict_proba(words(votes)), P)
    one = np.vstack([model.predict_proba(words(votes)[i : i + 1]) for i in range(300)])
    np.testing.assert_array_equal(one, P)


def test_rows_without_votes_are_unlabelled_or_of_the_balance():
    votes = np.array([[0, 0, 1], [1, 1, 1], [-1, -1, -1], [0, 0, 0]])
    model = LabelModel().fit(words(votes))
    assert model.predict(words(votes)).tolist()[2] == -1
    assert np.isnan(model.predict_proba(words(votes))[2]).all()
    told = LabelModel(unvoted="balance").fit(words(votes))
    np.testing.assert_allclose(told.predict_proba(words(votes))[2], told.class_balance_)
    assert model.predict(words(votes[:2])).tolist() == ["bad", "fine"]


def test_labels_of_some_rows_are_learned_from():
    """Three functions that are wrong together mislead; 60 labels of 2,000 put it right."""
    votes, y = draw(even([0.95, 0.3, 0.3, 0.3], 1.0, 2), [0.5, 0.5], n=2000)
    told = np.where(np.arange(2000) < 60, y, -1)
    alone_ = (LabelModel().fit(votes).predict(votes) == y).mean()
    helped = LabelModel().fit(votes, told)
    assert alone_ < 0.2
    assert (helped.predict(votes) == y).mean() > 0.9
    new = LabelModel().fit(
        words(votes), np.where(told < 0, -1, np.array(["bad", "other"])[told].astype(object))
    )
    assert new.classes_.tolist() == ["bad", "fine", "other"]


@pytest.mark.parametrize(
    ("model", "votes", "y", "error"),
    [
        (LabelModel(), [[-1, -1]], None, "at least 1 vote"),
        (LabelModel(), [[0, 0], [0, -1]], None, "at least 2 classes"),
        (LabelModel("metal"), [[0, 1], [1, 1]], None, "at least 3 functions"),
        (LabelModel(class_balance=[0.5, 0.6]), [[0, 1], [1, 1]], None, "class_balance"),
        (LabelModel(class_balance={0: 1.0}), [[0, 1], [1, 1]], None, "class_balance"),
        (LabelModel(classes=[0]), [[0, 1]], None, "one of the classes"),
        (LabelModel(), [[0, 1], [1, 1]], [0], "as many rows"),
        (LabelModel(), [[0, 1], [1, 1]], ["a", "b"], "of one kind"),
        (LabelModel("best"), [[0, 1]], None, "method"),
    ],
)
def test_what_cannot_be_fitted_is_refused_with_a_way_out(model, votes, y, error):
    with pytest.raises(ValueError, match=error):
        model.fit(votes, y)


def test_other_functions_are_refused_and_silent_ones_taken():
    votes, _ = draw(even(ACCURACIES[:3], 0.6, 2), [0.5, 0.5], n=200)
    frame = words(votes, ("bad", "good"))
    frame["silent"] = None
    for method in METHODS:
        model = LabelModel(method).fit(frame)
        assert np.isnan(model.accuracies_[3])
        assert model.score(frame, model.predict(frame)) == 1
    with pytest.raises(TableError, match="'f1' is missing"):
        model.predict(frame.drop(columns="f1"))
    with pytest.raises(TableError, match="one of the classes"):
        model.predict(frame.replace("good", "great"))


def test_a_summary_tells_coverage_conflicts_and_accuracies():
    votes = pd.DataFrame({"a": ["x", "x", None, "y"], "b": ["x", "y", None, None], "c": [None] * 4})
    found = lf_summary(votes, ["x", "x", "y", -1])
    assert found.loc["a"].drop(["low", "high"]).tolist() == ["x, y", 3, 0.75, 0.5, 0.25, 2, 2, 1.0]
    assert found["accuracy"].tolist()[1] == 0.5
    assert np.isnan(found.loc["c", "accuracy"])
    assert found.loc["b", "low"] == pytest.approx(wilson([1], [2])[0][0])
    assert lf_summary(votes).columns.tolist() == [
        "polarity",
        "votes",
        "coverage",
        "overlaps",
        "conflicts",
    ]
    assert lf_summary(votes, ["z", "z", "z", "z"])["correct"].tolist() == [0, 0, 0]


def test_wilson_is_scipys():
    from scipy.stats import binomtest

    low, high = wilson([0, 3, 10], [10, 10, 10])
    for i, right in enumerate((0, 3, 10)):
        told = binomtest(right, 10).proportion_ci(method="wilson")
        assert (low[i], high[i]) == pytest.approx((told.low, told.high))


# -- soft labels -----------------------------------------------------------------------------------


def features(n=150, k=3, seed=0):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(n, 4)), rng.integers(0, k, n)
    X[np.arange(n), y] += 1.5
    return X, y


def test_one_hot_labels_are_hard_ones():
    X, y = features()
    names = np.array(["a", "b", "c"])
    hard = LogisticRegression(tol=1e-10, max_iter=1000).fit(X, names[y])
    for soft in (np.eye(3)[y], names[y]):
        model = SoftLabelClassifier(LogisticRegression(tol=1e-10, max_iter=1000))
        model.fit(X, pd.DataFrame(soft, columns=names) if soft.ndim == 2 else soft)
        assert model.classes_.tolist() == names.tolist()
        np.testing.assert_allclose(model.estimator_.coef_, hard.coef_, rtol=1e-5, atol=1e-8)


def test_the_fit_is_where_the_gradient_of_the_expected_loss_is_zero():
    X, _ = features()
    P = np.random.default_rng(1).dirichlet(np.ones(3), 150)
    model = SoftLabelClassifier(LogisticRegression(C=0.7, tol=1e-12, max_iter=5000), min_weight=0)
    model.fit(X, P)
    W = model.estimator_.coef_
    residual = model.predict_proba(X) - P
    np.testing.assert_allclose(0.7 * residual.T @ X + W, 0, atol=1e-4)
    np.testing.assert_allclose(residual.sum(axis=0), 0, atol=1e-4)


def test_columns_in_any_order_rows_without_a_label_and_small_weights():
    X, y = features()
    P = pd.DataFrame(np.eye(3)[y] * 0.97 + 0.01, columns=["c", "a", "b"])
    P.iloc[:5] = np.nan
    P.iloc[5:9] = 0
    model = SoftLabelClassifier(LogisticRegression(), min_weight=0.02).fit(X, P)
    assert model.n_labeled_ == 141
    assert model.n_expanded_ == 141
    assert model.cut_ == pytest.approx(0.02)
    assert (model.predict(X) == np.array(["c", "a", "b"])[y]).mean() > 0.6
    all_of_it = SoftLabelClassifier(LogisticRegression(), min_weight=0).fit(X, P)
    assert all_of_it.n_expanded_ == 3 * 141
    with pytest.raises(ValueError, match="at least 1 row"):
        SoftLabelClassifier(LogisticRegression()).fit(X, P * np.nan)
    with pytest.raises(ValueError, match="a column for each class"):
        SoftLabelClassifier(LogisticRegression()).fit(X, P.to_numpy(), classes=["a", "b"])


class Watched(GroupKFold):
    """Folds that remember the groups they were given."""

    seen: list[np.ndarray] = []  # noqa: RUF012

    def split(self, X, y=None, groups=None):
        Watched.seen.append(np.asarray(groups))
        return super().split(X, y, groups)


def test_copies_of_a_row_and_rows_of_a_group_stay_on_one_side():
    X, _ = features(60)
    P = np.random.default_rng(1).dirichlet(np.ones(3), 60)
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}, cv=Watched(3))
    Watched.seen = []
    SoftLabelClassifier(search, min_weight=0).fit(X, P)
    assert Watched.seen[0].tolist() == np.repeat(np.arange(60), 3).tolist()
    groups = np.arange(60) // 6
    SoftLabelClassifier(search, min_weight=0).fit(X, P, groups=groups)
    assert Watched.seen[-1].tolist() == np.repeat(groups, 3).tolist()


# -- from functions to a classifier ----------------------------------------------------------------


def vote(table):
    """Three functions of the column `hint`, right in about 8 of 10 rows."""
    hint = table["hint"].to_numpy()
    rng = [np.random.default_rng(seed).random(100000)[: len(hint)] for seed in range(3)]
    said = {f"f{j}": np.where(r < 0.8, hint, 1 - hint) for j, r in enumerate(rng)}
    names = np.array(["bad", "good"], dtype=object)
    return pd.DataFrame({name: names[codes] for name, codes in said.items()}).mask(
        np.column_stack([r > 0.95 for r in rng])
    )


def test_functions_a_label_model_and_a_classifier_are_one_estimator():
    rng = np.random.default_rng(0)
    hint = rng.integers(0, 2, 500)
    table = pd.DataFrame(rng.normal(size=(500, 3)) + hint[:, None], columns=list("xyz"))
    table["hint"] = hint
    only = make_pipeline(
        FunctionTransformer(lambda t: t[["x", "y", "z"]]), StandardScaler(), LogisticRegression()
    )
    model = WeaklySupervisedClassifier(FunctionTransformer(vote), only).fit(table)
    truth = np.array(["bad", "good"])[hint]
    best = clone(only).fit(table, truth).score(table, truth)
    assert model.score(table, truth) > best - 0.03
    assert model.coverage_ == pytest.approx(1, abs=0.01)
    assert model.label_model_.voters_ == ["f0", "f1", "f2"]
    told = np.where(np.arange(500) < 50, truth.astype(object), -1)
    helped = WeaklySupervisedClassifier(
        FunctionTransformer(vote), only, label_model=LabelModel("metal")
    ).fit(table, told)
    assert helped.classes_.tolist() == ["bad", "good"]
    assert helped.label_model_.method == "metal"


def test_read_votes_takes_what_tables_hold():
    votes = pd.DataFrame(
        {"a": pd.Categorical(["y", None, "x"]), "b": pd.array(["x", pd.NA, " "], dtype="string")}
    )
    codes, classes, names = read_votes(votes)
    assert codes.tolist() == [[1, 0], [-1, -1], [0, -1]]
    assert (classes.tolist(), names) == (["x", "y"], ["a", "b"])
    gaps = pd.DataFrame({"a": [1.0, np.nan], "b": pd.array([None, 0], dtype="Int64")})
    assert read_votes(gaps)[0].tolist() == [[1, -1], [-1, 0]]
    assert read_votes(np.zeros((0, 2), dtype=int))[0].shape == (0, 2)
    assert read_votes([["a", -1], [None, "b"]])[0].tolist() == [[0, -1], [-1, 1]]
    assert read_votes(pd.DataFrame({"a": [True, False]}))[1].tolist() == [False, True]


def test_a_label_that_the_label_model_does_not_know_is_told():
    class VotesAlone(LabelModel):
        def fit(self, votes, y=None):
            return super().fit(votes)

    X = pd.DataFrame({"text__0": [-1.0, 1.0, -2.0, 2.0]})
    votes = FunctionTransformer(lambda table: pd.DataFrame({"a": ["bad", "good"] * 2}))
    model = WeaklySupervisedClassifier(votes, LogisticRegression(), label_model=VotesAlone())
    with pytest.raises(ValueError, match=r"knows, \['bad', 'good'\], or -1. Got 'mixed'"):
        model.fit(X, np.array(["mixed", -1, -1, -1], dtype=object))
