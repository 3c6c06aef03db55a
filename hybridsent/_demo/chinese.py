"""Chinese sentences of the demo data, varied the way people type (layer L1)."""

from __future__ import annotations

import numpy as np

from hybridsent._demo.phrases import Phrases, pick

__all__ = ["vary"]

_STRETCHED = ("太", "真", "好", "啊", "哈")


def vary(
    rng: np.random.Generator, phrases: Phrases, sentence: str, mood: str, strength: float
) -> str:
    """Write a sentence as somebody might post it.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all chance.
    phrases : Phrases
        What is said in Chinese.
    sentence : str
        One of its sentences.
    mood : {"positive", "neutral", "negative"}
        What the writer means.
    strength : float
        0 to 1: how often emoji, marks and topics show the mood.

    Returns
    -------
    str
        One line.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._demo.chinese import vary
    >>> from hybridsent._demo.phrases import phrases_of
    >>> said = phrases_of("zh")
    >>> sentence = said.sentences["neutral"][0]
    >>> sentence in vary(np.random.default_rng(1), said, sentence, "neutral", 0.0)
    True
    """
    shown = phrases.shown(rng, mood)
    text = _respell(rng, sentence, strength)
    parts = [pick(rng, phrases.openers, 0.3), text, _mark(rng, mood, strength)]
    if ender := phrases.end(rng, shown, strength):
        parts[-1] = parts[-1] or "，"
        parts += [ender, "" if ender.endswith("？") else str(rng.choice(["。", "！", "～", ""]))]
    parts += phrases.signs(rng, shown, strength)
    return "".join(parts).strip()


def _mark(rng: np.random.Generator, mood: str, strength: float) -> str:
    loud = 0.05 if mood == "neutral" else 0.1 + 0.3 * strength
    chances = np.array([0.55, 0.3, 0.1, 0.05, 0.75 * loud, 0.25 * loud]) / (1 + loud)
    return str(rng.choice(["。", "", "……", "～", "！", "！！！"], p=chances))


def _respell(rng: np.random.Generator, sentence: str, strength: float) -> str:
    """Lengthen a sign (太太太好吃), or leave the commas out."""
    if rng.random() < 0.25 * strength:
        found = next((sign for sign in _STRETCHED if sign in sentence), "")
        if found:
            sentence = sentence.replace(found, found * int(rng.integers(2, 5)), 1)
    return sentence.replace("，", " ") if rng.random() < 0.12 else sentence
