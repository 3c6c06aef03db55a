"""Public corpora, where they are: ``HYBRIDSENT_DATA=/folder pytest -m data`` (each a folder with a table.csv)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hybridsent import evaluate, make_fusion, read_table

ROOT = os.environ.get("HYBRIDSENT_DATA")
pytestmark = [
    pytest.mark.data,
    pytest.mark.slow,
    pytest.mark.skipif(not ROOT, reason="HYBRIDSENT_DATA is not set"),
]


def corpus(name: str):
    return read_table(Path(ROOT or "") / name / "table.csv")


def test_mvsa_fusion_beats_its_parts():
    result = evaluate(make_fusion(text=True, image=True), corpus("mvsa"), "label").models
    best = max(result[name]["accuracy"].mean for name in ("text", "image"))
    assert result["fusion"]["accuracy"].mean >= best + 0.02


def test_emodb_by_speaker():
    result = evaluate(
        make_fusion(audio=True), corpus("emodb"), "label", groups="speaker", cv=10
    ).models
    assert result["audio"]["balanced_accuracy"].mean >= 0.93


def test_meld_on_dev():
    from sklearn.metrics import f1_score

    table = corpus("meld")
    train, dev = table[table["split"] == "train"], table[table["split"] == "dev"]
    model = make_fusion(text=True).fit(train, train["sentiment"])
    assert f1_score(dev["sentiment"], model.predict(dev), average="weighted") >= 0.60


@pytest.mark.parametrize("name", ["meld", "mvsa", "mustard"])
def test_english_corpora_are_read_without_a_word_on_their_language(name):
    from hybridsent.media._languages import unread

    assert unread(corpus(name)["text"].tolist(), ["en"]) is None


def test_columns_in_other_languages_are_told_and_those_in_english_are_not():
    from hybridsent.media._languages import unread

    tasks = corpus("text").groupby("task")["text"]
    told = {task for task, texts in tasks if unread(texts.tolist(), ["en"]) is not None}
    english = {"cr", "sst2", "tweeteval_emotion", "tweeteval_irony", "umsab_english"}
    assert told == set(tasks.groups) - english


# -- what flatters ---------------------------------------------------------------------------------

AS_FEATURES = {"features": ["text", "audio", "video"]}


def found(name: str, kind: str, **views):
    from hybridsent.evaluation import check

    table = corpus(name)
    (one, *_) = [each for each in check(table, "label", **views).findings if each.kind == kind]
    return one


def test_speakers_of_emodb_flatter_random_folds_and_both_numbers_are_told():
    numbers = found("emodb", "group column", estimator=make_fusion(audio=True)).numbers
    assert numbers["as given"] >= numbers["kept together"] + 0.02
    assert found("emodb", "group column").numbers["kept together"] < 0.8  # a glance at the sounds


def test_the_speaker_alone_predicts_sarcasm_in_mustard():
    one = found("mustard", "group column")
    assert "'speaker'" in one.sentence
    assert one.numbers["this column alone"] >= 0.65


def test_retweets_and_pictures_of_mvsa_stand_on_both_sides_of_the_folds():
    one = found("mvsa", "near-duplicates")
    assert one.severity in ("leak", "doubt")
    assert 250 <= one.numbers["rows with a twin"] <= 500
    assert {"as given", "without twins in training", "right with a twin"} <= one.numbers.keys()


def test_mosi_is_sorted_by_label():
    import pandas as pd

    from hybridsent.evaluation import check

    table = pd.read_parquet(Path(ROOT or "") / "mosi" / "features.parquet")
    kinds = {
        each.kind: each
        for each in check(table, "label", estimator=make_fusion(**AS_FEATURES)).findings
    }
    assert kinds["row order"].severity == "doubt"
    assert kinds["row order"].numbers["correlation of neighbours"] > 0.9
