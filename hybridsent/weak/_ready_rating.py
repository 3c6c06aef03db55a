"""Ratings that stand in texts, such as ``4/5`` and ``★★★☆☆`` (layer L3).

Why by hand: parsers of quantities (quantulum3, recognizers-text) know units, not ratings.
"""

from __future__ import annotations

import re

__all__ = ["rating_in"]

_NUMBER = r"(?P<n>\d{1,3}(?:[.,]\d+)?)"
_FRACTION = re.compile(
    rf"(?<![\w/.,:-]){_NUMBER}\s?(?:/|(?:out of|von|de|sur|su|em)\s)\s?(?P<of>5|10|100)"
    r"(?![\w/:-]|[.,]\d)",
    re.IGNORECASE,
)
_STARS = re.compile(
    r"(?<![\w/.,:-])(?P<n>[0-5](?:[.,]\d)?)\s?-?(?:stars?|sterne?|étoiles?|etoiles?|estrellas?"
    r"|estrelas?|stelle|stella|نجوم|星)(?!\w)",
    re.IGNORECASE,
)
_DRAWN = re.compile(r"(?P<full>[★⭐🌟]+)\ufe0f?(?P<empty>[☆✩]*)")


def rating_in(text: str) -> float | None:
    """Give the rating in a text as a share of the full one.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    float or None
        Between 0 and 1; None where there is none, or several differ.

    Examples
    --------
    >>> from hybridsent.weak._ready_rating import rating_in
    >>> rating_in("4/5"), rating_in("3 stars"), rating_in("9/11"), rating_in("12/10")
    (0.8, 0.6, None, 1.0)
    """
    found: list[float] = []
    if any(map(str.isdigit, text)):
        for match in _FRACTION.finditer(text):
            share = float(match["n"].replace(",", ".")) / float(match["of"])
            if share <= 2:  # "12/10" is praise, "300/10" is none
                found.append(min(share, 1.0))
        found += [float(each["n"].replace(",", ".")) / 5 for each in _STARS.finditer(text)]
    if "★" in text or "⭐" in text or "☆" in text or "🌟" in text:
        for match in _DRAWN.finditer(text):
            full, empty = len(match["full"].replace("\ufe0f", "")), len(match["empty"])
            if empty or full in (4, 5):  # a star or two alone may be an ornament
                found.append(full / (full + empty) if empty else full / 5)
    kinds = {round(each, 3) for each in found}
    return found[0] if len(kinds) == 1 else None
