r"""The script that a text is written in, by the names that Unicode gives its letters (layer L1).

The standard library knows each character's name, and the first word of a letter's name is its
script; the few that are called otherwise stand here. A library (regex, with its ``\p{Han}``) would
answer one script a time.
"""

from __future__ import annotations

import functools
import unicodedata
from collections import Counter

__all__ = ["SCRIPTS", "script_of"]

SCRIPTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "latin": ("Latin letters", ()),
    "han": ("Chinese characters", ("zh",)),
    "kana": ("Japanese", ("ja",)),
    "hangul": ("Korean", ("ko",)),
    "arabic": ("Arabic letters", ("ar", "fa", "ur", "ps", "ckb", "ug")),
    "devanagari": ("Devanagari letters", ("hi", "mr", "ne", "sa")),
    "cyrillic": ("Cyrillic letters", ("ru", "uk", "bg", "sr", "mk", "be", "kk", "mn")),
    "greek": ("Greek letters", ("el",)),
    "hebrew": ("Hebrew letters", ("he", "yi")),
    "thai": ("Thai letters", ("th",)),
    "bengali": ("Bengali letters", ("bn", "as")),
    "tamil": ("Tamil letters", ("ta",)),
    "telugu": ("Telugu letters", ("te",)),
    "gujarati": ("Gujarati letters", ("gu",)),
    "gurmukhi": ("Gurmukhi letters", ("pa",)),
    "kannada": ("Kannada letters", ("kn",)),
    "malayalam": ("Malayalam letters", ("ml",)),
    "sinhala": ("Sinhala letters", ("si",)),
    "georgian": ("Georgian letters", ("ka",)),
    "armenian": ("Armenian letters", ("hy",)),
    "ethiopic": ("Ethiopic letters", ("am", "ti")),
    "khmer": ("Khmer letters", ("km",)),
    "lao": ("Lao letters", ("lo",)),
    "myanmar": ("Burmese letters", ("my",)),
    "tibetan": ("Tibetan letters", ("bo", "dz")),
}
"""Scripts that are told apart: what they are called in a sentence, and the languages that are
written in each (ISO 639; of Latin letters there are too many to list)."""

_ALIKE = {"cjk": "han", "hiragana": "kana", "katakana": "kana", "katakana-hiragana": "kana"}
_WIDTHS = ("fullwidth ", "halfwidth ")
_KANA_AMONG_HAN = 0.05  # share of kana above which Chinese characters are Japanese


def script_of(text: str) -> tuple[str, int]:
    """Name the script of most letters of a text.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    script : str
        One of `SCRIPTS`; empty where no letter is of one.
    n_letters : int
        How many letters are of a script at all.

    Examples
    --------
    >>> from hybridsent.media._scripts import script_of
    >>> script_of("So good! 👍"), script_of("太好了！"), script_of("とても良い"), script_of(":)")
    (('latin', 6), ('han', 3), ('kana', 5), ('', 0))
    """
    if text.isascii():
        n = sum(map(str.isalpha, text))
        return ("latin", n) if n else ("", 0)
    counts: Counter[str] = Counter()
    for character, n in Counter(text).items():
        counts[_script(character)] += n
    del counts[""]
    total = counts.total()
    if counts["kana"] and counts["kana"] >= _KANA_AMONG_HAN * (counts["han"] + counts["kana"]):
        counts["kana"] += counts.pop("han", 0)
    script, n = max(counts.items(), key=lambda item: item[1], default=("", 0))
    return (script if n else ""), total


@functools.lru_cache(maxsize=16384)
def _script(character: str) -> str:
    """Name the script of a letter; empty for what is none, or of a script that is not told."""
    if not character.isalpha():
        return ""
    name = unicodedata.name(character, "").lower()
    for width in _WIDTHS:
        name = name.removeprefix(width)
    first = name.partition(" ")[0]
    script = _ALIKE.get(first, first)
    return script if script in SCRIPTS else ""
