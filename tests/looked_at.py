"""Tables to look at: a clean one of any kind, and others with one thing that flatters."""

from __future__ import annotations

import numpy as np
import pandas as pd

WORDS = np.array(
    [
        a + b
        for a in ("ba", "do", "ki", "lu", "mo", "ne", "ra", "su", "ti", "vo")
        for b in ("ld", "n", "rt", "sk", "m", "pa", "gi", "lo", "ny", "ze")
    ]
)


def texts(n: int, rng: np.random.Generator) -> list[str]:
    """Texts of 6 to 20 words that have nothing in common."""
    return [" ".join(rng.choice(WORDS, size=rng.integers(6, 21))) for _ in range(n)]


def labels(n: int, kind: str, rng: np.random.Generator) -> np.ndarray:
    if kind == "numbers":
        return rng.normal(size=n).round(2)
    p = rng.dirichlet([3.0] * (n_classes := int(rng.integers(2, 6))))
    codes = np.concatenate(
        [np.repeat(np.arange(n_classes), 6), rng.choice(n_classes, size=n - 6 * n_classes, p=p)]
    )
    return np.array(["sad", "glad", "angry", "calm", "keen"])[rng.permutation(codes)]


def clean(n: int = 200, kind: str = "classes", seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """A table in which nothing flatters: features that tell the label, and columns that do not."""
    rng = np.random.default_rng(seed)
    y = labels(n, kind, rng)
    told = y if kind == "numbers" else np.unique(y, return_inverse=True)[1] - 1.0
    X = rng.normal(size=(n, 12)) + np.outer(told, rng.normal(size=12)) * rng.uniform(0, 0.8)
    table = pd.DataFrame(X, columns=[f"audio__{i}" for i in range(12)])
    table["text"] = texts(n, rng)
    table["speaker"] = [
        f"s{i}" for i in rng.integers(0, max(6, n // int(rng.integers(5, 25))), size=n)
    ]
    table["likes"] = rng.poisson(rng.gamma(1, 20, size=n))
    table["posted"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(
        rng.integers(0, 10**7, size=n), unit="s"
    )
    table["place"] = rng.choice(["Oslo", "Rome", "Lima"], size=n)
    table["id"] = [f"row_{i}" for i in range(n)]
    return table, y


def with_speakers(n: int = 240, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Each speaker has a voice, and of each class more or less: who knows the voice knows the label."""
    rng = np.random.default_rng(seed)
    speaker = rng.integers(0, 12, size=n)
    often = rng.dirichlet([0.4] * 3, size=12)
    y = np.array([rng.choice(3, p=often[s]) for s in speaker])
    y[:18] = np.repeat([0, 1, 2], 6)
    voice = rng.normal(size=(12, 20))
    X = rng.normal(size=(n, 20)) * 0.5 + voice[speaker]
    table = pd.DataFrame(X, columns=[f"audio__{i}" for i in range(20)])
    return table.assign(speaker=[f"s{s}" for s in speaker]), np.array(["a", "b", "c"])[y]
