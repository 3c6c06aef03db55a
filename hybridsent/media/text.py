"""Strings and encoded bytes to clean text (layer L1).

Why by hand: a decoder that guesses (chardet) needs more than a sentence, and a text must be clean
after one cleaning, since it is the key of a store; see `hybridsent.media._rewrite` for the rest.
"""

from __future__ import annotations

import codecs
import functools
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, get_args

from hybridsent._hints import did_you_mean
from hybridsent.exceptions import EmptyTextError, MediaError
from hybridsent.media._cells import is_invisible
from hybridsent.media._encodings import east_asian
from hybridsent.media._forms import taken
from hybridsent.media._looks import head_of, inside_of, is_media_path
from hybridsent.media._rewrite import KEEP_ALL, UNSPACED, VERSION, Policy, rewrite
from hybridsent.media.kinds.text import TEXT

__all__ = [
    "POLICIES",
    "TEXT_VERSION",
    "count_words",
    "decode_text",
    "is_text",
    "load_text",
    "parse_policies",
    "suits_text",
    "text_version",
    "words_of",
]

TEXT_VERSION = TEXT.version
"""Raised whenever a cleaned text may differ from before; part of an encoder's fingerprint."""

_Form = Literal["NFC", "NFKC"]
_Keep = Literal["keep", "token", "drop"]
_Hashtags = Literal["keep", "split", "drop"]
_Emoji = Literal["keep", "name", "drop"]
_Elongation = Literal["keep", "shorten"]

POLICIES: dict[str, tuple[str, ...]] = {
    "unicode": get_args(_Form),
    "urls": get_args(_Keep),
    "mentions": get_args(_Keep),
    "hashtags": get_args(_Hashtags),
    "emoji": get_args(_Emoji),
    "elongation": get_args(_Elongation),
}
"""What each policy of `load_text` may be; ``unicode`` also None."""

# The UTF-32 marks begin with the UTF-16 ones, so they come first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAX_PASSES = 10  # no rewrite makes work for more than two later ones; see tests/test_media_text.py

_SURROGATE = re.compile("[\ud800-\udfff]")
# Controls that are no whitespace, soft hyphens, byte order marks, marks of writing direction. The
# two joiners U+200C and U+200D stay: Persian, Indic scripts and emoji mean something by them.
_CONTROL = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb]+"
)
# The Stream-Safe Text Format of Unicode (UAX 15) allows as many marks in a row.
_MAX_MARKS = 30
_MANY_MARKS = re.compile("[\u0300-\U0010ffff]{31}")
_ENOUGH_BYTES = 2**16  # to tell whether bytes are text
_ENOUGH = 0.5  # share of cells that must read as text
_FEW_ROWS = 10  # below this many rows the share of distinct cells says little
_UNSPACED = re.compile(f"[{UNSPACED}]")


def text_version(emoji: str, *, rewrites: bool = False) -> int | str:
    """Tell what a cleaned text depends on, beside its policies.

    Parameters
    ----------
    emoji : {"keep", "name", "drop"}
        What is done with emoji; their names come with Python's copy of the Unicode database.
    rewrites : bool, default=False
        Whether addresses, mentions, hashtags or elongations are not all kept.

    Returns
    -------
    int or str
        The version of the cleaning, and that of the database where names are read in it.

    Examples
    --------
    >>> text_version("keep") == TEXT_VERSION
    True
    """
    parts = [f"rewriting {VERSION}"] if rewrites else []
    parts += [f"Unicode {unicodedata.unidata_version}"] if emoji == "name" else []
    return ", ".join([str(TEXT_VERSION), *parts]) if parts else TEXT_VERSION


def decode_text(raw: bytes) -> str:
    r"""Decode bytes to a string, by mark, as UTF-8, or as Windows-1252.

    A byte order mark of UTF-8, UTF-16 or UTF-32 decides. Without one the bytes are UTF-8 if they
    are valid UTF-8 (by chance, other text is not), else Windows-1252, the superset of Latin-1 that
    older Western files are in. Text of other encodings must be decoded by the caller: what plainly
    is Chinese, Japanese or Korean in one of their own encodings is refused, as it would be noise.

    Parameters
    ----------
    raw : bytes
        Encoded text.

    Returns
    -------
    str
        The text, without the mark.

    Raises
    ------
    MediaError
        If the bytes contradict their mark, fit neither encoding, or plainly are in another one.

    Examples
    --------
    >>> decode_text("naïve".encode("utf-16")), decode_text(b"na\xefve")
    ('naïve', 'naïve')
    """
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return _decoded(raw, encoding, f"the bytes begin with a mark of {encoding}")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        if found := east_asian(raw):
            raise MediaError(
                f"the bytes are not UTF-8 and look like text in {found}; decode them first, with "
                f"cell.decode({found!r}), and pass the str"
            ) from None
        return _decoded(raw, "cp1252", "the bytes are neither UTF-8 nor Windows-1252")


def parse_policies(texts: Iterable[str]) -> dict[str, str | None]:
    """Read policies of cleaning as they are written on a command line.

    Parameters
    ----------
    texts : iterable of str
        Each such as ``"urls=token,mentions=drop"``; ``unicode=none`` means None. A part with a
        colon, ``module:function``, is a function of one's own.

    Returns
    -------
    dict of str to (str or None)
        Parameters of `TextEncoder`, the function under ``"clean"``.

    Raises
    ------
    ValueError
        If a policy is none, its value is none of its own, or one is named twice.

    Examples
    --------
    >>> parse_policies(["urls=token, mentions=drop", "mypackage.tweets:clean"])
    {'urls': 'token', 'mentions': 'drop', 'clean': 'mypackage.tweets:clean'}
    >>> parse_policies(["url=token"])
    Traceback (most recent call last):
        ...
    ValueError: a policy must be one of unicode, urls, mentions, hashtags, emoji, elongation, as in
    urls=token, or a function of your own as MODULE:FUNCTION; got 'url=token'. Did you mean 'urls'?
    """
    found: dict[str, str | None] = {}
    for part in (part.strip() for text in texts for part in text.split(",")):
        name, separator, value = (each.strip() for each in part.partition("="))
        if not separator and ":" in part:
            name, value = "clean", part
        elif name in POLICIES and not separator:
            raise ValueError(
                f"{name} needs a value, as in {name}={POLICIES[name][-1]}; got {part!r}"
            )
        elif name not in POLICIES:
            raise ValueError(
                f"a policy must be one of {', '.join(POLICIES)}, as in urls=token, or a function "
                f"of your own as MODULE:FUNCTION; got {part!r}.{did_you_mean(name, POLICIES)}"
            )
        elif value not in (allowed := _written(name)):
            raise ValueError(
                f"{name} must be one of {', '.join(allowed)}; got {value!r}."
                f"{did_you_mean(value, allowed)}"
            )
        if name in found:
            raise ValueError(f"{name} must be given once; got {found[name]!r} and {value!r}")
        found[name] = None if (name, value) == ("unicode", "none") else value
    return found


def _written(policy: str) -> tuple[str, ...]:
    """Values of a policy on a command line, which has no None."""
    return (*POLICIES[policy], "none") if policy == "unicode" else POLICIES[policy]


def load_text(
    cell: object,
    *,
    clean: Callable[[str], str] | None = None,
    unicode: _Form | None = "NFC",
    urls: _Keep = "keep",
    mentions: _Keep = "keep",
    hashtags: _Hashtags = "keep",
    emoji: _Emoji = "keep",
    elongation: _Elongation = "keep",
) -> str:
    r"""Clean one text.

    Always: whitespace runs become one space, ends are stripped, control characters, soft hyphens
    and marks of writing direction are dropped, and so are accents beyond 30 on one letter. HTML
    entities and case are left alone. Cleaning a cleaned text changes nothing, under any policy.

    Parameters
    ----------
    cell : str, bytes, bytearray or memoryview
        The text, or its bytes for `decode_text`.
    clean : callable, default=None
        A function of one's own, str → str, that comes before all else; what is said below of
        cleaning twice is then for the function to keep.
    unicode : {"NFC", "NFKC"} or None, default="NFC"
        Normal form; NFKC also turns full-width and styled letters into plain ones.
    urls : {"keep", "token", "drop"}, default="keep"
        Web addresses: as they are, ``http``, or nothing. E-mail addresses always stay.
    mentions : {"keep", "token", "drop"}, default="keep"
        ``@bob`` and ``@bob@host.org``: as they are, ``@user``, or nothing.
    hashtags : {"keep", "split", "drop"}, default="keep"
        ``#LoveThisDay2day``: as it is, ``Love This Day 2 day``, or nothing. Splits at underscores,
        between letters and digits, and where case tells; a number (``#1``) is no hashtag.
    emoji : {"keep", "name", "drop"}, default="keep"
        As they are, by their Unicode name in lower case (``grinning face``; ``symbol`` where this
        Python knows none), or nothing.
    elongation : {"keep", "shorten"}, default="keep"
        ``sooo!!!!``: as it is, or ``soo!!``: three or more of a letter, ``!`` or ``?`` become two.
        Addresses and mentions are not shortened.

    Returns
    -------
    str
        The clean text, never empty.

    Raises
    ------
    MediaError
        If the cell is no text, or holds half of a surrogate pair, or if `clean` fails on it.
    EmptyTextError
        If nothing is left after cleaning: a missing text rather than a broken one.
    TypeError
        If `clean` gives something else than a str.
    ValueError
        If a policy is none of those above.

    Examples
    --------
    >>> load_text("  so\n good ")
    'so good'
    >>> load_text("@bob sooo #LoveIt", mentions="token", hashtags="split", elongation="shorten")
    '@user soo Love It'
    """
    policy = Policy(urls, mentions, hashtags, emoji, elongation)
    _check_choices(unicode, policy)
    text = _as_text(cell)
    if clean is not None:
        text = _by(clean, text)
    _check_surrogates(text)
    text = _tidied(text, unicode)
    for _ in range(_MAX_PASSES if policy != KEEP_ALL else 0):
        before = text
        text = _tidied(rewrite(text, policy), unicode)
        if text == before:
            break
    if is_invisible(text):
        raise EmptyTextError("nothing is left of the text after cleaning")
    return text


def words_of(cell: Any) -> str | None:
    r"""Give a cell's text, where it is one: a string, or the beginning of bytes that are UTF-8.

    Of a list of texts it is the first.

    Parameters
    ----------
    cell : object
        A cell of a table.

    Returns
    -------
    str or None
        The text.

    Examples
    --------
    >>> words_of("so good"), words_of(b"so good"), words_of(b"\x89PNG"), words_of(3)
    ('so good', 'so good', None, None)
    """
    if not isinstance(cell, str):
        cell = inside_of(cell, "text")[0]
    if isinstance(cell, str):
        return cell
    if not isinstance(cell, bytes | bytearray | memoryview):
        return None
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(head_of(cell, _ENOUGH_BYTES))
    except UnicodeDecodeError:
        return None


def count_words(text: str) -> int:
    """Count the words of a text; numbers and codes without a letter are none.

    Each sign of a script without blanks (Chinese, Thai, …) counts as a word.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    int
        How many words.

    Examples
    --------
    >>> count_words("At 10:30, a nice walk!"), count_words("2024-01-01"), count_words("太好了")
    (4, 0, 3)
    """
    spaced = _UNSPACED.sub(" ", text).split()
    return sum(any(map(str.isalpha, token)) for token in spaced) + len(_UNSPACED.findall(text))


def is_text(cell: Any) -> bool:
    """Tell whether a cell alone looks like text: it has two words or more, and is no path.

    Parameters
    ----------
    cell : object
        A cell of a table.

    Returns
    -------
    bool
        Whether it does.

    Examples
    --------
    >>> is_text("so good"), is_text("1.png"), is_text(3)
    (True, False, False)
    """
    words = words_of(cell)
    return words is not None and not is_media_path(words) and count_words(words) >= 2


def suits_text(cells: Sequence[Any], named: bool, about: bool) -> float:
    """Tell how well a column suits as text: the mean number of words a cell, each at most 20.

    Parameters
    ----------
    cells : sequence
        Some cells of the column.
    named : bool
        Whether the column has a name of texts, so that short and repeated ones are enough.
    about : bool
        Whether its name says that it is about another column.

    Returns
    -------
    float
        0 where the cells do not read as text: paths, ids, labels.

    Examples
    --------
    >>> suits_text(["What a lovely day!", "They lost it again."], named=False, about=False)
    4.0
    """
    texts = [text for cell in cells if (text := words_of(cell)) is not None]
    paths = sum(map(is_media_path, texts))
    if about or len(texts) < _ENOUGH * len(cells) or not texts or paths >= _ENOUGH * len(texts):
        return 0.0
    words = [min(count_words(text), 20) for text in texts]
    mean, several = sum(words) / len(words), sum(n >= 2 for n in words) / len(words)
    few = len(texts) < _FEW_ROWS
    distinct = 1.0 if few else len(set(texts)) / len(texts)
    if named and few and all(text.strip(" .!?").isalpha() for text in texts):
        return mean  # "Great!", "awful": short answers under the name of a text
    enough = (several >= 0.2 and distinct >= 0.1) if named else (several >= 0.5 and distinct >= 0.2)
    return mean if enough and (named or mean >= 3) else 0.0


def _by(clean: Callable[[str], str], text: str) -> str:
    name = getattr(clean, "__qualname__", type(clean).__name__)
    try:
        cleaned = clean(text)
    except Exception as error:  # of a function of somebody else, which may raise anything
        raise MediaError(
            f"the clean function {name!r} failed with {type(error).__name__}: {error}"
        ) from error
    if not isinstance(cleaned, str):
        raise TypeError(
            f"The clean function {name!r} must give a str for each text. It gave "
            f"{type(cleaned).__name__} for {text[:60]!r}; give '' where nothing is left."
        )
    return cleaned


def _decoded(raw: bytes, encoding: str, what: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise MediaError(
            f"{what}, but byte {error.start} does not fit ({error.reason}); "
            "is it text? If so, decode it first and pass the str"
        ) from error


@functools.lru_cache(maxsize=64)
def _check_choices(unicode: str | None, policy: Policy) -> None:
    for name, value in policy._asdict().items():
        if value not in POLICIES[name]:
            raise ValueError(f"{name} must be one of {POLICIES[name]}, got {value!r}")
    if unicode not in (None, *POLICIES["unicode"]):
        raise ValueError(f"unicode must be 'NFC', 'NFKC' or None, got {unicode!r}")


def _as_text(cell: object) -> str:
    _, inside = taken(cell, TEXT.name)
    if isinstance(inside, str):
        return str(inside)
    if not inside:
        raise MediaError("the text has zero bytes; use None for a missing one")
    return decode_text(inside)


def _check_surrogates(text: str) -> None:
    if text.isascii() or not (found := _SURROGATE.search(text)):
        return
    raise MediaError(
        f"character {found.start()} is U+{ord(found[0]):04X}, half of a surrogate pair, which is "
        "no character by itself; the text was decoded wrongly. To replace such halves: "
        'text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")'
    )


def _tidied(text: str, unicode: _Form | None) -> str:
    if not text.isprintable():  # in C, and true of most texts
        text = _CONTROL.sub("", text)
    if unicode is not None and not text.isascii():
        text = _capped(unicodedata.normalize(unicode, _capped(text)))
    return " ".join(text.split())


def _capped(text: str) -> str:
    """Drop marks beyond 30 on one letter: normalisation sorts them, in quadratic time."""
    if not _MANY_MARKS.search(text):
        return text
    kept, run = [], 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run <= _MAX_MARKS:
            kept.append(character)
    return "".join(kept)
