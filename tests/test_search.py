"""search() against scikit-learn's own nesting, its counts, its promises and its errors."""

from __future__ import annotations

import json
from typing import ClassVar

import fakes as networks
import numpy as np
import pandas as pd
import pytest
from hashed import fakes, posts
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold, cross_validate
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from hybridsent import FeatureStore, TextEncoder, evaluate, make_fusion
from hybridsent.evaluation import (
    SearchResult,
    compare,
    encoders_of,
    feature_columns,
    read_labels,
    search,
)
from hybridsent.evaluation._evaluate import folds_of
from hybridsent.evaluation._search import frozen_encoders
from hybridsent.evaluation._search_runs import make_plan
from hybridsent.evaluation.fits._models import single_modalities
from hybridsent.evaluation.results._result import as_plain
from hybridsent.evaluation.results._search_result import plain_settings, short_settings
from hybridsent.evaluation.rows._columns import readable
from hybridsent.recipes import load_recipe

CS = {"classify__Cs": [(0.01,), (4.0,)]}
BAD = {"classify__Cs": [(-1.0,)]}


def model(**changed):
    return make_fusion(**fakes(), **changed).set_params(classify__Cs=(4.0,))


def features(n=36, seed=0):
    """A table that holds features already, its labels as numbers, and notes of all kinds."""
    rng = np.random.default_rng(seed)
    label = np.arange(n) % 2
    text = rng.normal(size=(n, 3)) + label[:, None]
    image = rng.normal(size=(n, 2)) - label[:, None] / 2
    names = [f"text__{i}" for i in range(3)] + [f"image__{i}" for i in range(2)]
    table = pd.DataFrame(np.hstack([text, image]).astype(np.float32), columns=names)
    table.loc[[1, 5], ["image__0", "image__1"]] = np.nan
    return table.assign(label=label, author=[f"a{i // 3}" for i in range(n)], note="n")


def on_features(**changed):
    built = make_fusion(features="passthrough", **changed)
    return built.set_params(classify__Cs=(4.0,))


# -- scores ----------------------------------------------------------------------------------------


def test_without_a_grid_the_nested_score_is_that_of_evaluate():
    table, y = posts(36)
    plain = evaluate(model(), table, y, cv=3, random_state=2).models["fusion"]["accuracy"]
    result = search({"one": (model(), {})}, table, y, cv=3, random_state=2)
    assert result.candidates["one"].score == plain == result.selected
    assert result.choices == ["one"] * 3


@pytest.mark.parametrize("scoring", ["accuracy", "neg_log_loss"])
def test_nested_scores_are_those_of_scikit_learn_nested_by_hand(scoring):
    table, y = posts(36)
    y = y.to_numpy(object)
    outer = StratifiedKFold(3, shuffle=True, random_state=1)
    inner = StratifiedKFold(2, shuffle=True, random_state=1)
    by_hand = GridSearchCV(model(), CS, cv=inner, scoring=scoring)
    theirs = cross_validate(by_hand, table, y, cv=outer, scoring=scoring, return_estimator=True)
    result = search(
        {"c": (model(), CS)}, table, y, cv=3, inner_cv=2, random_state=1, scoring=scoring
    )
    mine = result.candidates["c"]
    np.testing.assert_allclose(mine.score.folds, theirs["test_score"], atol=1e-12)
    assert mine.settings == [each.best_params_ for each in theirs["estimator"]]
    np.testing.assert_allclose(mine.inner, [each.best_score_ for each in theirs["estimator"]])
    whole = clone(by_hand).fit(table, y)
    assert result.best_params == mine.best_params == whole.best_params_
    assert mine.best_inner == pytest.approx(whole.best_score_)


def test_selection_among_candidates_is_nested_too():
    table, y = posts(36)
    weak = make_fusion(text=fakes()["text"]).set_params(classify__Cs=(4.0,))
    result = search({"weak": (weak, {}), "strong": (model(), CS)}, table, y, cv=4)
    names = list(result.candidates)
    inner = np.array([result.candidates[name].inner for name in names])
    assert result.choices == [names[i] for i in inner.argmax(axis=0)]
    expected = [result.candidates[name].score.folds[k] for k, name in enumerate(result.choices)]
    assert result.selected.folds == expected
    assert result.best_name == max(names, key=lambda name: result.candidates[name].best_inner)


def test_noise_is_not_flattered():
    rng = np.random.default_rng(0)
    names = [f"text__{i}" for i in range(100)]
    table, y = pd.DataFrame(rng.normal(size=(60, 100)), columns=names), rng.integers(0, 2, 60)
    grid = {"n_neighbors": [1, 3, 5, 9], "p": [1, 2], "weights": ["uniform", "distance"]}
    result = search({"noise": (KNeighborsClassifier(), grid)}, table, y, cv=5)
    assert np.mean(result.candidates["noise"].inner) > result.selected.mean + 0.05
    assert abs(result.selected.mean - 0.5) < 0.1


def test_the_winner_is_fitted_on_all_rows():
    table, y = posts(36)
    result = search({"a": (model(), CS)}, table, y, cv=2)
    again = clone(model()).set_params(**result.best_params).fit(table, y.to_numpy(object))
    np.testing.assert_array_equal(result.best.predict_proba(table), again.predict_proba(table))


def test_threads_change_nothing():
    table, y = posts()
    candidates = {"a": (model(), CS), "b": (model(), {})}
    told = []
    for n_jobs in (1, 2):
        plain = search(candidates, table, y, cv=3, inner_cv=2, n_jobs=n_jobs).to_dict()
        for each in [plain, *plain["candidates"].values()]:
            del each["seconds"]
        told.append(plain)
    assert told[0] == told[1]


def test_the_callers_estimators_and_table_stay_as_they_were():
    table, y = posts()
    built, before = model(), table.copy()
    described = repr(built)
    search({"a": (built, CS)}, table, y, cv=2, inner_cv=2)
    pd.testing.assert_frame_equal(table, before)
    assert repr(built) == described
    assert not hasattr(built[-1], "coef_")


# -- folds, splits and seeds -----------------------------------------------------------------------

PARTS = np.resize(["train", "train", "dev", "train", "test"], 60)
WAYS = {
    "folds": {"cv": 3},
    "groups": {"cv": 3, "groups": "author"},
    "seeds": {"cv": 3, "n_seeds": 2, "random_state": 4},
    "a split": {"split": PARTS},
    "a split by groups": {"split": PARTS, "judged_on": "test", "groups": "author"},
    "a split and seeds": {"split": PARTS, "n_seeds": 3},
}


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    """Count in a folder of this test's own."""
    monkeypatch.setenv("HYBRIDSENT_STORE", str(tmp_path / "kept" / "store"))
    return tmp_path / "kept" / "held-out-scores.json"


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize(
    ("way", "metric"),
    [
        *((way, "accuracy") for way in WAYS),
        ("seeds", "f1_macro"),
        ("groups", "neg_log_loss"),
        ("a split and seeds", "neg_log_loss"),
    ],
)
def test_a_search_of_one_is_its_evaluation(way, metric):
    table, how = features(60), {"scoring": metric, **WAYS[way]}
    plain = make_fusion(features="passthrough", random_state=how.get("random_state", 0))
    judged = evaluate(plain, table, "label", baselines=False, check=False, **how)
    found = search({"one": (plain, {})}, table, "label", **how)
    expected = as_plain(judged.models)
    (one,) = found.candidates.values()
    assert as_plain(one.score) == as_plain(found.selected) == expected["fusion"][metric]
    alone = as_plain(found.alone)
    assert alone == {name: expected[name][metric] for name in ("text", "image", "dummy")}
    assert as_plain(found.gains) == as_plain(judged.gains)
    for name in ("rows", "folds", "seeds", "target", "split", "encoders"):
        assert getattr(found, name) == getattr(judged, name)
    renamed = {"fusion": "selected"}
    theirs = judged.predictions.replace({"model": renamed})
    ours = found.predictions.query("model != 'one'").reset_index(drop=True)
    pd.testing.assert_frame_equal(ours, theirs)


def test_seeds_are_searches_one_after_the_other():
    table, grid = features(60).fillna(0), {"n_neighbors": [1, 9], "p": [1, 2]}
    table = table[[*feature_columns(table), "label"]]
    candidates = {"near": (KNeighborsClassifier(), grid), "flat": (LogisticRegression(), {})}
    both = search(candidates, table, "label", cv=3, n_seeds=2, random_state=4)
    each = [search(candidates, table, "label", cv=3, random_state=seed) for seed in (4, 5)]
    assert both.choices == [*each[0].choices, *each[1].choices]
    near = [one.candidates["near"] for one in each]
    assert both.candidates["near"].settings == [*near[0].settings, *near[1].settings]
    assert both.selected.folds == [*each[0].selected.folds, *each[1].selected.folds]
    assert (both.best_name, both.best_params) == (each[0].best_name, each[0].best_params)
    assert str(both).startswith("60 rows, 3 outer folds × 2 seeds, ")
    assert both.predictions["seed"].unique().tolist() == [4, 5]


@pytest.mark.usefixtures("ledger")
def test_the_training_part_of_a_split_chooses_and_is_all_that_the_winner_learns_from():
    table = features(60).fillna(0)
    table = table[[*feature_columns(table), "label"]]
    grid = {"n_neighbors": [1, 3, 5, 9], "p": [1, 2]}
    found = search(
        {"near": (KNeighborsClassifier(), grid)}, table, "label", split=PARTS, judged_on="test"
    )
    X, y = table[feature_columns(table)], table["label"]
    train, test = PARTS == "train", PARTS == "test"
    inner = StratifiedKFold(3, shuffle=True, random_state=0)
    by_hand = GridSearchCV(KNeighborsClassifier(), grid, cv=inner).fit(X[train], y[train])
    assert found.best_params == found.candidates["near"].settings[0] == by_hand.best_params_
    assert found.candidates["near"].best_inner == pytest.approx(by_hand.best_score_)
    assert found.selected.value == by_hand.score(X[test], y[test])
    np.testing.assert_array_equal(found.best.predict(X), by_hand.predict(X))
    assert (found.rows, found.best_rows) == (test.sum(), train.sum())
    assert "best over the training part: near" in str(found)
    assert "Neither learned from nor scored: 'dev' (12 rows)." in found.notes


@pytest.mark.usefixtures("ledger")
def test_a_score_of_a_split_is_counted_once_for_all_candidates():
    table = features(60)
    candidates = {"a": (on_features(), {}), "b": (on_features(), CS)}
    for told in ("'dev' was scored for the first time.", "'dev' was scored for the 2nd time"):
        found = search(candidates, table, "label", split=PARTS, inner_cv=2)
        assert len([note for note in found.notes if note.startswith(told)]) == 1


@pytest.mark.usefixtures("installed", "ledger")
@pytest.mark.parametrize("grid", [{}, {"features__text__n_jobs": [1, 2]}])
@pytest.mark.parametrize("judge", ["search", "evaluate"])
def test_of_a_part_that_is_not_used_nothing_is_encoded(judge, grid, tmp_path):
    table, y = sentences()
    table["text"] = [f"words {i}" for i in range(24)]
    parts, built = np.resize(["train", "train", "dev", "test"], 24), on_text(tmp_path)
    if judge == "search":
        search({"a": (built, grid)}, table, y, split=parts, inner_cv=2)
    else:
        evaluate(built, table, y, split=parts, check=False, baselines=False)
    assert len(networks.seen()) == (parts != "test").sum()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"split": PARTS, "cv": 3}, "cv parameter must be left out"),
        ({"judged_on": "dev"}, "judged_on parameter must be left out"),
        ({"split": PARTS, "judged_on": "dve"}, "Did you mean 'dev'"),
        ({"n_seeds": 0}, "n_seeds parameter must be an int from 1 on. Got 0"),
        ({"candidates": {"selected": (on_features(), {})}}, "lines of the result"),
        ({"candidates": {"dummy": (on_features(), {})}}, "lines of the result"),
    ],
)
def test_folds_splits_and_names_that_do_not_fit_are_refused(options, said):
    with pytest.raises(ValueError, match=said):
        search(**{"candidates": {"a": (on_features(), {})}, "table": features(60), "y": "label",
                  **options})  # fmt: skip


def test_a_view_that_has_the_name_of_a_candidate_is_told():
    found = search({"text": (on_features(), {})}, features(60), "label", cv=2, inner_cv=2)
    assert list(found.alone) == ["image", "dummy"]
    assert "The view 'text' is not shown alone: a candidate has its name." in found.notes


def test_candidates_are_compared(tmp_path):
    table = features(60)
    grid = {"classify__C": [1e-4, 1.0]}
    weak = make_fusion(features="passthrough", classifier=LogisticRegression())
    candidates = {"a": (on_features(), {}), "b": (weak, grid)}
    found = search(candidates, table, "label", cv=3, inner_cv=2, scoring="f1_macro")
    told = compare(found, model=["a", "b"])
    assert [pair.metric for pair in told.pairs] == ["f1_macro"]
    assert {"selected", "a", "dummy"} <= set(compare(found).scores)
    assert told.scores["b"]["f1_macro"] == found.candidates["b"].score
    file = tmp_path / "found.json"
    file.write_text(json.dumps(found.to_dict(predictions=True)), encoding="utf-8")
    again = compare(file, model=["a", "b"], metric="f1_macro")
    assert again.gain("a", "b") == told.gain("a", "b")


# -- inner folds -----------------------------------------------------------------------------------


def test_groups_are_kept_together_within_the_folds_too():
    rng = np.random.default_rng(0)
    y, groups = rng.integers(0, 3, 90), rng.integers(0, 12, 90)
    rows = read_labels(pd.DataFrame({"text": ["a"] * 90}), y, groups=groups)
    plan = make_plan(rows, folds_of(rows, 4, 1, 0), 3, 0)
    assert len(plan.outer) == len(plan.inner) == 4
    for (train, test), inner in zip(plan.outer, plan.inner, strict=True):
        assert not set(groups[train]) & set(groups[test])
        assert len(inner) == 3
        for inner_train, inner_test in inner:
            assert not set(groups[train][inner_train]) & set(groups[train][inner_test])
            assert max(inner_train.max(), inner_test.max()) < len(train)
    for train, test in plan.whole:
        assert not set(groups[train]) & set(groups[test])


def test_groups_reach_the_folds_that_a_classifier_makes_itself():
    table, y = posts()
    groups = np.arange(24) // 2

    class Seen(LogisticRegression):
        seen: ClassVar[list] = []

        def fit(self, X, y, groups=None):
            self.seen.append((len(y), groups))
            return super().fit(X, y)

    built = make_fusion(**fakes(), classifier=Seen())
    search({"a": (built, {})}, table, y, groups=groups, cv=3, inner_cv=2)
    evaluate(built, table, y, groups=groups, cv=3)
    assert all(n == len(given) for n, given in Seen.seen)
    replaced = {"classify": [LogisticRegression()]}
    assert search({"a": (built, replaced)}, table, y, groups=groups, cv=3, inner_cv=2)


def test_groups_by_column():
    table = features()
    result = search({"a": (on_features(), {})}, table, "label", groups="author", cv=4)
    by_array = search(
        {"a": (on_features(), {})}, table, "label", groups=table["author"].to_numpy(), cv=4
    )
    assert result.selected == by_array.selected
    assert result.folds == 4


def test_folds_of_any_kind():
    table, y = posts()
    result = search({"a": (model(), CS)}, table, y, cv=KFold(2), inner_cv=KFold(2))
    assert len(result.selected.folds) == 2


# -- the parts alone -------------------------------------------------------------------------------


def test_single_modalities_stand_beside():
    table, y = posts(36)
    result = search({"a": (model(), {})}, table, y, cv=3)
    assert list(result.alone) == ["text", "image", "dummy"]
    judged = evaluate(make_fusion(**fakes()), table, y, cv=3, scoring="accuracy").models
    assert result.alone == {name: judged[name]["accuracy"] for name in ("text", "image", "dummy")}


def test_one_modality_or_none_is_not_shown_alone():
    table, y = posts()
    one = make_fusion(text=fakes()["text"]).set_params(classify__Cs=(4.0,))
    assert list(search({"a": (one, {})}, table, y, cv=2, inner_cv=2).alone) == ["dummy"]
    X = np.random.default_rng(0).normal(size=(24, 3))
    result = search({"a": (LogisticRegression(), {"C": [1.0]})}, X, np.arange(24) % 2, cv=2)
    assert list(result.alone) == ["dummy"]


# -- tables that are features already --------------------------------------------------------------


def test_only_features_are_read_of_a_table_that_holds_them():
    table = features()
    result = search({"a": (on_features(), CS)}, table, "label", cv=3)
    alone = search({"a": (on_features(), CS)}, table[feature_columns(table)], table["label"], cv=3)
    assert result.selected == alone.selected
    assert list(result.alone) == ["text", "image", "dummy"]
    assert list(result.best.feature_names_in_) == feature_columns(table)


def test_evaluate_reads_only_features_and_shows_each_view():
    table = features()
    result = evaluate(on_features(), table, "label", cv=3, groups="author")
    assert list(result.models) == ["fusion", "text", "image", "dummy"]
    text = table[[f"text__{i}" for i in range(3)]]
    alone = evaluate(on_features(), text, table["label"], cv=3, groups=table["author"])
    assert alone.models["fusion"] == result.models["text"]


def test_a_view_alone_is_its_columns():
    table = features()
    singles = single_modalities(on_features(), table)
    assert list(singles) == ["text", "image"]
    fitted = singles["image"].fit(table, table["label"])
    assert list(fitted[1].feature_names_in_) == ["image__0", "image__1"]


def test_what_an_estimator_may_read():
    table = features()
    assert list(readable(on_features(), table, ["label"]).columns) == feature_columns(table)
    assert "text__0" not in readable(on_features(), table, ["text__0"])
    plain = table.rename(columns={name: name.replace("__", "") for name in table.columns})
    assert "label" not in readable(LogisticRegression(), plain, ["label", "author", None])
    assert readable(model(), table, ["label"]) is table
    searched = GridSearchCV(model(), {})
    assert readable(searched, table, ["label"]) is table
    array = table.to_numpy()
    assert readable(LogisticRegression(), array, ["label"]) is array


@pytest.mark.parametrize("name", ["text__0", "my_view__s2_10"])
def test_columns_of_features_are_told_by_their_names(name):
    others = ["text", "text__", "text__x", "my__note", "__3", "text__0x", "text__s1", 3]
    assert feature_columns(pd.DataFrame(columns=[name, *others])) == [name]


# -- encoders and the store ------------------------------------------------------------------------


@pytest.fixture
def installed():
    with networks.installed(*networks.FAKES):
        yield


def sentences(n=24):
    table = pd.DataFrame({"text": [f"words {i % 20}" for i in range(n)]})
    return table, np.arange(n) % 2


def on_text(store, **parameters):
    encoder = TextEncoder("text/fake", store=store, **parameters)
    return make_fusion(text=encoder).set_params(classify__Cs=(4.0,))


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("stored", [True, False])
def test_every_cell_is_encoded_once_for_all_candidates(tmp_path, stored):
    table, y = sentences()
    store = FeatureStore(tmp_path) if stored else None
    candidates = {
        "a": (on_text(store), CS),
        "same": (on_text(store), {}),
        "whole": (on_text(store), {"features__text__n_jobs": [1, 2]}),
        "other": (on_text(store, steps=2), {}),
    }
    assert [frozen_encoders(*each) is None for each in candidates.values()] == [
        False,
        False,
        True,
        False,
    ]
    result = search(candidates, table, y, cv=3, inner_cv=2)
    assert len(networks.seen()) == 20 + 20
    counts = {
        name: (each.encoded_rows, each.store_hits) for name, each in result.candidates.items()
    }
    assert counts == {"a": (20, 0), "same": (0, 20), "whole": (0, 40), "other": (20, 0)}
    assert result.encoded_rows == 40
    assert result.candidates["whole"].score == result.candidates["same"].score


@pytest.mark.usefixtures("installed")
def test_what_learns_behind_an_encoder_is_fitted_in_the_folds(tmp_path):
    table, y = sentences()
    reduced = make_fusion(text=TextEncoder("text/fake", store=tmp_path), reduce="pca")
    reduced.set_params(classify__Cs=(4.0,))
    inside = "features__text__reduce__transformer__n_components"
    assert list(frozen_encoders(reduced, {inside: [1, 2]}).transformers[0][1].get_params()) == list(
        TextEncoder().get_params()
    )
    for name in ("features", "features__text", "features__text__encode__steps", "features__n_jobs"):
        assert frozen_encoders(reduced, {name: [None]}) is None
    candidates = {"bare": (on_text(tmp_path), {}), "reduced": (reduced, {inside: [1, 2]})}
    result = search(candidates, table, y, cv=3, inner_cv=2)
    assert [each.encoded_rows for each in result.candidates.values()] == [20, 0]
    whole = GridSearchCV(
        reduced, {inside: [1, 2]}, cv=StratifiedKFold(2, shuffle=True, random_state=0)
    )
    theirs = cross_validate(whole, table, y, cv=StratifiedKFold(3, shuffle=True, random_state=0))
    np.testing.assert_allclose(result.candidates["reduced"].score.folds, theirs["test_score"])


@pytest.mark.usefixtures("installed")
def test_a_temporary_store_does_not_stay_in_the_winner():
    table, y = sentences()
    result = search({"a": (on_text(None), {})}, table, y, cv=2, inner_cv=2)
    for fitted in (False, True):
        assert [encoder.store for _, encoder, _ in encoders_of(result.best, fitted=fitted)] == [
            None
        ]
    assert result.best.predict(table).shape == (24,)


@pytest.mark.usefixtures("installed")
def test_a_grid_over_encoders_is_encoded_before_the_folds(tmp_path, monkeypatch):
    table, y = sentences()
    grid = {"features__text__steps": [None, 2]}
    result = search({"a": (on_text(tmp_path), grid)}, table, y, cv=2, inner_cv=2)
    assert result.candidates["a"].encoded_rows == 40
    assert len(networks.seen()) == 40


def test_licences_are_noted():
    table, y = posts()
    built = make_fusion(**fakes(), audio="audio/egemaps-v02").set_params(classify__Cs=(4.0,))
    result = search({"a": (built, {})}, table.assign(audio=None), y, cv=2, inner_cv=2)
    assert "audio/egemaps-v02 may not be used commercially" in result.notes[-1]


# -- failures --------------------------------------------------------------------------------------


def test_a_candidate_that_fails_does_not_lose_the_others():
    table, y = posts()
    result = search({"bad": (model(), BAD), "good": (model(), CS)}, table, y, cv=2, inner_cv=2)
    assert list(result.candidates) == ["good"]
    assert result.choices == ["good", "good"]
    assert result.failed["bad"].startswith("The 'Cs' parameter of TunedLinearClassifier must be")
    assert "bad failed: The 'Cs' parameter" in str(result)


def test_settings_that_fail_are_left_out_and_told():
    table, y = posts()
    grid = {"classify__Cs": [(-1.0,), (4.0,)]}
    result = search({"half": (model(), grid)}, table, y, cv=2, inner_cv=2)
    assert result.candidates["half"].settings == [{"classify__Cs": (4.0,)}] * 2
    assert result.notes == [
        "half: 1 of 2 settings were left out, such as Cs=(-1.0,): The 'Cs' parameter of "
        "TunedLinearClassifier must be a sequence of positive numbers. Got (-1.0,) instead."
    ]


def test_when_all_fail_the_reasons_are_told():
    table, y = posts()
    with pytest.raises(ValueError, match=r"At least one candidate.*bad: The 'Cs'.*worse: The 'Cs'"):
        search({"bad": (model(), BAD), "worse": (model(), BAD)}, table, y, cv=2, inner_cv=2)


def test_a_metric_that_cannot_be_computed_is_a_failure():
    table, y = posts()
    with pytest.raises(ValueError, match="'neg_log_loss' cannot be computed"):
        search(
            {"a": (model(classifier="svm"), {})},
            table, y, cv=2, inner_cv=2, scoring="neg_log_loss",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"candidates": {}}, "must map names to pairs.*Got {}"),
        ({"candidates": [model()]}, "must map names to pairs"),
        ({"candidates": {"a": model()}}, "Candidate 'a' must be a pair"),
        ({"candidates": {"a": (model(), {"classify__Cz": [1]})}}, "Invalid parameter 'Cz'"),
        ({"scoring": "acuracy"}, "Did you mean 'accuracy'"),
        ({"scoring": ["accuracy", "f1_macro"]}, "must be the name of one metric"),
        ({"inner_cv": 30}, "at least inner_cv=30 rows"),
        ({"cv": 30}, "at least cv=30 rows"),
        ({"groups": np.arange(24) // 8, "cv": 3}, "inner_cv parameter must be at most .* 3 folds"),
        ({"y": "lable"}, "Got 'lable'"),
    ],
)
def test_a_mistake_is_told_before_anything_is_encoded(changed, message, monkeypatch):
    table, y = posts()
    monkeypatch.setattr(type(fakes()["text"]), "transform", lambda self, X: pytest.fail("encoded"))
    given = {"candidates": {"a": (model(), CS)}, "table": table, "y": y, **changed}
    with pytest.raises(ValueError, match=message):
        search(**given)


# -- what is shown ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def result() -> SearchResult:
    table, y = posts(36)
    candidates = {"wide": (model(), CS), "plain": (model(), {}), "bad": (model(), BAD)}
    return search(candidates, table, y, cv=3, inner_cv=2)


def test_the_table_of_results(result):
    lines = str(result).splitlines()
    assert lines[0].startswith("36 rows, 3 outer folds, ")
    rows = lines[2 : lines.index("", 2)]
    assert [row.split()[0] for row in rows] == [
        *("model", "wide", "plain", "selected", "text", "image", "dummy")
    ]
    assert "Cs=(" in rows[1]
    assert "/3" in rows[3]
    assert lines[-2].startswith(f"best over all rows: {result.best_name} (")
    frame = result.to_frame()
    assert list(frame.index) == [row.split()[0] for row in rows[1:]]
    assert frame.loc["selected", "mean"] == result.selected.mean
    assert frame.loc["wide", "low"] == result.candidates["wide"].score.low


def test_to_dict_is_plain_json(result):
    plain = result.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["selected"]["mean"] == pytest.approx(np.mean(plain["selected"]["folds"]))
    assert plain["selected"]["choices"] == result.choices
    assert plain["candidates"]["wide"]["settings"][0]["classify__Cs"] in ([0.01], [4.0])
    assert plain["best"]["name"] == result.best_name
    assert set(plain["failed"]) == {"bad"}


def test_settings_in_words_and_as_json():
    settings = {"classify__C": np.float64(2.0), "fuse": StandardScaler(), "a__b": None, "n": np.nan}
    assert short_settings(settings) == "C=np.float64(2.0), fuse=StandardScaler(), b=None, n=nan"
    assert short_settings({}) == "as built"
    assert plain_settings(settings) == {
        "classify__C": 2.0, "fuse": "StandardScaler()", "a__b": None, "n": "nan",
    }  # fmt: skip


def test_a_progress_bar_is_for_those_who_ask(capsys):
    table, y = posts()
    search({"a": (model(), {})}, table, y, cv=2, inner_cv=2)
    assert capsys.readouterr().err == ""
    search({"a": (model(), {})}, table, y, cv=2, inner_cv=2, verbose=True)
    assert "search" in capsys.readouterr().err


def test_recipes_are_candidates():
    table = features(60)
    recipes = {name: load_recipe(name) for name in ("early", "late")}
    candidates = {
        name: (recipe.build(features="passthrough"), recipe.grid)
        for name, recipe in recipes.items()
    }
    result = search(candidates, table, "label", cv=2, inner_cv=2)
    assert set(result.candidates) == {"early", "late"}
    assert result.selected.mean > 0.6
