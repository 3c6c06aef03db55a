"""The keys of cells stay what they are: rows that were stored under them are found for ever."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from hybridsent.media import content_key

_RAMP = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
_TONE = np.linspace(-0.5, 0.5, 8, dtype=np.float32)

KNOWN = {
    "words": ("text", "What a lovely day"),
    "marks": ("text", "naïve \u2014 太好了"),
    "bytes of words": ("text", "naïve".encode()),
    "content of an image": ("image", b"\x89PNG\r\n\x1a\n rest"),
    "content of a sound": ("audio", b"RIFF\0\0\0\0WAVE rest"),
    "pixels": ("image", _RAMP),
    "grey pixels": ("image", _RAMP[..., :1]),
    "pixels of another layout": ("image", np.asfortranarray(_RAMP)),
    "picture": ("image", Image.fromarray(_RAMP)),
    "picture with a palette": ("image", Image.new("P", (2, 2), 1)),
    "samples": ("audio", (_TONE, 16_000)),
    "samples of two channels": ("audio", (np.stack([_TONE, _TONE], axis=1), 44_100.0)),
    "samples in a dict": ("audio", {"array": _TONE.tolist(), "sampling_rate": 8_000}),
}

KEYS = {
    "words": "02cbfebd3fe5c7e51053f79b8cfcc01b",
    "marks": "ce5c0588ceef7018b973620185afcdea",
    "bytes of words": "2151e0fbd42707a326e36f5d35375e37",
    "content of an image": "830c00e4ee1792b9201ac5e96bed0baa",
    "content of a sound": "f77e0e63b75e8731543dbbfc4eaa0611",
    "pixels": "9fe3ef42057c7265fcfc1895fa89e184",
    "grey pixels": "a0b79d9eccf45157a2a4519d50e0b11c",
    "pixels of another layout": "9fe3ef42057c7265fcfc1895fa89e184",
    "picture": "5b0cc060b6d5fca5b0c1522c4ec24241",
    "picture with a palette": "70c648db9a92875c8cb607ebe3e38b04",
    "samples": "220cc4cc9e88eafe14d59189cb844a1a",
    "samples of two channels": "55bf0682b2aa0c352125007370714860",
    "samples in a dict": "949f63a83e91152c235536e2787e471d",
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_cells_have_their_known_keys(name):
    kind, cell = KNOWN[name]
    assert content_key(cell, kind).hex() == KEYS[name]


def test_a_file_has_the_key_of_its_content(tmp_path):
    for name in ("content of an image", "content of a sound"):
        kind, content = KNOWN[name]
        path = tmp_path / "cell"
        path.write_bytes(content)
        for cell in (path, str(path), [str(path)], {"bytes": None, "path": str(path)}):
            assert content_key(cell, kind).hex() == KEYS[name]
