"""Tiny backbones made for tests: registered like any other, they cost nothing and count.

A vector is made of the hash of the clean object, so equal cells have equal vectors and different
cells different ones. What was encoded is told by `seen()`, in this process; across processes the
store's own counter tells.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from hybridsent.encoders import Backbone, Network, Options, _registry, _runtime, register_backbone
from hybridsent.media import list_modalities

__all__ = [
    "FAKES",
    "WIDTH",
    "batch_sizes",
    "encode_in_worker",
    "fake",
    "forget",
    "installed",
    "seen",
]

WIDTH = 4
_lock = threading.Lock()
_batches: list[list[bytes]] = []


def seen() -> list[bytes]:
    """Digests of all items encoded since the last `forget`, in order."""
    with _lock:
        return [item for batch in _batches for item in batch]


def batch_sizes() -> list[int]:
    """Lengths of all batches encoded since the last `forget`."""
    with _lock:
        return [len(batch) for batch in _batches]


def forget() -> None:
    """Set the counters back."""
    with _lock:
        _batches.clear()


class HashNetwork(Network):
    """Vectors from hashes.

    Parameters
    ----------
    room : int or None
        Items that fit in memory at once; None for any number.
    complaint : exception
        What is raised when they do not.
    not_finite : bool
        Whether each row holds an infinite value.
    """

    def __init__(
        self,
        room: int | None = None,
        complaint: Exception | None = None,
        *,
        not_finite: bool = False,
    ) -> None:
        self.room = room
        self.not_finite = not_finite
        self.complaint = complaint or MemoryError("out of memory")

    @property
    def width(self) -> int:
        return WIDTH

    def prepare(self, clean: Any, options: Options) -> bytes:
        return digest(clean)

    def encode(self, batch: Sequence[bytes], options: Options) -> np.ndarray:
        if self.room is not None and len(batch) > self.room:
            raise self.complaint
        with _lock:
            _batches.append(list(batch))
        size = (options.steps or 1) * WIDTH
        rows = [
            np.frombuffer(hashlib.shake_128(item).digest(4 * size), dtype=np.uint32)
            for item in batch
        ]
        vectors = (np.stack(rows) / 2.0**32).astype(np.float32).reshape(len(batch), -1, WIDTH)
        if self.not_finite:
            vectors[:, 0, 0] = np.inf
        return vectors


def digest(clean: Any) -> bytes:
    """Hash of a clean object: text, picture or samples."""
    if isinstance(clean, str):
        content = clean.encode()
    elif isinstance(clean, np.ndarray):
        content = clean.tobytes()
    else:
        content = repr(clean.size).encode() + clean.tobytes()
    return hashlib.blake2b(content, digest_size=16).digest()


def load(backbone: Backbone, device: str, precision: str) -> Network:
    """Load a fake."""
    return HashNetwork(**backbone.options)


def fake(modality: str, name: str = "fake", **options: Any) -> Backbone:
    """Describe a fake of a modality."""
    return Backbone(
        name=f"{modality}/{name}",
        modality=modality,
        loader="fakes:load",
        weights="none",
        sha256=hashlib.sha256(f"{modality}/{name}".encode()).hexdigest(),
        width=WIDTH,
        licence="BSD-3-Clause",
        commercial_use=True,
        options=options,
    )


FAKES = tuple(fake(modality.name) for modality in list_modalities())


@contextmanager
def installed(*backbones: Backbone) -> Iterator[None]:
    """Register backbones, and take them and their networks away again."""
    names = {backbone.name for backbone in backbones}
    for backbone in backbones:
        register_backbone(backbone)
    forget()
    try:
        yield
    finally:
        for name in names:
            del _registry._registered[name]
        for key in [key for key in _runtime._networks if key[1] in names]:
            del _runtime._networks[key]
        forget()


def encode_in_worker(encoder: Any, cells: Sequence[Any]) -> tuple[np.ndarray, int, int]:
    """Transform in a process that has not heard of the fakes."""
    if FAKES[0].name not in _registry._registered:
        for backbone in FAKES:
            register_backbone(backbone)
    rows = encoder.transform(list(cells))
    return rows, encoder.n_encoded_, encoder.n_from_store_
