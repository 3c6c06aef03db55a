"""A model of texts, pictures and sounds that is fitted in a second, for tests of the page."""

from __future__ import annotations

import io
import wave
from typing import Any

import numpy as np
import pandas as pd
from fakes import fake, installed
from PIL import Image

from hybridsent import make_fusion

__all__ = ["fitted", "installed_fakes", "picture", "sound"]

GOOD = ("good", "lovely", "wonderful", "thanks", "happy", "great")
BAD = ("bad", "awful", "never again", "rude", "broken", "sad")
SO_SO = ("okay", "average", "fine I guess", "usual", "so so", "nothing special")


def picture(shade: int = 200, size: int = 24, form: str = "PNG") -> bytes:
    """Paint a picture."""
    held = io.BytesIO()
    Image.new("RGB", (size, size), (shade, 90, 255 - shade)).save(held, form)
    return held.getvalue()


def sound(pitch: float = 440.0, seconds: float = 0.5) -> bytes:
    """Play a tone."""
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        values = np.sin(np.arange(int(16_000 * seconds)) * 2 * np.pi * pitch / 16_000)
        file.writeframes((values * 12_000).astype("<i2").tobytes())
    return held.getvalue()


def installed_fakes() -> Any:
    """Register tiny backbones of pictures and sounds."""
    return installed(fake("image"), fake("audio"))


def fitted(coverage: float | None = 0.9) -> Any:
    """Fit the model; with what is sure, where MAPIE is installed."""
    rng = np.random.default_rng(0)
    rows = []
    for i in range(240):
        words, label = ((GOOD, "positive"), (SO_SO, "neutral"), (BAD, "negative"))[i % 3]
        text = f"The {rng.choice(['room', 'phone', 'film', 'food'])} was {rng.choice(words)}"
        kept = rng.random(2) < 0.7
        rows.append(
            {
                "text": text,
                "image": picture(int(rng.integers(0, 256))) if kept[0] else None,
                "audio": sound(float(rng.integers(200, 800)), 0.05) if kept[1] else None,
                "label": label,
            }
        )
    table = pd.DataFrame(rows)
    views = {"text": "text/words", "image": "image/fake", "audio": "audio/fake"}
    model = make_fusion("late", views=views, store=None)
    if coverage is not None:
        from hybridsent.heads import with_coverage

        model = with_coverage(model, coverage)
    return model.fit(table.drop(columns="label"), table["label"])
