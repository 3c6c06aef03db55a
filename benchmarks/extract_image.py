"""Pictures to vectors on the CPU: hybridsent against eager torch, same weights (EfficientNet-Lite0).

    python benchmarks/extract_image.py [--json FILE]

shows seconds, load, memory and the smallest cosine to the usual loop (Pillow, torchvision's transforms, batches of 32
through the network of efficientnet_lite_pytorch, mean over positions), for 500 JPEG files of 640 x 480, without a store.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from _agreement import least_cosine
from _data import read_pictures, write_pictures
from _harness import Benchmark, Way, auto_precision, extraction, first_vector, main
from _report import Goal, Report

REFERENCE = "eager torch"
FLOAT32, AUTO = "hybridsent float32", "hybridsent auto"
BATCH = 32


def make(folder: Path, quick: bool, size: int | None = None) -> dict[str, Any]:
    return {
        "pictures": len(write_pictures(folder, size or (40 if quick else 500))),
        "size": "640 x 480",
    }


def one_picture(folder: Path) -> list[str]:
    return read_pictures(folder)[:1]


def load_eager(folder: Path) -> Callable[[Sequence[str]], Any]:
    import torch
    from _peers import efficientnet, efficientnet_pictures
    from PIL import Image

    model, prepare = efficientnet(), efficientnet_pictures()

    def encode(paths: Sequence[str]) -> Any:
        vectors = []
        with torch.inference_mode():
            for start in range(0, len(paths), BATCH):
                some = [Image.open(path).convert("RGB") for path in paths[start : start + BATCH]]
                maps = model.extract_features(torch.stack([prepare(one) for one in some]))
                vectors.append(maps.mean(dim=(2, 3)))
        return torch.cat(vectors).numpy()

    return encode


def load_ours(precision: str) -> Callable[[Path], Callable[[Any], Any]]:
    def load(folder: Path) -> Callable[[Any], Any]:
        from hybridsent import ImageEncoder

        return ImageEncoder(device="cpu", precision=precision, store=None).transform

    return load


def ours(name: str, asked: str, precision: str) -> Way:
    load = load_ours(asked)
    measure = extraction(load, one_picture, read_pictures)
    return Way(name, measure, REFERENCE, first_vector(load, one_picture), precision)


WAYS = (
    Way(REFERENCE, extraction(load_eager, one_picture, read_pictures), REFERENCE, None, "float32"),
    ours(FLOAT32, "float32", "float32"),
    ours(AUTO, "auto", auto_precision()),
)


def flops(folder: Path) -> float:
    from _peers import efficientnet_flops

    return len(read_pictures(folder)) * efficientnet_flops()


def goals(report: Report) -> list[Goal]:
    return [
        Goal("float32, times eager torch's speed", 5.0, report.ratio(FLOAT32, REFERENCE)),
        Goal("float32, smallest cosine", 0.999, report.agreements.get(FLOAT32)),
        Goal("auto, times eager torch's speed", 8.0, report.ratio(AUTO, REFERENCE)),
        Goal("auto, smallest cosine", 0.999, report.agreements.get(AUTO)),
    ]


BENCHMARK = Benchmark(
    "Pictures to vectors, CPU",
    WAYS,
    make,
    goals,
    least_cosine,
    "smallest cosine",
    flops=flops,
    sized=True,
)

if __name__ == "__main__":
    main(BENCHMARK)
