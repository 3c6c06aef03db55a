"""Speech and sound models of transformers (layer L2).

Long clips are cut into windows the model was made for. Windows of similar length share a batch
where the model masks its padding (that is tried on the model itself); other models normalise over
time, so that padding would change the values, and only windows of one length share a batch. The
frames of all windows of a clip are pooled together, without those of the padding.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from hybridsent.encoders._graphs import Graphs, as_numpy
from hybridsent.encoders._hf_folder import Weights
from hybridsent.encoders._hf_load import load_processor
from hybridsent.encoders._hf_model import HFNetwork, HFSource
from hybridsent.encoders._network import Options
from hybridsent.encoders._pooling import concatenated, pool
from hybridsent.exceptions import MediaError

__all__ = ["HFAudio"]

_RATE = 16_000  # what media.load_audio gives
_SECONDS_PER_BATCH = 120
_INPUTS = ("input_values", "input_features", "is_longer", "attention_mask")
_ROOM = 0.8  # of the longest window of a batch: how short its shortest may be
_NEAR = 1e-4  # of the largest value: what masked padding may change in float32
_NEAR_HALF = 2e-2  # and in 16 bits

_Inputs = dict[str, np.ndarray]


class HFAudio(HFNetwork):
    """Wav2vec 2.0, HuBERT, WavLM, Whisper (its encoder), AST, CLAP and their like.

    With ``pooling="auto"``: the projection of a two-tower model (CLAP), the two class tokens of
    AST, else the mean over frames. Frames that only hold the padding of a fixed window (Whisper,
    AST) or of a batch are left out.

    Parameters
    ----------
    weights : Weights
        Folder of the model.
    device, precision : str
        As resolved.
    """

    tower = "audio_config"
    prepared_by = ("sampling_rate",)  # such a model may have a tokenizer, too, for what it writes

    graphs: Graphs

    def __init__(self, weights: Weights, device: str, precision: str) -> None:
        self.name = weights.name
        self._widths = {}
        self.extractor = load_processor("AutoFeatureExtractor", weights.folder, weights.name)
        self.rate = int(getattr(self.extractor, "sampling_rate", _RATE))
        self.window = int(_window_seconds(self.extractor) * self.rate)
        self.graphs = Graphs(
            weights.name,
            f"audio {weights.digest}",
            lambda precision: _Source(weights, device, precision, self),
            device,
            precision,
        )
        self.facts = self.graphs.table(_Source.facts)
        # to the whole window
        self.pads = self.facts["ast_rows"] is not None or hasattr(self.extractor, "n_samples")

    def sample(self) -> np.ndarray:
        """Give a second of a tone."""
        return np.sin(np.arange(_RATE, dtype=np.float32) / 10)

    @property
    def budget(self) -> int:
        """Samples in an automatic batch: few where small ones stay in the caches of a processor."""
        return (_SECONDS_PER_BATCH // 8 if self.graphs.converts else _SECONDS_PER_BATCH) * _RATE

    def check(self, options: Options) -> None:
        """Frames have no class token that means the same in all models."""
        if options.pooling == "cls":
            raise ValueError(
                f"The pooling parameter must be 'auto', 'mean' or 'max' for sound. Got 'cls' for "
                f"{self.name!r}."
            )

    # -- from a clip to the inputs of the model

    def prepare(self, clean: Any, options: Options) -> Any:
        """Cut a clip into windows and compute the model's input of each."""
        wave = clean
        if self.rate != _RATE:
            import soxr

            wave = soxr.resample(wave, _RATE, self.rate).astype(np.float32)
        parts = [wave[i : i + self.window] for i in range(0, len(wave), self.window)]
        if len(parts) > 1 and len(parts[-1]) < self.rate // 10:
            parts.pop()  # a crumb of under 0.1 s says nothing, and may be too short
        return len(clean), [(self._checked(part), len(part)) for part in parts]

    def _checked(self, part: np.ndarray) -> _Inputs:
        inputs = self.inputs(part)
        raw = inputs.get("input_values")
        if raw is not None and raw.ndim == 2 and self._n_frames(raw.shape[1]) < 1:
            raise MediaError(
                f"the clip of {len(part) / self.rate:.3f} s is too short for {self.name!r}"
            )
        return inputs

    def inputs(self, part: np.ndarray) -> _Inputs:
        """Compute the model's input of one window."""
        found = self.extractor(part, sampling_rate=self.rate, return_tensors="np")
        return {key: np.asarray(found[key]) for key in _INPUTS if key in found}

    @functools.cached_property
    def keys(self) -> list[str]:
        """Names of what the extractor gives, in the order in which the passes take it."""
        return list(self.inputs(self.sample()))

    def _n_frames(self, samples: int) -> int:
        """Frames that the convolutions over a raw wave leave; `samples` where there are none."""
        for kernel, stride in self.facts["convolutions"]:
            samples = (samples - kernel) // stride + 1
        return samples

    def cost(self, item: Any) -> int:
        """Count samples."""
        return int(item[0])

    # -- from batches to vectors

    def usual_pass(self) -> str:
        """Name the pass of default options."""
        return "features" if self.facts["two_tower"] else "hidden -1"

    def encode(self, batch: Sequence[Any], options: Options) -> np.ndarray:
        """Encode the windows of all clips in chunks, then pool each clip's frames."""
        windows = [(i, inputs, n) for i, (_, parts) in enumerate(batch) for inputs, n in parts]
        frames: list[dict[int, np.ndarray]] = [{} for _ in batch]
        for chunk in self._chunks(windows):
            hidden = self._forward(_joined([windows[k][1] for k in chunk]), options)
            for k, rows in zip(chunk, hidden, strict=True):
                i, inputs, n = windows[k]
                frames[i][k] = rows[: self._true_frames(inputs, n, len(rows), options)]
        # in the order of time, whatever the order in which they were encoded
        clips = [concatenated([parts[k] for k in sorted(parts)]) for parts in frames]
        pooling = "mean" if options.pooling == "auto" else options.pooling
        pooled = [pool(clip[None], [len(clip)], pooling, options.steps) for clip in clips]
        return as_numpy(concatenated(pooled))

    def _chunks(self, windows: Sequence[tuple[int, _Inputs, int]]) -> list[list[int]]:
        """Positions of windows that can be encoded together: a long clip is many."""
        order = sorted(range(len(windows)), key=lambda k: (-windows[k][2], _shapes(windows[k][1])))
        chunks: list[list[int]] = []
        for k in order:
            if chunks and self._fits(windows, chunks[-1], k):
                chunks[-1].append(k)
            else:
                chunks.append([k])
        return chunks

    def _fits(self, windows: Sequence[Any], chunk: list[int], k: int) -> bool:
        (_, first, longest), (_, inputs, n) = windows[chunk[0]], windows[k]
        full = (len(chunk) + 1) * longest * _RATE > self.budget * self.rate
        alike = _shapes(first) == _shapes(inputs)
        return not full and (alike or (self.facts["masks"] and n >= _ROOM * longest))

    def _forward(self, inputs: _Inputs, options: Options) -> np.ndarray:
        """Give the frames of each window: (windows, frames, width)."""
        arrays = [inputs[key] for key in self.keys]
        if self.facts["two_tower"] and options.is_default:
            return as_numpy(self.graphs("features", *arrays))[:, None]
        hidden = as_numpy(self.graphs(f"hidden {options.layer}", *arrays))
        if self.facts["ast_rows"] is not None:
            return hidden[:, :2] if options.is_default else self._by_time(hidden)
        if hidden.ndim == 4:  # (n, channels, frequency, time)
            channels = hidden.shape[:2]
            return hidden.swapaxes(2, 3).reshape(*channels, -1).swapaxes(1, 2)
        return hidden

    def _by_time(self, hidden: np.ndarray) -> np.ndarray:
        """Put patches of AST in the order of time, not of frequency; leave class tokens out."""
        n, _, width = hidden.shape
        grid = hidden[:, 2:].reshape(n, self.facts["ast_rows"], -1, width)
        return grid.swapaxes(1, 2).reshape(n, -1, width)

    def _true_frames(self, inputs: _Inputs, samples: int, frames: int, options: Options) -> int:
        """Frames that hold sound, not the padding of a window or of a batch."""
        if options.is_default and (self.facts["two_tower"] or self.facts["ast_rows"] is not None):
            return frames
        if self.pads:
            return max(1, min(frames, math.ceil(frames * samples / self.window)))
        raw = inputs.get("input_values")
        if raw is not None and self.facts["convolutions"]:
            return min(frames, self._n_frames(raw.shape[1]))
        mask = inputs.get("attention_mask")
        return frames if mask is None else min(frames, int(mask.sum()))


class _Source(HFSource):
    """The torch model of a folder.

    Parameters
    ----------
    weights : Weights
        Folder of the model.
    device, precision : str
        As resolved.
    network : HFAudio
        Makes the inputs of the examples.
    """

    projects = "get_audio_features"

    def __init__(self, weights: Weights, device: str, precision: str, network: HFAudio) -> None:
        self.network = network
        super().__init__(weights, device, precision)

    def tower(self, model: Any) -> Any:
        """Give the audio tower, or the encoder."""
        if getattr(model.config, "is_encoder_decoder", False):
            return model.get_encoder()
        return getattr(model, "audio_model", model)

    def named(self, *inputs: Any) -> dict[str, Any]:
        """Name the inputs as the extractor does."""
        return dict(zip(self.network.keys, inputs, strict=True))

    def facts(self) -> dict[str, Any]:
        """Read off the model what decides how its frames are pooled."""
        config = self.whole.config
        rows = None
        if config.model_type == "audio-spectrogram-transformer":
            rows = (config.num_mel_bins - config.patch_size) // config.frequency_stride + 1
        layers = zip(
            getattr(config, "conv_kernel", ()), getattr(config, "conv_stride", ()), strict=True
        )
        convolutions = [] if getattr(config, "add_adapter", False) else list(layers)
        return {
            "two_tower": hasattr(self.whole, self.projects),
            "ast_rows": rows,
            "convolutions": convolutions,
            # an adapter joins frames once more: how many are sound is not known then
            "masks": "attention_mask" in self.network.keys
            and not getattr(config, "add_adapter", False)
            and self._masks_padding(),
        }

    def _masks_padding(self) -> bool:
        """Try whether a window has the same frames beside a longer one as alone."""
        import torch

        short, long = self._windows()[:2]
        module, like = self.module("hidden -1"), next(self.model.parameters())
        values = []
        for inputs in (short, _joined([long, short])):
            tensors = [torch.from_numpy(inputs[key]).to(like.device) for key in self.network.keys]
            tensors = [one.to(like.dtype) if one.is_floating_point() else one for one in tensors]
            with torch.inference_mode():
                values.append(as_numpy(module(*tensors))[-1])
        alone, beside = values
        apart = np.abs(beside[: len(alone)] - alone).max() / max(np.abs(alone).max(), 1e-30)
        return bool(apart <= (_NEAR if like.dtype == torch.float32 else _NEAR_HALF))

    def examples(self, output: str) -> list[tuple[np.ndarray, ...]]:
        """Make windows of several lengths and numbers."""
        one, other, third = self._windows()
        batches = [one, _joined([other, other]), third]
        return [tuple(batch[key] for key in self.network.keys) for batch in batches]

    def _windows(self) -> list[_Inputs]:
        longest = min(self.network.window, 2 * self.network.rate)
        t = np.arange(longest, dtype=np.float32)
        wave = np.sin(t / 9) * np.sin(t / 1500) + 0.1 * np.sin(t * t / 9e3)
        return [self.network.inputs(wave[: int(part * longest)]) for part in (0.7, 1.0, 0.8)]


def _joined(windows: Sequence[_Inputs]) -> _Inputs:
    """Put the inputs of windows into one batch, padded by zeros behind the shorter ones."""
    joined = {}
    for key in windows[0]:
        width = max(one[key].shape[1] if one[key].ndim > 1 else 0 for one in windows)
        joined[key] = np.concatenate([_padded(one[key], width) for one in windows])
    return joined


def _padded(array: np.ndarray, width: int) -> np.ndarray:
    if array.ndim < 2 or array.shape[1] == width:
        return array
    return np.pad(array, [(0, 0), (0, width - array.shape[1]), *[(0, 0)] * (array.ndim - 2)])


def _shapes(inputs: _Inputs) -> str:
    return str({key: value.shape for key, value in inputs.items()})


def _window_seconds(extractor: Any) -> float:
    """Longest clip that the model reads whole."""
    if hasattr(extractor, "chunk_length"):  # Whisper
        return float(extractor.chunk_length or 30)
    if hasattr(extractor, "max_length_s"):  # CLAP
        return float(extractor.max_length_s)
    if hasattr(extractor, "num_mel_bins") and hasattr(extractor, "max_length"):
        return float(extractor.max_length) / 100  # AST: frames of 10 ms
    return 30.0
