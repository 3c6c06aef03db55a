"""Speech as a column of texts, and how a saved model remembers it (layer L6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from hybridsent.exceptions import BundleError, UntrustedPathError
from hybridsent.scoring._words import silent

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Transcript", "facts_of", "transcribed", "transcripts_in", "unheard"]

FACT = "transcribe"
"""Under which name the facts of a saved model tell its transcripts."""


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


def transcribed(
    table: pd.DataFrame,
    transcript: Transcript,
    told: Callable[[str], None] = silent,
    **options: Any,
) -> pd.DataFrame:
    """Transcribe a column, and say what was heard.

    Parameters
    ----------
    table : DataFrame
        The table, with absolute paths.
    transcript : Transcript
        What to add.
    told : callable, default=silent
        Gets each line for people.
    **options : object
        What else `hybridsent.datasets.transcribe` takes.

    Returns
    -------
    DataFrame
        As `hybridsent.datasets.transcribe` gives it.
    """
    from hybridsent.datasets._transcribe import transcribed_table

    made, run = transcribed_table(
        table,
        transcript.column,
        model=transcript.model,
        language=transcript.language,
        subtitles=transcript.subtitles,
        channel=transcript.channel,
        **options,
    )
    told(
        f"speech in {transcript.column!r}: {run.n_heard} sounds transcribed, {run.n_found} found "
        f"in the store, {run.n_subtitles} with subtitles, {run.n_empty} rows without a word "
        f"({transcript.model})"
    )
    return made


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
    BundleError
        If the facts are not such as `hybridsent fit` writes.
    UntrustedPathError
        If they name a folder that is not allowed.
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
        raise BundleError(
            f"The model's facts about its transcripts cannot be read, got {stated!r:.200}. Fit it "
            "again."
        )
    for each in stated:
        _check_allowed(each["model"], allowed)
    return [Transcript(**each) for each in stated]


def _check_allowed(model: str, allowed: Sequence[str]) -> None:
    """Refuse to read a folder that a file from someone else may name."""
    from hybridsent.encoders._places import is_path
    from hybridsent.persist._outside import check_paths, is_inside

    if is_path(model) and not is_inside(model, check_paths(allowed)):
        raise UntrustedPathError(
            f"The model listens with a network in the folder {model!r:.200}, outside of its file; "
            f"if it is your own, or you know what lies there, allow it with paths=[{model!r}] (on "
            f"the command line: --allow-path {model})."
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


def unheard(
    table: pd.DataFrame, transcripts: Sequence[Transcript], told: Callable[[str], None] = silent
) -> list[Transcript]:
    """Give what of a saved model's transcripts is to be made for new rows.

    Parameters
    ----------
    table : DataFrame
        The new rows.
    transcripts : sequence of Transcript
        What `transcripts_in` gave.
    told : callable, default=silent
        Gets each line for people.

    Returns
    -------
    list of Transcript
        Without those of which the table lacks the sounds, and those that it has already, which are
        read as they are.
    """
    missing = []
    for each in transcripts:
        if each.name in table.columns:
            told(f"the table has a column {each.name!r} of what is said: it is read as it is")
        elif each.column in table.columns:
            missing.append(each)
    return missing
