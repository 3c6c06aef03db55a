"""ImageEncoder (layer L2)."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

from hybridsent._params import Interval, StrOptions
from hybridsent.encoders._base import BaseEncoder
from hybridsent.encoders._network import Network
from hybridsent.encoders._registry import Backbone
from hybridsent.encoders._videos import InFrames
from hybridsent.media import get_modality, load_frames
from hybridsent.media._faces import FACES_VERSION, cascade_digest, crop_to_face
from hybridsent.media.video import CUTS, FRAMES, video_in

__all__ = ["ImageEncoder"]

_FACE_PART = 4  # of the shorter side, roughly, that a face may be and still be read as sharp


class ImageEncoder(BaseEncoder):
    """Turn pictures into vectors with a frozen pretrained vision model.

    Each distinct picture is decoded (upright, RGB, first frame), prepared as the model was trained
    and encoded once; the vector is then found in the feature store by every fold, grid point,
    process and later run. The encoder learns nothing from the data.

    A cell may be a list of pictures, or a video, of which some frames are read: its row is the mean
    of their vectors, or with `steps` they are the segments.

    Parameters
    ----------
    model : str, default="image/efficientnet-lite0"
        A registered backbone (`list_backbones`), ``"torchvision:NAME"`` (also
        ``"torchvision:NAME/WEIGHTS"`` and ``"torchvision:NAME@FILE"``), ``"hf:NAME"`` for a
        repository or a local folder of the transformers library, or ``"tuned:FOLDER"`` for one of
        `hybridsent.finetune`.
    device : str, default="auto"
        ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``.
    precision : {"auto", "float32", "bfloat16", "float16"}, default="auto"
        Arithmetic; ``"float32"`` for exact values, ``"auto"`` for the fastest that is near them on
        the device.
    batch_size : int or "auto", default="auto"
        Pictures a batch. Where memory runs out a batch is halved.
    steps : int, default=None
        Give this many pooled segments, from top to bottom (columns ``image__s0_0`` …), instead of
        one vector.
    store : str, path, FeatureStore or None, default="default"
        Where vectors are kept; ``"default"`` is the folder named by ``HYBRIDSENT_STORE`` or a cache
        folder, None keeps nothing.
    on_error : {"raise", "missing"}, default="raise"
        What a broken cell does: an error that names it, or a row of NaN and one warning. A broken
        item of several is then left out, as a missing one is.
    n_jobs : int, default=None
        Threads that read cells, and on the CPU encode them; None and -1 take every core given to
        the process (joblib gives each of its workers a part).
    verbose : bool, default=False
        Whether to show a progress bar.
    pooling : {"auto", "mean", "cls", "max"}, default="auto"
        From patches to one vector; ``"auto"`` is what the model was trained with.
    layer : int, default=-1
        Hidden layer to read (family ``hf:``); -1 is the last.
    revision : str, default=None
        Branch, tag or commit of a hub repository.
    local_files_only : bool, default=True
        Whether to stay off the network. False lets missing weights be downloaded.
    max_pixels : int, default=89_478_485
        Largest width x height that is decoded; a guard against decompression bombs.
    frames : int or "cuts", default=8
        Which frames of a video are read: those in the middle of so many equal parts, or the middle
        one of each scene (`hybridsent.media.load_frames`). The row of a video is stored under the
        content of its file.
    crop : {"face"}, default=None
        What of a picture is read: all of it, or its largest face with a quarter of its size on each
        side, found by a cascade of OpenCV (extra ``faces``). A picture in which no face is found is
        read as a whole.

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
    n_searched_, n_without_face_ : int
        With ``crop="face"``: pictures and frames of videos that the last `transform` read, and of
        these those in which no face was found. Pictures whose rows were in the store are not looked
        at again, and not counted.

    See Also
    --------
    TextEncoder : The same for texts.
    AudioEncoder : The same for sound.
    hybridsent.make_features : All modalities of a table at once.

    References
    ----------
    Tan, Le: EfficientNet, ICML 2019 (the default is its variant Lite0, trained on ImageNet-1k).

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent import ImageEncoder
    >>> picture = np.full((32, 32, 3), 200, dtype=np.uint8)
    >>> ImageEncoder().fit_transform([picture, None]).shape
    (2, 1280)
    """

    modality = "image"

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseEncoder._parameter_constraints,
        "max_pixels": [Interval(Integral, 1, None, closed="left")],
        "frames": [Interval(Integral, 1, None, closed="left"), StrOptions({CUTS})],
        "crop": [None, StrOptions({"face"})],
    }

    def __init__(
        self,
        model: str = "image/efficientnet-lite0",
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
        max_pixels: int = 89_478_485,
        frames: int | str = 8,
        crop: str | None = None,
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
        self.max_pixels = max_pixels
        self.frames = frames
        self.crop = crop

    def _loaded(self, backbone: Backbone, device: str) -> Network:
        return InFrames(super()._loaded(backbone, device))

    def _encode(self, X: Any, *, learns: bool = False) -> Any:
        if self.crop is None:
            return super()._encode(X, learns=learns)
        # whether there was a face; grows in threads, and in copies of the encoder
        found: list[bool] = []
        self._found_faces = found
        try:
            rows = super()._encode(X, learns=learns)
        finally:
            self.__dict__.pop("_found_faces", None)  # another thread's call may have ended before
        self.n_searched_, self.n_without_face_ = len(found), found.count(False)
        return rows

    def _cleaning(self) -> dict[str, Any]:
        cleaning = super()._cleaning()
        if self.frames != FRAMES:
            cleaning["frames"] = self.frames
        if self.crop is not None:
            cleaning["crop"] = [self.crop, FACES_VERSION, cascade_digest()]
        return cleaning

    def _read(self, cell: Any, network: Network) -> Any:
        side = network.shorter_side
        if self.crop is not None and side is not None:
            side *= _FACE_PART  # a face is a part of the picture, and shrunk less
        bounds: dict[str, Any] = {"max_pixels": self.max_pixels, "shorter_side": side}
        if video_in(cell):
            frames = load_frames(cell, frames=self.frames, **bounds)
            return frames if self.crop is None else [self._face_of(each) for each in frames]
        picture = get_modality(self.modality).clean(cell, **bounds)
        return picture if self.crop is None else self._face_of(picture)

    def _face_of(self, picture: Any) -> Any:
        """Give the largest face of a clean picture, or all of it where none is found."""
        face = crop_to_face(picture)
        if (found := getattr(self, "_found_faces", None)) is not None:
            found.append(face is not None)
        return picture if face is None else face
