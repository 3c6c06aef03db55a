"""What is printed survives where it goes (layer L7): old code pages, and pipes that were closed.

A Windows console, or a file there, takes cp1252, which has no arrows; Python's own answer is an
error in the middle of the output.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["forgiving", "hush"]

_HANDLER = "hybridsent.plain"
_PLAIN = {
    **dict.fromkeys("─–—", "-"),
    **dict.fromkeys("┐┘┤┴┬┌└├│", "|"),
    "►": ">",
    "→": "->",
    "…": "...",
    "×": "x",
    "≤": "<=",
    "≥": ">=",
    "±": "+-",
    **dict.fromkeys("‘’", "'"),
    **dict.fromkeys("“”", '"'),
}


def _in_plain_signs(error: UnicodeError) -> tuple[str, int]:
    """Write what the encoding lacks in signs that every one has."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(_PLAIN.get(sign, "?") for sign in signs), error.end


@contextmanager
def forgiving() -> Iterator[None]:
    """Let stdout and stderr write any text, whatever their encoding; afterwards all is as before.

    Yields
    ------
    None
        While the streams are so.
    """
    codecs.register_error(_HANDLER, _in_plain_signs)
    before = [
        (stream, stream.errors)
        for stream in (sys.stdout, sys.stderr)
        if isinstance(stream, io.TextIOWrapper)
    ]
    for stream, _ in before:
        stream.reconfigure(errors=_HANDLER)
    try:
        yield
    finally:
        for stream, errors in before:
            if not stream.closed:
                stream.reconfigure(errors=errors)


def hush() -> None:
    """Give stdout nowhere to go, so that Python does not complain of the closed pipe at its end."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):  # no real file, as in a test
        return
