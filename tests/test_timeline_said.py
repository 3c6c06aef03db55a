"""Subtitles and RTTM: strict, told by lines, in any encoding; who speaks in which window."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridsent.datasets._subtitles import read_subtitles
from hybridsent.exceptions import MediaError
from hybridsent.timeline import Cue, Turn
from hybridsent.timeline._cues import read_cues, said_between, with_speakers
from hybridsent.timeline._said import Said
from hybridsent.timeline._speakers import seconds_of, shares_of, whose
from hybridsent.timeline._turns import read_turns, turns_of

LETTERS = "abcXYZäß’“”.,!?—0你好й"
TEXTS = st.text(LETTERS, min_size=1, max_size=8).filter(lambda text: not text.isdigit())
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-32")


def stamp(seconds: float, sign: str) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3600000:02}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02}{sign}{ms % 1000:03}"


@st.composite
def cues(draw):
    found, at = [], 0
    for _ in range(draw(st.integers(1, 6))):
        start = at + draw(st.integers(1, 3000))
        at = start + draw(st.integers(1, 5000))
        found.append(
            (start / 1000, at / 1000, " ".join(draw(st.lists(TEXTS, min_size=1, max_size=3))))
        )
    return found


def written(found, form, end):
    lines = ["WEBVTT", ""] if form == "vtt" else []
    for number, (start, stop, text) in enumerate(found, start=1):
        sign = "." if form == "vtt" else ","
        lines += [str(number), f"{stamp(start, sign)} --> {stamp(stop, sign)}", text, ""]
    return end.join(lines)


@given(
    cues(),
    st.sampled_from(["srt", "vtt"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(ENCODINGS),
)
@settings(max_examples=30, deadline=None)
def test_what_is_written_is_read_and_as_ffmpeg_reads_it(
    tmp_path_factory, found, form, end, encoding
):
    path = tmp_path_factory.mktemp("cues") / f"a.{form}"
    path.write_bytes(written(found, form, end).encode(encoding))
    read = read_cues(path)
    assert [(cue.start, cue.end, cue.text) for cue in read] == found
    oracle = read_subtitles(path, None)
    assert [tuple(word[:3]) for word in oracle.words] == [(t, a, b) for a, b, t in found]


@given(st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_text_is_read_or_refused_by_its_line(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("wild") / "a.srt"
    path.write_text(text, encoding="utf-8", errors="replace", newline="")
    for read in (read_cues, lambda path: read_turns(path, "a", 100.0)):
        with suppress(MediaError):
            read(path)
            continue
        with pytest.raises(MediaError, match=r"line \d|cannot be read"):
            read(path)


def test_tags_voices_and_blocks_of_webvtt(tmp_path):
    path = tmp_path / "a.vtt"
    path.write_text(
        "WEBVTT - a film\n\nSTYLE\n::cue { color: red }\n\nNOTE nothing\n\n"
        "one\n00:01.000 --> 00:03.000 align:start\n<v Anna Lee>Well, <i>no</i> &amp; yes</v>\n\n"
        "00:04.000 --> 00:08.000\n<v.loud Ben>Oh</v>\n<v Anna Lee>So there</v>\n",
        encoding="utf-8",
    )
    found, named = with_speakers(read_cues(path))
    assert named
    assert [(cue.speaker, cue.text) for cue in found] == [
        ("Anna Lee", "Well, no & yes"),
        ("Ben", "Oh"),
        ("Anna Lee", "So there"),
    ]
    assert found[1].end == found[2].start == pytest.approx(4 + 4 * 2 / 10)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("1\n00:00:01,000 -> 00:00:02,000\nHi\n", 2, "a time"),
        ("1\n00:00:01,000 --> 00:00:99,000\nHi\n", 2, "a time"),
        ("1\n00:00:03,000 --> 00:00:02,000\nHi\n", 2, "ends after"),
        (
            "1\n00:00:01,000 --> 00:00:02,000\nHi\n00:00:03,000 --> 00:00:04,000\nHo\n",
            4,
            "empty line",
        ),
        ("1\n00:00:01,000 --> 00:00:02,000\nHi\n\nlost words\n", 5, "a time"),
        ("WEBVTT\n00:01.000 --> 00:02.000\nHi\n", 2, "empty line"),
    ],
)
def test_a_wrong_line_of_subtitles_is_named(tmp_path, text, line, what):
    path = tmp_path / "a.srt"
    path.write_text(text)
    with pytest.raises(MediaError, match=rf"'a.srt', line {line}: must be .*{what}"):
        read_cues(path)


def test_an_empty_file_says_that_nobody_speaks(tmp_path):
    (tmp_path / "a.srt").write_text("")
    (tmp_path / "a.rttm").write_text("")
    assert read_cues(tmp_path / "a.srt") == []
    assert read_turns(tmp_path / "a.rttm", "a", 1.0) == []


def test_windows_1252_is_read(tmp_path):
    path = tmp_path / "a.srt"
    path.write_bytes("1\n00:00:01,000 --> 00:00:02,000\nMüde, “so” früh\n".encode("cp1252"))
    assert read_cues(path)[0].text == "Müde, “so” früh"


def test_one_line_with_a_colon_is_no_speaker():
    once = [Cue(0, 1, "Note: it rains"), Cue(1, 2, "at 12:30")]
    assert with_speakers(once) == (once, False)
    chinese = [Cue(0, 1, "小明：你好"), Cue(1, 2, "小红：再见")]
    assert [cue.speaker for cue in with_speakers(chinese)[0]] == ["小明", "小红"]


def test_subtitles_outside_of_the_recording_are_named_by_line(tmp_path):
    path = tmp_path / "a.srt"
    path.write_text(
        "1\n00:00:01,000 --> 00:00:02,000\nHi\n\n2\n00:01:01,000 --> 00:01:02,000\nHo\n"
    )
    said = Said(read_cues(path), "a.srt", path)
    said.check(62.0)
    said.check(61.6)  # half a second is rounding
    with pytest.raises(
        MediaError, match=r"1 subtitles outside of the recording, .* 30.00 s: line 6"
    ):
        said.check(30.0)


# -- RTTM

ROW = "SPEAKER talk 1 {start} {length} <NA> <NA> {name} <NA> <NA>"


@given(
    st.lists(
        st.tuples(st.floats(0, 50), st.floats(0.01, 40), st.sampled_from(["A", "Bö", "小明"])),
        min_size=1,
        max_size=12,
    )
)
@settings(max_examples=30, deadline=None)
def test_turns_are_read_as_written(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("rttm") / "a.rttm"
    lines = [ROW.format(start=repr(a), length=repr(b), name=name) for a, b, name in rows]
    path.write_text(
        "\n".join([";; made", "SPKR-INFO talk 1 <NA> <NA> <NA> unknown A <NA>", *lines, ""]),
        encoding="utf-8",
    )
    read = read_turns(path, "other", 100.0)
    assert sorted((t.start, t.end, t.speaker) for t in read) == sorted(
        (a, a + b, n) for a, b, n in rows
    )


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("TALKER talk 1 0 1 <NA> <NA> A <NA> <NA>", "begins with SPEAKER"),
        ("SPEAKER talk 1 0 1 A", "SPEAKER FILE CHANNEL"),
        ("SPEAKER talk 1 x 1 <NA> <NA> A <NA> <NA>", "a start of 0 s or more"),
        ("SPEAKER talk 1 -1 1 <NA> <NA> A <NA> <NA>", "a start of 0 s or more"),
        ("SPEAKER talk 1 0 nan <NA> <NA> A <NA> <NA>", "a duration of 0 s or more"),
    ],
)
def test_a_wrong_line_of_rttm_is_named(tmp_path, row, what):
    path = tmp_path / "a.rttm"
    path.write_text(ROW.format(start=0, length=1, name="A") + "\n" + row + "\n")
    with pytest.raises(MediaError, match=rf"'a.rttm', line 2: must be .*{what}"):
        read_turns(path, "talk", 10.0)


def test_segments_outside_of_the_recording_are_named_by_line(tmp_path):
    path = tmp_path / "a.rttm"
    path.write_text(
        "\n".join(
            ROW.format(start=a, length=b, name="A") for a, b in ((0, 5), (9, 1.4), (9, 4), (12, 1))
        )
    )
    with pytest.raises(
        MediaError, match=r"2 segments outside .* 10.00 s: lines 3, 4; line 3 lasts"
    ):
        read_turns(path, "talk", 10.0)
    path.write_text(ROW.format(start=9, length=1.4, name="A"))
    assert read_turns(path, "talk", 10.0) == [Turn(9.0, 10.0, "A")]


def test_lines_of_the_recording_are_taken_from_a_file_of_several(tmp_path):
    path = tmp_path / "all.rttm"
    path.write_text("SPEAKER a 1 0 1 <NA> <NA> X <NA> <NA>\nSPEAKER b 1 0 2 <NA> <NA> Y <NA>\n")
    assert read_turns(path, "b", 5.0) == [Turn(0.0, 2.0, "Y")]
    with pytest.raises(MediaError, match="2 recordings, a, b, and none is called 'c'"):
        read_turns(path, "c", 5.0)


# -- whose window


TURNS = st.lists(
    st.tuples(st.floats(0, 19), st.floats(0.01, 6), st.sampled_from("ABC")), max_size=12
).map(lambda rows: [Turn(a, a + b, name) for a, b, name in rows])


@given(TURNS)
@settings(max_examples=40, deadline=None)
def test_shares_are_those_of_counted_instants(turns):
    starts, ends = np.arange(0.0, 20.0, 2.0), np.arange(3.0, 23.0, 2.0)
    names, shares = shares_of(turns, starts, ends)
    assert (shares >= 0).all()
    assert (shares.sum(axis=1) <= 1 + 1e-9).all()
    instants = np.arange(0.0, 26.0, 0.01) + 0.005
    speaking = {
        name: np.any(
            [(instants >= t.start) & (instants < t.end) for t in turns if t.speaker == name], axis=0
        )
        for name in names
    }
    count = np.sum(list(speaking.values()), axis=0) if names else None
    for place, name in enumerate(names):
        part = speaking[name] / np.maximum(count, 1)
        inside = [
            part[(instants >= a) & (instants < b)].mean() for a, b in zip(starts, ends, strict=True)
        ]
        assert shares[:, place] == pytest.approx(inside, abs=0.03)
        assert seconds_of(turns)[name][0] == pytest.approx(speaking[name].sum() * 0.01, abs=0.1)


def test_who_has_more_than_half_of_the_speech_has_the_window():
    turns = [Turn(0, 4, "A"), Turn(3, 8, "B"), Turn(20, 21, "C")]
    starts = np.array([0.0, 2.0, 4.0, 12.0, 19.0])
    names, shares = shares_of(turns, starts, starts + 4)
    assert names == ["B", "A", "C"]
    assert whose(names, shares) == ["A", "B", "B", "", "C"]
    assert whose(*shares_of([Turn(0, 4, "A"), Turn(0, 4, "B")], starts, starts + 4))[0] == ""
    assert seconds_of(turns) == {"B": (5.0, 1.0), "A": (4.0, 1.0), "C": (1.0, 0.0)}


def test_turns_of_subtitles_are_those_with_names():
    found = turns_of([Cue(0, 2, "a", "X"), Cue(2, 3, "b"), Cue(9, 12, "c", "Y")], 10.0)
    assert found == [Turn(0, 2, "X"), Turn(9, 10.0, "Y")]


@given(st.floats(0, 20), st.floats(0.1, 20))
@settings(max_examples=40, deadline=None)
def test_every_cue_is_in_some_window(start, length):
    cue = Cue(start, start + length, "x")
    windows = np.arange(0.0, 45.0, 1.0)
    assert any(said_between([cue], a, a + 4) for a in windows)
