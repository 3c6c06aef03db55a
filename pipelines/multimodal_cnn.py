"""Multimodal CNN: convolutions over the segments of each modality, then fused.

Reads features in order of time, from encoders with ``steps``; without segments a modality is a
sequence of one.

Task: labels of posts with text, image or sound, any of which a row may lack.
Data: MVSA-Single, 4,000 posts of text and image, three classes.
Score: accuracy 0.719 on MVSA without segments, default settings, near-duplicates together.
Seed: 0
"""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline

from hybridsent import make_fusion

GRID = {
    "classify__hidden": [16, 32],
    "classify__kernel_size": [1, 2],
}


def build(**options: Any) -> Pipeline:
    """Build the pipeline; options are those of `hybridsent.make_fusion`, such as ``text=True``."""
    return make_fusion("cnn", **options)
