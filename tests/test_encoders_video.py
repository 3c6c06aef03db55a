"""Videos in views of pictures and of sounds: rows, stores, fingerprints, tables, builders."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pandas as pd
import pytest
from clips import clip, contained

from hybridsent import AudioEncoder, ImageEncoder, detect_modalities, make_features, make_fusion
from hybridsent.datasets import media_columns, read_table
from hybridsent.exceptions import CellError
from hybridsent.finetune import finetune
from hybridsent.media import list_media, load_frames

FORMS = ("mp4", "webm", "mkv", "mpeg4.mp4")


def encoder(**params):
    return ImageEncoder(store=None, precision="float32", **params)


@pytest.fixture
def paths(tmp_path):
    found = []
    for name in FORMS:
        found.append(tmp_path / f"1.{name}")
        found[-1].write_bytes(contained(name))
    return [str(path) for path in found]


def test_the_row_of_a_video_is_the_mean_of_its_frames(paths):
    frames = [load_frames(path, shorter_side=224) for path in paths]
    rows = encoder().fit_transform(paths)
    np.testing.assert_allclose(rows, encoder().fit_transform(frames), atol=1e-4)
    few = encoder(frames=2).fit_transform(paths[:1])
    again = encoder().fit_transform([load_frames(paths[0], frames=2, shorter_side=224)])
    np.testing.assert_allclose(few, again, atol=1e-4)


def test_with_steps_the_frames_are_the_segments(paths):
    frames = [load_frames(path, shorter_side=224) for path in paths[:2]]
    rows = encoder(steps=3).fit_transform(paths[:2])
    np.testing.assert_allclose(rows, encoder(steps=3).fit_transform(frames), atol=1e-4)
    assert rows.shape == (2, 3 * 1280)


def test_lists_of_videos_and_pictures_stand_beside_each_other(paths):
    picture = np.full((40, 40, 3), 90, np.uint8)
    column = [paths[0], [paths[0], paths[1]], None, picture, [picture, paths[1]]]
    first, both, missing, plain, mixed = encoder().fit_transform(column)
    second = encoder().fit_transform(paths[1:2])[0]
    np.testing.assert_allclose(both, (first + second) / 2, atol=1e-4)
    np.testing.assert_allclose(mixed, (plain + second) / 2, atol=1e-4)
    np.testing.assert_allclose(plain, encoder().fit_transform([picture])[0], atol=1e-4)
    assert np.isnan(missing).all()


def test_a_warm_row_decodes_nothing(paths, tmp_path, monkeypatch):
    pictures = ImageEncoder(store=tmp_path / "store")
    sounds = AudioEncoder("audio/egemaps-v02", store=tmp_path / "store")
    cold = pictures.fit_transform(paths), sounds.fit_transform(paths)

    def refuse(*_, **__):
        raise AssertionError("it was decoded")

    monkeypatch.setattr("hybridsent.media._container._opened", refuse)
    contents = [contained(name) for name in FORMS]
    np.testing.assert_array_equal(pictures.transform(contents), cold[0])
    np.testing.assert_array_equal(sounds.transform(contents), cold[1])
    assert pictures.n_from_store_ == len(FORMS)


def test_parameters_with_their_default_are_not_in_the_fingerprint():
    plain = ImageEncoder(precision="float32")
    assert plain._cleaning() == {"version": 2}
    assert ImageEncoder(precision="float32", frames=4).fingerprint() != plain.fingerprint()
    assert "channel" not in AudioEncoder()._cleaning()
    left, right = (AudioEncoder(channel=channel).fingerprint() for channel in (0, 1))
    assert len({left, right, AudioEncoder().fingerprint()}) == 3


def test_one_side_of_a_call_is_another_row():
    raw = contained("mp4", channels=2)
    rows = [
        AudioEncoder("audio/egemaps-v02", store=None, channel=channel).fit_transform([raw])
        for channel in (0, 1)
    ]
    assert not np.allclose(*rows)


def test_a_broken_video_names_its_row():
    with pytest.raises(CellError, match=r"row 1, column 'image': the video cannot be read: it is "):
        encoder().fit_transform([contained("mp4"), contained("mp4")[:9000]])
    with pytest.raises(CellError, match="it has no pictures"):
        encoder().fit_transform([contained("m4a")])


def test_finetuning_from_videos_is_refused(paths, tmp_path):
    with pytest.raises(CellError, match="one picture a cell is learned from; give its frames"):
        finetune(
            "image/efficientnet-lite0", paths, list("abab"), epochs=1, folder=tmp_path / "tuned"
        )


# -- tables and builders


def test_a_column_of_videos_is_told(paths):
    table = pd.DataFrame({"clip": paths, "text": ["a fine and long text"] * 4})
    assert detect_modalities(table) == {"text": "text", "video": "clip"}
    assert media_columns(table) == ["clip"]
    raw = pd.DataFrame({"audio": [contained(name) for name in FORMS]})
    assert detect_modalities(raw) == {"video": "audio"}
    frames = pd.DataFrame({"video": ["a/1.png", "a/2.png"]})
    assert detect_modalities(frames) == {"image": "video"}


def test_a_folder_of_videos_is_a_table(tmp_path):
    for label in ("good", "bad"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "1.mp4").write_bytes(b"")
    table = read_table(tmp_path)
    assert detect_modalities(table) == {"video": "video"}
    assert table["label"].tolist() == ["bad", "good"]


def test_paths_in_a_file_are_relative_to_it(tmp_path):
    (tmp_path / "1.mp4").write_bytes(contained("mp4"))
    pd.DataFrame({"clip": ["1.mp4"], "label": [1]}).to_csv(tmp_path / "t.csv", index=False)
    assert np.isfinite(encoder().fit_transform(read_table(tmp_path / "t.csv")[["clip"]])).all()


def test_a_video_makes_two_views(paths):
    table = pd.DataFrame({"clip": paths})
    made = make_features(
        video={"frames": True, "sound": "audio/egemaps-v02"}, columns={"video": "clip"}, store=None
    )
    X = made.fit_transform(table)
    assert [name for name, *_ in made.transformers] == ["frames", "sound"]
    assert X.shape == (4, 1280 + 88)
    np.testing.assert_array_equal(
        X.filter(like="frames__"), ImageEncoder(store=None).fit_transform(paths)
    )


def test_the_short_form_is_that_of_make_fusion_too():
    model = make_fusion(text=True, video=True)
    columns = {name: column for name, _, column in model.named_steps["features"].transformers}
    assert columns == {"text": "text", "frames": "video", "sound": "video"}
    other = make_features(video=True, columns={"video": "clip", "sound": "voice"})
    assert [column for *_, column in other.transformers] == ["clip", "voice"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"video": "image"}, "video parameter must be True, or map"),
        ({"video": {}}, "video parameter must be True, or map"),
        ({"video": {"pictures": "image"}}, "must be True, or map"),
        ({"video": True, "views": {"frames": "image"}}, "'frames' as a part of video and in views"),
        ({"text": True, "columns": {"video": "clip"}}, "Got 'video' as a view"),
    ],
)
def test_what_makes_no_views_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        make_features(**given)


def test_media_are_data():
    (video,) = list_media()
    assert [(part.view, part.reads) for part in video.parts] == [
        ("frames", "image"),
        ("sound", "audio"),
    ]


# -- processes


_FRESH = """
import pathlib, pickle, sys
sys.setswitchinterval(1e-5)  # threads change places in the middle of an import
cells = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())
import numpy as np
import hybridsent
for make, model in (("ImageEncoder", "image/efficientnet-lite0"), ("AudioEncoder", sys.argv[2])):
    encoder = getattr(hybridsent, make)(model, store=None, n_jobs=2, device="cpu")
    rows = encoder.fit_transform(cells)
    assert np.isfinite(rows).all(), "a row has no values"
    np.testing.assert_allclose(rows[:4], rows[4:], atol=1e-3 * np.abs(rows).max())
"""


def fresh(tmp_path, number: int) -> None:
    contents = [contained(name) for name in FORMS]
    held = [{"bytes": raw, "path": None} for raw in contents]
    paths = []
    for i, raw in enumerate(contents):
        paths.append(tmp_path / f"{number}-{i}.mp4")
        paths[-1].write_bytes(raw)
    column = [*paths, *(held, contents, [bytearray(raw) for raw in contents])[number % 3]]
    (tmp_path / f"{number}").write_bytes(pickle.dumps(column))
    run = [sys.executable, "-W", "error::UserWarning", "-c", _FRESH, str(tmp_path / f"{number}")]
    done = subprocess.run(
        [*run, "audio/egemaps-v02"], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_first_call_of_a_process_reads_videos_in_two_threads(tmp_path):
    fresh(tmp_path, 0)


@pytest.mark.slow
def test_no_first_call_fails_however_often(tmp_path):
    n_runs = int(os.environ.get("HYBRIDSENT_FRESH_RUNS", "5"))
    with ThreadPoolExecutor(2) as pool:  # processes beside each other are interrupted more
        assert len(list(pool.map(partial(fresh, tmp_path), range(n_runs)))) == n_runs


def test_rows_do_not_depend_on_threads_or_batches(paths):
    column = [*paths, clip(seconds=1, sound=None)]
    alone = np.concatenate([encoder(n_jobs=1).fit_transform([cell]) for cell in column])
    together = encoder(n_jobs=2, batch_size=3).fit_transform(column)
    np.testing.assert_allclose(alone, together, atol=1e-4 * np.abs(alone).max())
