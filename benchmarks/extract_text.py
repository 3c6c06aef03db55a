"""Sentences to vectors on the CPU: hybridsent against sentence-transformers, same weights (bge-small-en-v1.5).

    pip install "hybridsent[bench]"
    python benchmarks/extract_text.py [--json FILE]

shows seconds, load, memory and the smallest cosine to sentence-transformers' default, for 4,000 English sentences of 5
to 250 tokens, 10 % of them copies, without a store. sentence-transformers' OpenVINO model is exported beforehand, as its
documentation advises; hybridsent's converted network is kept on disk, as it always is.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from _agreement import least_cosine
from _data import model_folder, read_texts, text_flops, write_texts
from _harness import Benchmark, Way, auto_precision, extraction, first_vector, main
from _report import Goal, Report

REFERENCE = "sentence-transformers"
FLOAT32, AUTO = "hybridsent float32", "hybridsent auto"
OPENVINO_FLOAT32, OPENVINO_AUTO = (
    "sentence-transformers openvino float32",
    "sentence-transformers openvino",
)
EXPORTED = "sentence-transformers-openvino"


def make(folder: Path, quick: bool, size: int | None = None) -> dict[str, Any]:
    return write_texts(folder, size or (100 if quick else 4000))


def one_text(folder: Path) -> list[str]:
    return ["A lovely day."]


def load_ours(precision: str) -> Callable[[Path], Callable[[Any], Any]]:
    def load(folder: Path) -> Callable[[Any], Any]:
        from hybridsent import TextEncoder

        return TextEncoder(device="cpu", precision=precision, store=None).transform

    return load


def load_default(folder: Path) -> Callable[[Any], Any]:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(model_folder()), device="cpu").encode


def export_openvino(folder: Path) -> None:
    """Export the model once; both ways over OpenVINO read it."""
    if (folder / EXPORTED).exists():
        return
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(model_folder()), backend="openvino", device="cpu")
    model.save_pretrained(str(folder / EXPORTED))


def load_openvino(settings: dict[str, Any]) -> Callable[[Path], Callable[[Any], Any]]:
    def load(folder: Path) -> Callable[[Any], Any]:
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(
            str(folder / EXPORTED), backend="openvino", device="cpu", model_kwargs=dict(settings)
        ).encode

    return load


def ours(name: str, asked: str, precision: str) -> Way:
    load = load_ours(asked)
    measure = extraction(load, one_text, read_texts)
    return Way(name, measure, REFERENCE, first_vector(load, one_text), precision)


def over_openvino(name: str, settings: dict[str, Any], precision: str) -> Way:
    measure = extraction(load_openvino(settings), one_text, read_texts)
    return Way(name, measure, REFERENCE, export_openvino, precision, peer_python=True)


WAYS = (
    Way(REFERENCE, extraction(load_default, one_text, read_texts), REFERENCE, None, "float32"),
    over_openvino(OPENVINO_FLOAT32, {"ov_config": {"INFERENCE_PRECISION_HINT": "f32"}}, "float32"),
    over_openvino(OPENVINO_AUTO, {}, auto_precision()),
    ours(FLOAT32, "float32", "float32"),
    ours(AUTO, "auto", auto_precision()),
)


def goals(report: Report) -> list[Goal]:
    found = [
        Goal("float32, times the default's speed", 2.5, report.ratio(FLOAT32, REFERENCE)),
        Goal("float32, smallest cosine", 0.99999, report.agreements.get(FLOAT32)),
        Goal("auto, times the default's speed", 4.0, report.ratio(AUTO, REFERENCE)),
        Goal("auto, smallest cosine", 0.999, report.agreements.get(AUTO)),
        Goal("float32, times its OpenVINO's speed", 1.4, report.ratio(FLOAT32, OPENVINO_FLOAT32)),
        Goal("auto, times its OpenVINO's speed", 1.4, report.ratio(AUTO, OPENVINO_AUTO)),
    ]
    for name in (FLOAT32, AUTO):
        memory = report.share(name, REFERENCE, "peak_mb")
        load = report.share(name, REFERENCE, "load_seconds")
        found.append(Goal(f"{name}, part of the default's memory", 0.5, memory, at_least=False))
        found.append(Goal(f"{name}, part of the default's load", 0.25, load, at_least=False))
    return found


BENCHMARK = Benchmark(
    "Sentences to vectors, CPU",
    WAYS,
    make,
    goals,
    least_cosine,
    "smallest cosine",
    flops=lambda folder: text_flops(read_texts(folder)),
    sized=True,
)

if __name__ == "__main__":
    main(BENCHMARK)
