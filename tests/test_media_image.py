"""hybridsent.media.image: formats, orientation, transparency, depth, limits, hostile cells."""

from __future__ import annotations

import io
import os
import threading
import time
import warnings

import numpy as np
import pytest
from hostile import hostile_cells, outcome, picture
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile, ImageOps
from sklearn.datasets import load_sample_images

from hybridsent import ImageEncoder
from hybridsent.exceptions import MediaError
from hybridsent.media import IMAGE_VERSION, load_image
from hybridsent.media.image import IMAGE_FORMATS

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 20, 3), dtype=np.uint8)


def saved(image, form, **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def pixels(cell, **limits):
    image = load_image(cell, **limits)
    assert type(image) is Image.Image
    assert image.mode == "RGB"
    assert image.info == {}
    return np.asarray(image)


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "PPM", "WEBP"])
def test_lossless_formats_give_the_pixels_back(form, tmp_path):
    options = {"lossless": True} if form == "WEBP" else {}
    raw = saved(Image.fromarray(PIXELS), form, **options)
    path = tmp_path / "no_extension"
    path.write_bytes(raw)
    for cell in (raw, path, str(path)):
        np.testing.assert_array_equal(pixels(cell), PIXELS)


@pytest.mark.parametrize("form", ["JPEG", "GIF", "AVIF", "MPO"])
def test_lossy_formats_agree_with_pillow(form):
    raw = saved(Image.fromarray(PIXELS), form)
    np.testing.assert_array_equal(
        pixels(raw), np.asarray(Image.open(io.BytesIO(raw)).convert("RGB"))
    )


def test_arrays_and_pictures_give_their_pixels():
    np.testing.assert_array_equal(pixels(PIXELS), PIXELS)
    np.testing.assert_array_equal(pixels(Image.fromarray(PIXELS)), PIXELS)
    np.testing.assert_array_equal(pixels(PIXELS[::-1, ::2]), PIXELS[::-1, ::2])
    np.testing.assert_array_equal(pixels(PIXELS[..., 0]), PIXELS[..., [0, 0, 0]])


def test_loading_twice_is_loading_once():
    exif = Image.Exif()
    exif[0x0112] = 6
    once = load_image(saved(Image.fromarray(PIXELS), "PNG", exif=exif))
    np.testing.assert_array_equal(pixels(once), np.asarray(once))


def test_the_result_shares_nothing_with_the_cell():
    image, array = Image.fromarray(PIXELS), PIXELS.copy()
    for cell in (image, array):
        load_image(cell).paste((1, 2, 3), (0, 0, 5, 5))
    np.testing.assert_array_equal(np.asarray(image), PIXELS)
    np.testing.assert_array_equal(array, PIXELS)


def test_a_picture_given_is_not_changed():
    image = Image.fromarray(PIXELS)
    image.info["note"] = "mine"
    image.getexif()[0x0112] = 3
    load_image(image)
    assert image.info["note"] == "mine"
    assert image.getexif()[0x0112] == 3
    np.testing.assert_array_equal(np.asarray(image), PIXELS)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_agrees_with_pillow(form, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    raw = saved(Image.fromarray(PIXELS), form, exif=exif)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(raw))).convert("RGB"))
    np.testing.assert_array_equal(pixels(raw), expected)
    assert expected.shape[:2] == ((12, 20) if orientation < 5 else (20, 12))
    np.testing.assert_array_equal(pixels(Image.open(io.BytesIO(raw))), expected)


def test_orientation_and_transparency_together():
    image = Image.new("P", (2, 3), 0)
    image.putpalette([200, 0, 0])
    exif = Image.Exif()
    exif[0x0112] = 6
    result = pixels(saved(image, "PNG", transparency=0, exif=exif))
    assert result.shape == (2, 3, 3)
    assert (result == 255).all()


def test_alpha_lies_over_white():
    for alpha, expected in ((0, 255), (255, 100), (51, 224)):
        for image in (
            Image.new("RGBA", (2, 2), (100, 100, 100, alpha)),
            Image.new("LA", (2, 2), (100, alpha)),
        ):
            for cell in (image, saved(image, "PNG")):
                assert (pixels(cell) == expected).all()
    rgba = np.full((2, 2, 4), 100, dtype=np.uint8)
    rgba[..., 3] = 51
    assert (pixels(rgba) == 224).all()


def test_transparent_colours_lie_over_white():
    grey = saved(Image.new("L", (2, 2), 7), "PNG", transparency=7)
    rgb = saved(Image.new("RGB", (2, 2), (7, 8, 9)), "PNG", transparency=(7, 8, 9))
    palette = Image.new("P", (2, 2), 1)
    palette.putpalette([0, 0, 0, 50, 60, 70])
    cells = (
        grey,
        rgb,
        saved(palette, "PNG", transparency=1),
        saved(palette, "GIF", transparency=1),
    )
    for raw in (*cells, saved(palette, "PNG", transparency=b"\xff\0")):
        assert (pixels(raw) == 255).all()
    assert (pixels(saved(palette, "PNG")) == [50, 60, 70]).all()


def test_other_modes():
    assert (pixels(Image.new("1", (2, 2), 1)) == 255).all()
    assert (pixels(Image.new("CMYK", (2, 2), (0, 255, 255, 0))) == [255, 0, 0]).all()
    raw = saved(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", quality=100)
    np.testing.assert_allclose(pixels(raw), np.full((8, 8, 3), [255, 0, 0]), atol=3)


def test_16_bits_are_scaled_not_clipped():
    grey = np.array([[0, 257, 32896, 65535]], dtype=np.uint16)
    expected = np.array([[0, 1, 128, 255]])
    image = Image.fromarray(grey)
    assert image.mode == "I;16"
    big = Image.frombytes("I;16B", (4, 1), grey.astype(">u2").tobytes())
    wide = Image.fromarray(grey.astype(np.int32))
    pgm = b"P5 4 1 65535\n" + grey.astype(">u2").tobytes()
    for cell in (image, saved(image, "PNG"), saved(image, "TIFF"), big, wide, pgm):
        np.testing.assert_array_equal(pixels(cell)[..., 0], expected)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 100.4, 255.0], [0, 100, 255]),
        ([-1.0, 0.0, 1.0], [0, 128, 255]),
        ([0.0, 500.0, 1000.0], [0, 128, 255]),
        ([-3e38, 0.0, 3e38], [0, 128, 255]),
        ([-5.0, -5.0, -5.0], [0, 0, 0]),
    ],
)
def test_floats_are_read_by_their_range(values, expected):
    image = Image.fromarray(np.array([values], dtype=np.float32))
    for cell in (image, saved(image, "TIFF")):
        np.testing.assert_array_equal(pixels(cell)[0, :, 0], expected)


def test_wide_integers_are_stretched():
    image = Image.fromarray(np.array([[-(2**31), 0, 2**31 - 1]], dtype=np.int32))
    np.testing.assert_array_equal(pixels(image)[0, :, 0], [0, 128, 255])


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "TIFF"])
def test_the_first_frame_of_an_animation(form):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue", "lime")]
    options = {"lossless": True} if form == "WEBP" else {}
    raw = saved(frames[0], form, save_all=True, append_images=frames[1:], **options)
    assert Image.open(io.BytesIO(raw)).n_frames == 3
    assert (pixels(raw) == [255, 0, 0]).all()


def test_the_current_frame_of_an_opened_animation():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    opened = Image.open(
        io.BytesIO(saved(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    )
    opened.seek(1)
    assert (pixels(opened) == [0, 0, 255]).all()
    assert opened.tell() == 1


@pytest.mark.parametrize("form", ["PNG", "GIF", "BMP", "TIFF", "WEBP", "JPEG", "AVIF", "PPM"])
def test_the_limit_on_pixels_holds_for_every_cell(form):
    image = Image.fromarray(PIXELS)
    for cell in (image, PIXELS, saved(image, form)):
        assert pixels(cell, max_pixels=240).shape == (12, 20, 3)
        with pytest.raises(MediaError, match="20 x 12 = 240 pixels, more than the 239 allowed"):
            load_image(cell, max_pixels=239)


def test_the_limit_can_be_raised_above_pillows_without_a_warning(monkeypatch):
    raw = saved(Image.fromarray(PIXELS), "PNG")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50)  # 240 are a bomb to it
    np.testing.assert_array_equal(pixels(raw), PIXELS)


def test_bombs_are_refused_by_their_header(tmp_path, monkeypatch):
    bombs = [(n, c) for n, c in hostile_cells("image", tmp_path) if n.startswith("bomb")]
    assert len(bombs) >= 9
    decoded: list[str] = []
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda image: decoded.append(image.format))
    for name, raw in bombs:
        with pytest.raises(MediaError):
            load_image(raw)
        assert decoded == [], name


def test_nothing_global_changes(tmp_path):
    load_image(PIXELS)
    before = Image.MAX_IMAGE_PIXELS, list(warnings.filters), set(os.environ)
    for _, cell in hostile_cells("image", tmp_path)[::5]:
        try:
            load_image(cell)
        except MediaError:
            continue
    assert (Image.MAX_IMAGE_PIXELS, list(warnings.filters), set(os.environ)) == before


def test_threads_do_not_disturb_each_other():
    good, bomb = picture("png"), b"P6 50000 50000 255\n"
    outcomes = []

    def work():
        for raw in [good, bomb] * 20:
            try:
                load_image(raw)
                outcomes.append(raw is good)
            except MediaError:
                outcomes.append(raw is bomb)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [True] * 160


def test_no_other_format_is_opened(monkeypatch):
    Image.init()
    assert "EPS" not in IMAGE_FORMATS

    def refuse(*args):
        raise AssertionError("the EPS plugin was called")

    monkeypatch.setitem(Image.OPEN, "EPS", (refuse, lambda prefix: True))
    with pytest.raises(MediaError, match="no picture of a known format"):
        load_image(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (3, "got int"),
        (b"", "zero bytes"),
        (b"hello", "begins with b'hello'"),
        ("nothing.png", "no file at"),
        (np.zeros((2, 2, 3)), "got float64"),
        (np.zeros((3, 2, 2), dtype=np.uint8), "channels come last"),
        (np.zeros((2, 2, 2), dtype=np.uint8), "got \\(2, 2, 2\\)"),
        (np.zeros(9, dtype=np.uint8), "array.tobytes"),
        (np.zeros((0, 2, 3), dtype=np.uint8), "no pixels: 2 x 0"),
        (Image.new("RGB", (0, 3)), "no pixels: 0 x 3"),
        (Image.fromarray(np.full((2, 2), np.inf, dtype=np.float32)), "NaN or infinite"),
        (picture("jpeg")[:-300], "truncated"),
    ],
)
def test_errors_say_what_was_seen(cell, message):
    with pytest.raises(MediaError, match=message):
        load_image(cell)


def test_a_limit_on_bytes():
    raw = picture("png")
    assert load_image(raw, max_bytes=len(raw)).size == (56, 40)
    with pytest.raises(MediaError, match="more than the"):
        load_image(raw, max_bytes=len(raw) - 1)


def test_the_version_is_a_whole_number():
    assert isinstance(IMAGE_VERSION, int)


@pytest.mark.parametrize("how", ["error", "ignore"])
def test_the_law_over_hostile_cells(how, tmp_path):
    for name, cell in hostile_cells("image", tmp_path):
        start = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter(how)
            image = outcome(load_image, cell)
            if not isinstance(image, bytes):
                assert type(image) is Image.Image, name
                assert image.mode == "RGB", name
                assert min(image.size) > 0, name
                image.tobytes()
        assert time.process_time() - start < 5, name


# -- JPEG files at a reduced size ------------------------------------------------------------------


def waves(height, width, seed=0):
    """Something like a photograph: structure at every scale, the coarser the stronger."""
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width, 3), dtype=np.float32)
    for octave in range(2, 9):
        grid = rng.standard_normal((2**octave + 1, 2**octave + 1, 3)).astype(np.float32)
        for channel in range(3):
            layer = Image.fromarray(grid[..., channel]).resize((width, height), Image.BICUBIC)
            total[..., channel] += np.asarray(layer) * 4 / 2**octave
    return np.clip(127 + 45 * total / total.std(), 0, 255).astype(np.uint8)


def reduction(size, shorter_side):
    """The largest of 8, 4, 2 and 1 that leaves both sides twice as long as is needed."""
    fits = [k for k in (8, 4, 2) if all(side // k >= 2 * shorter_side for side in size)]
    return fits[0] if fits else 1


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 700), st.integers(1, 700), st.integers(1, 120))
def test_a_jpeg_is_reduced_while_both_sides_stay_twice_as_long(width, height, shorter_side):
    raw = saved(Image.new("L", (width, height), 90), "JPEG")
    got = load_image(raw, shorter_side=shorter_side).size
    factor = reduction((width, height), shorter_side)
    assert got == (-(-width // factor), -(-height // factor))
    if factor > 1:
        assert min(got) >= 2 * shorter_side
    if min(width, height) < 4 * shorter_side:
        assert got == (width, height)


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_the_bound_is_exact(factor):
    for size, expected in [(40 * factor, 40), (40 * factor - 1, None)]:
        raw = saved(Image.new("RGB", (size, 1000)), "JPEG")
        width, _ = load_image(raw, shorter_side=20).size
        assert width == (expected or -(-size // (factor // 2)))


@pytest.mark.parametrize(
    "form", [form for form in IMAGE_FORMATS if form not in ("JPEG", "MPO", "HEIF")]
)
def test_other_formats_keep_all_their_pixels(form):
    raw = saved(Image.fromarray(waves(64, 96)), form)
    np.testing.assert_array_equal(pixels(raw, shorter_side=4), pixels(raw))
    assert load_image(raw, shorter_side=4).size == (96, 64)


def test_pictures_and_arrays_keep_all_their_pixels():
    array = waves(64, 96)
    np.testing.assert_array_equal(pixels(array, shorter_side=4), array)
    raw = saved(Image.fromarray(array), "JPEG")
    opened = Image.open(io.BytesIO(raw))
    np.testing.assert_array_equal(pixels(opened, shorter_side=4), pixels(raw))
    assert opened.size == (96, 64)


def test_a_reduced_jpeg_is_the_same_picture():
    raw = saved(Image.fromarray(waves(480, 640)), "JPEG", quality=95)
    for shorter_side, factor in ((100, 2), (50, 4), (20, 8)):
        small = load_image(raw, shorter_side=shorter_side)
        assert small.size == (640 // factor, 480 // factor)
        box = load_image(raw).reduce(factor)
        apart = np.asarray(small).astype(int) - np.asarray(box).astype(int)
        assert np.abs(apart).mean() < 3  # of 255


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_reduced_jpeg_stands_upright(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    raw = saved(Image.fromarray(waves(160, 320)), "JPEG", exif=exif, quality=95)
    small = load_image(raw, shorter_side=20)
    assert small.size == ((80, 40) if orientation < 5 else (40, 80))
    assert small.info == {}
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(raw))).reduce(4)
    apart = np.asarray(small).astype(int) - np.asarray(upright).astype(int)
    assert np.abs(apart).mean() < 3
    turned = np.asarray(small.rotate(180)).astype(int) - np.asarray(upright).astype(int)
    assert np.abs(turned).mean() > 10  # the picture has an up and a down


def test_the_limit_on_pixels_is_on_the_whole_picture():
    raw = saved(Image.new("RGB", (80, 60)), "JPEG")
    assert load_image(raw, shorter_side=3, max_pixels=4800).size == (10, 8)
    with pytest.raises(MediaError, match="80 x 60 = 4,800 pixels, more than the 4,799 allowed"):
        load_image(raw, shorter_side=3, max_pixels=4799)


def test_a_damaged_jpeg_is_damaged_at_any_size():
    raw = saved(Image.fromarray(waves(120, 160)), "JPEG")
    with pytest.raises(MediaError, match="truncated"):
        load_image(raw[: len(raw) // 2], shorter_side=8)


def test_the_vector_of_a_photograph_is_hardly_another():
    sizes = [(2400, 1800), (1800, 2400)]
    photos = [
        Image.fromarray(photo).resize(size, Image.LANCZOS)
        for photo, size in zip(load_sample_images().images, sizes, strict=True)
    ]
    raws = [saved(photo, "JPEG", quality=90) for photo in photos]
    assert [load_image(raw, shorter_side=224).size for raw in raws] == [(600, 450), (450, 600)]
    encoder = ImageEncoder(store=None, device="cpu", precision="float32")
    reduced = encoder.fit_transform(raws)
    whole = encoder.fit_transform([load_image(raw) for raw in raws])
    assert not np.array_equal(reduced, whole)
    assert cosine(reduced, whole).min() > 0.999
    assert cosine(whole[:1], whole[1:]).max() < 0.9  # other pictures are other vectors


def cosine(X, Y):
    return (X * Y).sum(1) / np.linalg.norm(X, axis=1) / np.linalg.norm(Y, axis=1)
