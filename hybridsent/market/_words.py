"""The words by which topics are told (layer L7)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from hybridsent.evaluation.leaks._duplicates import words_in
from hybridsent.media._function_words import FUNCTION_WORDS
from hybridsent.media._rewrite import UNSPACED

__all__ = ["telling_words", "terms_in"]

_STOPS = frozenset(word for words in FUNCTION_WORDS.values() for word in words)
_STOPS |= ENGLISH_STOP_WORDS
_STOPS |= {"does", "did", "doing", "done", "may", "might", "make", "makes", "made"}
_STOPS |= {"just", "really", "like", "ve", "ll", "re"}
_SIGN = re.compile(f"[{UNSPACED}]")
_LEFT = frozenset(
    {
        "amp",
        "http",
        "https",
        "www",
        "com",
        "user",
        "url",
        "rt",
        "via",
        "gt",
        "lt",
        "htt",
        "ht",
        "ll",
    }
)
_FEW_SIGNS = "的了是在我有和就不人都一也很到说要去你会着没看好自己这那个们他她它吗吧呢啊"


def terms_in(cell: Any) -> list[str]:
    """Give the words of a text that may tell a topic: neither function words nor numbers.

    Parameters
    ----------
    cell : object
        A text, or a list of texts.

    Returns
    -------
    list of str
        Words in lower case; of scripts without blanks each two signs that stand together.

    Examples
    --------
    >>> from hybridsent.market._words import terms_in
    >>> terms_in("The battery of my phone died after 2 days!"), terms_in("电池很好")
    (['battery', 'phone', 'died', 'days'], ['电池'])
    """
    words = words_in(cell)
    return list(_terms(words))


def _terms(words: Sequence[str]) -> Iterator[str]:
    before = ""
    for word in words:
        sign = len(word) == 1 and _SIGN.match(word) is not None and word not in _FEW_SIGNS
        if sign:
            if before:
                yield before + word
            before = word
            continue
        before = ""
        if len(word) > 1 and word not in _STOPS and word not in _LEFT and _has_letter(word):
            yield word


def _has_letter(word: str) -> bool:
    return any(map(str.isalpha, word))


def telling_words(
    terms: Sequence[Sequence[str]], topic: np.ndarray, n_topics: int, most: int = 8
) -> list[list[str]]:
    r"""Find the words that are more frequent in a topic than elsewhere.

    All posts of a topic are one text, in which a word weighs

    .. math:: f_{w,t} \log(1 + A / f_w),

    with its share of the words of the topic, its count in all posts and the mean number of words of
    a topic (c-TF-IDF). A word counts once a post, and must be in three posts.

    Parameters
    ----------
    terms : sequence of n lists of str
        What `terms_in` gave.
    topic : ndarray of int of shape (n,)
        Topic of each post; -1 for none.
    n_topics : int
        How many there are.
    most : int, default=8
        Words of each.

    Returns
    -------
    list of list of str
        The most telling word first.

    References
    ----------
    Grootendorst: BERTopic, neural topic modeling with a class-based TF-IDF procedure, 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.market._words import telling_words
    >>> terms = [["battery", "phone"], ["screen", "phone"]] * 3
    >>> telling_words(terms, np.array([0, 1] * 3), 2)
    [['battery'], ['screen']]
    """
    from scipy.sparse import csr_matrix

    known: dict[str, int] = {}
    rows, columns = [], []
    for words, place in zip(terms, topic.tolist(), strict=True):
        if place >= 0:
            for word in dict.fromkeys(words):
                rows.append(place)
                columns.append(known.setdefault(word, len(known)))
    if not known:
        return [[] for _ in range(n_topics)]
    ones = np.ones(len(rows))
    counts = csr_matrix((ones, (rows, columns)), shape=(n_topics, len(known))).toarray()
    whole = counts.sum(axis=0)
    size = counts.sum(axis=1)
    share = counts / np.maximum(size, 1)[:, None]
    weight = share * np.log1p(size.mean() / whole)
    # a word that is no more frequent here than anywhere tells nothing of this topic
    weight[(share <= 1.05 * whole / whole.sum()) | (counts < 3)] = 0
    names = np.array(list(known), dtype=object)
    found = []
    for row in weight:
        order = np.lexsort((names, -row))[: 4 * most]
        found.append(_distinct([str(names[i]) for i in order if row[i] > 0])[:most])
    return found


def _distinct(words: list[str]) -> list[str]:
    """Leave out plurals of words that stand before, and pairs of signs that lie in one another."""
    kept: list[str] = []
    for word in words:
        if word.rstrip("s") not in {each.rstrip("s") for each in kept}:
            kept.append(word)
    return kept
