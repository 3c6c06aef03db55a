"""What the commands ask about modalities (layer L7): all of it stands in their objects."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hybridsent.media import Limit

__all__ = [
    "default_backbone",
    "limits",
    "media_modalities",
    "media_parts",
    "modalities_with",
    "modality_names",
]


def modality_names() -> list[str]:
    """Names of the modalities, in order of registration."""
    from hybridsent.media import list_modalities

    return [modality.name for modality in list_modalities()]


def media_modalities() -> list[str]:
    """Names of the modalities whose cells may be paths of files."""
    from hybridsent.media import list_modalities

    return [modality.name for modality in list_modalities() if modality.is_media]


def media_parts() -> dict[str, dict[str, str]]:
    """Names of media, such as videos, each with the views of its parts and what reads them."""
    from hybridsent.media import list_media

    return {
        medium.name: {part.view: part.reads for part in medium.parts} for medium in list_media()
    }


def limits() -> dict[str, Limit]:
    """Parameters of encoders that refuse what is too large, each with what is said of it."""
    from hybridsent.media import list_modalities

    found: dict[str, Limit] = {}
    for modality in list_modalities():
        for limit in modality.limits:
            found.setdefault(limit.parameter, limit)
    return found


def default_backbone(modality: str) -> str:
    """Name of the backbone that reads a modality where none is named."""
    from hybridsent.media import get_modality

    return get_modality(modality).default_backbone()


def modalities_with(parameter: str) -> list[str]:
    """Names of the modalities whose encoder has a parameter."""
    from hybridsent.media import list_modalities

    return [
        modality.name
        for modality in list_modalities()
        if parameter in inspect.signature(modality.encoder_class()).parameters
    ]
