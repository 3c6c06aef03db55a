"""Labels from rules instead of people: labelling functions, and what joins them (layer L3)."""

from hybridsent.weak._functions import LabelingFunction, LabelingFunctions, labeling_function
from hybridsent.weak._label_model import LabelModel
from hybridsent.weak._ready import (
    emoji_function,
    lexicon_function,
    lexicon_languages,
    number_function,
    rating_function,
    vader_function,
)
from hybridsent.weak._soft import SoftLabelClassifier
from hybridsent.weak._summary import lf_summary
from hybridsent.weak._supervised import WeaklySupervisedClassifier
from hybridsent.weak._zero import LABELS_A_CLASS, ZeroLabelClassifier

__all__ = [
    "LABELS_A_CLASS",
    "LabelModel",
    "LabelingFunction",
    "LabelingFunctions",
    "SoftLabelClassifier",
    "WeaklySupervisedClassifier",
    "ZeroLabelClassifier",
    "emoji_function",
    "labeling_function",
    "lexicon_function",
    "lexicon_languages",
    "lf_summary",
    "number_function",
    "rating_function",
    "vader_function",
]
