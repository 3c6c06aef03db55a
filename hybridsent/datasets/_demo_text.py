"""The texts of the demo data: hand-written sentences, varied the way people type (layer L4)."""

from __future__ import annotations

import numpy as np

from hybridsent.datasets import _demo_text_zh
from hybridsent.datasets._demo_sentences import NEGATIVE, NEUTRAL, POSITIVE

__all__ = ["LANGUAGES", "Writer"]

LANGUAGES = ("en", "zh")
"""Languages that texts are written in."""

_BANK = {"positive": POSITIVE, "neutral": NEUTRAL, "negative": NEGATIVE}
_OPENERS = [
    *("So,", "Ok so,", "Well,", "Update:", "Honestly,", "Right,", "By the way,", "Today:", "Hey,"),
    *("Just saying,", "Small note:", "For the record,", "Hm,", "Hello all,", "Guess what:", "FYI:"),
    *("@mika", "@jo_lane", "@the_real_sam", "@noor", "@pavel77", "RT @cityfeed:", "@team"),
]
_ENDERS = [
    *("That is all", "Anyway", "Just so you know", "More tomorrow", "You know how it is"),
    *("What about you?", "Back to work now", "Ask me later", "End of story", "So there you go"),
    *("Sent from the train", "See you on Sunday", "Writing this from the kitchen"),
]
_TAGS = [
    *("#monday", "#friday", "#weekend", "#family", "#work", "#city", "#home", "#school", "#travel"),
    *("#food", "#music", "#today", "#life", "#neighbours", "#review", "#sports", "#2024", "#diary"),
]
_MOOD_TAGS = {
    "positive": ["#happy", "#grateful", "#love", "#goodtimes", "#win", "#smile"],
    "neutral": ["#info", "#note", "#reminder", "#schedule", "#update", "#facts"],
    "negative": ["#fail", "#sad", "#fedup", "#whyme", "#tired", "#neveragain"],
}
_EMOJI = {
    "positive": ["😊", "😍", "🎉", "❤️", "😂", ":)", "🙌", ":-D", "☀️"],
    "neutral": ["📌", "🤔", "🗓️", "👀", "📦", "☕", "🙂"],
    "negative": ["😢", "😡", "💔", ":(", "😩", "👎", ":-/", "🙄"],
}
_REMARKS = {
    "positive": [
        *("Love it", "So happy right now", "What a day", "Could not ask for more", "Made my week"),
        *("Big smile over here", "Highly recommended", "Lucky me", "Feeling good", "Well done all"),
    ],
    "neutral": [
        *("As planned", "Same as last year", "For information only", "Details are on the page"),
        *("Nothing else to report", "See the notice board", "Times may change", "No action needed"),
    ],
    "negative": [
        *("So annoying", "Not my day", "What a mess", "I have had enough", "Never again"),
        *("Really sad about this", "Thanks for nothing", "I feel awful", "Such a let-down"),
    ],
}
_MOODS = ("positive", "neutral", "negative")
_STRETCHED = {"so", "love", "never", "best", "what", "great", "really", "again", "finally", "all"}


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
    >>> from hybridsent.datasets._demo_text import Writer
    >>> writer = Writer(np.random.default_rng(0))
    >>> len({writer.write("positive", 0.5) for _ in range(200)})
    200
    """

    def __init__(self, rng: np.random.Generator, language: str = "en") -> None:
        self._rng = rng
        self._bank = _demo_text_zh.BANK if language == "zh" else _BANK
        self._vary = _demo_text_zh.vary if language == "zh" else _vary
        self._left: dict[str, list[str]] = {mood: [] for mood in _MOODS}
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
            self._left[mood] = [str(s) for s in self._rng.permutation(self._bank[mood])]
        sentence = self._left[mood].pop()
        text = self._vary(self._rng, sentence, mood, strength)
        for _ in range(20):  # repeats are rare, so a bound is only there to end for sure
            if text not in self._written:
                break
            text = self._vary(self._rng, sentence, mood, strength)
        self._written.add(text)
        return text


def _vary(rng: np.random.Generator, sentence: str, mood: str, strength: float) -> str:
    text = _respell(rng, sentence, strength)
    opener = _pick(rng, _OPENERS, 0.3)
    if opener and not text.startswith(("I ", "FYI")):
        text = text[0].lower() + text[1:]
    parts = [f"{opener} {text}".strip() + _mark(rng, mood, strength)]
    shown = mood if rng.random() < 0.85 else str(rng.choice(_MOODS))
    if ender := _pick(rng, _REMARKS[shown], 0.35 * strength) or _pick(rng, _ENDERS, 0.15):
        parts[0] += "" if parts[0].endswith((".", "!")) else "."
        parts.append(ender if ender.endswith("?") else ender + ".")
    parts.append(_pick(rng, _EMOJI[shown], 0.12 + 0.4 * strength))
    parts.append(_pick(rng, _TAGS, 0.22))
    parts.append(_pick(rng, _MOOD_TAGS[shown], 0.25 * strength))
    line = " ".join(part for part in parts if part)
    return line.lower() if rng.random() < 0.2 else line


def _pick(rng: np.random.Generator, choices: list[str], chance: float) -> str:
    return str(rng.choice(choices)) if rng.random() < chance else ""


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
