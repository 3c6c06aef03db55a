"""Strategies of fusion: what stands behind the scaled matrix (layer L4)."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator, is_classifier

from hybridsent._hints import did_you_mean
from hybridsent.alignment import MCCA
from hybridsent.heads import (
    BoostedTreesClassifier,
    ConvolutionalFusionClassifier,
    GatedFusionClassifier,
    LateFusionClassifier,
    RecurrentFusionClassifier,
    StackedFusionClassifier,
    TensorFusionClassifier,
    TunedLinearClassifier,
)
from hybridsent.missing import ViewImputer

__all__ = ["CLASSIFIERS", "FUSIONS", "NETWORKS", "SEQUENCES", "aligner", "imputer", "last_steps"]

FUSIONS = ("early", "align", "late", "stack", "tensor", "gated", "cnn", "rnn")
"""Strategies that `make_fusion` knows."""

CLASSIFIERS = ("logreg", "svm", "xgboost")
"""Names of classifiers that `make_fusion` knows."""

NETWORKS = {
    "tensor": TensorFusionClassifier,
    "gated": GatedFusionClassifier,
    "cnn": ConvolutionalFusionClassifier,
    "rnn": RecurrentFusionClassifier,
}
"""Strategies that are networks."""

SEQUENCES = ("cnn", "rnn")
"""Those over the segments of a sample."""


def last_steps(
    how: str,
    classifier: Any,
    class_weight: str | None,
    random_state: int,
    learn_device: str,
    n_jobs: int | None = None,
) -> list[tuple[str, Any]]:
    """Make the steps behind the scaled matrix, in which rows may lack views."""
    impute: Any = "passthrough"
    fuse: Any = "passthrough"
    if how in NETWORKS:
        if not (isinstance(classifier, str) and classifier == "logreg"):
            raise ValueError(
                f"The classifier parameter must be left alone with how={how!r}: the network "
                f"classifies itself. Got {classifier!r}."
            )
        head = NETWORKS[how](
            class_weight=class_weight, random_state=random_state, device=learn_device
        )
        return [("impute", impute), ("fuse", fuse), ("classify", head)]
    head = _classifier(classifier, class_weight, random_state, learn_device, n_jobs)
    if how == "late":
        head = LateFusionClassifier(head, random_state=random_state)
    elif how == "stack":
        head = StackedFusionClassifier(head, random_state=random_state)
    else:
        impute = imputer(add_indicator=how == "early")
    if how == "align":
        fuse = aligner(learn_device)
    return [("impute", impute), ("fuse", fuse), ("classify", head)]


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
) -> BaseEstimator:
    if class_weight is not None and classifier not in ("logreg", "svm"):
        raise ValueError(
            "The class_weight parameter must be None unless classifier is 'logreg' or 'svm'. Got "
            f"{class_weight!r} with {classifier!r}; set the weights of a classifier of your own "
            "where you make it."
        )
    if classifier == "logreg":
        return TunedLinearClassifier(
            "log_loss", class_weight=class_weight, random_state=random_state
        )
    if classifier == "svm":
        return TunedLinearClassifier("hinge", class_weight=class_weight, random_state=random_state)
    if classifier == "xgboost":
        return BoostedTreesClassifier(device=learn_device, n_jobs=n_jobs, random_state=random_state)
    if isinstance(classifier, BaseEstimator) and is_classifier(classifier):
        return classifier
    raise ValueError(
        f"The classifier parameter must be one of {list(CLASSIFIERS)} or a scikit-learn "
        f"classifier. Got {classifier!r} instead.{did_you_mean(classifier, CLASSIFIERS)}"
    )
