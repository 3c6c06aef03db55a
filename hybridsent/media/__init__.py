"""From a raw cell to a clean object: text, picture or sound (layer L1).

A table's cell may be a path, bytes, an array or a string of unknown origin. The three loaders turn
it into a `str`, an RGB `PIL.Image.Image` or a mono float32 array, or raise one error,
`hybridsent.exceptions.MediaError`, that says what is wrong and what to do. They are pure functions:
no state, no network, no code run from a file.

Why by hand: Pillow and soundfile decode, soxr resamples, and nothing of that is written anew. What
they leave to the caller is what this layer adds: limits that are checked before memory is spent,
files that were cut off and still decode without an error, samples that are not numbers, one stated
policy for transparency, bit depth, orientation and channels, and one error in place of a dozen.

Importing this package loads numpy only; the decoders are imported when a cell needs them.
"""

from __future__ import annotations

from hybridsent.media._memory import reading, reserve, without_frames
from hybridsent.media._source import content_key, is_missing, read_bytes
from hybridsent.media.audio import AUDIO_VERSION, load_audio
from hybridsent.media.image import IMAGE_VERSION, load_image
from hybridsent.media.text import TEXT_VERSION, decode_text, load_text, text_version

__all__ = [
    "AUDIO_VERSION",
    "IMAGE_VERSION",
    "TEXT_VERSION",
    "content_key",
    "decode_text",
    "is_missing",
    "load_audio",
    "load_image",
    "load_text",
    "read_bytes",
    "reading",
    "reserve",
    "text_version",
    "without_frames",
]
