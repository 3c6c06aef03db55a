"""Words and characters as a view: what it is made of, what it does with cells, where it may stand."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import FeatureUnion, make_pipeline

from hybridsent import TextEncoder, evaluate, load, make_features, make_fusion, save
from hybridsent.cli import main
from hybridsent.encoders import Backbone, register_backbone
from hybridsent.exceptions import CellError, CellWarning, UnknownBackboneError
from hybridsent.finetune import finetune
from hybridsent.lexical import WordFeatures
from hybridsent.media import is_missing, load_text

TEXTS = [
    f"{mood} {thing} {when} {'!' * (i % 3)}"
    for i, (mood, thing, when) in enumerate(
        (mood, thing, when)
        for mood in ("lovely", "so good", "awful", "I hate")
        for thing in ("soup", "the film", "#hotel")
        for when in ("today", "again", "@bob 😀")
    )
]
LABELS = np.array(["good" if i < len(TEXTS) // 2 else "bad" for i in range(len(TEXTS))])
CHINESE = [
    "房间很干净,服务很好",
    "房间很脏,服务不好",
    "早餐很好吃",
    "早餐不好吃,很失望",
    "很好",
    "不好",
] * 2


def alike(a, b):
    """Equal up to the sign of a component, which an SVD may choose."""
    signs = np.sign((a * b).sum(axis=0))
    np.testing.assert_allclose(a * signs, b, atol=1e-3)


# -- what it is made of


@pytest.mark.parametrize("options", [{}, {"words": (1, 1)}, {"characters": (1, 3)}, {"min_df": 3}])
def test_it_is_the_pipeline_of_scikit_learns_parts(options):
    ours = WordFeatures(5, **options).fit(TEXTS)
    shared = {"min_df": ours.min_df, "max_features": 20000, "dtype": np.float32}
    shared["sublinear_tf"] = next(iter(ours.vectorizers_.values())).sublinear_tf
    words = TfidfVectorizer(ngram_range=ours.words, token_pattern=r"(?u)\w+|[^\w\s]", **shared)
    characters = TfidfVectorizer(ngram_range=ours.characters, analyzer="char_wb", **shared)
    union = FeatureUnion([("words", words), ("characters", characters)])
    theirs = make_pipeline(union, TruncatedSVD(5, random_state=0)).fit(TEXTS)
    new = ["so lovely soup", "I hate the hotel again!"]
    alike(ours.transform([*TEXTS, *new]), theirs.transform([*TEXTS, *new]).astype(np.float32))


def test_each_kind_can_be_left_out():
    words = WordFeatures(characters=None).fit(TEXTS)
    characters = WordFeatures(words=None).fit(TEXTS)
    both = WordFeatures().fit(TEXTS)
    assert list(words.vectorizers_) == ["words"]
    assert list(characters.vectorizers_) == ["characters"]
    n = [len(each.projection_) for each in (words, characters, both)]
    assert n[0] + n[1] == n[2]
    with pytest.raises(ValueError, match="At least one text must have a term"):
        WordFeatures(words=None, characters=None).fit(TEXTS)


def test_single_letters_marks_and_emoji_are_words():
    found = set(WordFeatures(min_df=1, words=(1, 1)).fit(TEXTS).vectorizers_["words"].vocabulary_)
    assert {"i", "!", "#", "@", "😀", "soup"} <= found


def test_each_sign_of_a_script_without_blanks_is_a_word():
    words = WordFeatures(min_df=1, words=(1, 2)).fit([*CHINESE, "WiFi很好 OK"])
    found = set(words.vectorizers_["words"].vocabulary_)
    assert {"很", "很 好", "不 好", "wifi", "wifi 很", "好 ok"} <= found
    assert not any(len(part) > 1 for term in found for part in term.split() if not part.isascii())


@pytest.mark.parametrize("texts", [["!"], ["x"], ["same"] * 3, ["a b", "c d"], ["😀"]])
def test_few_texts_and_terms_give_fewer_components_not_an_error(texts):
    words = WordFeatures(300).fit(texts)
    terms = sum(len(each.vocabulary_) for each in words.vectorizers_.values())
    assert words.n_components_ == words.n_features_out_ == min(len(set(texts)), terms)
    out = words.transform([*texts, "other"])
    assert out.shape == (len(texts) + 1, words.n_components_)
    assert np.isfinite(out).all()


def test_texts_that_stand_there_twice_leave_no_components_of_rounding():
    twice = WordFeatures(300).fit([*TEXTS, *TEXTS])
    assert twice.n_components_ <= len(set(TEXTS))
    assert twice.transform(TEXTS).std(axis=0).min() > 1e-6


def test_scripts_without_spaces_are_told_apart_by_their_characters():
    y = np.array([1, 0, 1, 0, 1, 0] * 2)
    model = make_fusion(views={"words": "text/words"}, columns={"words": "text"})
    table = pd.DataFrame({"text": CHINESE})
    assert (
        model.fit(table, y).predict(pd.DataFrame({"text": ["服务很好", "服务不好"]})) == [1, 0]
    ).all()


def test_the_seed_decides_and_nothing_else():
    a, b = WordFeatures(4).fit(TEXTS), WordFeatures(4).fit(TEXTS)
    assert (a.transform(TEXTS) == b.transform(TEXTS)).all()
    assert (clone(a).fit(TEXTS).transform(TEXTS) == a.transform(TEXTS)).all()


# -- cells

WORDS = WordFeatures(6).fit(TEXTS)


@pytest.mark.parametrize("empty", [None, float("nan"), pd.NA, "", "  ", "\u200b", [None]])
def test_missing_and_invisible_cells_are_rows_of_nan(empty):
    out = WORDS.transform([TEXTS[0], empty, TEXTS[1]])
    assert np.isnan(out[1]).all()
    assert (out[[0, 2]] == WORDS.transform(TEXTS[:2])).all()
    refit = WordFeatures(6).fit([*TEXTS, empty])
    assert (refit.transform(TEXTS) == WORDS.transform(TEXTS)).all(), "it learned from nothing"


def test_a_row_does_not_depend_on_the_rows_beside_it():
    whole = WORDS.transform(TEXTS)
    for size in (1, 7):
        parts = [WORDS.transform(TEXTS[i : i + size]) for i in range(0, len(TEXTS), size)]
        assert (np.concatenate(parts) == whole).all()


def test_a_cell_of_several_texts_is_the_mean_of_them():
    a, b, both = WORDS.transform([TEXTS[0], TEXTS[5], [TEXTS[0], None, TEXTS[5]]])
    np.testing.assert_allclose(both, (a + b) / 2, rtol=1e-5, atol=1e-7)
    context = WordFeatures(3).fit([[TEXTS[0], TEXTS[1]], TEXTS[2], None])
    assert context.n_components_ == 3, "each text of a cell is one"


@pytest.mark.parametrize(
    "policies",
    [
        {"urls": "drop"},
        {"mentions": "token"},
        {"hashtags": "split"},
        {"emoji": "name"},
        {"elongation": "shorten"},
    ],
)
def test_texts_are_cleaned_as_for_the_encoder(policies):
    raw = ["sooo good http://x.org @bob #LoveIt 😀", "bad http://y.org @ann #HateIt 😡"] * 3
    ours = WordFeatures(**policies).fit_transform(raw)
    theirs = WordFeatures().fit_transform([load_text(text, **policies) for text in raw])
    assert (ours == theirs).all()
    with pytest.raises(ValueError, match="'urls' parameter of WordFeatures"):
        WordFeatures(urls="token!").fit(raw)


def test_a_function_of_ones_own_cleans_too():
    ours = WordFeatures(clean=lambda text: text[::-1]).fit_transform(TEXTS)
    assert (ours == WordFeatures().fit_transform([text[::-1] for text in TEXTS])).all()


def test_broken_cells_are_refused_or_missing():
    table = pd.DataFrame({"tweet": [TEXTS[0], 3.5]}, index=["a", "b"], dtype=object)
    with pytest.raises(CellError, match=r"row 'b', column 'tweet'.*on_error='missing'") as caught:
        WORDS.transform(table)
    assert (caught.value.row, caught.value.column) == ("b", "tweet")
    lenient = WordFeatures(on_error="missing").fit(TEXTS)
    with pytest.warns(CellWarning, match="1 of 2"):
        out = lenient.transform(table)
    assert np.isnan(out).all(axis=1).tolist() == [False, True]


@pytest.mark.parametrize("cells", [[], [None], [None, ""]])
def test_nothing_to_learn_from_is_told(cells):
    with pytest.raises(ValueError, match="At least one text must be there"):
        WordFeatures().fit(cells)
    assert WORDS.transform(cells).shape == (len(cells), 6)


@pytest.mark.parametrize("wrong", [(0, 1), (2, 1), (1,), (1, 2, 3), (True, 2), ("1", "2")])
@pytest.mark.parametrize("name", ["words", "characters"])
def test_lengths_that_are_none_are_told(name, wrong):
    with pytest.raises(ValueError, match=f"The {name} parameter of WordFeatures"):
        WordFeatures(**{name: wrong}).fit(TEXTS)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=12)),
        min_size=1,
        max_size=8,
    )
)
def test_any_texts_at_all(cells):
    words = WordFeatures(5, on_error="missing")
    if all(is_missing(cell) for cell in cells):
        with pytest.raises(ValueError, match="At least one text"):
            words.fit(cells)
        return
    words.fit(cells)
    out = words.transform(cells)
    rows = np.isnan(out)
    assert (rows.all(axis=1) == rows.any(axis=1)).all()
    assert out.dtype == np.float32


# -- as an estimator


def test_names_frames_and_copies():
    table = pd.DataFrame({"text": TEXTS}, index=range(10, 10 + len(TEXTS)))
    words = WordFeatures(4).set_output(transform="pandas")
    out = words.fit_transform(table)
    assert (
        list(out.columns) == [f"text__{i}" for i in range(4)] == list(words.get_feature_names_out())
    )
    assert out.index.equals(table.index)
    again = pickle.loads(pickle.dumps(words))
    pd.testing.assert_frame_equal(again.transform(table), out)


def test_a_saved_one_gives_the_same_in_a_fresh_process(tmp_path):
    table = pd.DataFrame({"text": TEXTS})
    model = make_fusion(views={"words": "text/words"}, columns={"words": "text"}).fit(table, LABELS)
    path = save(model, tmp_path / "m.hybridsent")
    assert (load(path).predict_proba(table) == model.predict_proba(table)).all()
    table.to_csv(tmp_path / "t.csv", index=False)
    code = (
        "import sys, pandas as pd\nfrom hybridsent import load\n"
        "print(load(sys.argv[1]).predict(pd.read_csv(sys.argv[2])).tolist())"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(path), str(tmp_path / "t.csv")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert run.stdout.strip() == str(model.predict(table).tolist())


# -- where its name may stand


def test_it_stands_beside_an_encoder_on_the_same_column_and_is_judged_alone():
    table = pd.DataFrame({"text": TEXTS})
    model = make_fusion(text=True, views={"words": "text/words"}, columns={"words": "text"})
    names = model["features"].fit(table).get_feature_names_out()
    assert {name.partition("__")[0] for name in names} == {"text", "words"}
    result = evaluate(model, table, LABELS, cv=3)
    assert {"fusion", "text", "words"} <= set(result.models)
    wanted = {"features__words__n_components": 7, "features__words__words": (1, 1)}
    assert model.set_params(**wanted).get_params().items() >= wanted.items()


def test_it_may_be_the_text_itself():
    made = make_features(text="text/words", random_state=3, on_error="missing")
    ((name, part, column),) = made.transformers
    assert (name, column) == ("text", "text")
    assert isinstance(part, WordFeatures)
    assert (part.random_state, part.on_error) == (3, "missing")
    with pytest.raises(ValueError, match="device parameter"):
        make_features(text="text/words", device="cuda")
    with pytest.raises(ValueError, match="must read image"):
        make_features(image="text/words")
    with pytest.raises(ValueError, match=r"columns\['text'\].*WordFeatures reads"):
        make_features(text="text/words", columns={"text": ["a", "b"]})


def test_it_learns_inside_the_fold():
    """A word of the held-out rows alone must say nothing: its rows are zeros."""
    seen = []

    class Spy(WordFeatures):
        def fit(self, X, y=None):
            seen.append(len(X))
            return super().fit(X, y)

    table = pd.DataFrame({"text": TEXTS})
    model = make_fusion(text=Spy(4))
    cross_val_predict(model, table, LABELS, cv=3)
    assert seen == [len(TEXTS) * 2 // 3] * 3


@pytest.mark.parametrize(
    "ask",
    [
        lambda: TextEncoder("text/words").transform(["a"]),
        lambda: finetune("text/words", ["a", "b"], [0, 1]),
    ],
    ids=["encoder", "finetune"],
)
def test_where_a_frozen_backbone_must_be_it_is_refused_with_the_way_out(ask):
    with pytest.raises(UnknownBackboneError, match=r"no frozen backbone.*views=.*WordFeatures"):
        ask()


def test_its_name_is_taken():
    with pytest.raises(ValueError, match="must be new"):
        register_backbone(Backbone("text/words", "text", "m:f", sha256="0" * 64), replace=True)


def test_the_list_of_backbones_says_that_it_is_learned(capsys):
    assert main(["backbones", "text/w*"]) == 0
    assert "learned from your rows in each fit" in capsys.readouterr().out
