"""What was said in a sound: words with their times, and how they are kept (layer L4).

Why by hand: a plain record; faster-whisper's own are of segments and tokens, and subtitles have
neither.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TypeAlias

__all__ = ["NOTHING", "Heard", "joined"]

Word: TypeAlias = "list[str | float | None]"


@dataclass(frozen=True)
class Heard:
    """What was heard in a sound, or read in its subtitles.

    Parameters
    ----------
    text : str
        All that was said; empty where nothing was.
    language : str or None
        Its code, such as ``"en"``; None where it is not known.
    confidence : float
        From 0 to 1, see `hybridsent.datasets.transcribe`; NaN where nobody tells.
    seconds : float
        Length of the sound; of subtitles the end of the last one.
    spoken : float
        How many of them were speech.
    words : tuple of list
        ``[word, start, end, probability]``, times in seconds; of subtitles a line for a word, and
        no probability.
    """

    text: str
    language: str | None
    confidence: float
    seconds: float
    spoken: float
    words: tuple[Word, ...]

    def dumps(self) -> str:
        """Write it as JSON, NaN as null."""
        told = asdict(self)
        told["confidence"] = None if math.isnan(self.confidence) else self.confidence
        return json.dumps(told, ensure_ascii=False, allow_nan=False)

    @classmethod
    def loads(cls, text: str) -> Heard:
        """Read what `dumps` wrote."""
        told = json.loads(text)
        told["confidence"] = math.nan if told["confidence"] is None else told["confidence"]
        return cls(**{**told, "words": tuple(told["words"])})


NOTHING = Heard("", None, math.nan, 0.0, 0.0, ())
"""In which nothing is said."""


def joined(parts: Sequence[Heard]) -> Heard:
    """Join what was heard in several sounds, as if they were played one after another.

    Parameters
    ----------
    parts : sequence of Heard
        In their order.

    Returns
    -------
    Heard
        Times go on where the sound before ended. The language is the one that was spoken longest,
        the confidence the geometric mean by seconds of speech.

    Examples
    --------
    >>> a = Heard("Hi.", "en", 0.5, 2.0, 1.0, (["Hi.", 0.0, 1.0, 0.5],))
    >>> both = joined([a, a])
    >>> both.text, both.words[1], both.confidence
    ('Hi. Hi.', ['Hi.', 2.0, 3.0, 0.5], 0.5)
    """
    if len(parts) == 1:
        return parts[0]
    words: list[Word] = []
    passed = 0.0
    spoken: dict[str, float] = {}
    for part in parts:
        for word, start, end, sure in part.words:
            words.append([word, _later(start, passed), _later(end, passed), sure])
        passed += part.seconds
        if part.language is not None:
            spoken[part.language] = spoken.get(part.language, 0.0) + part.spoken
    return Heard(
        text=" ".join(part.text for part in parts if part.text),
        language=max(spoken, key=spoken.__getitem__, default=None),
        confidence=_mean(parts),
        seconds=passed,
        spoken=sum(part.spoken for part in parts),
        words=tuple(words),
    )


def _later(time: object, by: float) -> float:
    return round(float(time) + by, 3)  # type: ignore[arg-type]  # a number, by the form of words


def _mean(parts: Sequence[Heard]) -> float:
    """Mean of the logarithms of the confidences, by seconds of speech."""
    told = [(part.confidence, part.spoken) for part in parts if part.confidence > 0]
    total = sum(seconds for _, seconds in told)
    if not total:
        return math.nan
    mean = sum(math.log(sure) * seconds for sure, seconds in told) / total
    return round(math.exp(mean), 4)
