"""The page and the card that people read of a result (layer L5)."""

from __future__ import annotations

from hybridsent.evaluation.report._card import model_card
from hybridsent.evaluation.report._page import make_report
from hybridsent.evaluation.report._shell import Report

__all__ = ["Report", "make_report", "model_card"]
