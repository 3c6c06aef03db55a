"""crop='face': the largest face of a picture, the same in every thread; all of it where there is none."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from hybridsent import ImageEncoder
from hybridsent.exceptions import MissingDependencyError
from hybridsent.media import _faces
from hybridsent.media._faces import cascade_digest, crop_to_face, find_face

cv2 = pytest.importorskip("cv2")
ROOT = Path(__file__).parents[1]


def drawn(*faces: tuple[int, int, int], size: tuple[int, int] = (400, 300)) -> Image.Image:
    """A picture of faces, each with its side, left and top."""
    picture = Image.new("RGB", size, (120, 120, 120))
    draw = ImageDraw.Draw(picture)
    for side, left, top in faces:
        _draw(draw, side / 200, left, top)
    return picture.filter(ImageFilter.GaussianBlur(max(face[0] for face in faces) / 100))


def _draw(draw: ImageDraw.ImageDraw, scale: float, left: int, top: int) -> None:
    def oval(a: float, b: float, c: float, d: float, grey: int) -> None:
        box = [left + a * scale, top + b * scale, left + c * scale, top + d * scale]
        draw.ellipse(box, fill=(grey, grey, grey))

    oval(25, 5, 175, 195, 60)  # hair
    oval(35, 25, 165, 195, 205)
    for middle in (70, 130):
        oval(middle - 24, 70, middle + 24, 102, 150)
        oval(middle - 17, 80, middle + 17, 98, 235)
        oval(middle - 8, 80, middle + 8, 97, 30)
        brow = [left + (middle - 24) * scale, top + 62 * scale]
        brow += [left + (middle + 24) * scale, top + 70 * scale]
        draw.rectangle(brow, fill=(70, 70, 70))
    nose = [(left + x * scale, top + y * scale) for x, y in ((100, 85), (88, 132), (112, 132))]
    draw.polygon(nose, fill=(225, 225, 225))
    oval(88, 126, 112, 138, 150)
    oval(70, 150, 130, 170, 110)


LARGE, SMALL = (160, 200, 100), (80, 30, 30)
NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 70, 3), dtype=np.uint8))
FLAT = Image.new("RGB", (300, 200), (90, 90, 90))


def assert_near(found: Any, side: int, left: int, top: int) -> None:
    x, y, width, height = found
    assert np.hypot(x + width / 2 - left - side / 2, y + height / 2 - top - side / 2) < 0.2 * side
    assert 0.6 * side < width < 1.2 * side
    assert 0.6 * side < height < 1.2 * side


# -- pictures --------------------------------------------------------------------------------------


def test_the_largest_face_is_found():
    assert_near(find_face(drawn(SMALL, LARGE)), *LARGE)
    assert_near(find_face(drawn(SMALL)), *SMALL)


@pytest.mark.parametrize("scale", [0.12, 0.5, 1.0, 3.0, 8.0])
def test_a_face_is_found_whatever_the_size_of_its_picture(scale):
    face = tuple(round(scale * value) for value in (200, 20, 10))
    size = tuple(round(scale * value) for value in (240, 220))
    assert_near(find_face(drawn(face, size=size)), *face)


def test_what_is_cut_out_is_the_face_and_a_quarter_of_it_on_each_side():
    picture = drawn(LARGE, size=(500, 400))
    x, y, width, height = find_face(picture)
    part = crop_to_face(picture)
    assert part.size == (width + 2 * round(width / 4), height + 2 * round(height / 4))
    left, top = x - round(width / 4), y - round(height / 4)
    whole = np.asarray(picture)[top : top + part.height, left : left + part.width]
    np.testing.assert_array_equal(np.asarray(part), whole)


def test_a_face_at_the_edge_is_cut_at_the_edge():
    part = crop_to_face(drawn((200, 0, 0), size=(200, 200)))
    assert part.width <= 200
    assert part.height <= 200
    assert part.mode == "RGB"


@pytest.mark.parametrize(
    "picture",
    [
        *(Image.new("RGB", size, (200, 10, 10)) for size in ((1, 1), (7, 7), (8, 8), (1, 5000))),
        *(Image.new("RGB", size) for size in ((3000, 2), (9, 2000), (30, 30), (4000, 3000))),
        *(FLAT, NOISE, Image.new("RGB", (64, 64), (255, 255, 255))),
    ],
    ids=lambda picture: f"{picture.width} x {picture.height}",
)
def test_pictures_without_a_face(picture):
    assert find_face(picture) is None
    assert crop_to_face(picture) is None


def test_a_huge_picture_is_searched_in_little_memory():
    picture = drawn((3000, 500, 500), size=(6000, 5000))
    find_face(picture)
    tracemalloc.start()
    try:
        assert_near(find_face(picture), 3000, 500, 500)
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()


def test_threads_find_the_same_and_leave_opencvs_threads_as_they_were():
    pictures = [drawn(LARGE), drawn(SMALL, LARGE), drawn(SMALL), FLAT, NOISE]
    alone = [find_face(picture) for picture in pictures]
    before, found, ready = cv2.getNumThreads(), {}, threading.Barrier(8, timeout=60)

    def work(i: int) -> None:
        ready.wait()
        found[i] = [find_face(picture) for picture in pictures * 3]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[i] for i in range(8)] == [alone * 3] * 8
    assert cv2.getNumThreads() == before


def test_workers_find_the_same():
    pictures = [drawn(LARGE), drawn(SMALL), FLAT]
    found = joblib.Parallel(n_jobs=2)(joblib.delayed(find_face)(each) for each in pictures)
    assert found == [find_face(each) for each in pictures]


# -- encoder ---------------------------------------------------------------------------------------


def encoder(**parameters: Any) -> ImageEncoder:
    given = {"device": "cpu", "precision": "float32", "store": None, "crop": "face"}
    return ImageEncoder(**{**given, **parameters})


def test_a_row_is_that_of_the_face():
    picture = drawn(LARGE)
    rows = encoder().fit_transform([picture, np.asarray(picture)])
    np.testing.assert_array_equal(rows[0], rows[1])
    of_the_part = encoder(crop=None).fit_transform([crop_to_face(picture)])
    np.testing.assert_allclose(rows[:1], of_the_part, rtol=0, atol=1e-4 * rows.max())
    assert np.abs(rows[0] - encoder(crop=None).fit_transform([picture])[0]).max() > 1e-2


def test_a_picture_without_a_face_is_read_as_a_whole_and_counted():
    cells = [drawn(LARGE), FLAT, NOISE, None, FLAT]
    cropping = encoder()
    rows = cropping.fit_transform(cells)
    whole = encoder(crop=None).fit_transform(cells)
    np.testing.assert_allclose(rows[[1, 2]], whole[[1, 2]], rtol=0, atol=1e-4 * rows[1:3].max())
    assert np.isnan(rows[3]).all()
    assert (cropping.n_encoded_, cropping.n_without_face_) == (3, 2)
    cropping.transform(cells[:1])
    assert cropping.n_without_face_ == 0


def test_items_and_rows_of_the_store_are_counted_as_encoded_cells_are(tmp_path):
    cells = [[drawn(LARGE), FLAT], NOISE]
    for parameters in ({}, {"steps": 2}):
        cropping = encoder(store=tmp_path / str(len(parameters)), **parameters)
        cropping.fit_transform(cells)
        assert (cropping.n_encoded_, cropping.n_without_face_) == (3, 2)
        cropping.transform(cells)
        assert (cropping.n_encoded_, cropping.n_without_face_) == (0, 0)


def test_each_frame_of_a_video_is_searched_and_counted():
    pytest.importorskip("av")
    from clips import clip

    cropping = encoder(frames=3)
    cropping.fit_transform([clip(), FLAT, drawn(LARGE)])
    assert cropping.n_encoded_ == 3
    assert (cropping.n_searched_, cropping.n_without_face_) == (5, 4)


def test_calls_at_the_same_time_do_not_take_each_others_counts(monkeypatch):
    """The call that ends first must not end the count of the other."""
    cropping = encoder().fit([FLAT])
    searched = crop_to_face

    def within(picture):
        monkeypatch.setattr("hybridsent.encoders._image.crop_to_face", searched)
        cropping.transform([NOISE])
        return searched(picture)

    monkeypatch.setattr("hybridsent.encoders._image.crop_to_face", within)
    cropping.transform([FLAT])
    assert cropping.n_searched_ <= 1


def test_a_photograph_is_turned_and_shrunk_before_it_is_searched(tmp_path):
    picture = drawn((1200, 300, 200), size=(2000, 1600))
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "turned.jpg"
    picture.transpose(Image.Transpose.ROTATE_90).save(path, quality=95, exif=exif)
    upright = io.BytesIO()
    picture.save(upright, "JPEG", quality=95)
    cropping = encoder()
    rows = cropping.fit_transform([path, upright.getvalue()])
    assert cropping.n_without_face_ == 0
    a, b = rows
    assert a @ b / np.linalg.norm(a) / np.linalg.norm(b) > 0.99


def test_only_a_crop_is_in_the_fingerprint_with_the_cascade(monkeypatch):
    assert encoder(crop=None).fingerprint() == ImageEncoder(precision="float32").fingerprint()
    first = encoder().fingerprint()
    assert first != encoder(crop=None).fingerprint()
    monkeypatch.setattr("hybridsent.encoders._image.cascade_digest", lambda: "0" * 16)
    assert encoder().fingerprint() not in (first, encoder(crop=None).fingerprint())


def test_a_broken_picture_is_told_as_ever():
    with pytest.warns(match="1 of 2 cells are broken"):
        found = encoder(on_error="missing").fit_transform([b"no picture", FLAT])
    assert np.isnan(found).any(axis=1).tolist() == [True, False]


@pytest.mark.parametrize("crop", ["faces", "", True])
def test_a_wrong_crop_is_refused(crop):
    with pytest.raises(ValueError, match="crop"):
        encoder(crop=crop).fit([FLAT])


def test_without_the_extra_it_is_named(monkeypatch):
    monkeypatch.setattr(_faces, "_cascade", _faces._cascade.__wrapped__)
    monkeypatch.setattr(_faces.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(MissingDependencyError, match=r'pip install "hybridsent\[faces\]"'):
        encoder().fingerprint()


def test_the_fingerprint_and_an_encoder_without_crop_import_no_opencv():
    code = (
        "import sys; from hybridsent import ImageEncoder\n"
        "ImageEncoder(crop='face', precision='float32').fingerprint()\n"
        "assert 'cv2' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=120)
    assert len(cascade_digest()) == 16


def test_a_network_without_a_size_of_its_own_gets_the_face():
    """A backbone that reads all pixels names no shorter side."""

    class Sizes:
        shorter_side = None

    read = encoder()._read(drawn(LARGE), Sizes())
    assert read.size == crop_to_face(drawn(LARGE)).size
