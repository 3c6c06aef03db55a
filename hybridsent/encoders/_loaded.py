"""Encoders that come from a file, on this machine (layer L2).

A fitted model expects the rows that it learned from. ``precision="auto"`` is another arithmetic on
another processor, and weights may have changed since: what was fitted is computed where this
machine can, and what differs is said. No library serves: pickles and skops compare versions of
packages, not what a transformer computes.
"""

from __future__ import annotations

import copy
import warnings
from typing import Any

from hybridsent.encoders import _runtime
from hybridsent.exceptions import VersionWarning, WeightsError

__all__ = ["PROMISE", "precision_gap", "settle", "told_of_gap", "verify"]

PROMISE = "_fingerprint_when_saved"
"""Attribute of an encoder whose weights were not looked at when its model was loaded."""

_told: set[tuple[str, str]] = set()


def settle(encoder: Any, saved: str) -> bool:
    """Let an encoder compute what it computed when it was saved, if only the precision differs.

    Parameters
    ----------
    encoder : BaseEncoder
        Where it has no `precision_` (of an older version), it gets the one that explains `saved`.
    saved : str
        The fingerprint that it had.

    Returns
    -------
    bool
        False where it computes something else, whatever the precision.
    """
    if encoder.precision != "auto":
        return bool(encoder.fingerprint() == saved)
    # without it, what "auto" is here would have to be measured, and says nothing of there
    if hasattr(encoder, "precision_") and encoder.fingerprint() == saved:
        return True
    trial = copy.copy(encoder)
    for precision in _runtime.PRECISIONS:
        trial.precision = precision
        if trial.fingerprint() == saved:
            # one that was fitted knows better than a file that was written elsewhere since
            encoder.precision_ = getattr(encoder, "precision_", precision)
            return True
    return False


def verify(encoder: Any) -> None:
    """Check what loading left open, before the first row is computed, and tell what differs.

    Parameters
    ----------
    encoder : BaseEncoder
        The encoder.

    Raises
    ------
    WeightsError
        If its weights are others than when its model was saved.

    Warns
    -----
    VersionWarning
        Once a process, if this machine does not compute the precision that it was fitted with.
    """
    promised = vars(encoder).get(PROMISE)
    if promised is not None:
        if not settle(encoder, str(promised)):
            raise WeightsError(
                f"The encoder of {encoder.model!r} must compute what it did when its model was "
                f"saved. Its fingerprint is {encoder.fingerprint()}; saved was {promised}: these "
                "are other weights, or another version of hybridsent. Install those that were "
                "used then, or fit the model again."
            )
        delattr(encoder, PROMISE)
    gap = precision_gap(encoder)
    if gap is not None and gap not in _told:
        told_of_gap(gap)
        warnings.warn(f"The model of this encoder {said(gap)}.", VersionWarning, stacklevel=4)


def precision_gap(encoder: Any) -> tuple[str, str] | None:
    """Tell in which precision an encoder was fitted, and in which it computes here.

    Parameters
    ----------
    encoder : BaseEncoder
        The encoder.

    Returns
    -------
    tuple of str, or None
        Both precisions; None where they are one.
    """
    fitted = getattr(encoder, "precision_", None)
    if fitted in (None, "float32") or encoder.precision != "auto":
        return None
    if fitted not in _runtime.PRECISIONS:
        raise ValueError(
            f"The attribute precision_ must be one of {_runtime.PRECISIONS}. Got {fitted!r:.100}."
        )
    if _runtime.computes(fitted, _runtime.resolve_device(encoder.device)):
        return None
    return str(fitted), "float32"


def said(gap: tuple[str, str]) -> str:
    """Put a gap into words."""
    return (
        f"was fitted on rows in {gap[0]}, which this machine does not compute: its rows are "
        f"{gap[1]} here and differ by at most 2e-2 of their largest value, so that a prediction "
        "near the border of two classes may change. For equal ones fit with precision='float32'"
    )


def told_of_gap(gap: tuple[str, str]) -> None:
    """Remember that the user knows of a gap."""
    _told.add(gap)
