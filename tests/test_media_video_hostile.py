"""Laws over hostile videos: a clean object or a clear error, in bounded time and memory."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest
from clips import CONTAINERS, clip, contained
from hostile import outcome
from hostile_videos import PLAYLISTS, SOME_BYTES, hostile_videos

from hybridsent import AudioEncoder, ImageEncoder
from hybridsent.exceptions import CellError, CellWarning, MediaError
from hybridsent.media import load_audio, load_frames


def test_there_are_more_than_two_hundred():
    assert len(hostile_videos()) > 400


@pytest.mark.parametrize("name", CONTAINERS)
def test_the_law_over_damaged_containers(name):
    cells = [(what, raw) for what, raw in hostile_videos() if what.startswith(f"{name} ")]
    assert len(cells) > 15
    for what, raw in cells:
        _check(what, raw)


def test_the_law_over_all_others():
    damaged = tuple(f"{name} " for name in CONTAINERS)
    for what, raw in hostile_videos():
        if not what.startswith(damaged):
            _check(what, raw)


def _check(what: str, raw: bytes) -> None:
    start = time.process_time()
    samples = outcome(load_audio, raw)
    if not isinstance(samples, bytes):
        assert samples.dtype == np.float32, what
        assert np.isfinite(samples).all(), what
    pictures = outcome(load_frames, raw)
    if not isinstance(pictures, bytes):
        assert {picture.mode for picture in pictures} == {"RGB"}, what
    assert time.process_time() - start < 10, what


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_files_that_tell_their_size_are_refused_where_they_were_cut_off(name, share):
    raw = contained(name)
    cut = raw[: int(share * len(raw))]
    if CONTAINERS[name]["form"] in ("flv", "mpegts", "adts", "amr", "au"):  # streams: no end
        return
    with pytest.raises(MediaError, match=r"cut off|damaged"):
        load_audio(cut)


@pytest.mark.parametrize("name", PLAYLISTS)
@pytest.mark.parametrize("ending", [".mp4", ".m3u8", ".avi"])
def test_no_other_file_is_opened(name, ending, tmp_path, monkeypatch):
    secret = tmp_path / "secret.wav"
    secret.write_bytes(contained("mka"))
    for target in (f"file://{secret}", str(secret), "http://127.0.0.1:9/a.mp4", "concat:a|b"):
        path = tmp_path / f"clip{ending}"
        path.write_text(PLAYLISTS[name].format(target))
        monkeypatch.setattr(socket, "socket", None)
        for load in (load_audio, load_frames):
            with pytest.raises(MediaError, match="known format"):
                load(path)


def test_a_reference_inside_a_container_is_not_followed(tmp_path):
    other = tmp_path / "other.bin"
    other.write_bytes(SOME_BYTES)
    raw = contained("mp4")
    place = raw.index(b"url \x00\x00\x00\x01")
    outside = raw[: place + 7] + b"\x00" + raw[place + 8 :]
    for load in (load_audio, load_frames):
        outcome(load, outside)


_PEAK = """
import sys
sys.path.insert(0, sys.argv[1])
from hostile import outcome
from hostile_videos import hostile_videos
from hybridsent.media import load_audio, load_frames
for _, raw in hostile_videos():
    outcome(load_audio, raw), outcome(load_frames, raw)
# not ru_maxrss, in which the process counts from which this one was started
with open("/proc/self/status") as status:
    print(status.read().partition("VmHWM:")[2].split()[0])
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="kilobytes are Linux's unit")
def test_memory_stays_bounded_over_all(request):
    here = str(request.path.parent)
    run = [sys.executable, "-c", _PEAK, here]
    done = subprocess.run(run, capture_output=True, text=True, timeout=600, check=True)
    assert int(done.stdout) < 1.5 * 2**20


@pytest.mark.slow
def test_of_a_hundred_clips_ten_are_broken(tmp_path):
    paths = []
    for i in range(100):
        raw = clip(codec="mpeg4", seconds=0.5, size=(32 + 16 * (i % 5), 32 + 16 * (i // 5 % 5)))
        if i % 10 == 7:
            raw = (raw[: len(raw) // 2], b"#EXTM3U\nx", raw[:30], b"x" * 99)[i // 10 % 4]
        paths.append(tmp_path / f"{i}.mp4")
        paths[-1].write_bytes(raw + b"" if i % 10 == 7 else raw + _free(i))
    for encoder in (
        ImageEncoder(store=None, on_error="missing"),
        AudioEncoder("audio/egemaps-v02", store=None, on_error="missing"),
    ):
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", CellWarning)
            rows = encoder.fit_transform(paths)
        assert np.isnan(rows).all(axis=1).nonzero()[0].tolist() == list(range(7, 100, 10))
        assert np.isfinite(rows).all(axis=1).sum() == 90
        assert "10 of 100 cells are broken" in str(told[-1].message)
    with pytest.raises(CellError, match=r"row 7, column 'image': .*cut off"):
        ImageEncoder(store=None).fit_transform(paths)


def _free(number: int) -> bytes:
    """A box that says nothing, so that no two files are the same."""
    return (12).to_bytes(4, "big") + b"free" + number.to_bytes(4, "big")
