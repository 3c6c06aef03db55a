"""hybridsent.media.audio: formats, mixing, resampling, limits, cut files, hostile cells."""

from __future__ import annotations

import io
import time

import numpy as np
import pytest
import soundfile
import soxr
from hostile import encoded, hostile_cells, outcome, sound, wav_header
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hybridsent.exceptions import MediaError
from hybridsent.media import AUDIO_VERSION, _mend, load_audio

RATE = 16000
TONE = (0.5 * np.sin(np.arange(RATE) * (2 * np.pi * 440 / RATE))).astype(np.float32)


def loaded(cell, **limits):
    samples = load_audio(cell, **limits)
    assert type(samples) is np.ndarray
    assert samples.dtype == np.float32
    assert samples.ndim == 1
    assert np.isfinite(samples).all()
    return samples


@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64", "AIFF"])
def test_float_files_give_the_samples_back(form, tmp_path):
    raw = encoded(TONE, RATE, form)
    path = tmp_path / "picture.png"
    path.write_bytes(raw)
    for cell in (raw, path, str(path), (TONE, RATE)):
        np.testing.assert_array_equal(loaded(cell), TONE)


@pytest.mark.parametrize(
    ("form", "subtype", "tolerance"),
    [
        ("WAV", "PCM_16", 1e-4),
        ("WAV", "PCM_24", 1e-6),
        ("WAV", "PCM_U8", 1e-2),
        ("WAV", "ULAW", 2e-2),
        ("FLAC", "PCM_16", 1e-4),
        ("OGG", "VORBIS", 0.05),
        ("OGG", "OPUS", 0.05),
        ("MP3", "MPEG_LAYER_III", 0.05),
    ],
)
def test_encoded_files_come_close(form, subtype, tolerance):
    samples = loaded(encoded(TONE, RATE, form, subtype))
    assert len(samples) == len(TONE)
    middle = slice(2000, -2000)  # codecs are less exact where a sound starts
    np.testing.assert_allclose(samples[middle], TONE[middle], atol=tolerance)


@pytest.mark.parametrize("seconds", [0.3, 2.0, 7.3])
@pytest.mark.parametrize("rate", [16000, 22050, 44100, 48000])
@pytest.mark.parametrize("mode", ["CONSTANT", "VARIABLE", "AVERAGE"])
def test_whole_mp3_files_are_not_taken_for_cut_ones(seconds, rate, mode):
    buffer = io.BytesIO()
    noise = 0.1 * np.random.default_rng(0).standard_normal(int(seconds * rate))
    soundfile.write(buffer, noise, rate, format="MP3", bitrate_mode=mode, compression_level=0.5)
    assert len(loaded(buffer.getvalue(), sampling_rate=rate)) == len(noise)


def test_mp3_of_constant_bit_rate_needs_no_header_frame():
    buffer = io.BytesIO()
    noise = 0.1 * np.random.default_rng(0).standard_normal(3 * 44100)
    soundfile.write(
        buffer, noise, 44100, format="MP3", bitrate_mode="CONSTANT", compression_level=0.5
    )
    raw = buffer.getvalue()
    bare = raw[raw.find(raw[:2], 100) :]
    assert len(loaded(bare, sampling_rate=44100)) >= len(noise)
    assert len(loaded(b"ID3\x03\0\0\0\0\0\x0a" + bytes(10) + bare, sampling_rate=44100)) > 0
    assert len(loaded(raw + b"TAG" + bytes(125), sampling_rate=44100)) == len(noise)


def test_mp3_that_libsndfile_would_cut_silently_is_refused():
    """Of a variable bit rate without its header frame, libsndfile gives a part and no error."""
    rng = np.random.default_rng(0)
    samples = np.concatenate([0.3 * TONE] * 3 + [0.3 * rng.standard_normal(3 * RATE)])
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, 44100, format="MP3", bitrate_mode="VARIABLE")
    raw = buffer.getvalue()
    bare = raw[raw.find(raw[:2], 100) :]
    with soundfile.SoundFile(io.BytesIO(bare)) as file:
        assert len(file.read()) < 0.9 * len(samples)
    with pytest.raises(MediaError, match="variable bit rate"):
        load_audio(bare)


@pytest.mark.parametrize("name", ["wav", "wav-float", "rf64", "aiff", "flac", "ogg", "opus", "mp3"])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.999])
def test_cut_files_are_refused(name, share):
    raw = sound(name, seconds=3.0)
    assert len(loaded(raw)) == 3 * RATE
    with pytest.raises(MediaError, match="cut off"):
        load_audio(raw[: int(share * len(raw))])


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000])
def test_wav_written_to_a_pipe_has_no_length_and_is_read(size):
    raw = wav_header(size=size) + (TONE * 2**15).astype("<i2").tobytes()
    np.testing.assert_allclose(loaded(raw), TONE, atol=1e-4)


# -- writers that could not go back to the header --------------------------------------------------


def with_bytes(raw, position, new):
    return raw[:position] + new + raw[position + len(new) :]


_STREAMED = [0, 0x7FFFFFFF - 36, 0x7FFF0000, 0x80000000, 0xFFFFFFFF - 36, 0xFFFFFFFF]


@pytest.mark.parametrize("riff", [0, 0xFFFFFFFF])
@pytest.mark.parametrize("size", _STREAMED)
@pytest.mark.parametrize("between", [b"", b"LIST\x1a\0\0\0INFOISFT\x0e\0\0\0Lavf59.27.100\0"])
def test_a_streamed_wav_is_read_to_its_end(riff, size, between):
    head = with_bytes(wav_header(size=size), 4, riff.to_bytes(4, "little"))
    raw = head[:36] + between + head[36:] + (TONE * 2**15).astype("<i2").tobytes()
    np.testing.assert_allclose(loaded(raw), TONE, atol=1e-4)


def test_an_empty_wav_with_chunks_behind_it_is_empty():
    for behind in (b"", b"LIST\x04\0\0\0abcd", b"LIST\x03\0\0\0abc\0id3 \x02\0\0\0xx"):
        with pytest.raises(MediaError, match="zero samples"):
            load_audio(wav_header() + behind)


@pytest.mark.parametrize("more", [1, 8, 36, 44])
def test_a_header_that_counts_itself_is_no_cut(more):
    samples = (TONE * 2**15).astype("<i2").tobytes()
    raw = wav_header(size=len(samples) + more) + samples
    np.testing.assert_allclose(loaded(raw), TONE, atol=1e-4)
    with pytest.raises(MediaError, match="cut off: 32,000 bytes of 32,"):
        load_audio(wav_header(size=len(samples) + 100) + samples)


@pytest.mark.parametrize("size", [0, 2**32 - 1, 2**64 - 1])
def test_a_streamed_rf64_is_read_to_its_end(size):
    raw = with_bytes(encoded(TONE, RATE, "RF64"), 28, size.to_bytes(8, "little"))
    np.testing.assert_array_equal(loaded(raw), TONE)


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_streamed_aiff_is_read_to_its_end(size):
    raw = encoded(TONE, RATE, "AIFF", "PCM_16")
    raw = with_bytes(raw, raw.find(b"SSND") + 4, size.to_bytes(4, "big"))
    raw = with_bytes(raw, raw.find(b"COMM") + 10, size.to_bytes(4, "big"))
    np.testing.assert_allclose(loaded(raw), TONE, atol=1e-4)


def test_a_streamed_flac_is_read_to_its_end_and_within_limits():
    raw = encoded(TONE, RATE, "FLAC", "PCM_16")
    raw = with_bytes(raw, 21, bytes([raw[21] & 0xF0, 0, 0, 0, 0]))
    np.testing.assert_allclose(loaded(raw), TONE, atol=1e-4)
    assert len(loaded(raw, max_seconds=1.0)) == RATE
    with pytest.raises(MediaError, match=r"too long: .*at most 0\.5 s"):
        load_audio(raw, max_seconds=0.5)


def ogg_pages(raw):
    pages = []
    while raw:
        length = 27 + raw[26] + sum(raw[27 : 27 + raw[26]])
        pages.append(raw[:length])
        raw = raw[length:]
    return pages


@pytest.mark.parametrize("checksum", ["right", "as it was"])
@pytest.mark.parametrize("name", ["ogg", "opus"])
def test_an_ogg_without_its_end_flag_is_read_whole(name, checksum):
    whole = sound(name, seconds=3.0)
    *pages, last = ogg_pages(whole)
    page = bytearray(last)
    page[5] &= ~4
    if checksum == "right":
        page[22:26] = _mend._ogg_checksum(page)
    bare = b"".join(pages) + bytes(page)
    assert bare != whole
    np.testing.assert_array_equal(loaded(bare), loaded(whole))
    assert _mend._ogg_checksum(bytearray(last)) == last[22:26]


@pytest.mark.parametrize("name", ["ogg", "opus"])
def test_an_ogg_that_ends_with_a_whole_page_is_read_so_far(name):
    *pages, _ = ogg_pages(sound(name, seconds=3.0))
    assert 2 * RATE < len(loaded(b"".join(pages))) < 3 * RATE


@pytest.mark.parametrize("name", ["ogg", "opus"])
def test_an_ogg_whose_last_page_is_damaged_is_refused(name):
    *pages, last = ogg_pages(sound(name, seconds=3.0))
    page = bytearray(last)
    page[5] &= ~4
    page[-9] ^= 1
    with pytest.raises(MediaError, match="last Ogg page is damaged"):
        load_audio(b"".join(pages) + bytes(page))


def test_bytes_after_the_sound_are_ignored():
    raw = encoded(TONE, RATE) + b"LIST\x04\0\0\0abcd"
    np.testing.assert_array_equal(loaded(raw), TONE)


def test_channels_are_averaged():
    stereo = np.stack([TONE, TONE / 2], axis=1)
    for cell in ((stereo, RATE), encoded(stereo, RATE)):
        np.testing.assert_allclose(loaded(cell), 0.75 * TONE, atol=1e-7)
    np.testing.assert_array_equal(loaded((TONE[:, None], RATE)), TONE)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000, 192000])
def test_resampling_is_that_of_soxr(rate):
    tone = np.sin(np.arange(rate, dtype=np.float32) * np.float32(2 * np.pi * 440 / rate))
    samples = loaded((tone, rate))
    np.testing.assert_array_equal(samples, soxr.resample(tone, rate, RATE, quality="HQ"))
    assert len(samples) == RATE
    spectrum = np.abs(np.fft.rfft(samples))
    assert spectrum.argmax() == 440


@settings(max_examples=50, deadline=None)
@given(
    n=st.integers(1, 3000),
    rate=st.sampled_from([8000, 16000, 44100]),
    target=st.sampled_from([8000, 16000, 24000]),
)
@example(n=1, rate=8000, target=16000)
def test_duration_is_kept(n, rate, target):
    noise = np.random.default_rng(n).standard_normal(n).astype(np.float32)
    try:
        samples = load_audio((noise, rate), sampling_rate=target, min_seconds=0.0)
    except MediaError:
        assert n == 1 or n * target / rate < 2  # one sample, which is silence, or none after it
    else:
        assert abs(len(samples) - n * target / rate) <= 1


def test_numbers_of_other_types():
    ints = np.round(TONE * 2**15)
    for array in (ints.astype(np.int16), ints.astype(">i2"), (ints * 2**16).astype(np.int32)):
        np.testing.assert_allclose(loaded((array, RATE)), TONE, atol=1e-4)
    for dtype in (np.float16, np.float64, np.longdouble, ">f4"):
        np.testing.assert_allclose(loaded((TONE.astype(dtype), RATE)), TONE, atol=1e-3)
    np.testing.assert_array_equal(loaded((TONE, 16000.0)), TONE)
    np.testing.assert_array_equal(loaded((TONE, np.int32(16000))), TONE)


def test_layout_does_not_matter():
    np.testing.assert_array_equal(loaded((TONE[::-1], RATE)), TONE[::-1])
    np.testing.assert_array_equal(loaded((TONE[::2], RATE)), TONE[::2])


def test_levels_beyond_one_are_kept():
    np.testing.assert_allclose(loaded((TONE * 20, RATE)), TONE * 20)
    np.testing.assert_allclose(loaded(encoded(TONE * 20, RATE)), TONE * 20)


def test_the_result_is_not_the_callers_memory():
    mine = TONE.copy()
    loaded((mine, RATE))[:] = 0
    loaded((mine[:, None], RATE))[:] = 0
    np.testing.assert_array_equal(mine, TONE)


@pytest.mark.parametrize("make", [lambda a: (a, RATE), lambda a: encoded(a, RATE)])
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, "NaN or infinite"),
        (np.inf, "NaN"),
        (-np.inf, "NaN"),
        (-3e4, "32768"),
        (1e30, "up to"),
    ],
)
def test_impossible_samples(make, value, message):
    spoilt = TONE.copy()
    spoilt[-1] = value
    with pytest.raises(MediaError, match=message):
        load_audio(make(spoilt))


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (3, "got int"),
        (b"", "zero bytes"),
        (b"hello", "begins with b'hello'"),
        ("nothing.wav", "no file at"),
        ([TONE, TONE], "got list"),
        ([(TONE, RATE), (TONE, RATE)], "holds 2 items, and one is read"),
        ((RATE, TONE), "rate before the samples"),
        ((TONE.tolist(), RATE), "tuple \\(list, int\\)"),
        ((TONE, 0), "1000 to 192000, got 0"),
        ((TONE, -16000), "got -16000"),
        ((TONE, 10**9), "got 1000000000"),
        ((TONE, 16000.5), "whole number"),
        ((TONE, "16000"), "whole number"),
        ((TONE, None), "got None"),
        ((TONE, True), "got True"),
        ((TONE[:0], RATE), "zero samples"),
        ((TONE[:799], RATE), "too short: 0.04994 s, at least 0.05 s"),
        ((TONE * 0, RATE), "digital silence"),
        ((TONE * 0 + 0.25, RATE), "all samples are equal"),
        ((np.stack([TONE, -TONE], axis=1), RATE), "cancel each other"),
        ((np.stack([TONE, TONE]), RATE), "16000 channels"),
        ((TONE[None, :, None], RATE), "shape \\(n,\\) or \\(n, channels\\)"),
        ((TONE.astype(np.uint8), RATE), "got uint8"),
        ((TONE.astype(complex), RATE), "got complex128"),
        (encoded(TONE[:0], RATE), "zero samples"),
        (encoded(TONE * 0, RATE), "digital silence"),
        (encoded(TONE, 500), "1000 to 192000, got 500"),
        (wav_header(channels=65, size=13000) + bytes(13000), "65 channels"),
    ],
)
def test_errors_say_what_was_seen(cell, message):
    with pytest.raises(MediaError, match=message):
        load_audio(cell)


def test_limits_on_duration():
    for cell in ((TONE, RATE), encoded(TONE, RATE)):
        assert len(loaded(cell, min_seconds=1.0, max_seconds=1.0)) == RATE
        with pytest.raises(MediaError, match=r"too long: 1 s, at most 0\.5 s"):
            load_audio(cell, max_seconds=0.5)
        with pytest.raises(MediaError, match="too short: 1 s, at least 2 s"):
            load_audio(cell, min_seconds=2)


def test_too_long_a_file_is_refused_by_its_header(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("samples were decoded")

    monkeypatch.setattr(soundfile.SoundFile, "read", refuse)
    with pytest.raises(MediaError, match="too long"):
        load_audio(encoded(TONE, RATE, "FLAC", "PCM_16"), max_seconds=0.5)


def test_a_limit_on_bytes():
    raw = encoded(TONE, RATE)
    assert len(loaded(raw, max_bytes=len(raw))) == RATE
    with pytest.raises(MediaError, match="more than the"):
        load_audio(raw, max_bytes=len(raw) - 1)


@pytest.mark.parametrize(
    "params",
    [
        *({"sampling_rate": rate} for rate in (0, -1, 16000.0, "16000", 10**9)),
        *({"min_seconds": -1}, {"min_seconds": 2, "max_seconds": 1}, {"max_seconds": float("nan")}),
        {"max_seconds": float("inf")},
    ],
)
def test_wrong_parameters_are_the_callers_error(params):
    with pytest.raises(ValueError, match=r"sampling_rate|seconds") as caught:
        load_audio((TONE, RATE), **params)
    assert not isinstance(caught.value, MediaError)


def test_the_version_is_a_whole_number():
    assert isinstance(AUDIO_VERSION, int)


def test_the_law_over_hostile_cells(tmp_path):
    for name, cell in hostile_cells("audio", tmp_path):
        start = time.process_time()
        samples = outcome(load_audio, cell)
        if not isinstance(samples, bytes):
            assert type(samples) is np.ndarray, name
            assert samples.dtype == np.float32, name
            assert samples.ndim == 1, name
            assert len(samples) >= 800, name
            assert np.isfinite(samples).all(), name
            assert np.ptp(samples) > 0, name
        assert time.process_time() - start < 5, name
