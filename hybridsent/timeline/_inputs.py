"""Which columns of a model a recording fills, and with what (layer L7).

What reads a column says what its cells are. A column that sound and pictures are read from is one
of videos, and its cells here are small videos of a window: FFmpeg, by way of PyAV, writes frames
and samples as they are, without loss, into AVI.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent._optional import import_optional
from hybridsent.exceptions import TableError
from hybridsent.media.kinds import AUDIO, IMAGE, TEXT
from hybridsent.timeline._windows import RATE, Window

if TYPE_CHECKING:
    from hybridsent.scoring import Scorer

__all__ = ["Fills", "Read", "clip_of", "fills_of"]

_SHORTER_SIDE = 512  # where no network says what it shrinks pictures to

_CELLS: dict[str, Callable[[Window, str], Any]] = {}
"""What a window is for a modality, by its name; another one has nothing to read in a recording."""

_CELLS[AUDIO.name] = lambda window, said: None if window.sound is None else (window.sound, RATE)
_CELLS[IMAGE.name] = lambda window, said: list(window.frames) or None
_CELLS[TEXT.name] = lambda window, said: said or None


@dataclass(frozen=True)
class Read:
    """A view of a model, and what it is made of.

    Parameters
    ----------
    view : str
        Its name.
    column : str
        The column that is read.
    modality : str
        As what.
    """

    view: str
    column: str
    modality: str


@dataclass(frozen=True)
class Fills:
    """What of a model's columns a recording fills.

    Parameters
    ----------
    reads : tuple of Read
        All its views that a recording may have.
    channel : int or None
        Which channel of the sound is read; an encoder that reads that one is given it as often as
        it counts channels.
    shorter_side : int
        What frames will be shrunk to.
    """

    reads: tuple[Read, ...]
    channel: int | None
    shorter_side: int

    @cached_property
    def columns(self) -> dict[str, frozenset[str]]:
        """The modalities that are read from each column."""
        of: dict[str, set[str]] = {}
        for each in self.reads:
            of.setdefault(each.column, set()).add(each.modality)
        return {name: frozenset(kinds) for name, kinds in of.items()}

    def wants(self, modality: str) -> bool:
        """Tell whether a modality is read at all."""
        return any(each.modality == modality for each in self.reads)

    @property
    def wants_frames(self) -> bool:
        """Whether pictures are read."""
        return self.wants(IMAGE.name)

    @property
    def wants_words(self) -> bool:
        """Whether texts are read."""
        return self.wants(TEXT.name)

    @property
    def has_clips(self) -> bool:
        """Whether a column of videos is read for several of its parts."""
        return any(len(kinds) > 1 for kinds in self.columns.values())

    def cells(self, window: Window, said: str) -> dict[str, Any]:
        """Give the cells of a window; None where one is missing.

        Parameters
        ----------
        window : Window
            The window.
        said : str
            What is said in it.

        Returns
        -------
        dict of str to object
            By column, as encoders read them.
        """
        found: dict[str, Any] = {}
        for column, kinds in self.columns.items():
            if len(kinds) > 1:
                found[column] = clip_of(window)
            else:
                found[column] = _CELLS[next(iter(kinds))](window, said)
                if self.channel and isinstance(found[column], tuple):
                    sound, rate = found[column]
                    found[column] = np.repeat(sound[:, None], self.channel + 1, axis=1), rate
        return found

    def missing(self, window: Window, said: str) -> tuple[str, ...]:
        """Name the views for which a window has nothing.

        Parameters
        ----------
        window : Window
            The window.
        said : str
            What is said in it.

        Returns
        -------
        tuple of str
            Their names.
        """
        return tuple(
            each.view for each in self.reads if _CELLS[each.modality](window, said) is None
        )


def fills_of(scorer: Scorer) -> Fills:
    """Find out what of a model's columns a recording fills.

    Parameters
    ----------
    scorer : Scorer
        The model.

    Returns
    -------
    Fills
        The columns, and how they are read.

    Raises
    ------
    TableError
        If the model reads features, neighbours of rows, or nothing that a recording has.
    """
    if scorer.features or not scorer.inputs:
        raise TableError(
            f"The scorer must read cells, of which windows of a recording are made; {scorer.name} "
            "reads features. Fit it on a table of sounds, pictures or texts."
        )
    if scorer.needs_other_rows:
        raise TableError(
            f"The scorer must answer each row by itself; {scorer.name} was fitted with neighbours "
            "of rows, and those of a window are no turns of a conversation. Fit it without context."
        )
    reads, sides, channels = [], [], set()
    for view, reader, column in _readers(scorer):
        if reader.modality not in _CELLS:
            continue
        reads.append(Read(view, column, reader.modality))
        has = reader.get_params(deep=False)
        if reader.modality == AUDIO.name:
            channels.add(has.get("channel"))
        if reader.modality == IMAGE.name:
            sides.append(_side(reader))
    if not reads:
        raise TableError(
            "The scorer must read sounds, pictures or texts, which a recording has; "
            f"{scorer.name} reads {[each.column for each in scorer.inputs]}."
        )
    fills = Fills(tuple(reads), next(iter(channels), None), max(sides, default=_SHORTER_SIDE))
    if len(channels) > 1 or (fills.channel is not None and fills.has_clips):
        raise TableError(
            "The scorer must read one channel of the sound, or their mean, everywhere; "
            f"{scorer.name} reads channel={fills.channel} beside others, or in videos. Fit it on "
            "sounds of one channel."
        )
    return fills


def _readers(scorer: Scorer) -> Iterator[tuple[str, Any, str]]:
    """Give each view of cells, what reads it, and its column."""
    from hybridsent.encoders._nesting import encoders_of, names_of
    from hybridsent.scoring._inputs import learns_from_cells
    from hybridsent.scoring._opened import plain_model

    for view, encoder, column in encoders_of(scorer.model):
        for name in names_of(column):
            yield view, encoder, name
    plain = plain_model(scorer.model)
    first = plain[0] if hasattr(plain, "steps") else None
    for view, part, column in getattr(first, "transformers_", ()):
        if learns_from_cells(part) and hasattr(part, "modality"):
            for name in names_of(column):
                yield view, part, name


def _side(encoder: Any) -> int:
    """Tell what its network shrinks pictures to; faces are cut out of larger ones."""
    side = encoder._network(encoder.backbone()).shorter_side or _SHORTER_SIDE
    return int(side) * (1 if getattr(encoder, "crop", None) is None else 4)


def clip_of(window: Window) -> bytes | None:
    """Write a window as a small video, without loss.

    Parameters
    ----------
    window : Window
        With sound, frames, or both.

    Returns
    -------
    bytes or None
        AVI with raw frames and samples; None where it has neither.

    Examples
    --------
    >>> import numpy as np
    >>> from hybridsent.media import load_audio
    >>> from hybridsent.timeline._inputs import clip_of
    >>> from hybridsent.timeline._windows import Window
    >>> sound = np.sin(np.arange(16000, dtype="float32"))
    >>> bool((load_audio(clip_of(Window(0.0, 1.0, sound))) == sound).all())
    True
    """
    if window.sound is None and not window.frames:
        return None
    av = import_optional("av", caller="A model of videos")
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="avi") as out:
        # all tracks stand in the header, which is written with the first packet
        film = _film(out, window) if window.frames else None
        voice = None if window.sound is None else _voice(out)
        if film is not None:
            for number, picture in enumerate(window.frames):
                fits = picture.size == (film.width, film.height)
                same = picture if fits else picture.resize((film.width, film.height))
                pixels = np.ascontiguousarray(np.asarray(same)[..., ::-1])
                frame = av.VideoFrame.from_ndarray(pixels, format="bgr24")
                frame.pts = number
                out.mux(film.encode(frame))
            out.mux(film.encode())
        if voice is not None and window.sound is not None:
            sound = np.ascontiguousarray(window.sound[None, :])
            frame = av.AudioFrame.from_ndarray(sound, format="flt", layout="mono")
            frame.sample_rate, frame.pts = RATE, 0
            out.mux(voice.encode(frame))
            out.mux(voice.encode())
    return buffer.getvalue()


def _film(out: Any, window: Window) -> Any:
    """Add a track of raw frames, of the size of the first."""
    rate = Fraction(len(window.frames) / (window.end - window.start)).limit_denominator(10_000)
    film = out.add_stream("rawvideo", rate=max(rate, Fraction(1, 1000)))
    film.width, film.height = window.frames[0].size
    film.pix_fmt = "bgr24"
    film.codec_context.thread_count = 1
    return film


def _voice(out: Any) -> Any:
    """Add a track of samples."""
    voice = out.add_stream("pcm_f32le", rate=RATE)
    voice.layout = "mono"
    return voice
