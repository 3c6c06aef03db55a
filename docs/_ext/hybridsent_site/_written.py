"""Files that are made: written where they differ, taken away where nobody makes them any more."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

__all__ = ["GENERATED", "escaped", "titled", "write_folder"]

GENERATED = "generated"
"""Folder of all that is made, under that of the sources."""


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Make a folder hold these files and no others.

    A file that is the same is left alone, so that Sphinx reads it once.

    Parameters
    ----------
    folder : Path
        The folder, which may not be there yet.
    files : mapping of str to str
        Texts by path in the folder.
    """
    wanted = {folder / name: text for name, text in files.items()}
    for path in sorted(folder.rglob("*")) if folder.exists() else ():
        if path.is_file() and path not in wanted:
            path.unlink()
    for path, text in wanted.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def escaped(text: str) -> str:
    """Write a plain text so that reStructuredText reads it as one."""
    for mark in "\\*`|_<>[]":
        text = text.replace(mark, "\\" + mark)
    return text


def titled(title: str, line: str = "=") -> str:
    """Write a heading of reStructuredText."""
    return f"{title}\n{line * max(len(title), 4)}\n\n"
