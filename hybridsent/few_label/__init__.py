"""Learning where only some rows have a label (layer L3)."""

from hybridsent.few_label._labeled import LabeledOnly

__all__ = ["LabeledOnly"]
