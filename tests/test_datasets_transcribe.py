"""What is said becomes columns of the table: each sound once, in every form, in every process."""

from __future__ import annotations

import io
import json
import math
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from listener import RATE, calls, sound, write_model, write_package

from hybridsent.datasets import make_demo, transcribe
from hybridsent.datasets._heard import NOTHING, Heard, joined
from hybridsent.exceptions import (
    CellError,
    CellWarning,
    MissingDependencyError,
    StoreWarning,
    TableError,
    WeightsError,
    WeightsNotFoundError,
)
from hybridsent.store import FeatureStore

ROOT = Path(__file__).parents[1]


@pytest.fixture
def heard(tmp_path, monkeypatch):
    """The stand-in in the place of faster-whisper, a model for it, and a store of its own."""
    package = write_package(tmp_path / "site")
    monkeypatch.setenv("LISTENER_LOG", str(tmp_path / "calls.txt"))
    monkeypatch.syspath_prepend(str(package))
    for name in ("faster_whisper", "faster_whisper.utils"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    model, store = write_model(tmp_path / "model"), FeatureStore(tmp_path / "store")

    def run(cells, **settings):
        table = pd.DataFrame({"clip": pd.Series(cells, dtype=object)})
        return transcribe(table, "clip", **{"model": model, "store": store, **settings})

    yield run
    for name in ("faster_whisper", "faster_whisper.utils"):
        sys.modules.pop(name, None)  # monkeypatch puts the real one back where it was loaded


def texts(table):
    return table["clip_text"].tolist()


def wav(samples) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, RATE, format="WAV", subtype="FLOAT")
    return buffer.getvalue()


# -- the table


def test_rows_index_attrs_and_columns_stay_and_four_columns_come(heard, tmp_path):
    table = pd.DataFrame({"clip": [(sound(), RATE), None], "label": [1, 0]}, index=["a", "b"])
    table.attrs["note"] = {"kept": True}
    before = table.copy(deep=True)
    made = transcribe(table, "clip", model=tmp_path / "model", store=None)
    assert list(made.columns) == [
        *("clip", "label", "clip_text", "clip_language", "clip_confidence", "clip_words")
    ]
    assert made.attrs == {"note": {"kept": True}}
    pd.testing.assert_frame_equal(made[["label"]], before[["label"]])
    assert list(table.columns) == list(before.columns), "the table given is not changed"
    assert made["clip_confidence"].dtype == np.float64
    assert made["clip_text"].tolist() == ["w0.5-0 w0.5-1", None]
    assert made["clip_language"].tolist() == ["en", None]
    assert made["clip_words"].tolist()[1] is None
    assert math.isnan(made["clip_confidence"].iloc[1])


def test_words_have_times_and_confidence_is_the_mean_of_segments_by_their_seconds(heard):
    made = heard([(sound(seconds=3), RATE)])
    assert json.loads(made["clip_words"][0]) == [
        [f"w0.5-{i}", float(i), i + 0.5, 0.9] for i in range(3)
    ]
    # one second at -0.1, two at -0.2
    assert made["clip_confidence"][0] == pytest.approx(math.exp(-(0.1 + 2 * 0.2) / 3), abs=1e-4)


def test_new_columns_can_be_named_and_none_is_replaced(heard):
    assert "said_text" in heard([(sound(), RATE)], name="said").columns
    table = pd.DataFrame({"clip": [None], "clip_words": ["mine"]})
    with pytest.raises(TableError, match=r"column 'clip_words' already.*name=\.\.\."):
        transcribe(table, "clip")
    with pytest.raises(TableError, match=r"no column 'clips'.*Did you mean 'clip'"):
        transcribe(table, "clips")


def test_a_table_without_a_sound_needs_no_model(heard, tmp_path):
    assert texts(heard([None, "", []], model=tmp_path / "nowhere")) == [None] * 3
    assert texts(heard([], model=tmp_path / "nowhere")) == []
    assert calls() == []


# -- cells


def test_one_content_in_every_form_is_one_sound_heard_once(heard, tmp_path):
    content = wav(sound())
    path = tmp_path / "clip.wav"
    path.write_bytes(content)
    cells = [
        *(str(path), path, content, bytearray(content), {"bytes": content, "path": None}),
        *({"bytes": None, "path": str(path)}, [content]),
    ]
    assert texts(heard(cells)) == ["w0.5-0 w0.5-1"] * len(cells)
    assert calls() == ["opened", "heard 0.5 2"]
    samples = [(sound(), RATE), {"array": sound(), "sampling_rate": RATE}]
    assert texts(heard(samples)) == ["w0.5-0 w0.5-1"] * 2


def test_the_sounds_of_a_list_are_joined_in_order_and_their_times_go_on(heard):
    a, b = (sound(0.3), RATE), (sound(0.7, 1), RATE)
    made = heard([[a, None, b], [b, a], a])
    assert texts(made) == ["w0.3-0 w0.3-1 w0.7-0", "w0.7-0 w0.3-0 w0.3-1", "w0.3-0 w0.3-1"]
    assert [word[1] for word in json.loads(made["clip_words"][0])] == [0.0, 1.0, 2.0]
    assert calls().count("heard 0.3 2") == 1, "an item that several cells hold is heard once"


def test_sounds_with_weights_are_refused_with_the_way_out(heard):
    cell = {"items": [(sound(), RATE), (sound(0.3), RATE)], "weights": [0.5, 1]}
    with pytest.raises(CellError, match=r"row 0.*weights.*add_context"):
        heard([cell])


def test_silence_is_a_missing_text_and_so_is_a_sound_without_a_word(heard):
    made = heard([(np.zeros(RATE, np.float32), RATE), (sound(0.01), RATE), (sound(), RATE)])
    assert texts(made) == [None, None, "w0.5-0 w0.5-1"]
    assert made["clip_confidence"].isna().tolist() == [True, True, False]
    assert texts(heard([[(sound(0.01), RATE), (sound(), RATE)]])) == ["w0.5-0 w0.5-1"]


def test_a_broken_sound_is_named_or_missing(heard, tmp_path):
    cells = [(sound(), RATE), tmp_path / "none.wav", b"no sound at all"]
    with pytest.raises(CellError, match=r"row 1, column 'clip': no file at.*on_error") as caught:
        heard(cells)
    assert (caught.value.row, caught.value.column) == (1, "clip")
    with pytest.warns(CellWarning, match="2 of 3 cells are broken"):
        made = heard(cells, on_error="missing")
    assert texts(made) == ["w0.5-0 w0.5-1", None, None]
    with pytest.warns(CellWarning, match="item 2 of 2"):
        assert texts(heard([cells[:2]], on_error="missing")) == ["w0.5-0 w0.5-1"]


def test_limits_and_channels_are_those_of_sounds(heard):
    with pytest.raises(CellError, match="too long: 3 s, at most 2 s"):
        heard([(sound(seconds=3), RATE)], max_seconds=2)
    call = np.stack([sound(0.3), sound(0.8)], axis=1)
    assert texts(heard([(call, RATE)], channel=0)) == ["w0.3-0 w0.3-1"]
    assert texts(heard([(call, RATE)], channel=1)) == ["w0.8-0 w0.8-1"], "not the other's text"


def test_relative_paths_are_seen_from_the_root(heard, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.wav").write_bytes(wav(sound()))
    assert texts(heard(["in/a.wav"], root=tmp_path)) == ["w0.5-0 w0.5-1"]


# -- once


def test_what_was_heard_is_found_again_and_nothing_is_kept_without_a_store(heard, tmp_path):
    cells = [(sound(level), RATE) for level in (0.2, 0.4, 0.6)]
    first = heard(cells)
    n = len(calls())
    pd.testing.assert_frame_equal(heard(cells), first)
    assert len(calls()) == n, "neither opened nor heard again"
    pd.testing.assert_frame_equal(heard(cells, store=None), first)
    assert len(calls()) == n + 4


def test_what_changes_the_text_is_heard_anew_and_what_does_not_is_found(heard, tmp_path):
    cells = [(sound(), RATE)]
    heard(cells)
    for settings in (
        {"language": "de"},
        {"channel": 0},
        {"model": write_model(tmp_path / "other", b"other weights")},
    ):
        n = len(calls())
        heard(cells, **settings)
        assert len(calls()) == n + 2, settings
    n = len(calls())
    for same in ({"model": write_model(tmp_path / "copy")}, {"max_seconds": 9.0}, {"n_jobs": 2}):
        heard(cells, **same)
    assert len(calls()) == n


def test_a_damaged_entry_is_heard_anew(heard, tmp_path):
    cells = [(sound(level), RATE) for level in (0.2, 0.4)]
    first = heard(cells)
    [file] = (tmp_path / "store").glob("speech-*.sqlite")
    with closing(sqlite3.connect(file)) as connection, connection:
        for place, value in connection.execute("SELECT id, value FROM rows").fetchall():
            told = value.replace(b"w0.2-1", b"w0.3-1")
            connection.execute("UPDATE rows SET value = ? WHERE id = ?", (told, place))
    with pytest.warns(StoreWarning, match="1 damaged rows"):
        again = heard(cells)
    pd.testing.assert_frame_equal(again, first)
    assert calls().count("heard 0.2 2") == 2
    assert calls().count("heard 0.4 2") == 1


def test_the_store_tells_of_its_texts(heard, tmp_path):
    heard([(sound(), RATE)])
    [told] = FeatureStore(tmp_path / "store").info()
    assert told.fingerprint.startswith("speech-")
    assert (told.rows, told.width, told.spec["language"]) == (1, 0, None)
    assert FeatureStore(tmp_path / "store").verify() == []


RUN = """
import sys
import numpy as np, pandas as pd
sys.path.insert(0, sys.argv[1])
from listener import RATE, sound
from hybridsent.datasets import transcribe
levels = [round(0.1 * i, 1) for i in range(1, 10)]
table = pd.DataFrame({"clip": [(sound(level, 1), RATE) for level in levels]})
print("ready", flush=True)
sys.stdin.readline()
made = transcribe(table, "clip", model=sys.argv[2], store=sys.argv[3], n_jobs=1)
assert made["clip_text"].tolist() == [f"w{level}-0" for level in levels], made
print("faster_whisper" in sys.modules, "ctranslate2" in sys.modules)
"""


def start(tmp_path, **environment) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(tmp_path / "site"), str(ROOT)])
    given = [str(ROOT / "tests"), str(tmp_path / "model"), str(tmp_path / "store")]
    return subprocess.Popen(
        [sys.executable, "-c", RUN, *given],
        env={**os.environ, "PYTHONPATH": path, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    told, _ = process.communicate("go\n", timeout=120)
    assert process.returncode == 0
    return told.split("ready")[-1].strip()


def test_processes_at_once_hear_each_sound_once_and_a_later_one_loads_no_model(heard, tmp_path):
    both = [start(tmp_path, LISTENER_NAP="0.02") for _ in range(2)]
    for process in both:
        assert process.stdout.readline() == "ready\n"
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in both:
        process.communicate(timeout=120)
        assert process.returncode == 0
    words = [line for line in calls() if line.startswith("heard")]
    assert len(words) == len(set(words)) == 9
    assert finish(start(tmp_path)) == "False False"
    assert [line for line in calls() if line.startswith("heard")] == words


# -- models


def test_a_model_of_english_alone_refuses_other_languages_with_the_way_out(heard, tmp_path):
    english = write_model(tmp_path / "english")
    with pytest.raises(ValueError, match=r"English alone. Got language='de'.*model='base'"):
        heard([(sound(), RATE)], model=english, language="de")
    assert texts(heard([(sound(), RATE)], model=english, language="en")) == ["w0.5-0 w0.5-1"]
    with pytest.raises(ValueError, match=r"None or one of \['de', 'en', 'zh'\]. Got 'xx'"):
        heard([(sound(), RATE)], language="xx")
    made = heard([(sound(), RATE)], language="de")
    assert made["clip_language"].tolist() == ["de"]


def test_models_that_are_not_there_are_told_with_the_way_out(heard, tmp_path):
    cells = [(sound(), RATE)]
    with pytest.raises(WeightsNotFoundError, match=r"Nothing is at .*nowhere"):
        heard(cells, model=tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(WeightsNotFoundError, match=r"has no model.bin; convert"):
        heard(cells, model=tmp_path / "empty")
    with pytest.raises(WeightsNotFoundError, match=r"one of \['tiny.en', 'base'\]. Got 'bas'"):
        heard(cells, model="bas")
    with pytest.raises(WeightsNotFoundError, match=r"not on this machine.*local_files_only=False"):
        heard(cells, model="base")
    with pytest.raises(WeightsNotFoundError, match=r"fetching it failed: no base here, False"):
        heard(cells, model="base", local_files_only=False)
    with pytest.raises(WeightsError, match=r"Unsupported model binary version. Fetch it again"):
        heard(cells, model=write_model(tmp_path / "damaged", b"broken"))


def test_without_the_extra_the_command_that_installs_it_is_told(heard, monkeypatch):
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(
        MissingDependencyError, match=r'transcribe.*pip install "hybridsent\[speech\]"'
    ):
        heard([(sound(), RATE)])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("on_error", "ignore"), ("n_jobs", 0), ("max_seconds", 0), ("subtitles", "yes")),
        *(("model", 3), ("language", 3), ("channel", -1), ("store", 3), ("name", 3)),
    ],
)
def test_parameters_are_checked(heard, name, value):
    with pytest.raises(ValueError, match=f"'{name}' parameter of transcribe must be"):
        heard([], **{name: value})


# -- records


def test_what_was_heard_survives_json():
    one = Heard("Grün.", "de", 0.5, 2.0, 1.0, (["Grün.", 0.0, 1.0, 0.5],))
    assert Heard.loads(one.dumps()) == one
    read = Heard.loads(NOTHING.dumps())
    assert (read.text, read.words) == ("", ())
    assert math.isnan(read.confidence)


def test_joining_keeps_the_language_spoken_longest_and_knows_confidence_where_told():
    a = Heard("a", "en", 0.25, 5.0, 1.0, ())
    b = Heard("b", "de", 1.0, 5.0, 1.5, ())
    c = Heard("c", "en", math.nan, 5.0, 1.0, ())
    both = joined([a, b, c])
    assert (both.text, both.language, both.seconds) == ("a b c", "en", 15.0)
    assert both.confidence == pytest.approx(0.25 ** (1 / 2.5), abs=1e-4)
    assert math.isnan(joined([c, c]).confidence)


# -- the real one


def test_whisper_hears_nothing_in_silence_noise_and_tones(tmp_path, rng):
    pytest.importorskip("faster_whisper")
    cells = [
        (np.zeros(RATE, np.float32), RATE),
        (0.1 * rng.normal(size=2 * RATE).astype(np.float32), RATE),
        (0.001 * rng.normal(size=2 * RATE).astype(np.float32), RATE),
        (0.3 * np.sin(np.arange(2 * RATE) * 0.09).astype(np.float32), RATE),
    ]
    made = transcribe(pd.DataFrame({"clip": cells}), "clip", store=tmp_path)
    assert texts(made) == [None] * 4


def test_opening_a_speech_model_leaves_torch_its_threads(tmp_path):
    pytest.importorskip("faster_whisper")
    code = (
        "import torch, pandas as pd, numpy as np\nfrom hybridsent.datasets import transcribe\n"
        "before = torch.get_num_threads()\n"
        "noise = np.random.default_rng(0).normal(0, 0.1, (4, 32000)).astype(np.float32)\n"
        "cells = pd.DataFrame({'clip': [(each, 16000) for each in noise]})\n"
        "transcribe(cells, 'clip', store=None)\nprint(before, torch.get_num_threads())"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    before, after = told.stdout.split()
    assert before == after


@pytest.mark.slow
def test_whisper_gives_the_same_text_for_the_same_sound_however_many_threads(tmp_path):
    pytest.importorskip("faster_whisper")
    clips = make_demo(12, folder=tmp_path / "demo")[["audio"]].dropna().head(4)
    made = [
        transcribe(clips, "audio", store=None, n_jobs=n, name="said").drop(columns="audio")
        for n in (1, 2, 4)
    ]
    pd.testing.assert_frame_equal(made[0], made[1])
    pd.testing.assert_frame_equal(made[0], made[2])
