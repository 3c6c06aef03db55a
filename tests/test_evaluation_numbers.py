"""Regressors are judged as classifiers are: on the same rows, by the same rules of labels and folds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.pipeline import make_pipeline

from hybridsent._outer_folds import outer_folds
from hybridsent.evaluation import evaluate, read_labels
from hybridsent.exceptions import TableError

N = 90


@pytest.fixture
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(N, 6)))
    X.columns = [f"{view}__{i}" for view in ("text", "audio") for i in range(3)]
    X["label"] = X["text__0"] + 0.5 * X["audio__1"] + rng.normal(size=N) * 0.3
    return X


@pytest.mark.parametrize("grouped", [False, True])
def test_scores_are_those_of_scikit_learn_on_the_folds_that_are_told(table, grouped):
    groups = np.arange(N) // 6 if grouped else None
    result = evaluate(make_pipeline(Ridge()), table, "label", groups=groups)
    kept, y = result.out_of_fold, table["label"].to_numpy()
    assert kept.target == "numbers"
    assert kept.classes is None
    assert np.array_equal(kept.truth, y)
    X = table.drop(columns="label")
    for model, name in ((Ridge(), "fusion"), (DummyRegressor(), "dummy")):
        said = np.empty(N)
        for fold in range(5):
            test = kept.fold == fold
            said[test] = model.fit(X[~test], y[~test]).predict(X[test])
        assert np.allclose(said, kept.of(name).labels)
        assert np.isclose(result.models[name]["r2"].pooled, r2_score(y, said))
    assert set(result.models) == {"fusion", "text", "audio", "dummy"}
    frame = result.predictions
    ours = frame[frame["model"] == "fusion"]
    assert np.isclose(
        abs(ours["truth"] - ours["prediction"]).mean(), mean_absolute_error(y, _said(kept))
    )


def _said(kept):
    return kept.of("fusion").labels


def test_a_regressor_that_finds_nothing_is_told_beside_the_mean():
    rng = np.random.default_rng(1)
    X = pd.DataFrame(rng.normal(size=(60, 4)), columns=[f"x__{i}" for i in range(4)])
    forest = RandomForestRegressor(n_estimators=5, random_state=0)
    result = evaluate(forest, X, rng.normal(size=60), scoring="r2", cv=3)
    assert any("below the dummy" in note for note in result.notes)
    assert abs(result.models["dummy"]["r2"].value) < 0.05  # folds have the mean of all


@pytest.mark.parametrize("n_folds", [2, 3, 7])
def test_folds_of_numbers_have_a_share_of_each_size(n_folds):
    y = np.random.default_rng(n_folds).lognormal(size=101)
    splits = outer_folds(y, n_folds, kind="numbers")
    assert np.array_equal(np.sort(np.concatenate([test for _, test in splits])), np.arange(101))
    rank = np.argsort(np.argsort(y))
    for train, test in splits:
        assert not np.intersect1d(train, test).size
        # of n_folds neighbours in size each fold has one
        assert (np.bincount(rank[test] // n_folds, minlength=101 // n_folds)[:-1] == 1).all()
    again = outer_folds(y, n_folds, kind="numbers")
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(splits, again, strict=True))


@pytest.mark.parametrize("sizes", [[6] * 15, [50, 3, 3, 3, 1], [2] * 5])
def test_folds_of_numbers_keep_groups_together_and_none_is_empty(sizes):
    groups = np.repeat(np.arange(len(sizes)), sizes)
    y = np.random.default_rng(0).normal(size=len(groups))
    for n_folds in (2, 5):
        splits = outer_folds(y, n_folds, groups, kind="numbers")
        assert len(splits) == n_folds
        assert all(len(test) for _, test in splits)
        for train, test in splits:
            assert not np.intersect1d(groups[train], groups[test]).size


def test_numbers_without_a_value_are_no_label_and_a_class_minus_one_is_a_number(table):
    table.loc[3:8, "label"] = np.nan
    table.loc[10, "label"] = -1.0
    rows = read_labels(table, "label", estimator=Ridge())
    assert rows.kind == "numbers"
    assert len(rows.y) == N - 6
    assert -1.0 in rows.y
    for y in (table["label"], table["label"].to_numpy(), table["label"].astype("Float64")):
        same = read_labels(table.drop(columns="label"), y, estimator=Ridge())
        assert np.array_equal(same.y, rows.y)
        assert same.kind == "numbers"


@pytest.mark.parametrize("whole", [[1, 2, 3], [-3, -1, 0], [0, 1]])
def test_whole_numbers_are_numbers_to_a_regressor(whole):
    frame = pd.DataFrame({"x__0": np.arange(30.0), "label": np.resize(whole, 30)})
    rows = read_labels(frame, "label", estimator=make_pipeline(Ridge()))
    assert rows.kind == "numbers"
    assert rows.y.dtype == np.float64
    assert rows.known.all()
    result = evaluate(make_pipeline(Ridge()), frame, "label", cv=3)
    assert result.out_of_fold.target == "numbers"


def test_what_is_no_number_is_refused_with_its_place():
    X = pd.DataFrame({"x__0": np.arange(10.0)})
    with pytest.raises(TableError, match=r"finite numbers. Got inf in 1 rows.*position 2"):
        evaluate(Ridge(), X, np.where(np.arange(10) == 2, np.inf, 0.5))
    with pytest.raises(TableError, match=r"numbers, which is what a regressor learns. Got 'good'"):
        evaluate(Ridge(), X, ["good", "bad"] * 5)
    with pytest.raises(ValueError, match=r"numbers in y must differ"):
        evaluate(Ridge(), X, np.ones(10))
    with pytest.raises(ValueError, match=r"task='regression'"):
        evaluate(LogisticRegression(), X, np.linspace(0, 1, 10))
