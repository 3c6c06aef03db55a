"""A folder with a folder of media for each class → a table (layer L4).

torchvision's ImageFolder and datasets' imagefolder do the same for containers of their own; here it
is the table that everything else takes.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import pandas as pd

from hybridsent.datasets._subtitles import ENDINGS
from hybridsent.exceptions import TableError, TableWarning
from hybridsent.media._looks import is_media_path
from hybridsent.media._medium import list_kinds

__all__ = ["read_folder"]

LABEL = "label"
_OF_THE_SYSTEM = ("desktop.ini", "thumbs.db")


def read_folder(folder: Path) -> pd.DataFrame | None:
    """Make a table of a folder with a folder for each class.

    Parameters
    ----------
    folder : Path
        A folder that exists.

    Returns
    -------
    DataFrame or None
        A row a file, in the order of their names; a column a modality of which there are files,
        such as ``image``, holds paths seen from the folder, and ``label`` the name of the class.
        None where the folder holds no folders of media.

    Raises
    ------
    TableError
        If media lie beside or below the folders of classes, so that it is not clear what the
        classes are.
    """
    files = {child.name: _listed(child) for child in _folders(folder)}
    media = {
        name: [file for file in inside if is_media_path(file)] for name, inside in files.items()
    }
    _check_depth(folder, media)
    if not any(media.values()):
        return None
    beside = [name for name in _listed(folder) if is_media_path(name)]
    if beside:
        raise TableError(
            f"{folder} holds folders of classes and {len(beside)} media files beside them, such as "
            f"{beside[0]}. Move these into the folder of their class, or elsewhere."
        )
    other = [f"{name}/{f}" for name, inside in files.items() for f in inside if not _is_told(f)]
    if other:
        kinds = ", ".join(str(one.plural) for one in list_kinds() if one.is_media)
        warnings.warn(
            f"{folder}: {len(other)} files in the folders of classes are of no known kind "
            f"({kinds}) and were left out, such as {other[0]}.",
            TableWarning,
            stacklevel=3,
        )
    return _table(media)


def _table(media: dict[str, list[str]]) -> pd.DataFrame:
    rows = [(f"{name}/{file}", name) for name, inside in media.items() for file in inside]
    paths = [path for path, _ in rows]
    columns = {
        modality.name: [path if modality.recognises(path) else None for path in paths]
        for modality in list_kinds()
        if modality.is_media and any(map(modality.recognises, paths))
    }
    return pd.DataFrame({**columns, LABEL: [label for _, label in rows]})


def _is_told(name: str) -> bool:
    """Whether a file is media, or subtitles beside them, which `transcribe` reads."""
    return is_media_path(name) or name.lower().endswith(ENDINGS)


def _check_depth(folder: Path, media: dict[str, list[str]]) -> None:
    """Refuse media two folders down: train/angry/1.wav has the class angry, not train."""
    for name in media:
        for inner in _folders(folder / name):
            deeper = [file for file in _listed(inner) if is_media_path(file)]
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
