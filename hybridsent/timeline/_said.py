"""What is said in a recording, from subtitles or from a speech model (layer L7)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hybridsent._notes import note
from hybridsent.exceptions import MissingDependencyError
from hybridsent.timeline._cues import Cue, read_cues, with_speakers
from hybridsent.timeline._lines import check_within
from hybridsent.timeline._windows import RATE, Recording

if TYPE_CHECKING:
    import numpy.typing as npt

    from hybridsent.datasets._speech import Listener
    from hybridsent.scoring import Scorer

__all__ = ["Said", "heard", "listener_of", "subtitles_of"]

_BLOCK = 60.0  # seconds that the speech model is given at once
_QUIET = 0.3  # seconds over which the quietest place is looked for
_END = 10.0  # seconds at the end of a block in which it is


@dataclass(frozen=True)
class Said:
    """What is said in a recording.

    Parameters
    ----------
    cues : list of Cue
        By their starts.
    source : str
        Where they are from: the name of a file, or of a speech model; empty for nowhere.
    path : Path or None, default=None
        The file of subtitles.
    """

    cues: list[Cue]
    source: str
    path: Path | None = None

    def check(self, seconds: float) -> None:
        """Refuse subtitles outside of the recording, once its length is known.

        Parameters
        ----------
        seconds : float
            How long it is.

        Raises
        ------
        MediaError
            If one lies outside.
        """
        if self.path is not None:
            lines = [(cue.line, cue.start, cue.end) for cue in self.cues]
            check_within(self.path, lines, seconds, "subtitles")


def subtitles_of(
    path: Path, given: str | os.PathLike[str] | None, language: str | None
) -> Said | None:
    """Read the subtitles of a recording.

    Parameters
    ----------
    path : Path
        The recording.
    given : str, os.PathLike or None
        Their file; ``"auto"`` looks beside the recording, None and ``"hear"`` read none.
    language : str or None
        Which are wanted, where there are several beside it.

    Returns
    -------
    Said or None
        None where there are none.

    Raises
    ------
    MediaError
        If they cannot be read.
    """
    if given is None or given == "hear":
        return None
    if given == "auto":
        from hybridsent.datasets._subtitles import Subtitles

        found = Subtitles(language).beside(path.absolute())
        if found is None:
            return None
        file = found[0]
    else:
        file = Path(given)
    return Said(with_speakers(read_cues(file))[0], file.name, file)


def listener_of(
    scorer: Scorer,
    *,
    model: str | None,
    language: str | None,
    must: bool,
    local_files_only: bool,
    told: Callable[[str], None],
) -> Listener | None:
    """Find the speech model that a model of texts was fitted with, or that is asked for.

    Parameters
    ----------
    scorer : Scorer
        The model.
    model : str or None
        A speech model; None for that of the scorer, else the default one.
    language : str or None
        What is spoken; None for what the scorer knows, else found out.
    must : bool
        Whether speech is to be written down also for a scorer that does not listen.
    local_files_only : bool
        Whether to stay off the network.
    told : callable
        Gets each line for people.

    Returns
    -------
    Listener or None
        None where none is asked for, or its package is not installed, which is told.

    Raises
    ------
    MissingDependencyError
        If speech must be written down, and the package is not installed.
    """
    from hybridsent._optional import import_optional
    from hybridsent.datasets._speech import DEFAULT_MODEL, Listener

    known = next(iter(scorer.transcripts), None)
    if known is None and not must:
        return None
    try:
        import_optional("faster_whisper", caller="score_timeline", extra="speech")
    except MissingDependencyError as error:
        if must:
            raise
        told(note("nothing_said", why=error))
        return None
    name = model or (known.model if known else DEFAULT_MODEL)
    spoken = language or (known.language if known else None)
    return Listener(name, spoken, None, local_files_only=local_files_only)


def heard(recording: Recording, listener: Listener, n_threads: int = 1) -> Said:
    """Write down what is said in a recording, a minute at a time.

    Parameters
    ----------
    recording : Recording
        It is read from its beginning.
    listener : Listener
        The speech model.
    n_threads : int, default=1
        Threads that share the work.

    Returns
    -------
    Said
        A cue for each word.
    """
    cues: list[Cue] = []
    for begin, samples in _blocks(recording.sound()):
        if samples.min() == samples.max():
            continue
        listener.open(n_threads, 1)
        for word, start, end, _ in listener.hear(samples).words:
            if isinstance(start, (int, float)) and isinstance(end, (int, float)):
                cues.append(Cue(begin + float(start), begin + float(end), str(word)))
    return Said(cues, os.path.basename(os.fspath(listener.name)))  # noqa: PTH119 - it may be no path


def _blocks(
    pieces: Iterator[npt.NDArray[np.float32]],
) -> Iterator[tuple[float, npt.NDArray[np.float32]]]:
    """Cut sound into blocks of up to a minute, at the quietest place of their last seconds."""
    held = np.zeros(0, np.float32)
    begin = 0
    for piece in pieces:
        held = np.concatenate([held, piece])
        while len(held) >= _BLOCK * RATE:
            cut = _quietest(held[: int(_BLOCK * RATE)])
            yield begin / RATE, held[:cut]
            begin, held = begin + cut, held[cut:]
    if len(held) >= RATE // 10:
        yield begin / RATE, held


def _quietest(block: npt.NDArray[np.float32]) -> int:
    """Find the sample in the middle of the quietest time near the end of a block."""
    step = int(_QUIET * RATE)
    n = int(_END * RATE) // step
    last = block[-n * step :].astype(np.float64).reshape(n, step)
    place = int((last**2).mean(axis=1).argmin())
    return len(block) - n * step + place * step + step // 2
