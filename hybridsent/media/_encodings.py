"""Encodings of East Asia, told by what bytes would say in each of them (layer L1).

Such bytes are often valid in several, and in Windows-1252 nearly always, where they read as noise.
The characters that every text is full of decide. chardet and charset-normalizer weigh dozens of
encodings against each other; here the question is whether it is one of four, and being silent is
better than being wrong.
"""

from __future__ import annotations

import codecs

__all__ = ["east_asian"]

_ENOUGH_BYTES = 2**16
_LEAST, _SHARE = 2, 0.08  # of the signs beyond ASCII: how many must be of the frequent ones

_FREQUENT = {
    "gb18030": "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于"
    "着下自之后好没很太都还吃店房酒前服务差再点",
    "big5": "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於"
    "著下自之後好沒很太都還吃店房酒前服務差再點",
    "shift_jis": "のにはをたがでてとしれさあいるもすなかっくらこう、。",
    "euc_kr": "이다는에을가의고하도지한로은를사기서나리",
}


def east_asian(data: bytes) -> str | None:
    """Name the encoding of East Asia that bytes are in, if it is plain.

    Parameters
    ----------
    data : bytes
        A text that is no UTF-8; its beginning is looked at.

    Returns
    -------
    str or None
        ``"gb18030"`` (which holds GBK and GB2312), ``"big5"``, ``"shift_jis"`` or ``"euc_kr"``;
        None where it is none of these, or too short to tell.

    Examples
    --------
    >>> from hybridsent.media._encodings import east_asian
    >>> east_asian("房间很干净，服务也不错的".encode("gbk")), east_asian("naïve".encode("cp1252"))
    ('gb18030', None)
    """
    found = {name: _evidence(data[:_ENOUGH_BYTES], name) for name in _FREQUENT}
    best = max(found, key=found.__getitem__)
    return best if found[best] else None


def _evidence(data: bytes, encoding: str) -> float:
    """Give the share of frequent characters; 0 where bytes are not of the encoding."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(data)  # may end within a character
    except UnicodeDecodeError:
        return 0.0
    signs = [character for character in text if not character.isascii()]
    often = sum(character in _FREQUENT[encoding] for character in signs)
    share = often / len(signs) if signs else 0.0
    return share if often >= _LEAST and share >= _SHARE else 0.0
