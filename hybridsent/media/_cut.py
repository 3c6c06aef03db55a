"""Which sound files were cut off (layer L1).

Why by hand: libsndfile corrects a header to what follows it and says nothing, so a half file is a
short sound. Each container tells its length in its own way; the few bytes that do are read here. A
container that does not tell (a stream written to a pipe, an MP3 without a header frame, an Ogg
stream that ends with a whole page) passes.
"""

from __future__ import annotations

import struct

from hybridsent.exceptions import MediaError
from hybridsent.media._mend import UNKNOWN, data_chunk, last_ogg_page

__all__ = ["after_id3", "check_complete", "check_decoded"]

# A header that counts itself among the samples, or blocks, is wrong by little: no more than this
# share of a sound, or the header's own length, may lack.
_ROUNDING = 1024

# Kilobits per second by index: MPEG-1 layer III, then MPEG-2 and 2.5 layer III.
_BIT_RATES = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
_MPEG1_RATES = (44100, 48000, 32000)


def check_complete(raw: bytes, name: str) -> None:
    r"""Refuse a file that ends before its own container says it does.

    Parameters
    ----------
    raw : bytes
        The whole file.
    name : str
        libsndfile's name of its format; formats without a rule pass.

    Raises
    ------
    MediaError
        If the file was cut off.

    Examples
    --------
    >>> check_complete(b"RIFF\x00\x00\x00\x00WAVEdata\x09\x00\x00\x00....", "WAV")
    Traceback (most recent call last):
        ...
    hybridsent.exceptions.MediaError: the sound is cut off: 4 bytes of 9 that its header declares
    """
    if name in ("WAV", "WAVEX"):
        _check_chunk(raw, b"data", "big" if raw[:4] == b"RIFX" else "little")
    elif name == "AIFF":
        _check_chunk(raw, b"SSND", "big")
    elif name == "RF64":
        _check_rf64(raw)
    elif name == "OGG":
        last_ogg_page(raw)


def check_decoded(raw: bytes, name: str, *, decoded: int, declared: int) -> None:
    r"""Refuse a file of which fewer samples were decoded than it has.

    Without its header frame (Xing), the length of an MP3 of variable bit rate is a guess:
    libsndfile stops at a guess that is too low, so its frames are counted here.

    Parameters
    ----------
    raw : bytes
        The whole file.
    name : str
        libsndfile's name of its format.
    decoded : int
        Samples per channel that came out.
    declared : int
        Samples per channel that libsndfile expected.

    Raises
    ------
    MediaError
        If the file was cut off, or its length is not known well enough to decode all of it.

    Examples
    --------
    >>> check_decoded(b"", "FLAC", decoded=10, declared=10)
    """
    counted, told = _mp3_length(raw) if name == "MP3" else (0, True)
    if told and decoded < declared:
        raise MediaError(
            f"the sound is cut off: {decoded:,} samples of {declared:,} that its header declares"
        )
    if decoded < counted:
        raise MediaError(
            f"the MP3 holds about {counted:,} samples, but only {decoded:,} can be decoded: its "
            "header frame is missing (variable bit rate) or wrong. Convert it, for example with: "
            "ffmpeg -i in.mp3 out.wav"
        )


def _mp3_length(raw: bytes) -> tuple[int, bool]:
    """Count the samples of an MP3 by walking its frames, and tell whether its header does.

    The count is a lower bound: the header frame, the encoder's delay and its padding are no sound,
    which is less than five frames. It is 0 where the frames cannot be walked.
    """
    start = position = after_id3(raw)
    frames, spread, told = 0, 0, False
    while (frame := _mp3_frame(raw, position)) is not None:
        length, spread = frame
        if position == start:
            told = b"Xing" in raw[start : start + 64] or b"Info" in raw[start : start + 64]
        position += length
        frames += position <= len(raw)
    return max(frames - 5, 0) * spread, told


def _check_chunk(raw: bytes, wanted: bytes, order: str) -> None:
    chunk = data_chunk(raw, wanted, order)
    if chunk is not None and chunk[1] < UNKNOWN:
        _check_size(raw, *chunk)


def _check_rf64(raw: bytes) -> None:
    if raw[12:16] != b"ds64" or len(raw) < 36:
        return
    (size,) = struct.unpack_from("<Q", raw, 28)
    start = raw.find(b"data", 36) + 8
    if start >= 44 and size < 2**62:
        _check_size(raw, start, size)


def _check_size(raw: bytes, start: int, size: int) -> None:
    lacking = size - (len(raw) - start)
    if lacking > max(min(start, size // 8), size // _ROUNDING):
        raise MediaError(
            f"the sound is cut off: {len(raw) - start:,} bytes of {size:,} that its header declares"
        )


def after_id3(raw: bytes) -> int:
    r"""Skip the ID3v2 tags in front; their sizes have seven bits a byte.

    Parameters
    ----------
    raw : bytes
        The whole file.

    Returns
    -------
    int
        Where they end.

    Examples
    --------
    >>> after_id3(b"ID3\x04\x00\x00\x00\x00\x00\x02..music")
    12
    """
    position = 0
    while raw[position : position + 3] == b"ID3" and len(raw) >= position + 10:
        a, b, c, d = raw[position + 6 : position + 10]
        position += 10 + (a << 21 | b << 14 | c << 7 | d) + (10 if raw[position + 5] & 16 else 0)
    return position


def _mp3_frame(raw: bytes, position: int) -> tuple[int, int] | None:
    """Read one frame header of layer III: its bytes and its samples per channel."""
    head = raw[position : position + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version, index, rate_index = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or index in (0, 15) or rate_index == 3:
        return None
    mpeg1 = version == 3
    rate = _MPEG1_RATES[rate_index] >> {3: 0, 2: 1, 0: 2}[version]
    spread = 1152 if mpeg1 else 576
    bit_rate = _BIT_RATES[0 if mpeg1 else 1][index] * 1000
    return spread // 8 * bit_rate // rate + (head[2] >> 1 & 1), spread
