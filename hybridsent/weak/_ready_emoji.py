"""What emoji, emoticons and hashtags say, by a table of our own (layer L3).

Why by hand: the Emoji Sentiment Ranking knows those of 2015, and may be passed on only with its
licence; emoji that people use for both, such as loud crying and skulls, are left out here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["EMOJI", "EMOTICONS", "emoji_score", "hashtags_of"]

_STRONG_POSITIVE = "😍 🥰 😘 ❤ 💖 💕 💗 💓 💞 💘 💝 🤩 🥳 🎉 🎊 😻 🏆 🥇 💯 🫶 ♥"
_POSITIVE = (
    "😀 😃 😄 😁 😆 😊 🙂 😇 😉 😋 😎 🤗 😌 😚 😙 😗 ☺ 🥹 😸 😺 😹 😽 👍 👌 👏 🙌 🙏 💪 ✌ "
    "🤞 🤝 🤟 🤘 👊 🤙 💙 💚 💛 🧡 💜 🤎 🖤 🤍 🩷 🩵 ❣ 💋 🌹 🌸 🌺 🌻 🌷 💐 🌼 🌈 ☀ 🌞 ✨ "
    "⭐ 🌟 💫 🎁 🎈 🎂 🍾 🥂 🍻 🎶 🎵 🎊 🥇 ✅ ✔ ☑ 😂 🤣 💃 🕺 👯 👑 💎 🍀 🕊 🤤 😛 😜 🤪 "
    "🐶 🐱 🎆 🎇 🙋 👼 💏 💑 🏅 🥈 🥉 🔥 🚀"
)
_NEGATIVE = (
    "😞 😔 😟 😕 🙁 ☹ 😣 😖 😫 😩 🥺 😢 😥 😰 😨 😧 😦 😓 😪 😴 😒 😑 😐 😬 🙄 😤 😾 😿 "
    "🙀 👎 💔 😷 🤒 🤕 🤥 😶 🥱 😵 💩 ⚰ 🤦 🙅 ❌ ⛔ 🚫 💣 🔪 ☠ 🥀 😯 🌧 ⛈ 📉 🆘 ⚠ 🤨 🫤 🫠 "
    "🤧 🤐 😳 🚨"
)
_STRONG_NEGATIVE = "😠 😡 🤬 😭 🤮 🤢 👿 😈 🖕 😱 😲 🤡"

_UNSURE = "😭 😳 😲 😈 😯 🚨 😴 😶 😐 🔥 😬 🥺"
"""Of these what is said depends on who says it: they count for nothing."""


def _table() -> dict[str, float]:
    parts = ((_STRONG_POSITIVE, 2.0), (_POSITIVE, 1.0), (_NEGATIVE, -1.0), (_STRONG_NEGATIVE, -2.0))
    found: dict[str, float] = {}
    for text, score in parts:
        for each in text.split():
            found.setdefault(each, score)
    return {each: score for each, score in found.items() if each not in _UNSURE.split()}


EMOJI: Mapping[str, float] = _table()
"""Emoji without skin tone and variation, and what each says: above 0 something good."""

_EYES = r"(?<!\w)>?[:;=xX]['’]?[-^o]?"
_HAPPY = (
    rf"{_EYES}(?:\)+|\]+|[dDpP3](?!\w)|\*)|(?<!\w)(?:\(+[-^]?[:;=](?!\w)|\^[_.-]*\^|<3+|\\o/"
    r"|[xX]D+(?!\w))"
)
_SAD = (
    r"(?<!\w)(?:>?[:=]['’]?[-^o]?(?:\(+|\[+|/(?!/)|\\|\|+)|\)+[-^]?[:=](?!\w)|D[-]?[:=](?!\w)"
    r"|</3|[Tt][_.][Tt](?!\w)|-[_.]+-|>[_.]<)"
)
EMOTICONS = re.compile(f"(?P<happy>{_HAPPY})|(?P<sad>{_SAD})")
"""Emoticons, such as ``:-)`` and ``</3``; an address (``http://``) is none."""

_EMOJI = re.compile("|".join(map(re.escape, sorted(EMOJI, key=len, reverse=True))))
_HASHTAG = re.compile(r"[#＃]([^\W\d_]\w*)")
_MOST_OF_ONE = 3  # ten hearts are no more than three


def emoji_score(text: str) -> float | None:
    """Add up what emoji and emoticons say; skin tones, variations and joined parts do not matter.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    float or None
        Above 0 where they say something good; None where none is known.

    Examples
    --------
    >>> from hybridsent.weak._ready_emoji import emoji_score
    >>> emoji_score("so 👍🏽 :)"), emoji_score("oh </3"), emoji_score("at http://a.b")
    (2.0, -1.0, None)
    """
    counts: dict[str, int] = {}
    if not text.isascii():
        for each in _EMOJI.findall(text):
            counts[each] = counts.get(each, 0) + 1
    total = 0.0 + sum(EMOJI[each] * min(n, _MOST_OF_ONE) for each, n in counts.items())
    faces: dict[str, int] = {}
    if any(mark in text for mark in ":;=<^_DdTxX\\.-"):
        for found in EMOTICONS.finditer(text):
            kind = str(found.lastgroup)
            faces[kind] = faces.get(kind, 0) + 1
    total += sum(min(n, _MOST_OF_ONE) * (1 if kind == "happy" else -1) for kind, n in faces.items())
    return total if counts or faces else None


def hashtags_of(text: str) -> list[str]:
    """Give the hashtags of a text, without their mark.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    list of str
        As they are written.

    Examples
    --------
    >>> from hybridsent.weak._ready_emoji import hashtags_of
    >>> hashtags_of("so #Happy #1 #loveThis")
    ['Happy', 'loveThis']
    """
    return _HASHTAG.findall(text)
