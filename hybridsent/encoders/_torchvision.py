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

from hybridsent.encoders._files import (
    check_sha256,
    check_unchanged,
    first_line,
    load_state,
    sha256_of,
)
from hybridsent.encoders._graphs import Graphs, as_module, as_numpy
from hybridsent.encoders._network import Network, Options
from hybridsent.encoders._pixels import (
    byte_pattern,
    check_convolutional,
    normalised,
    pictures_per_batch,
)
from hybridsent.encoders._pooling import positions_of
from hybridsent.encoders._registry import Backbone
from hybridsent.exceptions import UnknownBackboneError, WeightsError, WeightsNotFoundError

__all__ = ["TorchvisionNetwork", "load", "resolve", "weights_file"]

_HASH = re.compile(r"-([0-9a-f]{8})\.")  # in the names of torchvision's files

# what torchvision's own builders set when they load weights
_INCEPTION = {"init_weights": False, "transform_input": True}
_AS_TRAINED: dict[str, dict[str, Any]] = {"googlenet": _INCEPTION, "inception_v3": _INCEPTION}


def resolve(
    rest: str, modality: str, *, revision: str | None = None, local_files_only: bool = True
) -> Backbone:
    """Turn what follows ``torchvision:`` into a backbone; nothing is loaded.

    Parameters
    ----------
    rest : str
        ``name``, ``name/WEIGHTS`` or either with ``@file``, such as ``resnet50/IMAGENET1K_V2``.
    modality : str
        What the family reads.
    revision : str, default=None
        Not used by this family.
    local_files_only : bool, default=True
        Whether to stay off the network.

    Returns
    -------
    Backbone
        The backbone.
    """
    path_free, _, file = rest.partition("@")
    name, _, weights = path_free.partition("/")
    return Backbone(
        name=f"torchvision:{rest}",
        modality=modality,
        loader="hybridsent.encoders._torchvision:load",
        identify="hybridsent.encoders._torchvision:identify",
        # the digest tells the file and its preprocessing: the same weights elsewhere are the same
        identity=f"torchvision:{name}",
        weights="torchvision, ImageNet",
        measured=True,
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
    return f"{sha256_of(weights_file(backbone))} {_weights(backbone)}"


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
    return TorchvisionNetwork(backbone, device, precision)


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


def weights_file(backbone: Backbone) -> Path:
    """Find the file of the weights: as named, in torch's cache, or fetched if allowed.

    Parameters
    ----------
    backbone : Backbone
        As `resolve` made it.

    Returns
    -------
    Path
        An existing file.

    Raises
    ------
    WeightsNotFoundError
        If there is none.
    """
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
    import torch

    stated = _HASH.search(path.name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # not by WeightsEnum.get_state_dict, which unpickles what it fetched, code and all
        torch.hub.download_url_to_file(
            weights.url, str(path), stated.group(1) if stated else None, progress=False
        )
    except (OSError, RuntimeError) as error:
        raise WeightsNotFoundError(
            f"The weights of {backbone.name!r} could not be fetched: {first_line(error)}. {way}."
        ) from error


class TorchvisionNetwork(Network):
    """A classification network without its last linear layer.

    Parameters
    ----------
    backbone : Backbone
        As `resolve` made it.
    device, precision : str
        As resolved.
    """

    graphs: Graphs

    def __init__(self, backbone: Backbone, device: str, precision: str) -> None:
        self.name = backbone.name
        # torchvision's preprocessing for the weights: its sizes, and what it normalises by
        self.transform = _weights(backbone).transforms()
        digest = backbone.digest()
        self.graphs = Graphs(
            backbone.name,
            f"torchvision {backbone.identity} {digest}",
            lambda _precision: _Source(backbone, self, digest),
            device,
            precision,
        )
        self.facts = self.graphs.table(_Source.facts)

    @property
    def width(self) -> int:
        """Features per vector, as the encoders ask by default."""
        return self.width_for(Options())

    def width_for(self, options: Options) -> int:
        """Features per vector: what the last linear layer read, or the channels of the last map."""
        return int(self.facts["linear" if self._reads_linear(options) else "channels"] or 0)

    def _reads_linear(self, options: Options) -> bool:
        automatic = options.pooling == "auto" and options.steps is None
        return automatic and self.facts["linear"] is not None

    def check(self, options: Options) -> None:
        """Only the last layer can be read, and only feature maps have segments."""
        check_convolutional(options, self.name)
        if self.facts["channels"] is None and not self._reads_linear(options):
            raise ValueError(
                f"The pooling parameter must be 'auto' and steps None for {self.name!r}, which has "
                f"no feature maps. Got {options.pooling!r} and {options.steps!r}; for its patches "
                "use a model of the family 'hf:'."
            )

    @property
    def budget(self) -> int:
        """Pictures in an automatic batch."""
        return pictures_per_batch(self.graphs.converts)

    @property
    def shorter_side(self) -> int:
        """What pictures are brought to before their middle is cut out."""
        return max(int(size) for size in (*self.transform.resize_size, *self.transform.crop_size))

    def prepare(self, clean: Any, options: Options) -> np.ndarray:
        """Resize a picture and cut its middle out, by torchvision's own functions."""
        from torchvision.transforms.v2 import functional

        resized = functional.resize(
            clean,
            self.transform.resize_size,
            interpolation=self.transform.interpolation,
            antialias=self.transform.antialias,
        )
        return np.asarray(functional.center_crop(resized, self.transform.crop_size))

    def usual_pass(self) -> str:
        """Name the pass of default options."""
        return "linear" if self._reads_linear(Options()) else "maps"

    def encode(self, batch: Sequence[Any], options: Options) -> np.ndarray:
        """Encode prepared pictures."""
        pixels = np.stack(batch)
        if self._reads_linear(options):
            out = as_numpy(self.graphs("linear", pixels))
            return out.reshape(len(out), 1, -1)
        pooling = "mean" if options.pooling == "auto" else options.pooling
        return as_numpy(positions_of(self.graphs("maps", pixels), pooling, options.steps))


class _Source:
    """The torch model, and its forward passes.

    Parameters
    ----------
    backbone : Backbone
        As `resolve` made it.
    network : TorchvisionNetwork
        Knows the preprocessing.
    digest : str
        Hash of the weights that are to be loaded.
    """

    def __init__(self, backbone: Backbone, network: TorchvisionNetwork, digest: str) -> None:
        self.network = network
        self.model = _load_model(backbone)
        check_unchanged(digest, backbone.digest(), backbone.name)
        self.linear = _take_out_last_linear(self.model)
        self.has_tokens = hasattr(self.model, "class_token")  # of a ViT, which has no maps
        self._seen = threading.local()  # threads share the network, not what passes through it
        self._watch()

    def facts(self) -> dict[str, Any]:
        """Tell the widths of what can be read."""
        import torch

        if self.has_tokens:
            return {"linear": self.linear, "channels": None}
        with torch.inference_mode():
            pixels = torch.from_numpy(self.examples("maps")[0][0])
            maps = self._last_map(self._normalised(pixels))
        return {"linear": self.linear, "channels": None if maps is None else int(maps.shape[1])}

    def module(self, output: str) -> Any:
        """Give the pass from bytes to what the last linear layer reads, or to the last map."""
        import torch

        self.model.to(memory_format=torch.channels_last)
        forward = self.model if output == "linear" else self._last_map
        return as_module(self.model, lambda pixels: forward(self._normalised(pixels)))

    def _normalised(self, pixels: Any) -> Any:
        transform = self.network.transform
        return normalised(pixels, transform.mean, transform.std, self.model)

    def examples(self, output: str) -> list[tuple[np.ndarray, ...]]:
        """Make patterns of bytes."""
        size = [int(side) for side in self.network.transform.crop_size]
        height, width = size if len(size) == 2 else size * 2
        return [(byte_pattern(n, height, width),) for n in (1, 3)]

    def _watch(self) -> None:
        """Keep the last feature map of more than one position, before the classifier."""

        def keep(_module: Any, _args: Any, out: Any) -> None:
            if getattr(out, "ndim", 0) == 4 and out.shape[2] * out.shape[3] > 1:
                self._seen.maps = out

        for name, module in self.model.named_modules():
            # blocks too, not only leaves: what an Inception or Fire block joins is no leaf's output
            if name and not name.startswith("classifier"):
                module.register_forward_hook(keep)

    def _last_map(self, pixels: Any) -> Any:
        """Run the network, and give the last map that passed; None where there was none."""
        self._seen.maps = None
        self.model(pixels)
        maps, self._seen.maps = self._seen.maps, None
        return maps


def _load_model(backbone: Backbone) -> Any:
    """Build the network and load its weights, checked against the hash in the file's name."""
    from torchvision import models

    path = weights_file(backbone)
    stated = _HASH.search(path.name)
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
    return model.eval()


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
