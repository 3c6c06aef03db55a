"""What cues and turns share: a file of lines, and errors that name the line (layer L7)."""

from __future__ import annotations

from pathlib import Path

from hybridsent.exceptions import MediaError
from hybridsent.media import decode_text, read_bytes

__all__ = ["OVERHANG", "check_within", "lines_of", "refused"]

OVERHANG = 0.5
"""Seconds that something may end after the file: whoever writes such files rounds."""
_MAX_BYTES = 16 * 2**20  # a film of subtitles has a tenth of a megabyte


def lines_of(path: Path) -> list[str]:
    """Read the lines of a text file.

    Parameters
    ----------
    path : Path
        A file in UTF-8, UTF-16 or UTF-32 with a mark, or Windows-1252.

    Returns
    -------
    list of str
        Without their ends.

    Raises
    ------
    MediaError
        If it cannot be read as text.
    """
    if path.is_file() and not path.stat().st_size:
        return []
    try:
        text = decode_text(read_bytes(path, max_bytes=_MAX_BYTES))
    except MediaError as error:
        raise MediaError(f"{path.name!r} cannot be read as text: {error}") from error
    # not splitlines: words may hold signs that it takes for ends of lines, too
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def refused(path: Path, line: int, must: str, got: object) -> MediaError:
    """Make the error for a line.

    Parameters
    ----------
    path : Path
        The file.
    line : int
        Number of the line, counted from 1.
    must : str
        What it must be.
    got : object
        What was there.

    Returns
    -------
    MediaError
        To be raised by the caller.

    Examples
    --------
    >>> from pathlib import Path
    >>> from hybridsent.timeline._lines import refused
    >>> print(refused(Path("talk.rttm"), 3, "a start in seconds", "x"))
    'talk.rttm', line 3: must be a start in seconds, got 'x'. Mend the line, or leave it out.
    """
    return MediaError(
        f"{path.name!r}, line {line}: must be {must}, got {str(got)[:80]!r}. Mend the line, or "
        "leave it out."
    )


def check_within(
    path: Path, lines: list[tuple[int, float, float]], seconds: float, what: str
) -> None:
    """Refuse what lies outside of the file that it is about.

    Parameters
    ----------
    path : Path
        The file that says it.
    lines : list of (int, float, float)
        Number of the line, start and end, in seconds.
    seconds : float
        How long the recording is.
    what : str
        What they are called, such as ``"segments"``.

    Raises
    ------
    MediaError
        If one starts after the end, or ends more than half a second after it.

    Examples
    --------
    >>> from pathlib import Path
    >>> from hybridsent.timeline._lines import check_within
    >>> check_within(Path("talk.rttm"), [(1, 0.0, 10.2)], 10.0, "segments")
    """
    outside = [
        (line, start, end)
        for line, start, end in lines
        if start >= seconds or end > seconds + OVERHANG
    ]
    if not outside:
        return
    line, start, end = outside[0]
    numbers = ", ".join(str(each) for each, *_ in outside[:8]) + ", …" * (len(outside) > 8)
    raise MediaError(
        f"{path.name!r} holds {len(outside)} {what} outside of the recording, which has "
        f"{seconds:.2f} s: line{'s' * (len(outside) > 1)} {numbers}; line {line} lasts from "
        f"{start:.2f} to {end:.2f} s. It belongs to another file, or begins at another time."
    )
