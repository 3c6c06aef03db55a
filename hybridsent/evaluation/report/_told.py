"""What a result says, as the page needs it: one model in the middle, numbers by row (layer L5)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from hybridsent.evaluation._out_of_fold import OutOfFold
from hybridsent.evaluation._results import Evaluation, Score

__all__ = ["Told"]

DUMMY = "dummy"


@dataclass(frozen=True)
class Told:
    """A result, and which of its models the page is about.

    Parameters
    ----------
    evaluation : Evaluation
        The result.
    """

    evaluation: Evaluation

    @cached_property
    def models(self) -> dict[str, dict[str, Score]]:
        """The models that are shown: a fusion of one modality stands once, by that name."""
        every = self.evaluation.models
        return {
            name: scores
            for name, scores in every.items()
            if not self.evaluation._is_its_modality(name)
        }

    @cached_property
    def model(self) -> str:
        """The model that the page is about."""
        return next(iter(self.models))

    @cached_property
    def metrics(self) -> list[str]:
        """What was measured."""
        return list(next(iter(self.models.values()), {}))

    def smaller(self, metric: str) -> bool:
        """Whether less is better of a metric."""
        return metric.lower() in {"mae", "mse", "rmse"}

    @property
    def kept(self) -> OutOfFold | None:
        """What models said about rows."""
        return self.evaluation.out_of_fold

    @property
    def target(self) -> str:
        """What is predicted."""
        return "classes" if self.kept is None else self.kept.target

    @cached_property
    def seeds(self) -> int:
        """How many seeds there are."""
        return 1 if self.kept is None else len(np.unique(self.kept.seed))

    @cached_property
    def names(self) -> list[str]:
        """The classes or labels, as they are written."""
        if self.kept is None or self.kept.classes is None:
            return []
        return [str(each) for each in self.kept.classes.tolist()]

    @cached_property
    def right(self) -> np.ndarray:
        """Of each answer, whether it is right; of numbers, how far it is off."""
        kept = self._kept
        said, truth = kept.of(self.model).labels, kept.truth
        if kept.target == "numbers":
            return np.asarray(np.abs(said.astype(float) - truth.astype(float)))
        same = np.asarray(said == truth)
        return np.asarray(same.all(axis=1)) if same.ndim > 1 else same

    @property
    def _kept(self) -> OutOfFold:
        if self.kept is None:
            raise ValueError("This result has no predictions: it was not made by evaluate.")
        return self.kept

    def confusion(self) -> np.ndarray:
        """Count truth (rows) against prediction (columns), a row of the table once."""
        kept = self._kept
        classes: Any = kept.classes
        said = np.searchsorted(classes, kept.of(self.model).labels)
        truth = np.searchsorted(classes, kept.truth)
        counts = np.zeros((len(classes), len(classes)))
        np.add.at(counts, (truth, said), 1.0 / self.seeds)
        return counts
