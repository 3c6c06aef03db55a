"""From a recording to its timeline (layer L7)."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent._notes import note
from hybridsent.exceptions import MediaError, TableError
from hybridsent.scoring._words import silent
from hybridsent.timeline._asked import Asked
from hybridsent.timeline._cues import Cue, said_between
from hybridsent.timeline._index import index_of
from hybridsent.timeline._inputs import Fills, fills_of
from hybridsent.timeline._peaks import peaks_of
from hybridsent.timeline._said import Said, heard, listener_of, subtitles_of
from hybridsent.timeline._smooth import smooth
from hybridsent.timeline._speakers import shares_of, speakers_of, whose
from hybridsent.timeline._timeline import Timeline
from hybridsent.timeline._turns import Turn, read_turns, turns_of
from hybridsent.timeline._windows import Recording

if TYPE_CHECKING:
    from hybridsent.scoring import Scorer

__all__ = ["score_timeline"]

_MOST_SLOTS = 64  # hops in a window: beyond, neighbours say nothing new
_BATCH, _CLIPS = 128, 32  # windows that are asked about at once, and small videos of them


def score_timeline(
    file: str | os.PathLike[str],
    scorer: Any,
    *,
    window: float = 4.0,
    hop: float = 1.0,
    speakers: str | os.PathLike[str] | None = "auto",
    subtitles: str | os.PathLike[str] | None = "auto",
    index: str | Mapping[str, float] | None = None,
    frame_rate: float = 1.0,
    confidence: float = 0.95,
    explain: bool = False,
    store: Any = "model",
    on_error: str = "raise",
    speech_model: str | None = None,
    speech_language: str | None = None,
    local_files_only: bool = True,
    told: Callable[[str], None] = silent,
    progress: Callable[[float], None] | None = None,
) -> Timeline:
    """Score a recording of any length over time.

    The file is read once, from its beginning to its end, and no more than some windows of it are in
    memory. Each window becomes a row of the table that the model reads: its sound, its frames, and
    what is said in it. Through the index of the windows goes a smooth curve with an interval, which
    counts with errors of neighbours that are alike, as windows overlap; where windows have nothing
    that the model reads, it is wider.

    Parameters
    ----------
    file : str or os.PathLike
        A sound or a video.
    scorer : Scorer or estimator
        The model: what `hybridsent.scoring.Scorer.open` gives, or a fitted pipeline that reads
        sounds, pictures, videos or texts.
    window : float, default=4.0
        Seconds that are scored at once: about as long as what the model was fitted on.
    hop : float, default=1.0
        Seconds from the start of a window to that of the next; at most a window.
    speakers : str, os.PathLike or None, default="auto"
        An RTTM file that tells who speaks when. ``"auto"`` takes the one beside the recording (of
        its name, ending in .rttm), else names in its subtitles (``NAME: …``, or WebVTT's
        ``<v NAME>``). None asks for nobody.
    subtitles : str, os.PathLike or None, default="auto"
        A file of SubRip or WebVTT that tells what is said. ``"auto"`` takes those beside the
        recording; where there are none, a model that was fitted on what is said in sounds listens.
        ``"hear"`` listens for any model of texts, through faster-whisper. With None nothing is
        known to be said.
    index : str, mapping or None, default=None
        What the curve shows of a model of classes: the probability of the class that is named, or
        the sum of probabilities times values, ``{"angry": -1, "happy": 1}``, of all classes. None
        takes what `hybridsent.quantification.class_values` says that classes are worth. Of a model
        of numbers its prediction is shown.
    frame_rate : float, default=1.0
        Frames a second that are read of a video, about: a hop has a whole number of them.
    confidence : float, default=0.95
        Of all intervals.
    explain : bool, default=False
        Whether to ask for the share of each view in each window, see `Scorer.explain`.
    store : str, path, FeatureStore or None, default="model"
        Where the features of windows are kept, for this recording: ``"model"`` is where the model
        keeps its own, None keeps nothing, so that no store grows with the hours that are scored.
    on_error : {"raise", "missing"}, default="raise"
        What a recording does that is broken or cut off on its way: an error that tells when, or a
        timeline as far as it can be read, with a note.
    speech_model, speech_language : str or None, default=None
        What listens, and what is spoken, as `hybridsent.datasets.transcribe` takes them; None is
        what the model was fitted with.
    local_files_only : bool, default=True
        Whether to stay off the network for a speech model.
    told : callable, default=silent
        Gets each line for people: what is missing, what was found.
    progress : callable or None, default=None
        Gets the seconds that are scored, now and then.

    Returns
    -------
    Timeline
        The windows, the curve, the speakers and the strongest moments.

    Raises
    ------
    MediaError
        If the recording, the subtitles or the speakers cannot be read; of the two latter the
        message has the number of the line.
    TableError
        If the model reads nothing that a recording has, or nothing of it is in this one.
    ValueError
        If a parameter is out of its range, or nobody knows what the classes are worth.

    See Also
    --------
    hybridsent.scoring.Scorer : Asks a model about the rows of a table.

    Examples
    --------
    >>> import numpy as np, pandas as pd, soundfile, tempfile
    >>> from hybridsent import make_fusion
    >>> from hybridsent.timeline import score_timeline
    >>> rng = np.random.default_rng(0)
    >>> tone = lambda pitch: np.sin(2 * np.pi * pitch * np.arange(32000) / 16000).astype("float32")
    >>> sounds = [(tone(pitch + rng.normal()), 16000) for pitch in [200, 900] * 8]
    >>> model = make_fusion(audio="audio/egemaps-v02", store=None)
    >>> model = model.fit(pd.DataFrame({"audio": sounds}), ["negative", "positive"] * 8)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = f"{folder}/talk.wav"
    ...     soundfile.write(path, np.concatenate([tone(200)] * 5 + [tone(900)] * 5), 16000)
    ...     line = score_timeline(path, model, window=2, hop=1)
    >>> len(line), line.to_frame()["prediction"].iloc[[0, -1]].tolist()
    (19, ['negative', 'positive'])
    """
    from hybridsent.scoring import Scorer

    _check(window, hop, frame_rate, confidence, on_error)
    model = scorer if isinstance(scorer, Scorer) else Scorer(scorer)
    fills = fills_of(model)
    shown = index_of(model.classes, model.task, index)
    notes: list[str] = []

    def tell(line: str) -> None:
        if line not in notes:
            notes.append(line)
            told(line)

    path = Path(file)
    recording = Recording(
        path,
        window=float(window),
        hop=float(hop),
        frame_rate=float(frame_rate) if fills.wants_frames else None,
        channel=fills.channel,
        shorter_side=fills.shorter_side,
        keep_going=on_error == "missing",
    )
    said = _said(
        recording,
        fills,
        model,
        subtitles,
        tell,
        speech_model=speech_model,
        speech_language=speech_language,
        local_files_only=local_files_only,
    )
    rttm = _rttm(path, speakers)
    if rttm is not None:
        read_turns(rttm, path.stem, float("inf"))  # a wrong line is told now, not after hours
    asked = Asked(model, fills, explain=explain, told=tell)
    with _kept_in(model, store, fills):
        _ask(recording, said, asked, progress)
    said.check(recording.seconds)
    if recording.broken:
        tell(note("broken", file=path.name, why=recording.broken))
    asked.tell_missing(recording.tracks, said.source)
    turns = [] if speakers is None else _turns(path, rttm, said, recording.seconds, tell)
    return _timeline(recording, said, asked, turns, shown, confidence, notes, model)


def _check(window: Any, hop: Any, frame_rate: Any, confidence: Any, on_error: Any) -> None:
    for name, value in (("window", window), ("hop", hop), ("frame_rate", frame_rate)):
        if not isinstance(value, (int, float, np.number)) or not (isfinite(value) and value > 0):
            raise ValueError(f"The {name} parameter must be a number above 0. Got {value!r}.")
    if window < 0.1 or window > 600:
        raise ValueError(f"The window parameter must be from 0.1 to 600 seconds. Got {window!r}.")
    if hop > window * (1 + 1e-9):
        raise ValueError(
            f"The hop parameter must be at most the window, {window:g} s, so that nothing is "
            f"unheard. Got {hop!r}."
        )
    if hop < window / _MOST_SLOTS:
        raise ValueError(
            f"The hop parameter must be at least a {_MOST_SLOTS}th of the window, "
            f"{window / _MOST_SLOTS:g} s. Got {hop!r}."
        )
    if not isinstance(confidence, (int, float, np.number)) or not 0 < confidence < 1:
        raise ValueError(f"The confidence parameter must be between 0 and 1. Got {confidence!r}.")
    if on_error not in ("raise", "missing"):
        raise ValueError(f"The on_error parameter must be 'raise' or 'missing'. Got {on_error!r}.")


def _said(
    recording: Recording,
    fills: Fills,
    model: Scorer,
    subtitles: str | os.PathLike[str] | None,
    tell: Callable[[str], None],
    *,
    speech_model: str | None,
    speech_language: str | None,
    local_files_only: bool,
) -> Said:
    """Find what is said: subtitles, else the speech model; also where only speakers need it."""
    found = subtitles_of(recording.path, subtitles, speech_language)
    if found is not None:
        tell(note("read_from", source=found.source, n=len(found.cues)))
        if speech_model is not None:
            tell(note("not_asked_subtitles", model=repr(speech_model)))
        return found
    listens = subtitles in ("auto", "hear") and recording.tracks.sound and fills.wants_words
    if not listens:
        if speech_model is not None:
            tell(note("not_asked", model=repr(speech_model)))
        return Said([], "")
    listener = listener_of(
        model,
        model=speech_model,
        language=speech_language,
        must=subtitles == "hear",
        local_files_only=local_files_only,
        told=tell,
    )
    if listener is None:
        return Said([], "")
    found = heard(recording, listener)
    tell(note("written_by", source=found.source, n=len(found.cues)))
    return found


def _ask(
    recording: Recording,
    said: Said,
    asked: Asked,
    progress: Callable[[float], None] | None,
) -> None:
    """Read window by window, and ask the model about some at a time."""
    most = _CLIPS if asked.fills.has_clips else _BATCH
    batch = []
    coming = deque(said.cues)
    near: list[Cue] = []
    for window in recording.windows():
        while coming and coming[0].start < window.end:
            near.append(coming.popleft())
        near = [cue for cue in near if cue.end >= window.start]
        batch.append((window, said_between(near, window.start, window.end)))
        if len(batch) == most:
            asked.about(batch)
            batch = []
            if progress is not None:
                progress(window.end)
    if batch:
        asked.about(batch)
        if progress is not None:
            progress(batch[-1][0].end)


@contextmanager
def _kept_in(model: Scorer, store: Any, fills: Fills) -> Iterator[None]:
    """Let the model keep features elsewhere for a while, and read videos that lack a part."""
    from hybridsent.encoders._nesting import every_encoder

    same = isinstance(store, str) and store == "model"
    changed: dict[str, Any] = {} if same else {"store": store}
    if fills.has_clips:
        changed["on_error"] = "missing"  # a window without sound is a video without sound
    before = []
    for each in every_encoder(model.model):
        has = each.get_params(deep=False)
        own = {name: value for name, value in changed.items() if name in has}
        before.append((each, {name: has[name] for name in own}))
        each.set_params(**own)
    try:
        yield
    finally:
        for each, values in before:
            each.set_params(**values)


def _rttm(path: Path, speakers: str | os.PathLike[str] | None) -> Path | None:
    """Find the file that tells who speaks when."""
    if speakers is None:
        return None
    if speakers != "auto":
        return Path(speakers)
    beside = [path.with_suffix(ending) for ending in (".rttm", ".RTTM")]
    return next((each for each in beside if each.is_file()), None)


def _turns(
    path: Path, rttm: Path | None, said: Said, seconds: float, tell: Callable[[str], None]
) -> list[Turn]:
    """Read who speaks when, now that the length of the recording is known."""
    if rttm is None:
        turns = turns_of(said.cues, seconds)
        source = note("names_in", file=said.source)
    else:
        turns = read_turns(rttm, path.stem, seconds)
        source = rttm.name
    if turns or rttm is not None:
        names = len({turn.speaker for turn in turns})
        tell(note("who_speaks", source=source, names=names, n=len(turns)))
    return turns


def _timeline(
    recording: Recording,
    said: Said,
    asked: Asked,
    turns: list[Turn],
    shown: Any,
    confidence: float,
    notes: list[str],
    model: Scorer,
) -> Timeline:
    """Put together what was found."""
    starts, ends = np.array(asked.starts), np.array(asked.ends)
    if not len(starts):
        raise MediaError(f"{recording.path.name!r} has no length: it holds nothing to score")
    if not asked.n_asked:
        raise TableError(
            f"The file must hold something that the model reads; {recording.path.name!r} has "
            f"nothing of {sorted({each.view for each in asked.fills.reads})} in any window."
        )
    index = np.full(len(starts), np.nan)
    answers = asked.answers()
    index[asked.rows] = shown.of(answers)
    curve = smooth(index, starts, ends, recording.hop)
    lower, upper = curve.interval(confidence, shown.bounds)
    smoothed = curve.mean if shown.bounds is None else curve.mean.clip(*shown.bounds)
    if curve.noise is None:
        notes.append(note("few_windows", n=asked.n_asked))
    names, shares = shares_of(turns, starts, ends)
    of = whose(names, shares)
    peaks = [
        replace(each, speaker=of[each.window], said=asked.said[each.window])
        for each in peaks_of(
            (starts + ends) / 2, smoothed, lower, upper, np.isfinite(index), recording.window
        )
    ]
    even = np.isfinite(index) / np.isfinite(index).sum()
    return Timeline(
        file=str(recording.path),
        model=model.name,
        seconds=recording.seconds,
        window=recording.window,
        hop=recording.hop,
        confidence=float(confidence),
        index_name=shown.name,
        bounds=shown.bounds,
        starts=starts,
        ends=ends,
        rows=np.array(asked.rows),
        answers=answers,
        index=index,
        smoothed=smoothed,
        lower=lower,
        upper=upper,
        mean=curve.contrast(index, even, confidence, shown.bounds),
        missing=asked.missing,
        said=asked.said,
        of=of,
        turns=turns,
        speakers=speakers_of(turns, names, shares, index, curve, confidence, shown.bounds),
        peaks=peaks,
        shares=asked.shares(),
        cues=said.cues,
        notes=notes,
    )
