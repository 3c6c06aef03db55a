"""TrAdaBoost: round by round as published, and without a target the boosting that it comes from."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import brentq
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import AdaBoostClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from hybridsent.exceptions import TransferWarning
from hybridsent.transfer import TrAdaBoostClassifier, TrAdaBoostRegressor
from hybridsent.transfer.boosting import _faded

STUMP = DecisionTreeClassifier(max_depth=1, random_state=0)
TREE = DecisionTreeRegressor(max_depth=2, random_state=0)


def table(values, target):
    frame = pd.DataFrame(values, columns=[f"text__{i}" for i in range(values.shape[1])])
    frame["domain__0"] = target.astype(float)
    return frame


@pytest.fixture
def X(rng):
    return rng.standard_normal((120, 3))


@pytest.fixture
def target():
    return np.arange(120) >= 90


def labels(rng, X, target, classes):
    """Half of the source tells the target's truth, the other half misleads."""
    score = X[:, 0] + 0.4 * rng.standard_normal(len(X))
    score[:45] = X[:45, 1]
    edges = np.quantile(score, np.arange(1, classes) / classes)
    return np.searchsorted(edges, score)


# -- classes ---------------------------------------------------------------------------------------


def published(X, y, target, rounds, classes):
    """Figure 1 of Dai et al. 2007, with the factor of Zhu et al. 2009 for more than two classes."""
    n = (~target).sum()
    beta = 1 / (1 + np.sqrt(2 * np.log(n) / rounds))
    w, hypotheses, betas = np.ones(len(y)), [], []
    for _ in range(rounds):
        p = w / w.sum()
        h = DecisionTreeClassifier(max_depth=1, random_state=0).fit(X, y, sample_weight=p)
        wrong = (h.predict(X) != y).astype(float)
        error = (w * wrong)[target].sum() / w[target].sum()
        error = min(error, 0.99 * (1 - 1 / classes))
        hypotheses.append((h, error, p))
        beta_t = error / ((1 - error) * (classes - 1))
        betas.append(beta_t)
        w = np.where(target, w * beta_t**-wrong, w * beta**wrong)
    return hypotheses, np.array(betas)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("rounds", [1, 6, 7])
def test_rounds_are_those_of_the_paper(rng, X, target, classes, rounds):
    y = labels(rng, X, target, classes)
    found = TrAdaBoostClassifier(STUMP, n_estimators=rounds).fit(table(X, target), y)
    hypotheses, betas = published(X, y, target, rounds, classes)
    first = int(np.ceil(rounds / 2)) - 1
    expected = np.log(1 / betas)
    assert_allclose(found.estimator_weights_[first:], expected[first:], rtol=1e-9)
    assert_array_equal(found.estimator_weights_[:first], 0)
    assert_allclose(
        np.minimum(found.estimator_errors_, 0.99 * (1 - 1 / classes)),
        [error for _, error, _ in hypotheses],
        rtol=1e-9,
    )
    last = hypotheses[-1][2]
    assert_allclose(found.sample_weight_, last / last.mean(), rtol=1e-9)
    votes = np.zeros((len(X), classes))
    for (h, _, _), vote in list(zip(hypotheses, expected, strict=True))[first:]:
        votes[np.arange(len(X)), h.predict(X)] += vote
    assert_array_equal(found.predict(table(X, target)), votes.argmax(axis=1))
    if classes == 2:  # the product of the paper's figure, for class 1
        product = np.prod(
            [b ** -(h.predict(X) - 0.5) for (h, _, _), b in zip(hypotheses, betas, strict=True)][
                first:
            ],
            axis=0,
        )
        sure = np.abs(np.log(product)) > 1e-9
        assert_array_equal(found.predict(table(X, target))[sure], (product >= 1)[sure])


def test_rows_that_mislead_lose_their_weight(rng, X, target):
    y = labels(rng, X, target, 2)
    found = TrAdaBoostClassifier(STUMP, n_estimators=20).fit(table(X, target), y)
    assert found.sample_weight_[:45].mean() < found.sample_weight_[45:90].mean() / 2
    assert found.sample_weight_.mean() == pytest.approx(1)


def test_rows_without_a_label_are_left_out(rng, X, target):
    y = np.array(["a", "b", "c"], dtype=object)[labels(rng, X, target, 3)]
    known = np.arange(120) % 4 > 0
    y[~known] = -1
    found = TrAdaBoostClassifier(STUMP, n_estimators=5).fit(table(X, target), y)
    alone = TrAdaBoostClassifier(STUMP, n_estimators=5).fit(
        table(X[known], target[known]), y[known].astype(str)
    )
    assert_array_equal(found.predict_proba(table(X, target)), alone.predict_proba(table(X, target)))
    assert_array_equal(found.sample_weight_[~known], 0)
    assert_array_equal(found.classes_, ["a", "b", "c"])


@pytest.mark.parametrize("classes", [2, 3])
def test_probabilities_votes_and_classes_agree(rng, X, target, classes):
    y = labels(rng, X, target, classes)
    found = TrAdaBoostClassifier(STUMP, n_estimators=8).fit(table(X, target), y)
    p, share = found.predict_proba(table(X, target)), found.decision_function(table(X, target))
    assert_allclose(p.sum(axis=1), 1)
    assert_array_equal(found.classes_[p.argmax(axis=1)], found.predict(table(X, target)))
    if classes == 2:
        assert_array_equal(share > 0, p[:, 1] > p[:, 0])
        assert_allclose(p[:, 1], 1 / (1 + np.exp(-2 * share)))
    else:
        assert_allclose(share.sum(axis=1), 1)


@pytest.mark.parametrize("classes", [2, 3])
def test_without_a_target_it_is_adaboost(rng, X, classes):
    y = labels(rng, X, np.zeros(120, bool), classes)
    with pytest.warns(TransferWarning, match="no row of the target"):
        found = TrAdaBoostClassifier(STUMP, n_estimators=6).fit(X, y)
    theirs = AdaBoostClassifier(STUMP, n_estimators=6, random_state=0).fit(X, y)
    assert_allclose(found.estimator_weights_, theirs.estimator_weights_)
    assert_allclose(found.estimator_errors_, theirs.estimator_errors_)
    assert_allclose(found.predict_proba(X), theirs.predict_proba(X))


def test_a_target_without_labels_is_told(rng, X, target):
    y = labels(rng, X, target, 2)
    y[target] = -1
    with pytest.warns(TransferWarning, match="got 30 rows of the target, all unlabelled"):
        TrAdaBoostClassifier(STUMP, n_estimators=3).fit(table(X, target), y)


def test_few_labels_of_the_target_beat_either_domain_alone():
    rng = np.random.default_rng(0)
    X, target = rng.standard_normal((430, 20)), np.arange(430) >= 400
    truth, other = rng.standard_normal(20), rng.standard_normal(20)
    y = (X @ truth > 0).astype(int)
    y[:200] = X[:200] @ other > 0
    found = TrAdaBoostClassifier().fit(table(X, target), y)
    new = rng.standard_normal((2000, 20))
    right = (new @ truth > 0).astype(int)
    score = (found.predict(table(new, np.ones(2000))) == right).mean()
    pooled = LogisticRegression().fit(X, y).score(new, right)
    alone = LogisticRegression().fit(X[400:], y[400:]).score(new, right)
    assert score > max(pooled, alone)


def test_a_pipeline_is_boosted_and_what_takes_no_weights_is_refused(rng, X, target):
    y = labels(rng, X, target, 2)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    found = TrAdaBoostClassifier(pipeline, n_estimators=3).fit(table(X, target), y)
    again = pickle.loads(pickle.dumps(found))
    assert_array_equal(again.predict(table(X, target)), found.predict(table(X, target)))
    with pytest.raises(ValueError, match="of TrAdaBoostClassifier must take sample_weight"):
        TrAdaBoostClassifier(KNeighborsClassifier()).fit(table(X, target), y)
    with pytest.raises(ValueError, match=r"at least 1 labelled row. Got 120 rows"):
        TrAdaBoostClassifier().fit(table(X, target), np.full(120, -1))


# -- numbers ---------------------------------------------------------------------------------------


def numbers(rng, X, target):
    y = X[:, 0] + 0.2 * rng.standard_normal(len(X))
    y[:45] = 2 * X[:45, 1]
    return y


def median(models, votes, X):
    out = []
    for row in X[:, None]:
        values = np.array([model.predict(row)[0] for model in models])
        order = np.argsort(values)
        out.append(values[order][np.cumsum(votes[order]) >= votes.sum() / 2][0])
    return np.array(out)


def published_r2(X, y, target, w, rounds):
    """AdaBoost.R2' of Pardoe & Stone 2010: source weights stay as they are."""
    w, models, votes = w / w.sum(), [], []
    share = w[target].sum()
    for _ in range(rounds):
        h = DecisionTreeRegressor(max_depth=2, random_state=0).fit(X, y, sample_weight=120 * w)
        error = np.abs(h.predict(X) - y)
        error = error / error.max()
        total = (w * error).sum()
        if total >= 0.5:
            break
        beta = total / (1 - total)
        models.append(h)
        votes.append(np.log(1 / beta))
        w = np.where(target, w * beta ** (1 - error), w)
        w[target] *= share / w[target].sum()
    return models, np.array(votes)


def test_stages_are_those_of_the_paper(rng, X, target):
    y, steps, rounds = numbers(rng, X, target), 4, 3
    found = TrAdaBoostRegressor(TREE, n_steps=steps, n_estimators=rounds, n_folds=3)
    found.fit(table(X, target), y)
    n, m = 90, 30
    w, sets = np.full(120, 1 / 120), []
    for step in range(steps):
        sets.append(w)
        h = DecisionTreeRegressor(max_depth=2, random_state=0).fit(X, y, sample_weight=w * 120)
        error = np.abs(h.predict(X) - y)
        error = error / error.max()
        goal = m / (n + m) + (step + 1) / (steps - 1) * (1 - m / (n + m))
        if step + 1 == steps - 1:
            w = np.where(target, w, 0)
            w = w / w.sum()
            sets.append(w)
            break
        mass = w[target].sum() * (1 - goal) / goal
        near = brentq(lambda b: (w * b**error)[~target].sum() - mass, 0, 1, xtol=1e-14)  # noqa: B023
        w = np.where(target, w, w * near**error)
        w = w / w.sum()
        assert w[target].sum() == pytest.approx(goal, abs=1e-9)
    ours = found._sets(X, y, target, np.ones(120))
    for mine, their in zip(ours, sets, strict=True):
        assert_allclose(mine, their, rtol=1e-6)
    positions = np.flatnonzero(target)
    cut = KFold(3, shuffle=True, random_state=np.random.RandomState(0))
    folds = list(cut.split(positions))
    for step, each in enumerate(ours):
        errors = []
        for _, test in folds:
            seen = np.setdiff1d(np.flatnonzero(each > 0), positions[test])
            models, votes = published_r2(X[seen], y[seen], target[seen], each[seen], rounds)
            errors.append((median(models, votes, X[positions[test]]) - y[positions[test]]) ** 2)
        assert found.step_errors_[step] == pytest.approx(np.concatenate(errors).mean(), rel=1e-6)
    assert found.step_ == found.step_errors_.argmin()
    chosen = ours[found.step_]
    assert_allclose(found.sample_weight_, chosen * 120, rtol=1e-9)
    seen = chosen > 0
    models, votes = published_r2(X[seen], y[seen], target[seen], chosen[seen], rounds)
    assert_allclose(found.estimator_weights_, votes)
    assert_allclose(found.predict(table(X, target)), median(models, votes, X))


@given(st.integers(1, 8), st.floats(0.05, 0.9), st.floats(0.01, 0.99), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_bisection_gives_the_target_its_share(n, first, part, seed):
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.1, 1, n)
    weights *= (1 - first) / weights.sum()
    errors = rng.uniform(0.01, 1, n)
    share = first + part * (1 - first)
    faded = _faded(weights, errors, first, share)
    assert first / (first + faded.sum()) == pytest.approx(share, abs=1e-6)
    order = np.argsort(errors)
    assert np.all(np.diff((faded / weights)[order]) <= 1e-12)


def test_a_source_that_misleads_is_left_and_one_that_helps_is_kept():
    rng = np.random.default_rng(0)
    X, target = rng.standard_normal((230, 20)), np.arange(230) >= 200
    truth = rng.standard_normal(20)
    y = X @ truth + rng.standard_normal(230)
    kept = TrAdaBoostRegressor().fit(table(X, target), y)
    misleading = np.where(target, y, -y)
    left = TrAdaBoostRegressor().fit(table(X, target), misleading)
    assert kept.step_ < left.step_
    assert left.sample_weight_[:200].sum() < kept.sample_weight_[:200].sum()
    new = rng.standard_normal((500, 20))
    found = left.predict(table(new, np.ones(500)))
    pooled = Ridge().fit(X, misleading).predict(new)
    assert r2_score(new @ truth, found) > r2_score(new @ truth, pooled)


def test_unlabelled_numbers_are_nan_and_left_out(rng, X, target):
    y = numbers(rng, X, target)
    known = np.arange(120) % 5 > 0
    with_gaps = np.where(known, y, np.nan)
    found = TrAdaBoostRegressor(n_steps=3).fit(table(X, target), with_gaps)
    alone = TrAdaBoostRegressor(n_steps=3).fit(table(X[known], target[known]), y[known])
    assert_allclose(found.predict(table(X, target)), alone.predict(table(X, target)))
    assert_array_equal(found.sample_weight_[~known], 0)


def test_without_a_target_it_is_adaboost_r2(rng, X):
    y = numbers(rng, X, None)
    with pytest.warns(TransferWarning, match="no row of the target"):
        found = TrAdaBoostRegressor(TREE, n_estimators=4).fit(X, y)
    models, votes = published_r2(X, y, np.ones(120, bool), np.ones(120), 4)
    assert_allclose(found.estimator_weights_, votes)
    assert_allclose(found.predict(X), median(models, votes, X))
    assert np.isnan(found.step_errors_).all()


class PlainRidge(RegressorMixin, BaseEstimator):
    """What Ridge fits, to the last digits, without its many checks where it is fitted often."""

    def fit(self, X, y, sample_weight):
        centre, mean = (np.average(values, axis=0, weights=sample_weight) for values in (X, y))
        weighted = (X - centre).T * sample_weight
        gram = weighted @ (X - centre) + np.eye(X.shape[1])
        self.coef_ = np.linalg.solve(gram, weighted @ (y - mean))
        self.intercept_ = mean - centre @ self.coef_
        return self

    def predict(self, X):
        return X @ self.coef_ + self.intercept_


def test_the_plain_ridge_is_ridge(rng, X):
    weights, y = rng.uniform(size=120), rng.normal(size=120)
    plain, ridge = (one.fit(X, y, weights) for one in (PlainRidge(), Ridge()))
    assert_allclose(plain.predict(X), ridge.predict(X), rtol=1e-9)


def test_an_error_of_one_ends_the_boosting():
    # seeds at which a fold leaves the target rows all the weight, each as wrong as the worst
    for seed in range(12):
        rng = np.random.default_rng(seed)
        X, target = rng.normal(size=(33, 4)), np.arange(33) >= 30
        y = rng.normal(size=33)
        found = TrAdaBoostRegressor(PlainRidge()).fit(table(X, target), y)
        assert np.isfinite(found.step_errors_).all()
        assert np.isfinite(found.predict(table(X, target))).all()


@pytest.mark.parametrize("kind", ["first", "later"])
def test_a_round_of_error_one_is_kept_only_as_the_first(kind):
    class Fixed:
        def __init__(self, misses):
            self.misses = misses

        def predict(self, X):
            return self.misses

    rounds = iter([np.ones(4)] if kind == "first" else [np.array([0.4, 0, 0, 1]), np.ones(4)])
    model = TrAdaBoostRegressor()
    model._fit_one = lambda *_: Fixed(next(rounds))
    fitted, votes = model._boost(np.zeros((4, 1)), np.zeros(4), np.ones(4, bool), np.ones(4))
    assert_allclose(votes, [1.0] if kind == "first" else [np.log(0.65 / 0.35)])
    assert len(fitted) == 1


def test_one_labelled_target_row_is_enough(rng, X):
    target = np.arange(120) == 119
    found = TrAdaBoostRegressor(n_steps=3).fit(table(X, target), numbers(rng, X, target))
    assert found.step_ == 0
    assert np.isfinite(found.predict(table(X, target))).all()
