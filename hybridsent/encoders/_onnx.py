"""The weights in an ONNX file, as plain arrays of float32 (layer L2).

Only the tensors of the file are read, and the names of the products they stand in, never its graph:
the network is built by transformers and runs as any other. Weights of 8 bits are taken back to what
they stand for, once. No library serves: onnx is a compiler's worth of dependencies for four message
types, onnxruntime gives no tensors away, and OpenVINO, which gives them under names of its own, is
not there on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent.exceptions import WeightsError

__all__ = ["read_weights"]

# numbers of the fields, from onnx.proto
_GRAPH = 7  # of a model
_NODE, _TENSOR = 1, 5  # of a graph
_INPUT, _NODE_NAME, _KIND = 1, 3, 4  # of a node
_DIMS, _TYPE, _FLOATS, _INTEGERS, _NAME, _RAW = 1, 2, 4, 5, 8, 9  # of a tensor
_TYPES: dict[int, np.dtype[Any]] = {1: np.dtype("<f4"), 2: np.dtype("u1"), 3: np.dtype("i1")}
"""What a network with weights of 8 bits is made of, by the numbers of the types."""

_QUANTISED, _SCALE, _ZERO = "_quantized", "_scale", "_zero_point"  # as onnxruntime names them


def read_weights(path: Path, name: str) -> dict[str, np.ndarray]:
    """Read the weights of a network that torch exported, under the names that torch knows them by.

    Parameters
    ----------
    path : Path
        An ONNX file; its hash was checked.
    name : str
        Name of the backbone, for the message.

    Returns
    -------
    dict of str to ndarray
        float32; of weights of 8 bits ``(value - zero point) * scale``. Matrices of linear layers
        are as torch keeps them, a row an output.

    Raises
    ------
    WeightsError
        If the file is none, or holds what is not read here.
    """
    try:
        tensors, layers = _read(memoryview(path.read_bytes()))
        return {
            layers.get(key, key): value.T if key in layers else value
            for key, value in _as_floats(tensors).items()
        }
    except (IndexError, KeyError, ValueError) as error:
        raise WeightsError(
            f"The weights of {name!r} in {path} must be an ONNX file whose tensors are float32, or "
            f"of 8 bits with scale and zero point. It cannot be read so ({error!r:.80}): it is "
            "damaged, or another one; fetch it again."
        ) from error


def _read(model: memoryview) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Give all tensors, and the names of the linear layers that products of matrices belong to."""
    tensors: dict[str, np.ndarray] = {}
    layers: dict[str, str] = {}
    for graph in _all(model, _GRAPH):
        for number, message in _fields(graph):
            if number == _TENSOR:
                key, value = _tensor(message)
                tensors[key] = value
            elif number == _NODE:
                layers.update(_linear(message))
    return tensors, layers


def _as_floats(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Take weights of 8 bits back to float32; scales and zero points are used up."""
    found = {}
    for key, value in tensors.items():
        if key.endswith(_QUANTISED):
            stem = key.removesuffix(_QUANTISED)
            # 8 bits less 8 bits is exact in float32, so that one product is rounded, once
            zero = tensors[stem + _ZERO].astype(np.float32)
            found[stem] = (value.astype(np.float32) - zero) * tensors[stem + _SCALE]
        elif not key.endswith((_SCALE, _ZERO)):
            found[key] = value.astype(np.float32)
    return found


def _linear(node: memoryview) -> dict[str, str]:
    """Tell the weight of a product by its layer: torch's exporter names it by its number alone.

    ``/encoder/layer.0/output/dense/MatMul_quant`` is of the layer ``encoder.layer.0.output.dense``.
    """
    fields: dict[int, list[str]] = {}
    for number, value in _fields(node):
        if number in (_INPUT, _NODE_NAME, _KIND):
            fields.setdefault(number, []).append(bytes(value).decode())
    if fields[_KIND][0] not in ("MatMul", "MatMulInteger"):
        return {}
    layer = fields[_NODE_NAME][0].strip("/").rpartition("/")[0].replace("/", ".")
    return {fields[_INPUT][1].removesuffix(_QUANTISED): f"{layer}.weight"}


def _tensor(message: memoryview) -> tuple[str, np.ndarray]:
    """Read a tensor; small ones are kept as lists of numbers, large ones as raw bytes."""
    shape: list[int] = []
    dtype: np.dtype[Any] = np.dtype("V")  # until it is told
    name, parts = "", []
    for number, value in _fields(message):
        if number == _DIMS:
            shape += [value] if isinstance(value, int) else _integers(value)
        elif number == _TYPE:
            dtype = _TYPES[value]
        elif number == _NAME:
            name = bytes(value).decode()
        elif number == _RAW:
            parts.append(np.frombuffer(value, dtype=dtype))
        elif number == _FLOATS:
            parts.append(np.frombuffer(value, dtype="<f4"))
        elif number == _INTEGERS:
            parts.append(np.array(_integers(value), dtype=np.int64).astype(dtype))
    return name, np.concatenate(parts).reshape(shape)


def _all(message: memoryview, wanted: int) -> Iterator[memoryview]:
    return (value for number, value in _fields(message) if number == wanted)


def _fields(message: memoryview) -> Iterator[tuple[int, Any]]:
    """Go through the fields of a protobuf message: their numbers, and an integer or bytes each."""
    place, end = 0, len(message)
    while place < end:
        key, place = _varint(message, place)
        value: Any
        if key & 7 == 0:
            value, place = _varint(message, place)
        else:
            if key & 7 == 2:
                size, place = _varint(message, place)
            else:
                size = {1: 8, 5: 4}[key & 7]
            if size > end - place:
                raise ValueError("a field ends behind the file")
            value = message[place : place + size]
            place += size
        yield key >> 3, value


def _integers(packed: memoryview) -> list[int]:
    found, place = [], 0
    while place < len(packed):
        value, place = _varint(packed, place)
        found.append(value - 2**64 if value >= 2**63 else value)
    return found


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    """Read an integer of 7 bits a byte, and tell where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        byte = message[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
    raise ValueError("an integer without end")
