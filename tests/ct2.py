"""Write files of CTranslate2 as its own converter does; small ones, with whatever variables."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

_TYPES = ("float32", "int8", "int16", "int32", "float16", "bfloat16")


def written(
    variables: Mapping[str, Any],
    *,
    spec: str = "WhisperSpec",
    version: int = 6,
    aliases: Mapping[str, str] | None = None,
    kinds: Mapping[str, str] | None = None,
) -> bytes:
    """Give the bytes of a model.bin; `kinds` says which floats are written narrower."""
    parts = [struct.pack("<I", version), _text(spec), struct.pack("<II", 3, len(variables))]
    for name, values in variables.items():
        parts.append(_variable(name, np.asarray(values), (kinds or {}).get(name)))
    parts.append(struct.pack("<I", len(aliases or {})))
    parts += [_text(part) for pair in (aliases or {}).items() for part in pair]
    return b"".join(parts)


def _variable(name: str, values: np.ndarray, kind: str | None) -> bytes:
    kind = kind or values.dtype.name
    head = [_text(name), struct.pack(f"<B{values.ndim}I", values.ndim, *values.shape)]
    if kind == "bfloat16":  # the upper half of a float32
        data = (np.ascontiguousarray(values, "<f4").view("<u4") >> 16).astype("<u2").tobytes()
    else:
        data = values.astype(np.dtype(kind).newbyteorder("<")).tobytes()
    return b"".join([*head, struct.pack("<BI", _TYPES.index(kind), len(data)), data])


def _text(text: str) -> bytes:
    raw = text.encode() + b"\0"
    return struct.pack("<H", len(raw)) + raw


def whisper_variables(tensors: Mapping[str, np.ndarray], heads: int) -> dict[str, np.ndarray]:
    """Name the tensors of transformers' WhisperEncoder as CTranslate2's converter does."""
    inside = {
        "self_attn_layer_norm": "self_attention/layer_norm",
        "self_attn.out_proj": "self_attention/linear_1",
        "final_layer_norm": "ffn/layer_norm",
        "fc1": "ffn/linear_0",
        "fc2": "ffn/linear_1",
    }
    made: dict[str, np.ndarray] = {"encoder/num_heads": np.int16(heads)}
    joined: dict[str, list[np.ndarray]] = {}
    for name, values in tensors.items():
        part, _, kind = name.rpartition(".")
        if "norm" in part:
            kind = {"weight": "gamma", "bias": "beta"}[kind]
        if part == "embed_positions":
            made["encoder/position_encodings/encodings"] = values
        elif not part.startswith("layers."):
            made[f"encoder/{part}/{kind}"] = values
        elif part.partition(".self_attn.")[2][:1] in ("q", "k", "v"):
            block = f"encoder/layer_{part.split('.')[1]}/self_attention/linear_0/{kind}"
            joined.setdefault(block, [np.zeros_like(values)] * 3)["qkv".index(part[-6])] = values
        else:
            _, number, rest = part.split(".", 2)
            made[f"encoder/layer_{number}/{inside[rest]}/{kind}"] = values
    return made | {name: np.concatenate(parts) for name, parts in joined.items()}
