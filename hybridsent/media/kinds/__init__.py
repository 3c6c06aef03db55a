"""The modalities and media of the package, a file each (layer L1)."""

from __future__ import annotations

from hybridsent.media.kinds.audio import AUDIO
from hybridsent.media.kinds.image import IMAGE
from hybridsent.media.kinds.text import TEXT
from hybridsent.media.kinds.video import VIDEO

__all__ = ["AUDIO", "IMAGE", "TEXT", "VIDEO"]
