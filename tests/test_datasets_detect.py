"""detect_modalities: content says what a column can be, the name settles ties."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hybridsent.datasets import detect_modalities
from hybridsent.datasets._detect import media_columns
from hybridsent.exceptions import TableError

N = 40
RNG = np.random.default_rng(0)
WORDS = ["the", "room", "was", "cold", "but", "nobody", "seemed", "to", "mind", "it", "at", "all"]


def sentences(n: int = N, low: int = 5, high: int = 12) -> list[str]:
    return [" ".join(RNG.choice(WORDS, RNG.integers(low, high))) for _ in range(n)]


def cycle(values: list, n: int = N) -> list:
    return [values[i % len(values)] for i in range(n)]


def paths(folder: str, end: str, n: int = N) -> list[str]:
    return [f"{folder}/{i:03d}{end}" for i in range(n)]


LABELS = ["positive", "neutral", "negative"]


def test_pairs_with_labels_of_each_modality():
    table = pd.DataFrame(
        {
            "id": range(N),
            "text_label": cycle(LABELS),
            "image_label": cycle(LABELS[::-1]),
            "text": sentences(),
            "image": paths("images", ".jpg"),
            "label": cycle(LABELS),
        }
    )
    assert detect_modalities(table) == {"text": "text", "image": "image"}


def test_speech_corpus_with_sentence_codes_has_no_text():
    table = pd.DataFrame(
        {
            "audio": paths("audio", ".flac"),
            "label": cycle(["angry", "happy"]),
            "speaker": cycle(["03", "08", "09"]),
            "sentence": cycle(["a01", "a02", "b09"]),
        }
    )
    assert detect_modalities(table) == {"audio": "audio"}


def test_context_loses_against_text_by_name():
    table = pd.DataFrame(
        {
            "id": [f"1_{i}" for i in range(N)],
            "context": sentences(low=20, high=40),
            "text": sentences(low=4, high=8),
            "speaker": cycle(["SHELDON", "THE OTHER GUY WITH HAT"]),
        }
    )
    assert detect_modalities(table) == {"text": "text"}
    assert detect_modalities(table, exclude=["text"]) == {"text": "context"}


def test_dialogues():
    table = pd.DataFrame(
        {
            "split": cycle(["train", "dev"]),
            "speaker": cycle(["Chandler", "The Interviewer", "A man in the back row"]),
            "Utterance": sentences(low=2, high=9),
            "sentiment": cycle(LABELS),
        }
    )
    assert detect_modalities(table) == {"text": "Utterance"}


@pytest.mark.parametrize(
    ("better", "worse"),
    [("text", "tweet"), ("tweet", "body"), ("review", "my_review"), ("tweet_text", "notes")],
)
@pytest.mark.parametrize("first", [0, 1])
def test_names_settle_ties(better, worse, first):
    columns = [better, worse] if first == 0 else [worse, better]
    table = pd.DataFrame({name: sentences() for name in columns})
    assert detect_modalities(table) == {"text": better}


def test_first_position_settles_what_names_do_not():
    same = sentences()
    assert detect_modalities(pd.DataFrame({"b": same, "a": same})) == {"text": "b"}


def test_content_without_names():
    table = pd.DataFrame(
        {
            "c": [f"http://host/{i}.MP3?size=2" for i in range(N)],
            "b": paths("x", ".PNG"),
            "a": sentences(),
        }
    )
    assert detect_modalities(table) == {"text": "a", "image": "b", "audio": "c"}
    assert list(detect_modalities(table)) == ["text", "image", "audio"]
    assert media_columns(table) == ["c", "b"]


def test_a_name_makes_paths_without_extension_credible():
    table = pd.DataFrame({"frame": paths("frames", ""), "other": paths("frames", "")})
    assert detect_modalities(table) == {"image": "frame"}


def test_a_name_alone_is_not_enough():
    table = pd.DataFrame({"image": cycle(["yes", "no"]), "audio": range(N), "text": range(N)})
    assert detect_modalities(table) == {}


def test_file_names_under_an_id_like_name_count():
    assert detect_modalities(pd.DataFrame({"image_id": paths("i", ".jpg")})) == {
        "image": "image_id"
    }


@pytest.mark.parametrize(
    "cells",
    [
        [f"u{i:04d}" for i in range(N)],
        [f"2024-01-{i % 28 + 1:02d} 10:30:00" for i in range(N)],
        ["5 10 15 20" for _ in range(N)],
        cycle(["very good indeed", "not good at all"]),
        cycle(["Rachel Green", "Ross Geller", "Monica Geller"]),
        [None] * N,
        [""] * N,
        [1.5] * N,
        [True] * N,
        [{"a": 1}] * N,
    ],
    ids=["ids", "dates", "numbers", "labels", "names", "none", "empty", "float", "bool", "dict"],
)
def test_what_is_no_text(cells):
    assert detect_modalities(pd.DataFrame({"column": cells})) == {}


@pytest.mark.parametrize("name", ["label", "text_id", "textLabel", "speaker", "sentence_label_2"])
def test_names_about_something_else_are_no_text(name):
    assert detect_modalities(pd.DataFrame({name: sentences()})) == {}


def test_user_text_is_text():
    assert detect_modalities(pd.DataFrame({"user_text": sentences()})) == {"text": "user_text"}


def test_scripts_without_blanks():
    table = pd.DataFrame({"a": ["今天天气真好", "我不喜欢这部电影", "まあまあかな"]})
    assert detect_modalities(table) == {"text": "a"}


def test_short_answers_under_the_name_text():
    assert detect_modalities(pd.DataFrame({"text": ["great", "awful!"]})) == {"text": "text"}
    assert detect_modalities(pd.DataFrame({"text": ["a01", "a02"]})) == {}


def test_missing_cells_do_not_count():
    cells = [None] * 30 + paths("i", ".png", 5) + [""] * 5
    assert detect_modalities(pd.DataFrame({"p": cells})) == {"image": "p"}


def encoded(end: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, end)
    return buffer.getvalue()


@pytest.mark.parametrize("end", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_bytes_of_images(end):
    assert detect_modalities(pd.DataFrame({"x": [encoded(end)] * 3})) == {"image": "x"}


@pytest.mark.parametrize("end", ["WAV", "FLAC", "OGG", "AIFF"])
def test_bytes_of_sounds(end):
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(800, np.float32), 8000, format=end)
    assert detect_modalities(pd.DataFrame({"x": [buffer.getvalue()] * 3})) == {"audio": "x"}


def test_objects_in_memory():
    table = pd.DataFrame(
        {
            "x": [Image.new("RGB", (4, 4)), Image.new("L", (4, 4))],
            "y": [(np.zeros(9, np.float32), 16000)] * 2,
        }
    )
    assert detect_modalities(table) == {"image": "x", "audio": "y"}
    arrays = pd.DataFrame({"z": [np.zeros((4, 5, 3), np.uint8)] * 2})
    assert detect_modalities(arrays) == {"image": "z"}
    assert detect_modalities(pd.DataFrame({"z": [np.zeros((4, 5, 3))] * 2})) == {}


@pytest.mark.parametrize("kind", ["object", "str", "category", "string"])
def test_dtype_of_the_column_does_not_matter(kind):
    table = pd.DataFrame({"text": sentences(), "image": paths("i", ".png")}).astype(kind)
    assert detect_modalities(table) == {"text": "text", "image": "image"}


def test_the_answer_does_not_depend_on_rows_beyond_the_sample():
    table = pd.DataFrame({"text": sentences(2000), "image": paths("i", ".png", 2000)})
    assert (
        detect_modalities(table) == detect_modalities(table) == {"text": "text", "image": "image"}
    )


def test_not_a_table():
    with pytest.raises(TableError, match="must be a pandas DataFrame, got list"):
        detect_modalities(["text"])
    with pytest.raises(TableError, match="Twice or more"):
        detect_modalities(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_names_need_not_be_strings():
    assert detect_modalities(pd.DataFrame({0: sentences()})) == {"text": 0}
    assert detect_modalities(pd.DataFrame()) == {}


anything = st.one_of(
    st.none(),
    st.text(),
    st.binary(max_size=20),
    st.floats(),
    st.booleans(),
    st.lists(st.integers()),
)


@settings(max_examples=80)
@given(st.lists(st.tuples(anything, anything), max_size=8), st.text(), st.text())
def test_any_table_gets_an_answer(rows, one, other):
    table = pd.DataFrame(rows, columns=[one, other + "2"])
    if table.columns.is_unique:
        found = detect_modalities(table)
        assert set(found) <= {"text", "image", "audio"}
        assert len(set(found.values())) == len(found)


@pytest.mark.parametrize("ask", [detect_modalities, media_columns])
def test_columns_of_one_name_cannot_be_told_apart(ask):
    table = pd.DataFrame([["1.png", "2.png"]], columns=["photo", "photo"])
    with pytest.raises(TableError, match=r"Twice or more: \['photo'\]"):
        ask(table)
