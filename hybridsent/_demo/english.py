"""English sentences of the demo data, varied the way people type (layer L1)."""

from __future__ import annotations

import numpy as np

from hybridsent._demo.phrases import Phrases, pick

__all__ = ["vary"]

_STRETCHED = {"so", "love", "never", "best", "what", "great", "really", "again", "finally", "all"}


def vary(
    rng: np.random.Generator, phrases: Phrases, sentence: str, mood: str, strength: float
) -> str:
    """Write a sentence as somebody might post it.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all chance.
    phrases : Phrases
        What is said in English.
    sentence : str
        One of its sentences.
    mood : {"positive", "neutral", "negative"}
        What the writer means.
    strength : float
        0 to 1: how often emoji, marks and hashtags show the mood.

    Returns
    -------
    str
        One line.
    """
    text = _respell(rng, sentence, strength)
    opener = pick(rng, phrases.openers, 0.3)
    if opener and not text.startswith(("I ", "FYI")):
        text = text[0].lower() + text[1:]
    parts = [f"{opener} {text}".strip() + _mark(rng, mood, strength)]
    shown = phrases.shown(rng, mood)
    if ender := phrases.end(rng, shown, strength):
        parts[0] += "" if parts[0].endswith((".", "!")) else "."
        parts.append(ender if ender.endswith("?") else ender + ".")
    parts += phrases.signs(rng, shown, strength)
    line = " ".join(part for part in parts if part)
    return line.lower() if rng.random() < 0.2 else line


def _mark(rng: np.random.Generator, mood: str, strength: float) -> str:
    loud = 0.05 if mood == "neutral" else 0.1 + 0.3 * strength
    return str(
        rng.choice(
            [".", "", "...", "!", "!!"],
            p=np.array([0.6, 0.3, 0.1, 0.75 * loud, 0.25 * loud]) / (1 + loud),
        )
    )


def _respell(rng: np.random.Generator, sentence: str, strength: float) -> str:
    words = sentence.split()
    if rng.random() < 0.25 * strength:
        words = [_stretch(rng, word) if word.lower() in _STRETCHED else word for word in words]
    if rng.random() < 0.15:
        at = int(rng.integers(len(words)))
        words[at] = _mistype(rng, words[at])
    return " ".join(words)


def _stretch(rng: np.random.Generator, word: str) -> str:
    """Lengthen the last vowel: so becomes sooo."""
    at = max(word.lower().rfind(vowel) for vowel in "aeiou")
    return word[:at] + word[at] * int(rng.integers(2, 5)) + word[at + 1 :]


def _mistype(rng: np.random.Generator, word: str) -> str:
    """Swap two letters inside a long word, or drop one."""
    if len(word) < 5 or not word.isalpha():
        return word
    at = int(rng.integers(1, len(word) - 2))
    if rng.random() < 0.5:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + word[at + 1 :]
