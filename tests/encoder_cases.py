"""Every encoder there is, with cells to feed it: discovered, never listed."""

from __future__ import annotations

import importlib
import io
import pkgutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from fakes import FAKES
from PIL import Image

import hybridsent
from hybridsent.encoders import Backbone, BaseEncoder, list_backbones
from hybridsent.media import list_modalities

__all__ = [
    "CASES",
    "Case",
    "broken",
    "cells",
    "encoder_classes",
    "encoders_of_the_package",
    "late_broken",
]


@dataclass(frozen=True)
class Case:
    """A backbone and the encoder class that reads its modality."""

    backbone: Backbone
    kind: type[BaseEncoder]

    def __str__(self) -> str:
        return self.backbone.name

    def make(self, **parameters: Any) -> BaseEncoder:
        exact = {"device": "cpu", "n_jobs": 1, "precision": "float32"}
        return self.kind(self.backbone.name, **{**exact, **parameters})

    @property
    def is_fake(self) -> bool:
        return self.backbone in FAKES

    def cells(self, n: int) -> list[Any]:
        return cells(self.backbone.modality, n)


def encoder_classes() -> dict[str, type[BaseEncoder]]:
    """The encoder of each modality that is registered, also by a plugin."""
    return {modality.name: modality.encoder_class() for modality in list_modalities()}


def encoders_of_the_package() -> set[type[BaseEncoder]]:
    """Subclasses of BaseEncoder anywhere in the package."""
    for module in pkgutil.walk_packages(hybridsent.__path__, "hybridsent."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return {kind for kind in _subclasses(BaseEncoder) if kind.__module__.startswith("hybridsent.")}


def _subclasses(kind: type) -> Iterator[type]:
    for sub in kind.__subclasses__():
        yield sub
        yield from _subclasses(sub)


def cells(modality: str, n: int) -> list[Any]:
    """Distinct good cells, small and of different sizes; a plugin brings its own `example`."""
    make = _MAKERS.get(modality)
    if make is None:
        make = sys.modules[encoder_classes()[modality].__module__].example
    return [make(i) for i in range(n)]


def _text(i: int) -> str:
    words = ["what", "a", "lovely", "day", "they", "broke", "my", "phone", "and", "nobody", "cared"]
    return " ".join([f"Post {i}:", *words[: 2 + 3 * i % len(words)]])


def _image(i: int) -> bytes:
    rng = np.random.default_rng(i)
    coarse = Image.fromarray(rng.integers(0, 255, (4, 4, 3), dtype=np.uint8))
    buffer = io.BytesIO()
    coarse.resize((24 + 8 * i, 40)).save(buffer, "PNG")
    return buffer.getvalue()


def _audio(i: int) -> tuple[np.ndarray, int]:
    rng = np.random.default_rng(i)
    t = np.arange(4000 + 1600 * (i % 4)) / 16_000
    voice = 0.3 * np.sin(2 * np.pi * (150 + 40 * i) * t) * (1 + 0.5 * np.sin(2 * np.pi * 3 * t))
    return (voice + 0.01 * rng.standard_normal(len(t))).astype(np.float32), 16_000


_MAKERS: dict[str, Callable[[int], Any]] = {"text": _text, "image": _image, "audio": _audio}


def broken(modality: str) -> Any:
    """A cell that no loader takes, whatever its modality."""
    return object() if modality == "text" else b"no picture and no sound"


def late_broken(modality: str) -> Any:
    """A cell whose key can be computed: it breaks when it is read."""
    return "lone \ud800 surrogate" if modality == "text" else b"no picture and no sound"


_KINDS = encoder_classes()
CASES = [
    Case(backbone, _KINDS[backbone.modality])
    for backbone in (*list_backbones(), *FAKES)
    if backbone.ready is not False  # others are tested on tiny networks of their architecture
]
