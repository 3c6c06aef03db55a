"""All strategies of fusion as one grid, for classes and for numbers (layer L4)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from hybridsent._hints import sentence
from hybridsent.alignment import GCCA
from hybridsent.exceptions import HybridsentWarning
from hybridsent.fusion._learned import SELECTIONS, selector
from hybridsent.fusion._registry import Fusion, get_fusion, when_fusions_change
from hybridsent.fusion._strategies import aligner, imputer
from hybridsent.fusion._tasks import TASKS, Task

__all__ = [
    "FUSION_CANDIDATES",
    "FUSION_CANDIDATES_BY_TASK",
    "FUSION_GRID",
    "FUSION_GRIDS_BY_TASK",
]

_NETWORKS = ("tensor", "gated", "cnn", "rnn")
_GIVEN = {
    "class_weight": None,
    "random_state": 0,
    "device": "cpu",
    "n_jobs": None,
    "view_weights": "equal",
}
_RULES = {
    "classification": ("mean", "product", "weighted"),
    "regression": ("mean", "product", "weighted", "stacked"),
}


def _candidates(task: Task) -> dict[str, BaseEstimator]:
    """Strategies as heads of the scaled matrix, in which rows may lack views."""
    impute, linear = ("impute", imputer(add_indicator=True)), task.head("logreg", _GIVEN)
    supervised = "numbers" if task.name == "regression" else True
    complete = ("impute", imputer(add_indicator=False))
    selected = {
        f"early, select={name}": Pipeline(
            [impute, ("select", selector(name, task=task.name)), ("classify", linear)]
        )
        for name in SELECTIONS
    }
    aligned = {
        "align, mcca": aligner().set_params(supervised=supervised),
        "align, mcca, 8 components": aligner().set_params(supervised=supervised, n_components=8),
        "align, gcca": GCCA(supervised=supervised, shrinkage=0.6),
        "align, gcca, without labels": GCCA(shrinkage=0.6, combine="concat"),
    }
    return {
        "early": Pipeline([impute, ("classify", linear)]),
        "early, svm": Pipeline([impute, ("classify", task.head("svm", _GIVEN))]),
        **selected,
        "early, xgboost": task.head("xgboost", _GIVEN),
        **{
            name: Pipeline([complete, ("align", align), ("classify", linear)])
            for name, align in aligned.items()
        },
        **{
            f"late, {rule}": _built("late", task, linear).set_params(combine=rule)
            for rule in _RULES[task.name]
        },
        "stack": _built("stack", task, linear),
        **{name: _built(name, task, linear) for name in _NETWORKS},
    }


def _built(name: str, task: Task, linear: BaseEstimator) -> BaseEstimator:
    given = {**_GIVEN, "classifier": linear, "task": task.name}
    head: BaseEstimator = get_fusion(name).built(given, task)[1]
    return head


def _candidate(fusion: Fusion, task: Task) -> BaseEstimator:
    """Make a head of the scaled matrix of a strategy of one's own."""
    linear = task.head("logreg", _GIVEN)
    fuse, head = fusion.built({**_GIVEN, "classifier": linear, "task": task.name}, task)
    first = (
        [] if fusion.missing == "keep" else [imputer(add_indicator=fusion.missing == "indicate")]
    )
    steps = [("impute", each) for each in first] + [("fuse", fuse)] * (fuse != "passthrough")
    return Pipeline([*steps, ("classify", head)]) if steps else head


FUSION_CANDIDATES_BY_TASK: dict[str, dict[str, BaseEstimator]] = {
    name: _candidates(TASKS[name]) for name in _RULES
}
"""`FUSION_CANDIDATES` of each task that `make_fusion` knows: those of numbers are
``["regression"]``."""

FUSION_GRIDS_BY_TASK: dict[str, dict[str, list[Any]]] = {
    name: {
        "impute": ["passthrough"],
        "fuse": ["passthrough"],
        "classify": list(candidates.values()),
    }
    for name, candidates in FUSION_CANDIDATES_BY_TASK.items()
}
"""`FUSION_GRID` of each task that `make_fusion` knows."""

FUSION_CANDIDATES: dict[str, BaseEstimator] = FUSION_CANDIDATES_BY_TASK["classification"]
"""Strategies by name: classifiers of the matrix that the step ``scale`` of `make_fusion` gives."""

FUSION_GRID: dict[str, list[Any]] = FUSION_GRIDS_BY_TASK["classification"]
"""All of `FUSION_CANDIDATES` as one grid over a pipeline of `make_fusion`: for GridSearchCV,
HalvingGridSearchCV, or, each list as a categorical distribution, for Optuna's OptunaSearchCV."""


_BUILT_IN = {task: dict(known) for task, known in FUSION_CANDIDATES_BY_TASK.items()}
_own: dict[str, tuple[Fusion, dict[str, BaseEstimator]]] = {}  # by task, where it can be built


def _take_own(fusions: Mapping[str, Fusion]) -> None:
    """Let the strategies that users registered stand behind the built-in ones."""
    made = {name: each for name, each in _own.items() if fusions.get(name) is each[0]}
    broken = []
    for name in [name for name in fusions if name not in made]:
        found, raised = _heads(fusions[name])
        made[name] = (fusions[name], found)
        if raised is not None:
            broken.append(
                f"The fusion {name!r} is left out of FUSION_GRID: what builds it raised "
                f"{type(raised).__name__}: {sentence(str(raised))} Mend it."
            )
    _own.clear()
    _own.update(made)
    for task, candidates in FUSION_CANDIDATES_BY_TASK.items():
        candidates.clear()
        candidates.update(_BUILT_IN[task])
        candidates.update({name: of[task] for name, (_, of) in made.items() if task in of})
        FUSION_GRIDS_BY_TASK[task]["classify"][:] = candidates.values()
    if broken:
        warnings.warn(" ".join(broken), HybridsentWarning, stacklevel=5)


def _heads(fusion: Fusion) -> tuple[dict[str, BaseEstimator], Exception | None]:
    """Build a strategy for each task that it can be built for, and give what it raised.

    One that does not take the task may learn classes alone, and is not broken for that.
    """
    found, raised = {}, None
    for name in _RULES:
        try:
            found[name] = _candidate(fusion, TASKS[name])
        except Exception as error:  # noqa: BLE001 - code of a user, which must hide no other strategy
            if name == "classification" or (raised is None and "task" in fusion.takes()):
                raised = error
    return found, raised


when_fusions_change(_take_own)
