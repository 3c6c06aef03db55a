"""What tests of the monitor share: a model of words, posts, and a monitor in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd

from hybridsent import make_fusion
from hybridsent.persist import save
from hybridsent.scoring import Scorer

__all__ = ["DAY", "post", "saved_model", "start", "word_scorer"]

DAY = 1_772_323_200  # 2026-03-01T00:00:00Z


def word_scorer(classes: tuple[str, str] = ("negative", "positive")) -> Scorer:
    """A model that knows "good" and "bad", and fits in no time."""
    table = pd.DataFrame({"text": ["good", "a good one", "bad", "a bad one"] * 6})
    labels = [classes[1], classes[1], classes[0], classes[0]] * 6
    return Scorer(make_fusion(views={"text": "text/words"}).fit(table, labels), name="words")


def saved_model(folder: Path) -> Path:
    """The same in a file."""
    path = folder / "words.hybridsent"
    save(word_scorer().model, path)
    return path


def post(i: int, *, good: bool | None = None, **more: object) -> str:
    """A post as a line of JSON; every third one is bad."""
    is_good = i % 3 != 0 if good is None else good
    brand = ("Acme", "Bolt", "Cord")[i % 3 if "brand" not in more else 0]
    fields = {
        "text": f"a {'good' if is_good else 'bad'} day, number {i}",
        "brand": brand,
        "created_at": DAY + 7 * i,
        "number": i,
    }
    return json.dumps({**fields, **more}) + "\n"


def start(model: Path, *arguments: str, **how: object) -> subprocess.Popen:
    """Start ``hybridsent monitor`` without a page."""
    line = [sys.executable, "-m", "hybridsent", "monitor", str(model), *arguments, "--no-page"]
    return subprocess.Popen(line, **how)
