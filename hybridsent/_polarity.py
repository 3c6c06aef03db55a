"""Words that name negative, neutral and positive classes: one list for all who ask (layer L0).

No library knows what classes are called in the languages of this package.
"""

from __future__ import annotations

__all__ = ["SENTIMENTS", "sentiment_named"]

SENTIMENTS = ("negative", "neutral", "positive")
"""From the worst to the best."""

_NAMES = {
    "negative": """negative neg bad unfavorable unfavourable negativ negativo negativa négatif
        négative negatif schlecht malo mauvais cattivo ruim سلبي नकारात्मक 消极 负面 负 差评 差""",
    "neutral": """neutral neu neutr mixed none neither objective neutro neutra neutre محايد तटस्थ
        中性 中立 中""",
    "positive": """positive pos good favorable favourable positiv positivo positiva positif bueno
        gut bon buono bom ايجابي إيجابي सकारात्मक 积极 正面 正 好评 好""",
}
_SENTIMENT_OF = {name: kind for kind, names in _NAMES.items() for name in names.split()}


def sentiment_named(label: object) -> str:
    """Tell which of the three a name means.

    Parameters
    ----------
    label : object
        A class; its name is matched whole, whatever its case.

    Returns
    -------
    str
        ``"negative"``, ``"neutral"`` or ``"positive"``; empty where the name is none of theirs.

    Examples
    --------
    >>> from hybridsent._polarity import sentiment_named
    >>> sentiment_named("Pos"), sentiment_named("中性"), sentiment_named("blue")
    ('positive', 'neutral', '')
    """
    return _SENTIMENT_OF.get(str(label).strip().lower(), "")
