"""The clips of the demo data: a face or scene that comes to life while a voice speaks (layer L1).

They are written by PyAV with FFmpeg's own encoders (MPEG-4 part 2 and AAC), which every wheel of it
has; whichever libraries a build holds beside these makes no difference.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent._optional import import_optional

__all__ = ["FPS", "write_clip"]

FPS = 8
_RISE = 0.6  # share of the clip in which a mood comes up

_AAC_FRAME = 1024  # samples


def write_clip(path: Path, draw: Callable[[float], Any], samples: np.ndarray, rate: int) -> None:
    """Write pictures and sound as one mp4 file.

    Parameters
    ----------
    path : pathlib.Path
        Where to.
    draw : callable
        ``draw(share)`` gives the picture with a share of its expression, 0 to 1.
    samples : ndarray of int16, shape (n,)
        The sound, whose length is that of the clip.
    rate : int
        Its rate in hertz.
    """
    av = import_optional("av", caller="make_demo(video=True)")
    n = max(2, round(len(samples) / rate * FPS))
    options = {"fflags": "+bitexact"}  # no date in the file
    with av.open(str(path), "w", format="mp4", container_options=options) as file:
        pictures = file.add_stream("mpeg4", rate=FPS, options={"g": str(FPS), "qscale": "3"})
        voice = file.add_stream("aac", rate=rate)
        voice.layout = "mono"
        for stream in (pictures, voice):
            stream.codec_context.thread_count = 1  # the same bytes on any number of cores
            stream.codec_context.flags |= av.codec.context.Flags.bitexact
        pictures.width, pictures.height = draw(0.0).size
        pictures.pix_fmt = "yuv420p"
        for i in range(n):
            frame = av.VideoFrame.from_image(draw(min(1.0, (i + 1) / (n * _RISE))))
            frame.pts = i
            file.mux(pictures.encode(frame))
        file.mux(pictures.encode())
        _say(av, file, voice, samples, rate)


def _say(av: Any, file: Any, stream: Any, samples: np.ndarray, rate: int) -> None:
    floats = np.ascontiguousarray(samples[None].astype(np.float32) / 2**15)
    for start in range(0, floats.shape[1], _AAC_FRAME):
        part = np.ascontiguousarray(floats[:, start : start + _AAC_FRAME])
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = rate, start
        file.mux(stream.encode(frame))
    file.mux(stream.encode())
