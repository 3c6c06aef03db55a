"""What is said in a column of sounds or videos, as columns of the table (layer L4).

faster-whisper hears one sound. Here a column of cells in any form is heard, each sound once over
all processes and runs, and what is broken, empty, or written down already is told apart.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from inspect import signature
from numbers import Integral, Real
from typing import Any

import pandas as pd

from hybridsent._params import (
    HasMethods,
    Interval,
    Jobs,
    StrOptions,
    validate_parameter_constraints,
)
from hybridsent._tables import as_table
from hybridsent.datasets._columns import check_new, check_there
from hybridsent.datasets._heard import Heard
from hybridsent.datasets._hearing import Transcription, transcribe_cells
from hybridsent.datasets._several import absolute
from hybridsent.datasets._speech import DEFAULT_MODEL
from hybridsent.encoders._column_of_cells import Cells
from hybridsent.store import FeatureStore

__all__ = ["transcribe", "transcribed_table"]

_PARTS = ("text", "language", "confidence", "words")
_CONSTRAINTS: dict[str, list[Any]] = {
    "name": [None, str],
    "model": [str, HasMethods(["__fspath__"])],
    "language": [None, str],
    "subtitles": ["boolean"],
    "root": [None, str, HasMethods(["__fspath__"])],
    "channel": [None, Interval(Integral, 0, None, closed="left")],
    "max_seconds": [Interval(Real, 0, None, closed="neither")],
    "store": [None, str, HasMethods(["__fspath__"]), HasMethods(["get_or_compute_texts"])],
    "on_error": [StrOptions({"raise", "missing"})],
    "n_jobs": [None, Jobs()],
    "local_files_only": ["boolean"],
    "verbose": ["verbose"],
}


def transcribe(
    table: Any,
    column: str,
    *,
    name: str | None = None,
    model: str | os.PathLike[str] = DEFAULT_MODEL,
    language: str | None = None,
    subtitles: bool = True,
    root: str | os.PathLike[str] | None = None,
    channel: int | None = None,
    max_seconds: float = 600.0,
    store: FeatureStore | str | os.PathLike[str] | None = "default",
    on_error: str = "raise",
    n_jobs: int | None = None,
    local_files_only: bool = True,
    verbose: bool = False,
) -> pd.DataFrame:
    r"""Write down what is said in a column of sounds or videos, as columns of the table.

    The text is a view as any other: ``make_fusion(text=True, audio=True, columns={"text":
    "clip_text", "audio": "clip"})`` reads how something is said and what. Whisper, run by
    faster-whisper (``pip install "hybridsent[speech]"``), listens where somebody speaks; the same
    sound gives the same text, and is heard once: the text is kept in the feature store under the
    content of the sound and the hash of the model, and found by later calls and processes.

    Parameters
    ----------
    table : DataFrame
        The rows; also a table of polars, pyarrow or another library.
    column : str
        The column of sounds, in every form that an audio view reads: paths, bytes, (array,
        sampling rate), dicts of Hugging Face. The sounds of a list are heard one by one, and
        joined in their order.
    name : str, default=None
        What the names of the new columns begin with. None: `column`.
    model : str or PathLike, default="tiny.en"
        A folder of faster-whisper (CTranslate2), a size that it knows, such as ``"small"``, or
        ``owner/name`` of the hub. The default comes with hybridsent and hears English alone.
    language : str, default=None
        What is spoken, such as ``"de"``. None: each sound tells.
    subtitles : bool, default=True
        Whether to read ``clip.srt``, ``clip.vtt`` or ``clip.en.srt`` where it lies beside
        ``clip.mp4``, instead of listening: UTF-8, UTF-16 with a mark or Windows-1252. Of several
        languages `language` chooses.
    root : str or PathLike, default=None
        The folder from which relative paths are seen. None: where the process runs.
        `hybridsent.read_table` gives absolute ones.
    channel : int, default=None
        Which channel is heard, counted from 0, such as one side of a call. None: the mean of all.
    max_seconds : float, default=600.0
        Longest sound that is heard.
    store : FeatureStore, str, path or None, default="default"
        Where texts are kept, as in the encoders; None keeps nothing.
    on_error : {"raise", "missing"}, default="raise"
        What a broken cell does: an error with row and column, or a missing text and one warning.
    n_jobs : int, default=None
        Sounds that are heard at the same time; None takes every core.
    local_files_only : bool, default=True
        Whether a model that is not on this machine is an error, and not fetched.
    verbose : bool, default=False
        Whether to show a progress bar.

    Returns
    -------
    DataFrame
        The table with its rows, index and ``attrs`` as they were, and four columns at the end:

        - ``clip_text``: what is said; None where nothing is, the cell is missing, or silent;
        - ``clip_language``: its code, such as ``"en"``; of subtitles what their name tells;
        - ``clip_confidence``: from 0 to 1, the geometric mean of the probabilities of its tokens:
          exp of the mean log-probability of the segments, by their seconds. NaN where there is no
          text, or it is from subtitles. Far below 0.5 the language is often another one;
        - ``clip_words``: a JSON list of ``[word, start, end, probability]``, times in seconds. Of
          subtitles a line for a word, and null. The times of the second sound of a list go on
          where the first ended.

    Raises
    ------
    TableError
        If there is no such column, or one of the new ones.
    CellError
        If a sound cannot be read and ``on_error="raise"``, or the items of a cell have weights.
    MissingDependencyError
        If faster-whisper is needed and not installed.
    WeightsNotFoundError, WeightsError
        If the model is not on this machine, or its folder holds none.
    ValueError
        If a parameter is not of those above, or the model does not hear the language.

    See Also
    --------
    hybridsent.datasets.add_context : What was said before, as a column.
    hybridsent.read_table : A table with absolute paths.

    Examples
    --------
    A subtitle beside the clip is read without listening, here without a model:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from hybridsent.datasets import transcribe
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     lines = "1\n00:00:00,500 --> 00:00:01,200\nWhat a lovely day!\n"
    ...     size = Path(folder, "clip.en.srt").write_text(lines, encoding="utf-8")
    ...     table = transcribe(pd.DataFrame({"clip": ["clip.mp4", None]}), "clip", root=folder)
    >>> table["clip_text"].tolist(), table["clip_language"].tolist()
    (['What a lovely day!', None], ['en', None])
    >>> table["clip_words"][0]
    '[["What a lovely day!", 0.5, 1.2, null]]'
    """
    settings = {name: value for name, value in locals().items() if name in _CONSTRAINTS}
    validate_parameter_constraints(_CONSTRAINTS, settings, caller_name="transcribe")
    return transcribed_table(table, column, **settings)[0]


def transcribed_table(
    table: Any,
    column: str,
    *,
    name: str | None = None,
    root: str | os.PathLike[str] | None = None,
    **settings: Any,
) -> tuple[pd.DataFrame, Transcription]:
    """Do what `transcribe` does, and tell where the texts are from.

    Parameters
    ----------
    table : DataFrame
        The rows.
    column : str
        The column of sounds.
    name : str, default=None
        What the names of the new columns begin with.
    root : str or PathLike, default=None
        The folder from which relative paths are seen.
    **settings : object
        The other parameters of `transcribe`, each with the same default.

    Returns
    -------
    table : DataFrame
        With the new columns.
    run : Transcription
        How many sounds were heard, found and empty.
    """
    table = as_table(table)
    check_there(table, column, "column")
    begin = column if name is None else name
    check_new(
        table,
        [f"{begin}_{part}" for part in _PARTS],
        f"Give what is said in {column!r} another name: transcribe(..., name=...).",
    )
    cells = table[column].tolist()
    if root is not None:
        cells = [absolute(cell, os.path.abspath(root)) for cell in cells]  # noqa: PTH100 - resolve() would follow links
    given = {**_defaults(), **settings}
    run = transcribe_cells(Cells(cells, table.index.tolist(), str(column)), **given)
    added = _columns(run.heard, table.index)
    result: pd.DataFrame = table.assign(**{f"{begin}_{part}": added[part] for part in added})
    result.attrs = dict(table.attrs)
    return result, run


def _defaults() -> dict[str, Any]:
    """Give the parameters of `transcribe` that say how cells are heard, with their defaults."""
    found = {name: each.default for name, each in signature(transcribe).parameters.items()}
    return {name: found[name] for name in _CONSTRAINTS if name not in ("name", "root")}


def _columns(heard: Sequence[Heard | None], index: pd.Index) -> dict[str, pd.Series]:
    """Give the new columns, by the ends of their names."""
    said = [each if each is not None and each.text else None for each in heard]
    plain = {
        "text": [each and each.text for each in said],
        "language": [each and each.language for each in said],
        "words": [each and json.dumps(list(each.words), ensure_ascii=False) for each in said],
    }
    sure = [math.nan if each is None else each.confidence for each in said]
    made = {part: pd.Series(cells, index=index, dtype=object) for part, cells in plain.items()}
    made["confidence"] = pd.Series(sure, index=index, dtype="float64")
    return {part: made[part] for part in _PARTS}
