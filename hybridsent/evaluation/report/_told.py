"""What a result says, as the page needs it: one model in the middle, numbers by row (layer L5)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from hybridsent.evaluation.results._answers import Answers
from hybridsent.evaluation.results._evaluation import Evaluation
from hybridsent.evaluation.results._looks import over_seeds
from hybridsent.evaluation.results._out_of_fold import OutOfFold
from hybridsent.evaluation.results._result import Score

__all__ = ["DUMMY", "Once", "Told"]

DUMMY = "dummy"


class Once(NamedTuple):
    """What a model says about rows, each row once.

    Parameters
    ----------
    rows : ndarray of int of shape (n,)
        Positions in the table.
    truth : ndarray
        Labels.
    said : Answers
        What it says.
    wrong : ndarray of bool of shape (n,)
        Whether that is not the truth.
    sure : ndarray of float of shape (n,)
        How sure it was of what is wrong; of numbers, how far it is off.
    """

    rows: np.ndarray
    truth: np.ndarray
    said: Answers
    wrong: np.ndarray
    sure: np.ndarray


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
        measured = self.models[self.model].get(metric)
        return measured is not None and measured.sign < 0

    @property
    def kept(self) -> OutOfFold | None:
        """What models said about rows."""
        return self.evaluation.out_of_fold

    @property
    def target(self) -> str:
        """What is predicted."""
        return self.evaluation.target

    @cached_property
    def names(self) -> list[str]:
        """The classes or labels, as they are written."""
        if self.kept is None or self.kept.classes is None:
            return []
        return [str(each) for each in self.kept.classes.tolist()]

    @cached_property
    def classes(self) -> Any:
        """The rows, recall and precision of each class or label, as `Evaluation` tells them."""
        return self.evaluation.recall_by_class(self.model)

    @cached_property
    def confusion(self) -> Any:
        """Truth against prediction, as `Evaluation` tells it."""
        return self.evaluation.confusion(self.model)

    @cached_property
    def groups(self) -> Any:
        """How well the model does in each group, the worst first; None where there are none."""
        if self.kept is None or self.kept.groups is None:
            return None
        return self.evaluation.recall_by_group(self.model)

    @cached_property
    def once(self) -> dict[str, Once]:
        """What each model says about each row, all seeds together."""
        kept = self.kept
        if kept is None:
            return {}
        return {name: Once(*over_seeds(kept, kept.of(name))) for name in kept.models}
