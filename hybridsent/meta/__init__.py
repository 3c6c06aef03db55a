"""Numbers, dates and categories of a table as one view (layer L3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybridsent._lazy import lazy_names

if TYPE_CHECKING:
    from hybridsent.meta._features import MetaFeatures
    from hybridsent.meta._kinds import KINDS

_HOMES = {
    "KINDS": "hybridsent.meta._kinds",
    "MetaFeatures": "hybridsent.meta._features",
}

__all__ = ["KINDS", "MetaFeatures"]

__getattr__, __dir__ = lazy_names(globals(), _HOMES)
