"""What a comparison of models found (layer L5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hybridsent.evaluation.results._gains import LEVEL, Gain, written_p
from hybridsent.evaluation.results._paper_tables import Cell, Grid, Style, grid_of_scores
from hybridsent.evaluation.results._paper_text import latex, markdown
from hybridsent.evaluation.results._result import Result, Score

__all__ = ["Comparison", "Pair"]


@dataclass(frozen=True)
class Pair:
    """Two models and one metric.

    Parameters
    ----------
    metric : str
        What was measured.
    one, other : str
        The models.
    gain : Gain
        Score of the first less that of the other; its p-value is corrected for the number of pairs.
    p_alone : float
        The same p-value without correction.
    p_folds : float or None, default=None
        Of Nadeau and Bengio's corrected paired t over the folds; None where the folds differ.
    p_mcnemar : float or None, default=None
        Of McNemar's exact test of right and wrong answers; None for numbers.
    """

    metric: str
    one: str
    other: str
    gain: Gain
    p_alone: float
    p_folds: float | None = None
    p_mcnemar: float | None = None

    @property
    def sentence(self) -> str:
        """What it shows, in a sentence.

        Returns
        -------
        str
            See `Gain.sentence`.
        """
        return self.gain.sentence(self.one, self.other, self.metric)


@dataclass(frozen=True)
class Comparison(Result):
    """Which of several models that were judged on the same rows are better.

    Parameters
    ----------
    rows : int
        Rows that were judged.
    groups : int or None
        Groups of them, which are what varies; None where rows vary.
    scores : dict of str to dict of str to Score
        ``scores["fusion"]["accuracy"]``.
    pairs : list of Pair
        Metric by metric.
    reference : str or None
        The model that all others are compared with; None for all pairs.
    seconds : float
        Wall time.
    notes : list of str, default=[]
        What the reader should know.

    See Also
    --------
    compare : Makes one.

    Notes
    -----
    `to_dict` has the keys ``rows``, ``groups``, ``reference``, ``models`` (model, metric, then as
    an `Evaluation`), ``pairs`` (rows of `to_frame`), ``seconds`` and ``notes``. `to_frame` has a
    row for each metric and pair, and the columns ``metric``, ``one``, ``other``, ``one_score``,
    ``other_score``, ``difference``, ``low``, ``high``, ``p``, ``p_alone``, ``p_folds``,
    ``p_mcnemar`` and ``verdict``.
    """

    rows: int
    groups: int | None
    scores: dict[str, dict[str, Score]]
    pairs: list[Pair]
    reference: str | None
    seconds: float
    notes: list[str] = field(default_factory=list)

    def gain(self, one: str, other: str, metric: str | None = None) -> Gain:
        """Look up how much better a model is than another.

        Parameters
        ----------
        one, other : str
            The models, in either order.
        metric : str or None, default=None
            What was measured; None is the first one.

        Returns
        -------
        Gain
            Score of the first less that of the other.

        Raises
        ------
        ValueError
            If they were not compared.
        """
        wanted = self.pairs[0].metric if metric is None else metric
        for pair in self.pairs:
            if pair.metric == wanted and {pair.one, pair.other} == {one, other}:
                return pair.gain if pair.one == one else pair.gain.reversed()
        known = [f"{pair.one} and {pair.other}" for pair in self.pairs if pair.metric == wanted]
        raise ValueError(
            f"The one and other parameters must name two models that were compared by {wanted!r}: "
            f"{', '.join(known) or 'none were'}. Got {one!r} and {other!r}."
        )

    def to_latex(
        self,
        *,
        spread: str | None = None,
        percent: bool | str = False,
        digits: int | None = None,
        caption: str | None = None,
        pairs: bool = False,
    ) -> str:
        """Write the scores as a table of a paper, in LaTeX (it needs the package booktabs).

        Parameters
        ----------
        spread : {"interval", "std"} or None, default=None
            What stands beside each score: its 95 % interval, or the deviation over folds.
        percent : bool or "all", default=False
            Whether scores with a range are multiplied by 100; ``"all"`` multiplies errors, too.
        digits : int or None, default=None
            Places behind the point; None is 3, and 1 of what is multiplied by 100.
        caption : str or None, default=None
            With one, the tabular stands in a table with this caption.
        pairs : bool, default=False
            Whether differences are written instead of scores.

        Returns
        -------
        str
            The best of each column is bold; a dagger is at models that the best one, or with a
            reference this one, is told apart from (Holm, 0.05).
        """
        style = Style(spread, percent, digits)
        if pairs:
            return latex(self._grid_of_pairs(digits), "Models", caption)
        return latex(grid_of_scores(self.scores, style, self._marks()), caption=caption)

    def to_markdown(
        self,
        *,
        spread: str | None = None,
        percent: bool | str = False,
        digits: int | None = None,
        pairs: bool = False,
    ) -> str:
        """Write the scores as a table in Markdown.

        Parameters
        ----------
        spread : {"interval", "std"} or None, default=None
            What stands beside each score: its 95 % interval, or the deviation over folds.
        percent : bool or "all", default=False
            Whether scores with a range are multiplied by 100; ``"all"`` multiplies errors, too.
        digits : int or None, default=None
            Places behind the point; None is 3, and 1 of what is multiplied by 100.
        pairs : bool, default=False
            Whether differences are written instead of scores.

        Returns
        -------
        str
            As `to_latex` says.
        """
        style = Style(spread, percent, digits)
        if pairs:
            return markdown(self._grid_of_pairs(digits), "Models")
        return markdown(grid_of_scores(self.scores, style, self._marks()))

    def _marks(self) -> dict[tuple[str, str], str]:
        """Mark models that are told apart from the best, or from the reference."""
        found = {}
        for pair in self.pairs:
            of = {name: scores[pair.metric] for name, scores in self.scores.items()}
            best = max(of, key=lambda name: np.nan_to_num(of[name].sign * of[name].value, nan=-9e9))
            against = self.reference or best
            if pair.gain.p < LEVEL and against in (pair.one, pair.other):
                found[pair.one if pair.other == against else pair.other, pair.metric] = "†"
        return found

    def _grid_of_pairs(self, digits: int | None) -> Grid:
        metrics = list(dict.fromkeys(pair.metric for pair in self.pairs))
        rows: dict[str, list[Cell]] = {}
        places = 3 if digits is None else digits
        for pair in self.pairs:
            gain = pair.gain
            number = f"{gain.value:+.{places}f}"
            beside = ""
            if np.isfinite(gain.low):
                beside = f"[{gain.low:.{places}f}, {gain.high:.{places}f}], {written_p(gain.p)}"
            cell = Cell((number,), (gain.p < LEVEL,), beside)
            rows.setdefault(f"{pair.one} - {pair.other}", []).append(cell)
        return metrics, list(rows.items())

    def _facts(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "groups": self.groups,
            "reference": self.reference,
            "models": self.scores,
            "pairs": self._records(),
        }

    def _records(self) -> list[dict[str, Any]]:
        return [
            {
                "metric": pair.metric,
                "one": pair.one,
                "other": pair.other,
                "one_score": self.scores[pair.one][pair.metric].value,
                "other_score": self.scores[pair.other][pair.metric].value,
                "difference": pair.gain.value,
                "low": pair.gain.low,
                "high": pair.gain.high,
                "p": pair.gain.p,
                "p_alone": pair.p_alone,
                "p_folds": pair.p_folds,
                "p_mcnemar": pair.p_mcnemar,
                "verdict": pair.gain.verdict,
            }
            for pair in self.pairs
        ]

    def _headline(self) -> str:
        what = (
            f"{self.rows} rows"
            if self.groups is None
            else (f"{self.rows} rows of {self.groups} {'group' if self.groups == 1 else 'groups'}")
        )
        return f"{what}, {len(self.scores)} models, {self.seconds:.1f} s"

    def _table(self) -> Sequence[Sequence[object]]:
        head = ["metric", "models", "scores", "difference", "p (Holm)", "paired t", "McNemar"]
        first = self.pairs[0].metric
        return [
            head,
            *(
                [
                    pair.metric,
                    f"{pair.one} - {pair.other}",
                    f"{self.scores[pair.one][pair.metric].value:z.3f} - "
                    f"{self.scores[pair.other][pair.metric].value:z.3f}",
                    str(Signed(pair.gain)),
                    _p(pair.gain.p),
                    _p(pair.p_folds),
                    _p(pair.p_mcnemar) if pair.metric == first else "",
                ]
                for pair in self.pairs
            ),
        ]

    def _remarks(self) -> list[str]:
        first = self.pairs[0].metric
        return ["", *(pair.sentence for pair in self.pairs if pair.metric == first)]


class Signed:
    """A difference with its interval, without its p-value."""

    def __init__(self, gain: Gain) -> None:
        self.gain = gain

    def __str__(self) -> str:
        gain = self.gain
        if np.isnan(gain.low):
            return f"{gain.value:+z.3f}"
        return f"{gain.value:+z.3f} [{gain.low:z.3f}, {gain.high:z.3f}]"


def _p(p: float | None) -> str:
    return "" if p is None else written_p(p).removeprefix("p = ").removeprefix("p ")
