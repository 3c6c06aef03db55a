"""A modality of one's own, in one file: pictures of a thermal camera, with a network in NumPy.

The tests load it as any user would: `hybridsent.load_plugin`, ``--plugin``, HYBRIDSENT_PLUGINS.
"""

from __future__ import annotations

import hashlib
import io
from typing import Any

import numpy as np

from hybridsent import Modality, register_modality
from hybridsent.encoders import Backbone, BaseEncoder, Network, register_backbone
from hybridsent.exceptions import MediaError

_SIDE = 4  # blocks of a picture, in each direction
_WEIGHTS = np.sin(np.arange(_SIDE * _SIDE * 8, dtype=np.float32)).reshape(_SIDE * _SIDE, 8)
_ZERO, _RANGE = 20.0, 15.0  # degrees Celsius


def read_thermal(content: Any) -> np.ndarray:
    """Degrees Celsius, from the content of a .npy file or from an array."""
    if isinstance(content, np.ndarray):
        array = content
    else:
        try:
            array = np.load(io.BytesIO(content), allow_pickle=False)
        except (ValueError, EOFError, OSError) as error:
            raise MediaError(f"this is no .npy file of numbers: {error}") from error
    if array.ndim != 2 or array.dtype.kind != "f" or min(array.shape) < _SIDE:
        raise MediaError(
            f"a thermal picture must be floats of shape (H, W), {_SIDE} at least; got "
            f"{array.dtype} of shape {array.shape}"
        )
    if not np.isfinite(array).all():
        raise MediaError("the thermal picture has temperatures that are not finite")
    return array.astype(np.float32)


def looks_thermal(cell: Any) -> bool:
    """A .npy file by its name, or an array of floats with two axes."""
    if isinstance(cell, np.ndarray):
        return cell.ndim == 2 and cell.dtype.kind == "f"
    return isinstance(cell, str) and cell.lower().endswith(".npy")


class ThermalEncoder(BaseEncoder):
    """Turn pictures of a thermal camera into vectors."""

    modality = "thermal"

    def __init__(
        self,
        model: str = "thermal/blocks",
        *,
        device: str = "auto",
        precision: str = "auto",
        batch_size: int | str = "auto",
        steps: int | None = None,
        store: Any = "default",
        on_error: str = "raise",
        n_jobs: int | None = None,
        verbose: bool = False,
        pooling: str = "auto",
        layer: int = -1,
        revision: str | None = None,
        local_files_only: bool = True,
    ) -> None:
        self.model = model
        self.device = device
        self.precision = precision
        self.batch_size = batch_size
        self.steps = steps
        self.store = store
        self.on_error = on_error
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.pooling = pooling
        self.layer = layer
        self.revision = revision
        self.local_files_only = local_files_only


class Blocks(Network):
    """Means of blocks through one layer; with steps, of as many stripes from top to bottom."""

    @property
    def width(self) -> int:
        return _WEIGHTS.shape[1]

    def encode(self, batch: Any, options: Any) -> np.ndarray:
        return np.stack([self._rows(picture, options.steps or 1) for picture in batch])

    def _rows(self, picture: np.ndarray, steps: int) -> np.ndarray:
        n = len(picture)
        stripes = [picture[i * n // steps : -(-(i + 1) * n // steps)] for i in range(steps)]
        return np.stack([np.tanh(_blocks(stripe) @ _WEIGHTS) for stripe in stripes])


def _blocks(picture: np.ndarray) -> np.ndarray:
    rows, columns = (np.arange(_SIDE) * size // _SIDE for size in picture.shape)
    sizes = [
        np.diff(np.append(at, size))
        for at, size in zip((rows, columns), picture.shape, strict=True)
    ]
    sums = np.add.reduceat(np.add.reduceat(picture, rows, axis=0), columns, axis=1)
    means = sums / np.maximum(np.outer(*sizes), 1)
    return ((means - _ZERO) / _RANGE).ravel()


def load(backbone: Backbone, device: str, precision: str) -> Network:
    """Load the network."""
    return Blocks()


def example(i: int) -> bytes:
    """Content of a small file, another one for each number."""
    rows, columns = np.mgrid[: 12 + i % 3, : 16 + i % 2]
    buffer = io.BytesIO()
    np.save(buffer, 20 + 10 * np.sin((1 + i) * rows / 5) * np.cos(columns / (2 + i)))
    return buffer.getvalue()


register_modality(
    Modality(
        "thermal",
        read_thermal,
        ThermalEncoder,
        expected="a path or the content of a .npy file, or an array of floats (H, W)",
        forms=("content", "path", "array"),
        looks_like=looks_thermal,
        column_names=("thermal", "heat", "temperature"),
        extensions=(".npy",),
    )
)
register_backbone(
    Backbone(
        "thermal/blocks",
        "thermal",
        load,
        sha256=hashlib.sha256(_WEIGHTS.tobytes()).hexdigest(),
        width=_WEIGHTS.shape[1],
        licence="BSD-3-Clause",
        commercial_use=True,
        half_precision=False,
    )
)
