"""AudioEncoder (layer L2)."""

from __future__ import annotations

from dataclasses import replace
from numbers import Integral, Real
from typing import Any, ClassVar

from hybridsent._params import Interval, StrOptions
from hybridsent.encoders._base import BaseEncoder
from hybridsent.encoders._network import Network, Options
from hybridsent.encoders._registry import Backbone
from hybridsent.encoders._windows import InWindows
from hybridsent.media import get_modality

__all__ = ["AudioEncoder"]


class AudioEncoder(BaseEncoder):
    """Turn sound into vectors with a frozen pretrained speech model or openSMILE.

    Each distinct clip, or the sound of a video, is decoded, mixed to mono, resampled to 16 kHz and
    encoded once; the vector is then found in the feature store by every fold, grid point, process
    and later run. The encoder learns nothing from the data.

    A cell may be a list of clips: its row is the mean of their vectors, or with `steps` they are
    the segments.

    Parameters
    ----------
    model : str, default="audio/whisper-tiny-en"
        A registered backbone (`list_backbones`), ``"opensmile:SET"`` (also
        ``"opensmile:SET/LEVEL"``, where low-level descriptors are pooled over time), or
        ``"hf:NAME"`` for a repository or a local folder of the transformers library, or
        ``"tuned:FOLDER"`` for one of `hybridsent.finetune`.
    device : str, default="auto"
        ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``; openSMILE always runs on the
        CPU.
    precision : {"auto", "float32", "bfloat16", "float16"}, default="auto"
        Arithmetic; ``"float32"`` for exact values, ``"auto"`` for the fastest that is near them on
        the device.
    batch_size : int or "auto", default="auto"
        Clips a batch. Where memory runs out a batch is halved.
    steps : int, default=None
        Give this many pooled segments of equal duration (columns ``audio__s0_0`` …) instead of one
        vector.
    store : str, path, FeatureStore or None, default="default"
        Where vectors are kept; ``"default"`` is the folder named by ``HYBRIDSENT_STORE`` or a cache
        folder, None keeps nothing.
    on_error : {"raise", "missing"}, default="raise"
        What a broken cell does: an error that names it, or a row of NaN and one warning. A broken
        item of several is then left out, as a missing one is.
    n_jobs : int, default=None
        Threads that read, prepare and (openSMILE) encode cells; None and -1 take every core given
        to the process.
    verbose : bool, default=False
        Whether to show a progress bar.
    pooling : {"auto", "mean", "cls", "max"}, default="auto"
        From frames to one vector; ``"auto"`` is the mean, and mean and standard deviation for
        low-level descriptors.
    layer : int, default=-1
        Hidden layer to read, of a network that has such. -1 is the one that tells most of those
        with a name (block 2 of the default, which has 4), and the last of the family ``hf:``; 0 is
        what enters the first block.
    revision : str, default=None
        Branch, tag or commit of a hub repository.
    local_files_only : bool, default=True
        Whether to stay off the network. False lets a missing repository be downloaded.
    min_seconds : float, default=0.05
        Shorter clips are broken cells.
    max_seconds : float, default=600.0
        Longer clips are broken cells, however they are read.
    long : {"cut", "mean"}, default="cut"
        How a long clip is read; nothing is left out either way. ``"cut"``: by openSMILE at once; by
        networks cut into the windows that they were made for, of which all frames are pooled.
        ``"mean"``: in windows of `window_seconds`, each by itself, whose vectors are averaged by
        duration. Networks that pad (Whisper as ``hf:``) take as long for a short window as for a
        long one.
    window_seconds : float, default=10.0
        The longest window of ``long="mean"``; all windows of a clip have nearly one length. A
        shorter clip is read as with ``"cut"``.
    channel : int, default=None
        Which channel is read, counted from 0, such as one side of a call that was recorded in
        stereo; None is the mean of all.

    Attributes
    ----------
    n_features_out_ : int
        Columns of the output.
    precision_ : {"float32", "bfloat16", "float16"}
        Of an encoder that was pickled or saved: what ``precision="auto"`` was there. It stays so on
        another machine, where that computes it; else rows are float32, with a warning.
    n_encoded_ : int
        Distinct cells, or items of cells, that the last `transform` encoded.
    n_from_store_ : int
        Distinct cells, or items of cells, that the last `transform` found in the store.

    See Also
    --------
    TextEncoder : The same for texts.
    ImageEncoder : The same for pictures.
    hybridsent.make_features : All modalities of a table at once.

    Notes
    -----
    The default is the encoder of Whisper (tiny.en, MIT), made to write down English: its middle
    block tells how something is said, and what else sounds, better than its last and than the 6,373
    functionals of ComParE 2016 (``"audio/compare-2016"``, the default of earlier versions). It
    reads the sound itself, without padding to 30 s; a longer one in windows of nearly one length.

    openSMILE is free for research and personal use; commercial use needs a licence of audEERING.
    `list_backbones` tells.

    References
    ----------
    Radford et al.: Robust Speech Recognition via Large-Scale Weak Supervision, ICML 2023. Eyben,
    Wöllmer, Schuller: openSMILE, ACM MM 2010. Schuller et al.: ComParE 2016, Interspeech
    2016. Eyben et al.: GeMAPS, IEEE Transactions on Affective Computing 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent import AudioEncoder
    >>> t = np.arange(16000, dtype=np.float32) / 16000
    >>> tone = 0.3 * np.sin(2 * np.pi * 220 * t).astype(np.float32)
    >>> AudioEncoder().fit_transform([(tone, 16000), None]).shape
    (2, 384)
    >>> AudioEncoder("audio/egemaps-v02").fit_transform([(tone, 16000)]).shape
    (1, 88)
    """

    modality = "audio"
    window = 64  # a minute of sound is 4 MB

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseEncoder._parameter_constraints,
        "min_seconds": [Interval(Real, 0, None, closed="neither")],
        "max_seconds": [Interval(Real, 0, None, closed="neither")],
        "long": [StrOptions({"cut", "mean"})],
        "window_seconds": [Interval(Real, 1, None, closed="left")],
        "channel": [None, Interval(Integral, 0, None, closed="left")],
    }

    def __init__(
        self,
        model: str = "audio/whisper-tiny-en",
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
        min_seconds: float = 0.05,
        max_seconds: float = 600.0,
        long: str = "cut",
        window_seconds: float = 10.0,
        channel: int | None = None,
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
        self.min_seconds = min_seconds
        self.max_seconds = max_seconds
        self.long = long
        self.window_seconds = window_seconds
        self.channel = channel

    def _read(self, cell: Any, network: Network) -> Any:
        return get_modality(self.modality).clean(
            cell,
            sampling_rate=16_000,
            min_seconds=self.min_seconds,
            max_seconds=self.max_seconds,
            channel=self.channel,
        )

    def _options(self) -> Options:
        if self.long == "cut":
            return super()._options()
        return replace(super()._options(), long="mean", window_seconds=float(self.window_seconds))

    def _loaded(self, backbone: Backbone, device: str) -> Network:
        network = super()._loaded(backbone, device)
        return network if self.long == "cut" else InWindows(network, self.window_seconds)

    def _cleaning(self) -> dict[str, Any]:
        chosen = {} if self.channel is None else {"channel": int(self.channel)}
        return {**super()._cleaning(), "sampling_rate": 16_000, **chosen}
