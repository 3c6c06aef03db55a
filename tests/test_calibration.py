"""How far probabilities can be believed, and the maps that mend them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import brier_score_loss, log_loss
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC

from hybridsent import evaluate, load, make_fusion, save
from hybridsent.evaluation import OutOfFold, calibration
from hybridsent.evaluation.results._answers import Answers
from hybridsent.heads import CalibratedFusion
from hybridsent.heads._calibrated import _dirichlet, _inverse_temperature


def answers(n: int = 400, k: int = 3, power: float = 1.0, seed: int = 0, groups=None) -> OutOfFold:
    """Truth drawn by probabilities, and a model that says these to a power: 1 is calibrated."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(k), n)
    truth = np.array([rng.choice(k, p=row) for row in p])
    said = p**power / (p**power).sum(axis=1, keepdims=True)
    return OutOfFold(
        np.arange(n),
        np.zeros(n, int),
        np.arange(n) % 5,
        truth,
        {"m": Answers(said.argmax(axis=1), said)},
        np.arange(k),
        groups,
    )


# -- what is told ----------------------------------------------------------------------------------


def by_definition(said: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    parts = np.array_split(np.argsort(said, kind="stable"), bins)
    return sum(len(i) / len(said) * abs(right[i].mean() - said[i].mean()) for i in parts)


@pytest.mark.parametrize("k", [2, 3, 5])
def test_errors_and_scores_are_those_of_their_definitions(k):
    kept = answers(k=k, power=2.0)
    p, truth = kept.of("m").probabilities, kept.truth
    found = calibration(kept)
    top = p.argmax(axis=1)
    assert found.ece.value == pytest.approx(by_definition(p.max(axis=1), top == truth))
    each = [by_definition(p[:, j], truth == j) for j in range(k)]
    assert [each.value for each in found.classwise.values()] == pytest.approx(each)
    assert found.classwise_ece.value == pytest.approx(np.mean(each))
    assert found.log_loss.value == pytest.approx(log_loss(truth, p))
    assert found.brier.value == pytest.approx(
        brier_score_loss(truth, p[:, 1] if k == 2 else p, labels=range(k))
    )
    assert found.excess == pytest.approx(p.max(axis=1).mean() - (top == truth).mean())
    assert sum(each.rows for each in found.bins) == len(truth)


def test_equal_probabilities_are_never_cut_apart():
    kept = answers()
    p = np.tile([[0.5, 0.3, 0.2]], (400, 1))
    found = calibration(
        OutOfFold(**{**vars(kept), "answers": {"m": Answers(np.zeros(400, int), p)}})
    )
    assert len(found.bins) == 1
    assert found.ece.value == pytest.approx(abs((kept.truth == 0).mean() - 0.5))


def test_by_chance_is_what_calibrated_models_show():
    errors = [calibration(answers(seed=seed)).ece.value for seed in range(40)]
    assert calibration(answers()).by_chance == pytest.approx(np.mean(errors), rel=0.15)


def test_intervals_hold_the_true_accuracy_of_bins_in_about_as_many_as_they_say():
    bins = [each for seed in range(40) for each in calibration(answers(seed=seed)).bins]
    held = [each.low <= each.said <= each.high for each in bins]  # calibrated: what is said is true
    assert 0.92 <= np.mean(held) <= 0.98


def test_a_row_of_several_seeds_is_one_row():
    kept = answers()
    said = kept.of("m")
    twice = OutOfFold(
        np.tile(kept.row, 2),
        np.repeat([0, 1], 400),
        np.tile(kept.fold, 2),
        np.tile(kept.truth, 2),
        {"m": Answers(np.tile(said.labels, 2), np.tile(said.probabilities, (2, 1)))},
        kept.classes,
    )
    one, two = calibration(kept), calibration(twice)
    assert two.rows == one.rows
    for name in ("ece", "brier", "log_loss"):
        a, b = getattr(one, name), getattr(two, name)
        assert (b.value, b.low, b.high) == pytest.approx((a.value, a.low, a.high))
    assert two.by_chance == pytest.approx(one.by_chance)


def test_groups_are_the_units_of_the_intervals():
    groups = np.repeat(np.arange(20), 20)
    kept = answers(groups=groups)
    rows = calibration(OutOfFold(**{**vars(kept), "groups": None}))
    assert calibration(kept).log_loss.low != rows.log_loss.low
    assert calibration(kept).log_loss.value == rows.log_loss.value


def test_of_numbers_the_slope_is_that_of_least_squares():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=300)
    said = 0.5 * truth + rng.normal(0, 0.1, 300)
    kept = OutOfFold(
        np.arange(300), np.zeros(300, int), np.arange(300) % 3, truth,
        {"m": Answers(said, None)}, None, None, "numbers",
    )  # fmt: skip
    found = calibration(kept)
    assert found.slope.value == pytest.approx(np.polyfit(said, truth, 1)[0])
    assert found.slope.low < found.slope.value < found.slope.high
    assert found.brier is None
    assert "predicted" in str(found)


def test_of_sets_each_label_is_judged():
    rng = np.random.default_rng(0)
    p = rng.random((300, 2))
    truth = (rng.random((300, 2)) < p).astype(int)
    kept = OutOfFold(
        np.arange(300), np.zeros(300, int), np.arange(300) % 3, truth,
        {"m": Answers((p > 0.5).astype(int), p)}, np.array(["calm", "joy"]), None, "sets",
    )  # fmt: skip
    found = calibration(kept)
    assert found.brier.value == pytest.approx(((p - truth) ** 2).mean())
    assert list(found.classwise) == ["calm", "joy"]
    assert found.ece.value < 0.1


def test_without_probabilities_the_way_out_is_told():
    kept = answers()
    bare = OutOfFold(**{**vars(kept), "answers": {"m": Answers(kept.truth, None)}})
    with pytest.raises(ValueError, match="CalibratedFusion"):
        calibration(bare)


# -- maps ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [2, 3, 4])
@pytest.mark.parametrize("scale", [0.2, 1.0, 30.0])
def test_the_temperature_is_the_most_likely_one(k, scale):
    rng = np.random.default_rng(0)
    z = rng.normal(size=(500, k))
    codes = np.array([rng.choice(k, p=row) for row in softmax(z, axis=1)])

    def loss(log_beta):
        return -log_softmax(np.exp(log_beta) * scale * z, axis=1)[np.arange(500), codes].mean()

    best = minimize_scalar(loss, bounds=(-8, 8), method="bounded", options={"xatol": 1e-9}).x
    assert _inverse_temperature(scale * z, codes) == pytest.approx(np.exp(best), rel=1e-4)
    assert _inverse_temperature(scale * z - 5, codes) == pytest.approx(np.exp(best), rel=1e-4)


def test_a_dirichlet_map_is_found_again_and_a_penalty_makes_it_diagonal():
    rng = np.random.default_rng(0)
    z = rng.normal(0, 2, (20_000, 3))
    W = np.array([[0.8, 0.3, 0.0], [0.0, 0.5, -0.4], [0.2, 0.0, 0.7]])
    b = np.array([0.5, -0.5, 0.0])
    p = softmax(z @ W.T + b, axis=1)
    codes = (rng.random((len(p), 1)) > p.cumsum(axis=1)).sum(axis=1)
    found, intercept = _dirichlet(z, codes, 0.0)
    again = softmax(z @ found.T + intercept, axis=1)
    assert np.abs(again - p).mean() < 0.01
    strict, _ = _dirichlet(z, codes, 1e4)
    assert np.abs(strict - np.diag(np.diag(strict))).max() < 1e-3


def sure(n: int = 600, k: int = 3, copies: int = 12):
    """Rows whose one feature stands there many times: naive Bayes believes it as often."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % k
    X = np.repeat(y[:, None] + rng.normal(0, 0.8, (n, 1)), copies, axis=1)
    return pd.DataFrame(X, columns=[f"a__{i}" for i in range(copies)]), np.array(list("xyz"))[y]


@pytest.mark.parametrize("method", ["temperature", "dirichlet", "isotonic"])
def test_the_calibration_error_of_one_that_believes_itself_is_halved(method):
    X, y = sure()
    models = {"plain": GaussianNB(), "mended": CalibratedFusion(GaussianNB(), method=method)}
    kept = evaluate(models, X, y, cv=4).out_of_fold
    plain, mended = calibration(kept, "plain"), calibration(kept, "mended")
    assert mended.ece.value < plain.ece.value / 2
    assert mended.log_loss.high < plain.log_loss.low
    if method == "temperature":
        assert (kept.of("plain").labels == kept.of("mended").labels).all()


def test_decision_values_become_probabilities():
    X, y = sure()
    model = CalibratedFusion(LinearSVC()).fit(X, y)
    p = model.predict_proba(X)
    assert np.allclose(p.sum(axis=1), 1)
    assert abs(p.max(axis=1).mean() - model.score(X, y)) < 0.1


class Recording(ClassifierMixin, BaseEstimator):
    """Notes the rows and groups of each fit."""

    seen: list = []  # noqa: RUF012  # of the class on purpose

    __metadata_request__fit = {"groups": True}  # noqa: RUF012

    def fit(self, X, y, groups=None):
        Recording.seen.append((np.asarray(X)[:, 0].astype(int), groups))
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def test_groups_are_kept_together_and_handed_on():
    Recording.seen.clear()
    X, y = np.arange(60)[:, None], np.tile(["x", "y"], 30)
    groups = np.repeat(np.arange(15), 4)
    CalibratedFusion(Recording(), cv=3).fit(X, y, groups=groups)
    assert len(Recording.seen) == 4
    for rows, told in Recording.seen:
        assert len(told) == len(rows)
        outside = np.setdiff1d(np.arange(60), rows)
        assert not set(groups[rows]) & set(groups[outside])


def test_numbers_and_sets_are_refused_with_a_way_out():
    X = np.random.default_rng(0).normal(size=(20, 2))
    with pytest.raises(ValueError, match="ConformalSets"):
        CalibratedFusion(Ridge()).fit(X, X[:, 0])
    with pytest.raises(ValueError, match="MultiLabelClassifier"):
        CalibratedFusion(LogisticRegression()).fit(X, (X > 0).astype(int))


@pytest.mark.parametrize("method", ["temperature", "dirichlet", "isotonic"])
def test_a_calibrated_pipeline_is_saved_and_loaded(tmp_path, method):
    X, y = sure(n=90)
    model = CalibratedFusion(make_fusion(features="passthrough"), method=method, cv=3).fit(X, y)
    save(model, tmp_path / "m.hybridsent")
    assert np.array_equal(load(tmp_path / "m.hybridsent").predict_proba(X), model.predict_proba(X))
