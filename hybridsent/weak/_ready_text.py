"""How ready functions read a text: its words, their feeling, and signs of sarcasm (layer L3).

spaCy and NLTK cut words better, at the price of models for each language; a word of feeling, the
word that turns it round and the end of a clause are found by a pattern. Chinese is read by the
longest entries that fit, with no dictionary of all words (jieba).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from hybridsent.exceptions import EmptyTextError
from hybridsent.media import is_missing, load_text
from hybridsent.media._forms import items_in
from hybridsent.weak._ready_words import LEXICONS, Words

__all__ = ["Lexicon", "is_sarcastic", "lexicon_of", "spoken_of", "text_of"]

_NOISE = re.compile(r"(?i:https?://|www\.)\S+|[@＠]\w+")
_WORD = re.compile(
    r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\u064b-\u0652\u0900-\u097f])*(?:['’][^\W\d_]+)?|[.!?;:,…。！？；，।\n]"
)
_END = frozenset(".!?;:,…。！？；，।\n")
_STRETCHED = re.compile(r"(.)\1{2,}")
_ARABIC_MARKS = re.compile("[\u064b-\u0652\u0640]")
_ARABIC_FORMS = str.maketrans("أإآٱىةؤئ", "ااااىةوي")
_ARABIC_FRONT = ("وال", "بال", "فال", "ال", "و", "ب", "ف", "ل")
_HAN = re.compile(r"[\u3400-\u9fff]+")
_REACH = 3  # words before a word of feeling in which it may be turned round
_TURNED = -0.75  # what is "not great" is less bad than what is "bad"
_STRONGER, _WEAKER = 1.5, 0.6
_LATER = 1.5  # what comes after "but" counts more, and what came before less
_ELIDED = 5  # letters of what stands before an apostrophe, as in "quell'ottimo"
_MOST_SEEN = 100_000  # words whose score is remembered
_SHORTEST = 3  # letters of a word that stands for all that begin with it

_SARCASM = re.compile(
    r"(?i:[#＃](?:sarcas\w*|irony|ironi\w*|sarkasmus|not)\b|(?<!\S)/s(?!\S)|\byeah,? right\b"
    r"|\bas if\b[.!]*$|\bjust what i needed\b|\bthanks for nothing\b)|🙃"
)


def text_of(cell: Any) -> str | None:
    r"""Give the text of a cell, as text encoders read it; several texts become lines of one.

    Parameters
    ----------
    cell : object
        A cell of a column of texts.

    Returns
    -------
    str or None
        The text; None where the cell is missing, or empty once it is clean.

    Raises
    ------
    MediaError
        If the cell is no text.

    Examples
    --------
    >>> from hybridsent.weak._ready_text import text_of
    >>> text_of(b"so  good"), text_of(["so", "good"]), text_of("  ")
    ('so good', 'so\ngood', None)
    """
    if is_missing(cell):
        return None
    items = None if isinstance(cell, str) else items_in(cell, "text")
    if items is not None:
        parts = [text for item in items if (text := text_of(item))]
        return "\n".join(parts) or None
    try:
        return load_text(cell)
    except EmptyTextError:
        return None


def spoken_of(text: str) -> str:
    """Take the addresses and the names of people out of a text.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    str
        What is left.

    Examples
    --------
    >>> from hybridsent.weak._ready_text import spoken_of
    >>> spoken_of("@lovely_ann look: https://happy.org")
    '  look:  '
    """
    return _NOISE.sub(" ", text) if "@" in text or "." in text or "＠" in text else text


def is_sarcastic(text: str) -> bool:
    """Tell a text that says itself that it means the opposite.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    bool
        Whether it holds ``#sarcasm``, ``/s``, an upside-down face or a phrase such as "yeah right".
        Most sarcasm has no such mark, and is not found.

    Examples
    --------
    >>> from hybridsent.weak._ready_text import is_sarcastic
    >>> is_sarcastic("Great, another delay #sarcasm"), is_sarcastic("Great, another delay")
    (True, False)
    """
    return _SARCASM.search(text) is not None


@dataclass
class Lexicon:
    """Words with scores, and the words that turn them round.

    Parameters
    ----------
    scores : mapping of str to float
        Words in lower case; ``word*`` stands for all that begin with it. Chinese ones are runs of
        characters.
    negators : sequence of str, default=()
        Words that turn the others round.
    stronger : sequence of str, default=()
        Words that make them count more.
    weaker : sequence of str, default=()
        Words that make them count less.
    contrast : sequence of str, default=()
        Words after which a text says what it means, such as "but".

    Examples
    --------
    >>> from hybridsent.weak._ready_text import lexicon_of
    >>> english = lexicon_of("en")
    >>> english.score("good"), english.score("not good"), english.score("very good")
    (1.0, -0.75, 1.5)
    """

    scores: Mapping[str, float]
    negators: Sequence[str] = ()
    stronger: Sequence[str] = ()
    weaker: Sequence[str] = ()
    contrast: Sequence[str] = ()

    def __post_init__(self) -> None:
        self._whole = {w: s for w, s in self.scores.items() if not w.endswith("*")}
        self._begins = {w[:-1]: s for w, s in self.scores.items() if w.endswith("*")}
        self._runs = {w: s for w, s in self._whole.items() if _HAN.search(w)}
        kinds = (self.negators, self.stronger, self.weaker, self.contrast)
        self._turns, self._ups, self._downs, self._buts = (frozenset(each) for each in kinds)
        marks = self._turns | self._ups | self._downs | self._buts
        self._han = {*self._runs, *(each for each in marks if _HAN.search(each))}
        self._longest = max(map(len, self._han), default=0)
        self._seen: dict[str, float] = {}

    def score(self, text: str) -> float | None:
        """Add up what the words of a text count.

        Parameters
        ----------
        text : str
            The text.

        Returns
        -------
        float or None
            Above 0 where it is positive; None where none of the words is in it.
        """
        found = self._counted(self._words(text))
        return None if not found else sum(found)

    def _words(self, text: str) -> list[str]:
        text = spoken_of(text).lower().replace("’", "'")
        if not self._longest:
            return _WORD.findall(text)
        return [part for word in _WORD.findall(text) for part in self._cut(word)]

    def _cut(self, word: str) -> list[str]:
        """Cut a run of Chinese characters into the longest entries that fit."""
        if not _HAN.match(word):
            return [word]
        parts, i = [], 0
        while i < len(word):
            size = next((n for n in range(self._longest, 1, -1) if word[i : i + n] in self._han), 1)
            parts.append(word[i : i + size])
            i += size
        return parts

    def _counted(self, words: Sequence[str]) -> list[float]:
        """Give what each word of feeling counts, with what stands before it."""
        found: list[float] = []
        for i, word in enumerate(words):
            if word in self._buts:
                found = [each / _LATER for each in found]
                continue
            score = self._of(word)
            if not score:
                continue
            for before in reversed(words[max(0, i - _REACH) : i]):
                if before in _END:
                    break
                if before in self._turns or before.endswith("n't") or before[:2] == "n'":
                    score *= _TURNED
                elif before in self._ups:
                    score *= _STRONGER
                elif before in self._downs:
                    score *= _WEAKER
            found.append(score)
        return found

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is found again: a copy is made of the words alone."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Take the words, and sort them anew."""
        self.__init__(**state)  # type: ignore[misc]

    def _of(self, word: str) -> float:
        found = self._seen.get(word)
        if found is None:
            found = self._found(word)
            if len(self._seen) < _MOST_SEEN:
                self._seen[word] = found
        return found

    def _found(self, word: str) -> float:
        if word in _END:
            return 0.0
        if (score := self._known(word)) is not None:
            return score
        front, _, rest = word.partition("'")
        if rest and len(front) <= _ELIDED and not word.endswith("n't"):  # j'adore, un'ottima
            return self._found(rest)
        shorter = _STRETCHED.sub(r"\1\1", word)  # "sooo goood": doubled, then single
        for form in (shorter, _STRETCHED.sub(r"\1", word)) if shorter != word else ():
            if (score := self._known(form)) is not None:
                return score
        if "\u0600" <= word[0] <= "\u06ff":
            return self._of_arabic(word)
        return 0.0

    def _known(self, word: str) -> float | None:
        if word in self._whole:
            return self._whole[word]
        if self._begins:
            for n in range(len(word), _SHORTEST - 1, -1):
                if (score := self._begins.get(word[:n])) is not None:
                    return score
        return None

    def _of_arabic(self, word: str) -> float:
        plain = _ARABIC_MARKS.sub("", word).translate(_ARABIC_FORMS)
        for front in ("", *_ARABIC_FRONT):
            if plain.startswith(front) and (score := self._whole.get(plain[len(front) :])):
                return score
        return 0.0


@functools.cache
def lexicon_of(language: str) -> Lexicon:
    """Give the words of a language that come with the package.

    Parameters
    ----------
    language : str
        Code of ISO 639, one of `LEXICONS`.

    Returns
    -------
    Lexicon
        Its words.
    """
    words: Words = LEXICONS[language]
    scores: dict[str, float] = {}
    for text, sign in ((words.positive, 1.0), (words.negative, -1.0)):
        for word in text.split():
            scores[word.lstrip("!").replace("_", " ")] = sign * (2.0 if word[0] == "!" else 1.0)
    marks = (words.negators, words.stronger, words.weaker, words.contrast)
    return Lexicon(scores, *(each.split() for each in marks))
