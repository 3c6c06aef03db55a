"""Sound to features: hybridsent against opensmile, same engine and sets, and Whisper's encoder against transformers.

    python benchmarks/extract_audio.py [--json FILE]

shows seconds, load and memory for 200 wav files of 3 s (16 kHz, mono), without a store: the sets ComParE_2016 and
eGeMAPSv02 against opensmile's `process_files` with one worker, two threads and two processes (the best of these is the
peer), and the default, block 2 of whisper-tiny.en, against transformers' encoder with the same weights: as it comes,
where every clip is padded to 30 s, and with its positions cut by hand to the length that all clips here have, which
gives the values that ours must agree with. The largest difference is told as a part of the largest value of its column.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from _agreement import largest_difference
from _data import read_voices, write_voices
from _harness import Benchmark, Way, extraction, first_vector, main
from _report import Goal, Report

SETS = {"ComParE_2016": "audio/compare-2016", "eGeMAPSv02": "audio/egemaps-v02"}
SETTINGS: dict[str, dict[str, Any]] = {
    "opensmile, 1 worker": {"num_workers": 1},
    "opensmile, 2 threads": {"num_workers": 2, "multiprocessing": False},
    "opensmile, 2 processes": {"num_workers": 2, "multiprocessing": True},
}
ROUNDING = 1e-6  # of float32
SECONDS = 3
WHISPER = "audio/whisper-tiny-en"
PADDED, CUT = "transformers, 30 s: Whisper", "transformers, cut by hand: Whisper"
OURS = {"float32": "hybridsent, float32: Whisper", "auto": "hybridsent, auto: Whisper"}
NEAR = 1e-4  # of float32, through another engine


def make(folder: Path, quick: bool, size: int | None = None) -> dict[str, Any]:
    return {
        "clips": len(write_voices(folder, size or (8 if quick else 200))),
        "seconds each": SECONDS,
    }


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


def load_transformers(folder: Path, seconds: int) -> Callable[[Any], Any]:
    """Give transformers' encoder with the packaged weights; another length than 30 s needs its positions cut."""
    import soundfile
    import torch
    from transformers import WhisperConfig, WhisperFeatureExtractor
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    from hybridsent.encoders import get_backbone

    length = 50 * seconds
    tensors = get_backbone(WHISPER).load("cpu", "float32").graphs.source.tensors(4)
    tensors["embed_positions.weight"] = tensors["embed_positions.weight"][:length]
    sizes = {
        "d_model": 384,
        "encoder_layers": 4,
        "encoder_attention_heads": 6,
        "encoder_ffn_dim": 1536,
    }
    model = WhisperEncoder(WhisperConfig(**sizes, max_source_positions=length)).eval()
    model.load_state_dict({name: torch.from_numpy(values) for name, values in tensors.items()})
    extractor = WhisperFeatureExtractor(chunk_length=seconds)

    def transform(paths: list[str]) -> Any:
        rows = []
        with torch.inference_mode():
            for start in range(0, len(paths), 8):
                waves = [
                    soundfile.read(path, dtype="float32")[0] for path in paths[start : start + 8]
                ]
                mels = extractor(waves, sampling_rate=16_000, return_tensors="pt")["input_features"]
                hidden = model(mels, output_hidden_states=True).hidden_states[2]
                rows += [part[: 50 * SECONDS].mean(0) for part in hidden]
        return torch.stack(rows).numpy()

    return transform


def load_whisper(folder: Path, precision: str) -> Callable[[Any], Any]:
    from hybridsent import AudioEncoder

    return AudioEncoder(WHISPER, store=None, precision=precision).transform


def whisper_ways() -> list[Way]:
    def way(name: str, load: Callable[..., Any], **kwargs: Any) -> Way:
        reference = None if name == PADDED else PADDED if name == CUT else CUT
        work = extraction(partial(load, **kwargs), one_clip, read_voices)
        ready = None if reference is not CUT else first_vector(partial(load, **kwargs), one_clip)
        return Way(name, work, reference, prepare=ready)

    peers = [
        way(name, load_transformers, seconds=seconds)
        for name, seconds in ((PADDED, 30), (CUT, SECONDS))
    ]
    return peers + [
        way(name, load_whisper, precision=precision) for precision, name in OURS.items()
    ]


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


WAYS = (*(way for feature_set in SETS for way in ways_of(feature_set)), *whisper_ways())


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
    return [*found, *whisper_goals(report)]


def whisper_goals(report: Report) -> list[Goal]:
    def times(way: str) -> float | None:
        return report.ratio(OURS["auto"], way, "cpu_seconds")

    apart = report.agreements.get(OURS["float32"])
    return [
        Goal(
            "Whisper, times transformers' speed by CPU seconds, padded to 30 s", 3.0, times(PADDED)
        ),
        Goal("Whisper, the same with its positions cut by hand", 1.0, times(CUT)),
        Goal(
            "Whisper, times ComParE_2016 through our engine", 1.0, times("hybridsent: ComParE_2016")
        ),
        Goal("Whisper, largest difference in float32", NEAR, apart, at_least=False),
    ]


BENCHMARK = Benchmark(
    "Sound to features",
    WAYS,
    make,
    goals,
    largest_difference,
    "largest difference",
    max,
    sized=True,
)

if __name__ == "__main__":
    main(BENCHMARK)
