"""Films and talks whose truth is known, made of tones and colours by PyAV and soundfile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile

__all__ = ["RATE", "film", "talk", "tone"]

RATE = 16_000
PITCH = {"negative": 220.0, "positive": 1200.0}
COLOUR = {"negative": (30, 30, 200), "positive": (230, 200, 40)}


def tone(kind: str, seconds: float, rng: Any) -> np.ndarray:
    """Voice a mood: a tone with overtones, and hiss."""
    time = np.arange(round(seconds * RATE)) / RATE
    pitch = PITCH[kind] * rng.normal(1, 0.02)
    sound = sum(np.sin(2 * np.pi * pitch * n * time) / n for n in (1, 2, 3))
    return (0.2 * sound + 0.01 * rng.normal(size=len(time))).astype(np.float32)


def talk(path: Path, plan: list[tuple[str | None, float]], seed: int = 0) -> Path:
    """Write a recording of moods; None is digital silence."""
    rng = np.random.default_rng(seed)
    parts = [
        np.zeros(round(seconds * RATE), np.float32) if kind is None else tone(kind, seconds, rng)
        for kind, seconds in plan
    ]
    soundfile.write(path, np.concatenate(parts), RATE)
    return path


def film(
    path: Path,
    plan: list[tuple[str, float]],
    *,
    sound: bool = True,
    fps: int = 10,
    times: list[float] | None = None,
    late: float = 0.0,
    form: str = "mp4",
    codec: str = "libx264",
    seed: int = 0,
) -> Path:
    """Write a film of moods; `times` are those of its frames, `late` how much later its sound is."""
    rng = np.random.default_rng(seed)
    total = sum(seconds for _, seconds in plan)
    shown = np.arange(round(total * fps)) / fps if times is None else np.array(times)
    borders = np.cumsum([seconds for _, seconds in plan])
    with av.open(str(path), "w", format=form) as out:
        pictures = out.add_stream(codec, rate=1000)
        pictures.width = pictures.height = 64
        pictures.pix_fmt = "yuv420p"
        pictures.codec_context.thread_count = 1
        voice = out.add_stream("aac", rate=RATE) if sound else None
        if voice is not None:
            voice.layout = "mono"
        for time in shown:
            kind = plan[min(int(np.searchsorted(borders, time, side="right")), len(plan) - 1)][0]
            pixels = np.full((64, 64, 3), COLOUR[kind], np.uint8)
            pixels[:32] //= 2
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = round(time * 1000)
            out.mux(pictures.encode(frame))
        out.mux(pictures.encode())
        if voice is not None:
            samples = np.concatenate([tone(kind, seconds, rng) for kind, seconds in plan])
            samples = samples[: len(samples) - round(late * RATE)]
            for start in range(0, len(samples), 1024):
                part = np.ascontiguousarray(samples[None, start : start + 1024])
                frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
                frame.sample_rate, frame.pts = RATE, start + round(late * RATE)
                out.mux(voice.encode(frame))
            out.mux(voice.encode())
    return path
