"""The weights of Whisper's encoder, from whatever form they were published in (layer L2).

CTranslate2's ``model.bin`` (faster-whisper) and the safetensors of transformers hold the same
numbers under other names. Both become one mapping with transformers' names; only the blocks that
are asked for are read, nothing of the decoder.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent.encoders._ctranslate2 import Ct2File
from hybridsent.encoders._files import first_line
from hybridsent.encoders._hf_folder import read_json
from hybridsent.exceptions import WeightsError

__all__ = ["Sizes", "WhisperWeights", "open_weights"]

_HEAD = 64  # wide, in every Whisper model
_BLOCK_PARTS = {
    "self_attn_layer_norm": "self_attention/layer_norm",
    "self_attn.out_proj": "self_attention/linear_1",
    "final_layer_norm": "ffn/layer_norm",
    "fc1": "ffn/linear_0",
    "fc2": "ffn/linear_1",
}
"""Parts of a block, in transformers' names and in CTranslate2's."""

_LIMITS = {"mels": 512, "width": 16_384, "inner": 65_536, "layers": 256, "positions": 100_000}


@dataclass(frozen=True)
class Sizes:
    """How large an encoder is, as its weights tell.

    Parameters
    ----------
    mels : int
        Bands of the spectrogram.
    width : int
        Features of a hidden vector.
    inner : int
        Features within a block.
    layers : int
        Blocks.
    positions : int
        Most hidden vectors of one window of sound.
    heads : int
        Heads of attention.
    """

    mels: int
    width: int
    inner: int
    layers: int
    positions: int
    heads: int


class WhisperWeights(ABC):
    """An opened file of weights.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        Name of the backbone, for messages.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name

    @abstractmethod
    def shape(self, tensor: str) -> tuple[int, ...]:
        """Give the shape of a tensor; none of its numbers is read."""

    @abstractmethod
    def heads(self, width: int) -> int:
        """Tell the number of heads."""

    @abstractmethod
    def n_layers(self) -> int:
        """Count the blocks."""

    @abstractmethod
    def read(self, tensor: str) -> np.ndarray:
        """Read a tensor as float32."""

    def sizes(self) -> Sizes:
        """Tell the sizes, and refuse what is no encoder of Whisper.

        Returns
        -------
        Sizes
            The sizes.

        Raises
        ------
        WeightsError
            If the shapes do not fit together.
        """
        first, positions = self.shape("conv1.weight"), self.shape("embed_positions.weight")
        inner = self.shape("layers.0.fc1.weight")
        if (len(first), len(positions), len(inner)) != (3, 2, 2):
            raise self.wrong(f"its first tensors have the shapes {first}, {positions} and {inner}")
        width = first[0]
        found = {
            "mels": first[1],
            "width": width,
            "inner": inner[0],
            "layers": self.n_layers(),
            "positions": positions[0],
        }
        for what, size in found.items():
            if not 1 <= size <= _LIMITS[what]:
                raise self.wrong(f"its size {what!r} is {size}, not 1 to {_LIMITS[what]}")
        heads = self.heads(width)
        if not 1 <= heads <= width or width % heads:
            raise self.wrong(f"{heads} heads do not divide its width of {width}")
        return Sizes(**found, heads=heads)

    def tensors(self, sizes: Sizes, blocks: int) -> dict[str, np.ndarray]:
        """Read what the first blocks need, and with all blocks the norm behind the last.

        Parameters
        ----------
        sizes : Sizes
            As `sizes` told.
        blocks : int
            How many.

        Returns
        -------
        dict of str to ndarray
            float32, in transformers' names.

        Raises
        ------
        WeightsError
            If a tensor is missing, of another shape, or not finite.
        """
        found = {}
        for tensor, shape in _needed(sizes, blocks).items():
            if self.shape(tensor) != shape:
                raise self.wrong(f"its {tensor!r} has the shape {self.shape(tensor)}, not {shape}")
            found[tensor] = self.read(tensor)
            if not np.isfinite(found[tensor]).all():
                raise self.wrong(f"its {tensor!r} holds numbers that are not finite")
        return found

    def wrong(self, cause: str) -> WeightsError:
        """Make the error that says what is wrong with the file."""
        return WeightsError(
            f"The weights of {self.name!r} in {self.path} must be those of a Whisper model. Got "
            f"others: {cause}. Fetch the file again, or name a folder of such a model."
        )


def _needed(sizes: Sizes, blocks: int) -> dict[str, tuple[int, ...]]:
    """Name the tensors of the first blocks, with their shapes."""
    width, inner = sizes.width, sizes.inner
    needed: dict[str, tuple[int, ...]] = {
        "conv1.weight": (width, sizes.mels, 3),
        "conv1.bias": (width,),
        "conv2.weight": (width, width, 3),
        "conv2.bias": (width,),
        "embed_positions.weight": (sizes.positions, width),
    }
    for i in range(blocks):
        matrices = {
            "fc1": (inner, width),
            "fc2": (width, inner),
            "self_attn.out_proj": (width,) * 2,
        }
        matrices |= {f"self_attn.{one}_proj": (width, width) for one in "qkv"}
        for part, shape in matrices.items():
            needed[f"layers.{i}.{part}.weight"] = shape
            if part != "self_attn.k_proj":  # keys have none
                needed[f"layers.{i}.{part}.bias"] = shape[:1]
        for part in ("self_attn_layer_norm", "final_layer_norm"):
            needed |= {f"layers.{i}.{part}.{one}": (width,) for one in ("weight", "bias")}
    if blocks == sizes.layers:
        needed |= {f"layer_norm.{one}": (width,) for one in ("weight", "bias")}
    return needed


class _CTranslate2(WhisperWeights):
    """``model.bin`` of CTranslate2."""

    def __init__(self, path: Path, name: str, file: Ct2File) -> None:
        super().__init__(path, name)
        self._file = file
        if file.spec != "WhisperSpec":
            raise self.wrong(f"it holds a {file.spec!r}")

    def heads(self, width: int) -> int:
        key = "encoder/num_heads"
        return self._file.number(key) if key in self._file else max(1, width // _HEAD)

    def n_layers(self) -> int:
        n = 0
        while f"encoder/layer_{n}/ffn/linear_0/weight" in self._file:
            n += 1
        return n

    def shape(self, tensor: str) -> tuple[int, ...]:
        variable, third = _variable_of(tensor)
        shape = self._file.shape(variable)
        return shape if third is None or not shape else (shape[0] // 3, *shape[1:])

    def read(self, tensor: str) -> np.ndarray:
        variable, third = _variable_of(tensor)
        values = self._file.floats(variable)
        if third is None:
            return values
        if values.shape[0] % 3:
            raise self.wrong(f"its variable {variable!r} has {values.shape[0]} rows")
        return np.split(values, 3)[third]


def _variable_of(tensor: str) -> tuple[str, int | None]:
    """Give CTranslate2's name of a tensor, and which third of its rows it is; None for all."""
    if tensor == "embed_positions.weight":
        return "encoder/position_encodings/encodings", None
    part, _, kind = tensor.rpartition(".")
    if part.endswith("layer_norm"):
        kind = {"weight": "gamma", "bias": "beta"}[kind]
    block = re.fullmatch(r"layers\.(\d+)\.(.*)", part)
    if block is None:
        return f"encoder/{part}/{kind}", None
    number, inside = block.groups()
    if inside in _BLOCK_PARTS:
        return f"encoder/layer_{number}/{_BLOCK_PARTS[inside]}/{kind}", None
    third = "qkv".index(inside.removeprefix("self_attn.")[0])
    return f"encoder/layer_{number}/self_attention/linear_0/{kind}", third


class _Safetensors(WhisperWeights):
    """``model.safetensors`` of transformers, with ``config.json`` beside it."""

    def __init__(self, path: Path, name: str, file: Any) -> None:
        super().__init__(path, name)
        self._file = file
        self._keys = set(file.keys())
        prefixes = ("model.encoder.", "encoder.", "")
        there = [one for one in prefixes if f"{one}conv1.weight" in self._keys]
        if not there:
            raise self.wrong("it has no 'encoder.conv1.weight'")
        self._prefix = there[0]

    def heads(self, width: int) -> int:
        file = self.path.with_name("config.json")
        config = read_json(file, self.name) if file.is_file() else {}
        heads = config.get("encoder_attention_heads", max(1, width // _HEAD))
        if not isinstance(heads, int):
            raise self.wrong(f"its config.json says that it has {heads!r} heads")
        return heads

    def n_layers(self) -> int:
        n = 0
        while f"{self._prefix}layers.{n}.fc1.weight" in self._keys:
            n += 1
        return n

    def shape(self, tensor: str) -> tuple[int, ...]:
        return tuple(self._file.get_slice(self._key(tensor)).get_shape())

    def read(self, tensor: str) -> np.ndarray:
        return np.asarray(self._file.get_tensor(self._key(tensor)).float().numpy())

    def _key(self, tensor: str) -> str:
        key = f"{self._prefix}{tensor}"
        if key not in self._keys:
            raise self.wrong(f"it has no {key!r}")
        return key


def open_weights(path: Path, name: str, use: Callable[[WhisperWeights], Any]) -> Any:
    """Open a file of weights for as long as they are used.

    Parameters
    ----------
    path : Path
        ``model.bin`` of CTranslate2, or safetensors of transformers.
    name : str
        Name of the backbone, for messages.
    use : callable
        Takes the opened weights.

    Returns
    -------
    object
        What it gave.

    Raises
    ------
    WeightsError
        If the file cannot be read, or does not hold the encoder of a Whisper model.
    """
    if path.suffix != ".safetensors":
        with Ct2File(path, name) as file:
            return use(_CTranslate2(path, name, file))
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as tensors:  # NumPy knows no bfloat16
            return use(_Safetensors(path, name, tensors))
    except (SafetensorError, OSError) as error:
        raise WeightsError(
            f"The weights of {name!r} in {path} cannot be read as plain tensors: "
            f"{first_line(error)}. The file is damaged; fetch it again."
        ) from error
