"""Who speaks when: turns of an RTTM file, or of subtitles that name speakers (layer L7).

Why by hand: RTTM is ten fields a line; pyannote.core reads it with pandas and keeps no line
numbers, by which a segment that cannot be is told.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hybridsent.exceptions import MediaError
from hybridsent.timeline._cues import Cue
from hybridsent.timeline._lines import check_within, lines_of, refused

__all__ = ["Turn", "read_turns", "turns_of"]

# NIST's Rich Transcription (2009): all but SPEAKER say something else than who speaks
_OTHERS = frozenset(
    {
        *("SEGMENT", "NOSCORE", "NO_RT_METADATA", "LEXEME", "NON-LEX", "NON-SPEECH", "FILLER"),
        *("EDIT", "IP", "SU", "CB", "A/P", "SPKR-INFO"),
    }
)


@dataclass(frozen=True)
class Turn:
    """Somebody speaks.

    Parameters
    ----------
    start, end : float
        Seconds.
    speaker : str
        Who.

    Examples
    --------
    >>> from hybridsent.timeline import Turn
    >>> Turn(0.0, 4.2, "Anna").speaker
    'Anna'
    """

    start: float
    end: float
    speaker: str


def read_turns(path: Path, name: str, seconds: float) -> list[Turn]:
    """Read the turns of a recording from an RTTM file.

    Parameters
    ----------
    path : Path
        The file; empty lines and comments (``;;``) are passed over.
    name : str
        Of the recording without its ending: which lines are taken where there are those of several
        recordings. Where all are of one, its name does not matter.
    seconds : float
        How long the recording is.

    Returns
    -------
    list of Turn
        By their starts.

    Raises
    ------
    MediaError
        If a line is none of RTTM, a segment lies outside of the recording, or the file is of other
        recordings; the message has the number of the line.
    """
    found: dict[str, list[tuple[int, Turn]]] = {}
    for number, text in enumerate(lines_of(path), start=1):
        fields = text.split()
        if not fields or fields[0].startswith(";;") or fields[0] in _OTHERS:
            continue
        if fields[0] != "SPEAKER":
            raise refused(path, number, "a line of RTTM, which begins with SPEAKER", text)
        if not 8 <= len(fields) <= 10:
            must = "SPEAKER FILE CHANNEL START SECONDS <NA> <NA> NAME <NA> <NA>"
            raise refused(path, number, must, text)
        start = _number(path, number, fields[3], "a start of 0 s or more")
        length = _number(path, number, fields[4], "a duration of 0 s or more")
        found.setdefault(fields[1], []).append((number, Turn(start, start + length, fields[7])))
    if not found:
        return []
    turns = _of_recording(path, found, name)
    check_within(path, [(n, each.start, each.end) for n, each in turns], seconds, "segments")
    return _within([each for _, each in turns], seconds)


def _number(path: Path, line: int, text: str, must: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise refused(path, line, must, text)
    return value


def _of_recording(
    path: Path, found: dict[str, list[tuple[int, Turn]]], name: str
) -> list[tuple[int, Turn]]:
    if len(found) == 1:
        return next(iter(found.values()))
    if name in found:
        return found[name]
    raise MediaError(
        f"{path.name!r} is about {len(found)} recordings, {', '.join(sorted(found)[:8])}, and none "
        f"is called {name!r}, as the file is. Rename it there, or give a file of its own."
    )


def turns_of(cues: Iterable[Cue], seconds: float) -> list[Turn]:
    """Give the turns that subtitles tell by names.

    Parameters
    ----------
    cues : iterable of Cue
        With speakers; those without are nobody's.
    seconds : float
        How long the recording is.

    Returns
    -------
    list of Turn
        By their starts.

    Examples
    --------
    >>> from hybridsent.timeline._cues import Cue
    >>> from hybridsent.timeline._turns import turns_of
    >>> turns_of([Cue(0.0, 2.0, "Hi.", "Anna"), Cue(2.0, 3.0, "…")], 60.0)
    [Turn(start=0.0, end=2.0, speaker='Anna')]
    """
    return _within([Turn(cue.start, cue.end, cue.speaker) for cue in cues if cue.speaker], seconds)


def _within(turns: Sequence[Turn], seconds: float) -> list[Turn]:
    """Cut what ends a little after the file, and leave out what is no time at all."""
    cut = [Turn(each.start, min(each.end, seconds), each.speaker) for each in turns]
    return sorted(
        (each for each in cut if each.end > each.start),
        key=lambda turn: (turn.start, turn.end, turn.speaker),
    )
