"""Strategies of fusion: what stands behind the scaled matrix (layer L4)."""

from __future__ import annotations

from typing import Any

from hybridsent.alignment import MCCA
from hybridsent.fusion._registry import get_fusion
from hybridsent.fusion._tasks import TASKS, Task, get_task
from hybridsent.heads import LateFusionClassifier, StackedFusionClassifier
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
        view_weights = "auto" if fusion.weighs_views else "equal"
        given["classifier"] = learned.head(classifier, {**given, "view_weights": view_weights})
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
    return [("impute", imputing(fusion.missing)), ("fuse", fuse), ("classify", head)]


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


def align(classifier: Any, device: str) -> tuple[Any, Any]:
    """Put an aligner in front of the classifier."""
    return aligner(device), classifier


def late(classifier: Any, random_state: int) -> LateFusionClassifier:
    """Take the mean of a classifier for each view."""
    return LateFusionClassifier(classifier, random_state=random_state)


def stack(classifier: Any, random_state: int) -> StackedFusionClassifier:
    """Learn to weigh a classifier for each view."""
    return StackedFusionClassifier(classifier, random_state=random_state)


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
    """Make the aligner of ``"align"``; see `docs/fusion.md` for why these settings.

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
