"""Videos to features: hybridsent against PyAV's bare decoding of all frames and sound, plus the networks.

    python benchmarks/extract_video.py [--json FILE]

shows seconds, load and memory for 200 mp4 files of 10 s (H.264, 320 x 240, 25 frames a second; AAC, 44.1 kHz), without
a store. The peer is what anybody would write: PyAV decodes every frame and all of the sound in threads, the eight
frames in the middle of equal parts are kept, and the same networks read them. One more way, `--full`, reads a film of
two hours, whose peak of memory must stay below 2 GiB.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from _agreement import least_cosine
from _data import read_clips, write_clips, write_film
from _harness import Benchmark, Way, extraction, main
from _report import Goal, Report

PEER, OWN, FILM = "PyAV + the networks", "hybridsent", "hybridsent, a film of two hours"
SOUND = "audio/whisper-tiny-en"
FRAMES, RATE, THREADS = 8, 16_000, 2


def make(folder: Path, quick: bool) -> dict[str, Any]:
    write_film(folder, hours=0.1 if quick else 2)
    return {"clips": len(write_clips(folder, 4 if quick else 200)), "seconds each": 10}


def one_clip(folder: Path) -> list[str]:
    return read_clips(folder)[:1]


def encoders() -> list[Any]:
    from hybridsent import AudioEncoder, ImageEncoder

    given = {"store": None, "precision": "float32", "n_jobs": THREADS}
    return [ImageEncoder(**given), AudioEncoder(SOUND, **given)]


def load_ours(folder: Path) -> Callable[[list[str]], np.ndarray]:
    both = encoders()
    return lambda paths: np.hstack([encoder.transform(paths) for encoder in both])


def load_peer(folder: Path) -> Callable[[list[str]], np.ndarray]:
    pictures, sounds = encoders()

    def rows(paths: list[str]) -> np.ndarray:
        with ThreadPoolExecutor(THREADS) as pool:
            frames = list(pool.map(_frames, paths))
            samples = list(pool.map(_samples, paths))
        return np.hstack([pictures.transform(frames), sounds.transform(samples)])

    return rows


def _frames(path: str) -> list[Any]:
    import av

    with av.open(path) as file:
        file.streams.video[0].codec_context.thread_count = 1
        decoded = list(file.decode(video=0))
    chosen = [decoded[len(decoded) * (2 * i + 1) // (2 * FRAMES)] for i in range(FRAMES)]
    return [frame.to_image() for frame in chosen]


def _samples(path: str) -> tuple[np.ndarray, int]:
    import av

    fits = av.AudioResampler(format="fltp", layout="mono", rate=RATE)
    with av.open(path) as file:
        file.streams.audio[0].codec_context.thread_count = 1
        parts = [
            part.to_ndarray() for frame in file.decode(audio=0) for part in fits.resample(frame)
        ]
    return np.concatenate(parts, axis=1)[0], RATE


def film(folder: Path) -> dict[str, Any]:
    from hybridsent import AudioEncoder, ImageEncoder

    path = [str(folder / "film.mp4")]
    start = time.perf_counter()
    ImageEncoder(store=None).transform(path)
    long = {"max_seconds": 3 * 3600, "long": "mean", "window_seconds": 30}
    AudioEncoder(SOUND, store=None, **long).transform(path)
    return {"seconds": time.perf_counter() - start}


WAYS = (
    Way(PEER, extraction(load_peer, one_clip, read_clips)),
    Way(OWN, extraction(load_ours, one_clip, read_clips), PEER),
    Way(FILM, film, long=True),
)


def goals(report: Report) -> list[Goal]:
    speed = report.ratio(OWN, PEER)
    return [Goal("times the peer's speed (1 / 1.3)", 1 / 1.3, speed)]


BENCHMARK = Benchmark("Videos to features", WAYS, make, goals, least_cosine, "smallest cosine")

if __name__ == "__main__":
    main(BENCHMARK)
