"""Strategies of fusion: what stands behind the scaled matrix (layer L4)."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator, is_classifier

from hybridsent._hints import did_you_mean
from hybridsent.alignment import MCCA
from hybridsent.fusion._registry import get_fusion
from hybridsent.heads import (
    BoostedTreesClassifier,
    LateFusionClassifier,
    StackedFusionClassifier,
    TunedLinearClassifier,
)
from hybridsent.missing import ViewImputer

__all__ = ["CLASSIFIERS", "aligner", "imputer", "imputing", "last_steps"]

CLASSIFIERS = ("logreg", "svm", "xgboost")
"""Names of classifiers that `make_fusion` knows."""


def last_steps(
    how: str,
    classifier: Any,
    class_weight: str | None,
    random_state: int,
    learn_device: str,
    n_jobs: int | None = None,
) -> list[tuple[str, Any]]:
    """Make the steps behind the scaled matrix, in which rows may lack views."""
    fusion = get_fusion(how)
    takes = fusion.takes()
    given: dict[str, Any] = {
        "class_weight": class_weight,
        "random_state": random_state,
        "device": learn_device,
        "n_jobs": n_jobs,
    }
    if "classifier" in takes:
        given["classifier"] = _classifier(
            classifier,
            class_weight,
            random_state,
            learn_device,
            n_jobs,
            weighs_views=fusion.weighs_views,
        )
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
    fuse, head = fusion.built(given)
    return [("impute", imputing(fusion.missing)), ("fuse", fuse), ("classify", head)]


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


def _classifier(
    classifier: Any,
    class_weight: str | None,
    random_state: int,
    learn_device: str,
    n_jobs: int | None,
    *,
    weighs_views: bool,
) -> BaseEstimator:
    """Make a classifier; one that weighs views keeps those that say nothing from taking part."""
    if class_weight is not None and classifier not in ("logreg", "svm"):
        raise ValueError(
            "The class_weight parameter must be None unless classifier is 'logreg' or 'svm'. Got "
            f"{class_weight!r} with {classifier!r}; set the weights of a classifier of your own "
            "where you make it."
        )
    if classifier in ("logreg", "svm"):
        return TunedLinearClassifier(
            "log_loss" if classifier == "logreg" else "hinge",
            class_weight=class_weight,
            random_state=random_state,
            view_weights="auto" if weighs_views else "equal",
        )
    if classifier == "xgboost":
        return BoostedTreesClassifier(device=learn_device, n_jobs=n_jobs, random_state=random_state)
    if isinstance(classifier, BaseEstimator) and is_classifier(classifier):
        return classifier
    raise ValueError(
        f"The classifier parameter must be one of {list(CLASSIFIERS)} or a scikit-learn "
        f"classifier. Got {classifier!r} instead.{did_you_mean(classifier, CLASSIFIERS)}"
    )
