"""Vision models of transformers (layer L2)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from hybridsent.encoders._graphs import Graphs, as_numpy
from hybridsent.encoders._hf_folder import Weights
from hybridsent.encoders._hf_load import load_processor
from hybridsent.encoders._hf_model import HFNetwork, HFSource
from hybridsent.encoders._network import Options
from hybridsent.encoders._pixels import byte_pattern, pictures_per_batch
from hybridsent.encoders._pooling import positions_of

__all__ = ["HFImage"]


class HFImage(HFNetwork):
    """Any vision transformer, convolutional network or two-tower image model.

    With ``pooling="auto"``: the projection of a two-tower model (CLIP), the class token where there
    is one, else the mean over patches or positions. The mean, the maximum and the segments are over
    patches alone: class, distillation and register tokens are left out.

    Parameters
    ----------
    weights : Weights
        Folder of the model.
    device, precision : str
        As resolved.
    """

    tower = "vision_config"
    prepared_by = ("image_processor_type", "image_mean")

    graphs: Graphs

    def __init__(self, weights: Weights, device: str, precision: str) -> None:
        self.name = weights.name
        self._widths = {}
        self.processor = load_processor("AutoImageProcessor", weights.folder, weights.name)
        self.graphs = Graphs(
            weights.name,
            f"image {weights.digest}",
            lambda precision: _Source(weights, device, precision, self),
            device,
            precision,
        )
        self.facts = self.graphs.table(_Source.facts)

    def sample(self) -> Any:
        """Give a grey square."""
        from PIL import Image

        return Image.new("RGB", (64, 64), (128, 128, 128))

    def check(self, options: Options) -> None:
        """Refuse to read a class token that is not there."""
        if options.pooling == "cls" and not self.facts["class_token"]:
            raise ValueError(
                f"The pooling parameter must be 'auto', 'mean' or 'max' for {self.name!r}, which "
                "has no class token. Got 'cls'."
            )

    @property
    def budget(self) -> int:
        """Pictures in an automatic batch."""
        return pictures_per_batch(self.graphs.converts)

    @property
    def shorter_side(self) -> int | None:
        """What the processor shrinks pictures to; None where it does not say."""
        size = getattr(self.processor, "size", None)
        if not getattr(self.processor, "do_resize", False) or size is None:
            return None
        return max((side for side in dict(size).values() if isinstance(side, int)), default=None)

    def prepare(self, clean: Any, options: Options) -> np.ndarray:
        """Resize and normalise a picture as the model was trained."""
        return np.asarray(self.processor(images=clean, return_tensors="pt")["pixel_values"][0])

    def group(self, item: Any) -> Hashable:
        """Pictures of one size share a batch."""
        return tuple(item.shape)

    def usual_pass(self) -> str:
        """Name the pass of default options."""
        return "features" if self.facts["two_tower"] else "hidden -1"

    def encode(self, batch: Sequence[Any], options: Options) -> np.ndarray:
        """Encode prepared pictures."""
        pixels = np.stack(batch)
        automatic = options.pooling == "auto"
        if self.facts["two_tower"] and options.is_default:
            return as_numpy(self.graphs("features", pixels))[:, None]
        hidden = self.graphs(f"hidden {options.layer}", pixels)
        has_class_token = self.facts["class_token"] and hidden.ndim == 3
        pooling = options.pooling
        if automatic:
            pooling = "cls" if has_class_token and options.steps is None else "mean"
        if pooling != "cls" and has_class_token:
            hidden = hidden[:, self._n_special(pixels.shape, hidden.shape[1]) :]
        return as_numpy(positions_of(hidden, pooling, options.steps))

    def _n_special(self, pixels: tuple[int, ...], length: int) -> int:
        """Tokens before the patches: what is left when the patches are counted."""
        size = self.facts["patch"]
        if size is None:
            return 1
        extra = length - (pixels[2] // size) * (pixels[3] // size)
        return int(extra) if 1 <= extra < length else 1


class _Source(HFSource):
    """The torch model of a folder.

    Parameters
    ----------
    weights : Weights
        Folder of the model.
    device, precision : str
        As resolved.
    network : HFImage
        Makes the inputs of the examples.
    """

    projects = "get_image_features"

    def __init__(self, weights: Weights, device: str, precision: str, network: HFImage) -> None:
        self.network = network
        super().__init__(weights, device, precision)

    def tower(self, model: Any) -> Any:
        """Give the vision tower."""
        return getattr(model, "vision_model", model)

    def named(self, pixels: Any) -> dict[str, Any]:
        """Name the pixels."""
        return {"pixel_values": pixels}

    def facts(self) -> dict[str, Any]:
        """Read off the model what decides how its vectors are pooled."""
        tokens = ("cls_token", "class_embedding", "class_token")
        size = getattr(self.model.config, "patch_size", None)
        return {
            "two_tower": hasattr(self.whole, self.projects),
            "class_token": any(key.endswith(tokens) for key, _ in self.model.named_parameters()),
            "patch": size if isinstance(size, int) else None,
        }

    def examples(self, output: str) -> list[tuple[np.ndarray, ...]]:
        """Make batches of several sizes, of pictures of two shapes."""
        from PIL import Image

        wide, high = (Image.fromarray(byte_pattern(1, *size)[0]) for size in ((96, 160), (150, 90)))
        items = [self.network.prepare(picture, Options()) for picture in (wide, high)]
        return [(np.stack([items[0]]),), (np.stack([items[1]] * 3),)]
