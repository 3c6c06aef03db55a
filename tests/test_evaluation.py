"""evaluate() against scikit-learn on the same folds, its counts, its promises and its errors."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from hashed import Hashed, fakes, posts
from scipy import stats
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    PredefinedSplit,
    RepeatedStratifiedKFold,
    StratifiedKFold,
    cross_val_predict,
    cross_validate,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from hybridsent import FeatureStore, TextEncoder, evaluate, make_fusion
from hybridsent._outer_folds import outer_folds
from hybridsent.encoders._nesting import select
from hybridsent.evaluation import Evaluation, Score, as_labels, encoders_of
from hybridsent.evaluation._evaluate import DEFAULT_SCORING
from hybridsent.evaluation.fits._encoding import with_store
from hybridsent.evaluation.fits._models import single_modalities
from hybridsent.evaluation.results._notes import licence_notes
from hybridsent.evaluation.results._result import summarise

TEXTS = ["I love it", "Wonderful day", "I hate it", "Dreadful rain"]
METRICS = [*DEFAULT_SCORING, "neg_log_loss", "roc_auc_ovr"]


def model(**changed):
    return make_fusion(**fakes(), **changed).set_params(classify__Cs=(4.0,))


# -- scores --------------------------------------------------------------------------------------


def test_scores_are_those_of_cross_validate_on_the_same_folds():
    table, y = posts(36)
    folds = StratifiedKFold(3, shuffle=True, random_state=5)
    result = evaluate(model(), table, y, cv=3, random_state=5, scoring=METRICS)
    alone = make_fusion(image=Hashed("i", signal=3)).set_params(classify__Cs=(4.0,))
    judged = {"fusion": model(), "image": alone, "dummy": DummyClassifier()}
    assert list(result.models) == ["fusion", "text", "image", "dummy"]
    for name, estimator in judged.items():
        theirs = cross_validate(estimator, table, y.to_numpy(object), cv=folds, scoring=METRICS)
        for metric in METRICS:
            np.testing.assert_allclose(
                result.models[name][metric].folds, theirs[f"test_{metric}"], atol=1e-12
            )


def test_pooled_scores_are_those_of_all_predictions():
    table, y = posts(36)
    folds = list(StratifiedKFold(4, shuffle=True, random_state=0).split(table, y))
    result = evaluate(model(), table, y, cv=folds, scoring=["accuracy", "roc_auc_ovr"])
    predicted = cross_val_predict(model(), table, y.to_numpy(object), cv=folds)
    assert result.models["fusion"]["accuracy"].pooled == pytest.approx((predicted == y).mean())
    assert result.models["fusion"]["roc_auc_ovr"].pooled is None


def test_a_single_metric_and_the_default_ones():
    table, y = posts()
    assert list(evaluate(model(), table, y, cv=2, scoring="accuracy").models["dummy"]) == [
        "accuracy"
    ]
    assert list(evaluate(model(), table, y, cv=2).models["dummy"]) == list(DEFAULT_SCORING)


def test_threads_change_nothing():
    table, y = posts()
    one, two = (evaluate(model(), table, y, cv=3, n_jobs=n).to_dict()["models"] for n in (1, 2))
    assert one == two


@pytest.mark.parametrize("classifier", ["logreg", "svm", LogisticRegression(max_iter=1000)])
def test_missing_rows_and_any_classifier(classifier):
    table, y = posts()
    built = make_fusion(**fakes(), classifier=classifier)
    assert evaluate(built, table, y, cv=2).models["fusion"]["accuracy"].mean > 0.5


def test_the_caller_keeps_an_unfitted_estimator():
    table, y = posts()
    built = model()
    before, described = table.copy(), repr(built)
    evaluate(built, table, y, cv=2)
    pd.testing.assert_frame_equal(table, before)
    assert repr(built) == described
    assert not hasattr(built[-1], "coef_")
    assert not hasattr(built[0], "transformers_")
    assert built[0].transformers[0][1].get_params() == Hashed("t", signal=3).get_params()


# -- labels and groups ---------------------------------------------------------------------------


def test_labels_of_any_kind_give_the_same_scores():
    table, y = posts()
    table["label"] = y
    table.index = table.index[::-1] + 100  # rows are met by position
    kinds = [
        "label",
        table["label"],
        y,
        y.tolist(),
        y.to_numpy(object),
        y.astype("category"),
        y.to_numpy("U"),
    ]
    results = [evaluate(model(), table, kind, cv=2).to_dict()["models"] for kind in kinds]
    assert all(result == results[0] for result in results)


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        (["a", "b"], object),
        ([0, 1], np.int64),
        ([True, False], np.bool_),
        (pd.Series([1, 2], dtype="Int64"), np.int64),
        (pd.Series([1, 2], dtype="category"), np.int64),
        (pd.Series(["a", "b"], dtype="category"), object),
        (pd.Series([True, False], dtype="boolean"), np.bool_),
        (np.array(["a", "b"]), object),
        ((1.0, 0.0), np.float64),
    ],
)
def test_labels_become_a_plain_array(y, expected):
    labels = as_labels(pd.DataFrame({"text": ["x", "y"]}), y)
    assert type(labels) is np.ndarray
    assert labels.dtype == expected
    assert labels.tolist() == list(y)


@pytest.mark.parametrize("dtype", ["Int64", "category"])
def test_numbers_are_labels_too(dtype):
    table, _ = posts()
    codes = pd.Series(np.arange(len(table)) % 3, dtype=dtype)
    result = evaluate(model(), table, codes, cv=2)
    assert result.models["fusion"]["accuracy"].mean > 0.5


@pytest.mark.parametrize("n_groups", [5, 9])
def test_groups_are_never_on_both_sides(n_groups):
    _, y = posts(90)
    groups = np.random.default_rng(0).integers(0, n_groups, 90)
    splits = outer_folds(y.to_numpy(object), 5, groups)
    assert len(splits) == 5
    assert sorted(np.concatenate([test for _, test in splits])) == list(range(90))
    for train, test in splits:
        assert not set(groups[train]) & set(groups[test])
        assert n_groups != 5 or len(set(groups[test])) == 1


def test_leaving_one_speaker_out_with_absent_classes_gives_no_warning():
    table, y = posts(30)
    speakers = np.repeat(list("abcde"), 6)
    y = y.to_numpy(object)
    y[speakers == "a"] = "good"  # one class alone
    y[(speakers != "b") & (y == "so-so")] = "bad"  # a class of one speaker
    table["speaker"] = speakers
    for groups in ("speaker", pd.Series(speakers, dtype="str"), speakers.tolist()):
        result = evaluate(model(), table, y, cv=5, groups=groups)
    theirs = [
        (
            clone(model()).fit(table.iloc[train], y[train]).predict(table.iloc[test]) == y[test]
        ).mean()
        for train, test in LeaveOneGroupOut().split(table, y, speakers)
    ]
    np.testing.assert_allclose(result.models["fusion"]["accuracy"].folds, theirs)


@pytest.mark.parametrize(
    ("cv", "n_folds"),
    [
        (2, 2),
        (np.int64(2), 2),
        (KFold(3), 3),
        (RepeatedStratifiedKFold(n_splits=2, n_repeats=2, random_state=0), 4),
        (PredefinedSplit([0] * 8 + [1] * 8 + [-1] * 8), 2),
        (iter([(np.arange(12), np.arange(12, 24))]), 1),
        (GroupKFold(2), 2),
    ],
)
def test_folds_of_any_kind(cv, n_folds):
    table, y = posts()
    groups = np.arange(24) // 3 if isinstance(cv, GroupKFold) else None
    result = evaluate(model(), table, y, cv=cv, groups=groups, scoring="accuracy")
    assert result.folds == n_folds == len(result.models["dummy"]["accuracy"].folds)


# -- numbers -------------------------------------------------------------------------------------


def test_the_interval_is_nadeau_and_bengios():
    folds = [0.71, 0.64, 0.80, 0.69, 0.75]
    score = summarise(folds, test_share=1 / 4, pooled=0.7)
    variance = sum((f - sum(folds) / 5) ** 2 for f in folds) / 4
    half = stats.t(4).ppf(0.975) * math.sqrt((1 / 5 + 1 / 4) * variance)
    assert score.mean == pytest.approx(sum(folds) / 5)
    assert score.std == pytest.approx(math.sqrt(variance))
    assert (score.low, score.high) == pytest.approx((score.mean - half, score.mean + half))
    assert (score.pooled, score.folds) == (0.7, folds)


def test_the_share_of_test_rows_is_that_of_the_folds():
    table, y = posts(36)

    def own(fitted, X, truth):  # nothing but its scores is known
        return float(np.mean(fitted.predict(X) == truth))

    score = evaluate(model(), table, y, cv=3, scoring=own).models["text"]["score"]
    assert score == summarise(score.folds, 12 / 24)


def test_a_single_fold_has_no_interval():
    score = summarise([0.5], 0.25)
    assert math.isnan(score.std)
    assert math.isnan(score.low)


def test_to_dict_is_plain_json():
    nan = float("nan")
    scores = {"one": {"auc": summarise([nan], 0.1)}, "two": {"auc": summarise([0.5, nan], 0.1)}}
    plain = Evaluation(4, scores, 1, 2, 0.5, 1, ["note"]).to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["models"]["two"]["auc"]["folds"] == [0.5, None]
    assert plain["models"]["one"]["auc"]["interval"] is None

    table, y = posts()
    plain = evaluate(model(), table, y, cv=2, scoring=METRICS).to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert {"rows", "models", "encoded_rows", "store_hits", "seconds"} <= set(plain)
    assert {"mean", "std", "folds"} <= set(plain["models"]["fusion"]["accuracy"])
    assert plain["rows"] == 24
    assert plain["seconds"] > 0


def test_the_table_of_results():
    table, y = posts()
    result = evaluate(model(), table, y, cv=2)
    frame = result.to_frame()
    assert list(frame.index) == ["fusion", "text", "image", "dummy"]
    assert list(frame.columns) == list(DEFAULT_SCORING)
    assert frame.loc["text", "accuracy"] == result.models["text"]["accuracy"].mean
    assert result.to_frame("std").shape == frame.shape
    lines = str(result).splitlines()
    assert lines[0].startswith("24 rows, 2 folds, 0 cells encoded, 0 found in the store")
    assert [line.split()[0] for line in lines[2:7]] == ["model", *frame.index]
    assert lines[7] == ""
    assert [line.split(" than ")[1].split(":")[0] for line in lines[8:11]] == [
        *("text alone", "image alone", "the dummy")
    ]
    alone = Evaluation(1, {"m": {"accuracy": Score(0.5, *[float("nan")] * 3, [0.5])}}, 0, 0, 0.0, 1)
    assert str(alone).endswith("0.500")


# -- encoders and the store ----------------------------------------------------------------------


def texts(n=12):
    table = pd.DataFrame({"text": [TEXTS[i % 4] for i in range(n)]})
    return table, ["pos" if i % 4 < 2 else "neg" for i in range(n)]


def test_every_cell_is_encoded_once_and_found_in_the_next_run(tmp_path):
    table, y = texts()
    built = make_fusion(text=True, store=tmp_path).set_params(classify__Cs=(4.0,))
    first, second = (evaluate(built, table, y, cv=3, scoring="accuracy") for _ in range(2))
    assert (first.encoded_rows, first.store_hits) == (4, 0)
    assert (second.encoded_rows, second.store_hits) == (0, 4)
    assert list(first.models) == ["fusion", "text", "tf-idf", "dummy"]
    assert first.models["text"] == first.models["fusion"] == second.models["fusion"]
    assert first.to_dict()["models"]["fusion"]["accuracy"]["mean"] == 1.0


def test_an_encoder_without_store_encodes_each_cell_once(monkeypatch):
    encoded = []
    original = TextEncoder._read
    monkeypatch.setattr(
        TextEncoder,
        "_read",
        lambda self, cell, network: encoded.append(cell) or original(self, cell, network),
    )
    table, y = texts()
    built = make_fusion(text=TextEncoder(store=None)).set_params(classify__Cs=(4.0,))
    result = evaluate(built, table, y, cv=3, scoring="accuracy")
    assert sorted(encoded) == sorted(TEXTS)
    assert (result.encoded_rows, result.store_hits) == (4, 0)
    assert built.get_params()["features__text__store"] is None


def test_a_store_object_may_be_given(tmp_path):
    table, y = texts()
    search = GridSearchCV(
        make_fusion(text=True, store=FeatureStore(tmp_path)),
        {"classify__Cs": [(1.0,), (4.0,)]},
        cv=2,
    )
    result = evaluate(search, table, y, cv=2, scoring="accuracy")
    assert result.encoded_rows == 4
    assert list(result.models) == ["fusion", "tf-idf", "dummy"]


def test_licences_are_noted():
    result_of = make_fusion(audio="audio/compare-2016")
    noted = [encoder.backbone().commercial_use for _, encoder, _ in encoders_of(result_of)]
    assert noted == [False]
    assert "audio/compare-2016 may not be used commercially" in licence_notes([result_of])[0]
    assert licence_notes([make_fusion(text=True, image=True, audio=True)]) == []


def test_encoders_are_found_wherever_they_read_a_column():
    encoder = TextEncoder()
    nested = ColumnTransformer(
        [
            ("tweet", make_pipeline(encoder, StandardScaler()), ["body"]),
            ("age", "passthrough", ["age"]),
        ]
    )
    search = GridSearchCV(Pipeline([("f", nested), ("c", LogisticRegression())]), {})
    assert list(encoders_of(search)) == [("tweet", encoder, ["body"])]
    assert list(encoders_of(make_pipeline(encoder))) == [("text", encoder, None)]
    assert list(encoders_of(Pipeline([]))) == []
    assert list(encoders_of(LogisticRegression())) == []


def test_with_store_changes_a_copy_and_only_encoders_without(tmp_path):
    built = make_fusion(text=TextEncoder(store=None), image=True)
    copied = with_store(built, tmp_path)
    stores = {name: encoder.store for name, encoder, _ in encoders_of(copied)}
    assert stores == {"text": tmp_path, "image": "default"}
    assert built.get_params()["features__text__store"] is None


@pytest.mark.parametrize(
    ("column", "expected"),
    [("b", [3, 4]), (1, [3, 4]), (["b"], [[3], [4]]), ([1], [[3], [4]]), (slice(1, 2), [[3], [4]]),
     (lambda X: ["b"], [[3], [4]]), ([False, True], [[3], [4]])],
)  # fmt: skip
def test_columns_are_taken_as_column_transformer_takes_them(column, expected):
    table = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    assert np.asarray(select(table, column)).tolist() == expected
    steps = ColumnTransformer(
        [("v", FunctionTransformer(lambda X: np.asarray(X).reshape(2, -1)), column)]
    )
    np.testing.assert_array_equal(steps.fit_transform(table), np.asarray(expected).reshape(2, -1))
    if not (isinstance(column, str) or callable(column) or column == ["b"]):
        assert select(table.to_numpy(), column).tolist() == expected


def test_single_modalities_drop_all_but_one():
    built = model()
    singles = single_modalities(built)
    assert {name: [t[0] for t in single[0].transformers] for name, single in singles.items()} == {
        "text": ["text"],
        "image": ["image"],
    }
    assert len(built[0].transformers) == 2
    assert list(single_modalities(clone(built).set_params(features__image="drop"))) == ["text"]
    assert single_modalities(Pipeline([])) == {}
    assert single_modalities(make_pipeline(StandardScaler(), LogisticRegression())) == {}


def test_any_classifier_on_an_array_may_be_judged():
    X = np.random.default_rng(0).standard_normal((40, 3))
    result = evaluate(
        LogisticRegression(), X, (X[:, 0] > 0).astype(int), cv=2, scoring=["f1", "roc_auc"]
    )
    assert list(result.models) == ["fusion", "dummy"]
    assert result.models["fusion"]["roc_auc"].mean > 0.9
    assert result.models["dummy"]["roc_auc"].mean == 0.5


# -- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"y": "label"},
            r"The y parameter must be labels or a column.*Got 'label'; the columns are \['text'",
        ),
        ({"y": ["a", "b"]}, "one label a row. Got 2 labels for 24 rows"),
        ({"y": ["a", None] * 12}, "12 of 24 have none, the first at position 1; drop them"),
        ({"y": np.zeros((24, 2))}, "one class a row, and the y parameter holds sets"),
        ({"y": ["a"] * 24}, r"at least two classes. Got \['a'\] in 24 rows"),
        ({"y": ["a"] * 24, "cv": KFold(2)}, "at least two classes"),
        (
            {"y": ["a"] * 22 + ["rare"] * 2, "cv": 3},
            "at least cv=3 rows. Class 'rare' has 2; use fewer folds",
        ),
        ({"groups": "speaker"}, "The groups parameter must be groups or a column.*Got 'speaker'"),
        ({"groups": ["a", "b"]}, "one group a row. Got 2 groups for 24 rows"),
        ({"groups": [None] + ["a"] * 23}, "Every row must have a group.*1 of 24"),
        (
            {"groups": ["a", "b"] * 12, "cv": 3},
            "at most the number of groups. Got 3 folds for 2 groups",
        ),
        ({"cv": 1}, "n_splits"),
        (
            {"scoring": "acuracy"},
            "names of scikit-learn's scorers or of papers. Got 'acuracy'.*Did you mean 'accuracy'",
        ),
        ({"scoring": [len]}, "Got <built-in function len>"),
        ({"scoring": []}, "at least one metric. Got none"),
        (
            {"scoring": "f1", "cv": 2},
            "The metric 'f1' cannot be computed on a fold of 12 rows of the classes",
        ),
    ],
)
def test_what_does_not_fit_is_named(changed, message):
    table, y = posts()
    with pytest.raises(ValueError, match=message):
        evaluate(**{"estimator": model(), "table": table, "y": y, **changed})


def test_a_mistake_is_told_before_anything_is_encoded(monkeypatch):
    monkeypatch.setattr(TextEncoder, "transform", lambda self, X: pytest.fail("encoded"))
    table, y = texts()
    for changed in ({"scoring": "acuracy"}, {"cv": 99}, {"groups": "nobody"}):
        with pytest.raises(ValueError):
            evaluate(make_fusion(text=True), table, y, **changed)


def test_a_metric_of_probabilities_needs_a_classifier_that_has_them():
    table, y = posts()
    with pytest.raises(
        ValueError, match=r"'neg_log_loss' cannot be computed.*predict_proba"
    ) as told:
        evaluate(model(classifier="svm"), table, y, cv=2, scoring="neg_log_loss")
    assert "'logreg' does and 'svm' does not" in str(told.value)  # what helps, and not more classes
    assert "Remembered" not in str(told.value)


def test_labels_of_an_array_have_no_columns():
    with pytest.raises(ValueError, match=r"Got 'label'; the columns are \[\]"):
        as_labels(np.zeros((2, 2)), "label")
