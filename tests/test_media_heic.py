"""Pictures in HEIC: read where the extra is installed, by the laws of all other formats."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hostile import _damaged
from PIL import Image, ImageOps

from hybridsent import ImageEncoder
from hybridsent.datasets import detect_modalities
from hybridsent.exceptions import MediaError
from hybridsent.media import is_video, load_image
from hybridsent.media.image import is_image

pillow_heif = pytest.importorskip("pillow_heif")
ROOT = Path(__file__).parents[1]
BLOCKS = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
PIXELS = np.kron(BLOCKS, np.ones((8, 8, 1), dtype=np.uint8))


def heic(pixels: np.ndarray = PIXELS, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture = pillow_heif.from_pillow(Image.fromarray(pixels))
    picture.save(buffer, quality=95, **options)
    return buffer.getvalue()


def with_size(raw: bytes, width: int, height: int) -> bytes:
    """Let a file tell another size than its picture has."""
    place = raw.index(b"ispe") + 8
    return raw[:place] + struct.pack(">II", width, height) + raw[place + 8 :]


def near(picture: Image.Image, expected: np.ndarray) -> bool:
    assert type(picture) is Image.Image
    assert (picture.mode, picture.info) == ("RGB", {})
    pixels = np.asarray(picture).astype(int)
    return pixels.shape == expected.shape and np.abs(pixels - expected).mean() < 4


def test_pixels_are_those_of_the_picture_whatever_holds_them(tmp_path):
    path = tmp_path / "picture.heic"
    path.write_bytes(heic())
    for cell in (heic(), bytearray(heic()), path, str(path), {"bytes": heic(), "path": None}):
        assert near(load_image(cell), PIXELS)


def test_reading_leaves_pillow_as_it_was():
    before = dict(Image.OPEN), list(Image.ID), dict(Image.EXTENSION)
    load_image(heic())
    assert (dict(Image.OPEN), list(Image.ID), dict(Image.EXTENSION)) == before
    assert "HEIF" not in Image.OPEN


@pytest.mark.parametrize("turn", range(1, 9))
def test_the_camera_is_turned_upright(turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    png = io.BytesIO()
    Image.fromarray(PIXELS).save(png, "PNG", exif=exif)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(png.getvalue())))
    assert near(load_image(heic(exif=exif.tobytes())), np.asarray(upright).astype(int))


def test_transparent_pixels_lie_over_white():
    alpha = np.full((*PIXELS.shape[:2], 1), 255, dtype=np.uint8)
    alpha[:16] = 0
    expected = PIXELS.copy()
    expected[:16] = 255
    assert near(load_image(heic(np.concatenate([PIXELS, alpha], axis=2))), expected)


def test_a_picture_is_recognised_by_its_mark_and_by_its_name():
    assert is_image(heic())
    assert not is_video(heic())
    assert is_image("a/IMG_1.HEIC")
    assert is_image("b.heif")
    table = pd.DataFrame({"a": ["1.heic", "2.HEIC", "3.heif"], "label": ["x", "y", "x"]})
    assert detect_modalities(table)["image"] == "a"


def test_a_row_is_that_of_the_same_picture():
    large = np.kron(BLOCKS, np.ones((60, 60, 1), dtype=np.uint8))
    rows = ImageEncoder(store=None, device="cpu").fit_transform([heic(large), large])
    assert rows[0] @ rows[1] / np.linalg.norm(rows[0]) / np.linalg.norm(rows[1]) > 0.99


def test_threads_read_the_same():
    raw, found, ready = heic(), {}, threading.Barrier(8, timeout=60)
    expected = np.asarray(load_image(raw))

    def work(i: int) -> None:
        ready.wait()
        found[i] = all((np.asarray(load_image(raw)) == expected).all() for _ in range(5))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == dict.fromkeys(range(8), True)


# -- hostile ---------------------------------------------------------------------------------------


def test_too_many_pixels_are_refused_before_they_are_decoded():
    with pytest.raises(MediaError, match=r"56 x 40 = 2,240 pixels, more than the 2,239 allowed"):
        load_image(heic(), max_pixels=2239)
    assert load_image(heic(), max_pixels=2240).size == (56, 40)


@pytest.mark.parametrize("side", [0, 1, 8, 57, 4096, 50_000, 2**31, 2**32 - 1])
def test_a_size_that_is_a_lie_is_refused(side):
    with pytest.raises(MediaError):
        load_image(with_size(heic(), side, side))


def test_a_large_picture_that_tells_a_small_size_is_refused():
    large = heic(np.kron(BLOCKS, np.ones((200, 200, 1), dtype=np.uint8)))
    with pytest.raises(MediaError):
        load_image(with_size(large, 16, 16), max_pixels=1000)


@pytest.mark.parametrize("name", [name for name, _ in _damaged("heic", heic())])
def test_a_damaged_file_is_a_picture_or_a_media_error(name):
    raw = dict(_damaged("heic", heic()))[name]
    with suppress(MediaError):  # any other error fails the test
        assert load_image(raw).size[0] > 0


def test_what_is_wrong_is_told_in_one_line():
    with pytest.raises(MediaError, match=r"damaged or cut off: .*[^\s]\Z") as caught:
        load_image(heic()[:-200])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1", b"msf1", b"hevc", b"heim"])
def test_a_mark_alone_is_no_picture(brand):
    raw = b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1" + brand
    assert is_image(raw)
    with pytest.raises(MediaError, match="damaged"):
        load_image(raw + bytes(100))


# -- without the extra -----------------------------------------------------------------------------


def test_without_the_extra_the_way_to_it_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(MediaError, match=r'pip install "hybridsent\[heic\]"'):
        load_image(heic())
    with pytest.warns(match=r"hybridsent\[heic\]"):
        rows = ImageEncoder(store=None, device="cpu", on_error="missing").transform(
            [heic(), PIXELS]
        )
    assert np.isnan(rows).any(axis=1).tolist() == [True, False]


def test_other_formats_do_not_import_it():
    code = (
        "import io, sys; from PIL import Image; from hybridsent.media import load_image\n"
        "buffer = io.BytesIO(); Image.new('RGB', (9, 9)).save(buffer, 'PNG')\n"
        "load_image(buffer.getvalue()); assert 'pillow_heif' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=120)


def test_a_picture_that_the_user_opened_is_read(tmp_path):
    code = (
        "import sys, numpy as np, pillow_heif; from PIL import Image\n"
        "from hybridsent.media import load_image\n"
        "pillow_heif.register_heif_opener()\n"
        "picture = load_image(Image.open(sys.argv[1]))\n"
        "assert picture.size == (56, 40), picture.size"
    )
    path = tmp_path / "picture.heic"
    path.write_bytes(heic())
    subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, check=True, timeout=120)
