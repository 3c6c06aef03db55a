"""What is told where nothing can be transferred (layer L3)."""

from __future__ import annotations

import warnings
from typing import Any

from hybridsent.exceptions import TransferWarning
from hybridsent.transfer._rows import Rows
from hybridsent.views import DOMAIN

__all__ = ["warn_untransferred", "warn_without_labeled_target", "warn_without_target"]


def warn_without_target(estimator: Any, rows: Rows) -> None:
    """Warn where `fit` saw no row of one of the domains: nothing is adapted then.

    Parameters
    ----------
    estimator : estimator
        Who was fitted.
    rows : Rows
        What it saw.
    """
    if rows.target.any() and not rows.target.all():
        return
    which = "source" if rows.target.any() else "target"
    if rows.by_column:
        way = (
            f"the column '{DOMAIN}__0' is {int(rows.target.any())} in each of {len(rows.target)} "
            "rows. Where a column of names is read, see that target_domain is one of them, as it "
            "is written there."
        )
    else:
        way = (
            f"give a column '{DOMAIN}__0' (0 source, 1 target), or the label -1 to unlabelled rows "
            "of the target."
        )
    warnings.warn(
        f"{type(estimator).__name__} saw no row of the {which} domain, so there is nothing to "
        f"adapt to: {way}",
        TransferWarning,
        stacklevel=3,
    )


def warn_without_labeled_target(estimator: Any, rows: Rows) -> None:
    """Warn that labels of the target, which a method lives on, are not there.

    Parameters
    ----------
    estimator : estimator
        Who was fitted.
    rows : Rows
        What it saw.
    """
    if rows.by_column and rows.target.any() and not rows.target.all():
        warnings.warn(
            f"{type(estimator).__name__} learns from labelled rows of the target, and saw none: "
            f"got {int(rows.target.sum())} rows of the target, all unlabelled. Nothing is "
            "adapted; ReweightedEstimator with KMM needs no labels there.",
            TransferWarning,
            stacklevel=3,
        )
        return
    warnings.warn(
        f"{type(estimator).__name__} learns from labelled rows of the source and of the target, "
        f"and saw one domain only. Nothing is adapted; give a column '{DOMAIN}__0' (0 source, "
        "1 target).",
        TransferWarning,
        stacklevel=3,
    )


def warn_untransferred(estimator: Any, rows: Rows) -> None:
    """Warn of what is missing for a transfer: a domain, or labels of the target.

    Parameters
    ----------
    estimator : estimator
        Who was fitted.
    rows : Rows
        What it saw.
    """
    if rows.target.any() and not rows.target.all():
        warn_without_labeled_target(estimator, rows)
    else:
        warn_without_target(estimator, rows)
