"""Sentiment without labels: what is read, what is said, how sure, and what hostile rows do."""

from __future__ import annotations

import pickle
import threading

import numpy as np
import pandas as pd
import pytest
import weak_rules
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from hybridsent import load, save
from hybridsent._tags import takes_unlabelled
from hybridsent.exceptions import CellError
from hybridsent.lexical import WordFeatures
from hybridsent.recipes import load_recipe
from hybridsent.weak import LabelingFunction, ZeroLabelClassifier, lexicon_function
from hybridsent.weak._ready_classes import polarities_of
from hybridsent.weak._ready_words import LEXICONS
from hybridsent.weak._reliability import RELIABILITY

TEXTS = [
    "so lovely, I love this wonderful place",
    "the worst service ever, a horrible day",
    "the train leaves at nine",
    "not good at all, never again",
    "thank you, it was perfect :)",
    "",
    None,
]
SAID = ["positive", "negative", "neutral", "negative", "positive", "neutral", "neutral"]
TABLE = pd.DataFrame({"id": range(7), "post": TEXTS, "likes": [5, 1, 0, 2, 9, 0, 0]})


def test_it_says_what_words_say_without_a_label():
    model = ZeroLabelClassifier().fit(TABLE)
    assert model.columns_ == ["post"]
    assert model.predict(TABLE).tolist() == SAID
    p = model.predict_proba(TABLE)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_allclose(p[5:], 1 / 3)
    assert model.coverage_ == pytest.approx(5 / 7)
    assert takes_unlabelled(model)


def test_probabilities_are_those_of_bayes():
    words = lexicon_function(["en"], silent=False)
    model = ZeroLabelClassifier(functions=[words, "emoji"]).fit(["good :)"])
    expected = np.ones(3)
    for kind, vote in (("Words", 2), ("Emoji", 2)):
        expected *= np.asarray(RELIABILITY[kind])[:, vote]
    np.testing.assert_allclose(model.predict_proba(["good :)"])[0], expected / expected.sum())
    both = ZeroLabelClassifier(functions=["vader", "lexicon"]).fit(["good"])
    expected = np.ones(3)
    for kind in ("Vader", "Words"):  # which know the same words
        expected *= np.asarray(RELIABILITY[kind])[:, 2] ** 0.7
    np.testing.assert_allclose(both.predict_proba(["good"])[0], expected / expected.sum())


@pytest.mark.parametrize("shares", RELIABILITY.values(), ids=RELIABILITY)
def test_known_shares_sum_to_one_and_speak_for_their_class(shares):
    table = np.asarray(shares)
    np.testing.assert_allclose(table.sum(axis=1), 1)
    assert (table.argmax(axis=0) == [0, 1, 2]).all()


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (["pos", "neg", -1, -1, -1, -1, -1], ["pos", "neg"]),
        ([1, 0, 1, 0, 1, 0, 1], [1, 0]),
        ([2, 0, 1, -1, -1, -1, -1], [2, 0]),
        (["Good", "BAD", "good ", "bad", "neutral", -1, -1], None),
        ([-1] * 7, ["positive", "negative"]),
        (None, ["positive", "negative"]),
        (["1", "0", "1", "0", "1", "0", "1"], ["1", "0"]),
    ],
)
def test_classes_are_those_of_the_user(y, said):
    y = None if y is None else np.array(y, dtype=object)
    model = ZeroLabelClassifier()
    if said is None:
        with pytest.raises(ValueError, match="each once"):
            model.fit(TABLE, y)
        return
    assert model.fit(TABLE, y).predict(TABLE)[:2].tolist() == said
    assert ZeroLabelClassifier(use_labels=False).fit(TABLE, y).predict(TABLE)[:2].tolist() == said


def test_classes_that_are_no_sentiment_are_refused_with_a_way_out():
    with pytest.raises(ValueError, match=r"'joy'.*none by its name; say what the classes are"):
        ZeroLabelClassifier().fit(TABLE, ["joy", "anger", *["joy"] * 5])
    with pytest.raises(ValueError, match="none by its name"):
        ZeroLabelClassifier().fit(TABLE, [0, 1, 2, 3, 0, 0, 0])
    told = ZeroLabelClassifier({"joy": "positive", "anger": "negative"})
    model = told.fit(TABLE, ["joy", "anger", *["joy"] * 5])
    assert model.predict(TABLE)[:2].tolist() == ["joy", "anger"]
    with pytest.raises(ValueError, match=r"Got 'pos'.*"):
        ZeroLabelClassifier(["negative", "positive"]).fit(TABLE, ["pos", *[-1] * 6])
    assert polarities_of([-1, 1]) == {-1: "negative", 1: "positive"}


def test_a_class_that_is_named_twice_is_refused():
    with pytest.raises(ValueError, match="'neg' more than once"):
        polarities_of(["neg", "pos", "neg"])


def test_classes_are_checked_before_a_fit():
    ZeroLabelClassifier().check_classes(np.array(["neg", "pos"]))
    with pytest.raises(ValueError, match="none by its name"):
        ZeroLabelClassifier().check_classes(np.array(["anger", "joy"]))


def test_labels_correct_what_functions_are_believed():
    texts = ["good"] * 200 + ["bad"] * 200
    upside_down = np.array(["negative"] * 200 + ["positive"] * 200)
    model = ZeroLabelClassifier().fit(texts, upside_down)
    assert model.predict(["good", "bad"]).tolist() == ["negative", "positive"]
    blind = ZeroLabelClassifier(use_labels=False).fit(texts, upside_down)
    assert blind.predict(["good", "bad"]).tolist() == ["positive", "negative"]


def test_a_row_does_not_depend_on_the_rows_beside_it():
    model = ZeroLabelClassifier().fit(TABLE)
    whole = model.predict_proba(TABLE)
    parts = [model.predict_proba(TABLE.iloc[[i]]) for i in range(len(TABLE))]
    np.testing.assert_array_equal(whole, np.vstack(parts))


@pytest.mark.parametrize("language", sorted(LEXICONS))
def test_every_language_knows_its_plain_words_and_turns_them_round(language):
    words = LEXICONS[language]
    first = {
        kind: next(w for w in text.split() if not w.startswith("!") and not w.endswith("*"))
        for kind, text in (("positive", words.positive), ("negative", words.negative))
    }
    model = ZeroLabelClassifier(language=language).fit(["x"])
    said = model.predict(list(first.values())).tolist()
    assert said == ["positive", "negative"]
    blank = "" if language == "zh" else " "
    turned = words.negators.split()[0] + blank + first["positive"]
    assert model.predict([turned]).tolist() == ["negative"]
    both = set(words.positive.replace("!", "").split()) & set(
        words.negative.replace("!", "").split()
    )
    assert not both


HOSTILE = [
    "",
    " \n ",
    None,
    float("nan"),
    "😀",
    "👍🏽👍🏿" * 50,
    b"so good",
    ["so good", "so bad", None],
    [],
    "a" * 100_000,
    "good " * 20_000,
    "!" * 100_000,
    "(" * 50_000,
    "很" * 50_000,
    "#" * 10_000,
    "4/5" * 10_000,
    "★" * 10_000,
    "-" * 50_000,
    "'" * 50_000,
    ":" * 50_000,
    "\u0301" * 1000,
    "​",
    "🙂‍↔️",
    3,
]


@pytest.mark.slow  # texts of 100,000 characters
def test_hostile_texts():
    table = pd.DataFrame({"text": pd.Series(HOSTILE, dtype=object)})
    model = ZeroLabelClassifier(columns="text").fit(table)
    p = model.predict_proba(table)
    assert np.isfinite(p).all()
    assert model.predict(table)[4:7].tolist() == ["positive"] * 3
    assert model.predict(table)[10] == "positive"


def test_broken_texts_are_named():
    table = pd.DataFrame({"text": ["fine", "\ud800"]}, dtype=object, index=["a", "b"])
    with pytest.raises(CellError, match="row 'b', column 'text'"):
        ZeroLabelClassifier(columns="text").fit(table)


def test_wrong_use_is_told():
    with pytest.raises(ValueError, match="no column of the table reads as one"):
        ZeroLabelClassifier().fit(pd.DataFrame({"a": [1, 2], "b": [3, 4]}))
    with pytest.raises(ValueError, match=r"must name columns of texts. Got 'pst'.*'post'"):
        ZeroLabelClassifier(columns="pst").fit(TABLE)
    with pytest.raises(ValueError, match="must be the model that learns"):
        ZeroLabelClassifier(learn_from_views=True).fit(TABLE)
    with pytest.raises(ValueError, match="A ready function must be one of"):
        ZeroLabelClassifier(functions=["vadr"]).fit(TABLE)
    with pytest.raises(ValueError, match="must be given a row"):
        ZeroLabelClassifier().fit(TABLE.iloc[:0])
    rule = LabelingFunction(lambda text: "angry", columns="post", name="angry")
    with pytest.raises(ValueError, match="'angry' must vote for one of"):
        ZeroLabelClassifier(functions=[rule]).fit(TABLE)
    assert ZeroLabelClassifier().fit(TABLE).predict_proba(TABLE.iloc[:0]).shape == (0, 3)


def test_functions_of_ones_own_vote_beside_the_ready_ones():
    @weak_rules.labeling_function("likes")
    def liked(n):
        return "positive" if n > 4 else None

    plain = ZeroLabelClassifier().fit(TABLE)
    more = ZeroLabelClassifier(functions=["default", liked]).fit(TABLE)
    assert (more.predict_proba(TABLE)[0] - plain.predict_proba(TABLE)[0])[2] > 0
    assert more.votes(TABLE)["liked"].tolist()[:2] == ["positive", None]


def test_several_columns_vote_each():
    table = pd.DataFrame({"title": ["good", "bad"], "body": ["good", "good"]})
    model = ZeroLabelClassifier(columns=["title", "body"]).fit(table)
    assert "lexicon of body" in model.votes(table).columns
    assert model.predict_proba(table)[0, 2] > model.predict_proba(table)[1, 2]


def test_clone_pickle_save_and_threads(tmp_path):
    model = clone(ZeroLabelClassifier(columns="post")).fit(TABLE)
    expected = model.predict_proba(TABLE)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(TABLE), expected)
    save(model, tmp_path / "zero.hsm")
    np.testing.assert_array_equal(load(tmp_path / "zero.hsm").predict_proba(TABLE), expected)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(model.predict_proba(TABLE))) for _ in range(4)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert all(np.array_equal(each, expected) for each in found)


def test_views_learn_from_the_rows_that_are_surest():
    rng = np.random.default_rng(0)
    good, bad = ["lovely", "perfect", "good"], ["awful", "bad", "horrible"]
    truth = rng.integers(0, 2, 300)
    texts = [
        f"{rng.choice(good if t else bad)} {'sunshine' if t else 'rain'}"
        if rng.random() < 0.6
        else ("sunshine" if t else "rain")
        for t in truth
    ]
    views = make_pipeline(WordFeatures(4), LogisticRegression())
    rules = ZeroLabelClassifier([0, 1], language="en").fit(texts)
    both = ZeroLabelClassifier([0, 1], language="en", learn_from_views=views).fit(texts)
    assert (rules.predict(texts) == truth).mean() < 0.9
    assert (both.predict(texts) == truth).mean() == 1.0  # it has learned what sunshine means
    with pytest.raises(ValueError, match="To learn from views"):
        ZeroLabelClassifier(language="en", learn_from_views=views).fit(["good", "bad"])


def test_the_recipe_reads_texts_and_refuses_what_it_has_no_use_for():
    recipe = load_recipe("zero-label")
    model = recipe.build(text=True, image=True, columns={"text": "post"}, random_state=0)
    assert model.fit(TABLE, ["pos", "neg", "neu", *["pos"] * 4]).predict(TABLE)[:2].tolist() == [
        "pos",
        "neg",
    ]
    with pytest.raises(ValueError, match="class_weight='balanced' must be left out"):
        recipe.build(text=True, class_weight="balanced")
    with pytest.raises(ValueError, match="reads texts, and no view is one"):
        recipe.build(image=True)
    with pytest.raises(ValueError, match="task='regression' must be left out"):
        recipe.build(text=True, task="regression")
    learning = recipe.build(text="text/words", learn_from_views=True)
    assert learning[-1].learn_from_views is not False
