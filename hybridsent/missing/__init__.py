"""Rows whose view is missing (layer L3)."""

from hybridsent.missing._imputer import ViewImputer
from hybridsent.missing._present import PresentRows

__all__ = ["PresentRows", "ViewImputer"]
