"""From a raw cell to a clean object: text, picture, sound, or one's own modality (layer L1).

A table's cell may be a path, bytes, an array or a string of unknown origin. The three loaders turn
it into a `str`, an RGB `PIL.Image.Image` or a mono float32 array, or raise one error,
`hybridsent.exceptions.MediaError`, that says what is wrong and what to do. They are pure functions:
no state, no network, no code run from a file.

Why by hand: Pillow, soundfile and PyAV decode, soxr resamples; nothing of it is written anew. What
they leave to the caller is what this layer adds: limits that are checked before memory is spent,
files that were cut off and still decode without an error, samples that are not numbers, one stated
policy for transparency, bit depth, orientation and channels, and one error in place of a dozen.

What a modality is, `hybridsent.media._modality` says; the three of the package are in
`hybridsent.media.kinds`. Importing this package loads these alone; names are imported when they
are used, decoders when a cell needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridsent._lazy import lazy_names
from hybridsent.media._medium import Medium, Part, keep_medium, list_media
from hybridsent.media._modality import (
    Limit,
    Modality,
    get_modality,
    list_modalities,
    register_modality,
)
from hybridsent.media.kinds import AUDIO, IMAGE, TEXT, VIDEO

if TYPE_CHECKING:
    from hybridsent.media._memory import reading, reserve, without_frames
    from hybridsent.media._source import content_key, is_missing, read_bytes
    from hybridsent.media.audio import AUDIO_VERSION, load_audio
    from hybridsent.media.image import IMAGE_VERSION, load_image
    from hybridsent.media.text import TEXT_VERSION, decode_text, load_text, text_version
    from hybridsent.media.video import is_video, load_frames

_HOMES = {
    "AUDIO_VERSION": "hybridsent.media.audio",
    "IMAGE_VERSION": "hybridsent.media.image",
    "TEXT_VERSION": "hybridsent.media.text",
    "content_key": "hybridsent.media._source",
    "decode_text": "hybridsent.media.text",
    "is_missing": "hybridsent.media._source",
    "is_video": "hybridsent.media.video",
    "load_audio": "hybridsent.media.audio",
    "load_frames": "hybridsent.media.video",
    "load_image": "hybridsent.media.image",
    "load_text": "hybridsent.media.text",
    "read_bytes": "hybridsent.media._source",
    "reading": "hybridsent.media._memory",
    "reserve": "hybridsent.media._memory",
    "text_version": "hybridsent.media.text",
    "without_frames": "hybridsent.media._memory",
}

__all__ = [
    "AUDIO_VERSION",
    "IMAGE_VERSION",
    "TEXT_VERSION",
    "Limit",
    "Medium",
    "Modality",
    "Part",
    "content_key",
    "decode_text",
    "get_modality",
    "is_missing",
    "is_video",
    "list_media",
    "list_modalities",
    "load_audio",
    "load_frames",
    "load_image",
    "load_text",
    "read_bytes",
    "reading",
    "register_modality",
    "reserve",
    "text_version",
    "without_frames",
]

for _kind in (TEXT, IMAGE, AUDIO):
    register_modality(_kind)
keep_medium(VIDEO)

__getattr__, __dir__ = lazy_names(globals(), _HOMES)
