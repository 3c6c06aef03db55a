"""Intervals: inside of the range, no point without a reason, and as often right as they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import f1_score, get_scorer_names, make_scorer, recall_score
from sklearn.model_selection import StratifiedKFold

from hybridsent._numerics.multiple import adjusted_p_values
from hybridsent.evaluation import evaluate, search
from hybridsent.evaluation.measures._draws import score_answers
from hybridsent.evaluation.measures._intervals import (
    Spread,
    interval_of_difference,
    interval_within,
    jackknife,
    p_value,
    units_of,
)
from hybridsent.evaluation.measures._metrics import ends_of, is_pooled, metrics_of
from hybridsent.evaluation.results._answers import Answers

FREE = (float("-inf"), float("inf"))


# -- the interval itself ---------------------------------------------------------------------------


@settings(deadline=None)
@given(
    value=st.floats(-1, 1),
    deviation=st.floats(0, 2),
    freedom=st.integers(1, 200),
    rows=st.integers(2, 5000),
    ends=st.sampled_from([(-1.0, 1.0), (-1.0, float("inf")), (float("-inf"), 1.0), FREE]),
)
def test_an_interval_holds_its_value_and_stays_in_the_range(value, deviation, freedom, rows, ends):
    low, high = interval_within(value, Spread(deviation**2, freedom, rows), ends)
    assert ends[0] <= low <= value + 1e-9
    assert value - 1e-9 <= high <= ends[1]


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_all_right_or_all_wrong_is_no_point(value):
    low, high = interval_within(value, Spread(0.0, 11, 12), (0.0, 1.0))
    assert high - low > 0.2


def test_in_the_middle_of_the_range_and_with_many_rows_it_is_the_plain_one():
    value, variance = 0.5, 0.25 / 10_000
    low, high = interval_within(value, Spread(variance, 1e6, 10_000), (0.0, 1.0))
    assert (low, high) == pytest.approx((0.5 - 1.96 * 0.005, 0.5 + 1.96 * 0.005), abs=1e-4)


def test_the_jackknife_of_a_mean_is_its_textbook_variance():
    values = np.random.default_rng(0).normal(size=40)
    spread = jackknife((values.sum() - values) / 39, 40)
    assert spread.variance == pytest.approx(values.var(ddof=1) / 40)
    assert spread.freedom == 39
    normal = jackknife((values.sum() - values) / 39, 40, gain=values.mean())
    assert 25 < normal.freedom <= 39


def test_a_few_units_that_differ_are_as_unsure_as_the_few():
    values = np.zeros(200)
    values[:5] = 1
    spread = jackknife((values.sum() - values) / 199, 200, gain=values.mean())
    assert 5 < spread.freedom < 9
    # exactly, 5 of 5 in one direction come by chance once in 16
    assert 0.05 < p_value(values.mean(), spread) < 0.09


def test_rows_are_right_or_wrong_as_wilson_says():
    right = np.ones(60)
    right[0] = 0
    spread = jackknife((right.sum() - right) / 59, 60)
    low, high = interval_within(right.mean(), spread, (0, 1))
    # of the normal's quantile, 0.911 and 0.997
    assert (low, high) == pytest.approx((0.911, 0.997), abs=0.003)


def test_one_unit_tells_nothing():
    spread = jackknife(np.array([0.5]), 40)
    assert np.isnan(spread.variance)
    assert np.isnan(interval_within(0.5, spread, (0, 1))).all()
    assert np.isnan(interval_of_difference(0.5, spread, (0, 1))).all()
    assert p_value(0.5, spread) == 1


def test_units_are_groups_and_never_more_than_wanted():
    groups = np.repeat(np.arange(500), 3)
    units = units_of(1500, groups)
    assert len(np.unique(units)) == 200
    assert all(len(set(units[groups == g])) == 1 for g in range(500))


def test_adjusted_p_values_are_those_of_holm():
    p = [0.011, 0.02, 0.8, 0.0004]
    assert adjusted_p_values(p, [1, 1, 1, 1]) == pytest.approx([0.033, 0.04, 0.8, 0.0016])
    # by hand: 0.02 / 0.5 is the smallest ratio; then 0.03 / 0.25 of what is left
    assert adjusted_p_values([0.02, 0.03, 0.5], [2, 1, 1]) == pytest.approx([0.04, 0.06, 0.5])


# -- what is reported ------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_every_metric_of_scikit_learn_has_a_range_that_holds_its_values():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 2)), np.tile([0, 1], 30)
    fitted = LogisticRegression().fit(X, y)
    for name in get_scorer_names():
        (metric,) = metrics_of(name)
        low, high = ends_of(metric)
        try:
            value = metric.scorer(fitted, X, y)
        except ValueError:  # for samples of several labels
            continue
        assert low <= value <= high, name


@pytest.mark.parametrize("scoring", ["f1_macro", "UAR", "matthews_corrcoef"])
def test_metrics_of_small_folds_are_pooled_and_the_table_says_so(scoring):
    X, y = rows(seed=3, groups=30, each=2)[:2]
    result = evaluate(RidgeClassifier(), X, y, cv=6, scoring=["accuracy", scoring])
    name = metrics_of(scoring)[0].name
    score = result.models["fusion"][name]
    assert (score.of, score.value) == ("rows", score.pooled)
    assert score.low < score.value < score.high
    assert str(result).splitlines()[2].split() == ["model", "accuracy", name, "(pooled)"]
    assert result.models["fusion"]["accuracy"].of == "folds"
    assert result.to_frame().loc["fusion", name] == score.pooled
    plain = result.to_dict()["models"]["fusion"][name]
    assert (plain["value"], plain["of"]) == (score.pooled, "rows")
    assert plain["mean"] == score.mean == np.mean(score.folds)


def test_macro_f1_of_small_folds_was_too_low():
    gaps = []
    for seed in range(12):
        X, y, _ = rows(seed=seed, groups=30, each=2)
        score = evaluate(RidgeClassifier(), X, y, cv=10, scoring="f1_macro").models["fusion"][
            "f1_macro"
        ]
        gaps.append(score.value - score.mean)
    assert np.mean(gaps) > 0.02


def test_what_ranks_is_never_pooled():
    X, y, _ = rows(seed=0, classes=2)
    for model in (LogisticRegression(), RidgeClassifier()):
        score = evaluate(model, X, y, scoring="roc_auc").models["fusion"]["roc_auc"]
        assert score.of == "folds"
        assert score.low < score.value == np.mean(score.folds) < score.high <= 1
    assert not is_pooled(metrics_of("average_precision")[0])
    assert is_pooled(metrics_of(make_scorer(f1_score, average="macro"))[0])


def test_scorers_of_ones_own_are_told_by_their_folds():
    X, y, _ = rows(seed=0)

    def own(fitted, X, truth):
        return recall_score(truth, fitted.predict(X), average="macro")

    score = evaluate(RidgeClassifier(), X, y, scoring=own).models["fusion"]["score"]
    assert score.of == "folds"
    assert score.low < score.mean < score.high


def test_twelve_of_twelve_right_is_no_point_and_not_above_one():
    y = np.tile(["a", "b"], 6)
    X = (y == "b").astype(float)[:, None] * 5 + np.linspace(0, 1, 12)[:, None]
    for scoring in ("accuracy", "f1_macro", "UAR"):
        result = evaluate(LogisticRegression(), X, y, cv=3, scoring=scoring)
        (score,) = result.models["fusion"].values()
        assert score.value == score.high == 1
        assert 0.4 < score.low < 0.8


def test_no_interval_leaves_the_range():
    # nearly all right, in folds that differ: 1.007 was the upper end
    for seed in range(5):
        X, y, groups = rows(seed=seed, apart=5.0)
        result = evaluate(RidgeClassifier(), X, y, groups=groups)
        for scores in result.models.values():
            for score in scores.values():
                assert 0 <= score.low <= score.value <= score.high <= 1


def test_groups_make_intervals_wider_where_their_rows_are_alike():
    X, y, groups = rows(seed=1, groups=10, each=30, like=1.5)
    alone = evaluate(RidgeClassifier(), X, y, cv=list_folds(y), scoring="accuracy")
    kept = evaluate(RidgeClassifier(), X, y, cv=list_folds(y), groups=groups, scoring="accuracy")
    one, other = (each.models["fusion"]["accuracy"] for each in (alone, kept))
    assert one.value == other.value
    assert other.high - other.low > 1.3 * (one.high - one.low)


def test_a_search_reports_by_the_same_rule():
    X, y, _ = rows(seed=3, groups=30, each=2)
    result = search(
        {"ridge": (RidgeClassifier(), {"alpha": [1.0]})}, X, y, scoring="f1_macro", cv=4, inner_cv=2
    )
    assert result.selected.of == "rows"
    assert result.selected.low < result.selected.value < result.selected.high
    assert "f1_macro (pooled)" in str(result)
    assert result.to_frame().loc["selected", "value"] == result.selected.value


# -- coverage --------------------------------------------------------------------------------------


def rows(seed, groups=10, each=20, classes=3, apart=1.2, like=0.6):
    """Classes around their means, and groups (speakers) around theirs."""
    rng = np.random.default_rng(seed)
    middles = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [-1, -1, 0, 0]])[:classes] * apart
    group = np.repeat(np.arange(groups), each)
    y = rng.integers(classes, size=len(group))
    X = middles[y] + rng.normal(size=(len(y), 4)) + like * rng.normal(size=(groups, 4))[group]
    return X, y, group


def list_folds(y):
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return list(folds.split(np.zeros(len(y)), y))


def judged(X, y, group, metrics, n_folds=5):
    """What `evaluate` says, without what it does beside: ten times as quick."""
    folds, splits, answers = [], [], []
    for k in range(n_folds):
        train, test = np.flatnonzero(group % n_folds != k), np.flatnonzero(group % n_folds == k)
        model = RidgeClassifier().fit(X[train], y[train])
        splits.append((train, test))
        answers.append(Answers(model.predict(X[test]), None))
        folds.append([float(metric.scorer(model, X[test], y[test])) for metric in metrics])
    return [
        score_answers(metric, found, splits, y, answers, group)
        for metric, found in zip(metrics, np.transpose(folds).tolist(), strict=True)
    ]


METRICS = ["accuracy", "f1_macro", "balanced_accuracy"]


@pytest.mark.slow  # 5 s each where nothing else runs
@pytest.mark.filterwarnings("ignore:y_pred contains classes")
@pytest.mark.parametrize(("groups", "each", "like"), [(10, 20, 0.6), (10, 8, 0.0), (30, 8, 0.6)])
def test_intervals_of_clustered_rows_cover_as_often_as_they_say(groups, each, like):
    X, y, _ = rows(0, groups=800, each=5, like=like)
    metrics = [metrics_of(name)[0] for name in METRICS]
    truth, ends = [], []
    for seed in range(80):
        drawn = rows(1 + seed, groups=groups, each=each, like=like)
        scores = judged(*drawn, metrics)
        ends.append([(score.low, score.high) for score in scores])
        kept = drawn[2] % 5 != 0
        model = RidgeClassifier().fit(drawn[0][kept], drawn[1][kept])
        truth.append([metric.scorer(model, X, y) for metric in metrics])
    low, high = np.moveaxis(np.array(ends), 2, 0)
    covered = ((low <= np.mean(truth, axis=0)) & (np.mean(truth, axis=0) <= high)).mean(axis=0)
    assert (covered >= 0.9).all()  # of 80 at 95 %, fewer come once in fifty


def test_precision_over_thresholds_has_an_interval_over_folds_of_one_row_a_class():
    X, y = np.repeat([0.0, 5.0], 6)[:, None], np.repeat([0, 1], 6)
    score = evaluate(LogisticRegression(), X, y, cv=6, scoring="average_precision", n_jobs=1)
    found = score.models["fusion"]["average_precision"]  # warnings are errors
    assert found.mean == 1
    assert found.low < 0.9
    assert found.high == 1
