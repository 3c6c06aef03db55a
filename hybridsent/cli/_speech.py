"""Speech as a column of texts, and how a saved model remembers it (layer L6)."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridsent.cli._console import UsageError, is_interactive, listed, say
from hybridsent.cli._modalities import media_parts
from hybridsent.cli._views import check_column

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Transcript",
    "given_transcripts",
    "transcribed",
    "transcripts_in",
    "with_known_transcripts",
    "with_transcripts",
]

FACT = "transcribe"
"""Under which name the facts of a saved model tell its transcripts."""

_ALONE = ("speech_model", "speech_language", "no_subtitles")
_NAMES = {
    "model": "speech_model",
    "language": "speech_language",
    "subtitles": "no_subtitles",
    "local_files_only": "download",
}


@dataclass(frozen=True)
class Transcript:
    """A column of what is said in another, as `hybridsent.datasets.transcribe` writes it.

    Parameters
    ----------
    column : str
        Of the sounds or videos.
    model : str
        What listens.
    language : str or None
        What is spoken.
    subtitles : bool
        Whether subtitles are read instead.
    channel : int or None, default=None
        Which channel is heard; None for the mean of all.
    """

    column: str
    model: str
    language: str | None
    subtitles: bool
    channel: int | None = None

    @property
    def name(self) -> str:
        """The new column."""
        return f"{self.column}_text"


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
    from hybridsent.datasets._transcribe import transcribed_table
    from hybridsent.exceptions import HybridsentError

    if getattr(arguments, "commercial", False):
        _check_commercial(transcript.model)
    limit = {} if arguments.max_seconds is None else {"max_seconds": arguments.max_seconds}
    try:
        made, run = transcribed_table(
            table,
            transcript.column,
            model=transcript.model,
            language=transcript.language,
            subtitles=transcript.subtitles,
            channel=transcript.channel,
            store=None if arguments.store == "off" else arguments.store,
            on_error=arguments.on_error,
            n_jobs=arguments.n_jobs,
            local_files_only=not arguments.download,
            verbose=is_interactive(),
            **limit,
        )
    except (HybridsentError, ValueError) as error:
        error.args = (_in_flags(str(error), arguments), *error.args[1:])
        raise
    say(
        f"speech in {transcript.column!r}: {run.n_heard} sounds transcribed, {run.n_found} found "
        f"in the store, {run.n_subtitles} with subtitles, {run.n_empty} rows without a word "
        f"({transcript.model})"
    )
    return made


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


# -- what a saved model knows


def transcripts_in(facts: Mapping[str, Any], allowed: Sequence[str]) -> list[Transcript]:
    """Read the transcripts of a saved model from its facts; older models have none.

    Parameters
    ----------
    facts : mapping
        The metadata of the model.
    allowed : sequence of str
        Folders from which a network may be read.

    Returns
    -------
    list of Transcript
        As they were when it was fitted.

    Raises
    ------
    UsageError
        If the facts are not such as `hybridsent fit` writes, or name a folder that is not allowed.
    """
    stated = facts.get(FACT, [])
    kinds = {
        "column": str,
        "model": str,
        "language": str | None,
        "subtitles": bool,
        "channel": int | None,
    }
    right = isinstance(stated, list) and all(
        isinstance(each, dict)
        and set(each) | {"channel"} == {field.name for field in fields(Transcript)}
        and all(isinstance(each.get(name), kind) for name, kind in kinds.items())
        for each in stated
    )
    if not right:
        raise UsageError(
            f"the model's facts about its transcripts cannot be read, got {stated!r:.200}. Fit it "
            "again"
        )
    for each in stated:
        _check_allowed(each["model"], allowed)
    return [Transcript(**each) for each in stated]


def _check_allowed(model: str, allowed: Sequence[str]) -> None:
    """Refuse to read a folder that a file from someone else may name."""
    from hybridsent.encoders._places import is_path
    from hybridsent.persist._outside import check_paths, is_inside

    if is_path(model) and not is_inside(model, check_paths(allowed)):
        raise UsageError(
            f"the model listens with a network in the folder {model!r:.200}, outside of its file; "
            f"if it is your own, or you know what lies there, allow it with --allow-path {model}"
        )


def facts_of(transcripts: Sequence[Transcript]) -> dict[str, Any]:
    """Give the transcripts of a model for the facts that it is saved with.

    Parameters
    ----------
    transcripts : sequence of Transcript
        What was added to the table.

    Returns
    -------
    dict
        Empty where there is none, so that other models' facts are as they were.
    """
    return {FACT: [asdict(each) for each in transcripts]} if transcripts else {}


def with_known_transcripts(
    table: pd.DataFrame, transcripts: Sequence[Transcript], arguments: argparse.Namespace
) -> pd.DataFrame:
    """Add to new rows what a saved model was fitted with.

    Parameters
    ----------
    table : DataFrame
        The new rows, with absolute paths.
    transcripts : sequence of Transcript
        What `transcripts_in` gave.
    arguments : Namespace
        With the encoding options.

    Returns
    -------
    DataFrame
        The table with the columns of texts; without those of which it lacks the sounds, and with
        those that it has already as they are.
    """
    missing = []
    for each in transcripts:
        if each.name in table.columns:
            say(f"the table has a column {each.name!r} of what is said: it is read as it is")
        elif each.column in table.columns:
            missing.append(each)
    return with_transcripts(table, missing, arguments)
