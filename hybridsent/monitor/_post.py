"""From a piece to a post: its id, time and groups, and what the model reads (layer L7).

What the id of a post is, is decided here alone: the field that the user names, else the place where
it stood, else what it says.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any

from hybridsent.datasets._times import read_time
from hybridsent.monitor._source import Piece, shortened

__all__ = ["EVERYTHING", "Broken", "Post", "PostReader", "digest", "field_of"]

EVERYTHING = "[]"
"""The key of the group that every post is in."""

_GROUPS = 50
_FUTURE = 86_400.0


@dataclass(frozen=True, slots=True)
class Post:
    """A post that can be scored.

    Parameters
    ----------
    id : bytes
        Sixteen bytes that no other post has.
    at : float
        When it was written, in seconds since 1970.
    groups : tuple of str
        Keys of the groups it is in, JSON lists of pairs; the first is of all posts.
    cells : dict
        What the model reads.
    remembered : bool
        Whether its id must be remembered to count it once.
    base : Path or None
        Where its paths of media begin.
    piece : Piece
        Whence it came.
    """

    id: bytes
    at: float
    groups: tuple[str, ...]
    cells: dict[str, Any]
    remembered: bool
    base: Path | None
    piece: Piece


@dataclass(frozen=True, slots=True)
class Broken:
    """Something that is no post, and is kept aside.

    Parameters
    ----------
    source : str
        Where it came from.
    place : str or None
        Where it stood there.
    reason : str
        Why it is none.
    content : str
        How it begins.
    """

    source: str
    place: str | None
    reason: str
    content: str

    @classmethod
    def of(cls, piece: Piece, reason: str) -> Broken:
        """Keep a piece aside.

        Parameters
        ----------
        piece : Piece
            What is broken.
        reason : str
            Why.

        Returns
        -------
        Broken
            With the beginning of its content.
        """
        content = piece.content
        if isinstance(content, bytes):
            said = shortened(content)
        else:
            said = shortened(json.dumps(content, ensure_ascii=False, default=repr))
        return cls(piece.source, piece.place, reason, said)


class PostReader:
    """Reads pieces as posts.

    Parameters
    ----------
    columns : mapping of str to str
        The field of each column that the model reads.
    id : str or None, default=None
        Field of the id; None for the place, or what the post says.
    time : str or None, default=None
        Field of the time; None for the time at which a post arrives.
    by : sequence of sequence of str, default=()
        Fields by which posts are grouped, each sequence together.
    zone : tzinfo or None, default=None
        Of times that tell none; None is UTC.
    media : sequence of str, default=()
        Columns whose cells are files.
    base : Path or None, default=None
        Folder in which files of media must lie; None refuses those that a source does not vouch
        for.
    """

    def __init__(
        self,
        columns: Mapping[str, str],
        *,
        id: str | None = None,  # noqa: A002 - the name of the option
        time: str | None = None,
        by: Sequence[Sequence[str]] = (),
        zone: tzinfo | None = None,
        media: Sequence[str] = (),
        base: Path | None = None,
    ) -> None:
        from datetime import UTC

        self.columns, self.id, self.time, self.by = dict(columns), id, time, by
        self.zone = UTC if zone is None else zone
        self.media, self.base = frozenset(media), base

    def read(self, piece: Piece, now: float) -> Post | Broken:
        """Read a piece.

        Parameters
        ----------
        piece : Piece
            What a source gave.
        now : float
            The time at which it arrived.

        Returns
        -------
        Post or Broken
            What it is.
        """
        try:
            return self._read(piece, now)
        except _NoPostError as error:
            return Broken.of(piece, str(error))

    def _read(self, piece: Piece, now: float) -> Post:
        if piece.problem is not None:
            raise _NoPostError(piece.problem)
        values = _values(piece.content)
        at = self._at(values, now)
        cells = {}
        for column, name in self.columns.items():
            value = field_of(values, name)
            if value is not None:
                cells[column] = self._cell(column, value, piece)
        if self.columns and not any(map(_says_something, cells.values())):
            names = ", ".join(map(repr, self.columns.values()))
            raise _NoPostError(f"it has nothing in {names}, which the model reads")
        groups = [EVERYTHING]
        for fields in self.by:
            groups += _keys(fields, values)
        return Post(
            self._identity(values, piece),
            at,
            tuple(dict.fromkeys(groups)),
            cells,
            piece.remembered or self._has_id(values),
            self._base_of(piece),
            piece,
        )

    def _has_id(self, values: Mapping[str, Any]) -> bool:
        return self.id is not None and field_of(values, self.id) is not None

    def _identity(self, values: Mapping[str, Any], piece: Piece) -> bytes:
        given = None if self.id is None else field_of(values, self.id)
        if given is not None:
            if isinstance(given, dict | list):
                raise _NoPostError(
                    f"its id {self.id!r} must be a text or a number; got {given!r:.80}"
                )
            return digest("id", str(given))
        if piece.place is not None:
            return digest("place", piece.source, piece.place)
        content = piece.content
        if isinstance(content, bytes):
            return digest("said", content.strip())
        return digest("said", json.dumps(content, sort_keys=True, default=repr))

    def _at(self, values: Mapping[str, Any], now: float) -> float:
        if self.time is None:
            return now
        given = field_of(values, self.time)
        if given is None:
            raise _NoPostError(f"it has no time in {self.time!r}")
        try:
            at = read_time(given, self.zone)
        except ValueError as error:
            raise _NoPostError(f"{self.time!r}: {error}") from error
        if at > now + _FUTURE:
            raise _NoPostError(f"its time is more than a day ahead of the clock: {given!r:.80}")
        return at

    def _base_of(self, piece: Piece) -> Path | None:
        return piece.base if piece.base is not None else self.base

    def _cell(self, column: str, value: Any, piece: Piece) -> Any:
        if column not in self.media:
            return value
        items = value if isinstance(value, list) else [value]
        return [self._file(column, each, piece) for each in items] if items else None

    def _file(self, column: str, value: Any, piece: Piece) -> str:
        """Let a post name a file only where the user or the source said that files lie."""
        base = self._base_of(piece)
        if not isinstance(value, str):
            raise _NoPostError(f"{column!r} must name a file; got {value!r:.80}")
        if base is None:
            raise _NoPostError(
                f"{column!r} names a file; say with the parameter media in which folder such files "
                "lie"
            )
        path = (base / value).resolve()
        if not path.is_relative_to(base.resolve()):
            raise _NoPostError(f"{column!r} names a file outside of the folder {base}")
        return str(path)


class _NoPostError(Exception):
    """A piece is no post; the message says why."""


def _values(content: bytes | Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(content, bytes):
        return content
    try:
        values = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _NoPostError(f"it is no JSON: {str(error) or type(error).__name__:.200}") from error
    if not isinstance(values, dict):
        raise _NoPostError(f"it must be a JSON object; got a {type(values).__name__}")
    return values


def _says_something(cell: Any) -> bool:
    if isinstance(cell, str):
        return bool(cell.strip())
    if isinstance(cell, float):
        return not math.isnan(cell)
    return cell is not None and (not isinstance(cell, list | dict) or bool(cell))


def field_of(values: Mapping[str, Any], name: str) -> Any:
    """Find a field, also inside of others.

    Parameters
    ----------
    values : mapping
        A JSON object.
    name : str
        Its name, or a path such as ``"user.place"``.

    Returns
    -------
    object
        What stands there; None where nothing does, or NaN.

    Examples
    --------
    >>> from hybridsent.monitor._post import field_of
    >>> field_of({"user": {"place": "Bonn"}}, "user.place")
    'Bonn'
    """
    found: Any = values
    if name in values:
        found = values[name]
    else:
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    return None if isinstance(found, float) and math.isnan(found) else found


def _keys(names: Sequence[str], values: Mapping[str, Any]) -> list[str]:
    """Write the groups of a post; where a field is a list it is in a group for each."""
    each = []
    for name in names:
        value = field_of(values, name)
        several = value if isinstance(value, list) else [value]
        each.append([_written(one) for one in several] or [None])
    rows = itertools.islice(itertools.product(*each), _GROUPS)
    return [
        json.dumps(list(zip(names, row, strict=True)), ensure_ascii=False, separators=(",", ":"))
        for row in rows
    ]


def _written(value: Any) -> str | None:
    if value is None or value == "":
        return None
    text = value if isinstance(value, str) else json.dumps(value, default=repr)
    return text.encode("utf-8", "replace").decode()[:200]


def digest(*parts: bytes | str) -> bytes:
    """Hash parts, none of which can run into the next.

    Parameters
    ----------
    *parts : bytes or str
        What is hashed.

    Returns
    -------
    bytes
        Sixteen of them.

    Examples
    --------
    >>> from hybridsent.monitor._post import digest
    >>> digest("ab", "c") == digest("a", "bc"), len(digest("a"))
    (False, 16)
    """
    made = hashlib.blake2b(digest_size=16)
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        made.update(len(raw).to_bytes(8, "big") + raw)
    return made.digest()
