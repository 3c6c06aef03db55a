"""Frozen encoders: a column of texts, pictures or sounds becomes a float32 matrix (layer L2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridsent._lazy import lazy_names

if TYPE_CHECKING:
    from hybridsent.encoders._audio import AudioEncoder
    from hybridsent.encoders._base import BaseEncoder
    from hybridsent.encoders._image import ImageEncoder
    from hybridsent.encoders._licences import check_commercial
    from hybridsent.encoders._network import Network, Options
    from hybridsent.encoders._present_cells import PresentCells
    from hybridsent.encoders._registry import (
        Backbone,
        get_backbone,
        list_backbones,
        register_backbone,
    )
    from hybridsent.encoders._runtime import release_networks
    from hybridsent.encoders._sources import HubFiles, Located, PackagedFiles, locate
    from hybridsent.encoders._text import TextEncoder

_HOMES = {
    "AudioEncoder": "hybridsent.encoders._audio",
    "Backbone": "hybridsent.encoders._registry",
    "BaseEncoder": "hybridsent.encoders._base",
    "HubFiles": "hybridsent.encoders._sources",
    "ImageEncoder": "hybridsent.encoders._image",
    "Located": "hybridsent.encoders._sources",
    "Network": "hybridsent.encoders._network",
    "Options": "hybridsent.encoders._network",
    "PackagedFiles": "hybridsent.encoders._sources",
    "PresentCells": "hybridsent.encoders._present_cells",
    "TextEncoder": "hybridsent.encoders._text",
    "check_commercial": "hybridsent.encoders._licences",
    "get_backbone": "hybridsent.encoders._registry",
    "list_backbones": "hybridsent.encoders._registry",
    "locate": "hybridsent.encoders._sources",
    "register_backbone": "hybridsent.encoders._registry",
    "release_networks": "hybridsent.encoders._runtime",
}

__all__ = [
    "AudioEncoder",
    "Backbone",
    "BaseEncoder",
    "HubFiles",
    "ImageEncoder",
    "Located",
    "Network",
    "Options",
    "PackagedFiles",
    "PresentCells",
    "TextEncoder",
    "check_commercial",
    "get_backbone",
    "list_backbones",
    "locate",
    "register_backbone",
    "release_networks",
]

__getattr__, __dir__ = lazy_names(globals(), _HOMES)
