"""What people say in the demo data, and the remarks, signs and topics they add (layer L1)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

__all__ = ["MOODS", "Phrases", "phrases_of", "pick"]

MOODS = ("positive", "neutral", "negative")


@dataclass(frozen=True)
class Phrases:
    """All that is said in one language.

    Parameters
    ----------
    sentences : dict of str to list of str
        By mood: what a writer means, one sentence each.
    openers, enders : list of str
        What stands before or after a sentence of any mood.
    remarks : dict of str to list of str
        By mood: what stands after a sentence and repeats its mood.
    emoji : dict of str to list of str
        By mood.
    tags : list of str
        Topics of any mood.
    mood_tags : dict of str to list of str
        Topics by mood.
    """

    sentences: dict[str, list[str]]
    openers: list[str]
    enders: list[str]
    remarks: dict[str, list[str]]
    emoji: dict[str, list[str]]
    tags: list[str]
    mood_tags: dict[str, list[str]]

    def shown(self, rng: np.random.Generator, mood: str) -> str:
        """Draw the mood that remarks and signs show: mostly that of the sentence."""
        return mood if rng.random() < 0.85 else str(rng.choice(MOODS))

    def end(self, rng: np.random.Generator, shown: str, strength: float) -> str:
        """Draw what stands after a sentence; mostly nothing."""
        return pick(rng, self.remarks[shown], 0.35 * strength) or pick(rng, self.enders, 0.15)

    def signs(self, rng: np.random.Generator, shown: str, strength: float) -> list[str]:
        """Draw an emoji and topics; each may be empty."""
        return [
            pick(rng, self.emoji[shown], 0.12 + 0.4 * strength),
            pick(rng, self.tags, 0.22),
            pick(rng, self.mood_tags[shown], 0.25 * strength),
        ]


@cache
def phrases_of(language: str) -> Phrases:
    """Read what is said in a language.

    Examples
    --------
    >>> from hybridsent._demo.phrases import phrases_of
    >>> phrases_of("en").sentences["positive"][0]
    'Best soup I have had since my grandmother stopped cooking'
    """
    text = files("hybridsent._demo").joinpath(f"{language}.json").read_text(encoding="utf-8")
    return Phrases(**json.loads(text))


def pick(rng: np.random.Generator, choices: list[str], chance: float) -> str:
    """Draw one of the choices, or nothing."""
    return str(rng.choice(choices)) if rng.random() < chance else ""
