"""Demo data: a small corpus of texts, images and sounds, or clips, made on the spot (layer L4).

Why no library serves: public corpora need a network and bring licences; this one is written in
seconds, is the same for everybody, and is as noisy as real data: the modalities of a row often
disagree, so that fusing them pays. What a row says and shows is made in `hybridsent/_demo/`.
"""

from __future__ import annotations

import operator
import os
import tempfile
from pathlib import Path
from typing import SupportsIndex

import numpy as np
import pandas as pd

from hybridsent._demo.plans import MEDIA
from hybridsent._demo.rows import write_rows
from hybridsent._demo.texts import LANGUAGES
from hybridsent.datasets._table import read_table, write_table
from hybridsent.exceptions import TableError

__all__ = ["make_demo"]

_LEAST = 12
_MARKER = "MADE_BY_MAKE_DEMO.txt"
_OWN = {"images": "demo_*.jpg", "audio": "demo_*.wav", "videos": "demo_*.mp4"}


def make_demo(
    n: int = 240,
    seed: int = 0,
    folder: str | os.PathLike[str] | None = None,
    *,
    language: str = "en",
    video: bool = False,
) -> pd.DataFrame:
    """Write a small corpus for sentiment analysis and read it back.

    Each row is something one of ten invented people said: a text (hand-written English or Chinese
    sentences, varied), an image (their face, or a scene) and a sound (wordless speech), with the
    sentiment that was meant. Each modality shows that sentiment in most rows, more or less clearly,
    and another one in the rest; in about 3 % of the rows one modality is missing. So no modality
    solves the task alone, and fusing them helps. Everything is drawn and synthesised here; scores
    on it say nothing about real data.

    The same `n`, `seed` and `language` write the same files, clips with the same release of PyAV.
    Sentences repeat, in other words, beyond about 300 rows (200 in Chinese).

    Parameters
    ----------
    n : int, default=240
        Number of rows, at least 12. 240 rows take a few seconds and 14 MB.
    seed : int, default=0
        Seed of the generator, at least 0.
    folder : str or PathLike, default=None
        Where ``table.csv``, ``images/`` and ``audio/``, or ``videos/``, go; it is created. An older
        demo there is replaced. None: a new folder among the temporary files, yours to delete.
    language : {"en", "zh"}, default="en"
        Language of the texts: English or Chinese (which ``"text/multilingual-e5-small"`` reads, and
        the default encoder does not). Pictures and sounds are the same.

    video : bool, default=False
        Whether picture and sound of a row are one clip, in which the face comes to life while the
        voice speaks: a column ``video`` (mp4) in place of ``image`` and ``audio``.

    Returns
    -------
    DataFrame
        Columns ``text``, ``image`` and ``audio`` (absolute paths; relative in ``table.csv``),
        ``label`` (positive 40 %, neutral 25 %, negative 35 %) and ``speaker``, for use as groups.

    Raises
    ------
    TypeError, ValueError
        If `n` or `seed` is no integer, or too small, or `language` is none of these.
    TableError
        If the folder holds a table or media that this function did not write.

    Examples
    --------
    >>> import tempfile
    >>> from hybridsent.datasets import make_demo
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = make_demo(12, folder=folder)
    >>> list(table.columns), len(table), sorted(set(table["label"]))
    (['text', 'image', 'audio', 'label', 'speaker'], 12, ['negative', 'neutral', 'positive'])
    """
    n, seed = _integer("n", n, _LEAST), _integer("seed", seed, 0)
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {list(LANGUAGES)}. Got {language!r}.")
    home = Path(tempfile.mkdtemp(prefix="hybridsent-demo-") if folder is None else folder)
    home = home.expanduser()
    told = f"n={n}, seed={seed}" + ("" if language == "en" else f", language={language!r}")
    told += ", video=True" if video else ""
    folders = ["videos"] if video else ["images", "audio"]
    _claim(home, f"Made by hybridsent.datasets.make_demo({told}); replaced by it.\n", folders)
    rows = write_rows(home, n, seed, language=language, video=video)
    write_table(pd.DataFrame(rows), home / "table.csv")
    return read_table(home / "table.csv", media=["video"] if video else MEDIA)


def _integer(name: str, value: SupportsIndex, least: int) -> int:
    if isinstance(value, bool | np.bool_) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be an integer, at least {least}. Got {value!r}.")
    number = operator.index(value)
    if number < least:
        raise ValueError(f"{name} must be at least {least}. Got {number}.")
    return number


def _claim(home: Path, notice: str, folders: list[str]) -> None:
    """Make the folder, or clear an older demo out of it; refuse anything else."""
    if home.exists() and not home.is_dir():
        raise TableError(f"{home} is a file; make_demo needs a folder. Name a new or empty one.")
    marker = home / _MARKER
    taken = [name for name in ("table.csv", *folders) if (home / name).exists()]
    if taken and not marker.exists():
        raise TableError(
            f"{home} already holds {', '.join(taken)} that make_demo did not write. "
            "Name a new or empty folder; nothing was changed."
        )
    for name in folders:
        (home / name).mkdir(parents=True, exist_ok=True)
    for name, pattern in _OWN.items() if marker.exists() else ():
        for old in (home / name).glob(pattern):
            old.unlink()
    marker.write_text(notice, encoding="utf-8", newline="\n")
