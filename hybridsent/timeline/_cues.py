"""Cues of subtitles: what is said from when to when, and by whom, read strictly (layer L7).

Why by hand: `hybridsent.datasets` reads subtitles as the words of a clip, through FFmpeg, which
passes over lines that it does not understand and drops who speaks. Of hours of film that would be a
hole that nobody sees: here a line that is wrong is named by its number, and WebVTT's ``<v NAME>``
and names in front of a line (``NAME: …``) are kept. A test compares both on what is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

from hybridsent.timeline._lines import lines_of, refused

__all__ = ["Cue", "read_cues", "said_between", "with_speakers"]

_TIME = r"(?:(\d{1,4}):)?([0-5]?\d):([0-5]?\d)[.,](\d{1,3})"
_ARROW = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s+\S.*)?\s*")
_LOOKS_TIMED = re.compile(r"-->")
_BLOCKS = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
_TAG = re.compile(r"<[^<>]*>|\{\\[^{}]*\}")
_VOICE = re.compile(r"<v(?:\.[^ \t>]*)?[ \t]+([^>]+)>")
_NAMED = re.compile(
    r"\s*[-–—]?\s*(?P<name>[^\W\d_][^:：<>\[\]{}!?。，,]{0,29}?)\s?[:：]\s*(?P<text>\S.*)"
)
_FEWEST_NAMES = 2  # one line with a colon is no film with speakers


@dataclass(frozen=True)
class Cue:
    """Something that is said.

    Parameters
    ----------
    start, end : float
        Seconds.
    text : str
        In one line, without tags.
    speaker : str, default=""
        Who says it, where it is told.
    line : int, default=0
        Where it stands in its file; 0 where it is of none.

    Examples
    --------
    >>> from hybridsent.timeline import Cue
    >>> Cue(1.0, 2.5, "Oh no.").text
    'Oh no.'
    """

    start: float
    end: float
    text: str
    speaker: str = ""
    line: int = 0


def read_cues(path: Path) -> list[Cue]:
    """Read SubRip (.srt) or WebVTT (.vtt).

    Parameters
    ----------
    path : Path
        The file, in UTF-8, UTF-16 or UTF-32 with a mark, or Windows-1252.

    Returns
    -------
    list of Cue
        By their starts; names in front of lines are still in the text, see `with_speakers`.

    Raises
    ------
    MediaError
        If a line is none of subtitles; the message has its number.
    """
    lines = lines_of(path)
    is_vtt = bool(lines) and lines[0].lstrip().startswith("WEBVTT")
    blocks = list(_blocks(lines))
    if is_vtt:
        blocks = [each for each in blocks[1:] if not _BLOCKS.match(each[0][1])]
        for number, text in next(_blocks(lines)):
            if _LOOKS_TIMED.search(text):
                raise refused(path, number, "an empty line between WEBVTT and the times", text)
    found: list[Cue] = []
    for block in blocks:
        found += _cues_of(path, block)
    return sorted(found, key=lambda cue: (cue.start, cue.end, cue.line))


def _blocks(lines: Sequence[str]) -> Iterator[list[tuple[int, str]]]:
    """Give what stands between empty lines, with the numbers of the lines."""
    block: list[tuple[int, str]] = []
    for number, text in enumerate(lines, start=1):
        if text.strip():
            block.append((number, text))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _cues_of(path: Path, block: list[tuple[int, str]]) -> Iterator[Cue]:
    """Read a block: an optional name or number, the times, the text."""
    at = 0 if _LOOKS_TIMED.search(block[0][1]) else 1
    if at >= len(block) or not _LOOKS_TIMED.search(block[at][1]):
        line, text = block[min(at, len(block) - 1)]
        raise refused(path, line, "a time such as 00:00:01,000 --> 00:00:02,500", text)
    line, text = block[at]
    match = _ARROW.fullmatch(text)
    if match is None:
        raise refused(path, line, "a time such as 00:00:01,000 --> 00:00:02,500", text)
    start, end = _seconds(match.groups()[:4]), _seconds(match.groups()[4:])
    if end < start:
        raise refused(path, line, "a time that ends after it starts", text)
    for number, more in block[at + 1 :]:
        if _LOOKS_TIMED.search(more) and _ARROW.fullmatch(more):
            raise refused(path, number, "text, or an empty line before the next time", more)
    yield from _spoken(start, end, [text for _, text in block[at + 1 :]], line)


def _seconds(parts: Sequence[str | None]) -> float:
    hours, minutes, seconds, rest = parts
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    return (whole * 1000 + int(str(rest).ljust(3, "0"))) / 1000


def _spoken(start: float, end: float, texts: list[str], line: int) -> Iterator[Cue]:
    """Cut a cue where another voice begins; each gets its share of the time by its letters."""
    parts: list[tuple[str, str]] = []
    voice = ""
    for text in texts:
        at = 0
        for match in _VOICE.finditer(text):
            if before := _plain(text[at : match.start()]):
                parts.append((voice, before))
            voice, at = " ".join(unescape(match[1]).split()), match.end()
        if rest := _plain(text[at:]):
            parts.append((voice, rest))
    if not any(name for name, _ in parts):
        if parts:
            yield Cue(start, end, "\n".join(text for _, text in parts), line=line)
        return
    yield from _shared(start, end, parts, line)


def _shared(start: float, end: float, parts: list[tuple[str, str]], line: int) -> Iterator[Cue]:
    """Join what one voice says, and give each its share of the time."""
    joined: list[tuple[str, str]] = []
    for name, text in parts:
        if joined and joined[-1][0] == name:
            joined[-1] = (name, f"{joined[-1][1]} {text}")
        else:
            joined.append((name, text))
    total, at = sum(len(text) for _, text in joined), start
    for name, text in joined:
        until = at + (end - start) * len(text) / total
        yield Cue(round(at, 3), round(until, 3), text, name, line)
        at = until


def _plain(text: str) -> str:
    return " ".join(unescape(_TAG.sub("", text)).replace("\\N", " ").replace("\\h", " ").split())


def with_speakers(cues: Sequence[Cue]) -> tuple[list[Cue], bool]:
    r"""Take names in front of lines (``NAME: …``) for speakers, where a file has such.

    A name begins with a capital, or is of a script without capitals, and has at most 30 letters.
    One such line may be anything; from two on, they are speakers. A line of two who speak in turn
    is cut in two, by their letters.

    Parameters
    ----------
    cues : sequence of Cue
        What `read_cues` gave.

    Returns
    -------
    cues : list of Cue
        With speakers, each text in one line.
    named : bool
        Whether any speaker is told.

    Examples
    --------
    >>> from hybridsent.timeline._cues import Cue, with_speakers
    >>> cues = [Cue(0, 2, "ANNA: Well?"), Cue(2, 4, "- ANNA: No.\n- BEN: Yes."), Cue(5, 6, "So?")]
    >>> [(each.speaker, each.text) for each in with_speakers(cues)[0]]
    [('ANNA', 'Well?'), ('ANNA', 'No.'), ('BEN', 'Yes.'), ('', 'So?')]
    """
    told = [
        sum(_name_of(line) is not None for line in cue.text.split("\n"))
        for cue in cues
        if not cue.speaker
    ]
    takes = sum(told) >= _FEWEST_NAMES
    found: list[Cue] = []
    for cue in cues:
        lines = cue.text.split("\n")
        if cue.speaker or not takes or not any(map(_name_of, lines)):
            found.append(replace(cue, text=" ".join(lines)))
            continue
        parts, name = [], ""
        for line in lines:
            match = _name_of(line)
            name, text = match if match else (name, line)
            parts.append((name, text))
        found += _shared(cue.start, cue.end, parts, cue.line)
    return found, any(cue.speaker for cue in found)


def _name_of(line: str) -> tuple[str, str] | None:
    match = _NAMED.fullmatch(line)
    if match is None:
        return None
    name = " ".join(match["name"].split())
    if not (name[0].isupper() or name[0].lower() == name[0].upper()) or len(name.split()) > 3:
        return None
    return name, match["text"].strip()


def said_between(cues: Sequence[Cue], start: float, end: float) -> str:
    """Give what is said in a window: cues of which half lies in it, or that fill half of it.

    Parameters
    ----------
    cues : sequence of Cue
        By their starts.
    start, end : float
        Of the window, in seconds.

    Returns
    -------
    str
        Their texts, joined; empty where nothing is said.

    Examples
    --------
    >>> from hybridsent.timeline._cues import Cue, said_between
    >>> cues = [Cue(0.0, 2.0, "Look."), Cue(3.0, 9.0, "It rains.")]
    >>> said_between(cues, 0.0, 4.0), said_between(cues, 2.0, 6.0), said_between(cues, 1.5, 4.0)
    ('Look.', 'It rains.', '')
    """
    found = []
    for cue in cues:
        if cue.start >= end:
            break
        shorter = min(cue.end - cue.start, end - start)
        both = min(cue.end, end) - max(cue.start, start)
        if both >= shorter / 2 and (both > 0 or start <= cue.start < end):
            found.append(cue.text)
    return " ".join(" ".join(found).split())
