"""The modality image: files, pictures and arrays (layer L1)."""

from __future__ import annotations

from hybridsent.media._modality import Limit, Modality

__all__ = ["IMAGE"]

IMAGE = Modality(
    name="image",
    read="hybridsent.media.image:load_image",
    encoder="hybridsent.encoders:ImageEncoder",
    plural="images",
    expected="a path, bytes, a PIL image, a uint8 array (H, W, 3), or one of these in a list or in "
    "a dict of Hugging Face",
    forms=("content", "path", "pixels", "picture"),
    version=2,
    looks_like="hybridsent.media.image:is_image",
    column_names=("image", "img", "photo", "picture", "pic", "face", "frame"),
    extensions=(
        *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".webp"),
        *(".tif", ".tiff", ".ppm", ".pgm", ".avif", ".heic", ".heif"),
    ),
    limits=(
        Limit(
            "max_pixels",
            "largest image that is read, in pixels",
            89_478_485,
            measure="hybridsent.media._measures:pixels_of",
        ),
    ),
    shown="hybridsent.media._shown:picture",
    glance="hybridsent.evaluation.leaks._quick_views:PictureGlance",
    augment="hybridsent.augment._image:IMAGE_CHANGES",
    hf_network="hybridsent.encoders._hf_image:HFImage",
    example="hybridsent.media._examples:picture",
)
"""Pictures: paths, bytes, arrays or what Pillow reads."""
