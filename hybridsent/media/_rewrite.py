"""One linear pass of rewriting over a text: addresses, tags, emoji, elongation (layer L1).

Why by hand: cleaners on PyPI (emoji, ekphrasis, clean-text, ftfy) each do a part, pull in word
lists or models, and promise neither linear time nor that a cleaned text is clean.

One expression knows, in this order at every position: addresses and e-mails (so nothing rewrites
their insides), runs of ``@mentions`` and ``#hashtags``, emoji, and runs of one letter. Its loops
are possessive (``*+``) and its starts are guarded by look-behinds, so no input makes it slow.

Scripts without blanks put all of these directly beside their words: an address begins behind any of
their letters and ends before the next, and a topic stands between two marks (``#上海#``).
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import NamedTuple

__all__ = ["EMOJI", "KEEP_ALL", "KEPT_WHOLE", "UNSPACED", "VERSION", "Policy", "rewrite"]

VERSION = 2
"""Raised whenever `rewrite` may give something else than before."""

UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Scripts that put no blanks between words: Thai, Lao, Burmese, Khmer, kana, Han."""

_BORDER = rf"(?<![^\W{UNSPACED}])"  # behind no letter or digit, but for those of these scripts
_WIDE = "\u3000-\u303f\uff01-\uff60"  # their punctuation

_SCHEME = r"(?i:https?://|www\.)"
_URL = rf"""{_BORDER}{_SCHEME}[^\s{UNSPACED}{_WIDE}]*[^\s{UNSPACED}{_WIDE}.,;:!?)\]}}'"»”’>]"""
_ATEXT = r"\w.!#$%&'*+/=?^`{|}~-"
_EMAIL = rf"(?<![{_ATEXT}])\w[{_ATEXT}]*+(?<!\.)@[\w-]++(?:\.[\w-]++)++"
# In a run like @bob@alice, and for Mastodon's @bob@host.org, later parts may have dots.
_MENTION = rf"[@＠]++(?!{_SCHEME})\w++(?:[@＠]++\w++(?:[.-]++\w++)*+)*+"
# at least a letter: "#1" is a rank
_HASHTAG = rf"[#＃]++(?!{_SCHEME})(?=[\d_]*+[^\W\d_])\w++"
_INSIDE = r"[^#＃@＠\s]"
_TOPIC = rf"[#＃]++(?!{_SCHEME})(?={_INSIDE}{{0,63}}[{UNSPACED}]){_INSIDE}{{1,64}}+[#＃]"
_TAG = re.compile(rf"({_MENTION})|({_TOPIC}|{_HASHTAG})")
# not &: "&#x27;" is an HTML entity
_TAGS = rf"(?<![@＠#＃&]){_BORDER}(?:{_MENTION}|{_TOPIC}|{_HASHTAG})++"
_LONG = re.compile(r"(?P<unit>[^\W\d_]|[!?！？～。])(?P=unit){2,}+")
_BESIDE = re.compile(rf"[\w{UNSPACED}]")

# Code points that are emoji by themselves, and those that are so only before U+FE0F.
_PICTURE = (
    "\U0001f000-\U0001f0ff\U0001f170-\U0001faff\u2600-\u26ff\u231a\u231b\u23e9-\u23fa\u25fd\u25fe"
    "\u2702\u2705\u2708-\u270f\u2712\u2714\u2716\u271d\u2721\u2728\u2733\u2734\u2744\u2747\u274c"
    "\u274e\u2753-\u2757\u2763-\u2767\u2795-\u2797\u27a1\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55"
)
_TEXTUAL = "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299"
_TRAILERS = "\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"
_ONE = rf"(?:[{_PICTURE}]|[{_TEXTUAL}](?=\ufe0f))[{_TRAILERS}]*+"
_FLAG = "[\U0001f1e6-\U0001f1ff]{2}"
_KEYCAP = "[0-9#*]\ufe0f?\u20e3"
_EMOJI = f"{_FLAG}|{_KEYCAP}|{_ONE}(?:\u200d++{_ONE})*+\u200d*+|[\ufe0e\ufe0f]++"

EMOJI = _EMOJI
"""Pattern of one emoji, joined ones and flags whole."""

KEPT_WHOLE = f"{_URL}|{_EMAIL}|{_TAGS}"
"""Pattern of what is no word: addresses, mentions and hashtags."""

_PARTS = {"url": _URL, "email": _EMAIL, "tags": _TAGS, "emoji": _EMOJI, "long": _LONG.pattern}
_WORD_BORDER = re.compile(r"_+|(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)")

_SKIN_TONES = ("light", "medium-light", "medium", "medium-dark", "dark")


class Policy(NamedTuple):
    """What to do with each thing found; see `hybridsent.media.text.load_text`."""

    urls: str
    mentions: str
    hashtags: str
    emoji: str
    elongation: str


KEEP_ALL = Policy("keep", "keep", "keep", "keep", "keep")
"""The policy under which `rewrite` changes nothing."""


def rewrite(text: str, policy: Policy) -> str:
    """Rewrite a text once. What that uncovers is found by the next pass; after few, nothing is.

    Parameters
    ----------
    text : str
        The text.
    policy : Policy
        What to do.

    Returns
    -------
    str
        The text; spaces are left untidy.

    Examples
    --------
    >>> rewrite("sooo #good", KEEP_ALL._replace(hashtags="split", elongation="shorten"))
    'soo good'
    """
    pattern = _pattern(
        url=":" in text or "." in text,
        email="@" in text,
        tags=any(mark in text for mark in "@#＠＃"),
        emoji=not text.isascii(),
        long=policy.elongation == "shorten",
    )

    def rewritten(match: re.Match[str]) -> str:
        found, part = match.lastgroup, match[0]
        # Long parts are rare and would fill the memory of the cache.
        function = _rewritten if len(part) <= 64 else _rewritten.__wrapped__
        new = function(found, part, policy)
        return new if new == part or found == "long" else _apart(new, text, match)

    return pattern.sub(rewritten, text) if pattern else text


def _apart(new: str, text: str, match: re.Match[str]) -> str:
    """Put a blank between what was written and the letters of scripts that have none."""
    start, end = match.span()
    before = " " if start and _BESIDE.match(text, start - 1) else ""
    return before + new + (" " if _BESIDE.match(text, end) else "")


@functools.lru_cache(maxsize=32)
def _pattern(**wanted: bool) -> re.Pattern[str] | None:
    """Compile what a text needs: an alternative that cannot match would still be tried."""
    parts = [f"(?P<{name}>{_PARTS[name]})" for name, want in wanted.items() if want]
    return re.compile("|".join(parts)) if parts else None


@functools.lru_cache(maxsize=8192)
def _rewritten(found: str | None, text: str, policy: Policy) -> str:
    if found == "url":
        return _replaced(text, policy.urls, "http")
    if found == "tags":
        return _rewritten_tags(text, policy)
    if found == "emoji" and policy.emoji != "keep":
        return f" {_emoji_name(text)} " if policy.emoji == "name" else " "
    if found == "long" and policy.elongation == "shorten":
        return text[:2]
    return text


def _replaced(text: str, how: str, token: str) -> str:
    if how == "keep":
        return text
    return token if how == "token" else " "


def _rewritten_tags(run: str, policy: Policy) -> str:
    """Rewrite a run of tags as one: were they single matches, a drop would uncover the next."""
    if policy.mentions == policy.hashtags == policy.elongation == "keep":
        return run
    parts = []
    for mention, hashtag in _TAG.findall(run):
        if mention:
            parts.append(_replaced(mention, policy.mentions, "@user"))
        elif policy.hashtags == "split":
            parts.append(_split_hashtag(hashtag.strip("#＃")))
        elif policy.hashtags == "drop":
            parts.append(" ")
        else:
            parts.append(_shortened(hashtag, policy))
    changed = not (policy.mentions == policy.hashtags == "keep")
    return (" " if changed else "").join(parts)


def _shortened(text: str, policy: Policy) -> str:
    return _LONG.sub(r"\g<unit>\g<unit>", text) if policy.elongation == "shorten" else text


def _split_hashtag(body: str) -> str:
    if body.islower() and body.isalpha():
        return body
    words = []
    for word in _WORD_BORDER.sub(" ", body).split():
        start = 0
        for i in range(1, len(word)):
            rises = word[i].isupper() and not word[i - 1].isupper()
            ends_acronym = word[i].islower() and word[i - 1].isupper() and i - 1 > start
            if rises or ends_acronym:
                border = i if rises else i - 1
                words.append(word[start:border])
                start = border
        words.append(word[start:])
    return " ".join(words)


def _emoji_name(emoji: str) -> str:
    """Name an emoji, part by part: joined ones read "man laptop", flags "flag us"."""
    words, letters = [], []
    for character in emoji:
        code = ord(character)
        if 0x1F1E6 <= code <= 0x1F1FF and len(emoji) > 1:
            letters.append(chr(code - 0x1F1E6 + ord("a")))
        elif 0xE0020 <= code <= 0xE007F:
            letters.append(chr(code - 0xE0000).strip("\x7f"))
        elif 0x1F3FB <= code <= 0x1F3FF:
            words.append(f"{_SKIN_TONES[code - 0x1F3FB]} skin tone")
        elif character == "\u20e3":
            words.insert(0, "keycap")
        elif character not in "\u200d\ufe0e\ufe0f":
            words.append(_character_name(character))
    if letters:
        words.append(f"flag {''.join(letters)}")
    return " ".join(words)


def _character_name(character: str) -> str:
    name = unicodedata.name(character, "symbol").lower()
    if character < "\U0001f000":
        # Old symbols' "black", "white" and "heavy" mean filled, outlined and bold, not a colour.
        name = re.sub(r"^(?:(?:black|white|heavy) )+", "", name)
    return name
