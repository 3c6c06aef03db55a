"""Speech and sound models of transformers (layer L2).

Long clips are cut into windows the model was made for. Each window is encoded without padding
beside longer ones (several speech models normalise over time, so padding would change the values),
and the frames of all windows are pooled together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent.encoders._hf_model import (
    HFNetwork,
    hidden_layer,
    load_model,
    load_processor,
    vectors_of,
)
from hybridsent.encoders._network import Options
from hybridsent.encoders._pooling import pool
from hybridsent.exceptions import MediaError

__all__ = ["HFAudio"]

_RATE = 16_000  # what media.load_audio gives
_SECONDS_PER_BATCH = 120
_INPUTS = ("input_values", "input_features", "is_longer", "attention_mask")


class HFAudio(HFNetwork):
    """Wav2vec 2.0, HuBERT, WavLM, Whisper (its encoder), AST, CLAP and their like.

    With ``pooling="auto"``: the projection of a two-tower model (CLAP), the two class tokens of
    AST, else the mean over frames. Frames that only hold the padding of a fixed window (Whisper,
    AST) are left out.

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
        self._widths = {}
        self.extractor = load_processor("AutoFeatureExtractor", folder, name)
        self.whole = load_model(folder, name, device, precision)
        self.two_tower = hasattr(self.whole, "get_audio_features")
        self.is_ast = self.whole.config.model_type == "audio-spectrogram-transformer"
        self.model = _audio_tower(self.whole)
        self.dtype = next(self.model.parameters()).dtype
        self.rate = int(getattr(self.extractor, "sampling_rate", _RATE))
        self.window = int(_window_seconds(self.extractor) * self.rate)
        self.pads = self.is_ast or hasattr(self.extractor, "n_samples")  # to the whole window

    def sample(self) -> np.ndarray:
        """Give a second of a tone."""
        return np.sin(np.arange(_RATE, dtype=np.float32) / 10)

    @property
    def budget(self) -> int:
        """Samples in an automatic batch."""
        return _SECONDS_PER_BATCH * _RATE

    def check(self, options: Options) -> None:
        """Frames have no class token that means the same in all models."""
        if options.pooling == "cls":
            raise ValueError(
                f"The pooling parameter must be 'auto', 'mean' or 'max' for sound. Got 'cls' for "
                f"{self.name!r}."
            )

    def prepare(self, clean: Any, options: Options) -> Any:
        """Cut a clip into windows and compute the model's input of each."""
        wave = clean
        if self.rate != _RATE:
            import soxr

            wave = soxr.resample(wave, _RATE, self.rate).astype(np.float32)
        parts = [wave[i : i + self.window] for i in range(0, len(wave), self.window)]
        if len(parts) > 1 and len(parts[-1]) < self.rate // 10:
            parts.pop()  # a crumb of under 0.1 s says nothing, and may be too short
        return len(clean), [(self._inputs(part), len(part)) for part in parts]

    def _inputs(self, part: np.ndarray) -> dict[str, np.ndarray]:
        found = self.extractor(part, sampling_rate=self.rate, return_tensors="np")
        inputs = {key: np.asarray(value) for key, value in found.items() if key in _INPUTS}
        raw = inputs.get("input_values")
        if raw is not None and raw.ndim == 2 and self._n_frames(raw.shape[1]) < 1:
            raise MediaError(
                f"the clip of {len(part) / self.rate:.3f} s is too short for {self.name!r}"
            )
        return inputs

    def _n_frames(self, samples: int) -> int:
        """Frames that the convolutions over a raw wave leave; 1 where the model does not tell."""
        count = getattr(self.whole, "_get_feat_extract_output_lengths", None)
        return 1 if count is None else int(count(samples))

    def cost(self, item: Any) -> int:
        """Count samples."""
        return int(item[0])

    def encode(self, batch: Sequence[Any], options: Options) -> np.ndarray:
        """Encode prepared clips: windows of one shape together, then pool each clip's frames."""
        import torch

        windows = [(i, inputs, n) for i, (_, parts) in enumerate(batch) for inputs, n in parts]
        frames: list[dict[int, Any]] = [{} for _ in batch]
        with torch.inference_mode():
            for chunk in self._chunks(windows):
                hidden = self._forward([windows[k][1] for k in chunk], options)
                for k, rows in zip(chunk, hidden, strict=True):
                    i, inputs, n = windows[k]
                    frames[i][k] = rows[: self._true_frames(inputs, n, len(rows), options)]
            # in the order of time, whatever the order in which they were encoded
            joined = [torch.cat([parts[k] for k in sorted(parts)]) for parts in frames]
            return np.asarray(
                torch.stack([self._pool(rows, options) for rows in joined]).float().cpu().numpy()
            )

    def _chunks(self, windows: Sequence[tuple[int, dict[str, np.ndarray], int]]) -> list[list[int]]:
        """Positions of windows of one shape, a budget's worth together: a long clip is many."""
        by_shape: dict[str, list[int]] = {}
        for k, (_, inputs, _) in enumerate(windows):
            shape = str({key: value.shape for key, value in inputs.items()})
            by_shape.setdefault(shape, []).append(k)
        chunks = []
        for same in by_shape.values():
            seconds = max(windows[k][2] for k in same) / self.rate
            size = max(1, int(_SECONDS_PER_BATCH / seconds))
            chunks += [same[start : start + size] for start in range(0, len(same), size)]
        return chunks

    def _forward(self, inputs: list[dict[str, np.ndarray]], options: Options) -> Any:
        import torch

        joined = {}
        for key in inputs[0]:
            tensor = torch.from_numpy(np.concatenate([one[key] for one in inputs])).to(self.device)
            joined[key] = tensor.to(self.dtype) if tensor.is_floating_point() else tensor
        if self.two_tower and _is_default(options):
            return vectors_of(self.whole.get_audio_features(**joined))[:, None]
        output = self.model(**joined, output_hidden_states=options.layer != -1)
        hidden = hidden_layer(output, options.layer, self.name)
        if self.is_ast:
            return hidden[:, :2] if _is_default(options) else self._by_time(hidden)
        if hidden.ndim == 4:  # (n, channels, frequency, time)
            return hidden.transpose(2, 3).flatten(2).transpose(1, 2)
        return hidden

    def _by_time(self, hidden: Any) -> Any:
        """Put patches of AST in the order of time, not of frequency; leave class tokens out."""
        config = self.model.config
        rows = (config.num_mel_bins - config.patch_size) // config.frequency_stride + 1
        return hidden[:, 2:].unflatten(1, (rows, -1)).transpose(1, 2).flatten(1, 2)

    def _true_frames(
        self, inputs: dict[str, np.ndarray], samples: int, frames: int, options: Options
    ) -> int:
        """Frames that hold sound, not the padding of a window."""
        mask = inputs.get("attention_mask")
        if mask is not None and mask.shape[1] == frames:
            return int(mask.sum())
        if not self.pads or (self.is_ast and _is_default(options)):
            return frames
        return max(1, min(frames, math.ceil(frames * samples / self.window)))

    def _pool(self, frames: Any, options: Options) -> Any:
        import torch

        pooling = "mean" if options.pooling == "auto" else options.pooling
        length = torch.tensor([len(frames)], device=frames.device)
        return pool(frames[None], length, pooling, options.steps)[0]


def _is_default(options: Options) -> bool:
    """Whether the one vector is asked for that the model was trained to give."""
    return options.pooling == "auto" and options.layer == -1 and options.steps is None


def _audio_tower(model: Any) -> Any:
    if getattr(model.config, "is_encoder_decoder", False):
        return model.get_encoder()
    return getattr(model, "audio_model", model)


def _window_seconds(extractor: Any) -> float:
    """Longest clip that the model reads whole."""
    if hasattr(extractor, "chunk_length"):  # Whisper
        return float(extractor.chunk_length or 30)
    if hasattr(extractor, "max_length_s"):  # CLAP
        return float(extractor.max_length_s)
    if hasattr(extractor, "num_mel_bins") and hasattr(extractor, "max_length"):
        return float(extractor.max_length) / 100  # AST: frames of 10 ms
    return 30.0
