"""Which character separates the cells of a csv file (layer L4).

Not :class:`csv.Sniffer`: it looks at letters and at spaces, too, and gives an answer where there is
none. Here a separator must be seen in the line of names and explain every line; where two of them
do, nothing is guessed.
"""

from __future__ import annotations

import csv
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from hybridsent.exceptions import TableError

__all__ = [
    "SEPARATORS",
    "found_separator",
    "lines_of",
    "separator_of",
    "told_separator",
    "whole_fields",
]

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
"""Characters that may separate cells, and their names."""

_LOOKED_AT = 1000  # lines: a separator that explains so many explains all, or its error names one
_MOST = 0.5
_LIMIT = threading.Lock()
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_TOLD = re.compile(r"sep=([^\"\r\n])\r?\n")  # csv of Python 3.13 takes no quote or line end


@contextmanager
def whole_fields(size: int) -> Iterator[None]:
    """Let csv read cells of any size: its limit, 131,072 characters, is one for the process.

    Parameters
    ----------
    size : int
        Characters of the largest cell there may be.

    Yields
    ------
    None
        While the limit is raised.
    """
    with _LIMIT:
        before = csv.field_size_limit(min(max(size, csv.field_size_limit()), 2**31 - 1))
        try:
            yield
        finally:
            csv.field_size_limit(before)


def lines_of(text: str) -> Iterator[str]:
    r"""Cut a text into lines as csv does, one at a time, with their ends.

    Parameters
    ----------
    text : str
        The text.

    Yields
    ------
    str
        A line; ``\r\n``, ``\r`` and ``\n`` end one, and no other character does.
    """
    return (match[0] for match in _LINE.finditer(text))


def separator_of(text: str, path: Path) -> tuple[str, str]:
    r"""Find the separator of a csv file, and the text behind a line that tells it.

    Parameters
    ----------
    text : str
        The whole file.
    path : Path
        Named in messages.

    Returns
    -------
    separator : str
        One of `SEPARATORS`; a comma where there is but one column.
    text : str
        The text, without Excel's first line ``sep=;``.

    Raises
    ------
    TableError
        If several separators explain the file alike.

    Examples
    --------
    >>> from pathlib import Path
    >>> from hybridsent.datasets._separator import separator_of
    >>> [separator_of(t, Path("t.csv"))[0] for t in ("a,b\n1;2,3\n", 'a;b\n"1;2";3\n', "a\n1;2\n")]
    [',', ';', ',']
    """
    if told := _TOLD.match(text):
        return told[1], text[told.end() :]
    return found_separator(lambda: lines_of(text), path), text


def told_separator(line: str) -> str | None:
    r"""Read Excel's first line ``sep=;``.

    Parameters
    ----------
    line : str
        The first line of a file, with its end.

    Returns
    -------
    str or None
        The separator that it tells; None where it is another line.

    Examples
    --------
    >>> from hybridsent.datasets._separator import told_separator
    >>> told_separator("sep=;\n"), told_separator("text;label\n")
    (';', None)
    """
    told = _TOLD.fullmatch(line)
    return told[1] if told else None


def found_separator(lines: Callable[[], Iterable[str]], path: Path) -> str:
    """Find the separator of lines of which the first one holds the names.

    Parameters
    ----------
    lines : callable
        Gives the lines with their ends, from the first one on, each time that it is called.
    path : Path
        Named in messages.

    Returns
    -------
    str
        One of `SEPARATORS`; a comma where there is but one column.

    Raises
    ------
    TableError
        If several separators explain the lines alike.
    """
    widths = {mark: _widths(lines(), mark) for mark in SEPARATORS}
    seen = [mark for mark, (names, _) in widths.items() if names > 1]
    whole = [mark for mark in seen if widths[mark][1] == 1.0]
    if len(whole) > 1:
        marks = " and ".join(SEPARATORS[mark] for mark in whole)
        raise TableError(
            f"{path} can be read in two ways: {marks} both give every line as many cells as there "
            f"are names. Tell which one separates them: sep={whole[0]!r} or sep={whole[1]!r}."
        )
    if whole:
        return whole[0]
    # no mark explains every line: the one of most lines, so that the error names a line; but a
    # column may be named "text; notes"
    best = max(seen, key=lambda mark: (widths[mark][1], mark == ","), default=",")
    return best if "," in seen or widths[best][1] >= _MOST else ","


def _widths(lines: Iterable[str], mark: str) -> tuple[int, float]:
    """Count the names in the first line, and the share of lines with as many cells."""
    rows = csv.reader(lines, delimiter=mark, strict=True)
    names, same, others = 0, 0, 0
    try:
        for row in islice((row for row in rows if row), _LOOKED_AT):
            if not names:
                names = len(row)
                continue
            others += 1
            same += len(row) == names
    except csv.Error:  # told when the file is parsed
        return names, 0.0
    return names, same / others if others else 1.0
