"""Short clips, drawn and voiced by PyAV: `clip(...)` gives the bytes of a video or sound.

The brightness of the right half tells the time of a frame, the left half is green; the first
channel is a tone of 220 Hz, the second one of 440 Hz.
"""

from __future__ import annotations

import functools
import io
from typing import Any

import av
import numpy as np

__all__ = ["CONTAINERS", "brightness", "clip", "contained"]

WIDTH, HEIGHT, FPS = 96, 64, 10

AMR = "libopencore_amrnb"  # FFmpeg of PyAV 19 reads it, and no longer writes it

CONTAINERS: dict[str, dict[str, Any]] = {
    "mp4": {"form": "mp4", "codec": "libx264", "sound": "aac"},
    "mpeg4.mp4": {"form": "mp4", "codec": "mpeg4", "sound": "aac"},
    "mov": {"form": "mov", "codec": "libx264", "sound": "pcm_s16le"},
    "mkv": {"form": "matroska", "codec": "libx264", "sound": "libmp3lame"},
    "webm": {"form": "webm", "codec": "libvpx", "sound": "libopus", "rate": 48000},
    "vp9.webm": {"form": "webm", "codec": "libvpx-vp9", "sound": "libopus", "rate": 48000},
    "avi": {"form": "avi", "codec": "mpeg4", "sound": "libmp3lame"},
    "flv": {"form": "flv", "codec": "flv", "sound": "libmp3lame"},
    "wmv": {"form": "asf", "codec": "wmv2", "sound": "libmp3lame"},
    "ts": {"form": "mpegts", "codec": "mpeg2video", "sound": "mp2", "fps": 25},
    "m4a": {"form": "ipod", "codec": None, "sound": "aac"},
    "aac": {"form": "adts", "codec": None, "sound": "aac"},
    "amr": {"form": "amr", "codec": None, "sound": AMR, "rate": 8000},
    "mka": {"form": "matroska", "codec": None, "sound": "flac"},
    "au": {"form": "au", "codec": None, "sound": "pcm_mulaw", "rate": 8000},
}
if AMR not in av.codecs_available:
    del CONTAINERS["amr"]


@functools.cache
def contained(name: str, **changed: Any) -> bytes:
    """Give a clip of two seconds in one of `CONTAINERS`."""
    return clip(**{**CONTAINERS[name], **changed})


def clip(
    *,
    form: str = "mp4",
    codec: str | None = "libx264",
    sound: str | None = "aac",
    seconds: float = 2.0,
    fps: int = FPS,
    rate: int = 44100,
    channels: int = 1,
    rotation: int | None = None,
    times: tuple[int, ...] | None = None,
    options: tuple[tuple[str, str], ...] = (),
    cut: int | None = None,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    tracks: int = 1,
) -> bytes:
    """Make a clip; `times` are those of its frames, in units of 1 / fps, `cut` a change of scene."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=form) as out:
        streams = []
        for _ in range(tracks if codec else 0):
            streams.append(out.add_stream(codec, rate=fps, options=dict(options)))
            streams[-1].width, streams[-1].height = size
            streams[-1].pix_fmt = "yuv420p"
            streams[-1].codec_context.thread_count = 1
            if rotation is not None:
                streams[-1].set_display_rotation(rotation)
        voice = out.add_stream(sound, rate=rate) if sound else None
        if voice is not None:
            voice.layout = "mono" if channels == 1 else "stereo"
        n = int(seconds * fps)
        for stream in streams:
            _draw(out, stream, times or tuple(range(n)), max(n - 1, 1), cut)
        if voice is not None:
            _say(out, voice, int(seconds * rate), rate, channels)
    return buffer.getvalue()


def _draw(out: Any, stream: Any, times: tuple[int, ...], last: int, cut: int | None) -> None:
    for time in times:
        pixels = np.zeros((stream.height, stream.width, 3), np.uint8)
        pixels[:] = min(255, 255 * time // last) if cut is None else 255 * (time >= cut)
        pixels[:, : stream.width // 2] = (0, 200, 0)
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        frame.pts = time
        out.mux(stream.encode(frame))
    out.mux(stream.encode())


def _say(out: Any, stream: Any, n: int, rate: int, channels: int) -> None:
    t = np.arange(n) / rate
    tones = [0.3 * np.sin(2 * np.pi * pitch * t) for pitch in (220, 440)[:channels]]
    both = np.stack(tones).astype(np.float32)
    layout = "mono" if channels == 1 else "stereo"
    step = stream.frame_size or 1024
    fits = av.AudioResampler(format=stream.format, layout=layout, rate=rate)
    for start in range(0, n, step):
        part = np.ascontiguousarray(both[:, start : start + step])
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=layout)
        frame.sample_rate, frame.pts = rate, start
        for fitting in fits.resample(frame):
            out.mux(stream.encode(fitting))
    out.mux(stream.encode())


def brightness(picture: Any) -> float:
    """Tell the time of a frame, as a share of the clip."""
    pixels = np.asarray(picture, dtype=float)
    return float(pixels[:, 3 * pixels.shape[1] // 4 :].mean()) / 255
