"""Recordings of which the truth is known, window by window: sounds, films, speech, what is broken."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from clips import CONTAINERS, contained
from films import COLOUR, RATE, film, talk, tone
from PIL import Image

from hybridsent import make_fusion
from hybridsent.cli import main
from hybridsent.exceptions import MediaError, TableError
from hybridsent.media import load_audio, load_frames
from hybridsent.media._streams import Pictures, iter_sound, tracks_of
from hybridsent.persist import save
from hybridsent.scoring import Scorer
from hybridsent.timeline import score_timeline
from hybridsent.timeline._windows import Recording, frame_step

KINDS = ("negative", "positive")


def pictures(kind, n, rng):
    for _ in range(n):
        pixels = np.full((64, 64, 3), COLOUR[kind], np.uint8)
        pixels[:32] //= 2
        yield Image.fromarray(
            np.clip(pixels + rng.integers(-8, 9, pixels.shape), 0, 255).astype(np.uint8)
        )


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    labels = list(KINDS) * 8
    words = {"negative": ["this is dreadful", "I hate it"], "positive": ["how lovely", "I love it"]}
    return pd.DataFrame(
        {
            "audio": [(tone(kind, 2, rng), RATE) for kind in labels],
            "image": [next(pictures(kind, 1, rng)) for kind in labels],
            "text": [words[kind][rng.integers(2)] for kind in labels],
            "label": labels,
        }
    )


@pytest.fixture(scope="module")
def listener(table):
    model = make_fusion(audio="audio/egemaps-v02", store=None)
    return Scorer(model.fit(table[["audio"]], table["label"]), name="listener")


@pytest.fixture(scope="module")
def watcher(table):
    views = {"image": "image/mean-colour", "audio": "audio/egemaps-v02", "text": "text/words"}
    from hybridsent.encoders import list_backbones

    known = {each.name for each in list_backbones("image/*")}
    views["image"] = views["image"] if views["image"] in known else "image/efficientnet-lite0"
    model = make_fusion(views=views, store=None)
    return Scorer(model.fit(table[["audio", "image", "text"]], table["label"]), name="watcher")


def crossings(line):
    """Times at which the curve crosses its middle."""
    middle = (line.smoothed.max() + line.smoothed.min()) / 2
    high = line.smoothed > middle
    at = np.flatnonzero(high[1:] != high[:-1])
    return ((line.middles[at] + line.middles[at + 1]) / 2).tolist()


# -- windows


def test_changes_are_found_where_they_are(tmp_path, listener):
    path = talk(tmp_path / "a.wav", [("negative", 13), ("positive", 17), ("negative", 10)])
    line = score_timeline(path, listener, window=2, hop=0.5)
    assert crossings(line) == pytest.approx([13, 30], abs=1.0)
    assert line.seconds == pytest.approx(40)
    assert line.starts[0] == 0
    assert line.ends[-1] == pytest.approx(40)
    assert np.allclose(line.ends - line.starts, 2)
    assert {peak.high for peak in line.peaks} == {True, False}
    assert (line.lower <= line.smoothed).all()
    assert (line.smoothed <= line.upper).all()
    assert line.lower.min() >= -1
    assert line.upper.max() <= 1


@pytest.mark.parametrize(
    ("seconds", "window", "hop", "ends"),
    [
        (5.0, 2.0, 1.0, [2, 3, 4, 5]),
        (5.5, 2.0, 1.0, [2, 3, 4, 5, 5.5]),
        (4.1, 2.0, 2.0, [2, 4, 4.1]),
        (1.2, 4.0, 1.0, [1.2]),
        (4.0, 4.0, 4.0, [4]),
        (5.0, 2.0, 0.8, [2, 2.8, 3.6, 4.4, 5.0]),
    ],
)
def test_windows_cover_all_and_are_whole(tmp_path, listener, seconds, window, hop, ends):
    path = talk(tmp_path / "a.wav", [("positive", seconds)])
    line = score_timeline(path, listener, window=window, hop=hop)
    assert line.ends.tolist() == pytest.approx(ends)
    assert np.allclose(line.ends - line.starts, min(window, seconds))


def test_a_window_is_what_a_clip_that_is_cut_before_is(tmp_path, listener):
    path = talk(tmp_path / "a.wav", [("negative", 4), ("positive", 4)])
    sound, rate = soundfile.read(path, dtype="float32")
    line = score_timeline(path, listener, window=2, hop=2)
    cells = [(sound[i * 2 * rate : (i + 1) * 2 * rate], rate) for i in range(4)]
    alone = listener.score(pd.DataFrame({"audio": pd.Series(cells, dtype=object)}))
    assert np.allclose(line.answers.probabilities, alone.probabilities, atol=1e-9)
    assert line.to_frame()["prediction"].tolist() == alone.prediction.tolist()


def test_silence_has_no_score_and_a_wider_band(tmp_path, listener):
    plan = [("negative", 20), (None, 12), ("negative", 20)]
    line = score_timeline(talk(tmp_path / "a.wav", plan), listener, window=2, hop=1)
    frame = line.to_frame()
    inside = (frame["start"] >= 20) & (frame["end"] <= 32)
    assert frame.loc[inside, "prediction"].isna().all()
    assert (frame.loc[inside, "missing"] == "audio").all()
    assert frame.loc[~inside, "prediction"].notna().all()
    assert frame["smoothed"].notna().all()
    width = line.upper - line.lower
    assert width[26] > width[10]
    assert any("audio is missing in 11 windows" in note for note in line.notes)


def test_a_recording_of_silence_alone_is_refused(tmp_path, listener):
    with pytest.raises(TableError, match=r"must hold something .* nothing of \['audio'\]"):
        score_timeline(talk(tmp_path / "a.wav", [(None, 6)]), listener)


@pytest.mark.parametrize(
    ("parameters", "what"),
    [
        ({"window": 0}, "The window parameter"),
        ({"window": float("nan")}, "The window parameter"),
        ({"hop": 5.0}, "The hop parameter must be at most the window"),
        ({"hop": 0.01}, "The hop parameter must be at least"),
        ({"confidence": 1}, "The confidence parameter"),
        ({"frame_rate": -1}, "The frame_rate parameter"),
        ({"on_error": "skip"}, "The on_error parameter"),
        ({"index": "happy"}, "The index parameter must name classes"),
        ({"index": {"negative": 1.0, "positive": 1.0}}, "two different values"),
    ],
)
def test_wrong_parameters_are_refused(tmp_path, listener, parameters, what):
    path = talk(tmp_path / "a.wav", [("positive", 5)])
    with pytest.raises(ValueError, match=what):
        score_timeline(path, listener, **parameters)


def test_the_store_stays_empty_where_nothing_is_to_be_kept(tmp_path, table):
    from hybridsent import FeatureStore

    store = FeatureStore(tmp_path / "store")
    model = make_fusion(audio="audio/egemaps-v02", store=store).fit(
        table[["audio"]], table["label"]
    )
    before = store.info().n_rows if hasattr(store.info(), "n_rows") else str(store.info())
    path = talk(tmp_path / "a.wav", [("positive", 5)])
    score_timeline(path, model, window=2, store=None)
    after = store.info().n_rows if hasattr(store.info(), "n_rows") else str(store.info())
    assert before == after
    kept = score_timeline(path, model, window=2)
    assert str(store.info()) != str(before)
    again = score_timeline(path, model, window=2)
    assert np.array_equal(kept.index, again.index)


# -- films


def test_a_film_is_heard_seen_and_read(tmp_path, watcher):
    path = film(tmp_path / "a.mp4", [("negative", 8), ("positive", 8)])
    path.with_suffix(".srt").write_text(
        "1\n00:00:01,000 --> 00:00:04,000\nANNA: I hate it\n\n"
        "2\n00:00:09,000 --> 00:00:12,000\nBEN: how lovely\n"
    )
    line = score_timeline(path, watcher, window=2, hop=1, explain=True)
    assert crossings(line) == pytest.approx([8], abs=1.0)
    assert line.said[1] == "I hate it"
    assert line.of[1] == "ANNA"
    assert [each.name for each in line.speakers] == ["ANNA", "BEN"]
    assert line.speakers[0].mean < 0 < line.speakers[1].mean
    assert line.missing[1] == ()
    assert line.missing[5] == ("text",)
    frame = line.to_frame()
    shares = frame[["share_image", "share_audio", "share_text"]]
    assert shares.sum(axis=1).between(0.99, 1.01).all()
    assert (shares["share_text"][frame["missing"] == "text"] == 0).all()


def test_a_film_without_sound_is_seen(tmp_path, watcher):
    path = film(tmp_path / "a.mp4", [("negative", 6), ("positive", 6)], sound=False)
    line = score_timeline(path, watcher, window=2)
    assert all(set(missing) == {"audio", "text"} for missing in line.missing)
    assert "audio is missing in every window: the file has no sound" in line.notes
    assert any(
        note.startswith("text is missing in every window: there are no") for note in line.notes
    )
    assert crossings(line) == pytest.approx([6], abs=1.0)


def test_frames_of_a_variable_rate_are_those_that_are_shown(tmp_path):
    times = [0.0, 0.1, 0.2, 3.9, 4.0, 4.05, 4.1, 6.9, 7.0, 7.9]
    path = film(tmp_path / "a.mp4", [("negative", 4), ("positive", 4)], times=times, sound=False)
    shown = [(at, np.asarray(picture)[48, 32]) for at, picture in Pictures(path).every(1.0)]
    assert [at for at, _ in shown][:4] == [0.5, 1.5, 2.5, 3.5]
    assert all(colour[2] > colour[0] for at, colour in shown if at < 4)
    assert all(colour[0] > colour[2] for at, colour in shown if at > 4)


def test_sound_that_begins_later_is_where_it_is_heard(tmp_path):
    path = film(tmp_path / "a.mkv", [("negative", 2), ("positive", 4)], late=1.5, form="matroska")
    sound = np.concatenate(list(iter_sound(path)))
    loud = np.flatnonzero(np.abs(sound) > 0.05)
    assert loud[0] / RATE == pytest.approx(1.5, abs=0.1)


@pytest.mark.parametrize("name", CONTAINERS)
def test_pieces_are_what_is_loaded_at_once(tmp_path, name):
    path = tmp_path / f"a.{name}"
    path.write_bytes(contained(name))
    assert tracks_of(path).sound
    joined, whole = np.concatenate(list(iter_sound(path))), load_audio(str(path))
    assert len(joined) == len(whole)
    assert np.allclose(joined, whole, atol=1e-6)
    if tracks_of(path).pictures:
        middles = [at for at, _ in Pictures(path).every(0.25)]
        assert np.allclose(np.diff(middles), 0.25)
        # a frame more or less: here sound and pictures have one clock, there pictures their own
        frames = [np.asarray(p, dtype=float) for _, p in Pictures(path).every(0.25)]
        again = [np.asarray(p, dtype=float) for p in load_frames(str(path), frames=8)]
        for one, other in zip(frames, again, strict=False):
            assert np.abs(one - other).mean() < 10


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3", "a.aiff"])
@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_sounds_are_read_in_pieces_as_at_once(tmp_path, name, rate):
    sound = np.random.default_rng(0).normal(0, 0.1, (rate * 6, 2)).astype(np.float32)
    soundfile.write(tmp_path / name, sound, rate)
    joined = np.concatenate(list(iter_sound(tmp_path / name)))
    whole = load_audio(str(tmp_path / name))
    assert np.allclose(joined, whole, atol=1e-5)
    left = np.concatenate(list(iter_sound(tmp_path / name, channel=0)))
    assert np.allclose(left, load_audio(str(tmp_path / name), channel=0), atol=1e-5)


@pytest.mark.parametrize("name", ["a.flac", "a.mp3", "a.wav"])
def test_a_broken_ending_is_an_error_or_as_far_as_it_goes(tmp_path, listener, name):
    path = talk(tmp_path / name, [("positive", 12)])
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with pytest.raises(MediaError, match=r"cannot be read after .* s of sound"):
        score_timeline(path, listener, window=2)
    if name == "a.wav":  # refused before the first sample: its header tells its length
        return
    line = score_timeline(path, listener, window=2, on_error="missing")
    assert 4 < line.seconds < 10
    assert any("is broken, and was read as far as it goes" in note for note in line.notes)


def test_no_file_and_no_recording_are_refused(tmp_path, listener):
    with pytest.raises(MediaError, match="no file at"):
        score_timeline(tmp_path / "no.wav", listener)
    (tmp_path / "a.txt").write_text("words, words")
    with pytest.raises(MediaError, match="no sound of a known format"):
        score_timeline(tmp_path / "a.txt", listener)


def test_a_model_of_features_and_one_of_context_are_refused(tmp_path):
    path = talk(tmp_path / "a.wav", [("positive", 5)])
    features = pd.DataFrame({"text__0": [0.0, 1.0] * 9, "image__0": [0.5, 0.4] * 9})
    model = make_fusion(features="passthrough").fit(features, ["negative", "positive"] * 9)
    with pytest.raises(TableError, match="reads features"):
        score_timeline(path, model)


def test_a_column_of_videos_is_read_as_small_videos(tmp_path):
    clips = [film(tmp_path / f"{i}.mp4", [(KINDS[i % 2], 2)], seed=i) for i in range(12)]
    rows = pd.DataFrame({"clip": [str(clip) for clip in clips]})
    views = {"frames": "image/efficientnet-lite0", "sound": "audio/egemaps-v02"}
    model = make_fusion(video=views, columns={"video": "clip"}, store=None).fit(
        rows, list(KINDS) * 6
    )
    path = film(tmp_path / "whole.mp4", [("negative", 6), ("positive", 6)], seed=99)
    line = score_timeline(path, model, window=2, hop=1)
    assert crossings(line) == pytest.approx([6], abs=1.0)
    mute = film(tmp_path / "mute.mp4", [("negative", 6), ("positive", 6)], sound=False)
    line = score_timeline(mute, model, window=2, hop=1)
    assert all(missing == ("sound",) for missing in line.missing)


def test_a_speech_model_that_nothing_asks_is_told(tmp_path, listener):
    path = talk(tmp_path / "a.wav", [("negative", 4), ("positive", 4)])
    line = score_timeline(path, listener, window=2, speech_model="base", subtitles=None)
    assert "the speech model 'base' is not asked: nothing here listens" in line.notes
    path.with_suffix(".srt").write_text("1\n00:00:00,000 --> 00:00:02,000\nwell\n")
    line = score_timeline(path, listener, window=2, speech_model="base")
    assert "the speech model 'base' is not asked: subtitles tell what is said" in line.notes


def test_numbers_and_other_indices(tmp_path, table):
    y = np.where(table["label"] == "positive", 0.8, -0.4) + np.linspace(0, 0.1, len(table))
    model = make_fusion(audio="audio/egemaps-v02", task="regression", store=None)
    model.fit(table[["audio"]], y)
    path = talk(tmp_path / "a.wav", [("negative", 8), ("positive", 8)])
    line = score_timeline(path, model, window=2)
    assert line.index_name == "prediction"
    assert line.bounds is None
    assert "p_positive" not in line.to_frame()
    with pytest.raises(ValueError, match="must be None for a model that tells numbers"):
        score_timeline(path, model, index="positive")


def test_classes_that_are_worth_nothing_known_need_an_index(tmp_path, table):
    model = make_fusion(audio="audio/egemaps-v02", store=None)
    model.fit(table[["audio"]], table["label"].map({"negative": "blorp", "positive": "zonk"}))
    path = talk(tmp_path / "a.wav", [("negative", 6), ("positive", 6)])
    with pytest.raises(ValueError, match="whose probability is to be shown, such as index='blorp'"):
        score_timeline(path, model, window=2)
    one = score_timeline(path, model, window=2, index="zonk")
    assert np.allclose(one.index, one.to_frame()["p_zonk"], atol=1e-6)
    two = score_timeline(path, model, window=2, index={"zonk": 1, "blorp": -1})
    assert np.allclose(two.index, 2 * one.index - 1)


def test_what_is_said_is_heard_by_a_listener_of_ones_own(tmp_path, watcher, monkeypatch):
    pytest.importorskip("faster_whisper")
    from hybridsent.datasets import _speech
    from hybridsent.datasets._heard import Heard

    def hear(self, samples):
        seconds = len(samples) / RATE
        words = tuple(["lovely", t, t + 0.5, 0.9] for t in np.arange(0.0, seconds - 1, 2.0))
        return Heard("", "en", 1.0, seconds, seconds, words)

    monkeypatch.setattr(_speech.Listener, "open", lambda *_: None)
    monkeypatch.setattr(_speech.Listener, "hear", hear)
    path = talk(tmp_path / "a.wav", [("positive", 70)])
    line = score_timeline(path, watcher, window=4, hop=2, subtitles="hear", speakers=None)
    assert all("lovely" in words for words in line.said)
    starts = [cue.start for cue in line.cues]
    assert len(starts) == len(set(starts)) == pytest.approx(35, abs=2)  # across a block of a minute


def test_an_hour_takes_no_more_memory_than_minutes(tmp_path):
    """The peak of a process that reads ten minutes, and of one that reads an hour, are alike."""
    if not Path("/proc/self/status").is_file():  # ru_maxrss counts the process that forked it
        pytest.skip("needs the memory of a process as Linux tells it")
    code = (
        "import sys; from hybridsent.timeline._windows import Recording\n"
        "r = Recording(sys.argv[1], window=4.0, hop=1.0, frame_rate=None, channel=None, "
        "shorter_side=None, keep_going=False)\n"
        "n = sum(1 for _ in r.windows())\n"
        "print(n, next(t.split()[1] for t in open('/proc/self/status') if t[:5] == 'VmHWM'))"
    )
    peaks = {}
    block = np.random.default_rng(0).integers(-3000, 3000, RATE * 60, dtype=np.int16)
    for minutes in (10, 60):
        path = tmp_path / f"{minutes}.flac"
        with soundfile.SoundFile(path, "w", RATE, 1) as file:
            for _ in range(minutes):
                file.write(block)
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
        )
        n, peaks[minutes] = map(int, done.stdout.split())
        assert n == minutes * 60 - 3
    # pages of the mapped file count, too: an hour of noise has a hundred megabytes
    assert peaks[60] - peaks[10] < 150_000


def test_frames_are_at_the_same_times_for_all_windows():
    assert frame_step(4.0, 1.0, 1.0) == 1.0
    assert frame_step(3.0, 0.5, 5.0) == pytest.approx(0.25)
    assert frame_step(2.0, 2.0, 0.1) == 2.0


def test_a_recording_counts_windows_without_asking(tmp_path):
    path = talk(tmp_path / "a.wav", [("positive", 7)])
    recording = Recording(
        path, window=4.0, hop=1.0, frame_rate=1.0, channel=None, shorter_side=None, keep_going=False
    )
    windows = list(recording.windows())
    assert [w.start for w in windows] == [0, 1, 2, 3]
    assert all(len(w.sound) == 4 * RATE and w.frames == [] for w in windows)


# -- the command, the picture and the table


@pytest.fixture(scope="module")
def saved(tmp_path_factory, listener):
    folder = tmp_path_factory.mktemp("saved")
    save(listener.model, folder / "m.hybridsent")
    talk(folder / "talk.wav", [("negative", 10), ("positive", 10)])
    (folder / "talk.rttm").write_text(
        "SPEAKER talk 1 0 10 <NA> <NA> Anna <NA> <NA>\nSPEAKER talk 1 10 10 <NA> <NA> Ben <NA> <NA>\n"
    )
    return folder


def test_the_command_writes_all_that_is_asked_for(saved, tmp_path, capsys):
    out = {name: tmp_path / name for name in ("line.csv", "a.svg", "who.csv", "all.json")}
    code = main(
        [
            *("timeline", str(saved / "talk.wav"), "--model", str(saved / "m.hybridsent")),
            *("-o", str(out["line.csv"]), "--window", "2", "--plot", str(out["a.svg"])),
            *("--speakers-table", str(out["who.csv"]), "--json", str(out["all.json"]), "--html"),
            *("--store", "off"),
        ]
    )
    said = capsys.readouterr()
    assert code == 0, said.err
    frame = pd.read_csv(out["line.csv"])
    assert list(frame.columns) == [
        *("start", "end", "speaker", "prediction", "p_negative", "p_positive"),
        *("index", "smoothed", "lower", "upper", "missing"),
    ]
    who = pd.read_csv(out["who.csv"])
    assert who["name"].tolist() == ["Anna", "Ben"]
    assert who["mean"].iloc[0] < 0 < who["mean"].iloc[1]
    told = json.loads(out["all.json"].read_text())
    assert len(told["windows"]) == len(frame)
    assert set(told["windows"][0]) >= {"prediction", "probabilities", "interval", "missing"}
    assert (tmp_path / "line.html").stat().st_size > 100_000  # the recording is in it
    assert "Anna" in said.out
    assert "<svg" in out["a.svg"].read_text()


def test_a_recording_is_linked_to_where_nothing_may_be_in_the_page(saved, tmp_path, capsys):
    line = ["timeline", str(saved / "talk.wav"), "--model", str(saved / "m.hybridsent")]
    more = ["--window", "2", "--html", "--embed", "0", "--store", "off"]
    assert main([*line, "-o", str(tmp_path / "o.csv"), *more]) == 0, capsys.readouterr().err
    assert (tmp_path / "o.html").stat().st_size < 100_000


@pytest.mark.parametrize(
    ("more", "what"),
    [
        (["--hop", "9"], "--hop must be at most the window"),
        (["--index", "happy"], "--index must name classes"),
        (["--index", "a=b"], "--index, where it is no class, must be LABEL=NUMBER"),
        (["--plot", "a.gif"], "--plot must end in one of"),
        (["--speakers", "no.rttm"], "no file at 'no.rttm'"),
        (["--subtitles", "no.srt"], "no file at 'no.srt'"),
    ],
)
def test_the_command_refuses_in_its_own_words(saved, tmp_path, capsys, more, what):
    line = ["timeline", str(saved / "talk.wav"), "--model", str(saved / "m.hybridsent")]
    assert main([*line, "-o", str(tmp_path / "o.csv"), *more]) in (1, 2)
    assert what in capsys.readouterr().err
    assert not (tmp_path / "o.csv").exists()


def test_the_picture_is_drawn_light_and_dark(saved, tmp_path, listener):
    pytest.importorskip("matplotlib")
    line = score_timeline(saved / "talk.wav", listener, window=2)
    for name, dark in (("a.png", False), ("b.png", True), ("c.pdf", False)):
        line.plot(tmp_path / name, dark=dark)
        assert (tmp_path / name).stat().st_size > 5_000
    import matplotlib.pyplot as plt

    _, ax = plt.subplots()
    assert line.plot(ax=ax) is ax
    plt.close("all")
    assert "Anna" in str(line)
    assert repr(line).startswith("<Timeline of talk.wav")


# -- real speech


@pytest.mark.data
@pytest.mark.slow
def test_the_angry_stretch_of_unknown_speakers_is_found(tmp_path):
    """Emo-DB: fitted on eight speakers; two others speak calmly, angrily, and calmly again."""
    import os

    root = os.environ.get("HYBRIDSENT_DATA")
    if not root or not (Path(root) / "emodb" / "table.csv").is_file():
        pytest.skip("HYBRIDSENT_DATA names no folder with emodb")
    folder = Path(root) / "emodb"
    rows = pd.read_csv(folder / "table.csv")
    rows = rows[rows["label"].isin(["angry", "neutral"])].copy()
    rows["audio"] = [str(folder / each) for each in rows["audio"]]
    held = rows["speaker"].isin(sorted(rows["speaker"].unique())[:2])
    known, new = rows[~held], rows[held]
    model = make_fusion(audio=True, store=None).fit(known[["audio"]], known["label"])
    order = [("neutral", 10), ("angry", 12), ("neutral", 10)]
    rng = np.random.default_rng(0)
    parts, borders, at = [], [0.0], {"neutral": 0, "angry": 0}
    for kind, n in order:
        of_kind = new[new["label"] == kind]
        some = [of_kind.iloc[(at[kind] + i) % len(of_kind)] for i in range(n)]
        at[kind] += n
        for row in some:
            parts += [load_audio(row["audio"]), 1e-4 * rng.normal(size=RATE // 3)]
        borders.append(sum(map(len, parts)) / RATE)
    soundfile.write(tmp_path / "talk.wav", np.concatenate(parts).astype(np.float32), RATE)
    line = score_timeline(tmp_path / "talk.wav", model, window=3, hop=1, index="angry")
    inside = (line.starts >= borders[1]) & (line.ends <= borders[2])
    outside = (line.ends <= borders[1]) | (line.starts >= borders[2])
    assert line.smoothed[inside].mean() > line.smoothed[outside].mean() + 0.4
    assert ((line.smoothed > 0.5) == inside)[inside | outside].mean() > 0.85
