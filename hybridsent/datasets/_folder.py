"""A folder with a folder of files for each class → a table (layer L4).

torchvision's ImageFolder, datasets' imagefolder and scikit-learn's load_files do the same for
containers of their own; here it is the table that everything else takes.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from hybridsent.datasets._bytes import read_words
from hybridsent.datasets._subtitles import ENDINGS
from hybridsent.exceptions import TableError, TableWarning
from hybridsent.media._looks import ends_in, is_media_path
from hybridsent.media._medium import Medium, list_kinds
from hybridsent.media._modality import Modality, list_modalities

__all__ = ["read_folder", "stands_by_class"]

LABEL = "label"
_NOTED = "hybridsent.folder"
"""Where a table notes, in its ``attrs``, of which column its rows stand value by value."""
_OF_THE_SYSTEM = ("desktop.ini", "thumbs.db")


def read_folder(
    folder: Path, encoding: str | None = None, *, texts: bool = True
) -> pd.DataFrame | None:
    """Make a table of a folder with a folder for each class.

    Parameters
    ----------
    folder : Path
        A folder that exists.
    encoding : str, default=None
        Encoding of files whose content is a cell; None for UTF-8.
    texts : bool, default=True
        Whether such files are looked for where there are no media.

    Returns
    -------
    DataFrame or None
        A row a sample, in the order of their names: a file, or media of one class and name that
        are of different kinds, such as ``1.jpg`` and ``1.wav``. A column a modality of which there
        are files, and ``label``, the name of the class. A column such as ``image`` holds paths seen
        from the folder, and ``text`` what stands in each file. That the rows stand class by class
        is noted in its ``attrs``. None where the folder holds no folders of such files.

    Raises
    ------
    TableError
        If media lie beside or below the folders of classes, or texts below them, so that it is not
        clear what the classes are, or a text is not of the encoding.
    """
    files = {child.name: _listed(child) for child in _folders(folder)}
    _check_depth(folder, files, is_media_path)
    media = _only(files, is_media_path)
    if any(media.values()):
        _check_beside(folder)
        _tell_others(folder, files, _is_told, [one for one in list_kinds() if one.is_media])
        return _of_paths(media)
    if texts:
        _check_depth(folder, files, _is_written)
        if any(_only(files, _is_written).values()):
            table = _of_contents(folder, _only(files, _is_written), encoding)
            _tell_others(folder, files, _is_written, [m for m in list_modalities() if m.written_in])
            return table
    return None


def _of_paths(media: dict[str, list[str]]) -> pd.DataFrame:
    kinds = [kind for kind in list_kinds() if kind.is_media]
    rows = [
        {**{kind: f"{name}/{file}" for kind, file in sample.items()}, LABEL: name}
        for name, inside in media.items()
        for sample in _samples(inside, [(kind.name, kind.recognises) for kind in kinds])
    ]
    there = [kind.name for kind in kinds if any(kind.name in row for row in rows)]
    return _noted({name: [row.get(name) for row in rows] for name in [*there, LABEL]})


def _samples(
    files: list[str], kinds: list[tuple[str, Callable[[str], bool]]]
) -> list[dict[str, str]]:
    """Join files of one name that are of different kinds, such as 1.jpg and 1.wav."""
    named: dict[str, list[dict[str, str]]] = {}
    for file in files:
        told = {kind: file for kind, recognises in kinds if recognises(file)}
        named.setdefault(Path(file).stem, []).append(told)
    samples: list[dict[str, str]] = []
    for same in named.values():
        joined = {kind: file for each in same for kind, file in each.items()}
        samples += [joined] if len(joined) == sum(map(len, same)) else same
    return samples


def _of_contents(folder: Path, files: dict[str, list[str]], encoding: str | None) -> pd.DataFrame:
    names = [(label, file) for label, inside in files.items() for file in inside]
    cells = [read_words(folder / label / file, encoding) for label, file in names]
    columns: dict[str, list[str | None]] = {}
    for modality in list_modalities():
        mine = [ends_in(file, modality.written_in) for _, file in names]
        if any(mine):
            columns[modality.name] = [
                cell if own else None for cell, own in zip(cells, mine, strict=True)
            ]
    return _noted({**columns, LABEL: [label for label, _ in names]})


def _noted(columns: dict[str, list[str | None]]) -> pd.DataFrame:
    table = pd.DataFrame(columns)
    table.attrs[_NOTED] = LABEL
    return table


def stands_by_class(table: Any) -> bool:
    """Tell whether the reader of a table put its rows class by class.

    Parameters
    ----------
    table : DataFrame or array
        A table; what was done to its rows since they were read is not known.

    Returns
    -------
    bool
        True where `read_folder` made it.

    Examples
    --------
    >>> import pandas as pd
    >>> from hybridsent.datasets._folder import stands_by_class
    >>> stands_by_class(pd.DataFrame({"text": ["a", "b"], "label": ["bad", "good"]}))
    False
    """
    return _NOTED in (getattr(table, "attrs", None) or {})


def _only(files: dict[str, list[str]], wanted: Callable[[str], bool]) -> dict[str, list[str]]:
    return {name: [file for file in inside if wanted(file)] for name, inside in files.items()}


def _is_written(name: str) -> bool:
    """Whether the content of a file is a cell of some modality."""
    return any(ends_in(name, modality.written_in) for modality in list_modalities())


def _is_told(name: str) -> bool:
    """Whether a file is media, or subtitles beside them, which `transcribe` reads."""
    return is_media_path(name) or name.lower().endswith(ENDINGS)


def _check_beside(folder: Path) -> None:
    """Refuse media beside the folders of classes."""
    beside = [name for name in _listed(folder) if is_media_path(name)]
    if beside:
        raise TableError(
            f"{folder} holds folders of classes and {len(beside)} media files beside them, such as "
            f"{beside[0]}. Move these into the folder of their class, or elsewhere."
        )


def _tell_others(
    folder: Path,
    files: dict[str, list[str]],
    expected: Callable[[str], bool],
    kinds: Sequence[Modality | Medium],
) -> None:
    """Warn of files in the folders of classes that become no row."""
    other = [f"{name}/{f}" for name, inside in files.items() for f in inside if not expected(f)]
    if other:
        read = ", ".join(str(one.plural) for one in kinds)
        warnings.warn(
            f"{folder}: {len(other)} files in the folders of classes are not of the kind that is "
            f"read there ({read}) and were left out, such as {other[0]}.",
            TableWarning,
            stacklevel=5,
        )


def _check_depth(folder: Path, files: dict[str, list[str]], wanted: Callable[[str], bool]) -> None:
    """Refuse files two folders down: train/angry/1.wav has the class angry, not train."""
    for name in files:
        for inner in _folders(folder / name):
            deeper = [file for file in _listed(inner) if wanted(file)]
            if deeper:
                raise TableError(
                    f"{folder} must hold a folder for each class, and in these the files. Got "
                    f"{name}/{inner.name}/{deeper[0]}; name {folder / name} if {inner.name} is a "
                    "class, else move the files up."
                )


def _folders(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        return sorted(Path(e.path) for e in entries if e.is_dir() and not e.name.startswith("."))


def _listed(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.is_file()]
    return sorted(n for n in names if not n.startswith(".") and n.lower() not in _OF_THE_SYSTEM)
