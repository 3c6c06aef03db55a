"""make_demo: the same files for the same seed, sound media, and modalities that often disagree."""

from __future__ import annotations

import hashlib
import tempfile
import wave
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from hybridsent._demo.faces import Person, draw_face
from hybridsent._demo.phrases import MOODS, phrases_of
from hybridsent._demo.plans import plan_rows
from hybridsent._demo.scenes import draw_scene
from hybridsent._demo.texts import LANGUAGES, Writer
from hybridsent._demo.voices import RATE, Voice, speak
from hybridsent.datasets import detect_modalities, make_demo, read_table
from hybridsent.exceptions import TableError
from hybridsent.media import load_audio, load_frames
from hybridsent.media._languages import unread
from hybridsent.media._scripts import script_of


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "new" / "folder"
    return folder, make_demo(60, seed=3, folder=folder)


def digests(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files
    }


def test_the_table(demo):
    folder, table = demo
    assert list(table.columns) == ["text", "image", "audio", "label", "speaker"]
    assert table["label"].value_counts().to_dict() == {
        "positive": 24,
        "negative": 21,
        "neutral": 15,
    }
    assert table["speaker"].nunique() == 10
    assert table["text"].dropna().is_unique
    missing = table.isna()
    assert missing[["label", "speaker"]].sum().sum() == 0
    assert missing.sum().sum() == 2
    assert missing.sum(axis=1).max() == 1
    assert detect_modalities(table) == {"text": "text", "image": "image", "audio": "audio"}
    pd.testing.assert_frame_equal(read_table(folder / "table.csv"), table)


def test_paths_are_relative_in_the_file_and_lead_somewhere(demo):
    folder, table = demo
    raw = pd.read_csv(folder / "table.csv")
    for column in ("image", "audio"):
        assert not raw[column].dropna().map(lambda p: Path(p).is_absolute()).any()
        assert table[column].dropna().map(lambda p: Path(p).is_file()).all()
        on_disk = len(list((folder / {"image": "images", "audio": "audio"}[column]).iterdir()))
        assert on_disk == table[column].notna().sum()


def test_the_folder_can_be_moved(demo, tmp_path):
    import shutil

    folder, _ = demo
    moved = shutil.copytree(folder, tmp_path / "moved")
    assert read_table(moved / "table.csv")["image"].dropna().map(lambda p: Path(p).is_file()).all()


def test_same_seed_same_bytes_other_seed_other_bytes(demo, tmp_path):
    folder, _ = demo
    make_demo(60, seed=3, folder=tmp_path / "again")
    assert digests(tmp_path / "again") == digests(folder)
    make_demo(12, seed=4, folder=tmp_path / "other")
    ours, theirs = digests(folder), digests(tmp_path / "other")
    media = [name for name in theirs if name.startswith(("images", "audio"))]
    assert media
    assert all(ours.get(name) != theirs[name] for name in media)


def test_images_are_small_pictures(demo):
    _, table = demo
    for path in table["image"].dropna():
        with Image.open(path) as image:
            assert image.size == (160, 160)
            assert np.asarray(image).std() > 8


def test_sounds_are_clean(demo):
    _, table = demo
    for path in table["audio"].dropna():
        with wave.open(path) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
            assert 1.15 <= file.getnframes() / RATE <= 1.85
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
        assert np.abs(samples).max() < 0.96  # nothing clipped
        assert 0.01 < np.sqrt(np.mean(samples**2)) < 0.5
        assert abs(samples.mean()) < 0.01


# --- voices --------------------------------------------------------------------------------------


def pitch_track(samples: np.ndarray) -> np.ndarray:
    """Pitch in Hz of voiced frames, by autocorrelation."""
    sound = samples / 32768
    found = []
    for at in range(0, len(sound) - 800, 400):
        frame = sound[at : at + 800] * np.hanning(800)
        if np.sqrt(np.mean(frame**2)) < 0.3 * np.sqrt(np.mean(sound**2)):
            continue
        power = np.fft.irfft(np.abs(np.fft.rfft(frame, 2048)) ** 2)
        lags = np.arange(RATE // 400, RATE // 70)
        # The window makes long lags smaller; undo that, so that low voices are not doubled.
        window = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(800), 2048)) ** 2)
        strength = power[lags] / power[0] * window[0] / window[lags]
        if strength.max() > 0.5:
            found.append(RATE / lags[strength.argmax()])
    return np.array(found)


def median_pitch(voice: Voice, mood: str, count: int = 12) -> float:
    each = [
        np.median(pitch_track(speak(np.random.default_rng([9, i]), voice, mood, 0.9)))
        for i in range(count)
    ]
    return float(np.median(each))


@pytest.mark.parametrize("pitch", [110.0, 200.0])
def test_a_voice_has_its_pitch_and_joy_lifts_it(pitch):
    voice = Voice(pitch=pitch, tract=1.0, breath=0.02, pace=1.0)
    neutral = median_pitch(voice, "neutral")
    assert neutral == pytest.approx(pitch, rel=0.12)
    assert median_pitch(voice, "positive") > 1.1 * neutral


def test_voices_of_a_mood_differ_and_none_is_silent():
    voice = Voice.born(np.random.default_rng(0), 1)
    sounds = [
        speak(np.random.default_rng(i), voice, m, s)
        for i in range(8)
        for m in MOODS
        for s in (0.4, 1)
    ]
    assert len({sound.tobytes() for sound in sounds}) == len(sounds)
    assert all(np.abs(sound).max() > 500 for sound in sounds)


# --- pictures ------------------------------------------------------------------------------------


@pytest.mark.parametrize("mood", MOODS)
@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_every_person_and_place_can_be_drawn(mood, strength):
    for i in range(12):
        rng = np.random.default_rng(i)
        for canvas in (
            draw_face(rng, Person.born(rng, i), mood, strength),
            draw_scene(rng, mood, strength),
        ):
            assert canvas.develop(rng).size == (160, 160)


def test_expressions_differ_where_the_mouth_is():
    rng = np.random.default_rng
    person = Person.born(rng(0), 1)
    drawn = {
        mood: np.mean(
            [np.asarray(draw_face(rng(i), person, mood, 1.0).image, float) for i in range(6)], 0
        )
        for mood in MOODS
    }
    assert np.abs(drawn["positive"] - drawn["negative"])[260:360, 140:340].mean() > 5


# --- texts ---------------------------------------------------------------------------------------


def test_the_sentences():
    bank = list(phrases_of("en").sentences.values())
    assert min(len(some) for some in bank) >= 120
    everything = [sentence for some in bank for sentence in some]
    assert len({s.lower() for s in everything}) == len(everything)
    assert all(s == s.strip() and 3 <= len(s.split()) <= 20 for s in everything)
    openings = Counter(" ".join(s.split()[:2]) for s in everything)
    assert max(openings.values()) < 0.05 * len(everything)  # no templates


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_phrases_of_a_language_are_of_every_mood(language):
    phrases = phrases_of(language)
    for said in (phrases.sentences, phrases.remarks, phrases.emoji, phrases.mood_tags):
        assert tuple(said) == MOODS
        assert all(len(set(some)) == len(some) > 3 for some in said.values())


def test_sentences_repeat_only_when_all_were_used():
    writer = Writer(np.random.default_rng(0))
    texts = [writer.write(mood, 0.7) for _ in range(700) for mood in MOODS]
    assert len(set(texts)) > 0.99 * len(texts)
    assert all(text and "\n" not in text for text in texts)


# --- what is shown -------------------------------------------------------------------------------


def test_modalities_disagree_often_and_independently():
    plans = [p for p in plan_rows(2000, 0) if len(p.shown) == 3]
    truth = np.array(
        [[p.shown[m][0] == p.label for m in ("text", "image", "audio")] for p in plans], float
    )
    assert (truth.mean(0) > 0.7).all()
    assert (truth.mean(0) < 0.95).all()
    assert 0.25 < (truth.min(1) == 0).mean() < 0.6  # rows with at least one dissenter
    off_diagonal = np.corrcoef(truth.T)[np.triu_indices(3, 1)]
    assert np.abs(off_diagonal).max() < 0.08


@pytest.mark.parametrize("n", [12, 13, 37, 240])
def test_shares_at_any_size(n):
    plans = plan_rows(n, 1)
    counts = Counter(p.label for p in plans)
    for mood, share in zip(MOODS, (0.40, 0.25, 0.35), strict=True):
        assert abs(counts[mood] - share * n) <= 1
    per_speaker = Counter(p.speaker for p in plans)
    assert max(per_speaker.values()) - min(per_speaker.values()) <= 1
    assert sum(3 - len(p.shown) for p in plans) == max(1, round(0.03 * n))


# --- folders and parameters ----------------------------------------------------------------------


def test_a_smaller_demo_replaces_a_larger_one_completely(tmp_path):
    make_demo(14, seed=1, folder=tmp_path / "a")
    (tmp_path / "a" / "notes.txt").write_text("mine")
    (tmp_path / "a" / "images" / "mine.jpg").write_text("mine")
    make_demo(12, seed=2, folder=tmp_path / "a")
    make_demo(12, seed=2, folder=tmp_path / "b")
    left, fresh = digests(tmp_path / "a"), digests(tmp_path / "b")
    assert set(left) - set(fresh) == {"notes.txt", "images/mine.jpg"}
    assert {name: left[name] for name in fresh} == fresh


@pytest.mark.parametrize("mine", ["table.csv", "images/1.jpg", "audio/1.wav"])
def test_other_peoples_files_are_not_touched(tmp_path, mine):
    (tmp_path / mine).parent.mkdir(exist_ok=True)
    (tmp_path / mine).write_text("mine")
    before = digests(tmp_path)
    with pytest.raises(TableError, match=r"did not write.*new or empty folder"):
        make_demo(12, folder=tmp_path)
    assert digests(tmp_path) == before


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "f").write_text("mine")
    with pytest.raises(TableError, match="is a file"):
        make_demo(12, folder=tmp_path / "f")


def test_without_a_folder_a_new_one_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    one, two = make_demo(12), make_demo(np.int64(12))
    homes = {Path(t["audio"].dropna().iloc[0]).parent.parent for t in (one, two)}
    assert len(homes) == 2
    assert all(home.parent == tmp_path for home in homes)
    assert one["text"].equals(two["text"])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n": 11}, ValueError, "n must be at least 12. Got 11"),
        ({"n": "12"}, TypeError, "n must be an integer"),
        ({"n": 12.0}, TypeError, "n must be an integer"),
        ({"n": True}, TypeError, "n must be an integer"),
        ({"seed": -1}, ValueError, "seed must be at least 0. Got -1"),
        ({"seed": None}, TypeError, "seed must be an integer"),
    ],
)
def test_parameters(tmp_path, arguments, error, message):
    with pytest.raises(error, match=message):
        make_demo(**arguments, folder=tmp_path)
    assert not list(tmp_path.iterdir())


# --- in Chinese ----------------------------------------------------------------------------------


def test_the_chinese_sentences():
    bank = list(phrases_of("zh").sentences.values())
    assert {len(some) for some in bank} == {80}
    everything = [sentence for some in bank for sentence in some]
    assert len(set(everything)) == len(everything)
    assert all(script_of(sentence)[0] == "han" and len(sentence) >= 6 for sentence in everything)
    assert not any(sentence.endswith(tuple("。！？，")) for sentence in everything)


def test_chinese_texts_repeat_only_when_all_were_used():
    writer = Writer(np.random.default_rng(0), "zh")
    texts = [writer.write(mood, 0.7) for _ in range(300) for mood in MOODS]
    assert len(set(texts)) > 0.99 * len(texts)
    assert all(text and text == text.strip() and "\n" not in text for text in texts)


def test_a_chinese_demo_has_the_same_rows_but_for_the_texts(demo, tmp_path):
    table = make_demo(24, seed=1, folder=tmp_path / "zh", language="zh")
    english = make_demo(24, seed=1, folder=tmp_path / "en")
    assert list(table.columns) == list(english.columns)
    assert table["label"].tolist() == english["label"].tolist()
    for one, other in zip(table["image"].dropna(), english["image"].dropna(), strict=True):
        assert Path(one).read_bytes() == Path(other).read_bytes()
    assert str(unread(table["text"].tolist(), ["en"])) == "Chinese characters"


def test_other_languages_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"language must be one of \['en', 'zh'\]. Got 'fr'"):
        make_demo(12, folder=tmp_path / "demo", language="fr")
    assert not (tmp_path / "demo").exists()


# --- clips ---------------------------------------------------------------------------------------


def test_clips_hold_the_picture_and_the_sound_of_their_row(tmp_path):
    table = make_demo(12, seed=5, folder=tmp_path / "clips", video=True)
    plain = make_demo(12, seed=5, folder=tmp_path / "plain")
    assert list(table.columns) == ["text", "video", "label", "speaker"]
    pd.testing.assert_frame_equal(table[["text", "label"]], plain[["text", "label"]])
    assert detect_modalities(table) == {"text": "text", "video": "video"}
    there = table["video"].dropna().index
    assert len(there) >= 10
    for row in there:
        frames = load_frames(table.loc[row, "video"], frames=4)
        assert [frame.size for frame in frames] == [(160, 160)] * 4
        sound = load_audio(table.loc[row, "video"])
        own = load_audio(plain.loc[row, "audio"])
        assert np.corrcoef(sound[: len(own)], own)[0, 1] > 0.9


def test_clips_of_one_seed_are_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        make_demo(12, seed=6, folder=tmp_path / name, video=True)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_a_demo_of_clips_takes_the_place_of_one_of_pictures(tmp_path):
    make_demo(12, folder=tmp_path)
    make_demo(12, folder=tmp_path, video=True)
    assert not list(tmp_path.glob("images/*"))
    assert len(list(tmp_path.glob("videos/*"))) >= 10
    make_demo(12, folder=tmp_path)
    assert not list(tmp_path.glob("videos/*"))
