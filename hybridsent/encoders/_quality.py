"""Which backbones ``quality=`` stands for (layer L2): one table, beside the registry."""

from __future__ import annotations

from inspect import signature

from hybridsent.media import get_modality

__all__ = ["LEVELS", "backbones_for"]

LEVELS = ("fast", "good", "best")
"""What `quality` may be; ``"good"`` are the defaults of the encoders."""

_OTHER_THAN_GOOD: dict[str, dict[str, tuple[str, ...]]] = {
    "fast": {
        "text": ("text/minilm-l6",),
        "image": ("image/efficientnet-lite0",),
        "audio": ("audio/whisper-tiny-en",),
    },
    "best": {
        "text": ("text/bge-small-en", "text/twitter-roberta-sentiment"),
        "image": ("image/siglip-base",),
        "audio": ("audio/whisper-base",),
    },
}
"""By level and modality; several are several views of one column."""


def backbones_for(quality: str, modality: str) -> tuple[str, ...]:
    """Give the backbones of a level for a modality.

    Parameters
    ----------
    quality : {"fast", "good", "best"}
        The level.
    modality : str
        Name of the modality; one that the table does not know has its default in every level.

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
    encoder = get_modality(modality).encoder_class()
    default = (str(signature(encoder).parameters["model"].default),)
    return _OTHER_THAN_GOOD.get(quality, {}).get(modality, default)
