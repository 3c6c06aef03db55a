"""What a result is that keeps what models said about each row (layer L5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hybridsent.evaluation.results._gains import Gain
from hybridsent.evaluation.results._out_of_fold import OutOfFold, Target
from hybridsent.evaluation.results._result import Computed

__all__ = ["Answered"]


@dataclass(frozen=True, kw_only=True)
class Answered(Computed):
    """What was judged by folds or by a split, with the answers that were judged.

    Parameters
    ----------
    out_of_fold : OutOfFold or None, default=None
        What each model said about each row that was judged; `predictions` has it as a table.
    seeds : int, default=1
        How often folds and models were made anew.
    target : {"classes", "numbers", "sets"}, default="classes"
        What is predicted.
    split : str or None, default=None
        Name of the held-out rows that were scored; None for cross-validation.
    gains : dict of str to dict of str to Gain, default={}
        How much what is reported is better than what stands beside it, by model and metric, with
        paired intervals and p-values corrected for the number of models it is compared with.
    """

    out_of_fold: OutOfFold | None = field(default=None, repr=False, compare=False)
    seeds: int = 1
    target: Target = "classes"
    split: str | None = None
    gains: dict[str, dict[str, Gain]] = field(default_factory=dict)

    @property
    def predictions(self) -> Any:
        """What each model said about each row by a fit that had not seen it.

        Returns
        -------
        DataFrame
            Columns ``model``, ``row``, ``group`` (where groups are told), ``fold``, ``seed``,
            ``truth``, ``prediction`` and ``p_CLASS``; see `OutOfFold.to_frame`.

        Raises
        ------
        ValueError
            If the result was made without them.
        """
        return self._answers().to_frame()

    def _answers(self) -> OutOfFold:
        if self.out_of_fold is None:
            raise ValueError(
                "This result has no predictions: it was not made by evaluate or search, or was "
                "written by to_dict() without predictions=True."
            )
        return self.out_of_fold

    def _on_gains(self, first: str) -> list[str]:
        """Say in a sentence each what the first metric shows of what is reported and the others."""
        if not self.gains:
            return []
        return [
            "",
            *(
                gain.sentence(first, _called(other), metric)
                for other, gains in self.gains.items()
                for metric, gain in list(gains.items())[:1]
            ),
            *_on_corrected(self.gains),
        ]


def _called(name: str) -> str:
    """Name a model in a sentence."""
    return {"dummy": "the dummy", "tf-idf": "tf-idf", "group alone": "the group alone"}.get(
        name, f"{name} alone"
    )


def _on_corrected(gains: Mapping[str, Mapping[str, Gain]]) -> list[str]:
    """Say that intervals are of one comparison each, where p-values are of all."""
    if len(gains) < 2 or not any(
        np.isfinite(g.low) for each in gains.values() for g in each.values()
    ):
        return []
    return [f"P-values are corrected for {len(gains)} comparisons (Holm); intervals are not."]
