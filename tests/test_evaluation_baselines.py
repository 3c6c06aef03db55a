"""What stands beside a model: words alone, a group alone, and what looks at nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hashed import Hashed
from scipy.sparse import hstack
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from hybridsent import evaluate, make_fusion
from hybridsent.evaluation._words_alone import _TermWeights, count_terms, text_columns
from hybridsent.lexical import WORD

GOOD, BAD = ("lovely", "wonderful", "bright"), ("awful", "dreadful", "grey")
N = 60


def posts(text: str = "text") -> pd.DataFrame:
    rng = np.random.default_rng(0)
    y = rng.choice(["bad", "good"], N)
    words = [
        f"a {rng.choice(GOOD if each == 'good' else BAD)} day no. {i}" for i, each in enumerate(y)
    ]
    words[3], words[5] = None, ""
    return pd.DataFrame({text: words, "label": y, "likes": rng.normal(size=N)})


def model(column: str = "text"):
    return make_fusion(text="text/words", columns={"text": column})


# -- words alone ---------------------------------------------------------------------------------


@pytest.mark.parametrize("max_features", [20000, 50])
def test_terms_and_weights_of_a_fit_are_those_of_vectorizers_on_its_rows(max_features):
    texts = [text if isinstance(text, str) else "" for text in posts()["text"]]
    terms = count_terms([pd.Series(texts)])
    train, test = np.arange(0, N, 2), np.arange(1, N, 2)
    weights = _TermWeights(terms.blocks, max_features=max_features).fit(terms.counts[train])
    kinds = (
        {"ngram_range": (1, 2), "token_pattern": WORD},
        {"ngram_range": (2, 5), "analyzer": "char_wb"},
    )
    known = [
        TfidfVectorizer(min_df=2, sublinear_tf=True, max_features=max_features, **kind).fit(
            [texts[i] for i in train]
        )
        for kind in kinds
    ]
    for rows in (train, test):
        theirs = hstack([each.transform([texts[i] for i in rows]) for each in known])
        mine = weights.transform(terms.counts[rows])
        assert mine.shape == theirs.shape
        if max_features == 20000:  # of as frequent ones either may be kept
            assert abs(mine - theirs).max() < 1e-12


def test_words_stand_beside_what_reads_texts():
    table = posts()
    found = evaluate(model(), table, "label", cv=3, check=False)
    assert list(found.models) == ["fusion", "text", "tf-idf", "dummy"]
    assert found.models["tf-idf"]["accuracy"].value > 0.85
    assert found.out_of_fold.answers["tf-idf"].probabilities.shape == (N, 2)
    assert "tf-idf: accuracy" in str(found)
    without = evaluate(model(), table, "label", cv=3, check=False, baselines=False)
    assert list(without.models) == ["fusion", "text", "dummy"]
    assert without.models["fusion"] == found.models["fusion"]


def test_the_column_that_is_read_is_the_one_that_is_counted():
    table = posts("tweet").assign(text="nothing at all")
    found = evaluate(model("tweet"), table, "label", cv=3, check=False)
    assert found.models["tf-idf"]["accuracy"].value > 0.85
    assert text_columns([model("tweet")], table) == ["tweet"]
    both = {"text": "text/words", "title": "text/words"}
    views = make_fusion(views=both, columns={"text": "tweet", "title": "text"})
    assert text_columns([views, model("text")], table) == ["tweet", "text"]


def test_no_words_are_counted_where_no_text_is_read():
    table = posts().rename(columns={"text": "image"})
    pictures = make_fusion(image=Hashed("i", signal=3))
    found = evaluate(pictures, table.assign(image="x"), "label", cv=3, check=False)
    assert "tf-idf" not in found.models
    X = table[["likes"]]
    assert list(evaluate(DummyClassifier(), X, table["label"], cv=3).models) == ["fusion", "dummy"]


@pytest.mark.parametrize("cell", [None, "", "   ", float("nan"), [], [None]])
def test_texts_without_a_term_make_no_baseline(cell):
    assert count_terms([pd.Series([cell] * 4, dtype=object)]) is None


def test_cells_of_every_form_are_counted():
    cells = [["good day", None, "bad night"], b"good day", "good day", None, {"bytes": b"good"}]
    terms = count_terms([pd.Series(cells, dtype=object)])
    counts = terms.counts[:, : terms.blocks[0]].toarray()
    assert (counts[1] == counts[2]).all()
    assert counts[0].sum() > counts[2].sum() > 0 == counts[3].sum()


@pytest.mark.parametrize("kind", ["numbers", "sets"])
def test_baselines_suit_every_target(kind):
    table = posts().assign(speaker=np.resize(list("abcde"), N))
    good = (table["label"] == "good").to_numpy()
    if kind == "numbers":
        task, y = "regression", good * 1.5 + np.random.default_rng(1).normal(size=N) / 9
    else:
        late = np.arange(N) % 3 == 0
        task, y = (
            "multilabel",
            [
                "|".join(["joy"] * int(g) + ["late"] * int(a)) or "|"
                for g, a in zip(good, late, strict=True)
            ],
        )
    built = make_fusion(text="text/words", task=task)
    found = evaluate(built, table.drop(columns="label"), y, cv=3, check=False)
    assert found.target == kind
    assert list(found.models) == ["fusion", "text", "tf-idf", "group alone", "dummy"]
    metric = next(iter(found.models["fusion"]))
    best, worst = (found.models[name][metric].value for name in ("tf-idf", "dummy"))
    assert (best < worst) if metric == "MAE" else (best > worst)


# -- a group alone -------------------------------------------------------------------------------


def talks() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Rows of which the speaker tells the label, and the features nothing."""
    rng = np.random.default_rng(0)
    speaker = rng.choice(list("abcdefgh"), 160)
    y = np.where(np.isin(speaker, list("abcd")) ^ (rng.random(160) < 0.1), "good", "bad")
    return pd.DataFrame(rng.normal(size=(160, 2)), columns=["text__0", "audio__0"]), y, speaker


def test_a_speaker_who_tells_the_label_stands_beside_the_model():
    X, y, speaker = talks()
    table = X.assign(speaker=speaker)
    built = make_fusion(features=["text", "audio"])
    found = evaluate(built, table, y, cv=4)
    assert list(found.models) == ["fusion", "text", "audio", "group alone", "dummy"]
    assert found.models["group alone"]["accuracy"].value > 0.8
    assert "'group alone' knows nothing but 'speaker' of a row." in found.notes
    assert found.gains["group alone"]["accuracy"].verdict == "worse"
    assert "fusion is worse than the group alone: accuracy -" in str(found)
    corrected = "P-values are corrected for 4 comparisons (Holm); intervals are not."
    assert corrected in str(found).splitlines()
    one = replace(found, gains={"dummy": found.gains["dummy"]})
    assert "Holm" not in str(one)


def test_a_group_that_folds_keep_together_is_no_baseline():
    X, y, speaker = talks()
    table = X.assign(speaker=speaker, clip=np.arange(160) // 4)
    built = make_fusion(features=["text", "audio"])
    options = {"cv": 4, "check": False}
    for groups in ("speaker", table["speaker"]):
        found = evaluate(built, table.drop(columns="clip"), y, groups=groups, **options)
        assert "group alone" not in found.models
    without = evaluate(built, table, y, baselines=False, **options)
    assert "group alone" not in without.models


def test_labels_and_columns_of_few_values_are_no_group():
    X, _, speaker = talks()
    places = dict(zip("abcdefgh", ["here", "there"] * 4, strict=True))
    feelings = np.random.default_rng(1).choice(["joy", "awe", "fear", "rage"], 160)
    built = make_fusion(features=["text", "audio"])
    table = X.assign(feels=feelings, place=[places[each] for each in speaker])
    found = evaluate(built, table, feelings, cv=4, check=False)  # y is an array, and a column, too
    assert "group alone" not in found.models
    part = np.where(np.arange(160) % 4 == 0, "test", "train")
    on_a_split = evaluate(built, table, feelings, split=part, check=False)
    assert "group alone" not in on_a_split.models
    with_speakers = evaluate(built, table.assign(who=speaker), feelings, cv=4, check=False)
    assert "'group alone' knows nothing but 'who' of a row." in with_speakers.notes


def test_a_model_or_view_is_not_named_like_a_baseline():
    table = posts()
    for name in ("tf-idf", "group alone", "dummy"):
        with pytest.raises(ValueError, match="names of baselines"):
            evaluate({name: make_pipeline(LogisticRegression())}, table, "label")
