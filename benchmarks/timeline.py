"""How much faster than it plays a recording is scored, against windows that are cut before.

    python benchmarks/timeline.py [--minutes 10] [--rounds 3]

Both ask the same model (audio/whisper-tiny-en, windows of 4 s every second), interleaved, in one
process; nothing is stored. Then the memory of an hour: a process reads and cuts it, and one of ten
minutes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from hybridsent import make_fusion
from hybridsent.scoring import Scorer
from hybridsent.timeline import score_timeline

RATE, WINDOW, HOP = 16_000, 4, 1
READ = """
import sys, time
from hybridsent.timeline._windows import Recording
begin = time.perf_counter()
recording = Recording(sys.argv[1], window=4.0, hop=1.0, frame_rate=None, channel=None,
                      shorter_side=None, keep_going=False)
n = sum(1 for _ in recording.windows())
took = time.perf_counter() - begin
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(n, took, int(peak) / 1024)
"""


def recording(path: Path, minutes: int, rng: np.random.Generator) -> np.ndarray:
    """Write noise whose colour and level change, and give it."""
    parts = []
    for _ in range(minutes * 6):
        noise = rng.normal(size=10 * RATE).astype(np.float32)
        smooth = np.convolve(noise, np.ones(rng.integers(1, 30)), "same")
        parts.append(0.2 * smooth / np.abs(smooth).max())
    sound = np.concatenate(parts).astype(np.float32)
    soundfile.write(path, sound, RATE)
    return sound


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        rows = [(recording(Path(folder) / "a.wav", 1, rng)[: 4 * RATE], RATE) for _ in range(12)]
        clips = pd.DataFrame({"audio": pd.Series(rows, dtype=object)})
        model = make_fusion(audio=True, store=None).fit(clips, ["negative", "positive"] * 6)
        scorer = Scorer(model)
        path = Path(folder) / "long.wav"
        sound = recording(path, arguments.minutes, rng)
        seconds = len(sound) / RATE
        starts = range(0, len(sound) - WINDOW * RATE + 1, HOP * RATE)
        cells = [(sound[start : start + WINDOW * RATE], RATE) for start in starts]
        table = pd.DataFrame({"audio": pd.Series(cells, dtype=object)})
        scorer.score(table[:64])  # warm
        took: dict[str, list[float]] = {"timeline": [], "cut before": []}
        for _ in range(arguments.rounds):
            begin = time.perf_counter()
            line = score_timeline(path, scorer, window=WINDOW, hop=HOP)
            took["timeline"].append(time.perf_counter() - begin)
            begin = time.perf_counter()
            alone = scorer.score(table)
            took["cut before"].append(time.perf_counter() - begin)
        same = np.abs(line.answers.probabilities - alone.probabilities).max()
        print(f"{seconds / 60:.0f} minutes, {len(table)} windows; largest difference {same:.1e}")
        for name, times in took.items():
            print(f"{name:>12}: {seconds / min(times):6.1f} times real time ({min(times):.1f} s)")
        ratios = [a / b for a, b in zip(took["timeline"], took["cut before"], strict=True)]
        print(
            f"timeline / cut before: {np.median(ratios):.2f} ({', '.join(f'{r:.2f}' for r in ratios)})"
        )
        for minutes in (10, 60):
            file = Path(folder) / f"{minutes}.wav"
            recording(file, minutes, rng)
            done = subprocess.run(
                [sys.executable, "-c", READ, str(file)], capture_output=True, text=True, check=True
            )
            n, wall, peak = done.stdout.split()
            print(
                f"reading and cutting {minutes} minutes: {n} windows, "
                f"{minutes * 60 / float(wall):.0f} times real time, peak {float(peak):.0f} MB"
            )


if __name__ == "__main__":
    main()
