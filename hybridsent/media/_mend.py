"""Sound files whose writer could not go back to the header (layer L1).

Why by hand: a recorder that streams, or writes to a pipe, leaves a placeholder for the length, or
no mark of the end. libsndfile knows some placeholders of wav; the others it reads as no sound at
all, or refuses. Here the few bytes are set that tell it the truth; the samples are not touched.
"""

from __future__ import annotations

import struct

from hybridsent.exceptions import MediaError

__all__ = ["UNKNOWN", "data_chunk", "last_ogg_page", "with_length"]

UNKNOWN = 0x7FFF_0000
"""From here up, writers that could not seek back mean "until the end"."""

_OGG_LAST_PAGE = 0x04
_ENDLESS = 2**62  # of RF64's 64 bits


def with_length(raw: bytes) -> bytes:
    r"""Give a file whose header or last page tells where it ends.

    Parameters
    ----------
    raw : bytes
        The whole file.

    Returns
    -------
    bytes
        The file itself where nothing is to be mended.

    Raises
    ------
    MediaError
        If the last page of an Ogg stream is not whole.

    Examples
    --------
    >>> with_length(b"RIFF\x00\x00\x00\x00WAVEdata\x00\x00\x00\x00....")[16:20]
    b'\x04\x00\x00\x00'
    """
    if raw[:4] in (b"RIFF", b"RIFX"):
        return _with_wav_length(raw, "big" if raw[:4] == b"RIFX" else "little")
    if raw[:4] == b"RF64" and raw[12:16] == b"ds64" and len(raw) >= 44:
        return _with_rf64_length(raw)
    return _with_last_page(raw) if raw[:4] == b"OggS" else raw


def data_chunk(raw: bytes, wanted: bytes, order: str) -> tuple[int, int] | None:
    r"""Walk the chunks of RIFF or AIFF to the one that holds the samples.

    Parameters
    ----------
    raw : bytes
        The whole file.
    wanted : bytes
        Four letters.
    order : {"big", "little"}
        Of the bytes of its sizes.

    Returns
    -------
    start, size : int
        Where its samples begin, and how many bytes of them it declares; None where there is none.

    Examples
    --------
    >>> data_chunk(b"RIFF\x00\x00\x00\x00WAVEdata\x04\x00\x00\x00....", b"data", "little")
    (20, 4)
    """
    position, form = 12, ">I" if order == "big" else "<I"
    while position + 8 <= len(raw):
        (size,) = struct.unpack_from(form, raw, position + 4)
        if raw[position : position + 4] == wanted:
            return position + 8, size
        position += 8 + size + size % 2
    return None


def _with_wav_length(raw: bytes, order: str) -> bytes:
    chunk = data_chunk(raw, b"data", order)
    if chunk is None or chunk[1] != 0 or _are_chunks(raw, chunk[0], order):
        return raw
    start, form = chunk[0], ">I" if order == "big" else "<I"
    return raw[: start - 4] + struct.pack(form, len(raw) - start) + raw[start:]


def _are_chunks(raw: bytes, position: int, order: str) -> bool:
    """Whether from here on the file is nothing but chunks, as behind a truly empty sound."""
    form = ">I" if order == "big" else "<I"
    while position + 8 <= len(raw):
        if not raw[position : position + 4].isascii() or b"\0" in raw[position : position + 4]:
            return False
        (size,) = struct.unpack_from(form, raw, position + 4)
        position += 8 + size + size % 2
    return position in (len(raw), len(raw) + 1)


def _with_rf64_length(raw: bytes) -> bytes:
    (size,) = struct.unpack_from("<Q", raw, 28)
    start = raw.find(b"data", 36) + 8
    if (0 < size < _ENDLESS and size & 0xFFFF_FFFF < UNKNOWN) or not 44 <= start < len(raw):
        return raw
    return raw[:28] + struct.pack("<QQ", len(raw) - start, 0) + raw[44:]


def last_ogg_page(raw: bytes) -> tuple[int, int]:
    """Find the last page of an Ogg stream.

    Parameters
    ----------
    raw : bytes
        The whole file.

    Returns
    -------
    start, stop : int
        Where it begins and ends.

    Raises
    ------
    MediaError
        If it is not whole.
    """
    start = raw.rfind(b"OggS\x00")
    head = raw[start : start + 27]
    lacing = raw[start + 27 : start + 27 + head[26]] if start >= 0 and len(head) == 27 else b""
    stop = start + 27 + len(lacing) + sum(lacing)
    if not lacing or len(lacing) < head[26] or stop > len(raw):
        raise MediaError("the sound is cut off: its last Ogg page is not whole")
    return start, stop


def _with_last_page(raw: bytes) -> bytes:
    """Mark the last page as the last: Opus cannot be read to its end without it."""
    start, stop = last_ogg_page(raw)
    if raw[start + 5] & _OGG_LAST_PAGE:
        return raw
    page = bytearray(raw[start:stop])
    told = bytes(page[22:26])
    unmarked = _ogg_checksum(page)
    page[5] |= _OGG_LAST_PAGE
    marked = _ogg_checksum(page)
    if told not in (unmarked, marked):  # the second: whoever took the mark away left the rest
        raise MediaError("the sound is cut off: its last Ogg page is damaged")
    page[22:26] = marked
    return raw[:start] + bytes(page) + raw[stop:]


def _ogg_checksum(page: bytearray) -> bytes:
    """Compute a page's CRC-32 as Ogg has it: neither reflected nor inverted."""
    value = 0
    for byte in page[:22] + bytes(4) + page[26:]:
        value = (value << 8 & 0xFFFF_FFFF) ^ _OGG_TABLE[value >> 24 ^ byte]
    return struct.pack("<I", value)


def _ogg_entry(value: int) -> int:
    value <<= 24
    for _ in range(8):
        value = value << 1 ^ (0x104C1_1DB7 if value & 0x8000_0000 else 0)
    return value


_OGG_TABLE = tuple(_ogg_entry(byte) for byte in range(256))
