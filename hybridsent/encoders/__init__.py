"""Frozen encoders: a column of texts, pictures or sounds becomes a float32 matrix (layer L2)."""

from hybridsent.encoders._audio import AudioEncoder
from hybridsent.encoders._base import BaseEncoder
from hybridsent.encoders._image import ImageEncoder
from hybridsent.encoders._network import Network, Options
from hybridsent.encoders._present import PresentCells
from hybridsent.encoders._registry import Backbone, get_backbone, list_backbones, register_backbone
from hybridsent.encoders._runtime import release_networks
from hybridsent.encoders._text import TextEncoder

__all__ = [
    "AudioEncoder",
    "Backbone",
    "BaseEncoder",
    "ImageEncoder",
    "Network",
    "Options",
    "PresentCells",
    "TextEncoder",
    "get_backbone",
    "list_backbones",
    "register_backbone",
    "release_networks",
]
