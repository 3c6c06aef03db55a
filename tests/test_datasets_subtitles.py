"""Subtitles beside a file are read instead of listening: which, in which encoding, and what they say."""

from __future__ import annotations

import json
import math
import os
import time

import pandas as pd
import pytest

from hybridsent.datasets import _subtitles, transcribe
from hybridsent.exceptions import CellError

SRT = """1
00:00:00,500 --> 00:00:02,000 X1:40 X2:600 Y1:20 Y2:50
<i>Hello</i> there, <font color="#ff0000">friend</font>.
Second {\\an8}line

2
00:00:02,500 --> 00:00:03,000

3
00:01:03,500 --> 00:01:05,250
Grüße, ça va? I <3 you
"""
VTT = """WEBVTT - a title

NOTE a comment

STYLE
::cue { color: red }

intro
00:00.500 --> 00:02.000 line:0 position:20% align:start
<v Mary>Hello <c.loud>there</c> &amp; you</v>
"""
HELLO = "1\n00:00:01,000 --> 00:00:02,000\n{}\n"


@pytest.fixture
def clips(tmp_path):
    """Transcribes paths of clips, none of which is there: nobody may listen."""

    def run(*names, **settings):
        table = pd.DataFrame({"clip": list(names)})
        return transcribe(table, "clip", root=tmp_path, store=None, **settings)

    run.write = lambda name, text, encoding="utf-8": (tmp_path / name).write_bytes(
        text.encode(encoding)
    )
    return run


def texts(table):
    return table["clip_text"].tolist()


def test_tags_positions_and_empty_lines_are_left_out_and_times_are_kept(clips):
    clips.write("a.srt", SRT)
    made = clips("a.mp4")
    assert texts(made) == ["Hello there, friend. Second line Grüße, ça va? I <3 you"]
    assert json.loads(made["clip_words"][0]) == [
        ["Hello there, friend. Second line", 0.5, 2.0, None],
        ["Grüße, ça va? I <3 you", 63.5, 65.25, None],
    ]
    assert math.isnan(made["clip_confidence"][0])
    assert made["clip_language"].tolist() == [None]


def test_webvtt_is_read_also_under_the_other_name(clips):
    clips.write("a.vtt", VTT)
    clips.write("b.srt", VTT)
    assert texts(clips("a.webm", "b.webm")) == ["Hello there & you"] * 2


def test_clips_of_a_folder_that_is_just_being_listed_have_their_subtitles(clips, monkeypatch):
    """Cells are read side by side: none may see the half of a folder."""

    class Slow(str):
        def lower(self):
            time.sleep(0.001)
            return str.lower(self)

    names = [f"{i}.mp4" for i in range(30)]
    for i in range(30):
        clips.write(f"{i}.srt", HELLO.format(i))
    listed = os.listdir
    monkeypatch.setattr(_subtitles.os, "listdir", lambda folder: [Slow(n) for n in listed(folder)])
    assert texts(clips(*names, n_jobs=4)) == [str(i) for i in range(30)]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "latin-1"]
)
def test_encodings_are_told_apart(clips, encoding):
    clips.write("a.srt", SRT, encoding)
    assert "Grüße, ça va?" in texts(clips("a.mp4"))[0]


def test_line_ends_of_every_system_are_read(clips):
    clips.write("a.srt", SRT.replace("\n", "\r\n"))
    clips.write("b.srt", SRT.replace("\n", "\r"))
    first, second = texts(clips("a.mp4", "b.mp4"))
    assert first == second
    assert first.startswith("Hello there, friend.")


@pytest.mark.parametrize(
    ("name", "language"),
    [
        *(("a.srt", None), ("a.en.srt", "en"), ("a.EN.SRT", "en"), ("a.eng.srt", "en")),
        *(("a.pt-BR.vtt", "pt"), ("a.de.sdh.srt", "de"), ("a.zh_Hans.srt", "zh")),
    ],
)
def test_the_language_is_that_of_the_name(clips, name, language):
    clips.write(name, HELLO.format("Hello."))
    assert clips("a.mp4")["clip_language"].tolist() == [language]


def test_of_several_languages_one_must_be_named(clips):
    clips.write("a.en.srt", HELLO.format("Hello."))
    clips.write("a.de.srt", HELLO.format("Hallo."))
    with pytest.raises(CellError, match=r"several languages, de, en: name one.*language='de'"):
        clips("a.mp4")
    assert texts(clips("a.mp4", language="de")) == ["Hallo."]
    clips.write("a.srt", HELLO.format("As it was said."))
    assert texts(clips("a.mp4")) == ["As it was said."], "without a language in its name"
    assert texts(clips("a.mp4", language="fr")) == ["As it was said."]


def test_a_subtitle_is_of_its_own_file_alone(clips):
    clips.write("a.srt", HELLO.format("Of a."))
    clips.write("a.b.srt", HELLO.format("Of a.b."))
    clips.write("ab.srt", HELLO.format("Of ab."))
    assert texts(clips("a.mp4", "a.b.mp4", "ab.mp4")) == ["Of a.", "Of a.b.", "Of ab."]
    with pytest.raises(CellError, match="no file at"):
        clips("b.mp4")


def test_files_that_say_nothing_are_missing_texts(clips):
    clips.write("a.srt", "")
    clips.write("b.srt", "\n \n")
    clips.write("c.vtt", "WEBVTT\n\n")
    clips.write("d.srt", HELLO.format(""))
    clips.write("e.srt", HELLO.format("<i> </i>"))
    made = clips(*(f"{name}.mp4" for name in "abcde"))
    assert texts(made) == [None] * 5
    assert made["clip_words"].tolist() == [None] * 5


def test_what_is_no_subtitle_is_told_with_the_way_out(clips):
    clips.write("a.srt", "Some notes of mine.\n")
    with pytest.raises(CellError, match=r"'a.srt' beside it hold no line with times.*subtitles=F"):
        clips("a.mp4")


@pytest.mark.parametrize("content", [bytes(range(128, 256)) * 9, "folder", "pipe"])
def test_subtitles_that_cannot_be_read_are_named_with_the_way_out(clips, tmp_path, content):
    if isinstance(content, bytes):
        (tmp_path / "a.srt").write_bytes(content)
    elif content == "folder":
        (tmp_path / "a.srt").mkdir()
    elif hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "a.srt")
    else:
        pytest.skip("there are no pipes with names here")
    with pytest.raises(CellError, match=r"subtitles 'a.srt' beside it cannot be.*subtitles=False"):
        clips("a.mp4")


def test_subtitles_can_be_left_alone(clips):
    clips.write("a.srt", HELLO.format("Hello."))
    with pytest.raises(CellError, match="no file at"):
        clips("a.mp4", subtitles=False)


def test_only_what_is_read_from_a_path_has_something_beside_it(clips, tmp_path):
    clips.write("a.srt", HELLO.format("Hello."))
    path = str(tmp_path / "a.mp4")
    held = [{"bytes": None, "path": path}, [path], tmp_path / "a.mp4"]
    assert texts(clips(*held)) == ["Hello."] * 3
    with pytest.raises(CellError, match="no sound of a known format"):
        clips({"bytes": b"another content", "path": path})


def test_the_subtitles_of_a_list_are_joined(clips):
    clips.write("a.srt", HELLO.format("First."))
    clips.write("b.srt", HELLO.format("Second."))
    made = clips("a.mp4|b.mp4")
    assert texts(made) == ["First. Second."]
    assert [word[1:3] for word in json.loads(made["clip_words"][0])] == [[1.0, 2.0], [3.0, 4.0]]
