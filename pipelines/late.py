"""Late fusion: a classifier for each modality, and their probabilities combined.

A row is judged by the modalities that it has; each expert is trained on all rows that have it.

Task: labels of posts with text, image or sound, any of which a row may lack.
Data: MVSA-Single, 4,000 posts of text and image, three classes.
Score: accuracy 0.718 on MVSA, nested, near-duplicate texts kept together (text alone 0.694).
Seed: 0
"""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline

from hybridsent import make_fusion

GRID = {
    "classify__combine": ["product", "mean", "weighted"],
}
GRID_REGRESSION = {
    "classify__combine": ["product", "mean", "weighted", "stacked"],
}


def build(**options: Any) -> Pipeline:
    """Build the pipeline; options are those of `hybridsent.make_fusion`, such as ``text=True``."""
    return make_fusion("late", **options)
