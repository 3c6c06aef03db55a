"""What a fusion learns: classes, numbers or sets of labels, as data (layer L4).

A task says which estimators stand behind the names of classifiers, and what a head must be. All
that `make_fusion` builds by task asks here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.pipeline import Pipeline

from hybridsent._hints import did_you_mean
from hybridsent._labels import kind_told
from hybridsent.heads import (
    BoostedTreesClassifier,
    BoostedTreesRegressor,
    MultiLabelClassifier,
    TunedLinearClassifier,
    TunedLinearRegressor,
)

__all__ = ["TASKS", "Task", "get_task", "of_sets"]

_READ_LABELS = ("adapt", "fuse", "classify")
"""Steps behind the features that learn from labels."""


@dataclass(frozen=True)
class Task:
    """What is learned, and by what.

    Parameters
    ----------
    name : str
        As `make_fusion` takes it.
    noun : str
        What learns it, for messages: ``"classifier"``.
    suffix : str
        What the names of our heads for it end with.
    is_one : callable
        Tells whether an estimator learns it.
    heads : mapping of str to callable
        By name, what makes a head of the parameters of `make_fusion`.
    weighs_classes : bool, default=True
        Whether there are classes to be weighed.
    """

    name: str
    noun: str
    suffix: str
    is_one: Callable[[Any], bool]
    heads: Mapping[str, Callable[[Mapping[str, Any]], BaseEstimator]]
    weighs_classes: bool = True

    def learns(self, head: Any) -> bool:
        """Tell whether an unfitted estimator learns this."""
        made = hasattr(head, "fit") and hasattr(head, "get_params") and not isinstance(head, type)
        return bool(made and self.is_one(head))

    def head(self, asked: Any, given: Mapping[str, Any]) -> BaseEstimator:
        """Make the head that a user asks for by name; one of their own is left as it is.

        Parameters
        ----------
        asked : str or estimator
            The parameter ``classifier``.
        given : mapping of str to object
            ``class_weight``, ``random_state``, ``device``, ``n_jobs``, ``view_weights``.

        Returns
        -------
        estimator
            Unfitted.

        Raises
        ------
        ValueError
            If it is no name, or learns something else.
        """
        if isinstance(asked, str) and asked in self.heads:
            return self.heads[asked](given)
        if isinstance(asked, BaseEstimator) and self.is_one(asked):
            return asked
        raise ValueError(
            f"The classifier parameter must be one of {list(self.heads)} or a scikit-learn "
            f"{self.noun}. Got {asked!r} instead."
            f"{self._other(asked) or did_you_mean(asked, self.heads)}"
        )

    def _other(self, asked: Any) -> str:
        """Name the task of which an estimator, or its name, is."""
        for other in TASKS.values():
            if other is not self and (asked in other.heads if isinstance(asked, str) else False):
                return f" {asked!r} goes with task={other.name!r}."
            if other is not self and not isinstance(asked, str) and other.learns(asked):
                return f" It is a {other.noun}: use task={other.name!r}."
        return ""


def _linear(loss: str) -> Callable[[Mapping[str, Any]], BaseEstimator]:
    def make(given: Mapping[str, Any]) -> BaseEstimator:
        return TunedLinearClassifier(
            loss,
            class_weight=given["class_weight"],
            random_state=given["random_state"],
            view_weights=given["view_weights"],
        )

    return make


def _ridge(loss: str) -> Callable[[Mapping[str, Any]], BaseEstimator]:
    def make(given: Mapping[str, Any]) -> BaseEstimator:
        return TunedLinearRegressor(
            loss, random_state=given["random_state"], view_weights=given["view_weights"]
        )

    return make


def _trees(kind: Any) -> Callable[[Mapping[str, Any]], BaseEstimator]:
    def make(given: Mapping[str, Any]) -> BaseEstimator:
        made: BaseEstimator = kind(
            device=given["device"], n_jobs=given["n_jobs"], random_state=given["random_state"]
        )
        return made

    return make


_CLASSIFIERS: dict[str, Callable[[Mapping[str, Any]], BaseEstimator]] = {
    "logreg": _linear("log_loss"),
    "svm": _linear("hinge"),
    "xgboost": _trees(BoostedTreesClassifier),
}

TASKS: dict[str, Task] = {
    each.name: each
    for each in (
        Task("classification", "classifier", "Classifier", is_classifier, _CLASSIFIERS),
        Task(
            "regression",
            "regressor",
            "Regressor",
            is_regressor,
            {
                "logreg": _ridge("squared"),
                "ridge": _ridge("squared"),
                "svm": _ridge("epsilon_insensitive"),
                "svr": _ridge("epsilon_insensitive"),
                "xgboost": _trees(BoostedTreesRegressor),
            },
            weighs_classes=False,
        ),
        # a classifier of two classes for each label; what is around them, `of_sets` adds
        Task(
            "multilabel",
            "classifier of one class a row",
            "Classifier",
            lambda head: kind_told(head) == "classes",
            _CLASSIFIERS,
        ),
    )
}
"""What `make_fusion` learns, by name."""


def of_sets(steps: list[tuple[str, Any]], random_state: int) -> list[tuple[str, Any]]:
    """Put a classifier of sets around the steps of a pipeline that learn from labels.

    Parameters
    ----------
    steps : list of tuple of str and estimator
        Steps that learn one class a row.
    random_state : int
        Seed of the folds that choose thresholds.

    Returns
    -------
    list of tuple of str and estimator
        The steps in front as they are, and as ``classify`` a `MultiLabelClassifier` around the
        first one that reads labels (what adapts, an aligner, the classifier) and all behind it.
    """
    learns = [name for name, step in steps if name in _READ_LABELS and step != "passthrough"]
    first = [name for name, _ in steps].index(learns[0])
    inner = steps[first:]
    head = inner[0][1] if len(inner) == 1 else Pipeline(inner)
    made = MultiLabelClassifier(head, random_state=random_state)
    return [*steps[:first], *(("fuse", "passthrough"),) * (len(inner) > 1), ("classify", made)]


def get_task(task: Any) -> Task:
    """Find a task.

    Parameters
    ----------
    task : str
        Its name.

    Returns
    -------
    Task
        The task.

    Raises
    ------
    ValueError
        If none has this name.
    """
    if not isinstance(task, str) or task not in TASKS:
        raise ValueError(
            f"The task parameter of make_fusion must be one of {list(TASKS)}. Got {task!r}."
            f"{did_you_mean(task, TASKS)}"
        )
    return TASKS[task]
