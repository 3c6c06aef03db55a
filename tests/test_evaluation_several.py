"""evaluate() of several models, several seeds, and what its result is as JSON and back."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hashed import Hashed, fakes, posts
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline

from hybridsent import evaluate, make_fusion
from hybridsent.evaluation import Evaluation
from hybridsent.evaluation.fits._fits import reseeded
from hybridsent.evaluation.fits._progress import drawn_by_time, time_left


def model(how="early", **changed):
    built = make_fusion(how, **fakes(), **changed)
    return built.set_params(classify__Cs=(4.0,)) if how == "early" else built


# -- several models ------------------------------------------------------------------------------


def test_several_models_are_one_table_on_the_same_folds():
    table, y = posts(36)
    alone = make_fusion(image=Hashed("i", signal=3)).set_params(classify__Cs=(4.0,))
    both = evaluate({"late": model("late"), "picture": alone}, table, y, cv=3, baselines=False)
    assert list(both.models) == ["late", "picture", "text", "image", "dummy"]
    each = evaluate(alone, table, y, cv=3, baselines=False)
    assert both.models["picture"] == each.models["fusion"]
    assert both.models["dummy"] == each.models["dummy"]
    assert both.out_of_fold.models == list(both.models)
    assert list(both.costs) == list(both.models)
    assert all(costs["fit_seconds"] > 0 for costs in both.costs.values())


def test_single_views_are_those_of_the_first_model_that_has_several():
    table, y = posts(24)
    picture = make_fusion(image=Hashed("i", signal=3))
    found = evaluate({"picture": picture, "both": model()}, table, y, cv=2, baselines=False)
    assert list(found.models) == ["picture", "both", "text", "image", "dummy"]


def test_a_model_by_the_name_of_a_view_stands_in_its_place():
    table, y = posts(24)
    picture = make_fusion(image=Hashed("i", signal=3))
    found = evaluate({"both": model(), "image": picture}, table, y, cv=2, baselines=False)
    assert list(found.models) == ["both", "image", "text", "dummy"]


@pytest.mark.parametrize(
    ("models", "said"),
    [
        ({}, "at least one model"),
        ({"dummy": Ridge()}, "names of baselines"),
        ({1: Ridge()}, "must map names of models"),
        ({"a": "early"}, "cannot be fitted"),
    ],
)
def test_models_that_cannot_be_named_are_refused(models, said):
    table, y = posts(24)
    with pytest.raises(ValueError, match=said):
        evaluate(models, table, y)


# -- seeds ---------------------------------------------------------------------------------------


def test_seeds_repeat_the_evaluation_of_each_seed():
    table, y = posts(36)
    options = {"cv": 3, "baselines": False, "scoring": ["accuracy", "f1_macro"]}
    whole = evaluate(model(), table, y, n_seeds=3, random_state=4, **options)
    each = [evaluate(model(), table, y, random_state=4 + k, **options) for k in range(3)]
    for name in ("fusion", "text", "dummy"):
        score = whole.models[name]["accuracy"]
        assert score.folds == [v for one in each for v in one.models[name]["accuracy"].folds]
        pooled = np.mean([one.models[name]["f1_macro"].pooled for one in each])
        assert whole.models[name]["f1_macro"].value == pytest.approx(pooled)
    assert (whole.folds, whole.seeds, whole.rows) == (3, 3, 36)
    assert "3 folds × 3 seeds" in str(whole)
    kept = whole.out_of_fold
    assert sorted(set(kept.seed.tolist())) == [4, 5, 6]
    assert len(kept) == 3 * 36
    for k, one in enumerate(each):
        mine = kept.answers["text"].labels[kept.seed == 4 + k]
        assert mine.tolist() == one.out_of_fold.answers["text"].labels.tolist()


def test_repetitions_do_not_make_rows_more_than_they_are():
    _, y = posts(36)
    X = pd.DataFrame({"x__0": (y == "good") + np.random.default_rng(0).normal(size=36)})
    same = StratifiedKFold(3, shuffle=True, random_state=0).split(X, y)
    options = {"cv": list(same), "baselines": False, "scoring": ["accuracy", "f1_macro"]}
    one = evaluate(LogisticRegression(), X, y, **options).models["fusion"]
    four = evaluate(LogisticRegression(), X, y, n_seeds=4, **options).models["fusion"]
    for metric, score in one.items():
        assert (score.low, score.high) == pytest.approx((four[metric].low, four[metric].high))


def test_seeds_that_deal_the_same_folds_are_told():
    """Few groups can be balanced in few ways: more seeds would look like more evidence."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 2)), np.repeat(["a", "b", "b"], 20)
    few, many = np.arange(60) % 3, np.arange(60) % 30
    told = {
        name: [note for note in result.notes if "seeds dealt" in note]
        for name, groups in (("few", few), ("many", many), ("none", None))
        for result in [
            evaluate(LogisticRegression(), X, y, groups=groups, cv=3, n_seeds=3, check=False)
        ]
    }
    assert told == {
        "few": ["The 3 seeds dealt the same folds: what they differ in is what the models draw."],
        "many": [],
        "none": [],
    }


def test_seeds_reach_what_is_drawn_and_leave_what_is_frozen():
    built = make_fusion(**fakes(), reduce="pca", random_state=7)
    moved = reseeded(built, 2).get_params()
    for name, value in built.get_params().items():
        if name.endswith("random_state") and value is not None:
            assert moved[name] == value + 2
        elif not hasattr(value, "get_params") and not isinstance(value, list):
            assert repr(moved[name]) == repr(value)
    assert reseeded(built, 0) is built
    assert reseeded(make_pipeline(SGDClassifier()), 3)[0].random_state is None


@pytest.mark.parametrize("n_seeds", [0, -1, 1.5, True, "2", None])
def test_what_is_no_number_of_seeds_is_refused(n_seeds):
    table, y = posts(24)
    with pytest.raises(ValueError, match="n_seeds parameter must be an int from 1"):
        evaluate(model(), table, y, n_seeds=n_seeds)


def test_a_splitter_with_a_seed_is_moved_and_a_generator_of_folds_is_read_once():
    table, y = posts(24)
    cv = StratifiedKFold(2, shuffle=True, random_state=3)
    moved = evaluate(model(), table, y, cv=cv, n_seeds=2, baselines=False).out_of_fold
    again = StratifiedKFold(2, shuffle=True, random_state=4).split(table, y)
    other = evaluate(model(), table, y, cv=again, baselines=False).out_of_fold
    assert moved.fold[moved.seed == 1].tolist() == other.fold.tolist()
    given = evaluate(model(), table, y, cv=cv.split(table, y), n_seeds=2, baselines=False)
    assert len(given.out_of_fold) == 2 * 24
    assert cv.random_state == 3


# -- a bar that counts time ----------------------------------------------------------------------


def test_a_bar_is_drawn_where_it_is_asked_for_and_changes_nothing(capsys):
    table, y = posts(24)
    quiet = evaluate(model(), table, y, cv=2)
    assert capsys.readouterr().err == ""
    shown = evaluate(model(), table, y, cv=2, verbose=True)
    said = capsys.readouterr().err
    assert "evaluate: 100%" in said
    assert "to go" in said
    assert shown.models == quiet.models


def test_fits_that_are_left_take_what_those_of_their_model_took():
    outcomes = [SimpleNamespace(fit_seconds=s, predict_seconds=0.5) for s in (9.5, 0.5, 9.5, 0.5)]
    assert list(drawn_by_time(outcomes, ["slow", "quick"] * 2)) == outcomes
    assert time_left({"slow": [10.0], "quick": [1.0]}, {"slow": 3, "quick": 2}) == 32.0
    assert time_left({"slow": [10.0], "quick": [2.0]}, {"new": 1}) == 6.0
    assert time_left({}, {"new": 1}) == 0.0


# -- targets, as plain numbers and back ----------------------------------------------------------


def test_a_regressor_is_judged_beside_the_mean():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(40, 2)), columns=["text__0", "audio__0"])
    y = X.sum(axis=1).to_numpy() + rng.normal(size=40) / 5
    found = evaluate(make_pipeline(Ridge()), X, y, cv=4)
    assert found.target == "numbers"
    assert list(found.models) == ["fusion", "text", "audio", "dummy"]
    assert found.models["fusion"]["r2"].value > 0.8 > 0.1 > found.models["dummy"]["r2"].value
    assert found.out_of_fold.classes is None


@pytest.mark.parametrize("predictions", [False, True])
def test_a_result_is_json_and_back(predictions):
    table, y = posts(24)
    found = evaluate(model(), table, y, cv=2, n_seeds=2, groups=np.arange(24) // 2)
    plain = json.loads(json.dumps(found.to_dict(predictions=predictions), allow_nan=False))
    back = Evaluation.from_dict(plain)
    assert back == found
    assert str(back) == str(found)
    again = back.to_dict(predictions=predictions)
    kept, also = (each.pop("out_of_fold", {"answers": {}}) for each in (plain, again))
    assert again == plain
    for name, said in kept.pop("answers").items():  # probabilities are kept to six places
        assert also["answers"][name]["labels"] == said["labels"]
        probabilities = (each["probabilities"] for each in (said, also["answers"][name]))
        np.testing.assert_allclose(*probabilities, atol=2e-6)
    assert {name: value for name, value in also.items() if name != "answers"} == kept
    if predictions:
        pd.testing.assert_frame_equal(back.predictions, found.predictions, atol=1e-6)
    else:
        with pytest.raises(ValueError, match="no predictions"):
            _ = back.predictions


def test_a_result_that_was_written_before_is_read():
    table, y = posts(24)
    found = evaluate(model(), table, y, cv=2)
    plain = found.to_dict()
    for name in ("n_seeds", "target", "split", "gains", "findings", "costs"):
        del plain[name]
    assert Evaluation.from_dict(plain).models == found.models
