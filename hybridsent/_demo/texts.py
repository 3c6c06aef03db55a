"""The texts of the demo data: sentences written by hand, varied as people type (layer L1)."""

from __future__ import annotations

import numpy as np

from hybridsent._demo import chinese, english
from hybridsent._demo.phrases import MOODS, phrases_of

__all__ = ["LANGUAGES", "Writer"]

_VARY = {"en": english.vary, "zh": chinese.vary}

LANGUAGES = tuple(_VARY)
"""Languages that texts are written in."""


class Writer:
    """Write texts of a given mood, each sentence once before any comes again.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all chance.
    language : {"en", "zh"}, default="en"
        English or Chinese.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent._demo.texts import Writer
    >>> writer = Writer(np.random.default_rng(0))
    >>> len({writer.write("positive", 0.5) for _ in range(200)})
    200
    """

    def __init__(self, rng: np.random.Generator, language: str = "en") -> None:
        self._rng = rng
        self._phrases = phrases_of(language)
        self._vary = _VARY[language]
        self._left: dict[str, list[str]] = {mood: [] for mood in MOODS}
        self._written: set[str] = set()

    def write(self, mood: str, strength: float) -> str:
        """Write one text.

        Parameters
        ----------
        mood : {"positive", "neutral", "negative"}
            What the writer means.
        strength : float
            0 to 1: how often emoji, marks and hashtags show the mood.

        Returns
        -------
        str
            One line.
        """
        if not self._left[mood]:
            self._left[mood] = [
                str(s) for s in self._rng.permutation(self._phrases.sentences[mood])
            ]
        sentence = self._left[mood].pop()
        text = self._varied(sentence, mood, strength)
        for _ in range(20):  # repeats are rare, so a bound is only there to end for sure
            if text not in self._written:
                break
            text = self._varied(sentence, mood, strength)
        self._written.add(text)
        return text

    def _varied(self, sentence: str, mood: str, strength: float) -> str:
        return self._vary(self._rng, self._phrases, sentence, mood, strength)
