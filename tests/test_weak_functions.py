"""Labelling functions: what they are given, what they may say, and what is said when they fail."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import weak_rules
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from hybridsent import load, save
from hybridsent.exceptions import CellError, CellWarning, PersistError, UntrustedTypeError
from hybridsent.weak import (
    LabelingFunction,
    LabelingFunctions,
    emoji_function,
    labeling_function,
    lexicon_function,
    number_function,
    rating_function,
    vader_function,
)

TABLE = pd.DataFrame(
    {
        "text": ["I want a refund", "so lovely", None, "", "NOT OK"],
        "likes": [3, 500, None, 7, 0],
        "image__0": [0.5, np.nan, 1.0, -1.0, 0.0],
        "image__1": [1.5, np.nan, np.nan, -1.0, 0.0],
    },
    index=["a", "b", "c", "d", "d"],  # an index need not be unique
)


def votes(*functions, table=TABLE, **options):
    return LabelingFunctions(list(functions), **options).fit(table).transform(table)


def test_a_function_sees_a_cell_a_row_a_vector_or_whole_columns():
    seen = {}

    @labeling_function("text")
    def cell(text):
        seen.setdefault("cell", []).append(text)

    @labeling_function(["text", "likes"])
    def row(row):
        seen.setdefault("row", []).append(row)

    @labeling_function("image")
    def vector(x):
        seen.setdefault("vector", []).append(x)
        return 1 if np.nansum(x) > 1 else None

    @labeling_function("image__1")
    def feature(x):
        return 0 if x < 0 else None

    @labeling_function(["likes", "text"], vectorized=True)
    def frame(columns):
        seen["frame"] = columns
        return np.where(columns["likes"] > 5, 1.0, np.nan)

    @labeling_function("image", vectorized=True)
    def matrix(X):
        seen["matrix"] = X
        return [-1] * len(X)

    found = votes(cell, row, vector, feature, frame, matrix)
    assert seen["cell"] == ["I want a refund", "so lovely", "NOT OK"]
    assert seen["row"][2] == {"text": None, "likes": None}
    assert len(seen["vector"]) == 4  # a row without the view is not asked
    assert list(seen["frame"].columns) == ["likes", "text"]
    assert seen["matrix"].shape == (5, 2)
    assert found["vector"].tolist() == [1, None, None, None, None]
    assert found["feature"].tolist() == [None, None, None, 0, None]
    assert found["frame"].tolist() == [None, 1, None, 1, None]
    assert found["matrix"].tolist() == [None] * 5
    assert found.index.equals(TABLE.index)
    assert found.columns.tolist() == ["cell", "row", "vector", "feature", "frame", "matrix"]


def test_functions_by_their_names_and_plain_ones():
    found = votes("weak_rules:refund", weak_rules.in_capitals, weak_rules.plain)
    assert found.columns.tolist() == ["refund", "shouted", "plain"]
    assert found.iloc[0].tolist() == ["negative", None, None]
    assert found.iloc[1].tolist() == [None, None, "positive"]
    assert found.iloc[4].tolist() == [None, "negative", None]
    assert weak_rules.refund("a refund") == "negative"  # it is still the function


@pytest.mark.parametrize("nothing", [None, "", float("nan"), -1, np.int64(-1), pd.NA, -1.0])
def test_no_vote_has_many_forms(nothing):
    rule = LabelingFunction(lambda text: nothing, columns="text", name="none")
    assert votes(rule)["none"].tolist() == [None] * 5


@pytest.mark.parametrize(
    ("label", "kept"), [("good", "good"), (1, 1), (np.int64(2), 2), (3.0, 3), (True, True)]
)
def test_labels_are_texts_or_whole_numbers(label, kept):
    rule = LabelingFunction(lambda text: label, columns="text", name="one")
    found = votes(rule)["one"].tolist()[0]
    assert found == kept
    assert type(found) is type(kept)


@pytest.mark.parametrize("label", [0.5, ["good"], {"good"}, b"good", object()])
def test_what_is_no_label_is_refused(label):
    rule = LabelingFunction(lambda text: label, columns="text", name="odd")
    with pytest.raises(CellError, match=r"row 'a', column 'text' .*'odd' gave .*must be a text or"):
        votes(rule)


def test_a_label_that_is_none_of_the_classes_is_refused_with_row_cell_and_hint():
    rule = LabelingFunction(lambda text: "negativ", columns="text", name="typo")
    with pytest.raises(CellError, match="Did you mean 'negative'") as raised:
        votes(rule, classes=["negative", "positive"])
    assert "I want a refund" in str(raised.value)
    assert "'typo'" in str(raised.value)
    assert (raised.value.row, raised.value.column) == ("a", "text")
    with pytest.warns(CellWarning, match="3 votes are missing because a function failed"):
        found = votes(rule, classes=["negative", "positive"], on_error="abstain")
    assert found["typo"].tolist() == [None] * 5


def test_a_function_that_fails_is_named_with_its_cell():
    rule = LabelingFunction(lambda text: 1 / (len(text) - 9), columns="text", name="broken")
    table = TABLE.iloc[[1, 0]]
    with pytest.raises(CellError, match=r"row 'b', column 'text' .*'broken' failed with ZeroDivis"):
        votes(rule, table=table)
    of_columns = LabelingFunction(lambda X: X["no"], columns=None, vectorized=True, name="whole")
    with pytest.raises(ValueError, match=r"'whole' failed on 5 rows .* KeyError"):
        votes(of_columns)
    short = LabelingFunction(lambda X: [1], columns="text", vectorized=True, name="short")
    with pytest.raises(ValueError, match=r"a vote for each of 5 rows. Got list of length 1"):
        votes(short)


def test_wrong_use_is_told():
    with pytest.raises(ValueError, match=r"reads the column 'txt'.*Did you mean 'text'"):
        votes(LabelingFunction(len, columns="txt"))
    with pytest.raises(ValueError, match=r"a name of its own. Got 'refund' twice"):
        votes(weak_rules.refund, "weak_rules:refund")
    with pytest.raises(ValueError, match=r"must be given a function. Got none"):
        LabelingFunctions([]).fit(TABLE)
    with pytest.raises(ValueError, match="with brackets"):
        labeling_function(lambda text: None)
    with pytest.raises(ValueError, match="has no function 'nothing'"):
        votes("weak_rules:nothing")
    with pytest.raises(ValueError, match="cannot be imported"):
        votes("no_such_module_at_all:nothing")
    with pytest.raises(ValueError, match="Each of the functions must be"):
        votes(3)
    with pytest.raises(ValueError, match="other than -1"):
        votes(weak_rules.refund, classes=[-1, 1])
    with pytest.raises(ValueError, match="for a single text write"):
        LabelingFunctions([emoji_function()]).fit("so good")


def test_votes_do_not_depend_on_the_rows_beside_them():
    rng = np.random.default_rng(0)
    words = [
        "good",
        "bad",
        "not",
        "sehr",
        "schön",
        "das ist",
        "👍",
        "4/5",
        "the",
        "no es bueno",
        "",
    ]
    table = pd.DataFrame(
        {"text": [" ".join(rng.choice(words, rng.integers(1, 6))) for _ in range(60)]}
    )
    rules = [lexicon_function(["en", "de", "es"]), vader_function(), emoji_function()]
    fitted = LabelingFunctions([*rules, rating_function()]).fit(table)
    whole = fitted.transform(table)
    parts = [fitted.transform(table.iloc[[i]]) for i in range(len(table))]
    pd.testing.assert_frame_equal(whole, pd.concat(parts))


def test_functions_of_a_language_say_nothing_of_others():
    texts = [
        "What a good day for all of us",
        "Das ist wirklich ein sehr guter Tag für uns alle",
        "房间很干净，服务也好。",
        "good",  # too short to tell: as most of the column
        "I have not been there for a while",
    ]
    mostly_english = votes(lexicon_function("en"), table=pd.DataFrame({"text": texts}))
    assert mostly_english["lexicon_en"].tolist() == ["positive", None, None, "positive", None]
    german = pd.DataFrame({"text": [texts[1]] * 5 + ["good"]})
    assert votes(lexicon_function("en"), table=german)["lexicon_en"].tolist() == [None] * 6
    several = votes(lexicon_function(["en", "de", "zh"]), table=pd.DataFrame({"text": texts}))
    assert several["lexicon"].tolist() == [*["positive"] * 4, None]


def test_cells_of_texts_have_all_forms():
    table = pd.DataFrame(
        {
            "text": [
                "good",
                b"good",
                ["good", None, "so good"],
                np.array(["bad", "awful"], dtype=object),
                {"items": ["good", "good"], "weights": [1, 2]},
                [],
                "👍🏽",
                "   ",
            ]
        },
        dtype=object,
    )
    found = votes(lexicon_function("en"), emoji_function(), vader_function(), table=table)
    assert found["lexicon_en"].tolist() == [*["positive"] * 3, "negative", "positive", *[None] * 3]
    assert found["emoji"].tolist() == [*[None] * 6, "positive", None]
    with pytest.raises(CellError, match="row 0, column 'text'"):
        votes(emoji_function(), table=pd.DataFrame({"text": ["\ud800"]}, dtype=object))


def test_a_list_a_series_and_an_array_are_columns_of_texts():
    for given in (["good"], pd.Series(["good"], name="text"), np.array([["good"]], dtype=object)):
        assert votes(lexicon_function("en"), table=given).to_numpy().tolist() == [["positive"]]


def test_clone_pickle_and_a_pipeline():
    made = LabelingFunctions([weak_rules.refund, lexicon_function("en"), "weak_rules:plain"])
    fitted = clone(made).fit(TABLE)
    again = pickle.loads(pickle.dumps(fitted))
    pd.testing.assert_frame_equal(again.transform(TABLE), fitted.transform(TABLE))
    piped = make_pipeline(clone(made)).set_output(transform="pandas")
    pd.testing.assert_frame_equal(piped.fit_transform(TABLE), fitted.transform(TABLE))
    assert fitted.get_feature_names_out().tolist() == ["refund", "lexicon_en", "plain"]


def test_ready_functions_are_saved_and_those_of_a_module_must_be_trusted(tmp_path):
    ready = [
        lexicon_function({"bullish": 1, "bear*": -2}),
        lexicon_function("de", name="de"),
        vader_function(),
        emoji_function(),
        rating_function(),
        number_function("likes", low=1, high=100),
    ]
    fitted = LabelingFunctions(ready).fit(TABLE)
    save(fitted, tmp_path / "ready.hsm")
    again = load(tmp_path / "ready.hsm")
    pd.testing.assert_frame_equal(again.transform(TABLE), fitted.transform(TABLE))

    own = LabelingFunctions([weak_rules.refund, weak_rules.in_capitals]).fit(TABLE)
    save(own, tmp_path / "own.hsm")
    with pytest.raises(UntrustedTypeError, match=r"weak_rules.refund"):
        load(tmp_path / "own.hsm")
    trusted = ["weak_rules.refund", "weak_rules.in_capitals"]
    again = load(tmp_path / "own.hsm", trusted=trusted)
    pd.testing.assert_frame_equal(again.transform(TABLE), own.transform(TABLE))


def test_what_has_no_name_cannot_be_saved(tmp_path):
    fitted = LabelingFunctions([LabelingFunction(lambda text: None, columns="text", name="x")])
    with pytest.raises(PersistError):
        save(fitted.fit(TABLE), tmp_path / "lambda.hsm")


def test_functions_of_a_script_travel_to_a_fresh_process(tmp_path):
    path = tmp_path / "votes.pkl"
    path.write_bytes(pickle.dumps(LabelingFunctions([weak_rules.refund]).fit(TABLE)))
    code = (
        "import pickle, sys\n"
        f"sys.path.insert(0, {str(Path(weak_rules.__file__).parent)!r})\n"
        f"fitted = pickle.loads(open({str(path)!r}, 'rb').read())\n"
        "print(fitted.transform({'text': ['a refund']}).values.tolist())\n"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert out.strip() == "[['negative']]"
