"""A timeline as one page with a player (layer L7).

The look is that of the reports of `hybridsent.evaluation`; what is added is the player, and a curve
that is drawn in the browser, as wide as the screen, and followed while it plays. The page asks
nobody for anything: its policy lets it run its own script, and play the recording.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hybridsent._hints import did_you_mean
from hybridsent._notes import in_chinese
from hybridsent._version import __version__
from hybridsent.evaluation import Report
from hybridsent.timeline._sentences import SENTENCES

__all__ = ["page_of"]

_LANGUAGES = {"en": "en", "zh": "zh-Hans"}
_KINDS = {
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".m4a": "audio/mp4",
    ".aac": "audio/aac",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/mp4",
    ".webm": "video/webm",
    ".mkv": "video/webm",
    ".ogv": "video/ogg",
}
"""What browsers play, by the ending of its name; the rest is linked to without a kind."""


def page_of(
    line: Any, *, beside: str | os.PathLike[str] | None, embed: float, language: str
) -> Report:
    """Write the page; see `hybridsent.timeline.Timeline.to_html`.

    Parameters
    ----------
    line : Timeline
        The timeline.
    beside : str, os.PathLike or None
        The page's own file.
    embed : float
        Megabytes up to which the recording is put into the page.
    language : {"en", "zh"}
        In which the page opens.

    Returns
    -------
    Report
        The page.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """
    if language not in _LANGUAGES:
        raise ValueError(
            f"The language parameter must be one of {list(_LANGUAGES)}. Got {language!r}."
            f"{did_you_mean(str(language), list(_LANGUAGES))}"
        )
    if not embed >= 0:
        raise ValueError(f"The embed parameter must be megabytes from 0. Got {embed!r}.")
    player, linked = _player(line, beside, embed)
    at = list(_LANGUAGES).index(language)
    name = Path(line.file).name
    data = {
        **line.to_dict(),
        "file": name,
        "model": Path(line.model).name,
        "linked": linked,
        "version": __version__,
        "language": language,
        "notes_zh": [in_chinese(each) for each in line.notes],
        "words": {
            each: {key: both[place] for key, both in SENTENCES.items()}
            for place, each in enumerate(_LANGUAGES)
        },
    }
    title = SENTENCES["title"][at].format(name=name)
    script = _file("page.js")
    values = {
        "tag": _LANGUAGES[language],
        "title": escape(title),
        "style": _shared("page.css") + _file("page.css"),
        "script": script,
        "hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii"),
        "player": player,
        # "</script>" in a subtitle would end the data
        "data": json.dumps(data, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c"),
        "skip": escape(SENTENCES["skip"][at]),
        "noscript": escape(SENTENCES["noscript"][at]),
        "version": __version__,
    }
    return Report(_filled(_file("page.html"), values), title)


def _filled(template: str, values: dict[str, str]) -> str:
    """Put values in their places; what a value holds is no place."""
    parts = template.split("@@")
    found = [values[part] if number % 2 else part for number, part in enumerate(parts)]
    return "".join(found)


def _file(name: str) -> str:
    return files("hybridsent.timeline").joinpath(name).read_text(encoding="utf-8")


def _shared(name: str) -> str:
    return files("hybridsent.evaluation.report").joinpath(name).read_text(encoding="utf-8")


def _player(
    line: Any, beside: str | os.PathLike[str] | None, embed: float
) -> tuple[str, str | None]:
    """Give the element that plays the recording, and the file that it is linked to."""
    file = Path(line.file)
    kind = _KINDS.get(file.suffix.lower(), "")
    tag = "video" if kind.startswith("video") or (not kind and _has_pictures(file)) else "audio"
    if kind.startswith("video") and not _has_pictures(file):
        tag = "audio"
    source, linked = _source(file, beside, kind, embed)
    attributes = f' type="{kind}"' if kind and not source.startswith("data:") else ""
    element = (
        f'<{tag} id="player" controls preload="metadata" playsinline tabindex="-1">'
        f'<source src="{escape(source)}"{attributes}></{tag}>'
    )
    return element, linked


def _has_pictures(file: Path) -> bool:
    from hybridsent.exceptions import MediaError
    from hybridsent.media._streams import tracks_of

    try:
        return tracks_of(file).pictures
    except MediaError:  # it is not there any more: the page says so when it is played
        return False


def _source(
    file: Path, beside: str | os.PathLike[str] | None, kind: str, embed: float
) -> tuple[str, str | None]:
    if kind and file.is_file() and file.stat().st_size <= embed * 1e6:
        content = base64.b64encode(file.read_bytes()).decode("ascii")
        return f"data:{kind};base64,{content}", None
    if beside is None:
        return quote(file.name), file.name
    try:
        relative = Path(os.path.relpath(file.absolute(), Path(beside).absolute().parent))
    except ValueError:  # on another drive of Windows
        return file.absolute().as_uri(), file.name
    return quote(relative.as_posix()), relative.as_posix()
