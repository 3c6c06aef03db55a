"""The timeline of a recording: what was found, in numbers, words and pictures (layer L7)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hybridsent.scoring import Answers
from hybridsent.timeline._cues import Cue
from hybridsent.timeline._peaks import Peak
from hybridsent.timeline._speakers import Speaker
from hybridsent.timeline._turns import Turn
from hybridsent.timeline._words import clock

if TYPE_CHECKING:
    import os

    import pandas as pd

    from hybridsent.evaluation import Report

__all__ = ["Timeline"]


@dataclass(frozen=True, eq=False)
class Timeline:
    """The timeline of a recording, as `score_timeline` makes it.

    Parameters
    ----------
    file, model : str
        The recording, and what it was scored by.
    seconds : float
        How long it is.
    window, hop : float
        Seconds of a window, and from one to the next.
    confidence : float
        Of all intervals.
    index_name : str
        What the curve shows.
    bounds : (float, float) or None
        Between which the index lies.
    starts, ends : ndarray of shape (n,)
        Of the windows, in seconds.
    rows : ndarray of shape (n_asked,), int
        Windows that have anything that the model reads.
    answers : Answers
        What it says about them.
    index : ndarray of shape (n,)
        The index of each window; NaN where the model was not asked.
    smoothed, lower, upper : ndarray of shape (n,)
        The curve, and its interval.
    mean : (float, float, float)
        The mean of the index, and its interval.
    missing : sequence of tuple of str
        Views that each window lacks.
    said : sequence of str
        What is said in each window.
    of : sequence of str
        Whose window each is; empty for nobody's.
    turns : sequence of Turn
        Who speaks when.
    speakers : sequence of Speaker
        What is known of each; who speaks most comes first.
    peaks : sequence of Peak
        The strongest moments.
    shares : dict of str to ndarray, or None
        The share of each view in each answer; None where it was not asked for.
    cues : sequence of Cue
        What is said.
    notes : sequence of str
        What the reader has to know.

    See Also
    --------
    score_timeline : Makes one.
    """

    file: str
    model: str
    seconds: float
    window: float
    hop: float
    confidence: float
    index_name: str
    bounds: tuple[float, float] | None
    starts: np.ndarray
    ends: np.ndarray
    rows: np.ndarray
    answers: Answers
    index: np.ndarray
    smoothed: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    mean: tuple[float, float, float]
    missing: Sequence[tuple[str, ...]]
    said: Sequence[str]
    of: Sequence[str]
    turns: Sequence[Turn]
    speakers: Sequence[Speaker]
    peaks: Sequence[Peak]
    shares: dict[str, np.ndarray] | None
    cues: Sequence[Cue]
    notes: Sequence[str]

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def middles(self) -> np.ndarray:
        """The middle of each window, in seconds."""
        middles: np.ndarray = (self.starts + self.ends) / 2
        return middles

    # -- as a table

    def to_frame(self) -> pd.DataFrame:
        """Give a row for each window.

        Returns
        -------
        DataFrame
            ``start``, ``end`` (seconds), ``speaker``, ``prediction``, ``p_LABEL`` for each label,
            ``index``, ``smoothed``, ``lower``, ``upper``, ``missing`` (views, joined by ``|``), and
            ``share_VIEW`` where shares were asked for. A window in which the model has nothing to
            read has no prediction; its curve goes on.
        """
        import pandas as pd

        told = self.answers.to_frame(index=self.rows).reindex(range(len(self)))
        known = pd.DataFrame(
            {
                "start": self.starts.round(3),
                "end": self.ends.round(3),
                "speaker": pd.Series([name or None for name in self.of], dtype=object),
            }
        )
        frame: pd.DataFrame = pd.concat([known, told], axis=1)
        for name in ("index", "smoothed", "lower", "upper"):
            frame[name] = getattr(self, name).round(6)
        frame["missing"] = ["|".join(each) for each in self.missing]
        for name, values in (self.shares or {}).items():
            frame[f"share_{name}"] = values.round(4)
        return frame

    def speakers_frame(self) -> pd.DataFrame:
        """Give a row for each speaker.

        Returns
        -------
        DataFrame
            As `hybridsent.timeline.Speaker` has it; who speaks most comes first.
        """
        import pandas as pd

        names = list(Speaker.__dataclass_fields__)
        found = pd.DataFrame([asdict(each) for each in self.speakers], columns=names)
        rounded: pd.DataFrame = found.round(6)
        return rounded

    def to_dict(self) -> dict[str, Any]:
        """Give everything as plain JSON.

        Returns
        -------
        dict
            Of numbers, texts, lists and dicts; what is not known is None. Each window has the words
            that all answers have: ``prediction``, ``probabilities``, ``interval``, ``missing``.
        """
        windows = [self._window(row) for row in range(len(self))]
        for row, said in zip(self.rows.tolist(), self._answers(), strict=True):
            windows[row].update(said)
        return {
            "file": self.file,
            "model": self.model,
            "seconds": round(self.seconds, 3),
            "window": self.window,
            "hop": self.hop,
            "confidence": self.confidence,
            "index": self.index_name,
            "bounds": None if self.bounds is None else list(self.bounds),
            "mean": _plain(self.mean[0]),
            "interval": _interval(*self.mean[1:]),
            "windows": windows,
            "speakers": [_plain(asdict(each)) for each in self.speakers],
            "turns": [asdict(each) for each in self.turns],
            "peaks": [_plain(asdict(each)) for each in self.peaks],
            "notes": list(self.notes),
        }

    def _window(self, row: int) -> dict[str, Any]:
        """Give what is known of a window, but for its answer."""
        views = {name: {"share": _plain(v[row])} for name, v in (self.shares or {}).items()}
        return {
            "start": round(float(self.starts[row]), 3),
            "end": round(float(self.ends[row]), 3),
            "speaker": self.of[row] or None,
            "prediction": None,
            "probabilities": None,
            "index": _plain(self.index[row]),
            "smoothed": _plain(self.smoothed[row]),
            "interval": _interval(self.lower[row], self.upper[row]),
            "missing": list(self.missing[row]),
            "said": self.said[row] or None,
            "views": views or None,
        }

    def _answers(self) -> Iterator[dict[str, Any]]:
        """Give the answers as plain JSON."""
        told = self.answers.to_frame()["prediction"].tolist()
        labels = (
            [] if self.answers.classes is None else [str(each) for each in self.answers.classes]
        )
        chances = self.answers.probabilities
        for place, prediction in enumerate(told):
            some = [] if chances is None else chances[place].tolist()
            named = {label: _plain(p) for label, p in zip(labels, some, strict=False)}
            yield {"prediction": _plain(prediction), "probabilities": named or None}

    def to_json(self) -> str:
        """Give `to_dict` as a text of JSON.

        Returns
        -------
        str
            In one line.
        """
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False)

    # -- for people

    def plot(
        self, path: str | os.PathLike[str] | None = None, *, ax: Any = None, dark: bool = False
    ) -> Any:
        """Draw the curve with its interval, who speaks, and the strongest moments.

        Parameters
        ----------
        path : str, os.PathLike or None, default=None
            Where the picture is written, such as ``"line.png"``, ``".svg"`` or ``".pdf"``.
        ax : Axes or None, default=None
            Axes of matplotlib for the curve alone; None makes a figure of all.
        dark : bool, default=False
            Whether it is drawn on a dark ground.

        Returns
        -------
        Axes
            Those of the curve.

        Raises
        ------
        MissingDependencyError
            If matplotlib is not installed.
        """
        from hybridsent.timeline._picture import plot

        return plot(self, path, ax=ax, dark=dark)

    def to_html(
        self,
        *,
        beside: str | os.PathLike[str] | None = None,
        embed: float = 8.0,
        language: str = "en",
    ) -> Report:
        """Write a page with a player, whose place follows the curve and is set by a click on it.

        Parameters
        ----------
        beside : str, os.PathLike or None, default=None
            The page's own file, from which a link to the recording leads where it is not in the
            page; None for a page in the folder of the recording.
        embed : float, default=8.0
            Megabytes up to which the recording itself is put into the page; 0 never does.
        language : {"en", "zh"}, default="en"
            In which the page opens; it holds both.

        Returns
        -------
        Report
            The page: `save` writes it.
        """
        from hybridsent.timeline._page import page_of

        return page_of(self, beside=beside, embed=embed, language=language)

    def __str__(self) -> str:
        low, high = self.mean[1:]
        windows = "1 window" if len(self) == 1 else f"{len(self)} windows"
        lines = [
            f"{Path(self.file).name}: {clock(self.seconds)}, {windows} of "
            f"{self.window:g} s every {self.hop:g} s",
            f"{self.index_name}: mean {_signed(self.mean[0])}{_between(low, high)}, from "
            f"{_signed(np.nanmin(self.smoothed))} to {_signed(np.nanmax(self.smoothed))}",
        ]
        for peak in self.peaks:
            words = f"  “{_short(peak.said)}”" if peak.said else ""
            who = f"  {peak.speaker}" if peak.speaker else ""
            lines.append(
                f"  {clock(peak.time)}  {'high' if peak.high else 'low '} "
                f"{_signed(peak.value)}{_between(peak.lower, peak.upper)}{who}{words}"
            )
        if self.speakers:
            width = max(len(each.name) for each in self.speakers[:12])
            lines.append("speakers:")
            for each in self.speakers[:12]:
                mean = (
                    "no window of their own"
                    if not each.windows
                    else f"{_signed(each.mean)}{_between(each.lower, each.upper)}"
                )
                lines.append(f"  {each.name:<{width}}  {clock(each.seconds)}  {mean}")
            if len(self.speakers) > 12:
                lines.append(f"  and {len(self.speakers) - 12} more")
        return "\n".join([*lines, *(f"note: {each}" for each in self.notes)])

    def __repr__(self) -> str:
        return f"<Timeline of {Path(self.file).name}: {len(self)} windows, {clock(self.seconds)}>"


def _plain(value: Any) -> Any:
    """Give values that JSON knows; what is no number is None."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value


def _interval(low: float, high: float) -> list[float] | None:
    found = [_plain(float(low)), _plain(float(high))]
    return None if None in found else found


def _signed(value: float) -> str:
    return "–" if not math.isfinite(value) else f"{value:+.2f}"


def _between(low: float, high: float) -> str:
    return f" [{low:+.2f}, {high:+.2f}]" if math.isfinite(low) and math.isfinite(high) else ""


def _short(text: str, longest: int = 60) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"
