"""Whisper's encoder on sounds as long as they are, the default for sound (layer L2).

Whisper was made for windows of 30 s; transformers pads every sound to that, and its family ``hf:``
here cuts the padding off behind the last block. Here nothing is padded: the spectrogram is that of
the sound itself, positions count from its beginning, and only the blocks up to the one that is read
are run. A block from the middle tells more of how something was said than the last, which was
trained to tell the words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent.encoders._files import check_unchanged
from hybridsent.encoders._graphs import Graphs, as_module, as_numpy
from hybridsent.encoders._network import Network, Options
from hybridsent.encoders._pieces import Piece, Sums
from hybridsent.encoders._pooling import pool
from hybridsent.encoders._registry import Backbone
from hybridsent.encoders._sources import locate
from hybridsent.encoders._whisper_model import empty_model, hidden_vectors
from hybridsent.encoders._whisper_sound import HOP, RATE, log_mel
from hybridsent.encoders._whisper_weights import Sizes, open_weights
from hybridsent.exceptions import WeightsError

__all__ = ["Whisper", "load"]

_FRAMES_A_SECOND = RATE // HOP
_SECONDS_PER_BATCH = 120


def load(backbone: Backbone, device: str, precision: str) -> Network:
    """Load a Whisper encoder.

    Parameters
    ----------
    backbone : Backbone
        Its options name the block that is read by default, ``layer``, and where the weights are.
    device, precision : str
        As resolved.

    Returns
    -------
    Network
        The network.
    """
    return Whisper(backbone, device, precision)


class Whisper(Network):
    """The hidden vectors of one block of Whisper's encoder, pooled over time.

    A sound longer than the model hears at once (30 s) is cut into windows of nearly one length,
    whose hidden vectors are pooled together.

    Parameters
    ----------
    backbone : Backbone
        What to load.
    device, precision : str
        As resolved.
    """

    graphs: Graphs

    def __init__(self, backbone: Backbone, device: str, precision: str) -> None:
        self.name = backbone.name
        self.block: int = backbone.options["layer"]
        digest = backbone.digest()
        self.graphs = Graphs(
            backbone.name,
            f"whisper {digest}",
            lambda _precision: _Source(backbone, digest),
            device,
            precision,
        )
        self.sizes = Sizes(**self.graphs.table(lambda source: asdict(source.sizes)))
        if self.block > self.sizes.layers:
            raise WeightsError(
                f"The weights of {self.name!r} must have a block {self.block}, which is the one "
                f"that is read. Got {self.sizes.layers} blocks: they are of another model."
            )

    @property
    def width(self) -> int:
        """Features per vector."""
        return self.sizes.width

    @property
    def budget(self) -> int:
        """Frames in an automatic batch: few where small ones stay in the caches of a processor."""
        seconds = _SECONDS_PER_BATCH // 8 if self.graphs.converts else _SECONDS_PER_BATCH
        return seconds * _FRAMES_A_SECOND

    def check(self, options: Options) -> None:
        """Refuse class tokens, which frames have not, and blocks that are not there."""
        if options.pooling == "cls":
            raise ValueError(
                "The pooling parameter must be 'auto', 'mean' or 'max' for sound. Got 'cls' for "
                f"{self.name!r}."
            )
        if not -1 <= options.layer <= self.sizes.layers:
            raise ValueError(
                f"The layer parameter must be -1 (block {self.block}), or a hidden layer from 0 to "
                f"{self.sizes.layers}, for {self.name!r}. Got {options.layer!r}."
            )

    def prepare(self, clean: Any, options: Options) -> Any:
        """Compute the spectrogram of the whole sound."""
        return log_mel(clean, self.sizes.mels)

    def cost(self, item: Any) -> int:
        """Count frames."""
        return int(item.shape[1])

    def usual_pass(self) -> str:
        """Name the pass to the block that is read by default."""
        return f"hidden {self.block}"

    def encode(self, batch: Sequence[Any], options: Options) -> np.ndarray:
        """Encode the windows of all sounds, and pool the frames of each sound.

        Only sums are kept, so that a film takes no more memory than its spectrogram.
        """
        windows = [window for i, mels in enumerate(batch) for window in self._windows(i, mels)]
        layer = self.block if options.layer == -1 else options.layer
        pooling = "mean" if options.pooling == "auto" else options.pooling
        sums = Sums(len(batch), largest=pooling == "max")
        for chunk in self._chunks([window.ids for window in windows]):
            some = [windows[k] for k in chunk]
            hidden = self.graphs(f"hidden {layer}", np.stack([window.ids for window in some]))
            place = {"starts": [one.start for one in some], "totals": [one.total for one in some]}
            lengths = [hidden.shape[1]] * len(some)
            sums.add(some, as_numpy(pool(hidden, lengths, pooling, options.steps, **place)))
        return sums.vectors()

    def _windows(self, sound: int, mels: np.ndarray) -> list[Piece]:
        """Cut a spectrogram into windows, each of whole hidden vectors: two frames make one."""
        vectors = -(-mels.shape[1] // 2)
        count = -(-vectors // self.sizes.positions)
        starts = [i * vectors // count for i in range(count)]
        cuts = [*(2 * start for start in starts), mels.shape[1]]
        return [
            Piece(mels[:, a:b], sound, start, vectors)
            for start, (a, b) in zip(starts, pairwise(cuts), strict=True)
        ]

    def _chunks(self, windows: Sequence[np.ndarray]) -> list[list[int]]:
        """Positions of windows that can be encoded together: of one length, so that none is padded.

        Attention and convolutions would hear the padding.
        """
        chunks: list[list[int]] = []
        for k in sorted(range(len(windows)), key=lambda k: windows[k].shape[1]):
            length = windows[k].shape[1]
            alike = bool(chunks) and windows[chunks[-1][0]].shape[1] == length
            if alike and (len(chunks[-1]) + 1) * length <= self.budget:
                chunks[-1].append(k)
            else:
                chunks.append([k])
        return chunks


class _Source:
    """The weights, and the torch model of as many blocks as a pass needs.

    Parameters
    ----------
    backbone : Backbone
        What to load.
    digest : str
        Hash of the weights that are to be loaded.
    """

    def __init__(self, backbone: Backbone, digest: str) -> None:
        self.name, self._backbone, self._digest = backbone.name, backbone, digest
        self.path = _file(backbone)
        self.sizes: Sizes = open_weights(self.path, self.name, lambda weights: weights.sizes())

    def tensors(self, blocks: int) -> dict[str, np.ndarray]:
        """Read what the first blocks need, by transformers' names."""
        found: dict[str, np.ndarray] = open_weights(
            self.path, self.name, lambda weights: weights.tensors(self.sizes, blocks)
        )
        _file(self._backbone)  # checks the registered hash once more: of what was read
        check_unchanged(self._digest, self._backbone.digest(), self.name)
        return found

    def module(self, output: str) -> Any:
        """Give the pass from spectrograms to the hidden vectors of a block."""
        import torch

        blocks = int(output.split()[1])
        state = {name: torch.from_numpy(values) for name, values in self.tensors(blocks).items()}
        model = empty_model(self.sizes, blocks)
        model.load_state_dict(state, assign=True)
        model.requires_grad_(False)
        return as_module(model, lambda mels: hidden_vectors(model, self.sizes.heads, mels))

    def examples(self, output: str) -> list[tuple[np.ndarray, ...]]:
        """Make spectrograms of several lengths, odd and even, and of several sounds at once."""
        t = np.arange(3 * RATE, dtype=np.float32)
        wave = np.sin(t / 9) * np.sin(t / 1500) + 0.1 * np.sin(t * t / 9e3)
        most = min(300, 2 * self.sizes.positions)
        lengths = (max(1, most * 4 // 9), most, max(1, most // 6))
        one, two, three = (log_mel(wave[: n * HOP], self.sizes.mels) for n in lengths)
        return [(one[None],), (np.stack([two, two[:, ::-1]]),), (three[None],)]


def _file(backbone: Backbone) -> Path:
    """Find the weights, their registered hash checked, unless the backbone names a file."""
    if "file" in backbone.options:
        return Path(backbone.options["file"])
    return locate(backbone).weights
