"""Sound to features: hybridsent against opensmile, same engine and sets.

    python benchmarks/extract_audio.py [--json FILE]

shows seconds, load and memory for 200 wav files of 3 s (16 kHz, mono), the sets ComParE_2016 and eGeMAPSv02, without a
store, against opensmile's `process_files` with one worker, two threads and two processes. The best of these is the peer.
The largest difference is told as a part of the largest value of its column.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from _agreement import largest_difference
from _data import read_voices, write_voices
from _harness import Benchmark, Way, extraction, main
from _report import Goal, Report

SETS = {"ComParE_2016": "audio/compare-2016", "eGeMAPSv02": "audio/egemaps-v02"}
SETTINGS: dict[str, dict[str, Any]] = {
    "opensmile, 1 worker": {"num_workers": 1},
    "opensmile, 2 threads": {"num_workers": 2, "multiprocessing": False},
    "opensmile, 2 processes": {"num_workers": 2, "multiprocessing": True},
}
ROUNDING = 1e-6  # of float32


def make(folder: Path, quick: bool) -> dict[str, Any]:
    return {"clips": len(write_voices(folder, 8 if quick else 200)), "seconds each": 3}


def one_clip(folder: Path) -> list[str]:
    return read_voices(folder)[:1]


def load_peer(folder: Path, feature_set: str, settings: dict[str, Any]) -> Callable[[Any], Any]:
    import opensmile

    smile = opensmile.Smile(
        opensmile.FeatureSet[feature_set], opensmile.FeatureLevel.Functionals, **settings
    )
    return lambda paths: smile.process_files(paths).to_numpy()


def load_ours(folder: Path, backbone: str) -> Callable[[Any], Any]:
    from hybridsent import AudioEncoder

    return AudioEncoder(backbone, store=None).transform


def ways_of(feature_set: str) -> list[Way]:
    names = {f"{setting}: {feature_set}": kwargs for setting, kwargs in SETTINGS.items()}
    reference = next(iter(names))
    peers = [
        Way(
            name,
            extraction(
                partial(load_peer, feature_set=feature_set, settings=kwargs), one_clip, read_voices
            ),
            reference,
            forks=kwargs.get("multiprocessing", False),
        )
        for name, kwargs in names.items()
    ]
    load = partial(load_ours, backbone=SETS[feature_set])
    own = Way(f"hybridsent: {feature_set}", extraction(load, one_clip, read_voices), reference)
    return [*peers, own]


WAYS = tuple(way for feature_set in SETS for way in ways_of(feature_set))


def against_best(report: Report, feature_set: str) -> float | None:
    ratios = [
        report.ratio(f"hybridsent: {feature_set}", f"{setting}: {feature_set}")
        for setting in SETTINGS
    ]
    return min((ratio for ratio in ratios if ratio is not None), default=None)


def goals(report: Report) -> list[Goal]:
    found = []
    for feature_set in SETS:
        best = against_best(report, feature_set)
        found.append(Goal(f"{feature_set}, times opensmile's speed at its best setting", 1.3, best))
        apart = report.agreements.get(f"hybridsent: {feature_set}")
        found.append(Goal(f"{feature_set}, largest difference", ROUNDING, apart, at_least=False))
    return found


BENCHMARK = Benchmark(
    "Sound to features", WAYS, make, goals, largest_difference, "largest difference", max
)

if __name__ == "__main__":
    main(BENCHMARK)
