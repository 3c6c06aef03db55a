"""What the commands say, and to whom (layer L7): results to stdout, all else to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from hybridsent._layout import aligned
from hybridsent.exceptions import HybridsentError
from hybridsent.scoring._words import listed

__all__ = ["UsageError", "columns", "is_interactive", "listed", "say", "write_json"]


class UsageError(HybridsentError, ValueError):
    """The command was called in a way that cannot work."""


def say(text: str) -> None:
    """Write a line for people, to stderr.

    Parameters
    ----------
    text : str
        The line.
    """
    print(text, file=sys.stderr, flush=True)


def is_interactive() -> bool:
    """Whether a person watches stderr: progress bars are for people.

    Returns
    -------
    bool
        False in pipes, logs and CI.
    """
    return sys.stderr.isatty()


def columns(rows: Sequence[Sequence[object]]) -> str:
    """Lay out rows in aligned columns.

    Parameters
    ----------
    rows : sequence of sequence of object
        Rows of equal length.

    Returns
    -------
    str
        Lines without trailing spaces.

    Examples
    --------
    >>> from hybridsent.cli._console import columns
    >>> print(columns([["a", 1], ["long", 22]]))
    a     1
    long  22
    """
    return "\n".join(aligned(rows))


def write_json(path: Path, scores: Mapping[str, object]) -> None:
    """Write scores to a file, and say so.

    Parameters
    ----------
    path : Path
        The file.
    scores : mapping
        Plain numbers and strings. What was said about each row, ``out_of_fold``, is written last,
        and in one line: a line for each number would be longer than all else.
    """
    facts = {name: value for name, value in scores.items() if name != "out_of_fold"}
    text = json.dumps(facts, indent=2, allow_nan=False)
    if "out_of_fold" in scores:
        rows = json.dumps(scores["out_of_fold"], allow_nan=False, separators=(",", ":"))
        text = f'{text.removesuffix("}").rstrip()},\n  "out_of_fold": {rows}\n}}'
    path.write_text(text + "\n", encoding="utf-8")
    say(f"scores -> {path}")
