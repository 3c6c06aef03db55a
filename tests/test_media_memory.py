"""hybridsent.media._memory and _bands: a budget over all reading threads, pictures in bands."""

from __future__ import annotations

import gc
import io
import subprocess
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hostile import picture
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hybridsent.exceptions import MediaError
from hybridsent.media import _bands, _memory, load_audio, load_image, reading, without_frames
from hybridsent.media._memory import Budget, reserve

LONG = 60  # seconds after which a hang is a failure; nothing waits so long
MODES = ["1", "L", "P", "LA", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV", "LAB", "I", "F"]


@pytest.fixture
def budget(monkeypatch):
    """A budget of ten, in which nothing is too small to count."""
    monkeypatch.setattr(_memory, "_SMALL", 0)
    made = Budget(10)
    monkeypatch.setattr(_memory, "_shared", made)
    return made


def in_threads(function, values, n=4):
    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(function, values, timeout=LONG))


# -- the budget ------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 25), max_size=40))
def test_threads_never_hold_more_than_the_budget_unless_one_alone(sizes):
    budget, lock, held, seen = Budget(10), threading.Lock(), [], []

    def work(size):
        budget.take(size)
        with lock:
            held.append(size)
            seen.append((sum(held), max(held)))
        with lock:
            held.remove(size)
        budget.give(size)

    in_threads(work, sizes)
    assert budget.used == 0
    assert len(seen) == len(sizes)
    assert all(total <= 10 or total == largest for total, largest in seen)


def test_a_large_cell_is_not_overtaken_for_ever(budget):
    """Who came first is served first: small ones that fit wait behind a large one."""
    order, started = [], threading.Event()

    def work(size):
        budget.take(size)
        order.append(size)
        budget.give(size)

    budget.take(5)
    with ThreadPoolExecutor(2) as pool:
        large = pool.submit(work, 9)
        while not budget._turns:
            started.wait(0.001)
        small = pool.submit(work, 1)
        while len(budget._turns) < 2:
            started.wait(0.001)
        assert order == []
        budget.give(5)
        large.result(LONG)
        small.result(LONG)
    assert order == [9, 1]


def test_room_is_given_back_whatever_happens(budget):
    def fail():
        with reading():
            reserve(7)
            assert budget.used == 7
            with reading():
                reserve(30)  # holds some already: it does not wait for itself
            assert budget.used == 37
            int("no number")

    with pytest.raises(ValueError, match="no number"):
        fail()
    assert budget.used == 0


def test_outside_of_reading_nothing_is_counted(budget):
    reserve(99)
    assert budget.used == 0


@pytest.mark.parametrize("kind", ["image", "audio"])
def test_loaders_reserve_before_they_decode_and_give_back(kind, budget, monkeypatch, tmp_path):
    taken = []
    take = budget.take
    monkeypatch.setattr(budget, "take", lambda n, **how: taken.append(n) or take(n, **how))
    if kind == "image":
        cells = [picture("png"), picture("jpeg"), np.zeros((9, 9, 3), np.uint8)]
        cells += [Image.open(io.BytesIO(picture("png"))), picture("jpeg")[:-300]]
    else:
        tone = np.sin(np.arange(8000)).astype(np.float32)
        cells = [(tone, 8000), (np.stack([tone] * 4, axis=1), 8000), (tone * np.nan, 8000)]

    def load(cell):
        try:
            return (load_image if kind == "image" else load_audio)(cell)
        except MediaError:
            return None

    in_threads(load, cells * 5)
    assert budget.used == 0
    assert len(taken) == 5 * len(cells)
    assert min(taken) >= 9 * 9 * 12 if kind == "image" else min(taken) >= 4 * 8000


def test_an_error_that_is_kept_keeps_nothing_else():
    class Big:
        pass

    def fail():
        big = Big()
        kept.append(weakref.ref(big))
        try:
            int("inner")
        except ValueError as error:
            raise MediaError("outer") from error

    kept: list = []
    try:
        fail()
    except MediaError as error:
        told = without_frames(error)
    gc.collect()
    assert kept[0]() is None
    assert str(told) == "outer"
    assert "inner" in str(told.__cause__)


_PEAK = """
import io, sys
from concurrent.futures import ThreadPoolExecutor
from PIL import Image
from hybridsent.media import load_image

def memory(name):
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) // 1024

def load(raw):
    return load_image(raw).size

image = Image.new("P", (9400, 9400), 3)
image.putpalette([9, 8, 7] * 256)
buffer = io.BytesIO()
image.save(buffer, "PNG", transparency=200)
del image
before = memory("VmRSS")
with ThreadPoolExecutor(4) as pool:
    sizes = list(pool.map(load, [buffer.getvalue()] * 4))
assert sizes == [(9400, 9400)] * 4
print(len(buffer.getvalue()), memory("VmHWM") - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_four_small_files_of_huge_pictures_in_four_threads_share_a_gigabyte():
    """Each took 1.4 GiB on its own: a palette with transparency goes through RGBA, four times."""
    done = subprocess.run([sys.executable, "-c", _PEAK], capture_output=True, text=True, check=True)
    size, peak = map(int, done.stdout.split())
    assert size < 2**19
    assert peak < 1300  # MiB; measured 740


# -- bands -----------------------------------------------------------------------------------------


def random_picture(mode: str, size: tuple[int, int], seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    if mode in ("I", "F"):
        values = rng.normal(size=size[::-1]) * 10 ** rng.integers(0, 7)
        return Image.fromarray(values.astype(np.int32 if mode == "I" else np.float32))
    if mode.startswith("I;16"):
        raw = rng.bytes(2 * size[0] * size[1])
        return Image.frombytes(mode, size, raw)
    image = Image.new(mode, size)
    image.frombytes(rng.bytes(len(image.tobytes())))
    if mode in ("P", "PA"):
        image.putpalette(rng.bytes(768))
    return image


@pytest.mark.parametrize("clear", [None, "one", "many"])
@pytest.mark.parametrize("mode", [*MODES, "I;16", "I;16B"])
def test_bands_give_the_pixels_of_the_whole(mode, clear, monkeypatch):
    for seed, size in enumerate([(7, 23), (23, 7), (1, 40), (40, 1)]):
        image = random_picture(mode, size, seed)
        if clear:
            many = clear == "many" and mode == "P"
            one = (7, 8, 9) if mode == "RGB" else 7
            image.info["transparency"] = bytes(range(256)) if many else one
        monkeypatch.setattr(_bands, "_BAND", 2**20)
        whole = _bands.as_rgb(image)
        monkeypatch.setattr(_bands, "_BAND", 30)
        banded = _bands.as_rgb(image)
        assert banded.tobytes() == whole.tobytes()
        assert (banded.mode, banded.size, banded.info) == ("RGB", size, {})
        assert type(banded) is Image.Image


def test_one_nan_in_the_last_band_is_found(monkeypatch):
    monkeypatch.setattr(_bands, "_BAND", 10)
    values = np.zeros((30, 4), dtype=np.float32)
    values[-1, -1] = np.nan
    with pytest.raises(MediaError, match="NaN or infinite"):
        load_image(Image.fromarray(values))


# -- one picture in many rows ----------------------------------------------------------------------


@pytest.mark.parametrize("form", ["png", "jpeg", "gif", "tiff-lzw", "webp"])
def test_an_opened_picture_is_decoded_once_by_many_threads(form, tmp_path):
    from hybridsent.media import content_key

    (tmp_path / "p").write_bytes(picture(form))
    expected = load_image(tmp_path / "p").tobytes()
    for _ in range(10):
        opened = Image.open(tmp_path / "p")
        barrier = threading.Barrier(4)

        def work(i, opened=opened, barrier=barrier):
            barrier.wait(LONG)
            return load_image(opened).tobytes() if i % 2 else content_key(opened, "image")

        results = in_threads(work, range(4))
        assert results[1] == results[3] == expected
        assert results[0] == results[2] == content_key(opened.copy(), "image")
        opened.close()
