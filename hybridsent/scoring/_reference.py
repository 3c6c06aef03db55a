"""What a saved model knows of its own mistakes, and of what it was taught (layer L6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hybridsent._notes import note
from hybridsent.exceptions import BundleError

if TYPE_CHECKING:
    from hybridsent.drift import DriftReference
    from hybridsent.quantification import Reference


__all__ = [
    "DRIFT",
    "REFERENCE",
    "drift_reference_in",
    "features_of",
    "no_reference",
    "reference_in",
]

REFERENCE = "reference"
"""Under which name the facts of a saved model tell what it mistakes."""

DRIFT = "drift"
"""Under which name they tell a little of what it was taught."""


def features_of(model: Any, read: Any) -> tuple[Any, Any]:
    """Give the features of rows, and what answers about them.

    Parameters
    ----------
    model : estimator
        Fitted.
    read : DataFrame
        Rows, as the model reads them.

    Returns
    -------
    features : DataFrame or None
        In columns named by view; None where the model shows none.
    head : estimator
        What stands behind them.
    """
    from hybridsent.scoring._opened import is_numeric, open_model
    from hybridsent.views import modalities_of

    opened = open_model(model, read)
    shown = hasattr(opened.X, "columns") and is_numeric(opened.X)
    if not shown or not any(modalities_of(opened.X.columns)):
        return None, model
    return opened.X, opened.head


def drift_reference_in(facts: Mapping[str, Any]) -> DriftReference | None:
    """Read what a saved model keeps of what it was taught; older models keep nothing.

    Parameters
    ----------
    facts : mapping
        The metadata of the model.

    Returns
    -------
    DriftReference or None
        None where the file keeps nothing.

    Raises
    ------
    BundleError
        If it is damaged.
    """
    if facts.get(DRIFT) is None:
        return None
    from hybridsent.drift import DriftReference

    try:
        return DriftReference.from_facts(facts[DRIFT])
    except ValueError as error:
        raise BundleError(
            f"The model file keeps what the model was taught in a form that cannot be read: "
            f"{error} Fit and save the model again."
        ) from error


def reference_in(facts: Mapping[str, Any], classes: Any = None) -> Reference | None:
    """Read what a saved model mistakes; older models do not tell it.

    Parameters
    ----------
    facts : mapping
        The metadata of the model.
    classes : sequence or None, default=None
        The classes of the model, which must be those of the reference.

    Returns
    -------
    Reference or None
        None where the file does not tell it.

    Raises
    ------
    BundleError
        If what it tells is damaged, or is of other classes.
    """
    if facts.get(REFERENCE) is None:
        return None
    from hybridsent.quantification import Reference

    try:
        found = Reference.from_facts(facts[REFERENCE])
    except ValueError as error:
        raise BundleError(
            f"The model file tells what the model mistakes in a form that cannot be read: {error} "
            "Fit and save the model again."
        ) from error
    if classes is not None and [str(each) for each in classes] != list(map(str, found.classes)):
        raise BundleError(
            f"The model file tells mistakes among {list(found.classes)[:10]}, but the model knows "
            f"{list(map(str, classes))[:10]}. Fit and save the model again."
        )
    return found


def no_reference(task: str) -> str:
    """Say why nothing corrects the shares of a model.

    Parameters
    ----------
    task : {"classification", "regression", "multilabel"}
        What it tells.

    Returns
    -------
    str
        A sentence.

    Examples
    --------
    >>> from hybridsent.scoring._reference import no_reference
    >>> no_reference("regression")
    'The model tells numbers, whose mean is not corrected.'
    """
    return note({"regression": "numbers", "multilabel": "sets"}.get(task, "no_reference"))
