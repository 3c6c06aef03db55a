"""Strategies of fusion: what stands behind the scaled matrix (layer L4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sklearn.base import BaseEstimator, clone

from hybridsent import heads
from hybridsent._params import validate_parameter_constraints
from hybridsent.alignment import MCCA
from hybridsent.fusion._registry import get_fusion
from hybridsent.fusion._tasks import TASKS, Task, get_task
from hybridsent.missing import ViewImputer

__all__ = ["CLASSIFIERS", "aligner", "imputer", "imputing", "last_steps"]

CLASSIFIERS = tuple(TASKS["classification"].heads)
"""Names of classifiers that `make_fusion` knows."""


def last_steps(
    how: str,
    classifier: Any,
    class_weight: str | None,
    random_state: int,
    learn_device: str,
    n_jobs: int | None = None,
    task: str = "classification",
) -> list[tuple[str, Any]]:
    """Make the steps behind the scaled matrix, in which rows may lack views."""
    fusion, learned = get_fusion(how), get_task(task)
    takes = fusion.takes()
    given: dict[str, Any] = {
        "class_weight": class_weight,
        "random_state": random_state,
        "device": learn_device,
        "n_jobs": n_jobs,
        "task": task,
    }
    _check_class_weight(class_weight, learned, classifier, "classifier" in takes)
    if "classifier" in takes:
        # one that weighs views keeps those that say nothing from taking part
        offered = {**given, "view_weights": "auto" if fusion.weighs_views else "equal"}
        given["classifier"] = learned.head(classifier, offered)
    elif not (isinstance(classifier, str) and classifier == "logreg"):
        raise ValueError(
            f"The classifier parameter must be left alone with how={how!r}: this strategy "
            f"classifies itself. Got {classifier!r}."
        )
    elif class_weight is not None and "class_weight" not in takes:
        raise ValueError(
            f"The class_weight parameter must be left alone with how={how!r}: what builds it takes "
            f"none. Got {class_weight!r}."
        )
    fuse, head = fusion.built(given, learned)
    if "classifier" in takes and (wanted := _wanted_of_a_classifier(head)):
        others = {name: learned.head(name, offered) for name in learned.heads}
        fits = [
            name
            for name, other in others.items()
            if not _wanted_of_a_classifier(clone(head).set_params(estimator=other))
        ]
        raise ValueError(
            f"The classifier parameter must be {wanted} with how={how!r}. Got {classifier!r}; take "
            f"one of {fits}, or how='early', which takes any."
        )
    return [("impute", imputing(fusion.missing)), ("fuse", fuse), ("classify", head)]


def _wanted_of_a_classifier(head: Any) -> str:
    """Say what a head wants of the classifier that it was built around; nothing where it is that.

    Asked when the model is built, by the head's own rule: `fit` would speak of the head's parameter
    ``estimator``, which the user has not given.
    """
    rule = getattr(head, "_parameter_constraints", {}).get("estimator")
    if rule is None:
        return ""
    try:
        validate_parameter_constraints({"estimator": rule}, {"estimator": head.estimator}, "")
    except ValueError as error:
        said = re.search(r"must be (?:None(?:,| or) )?(.*)\. Got ", str(error), re.DOTALL)
        return said[1] if said else "another one"
    return ""


def _check_class_weight(
    class_weight: str | None, learned: Task, classifier: Any, classifies: bool
) -> None:
    """Refuse weights of classes where there are none, or nothing would use them."""
    if class_weight is None:
        return
    if not learned.weighs_classes:
        raise ValueError(
            f"The class_weight parameter must be None with task={learned.name!r}, where there are "
            f"no classes. Got {class_weight!r}."
        )
    if classifies and classifier not in ("logreg", "svm"):
        raise ValueError(
            "The class_weight parameter must be None unless classifier is 'logreg' or 'svm'. Got "
            f"{class_weight!r} with {classifier!r}; set the weights of a classifier of your own "
            "where you make it."
        )


def imputing(missing: str) -> Any:
    """Make the step ``impute`` of a strategy, by what `register_fusion` takes as `missing`."""
    return "passthrough" if missing == "keep" else imputer(add_indicator=missing == "indicate")


def early(classifier: Any) -> Any:
    """Leave the classifier as it is."""
    return classifier


def align(classifier: Any, device: str, task: str = "classification") -> tuple[Any, Any]:
    """Put an aligner in front of the classifier."""
    made = aligner(device)
    return made.set_params(supervised="numbers") if task == "regression" else made, classifier


def late(classifier: Any, random_state: int, task: str = "classification") -> BaseEstimator:
    """Take the mean of a classifier for each view."""
    return _ours("LateFusion", task)(classifier, random_state=random_state)


def stack(classifier: Any, random_state: int, task: str = "classification") -> BaseEstimator:
    """Learn to weigh a classifier for each view."""
    return _ours("StackedFusion", task)(classifier, random_state=random_state)


def tensor(
    class_weight: str | None = None,
    random_state: int = 0,
    device: str = "cpu",
    task: str = "classification",
) -> BaseEstimator:
    """Multiply the views."""
    return _network("TensorFusion", task, class_weight, random_state, device)


def gated(
    class_weight: str | None = None,
    random_state: int = 0,
    device: str = "cpu",
    task: str = "classification",
) -> BaseEstimator:
    """Weigh the views by gates."""
    return _network("GatedFusion", task, class_weight, random_state, device)


def cnn(
    class_weight: str | None = None,
    random_state: int = 0,
    device: str = "cpu",
    task: str = "classification",
) -> BaseEstimator:
    """Convolve the segments of views."""
    return _network("ConvolutionalFusion", task, class_weight, random_state, device)


def rnn(
    class_weight: str | None = None,
    random_state: int = 0,
    device: str = "cpu",
    task: str = "classification",
) -> BaseEstimator:
    """Read the segments of views one after the other."""
    return _network("RecurrentFusion", task, class_weight, random_state, device)


def _network(
    name: str, task: str, class_weight: str | None, random_state: int, device: str
) -> BaseEstimator:
    weighs = {"class_weight": class_weight} if get_task(task).weighs_classes else {}
    return _ours(name, task)(random_state=random_state, device=device, **weighs)


def _ours(name: str, task: str) -> Callable[..., BaseEstimator]:
    """Give our head of a name for a task; the modules of heads are imported when one is made."""
    made: Callable[..., BaseEstimator] = getattr(heads, name + get_task(task).suffix)
    return made


def imputer(*, add_indicator: bool) -> ViewImputer:
    """Make the imputer of missing views.

    Parameters
    ----------
    add_indicator : bool
        Whether to tell what was missing, in columns of their own.

    Returns
    -------
    ViewImputer
        Unfitted.
    """
    made = ViewImputer(strategy="predict", add_indicator=add_indicator)
    made.set_output(transform="pandas")  # an aligner reads the views off the names
    return made


def aligner(device: str = "cpu") -> MCCA:
    """Make the aligner of ``"align"``.

    Why it has these settings: "Strategies of fusion", in the documentation.

    Parameters
    ----------
    device : str, default="cpu"
        Where covariances are computed.

    Returns
    -------
    MCCA
        Unfitted.
    """
    return MCCA(supervised=True, shrinkage=0.9, device=device)
