"""What every result is, and a score with its interval (layer L5).

Results of their own modules derive from what is here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

import numpy as np

from hybridsent._layout import aligned
from hybridsent.evaluation.measures._intervals import (
    Interval,
    Spread,
    interval_within,
    spread_of_folds,
)
from hybridsent.evaluation.results._notebook import as_html

__all__ = ["Computed", "Result", "Score", "as_plain", "folds_times_seeds", "frame_of", "summarise"]


class Result:
    """What judging gives, of whatever: it prints as a table, and is one, and plain numbers, too.

    A result is a frozen data class that says in a few words what it holds; all else is here, so
    that every result is read and stored in the same way.

    Attributes
    ----------
    seconds : float
        Wall time.
    notes : list of str
        What the reader should know.
    """

    seconds: float
    notes: list[str]

    def to_dict(self, *, predictions: bool = False) -> dict[str, Any]:
        """Plain numbers and strings, ready for JSON.

        Parameters
        ----------
        predictions : bool, default=False
            Whether ``out_of_fold`` is there, too, where the result keeps what models said about
            each row.

        Returns
        -------
        dict
            What the class lists, then ``seconds`` and ``notes``. What is no number is None.
        """
        facts = {**self._facts(), **self._made_with()}
        kept = getattr(self, "out_of_fold", None)
        if predictions and kept is not None:
            facts = {**facts, "out_of_fold": kept.to_dict()}
        plain: dict[str, Any] = as_plain({**facts, "seconds": self.seconds, "notes": self.notes})
        return plain

    def to_frame(self) -> Any:
        """Give the numbers as a table.

        Returns
        -------
        DataFrame
            Rows and columns as the class lists them.
        """
        return frame_of(self._records())

    def __init_subclass__(cls) -> None:
        cls.__repr__ = Result.__repr__  # type: ignore[method-assign]  # else a data class writes all that it holds

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._headline()}>"

    def _repr_html_(self) -> str:
        """Show the table in a notebook."""
        return as_html(self._headline(), self._table(), [*self._remarks(), *self.notes])

    def __str__(self) -> str:
        table = aligned(self._table())
        return "\n".join([self._headline(), "", *table, *self._remarks(), *self.notes])

    def _facts(self) -> dict[str, Any]:
        """Give what `to_dict` has before seconds and notes; scores stand in it as they are."""
        raise NotImplementedError

    def _made_with(self) -> dict[str, Any]:
        """Give what a result keeps of what computed it."""
        return {}

    def _records(self) -> list[dict[str, Any]]:
        """Give a dict for each row of `to_frame`; ``model`` names the row where it is there."""
        raise NotImplementedError

    def _headline(self) -> str:
        """Give the first line that is printed."""
        raise NotImplementedError

    def _table(self) -> Sequence[Sequence[object]]:
        """Give the cells of the table that is printed, its heading first."""
        raise NotImplementedError

    def _remarks(self) -> list[str]:
        """Give the lines that are printed between table and notes."""
        return []


@dataclass(frozen=True, kw_only=True)
class Computed(Result):
    """What fitting models gave, with what computed it: so that it can be cited, and made again.

    Parameters
    ----------
    versions : dict of str to str, default={}
        Of Python, of this package and of those that computed, and ``"system"``.
    encoders : list of dict, default=[]
        Of each encoder ``"view"``, ``"model"``, ``"revision"`` and ``"fingerprint"``.
    """

    versions: dict[str, str] = field(default_factory=dict, compare=False)
    encoders: list[dict[str, str | None]] = field(default_factory=list, compare=False)

    def _made_with(self) -> dict[str, Any]:
        return {"versions": self.versions, "encoders": self.encoders}


def frame_of(records: list[dict[str, Any]]) -> Any:
    """Make a table of records, by the names of models where these are told."""
    import pandas as pd

    frame = pd.DataFrame(records)
    return frame.set_index("model") if "model" in frame.columns else frame


def folds_times_seeds(
    folds: int, seeds: int, split: str | None = None, *, what: str = "folds"
) -> str:
    """Say by what something was judged.

    Parameters
    ----------
    folds, seeds : int
        Folds of a repetition, and repetitions.
    split : str or None, default=None
        Name of the held-out rows, in place of folds.
    what : str, default="folds"
        What the folds are called.

    Returns
    -------
    str
        In words.

    Examples
    --------
    >>> from hybridsent.evaluation.results._result import folds_times_seeds
    >>> folds_times_seeds(5, 1), folds_times_seeds(5, 3), folds_times_seeds(1, 1, "dev")
    ('5 folds', '5 folds × 3 seeds', "split 'dev'")
    """
    judged = f"{folds} {what}" if split is None else f"split {split!r}"
    return judged + (f" × {seeds} seeds" if seeds > 1 else "")


def as_plain(value: Any) -> Any:
    """Give what a result holds as JSON has it.

    Parameters
    ----------
    value : object
        Numbers, texts, scores and other data classes, and lists and dicts of these.

    Returns
    -------
    object
        The same, with None for what JSON has no number for.

    Examples
    --------
    >>> from hybridsent.evaluation.results._result import as_plain
    >>> as_plain({"gain": float("nan"), "folds": (0.5, 1)})
    {'gain': None, 'folds': [0.5, 1]}
    """
    if isinstance(value, Score):
        return _plain_score(value)
    if isinstance(value, Mapping):
        return {name: as_plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_plain(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        if hasattr(value, "to_dict"):
            return as_plain(value.to_dict())
        return {each.name: as_plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, np.ndarray):
        return as_plain(value.tolist())
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _plain_score(score: Score) -> dict[str, Any]:
    known = bool(np.isfinite(score.low) and np.isfinite(score.high))
    return as_plain(  # type: ignore[no-any-return]  # of a dict it gives a dict
        {
            "mean": score.mean,
            "std": score.std,
            "interval": [score.low, score.high] if known else None,
            "folds": score.folds,
            "pooled": score.pooled,
            "value": score.value,
            "of": score.of,
            "sign": score.sign,
        }
    )


@dataclass(frozen=True)
class Score:
    """One metric of one model over the folds.

    Parameters
    ----------
    mean, std : float
        Over the folds (std with n - 1).
    low, high : float
        95 % interval of `value`, inside the range of the metric.
    folds : list of float
        One score a fold.
    pooled : float or None, default=None
        The metric over all out-of-fold predictions at once; None for metrics that need
        probabilities.
    of : {"folds", "rows"}, default="folds"
        Which is reported: the mean over folds, or the pooled score, for metrics such as macro F1,
        of which the mean over small folds means something else.
    sign : {1, -1}, default=1
        -1 for an error, of which less is better.
    """

    mean: float
    std: float
    low: float
    high: float
    folds: list[float]
    pooled: float | None = None
    of: str = "folds"
    sign: int = 1

    @property
    def value(self) -> float:
        """The score that is reported.

        Returns
        -------
        float
            The mean over folds, or the pooled score, as `of` says.
        """
        return self.mean if self.of == "folds" or self.pooled is None else self.pooled

    def __str__(self) -> str:
        return str(Interval(self.value, self.low, self.high))


def summarise(
    folds: Sequence[float],
    test_share: float,
    pooled: float | None = None,
    *,
    of: str = "folds",
    spread: Spread | None = None,
    ends: tuple[float, float] | None = None,
    rows: int | None = None,
    sign: int = 1,
) -> Score:
    """Mean, spread and interval of the scores of the folds.

    Parameters
    ----------
    folds : sequence of float
        Scores, one a fold.
    test_share : float
        Test rows over training rows, on average.
    pooled : float, default=None
        Score of all out-of-fold predictions.
    of : {"folds", "rows"}, default="folds"
        Whether the mean over folds or `pooled` is reported.
    spread : Spread, default=None
        How much the score varies; None tells it by the folds alone, as Nadeau and Bengio do.
    ends : (float, float), default=None
        Range of the metric, in which the interval stays; None is any number.
    rows : int, default=None
        Rows that were scored; None is many.
    sign : {1, -1}, default=1
        -1 for an error, of which less is better.

    Returns
    -------
    Score
        The summary; without a spread, the interval is NaN for a single fold.

    See Also
    --------
    spread_of_folds : The variance that is taken where nothing but the folds is known.

    Examples
    --------
    >>> from hybridsent.evaluation.results._result import summarise
    >>> score = summarise([0.7, 0.8, 0.9], test_share=0.5)
    >>> round(score.mean, 2), round(score.low, 2), round(score.high, 2)
    (0.8, 0.41, 1.19)
    >>> summarise([0.7, 0.8, 0.9], test_share=0.5, ends=(0, 1)).high < 1
    True
    """
    values = np.asarray(folds, dtype=float)
    std = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
    whole = Score(float(values.mean()), std, 0.0, 0.0, values.tolist(), pooled, of, sign)
    if spread is None or not np.isfinite(spread.variance):
        spread = spread_of_folds(whole.folds, test_share, float("inf") if rows is None else rows)
    low, high = interval_within(whole.value, spread, ends or (-np.inf, np.inf))
    return replace(whole, low=low, high=high)
