"""Speech as a column of texts, as the options name it (layer L7)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridsent.cli._console import UsageError, is_interactive, listed, say
from hybridsent.cli._modalities import media_parts
from hybridsent.cli._views import check_column
from hybridsent.scoring._speech import Transcript
from hybridsent.scoring._speech import transcribed as heard

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["given_transcripts", "speech", "transcribed", "with_transcripts"]

_ALONE = ("speech_model", "speech_language", "no_subtitles")
_NAMES = {
    "model": "speech_model",
    "language": "speech_language",
    "subtitles": "no_subtitles",
    "local_files_only": "download",
}


def given_transcripts(
    arguments: argparse.Namespace, table: pd.DataFrame, aside: Sequence[str]
) -> list[Transcript]:
    """Give the transcripts that the options name.

    Parameters
    ----------
    arguments : Namespace
        With the options of speech.
    table : DataFrame
        The table.
    aside : sequence of str
        Columns in which no sound is looked for.

    Returns
    -------
    list of Transcript
        Empty where none is asked for.

    Raises
    ------
    UsageError
        If a column is not there, or the new one is.
    """
    if not getattr(arguments, "transcribe", None):
        given = [name for name in _ALONE if getattr(arguments, name, None)]
        if given:
            raise UsageError(
                f"--{given[0].replace('_', '-')} needs --transcribe, the column of sounds or "
                "videos whose words are written down"
            )
        return []
    columns = [column or _sound_of(arguments, table, aside) for column in arguments.transcribe]
    for column in columns:
        check_column(table, column, _flag(arguments))
    return [_of(column, arguments, table) for column in dict.fromkeys(columns)]


def _of(column: str, arguments: argparse.Namespace, table: pd.DataFrame) -> Transcript:
    model = arguments.speech_model or _default_model()
    if Path(model).is_dir():  # a saved model is used elsewhere
        model = str(Path(model).absolute())
    made = Transcript(
        column,
        model,
        arguments.speech_language,
        not arguments.no_subtitles,
        arguments.channel,
    )
    if made.name in table.columns:
        way = f", or read it as it is with --text {made.name}" if hasattr(arguments, "text") else ""
        raise UsageError(
            f"{_flag(arguments)} {column} writes a column {made.name!r}, which the table has "
            f"already; rename it{way}"
        )
    return made


def _flag(arguments: argparse.Namespace) -> str:
    """Name the option of the column: the command whose matter it is knows no views."""
    return "--transcribe" if hasattr(arguments, "view") else "--audio"


def _default_model() -> str:
    from hybridsent.datasets._speech import DEFAULT_MODEL

    return DEFAULT_MODEL


def _sound_of(arguments: argparse.Namespace, table: pd.DataFrame, aside: Sequence[str]) -> str:
    """Give the one column of sounds or videos: that of an option, else what is found."""
    named = [
        value if value in table.columns else value.partition("=")[0]
        for option in _kinds()
        for value in getattr(arguments, option, None) or []
    ]
    found = list(dict.fromkeys(named)) or _found(table, aside)
    if len(found) == 1:
        return found[0]
    what = f"several columns hold sounds, {found}" if found else "no column is known to hold sounds"
    raise UsageError(
        f"{_flag(arguments)} must name a column here: {what}. Columns: {listed(table.columns)}"
    )


def _found(table: pd.DataFrame, aside: Sequence[str]) -> list[str]:
    from hybridsent.datasets import detect_modalities

    found = detect_modalities(table, exclude=list(aside))
    return [found[kind] for kind in _kinds() if kind in found][:1]


def _kinds() -> list[str]:
    """Names of what holds sound: media with a part that is heard, such as videos, and sounds."""
    from hybridsent.datasets._hearing import KIND

    return [*(name for name, parts in media_parts().items() if KIND in parts.values()), KIND]


def with_transcripts(
    table: pd.DataFrame, transcripts: Sequence[Transcript], arguments: argparse.Namespace
) -> pd.DataFrame:
    """Add the columns of texts to a table.

    Parameters
    ----------
    table : DataFrame
        The table, with absolute paths.
    transcripts : sequence of Transcript
        What to add.
    arguments : Namespace
        With the encoding options.

    Returns
    -------
    DataFrame
        The table with them.
    """
    for each in transcripts:
        made = transcribed(table, each, arguments)
        table = table.assign(**{each.name: made[each.name]})
    return table


def transcribed(
    table: pd.DataFrame, transcript: Transcript, arguments: argparse.Namespace
) -> pd.DataFrame:
    """Transcribe a column, and say what was heard.

    Parameters
    ----------
    table : DataFrame
        The table, with absolute paths.
    transcript : Transcript
        What to add.
    arguments : Namespace
        With, maybe, ``store``, ``on_error``, ``n_jobs``, ``max_seconds`` and ``download``.

    Returns
    -------
    DataFrame
        As `hybridsent.datasets.transcribe` gives it.

    Raises
    ------
    HybridsentError
        As that raises, in the words of the command line.
    """
    from hybridsent.exceptions import HybridsentError

    if getattr(arguments, "commercial", False):
        _check_commercial(transcript.model)
    try:
        return heard(table, transcript, say, **speech(arguments))
    except (HybridsentError, ValueError) as error:
        error.args = (_in_flags(str(error), arguments), *error.args[1:])
        raise


def speech(arguments: argparse.Namespace) -> dict[str, Any]:
    """Give what the options say of how sounds are heard.

    Parameters
    ----------
    arguments : Namespace
        With the encoding options.

    Returns
    -------
    dict
        Parameters of `hybridsent.datasets.transcribe`.
    """
    limit = {} if arguments.max_seconds is None else {"max_seconds": arguments.max_seconds}
    return {
        "store": None if arguments.store == "off" else arguments.store,
        "on_error": arguments.on_error,
        "n_jobs": arguments.n_jobs,
        "local_files_only": not arguments.download,
        "verbose": is_interactive(),
        **limit,
    }


def _check_commercial(model: str) -> None:
    """Refuse what is not known to be free; the default model is, see the registry of backbones."""
    if model != _default_model():
        raise UsageError(
            f"--commercial refuses --speech-model {model}, whose licence is not known here; leave "
            f"it out ({_default_model()} may be used commercially), or leave --commercial out"
        )


def _in_flags(text: str, arguments: argparse.Namespace) -> str:
    """Name the options of speech where a message names parameters of `transcribe`."""
    from hybridsent.cli._words import in_flags

    given = [name for name in _NAMES.values() if hasattr(arguments, name)]
    return in_flags(text, argparse.Namespace(**dict.fromkeys(given)), _NAMES)
