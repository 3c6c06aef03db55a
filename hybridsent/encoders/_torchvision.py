"""The open family ``torchvision:``: any classification network of it (layer L2).

The vector is what the last linear layer reads. Weights come from torch's cache, a file, or (when
allowed) the network, and the hash that torchvision writes into its file names is checked at every
load, not only at download.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent.encoders._efficientnet import check_convolutional, pool_positions
from hybridsent.encoders._files import check_sha256, first_line, load_state, sha256_of
from hybridsent.encoders._network import Network, Options
from hybridsent.encoders._registry import Backbone
from hybridsent.exceptions import UnknownBackboneError, WeightsError, WeightsNotFoundError

__all__ = ["TorchvisionNetwork", "load", "resolve"]

# what torchvision's own builders set when they load weights
_INCEPTION = {"init_weights": False, "transform_input": True}
_AS_TRAINED: dict[str, dict[str, Any]] = {"googlenet": _INCEPTION, "inception_v3": _INCEPTION}


def resolve(
    rest: str, modality: str | None, *, revision: str | None = None, local_files_only: bool = True
) -> Backbone:
    """Turn what follows ``torchvision:`` into a backbone; nothing is loaded.

    Parameters
    ----------
    rest : str
        ``name``, ``name/WEIGHTS`` or either with ``@file``, such as ``resnet50/IMAGENET1K_V2``.
    modality : str or None
        Must be image.
    revision : str, default=None
        Not used by this family.
    local_files_only : bool, default=True
        Whether to stay off the network.

    Returns
    -------
    Backbone
        The backbone.

    Raises
    ------
    UnknownBackboneError
        If the modality is not image.
    """
    if modality not in (None, "image"):
        raise UnknownBackboneError(
            f"The family 'torchvision:' reads images. Got it for the {modality} view."
        )
    path_free, _, file = rest.partition("@")
    name, _, weights = path_free.partition("/")
    return Backbone(
        name=f"torchvision:{rest}",
        modality="image",
        loader="hybridsent.encoders._torchvision:load",
        identify="hybridsent.encoders._torchvision:identify",
        # the digest tells the file and its preprocessing: the same weights elsewhere are the same
        identity=f"torchvision:{name}",
        weights="torchvision, ImageNet",
        licence="BSD-3-Clause (code); weights trained on ImageNet",
        options={
            "name": name,
            "weights": weights,
            "file": file,
            "local_files_only": local_files_only,
        },
    )


def identify(backbone: Backbone) -> str:
    """Hash the file of the weights, and name their entry, which decides the preprocessing.

    Parameters
    ----------
    backbone : Backbone
        As `resolve` made it.

    Returns
    -------
    str
        64 hexadecimal digits and the name of the entry.
    """
    return f"{sha256_of(_file(backbone))} {_weights(backbone)}"


def load(backbone: Backbone, device: str, precision: str) -> Network:
    """Load a network of torchvision.

    Parameters
    ----------
    backbone : Backbone
        As `resolve` made it.
    device, precision : str
        As resolved.

    Returns
    -------
    Network
        The network.

    Raises
    ------
    WeightsNotFoundError, WeightsError
        If the weights are not there, or not those of this network.
    """
    from torchvision import models

    path, weights = _file(backbone), _weights(backbone)
    stated = re.search(r"-([0-9a-f]{8})\.", path.name)
    if stated:
        check_sha256(path, stated.group(1), backbone.name)
    name = backbone.options["name"]
    model = models.get_model(name, weights=None, **_AS_TRAINED.get(name, {}))
    try:
        model.load_state_dict(load_state(path, backbone.name))
    except RuntimeError as error:
        raise WeightsError(
            f"The weights in {path} must be those of {name!r}. Got: {first_line(error)}"
        ) from error
    return TorchvisionNetwork(model, weights.transforms(), backbone.name, device, precision)


def _weights(backbone: Backbone) -> Any:
    """Find the entry of torchvision's weights enum."""
    from torchvision import models

    name, wanted = backbone.options["name"], backbone.options["weights"] or "DEFAULT"
    known = models.list_models(module=models)
    if name not in known:
        import difflib

        near = difflib.get_close_matches(name, known, n=3)
        raise UnknownBackboneError(
            "A backbone of the family 'torchvision:' must be a classification model of "
            f"torchvision, such as {near or known[:3]}. Got {name!r}."
        )
    entries = models.get_model_weights(name)
    if wanted not in entries.__members__:
        raise UnknownBackboneError(
            f"The weights of 'torchvision:{name}' must be one of {sorted(entries.__members__)}. "
            f"Got {wanted!r}."
        )
    return entries[wanted]


def _file(backbone: Backbone) -> Path:
    if backbone.options["file"]:
        path = Path(str(backbone.options["file"])).expanduser()
        if not path.is_file():
            raise WeightsNotFoundError(
                f"The weights of {backbone.name!r} must be a file. Nothing is at {path.absolute()}."
            )
        return path
    import torch

    weights = _weights(backbone)
    path = Path(torch.hub.get_dir(), "checkpoints", str(weights.url).rsplit("/", 1)[-1])
    if not path.is_file():
        _fetch(weights, path, backbone)
    return path


def _fetch(weights: Any, path: Path, backbone: Backbone) -> None:
    way = (
        f"To get them, fetch {weights.url} where there is a network and put it there, "
        f"or name it as '{backbone.name}@FILE'"
    )
    if backbone.options["local_files_only"]:
        raise WeightsNotFoundError(
            f"The weights of {backbone.name!r} are not on this machine (looked for {path}). {way}, "
            "or pass local_files_only=False."
        )
    try:
        weights.get_state_dict(progress=False, check_hash=True)
    except (OSError, RuntimeError) as error:
        raise WeightsNotFoundError(
            f"The weights of {backbone.name!r} could not be fetched: {first_line(error)}. {way}."
        ) from error


class TorchvisionNetwork(Network):
    """A classification network without its last linear layer.

    Parameters
    ----------
    model : torch.nn.Module
        The network; its last linear layer is taken out.
    transform : callable
        torchvision's preprocessing for the weights.
    name : str
        Name of the backbone.
    device, precision : str
        As resolved.
    """

    def __init__(self, model: Any, transform: Any, name: str, device: str, precision: str) -> None:
        import torch

        self.name = name
        self.device = device
        self.dtype = getattr(torch, precision)
        self.transform = transform
        self.linear_width = _take_out_last_linear(model)
        self.has_maps = not hasattr(model, "class_token")  # ViT has tokens, not feature maps
        self.model = model.to(device, self.dtype).eval()
        self._seen = threading.local()  # threads share the network, not what passes through it
        self._watch()

    @property
    def width(self) -> int:
        """Features per vector, as the encoders ask by default."""
        return self.width_for(Options())

    def width_for(self, options: Options) -> int:
        """Features per vector: what the last linear layer read, or the channels of the last map."""
        import torch

        if self._reads_linear(options):
            return int(self.linear_width or 0)
        probe = torch.zeros(1, 3, 224, 224, device=self.device, dtype=self.dtype)
        with torch.inference_mode():
            return int(self._maps(probe).shape[1])

    def _reads_linear(self, options: Options) -> bool:
        automatic = options.pooling == "auto" and options.steps is None
        return automatic and self.linear_width is not None

    def check(self, options: Options) -> None:
        """Only the last layer can be read, and only feature maps have segments."""
        check_convolutional(options, self.name)
        if not self.has_maps and not self._reads_linear(options):
            raise ValueError(
                f"The pooling parameter must be 'auto' and steps None for {self.name!r}, which has "
                f"no feature maps. Got {options.pooling!r} and {options.steps!r}; for its patches "
                "use a model of the family 'hf:'."
            )

    def prepare(self, clean: Any, options: Options) -> Any:
        """Prepare a picture with torchvision's own transform."""
        return self.transform(clean)

    def encode(self, batch: Sequence[Any], options: Options) -> np.ndarray:
        """Encode prepared pictures."""
        import torch

        pixels = torch.stack(list(batch)).to(self.device, self.dtype)
        with torch.inference_mode():
            if self._reads_linear(options):
                out = self.model(pixels).flatten(1)[:, None]
            else:
                out = pool_positions(self._maps(pixels), options)
            return np.asarray(out.float().cpu().numpy())

    def _watch(self) -> None:
        """Keep the last feature map of more than one position, before the classifier."""

        def keep(_module: Any, _args: Any, out: Any) -> None:
            if getattr(out, "ndim", 0) == 4 and out.shape[2] * out.shape[3] > 1:
                self._seen.maps = out

        for name, module in self.model.named_modules():
            # blocks too, not only leaves: what an Inception or Fire block joins is no leaf's output
            if name and not name.startswith("classifier"):
                module.register_forward_hook(keep)

    def _maps(self, pixels: Any) -> Any:
        self._seen.maps = None
        self.model(pixels)
        maps, self._seen.maps = self._seen.maps, None
        if maps is None:
            raise ValueError(
                f"The backbone {self.name!r} has no feature map to pool. Use pooling='auto' and "
                "steps=None with it."
            )
        return maps


def _take_out_last_linear(model: Any) -> int | None:
    """Let the network end in what its last linear layer reads; gives the width of that."""
    import torch

    linear = [name for name, layer in model.named_modules() if isinstance(layer, torch.nn.Linear)]
    if not linear:
        return None
    width = int(model.get_submodule(linear[-1]).in_features)
    parent, _, child = linear[-1].rpartition(".")
    setattr(model.get_submodule(parent), child, torch.nn.Identity())
    return width
