"""Speech and sound models of transformers (layer L2).

Long clips are cut into windows the model was made for, each window is encoded without padding beside longer ones (several speech models
normalise over time, so padding would change the values), and the frames of all windows are pooled together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent.encoders._hf import hidden_layer, load_model, load_processor, vectors_of
from hybridsent.encoders._network import Network, Options
from hybridsent.encoders._pooling import pool
from hybridsent.exceptions import MediaError

__all__ = ["HFAudio"]

_RATE = 16_000  # what media.load_audio gives
_SECONDS_PER_BATCH = 120


class HFAudio(Network):
    """Wav2vec 2.0, HuBERT, WavLM, Whisper (its encoder), AST, CLAP and their like.

    Parameters
    ----------
    folder : Path
        Folder of the model.
    name : str
        Name of the backbone.
    device, precision : str
        As resolved.
    """

    def __init__(self, folder: Path, name: str, device: str, precision: str) -> None:
        self.name = name
        self.device = device
        self.extractor = load_processor("AutoFeatureExtractor", folder, name)
        self.whole = load_model(folder, name, device, precision)
        self.two_tower = hasattr(self.whole, "get_audio_features")
        encoder_decoder = getattr(self.whole.config, "is_encoder_decoder", False)
        self.model = self.whole.get_encoder() if encoder_decoder else getattr(self.whole, "audio_model", self.whole)
        self.dtype = next(self.model.parameters()).dtype
        self.rate = int(getattr(self.extractor, "sampling_rate", _RATE))
        self.window_seconds = _window_seconds(self.extractor)

    @property
    def width(self) -> int:
        """Features per vector."""
        config = self.whole.config
        if self.two_tower and hasattr(config, "projection_dim"):
            return int(config.projection_dim)
        return int(config.hidden_size)

    @property
    def budget(self) -> int:
        """Samples in an automatic batch."""
        return _SECONDS_PER_BATCH * _RATE

    def check(self, options: Options) -> None:
        """Frames have no class token that means the same in all models."""
        if options.pooling == "cls":
            raise ValueError(f"The pooling parameter must be 'auto', 'mean' or 'max' for sound. Got 'cls' for {self.name!r}.")

    def prepare(self, clean: Any, options: Options) -> Any:
        """Cut a clip into windows and compute the model's input of each."""
        wave = clean
        if self.rate != _RATE:
            import soxr

            wave = soxr.resample(wave, _RATE, self.rate).astype(np.float32)
        size = int(self.window_seconds * self.rate)
        parts = [wave[i : i + size] for i in range(0, len(wave), size)]
        if len(parts) > 1 and len(parts[-1]) < self.rate // 10:  # a crumb of under 0.1 s says nothing, and may be too short
            parts.pop()
        return len(clean), [(self._inputs(part), len(part)) for part in parts]

    def _inputs(self, part: np.ndarray) -> dict[str, np.ndarray]:
        inputs = self.extractor(part, sampling_rate=self.rate, return_tensors="np")
        return {key: np.asarray(value) for key, value in inputs.items() if key in ("input_values", "input_features", "is_longer")}

    def cost(self, item: Any) -> int:
        """Samples."""
        return int(item[0])

    def encode(self, batch: Sequence[Any], options: Options) -> np.ndarray:
        """Encode prepared clips: windows of one shape together, then pool the frames of each clip."""
        import torch

        windows = [(i, inputs, n) for i, (_, parts) in enumerate(batch) for inputs, n in parts]
        frames: list[list[Any]] = [[] for _ in batch]
        shapes = [str({key: value.shape for key, value in inputs.items()}) for _, inputs, _ in windows]
        with torch.inference_mode():
            for shape in dict.fromkeys(shapes):
                same = [window for window, other in zip(windows, shapes, strict=True) if other == shape]
                hidden = self._forward([inputs for _, inputs, _ in same], options)
                for (i, _, n), rows in zip(same, hidden, strict=True):
                    frames[i].append(rows[: self._true_frames(n, len(rows))])
            rows = [self._pool(torch.cat(parts), options) for parts in frames]
        return np.asarray(torch.stack(rows).float().cpu().numpy())

    def _forward(self, inputs: list[dict[str, np.ndarray]], options: Options) -> Any:
        import torch

        joined = {}
        for key in inputs[0]:
            tensor = torch.from_numpy(np.concatenate([one[key] for one in inputs])).to(self.device)
            joined[key] = tensor.to(self.dtype) if tensor.is_floating_point() else tensor
        try:
            if self.two_tower and options.pooling == "auto" and options.layer == -1 and options.steps is None:
                return vectors_of(self.whole.get_audio_features(**joined))[:, None]
            output = self.model(**joined, output_hidden_states=options.layer != -1)
        except RuntimeError as error:
            if "size" in str(error) and "kernel" in str(error).lower():
                raise MediaError(f"the clip is too short for {self.name!r}") from error
            raise
        hidden = hidden_layer(output, options.layer, self.name)
        return hidden.flatten(2).transpose(1, 2) if hidden.ndim == 4 else hidden

    def _true_frames(self, samples: int, frames: int) -> int:
        """Whisper pads to its window: only the frames that hold sound count."""
        if not hasattr(self.extractor, "n_samples"):
            return frames
        return max(1, min(frames, math.ceil(frames * samples / self.extractor.n_samples)))

    def _pool(self, frames: Any, options: Options) -> Any:
        import torch

        pooling = "mean" if options.pooling == "auto" else options.pooling
        length = torch.tensor([len(frames)], device=frames.device)
        return pool(frames[None], length, pooling, options.steps)[0]


def _window_seconds(extractor: Any) -> float:
    """Longest clip that the model reads whole."""
    if hasattr(extractor, "chunk_length"):  # Whisper
        return float(extractor.chunk_length or 30)
    if hasattr(extractor, "max_length_s"):  # CLAP
        return float(extractor.max_length_s)
    if hasattr(extractor, "num_mel_bins") and hasattr(extractor, "max_length"):  # AST: frames of 10 ms
        return float(extractor.max_length) / 100
    return 30.0
