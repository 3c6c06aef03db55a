"""Every form in which one and the same cell may come: `cell_forms(kind, folder)`.

Laws over them: each is read as the same object, under the same key, and is recognised in a table.
"""

from __future__ import annotations

import io
import pathlib
from typing import Any

import numpy as np
import soundfile
from PIL import Image

__all__ = ["KINDS", "cell_forms", "families", "form_names"]

KINDS = ("text", "image", "audio")
RATE = 16_000
_TEXT = "What a lovely day, nobody cared!"


def families(kind: str, folder: pathlib.Path, seed: int = 0) -> dict[str, dict[str, Any]]:
    """Families of forms; within one the key is the same, and over all of them what is read."""
    return {"text": _texts, "image": _images, "audio": _sounds}[kind](folder, seed)


def cell_forms(kind: str, folder: pathlib.Path, seed: int = 0) -> dict[str, Any]:
    """All forms of a kind by name."""
    found = families(kind, folder, seed)
    return {f"{family} {name}": c for family, forms in found.items() for name, c in forms.items()}


def form_names(kind: str) -> list[str]:
    """Names of the forms, for parametrising."""
    return list(cell_forms(kind, pathlib.Path()))


def _texts(folder: pathlib.Path, seed: int) -> dict[str, dict[str, Any]]:
    text = f"{_TEXT} {seed}"
    forms: dict[str, Any] = {"str": text, "np.str_": np.str_(text), "np.bytes_": np.bytes_(text)}
    return {"words": {**forms, **_contents(text.encode())}}


def _contents(raw: bytes) -> dict[str, Any]:
    wide = np.frombuffer(raw, dtype=np.uint8).repeat(2)
    return {
        "bytes": raw,
        "bytearray": bytearray(raw),
        "memoryview": memoryview(raw),
        "scattered memoryview": memoryview(wide)[::2],
    }


def _files(raw: bytes, path: pathlib.Path) -> dict[str, Any]:
    if path.parent != pathlib.Path():
        path.write_bytes(raw)
    name = str(path)
    plain = {**_contents(raw), "str": name, "np.str_": np.str_(name), "pathlib": path}
    held = {
        "bytes and path": {"bytes": raw, "path": "no/such/file"},
        "bytes alone": {"bytes": raw},
        "bytes, no path": {"bytes": raw, "path": None},
        "path, no bytes": {"bytes": None, "path": name},
        "path alone": {"path": path},
        "NaN for bytes": {"bytes": float("nan"), "path": name},
        "bytearray": {"path": None, "bytes": bytearray(raw)},
    }
    holders = {f"dict of {name}": holder for name, holder in held.items()}
    return {
        **plain,
        **holders,
        **_alone(raw, "bytes"),
        **_alone(name, "str"),
        **_alone(held["bytes alone"], "dict"),
    }


def _alone(item: Any, name: str) -> dict[str, Any]:
    objects = np.empty(1, dtype=object)
    objects[0] = item
    return {f"list of {name}": [item], f"tuple of {name}": (item,), f"array of {name}": objects}


def _images(folder: pathlib.Path, seed: int) -> dict[str, dict[str, Any]]:
    rng = np.random.default_rng(seed)
    grey = rng.integers(0, 256, (24, 32), dtype=np.uint8)
    picture = Image.fromarray(grey)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    raw = buffer.getvalue()
    return {
        "file": _files(raw, folder / f"{seed}.png"),
        "grey": {"(H, W)": grey, "(H, W, 1)": grey[..., None], **_alone(grey, "array")},
        "colour": {"(H, W, 3)": grey[..., None].repeat(3, axis=2)},
        "covered": {"(H, W, 4)": np.dstack([grey, grey, grey, np.full_like(grey, 255)])},
        "picture": {
            "made": picture,
            "opened": Image.open(io.BytesIO(raw)),
            **_alone(picture, "picture"),
        },
    }


def _sounds(folder: pathlib.Path, seed: int) -> dict[str, dict[str, Any]]:
    rng = np.random.default_rng(seed)
    tone = 0.3 * np.sin(np.arange(RATE) * (2 * np.pi * 220 / RATE)) + 0.01 * rng.normal(size=RATE)
    tone = tone.astype(np.float32)
    buffer = io.BytesIO()
    soundfile.write(buffer, tone, RATE, format="WAV", subtype="FLOAT")
    both = np.stack([tone, tone], axis=1)
    held = {"array": tone, "sampling_rate": RATE}
    return {
        "file": _files(buffer.getvalue(), folder / f"{seed}.wav"),
        "samples": {
            "tuple": (tone, RATE),
            "list": [tone, RATE],
            "dict": held,
            "dict with path": {"path": None, **held, "bytes": None},
            "numpy rate": (tone, np.int64(RATE)),
            **_alone((tone, RATE), "tuple"),
        },
        "numbers": {
            "tuple": (tone.astype(np.float64), RATE),
            "dict of a list": {"array": tone.astype(np.float64).tolist(), "sampling_rate": RATE},
        },
        "channels": {
            "tuple": (both, RATE),
            "dict, channels first": {"array": both.T, "sampling_rate": RATE},
            "dict of parquet's lists": {"array": _objects(list(both.T)), "sampling_rate": RATE},
        },
    }


def _objects(items: list[Any]) -> np.ndarray:
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array
