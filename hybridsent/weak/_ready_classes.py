"""Which of the user's classes is negative, neutral or positive: one rule (layer L3)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hybridsent._polarity import SENTIMENTS, sentiment_named

__all__ = ["polarities_of"]

_WHOLE = re.compile(r"[+-]?\d+")


def polarities_of(classes: Any) -> dict[Any, str]:
    """Tell which class is negative, neutral or positive.

    Names are matched whole, whatever their case ("pos", "Positive", "good"). Of two whole numbers
    the smaller is negative and the larger positive, of three the middle one is neutral, also where
    they are written as texts. Nothing else is guessed.

    Parameters
    ----------
    classes : sequence, or mapping of classes to "negative", "neutral" or "positive"
        The classes; a mapping says it itself.

    Returns
    -------
    dict of object to str
        What each class is.

    Raises
    ------
    ValueError
        If a class is none of these, stands there twice, or two are the same.

    Examples
    --------
    >>> from hybridsent.weak._ready_classes import polarities_of
    >>> polarities_of(["pos", "Neg"]), polarities_of([0, 1])
    ({'pos': 'positive', 'Neg': 'negative'}, {0: 'negative', 1: 'positive'})
    """
    if isinstance(classes, Mapping):
        found = dict(classes)
    else:
        labels = list(classes)
        again = next((label for label in labels if labels.count(label) > 1), None)
        if again is not None:
            raise ValueError(f"The classes must differ. Got {again!r} more than once in {labels}.")
        found = _of_numbers(labels) or {label: sentiment_named(label) for label in labels}
    odd = [label for label, kind in found.items() if kind not in SENTIMENTS]
    if odd:
        raise ValueError(
            f"Each class must be negative, neutral or positive. Got {odd[0]!r} among "
            f"{list(found)[:10]}, which is none by its name; say what the classes are, as in "
            "classes={'happy': 'positive', 'angry': 'negative'}, or label some rows and learn from "
            "them."
        )
    kinds = list(found.values())
    twice = next((kind for kind in kinds if kinds.count(kind) > 1), None)
    if twice is not None or len(found) < 2:
        raise ValueError(
            "The classes must be negative and positive, with or without neutral, each once. Got "
            f"{found or 'none'}; join classes that mean the same."
        )
    return found


def _of_numbers(labels: Sequence[Any]) -> dict[Any, str]:
    """Tell two or three whole numbers by their order; empty for anything else."""
    if not all(_WHOLE.fullmatch(str(label).strip()) for label in labels):
        return {}
    order = sorted(labels, key=lambda label: int(str(label)))
    if len(order) not in (2, 3) or len({int(str(label)) for label in order}) < len(order):
        return {}
    kinds = SENTIMENTS if len(order) == 3 else (SENTIMENTS[0], SENTIMENTS[2])
    return dict(zip(order, kinds, strict=True))
