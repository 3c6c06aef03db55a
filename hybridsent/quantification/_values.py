"""What a class is worth in an index (layer L3).

No library knows that "neutral" is 0, "五星" 5 and "sehr negativ" -1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

import numpy as np

from hybridsent._notes import note
from hybridsent._polarity import SENTIMENTS, sentiment_named

__all__ = ["class_values"]

_NUMBER = re.compile(
    r"([+-]?\d+(?:\.\d+)?)\s*(?:stars?|estrellas?|étoiles?|sterne?|stelle|星|/\s*\d+)?"
)
_STARS = re.compile(r"[★⭐]+")
_SHADES = {
    3: """very strongly extremely highly strong sehr stark muy très tres molto muito 非常 很 极
        极其 جدا""",
    1: """weakly slightly somewhat mildly weak leicht etwas ligeramente algo légèrement leggermente
        ligeiramente 稍 稍微 略 有点 较""",
}
_SHADE_OF = {word: level for level, words in _SHADES.items() for word in words.split()}
_SIGN = dict(zip(SENTIMENTS, (-1.0, 0.0, 1.0), strict=True))


def class_values(
    classes: Iterable[Any], values: Mapping[Any, float] | None = None
) -> dict[Any, float]:
    """Tell what each class is worth in an index.

    Names of polarity, in the languages that the package knows, are worth -1, 0 and 1; shades of
    them lie between at equal steps ("very positive" 1, "positive" 0.5). Numbers, stars and
    truth values are worth what they say. Nothing else is guessed: emotions and topics have no
    worth but the one that `values` gives them.

    Parameters
    ----------
    classes : iterable
        The labels.
    values : mapping of label to number or None, default=None
        What they are worth instead, each of them; a label may be given as its text.

    Returns
    -------
    dict of label to float
        In the order of the classes.

    Raises
    ------
    ValueError
        If a class has no worth, or `values` names one that is none or no finite number.

    Examples
    --------
    >>> from hybridsent.quantification import class_values
    >>> class_values(["negative", "neutral", "positive"])
    {'negative': -1.0, 'neutral': 0.0, 'positive': 1.0}
    >>> class_values(["负面", "正面"]), class_values(["1 star", "5 stars"])
    ({'负面': -1.0, '正面': 1.0}, {'1 star': 1.0, '5 stars': 5.0})
    >>> class_values(["anger", "joy"], {"anger": -1, "joy": 1})
    {'anger': -1.0, 'joy': 1.0}
    """
    labels = [plain_label(each) for each in classes]
    if values is not None:
        return _told(labels, values)
    numbers = {label: _number(label) for label in labels}
    if all(each is not None for each in numbers.values()):
        return {label: float(each) for label, each in numbers.items() if each is not None}
    named = {label: _named(label) for label in labels}
    odd = next((label for label, (kind, _) in named.items() if not kind), None)
    if odd is not None:
        raise ValueError(note("worthless", the="The", odd=repr(odd), labels=labels[:10]))
    levels = sorted({level for kind, level in named.values() if _SIGN[kind]})
    step = {level: (i + 1) / len(levels) for i, level in enumerate(levels)}
    return {
        label: _SIGN[kind] * step[level] if _SIGN[kind] else 0.0
        for label, (kind, level) in named.items()
    }


def plain_label(label: Any) -> Any:
    """Give a label as Python and JSON know it.

    Parameters
    ----------
    label : object
        Of an array, a Series or a list.

    Returns
    -------
    object
        A text, number or truth value.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.quantification._values import plain_label
    >>> plain_label(np.str_("good")), plain_label(np.int64(2))
    ('good', 2)
    """
    return label.item() if isinstance(label, np.generic) else label


def _told(labels: list[Any], values: Mapping[Any, float]) -> dict[Any, float]:
    by_text = {str(plain_label(key)): number for key, number in values.items()}
    unknown = [key for key in by_text if key not in {str(label) for label in labels}]
    lost = [label for label in labels if str(label) not in by_text]
    if unknown or lost:
        raise ValueError(
            f"The values parameter must give a number for each of the classes {labels[:20]}. Got "
            + (f"{unknown[0]!r}, which is none of them." if unknown else f"none for {lost[0]!r}.")
        )
    found: dict[Any, float] = {}
    for label in labels:
        number: Any = by_text[str(label)]
        if isinstance(number, bool) or not isinstance(number, Real) or not math.isfinite(number):
            raise ValueError(
                f"The values parameter must hold finite numbers. Got {number!r} for {label!r}."
            )
        found[label] = float(number)
    return found


def _number(label: Any) -> float | None:
    if isinstance(label, (bool, Real)):
        return float(label) if np.isfinite(float(label)) else None
    text = str(label).strip().lower()
    if _STARS.fullmatch(text):
        return float(len(text))
    found = _NUMBER.fullmatch(text)
    return float(found[1]) if found else None


def _named(label: Any) -> tuple[str, int]:
    """Tell polarity and shade of a name; an empty polarity where it is none."""
    text = re.sub(r"[\s_-]+", " ", str(label).strip().lower())
    if sentiment_named(text):
        return sentiment_named(text), 2
    for word, level in _SHADE_OF.items():
        # Chinese puts no space between the two, Arabic the shade behind
        for rest in (text.removeprefix(word), text.removesuffix(word)):
            if rest != text and sentiment_named(rest):
                spaced = rest != rest.strip() or not word.isascii()
                return (sentiment_named(rest), level) if spaced else ("", 2)
    return "", 2
