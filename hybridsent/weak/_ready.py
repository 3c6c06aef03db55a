"""Labelling functions of sentiment that come with the package (layer L3).

VADER is the package vaderSentiment, which knows English. Word lists, emoji and ratings are our own:
see `hybridsent.weak._ready_words` and `hybridsent.weak._ready_emoji` for why.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

import numpy as np

from hybridsent._polarity import SENTIMENTS
from hybridsent.weak._functions import LabelingFunction
from hybridsent.weak._ready_emoji import emoji_score, hashtags_of
from hybridsent.weak._ready_rating import rating_in
from hybridsent.weak._ready_text import Lexicon, is_sarcastic, lexicon_of, spoken_of
from hybridsent.weak._ready_words import LEXICONS

__all__ = [
    "SENTIMENTS",
    "emoji_function",
    "lexicon_function",
    "lexicon_languages",
    "number_function",
    "rating_function",
    "vader_function",
]

_PIECE = 2000  # characters that VADER reads at once: it is made for posts


@dataclass
class _Ready:
    """A function that scores a text, and votes by the score."""

    labels: tuple[Any, Any, Any]
    reads_texts: ClassVar[bool] = True

    def __call__(self, text: str) -> Any:
        """Vote on one text."""
        return self.vote(text, "")

    def vote(self, text: str | None, language: str) -> Any:
        """Vote on a text; what says that it is sarcastic is left alone."""
        if text is None or is_sarcastic(text):
            return None
        return self._voted(text, language)

    def _voted(self, text: str, language: str) -> Any:
        raise NotImplementedError

    def _by_score(self, score: float | None, least: float) -> Any:
        if score is None:
            return None
        negative, neutral, positive = self.labels
        return positive if score >= least else negative if score <= -least else neutral


@dataclass
class Words(_Ready):
    """Votes by words: of lists that were given, or those of the language of a text."""

    lexicon: Lexicon | None
    languages: tuple[str, ...]
    least: float
    silent: bool

    def _voted(self, text: str, language: str) -> Any:
        lexicon = self.lexicon
        if lexicon is None:
            code = self.languages[0] if len(self.languages) == 1 else language
            if code not in self.languages:
                return None
            lexicon = lexicon_of(code)
        score = lexicon.score(text)
        if score is None and not self.silent and _has_words(text):
            score = 0.0  # it has words, and none of feeling
        return self._by_score(score, self.least)


@dataclass
class Vader(_Ready):
    """Votes by the compound score of VADER."""

    least: float

    def _voted(self, text: str, language: str) -> Any:
        return self._by_score(vader_score(text), self.least) if _has_words(text) else None


@dataclass
class Emoji(_Ready):
    """Votes by emoji, emoticons and hashtags."""

    hashtags: bool

    def _voted(self, text: str, language: str) -> Any:
        score = emoji_score(spoken_of(text))
        if self.hashtags and (tags := hashtags_of(text)):
            lexicon = lexicon_of(language if language in LEXICONS else "en")
            said = lexicon.score(" ; ".join(tags))
            score = score if said is None else (score or 0.0) + said
        return self._by_score(score, 1e-9) if score else None


@dataclass
class Rating(_Ready):
    """Votes by a rating that a text holds."""

    low: float
    high: float

    def _voted(self, text: str, language: str) -> Any:
        share = rating_in(text)
        return None if share is None else _between(share, self.low, self.high, self.labels)


@dataclass
class Number:
    """Votes by a number of its own column."""

    labels: tuple[Any, Any, Any]
    low: float
    high: float

    def __call__(self, value: Any) -> Any:
        """Vote on one number."""
        number = _number_of(value)
        return None if number is None else _between(number, self.low, self.high, self.labels)


def lexicon_function(
    words: Any,
    columns: str = "text",
    *,
    name: str | None = None,
    negators: Iterable[str] | None = None,
    least: float = 0.5,
    silent: bool = True,
    labels: Sequence[Any] = SENTIMENTS,
) -> LabelingFunction:
    """Make a labelling function of a list of words.

    The scores of the words of a text are added up. One of three words before, in the same clause,
    may turn a word round (-0.75), make it count more (1.5) or less (0.6); what stands before "but"
    counts 1.5 times less. Words of languages with blanks are found whole, whatever their case, and
    where letters are stretched ("goooood"); Chinese ones are the longest runs of characters that
    fit. What says that it is sarcastic (``#sarcasm``, ``/s``) gets no vote.

    Parameters
    ----------
    words : str, sequence of str, mapping or pair
        A language (``"en"``), or several, whose short lists come with the package: texts of other
        languages get no vote. Or words of your own: a mapping of words to scores, or a pair
        (positive words, negative words). ``word*`` stands for all that begin with it.
    columns : str, default="text"
        Column of texts.
    name : str or None, default=None
        What the votes are called; None is ``"lexicon"``, with the languages.
    negators : iterable of str or None, default=None
        Words that turn others round, beside words of your own; None takes the English ones.
    least : float, default=0.5
        Score from which on a text is positive, and negative below its negative; between is neutral.
    silent : bool, default=True
        Whether a text of other words alone gets no vote; else it is neutral.
    labels : sequence of 3 labels, default=("negative", "neutral", "positive")
        What is voted; None in the middle for no vote.

    Returns
    -------
    LabelingFunction
        The function.

    Raises
    ------
    ValueError
        If there are no words, or a language is not known.

    Examples
    --------
    >>> from hybridsent.weak import lexicon_function
    >>> english = lexicon_function("en")
    >>> english("not good at all"), english("so lovely!"), english("a table")
    ('negative', 'positive', None)
    >>> lexicon_function({"bullish": 1, "bearish": -1})("bearish again")
    'negative'
    """
    _check_least(least, "lexicon_function")
    voted = _labels(labels, "lexicon_function")
    codes = [words] if isinstance(words, str) else words
    is_codes = (
        isinstance(codes, Sequence) and bool(codes) and all(isinstance(each, str) for each in codes)
    )
    if is_codes:
        unknown = [each for each in codes if each not in LEXICONS]
        if unknown:
            raise ValueError(
                f"lexicon_function has words of {list(LEXICONS)}. Got {unknown[0]!r}; give words "
                "of your own, as a pair (positive words, negative words)."
            )
        told = name or (f"lexicon_{codes[0]}" if len(codes) == 1 else "lexicon")
        function = Words(voted, None, tuple(codes), float(least), bool(silent))
        return LabelingFunction(function, columns=columns, name=told, languages=codes)
    lexicon = _own_lexicon(words, negators)
    function = Words(voted, lexicon, (), float(least), bool(silent))
    return LabelingFunction(function, columns=columns, name=name or "lexicon")


def lexicon_languages() -> list[str]:
    """Name the languages whose words come with the package.

    Returns
    -------
    list of str
        Codes of ISO 639.

    Examples
    --------
    >>> from hybridsent.weak import lexicon_languages
    >>> lexicon_languages()
    ['ar', 'de', 'en', 'es', 'fr', 'hi', 'it', 'pt', 'zh']
    """
    return sorted(LEXICONS)


def vader_function(
    columns: str = "text",
    *,
    name: str = "vader",
    least: float = 0.05,
    labels: Sequence[Any] = SENTIMENTS,
) -> LabelingFunction:
    """Make a labelling function of VADER, words and rules of English posts.

    A text in another language gets no vote, and neither does what says that it is sarcastic. Of a
    long text the mean of pieces of some 2,000 characters counts.

    Parameters
    ----------
    columns : str, default="text"
        Column of texts.
    name : str, default="vader"
        What the votes are called.
    least : float, default=0.05
        Compound score (-1 to 1) from which on a text is positive, and negative below its negative;
        between is neutral. The default is that of VADER's authors.
    labels : sequence of 3 labels, default=("negative", "neutral", "positive")
        What is voted; None in the middle for no vote.

    Returns
    -------
    LabelingFunction
        The function.

    References
    ----------
    Hutto and Gilbert: VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media
    Text, ICWSM 2014.

    Examples
    --------
    >>> from hybridsent.weak import vader_function
    >>> vader_function()("What a lovely day!")
    'positive'
    """
    _check_least(least, "vader_function")
    function = Vader(_labels(labels, "vader_function"), float(least))
    return LabelingFunction(function, columns=columns, name=name, languages=["en"])


def emoji_function(
    columns: str = "text",
    *,
    name: str = "emoji",
    hashtags: bool = False,
    labels: Sequence[Any] = SENTIMENTS,
) -> LabelingFunction:
    """Make a labelling function of emoji and emoticons, which most languages share.

    Skin tones and variations do not matter; of the same emoji three count. What people use for good
    and bad alike (loud crying, fire) counts for nothing.

    Parameters
    ----------
    columns : str, default="text"
        Column of texts.
    name : str, default="emoji"
        What the votes are called.
    hashtags : bool, default=False
        Whether hashtags that are words of feeling (``#happy``) count, too; `lexicon_function` reads
        them as it reads other words.
    labels : sequence of 3 labels, default=("negative", "neutral", "positive")
        What is voted.

    Returns
    -------
    LabelingFunction
        The function; a text without any, or with as much good as bad, gets no vote.

    Examples
    --------
    >>> from hybridsent.weak import emoji_function
    >>> emoji = emoji_function(hashtags=True)
    >>> emoji("ok 👍🏽"), emoji("ok :-("), emoji("ok #happy"), emoji("ok")
    ('positive', 'negative', 'positive', None)
    """
    function = Emoji(_labels(labels, "emoji_function"), bool(hashtags))
    return LabelingFunction(function, columns=columns, name=name)


def rating_function(
    columns: str = "text",
    *,
    name: str = "rating",
    low: float = 0.4,
    high: float = 0.7,
    labels: Sequence[Any] = SENTIMENTS,
) -> LabelingFunction:
    """Make a labelling function of ratings that stand in texts.

    ``4/5``, ``8 out of 10``, ``3 stars``, ``★★★☆☆`` and the like; dates (``4/5/2024``) are none.
    Ratings in a column of numbers are for `number_function`.

    Parameters
    ----------
    columns : str, default="text"
        Column of texts.
    name : str, default="rating"
        What the votes are called.
    low : float, default=0.4
        Share of the full rating up to which a text is negative.
    high : float, default=0.7
        Share from which on it is positive.
    labels : sequence of 3 labels, default=("negative", "neutral", "positive")
        What is voted; None in the middle for no vote.

    Returns
    -------
    LabelingFunction
        The function; a text without a rating, or with several that differ, gets no vote.

    Examples
    --------
    >>> from hybridsent.weak import rating_function
    >>> rating = rating_function()
    >>> rating("4/5, would buy again"), rating("★☆☆☆☆"), rating("6 out of 10")
    ('positive', 'negative', 'neutral')
    >>> rating("on 4/5/2024")
    """
    _check_bounds(low, high, "rating_function")
    function = Rating(_labels(labels, "rating_function"), float(low), float(high))
    return LabelingFunction(function, columns=columns, name=name)


def number_function(
    columns: str,
    *,
    low: float,
    high: float,
    name: str | None = None,
    labels: Sequence[Any] = SENTIMENTS,
) -> LabelingFunction:
    """Make a labelling function of a column of numbers, such as stars or likes.

    Parameters
    ----------
    columns : str
        Column of numbers, also written as texts.
    low, high : float
        Number up to which a row is negative, and from which on positive; between is neutral.
    name : str or None, default=None
        What the votes are called; None is the name of the column.
    labels : sequence of 3 labels, default=("negative", "neutral", "positive")
        What is voted; None in the middle for no vote. Turned round where less is better.

    Returns
    -------
    LabelingFunction
        The function; a row without a number gets no vote.

    Examples
    --------
    >>> from hybridsent.weak import number_function
    >>> stars = number_function("stars", low=2, high=4)
    >>> stars(5), stars("3"), stars(1.0)
    ('positive', 'neutral', 'negative')
    """
    _check_bounds(low, high, "number_function")
    function = Number(_labels(labels, "number_function"), float(low), float(high))
    return LabelingFunction(function, columns=columns, name=columns if name is None else name)


# -- scores ----------------------------------------------------------------------------------------


@functools.cache
def _vader() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


def _has_words(text: str) -> bool:
    """Tell a text that words say something of, and be it nothing, from emoji alone."""
    return any(map(str.isalpha, spoken_of(text)))


def vader_score(text: str) -> float:
    """Give the compound score of VADER; of a long text the mean of its pieces."""
    spoken = spoken_of(text)
    if len(spoken) <= _PIECE:
        return float(_vader().polarity_scores(spoken)["compound"])
    pieces = _pieces(spoken)
    return float(np.mean([_vader().polarity_scores(each)["compound"] for each in pieces]))


def _pieces(text: str) -> list[str]:
    """Cut a text at blanks, where there are any."""
    pieces, start = [], 0
    while start < len(text):
        end = start + _PIECE
        cut = text.rfind(" ", start + _PIECE // 2, end) if end < len(text) else -1
        end = cut if cut > 0 else end
        pieces.append(text[start:end])
        start = end
    return pieces


def _between(value: float, low: float, high: float, labels: tuple[Any, Any, Any]) -> Any:
    if np.isnan(value):
        return None
    return labels[0] if value <= low else labels[2] if value >= high else labels[1]


def _number_of(value: Any) -> float | None:
    if isinstance(value, Real):
        return float(value)
    try:
        return float(str(value).strip().replace(",", "."))
    except ValueError:
        return None


# -- what is given ---------------------------------------------------------------------------------


def _own_lexicon(words: Any, negators: Iterable[str] | None) -> Lexicon:
    if isinstance(words, Mapping):
        scores = dict(words)
    elif (
        isinstance(words, (tuple, list))
        and len(words) == 2
        and not any(isinstance(each, str) for each in words)
    ):
        scores = {**dict.fromkeys(words[0], 1.0), **dict.fromkeys(words[1], -1.0)}
        both = set(words[0]) & set(words[1])
        if both:
            raise ValueError(
                f"A word must be positive or negative. Got {sorted(both)[0]!r} in both lists."
            )
    else:
        raise ValueError(
            "The words of lexicon_function must be a language, a mapping of words to scores, or a "
            f"pair (positive words, negative words). Got {type(words).__name__}."
        )
    odd = [
        (word, score)
        for word, score in scores.items()
        if not (isinstance(word, str) and word.strip("* "))
        or isinstance(score, bool)
        or not isinstance(score, Real)
        or not np.isfinite(float(score))
    ]
    if odd or not scores:
        raise ValueError(
            "The words of lexicon_function must be texts with finite scores. Got "
            f"{f'{odd[0][0]!r}: {odd[0][1]!r}' if odd else 'no words'}."
        )
    known = lexicon_of("en")
    turned = known.negators if negators is None else [each.lower() for each in negators]
    plain = {word.strip().lower(): float(score) for word, score in scores.items()}
    return Lexicon(plain, turned, known.stronger, known.weaker, known.contrast)


def _labels(labels: Any, caller: str) -> tuple[Any, Any, Any]:
    found = tuple(labels) if not isinstance(labels, str) and hasattr(labels, "__iter__") else ()
    if len(found) != 3 or found[0] is None or found[2] is None:
        raise ValueError(
            f"The labels parameter of {caller} must be three labels, of what is negative, neutral "
            f"and positive; None in the middle for no vote. Got {labels!r}."
        )
    return found


def _check_least(least: Any, caller: str) -> None:
    if isinstance(least, bool) or not isinstance(least, Real) or not 0 < float(least) < np.inf:
        raise ValueError(
            f"The least parameter of {caller} must be a number above 0. Got {least!r}."
        )


def _check_bounds(low: Any, high: Any, caller: str) -> None:
    numbers = all(isinstance(each, Real) and not isinstance(each, bool) for each in (low, high))
    if not numbers or not float(low) < float(high):
        raise ValueError(
            f"The low and high parameters of {caller} must be numbers, low below high. Got "
            f"low={low!r}, high={high!r}."
        )
