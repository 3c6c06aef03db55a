"""Subtitles that lie beside a video or a sound: which file, and what it says (layer L4).

FFmpeg, through PyAV, reads the two formats: times, tags and positions. pysubs2, webvtt-py and srt
do as well, each a package more. What all leave to their callers is which file belongs to which
clip, and in which encoding it is.
"""

from __future__ import annotations

import io
import math
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hybridsent.datasets._heard import NOTHING, Heard
from hybridsent.exceptions import MediaError
from hybridsent.media import decode_text, read_bytes

__all__ = ["ENDINGS", "Subtitles"]

_MAX_BYTES = 16 * 2**20  # a film has a tenth of a megabyte
ENDINGS = (".srt", ".vtt")
"""How names of subtitles end."""
_TAGS = re.compile(r"\.(?P<code>[a-z]{2,3})(?:[-_][a-z0-9]+)*(?:\.(?:sdh|cc|hi))?")
# the three letters that players and video sites write most, in the two that Whisper knows
_THREE = {
    "eng": "en",
    "ger": "de",
    "deu": "de",
    "fre": "fr",
    "fra": "fr",
    "spa": "es",
    "ita": "it",
    "por": "pt",
    "rus": "ru",
    "ara": "ar",
    "tur": "tr",
    "pol": "pl",
    "hin": "hi",
    "jpn": "ja",
    "kor": "ko",
    "chi": "zh",
    "zho": "zh",
    "dut": "nl",
    "nld": "nl",
    "ukr": "uk",
    "swe": "sv",
}
_OVERRIDE = re.compile(r"\{\\[^}]*\}")  # how FFmpeg writes tags and positions
_HEAD = re.compile(r"\s*WEBVTT\b")


@dataclass
class Subtitles:
    """Subtitles of the files of a column.

    Parameters
    ----------
    language : str or None
        Which are wanted, where there are several.
    """

    language: str | None
    _folders: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def of(self, cell: object) -> Heard | None:
        """Read the subtitles beside a file.

        Parameters
        ----------
        cell : object
            A cell without containers; only a path has something beside it.

        Returns
        -------
        Heard or None
            None where there are none.

        Raises
        ------
        MediaError
            If they cannot be read, or are in several languages and none was named.
        """
        if not isinstance(cell, str | os.PathLike):
            return None
        try:
            path = Path(os.path.expanduser(os.fsdecode(cell)))  # noqa: PTH111 - as elsewhere, an unknown user's home is no error
            found = self.beside(path)
        except MediaError:
            raise
        except (OSError, ValueError):  # no such folder, or no path at all: the sound's own error
            return None
        return None if found is None else read_subtitles(*found)

    def beside(self, path: Path) -> tuple[Path, str | None] | None:
        """Find the subtitles beside a file.

        Parameters
        ----------
        path : Path
            The file, in a folder that is there.

        Returns
        -------
        (Path, str or None) or None
            The file of subtitles, and the language that its name tells; None where there is none.

        Raises
        ------
        MediaError
            If they are in several languages and none was named.
        """
        names = self._names(path.parent).get(path.name.partition(".")[0].casefold(), [])
        told = [(name, _language_of(name, path.stem)) for name in names]
        fitting = sorted((code, len(name), name) for name, code in told if code is not None)
        if self.language is not None:
            wanted = [each for each in fitting if each[0] == self.language]
            wanted += [each for each in fitting if not each[0]]
        else:
            wanted = [each for each in fitting if not each[0]] or fitting
            codes = sorted({code for code, *_ in wanted})
            if len(codes) > 1:
                raise MediaError(
                    f"beside {path.name!r} lie subtitles in several languages, {', '.join(codes)}: "
                    f"name one, such as language={codes[0]!r}, or pass subtitles=False"
                )
        if not wanted:
            return None
        code, _, name = wanted[0]
        return path.parent / name, code or self.language

    def _names(self, folder: Path) -> dict[str, list[str]]:
        """Names of the subtitles in a folder, by what stands before their first point."""
        key = os.fspath(folder)
        if key not in self._folders:
            found: dict[str, list[str]] = {}
            for name in sorted(os.listdir(folder)):  # noqa: PTH208 - of a folder of ten thousand clips
                if name.lower().endswith(ENDINGS):
                    found.setdefault(name.partition(".")[0].casefold(), []).append(name)
            self._folders[key] = found  # whole: several threads look here
        return self._folders[key]


def _language_of(name: str, stem: str) -> str | None:
    """Tell the language of subtitles, '' where the name tells none; None: of another file."""
    rest = Path(name).stem
    if not rest.startswith(stem):
        return None
    tags = rest[len(stem) :].lower()
    if not tags:
        return ""
    match = _TAGS.fullmatch(tags)
    if match is None:
        return None
    code = match["code"]
    return code if len(code) == 2 else _THREE.get(code)


def read_subtitles(path: Path, language: str | None) -> Heard:
    """Read a file of subtitles.

    Parameters
    ----------
    path : Path
        The file, in UTF-8, UTF-16 or UTF-32 with a mark, or Windows-1252.
    language : str or None
        What its name tells.

    Returns
    -------
    Heard
        A line for a word, without a probability.

    Raises
    ------
    MediaError
        If it cannot be read, or has no line with times.
    """
    text = _text_in(path)
    lines = list(_lines(path, text)) if text.strip() else []
    said = [line for line in lines if line[0]]
    if not said:
        if text.strip() and "-->" not in text and not _HEAD.match(text):
            raise MediaError(
                f"the subtitles {path.name!r} beside it hold no line with times; mend or remove "
                "them, or pass subtitles=False"
            )
        return NOTHING  # so says the file: nobody speaks
    return Heard(
        text=" ".join(line for line, *_ in said),
        language=language,
        confidence=math.nan,
        seconds=max(end for *_, end in said),
        spoken=round(sum(end - start for _, start, end in said), 3),
        words=tuple([line, start, end, None] for line, start, end in said),
    )


def _text_in(path: Path) -> str:
    """Give the text of a file, which may be empty."""
    if path.is_file() and not path.stat().st_size:
        return ""
    try:
        return decode_text(read_bytes(path, max_bytes=_MAX_BYTES))
    except MediaError as error:  # the cell is another file: say which one is meant
        raise MediaError(
            f"the subtitles {path.name!r} beside it cannot be read ({error}); mend or remove them, "
            "or pass subtitles=False"
        ) from error


def _lines(path: Path, text: str) -> Iterator[tuple[str, float, float]]:
    """Let FFmpeg read them: each text with its times in seconds."""
    import av

    form = "webvtt" if _HEAD.match(text) else "srt"
    try:
        with av.open(io.BytesIO(text.encode("utf-8", "replace")), "r", format=form) as file:
            for packet in file.demux(file.streams.subtitles[0]):
                if packet.pts is None or packet.time_base is None:
                    continue  # the end
                start = float(packet.pts * packet.time_base)
                length = float((packet.duration or 0) * packet.time_base)
                said = " ".join(_plain(part) for part in packet.decode())
                yield " ".join(said.split()), round(start, 3), round(start + length, 3)
    except (av.error.FFmpegError, IndexError) as error:
        raise MediaError(
            f"the subtitles {path.name!r} beside it cannot be read ({error}); mend or remove them, "
            "or pass subtitles=False"
        ) from error


def _plain(part: object) -> str:
    told = getattr(part, "dialogue", b"") or b""
    text = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
    return _OVERRIDE.sub("", text).replace("\\h", " ")
