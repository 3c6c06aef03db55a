"""From what several people, or one score, say of a row to a label of it (layer L3)."""

from hybridsent.annotation._aggregate import Aggregation, aggregate
from hybridsent.annotation._agreement import Agreement, agreement
from hybridsent.annotation._bins import bin_scores
from hybridsent.annotation._suspicious import suspicious_labels

__all__ = [
    "Aggregation",
    "Agreement",
    "aggregate",
    "agreement",
    "bin_scores",
    "suspicious_labels",
]
