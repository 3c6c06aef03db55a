"""The open family ``torchvision:``: any classification network of torchvision, with its own preprocessing (layer L2).

The vector is what the last linear layer reads. Weights come from torch's cache, a file, or (when allowed) the network, and the hash
that torchvision writes into its file names is checked at every load, not only at download.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hybridsent.encoders._efficientnet import check_convolutional, pool_positions
from hybridsent.encoders._files import _first_line, check_sha256, load_state, sha256_of
from hybridsent.encoders._network import Network, Options
from hybridsent.encoders._registry import Backbone
from hybridsent.exceptions import UnknownBackboneError, WeightsError, WeightsNotFoundError

__all__ = ["TorchvisionNetwork", "load", "resolve"]


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
        raise UnknownBackboneError(f"The family 'torchvision:' reads images. Got it for the {modality} view.")
    path_free, _, file = rest.partition("@")
    name, _, weights = path_free.partition("/")
    return Backbone(
        name=f"torchvision:{rest}",
        modality="image",
        loader="hybridsent.encoders._torchvision:load",
        identify="hybridsent.encoders._torchvision:identify",
        weights="torchvision, ImageNet",
        licence="BSD-3-Clause (code); weights trained on ImageNet",
        options={"name": name, "weights": weights, "file": file, "local_files_only": local_files_only},
    )


def identify(backbone: Backbone) -> str:
    """Hash the file of the weights.

    Parameters
    ----------
    backbone : Backbone
        As `resolve` made it.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    return sha256_of(_file(backbone))


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
    extra = {"init_weights": False} if backbone.options["name"] in ("googlenet", "inception_v3") else {}
    model = models.get_model(backbone.options["name"], weights=None, **extra)
    try:
        model.load_state_dict(load_state(path, backbone.name))
    except RuntimeError as error:
        raise WeightsError(
            f"The weights in {path} must be those of {backbone.options['name']!r}. Got: {_first_line(error)}"
        ) from error
    return TorchvisionNetwork(model, weights.transforms(), backbone.name, device, precision)


def _weights(backbone: Backbone) -> Any:
    """The entry of torchvision's weights enum."""
    from torchvision import models

    name, wanted = backbone.options["name"], backbone.options["weights"] or "DEFAULT"
    known = models.list_models(module=models)
    if name not in known:
        import difflib

        near = difflib.get_close_matches(name, known, n=3)
        raise UnknownBackboneError(
            f"A backbone of the family 'torchvision:' must be a classification model of torchvision, such as {near or known[:3]}. Got {name!r}."
        )
    entries = models.get_model_weights(name)
    if wanted not in entries.__members__:
        raise UnknownBackboneError(
            f"The weights of 'torchvision:{name}' must be one of {sorted(entries.__members__)}. Got {wanted!r}."
        )
    return entries[wanted]


def _file(backbone: Backbone) -> Path:
    if backbone.options["file"]:
        path = Path(backbone.options["file"]).expanduser()
        if not path.is_file():
            raise WeightsNotFoundError(f"The weights of {backbone.name!r} must be a file. Nothing is at {path.absolute()}.")
        return path
    import torch

    weights = _weights(backbone)
    path = Path(torch.hub.get_dir()) / "checkpoints" / weights.url.rsplit("/", 1)[-1]
    if not path.is_file():
        _fetch(weights, path, backbone)
    return path


def _fetch(weights: Any, path: Path, backbone: Backbone) -> None:
    way = f"To get them, fetch {weights.url} where there is a network and put it there, or name it as '{backbone.name}@FILE'"
    if backbone.options["local_files_only"]:
        raise WeightsNotFoundError(
            f"The weights of {backbone.name!r} are not on this machine (looked for {path}). {way}, or pass local_files_only=False."
        )
    try:
        weights.get_state_dict(progress=False, check_hash=True)
    except (OSError, RuntimeError) as error:
        raise WeightsNotFoundError(
            f"The weights of {backbone.name!r} could not be fetched: {_first_line(error)}. {way}."
        ) from error


class TorchvisionNetwork(Network):
    """A classification network without its last linear layer.

    Parameters
    ----------
    model : torch.nn.Module
        The network.
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
        self.model = model.to(device, self.dtype).eval()
        linear = [module for module in self.model.modules() if isinstance(module, torch.nn.Linear)]
        self.last = linear[-1] if linear else None
        self._width: int | None = self.last.in_features if self.last is not None else None

    @property
    def width(self) -> int:
        """Features per vector."""
        if self._width is None:  # a network without a linear layer: ask its feature map
            import torch

            probe = torch.zeros(1, 3, 224, 224, device=self.device, dtype=self.dtype)
            self._width = self._maps(probe).shape[1]
        return self._width

    def check(self, options: Options) -> None:
        """Only the last layer can be read, and only feature maps have segments."""
        check_convolutional(options, self.name)

    def prepare(self, clean: Any, options: Options) -> Any:
        """Prepare a picture with torchvision's own transform."""
        return self.transform(clean)

    def encode(self, batch: Sequence[Any], options: Options) -> np.ndarray:
        """Encode prepared pictures."""
        import torch

        pixels = torch.stack(list(batch)).to(self.device, self.dtype)
        with torch.inference_mode():
            whole = options.pooling == "auto" and options.steps is None and self.last is not None
            out = self._penultimate(pixels) if whole else pool_positions(self._maps(pixels), options)
            return np.asarray(out.float().cpu().numpy())

    def _penultimate(self, pixels: Any) -> Any:
        """What the last linear layer reads."""
        seen: list[Any] = []
        handle = self.last.register_forward_pre_hook(lambda _module, args: seen.append(args[0]))  # type: ignore[union-attr]
        try:
            self.model(pixels)
        finally:
            handle.remove()
        return seen[-1].flatten(1)[:, None]

    def _maps(self, pixels: Any) -> Any:
        """The last feature map with more than one position."""
        seen: list[Any] = []

        def keep(_module: Any, _args: Any, out: Any) -> None:
            if getattr(out, "ndim", 0) == 4 and out.shape[2] * out.shape[3] > 1:
                seen[:] = [out]

        handles = [module.register_forward_hook(keep) for module in self.model.modules() if not list(module.children())]
        try:
            self.model(pixels)
        finally:
            for handle in handles:
                handle.remove()
        if not seen:
            raise ValueError(
                f"The backbone {self.name!r} has no feature map to pool. Use pooling='auto' and steps=None with it."
            )
        return seen[0]
