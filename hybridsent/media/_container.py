"""Containers of sound and pictures, opened with FFmpeg by way of PyAV (layer L1).

Why by hand: PyAV opens whatever a file claims to be, also playlists that name other files or
addresses. Here the first bytes alone choose the demuxer, out of a short list; it gets one open file
and may open nothing else; codecs, streams, and what a header may claim are limited before memory is
spent. Every decoder runs in one thread, since a reader thread of ours stands around each.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from hybridsent._optional import import_optional
from hybridsent.exceptions import MediaError
from hybridsent.media._boxes import check_boxes
from hybridsent.media._file import opened_file

__all__ = [
    "HEAD",
    "LARGEST_PICTURE",
    "Opened",
    "container_of",
    "head_of_file",
    "is_film",
    "opened_container",
    "reason",
]

HEAD = 377
"""First bytes of a file that tell what it is: those of three packets of MPEG-TS."""

LARGEST_PICTURE = 2**25 + 2**21  # 8K UHD; a decoder keeps up to 17 pictures of this size
_MAX_STREAMS = 64
_FILM = 2**26  # bytes: containers of more are never held in memory

_ISO = re.compile(rb".{4}(?:ftyp|moov|mdat|wide|free|skip|pnot)", re.DOTALL)
_PICTURES = re.compile(rb".{4}ftyp(?:avi[fs]|mi[af]1|msf1|hei[cfsxm]|hevc|hevx|jxl )", re.DOTALL)
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ADTS = re.compile(rb"\xff[\xf0\xf1\xf8\xf9]")

_BEGINNINGS = (
    (b"\x1a\x45\xdf\xa3", "matroska"),
    (b"OggS", "ogg"),
    (b"FLV\x01", "flv"),
    (_ASF, "asf"),
    (b"\x00\x00\x01\xba", "mpeg"),
    (b"#!AMR", "amr"),
    (b".snd", "au"),
    (b"caff", "caf"),
    (b"FORM", "aiff"),
)

# Decoders by FFmpeg's names; the rest of its 500 are of games and devices, and little tested.
_CODECS = (
    *("h264", "hevc", "libdav1d", "av1", "vp8", "vp9", "libvpx", "libvpx-vp9", "theora"),
    *("mpeg1video", "mpeg2video", "mpeg4", "msmpeg4", "msmpeg4v1", "msmpeg4v2", "h263", "flv"),
    *("wmv1", "wmv2", "wmv3", "vc1", "mjpeg", "prores", "rawvideo", "vp6", "vp6f", "svq3"),
    *("aac", "aac_latm", "mp3float", "mp3", "mp2float", "mp2", "opus", "libopus", "vorbis"),
    *("flac", "alac", "ac3", "eac3", "amrnb", "amrwb", "libopencore_amrnb", "libopencore_amrwb"),
    *("wmav1", "wmav2", "wmapro", "wmavoice", "speex", "gsm", "gsm_ms", "nellymoser", "g722"),
    *("adpcm_ms", "adpcm_ima_wav", "adpcm_ima_qt", "adpcm_swf", "g726", "g726le", "qdm2"),
    *("pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be", "pcm_u8"),
    *("pcm_s8", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be", "pcm_alaw", "pcm_mulaw"),
    *("pcm_bluray", "pcm_dvd", "truespeech"),
)


class Opened(NamedTuple):
    """An open container, and the name of its demuxer."""

    file: Any
    name: str


def container_of(head: bytes) -> str | None:
    r"""Tell by its first bytes how a container is read.

    Parameters
    ----------
    head : bytes
        The first `HEAD` bytes, or fewer.

    Returns
    -------
    str or None
        FFmpeg's name of the demuxer; None where it is none of those that are read.

    Examples
    --------
    >>> container_of(b"\0\0\0\x20ftypisom"), container_of(b"#EXTM3U"), container_of(b"\xff\xf1P")
    ('mov', None, 'aac')
    """
    for mark, name in _BEGINNINGS:
        if head.startswith(mark):
            return name
    if head[:4] in (b"RIFF", b"RIFX"):
        return {b"AVI ": "avi", b"WAVE": "wav"}.get(head[8:12])
    if _ISO.match(head):
        return None if _PICTURES.match(head) else "mov"
    if _ADTS.match(head):
        return "aac"
    return "mpegts" if head[0:377:188] == b"GGG" else None


def head_of_file(path: str | os.PathLike[str]) -> bytes:
    """Read the first bytes of a regular file.

    Parameters
    ----------
    path : str or os.PathLike
        Its path.

    Returns
    -------
    bytes
        `HEAD` of them, or all there are.

    Raises
    ------
    MediaError
        If it cannot be read.
    """
    with opened_file(path) as file:
        return file.read(HEAD)


def is_film(path: str | os.PathLike[str]) -> bool:
    """Tell whether a file is a container that is read piece by piece, as it is large.

    Parameters
    ----------
    path : str or os.PathLike
        Its path.

    Returns
    -------
    bool
        Whether it is one of more than 64 MiB; False where there is no such file.

    Examples
    --------
    >>> is_film("no/such/file.mp4")
    False
    """
    try:
        if Path(path).stat().st_size <= _FILM:
            return False
    except (OSError, ValueError):  # whoever reads it says what is wrong
        return False
    return container_of(head_of_file(path)) is not None


@contextmanager
def opened_container(source: bytes | str | os.PathLike[str], name: str) -> Iterator[Opened]:
    """Open a container, from bytes or piece by piece from its file.

    Parameters
    ----------
    source : bytes, str or os.PathLike
        Its content, or the path of a regular file.
    name : str
        What `container_of` gave.

    Yields
    ------
    Opened
        PyAV's container.

    Raises
    ------
    MediaError
        If it is damaged, cut off or claims what cannot be; also in place of PyAV's errors and of
        those of the file within the block.
    """
    if isinstance(source, bytes):
        with _opened(io.BytesIO(source), name) as opened:
            yield opened
        return
    with opened_file(source) as file, _opened(file, name) as opened:
        yield opened


@contextmanager
def _opened(file: Any, name: str) -> Iterator[Opened]:
    check_boxes(file, name)
    av = import_optional("av", caller="A sound or video in a container")
    file.seek(0)
    try:
        with av.open(
            file,
            format=name,
            io_open=_refuse,
            **_any_tags(av.__version__),
            container_options={
                "protocol_whitelist": "none",
                "codec_whitelist": ",".join(_CODECS),
                "max_streams": str(_MAX_STREAMS),
            },
        ) as container:
            discard = import_module("av.stream").Discard
            for stream in container.streams:
                stream.discard = discard.all  # until somebody asks for it
            yield Opened(container, name)
    except av.error.MemoryError as error:  # FFmpeg's own word for what is beyond its limits
        raise MediaError(
            f"it has more than {_MAX_STREAMS} tracks, or claims more than fits in memory"
        ) from error
    except (MediaError, MemoryError):
        raise
    # FFmpeg's errors are OSError, ValueError and others at once; PyAV adds TypeError and its like.
    except Exception as error:
        raise MediaError(f"it is damaged or cut off: {reason(error)}") from error


def _any_tags(version: str) -> dict[str, str]:
    """Let tags of old files be of any encoding; PyAV 19 does without being asked."""
    return {"metadata_errors": "replace"} if int(version.split(".", 1)[0]) < 19 else {}


def _refuse(url: str, *_: Any) -> Any:
    raise MediaError(f"it names another file, {url[:80]!r}, which is not opened")


def reason(error: BaseException) -> str:
    """Say shortly what FFmpeg found.

    Parameters
    ----------
    error : Exception
        One of PyAV's.

    Returns
    -------
    str
        Its words, without the name of a file or function.

    Examples
    --------
    >>> reason(ValueError("no such codec"))
    'no such codec'
    """
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(words)[:160]
