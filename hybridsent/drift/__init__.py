"""Whether what a model is asked about has changed since it was fitted (layer L3).

`DriftReference` keeps a little of what the model was taught, and no post: a sample of its answers
and of a few projections of each view. `drift` compares a window with it, `DriftWatch` one window
after the other, with as few false alarms as are asked for.

alibi-detect has such tests and Evidently such reports; neither is a dependency: the first is not
free for commercial use, the second draws pages of its own and brings thirty packages, and both want
to keep the rows themselves, know no view that is missing and no posts that belong together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridsent._lazy import lazy_names

if TYPE_CHECKING:
    from hybridsent.drift._drift import drift
    from hybridsent.drift._reference import DriftReference
    from hybridsent.drift._results import Drift, Shift
    from hybridsent.drift._watch import DriftWatch

_HOMES = {
    "Drift": "hybridsent.drift._results",
    "DriftReference": "hybridsent.drift._reference",
    "DriftWatch": "hybridsent.drift._watch",
    "Shift": "hybridsent.drift._results",
    "drift": "hybridsent.drift._drift",
}

__all__ = ["Drift", "DriftReference", "DriftWatch", "Shift", "drift"]

__getattr__, __dir__ = lazy_names(globals(), _HOMES)
