"""Which backbones ``quality=`` stands for (layer L2): one table, beside the registry."""

from __future__ import annotations

from hybridsent.encoders._registry import get_backbone
from hybridsent.media import get_modality

__all__ = ["LEVELS", "backbones_for"]

LEVELS = ("fast", "good", "best")
"""What `quality` may be; ``"good"`` are the defaults of the encoders."""

_OTHER_THAN_GOOD: dict[str, tuple[str, ...]] = {
    "fast": ("text/minilm-l6",),
    "best": (
        "text/bge-small-en",
        "text/twitter-roberta-sentiment",
        "image/siglip-base",
        "audio/whisper-base",
    ),
}
"""By level, where they are not the default; several of one modality are views of one column."""


def backbones_for(quality: str, modality: str) -> tuple[str, ...]:
    """Give the backbones of a level for a modality.

    Parameters
    ----------
    quality : {"fast", "good", "best"}
        The level.
    modality : str
        Name of the modality; one of which a level names nothing has its default there.

    Returns
    -------
    tuple of str
        Names of backbones, at least one.

    Examples
    --------
    >>> from hybridsent.encoders._quality import backbones_for
    >>> backbones_for("fast", "text")
    ('text/minilm-l6',)
    """
    default = (get_modality(modality).default_backbone(),)
    others = _OTHER_THAN_GOOD.get(quality, ())
    return tuple(name for name in others if get_backbone(name).modality == modality) or default
