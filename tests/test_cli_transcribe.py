"""Speech on the command line: a command that writes it down, and an option that makes it a view."""

from __future__ import annotations

import re
import sys

import numpy as np
import pandas as pd
import pytest
import soundfile
from fakes import FAKES, installed
from listener import RATE, calls, sound, write_model, write_package

from hybridsent.cli import main
from hybridsent.cli._main import build_parser
from hybridsent.cli._views import given_views
from hybridsent.exceptions import BundleError
from hybridsent.persist import inspect
from hybridsent.scoring._speech import Transcript, transcripts_in


@pytest.fixture
def clips(tmp_path, monkeypatch):
    """A folder with a table of clips: in the loud ones more is said; one has subtitles."""
    monkeypatch.setenv("LISTENER_LOG", str(tmp_path / "calls.txt"))
    monkeypatch.setenv("HYBRIDSENT_STORE", str(tmp_path / "store"))
    monkeypatch.syspath_prepend(str(write_package(tmp_path / "site")))
    for name in ("faster_whisper", "faster_whisper.utils"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.chdir(tmp_path)
    write_model(tmp_path / "model")
    rows = []
    for i in range(12):
        soundfile.write(tmp_path / f"{i}.wav", sound(0.2 + 0.05 * i, 1 + i % 2), RATE)
        rows.append({"clip": f"{i}.wav", "label": "ab"[i % 2]})
    lines = "1\n00:00:00,000 --> 00:00:01,000\nAs it was said.\n"
    (tmp_path / "0.srt").write_text(lines, encoding="utf-8")
    pd.DataFrame(rows).to_csv(tmp_path / "clips.csv", index=False)
    with installed(*FAKES):
        yield tmp_path
    for name in ("faster_whisper", "faster_whisper.utils"):
        sys.modules.pop(name, None)


LISTEN = ["--speech-model", "model"]


def test_the_command_writes_the_table_with_what_is_said(clips, capsys):
    line = ["transcribe", "clips.csv", "--audio", "clip", "-o", "said.csv", *LISTEN]
    assert main(line) == 0
    told = capsys.readouterr().err
    assert "11 sounds transcribed, 0 found in the store, 1 with subtitles, 0 rows without" in told
    said = pd.read_csv("said.csv")
    assert said["clip"].tolist() == pd.read_csv("clips.csv")["clip"].tolist()
    assert said["clip_text"].tolist()[:2] == ["As it was said.", "w0.2-0 w0.2-1"]
    assert set(said.columns) > {"clip_language", "clip_confidence", "clip_words"}
    n = len(calls())
    assert main([*line[:2], *line[4:]]) == 0, "the one column of sounds is found"
    assert "0 sounds transcribed, 11 found in the store" in capsys.readouterr().err
    assert len(calls()) == n
    assert main([*line, "--no-subtitles", "--store", "off"]) == 0
    assert "12 sounds transcribed" in capsys.readouterr().err


def test_a_model_writes_down_new_rows_as_those_it_was_fitted_on(clips, capsys):
    fit = ["fit", "clips.csv", "--target", "label", "-o", "m.hybridsent"]
    assert main([*fit, "--view", "text=clip_text:words", "--transcribe", "clip", *LISTEN]) == 0
    assert "view text: text in column 'clip_text', text/words" in capsys.readouterr().err
    predict = ["predict", "m.hybridsent", "clips.csv", "-o", "p.csv"]
    assert main(predict) == 1
    assert "--allow-path" in capsys.readouterr().err
    n = len(calls())
    assert main([*predict, "--allow-path", "model"]) == 0
    assert "0 sounds transcribed, 11 found" in capsys.readouterr().err
    assert len(calls()) == n
    assert "prediction" in pd.read_csv("p.csv").columns
    table = pd.read_csv("clips.csv").assign(clip_text="w0.2-0")
    table.to_csv("said.csv", index=False)
    assert (
        main(["predict", "m.hybridsent", "said.csv", "-o", "q.csv", "--allow-path", "model"]) == 0
    )
    assert "'clip_text' of what is said: it is read as it is" in capsys.readouterr().err


def test_what_is_said_is_a_view_beside_the_sound(clips, capsys):
    line = ["encode", "clips.csv", "--transcribe", *LISTEN, "-o", "rows.csv"]
    assert main([*line, "--view", "said=clip_text:words", "--audio", "clip=audio/fake"]) == 0
    told = capsys.readouterr().err
    assert "view said: text in column 'clip_text'" in told
    assert {name.partition("__")[0] for name in pd.read_csv("rows.csv").columns} == {
        "said",
        "audio",
    }


def test_what_was_said_before_can_be_gathered(clips, capsys):
    table = pd.read_csv("clips.csv").assign(dialogue=[i // 6 for i in range(12)], turn=range(12))
    table.to_csv("talk.csv", index=False)
    line = ["evaluate", "talk.csv", "--target", "label", "--transcribe", "clip", *LISTEN]
    more = ["--context", "clip_text", "--context-group", "dialogue", "--context-order", "turn"]
    assert main([*line, "--view", "text=clip_text:words", *more, "--cv", "2"]) == 0
    assert "context clip_text_context" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--transcribe", "clip", *LISTEN, "--commercial"], "--commercial refuses --speech-model"),
        (["--speech-language", "de"], "--speech-language needs --transcribe"),
        (["--no-subtitles"], "--no-subtitles needs --transcribe"),
        (["--transcribe", "clips"], "--transcribe must name a column.*Did you mean 'clip'"),
        (
            ["--transcribe", "clip", "--features"],
            "--features reads columns.*leave --transcribe out",
        ),
    ],
)
def test_options_that_cannot_be_are_told_in_their_own_words(clips, capsys, options, told):
    assert main(["evaluate", "clips.csv", "--target", "label", *options]) == 2
    assert re.search(told, capsys.readouterr().err)


@pytest.mark.parametrize(
    "command",
    [
        ["evaluate", "clips.csv"],
        ["fit", "clips.csv", "-o", "m.hybridsent"],
        ["search", "clips.csv"],
    ],
    ids=lambda command: command[0],
)
def test_an_unknown_recipe_is_told_before_anything_is_heard(clips, capsys, command):
    line = [*command, "--target", "label", "--transcribe", "clip", *LISTEN, "--recipe", "erly"]
    assert main(line) == 2
    assert "erly" in capsys.readouterr().err
    assert not (clips / "calls.txt").exists()


def test_errors_of_transcribe_name_the_flags(clips, capsys):
    write_model(clips / "english")
    line = ["transcribe", "clips.csv", "-o", "said.csv", "--speech-model", "english"]
    assert main([*line, "--speech-language", "de"]) == 1
    told = capsys.readouterr().err
    assert "Got --speech-language de" in told
    assert "--speech-model base" in told
    (clips / "0.srt").write_text("Some notes.\n", encoding="utf-8")
    assert main(line) == 1
    assert "pass --no-subtitles" in capsys.readouterr().err
    pd.read_csv("clips.csv").assign(clip_text="x").to_csv("said.csv", index=False)
    assert main(["transcribe", "said.csv", "-o", "again.csv", "--audio", "clip"]) == 2
    told = capsys.readouterr().err
    assert "--audio clip writes a column 'clip_text', which the table has already" in told
    assert "--text" not in told, "the command has no views"
    assert main(["transcribe", "clips.csv", "-o", "again.csv", "--audio", "clop"]) == 2
    assert "--audio must name a column" in capsys.readouterr().err


def test_the_limit_of_sounds_goes_for_what_is_heard(clips, capsys):
    line = ["encode", "clips.csv", "--transcribe", "clip", *LISTEN, "--max-seconds", "1"]
    assert main([*line, "--view", "text=clip_text:words"]) == 1
    assert "at most 1 s" in capsys.readouterr().err


def test_one_side_of_a_call_is_heard_and_read_by_the_model_that_is_saved(clips, capsys):
    for i in range(12):
        both = np.stack([sound(0.2, 1), sound(0.3 + 0.1 * (i % 2), 1)], axis=1)
        soundfile.write(clips / f"{i}.wav", both, RATE)
    (clips / "0.srt").unlink()
    line = ["transcribe", "clips.csv", "-o", "said.csv", *LISTEN, "--channel"]
    for channel, text in (("0", "w0.2-0"), ("1", "w0.4-0")):
        assert main([*line, channel]) == 0
        assert pd.read_csv("said.csv")["clip_text"][1] == text
    fit = ["fit", "clips.csv", "--target", "label", "-o", "m.hybridsent", "--transcribe", "clip"]
    assert main([*fit, *LISTEN, "--view", "text=clip_text:words", "--channel", "1"]) == 0
    known = inspect("m.hybridsent")["metadata"]["transcribe"]
    assert [each["channel"] for each in known] == [1]
    n = len(calls())
    predict = ["predict", "m.hybridsent", "clips.csv", "-o", "p.csv", "--allow-path", "model"]
    assert main(predict) == 0
    assert len(calls()) == n, "the same channel is asked for, whose texts are known"
    capsys.readouterr()
    assert main([*line, "2"]) == 1
    assert "2 channels, and --channel 2 is asked for" in capsys.readouterr().err


def test_models_that_were_saved_without_a_channel_hear_all_of_them():
    saved = {"column": "clip", "model": "tiny.en", "language": None, "subtitles": True}
    assert transcripts_in({"transcribe": [saved]}, []) == [Transcript(**saved)]
    with pytest.raises(BundleError, match="cannot be read"):
        transcripts_in({"transcribe": [{**saved, "channel": "left"}]}, [])


def test_frames_of_videos_are_chosen_on_the_command_line(clips, capsys):
    pytest.importorskip("av")
    from clips import clip

    for name in ("1", "2"):
        (clips / f"{name}.mp4").write_bytes(clip())
    pd.DataFrame({"clip": ["1.mp4", "2.mp4"]}).to_csv("videos.csv", index=False)
    line = ["encode", "videos.csv", "--video", "clip"]
    for frames in ("8", "2", "cuts"):
        assert main([*line, "--frames", frames]) == 0
        assert "frames: 1 cells of column 'clip' encoded" in capsys.readouterr().err
    assert main([*line, "--frames", "8"]) == 0
    assert "frames: 0 cells of column 'clip' encoded" in capsys.readouterr().err
    assert main([*line, "--frames", "none"]) == 2
    assert "whole number of at least 1; got 'none'; or must be 'cuts'" in capsys.readouterr().err
    assert main(["encode", "videos.csv", "--audio", "clip", "--frames", "2"]) == 2
    assert "--frames must be left out" in capsys.readouterr().err


@pytest.mark.parametrize("options", [["one,two"], ["one", "--video", "two"]])
def test_several_columns_of_videos_have_views_of_their_own(options):
    table = pd.DataFrame({"one": ["1.mp4"], "two": ["2.mp4"]})
    views = given_views(build_parser().parse_args(["encode", "t.csv", "--video", *options]), table)
    assert [(view.name, view.column) for view in views] == [
        *(("one-frames", "one"), ("one-sound", "one")),
        *(("two-frames", "two"), ("two-sound", "two")),
    ]


def test_a_video_with_an_encoder_of_its_own_is_told_how_to_be_written(clips, capsys):
    pd.DataFrame({"clip": ["1.mp4"]}).to_csv("videos.csv", index=False)
    assert main(["encode", "videos.csv", "--video", "clip=image/dinov2-small"]) == 2
    assert "such as --view frames=clip:image/dinov2-small" in capsys.readouterr().err
