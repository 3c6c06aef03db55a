"""Changes of a picture: what torchvision's transforms v2 do, drawn from a generator (layer L4).

torchvision computes; its classes draw from torch's generator of the process, so that two threads
would change each other's pictures. Here its functions are called with what was drawn.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent.augment._augmentation import Augmentation, Change
from hybridsent.media._cells import is_pil_image
from hybridsent.media.image import load_image

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["IMAGE_CHANGES"]


def flip(picture: Image, rng: np.random.Generator, strength: float) -> Any:
    """Mirror the picture, left and right."""
    from torchvision.transforms.v2 import functional

    return functional.horizontal_flip(picture) if rng.random() < strength else picture


def crop(picture: Image, rng: np.random.Generator, strength: float) -> Any:
    """Cut a part out and bring it to the old size; a share of the area goes at most."""
    from torchvision.transforms.v2 import functional

    width, height = picture.size
    area = rng.uniform(1 - min(strength, 0.95), 1.0)
    ratio = math.exp(rng.uniform(-0.15, 0.15))  # width over height, against the picture's own
    wide = min(width, max(1, round(width * math.sqrt(area * ratio))))
    high = min(height, max(1, round(height * math.sqrt(area / ratio))))
    left, top = int(rng.integers(width - wide + 1)), int(rng.integers(height - high + 1))
    return functional.resized_crop(picture, top, left, high, wide, [height, width])


def colour(picture: Image, rng: np.random.Generator, strength: float) -> Any:
    """Change brightness, contrast and saturation, each by a factor, and turn the hue a little."""
    from torchvision.transforms.v2 import functional

    by = np.maximum(1 + rng.uniform(-strength, strength, 3), 0.05).tolist()
    hue = float(np.clip(rng.uniform(-strength, strength) / 8, -0.5, 0.5))
    picture = functional.adjust_brightness(picture, by[0])
    picture = functional.adjust_contrast(picture, by[1])
    picture = functional.adjust_saturation(picture, by[2])
    return functional.adjust_hue(picture, hue)


def rotate(picture: Image, rng: np.random.Generator, strength: float) -> Any:
    """Turn the picture by some degrees; the corners get its mean colour."""
    from torchvision.transforms.v2 import InterpolationMode, functional

    angle = float(rng.uniform(-strength, strength))
    mean = np.asarray(picture).reshape(-1, 3).mean(axis=0).round().astype(int).tolist()
    return functional.rotate(picture, angle, InterpolationMode.BILINEAR, fill=mean)


def blur(picture: Image, rng: np.random.Generator, strength: float) -> Any:
    """Blur the picture, by pixels; by more of them where its shorter side has more than 224."""
    from torchvision.transforms.v2 import functional

    sigma = float(rng.uniform(0.5, 1.0)) * strength * max(1.0, min(picture.size) / 224)
    sides = [min(2 * math.ceil(3 * sigma) + 1, 2 * side - 1) for side in picture.size]
    return functional.gaussian_blur(picture, sides, [sigma, sigma])


def _read(cell: Any) -> Image:
    from hybridsent.media.video import is_video

    if is_video(cell):
        raise ValueError(
            "Frames of a video cannot be augmented: each copy would be a video of its own. Leave "
            "the column out, for example policy={'image': None}, or give its frames in a column of "
            "lists of pictures."
        )
    return load_image(cell)


def _write(content: Image, cell: Any) -> Any:
    grey = isinstance(cell, np.ndarray) and cell.ndim == 2
    if is_pil_image(cell):
        return content
    return np.asarray(content.convert("L") if grey else content)


IMAGE_CHANGES = Augmentation(
    changes={
        "flip": Change(flip, 0.5, "probability that it is mirrored"),
        "crop": Change(crop, 0.3, "share of the area that is cut off at most"),
        "colour": Change(colour, 0.2, "by how much brightness, contrast and saturation change"),
        "rotate": Change(rotate, 10.0, "degrees that it is turned at most"),
        "blur": Change(blur, 1.0, "pixels of the blur at most, of a side up to 224"),
    },
    default=("flip", "crop", "colour"),
    read=_read,
    write=_write,
)
"""What changes a picture."""
