"""hybridsent.media._source: missing cells, reading bytes, content keys, import cost."""

from __future__ import annotations

import datetime as dt
import decimal
import io
import itertools
import os
import pathlib
import subprocess
import sys
import threading
import types

import numpy as np
import pandas as pd
import pytest
from hostile import hostile_cells, outcome, picture
from PIL import Image

from hybridsent.exceptions import MediaError
from hybridsent.media import _file, content_key, is_missing, read_bytes
from hybridsent.media.image import is_image

KINDS = ("text", "image", "audio")


@pytest.fixture
def settled(monkeypatch):
    """Let files seem old enough for their digests to be remembered."""
    monkeypatch.setattr(_file, "_RACY_NS", 0)
    _file._file_digest.cache_clear()
    return _file._file_digest.cache_info


@pytest.mark.parametrize(
    "cell",
    [
        *(None, pd.NA, pd.NaT, float("nan"), np.float32("nan"), np.float64("nan")),
        *(
            np.datetime64("NaT", "s"),
            np.timedelta64("NaT", "s"),
            decimal.Decimal("sNaN"),
            complex("nan"),
        ),
        *("", " ", "\t\n\u3000", np.str_("")),
        *([], (), np.array([], dtype=object), {"items": None, "weights": None}),
    ],
)
def test_missing(cell):
    assert is_missing(cell) is True


@pytest.mark.parametrize(
    "cell",
    [
        *("a", " a ", b"", b" ", 0, 0.0, False, {}, object(), float),
        *([b""], ["", "a"], {"items": 3, "weights": None}),
        *(np.array([]), np.array(np.nan), np.full((2, 2), np.nan), pd.Series([None, 1.0])),
        (np.full(3, np.nan), 16000),
        Image.new("RGB", (2, 2)),
        pathlib.Path("a.png"),
        dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
        decimal.Decimal(1),
    ],
)
def test_not_missing(cell):
    assert is_missing(cell) is False


def test_missing_agrees_with_pandas_on_scalars():
    for cell in (1, 1.5, None, np.nan, pd.NA, pd.NaT, "x", True, np.int8(3), pd.Timestamp("2020")):
        assert is_missing(cell) == bool(pd.isna(cell))


@pytest.mark.parametrize("module", ["PIL.Image", "PIL", "pandas", "numpy.ma", "torch"])
def test_a_module_that_another_thread_is_importing_changes_no_answer(module, tmp_path, monkeypatch):
    """Until its import is over, a module lies in `sys.modules` without its names."""
    (tmp_path / "a").write_bytes(b"content")
    cells = [None, "", "a", b"a", 1.5, (np.zeros(9, np.float32), 8000), np.zeros((2, 2), np.uint8)]
    missing = [is_missing(cell) for cell in cells]
    keys = [content_key(tmp_path / "a", kind) for kind in ("image", "audio")]
    monkeypatch.setitem(sys.modules, module, types.ModuleType(module))
    assert [is_missing(cell) for cell in cells] == missing
    assert [content_key(tmp_path / "a", kind) for kind in ("image", "audio")] == keys
    assert [is_image(cell) for cell in cells] == [*[False] * 6, True]
    with pytest.raises(MediaError, match="got int"):
        content_key(3, "image")


def test_read_bytes_of_paths_and_bytes(tmp_path):
    path = tmp_path / "ünïcode name"
    path.write_bytes(b"abc")
    (tmp_path / "link").symlink_to(path)
    for source in (path, str(path), b"abc", tmp_path / "link", np.bytes_(b"abc"), np.str_(path)):
        assert read_bytes(source) == b"abc"


def test_read_bytes_takes_relative_paths(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"abc")
    monkeypatch.chdir(tmp_path)
    assert read_bytes("a") == b"abc"
    with pytest.raises(MediaError, match="looked up in"):
        read_bytes("b")


def test_read_bytes_limits(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    for source in (path, b"abc"):
        assert read_bytes(source, max_bytes=3) == b"abc"
        with pytest.raises(MediaError, match="3 bytes, more than the 2 allowed"):
            read_bytes(source, max_bytes=2)


def test_size_is_checked_before_reading(tmp_path):
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(MediaError, match="1,099,511,627,776 bytes"):
        read_bytes(tmp_path / "sparse")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("no/such/file", "no file at 'no/such/file'"),
        (".", "is a folder"),
        ("a\0b", "null"),
        ("x" * 5000, "too long for a path"),
        ("https://example.org/a.png", "download it first"),
        ("\ud800", "cannot be a file name"),
        ("", "path is empty"),
        (b"", "is empty: zero bytes"),
        (3, "path or bytes, got int"),
        (["a"], "got list"),
    ],
)
def test_read_bytes_errors(source, message):
    with pytest.raises(MediaError, match=message):
        read_bytes(source)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_permission(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "a").chmod(0)
    with pytest.raises(MediaError, match="permission denied"):
        read_bytes(tmp_path / "a")


@pytest.mark.parametrize("function", [read_bytes, lambda path: content_key(path, "audio")])
def test_what_is_no_regular_file_does_not_hang(tmp_path, function):
    paths = [tmp_path / "pipe", "/dev/zero"]
    os.mkfifo(paths[0])
    for path in paths:
        with pytest.raises(MediaError, match="no regular file"):
            function(path)


def test_a_pipe_put_in_a_files_place_does_not_hang(tmp_path, monkeypatch):
    pipe, file = tmp_path / "pipe", tmp_path / "file"
    os.mkfifo(pipe)
    file.write_bytes(b"abc")
    was_file = file.stat()
    monkeypatch.setattr(pathlib.Path, "stat", lambda *args, **kwargs: was_file)
    with pytest.raises(MediaError, match="no regular file"):
        read_bytes(pipe)


def test_a_file_that_grows_while_read_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    before = path.stat()
    path.write_bytes(b"abcdef")
    monkeypatch.setattr(os, "fstat", lambda fd: before)
    with pytest.raises(MediaError, match="changed while"):
        read_bytes(path)


@pytest.mark.parametrize("kind", ["image", "audio"])
def test_path_and_bytes_of_the_same_content_have_the_same_key(tmp_path, kind):
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"content")
    keys = {content_key(c, kind) for c in (tmp_path / "a", str(tmp_path / "b"), b"content")}
    assert len(keys) == 1
    assert len(keys.pop()) == 16


def test_text_keys_are_of_the_string():
    keys = {content_key(c, "text") for c in ("naïve", "naïve".encode(), "naïve".encode("cp1252"))}
    assert len(keys) == 1
    assert content_key("a", "text") != content_key("b", "text")
    assert len(content_key("\ud800", "text")) == 16


def test_different_contents_have_different_keys():
    image, samples = Image.new("RGB", (2, 3)), np.zeros(4, dtype=np.float32)
    palette = Image.new("P", (2, 3))
    palette.putpalette([1, 2, 3])
    clear = Image.new("RGB", (2, 3))
    clear.info["transparency"] = (0, 0, 0)
    turned = Image.new("RGB", (2, 3))
    turned.getexif()[0x0112] = 6
    pixels = np.zeros((2, 3, 3), dtype=np.uint8)
    cells = [
        *((b"abc", kind) for kind in KINDS),
        *((c, "image") for c in (image, Image.new("RGB", (3, 2)), Image.new("L", (6, 3)))),
        *((c, "image") for c in (Image.new("P", (2, 3)), palette, clear, turned)),
        *((c, "image") for c in (pixels, pixels.reshape(3, 2, 3), pixels.astype(np.int8), b"x")),
        *((c, "audio") for c in ((samples, 8000), (samples, 16000), (samples[:3], 8000))),
        *((c, "audio") for c in ((samples.astype(np.int32), 8000), (samples[None], 8000))),
    ]
    keys = [content_key(cell, kind) for cell, kind in cells]
    for (i, a), (j, b) in itertools.combinations(enumerate(keys), 2):
        assert a != b, (cells[i], cells[j])


def test_keys_are_of_content_not_of_layout():
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    assert content_key(pixels, "image") == content_key(np.asfortranarray(pixels), "image")
    assert content_key(pixels[::-1], "image") == content_key(pixels[::-1].copy(), "image")
    tone = np.arange(4, dtype=np.float32)
    rates = (8000, 8000.0, np.int64(8000), np.float32(8000))
    assert len({content_key((tone, rate), "audio") for rate in rates}) == 1


def test_keys_stay_the_same_over_versions():
    """A store outlives a release: change these only on purpose, with a note for users."""
    assert content_key("good", "text").hex() == "e3d949dc5efe6b14454ef4a9ad0f0c2c"
    assert content_key(b"good", "image").hex() == "49d6281cd29e289f586148b320a049ee"
    assert (
        content_key((np.zeros(2, dtype="<f4"), 8000), "audio").hex()
        == "3fcd2da9e032944fa5ffa9245bb72de9"
    )


def test_an_opened_picture_has_the_key_of_its_pixels():
    opened = Image.open(io.BytesIO(picture("png")))
    assert content_key(opened, "image") == content_key(opened.copy(), "image")


def test_digests_are_remembered_by_what_the_file_is(tmp_path, settled):
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    first = content_key(path, "image")
    assert content_key(path, "image") == first
    assert (settled().hits, settled().misses) == (1, 1)
    path.write_bytes(b"xyz")
    os.utime(path, ns=(0, 0))
    assert content_key(path, "image") == content_key(b"xyz", "image")


def test_an_overwritten_file_with_its_old_date_has_a_new_key(tmp_path, settled):
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    os.utime(path, ns=(10**18, 10**18))
    old = content_key(path, "image")
    path.write_bytes(b"xyz")
    os.utime(path, ns=(10**18, 10**18))
    assert content_key(path, "image") != old


def test_fresh_files_are_not_remembered(tmp_path):
    _file._file_digest.cache_clear()
    (tmp_path / "a").write_bytes(b"abc")
    content_key(tmp_path / "a", "image")
    assert _file._file_digest.cache_info().currsize == 0


def test_the_memory_of_digests_is_bounded():
    assert _file._file_digest.cache_info().maxsize == _file._MEMO_SIZE


def test_keys_from_many_threads_agree(tmp_path, settled):
    for i in range(8):
        (tmp_path / str(i)).write_bytes(bytes([i]) * 1000)
    seen: list[list[bytes]] = []

    def work():
        seen.append([content_key(tmp_path / str(i % 8), "audio") for i in range(64)])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 4
    assert all(keys == seen[0] for keys in seen)


def test_an_unknown_kind_is_the_callers_error():
    with pytest.raises(ValueError, match="kind must be one of") as caught:
        content_key("a", "video")
    assert not isinstance(caught.value, MediaError)


@pytest.mark.parametrize("kind", KINDS)
def test_the_law_over_hostile_cells(kind, tmp_path):
    for name, cell in hostile_cells(kind, tmp_path):
        assert is_missing(cell) in (True, False), name
        key = outcome(content_key, cell, kind)
        assert isinstance(key, bytes), name
        assert len(key) in (0, 16), name


def test_there_are_hundreds_of_hostile_cells(tmp_path):
    counts = {}
    for kind in KINDS:
        (tmp_path / kind).mkdir()
        counts[kind] = len(hostile_cells(kind, tmp_path / kind))
    assert sum(counts.values()) >= 650, counts
    assert min(counts.values()) >= 120, counts


def test_importing_media_loads_no_decoder():
    heavy = "{'PIL', 'soundfile', 'soxr', 'pandas', 'torch', 'sklearn'}"
    code = f"import sys, hybridsent.media; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
