"""Videos and sounds in containers: what is read of them, and how errors say what is wrong."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest
import soundfile
from clips import CONTAINERS, FPS, HEIGHT, WIDTH, brightness, clip, contained

from hybridsent.exceptions import MediaError
from hybridsent.media import content_key, is_video, load_audio, load_frames
from hybridsent.media._container_frames import evenly, frames_at, times_of

MOVING = [name for name, made in CONTAINERS.items() if made["codec"]]
SILENT = [name for name, made in CONTAINERS.items() if not made["codec"]]

every_container = pytest.mark.parametrize("name", CONTAINERS)
every_video = pytest.mark.parametrize("name", MOVING)


def pitch(samples, rate=16000):
    """The loudest pitch, in hertz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return spectrum.argmax() * rate / len(samples)


# -- sound


@every_container
def test_the_sound_of_every_container_is_read(name, tmp_path):
    raw = contained(name)
    samples = load_audio(raw)
    assert samples.dtype == np.float32
    assert samples.ndim == 1
    assert abs(len(samples) / 16000 - 2) < 0.15
    assert pitch(samples) == pytest.approx(220, abs=2)
    file = tmp_path / "whatever.bin"
    file.write_bytes(raw)
    np.testing.assert_array_equal(load_audio(file), samples)
    np.testing.assert_array_equal(load_audio({"bytes": raw, "path": None}), samples)
    assert content_key(file, "audio") == content_key(raw, "audio")


@pytest.mark.parametrize("name", ["mp4", "mov", "webm"])
def test_one_channel_of_several_or_their_mean(name):
    raw = contained(name, channels=2)
    assert pitch(load_audio(raw, channel=0)) == pytest.approx(220, abs=2)
    assert pitch(load_audio(raw, channel=1)) == pytest.approx(440, abs=2)
    both = load_audio(raw)
    mean = (load_audio(raw, channel=0) + load_audio(raw, channel=1)) / 2
    np.testing.assert_allclose(both, mean, atol=1e-5)
    with pytest.raises(MediaError, match="2 channels, and channel=2 is asked for"):
        load_audio(raw, channel=2)


def test_channels_of_files_and_arrays_are_chosen_the_same_way():
    t = np.arange(16000) / 16000
    both = np.stack([np.sin(2 * np.pi * f * t) for f in (220, 440)], axis=1).astype(np.float32)
    buffer = io.BytesIO()
    soundfile.write(buffer, both, 16000, format="WAV", subtype="FLOAT")
    for cell in ((both, 16000), buffer.getvalue()):
        np.testing.assert_array_equal(load_audio(cell, channel=1), both[:, 1])
        np.testing.assert_array_equal(load_audio(cell), both.mean(axis=1))
    np.testing.assert_array_equal(load_audio((both[:, 0], 16000), channel=0), both[:, 0])
    with pytest.raises(MediaError, match="1 channel, and channel=1"):
        load_audio((both[:, 0], 16000), channel=1)


def test_channels_that_cancel_out_can_be_read_one_by_one():
    tone = np.sin(np.arange(16000, dtype=np.float32))
    cell = (np.stack([tone, -tone], axis=1), 16000)
    with pytest.raises(MediaError, match="choose one by channel=0"):
        load_audio(cell)
    np.testing.assert_array_equal(load_audio(cell, channel=1), -tone)


@pytest.mark.parametrize("channel", [-1, 1.0, "left", True])
def test_a_wrong_channel_is_the_callers_error(channel):
    with pytest.raises(ValueError, match="channel must be None or a whole number"):
        load_audio((np.ones(9, np.float32), 16000), channel=channel)


def test_a_video_without_sound_says_so():
    with pytest.raises(MediaError, match="it has no sound: it holds video"):
        load_audio(clip(sound=None))


def test_a_long_sound_is_refused_by_its_header_and_names_the_parameter(monkeypatch):
    raw = contained("mp4")

    def refuse(*_):
        raise AssertionError("it was decoded")

    monkeypatch.setattr("hybridsent.media._container_sound.frames_of", refuse)
    with pytest.raises(MediaError, match=r"too long: 2[.0-9]* s, at most 1 s; .*max_seconds"):
        load_audio(raw, max_seconds=1.0)


@pytest.mark.parametrize("name", sorted({"aac", "ts", "amr"} & {*CONTAINERS}))
def test_a_sound_without_a_known_length_is_decoded_only_so_far(name):
    with pytest.raises(MediaError, match=r"too long.*max_seconds"):
        load_audio(contained(name), max_seconds=0.5)


def test_a_short_sound_is_refused():
    with pytest.raises(MediaError, match=r"too short: 2(\.\d+)? s, at least 3 s"):
        load_audio(contained("mp4"), min_seconds=3)


def test_resampling_in_pieces_is_that_of_the_whole():
    raw = contained("mka", rate=44100)
    whole, rate = soundfile.read(io.BytesIO(_as_flac(raw)), dtype="float32")
    np.testing.assert_allclose(load_audio(raw), load_audio((whole, rate)), atol=1e-5)


def _as_flac(raw: bytes) -> bytes:
    """Take the stream of FLAC out of its container."""
    buffer = io.BytesIO()
    with av.open(io.BytesIO(raw)) as source, av.open(buffer, "w", format="flac") as out:
        stream = out.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    return buffer.getvalue()


# -- frames


@every_video
def test_frames_are_those_in_the_middle_of_equal_parts(name, tmp_path):
    raw = contained(name)
    pictures = load_frames(raw, frames=4)
    assert [picture.mode for picture in pictures] == ["RGB"] * 4
    assert {picture.size for picture in pictures} == {(WIDTH, HEIGHT)}
    told = [brightness(picture) for picture in pictures]
    assert np.allclose(told, [0.13, 0.38, 0.63, 0.88], atol=0.07), told
    file = tmp_path / "clip.mp4"
    file.write_bytes(raw)
    for one, other in zip(load_frames(file, frames=4), pictures, strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


@every_video
@pytest.mark.parametrize("gop", ["1", "3", "250"])
def test_the_same_frames_come_wherever_key_frames_are(name, gop):
    raw = contained(name, options=(("g", gop),))
    times = times_of(raw, CONTAINERS[name]["form"].replace("mp4", "mov"), 2**20)
    shown = sorted(times.shown)
    everything = frames_at(raw, _demuxer(name), times, shown, max_pixels=2**20)
    chosen = evenly(times.shown, 3)
    few = frames_at(raw, _demuxer(name), times, chosen, max_pixels=2**20)
    for picture, time in zip(few, chosen, strict=True):
        whole = np.asarray(everything[shown.index(time)])
        np.testing.assert_array_equal(np.asarray(picture), whole)


def _demuxer(name: str) -> str:
    form = CONTAINERS[name]["form"]
    return {"mp4": "mov", "webm": "matroska"}.get(form, form)


@pytest.mark.parametrize("form", ["mp4", "matroska", "mpegts"])
def test_key_frames_from_which_pictures_come_to_be_bit_by_bit_do_not_move_frames(form):
    """As calls are sent: no picture is whole, stripes are refreshed in turn."""
    stripes = (("x264-params", "intra-refresh=1:keyint=20:bframes=0"),)
    raw = clip(form=form, options=stripes, seconds=4, fps=25)
    with av.open(io.BytesIO(raw)) as file:
        everything = [np.asarray(frame.to_image()) for frame in file.decode(video=0)]
    for i, picture in enumerate(load_frames(raw, frames=20)):
        np.testing.assert_array_equal(np.asarray(picture), everything[5 * i + 2])


def test_b_frames_come_in_the_order_of_their_times():
    raw = clip(options=(("bf", "3"), ("g", "12")), seconds=4)
    told = [brightness(picture) for picture in load_frames(raw, frames=13)]
    assert told == sorted(told)
    assert len(told) == 13


def test_a_variable_rate_is_told_by_time():
    raw = clip(times=(0, 1, 2, 3, 4, 5, 26, 38), seconds=4, sound=None)
    told = [brightness(picture) for picture in load_frames(raw, frames=2)]
    assert np.allclose(told, [5 / 39, 26 / 39], atol=0.05)


def test_a_frame_that_is_shown_for_long_comes_once():
    raw = clip(times=(0, 1, 2, 3, 4, 5, 36, 38), seconds=4, sound=None)
    assert [round(39 * brightness(picture)) for picture in load_frames(raw, frames=2)] == [5]


def test_a_single_frame_is_a_video():
    assert len(load_frames(clip(seconds=1 / FPS, sound=None))) == 1


def test_a_video_of_few_frames_gives_all():
    assert len(load_frames(clip(seconds=5 / FPS, sound=None), frames=8)) == 5


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_frames_are_turned_as_the_camera_was_held(turn):
    upright = load_frames(clip(sound=None), frames=1)[0]
    turned = load_frames(clip(sound=None, rotation=turn), frames=1)[0]
    expected = np.rot90(np.asarray(upright), turn // 90)
    np.testing.assert_array_equal(np.asarray(turned), expected)


def test_of_several_tracks_one_is_read():
    assert len(load_frames(clip(tracks=2), frames=3)) == 3


def test_large_frames_are_made_as_small_as_the_caller_says():
    raw = clip(size=(640, 320), sound=None, seconds=0.5)
    assert {picture.size for picture in load_frames(raw, shorter_side=40)} == {(160, 80)}
    assert {picture.size for picture in load_frames(raw, shorter_side=160)} == {(640, 320)}
    assert {picture.size for picture in load_frames(raw)} == {(640, 320)}


def test_cuts_give_a_frame_a_scene():
    raw = clip(cut=15, seconds=3, sound=None)
    told = [brightness(picture) for picture in load_frames(raw, frames="cuts")]
    assert np.allclose(told, [0, 1], atol=0.1)
    assert len(load_frames(contained("mp4"), frames="cuts")) == 1


def test_too_large_frames_are_refused_and_name_the_parameter():
    with pytest.raises(MediaError, match=r"96 x 64 = 6,144 pixels, more than the 6,000 .*max_pix"):
        load_frames(contained("mp4"), max_pixels=6000)


@pytest.mark.parametrize("name", SILENT)
def test_a_sound_alone_has_no_frames(name):
    with pytest.raises(MediaError, match="it has no pictures: it holds audio"):
        load_frames(contained(name))


@pytest.mark.parametrize("frames", [0, -1, 1.5, "all", None, True])
def test_wrong_frames_are_the_callers_error(frames):
    with pytest.raises(ValueError, match='frames must be a whole number from 1, or "cuts"'):
        load_frames(contained("mp4"), frames=frames)


def test_arrays_and_pictures_are_no_videos():
    with pytest.raises(MediaError, match="a video must be a path or the bytes"):
        load_frames(np.zeros((4, 4, 3), np.uint8))


@every_container
def test_a_look_tells_videos_from_sounds(name):
    assert is_video(contained(name)) == (name in MOVING or name == "mka")
    assert is_video({"bytes": contained(name), "path": None}) == is_video(contained(name))


@pytest.mark.parametrize("cell", ["a/b.mp4", "B.MOV", {"path": "c.webm", "bytes": None}])
def test_names_tell_videos(cell):
    assert is_video(cell)
    assert not is_video("a.wav")
    assert not is_video("a.png")


def test_decoders_run_in_one_thread(monkeypatch):
    from hybridsent.media import _container_frames

    counts = []
    kept = _container_frames._Reader.feed

    def watched(reader):
        counts.append(reader.context.thread_count)
        return kept(reader)

    monkeypatch.setattr(_container_frames._Reader, "feed", watched)
    load_frames(contained("mp4"))
    assert set(counts) == {1}
